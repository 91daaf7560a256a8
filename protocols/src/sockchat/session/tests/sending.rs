//! Own messages and their echoes.

use super::*;

#[test]
fn a_message_is_confirmed_by_its_echo() {
    let mut rig = Rig::signed_in();
    rig.say(None, "a <b>\tc").unwrap();
    assert_eq!(rig.events(), ["Chat::New Lobby local Sent a <b>\tc"]);
    assert_eq!(rig.written(), ["2|1|a <b>    c"]);
    rig.hear("2|1424000000|2|hi|7|10010|0|Lobby");
    rig.hear("2|1424000000|1|a &lt;b&gt;    c|8|10010|0|Lobby");
    // Said by the same user elsewhere.
    rig.hear("2|1424000000|1|a &lt;b&gt;    c|9|10010|0|Lobby");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 7 Delivered hi",
            "Chat::Update 8 Delivered a <b>    c",
            "Status::Done",
            "Chat::New Lobby 9 Delivered a <b>    c",
        ]
    );
}

#[test]
fn text_is_no_command_and_comes_back_as_it_was() {
    let mut rig = Rig::signed_in();
    rig.say(None, "/join [b]Tea[/b]").unwrap();
    rig.events();
    let written = rig.written();
    assert_eq!(written.len(), 1);
    let text = written[0].strip_prefix("2|1|").unwrap();
    assert!(!text.starts_with('/'));
    rig.hear(&format!("2|1424000000|1|{text}|8|10010"));
    assert_eq!(
        rig.events(),
        ["Chat::Update 8 Delivered /join [b]Tea[/b]", "Status::Done"]
    );
}

#[test]
fn an_echo_that_does_not_come_and_then_does() {
    let mut rig = Rig::signed_in();
    rig.say(None, "x").unwrap();
    rig.written();
    rig.events();
    rig.pass(ECHO_LIMIT.as_secs());
    assert_eq!(
        rig.events(),
        [
            "Chat::Update local Failed x",
            "Status::Failed OutcomeUnknown"
        ]
    );
    rig.hear("2|1424000000|1|x|8|10010");
    assert_eq!(rig.events(), ["Chat::Update 8 Delivered x"]);
}

#[test]
fn private_messages_go_both_ways() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|psst|8|10011|1");
    assert_eq!(
        rig.events(),
        ["Channel::New @2 Direct", "Chat::New @2 8 Delivered psst"]
    );
    rig.say(Some("@2"), "yes?").unwrap();
    assert_eq!(rig.written(), ["2|1|/msg bob yes?"]);
    rig.hear("2|1424000000|1|bob yes?|9|10011|1");
    assert_eq!(
        rig.events(),
        [
            "Chat::New @2 local Sent yes?",
            "Chat::Update 9 Delivered yes?",
            "Status::Done"
        ]
    );
    assert_eq!(rig.say(Some("@7"), "x"), Err(ErrorKind::NotFound));
}

#[test]
fn the_limit_of_the_server_counts_characters() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby|5");
    assert!(rig.say(None, "ééééé").is_ok());
    assert_eq!(rig.say(None, "éééééé"), Err(ErrorKind::TooLong));
    assert_eq!(rig.say(None, " \t "), Err(ErrorKind::Invalid));
}

#[test]
fn the_same_words_twice_are_two_messages() {
    let mut rig = Rig::signed_in();
    rig.say(None, "hi").unwrap();
    rig.say(None, "hi").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|1|hi|8|10010");
    // The same packet again is not the second one.
    rig.hear("2|1424000000|1|hi|8|10010");
    assert_eq!(
        rig.events(),
        ["Chat::Update 8 Delivered hi", "Status::Done"]
    );
    rig.hear("2|1424000000|1|hi|9|10010");
    rig.hear("2|1424000001|1|hi|10|10010");
    assert_eq!(
        rig.events(),
        [
            "Chat::Update 9 Delivered hi",
            "Status::Done",
            "Chat::New Lobby 10 Delivered hi"
        ]
    );
}

#[test]
fn an_echo_is_known_however_the_server_has_changed_it() {
    for (said, wire) in [
        ("a<b>\nc", "a&lt;b&gt; <br/> c"),
        ("&lt; & &amp;", "&lt; & &amp;"),
        ("a\tb", "a    b"),
        ("a\r\nb", "a\r <br/> b"),
        ("  a  b ", "a b"),
        ("[b]x", "[\u{2060}b]x"),
        ("one <br/> two", "one &lt;br/&gt; two"),
    ] {
        let mut rig = Rig::signed_in();
        rig.say(None, said).unwrap();
        rig.written();
        rig.events();
        rig.hear(&format!("2|1424000000|1|{wire}|8|10010"));
        let ends = rig.events();
        assert!(
            ends.contains(&"Status::Done".to_owned()),
            "{said}: {ends:?}"
        );
    }
}

