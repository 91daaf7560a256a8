//! Full subscribers stop the reading and nothing else; full transports stop the writing and nothing else.

use std::time::Duration;

use kaiwa_protocols::session::HttpResponse;
use kaiwa_protocols::{Connection, ErrorKind};
use tokio::time::Instant;

use crate::net::Out;
use crate::rig::{Rig, settle};

const LINES: usize = 5000;

/// A rig whose subscriber is full and whose peer has said more.
async fn full() -> (Rig, crate::net::Peer) {
    let (rig, peer) = Rig::connected().await;
    rig.told();
    peer.say("tick 60000");
    peer.say("fetch 1");
    for n in 0..LINES {
        peer.say(n.to_string());
    }
    settle().await;
    assert_eq!(rig.told(), ["pause"]);
    (rig, peer)
}

#[tokio::test(start_paused = true)]
async fn reading_stops_and_the_rest_goes_on() {
    let (mut rig, peer) = full().await;
    let reads = peer.reads();
    assert!(reads < LINES);
    // Requests, timers and HTTP.
    let request = rig.send("one").await.unwrap();
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
    tokio::time::sleep(Duration::from_secs(61)).await;
    let call = rig.server.call().await;
    let response = HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    call.answer.send(Ok(response)).unwrap();
    settle().await;
    assert_eq!(peer.reads(), reads, "nothing is read meanwhile");
    let mut seen = Vec::new();
    while seen.len() < LINES + 3 {
        seen.push(rig.next().await);
    }
    let lines: Vec<&String> = seen
        .iter()
        .filter(|text| !["New one", "New tick", "New http 0 200"].contains(&text.as_str()))
        .collect();
    assert_eq!(lines.len(), LINES);
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(n, line)| **line == format!("New {n}")),
        "in order, once each"
    );
    let told = rig.told();
    assert_eq!(told[0], "resume");
    assert!(
        told.chunks(2)
            .all(|pair| pair == ["resume", "pause"] || pair == ["resume"]),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn leaving_does_not_wait_for_a_full_subscriber() {
    let (mut rig, peer) = full().await;
    let before = Instant::now();
    crate::rig::within(rig.driver.disconnect()).await.unwrap();
    assert!(before.elapsed() < Duration::from_millis(10));
    assert_eq!(
        peer.written().last(),
        Some(&Out::Close(Some(1000))),
        "the goodbye was said"
    );
    assert_eq!(rig.until_down().await.last().unwrap(), "Disconnected");
}

#[tokio::test(start_paused = true)]
async fn frames_are_not_taken_while_the_transport_is_full() {
    let (mut rig, peer) = Rig::connected().await;
    peer.set_room(Some(1));
    let requests = [
        rig.send("one").await.unwrap(),
        rig.send("two").await.unwrap(),
    ];
    assert_eq!(
        peer.heard().await,
        Out::Text(format!("msg {} one", requests[0]))
    );
    settle().await;
    assert!(peer.written().is_empty());
    // Reading goes on.
    peer.say("hey");
    settle().await;
    assert_eq!(rig.waiting(), ["New one", "New two", "New hey"]);
    // What was not taken was not written, so it is sent on the next connection; the other's outcome is unknown.
    peer.break_off(ErrorKind::Lost);
    rig.until_down().await;
    let peer = rig.connect().await;
    assert_eq!(
        peer.heard().await,
        Out::Text(format!("msg {} two", requests[1]))
    );
    settle().await;
    assert!(peer.written().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_takes_nothing_is_given_up() {
    let (mut rig, peer) = Rig::connected().await;
    peer.set_room(Some(0));
    rig.send("one").await.unwrap();
    assert_eq!(rig.next().await, "New one");
    let before = Instant::now();
    assert_eq!(rig.until_down().await, ["Lost TimedOut", "Disconnected"]);
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_takes_a_little_is_not_given_up() {
    let (mut rig, peer) = Rig::connected().await;
    peer.set_room(Some(0));
    for n in 0..4 {
        rig.send(&n.to_string()).await.unwrap();
    }
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(59)).await;
        peer.set_room(Some(1));
    }
    settle().await;
    assert_eq!(peer.written().len(), 4);
    assert_eq!(rig.waiting().len(), 4, "the echoes and nothing else");
}

/// The peer may be waiting for us to read, so its not reading is not judged.
#[tokio::test(start_paused = true)]
async fn nothing_is_given_up_during_an_own_pause() {
    let (mut rig, peer) = full().await;
    peer.set_room(Some(0));
    rig.send("one").await.unwrap();
    tokio::time::sleep(Duration::from_secs(500)).await;
    peer.set_room(None);
    assert!(matches!(peer.heard().await, Out::Text(_)));
    assert!(!peer.is_dropped());
}
