//! Channels, and who is in them.

use super::*;

#[test]
fn switching_as_a_php_server_does_it() {
    let mut rig = Rig::signed_in();
    rig.send(join("Tea")).unwrap();
    assert_eq!(rig.written(), ["2|1|/join Tea"]);
    rig.hear("5|1|1|20");
    rig.hear("8|3");
    rig.hear("7|0|1|3|carol|inherit|1^0^0^0^0|1|21");
    rig.hear("7|1|1424000000|3|carol|inherit|1^0^0^0^0|tea?|19|0|10010");
    rig.hear("5|2|Tea");
    rig.hear("2|1424000000|3|hello|22|10010|0|Tea");
    assert_eq!(
        rig.events(),
        [
            "User::ClearList",
            "Channel::Leave Lobby",
            "Channel::Join Tea",
            "Channel::Switch Tea",
            "User::New alice",
            "User::New carol",
            "Chat::History Tea 19 Delivered tea?",
            "Status::Done",
            "Chat::New Tea 22 Delivered hello",
        ]
    );
}

#[test]
fn a_channel_that_lets_nobody_in() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.written();
    rig.hear("2|1424000000|-1|1^ipwchan^Staff|20|10010");
    rig.hear("5|2|Lobby");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 20 Delivered the password for Staff is wrong",
            "Status::Failed Forbidden"
        ]
    );
    assert_eq!(rig.send(join("two words")), Err(ErrorKind::Invalid));
}

#[test]
fn people_come_and_go() {
    let mut rig = Rig::signed_in();
    rig.hear("1|1424000000|3|carol|inherit|1^0^0^0^0|5");
    rig.hear("10|3|~car&amp;lt;l|blue|1^0^0^0^0");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("5|1|2|7");
    rig.hear("4|2|Tea");
    rig.hear("4|2|Tea");
    assert_eq!(
        rig.events(),
        [
            "User::New carol",
            "User::Update ~car&lt;l",
            "User::Remove 3",
            "User::Remove 2",
            "Channel::Remove Tea",
        ]
    );
}

#[test]
fn nothing_is_said_on_the_way() {
    let mut rig = Rig::signed_in();
    rig.say(None, "for Lobby").unwrap();
    rig.send(join("Tea")).unwrap();
    rig.say(None, "for Lobby too").unwrap();
    rig.events();
    assert_eq!(rig.written(), ["2|1|for Lobby", "2|1|/join Tea"]);
    rig.hear("2|1424000000|1|for Lobby|19|10010");
    rig.hear("5|1|1|20");
    rig.hear("7|0|0|");
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.hear("5|2|Tea");
    assert_eq!(rig.written(), Vec::<String>::new(), "it was for Lobby");
    let events = rig.events();
    assert!(
        events.contains(&"Status::Failed State".to_owned()),
        "{events:?}"
    );
    rig.say(None, "for Tea").unwrap();
    assert_eq!(rig.written(), ["2|1|for Tea"]);
}

#[test]
fn what_is_said_after_a_refused_way_is_said_where_one_stays() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.say(None, "x").unwrap();
    assert_eq!(rig.written(), ["2|1|/join Staff"]);
    rig.hear("2|1424000000|-1|1^ipchan^Staff|20|10010");
    assert_eq!(rig.written(), ["2|1|x"]);
    rig.hear("5|2|Lobby");
    // Refused without a word.
    rig.send(join("Vault")).unwrap();
    rig.written();
    rig.events();
    rig.hear("5|2|Lobby");
    assert_eq!(rig.events(), ["Status::Failed Rejected"]);
}

#[test]
fn somebody_who_is_moved_has_not_arrived_where_they_wanted() {
    let mut rig = Rig::signed_in();
    rig.send(join("Tea")).unwrap();
    rig.send(join("tea")).unwrap();
    rig.written();
    // The channel that the user was in is gone.
    rig.hear("5|2|Hall");
    let ends = |events: Vec<String>| -> Vec<String> {
        let is_end = |event: &String| event.starts_with("Status");
        events.into_iter().filter(is_end).collect()
    };
    assert_eq!(ends(rig.events()), Vec::<String>::new());
    rig.hear("5|2|Tea");
    rig.hear("5|2|Tea");
    assert_eq!(ends(rig.events()), ["Status::Done"; 2]);
}

