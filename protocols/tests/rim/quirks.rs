//! Where the original errs: the session sees through it.

use chrono::Utc;
use kaiwa_conformance::Outcome;
use kaiwa_protocols::rim::wire::{Endpoint, Kind};
use kaiwa_protocols::{ChatEvent, ConnectionEvent, Id, Message, MessageFragment, MessageType};
use serde_json::json;

use super::stage::{
    ANN, BOB, BOTH, EVE, ORIGINAL, Stage, channels, history, members, news, older, settle, told,
};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::fault::RestFault;

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
            messages.collect::<Vec<_>>().pop().unwrap().content
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
        let channel_id = Some(Id::from(group));
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
    let all = older(&mut eve, group, 20, None, || {}).await;
    let found: Vec<Id> = all.into_iter().map(|message| message.id.unwrap()).collect();
    let expected: Vec<Id> = (1..=75_u64).map(Id::from).collect();
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

/// What queries, pages and addresses are made of goes through as what it is: words.
#[tokio::test(start_paused = true)]
async fn words_stay_as_they_are() {
    let texts = [
        "it's ann' -- ",
        "'; DROP TABLE user; --",
        "<script>alert(1)</script> &amp;",
        "line\nline\r\n\ttab",
        "null \0 and \u{7f} and \u{feff}",
        "会話 👩‍👩‍👧 é e\u{301} \u{202e}",
        r#"{"event":"Heart","body":{}} \u0041 \""#,
        "/me is no command",
        " ",
    ];
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("it's <b>Friends</b>", &[ANN, BOB, EVE]);
        stage.lock().world.user_mut(BOB).name = "O'Hara & \"Söhne\"".to_owned();
        let mut ann = stage.person("ann");
        let events = ann.reconnect().await;
        let name = channels(&events)[&Id::from(group)].name.clone();
        assert_eq!(name.as_deref(), Some("it's <b>Friends</b>"));
        let mut bob = stage.online("bob").await;
        for text in texts {
            ann.deliver(group, text).await;
            bob.watch.until_said(text).await;
        }
        assert_eq!(stage.kept(), texts);
        let older = older(&mut bob, group, 50, None, || {}).await;
        let found: Vec<String> = older.iter().map(Message::plain_text).collect();
        assert_eq!(found, texts);
        ann.leave(&stage).await;
        bob.leave(&stage).await;
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
