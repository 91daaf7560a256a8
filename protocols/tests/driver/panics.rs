//! A bug in a session or a transport ends its connection and nothing else.

use kaiwa_protocols::{Connection, ErrorKind};

use crate::net::{Out, Peer, Plan};
use crate::rig::{Rig, form, message, settle, within};

/// Connects, with a message open and unconfirmed.
async fn busy() -> (Rig, Peer) {
    let (mut rig, peer) = Rig::connected().await;
    rig.send("one").await.unwrap();
    assert!(matches!(peer.heard().await, Out::Text(_)));
    assert_eq!(rig.next().await, "New one");
    (rig, peer)
}

/// The bug has ended everything, and the next connection works, with a new session.
async fn expect_replaced(mut rig: Rig) {
    assert_eq!(
        rig.until_down().await,
        [
            "Update Failed",
            "Failed Internal",
            "Lost Internal",
            "Disconnected"
        ]
    );
    expect_works(rig, 2).await;
}

async fn expect_works(mut rig: Rig, sessions: usize) {
    let peer = rig.connect().await;
    let request = rig.send("again").await.unwrap();
    peer.say(format!("ok {request}"));
    for expected in ["New again", "Update Delivered", "Done"] {
        assert_eq!(rig.next().await, expected);
    }
    let made = rig.told().iter().filter(|what| *what == "made").count();
    assert_eq!(made, sessions);
}

#[tokio::test(start_paused = true)]
async fn in_a_frame() {
    let (rig, peer) = busy().await;
    peer.say("panic");
    expect_replaced(rig).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_timer() {
    let (rig, peer) = busy().await;
    peer.say("bomb timeout");
    expect_replaced(rig).await;
}

#[tokio::test(start_paused = true)]
async fn in_an_event() {
    let (rig, peer) = busy().await;
    peer.say("bomb event");
    expect_replaced(rig).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_request() {
    let (mut rig, peer) = busy().await;
    let panicked = rig.send("panic").await;
    assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
    let meanwhile = rig.send("two").await;
    assert_eq!(meanwhile.unwrap_err().kind(), ErrorKind::State);
    peer.until_dropped().await;
    expect_replaced(rig).await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end() {
    let (mut rig, peer) = busy().await;
    peer.say("bomb close");
    peer.break_off(ErrorKind::Refused);
    assert_eq!(
        rig.until_down().await,
        [
            "Update Failed",
            "Failed Internal",
            "Lost Refused",
            "Disconnected"
        ]
    );
    expect_works(rig, 2).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_request_between_connections() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    rig.send("one").await.unwrap();
    let panicked = rig.driver.send(message("panic")).await;
    assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
    for expected in ["New one", "Update Failed", "Failed Internal"] {
        assert_eq!(rig.next().await, expected);
    }
    expect_works(rig, 2).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_timer_between_connections() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("bomb timeout");
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    rig.send("one").await.unwrap();
    for expected in ["New one", "Update Failed", "Failed Internal"] {
        assert_eq!(rig.next().await, expected);
    }
    expect_works(rig, 2).await;
}

#[tokio::test(start_paused = true)]
async fn in_the_transport_keeps_the_session() {
    let (mut rig, peer) = Rig::connected().await;
    peer.blow_up();
    assert_eq!(rig.until_down().await, ["Lost Internal", "Disconnected"]);
    rig.send("waits").await.unwrap();
    assert_eq!(rig.next().await, "New waits");
    let peer = rig.connect().await;
    assert!(matches!(peer.heard().await, Out::Text(text) if text.ends_with("waits")));
    expect_one_session(&rig);
}

#[tokio::test(start_paused = true)]
async fn while_opening() {
    let mut rig = Rig::new();
    rig.plan(Plan::Panic);
    let refused = within(rig.driver.connect(form("frames"))).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Internal", "Disconnected"]
    );
    settle().await;
    rig.connect().await;
    expect_one_session(&rig);
}

fn expect_one_session(rig: &Rig) {
    let made = rig.told().iter().filter(|what| *what == "made").count();
    assert_eq!(made, 1);
}
