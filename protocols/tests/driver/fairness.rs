//! Whoever has endlessly much to do does not keep others from their turn.

use kaiwa_protocols::Connection;

use crate::net::Out;
use crate::rig::{Rig, within};

#[tokio::test(start_paused = true)]
async fn endless_frames_do_not_hold_up_a_disconnect() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("stream");
    assert_eq!(peer.heard().await, Out::Text("more".to_owned()));
    // The network breaks after 200,000 frames without a turn for anybody else.
    within(rig.driver.disconnect()).await.unwrap();
    assert_eq!(rig.waiting(), ["Disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_deadline_does_not_hold_up_anybody() {
    let (mut rig, peer) = Rig::connected().await;
    peer.say("spin");
    peer.say("hey");
    assert_eq!(rig.next().await, "New hey");
    let request = rig.send("one").await.unwrap();
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
    peer.close(None, "");
    rig.until_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_does_not_hold_up_writing() {
    const LINES: usize = 100_000;
    let (mut rig, peer) = Rig::connected().await;
    for _ in 0..LINES {
        peer.say("ignored");
    }
    let request = rig.send("one").await.unwrap();
    assert_eq!(peer.heard().await, Out::Text(format!("msg {request} one")));
    let reads = peer.reads_before_write();
    assert!(reads < LINES / 100, "{reads} read first");
}
