//! The end of an account: disconnected, removed, shut down, dropped.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use kaiwa_core::{Client, ErrorKind};

use crate::fake::{Attempt, Taking, fake};
use crate::rig::{Rig, form, settle, short, within};

#[tokio::test(start_paused = true)]
async fn disconnecting_resolves_when_it_is_down() {
    let mut rig = Rig::connected().await;
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert!(!rig.remote.is_up());
    assert_eq!(rig.waiting(), ["Disconnected"]);
    tokio::time::sleep(std::time::Duration::from_secs(86_400)).await;
    assert_eq!(rig.remote.attempts(), 1, "it stays down");
    // Again is no error, and has nothing to tell.
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert!(rig.waiting().is_empty());
    rig.connect();
    rig.until_connected().await;
}

#[tokio::test(start_paused = true)]
async fn disconnecting_gives_up_an_attempt() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Hangs);
    rig.connect();
    assert_eq!(rig.next().await, "Connecting");
    rig.send("x").unwrap();
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert_eq!(
        rig.waiting(),
        ["New x", "Update Failed", "Failed Cancelled", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn disconnecting_between_attempts_fails_what_waits() {
    let mut rig = Rig::connected().await;
    rig.remote.lose(ErrorKind::Lost);
    rig.until_down().await;
    rig.send("x").unwrap();
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert_eq!(
        rig.waiting(),
        ["New x", "Update Failed", "Failed Cancelled"]
    );
    rig.connect();
    rig.until_connected().await;
    settle().await;
    assert!(rig.submitted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_is_handed_over_before() {
    let mut rig = Rig::connected().await;
    rig.send("1").unwrap();
    rig.send("2").unwrap();
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert_eq!(rig.submitted(), ["New 1", "New 2"]);
    assert_eq!(rig.waiting(), ["New 1", "New 2", "Disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_before_leaving_fails() {
    let mut rig = Rig::connected().await;
    rig.remote
        .plan_submit(Taking::Refused(ErrorKind::Full.into()));
    rig.send("1").unwrap();
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert_eq!(
        rig.waiting(),
        ["New 1", "Update Failed", "Failed Cancelled", "Disconnected"]
    );
}

/// The loss is on its way when the user leaves: then nothing promises another attempt.
#[tokio::test(start_paused = true)]
async fn a_loss_while_leaving_is_not_followed_by_an_attempt() {
    let mut rig = Rig::connected().await;
    rig.remote.lose(ErrorKind::Lost);
    within(rig.client.disconnect(rig.account)).await.unwrap();
    assert_eq!(rig.lost().await, None);
    assert_eq!(rig.until_down().await, ["Disconnected"]);
    tokio::time::sleep(std::time::Duration::from_secs(86_400)).await;
    assert_eq!(rig.remote.attempts(), 1);
}

/// Nobody waited for the disconnect: what was wanted last holds.
#[tokio::test(start_paused = true)]
async fn connecting_right_after_disconnecting() {
    let mut rig = Rig::connected().await;
    {
        let disconnecting = pin!(rig.client.disconnect(rig.account));
        let polled = disconnecting.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    rig.client.connect(rig.account, form("two")).unwrap();
    rig.send("x").unwrap();
    rig.until_down().await;
    rig.until_connected().await;
    settle().await;
    assert_eq!(rig.submitted(), ["New x"]);
    assert!(rig.waiting().is_empty());
    assert_eq!(rig.remote.forms(), [form("one"), form("two")]);
}

#[tokio::test(start_paused = true)]
async fn removing_forgets_the_account() {
    let mut rig = Rig::connected().await;
    assert!(rig.client.state(rig.account).is_some());
    within(rig.client.remove(rig.account)).await.unwrap();
    assert_eq!(rig.waiting(), ["Disconnected"]);
    assert_eq!(rig.client.accounts(), []);
    assert!(rig.client.state(rig.account).is_none());
    rig.remote.until_dropped().await;
    assert_eq!(rig.send("x").unwrap_err().kind(), ErrorKind::NotFound);
    let again = rig.client.remove(rig.account).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    let again = rig.client.connect(rig.account, form("x")).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    // The stream goes on for others.
    let (connection, _remote) = fake();
    let other = rig.client.add(connection).unwrap();
    assert_ne!(other, rig.account, "numbers are not used again");
    rig.client.connect(other, form("x")).unwrap();
    assert_eq!(rig.next().await, "Connecting");
}

#[tokio::test(start_paused = true)]
async fn shutting_down_ends_everything() {
    let mut rig = Rig::connected().await;
    let (connection, remote) = fake();
    let other = rig.client.add(connection).unwrap();
    remote.plan(Attempt::Hangs);
    rig.client.connect(other, form("x")).unwrap();
    assert_eq!(rig.next().await, "Connecting");
    within(rig.client.shutdown()).await;
    rig.remote.until_dropped().await;
    remote.until_dropped().await;
    let mut downs = 0;
    while let Some(event) = within(rig.events.recv()).await {
        assert_eq!(short(&event), "Disconnected");
        downs += 1;
    }
    assert_eq!(downs, 2);
    let (connection, _remote) = fake();
    assert_eq!(
        rig.client.add(connection).unwrap_err().kind(),
        ErrorKind::State
    );
    assert_eq!(rig.send("x").unwrap_err().kind(), ErrorKind::State);
    assert!(within(rig.client.subscribe().recv()).await.is_none());
    within(rig.client.shutdown()).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_client_closes_its_connections() {
    let rig = Rig::connected().await;
    let copy = rig.client.clone();
    drop(rig.client);
    settle().await;
    assert!(rig.remote.is_up(), "a clone is left");
    drop(copy);
    rig.remote.until_dropped().await;
    assert!(!rig.remote.is_up());
    let mut events = rig.events;
    assert_eq!(short(&within(events.recv()).await.unwrap()), "Disconnected");
    assert!(within(events.recv()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_accounts_shuts_down() {
    let client = Client::new();
    let mut events = client.subscribe();
    within(client.shutdown()).await;
    assert!(within(events.recv()).await.is_none());
}
