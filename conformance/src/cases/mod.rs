//! The cases, by what they are about. Each quotes the promise of docs/events.md that it holds.

pub mod connect;
pub mod doors;
pub mod files;
pub mod flood;
pub mod history;
pub mod hostile;
pub mod kept;
pub mod many;
pub mod people;
pub mod places;
pub mod send;
pub mod talk;

use std::time::Duration;

use kaiwa_core::{ChatEvent, ConnectionEvent, ErrorKind, Id, RequestId};
use tokio::time::timeout;

use crate::{Account, Harness, Outcome, Peer};

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

/// Sends what makes no sense to the network: refused at once, or accepted and then failed; which request, if accepted.
async fn refused(account: &mut Account, event: impl Into<ConnectionEvent>) -> Option<RequestId> {
    let event = event.into();
    let (kind, request) = match account.send(event.clone()).await {
        Err(error) => (error.kind(), None),
        Ok(request) => match account.watch.outcome(request).await {
            Outcome::Failed(kind) => (kind, Some(request)),
            Outcome::Done => panic!("carried out: {event:?}"),
        },
    };
    let theirs = (20..40).contains(&kind.number());
    assert!(
        theirs || matches!(kind, ErrorKind::Invalid | ErrorKind::NotFound),
        "{kind:?} for {event:?}"
    );
    request
}

/// Two accounts that are online; a network may tell whose they are only when they have spoken.
async fn pair<H: Harness>(peer: &H::Peer) -> (Account, Account) {
    let ann = Account::online::<H>(peer, 0).await;
    (ann, Account::online::<H>(peer, 1).await)
}

/// Two people who are online.
async fn two<H: Harness>(peer: &H::Peer) -> (Account, Account) {
    let (ann, bob) = pair::<H>(peer).await;
    assert_ne!(ann.watch.me(), bob.watch.me(), "two people");
    (ann, bob)
}

/// The id of the message in which somebody else says `text`.
async fn heard(account: &mut Account, text: &str) -> Id {
    account
        .watch
        .find(text, |event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } if message.plain_text() == text => message.id.clone(),
            _ => None,
        })
        .await
}
