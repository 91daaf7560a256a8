//! Own messages.

use super::*;

fn ok(seq: i64, rev: i64) -> Value {
    json!({"seq": seq, "id": format!("m{seq}"), "ts": 9000, "rev": rev})
}

/// An own message, as the server tells it.
fn own(seq: i64, rev: i64, nonce: &Value) -> Value {
    with(msg(seq, rev, "mine"), json!({"from": "u1", "nonce": nonce}))
}

#[test]
fn a_message_is_delivered_once() {
    let mut rig = Rig::caught_up();
    let request = rig.write("mine");
    let local = request.local_message_id();
    assert_eq!(rig.told(), [format!("New {local}=mine")]);
    let publish = rig.answer("pub", ok(2, 2));
    assert_eq!(
        (&publish["stream"], &publish["text"]),
        (&json!("s1"), &json!("mine"))
    );
    assert_eq!(
        rig.told(),
        [
            format!("Update {local} Delivered 2=mine"),
            "Done".to_owned()
        ]
    );
    // Somebody else was faster, and their message comes in its order.
    rig.say(msg(1, 1, "theirs"));
    rig.say(own(2, 2, &publish["nonce"]));
    rig.say(msg(3, 3, "next"));
    assert_eq!(rig.told(), ["User u2 in -", "New 1=theirs", "New 3=next"]);
    // A nonce of ours on somebody else's message is nothing.
    rig.say(with(
        msg(4, 4, "forged"),
        json!({"nonce": publish["nonce"]}),
    ));
    assert_eq!(rig.told(), ["New 4=forged"]);
}

#[test]
fn what_goes_along_goes_along() {
    let mut rig = Rig::caught_up();
    rig.send(new(
        "s1",
        vec![
            MessageFragment::Text("see ".to_owned()),
            MessageFragment::Url("https://example.org".to_owned()),
            MessageFragment::Reply {
                message_id: "7".into(),
            },
            MessageFragment::File {
                url: "https://example.org/f".to_owned(),
                name: "f".to_owned(),
                mime: String::new(),
                size: None,
            },
            MessageFragment::Extra(json!({"a": [1]})),
            MessageFragment::Extra(json!(5)),
        ],
    ));
    let publish = rig.frame("pub");
    assert_eq!(
        publish["text"],
        "see https://example.org\nhttps://example.org/f"
    );
    assert_eq!(
        (&publish["reply"], &publish["meta"]),
        (&json!(7), &json!({"a": [1]}))
    );
    for (content, kind) in [
        (MessageFragment::AssetId("x".into()), ErrorKind::Unsupported),
        (
            MessageFragment::Reply {
                message_id: "x".into(),
            },
            ErrorKind::Invalid,
        ),
        (
            MessageFragment::Text("\u{1}".repeat(12_000)),
            ErrorKind::TooLong,
        ),
    ] {
        let text = MessageFragment::Text("x".to_owned());
        assert_eq!(rig.refused(new("s1", vec![text, content])).kind(), kind);
    }
    for (channel, kind) in [
        ("c1", ErrorKind::Invalid),
        ("x", ErrorKind::Invalid),
        ("s9", ErrorKind::NotFound),
    ] {
        let text = MessageFragment::Text("x".to_owned());
        assert_eq!(
            rig.refused(new(channel, vec![text])).kind(),
            kind,
            "{channel}"
        );
    }
}

#[test]
fn what_was_cut_off_goes_out_again_under_its_nonce() {
    let mut rig = Rig::caught_up();
    let requests: Vec<_> = ["a", "b", "c"].map(|text| rig.write(text)).into();
    let nonces: Vec<Value> = (0..3).map(|_| rig.frame("pub")["nonce"].clone()).collect();
    rig.told();
    rig.cut();
    let waiting = rig.write("d");
    assert!(!rig.told().iter().any(|told| told.contains("Failed")));
    // The server counts those of before the cut too.
    rig.mono += Duration::from_secs(10);
    rig.connect();
    rig.frame("auth");
    rig.greet(&[("s1", 0)]);
    // The second one has arrived, as the replay says before it is confirmed.
    let sub = rig.frame("sub");
    let again: Vec<Value> = (0..3).map(|_| rig.frame("pub")).collect();
    assert_eq!(
        again
            .iter()
            .map(|frame| frame["nonce"].clone())
            .collect::<Vec<_>>(),
        nonces
    );
    rig.events.clear();
    rig.reply(
        &sub,
        json!({"last": 1, "rev": 1, "epoch": 1, "complete": true, "last_read": 0}),
    );
    rig.say(own(1, 1, &nonces[1]));
    assert_eq!(rig.caused(requests[1]).last().unwrap(), "Done");
    rig.reply(&again[0], ok(2, 2));
    rig.reply(&again[1], ok(1, 1));
    rig.reply(&again[2], ok(3, 3));
    rig.say(own(2, 2, &nonces[0]));
    rig.say(own(3, 3, &nonces[2]));
    let told = rig.told();
    assert_eq!(
        told.iter().filter(|told| *told == "Done").count(),
        2,
        "{told:?}"
    );
    assert!(
        !told
            .iter()
            .any(|told| told.starts_with("New") || told.starts_with("History")),
        "{told:?}"
    );
    rig.wait(Duration::from_secs(10));
    assert_eq!(rig.frame("pub")["text"], "d");
    assert!(rig.session.outgoing.stream(waiting).is_some());
}

