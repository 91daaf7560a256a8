//! Each way in which the original breaks or errs: the session avoids it or sees through it.

use std::time::Duration;

use chrono::Utc;
use kaiwa_conformance::Outcome;
use kaiwa_protocols::rim::wire::{Endpoint, Event, Kind};
use kaiwa_protocols::{
    ChatEvent, Connection, ConnectionEvent, ErrorKind, Message, MessageFragment, MessageType,
    UserEvent,
};
use serde_json::json;

use super::stage::{
    ANN, BOB, BOTH, EVE, ORIGINAL, Person, Stage, channels, history, is_lost, members, news, said,
    settle, told,
};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::fault::RestFault;
use crate::support::rim_server::journal::Seen;

/// Neither `Heart`, nor a ping that is no ASCII, nor a pong that nobody asked for, nor bytes.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_lives_on_pings_that_the_original_survives() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        stage.say(BOB, group, "an hour later");
        ann.watch.until_said("an hour later").await;
        {
            let state = stage.lock();
            let mut pings = 0;
            for (_, seen) in &state.journal.frames {
                match seen {
                    Seen::Ping(payload) => {
                        assert!(payload.is_ascii(), "{payload:?}");
                        pings += 1;
                    }
                    Seen::Pong(_) | Seen::Binary | Seen::Nonsense(_) => panic!("{seen:?}"),
                    _ => {}
                }
            }
            assert!(pings >= 50, "{pings} pings in an hour");
            assert_eq!(state.journal.packets(Event::Heart).count(), 0);
        }
        ann.leave(&stage).await;
    }
}

/// Somebody speaks to ann, who is gone: that kills the original unless a `Logout` came first.
fn speak_to_ann(stage: &Stage, group: u64) {
    stage.say(BOB, group, "are you there?");
    stage.is_well();
    assert_eq!(stage.lock().journal.logouts(), [true]);
}

#[tokio::test(start_paused = true)]
async fn leaving_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    ann.connection.disconnect().await.unwrap();
    stage.until_gone(ANN).await;
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let ann = stage.online("ann").await;
    drop(ann);
    stage.until_gone(ANN).await;
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_given_up_half_way_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    stage.lock().faults.mute_logins = true;
    let mut ann = stage.person("ann");
    {
        let connect = ann.connect();
        tokio::pin!(connect);
        let online = stage
            .server()
            .until("the Login", |state| state.is_online(ANN).then_some(()));
        tokio::select! {
            biased;
            result = &mut connect => panic!("{result:?}"),
            () = online => {}
        }
    }
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_without_an_answer_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    stage.lock().faults.mute_logins = true;
    let mut ann = stage.person("ann");
    assert_eq!(ann.connect().await.unwrap_err().kind(), ErrorKind::TimedOut);
    settle().await;
    speak_to_ann(&stage, group);
}

/// The token ends, and there is no other: the session gives up while the WebSocket is in the best of health.
#[tokio::test(start_paused = true)]
async fn a_session_that_gives_up_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    {
        let mut state = stage.lock();
        state.world.expire_tokens();
        state.world.user_mut(ANN).password = "changed".to_owned();
    }
    let request = ChatEvent::RequestHistory {
        channel_id: Some(group.to_string()),
        before: None,
        limit: 10,
    };
    ann.send(request).await.unwrap();
    assert_eq!(ann.lost().await, ErrorKind::Auth);
    settle().await;
    speak_to_ann(&stage, group);
}

/// What fails for a moment is no reason to leave.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_for_a_moment_kills_nobody() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    {
        let mut state = stage.lock();
        state.world.expire_tokens();
        state
            .faults
            .rest(Some(Endpoint::UserLogin), RestFault::Page(500));
    }
    let request = ChatEvent::RequestHistory {
        channel_id: Some(group.to_string()),
        before: None,
        limit: 10,
    };
    ann.ask(request).await;
    settle().await;
    stage.say(BOB, group, "are you there?");
    stage.is_well();
    if is_lost(&ann.take()) {
        assert_eq!(stage.lock().journal.logouts(), [true]);
    }
}

