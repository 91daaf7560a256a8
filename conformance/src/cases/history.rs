//! History on request, page by page.

use std::collections::BTreeSet;

use kaiwa_core::{ChatEvent, ConnectionEvent, Id, Message, MessageStatus, MessageType, RequestId};

use super::refused;
use crate::{Account, Harness, Outcome, Peer};

/// What the suite says here: more than a few pages, fewer than any network forgets.
const MESSAGES: usize = 25;

/// Messages of one page.
const PAGE: u32 = 10;

/// docs/events.md, `RequestHistory`: pages reach the beginning, which says `complete`; each message is there once, and own
/// messages are the user's.
pub async fn pages_reach_the_beginning<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let texts = talk::<H>(&mut peer, &mut account).await;
    let mut ids = BTreeSet::new();
    let mut all: Vec<Message> = Vec::new();
    let mut before = None;
    loop {
        let (page, complete) = page(&mut account, before.clone(), PAGE).await;
        for message in &page {
            let id = message.id.clone().expect("history has ids");
            assert!(ids.insert(id), "on two pages: {message:?}");
        }
        before = page.first().and_then(|oldest| oldest.id.clone());
        all.splice(0..0, page);
        if complete {
            break;
        }
        assert!(before.is_some(), "an empty page that is not the last");
    }
    assert_eq!(ours(&all), texts, "each once, in order");
    for message in &all {
        assert_ne!(message.status, MessageStatus::Sent, "{message:?}");
        let own = message.plain_text().starts_with("mine");
        let is_own = message.message_type == MessageType::CurrentUser;
        assert_eq!(own, is_own, "whose is it: {message:?}");
    }
    account.leave().await;
}

/// docs/events.md, `RequestHistory`: without `before` it is the newest, and never more than the limit.
pub async fn one_page_holds_the_newest<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let texts = talk::<H>(&mut peer, &mut account).await;
    for limit in [1, 3] {
        let (page, complete) = page(&mut account, None, limit).await;
        assert!(!complete, "{MESSAGES} messages are on no page of {limit}");
        let told = ours(&page);
        assert_eq!(told.last(), texts.last(), "the newest");
        assert!(texts.ends_with(&told), "{told:?} are not the newest");
    }
    account.leave().await;
}

/// Promise 3 and 4: what cannot be found fails, and what makes no sense is refused at once; no history comes of either.
pub async fn what_is_asked_for_in_vain_fails<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("something").await;
    let channel = account.channel().to_owned();
    let wrong = [
        (Some("there-is-no-such-channel".to_owned()), None, PAGE),
        (Some(String::new()), None, PAGE),
        (Some(channel), None, 0),
    ];
    for (channel_id, before, limit) in wrong {
        let event = ChatEvent::RequestHistory {
            channel_id: channel_id.map(Into::into),
            before,
            limit,
        };
        while account.watch.try_next().is_some() {}
        if let Some(request) = refused(&mut account, event.clone()).await {
            let history = account.watch.try_next();
            assert!(history.is_none(), "of {event:?} ({request}): {history:?}");
        }
    }
    account.leave().await;
}

/// Promise 2: live events do not wait for history, and history is never news.
pub async fn what_is_said_meanwhile_is_news<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    talk::<H>(&mut peer, &mut account).await;
    let mut open = BTreeSet::new();
    for number in 0..5 {
        open.insert(ask(&mut account, None, PAGE).await);
        peer.say(&format!("meanwhile {number}")).await;
    }
    // The audit sees to it that each comes once as news.
    account.watch.until_said("meanwhile 4").await;
    for request in open {
        assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    }
    account.leave().await;
}

/// Says texts from both sides, and waits until all have arrived.
async fn talk<H: Harness>(peer: &mut H::Peer, account: &mut Account) -> Vec<String> {
    let mut texts = Vec::new();
    for number in 0..MESSAGES {
        let own = number % 5 == 0;
        let text = format!("{} {number}", if own { "mine" } else { "theirs" });
        if own {
            account.deliver(&text).await;
        } else {
            peer.say(&text).await;
            account.watch.until_said(&text).await;
        }
        texts.push(text);
    }
    texts
}

async fn ask(account: &mut Account, before: Option<Id>, limit: u32) -> RequestId {
    let channel_id = Some(Id::from(account.channel()));
    let request = account.send(ChatEvent::RequestHistory {
        channel_id,
        before,
        limit,
    });
    request.await.expect("accepted")
}

/// The answer to a request for history: its messages, and whether nothing older is left.
async fn page(account: &mut Account, before: Option<Id>, limit: u32) -> (Vec<Message>, bool) {
    let request = ask(account, before, limit).await;
    let channel = account.channel().to_owned();
    let mut messages = Vec::new();
    let mut all = false;
    for event in account.watch.answer(request).await {
        if let ConnectionEvent::Chat {
            event:
                ChatEvent::History {
                    channel_id,
                    messages: told,
                    complete,
                },
        } = event
        {
            assert_eq!(channel_id, channel);
            messages.extend(told);
            all |= complete;
        }
    }
    let limit = usize::try_from(limit).expect("a small number");
    assert!(messages.len() <= limit, "{} of {limit}", messages.len());
    (messages, all)
}

/// The texts that [`talk`] has said; a server may say something too.
fn ours(messages: &[Message]) -> Vec<String> {
    let texts = messages.iter().map(Message::plain_text);
    texts
        .filter(|text| text.starts_with("mine") || text.starts_with("theirs"))
        .collect()
}