#[test]
fn who_makes_a_channel_is_told_that_it_is_theirs() {
    let mut rig = Rig::signed_in();
    let channel = kaiwa_core::Channel {
        id: "Den".into(),
        ..kaiwa_core::Channel::default()
    };
    let request = rig.send(ChannelEvent::New { channel }).unwrap();
    assert_eq!(rig.written(), ["2|1|/create Den"]);
    rig.hear("4|0|Den|0|1");
    let made = rig.session.poll_event().unwrap();
    assert_eq!(made.request, Some(request));
    rig.hear("5|1|1|20");
    rig.hear("8|3");
    rig.hear("7|0|0|");
    rig.hear("5|2|Den");
    rig.hear("2|1424000000|-1|0^crchan^Den|21|10010");
    assert_eq!(
        rig.events(),
        [
            "User::ClearList",
            "Channel::Leave Lobby",
            "Channel::Join Den",
            "Channel::Switch Den",
            "User::New alice",
            "Chat::New Den 21 Delivered the channel Den was created",
            "Status::Done",
        ]
    );
}

#[test]
fn lists_are_cleared_and_the_user_stays() {
    let mut rig = Rig::signed_in();
    rig.hear("8|1");
    rig.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1");
    assert_eq!(
        rig.events(),
        ["User::ClearList", "User::New alice", "User::New bob"]
    );
    rig.hear("8|4");
    assert_eq!(
        rig.events(),
        [
            "Channel::Wipe",
            "Channel::Remove Tea",
            "User::ClearList",
            "User::New alice",
        ]
    );
}

#[test]
fn who_is_away_comes_back_unseen() {
    let mut rig = Rig::signed_in();
    rig.hear("10|2|&lt;AFK&gt;_bob|inherit|1^0^0^0^0");
    rig.hear("5|1|1|20");
    rig.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1|21");
    rig.hear("5|2|Tea");
    let events = rig.events();
    assert!(
        events.contains(&"User::Presence Online None".to_owned()),
        "{events:?}"
    );
}

#[test]
fn channels_are_renamed_and_removed() {
    let mut rig = Rig::signed_in();
    rig.hear("4|1|Lobby|Hall|0|0");
    rig.say(None, "x").unwrap();
    assert_eq!(
        rig.events(),
        ["Channel::Update", "Chat::New Hall local Sent x"]
    );
    assert_eq!(rig.written(), ["2|1|x"]);
    rig.hear("4|1|Tea|Hall|0|0");
    rig.hear("4|2|Tea");
    rig.hear("4|2|nosuch");
    assert_eq!(rig.events(), ["Channel::Remove Tea"]);
    assert!(rig.send(join("Hall")).is_ok(), "one is there");
    assert_eq!(rig.events(), ["Status::Done"]);
    assert_eq!(rig.written(), Vec::<String>::new());
}

#[test]
fn a_message_for_another_channel_ends_by_itself() {
    let mut rig = Rig::signed_in();
    let there = rig.say(Some("Tea"), "for Tea").unwrap();
    let here = rig.say(Some("Lobby"), "for Lobby").unwrap();
    assert!(there < here);
    assert_eq!(rig.written(), ["2|1|for Lobby"], "it holds up no other");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Tea local Sent for Tea",
            "Chat::New Lobby local Sent for Lobby",
            "Chat::Update local Failed for Tea",
            "Status::Failed State",
        ]
    );
    // Sent in the order in which one would do it by hand.
    rig.send(join("Tea")).unwrap();
    rig.say(Some("Tea"), "in Tea").unwrap();
    assert_eq!(rig.written(), ["2|1|/join Tea"]);
    rig.hear("5|1|1|20");
    rig.hear("5|2|Tea");
    assert_eq!(rig.written(), ["2|1|in Tea"]);
}

#[test]
fn who_was_in_a_channel_that_is_left_is_not_kept_there() {
    let mut rig = Rig::signed_in();
    rig.hear("5|1|1|20");
    let left = rig.session.poll_event().unwrap().event;
    let channel_id = Some(Id::from("Lobby"));
    assert_eq!(left, UserEvent::ClearList { channel_id }.into());
    assert_eq!(rig.events(), ["Channel::Leave Lobby"]);
}

/// Away, back, and on the way to Tea at once.
fn back_and_away() -> Rig {
    let mut rig = Rig::signed_in_as("10 1 1 1 2", "|5000");
    rig.hear("10|1|&lt;AFK&gt;_alice|#f00|10 1 1 1 2");
    rig.send(UserEvent::Presence {
        user_id: None,
        presence: kaiwa_core::Presence::Online,
        text: None,
    })
    .unwrap();
    rig.send(join("Tea")).unwrap();
    assert_eq!(rig.written(), ["2|1|/join Lobby", "2|1|/join Tea"]);
    rig.events();
    rig.hear("10|1|alice|#f00|10 1 1 1 2");
    rig
}

#[test]
fn coming_back_refuses_no_way() {
    let mut rig = back_and_away();
    rig.hear("5|2|Lobby");
    rig.events();
    rig.hear("5|1|1|20");
    rig.hear("5|2|Tea");
    assert_eq!(rig.events().last().unwrap(), "Status::Done");
    let mut rig = back_and_away();
    rig.hear("2|1|-1|1^samechan^Lobby|9|10010");
    rig.hear("5|2|Lobby");
    rig.events();
    rig.hear("5|2|Lobby");
    assert_eq!(rig.events(), ["Status::Failed Rejected"]);
}

