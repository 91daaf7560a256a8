//! Promise 1: nothing is lost silently, and nothing grows without bound.

use std::time::Duration;

use kaiwa_core::queue::{QueueLimits, STALL_LIMIT};
use kaiwa_core::{ConnectionEvent, StatusEvent};
use tokio::time::sleep;

use super::until_accepted;
use crate::watch::{is_disconnected, is_lost, said};
use crate::{Account, Fault, Harness, Outcome, Peer, Watch};

/// Messages of a flood: several times what a subscriber's queue holds.
const FLOOD: u64 = 10_000;

/// Events that one read of the transport may bring beyond the queue's bound.
const ONE_READ: usize = 4096;

/// Promise 1: a reader that takes its time gets everything, in order.
pub async fn a_slow_reader_loses_nothing<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Flood(FLOOD)).await;
    let mut next = 0;
    while next < FLOOD {
        take_flood(&mut account.watch, &mut next).await;
        if next.is_multiple_of(97) {
            // Others get their turn: the network fills the queue meanwhile.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
    }
    account.deliver("after the flood").await;
    account.leave().await;
}

/// Promise 1: what waits for a subscriber that does not read is bounded, whatever the peer sends.
pub async fn what_waits_is_bounded<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Flood(10 * FLOOD)).await;
    // Paused time passes only when nobody has anything left to do.
    sleep(Duration::from_secs(5)).await;
    let (mut events, mut bytes) = (0, 0);
    let mut next = 0;
    while let Some(event) = account.watch.try_next() {
        events += 1;
        bytes += event.size();
        count_flood(&event, &mut next);
    }
    let limits = QueueLimits::default();
    assert!(events <= limits.events + ONE_READ, "{events} events wait");
    assert!(bytes <= 2 * limits.bytes, "{bytes} bytes wait");
    while next < 10 * FLOOD {
        take_flood(&mut account.watch, &mut next).await;
    }
    account.leave().await;
}

/// Promise 1: while reading pauses, messages are still written.
pub async fn writing_goes_on_while_reading_pauses<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Flood(FLOOD)).await;
    let mut requests = Vec::new();
    for number in 0..10 {
        requests.push(account.say(&format!("into the flood {number}")).await);
        until_accepted::<H>(&mut peer, number + 1).await;
    }
    for request in requests {
        assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    }
    account.leave().await;
}

/// Promise 1: `disconnect` does not wait for room in anybody's queue.
pub async fn disconnect_needs_no_room<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Flood(FLOOD)).await;
    // The confirmation comes behind the flood or before it: in both cases nobody reads.
    account.say("somewhere in the flood").await;
    until_accepted::<H>(&mut peer, 1).await;
    account.disconnect().await.expect("disconnects");
    account.watch.until("Disconnected", is_disconnected).await;
    account.finish();
}

/// Promise 1: a subscriber that takes nothing while another waits gets what is queued, `Overrun`, and the end; the other
/// gets everything.
pub async fn a_stalled_subscriber_is_cut_off<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    let mut stalled = Watch::new(account.connection(), H::PAUSED);
    account.go_online().await;
    peer.fault(Fault::Flood(FLOOD)).await;
    let mut next = 0;
    while next < FLOOD {
        take_flood(&mut account.watch, &mut next).await;
    }
    account.deliver("alone now").await;
    let (mut next, mut last) = (0, None);
    while let Some(event) = stalled.next().await {
        count_flood(&event, &mut next);
        last = Some(event);
    }
    let overrun = ConnectionEvent::from(StatusEvent::Overrun);
    assert_eq!(last, Some(overrun), "after {next} messages");
    assert!(next > 0 && next < FLOOD, "{next} messages were queued");
    account.leave().await;
}

/// Promise 1: a pause is not taken for the peer's silence, however long it lasts.
pub async fn a_pause_is_not_the_peers_silence<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Flood(FLOOD)).await;
    sleep(20 * STALL_LIMIT).await;
    let mut next = 0;
    while next < FLOOD {
        take_flood(&mut account.watch, &mut next).await;
    }
    account.deliver("nothing happened").await;
    account.leave().await;
}

/// Takes one event and checks the order of the flood.
async fn take_flood(watch: &mut Watch, next: &mut u64) {
    let event = watch.next().await.expect("more of the flood");
    assert!(!is_lost(&event), "after {next} messages {event:?}");
    count_flood(&event, next);
}

fn count_flood(event: &ConnectionEvent, next: &mut u64) {
    if let Some(text) = said(event)
        && text.starts_with("flood ")
    {
        assert_eq!(text, format!("flood {next}"), "lost or out of order");
        *next += 1;
    }
}
