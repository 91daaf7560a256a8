//! What was said before, what is said now, and nothing twice.

use super::*;

#[test]
fn the_newest_page_comes_before_what_is_said_now() {
    let mut rig = Rig::online();
    rig.told();
    let sub = rig.answer_sub(3, 7, 1, false);
    assert_eq!((&sub["stream"], sub.get("since")), (&json!("s1"), None));
    rig.say(msg(4, 8, "live"));
    rig.say(upd(2, 9, "two!"));
    assert!(rig.told().is_empty());
    let page = [
        message(2, 2, "two"),
        message(3, 7, "three"),
        message(4, 8, "live"),
    ];
    let asked = rig.page("s1", &page, true);
    assert_eq!((&asked["before"], &asked["limit"]), (&json!(4), &json!(50)));
    assert_eq!(
        rig.told(),
        [
            "User u2 in -",
            "History s1 [2=two 3=three] false",
            "New 4=live",
            "Update 2 Edited 2=two!"
        ]
    );
    for known in [
        msg(4, 8, "live"),
        upd(2, 9, "two!"),
        react(1, 5, "u2", true),
    ] {
        rig.say(known);
    }
    assert!(rig.told().is_empty(), "nothing twice");
    rig.say(react(4, 10, "u2", true));
    assert_eq!(rig.told(), ["React 4 u2 true"]);
}

#[test]
fn what_came_before_the_subscription_was_told_is_news() {
    let mut rig = Rig::online();
    rig.told();
    rig.say(msg(3, 7, "live"));
    rig.answer_sub(3, 7, 1, false);
    rig.page("s1", &[message(2, 2, "two"), message(3, 7, "live")], false);
    assert_eq!(
        rig.told(),
        ["User u2 in -", "History s1 [2=two] true", "New 3=live"]
    );
}

/// Signed in again after `missed`; gives the subscription's frame.
pub(super) fn again(rig: &mut Rig) {
    rig.cut();
    rig.connect();
    rig.frame("auth");
    rig.greet(&[("s1", 0)]);
    rig.events.clear();
}

#[test]
fn what_was_missed_is_history_and_changes_are_changes() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    again(&mut rig);
    // Subscriptions are active at once.
    rig.say(msg(4, 6, "live"));
    let sub = rig.answer_sub(4, 6, 1, true);
    assert_eq!((&sub["since"], &sub["epoch"]), (&json!(1), &json!(1)));
    rig.say(msg(2, 2, "two"));
    rig.say(msg(3, 3, "three"));
    rig.say(upd(1, 4, "one!"));
    rig.say(react(2, 5, "u2", true));
    assert!(rig.told().is_empty(), "it has an end");
    rig.say(msg(4, 6, "live"));
    assert_eq!(
        rig.told(),
        [
            "User u2 in -",
            "History s1 [2=two 3=three] false",
            "Update 1 Edited 1=one!",
            "React 2 u2 true",
            "New 4=live"
        ]
    );
    rig.say(msg(5, 7, "five"));
    assert_eq!(rig.told(), ["New 5=five"]);
    again(&mut rig);
    rig.answer_sub(6, 8, 1, true);
    rig.say(msg(6, 8, "six"));
    assert_eq!(rig.told(), ["User u2 in -", "History s1 [6=six] true"]);
    again(&mut rig);
    rig.answer_sub(6, 8, 1, true);
    rig.say(msg(7, 9, "seven"));
    assert_eq!(
        rig.told(),
        ["User u2 in -", "New 7=seven"],
        "nothing was missed"
    );
}

#[test]
fn a_replay_without_an_end_is_ended() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    again(&mut rig);
    rig.answer_sub(5, 9, 1, true);
    rig.say(upd(3, 4, "three!"));
    assert!(rig.told().is_empty());
    rig.wait(Duration::from_secs(2));
    // The connection may be slow: the server is asked whether that was all.
    let asked = rig.frame("ping");
    assert!(rig.told().is_empty());
    rig.say(json!({"op": "pong", "re": asked["id"]}));
    assert_eq!(
        rig.told(),
        ["User u2 in -", "History s1 [3=three!] true"],
        "told by its last change"
    );
    rig.say(msg(5, 9, "late"));
    rig.say(msg(6, 10, "six"));
    assert_eq!(rig.told(), ["New 6=six"], "the position stands");
}