#[test]
fn a_late_answer_refuses_no_other_way() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.written();
    rig.pass(ECHO_LIMIT.as_secs());
    assert_eq!(rig.events(), ["Status::Failed OutcomeUnknown"]);
    rig.send(join("Tea")).unwrap();
    rig.written();
    rig.hear("5|2|Lobby");
    assert_eq!(rig.events(), Vec::<String>::new(), "that was Staff");
    rig.hear("5|2|Lobby");
    assert_eq!(rig.events(), ["Status::Failed Rejected"]);
}

#[test]
fn a_command_that_is_not_understood_is_no_stay() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.written();
    rig.hear("2|1|-1|1^generr^|9|10010");
    rig.events();
    rig.send(join("Vault")).unwrap();
    rig.written();
    rig.hear("5|2|Lobby");
    assert_eq!(rig.events(), ["Status::Failed Rejected"]);
}

#[test]
fn a_cleared_list_of_channels_leaves_the_user_where_they_are() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|psst|8|10011|1");
    rig.events();
    rig.hear("8|2");
    rig.hear("7|2|2|Lobby|0|0|Tea|0|0");
    assert_eq!(
        rig.events(),
        ["Channel::Remove Tea", "Channel::New Tea Group"],
        "who is in Lobby, and what was said there and in private, stays"
    );
}

#[test]
fn what_is_on_its_way_while_the_channel_is_renamed_is_settled_there() {
    let mut rig = Rig::signed_in();
    rig.say(None, "written").unwrap();
    rig.written();
    rig.say(None, "waiting").unwrap();
    rig.events();
    rig.hear("4|1|Lobby|Hall|0|0");
    assert_eq!(rig.events(), ["Channel::Update"]);
    assert_eq!(rig.written(), ["2|1|waiting"]);
    for (text, id) in [("written", 8), ("waiting", 9)] {
        rig.hear(&format!("2|1424000000|1|{text}|{id}|10010"));
        let ConnectionEvent::Chat {
            event: ChatEvent::Update { channel_id, .. },
        } = rig.session.poll_event().unwrap().event
        else {
            panic!("it is settled")
        };
        assert_eq!(channel_id.as_deref(), Some("Hall"));
        rig.events();
    }
    rig.hear("4|1|Hall|The Hall|0|0");
    rig.hear("2|1424000000|2|hi|10|10010");
    assert_eq!(
        rig.events(),
        ["Channel::Update", "Chat::New The Hall 10 Delivered hi"]
    );
}

#[test]
fn a_channel_made_anew_has_no_past() {
    let mut rig = Rig::signed_in();
    for (way, place) in [(1, "Tea"), (2, "Lobby")] {
        rig.hear("5|1|1|20");
        rig.hear(&format!("5|2|{place}"));
        rig.hear(&format!("2|142400000{way}|2|hi|{way}|10010"));
    }
    rig.hear("4|2|Tea");
    rig.hear("4|0|Tea|0|1");
    rig.hear("5|1|1|20");
    rig.hear("7|1|1424000009|3|carol|inherit|1^0^0^0^0|new|9|0|10010");
    rig.events();
    rig.hear("5|2|Tea");
    let events = rig.events();
    assert!(
        !events.iter().any(|event| event.starts_with("Chat::Gap")),
        "{events:?}"
    );
}

#[test]
fn no_channel_is_called_like_a_private_talk() {
    let long = "x".repeat(300);
    for name in ["", "@2", "a\u{7}", &long] {
        let mut rig = Rig::new();
        rig.connect();
        rig.hear(&format!("1|y|1|alice|#f00|10^1^1^1^2|{name}"));
        let events = rig.events();
        assert!(
            !events.iter().any(|event| event.starts_with("Channel::")),
            "{events:?}"
        );
        rig.hear(&format!("5|2|{name}"));
        assert_eq!(rig.events(), Vec::<String>::new());
        rig.hear("5|2|The Hall");
        assert!(rig.events().contains(&"Channel::Join The Hall".to_owned()));
    }
}

#[test]
fn who_leaves_before_the_channel_is_named_is_not_there() {
    let mut rig = Rig::signed_in();
    rig.hear("5|1|1|20");
    rig.hear("7|0|2|3|carol|inherit|1^0^0^0^0|1|4|dave|inherit|1^0^0^0^0|1");
    rig.hear("5|1|3|21");
    rig.hear("3|4|dave|leave|1424000000|6");
    rig.events();
    rig.hear("5|2|Tea");
    assert_eq!(
        rig.events(),
        [
            "Channel::Join Tea",
            "Channel::Switch Tea",
            "User::New alice"
        ]
    );
}
