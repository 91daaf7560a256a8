//! What is done with messages that were said, and who types.

use chrono::Utc;
use kaiwa_core::{
    ChatEvent, ConnectionEvent, ErrorKind, Id, Message, MessageFragment, MessageStatus, RequestId,
};

use super::{heard, refused, two, until_accepted};
use crate::{Account, Fault, Harness, Outcome, Peer};

/// docs/events.md, `Update`: an edit reaches others with status, words and time.
pub async fn edits_reach_others<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let id = say(&mut ann, "wrods").await;
    assert_eq!(heard(&mut bob, "wrods").await, id);
    ann.achieve(ChatEvent::Update {
        channel_id: Some(ann.channel().into()),
        message_id: id.clone(),
        new_message: Message::text("words", Utc::now()),
    })
    .await;
    let edited = updated(&mut bob, &id).await;
    assert_eq!(edited.status, MessageStatus::Edited);
    assert_eq!(edited.plain_text(), "words");
    let dated = |part: &MessageFragment| matches!(part, MessageFragment::EditedAt(_));
    assert!(edited.content.iter().any(dated), "{edited:?}");
    let event = ChatEvent::Update {
        channel_id: Some(bob.channel().into()),
        message_id: "there-is-no-message-of-this-id".into(),
        new_message: edited,
    };
    refused(&mut bob, event).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Remove`: a deletion reaches others, as one or as a tombstone.
pub async fn deletions_reach_others<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let id = say(&mut ann, "forget this").await;
    assert_eq!(heard(&mut bob, "forget this").await, id);
    let remove = |account: &Account, id: &str| ChatEvent::Remove {
        channel_id: Some(account.channel().into()),
        message_id: id.into(),
    };
    ann.achieve(remove(&ann, &id)).await;
    bob.watch
        .until("that it is gone", |event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::Remove { message_id, .. },
            } => *message_id == id,
            ConnectionEvent::Chat {
                event:
                    ChatEvent::Update {
                        message_id,
                        new_message,
                        ..
                    },
            } if *message_id == id => {
                assert_eq!(new_message.status, MessageStatus::Deleted);
                assert_eq!(new_message.id.as_ref(), Some(&id));
                assert!(new_message.content.is_empty(), "{new_message:?}");
                true
            }
            _ => false,
        })
        .await;
    let unknown = remove(&ann, "there-is-no-message-of-this-id");
    refused(&mut ann, unknown).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Reply`: it arrives with its message, and is there in history.
pub async fn replies_are_carried<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let question = say(&mut ann, "tea?").await;
    assert_eq!(heard(&mut bob, "tea?").await, question);
    let reply = |message_id: &str| MessageFragment::Reply {
        message_id: message_id.into(),
    };
    let channel_id = Some(Id::from(bob.channel()));
    let mut message = Message::text("yes", Utc::now());
    message.content.push(reply(&question));
    let request = bob
        .send(ChatEvent::New {
            channel_id,
            message,
        })
        .await
        .expect("accepted");
    let delivered = updated(&mut bob, &request.local_message_id()).await;
    assert_eq!(delivered.reply_to(), Some(question.as_str()), "as it went");
    assert_eq!(bob.watch.outcome(request).await, Outcome::Done);
    let arrived = ann
        .watch
        .find("the answer", |event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } if message.plain_text() == "yes" => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!(arrived.reply_to(), Some(question.as_str()), "as it came");
    let capabilities = ann.connection().capabilities();
    if capabilities.can_send(kaiwa_core::EventKind::ChatRequestHistory) {
        let told = remembered(&mut ann, "yes").await;
        assert_eq!(told.reply_to(), Some(question.as_str()), "as it is kept");
    }
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `React`: told to everybody, once for each change, with the id of who did it.
pub async fn reactions_are_told_once_to_everybody<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let id = say(&mut ann, "react to this").await;
    assert_eq!(heard(&mut bob, "react to this").await, id);
    let bob_id = bob.watch.me();
    let mut to_bob = Vec::new();
    for (emoji, on) in [("👍", true), ("👍", true), ("🍵", true), ("👍", false)] {
        let request = bob.send(react(&bob, &id, emoji, on)).await;
        let request = request.expect("accepted");
        assert_eq!(ended(&mut bob, request, &mut to_bob).await, Outcome::Done);
    }
    // Behind it nothing of the above is left to come.
    let last = bob.say("that is all").await;
    assert_eq!(ended(&mut bob, last, &mut to_bob).await, Outcome::Done);
    let mut to_ann = Vec::new();
    ann.watch
        .until("the last message", |event| {
            to_ann.extend(reaction(event));
            crate::watch::said(event).as_deref() == Some("that is all")
        })
        .await;
    let expected = [("👍", true), ("🍵", true), ("👍", false)];
    let expected = expected.map(|(emoji, on)| (bob_id.clone(), emoji.to_owned(), on));
    assert_eq!(to_bob, expected);
    assert_eq!(to_ann, expected);
    let unknown = react(&bob, "there-is-no-message-of-this-id", "👍", true);
    refused(&mut bob, unknown).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `React`: history tells who has reacted.
