//! The cases, by what they are about. Each quotes the promise of docs/events.md that it holds.

pub mod connect;
pub mod flood;
pub mod hostile;
pub mod many;
pub mod send;

use std::time::Duration;

use tokio::time::timeout;

use crate::{Harness, Peer};

/// Waits until `done` says so of the peer.
async fn until_peer<H: Harness>(
    peer: &mut H::Peer,
    what: &str,
    mut done: impl FnMut(&H::Peer) -> bool,
) {
    let patience = Duration::from_secs(if H::PAUSED { 1800 } else { 20 });
    let wait = async {
        while !done(peer) {
            peer.changed().await;
        }
    };
    let done = timeout(patience, wait).await.is_ok();
    assert!(
        done,
        "the peer never sees {what}: {} transports, accepted {:?}",
        peer.open(),
        peer.accepted()
    );
}

/// Waits until the peer has accepted `count` messages.
async fn until_accepted<H: Harness>(peer: &mut H::Peer, count: usize) {
    until_peer::<H>(peer, &format!("{count} messages"), |peer| {
        peer.accepted().len() >= count
    })
    .await;
}

/// Waits until `count` transports are open.
async fn until_open<H: Harness>(peer: &mut H::Peer, count: usize) {
    until_peer::<H>(peer, &format!("{count} open transports"), |peer| {
        peer.open() == count
    })
    .await;
}

/// How often each of `texts` has arrived.
fn arrivals<P: Peer>(peer: &P, text: &str) -> usize {
    peer.accepted()
        .iter()
        .filter(|accepted| *accepted == text)
        .count()
}
