//! One channel at a time: going, being refused, being moved; and who is where.

use kaiwa_conformance::Outcome;
use kaiwa_protocols::{ChannelEvent, ErrorKind, Presence};

use super::stage::{ANN, BOB, EVE, Stage, Told, news, said, settle, told};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::world::{Channel, LOBBY, STAFF};

fn temporary(owner: u32) -> Channel {
    Channel {
        temporary: true,
        owner: Some(owner),
        ..Channel::default()
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_who_is_where() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage
            .lock()
            .world
            .channels
            .insert("Tea".to_owned(), Channel::default());
        let (mut ann, mut bob) = (stage.online("ann").await, stage.online("bob").await);
        settle().await;
        ann.take();
        assert_eq!(ann.shown_in(LOBBY), ["1", "2"], "{dialect:?}");
        assert_eq!(bob.shown_in(LOBBY), ["1", "2"], "{dialect:?}");
        assert_eq!(bob.join("Tea").await, Outcome::Done, "{dialect:?}");
        settle().await;
        ann.take();
        bob.take();
        assert_eq!(ann.shown_in(LOBBY), ["1"], "{dialect:?}");
        assert_eq!(bob.shown_in("Tea"), ["2"], "{dialect:?}");
        assert_eq!(ann.join("Tea").await, Outcome::Done);
        settle().await;
        ann.take();
        bob.take();
        assert_eq!(ann.shown_in("Tea"), ["1", "2"], "{dialect:?}");
        assert_eq!(bob.shown_in("Tea"), ["1", "2"], "{dialect:?}");
        let request = ann.say("tea?").await;
        assert_eq!(ann.outcome(request).await, Outcome::Done);
        settle().await;
        assert_eq!(
            told(&bob.take()),
            [Told::News("Tea".to_owned(), "tea?".to_owned())]
        );
        let elsewhere = ann.send(said(Some(LOBBY), "not there")).await.unwrap();
        let failed = Outcome::Failed(ErrorKind::State);
        assert_eq!(ann.outcome(elsewhere).await, failed);
        ann.leave().await;
        settle().await;
        bob.take();
        assert_eq!(bob.shown_in("Tea"), ["2"], "{dialect:?}");
        bob.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn doors_that_stay_shut() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let locked = Channel {
            password: Some("open sesame".to_owned()),
            ..Channel::default()
        };
        stage
            .lock()
            .world
            .channels
            .insert("Cave".to_owned(), locked);
        let mut bob = stage.online("bob").await;
        let refused = |kind| Outcome::Failed(kind);
        assert_eq!(
            bob.join("Nowhere").await,
            refused(ErrorKind::NotFound),
            "{dialect:?}"
        );
        assert_eq!(
            bob.join(STAFF).await,
            refused(ErrorKind::Forbidden),
            "{dialect:?}"
        );
        assert_eq!(
            bob.join("Cave").await,
            refused(ErrorKind::Forbidden),
            "{dialect:?}"
        );
        for (key, expected) in [
            ("wrong", refused(ErrorKind::Forbidden)),
            ("open sesame", Outcome::Done),
        ] {
            let event = ChannelEvent::JoinWith {
                channel_id: "Cave".into(),
                key: key.to_owned(),
            };
            let request = bob.send(event).await.unwrap();
            assert_eq!(bob.outcome(request).await, expected, "{dialect:?}");
        }
        // Where one is already.
        assert_eq!(bob.join("Cave").await, Outcome::Done, "{dialect:?}");
        let request = bob.say("inside").await;
        assert_eq!(bob.outcome(request).await, Outcome::Done);
        bob.leave().await;
    }
}

/// The owner of a temporary channel goes offline: who is in it is moved, and told so.
#[tokio::test(start_paused = true)]
async fn a_channel_that_goes_takes_nobody_along() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage
            .lock()
            .world
            .channels
            .insert("Tea".to_owned(), temporary(EVE));
        stage.enter(EVE);
        stage.lock().switch(EVE, "Tea");
        let mut bob = stage.online("bob").await;
        assert_eq!(bob.join("Tea").await, Outcome::Done);
        stage.lock().gone(EVE, "leave");
        settle().await;
        bob.take();
        assert!(!bob.state.channels.contains_key("Tea"), "{dialect:?}");
        assert_eq!(bob.shown_in(LOBBY), ["2"], "{dialect:?}");
        stage.enter(ANN);
        stage.say(ANN, "welcome back");
        settle().await;
        assert_eq!(told(&bob.take()), [news("welcome back")], "{dialect:?}");
        bob.leave().await;
    }
}

/// Messages wait while the user goes elsewhere; each arrives where it was said, or fails.
#[tokio::test(start_paused = true)]
async fn words_on_the_way_to_another_channel() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage
            .lock()
            .world
            .channels
            .insert("Tea".to_owned(), Channel::default());
        let mut bob = stage.online("bob").await;
        let mut requests = Vec::new();
        for number in 0..40 {
            requests.push(bob.say(&format!("lobby {number}")).await);
        }
        let join = ChannelEvent::Join {
            channel_id: "Tea".into(),
        };
        let join = bob.send(join).await.unwrap();
        assert_eq!(bob.outcome(join).await, Outcome::Done);
        for request in requests {
            let outcome = bob.outcome(request).await;
            let is_told = matches!(outcome, Outcome::Done | Outcome::Failed(ErrorKind::State));
            assert!(is_told, "{dialect:?}: {outcome:?}");
        }
        let log = |name: &str| stage.lock().world.channels[name].log.clone();
        let strays = log("Tea")
            .iter()
            .filter(|one| one.text.starts_with("lobby "))
            .count();
        assert_eq!(strays, 0, "{dialect:?}");
        bob.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn names_and_absence_are_followed() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.raw(BOB).await);
        let name = |person: &super::stage::Person| {
            let profile = &person.state.channels[LOBBY].users["2"];
            let shown = profile.display_name.as_ref().or(profile.username.as_ref());
            shown.unwrap().clone()
        };
        for (command, shown, presence) in [
            ("/nick <i>rob</i>", "~<i>rob</i>", None),
            ("/afk brb", "~<i>rob</i>", Some(Presence::Away)),
            ("back", "~<i>rob</i>", Some(Presence::Online)),
            ("/nick", "bob", None),
        ] {
            bob.say(command).await;
            settle().await;
            ann.take();
            assert_eq!(name(&ann), shown, "{dialect:?} after {command}");
            if let Some(presence) = presence {
                let told = ann.state.presence.get("2").map(|told| told.presence);
                assert_eq!(told, Some(presence), "{dialect:?} after {command}");
            }
        }
        ann.leave().await;
    }
}
