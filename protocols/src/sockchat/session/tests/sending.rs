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
    assert_eq!(rig.say(Some("Tea"), "x"), Err(ErrorKind::State));
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
