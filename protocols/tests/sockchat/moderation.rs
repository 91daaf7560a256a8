//! Being thrown out, and throwing out.

use std::time::Duration;

use chrono::Utc;
use kaiwa_conformance::Outcome;
use kaiwa_protocols::{ChannelEvent, ChatEvent, ConnectionEvent, ErrorKind, Id, UserEvent};

use super::stage::{BOB, Stage, gone, settle};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::world::LOBBY;

/// Whether one was thrown out, and whether for longer.
fn kicked(events: &[ConnectionEvent]) -> Vec<bool> {
    let kicks = events.iter().filter_map(|event| match event {
        ConnectionEvent::Channel {
            event: ChannelEvent::Kick { ban, .. },
        } => Some(*ban),
        _ => None,
    });
    kicks.collect()
}

#[tokio::test(start_paused = true)]
async fn thrown_out_and_back() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.lock().expel(BOB, None);
        let (why, events) = bob.lost().await;
        assert_eq!(
            (why, kicked(&events)),
            (ErrorKind::Banned, vec![false]),
            "{dialect:?}"
        );
        bob.connect().await.unwrap();
        settle().await;
        bob.take();
        stage.lock().expel(BOB, Some(120));
        let (why, events) = bob.lost().await;
        assert_eq!(
            (why, kicked(&events)),
            (ErrorKind::Banned, vec![true]),
            "{dialect:?}"
        );
        let error = bob.connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Banned, "{dialect:?}");
        assert!(error.retry_after().is_some(), "{dialect:?}: it has an end");
        bob.take();
        tokio::time::sleep(Duration::from_secs(121)).await;
        bob.connect().await.unwrap();
        stage.lock().world.bans.insert(BOB, None);
        bob.cut(&stage).await;
        let error = bob.connect().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::Banned, None),
            "{dialect:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_moderator_throws_out() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.online("bob").await);
        settle().await;
        ann.take();
        let kick = UserEvent::Remove {
            channel_id: Some(LOBBY.into()),
            user_id: "2".into(),
        };
        let request = ann.send(kick).await.unwrap();
        assert_eq!(ann.outcome(request).await, Outcome::Done, "{dialect:?}");
        let (_, events) = bob.lost().await;
        assert_eq!(kicked(&events), [false], "{dialect:?}");
        settle().await;
        ann.take();
        assert_eq!(ann.shown_in(LOBBY), ["1"], "{dialect:?}");
        bob.connect().await.unwrap();
        settle().await;
        ann.take();
        bob.take();
        let ban = UserEvent::Ban {
            channel_id: None,
            user_id: "2".into(),
            until: Some(Utc::now() + Duration::from_secs(600)),
            reason: None,
        };
        let request = ann.send(ban).await.unwrap();
        assert_eq!(ann.outcome(request).await, Outcome::Done, "{dialect:?}");
        let (_, events) = bob.lost().await;
        assert_eq!(kicked(&events), [true], "{dialect:?}");
        let error = bob.connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Banned, "{dialect:?}");
        ann.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_is_told_so() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.online("bob").await);
        settle().await;
        bob.take();
        let kick = UserEvent::Remove {
            channel_id: Some(LOBBY.into()),
            user_id: "1".into(),
        };
        let refused = match bob.send(kick).await {
            Ok(request) => bob.outcome(request).await,
            Err(error) => Outcome::Failed(error.kind()),
        };
        // At once: the rights were told at the sign-in.
        let unsupported = Outcome::Failed(ErrorKind::Unsupported);
        assert_eq!(refused, unsupported, "{dialect:?}");
        assert_eq!(gone(&ann.take()), Vec::<Id>::new());
        ann.leave().await;
        bob.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_moderator_takes_a_message_away() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.online("bob").await);
        let id = stage.say(BOB, "never mind");
        settle().await;
        ann.take();
        bob.take();
        let remove = |message_id: &str| ChatEvent::Remove {
            channel_id: Some(LOBBY.into()),
            message_id: message_id.into(),
        };
        let request = ann.send(remove(&id)).await.unwrap();
        assert_eq!(ann.outcome(request).await, Outcome::Done, "{dialect:?}");
        settle().await;
        for person in [&mut ann, &mut bob] {
            person.take();
            let shown = &person.state.channels[LOBBY].messages;
            let is_it = |id: &Option<Id>, wanted: &str| id.as_deref() == Some(wanted);
            assert!(!shown.iter().any(|one| is_it(&one.id, &id)), "{dialect:?}");
        }
        let request = ann.send(remove("1")).await.unwrap();
        let again = ann.outcome(request).await;
        if dialect.is_sharp() {
            assert!(
                matches!(again, Outcome::Failed(_)),
                "{dialect:?}: {again:?}"
            );
        }
        ann.leave().await;
        bob.leave().await;
    }
}
