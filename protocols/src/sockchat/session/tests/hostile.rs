//! A server, or people on it, that mean no good: everything is bounded, skipped, counted, and the connection stays.

use super::*;

#[test]
fn nothing_is_said_before_the_user_is_let_in() {
    let mut rig = Rig::new();
    rig.connect();
    for early in [
        "2|1424000000|2|hi|7|10010",
        "5|2|Tea",
        "5|1|1|7",
        "7|0|1|2|bob|inherit|1^0^0^0^0|1",
        "7|2|1|Lobby|0|0",
        "8|4",
        "10|1|alice|#f00|10^1^1^1^2",
        "6|8",
    ] {
        rig.hear(early);
    }
    assert_eq!(rig.all_events(), Vec::<String>::new());
    assert_eq!(rig.session.skipped(), 8);
}

#[test]
fn malformed_packets_are_counted_and_nothing_else() {
    let mut rig = Rig::signed_in();
    let wrong = [
        "", "garbage", "99|x", "2", "2|2", "0", "4|9|x", "7|0|many", "8|7", "9|7", "1|y|1",
    ];
    let before = rig.session.skipped();
    for packet in wrong {
        rig.hear(packet);
    }
    let now = rig.now();
    rig.session
        .handle_frame(now, Frame::Binary(Cow::Borrowed(b"2")));
    // All but the pong.
    assert_eq!(rig.session.skipped() - before, wrong.len() as u64);
    assert_eq!(rig.all_events(), ["Status::Ping"]);
    assert_eq!(rig.written(), Vec::<String>::new());
}

#[test]
fn names_are_text_and_bounded() {
    let mut rig = Rig::signed_in();
    let long = "x".repeat(5000);
    rig.hear(&format!("5|0|3|{long}|inherit|1^0^0^0^0|5"));
    rig.hear(&format!("5|0|{long}|eve|inherit|1^0^0^0^0|5"));
    rig.hear("5|0||nobody|inherit|1^0^0^0^0|5");
    assert_eq!(rig.all_events(), Vec::<String>::new());
    assert_eq!(rig.session.skipped(), 3);
    rig.hear("5|0|4|<b>[url=x]\u{7}eve\u{1b}[31m|inherit|1^0^0^0^0|5");
    assert_eq!(rig.all_events(), ["User::New <b>[url=x]eve[31m"]);
    assert_eq!(rig.session.skipped(), 4);
    // A name with a space would send a private message to somebody else.
    rig.hear("5|0|5|bob hello|inherit|1^0^0^0^0|5");
    assert_eq!(rig.say(Some("@5"), "x"), Err(ErrorKind::Unsupported));
}

#[test]
fn channels_are_called_by_one_short_word() {
    let mut rig = Rig::signed_in();
    let before = rig.session.skipped();
    rig.hear(&format!("4|0|{}|0|0", "x".repeat(5000)));
    rig.hear("4|0||0|0");
    rig.hear("4|0|two words|0|0");
    rig.hear("4|0|@2|0|0");
    rig.hear("5|2|");
    assert_eq!(rig.all_events(), Vec::<String>::new());
    assert_eq!(rig.session.skipped() - before, 5);
}

#[test]
fn many_people_are_claimed_and_few_are_there() {
    let mut rig = Rig::signed_in();
    rig.hear("7|0|10000000|2|bob|inherit|1^0^0^0^0|1|3|carol|inherit|1^0^0^0^0|1|4|dan|inherit|1^0^0^0^0|0");
    assert_eq!(rig.all_events(), ["User::New bob", "User::New carol"]);
    assert_eq!(rig.session.skipped(), 1);
}

#[test]
fn private_talks_and_backlogs_are_bounded() {
    let mut rig = Rig::signed_in();
    for n in 0..20_000 {
        rig.hear(&format!("2|1424000000|p{n}|psst|{n}|10011"));
    }
    let events = rig.all_events();
    let talks = events
        .iter()
        .filter(|event| event.starts_with("Channel::New"));
    assert_eq!(talks.count(), 10_000);
    for n in 0..5_000 {
        rig.hear(&format!(
            "7|1|1424000000|2|bob|inherit|1^0^0^0^0|x|{n}|0|10010"
        ));
    }
    rig.pass(1);
    let ConnectionEvent::Chat {
        event: ChatEvent::History { messages, .. },
    } = rig.session.poll_event().unwrap().event
    else {
        panic!("a backlog")
    };
    assert_eq!(messages.len(), 1000);
    assert_eq!(rig.session.skipped(), 4000);
}

#[test]
fn a_second_welcome_is_none() {
    let mut rig = Rig::signed_in();
    rig.hear("1|y|9|mallory|#f00|10^1^1^1^2|Trap");
    rig.hear("1|n|joinfail|-1");
    assert_eq!(rig.all_events(), Vec::<String>::new());
    assert_eq!(rig.session.skipped(), 2);
}

#[test]
fn nobody_speaks_for_the_user_with_another_id() {
    let mut rig = Rig::signed_in();
    rig.say(None, "x").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|2|x|7|10010");
    assert_eq!(rig.events(), ["Chat::New Lobby 7 Delivered x"]);
    rig.hear("2|1424000000|-1|x|8|10010");
    assert_eq!(rig.events(), ["Chat::New Lobby 8 Delivered x"]);
}