/// What is said in a group of the user alone fails, at once or later, and never reaches the original.
async fn nobody_listens(stage: &Stage, ann: &mut Person, gid: u64) {
    let Ok(request) = ann.send(said(gid, "nobody is here")).await else {
        return;
    };
    settle().await;
    stage.is_well();
    let outcome = ann.watch.outcome(request).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_alone_on_the_original() {
    let stage = Stage::new(ORIGINAL);
    let alone = stage.group("Alone", &[ANN]);
    let mut ann = stage.online("ann").await;
    nobody_listens(&stage, &mut ann, alone).await;
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_on_after_sending_the_others_away() {
    let stage = Stage::new(ORIGINAL);
    let pair = stage.group("Two", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    ann.deliver(pair, "somebody is here").await;
    ann.does(UserEvent::Remove {
        channel_id: Some(pair.to_string()),
        user_id: BOB.to_string(),
    })
    .await;
    nobody_listens(&stage, &mut ann, pair).await;
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_on_when_the_others_have_gone_meanwhile() {
    for others in [vec![BOB], vec![BOB, EVE]] {
        let stage = Stage::new(ORIGINAL);
        let all: Vec<u64> = [ANN].into_iter().chain(others.iter().copied()).collect();
        let group = stage.group("Friends", &all);
        let mut ann = stage.online("ann").await;
        ann.cut(&stage).await;
        stage.lock().world.remove_members(group, &others);
        // It waits for the connection.
        let waiting = ann.say(group, "is anybody here?").await;
        ann.connect().await.unwrap();
        settle().await;
        stage.is_well();
        let outcome = ann.watch.outcome(waiting).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_may_talk_alone_to_kaiwas() {
    let stage = Stage::new(Flavour::Kaiwa);
    let alone = stage.group("Alone", &[ANN]);
    let mut ann = stage.online("ann").await;
    ann.deliver(alone, "a note").await;
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_one_wherever_the_server_says_so() {
    const URL: &str = "https://example.org/cat.png";
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        let content = |events: &[ConnectionEvent]| -> Vec<MessageFragment> {
            let messages = events.iter().filter_map(|event| match event {
                ConnectionEvent::Chat {
                    event: ChatEvent::New { message, .. },
                } => Some(message.clone()),
                ConnectionEvent::Chat {
                    event: ChatEvent::History { messages, .. },
                } => messages.last().cloned(),
                _ => None,
            });
            messages.last().unwrap().content
        };
        stage.lock().say_kind(BOB, group, Kind::Image, URL);
        settle().await;
        let picture = |content: &[MessageFragment]| matches!(content, [MessageFragment::Image { url, .. }] if url == URL);
        let live = content(&ann.take());
        // The original relays it as text.
        assert_eq!(picture(&live), flavour == Flavour::Kaiwa, "{live:?}");
        ann.cut(&stage).await;
        stage.lock().say_kind(BOB, group, Kind::Image, URL);
        let missed = content(&ann.reconnect().await);
        assert!(picture(&missed), "{missed:?}");
        let mut own = Message::text("", Utc::now());
        own.content = live.clone();
        own.content = vec![MessageFragment::Image {
            url: "https://example.org/dog.png".to_owned(),
            mime: "image/png".to_owned(),
        }];
        let channel_id = Some(group.to_string());
        ann.does(ChatEvent::New {
            channel_id,
            message: own,
        })
        .await;
        let kept = stage.lock().world.talk.messages().last().unwrap().clone();
        assert_eq!(
            (kept.kind, kept.content.as_str()),
            (Kind::Image, "https://example.org/dog.png")
        );
        ann.leave(&stage).await;
    }
}

/// Somebody was added to a group of two by another client: two rows, so everything comes twice.
#[tokio::test(start_paused = true)]
async fn doubled_members_see_everything_once() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    stage.lock().world.add_members(group, &[EVE]);
    assert_eq!(stage.lock().world.members(group).len(), 4);
    stage.say(BOB, group, "before");
    let mut eve = stage.person("eve");
    let events = eve.reconnect().await;
    assert_eq!(told(&events, group), [history("before")]);
    assert_eq!(channels(&events).len(), 1);
    let mut listed = members(&events, group);
    listed.sort();
    assert_eq!(listed, ["1", "2", "3"]);
    for number in 0..3 {
        stage.say(BOB, group, &format!("live {number}"));
    }
    settle().await;
    let expected = [news("live 0"), news("live 1"), news("live 2")];
    assert_eq!(told(&eve.take(), group), expected);
    let request = eve.say(group, "mine").await;
    assert_eq!(eve.watch.outcome(request).await, Outcome::Done);
    eve.cut(&stage).await;
    // More than a page of doubled rows.
    let texts: Vec<String> = (0..70).map(|number| format!("missed {number}")).collect();
    for text in &texts {
        stage.say(ANN, group, text);
    }
    let events = eve.reconnect().await;
    let expected: Vec<_> = texts.iter().map(|text| history(text)).collect();
    assert_eq!(told(&events, group), expected);
    let mut before = None;
    let mut found = Vec::new();
    loop {
        let request = ChatEvent::RequestHistory {
            channel_id: Some(group.to_string()),
            before: before.clone(),
            limit: 20,
        };
        let events = eve.does(request).await;
        let page = events.iter().find_map(|event| match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::History {
                        messages, complete, ..
                    },
            } => Some((messages.clone(), *complete)),
            _ => None,
        });
        let (messages, complete) = page.unwrap();
        let ids = messages.iter().map(|message| message.id.clone().unwrap());
        found.splice(0..0, ids);
        before = messages.first().and_then(|message| message.id.clone());
        if complete {
            break;
        }
    }
    let expected: Vec<String> = (1..=75).map(|id: u64| id.to_string()).collect();
    assert_eq!(found, expected);
    eve.leave(&stage).await;
}

/// The original tells its local time, eight hours off.
#[tokio::test(start_paused = true)]
async fn times_are_utc() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        stage.say(BOB, group, "before");
        let mut ann = stage.person("ann");
        let mut events = ann.reconnect().await;
        stage.say(BOB, group, "live");
        settle().await;
        events.extend(ann.take());
        ann.cut(&stage).await;
        stage.say(BOB, group, "missed");
        events.extend(ann.reconnect().await);
        let mut seen = 0;
        let mut check = |message: &Message| {
            let age = Utc::now() - message.timestamp;
            assert!(age.num_seconds().abs() < 600, "{flavour:?}: {message:?}");
            seen += 1;
        };
        for event in &events {
            match event {
                ConnectionEvent::Chat {
                    event: ChatEvent::New { message, .. },
                } => check(message),
                ConnectionEvent::Chat {
                    event: ChatEvent::History { messages, .. },
                } => messages.iter().for_each(&mut check),
                _ => {}
            }
        }
        assert_eq!(seen, 3);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_chat_list_may_fail_for_ever() {
    let stage = Stage::new(Flavour::Original { chat_uid: false });
    let first = stage.group("First", &[ANN, BOB]);
    let second = stage.group("Second", &[ANN, BOB, EVE]);
    let silent = stage.group("Silent", &[ANN, EVE]);
    stage.say(BOB, first, "one");
    stage.say(BOB, second, "two");
    let mut ann = stage.person("ann");
    let events = ann.reconnect().await;
    assert_eq!(channels(&events).len(), 3);
    assert_eq!(told(&events, first), [history("one")]);
    assert_eq!(told(&events, second), [history("two")]);
    assert_eq!(told(&events, silent), []);
    stage.say(EVE, silent, "live");
    ann.watch.until_said("live").await;
    ann.deliver(second, "mine").await;
    ann.cut(&stage).await;
    stage.say(BOB, first, "missed");
    let events = ann.reconnect().await;
    assert_eq!(told(&events, first), [history("missed")]);
    assert_eq!(told(&events, second), []);
    assert_eq!(told(&events, silent), []);
    ann.leave(&stage).await;
}

/// Every answer of the sign-in and of what follows it may be anything.
#[tokio::test(start_paused = true)]
async fn any_answer_may_be_anything() {
    let endpoints = [
        Endpoint::UserLogin,
        Endpoint::UserToken,
        Endpoint::ChatList,
        Endpoint::GroupGet,
        Endpoint::GroupUserGet,
        Endpoint::FriendList,
        Endpoint::History,
    ];
    let faults = [
        RestFault::Page(400),
        RestFault::Page(413),
        RestFault::Page(422),
        RestFault::Page(500),
        RestFault::Page(200),
        RestFault::Body(String::new()),
        RestFault::Body("null".to_owned()),
        RestFault::Body(r#"{"ok":true,"code":200,"msg":null,"data":null}"#.to_owned()),
        RestFault::Body(r#"{"ok":true,"code":200,"msg":null,"data":[null,7,{}]}"#.to_owned()),
        RestFault::Body(r#"{"ok":false,"code":401,"msg":"login required","data":null}"#.to_owned()),
        RestFault::Drop,
        RestFault::DropAfter,
        RestFault::Half,
        RestFault::Hang,
    ];
    for flavour in BOTH {
        for endpoint in endpoints {
            for fault in &faults {
                let stage = Stage::new(flavour);
                let group = stage.group("Friends", &[ANN, BOB]);
                stage.say(BOB, group, "before");
                stage.lock().faults.rest(Some(endpoint), fault.clone());
                let what = format!("{flavour:?}: {endpoint:?} meets {fault:?}");
                let mut ann = stage.person("ann");
                let mut events = Vec::new();
                if ann.connect().await.is_err() {
                    ann.lost().await;
                    ann.connect().await.expect(&what);
                }
                settle().await;
                events.extend(ann.take());
                stage.say(BOB, group, "live");
                let request = ann.say(group, "mine").await;
                settle().await;
                events.extend(ann.take());
                let outcome = ann.watch.known_outcome(request);
                assert_eq!(outcome, Some(Outcome::Done), "{what}");
                events.retain(|event| !is_own(event));
                let told = told(&events, group);
                assert_eq!(
                    told.iter().filter(|told| **told == news("live")).count(),
                    1,
                    "{what}"
                );
                assert!(
                    told.iter()
                        .filter(|told| **told == history("before"))
                        .count()
                        <= 1,
                    "{what}"
                );
                assert_eq!(
                    told.len() - usize::from(told.contains(&history("before"))),
                    1,
                    "{what}: {told:?}"
                );
                stage.is_well();
                assert_eq!(stage.kept().len(), 3, "{what}");
                // Whatever was not told has been missed; nothing comes again.
                ann.cut(&stage).await;
                stage.say(BOB, group, "missed");
                let events = ann.reconnect().await;
                let again = super::stage::told(&events, group);
                assert_eq!(again.last(), Some(&history("missed")), "{what}");
                assert!(!again.contains(&history("live")), "{what}");
                ann.leave(&stage).await;
            }
        }
    }
}

/// Whether it is about what the user said.
fn is_own(event: &ConnectionEvent) -> bool {
    matches!(event, ConnectionEvent::Chat { event: ChatEvent::New { message, .. } }
        if message.message_type == MessageType::CurrentUser)
}

/// A spoofed or mistaken frame with our own ids is no acknowledgement of ours and no message of ours.
#[tokio::test(start_paused = true)]
async fn others_may_use_our_ids() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    let raw = stage.raw("bob").await;
    let mut bob = raw.online().await;
    stage.lock().faults.held = Some(Vec::new());
    let request = ann.say(group, "mine").await;
    let relayed = bob.next().await.unwrap();
    let id = relayed["body"]["clientMsgId"].clone();
    let theirs = json!({"gid": group, "content": "theirs", "clientMsgId": id});
    bob.packet("Msg", &theirs).await;
    ann.watch.until_said("theirs").await;
    assert_eq!(ann.watch.known_outcome(request), None);
    stage.lock().faults.held = None;
    assert_eq!(ann.watch.outcome(request).await, Outcome::Done);
    settle().await;
    assert_eq!(told(&ann.take(), group), []);
    ann.leave(&stage).await;
}
