//! Supervision: when an account is connected again, and when not.

use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::time::Instant;

use crate::fake::{Attempt, Taking};
use crate::rig::{Rig, form, settle};

const DAY: Duration = Duration::from_secs(86_400);

fn banned(retry_after: Option<Duration>) -> Error {
    let error = Error::new(ErrorKind::Banned, "out");
    match retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_stays_down_until_it_is_wanted() {
    let mut rig = Rig::new();
    tokio::time::sleep(DAY).await;
    assert_eq!(rig.remote.attempts(), 0);
    rig.client.network_changed();
    settle().await;
    assert_eq!(rig.remote.attempts(), 0);
    rig.connect();
    assert_eq!(rig.next().await, "Connecting");
    assert_eq!(rig.next().await, "Connected");
    assert_eq!(rig.remote.forms(), [form("one")]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_when_it_was_said() {
    let mut rig = Rig::connected().await;
    for kind in [ErrorKind::Lost, ErrorKind::Protocol, ErrorKind::Internal] {
        let before = Instant::now();
        let attempts = rig.remote.attempts();
        rig.remote.lose(kind);
        let wait = rig.lost().await.expect("it comes back");
        rig.remote.until_attempts(attempts + 1).await;
        let waited = before.elapsed();
        let wait = Duration::from_millis(wait);
        // The clock counts in milliseconds, the delay in less.
        assert!(
            waited >= wait && waited <= wait + Duration::from_millis(2),
            "{waited:?} {wait:?}"
        );
        rig.until_connected().await;
    }
}

#[tokio::test(start_paused = true)]
async fn delays_grow_to_the_cap_with_full_jitter() {
    const FAILURES: u32 = 200;
    let mut rig = Rig::new();
    for _ in 0..FAILURES {
        rig.remote.plan(Attempt::Fails(ErrorKind::Refused.into()));
    }
    rig.connect();
    let mut delays = Vec::new();
    for n in 0..FAILURES {
        let bound = 1000 * 2_u64.saturating_pow(n).min(300);
        let delay = rig.lost().await.unwrap();
        assert!(delay <= bound, "{delay} after {n} failures");
        delays.push(delay);
    }
    // Uniform between nothing and the cap: of 190, some in each third. It fails once in 10^33 runs.
    let capped = &delays[10..];
    for third in 0..3 {
        let range = third * 100_000..=(third + 1) * 100_000;
        assert!(capped.iter().any(|delay| range.contains(delay)));
    }
    rig.until_connected().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_held_starts_the_delays_anew() {
    let mut rig = Rig::new();
    for _ in 0..20 {
        rig.remote.plan(Attempt::Fails(ErrorKind::Refused.into()));
    }
    rig.connect();
    rig.until_connected().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    rig.remote.lose(ErrorKind::Lost);
    assert!(rig.lost().await.unwrap() <= 1000);
}

#[tokio::test(start_paused = true)]
async fn what_will_not_change_is_not_tried_again() {
    for error in [
        ErrorKind::Auth.into(),
        ErrorKind::Invalid.into(),
        banned(None),
    ] {
        let mut rig = Rig::new();
        rig.remote.plan(Attempt::Fails(error));
        rig.connect();
        assert_eq!(rig.lost().await, None);
        assert_eq!(rig.until_down().await, ["Disconnected"]);
        tokio::time::sleep(DAY).await;
        rig.client.network_changed();
        settle().await;
        assert_eq!(rig.remote.attempts(), 1);
        let refused = rig.send("x").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::State);
        // The user may want it again.
        rig.client.connect(rig.account, form("two")).unwrap();
        rig.until_connected().await;
        assert_eq!(rig.remote.forms(), [form("one"), form("two")]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_networks_own_delay_is_kept() {
    for (error, least) in [
        (banned(Some(DAY)), DAY),
        (
            Error::new(ErrorKind::RateLimited, "slow").with_retry_after(Duration::from_secs(90)),
            Duration::from_secs(90),
        ),
    ] {
        let mut rig = Rig::new();
        rig.remote.plan(Attempt::Fails(error));
        rig.connect();
        let before = Instant::now();
        assert_eq!(
            rig.lost().await.map(Duration::from_millis),
            Some(least),
            "longer than the first delay"
        );
        rig.until_connected().await;
        assert!(before.elapsed() >= least);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_beyond_all_clocks_is_survived() {
    let mut rig = Rig::new();
    rig.remote
        .plan(Attempt::Fails(banned(Some(Duration::from_millis(
            u64::MAX,
        )))));
    rig.connect();
    rig.lost().await;
    rig.until_down().await;
    rig.client.disconnect(rig.account).await.unwrap();
    rig.connect();
    rig.until_connected().await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_network_is_tried_at_once() {
    let mut rig = Rig::new();
    for _ in 0..15 {
        rig.remote.plan(Attempt::Fails(ErrorKind::Refused.into()));
    }
    rig.connect();
    for n in 1..=15 {
        rig.lost().await;
        rig.until_down().await;
        let before = Instant::now();
        rig.client.network_changed();
        rig.remote.until_attempts(n + 1).await;
        assert!(before.elapsed() < Duration::from_millis(2));
    }
    rig.until_connected().await;
    // The delays have started anew.
    rig.remote.lose(ErrorKind::Lost);
    assert!(rig.lost().await.unwrap() <= 1000);
}

#[tokio::test(start_paused = true)]
async fn a_new_form_is_tried_at_once() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Fails(banned(Some(DAY))));
    rig.connect();
    rig.lost().await;
    rig.until_down().await;
    let before = Instant::now();
    rig.client.connect(rig.account, form("two")).unwrap();
    rig.until_connected().await;
    assert!(before.elapsed() < Duration::from_millis(2));
    assert_eq!(rig.remote.forms(), [form("one"), form("two")]);
}

#[tokio::test(start_paused = true)]
async fn a_new_form_that_comes_during_an_attempt_is_tried_too() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Waits);
    rig.connect();
    assert_eq!(rig.next().await, "Connecting");
    rig.client.connect(rig.account, form("two")).unwrap();
    settle().await;
    assert_eq!(rig.remote.attempts(), 1, "the attempt goes on");
    rig.remote.go_on();
    rig.until_connected().await;
    rig.remote.lose(ErrorKind::Auth);
    assert_eq!(rig.lost().await, Some(0), "the other form may do");
    rig.until_connected().await;
    rig.remote.lose(ErrorKind::Auth);
    assert_eq!(rig.lost().await, None);
    assert_eq!(rig.remote.forms(), [form("one"), form("two")]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_without_events_is_told() {
    let mut rig = Rig::new();
    rig.remote
        .plan(Attempt::FailsSilently(ErrorKind::Refused.into()));
    rig.remote
        .plan(Attempt::FailsSilently(ErrorKind::Invalid.into()));
    rig.connect();
    assert_eq!(rig.until_down().await, ["Lost Refused", "Disconnected"]);
    assert_eq!(rig.until_down().await, ["Lost Invalid", "Disconnected"]);
    tokio::time::sleep(DAY).await;
    assert_eq!(rig.remote.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_panics_is_lost_and_made_again() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Panics);
    rig.connect();
    assert_eq!(rig.until_down().await, ["Lost Internal", "Disconnected"]);
    rig.until_connected().await;
    rig.remote.plan_submit(Taking::Panics);
    rig.send("x").unwrap();
    assert_eq!(
        rig.until_down().await,
        [
            "New x",
            "Update Failed",
            "Failed Internal",
            "Lost Internal",
            "Disconnected"
        ]
    );
    rig.until_connected().await;
    assert!(rig.remote.is_up());
}
