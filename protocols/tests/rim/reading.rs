//! What the server is told of messages that have arrived and been read, and what it tells of that; older messages.

use kaiwa_protocols::rim::wire::Event;
use kaiwa_protocols::{ChatEvent, ConnectionEvent, Id, Message};

use super::stage::{ANN, BOB, BOTH, EVE, Stage, older, settle};
use crate::support::rim_server::Flavour;

fn read(gid: u64, id: u64) -> ChatEvent {
    ChatEvent::Read {
        channel_id: Some(gid.into()),
        message_id: id.into(),
        user_id: None,
    }
}

/// Who has read up to where, as told.
fn reads(events: &[ConnectionEvent]) -> Vec<(Option<Id>, Id)> {
    let told = events.iter().filter_map(|event| match event {
        ConnectionEvent::Chat {
            event:
                ChatEvent::Read {
                    user_id,
                    message_id,
                    ..
                },
        } => Some((user_id.clone(), message_id.clone())),
        _ => None,
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_is_not_read_before_the_user_says_so() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("Friends", &[ANN, BOB]);
        stage.say(BOB, gid, "waiting");
        let mut ann = stage.person("ann");
        ann.reconnect().await;
        stage.say(BOB, gid, "live");
        let last = stage.say(BOB, gid, "last");
        settle().await;
        {
            let state = stage.lock();
            assert_eq!(state.world.talk.unread(ANN, gid), 3);
            let rows = state.world.talk.inbox(ANN, gid);
            assert!(rows[1].sent && rows[2].sent, "{rows:?}");
            assert_eq!(state.journal.packets(Event::Read).count(), 0);
        }
        let events = ann.does(read(gid, last)).await;
        assert_eq!(reads(&events), [(None, Id::from(last))]);
        assert_eq!(stage.lock().world.talk.unread(ANN, gid), 0);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_mark_stays_unread() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        let ids: Vec<u64> = (0..5)
            .map(|n| stage.say(BOB, gid, &format!("{n}")))
            .collect();
        settle().await;
        ann.does(read(gid, ids[2])).await;
        settle().await;
        assert_eq!(stage.lock().world.talk.unread(ANN, gid), 2, "{flavour:?}");
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn kaiwas_tells_who_has_read() {
    let stage = Stage::new(Flavour::Kaiwa);
    let gid = stage.group("Friends", &[ANN, BOB, EVE]);
    let mut ann = stage.online("ann").await;
    let mut bob = stage.online("bob").await;
    ann.deliver(gid, "read this").await;
    settle().await;
    let id = stage.lock().world.talk.messages()[0].id;
    bob.does(read(gid, id)).await;
    settle().await;
    assert_eq!(reads(&ann.take()), [(Some(BOB.into()), Id::from(id))]);
    ann.leave(&stage).await;
    bob.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn older_messages_come_page_by_page() {
    for flavour in BOTH {
        for limit in [1, 7, 50] {
            let stage = Stage::new(flavour);
            let gid = stage.group("Friends", &[ANN, BOB]);
            let said: Vec<String> = (0..103).map(|n| format!("message {n}")).collect();
            for text in &said {
                stage.say(BOB, gid, text);
            }
            let mut ann = stage.online("ann").await;
            let found = texts(&older(&mut ann, gid, limit, None, || {}).await);
            assert_eq!(found, said, "{flavour:?} by {limit}");
            ann.leave(&stage).await;
        }
    }
}

/// Pages of the original move while somebody speaks.
#[tokio::test(start_paused = true)]
async fn older_messages_are_found_while_others_speak() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let gid = stage.group("Friends", &[ANN, BOB]);
        let said: Vec<String> = (0..60).map(|n| format!("message {n}")).collect();
        for text in &said {
            stage.say(BOB, gid, text);
        }
        let mut ann = stage.online("ann").await;
        let before = Some(Id::from("61"));
        let mut more = 0;
        let talk = || {
            for _ in 0..7 {
                more += 1;
                stage.say(BOB, gid, &format!("meanwhile {more}"));
            }
        };
        let found = texts(&older(&mut ann, gid, 10, before, talk).await);
        assert_eq!(found, said);
        ann.leave(&stage).await;
    }
}

fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(Message::plain_text).collect()
}
