//! However much the user says at once, no server throws them out for it, and all of it arrives.

use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_protocols::{Connection, StatusEvent};
use tokio::time::Instant;

use super::stage::{BOB, Stage, news, told};
use crate::support::sockchat_server::dialect::Dialect;

/// The packets that a client may send within [`WINDOW`], so that it is never even warned.
const PACKETS: usize = 20;

const WINDOW: Duration = Duration::from_secs(10);

/// Bob never sent more than he may.
fn paced(stage: &Stage) {
    let state = stage.lock();
    let own = state
        .journal
        .packets
        .iter()
        .filter(|(_, _, one)| one[1..].starts_with("\t2"));
    let times: Vec<Instant> = own.map(|(_, at, _)| *at).collect();
    assert!(times.len() > 200);
    for window in times.windows(PACKETS + 1) {
        let span = window[PACKETS] - window[0];
        assert!(span >= WINDOW, "{} packets within {span:?}", PACKETS + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_at_once_all_arrive() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        // Who may do little: one server exempts others.
        let mut bob = stage.online("bob").await;
        let mut ann = stage.online("ann").await;
        stage.lock().journal.packets.clear();
        let began = Instant::now();
        let texts: Vec<String> = (0..200).map(|number| format!("number {number}")).collect();
        let mut requests = Vec::new();
        for text in &texts {
            requests.push(bob.say(text).await);
        }
        // A burst passes at once.
        let at_once = PACKETS - 5;
        let many = |state: &crate::support::sockchat_server::State| {
            (state.journal.said.len() >= at_once).then_some(())
        };
        stage.server().until("a burst", many).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{dialect:?}");
        for request in requests {
            assert_eq!(bob.outcome(request).await, Outcome::Done, "{dialect:?}");
        }
        assert_eq!(stage.accepted(), texts);
        assert_eq!(stage.lock().journal.floods, 0);
        paced(&stage);
        let expected: Vec<_> = texts.iter().map(|text| news(text)).collect();
        assert_eq!(told(&ann.take()), expected);
        bob.leave().await;
        ann.leave().await;
    }
}

/// The connection breaks while most of them wait: what was written is never sent again by itself, the rest goes on.
#[tokio::test(start_paused = true)]
async fn a_burst_goes_on_after_a_break() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        let texts: Vec<String> = (0..100).map(|number| format!("number {number}")).collect();
        let mut requests = Vec::new();
        for text in &texts {
            requests.push(bob.say(text).await);
        }
        tokio::time::sleep(Duration::from_secs(15)).await;
        bob.cut(&stage).await;
        bob.connect().await.unwrap();
        for request in requests {
            assert_eq!(bob.outcome(request).await, Outcome::Done, "{dialect:?}");
        }
        assert_eq!(stage.accepted(), texts, "{dialect:?}");
        assert_eq!(stage.lock().journal.floods, 0);
        bob.leave().await;
    }
}

/// Pings count too, and come however much is said; servers throw out who sends none.
#[tokio::test(start_paused = true)]
async fn an_hour_of_talk_keeps_the_connection() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.enter(BOB);
        let mut eve = stage.online("eve").await;
        for number in 0..720 {
            stage.say(BOB, &format!("news {number}"));
            if number % 3 == 0 {
                let request = eve.say(&format!("own {number}")).await;
                assert_eq!(eve.outcome(request).await, Outcome::Done);
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
            eve.take();
        }
        assert_eq!(stage.lock().connected(), 1);
        let pings = stage.lock().journal.count("0\t3");
        assert!((60..=120).contains(&pings), "{pings} pings in an hour");
        assert_eq!(stage.lock().journal.nonsense, Vec::<String>::new());
        eve.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        let ping = StatusEvent::Ping { artifact: None };
        let request = bob.connection.send(ping.into()).await.unwrap();
        assert_eq!(bob.outcome(request).await, Outcome::Done);
        bob.leave().await;
    }
}