#[test]
fn too_much_missed_leaves_a_gap() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    again(&mut rig);
    rig.answer_sub(900, 999, 1, false);
    rig.page(
        "s1",
        &[message(899, 998, "a"), message(900, 999, "b")],
        true,
    );
    assert_eq!(
        rig.told(),
        [
            "Gap 1..899",
            "User u2 in -",
            "History s1 [899=a 900=b] false"
        ]
    );
    // What changed in what is known is told, and there is no gap where none is.
    again(&mut rig);
    rig.answer_sub(901, 2000, 1, false);
    rig.page("s1", &[upd(900, 1500, "b!"), message(901, 1999, "c")], true);
    assert_eq!(
        rig.told(),
        [
            "User u2 in -",
            "History s1 [901=c] false",
            "Update 900 Edited 900=b!"
        ]
    );
    again(&mut rig);
    rig.answer_sub(950, 3000, 1, false);
    rig.refuse("history", "internal");
    assert_eq!(rig.told(), ["Gap 901..-"]);
    rig.say(msg(951, 3001, "d"));
    assert_eq!(rig.told(), ["User u2 in -", "New 951=d"]);
}

#[test]
fn another_numbering_begins_anew() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    again(&mut rig);
    rig.answer_sub(1, 1, 2, false);
    rig.page("s1", &[message(1, 1, "other")], false);
    assert_eq!(
        rig.told(),
        [
            "Wipe { channel_id: Some(\"s1\") }",
            "Gap -..1",
            "User u2 in -",
            "History s1 [1=other] true"
        ]
    );
}

#[test]
fn what_waits_is_bounded_and_comes_again() {
    let mut rig = Rig::online();
    rig.told();
    rig.answer_sub(0, 0, 1, false);
    let long = "x".repeat(60_000);
    for seq in 1..=400 {
        rig.say(msg(seq, seq, &long));
    }
    assert!(rig.session.held_bytes <= 16 * 1024 * 1024);
    rig.page("s1", &[], false);
    assert_eq!(rig.session.held_bytes, 0);
    assert_eq!(rig.told(), ["History s1 [] true"]);
    let sub = rig.answer_sub(400, 400, 1, true);
    assert_eq!(sub["since"], 0);
    for seq in 1..=400 {
        rig.say(msg(seq, seq, "again"));
    }
    let told = rig.told();
    assert!(
        told[1].starts_with("History s1 [1=again") && told[1].contains("400=again"),
        "{told:?}"
    );
    assert_eq!(rig.session.held_bytes, 0);
}

#[test]
fn messages_are_shown_whole() {
    let mut rig = Rig::caught_up();
    rig.say(with(
        msg(2, 2, "text"),
        json!({"reply": 1, "edited": 7000, "meta": {"a": 1}, "reactions": [{"emoji": "+1", "users": ["u1", "u2"]}],
            "files": [{"url": "/oshi/files/k/a.png", "name": "a.png", "mime": "image/png", "size": 5},
                {"url": "javascript:x", "name": "evil", "mime": "", "size": null}]}),
    ));
    let (_, event) = rig.events.pop().unwrap();
    let ConnectionEvent::Chat {
        event: ChatEvent::New { message, .. },
    } = event
    else {
        panic!("{event:?}");
    };
    let edited = DateTime::from_timestamp_millis(7000).unwrap();
    assert_eq!(
        message.content,
        [
            MessageFragment::Text("text".to_owned()),
            MessageFragment::File {
                url: "http://localhost/oshi/files/k/a.png".to_owned(),
                name: "a.png".to_owned(),
                mime: "image/png".to_owned(),
                size: Some(5),
            },
            MessageFragment::Text("evil".to_owned()),
            MessageFragment::Reply {
                message_id: "1".into()
            },
            MessageFragment::EditedAt(edited),
            MessageFragment::Reaction {
                emoji: "+1".to_owned(),
                user_ids: vec!["u1".into(), "u2".into()]
            },
            MessageFragment::Extra(json!({"a": 1})),
        ]
    );
    rig.say(with(upd(2, 3, ""), json!({"deleted": true, "text": null})));
    assert_eq!(rig.told(), ["User u2 in -", "Update 2 Deleted 2="]);
    rig.say(with(msg(3, 4, "mine"), json!({"from": "u1"})));
    rig.say(with(msg(4, 5, "nobody's"), json!({"from": null})));
    assert_eq!(rig.told(), ["New 3=mine", "New 4=nobody's"]);
}