#[test]
fn what_the_page_shows_has_arrived() {
    let mut rig = Rig::online();
    let request = rig.write("mine");
    let publish = rig.frames.pop_back().unwrap();
    rig.told();
    rig.answer_sub(1, 1, 1, false);
    let page = [with(
        message(1, 1, "mine"),
        json!({"from": "u1", "nonce": publish["nonce"]}),
    )];
    rig.page("s1", &page, false);
    let local = request.local_message_id();
    assert_eq!(
        rig.told(),
        [
            format!("Update {local} Delivered 1=mine"),
            "Done".to_owned(),
            "History s1 [] true".to_owned()
        ]
    );
    rig.reply(&publish, ok(1, 1));
    assert!(rig.told().is_empty());
}

#[test]
fn what_nobody_can_tell_is_said() {
    let mut rig = Rig::caught_up();
    let old = rig.write("old");
    rig.cut();
    rig.wait(Duration::from_secs(600));
    assert_eq!(rig.caused(old).last().unwrap(), "Failed OutcomeUnknown");
    let mut rig = Rig::caught_up();
    let written = rig.write("written");
    rig.cut();
    let waiting = rig.write("waiting");
    rig.connect();
    rig.hello();
    rig.say(json!({"op": "state"}));
    let events = std::mem::take(&mut rig.events);
    let end = |request| {
        let caused = events.iter().filter(|(by, _)| *by == Some(request));
        caused.map(|(_, event)| short(event)).next_back().unwrap()
    };
    assert_eq!(end(written), "Failed OutcomeUnknown", "its stream is gone");
    assert_eq!(end(waiting), "Failed NotFound");
}

#[test]
fn the_server_sets_the_pace() {
    let mut rig = Rig::caught_up();
    for text in ["a", "b", "c", "d", "e"] {
        rig.write(text);
    }
    assert_eq!(rig.frames.len(), 3, "three in ten seconds");
    rig.told();
    let first = rig.frame("pub");
    rig.reply(
        &first,
        json!({"op": "error", "code": "rate", "retry_ms": 20_000, "message": "slow"}),
    );
    assert!(rig.told().is_empty(), "no failure");
    rig.frames.clear();
    rig.wait(Duration::from_secs(19));
    assert!(rig.frames.is_empty());
    rig.wait(Duration::from_secs(1));
    let again = rig.frame("pub");
    assert_eq!(
        (&again["text"], &again["nonce"]),
        (&first["text"], &first["nonce"])
    );
    assert_eq!(rig.frame("pub")["text"], "d");
    // Reactions count as well, and go out again.
    let mut rig = Rig::caught_up();
    let event = || ChatEvent::React {
        channel_id: Some("s1".into()),
        message_id: "1".into(),
        user_id: None,
        emoji: "+1".to_owned(),
        on: true,
    };
    let request = rig.send(event());
    let frame = rig.frame("react");
    rig.reply(
        &frame,
        json!({"op": "error", "code": "rate", "retry_ms": 100, "message": "slow"}),
    );
    rig.wait(Duration::from_millis(100));
    assert_eq!(rig.frames.front(), Some(&frame));
    rig.answer("react", json!({"rev": 1}));
    assert_eq!(rig.caused(request), ["React 1 u1 true", "Done"]);
}

#[test]
fn the_pace_wakes_nobody_for_nothing() {
    let mut rig = Rig::new(&[]);
    rig.frame("auth");
    rig.say(
        json!({"op": "hello", "v": 1, "user": {"id": "u1", "name": "ann"}, "token": TOKEN,
        "limits": {"pub": {"count": 40, "ms": 1000}}}),
    );
    rig.say(json!({"op": "state", "circles": [{"id": "c1", "name": "Lobby", "streams": [stream("s1", "c1")]}]}));
    for number in 0..60 {
        rig.write(&number.to_string());
    }
    rig.wait(Duration::from_secs(1));
    rig.wait(Duration::from_secs(1));
    assert!(rig.session.outgoing.has_waiting(), "much is unconfirmed");
    assert!(rig.session.deadline().unwrap() > rig.mono);
    // Nor while nobody takes what may go out.
    let mut rig = Rig::caught_up();
    for text in ["a", "b", "c", "d"] {
        rig.write(text);
    }
    let opens = rig.mono + Duration::from_secs(10);
    assert_eq!(rig.session.deadline(), Some(opens));
    rig.mono = opens;
    let now = rig.now();
    rig.session.handle_timeout(now);
    assert!(rig.session.deadline().unwrap() > opens);
    rig.settle();
    assert_eq!(rig.frames.back().unwrap()["text"], "d");
}

