//! HTTP before a transport and beside it.

use std::time::Duration;

use kaiwa_protocols::session::{HttpResponse, Target};
use kaiwa_protocols::{Connection, Error, ErrorKind};

use crate::net::{HttpCall, Out};
use crate::rig::{Rig, form, settle};

fn answer(call: HttpCall, status: u16, body: &str) {
    let response = HttpResponse {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    call.answer.send(Ok(response)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_before_the_transport() {
    let mut rig = Rig::new();
    let server = async {
        let call = rig.server.call().await;
        assert_eq!(call.request.url, "http://toy/1000");
        answer(call, 200, "ticket");
        let peer = rig.server.accept().await;
        assert!(matches!(&peer.target, Target::WebSocket { url, .. } if url == "ws://toy/ticket"));
        peer.say("welcome");
        peer
    };
    let (connected, _peer) = tokio::join!(rig.driver.connect(form("token")), server);
    connected.unwrap();
    assert_eq!(rig.waiting(), ["Connecting", "Connected"]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_fails() {
    for (kind, failure) in [
        (ErrorKind::Auth, None),
        (ErrorKind::Tls, Some(ErrorKind::Tls)),
    ] {
        let mut rig = Rig::new();
        let server = async {
            let call = rig.server.call().await;
            match failure {
                None => answer(call, 403, "no"),
                Some(kind) => call.answer.send(Err(kind.into())).unwrap(),
            }
        };
        let (refused, ()) = tokio::join!(rig.driver.connect(form("token")), server);
        assert_eq!(refused.unwrap_err().kind(), kind);
        assert_eq!(
            rig.until_down().await,
            ["Connecting", &format!("Lost {kind:?}"), "Disconnected"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn beside_an_open_transport() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 2");
    let first = rig.server.call().await;
    let second = rig.server.call().await;
    assert_eq!(second.request.url, "http://toy/1");
    second
        .answer
        .send(Err(Error::new(ErrorKind::TooLarge, "much")))
        .unwrap();
    assert_eq!(rig.next().await, "New http 1 TooLarge");
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
    answer(first, 404, "");
    assert_eq!(rig.next().await, "New http 0 404");
}

#[tokio::test(start_paused = true)]
async fn eight_at_once_and_frames_do_not_wait_behind_them() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 20");
    settle().await;
    let mut calls: Vec<HttpCall> = std::iter::from_fn(|| rig.server.try_call()).collect();
    assert_eq!(calls.len(), 8);
    let request = rig.send("one").await.unwrap();
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
    assert_eq!(rig.next().await, "New one");
    for n in 0..20 {
        let call = calls.remove(0);
        assert_eq!(call.request.url, format!("http://toy/{n}"), "in order");
        answer(call, 200, "");
        assert_eq!(rig.next().await, format!("New http {n} 200"));
        calls.extend(rig.server.try_call());
    }
    assert!(calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_requests_are_all_answered() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 1000");
    for n in 0..1000 {
        let call = rig.server.call().await;
        answer(call, 200, "");
        assert_eq!(rig.next().await, format!("New http {n} 200"));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_end_with_their_connection() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 9");
    let mut call = rig.server.call().await;
    peer.break_off(ErrorKind::Lost);
    crate::rig::within(call.answer.closed()).await;
    assert_eq!(rig.until_down().await, ["Lost Lost", "Disconnected"]);
    while rig.server.try_call().is_some() {}
    // The one that still waited is forgotten too.
    rig.connect().await;
    settle().await;
    assert!(rig.server.try_call().is_none());
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_before_the_end() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 2");
    let one = rig.server.call().await;
    let two = rig.server.call().await;
    one.progress.report(1, 10);
    assert_eq!(rig.next().await, "New http 0 1/10");
    two.progress.report(0, 3);
    assert_eq!(rig.next().await, "New http 1 0/3");
    // Too soon after the last, then late enough.
    one.progress.report(2, 10);
    tokio::time::advance(Duration::from_millis(100)).await;
    one.progress.report(7, 10);
    assert_eq!(rig.next().await, "New http 0 7/10");
    one.progress.report(10, 10);
    answer(one, 201, "");
    assert_eq!(rig.next().await, "New http 0 10/10");
    assert_eq!(rig.next().await, "New http 0 201");
    two.answer.send(Err(ErrorKind::Lost.into())).unwrap();
    assert_eq!(rig.next().await, "New http 1 Lost");
}

#[tokio::test(start_paused = true)]
async fn of_a_cancelled_request_nothing_more_is_told() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 9");
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(rig.server.call().await);
    }
    // The ninth has not begun, nor will it.
    peer.say("cancel 8");
    settle().await;
    peer.say("cancel 0");
    let mut gone = calls.remove(0);
    crate::rig::within(gone.answer.closed()).await;
    gone.progress.report(5, 5);
    settle().await;
    assert!(rig.server.try_call().is_none());
    assert_eq!(rig.waiting(), Vec::<String>::new());
    // What was told and what never was: nothing happens.
    answer(calls.remove(0), 200, "");
    assert_eq!(rig.next().await, "New http 1 200");
    for token in ["1", "8", "99"] {
        peer.say(format!("cancel {token}"));
    }
    for (call, n) in calls.into_iter().zip(2..) {
        answer(call, 200, "");
        assert_eq!(rig.next().await, format!("New http {n} 200"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_makes_room_for_the_next() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("fetch 9");
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(rig.server.call().await);
    }
    peer.say("cancel 3");
    let ninth = rig.server.call().await;
    assert_eq!(ninth.request.url, "http://toy/8");
    answer(ninth, 200, "");
    assert_eq!(rig.next().await, "New http 8 200");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_cancelled_at_its_last_progress_is_not_told() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("cancel-at-end");
    peer.say("fetch 1");
    let call = rig.server.call().await;
    call.progress.report(10, 10);
    answer(call, 200, "");
    assert_eq!(rig.next().await, "New http 0 10/10");
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
}