#[test]
fn places_come_change_and_go() {
    let mut rig = Rig::caught_up();
    let circle =
        json!({"id": "c2", "name": "Team", "role": "owner", "streams": [stream("s5", "c2")]});
    rig.say(json!({"op": "circle", "change": "new", "circle": circle.clone()}));
    assert_eq!(
        rig.told(),
        [
            "Channel c2 Team",
            "Join c2",
            "User u1 in c2",
            "Members u1:Owner",
            "Channel s5 general",
            "Parent s5 c2"
        ]
    );
    rig.answer_sub(0, 0, 1, false);
    assert_eq!(rig.told(), ["Join s5"]);
    rig.page("s5", &[], false);
    rig.say(json!({"op": "stream", "change": "new", "stream": stream("s6", "c2")}));
    assert_eq!(rig.frame("sub")["stream"], "s6");
    rig.cut();
    rig.connect();
    rig.frame("auth");
    rig.hello();
    let circles = [
        json!({"id": "c1", "name": "Lobby", "streams": [stream("s1", "c1")]}),
        with(
            circle,
            json!({"streams": [stream("s5", "c2"), stream("s6", "c2"), stream("s9", "c2")]}),
        ),
    ];
    rig.say(
        json!({"op": "state", "circles": circles, "subs": [{"stream": "s1"}, {"stream": "s5"}]}),
    );
    let subs: Vec<Value> = rig
        .frames
        .iter()
        .map(|frame| frame["stream"].clone())
        .collect();
    assert_eq!(
        subs,
        ["s1", "s5", "s6"],
        "what was to be subscribed to still is, and nothing else"
    );
    rig.answer_sub(0, 0, 1, false);
    rig.frames.clear();
    rig.told();
    rig.say(json!({"op": "stream", "change": "update", "stream": with(stream("s6", "c2"), json!({"name": "tea", "topic": "hot"}))}));
    assert_eq!(rig.told(), ["Renamed s6 tea", "Topic s6 hot"]);
    rig.say(json!({"op": "stream", "change": "delete", "stream": {"id": "s6", "circle": "c2"}}));
    assert_eq!(rig.told(), ["Gone s6"]);
    rig.say(json!({"op": "circle", "change": "update", "circle": {"id": "c2", "name": "Crew", "role": "admin"}}));
    assert_eq!(
        rig.told(),
        ["Renamed c2 Crew", "User u1 in c2", "Members u1:Admin"]
    );
}

#[test]
fn members_come_and_go_and_so_does_the_user() {
    let mut rig = Rig::caught_up();
    let circle =
        json!({"id": "c2", "name": "Team", "role": "owner", "streams": [stream("s5", "c2")]});
    rig.say(json!({"op": "circle", "change": "new", "circle": circle}));
    rig.told();
    let member = |user: &str, change: &str| json!({"op": "member", "circle": "c2", "user": user, "name": "bob", "display": "Bob", "role": "member", "change": change});
    rig.say(member("u2", "join"));
    assert_eq!(rig.told(), ["User u2 in c2", "Members u2:Member"]);
    rig.say(member("u2", "kick"));
    assert_eq!(rig.told(), ["UserGone u2 in c2"]);
    rig.say(member("u1", "kick"));
    rig.say(json!({"op": "circle", "change": "delete", "circle": {"id": "c2"}}));
    assert_eq!(
        rig.told(),
        [
            "Kick { channel_id: Some(\"c2\"), reason: None, ban: false }",
            "Gone s5",
            "Gone c2"
        ]
    );
    // What is gone after a reconnect is said.
    rig.cut();
    rig.connect();
    rig.told();
    rig.hello();
    rig.say(json!({"op": "state", "circles": [], "streams": [], "subs": [], "data": {}}));
    assert_eq!(
        rig.told(),
        [
            "Connected",
            "Identify u1",
            "User u1 in -",
            "Gone s1",
            "Gone c1"
        ]
    );
}

