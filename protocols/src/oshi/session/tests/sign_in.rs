//! Ways in, and those that are none.

use super::*;

#[test]
fn who_signs_in_is_shown_everything_in_order() {
    let mut rig = Rig::new(&[]);
    let auth = rig.frame("auth");
    assert_eq!(
        auth,
        json!({"op": "auth", "v": 1, "user": "ann", "password": SECRET})
    );
    rig.hello();
    assert_eq!(rig.told(), ["Capabilities"]);
    let circle = json!({"id": "c1", "name": "Lobby", "public": true, "owner": "u9", "role": "admin",
        "streams": [with(stream("s1", "c1"), json!({"topic": "tea"})), stream("s2", "c1")]});
    rig.say(json!({"op": "state", "circles": [circle], "data": {"k": 1}, "more": true}));
    rig.say(msg(1, 1, "early"));
    assert!(rig.told().is_empty(), "the state is not whole");
    let dm = json!({"id": "s3", "kind": "dm", "circle": null, "name": "", "members": ["u1", "u2"], "last": 0});
    rig.say(json!({"op": "state", "streams": [dm], "subs": [{"stream": "s1", "last_read": 4}, {"stream": "s3"}]}));
    assert_eq!(
        rig.told(),
        [
            "Connected",
            "Identify u1",
            "User u1 in -",
            "Data k Some(Number(1))",
            "Channel c1 Lobby",
            "Join c1",
            "User u1 in c1",
            "Members u1:Admin",
            "Channel s1 general",
            "Parent s1 c1",
            "Topic s1 tea",
            "Join s1",
            "Read 4 -",
            "Channel s2 general",
            "Parent s2 c1",
            "Channel s3 -",
            "Join s3",
        ]
    );
    // Something was said in `s1`, and a talk needs the other one's name.
    assert_eq!(rig.frame("sub")["stream"], "s1");
    let members = rig.frame("members");
    assert_eq!(members["stream"], "s3");
    assert_eq!(rig.frame("sub")["stream"], "s3");
    let two = json!([{"id": "u1", "name": "ann", "display": "Ann", "role": "member", "online": true},
        {"id": "u2", "name": "bob", "display": "Bob", "role": "member", "online": true}]);
    rig.reply(&members, json!({"members": two, "more": false}));
    assert_eq!(
        rig.told(),
        [
            "User u1 in s3",
            "Renamed s3 Bob",
            "User u2 in s3",
            "Members u1:Member u2:Member",
            "Online u2"
        ]
    );
}

#[test]
fn what_sends_back_what_it_gets_is_no_server() {
    let mut rig = Rig::new(&[]);
    let auth = rig.frame("auth").to_string();
    for text in [
        auth.replace("{", "{\"op\":\"auth\",\"x\":")
            .replace("\"x\":\"op\"", "\"op\""),
        format!(r#"{{"op":"auth","password":"{SECRET}"}}"#),
    ] {
        let mut rig = Rig::new(&[]);
        rig.say_text(&text);
        let error = rig.closed.unwrap().unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(
            error.chain().contains("echo") && !error.chain().contains(SECRET),
            "{error}"
        );
    }
    for text in [
        "",
        "hello",
        "[]",
        r#"{"op":"dance"}"#,
        r#"{"op":"msg"}"#,
        r#"{"op":"state"}"#,
        SECRET,
    ] {
        let mut rig = Rig::new(&[]);
        rig.say_text(text);
        let error = rig.closed.unwrap().unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{text}");
        assert!(!error.chain().contains(SECRET), "{error}");
    }
}

#[test]
fn a_token_is_tried_first_and_the_password_after_it() {
    let mut rig = Rig::caught_up();
    rig.cut();
    rig.connect();
    assert_eq!(
        rig.frame("auth"),
        json!({"op": "auth", "v": 1, "token": TOKEN})
    );
    rig.say(json!({"op": "error", "code": "auth_failed", "message": "authentication failed"}));
    assert_eq!((rig.opened, rig.closed.is_none()), (3, true));
    assert_eq!(rig.frame("auth")["password"], SECRET);
    rig.say(json!({"op": "error", "code": "auth_failed", "message": SECRET}));
    let error = rig.closed.unwrap().unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(!error.chain().contains(SECRET), "{error}");
}

#[test]
fn an_account_is_made_once() {
    let form = [("register", "yes"), ("display", "Ann A.")];
    let mut rig = Rig::new(&form);
    let auth = rig.frame("auth");
    assert_eq!(
        (&auth["register"], &auth["display"]),
        (&json!(true), &json!("Ann A."))
    );
    let taken =
        json!({"op": "error", "code": "register_failed", "reason": "name_taken", "message": "no"});
    rig.say(taken.clone());
    let auth = rig.frame("auth");
    assert_eq!(
        (auth.get("register"), &auth["password"]),
        (None, &json!(SECRET))
    );
    rig.say(json!({"op": "error", "code": "auth_failed", "message": "no"}));
    assert_eq!(
        rig.closed.take().unwrap().unwrap().kind(),
        ErrorKind::Conflict
    );
    rig.cut();
    rig.connect();
    assert_eq!(
        rig.frame("auth")["register"],
        true,
        "perhaps it is free by now"
    );
    rig.say(taken);
    rig.frame("auth");
    rig.greet(&[]);
    rig.session.token = None;
    rig.cut();
    rig.connect();
    assert_eq!(rig.frame("auth").get("register"), None);
    for (reason, kind) in [
        ("bad_name", ErrorKind::Invalid),
        ("closed", ErrorKind::Forbidden),
    ] {
        let mut rig = Rig::new(&form);
        rig.say(
            json!({"op": "error", "code": "register_failed", "reason": reason, "message": "no"}),
        );
        assert_eq!(rig.closed.unwrap().unwrap().kind(), kind);
    }
    let mut rig = Rig::new(&[]);
    rig.say(json!({"op": "error", "code": "rate", "retry_ms": 700, "message": "no"}));
    let error = rig.closed.unwrap().unwrap();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_millis(700)));
}

