//! Connections that break: nothing is lost in silence, nothing comes twice, nothing is said twice.

use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_conformance::relay::Way;
use kaiwa_protocols::{Connection, ErrorKind, MessageStatus};

use super::stage::{ANN, BOB, Stage, Told, history, news, said, settle, told};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::world::LOBBY;

const UNKNOWN: Outcome = Outcome::Failed(ErrorKind::OutcomeUnknown);

#[tokio::test(start_paused = true)]
async fn a_message_that_arrived_is_found_in_the_backlog() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.lock().faults.drop_after = true;
        stage.lock().faults.held = Some(Vec::new());
        let request = bob.say("did it arrive?").await;
        bob.lost().await;
        stage.lock().faults.held = None;
        assert_eq!(bob.watch.known_outcome(request), None);
        let events = bob.reconnect().await;
        assert_eq!(
            bob.watch.known_outcome(request),
            Some(Outcome::Done),
            "{dialect:?}"
        );
        assert_eq!(told(&events), [], "{dialect:?}");
        assert_eq!(stage.accepted(), ["did it arrive?"]);
        bob.leave().await;
    }
}

/// Nothing tells whether it arrived: it is not sent again by itself.
#[tokio::test(start_paused = true)]
async fn a_message_that_was_swallowed_is_unknown() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.lock().faults.swallow = 1;
        let swallowed = bob.say("swallowed").await;
        let written = |state: &crate::support::sockchat_server::State| {
            (state.journal.count("2\t2\tswallowed") > 0).then_some(())
        };
        stage.server().until("the message", written).await;
        bob.cut(&stage).await;
        let behind = bob.say("behind it").await;
        bob.connect().await.unwrap();
        assert_eq!(bob.outcome(swallowed).await, UNKNOWN, "{dialect:?}");
        assert_eq!(bob.outcome(behind).await, Outcome::Done, "{dialect:?}");
        settle().await;
        assert_eq!(stage.accepted(), ["behind it"], "{dialect:?}");
        bob.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_history_as_far_as_the_server_keeps_it() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.enter(BOB);
        let mut ann = stage.online("ann").await;
        stage.say(BOB, "live");
        settle().await;
        assert_eq!(told(&ann.take()), [news("live")]);
        ann.cut(&stage).await;
        for number in 0..3 {
            stage.say(BOB, &format!("missed {number}"));
        }
        let missed: Vec<Told> = (0..3).map(|n| history(&format!("missed {n}"))).collect();
        assert_eq!(told(&ann.reconnect().await), missed, "{dialect:?}");
        // More than any backlog holds: the hole is told.
        ann.cut(&stage).await;
        for number in 0..50 {
            stage.say(BOB, &format!("many {number}"));
        }
        let after = told(&ann.reconnect().await);
        assert_eq!(after[0], Told::Gap(LOBBY.to_owned()), "{dialect:?}");
        let shown = after.len() - 1;
        let expected: Vec<Told> = (50 - shown..50)
            .map(|n| history(&format!("many {n}")))
            .collect();
        assert!((8..=20).contains(&shown), "{dialect:?}: {shown}");
        assert_eq!(after[1..], expected, "{dialect:?}");
        ann.leave().await;
    }
}

/// The program of the server ends at any point of a sign-in and of what follows.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_killed_at_any_point() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.lock().world.greeting = Some("Welcome!".to_owned());
        stage.enter(ANN);
        for number in 0..30 {
            stage.say(ANN, &format!("before {number}"));
        }
        let mut bob = stage.online("bob").await;
        let mut sent = Vec::new();
        for round in 0_u64..60 {
            stage.wires.sockets.cut_after(Way::ToClient, round * 37);
            let text = format!("round {round}");
            let request = bob.say(&text).await;
            sent.push((text, request));
            stage.say(ANN, &format!("news {round}"));
            if round % 5 == 0 {
                stage.server().restart();
                stage.enter(ANN);
            }
            settle().await;
            bob.take();
            // It may have survived the round.
            let _ = bob.connect().await;
        }
        settle().await;
        bob.take();
        let _ = bob.connect().await;
        settle().await;
        bob.take();
        let _ = bob.connection.disconnect().await;
        settle().await;
        bob.take();
        let accepted = stage.accepted();
        for (text, request) in sent {
            let times = accepted.iter().filter(|one| **one == text).count();
            let outcome = bob.watch.known_outcome(request);
            match outcome {
                Some(Outcome::Done) => assert_eq!(times, 1, "{dialect:?}: {text}"),
                Some(Outcome::Failed(_)) => assert!(times <= 1, "{dialect:?}: {text}"),
                None => panic!("{dialect:?}: {text} never ends"),
            }
        }
    }
}

