//! Promise 6 and the ways in which a connection ends by itself.

use std::time::Duration;

use kaiwa_core::{ErrorKind, MessageStatus};

use super::{until_open, until_peer};
use crate::watch::{is_lost, said};
use crate::{Account, Fault, Harness, Outcome, Peer};

/// Promise 6: whatever the peer sends, the connection goes on, or is `Lost` because of the peer.
pub async fn garbage_is_survived<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let mut losses = 0;
    for seed in 0..100 {
        peer.fault(Fault::Garbage(seed)).await;
        let text = format!("after garbage {seed}");
        peer.say(&text).await;
        let lost = account
            .watch
            .find(&text, |event| match said(event) {
                Some(said) if said == text => Some(false),
                _ => is_lost(event).then(|| {
                    let json = serde_json::to_string(event).expect("JSON");
                    assert!(
                        json.contains("\"Protocol\"") || json.contains("\"TooLarge\""),
                        "the peer is at fault: {json}"
                    );
                    true
                }),
            })
            .await;
        if lost {
            losses += 1;
            account
                .watch
                .until("Disconnected", crate::watch::is_disconnected)
                .await;
            account.go_online().await;
        }
    }
    account.deliver("unharmed").await;
    let skipped = account.connection().counters().read().skipped;
    assert!(
        losses > 0 || skipped > 0,
        "promise 6: what is not understood is counted"
    );
    account.leave().await;
}

/// Promise 1 and 5: a peer that has promised to be heard and is not is `Lost` with `TimedOut`.
pub async fn silence_is_noticed<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("heard").await;
    peer.fault(Fault::Silence).await;
    assert_eq!(account.watch.until_lost().await, ErrorKind::TimedOut);
    until_open::<H>(&mut peer, 0).await;
    account.go_online().await;
    account.deliver("heard again").await;
    account.leave().await;
}

/// A peer that ends its half is gone: `Lost`, `Disconnected`, and the socket is closed.
pub async fn a_half_closed_connection_is_lost<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::HalfClose).await;
    assert_eq!(account.watch.until_lost().await, ErrorKind::Lost);
    until_open::<H>(&mut peer, 0).await;
    account.go_online().await;
    account.leave().await;
}

/// A transport that breaks gives `Lost` and then `Disconnected`; the connection can be made again.
pub async fn a_broken_connection_is_lost<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    for _ in 0..5 {
        peer.fault(Fault::Cut).await;
        assert_eq!(account.watch.until_lost().await, ErrorKind::Lost);
        assert_eq!(account.watch.try_next(), None, "it stays down");
        account.go_online().await;
    }
    account.leave().await;
    until_open::<H>(&mut peer, 0).await;
}

/// Design §2: a `Disconnected` that the user did not ask for follows a `Lost`, also when the peer is polite.
pub async fn a_goodbye_of_the_peer_is_a_loss<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Goodbye).await;
    account.watch.until_lost().await;
    until_open::<H>(&mut peer, 0).await;
    account.go_online().await;
    account.leave().await;
}

/// Promises 3 and 6: a peer that reads nothing fills neither memory nor time: what cannot be written waits, is refused with
/// `Full`, and ends when the user leaves.
pub async fn a_peer_that_does_not_read_is_survived<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Reading(false)).await;
    fill(&mut account, "one").await;
    peer.fault(Fault::Reading(true)).await;
    let mut first = None;
    while first.is_none() {
        let event = account.watch.next().await.expect("a confirmation");
        assert!(!is_lost(&event), "{event:?}");
        if let kaiwa_core::ConnectionEvent::Status {
            event: kaiwa_core::StatusEvent::Done { request },
        } = event
        {
            first = Some(request);
        }
    }
    let first = first.expect("just seen");
    assert_eq!(account.watch.known_outcome(first), Some(Outcome::Done));
    assert_eq!(account.watch.settled(first), Some(MessageStatus::Delivered));
    peer.fault(Fault::Reading(false)).await;
    fill(&mut account, "two").await;
    let leave = tokio::time::timeout(Duration::from_secs(30), account.leave());
    leave.await.expect("leaving takes bounded time");
    peer.fault(Fault::Reading(true)).await;
    until_peer::<H>(&mut peer, "the end", |peer| peer.open() == 0).await;
}

/// A peer that reads nothing and says nothing is dead, also when nothing more can be written to ask it.
pub async fn a_dead_peer_is_noticed_by_a_writer<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Reading(false)).await;
    peer.fault(Fault::Silence).await;
    fill(&mut account, "unread").await;
    assert_eq!(account.watch.until_lost().await, ErrorKind::TimedOut);
    // Not connected any more, but what waits for the next connection ends here.
    account.disconnect().await.expect_err("lost already");
    while account.watch.try_next().is_some() {}
    account.finish();
}

/// Says long texts until no more are taken.
async fn fill(account: &mut Account, name: &str) {
    // As much as every network takes, also one that counts otherwise than in bytes.
    const TEXT_BYTES: u64 = 2000;
    let limit = account.connection().capabilities().max_text_bytes;
    let bytes = usize::try_from(limit.unwrap_or(TEXT_BYTES).min(TEXT_BYTES)).expect("small");
    for number in 0..10_000 {
        let mut text = format!("{name} {number} ");
        text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len())));
        if let Err(error) = account.try_say(&text).await {
            assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
            return;
        }
        while account.watch.try_next().is_some() {}
    }
    panic!("no end of what is taken");
}
