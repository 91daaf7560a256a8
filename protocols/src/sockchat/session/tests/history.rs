//! What was said before, over reconnects.

use super::*;

#[test]
fn what_was_missed_is_told_as_a_gap() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|hi|7|10010");
    rig.say(None, "lost?").unwrap();
    rig.written();
    rig.close(false);
    rig.events();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.hear("7|0|1|4|dave|inherit|1^0^0^0^0|1");
    rig.hear("7|1|1424000000|4|dave|inherit|1^0^0^0^0|new|12|0|10010");
    rig.hear("7|2|1|Lobby|0|0");
    let events = rig.events();
    for expected in [
        "Status::Failed OutcomeUnknown",
        "User::Remove 2",
        "User::New dave",
        "Channel::Remove Tea",
        "Chat::Gap Some(\"7\") Some(\"12\")",
        "Chat::History Lobby 12 Delivered new",
    ] {
        assert!(
            events.iter().any(|event| event == expected),
            "{expected}: {events:?}"
        );
    }
}

#[test]
fn reloaded_messages_have_ids_of_their_own() {
    let mut rig = Rig::signed_in();
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a|rlbl|0|10010");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a|rlbl|0|10010");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|b|rlbl|0|10010");
    rig.pass(2);
    let ConnectionEvent::Chat {
        event: ChatEvent::History { messages, .. },
    } = rig.session.poll_event().unwrap().event
    else {
        panic!("a backlog")
    };
    let mut ids: Vec<_> = messages.into_iter().map(|message| message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

impl Rig {
    /// The connection breaks and another one is made, with this backlog.
    fn come_back(&mut self, backlog: &[&str]) -> Vec<String> {
        self.close(false);
        self.events();
        self.connect();
        self.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
        self.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1");
        for message in backlog {
            self.hear(message);
        }
        self.hear("7|2|2|Lobby|0|0|Tea|0|0");
        let mut events = self.events();
        events.retain(|event| !event.starts_with("User::") && !event.starts_with("Channel::"));
        events.retain(|event| event != "Status::Connected");
        events
    }
}

const ONE: &str = "7|1|1424000000|2|bob|inherit|1^0^0^0^0|one|1|0|10010";
const TWO: &str = "7|1|1424000001|2|bob|inherit|1^0^0^0^0|two|2|0|10010";

#[test]
fn what_was_shown_is_not_shown_again() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    assert_eq!(
        rig.come_back(&[ONE, TWO]),
        ["Chat::History Lobby 2 Delivered two"]
    );
    assert_eq!(rig.come_back(&[ONE, TWO]), Vec::<String>::new());
    rig.say(None, "mine").unwrap();
    rig.written();
    rig.hear("2|1424000002|1|mine|3|10010");
    let mine = "7|1|1424000002|1|alice|#f00|10^1^1^1^2|mine|3|0|10010";
    assert_eq!(rig.come_back(&[TWO, mine]), Vec::<String>::new());
}

#[test]
fn a_server_that_was_restarted_counts_anew() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    // Another message under the id of the first, and the first without one.
    let reloaded = "7|1|1424000000|2|bob|inherit||one|rlbl|0|10010";
    let other = "7|1|1424009999|2|bob|inherit|1^0^0^0^0|three|1|0|10010";
    assert_eq!(
        rig.come_back(&[reloaded, other]),
        ["Chat::History Lobby 1-1424009999 Delivered three"]
    );
    // The server means the newest one.
    let message_id = Id::from("1-1424009999");
    let channel_id = None;
    rig.send(ChatEvent::Remove {
        channel_id,
        message_id,
    })
    .unwrap();
    assert_eq!(rig.written(), ["2|1|/delete 1"]);
    rig.hear("6|1");
    let removed = rig.session.poll_event().unwrap().event;
    assert_eq!(
        removed,
        ChatEvent::Remove {
            channel_id: Some("Lobby".into()),
            message_id: "1-1424009999".into(),
        }
        .into()
    );
    assert_eq!(rig.events(), ["Status::Done"]);
    rig.hear("2|1424010000|2|four|2|10010");
    assert_eq!(rig.events(), ["Chat::New Lobby 2 Delivered four"]);
}

