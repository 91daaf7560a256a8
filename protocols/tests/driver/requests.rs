//! What `submit` takes and refuses, and how requests end.

use kaiwa_protocols::outbox::OUTBOX_AGE;
use kaiwa_protocols::{ChannelEvent, Connection, ErrorKind, RequestId};
use tokio::time::Instant;

use crate::net::Out;
use crate::rig::{Rig, message, ping, settle};

#[tokio::test(start_paused = true)]
async fn refused_requests_cause_no_event() {
    let (mut rig, peer) = Rig::connected().await;
    let wipe = ChannelEvent::Wipe { channel_id: None };
    let refused = rig.driver.send(wipe.into()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    let refused = rig.send(&"x".repeat(101)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLong);
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    let refused = rig.driver.send(ping()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    assert!(rig.waiting().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_until_it_is_settled() {
    let (mut rig, peer) = Rig::connected().await;
    let request = RequestId::fresh();
    rig.driver.submit(request, message("one")).await.unwrap();
    let again = rig.driver.submit(request, message("two")).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Invalid);
    peer.say(format!("ok {request}"));
    settle().await;
    assert_eq!(rig.waiting(), ["New one", "Update Delivered", "Done"]);
    rig.driver.submit(request, message("two")).await.unwrap();
    assert_eq!(rig.waiting(), ["New two"]);
}

#[tokio::test(start_paused = true)]
async fn the_echo_is_there_before_submit_returns() {
    let (mut rig, _peer) = Rig::connected().await;
    let unpolled = rig.driver.submit(RequestId::fresh(), message("dropped"));
    drop(unpolled);
    let request = rig.send("one").await.unwrap();
    let (caused, event) = rig.events.recv_tagged().await.unwrap();
    assert_eq!(caused, Some(request));
    assert_eq!(crate::rig::text(event), "New one");
    assert!(rig.waiting().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_who_sends_without_reading_is_told_so() {
    let (mut rig, _peer) = Rig::connected().await;
    let mut sent = 0;
    let refused = loop {
        match rig.send("x").await {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
        if sent > 10_000 {
            panic!("never full");
        }
    };
    assert_eq!(refused.kind(), ErrorKind::Full);
    assert_eq!(rig.waiting().len(), sent, "one echo each");
}

#[tokio::test(start_paused = true)]
async fn other_requests_end_with_the_connection() {
    let (mut rig, peer) = Rig::connected().await;
    rig.driver.send(ping()).await.unwrap();
    assert_eq!(peer.heard().await, Out::Ping);
    peer.pong();
    assert_eq!(rig.next().await, "Done");
    rig.driver.send(ping()).await.unwrap();
    peer.break_off(ErrorKind::Lost);
    assert_eq!(
        rig.until_down().await,
        ["Failed Lost", "Lost Lost", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn messages_wait_for_the_next_connection() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    let request = rig.send("one").await.unwrap();
    assert_eq!(rig.next().await, "New one");
    let peer = rig.connect().await;
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
}

#[tokio::test(start_paused = true)]
async fn timers_run_between_connections() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    // The deadline is new to a driver that sleeps already.
    settle().await;
    let before = Instant::now();
    rig.send("one").await.unwrap();
    assert_eq!(rig.next().await, "New one");
    assert_eq!(rig.next().await, "Update Failed");
    assert_eq!(before.elapsed().as_secs(), OUTBOX_AGE.as_secs());
    assert_eq!(rig.next().await, "Failed TimedOut");
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_kept_while_connected() {
    let (mut rig, peer) = Rig::connected().await;
    let before = Instant::now();
    peer.say("tick 250");
    assert_eq!(rig.next().await, "New tick");
    assert_eq!(before.elapsed().as_millis(), 250);
    peer.say("tick 0");
    assert_eq!(rig.next().await, "New tick");
}