/// The same person with two sessions: each message once in each, whoever said it.
#[tokio::test(start_paused = true)]
async fn two_sessions_of_one_user() {
    for dialect in Dialect::ALL.into_iter().filter(|one| one.is_sharp()) {
        let stage = Stage::new(dialect);
        let (mut one, mut two) = (stage.online("bob").await, stage.online("bob").await);
        let first = one.say("from one").await;
        assert_eq!(one.outcome(first).await, Outcome::Done);
        let second = two.say("from two").await;
        assert_eq!(two.outcome(second).await, Outcome::Done);
        settle().await;
        one.take();
        two.take();
        for person in [&one, &two] {
            let shown: Vec<String> = person.state.channels[LOBBY]
                .messages
                .iter()
                .filter(|message| message.sender_id.as_deref() == Some("2"))
                .map(|message| message.plain_text())
                .collect();
            assert_eq!(shown, ["from one", "from two"], "{dialect:?}");
        }
        one.leave().await;
        two.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_echo_that_comes_late_still_counts() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.lock().faults.held = Some(Vec::new());
        let request = bob.say("slow").await;
        assert_eq!(bob.outcome(request).await, UNKNOWN, "{dialect:?}");
        assert_eq!(bob.watch.settled(request), Some(MessageStatus::Failed));
        stage.lock().release(false, 1);
        settle().await;
        assert_eq!(told(&bob.take()), [], "{dialect:?}");
        assert_eq!(bob.watch.settled(request), Some(MessageStatus::Delivered));
        bob.leave().await;
    }
}

/// Messages of who is silenced vanish, and nobody says so.
#[tokio::test(start_paused = true)]
async fn a_silenced_user_learns_that_nothing_is_known() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.lock().world.users.get_mut(&BOB).unwrap().silenced = true;
        let mut requests = Vec::new();
        for number in 0..3 {
            requests.push(bob.say(&format!("unheard {number}")).await);
        }
        for request in requests {
            assert_eq!(bob.outcome(request).await, UNKNOWN, "{dialect:?}");
        }
        stage.lock().world.users.get_mut(&BOB).unwrap().silenced = false;
        let heard = bob.say("heard").await;
        assert_eq!(bob.outcome(heard).await, Outcome::Done);
        assert_eq!(stage.accepted(), ["heard"], "nothing is sent again");
        bob.leave().await;
    }
}

/// No server cuts off what the user said: a text is refused first, also one that grows on its way.
#[tokio::test(start_paused = true)]
async fn a_text_that_would_be_cut_is_refused() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        for text in [format!("/{}", "x".repeat(1999)), "[b]".repeat(666)] {
            match bob.send(said(None, &text)).await {
                Ok(request) => assert_eq!(bob.outcome(request).await, Outcome::Done, "{dialect:?}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::TooLong, "{dialect:?}"),
            }
        }
        bob.leave().await;
    }
}

/// A lost session counts for minutes in PHP: the user is told so, and gets in after it.
#[tokio::test(start_paused = true)]
async fn a_session_that_lingers_is_a_conflict() {
    let stage = Stage::new(Dialect::Php);
    stage.enter(ANN);
    let mut bob = stage.online("bob").await;
    stage.lock().faults.lingering = true;
    bob.cut(&stage).await;
    let error = bob.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{}", error.chain());
    bob.take();
    tokio::time::sleep(Duration::from_secs(200)).await;
    // Looked at only when something comes.
    let _ = bob.connect().await;
    settle().await;
    bob.take();
    let _ = bob.connect().await;
    let heard = bob.say("back").await;
    assert_eq!(bob.outcome(heard).await, Outcome::Done);
    bob.leave().await;
}