#[test]
fn other_versions_silence_and_floods_end_a_sign_in() {
    let mut rig = Rig::new(&[]);
    rig.say(json!({"op": "hello", "v": 2, "user": {"id": "u1"}, "token": ""}));
    assert_eq!(rig.closed.unwrap().unwrap().kind(), ErrorKind::Version);
    let mut rig = Rig::new(&[]);
    rig.hello();
    rig.wait(Duration::from_secs(31));
    assert_eq!(rig.closed.unwrap().unwrap().kind(), ErrorKind::TimedOut);
    let mut rig = Rig::new(&[]);
    rig.hello();
    let long = "x".repeat(60_000);
    for seq in 1..100 {
        rig.say(msg(seq, seq, &long));
    }
    assert_eq!(rig.closed.unwrap().unwrap().kind(), ErrorKind::TooLarge);
    let mut rig = Rig::new(&[]);
    rig.hello();
    for _ in 0..300 {
        rig.say(json!({"op": "state", "more": true, "data": {"k": long}}));
    }
    assert_eq!(rig.closed.unwrap().unwrap().kind(), ErrorKind::TooLarge);
}

#[test]
fn another_account_sees_nothing_of_the_one_before() {
    let mut rig = Rig::caught_up();
    let request = rig.write("unsent");
    rig.cut();
    rig.form = vec![("account", "eve")];
    rig.connect();
    let caused = rig.caused(request);
    assert!(caused[1].contains("Failed local:"), "{caused:?}");
    assert_eq!(caused[2], "Failed OutcomeUnknown");
    assert_eq!(rig.frame("auth")["user"], "eve", "not by the token");
    assert!(rig.session.streams.is_empty());
    let shown_anew = |told: Vec<String>, user: &str| {
        let expected = [
            "Connected",
            &format!("Identify {user}"),
            "Gone s1",
            "Gone c1",
            &format!("User {user} in -"),
            "Channel c1 Lobby",
        ];
        let first = told.iter().filter(|told| *told != "Capabilities").take(6);
        assert_eq!(first.collect::<Vec<_>>(), expected);
    };
    rig.events.clear();
    rig.greet(&[("s1", 0)]);
    shown_anew(rig.told(), "u1");
    // The same where only the server knows that it is another.
    rig.cut();
    rig.connect();
    rig.told();
    rig.say(json!({"op": "hello", "v": 1, "user": {"id": "u5", "name": "eve"}, "token": TOKEN}));
    let circle = json!({"id": "c1", "name": "Lobby", "streams": [stream("s1", "c1")]});
    rig.say(json!({"op": "state", "circles": [circle]}));
    shown_anew(rig.told(), "u5");
}

#[test]
fn many_streams_do_not_hold_up_the_sign_in() {
    let mut rig = Rig::new(&[]);
    rig.frame("auth");
    let names: Vec<String> = (1..=500).map(|id| format!("s{id}")).collect();
    let subs: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    rig.greet(&subs);
    let told = rig.told();
    assert_eq!(
        told.iter()
            .filter(|told| told.starts_with("Channel s"))
            .count(),
        500
    );
    assert_eq!(rig.frames.len(), 8, "a few at a time");
    // Where somebody speaks comes first.
    rig.say(with(msg(1, 1, "here"), json!({"stream": "s400"})));
    rig.answer_sub(0, 0, 1, false);
    rig.frames.clear();
    let request = json!({"id": 1});
    assert!(rig.told().is_empty(), "not before its page: {request}");
    let mut rig = Rig::online();
    let mut looked_at = 0;
    while let Some(frame) = rig.frames.pop_front() {
        looked_at += 1;
        match frame["op"].as_str() {
            Some("sub") => rig.reply(
                &frame,
                json!({"last": 0, "rev": 0, "epoch": 1, "complete": false, "last_read": 0}),
            ),
            _ => rig.reply(
                &frame,
                json!({"op": "history", "stream": "s1", "messages": []}),
            ),
        }
    }
    assert_eq!(looked_at, 2);
}

#[test]
fn silence_is_noticed_and_a_pause_is_none() {
    let mut rig = Rig::caught_up();
    rig.wait(Duration::from_secs(30));
    assert_eq!(rig.pings, 1);
    rig.session.handle_pause(rig.now());
    rig.wait(Duration::from_secs(100));
    assert!(rig.closed.is_none());
    rig.session.handle_resume(rig.now());
    rig.wait(Duration::from_secs(41));
    assert_eq!(rig.closed.unwrap().unwrap().kind(), ErrorKind::TimedOut);
}

#[test]
fn who_leaves_waits_for_answers_a_moment() {
    let mut rig = Rig::caught_up();
    let request = rig.write("last words");
    rig.session.handle_disconnect(rig.now());
    rig.settle();
    assert!(rig.closed.is_none(), "the answer is on its way");
    rig.answer("pub", json!({"seq": 1, "id": "m1", "ts": 5, "rev": 1}));
    assert!(rig.closed.as_ref().is_some_and(Option::is_none));
    assert!(rig.caused(request).contains(&"Done".to_owned()));
    let mut rig = Rig::caught_up();
    rig.write("unanswered");
    rig.session.handle_disconnect(rig.now());
    rig.wait(Duration::from_secs(2));
    assert!(rig.closed.is_some_and(|error| error.is_none()));
}
