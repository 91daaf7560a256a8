//! Being let in, refused, thrown out.

use super::*;

#[test]
fn signing_in_to_a_php_server() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.hear("7|0|1|2|&lt;AFK&gt;_bob|inherit|1^0^0^0^0|1");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a &lt;b&gt;|3|0|10010");
    rig.hear("7|1|1424000001|-1|ChatBot|inherit||0^join^alice|4|0|10010");
    rig.hear("7|2|2|Lobby|0|0|Tea|0|0");
    assert_eq!(
        rig.events(),
        [
            "Status::Connected",
            "User::Identify 1",
            "Channel::New Lobby Group",
            "Channel::Join Lobby",
            "Channel::Switch Lobby",
            "User::New alice",
            "User::New <AFK>_bob",
            "User::Presence Away Some(\"AFK\")",
            "Channel::New Tea Group",
            "Chat::History Lobby 3 Delivered a <b>; 4 Delivered alice has joined",
        ]
    );
    assert_eq!(rig.session.skipped(), 0);
}

#[test]
fn signing_in_to_a_sharpchat_server() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("7|1|1424000000|-1|ChatBot|inherit||0^say^Welcome!|welcome|0|10010");
    assert_eq!(rig.events(), Vec::<String>::new());
    rig.hear("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|2|OIGfrk8d");
    rig.hear("7|0|0|");
    rig.hear("7|2|1|Lounge|0|0");
    let events = rig.events();
    let last = events.last().unwrap();
    assert!(
        last.starts_with("Chat::History Lounge welcome-"),
        "{events:?}"
    );
    assert!(last.ends_with("Delivered Welcome!"), "{events:?}");
}

#[test]
fn refusals_are_told_apart() {
    for (reason, kind) in [
        ("authfail", "close Some(Auth)"),
        ("userfail", "close Some(Conflict)"),
        ("sockfail", "close Some(Conflict)"),
        ("joinfail|-1", "close Some(Banned)"),
        ("joinfail|1424000100", "close Some(Banned)"),
        ("future", "close Some(Rejected)"),
    ] {
        let mut rig = Rig::new();
        rig.connect();
        rig.hear(&format!("1|n|{reason}"));
        assert_eq!(rig.written(), [kind], "{reason}");
    }
    let mut rig = Rig::new();
    rig.connect();
    rig.pass(19);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.pass(1);
    assert_eq!(rig.written(), ["close Some(TimedOut)"]);
}

#[test]
fn thrown_out_means_staying_away() {
    for (packet, ban) in [
        ("9|kick", false),
        ("9|0", false),
        ("9|ban|1424000000", true),
        ("9|1|-1", true),
    ] {
        let mut rig = Rig::signed_in();
        rig.hear(packet);
        assert_eq!(rig.events(), [format!("Channel::Kick ban={ban}")]);
        assert_eq!(rig.written(), ["close Some(Banned)"]);
    }
}

/// The error that closes the connection, after this.
fn closed_by(packets: &[&str]) -> Error {
    let mut rig = Rig::new();
    rig.connect();
    packets.iter().for_each(|packet| rig.hear(packet));
    let now = rig.now();
    match rig.session.poll_transmit(now) {
        Some(Transmit::Close { error, .. }) => error.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn when_to_come_back() {
    let welcome = "1|y|1|alice|#f00|10^1^1^1^2|Lobby";
    let seconds = |error: &Error| error.retry_after().map(|wait| wait.as_secs());
    // The clock stands at 1424000001.
    for (packets, kind, wait) in [
        (vec!["1|n|userfail"], ErrorKind::Conflict, Some(15)),
        (
            vec!["1|n|joinfail|1424000101"],
            ErrorKind::Banned,
            Some(100),
        ),
        // The server's clock may be behind.
        (vec!["1|n|joinfail|1424000000"], ErrorKind::Banned, Some(60)),
        (vec!["1|n|joinfail|-1"], ErrorKind::Banned, None),
        (vec![welcome, "9|1|1424000031"], ErrorKind::Banned, Some(30)),
        (vec![welcome, "9|1|-1"], ErrorKind::Banned, None),
        // How the original server says for ever.
        (vec![welcome, "9|ban|1424000000"], ErrorKind::Banned, None),
        (vec![welcome, "9|kick"], ErrorKind::Banned, None),
    ] {
        let error = closed_by(&packets);
        assert_eq!((error.kind(), seconds(&error)), (kind, wait), "{packets:?}");
    }
}

#[test]
fn the_reason_is_known_also_where_the_server_closes_first() {
    let mut rig = Rig::signed_in();
    assert!(rig.session.farewell().is_none());
    rig.hear("9|0");
    let error = rig.session.farewell().unwrap();
    assert_eq!(error.kind(), ErrorKind::Banned);
}

#[test]
fn a_channel_that_one_does_not_come_back_to_is_left() {
    let mut rig = Rig::signed_in();
    rig.close(false);
    rig.events();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Hall");
    assert_eq!(
        rig.events(),
        [
            "Status::Connected",
            "User::Identify 1",
            "User::ClearList",
            "Channel::Leave Lobby",
            "Channel::New Hall Group",
            "Channel::Join Hall",
            "Channel::Switch Hall",
            "User::New alice",
        ]
    );
}

#[test]
fn whoever_leaves_before_they_are_let_in_says_nothing() {
    let mut rig = Rig::signed_in();
    rig.close(false);
    rig.say(None, "x").unwrap();
    rig.connect();
    rig.events();
    let now = rig.now();
    rig.session.handle_disconnect(now);
    rig.hear("2|1424000000|2|hi|7|10010");
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    assert_eq!(rig.written(), ["close None"]);
    assert_eq!(rig.events(), Vec::<String>::new());
    rig.close(true);
    assert_eq!(
        rig.events(),
        ["Chat::Update local Failed x", "Status::Failed Cancelled"]
    );
}

#[test]
fn no_secret_is_shown() {
    let mut rig = Rig::signed_in();
    rig.send(ChannelEvent::JoinWith {
        channel_id: "Tea".into(),
        key: "swordfish".to_owned(),
    })
    .unwrap();
    rig.say(None, "swordfish").unwrap();
    let shown = format!("{:?} {:?}", rig.session, rig.session.requests);
    assert!(!shown.contains("swordfish"), "{shown}");
    rig.written();
    let shown = format!("{:?} {:?}", rig.session, rig.session.answers);
    assert!(!shown.contains("swordfish"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
