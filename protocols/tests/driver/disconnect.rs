//! The end of a connection: asked for, by the peer, by the session, by dropping the driver.

use std::time::Duration;

use kaiwa_protocols::{Connection, ConnectionEvent, ErrorKind, StatusEvent};
use tokio::time::Instant;

use crate::net::{CLOSE_TIMEOUT, Out, Peer};
use crate::rig::{Rig, form, message, settle, text, within};

async fn expect_goodbye(peer: &Peer) {
    assert_eq!(peer.heard().await, Out::Text("bye".to_owned()));
    assert_eq!(peer.heard().await, Out::Close(Some(1000)));
}

#[tokio::test(start_paused = true)]
async fn not_connected() {
    let mut rig = Rig::new();
    let refused = within(rig.driver.disconnect()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    let peer = rig.connect().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    let refused = within(rig.driver.disconnect()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    assert!(rig.waiting().is_empty());
}

#[tokio::test(start_paused = true)]
async fn asked_for_is_no_loss() {
    let (mut rig, peer) = Rig::connected().await;
    let goodbye = async {
        expect_goodbye(&peer).await;
        peer.close(Some(1000), "");
    };
    let before = Instant::now();
    let (done, ()) = tokio::join!(rig.driver.disconnect(), goodbye);
    done.unwrap();
    assert!(before.elapsed() < Duration::from_millis(10));
    assert!(peer.is_dropped());
    assert_eq!(rig.waiting(), ["Disconnected"]);
    assert_eq!(
        rig.told()[3..],
        ["disconnect", "close asked=true code=Some(1000) error=None"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_waited_for_within_the_limit() {
    let (mut rig, peer) = Rig::connected().await;
    let before = Instant::now();
    within(rig.driver.disconnect()).await.unwrap();
    assert_eq!(before.elapsed().as_secs(), CLOSE_TIMEOUT.as_secs());
    expect_goodbye(&peer).await;
    assert_eq!(rig.waiting(), ["Disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_confirmed_during_the_goodbye_counts() {
    let (mut rig, peer) = Rig::connected().await;
    let request = rig.send("one").await.unwrap();
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
    let goodbye = async {
        expect_goodbye(&peer).await;
        peer.say(format!("ok {request}"));
        peer.close(None, "");
    };
    let (done, ()) = tokio::join!(rig.driver.disconnect(), goodbye);
    done.unwrap();
    assert_eq!(
        rig.waiting(),
        ["New one", "Update Delivered", "Done", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_before_the_goodbye() {
    let (mut rig, peer) = Rig::connected().await;
    peer.set_room(Some(0));
    let request = rig.send("one").await.unwrap();
    let goodbye = async {
        settle().await;
        assert!(peer.written().is_empty());
        peer.set_room(None);
        assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
        expect_goodbye(&peer).await;
        peer.close(None, "");
    };
    let (done, ()) = tokio::join!(rig.driver.disconnect(), goodbye);
    done.unwrap();
    // Written, never confirmed.
    assert_eq!(
        rig.waiting(),
        [
            "New one",
            "Update Failed",
            "Failed OutcomeUnknown",
            "Disconnected"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_takes_nothing_holds_nobody_up() {
    let (mut rig, peer) = Rig::connected().await;
    peer.jam();
    rig.send("one").await.unwrap();
    let before = Instant::now();
    within(rig.driver.disconnect()).await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 5);
    assert_eq!(
        rig.waiting(),
        [
            "New one",
            "Update Failed",
            "Failed Cancelled",
            "Disconnected"
        ]
    );
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_during_the_goodbye_is_none() {
    let (mut rig, peer) = Rig::connected().await;
    let goodbye = async {
        expect_goodbye(&peer).await;
        peer.break_off(ErrorKind::Lost);
    };
    let (done, ()) = tokio::join!(rig.driver.disconnect(), goodbye);
    done.unwrap();
    assert_eq!(rig.waiting(), ["Disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_lets_the_closing_go_on() {
    let (mut rig, peer) = Rig::connected().await;
    let dropped = tokio::time::timeout(Duration::from_millis(1), rig.driver.disconnect()).await;
    assert!(dropped.is_err());
    expect_goodbye(&peer).await;
    peer.close(None, "");
    peer.until_dropped().await;
    assert_eq!(rig.until_down().await, ["Disconnected"]);
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn the_peer_closes_with_a_reason() {
    let (mut rig, peer) = Rig::connected().await;
    peer.close(Some(1008), "go away");
    let lost = within(rig.events.recv()).await.unwrap();
    let ConnectionEvent::Status {
        event: StatusEvent::Lost { error, retry_in_ms },
    } = lost
    else {
        panic!("{lost:?}")
    };
    assert_eq!(error.kind, ErrorKind::Lost);
    assert_eq!(
        error.message,
        "the server closed the connection (1008: go away)"
    );
    assert_eq!(retry_in_ms, None);
    assert_eq!(
        within(rig.events.recv()).await.unwrap(),
        StatusEvent::Disconnected {
            artifact: Some("go away".to_owned())
        }
        .into()
    );
    assert_eq!(
        rig.told()[3..],
        ["close asked=false code=Some(1008) error=Some(Lost)"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_session_gives_up() {
    for (word, lost) in [("denied", "Lost Auth"), ("enough", "Lost Lost")] {
        let (mut rig, peer) = Rig::connected().await;
        peer.say(word);
        assert!(matches!(peer.heard().await, Out::Close(Some(4001 | 4002))));
        peer.close(None, "");
        assert_eq!(rig.until_down().await, [lost, "Disconnected"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_the_transport_cannot_fulfil() {
    let mut rig = Rig::new();
    let error = rig.driver.connect(form("early")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Internal", "Disconnected"]
    );
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn another_transport_takes_the_place_of_the_one_that_stands() {
    let (mut rig, first) = Rig::connected().await;
    first.say("reopen");
    let second = rig.server.accept().await;
    assert_eq!(second.heard().await, Out::Text("hello".to_owned()));
    assert!(first.is_dropped());
    second.say("still there");
    assert_eq!(rig.next().await, "New still there");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_driver_says_goodbye_and_ends_the_events() {
    let (mut rig, peer) = Rig::connected().await;
    rig.send("one").await.unwrap();
    let Rig {
        driver, mut events, ..
    } = rig;
    drop(driver);
    assert!(matches!(peer.heard().await, Out::Text(_)));
    expect_goodbye(&peer).await;
    peer.close(None, "");
    for expected in [
        "New one",
        "Update Failed",
        "Failed OutcomeUnknown",
        "Disconnected",
    ] {
        assert_eq!(text(within(events.recv()).await.unwrap()), expected);
    }
    assert_eq!(within(events.recv()).await, None);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_driver_between_connections_ends_what_waits() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    rig.driver.send(message("one")).await.unwrap();
    let Rig {
        driver, mut events, ..
    } = rig;
    drop(driver);
    for expected in ["New one", "Update Failed", "Failed Cancelled"] {
        assert_eq!(text(within(events.recv()).await.unwrap()), expected);
    }
    assert_eq!(within(events.recv()).await, None);
}

#[tokio::test(start_paused = true)]
async fn disconnecting_between_connections_ends_what_waits() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    rig.send("one").await.unwrap();
    let refused = within(rig.driver.disconnect()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    assert_eq!(
        rig.waiting(),
        ["New one", "Update Failed", "Failed Cancelled"]
    );
}