#[test]
fn the_backlog_proves_what_was_cut_off() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    for text in ["there", "lost", "/me too"] {
        rig.say(None, text).unwrap();
    }
    rig.written();
    let there = "7|1|1424000002|1|alice|#f00|10^1^1^1^2|there|5|0|10010";
    let others = "7|1|1424000002|2|bob|inherit|1^0^0^0^0|lost|6|0|10010";
    let too = "7|1|1424000002|1|alice|#f00|10^1^1^1^2|\u{2060}/me too|7|0|10010";
    assert_eq!(
        rig.come_back(&[ONE, there, others, too]),
        [
            "Chat::Update 5 Delivered there",
            "Status::Done",
            "Chat::Update 7 Delivered /me too",
            "Status::Done",
            "Chat::History Lobby 6 Delivered lost",
            "Chat::Update local Failed lost",
            "Status::Failed OutcomeUnknown",
        ]
    );
}

#[test]
fn what_was_said_before_proves_nothing() {
    let mut rig = Rig::signed_in();
    rig.say(None, "ok").unwrap();
    rig.written();
    rig.hear("2|1424000000|1|ok|1|10010");
    rig.say(None, "ok").unwrap();
    rig.written();
    let ok = "7|1|1424000000|1|alice|#f00|10^1^1^1^2|ok|1|0|10010";
    let reloaded = "7|1|1424000009|1|alice|#f00||ok|rlbl|0|10010";
    let events = rig.come_back(&[ok, reloaded]);
    assert!(
        events.contains(&"Status::Failed OutcomeUnknown".to_owned()),
        "{events:?}"
    );
}

#[test]
fn without_a_backlog_it_ends_by_itself() {
    let mut rig = Rig::signed_in();
    rig.say(None, "x").unwrap();
    rig.written();
    rig.close(false);
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10 1 1 1 2|Lobby|2|session");
    rig.events();
    rig.pass(1);
    assert_eq!(
        rig.events(),
        [
            "Chat::Update local Failed x",
            "Status::Failed OutcomeUnknown"
        ]
    );
}

#[test]
fn a_draft_of_2021_lists_channels_first() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("7|1|1424000000|-1|ChatBot|inherit||0^welcome^Welcome!|welcome|0|10010");
    rig.hear("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|OIGfrk8d|2100");
    rig.hear("7|2|1|Lounge|0|0");
    rig.hear("7|0|1|2|bob|inherit|1 0 0 0 0|1");
    rig.hear("7|1|1424000000|2|bob|inherit|1 0 0 0 0|a|3|0|10010");
    let events = rig.events();
    assert_eq!(events.last().unwrap(), "User::New bob", "{events:?}");
    rig.pass(1);
    let history = rig.events();
    assert_eq!(history.len(), 1, "{history:?}");
    assert!(
        history[0].ends_with("Delivered Welcome!; 3 Delivered a"),
        "{history:?}"
    );
    // The greeting comes with each sign-in, at another time.
    rig.close(false);
    rig.connect();
    rig.hear("7|1|1424000099|-1|ChatBot|inherit||0^welcome^Welcome!|welcome|0|10010");
    rig.hear("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|OIGfrk8d|2100");
    rig.hear("7|0|0|");
    rig.events();
    rig.pass(1);
    assert_eq!(rig.events(), ["Chat::Gap Some(\"3\") None"]);
}