#[test]
fn people_are_heard_of() {
    let mut rig = Rig::caught_up();
    rig.say(json!({"op": "typing", "stream": "s1", "user": "u7", "on": true}));
    rig.answer(
        "user.get",
        json!({"user": {"id": "u7", "name": "gus", "display": "Gus"}}),
    );
    rig.say(json!({"op": "typing", "stream": "s1", "user": "u7", "on": false}));
    assert_eq!(
        rig.told(),
        ["Typing u7 true", "User u7 in -", "Typing u7 false"]
    );
    rig.say(json!({"op": "presence", "user": "u2", "online": true}));
    rig.say(json!({"op": "presence", "user": "u2", "online": true}));
    rig.say(json!({"op": "presence", "user": "u1", "online": true}));
    rig.say(json!({"op": "presence", "user": "u2", "online": false}));
    rig.say(json!({"op": "read", "stream": "s1", "user": "u2", "seq": 3}));
    rig.say(json!({"op": "read", "stream": "s1", "user": "u1", "seq": 4}));
    rig.say(json!({"op": "user", "user": {"id": "u2", "name": "bob", "display": "Bobby"}}));
    assert_eq!(
        rig.told(),
        [
            "Online u2",
            "Offline u2",
            "Read 3 u2",
            "Read 4 -",
            "UserIs Bobby in -"
        ]
    );
    let typing =
        |user: &str, on: bool| json!({"op": "typing", "stream": "s1", "user": user, "on": on});
    rig.say(typing("u2", true));
    rig.wait(Duration::from_secs(5));
    rig.say(typing("u2", true));
    rig.wait(Duration::from_secs(7));
    assert_eq!(rig.told(), ["Typing u2 true"]);
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.told(), ["Typing u2 false"]);
    rig.say(typing("u2", true));
    rig.say(msg(1, 1, "said"));
    rig.say(typing("u2", false));
    assert_eq!(
        rig.told(),
        [
            "Typing u2 true",
            "Typing u2 false",
            "User u2 in -",
            "New 1=said"
        ]
    );
    rig.say(typing("u3", true));
    rig.cut();
    assert_eq!(rig.told(), ["Typing u3 true", "Typing u3 false"]);
}

#[test]
fn no_crowd_is_asked_for() {
    let mut rig = Rig::caught_up();
    let typing = |stream: &str, user: u32| json!({"op": "typing", "stream": stream, "user": format!("u{user}"), "on": true});
    rig.say(typing("s99", 7));
    assert!(rig.frames.is_empty(), "nothing is known of the stream");
    for user in 100..300 {
        rig.say(typing("s1", user));
    }
    assert_eq!(rig.frames.len(), 100);
    rig.refuse("user.get", "not_found");
    rig.say(typing("s1", 299));
    assert_eq!(rig.frames.back().unwrap()["user"], "u299");
    assert_eq!(rig.frames.len(), 100);
}

#[test]
fn nonsense_is_skipped_and_counted() {
    let mut rig = Rig::caught_up();
    let before = rig.session.skipped();
    let frames = [
        json!({"op": "ok"}),
        json!({"op": "ok", "re": 999}),
        json!({"op": "ok", "re": "x"}),
        json!({"op": "error", "code": "bad_frame", "message": ""}),
        json!({"op": "history", "stream": "s1", "messages": []}),
        json!({"op": "hello", "v": 1, "user": {"id": "u7"}}),
        json!({"op": "state", "circles": []}),
        json!({"op": "msg"}),
        with(msg(1, 1, "x"), json!({"stream": "s99"})),
        json!({"op": "typing", "stream": "s99", "user": "u2", "on": true}),
        json!({"op": "read", "stream": "s1", "user": "u2", "seq": -4}),
        json!({"op": "member", "circle": "c9", "user": "u2", "change": "join"}),
        json!({"op": "nobody knows"}),
        json!([]),
        json!(null),
    ];
    for frame in &frames {
        rig.say(frame.clone());
    }
    assert_eq!(rig.session.skipped() - before, frames.len() as u64);
    assert!(rig.told().is_empty());
    for frame in [
        msg(1, i64::MAX, "x"),
        msg(i64::MIN, 3, "x"),
        json!({"op": "circle", "change": "delete", "circle": {"id": "c77"}}),
    ] {
        rig.say(frame);
    }
    for _ in 0..2_000 {
        let user = format!("u{}", rig.session.skipped() + 2);
        rig.say(json!({"op": "typing", "stream": "s1", "user": user, "on": true}));
        rig.session.skipped += 1;
    }
    rig.told();
}