#[test]
fn a_message_that_the_server_cuts_is_known_too() {
    // A server that takes less than it says.
    let mut rig = Rig::signed_in_as("1 0 0 0 0", "|5000");
    let long = "x".repeat(3000);
    rig.say(None, &long).unwrap();
    rig.say(None, "xx").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|1|xx|8|10010");
    assert_eq!(
        rig.events(),
        ["Chat::Update 8 Delivered xx", "Status::Done"]
    );
    rig.hear(&format!(
        "2|1424000000|1|{}|9|10010",
        long.get(..2000).unwrap()
    ));
    let events = rig.events();
    assert_eq!(
        events[0],
        format!("Chat::Update 9 Delivered {}", long.get(..2000).unwrap())
    );
}

#[test]
fn other_flags_are_another_message() {
    let mut rig = Rig::signed_in();
    rig.say(None, "bob hi").unwrap();
    rig.say(Some("@2"), "hi").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|1|bob hi|8|11000");
    rig.hear("2|1424000000|1|bob hi|9|10011");
    rig.hear("2|1424000000|1|bob hi|10|10010");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 8 Delivered bob hi",
            "Chat::Update 9 Delivered hi",
            "Status::Done",
            "Chat::Update 10 Delivered bob hi",
            "Status::Done",
        ]
    );
}

#[test]
fn the_same_words_later_are_not_a_late_echo() {
    let mut rig = Rig::signed_in();
    rig.say(None, "ok").unwrap();
    rig.written();
    rig.pass(ECHO_LIMIT.as_secs());
    rig.events();
    // What was said last is meant first.
    rig.say(None, "ok").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|1|ok|8|10010");
    assert_eq!(
        rig.events(),
        ["Chat::Update 8 Delivered ok", "Status::Done"]
    );
    rig.pass(39);
    rig.hear("0|pong");
    rig.pass(39);
    rig.hear("0|pong");
    rig.events();
    // Said elsewhere, a while after.
    rig.hear("2|1424000000|1|ok|9|10010");
    assert_eq!(rig.events(), ["Chat::New Lobby 9 Delivered ok"]);
}

#[test]
fn a_private_message_to_somebody_who_is_not_there_fails() {
    let mut rig = Rig::signed_in();
    rig.say(Some("@2"), "hi").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1424000000|-1|1^usernf^bob|9|10010");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 9 Delivered there is nobody called bob",
            "Chat::Update local Failed hi",
            "Status::Failed NotFound",
        ]
    );
}

#[test]
fn names_are_written_and_read_with_what_stands_before_them() {
    let mut rig = Rig::signed_in();
    rig.hear("10|2|&lt;AFK&gt;_~a&amp;lt;b|blue|1^0^0^0^0");
    rig.say(Some("@2"), "hi").unwrap();
    assert_eq!(rig.written(), ["2|1|/msg <AFK>_~a&lt;b hi"]);
    for (name, id) in [("&lt;AFK&gt;_~a&amp;lt;b", 8), ("~a&lt;b", 9), ("gone", 10)] {
        rig.events();
        rig.hear(&format!("2|1424000000|1|{name} hi|{id}|10011"));
        let events = rig.events();
        let settled = format!("Chat::Update {id} Delivered hi");
        assert!(events.contains(&settled), "{events:?}");
        rig.say(Some("@2"), "hi").unwrap();
        rig.written();
    }
}

#[test]
fn a_private_message_from_another_session_is_shown_in_its_talk() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|1|bob hi|8|10011");
    assert_eq!(
        rig.events(),
        ["Channel::New @2 Direct", "Chat::New @2 8 Delivered hi"]
    );
}

#[test]
fn what_is_longer_than_the_server_takes_is_not_cut_by_it() {
    let mut rig = Rig::signed_in();
    let text = |chars: usize| "x".repeat(chars);
    assert!(rig.say(None, &text(2000)).is_ok());
    assert_eq!(rig.say(None, &text(2001)), Err(ErrorKind::TooLong));
    assert_eq!(
        rig.say(None, &format!("/{}", text(1999))),
        Err(ErrorKind::TooLong),
        "with what is put before it"
    );
    assert_eq!(
        rig.say(Some("@2"), &text(1999)),
        Err(ErrorKind::TooLong),
        "with whom it is for"
    );
    // What was said before the limit was known is looked at again.
    assert_eq!(rig.written().len(), 1);
    rig.close(false);
    rig.say(None, &text(3000)).unwrap();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    assert_eq!(rig.written(), Vec::<String>::new());
    assert!(rig.events().contains(&"Status::Failed TooLong".to_owned()));
}
