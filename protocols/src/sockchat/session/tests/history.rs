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
