//! HTTP before a transport and beside it.

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