#[test]
fn what_is_refused_for_its_pace_does_not_wait_for_ever() {
    let slow = json!({"op": "error", "code": "rate", "retry_ms": 86_400_000, "message": "slow"});
    let remove = |request: RequestId| ChatEvent::Remove {
        channel_id: Some("s1".into()),
        message_id: request.local_message_id(),
    };
    let mut rig = Rig::caught_up();
    let (request, taken_back) = (rig.write("a"), rig.write("b"));
    rig.answer("pub", slow.clone());
    rig.answer("pub", slow.clone());
    rig.send(remove(taken_back));
    assert_eq!(rig.caused(taken_back).last().unwrap(), "Failed Cancelled");
    rig.cut();
    rig.wait(Duration::from_secs(599));
    assert_eq!(rig.caused(request), Vec::<String>::new());
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.caused(request).last().unwrap(), "Failed TimedOut");
    // It may have arrived where it was written before.
    let mut rig = Rig::caught_up();
    let request = rig.write("a");
    rig.cut();
    rig.connect();
    rig.frame("auth");
    rig.greet(&[("s1", 0)]);
    rig.answer_sub(0, 0, 1, true);
    rig.answer("pub", slow);
    assert_eq!(rig.refused(remove(request)).kind(), ErrorKind::State);
    rig.cut();
    rig.wait(Duration::from_secs(600));
    assert_eq!(rig.caused(request).last().unwrap(), "Failed OutcomeUnknown");
}

#[test]
fn what_is_unconfirmed_is_bounded() {
    let mut rig = Rig::new(&[]);
    rig.frame("auth");
    rig.say(json!({"op": "hello", "v": 1, "user": {"id": "u1", "name": "ann"}, "token": TOKEN, "limits": {"pub": {"count": 0}}}));
    let circle =
        json!({"id": "c1", "name": "Lobby", "streams": [stream("s1", "c1"), stream("s2", "c1")]});
    rig.say(json!({"op": "state", "circles": [circle]}));
    for number in 0..200 {
        rig.write(&number.to_string());
    }
    assert!(rig.frames.len() < 100, "the server knows a hundred again");
    let written = rig.frames.len();
    rig.send(new(
        "s2",
        vec![MessageFragment::Text("elsewhere".to_owned())],
    ));
    assert_eq!(rig.frames.pop_back().unwrap()["stream"], "s2");
    rig.answer("pub", ok(1, 1));
    assert_eq!(rig.frames.len(), written);
}

#[test]
fn a_refused_message_fails() {
    let mut rig = Rig::caught_up();
    for (code, kind) in [
        ("forbidden", "Forbidden"),
        ("not_found", "NotFound"),
        ("too_long", "TooLong"),
    ] {
        let request = rig.write(code);
        rig.refuse("pub", code);
        let caused = rig.caused(request);
        assert!(caused[1].contains("Failed"), "{caused:?}");
        assert_eq!(caused[2], format!("Failed {kind}"));
    }
    let mut rig = Rig::caught_up();
    let request = rig.write("odd");
    rig.answer("pub", json!({}));
    assert_eq!(rig.caused(request)[2], "Failed Protocol");
    let request = rig.write("never answered");
    rig.wait(Duration::from_secs(30));
    assert_eq!(
        rig.closed.take().unwrap().unwrap().kind(),
        ErrorKind::TimedOut
    );
    assert!(rig.session.outgoing.stream(request).is_some());
}

#[test]
fn what_is_not_written_can_be_taken_back() {
    let mut rig = Rig::caught_up();
    let requests: Vec<_> = ["a", "b", "c", "d"].map(|text| rig.write(text)).into();
    let remove = |request: RequestId| ChatEvent::Remove {
        channel_id: Some("s1".into()),
        message_id: request.local_message_id(),
    };
    assert_eq!(rig.refused(remove(requests[0])).kind(), ErrorKind::State);
    rig.told();
    let take_back = rig.send(remove(requests[3]));
    let local = requests[3].local_message_id();
    assert_eq!(
        rig.told(),
        [
            format!("Update {local} Failed {local}=d"),
            "Failed Cancelled".to_owned(),
            "Done".to_owned()
        ]
    );
    assert!(rig.session.open.is_empty(), "{take_back}");
    rig.cut();
    let offline = rig.write("e");
    rig.send(remove(offline));
    assert_eq!(rig.caused(offline).last().unwrap(), "Failed Cancelled");
    let nobody = remove(take_back);
    assert_eq!(
        rig.refused(nobody).kind(),
        ErrorKind::State,
        "not connected"
    );
}