#[test]
fn a_greeting_does_not_join_what_was_said() {
    let greeting = "7|1|1424000000|-1|ChatBot|inherit||0^say^Welcome!|welcome|0|10010";
    let mut rig = Rig::signed_in();
    rig.hear(greeting);
    rig.pass(1);
    rig.events();
    assert_eq!(rig.come_back(&[greeting]), Vec::<String>::new());
    rig.hear("2|1424000000|2|one|1|10010");
    rig.events();
    for _ in 0..2 {
        assert_eq!(
            rig.come_back(&[greeting]),
            ["Chat::Gap Some(\"1\") None"],
            "nothing tells what was said meanwhile"
        );
    }
}

#[test]
fn what_somebody_does_is_known_with_and_without_its_italics() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|<i>waves</i>|5|11000");
    let waves = "7|1|1424000000|2|bob|inherit|1^0^0^0^0|waves|5|0|10010";
    assert_eq!(rig.come_back(&[waves]), Vec::<String>::new());
}

#[test]
fn a_backlog_without_a_place_waits_for_no_clock() {
    let greeting = "7|1|1424000000|-1|ChatBot|inherit||0^say^Welcome!|welcome|0|10010";
    let mut rig = Rig::new();
    rig.connect();
    rig.hear(greeting);
    rig.pass(3);
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.pass(1);
    assert!(rig.events().last().unwrap().ends_with("Welcome!"));
    // On the way, and the server never says where to.
    rig.hear("5|1|1|20");
    rig.hear(ONE);
    rig.pass(3);
    rig.events();
    rig.hear("5|2|Tea");
    assert_eq!(
        rig.events().last().unwrap(),
        "Chat::History Tea 1 Delivered one"
    );
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.hear("9|0");
    rig.pass(3);
}

#[test]
fn an_id_that_means_another_message_now_deletes_none() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    let other = "7|1|1424009999|2|bob|inherit|1^0^0^0^0|three|1|0|10010";
    rig.come_back(&[other]);
    let delete = |message_id: &str| ChatEvent::Remove {
        channel_id: Some("Lobby".into()),
        message_id: message_id.into(),
    };
    assert_eq!(rig.send(delete("1")), Err(ErrorKind::NotFound));
    assert!(rig.send(delete("1-1424009999")).is_ok());
    assert_eq!(rig.written(), ["2|1|/delete 1"]);
}

#[test]
fn whoever_was_elsewhere_has_missed_something() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    for place in ["Tea", "Lobby"] {
        rig.events();
        rig.hear("5|1|1|20");
        rig.hear("7|0|0|");
        rig.hear("7|1|1424000009|3|carol|inherit|1^0^0^0^0|later|9|0|10010");
        rig.hear(&format!("5|2|{place}"));
    }
    assert_eq!(
        rig.events(),
        [
            "User::ClearList",
            "Channel::Leave Tea",
            "Channel::Join Lobby",
            "Channel::Switch Lobby",
            "User::New alice",
            "Chat::Gap Some(\"1\") Some(\"9\")",
            "Chat::History Lobby 9 Delivered later",
        ]
    );
}

#[test]
fn who_spoke_and_left_is_introduced() {
    let mut rig = Rig::signed_in();
    rig.hear("7|1|1424000009|3|carol|inherit|1^0^0^0^0|bye|9|0|10010");
    rig.hear("7|1|1424000009|3|carol|inherit|1^0^0^0^0|all|10|0|10010");
    rig.pass(1);
    assert_eq!(
        rig.events(),
        [
            "User::New carol",
            "Chat::History Lobby 9 Delivered bye; 10 Delivered all"
        ]
    );
}

#[test]
fn another_account_has_another_past() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|one|1|10010");
    rig.close(true);
    rig.connect();
    rig.hear("1|y|9|mallory|#f00|1^0^0^0^0|Lobby");
    rig.hear("7|0|0|");
    rig.hear(ONE);
    rig.pass(1);
    let events = rig.events();
    assert_eq!(
        events.last().unwrap(),
        "Chat::History Lobby 1 Delivered one",
        "{events:?}"
    );
    assert!(!events.iter().any(|event| event.starts_with("Chat::Gap")));
}
