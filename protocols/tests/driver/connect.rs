//! From `connect` to `Connected`, and every way in which that fails.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use kaiwa_protocols::{Connection, Error, ErrorKind};

use crate::net::{Out, Plan};
use crate::rig::{Rig, form, settle, within};

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn ok_means_signed_in() {
    let mut rig = Rig::new();
    let mut connecting = rig.driver.connect(form("frames"));
    assert!(poll_once(connecting.as_mut()).is_pending());
    let peer = rig.server.accept().await;
    assert_eq!(peer.heard().await, Out::Text("hello".to_owned()));
    settle().await;
    assert!(poll_once(connecting.as_mut()).is_pending(), "too early");
    peer.say("welcome");
    within(connecting).await.unwrap();
    assert_eq!(rig.waiting(), ["Connecting", "Connected"]);
    assert_eq!(rig.told(), ["made", "connect frames", "open"]);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_cannot_be_opened() {
    let mut rig = Rig::new();
    rig.plan(Plan::Refuse(Error::new(ErrorKind::Refused, "nobody")));
    let refused = within(rig.driver.connect(form("frames"))).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Refused", "Disconnected"]
    );
    assert_eq!(
        rig.told()[2..],
        ["close asked=false code=None error=Some(Refused)"]
    );
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_refused_begins_nothing() {
    let mut rig = Rig::new();
    for (how, kind) in [
        ("", ErrorKind::Invalid),
        ("panic", ErrorKind::Internal),
        ("bad connector", ErrorKind::Internal),
    ] {
        let refused = within(rig.driver.connect(form(how))).await;
        assert_eq!(refused.unwrap_err().kind(), kind, "{how}");
    }
    assert!(rig.waiting().is_empty());
    // The one that panicked was replaced.
    assert_eq!(rig.told(), ["made", "made"]);
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn the_network_refuses() {
    let mut rig = Rig::new();
    let peer = async {
        let peer = rig.server.accept().await;
        peer.say("denied");
        assert_eq!(peer.heard().await, Out::Text("hello".to_owned()));
        assert_eq!(peer.heard().await, Out::Close(Some(4001)));
        peer.close(Some(4001), "");
    };
    let (refused, ()) = tokio::join!(rig.driver.connect(form("frames")), peer);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Auth", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_counts_more_than_the_goodbye_behind_it() {
    let mut rig = Rig::new();
    let peer = async {
        let peer = rig.server.accept().await;
        peer.say("denied");
        peer.close(Some(1011), "authentication failed");
    };
    let (refused, ()) = tokio::join!(rig.driver.connect(form("frames")), peer);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Auth", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn lost_right_after_the_welcome() {
    let mut rig = Rig::new();
    let peer = async {
        let peer = rig.server.accept().await;
        peer.say("welcome");
        peer.break_off(ErrorKind::Lost);
    };
    let (_, ()) = tokio::join!(rig.driver.connect(form("frames")), peer);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Connected", "Lost Lost", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_while_the_transport_opens() {
    let mut rig = Rig::new();
    rig.plan(Plan::Hang);
    let connecting = rig.driver.connect(form("frames"));
    let given_up = tokio::time::timeout(std::time::Duration::from_secs(1), connecting).await;
    assert!(given_up.is_err());
    assert_eq!(rig.until_down().await, ["Connecting", "Disconnected"]);
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn dropped_while_signing_in() {
    let mut rig = Rig::new();
    let peer = {
        let mut connecting = rig.driver.connect(form("frames"));
        assert!(poll_once(connecting.as_mut()).is_pending());
        rig.server.accept().await
    };
    peer.until_dropped().await;
    assert_eq!(rig.until_down().await, ["Connecting", "Disconnected"]);
    assert_eq!(
        rig.told().last().unwrap(),
        "close asked=true code=Some(1000) error=None",
        "the session had its goodbye"
    );
    rig.connect().await;
}

/// Who tries again at once is not told that there is a connection already.
#[tokio::test(start_paused = true)]
async fn dropped_while_signing_in_and_connected_again() {
    let mut rig = Rig::new();
    let first = {
        let mut connecting = rig.driver.connect(form("frames"));
        assert!(poll_once(connecting.as_mut()).is_pending());
        rig.server.accept().await
    };
    let again = async {
        let peer = rig.server.accept().await;
        assert!(first.is_dropped(), "two at once");
        peer.say("welcome");
        peer
    };
    let (connected, _peer) = tokio::join!(rig.driver.connect(form("frames")), again);
    connected.unwrap();
    assert_eq!(
        rig.waiting(),
        ["Connecting", "Disconnected", "Connecting", "Connected"]
    );
}

/// The answer is there, but nobody takes it: whoever dropped the future does not know that it is connected.
#[tokio::test(start_paused = true)]
async fn dropped_with_the_answer_untaken() {
    let mut rig = Rig::new();
    let peer = {
        let mut connecting = rig.driver.connect(form("frames"));
        assert!(poll_once(connecting.as_mut()).is_pending());
        let peer = rig.server.accept().await;
        peer.say("welcome");
        settle().await;
        peer
    };
    peer.until_dropped().await;
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Connected", "Disconnected"]
    );
    rig.connect().await;
}

#[tokio::test(start_paused = true)]
async fn connected_already() {
    let (mut rig, peer) = Rig::connected().await;
    let refused = within(rig.driver.connect(form("frames"))).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
}

#[tokio::test(start_paused = true)]
async fn one_session_for_all_attempts() {
    let (mut rig, peer) = Rig::connected().await;
    peer.break_off(ErrorKind::Lost);
    assert_eq!(rig.until_down().await, ["Lost Lost", "Disconnected"]);
    let peer = rig.connect().await;
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
    assert_eq!(
        rig.told(),
        [
            "made",
            "connect frames",
            "open",
            "close asked=false code=None error=Some(Lost)",
            "connect frames",
            "open",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_sees_every_event() {
    let mut rig = Rig::new();
    let mut second = rig.driver.subscribe();
    let peer = rig.connect().await;
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
    for expected in ["Connecting", "Connected", "New hey"] {
        let event = within(second.recv()).await.unwrap();
        assert_eq!(crate::rig::text(event), expected);
    }
}