pub async fn reactions_are_in_history<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let id = say(&mut ann, "react to this").await;
    assert_eq!(heard(&mut bob, "react to this").await, id);
    bob.achieve(react(&bob, &id, "👍", true)).await;
    ann.achieve(react(&ann, &id, "👍", true)).await;
    ann.achieve(react(&ann, &id, "🍵", true)).await;
    ann.achieve(react(&ann, &id, "🍵", false)).await;
    let expected = MessageFragment::Reaction {
        emoji: "👍".to_owned(),
        user_ids: vec![bob.watch.me(), ann.watch.me()],
    };
    let told = remembered(&mut bob, "react to this").await;
    let is_reaction = |part: &&MessageFragment| matches!(part, MessageFragment::Reaction { .. });
    let told: Vec<_> = told.content.iter().filter(is_reaction).collect();
    assert_eq!(told, [&expected]);
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Typing`: others see it begin and end.
pub async fn typing_reaches_others<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let ann_id = ann.watch.me();
    for typing in [true, false, true] {
        ann.achieve(type_in(&ann, typing)).await;
        until_typing(&mut bob, &ann_id, typing).await;
    }
    ann.deliver("said").await;
    until_typing(&mut bob, &ann_id, false).await;
    let nowhere = ChatEvent::Typing {
        channel_id: Some("there-is-no-such-channel".into()),
        user_id: None,
        typing: true,
    };
    refused(&mut ann, nowhere).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Typing`: whoever stops without a word is told as typing no longer.
pub async fn typing_lapses<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let ann_id = ann.watch.me();
    ann.achieve(type_in(&ann, true)).await;
    until_typing(&mut bob, &ann_id, true).await;
    until_typing(&mut bob, &ann_id, false).await;
    ann.achieve(type_in(&ann, true)).await;
    until_typing(&mut bob, &ann_id, true).await;
    ann.leave().await;
    until_typing(&mut bob, &ann_id, false).await;
    bob.leave().await;
}

/// docs/events.md, `Remove`: a message that waits for the connection is not sent after all.
pub async fn a_message_that_waits_is_taken_back<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("before").await;
    peer.fault(Fault::Down(true)).await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    let request = account.say("never mind").await;
    let remove = |request: RequestId| ChatEvent::Remove {
        channel_id: None,
        message_id: request.local_message_id(),
    };
    account.achieve(remove(request)).await;
    let cancelled = Some(Outcome::Failed(ErrorKind::Cancelled));
    assert_eq!(account.watch.known_outcome(request), cancelled);
    assert_eq!(account.watch.settled(request), Some(MessageStatus::Failed));
    peer.fault(Fault::Down(false)).await;
    account.go_online().await;
    account.deliver("after").await;
    account.leave().await;
    until_accepted::<H>(&mut peer, 2).await;
    assert_eq!(peer.accepted(), ["before", "after"]);
}

/// Says a text; gives the network's id of it.
async fn say(account: &mut Account, text: &str) -> Id {
    let request = account.say(text).await;
    let delivered = updated(account, &request.local_message_id()).await;
    assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    delivered.id.expect("the network's id")
}

/// What a message has become.
async fn updated(account: &mut Account, id: &str) -> Message {
    account
        .watch
        .find("an Update", |event| match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::Update {
                        message_id,
                        new_message,
                        ..
                    },
            } if message_id == id => Some(new_message.clone()),
            _ => None,
        })
        .await
}

/// The message that says `text`, from the newest page of history.
async fn remembered(account: &mut Account, text: &str) -> Message {
    let event = ChatEvent::RequestHistory {
        channel_id: Some(account.channel().into()),
        before: None,
        limit: 10,
    };
    let request = account.send(event).await.expect("accepted");
    let mut told = account.watch.answer(request).await.into_iter();
    let found = told.find_map(|event| match event {
        ConnectionEvent::Chat {
            event: ChatEvent::History { messages, .. },
        } => messages
            .into_iter()
            .find(|message| message.plain_text() == text),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{text:?} is not in history"))
}

fn react(account: &Account, message_id: &str, emoji: &str, on: bool) -> ChatEvent {
    ChatEvent::React {
        channel_id: Some(account.channel().into()),
        message_id: message_id.into(),
        user_id: None,
        emoji: emoji.to_owned(),
        on,
    }
}

/// How a request ends; reactions that are told until then are added to `told`.
async fn ended(
    account: &mut Account,
    request: RequestId,
    told: &mut Vec<(Id, String, bool)>,
) -> Outcome {
    loop {
        if let Some(outcome) = account.watch.known_outcome(request) {
            return outcome;
        }
        let event = account.watch.next().await.expect("its end");
        told.extend(reaction(&event));
    }
}

/// Who reacts, with what, on or off.
fn reaction(event: &ConnectionEvent) -> Option<(Id, String, bool)> {
    match event {
        ConnectionEvent::Chat {
            event:
                ChatEvent::React {
                    user_id: Some(user_id),
                    emoji,
                    on,
                    ..
                },
        } => Some((user_id.clone(), emoji.clone(), *on)),
        _ => None,
    }
}

fn type_in(account: &Account, typing: bool) -> ChatEvent {
    ChatEvent::Typing {
        channel_id: Some(account.channel().into()),
        user_id: None,
        typing,
    }
}

/// Waits until somebody else types, or no longer.
async fn until_typing(account: &mut Account, who: &str, wanted: bool) {
    let channel = Id::from(account.channel());
    account
        .watch
        .until("who types", |event| {
            matches!(event, ConnectionEvent::Chat {
                event: ChatEvent::Typing { channel_id, user_id: Some(user_id), typing },
            } if channel_id.as_ref() == Some(&channel) && user_id == who && *typing == wanted)
        })
        .await;
}
