use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::lanes::{Item, Mailbox, Receiver};
use super::publisher::Publisher;
use super::{EventBatch, EventPublisher, PIECE_ITEMS, QueueLimits, RoomWait, STALL_LIMIT};
use crate::{ConnectionEvent, StatusEvent};

fn ping(n: usize) -> ConnectionEvent {
    StatusEvent::Ping {
        artifact: Some(n.to_string()),
    }
    .into()
}

async fn room(publisher: &EventPublisher) {
    let mut wait = RoomWait::new();
    std::future::poll_fn(|cx| publisher.poll_room(&mut wait, cx)).await;
}

fn small() -> QueueLimits {
    QueueLimits {
        events: 4,
        bytes: usize::MAX,
    }
}

#[derive(Debug)]
struct Counted(Arc<AtomicU64>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl Item for Counted {
    fn size(&self) -> usize {
        1
    }

    fn overrun_after(last: &Self) -> Self {
        Self(Arc::clone(&last.0))
    }
}

#[test]
fn last_subscriber_gets_the_value_moved() {
    let publisher = Publisher::new(QueueLimits::default());
    let mailboxes: Vec<_> = (0..3).map(|_| Mailbox::sealed()).collect();
    let mut receivers: Vec<_> = mailboxes.iter().map(Receiver::new).collect();
    mailboxes
        .iter()
        .for_each(|mailbox| publisher.attach(mailbox));
    let clones = Arc::new(AtomicU64::new(0));
    publisher.publish(Counted(Arc::clone(&clones)));
    assert_eq!(clones.load(Ordering::Relaxed), 2);
    assert!(receivers.iter_mut().all(|r| r.try_recv().is_some()));
}

#[tokio::test]
async fn every_subscriber_sees_every_event_in_order_then_the_end() {
    let publisher = EventPublisher::new(small());
    let mut early = publisher.subscribe();
    publisher.publish(None, ping(0));
    let mut late = publisher.subscribe();
    for n in 1..10 {
        publisher.publish(None, ping(n));
    }
    drop(publisher);
    for n in 0..10 {
        assert_eq!(early.recv().await, Some(ping(n)));
    }
    assert_eq!(early.recv().await, None);
    for n in 1..10 {
        assert_eq!(late.try_recv(), Some(ping(n)));
    }
    assert_eq!(late.recv().await, None);
}

#[test]
fn room_ends_at_each_bound_and_comes_back_at_half() {
    let publisher = EventPublisher::new(small());
    let mut receiver = publisher.subscribe();
    for n in 0..4 {
        assert!(publisher.has_room());
        publisher.publish(None, ping(n));
    }
    assert!(!publisher.has_room());
    receiver.try_recv();
    assert!(!publisher.has_room(), "three left of four");
    receiver.try_recv();
    assert!(publisher.has_room(), "two left of four");

    let bytes = EventPublisher::new(QueueLimits {
        events: 1000,
        bytes: 3 * ping(0).size(),
    });
    let _receiver = bytes.subscribe();
    (0..2).for_each(|n| bytes.publish(None, ping(n)));
    assert!(bytes.has_room());
    bytes.publish(None, ping(2));
    assert!(!bytes.has_room());
    assert!(!bytes.is_crowded());
    (0..4).for_each(|n| bytes.publish(None, ping(n)));
    assert!(bytes.is_crowded());
}

#[tokio::test]
async fn dropping_the_full_subscriber_makes_room() {
    let publisher = EventPublisher::new(small());
    let full = publisher.subscribe();
    let mut other = publisher.subscribe();
    (0..4).for_each(|n| publisher.publish(None, ping(n)));
    while other.try_recv().is_some() {}
    let waiting = publisher.clone();
    let room = tokio::spawn(async move { room(&waiting).await });
    tokio::task::yield_now().await;
    drop(full);
    room.await.unwrap();
    publisher.publish(None, ping(9));
    assert_eq!(other.recv().await, Some(ping(9)));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_subscriber_is_cut_off_only_while_another_waits() {
    let publisher = EventPublisher::new(small());
    let mut stalled = publisher.subscribe();
    (0..4).for_each(|n| publisher.publish(None, ping(n)));
    // Alone it may take all the time it wants.
    let patience = tokio::time::timeout(10 * STALL_LIMIT, room(&publisher));
    assert!(patience.await.is_err());

    let mut other = publisher.subscribe();
    let before = tokio::time::Instant::now();
    room(&publisher).await;
    assert_eq!(before.elapsed(), STALL_LIMIT);
    publisher.publish(None, ping(9));
    assert_eq!(other.recv().await, Some(ping(9)));
    for n in 0..4 {
        assert_eq!(stalled.recv().await, Some(ping(n)));
    }
    assert_eq!(stalled.recv().await, Some(StatusEvent::Overrun.into()));
    assert_eq!(stalled.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_is_not_a_stalled_one() {
    let publisher = EventPublisher::new(small());
    let mut slow = publisher.subscribe();
    let mut other = publisher.subscribe();
    (0..4).for_each(|n| publisher.publish(None, ping(n)));
    while other.try_recv().is_some() {}
    // One event just before each limit: room comes back at half, nobody is cut off.
    for n in 0..2 {
        let nearly = tokio::time::timeout(STALL_LIMIT - Duration::from_secs(1), room(&publisher));
        assert!(nearly.await.is_err());
        assert_eq!(slow.try_recv(), Some(ping(n)));
    }
    room(&publisher).await;
    publisher.publish(None, ping(4));
    for n in 2..5 {
        assert_eq!(slow.recv().await, Some(ping(n)));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_cut_off_for_one_who_is_full_too() {
    let publisher = EventPublisher::new(small());
    let _first = publisher.subscribe();
    (0..4).for_each(|n| publisher.publish(None, ping(n)));
    let mut wait = RoomWait::new();
    let mut patience = tokio::time::interval(STALL_LIMIT / 2);
    patience.tick().await;
    // The second comes and is full while the first is being watched.
    let second = publisher.subscribe();
    for _ in 0..10 {
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(publisher.poll_room(&mut wait, cx)));
        assert!(polled.await.is_pending());
        (0..4).for_each(|n| publisher.publish(None, ping(n)));
        patience.tick().await;
    }
    drop(second);
    assert!(!publisher.has_room(), "the first is still there");
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_does_not_save_one_who_stalls() {
    let publisher = EventPublisher::new(small());
    let mut stalled = publisher.subscribe();
    let leaving = publisher.subscribe();
    (0..4).for_each(|n| publisher.publish(None, ping(n)));
    let _waiting = publisher.subscribe();
    let before = tokio::time::Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(STALL_LIMIT / 2).await;
        drop(leaving);
    });
    room(&publisher).await;
    assert_eq!(before.elapsed(), STALL_LIMIT);
    for _ in 0..4 {
        stalled.try_recv();
    }
    assert_eq!(stalled.try_recv(), Some(StatusEvent::Overrun.into()));
}

#[tokio::test]
async fn lanes_are_served_in_turn() {
    let mailbox = Mailbox::open();
    let mut receiver = Receiver::new(&mailbox);
    let flood = Publisher::new(QueueLimits::default());
    let quiet = Publisher::new(QueueLimits::default());
    flood.attach(&mailbox);
    quiet.attach(&mailbox);
    let (a, b) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    (0..500).for_each(|_| flood.publish(Counted(Arc::clone(&a))));
    quiet.publish(Counted(Arc::clone(&b)));
    receiver.try_recv();
    let second = receiver.try_recv().unwrap();
    assert!(Arc::ptr_eq(&second.0, &b), "the quiet one is next");
    drop((flood, quiet));
    mailbox.seal();
    for _ in 0..499 {
        assert!(receiver.try_recv().is_some());
    }
    assert!(
        std::future::poll_fn(|cx| receiver.poll_recv(cx))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn what_came_together_is_taken_together_up_to_both_bounds() {
    let publisher = EventPublisher::new(small());
    let mut receiver = publisher.subscribe();
    let mut batch = EventBatch::new();
    (0..300).for_each(|n| batch.push(None, ping(n)));
    publisher.publish_all(batch);
    assert!(!publisher.has_room());
    let size = ping(100).size();
    let mut seen = 0;
    for (items, bytes, expected) in [
        (1, usize::MAX, 1),
        (10, usize::MAX, 10),
        // The one that reaches the bound comes too.
        (10, 2 * size - 4, 2),
        (1000, usize::MAX, PIECE_ITEMS - 13),
        (1000, usize::MAX, PIECE_ITEMS),
        (1000, usize::MAX, 300 - 2 * PIECE_ITEMS),
    ] {
        let taken = receiver.recv_many(items, bytes).await.unwrap();
        assert_eq!(taken.len(), expected);
        for one in taken {
            assert_eq!(one.item.event, ping(seen));
            seen += 1;
        }
    }
    assert!(publisher.has_room());
    (0..300).for_each(|n| publisher.publish(None, ping(n)));
    assert_eq!(receiver.try_recv_many(250).len(), 250);
    drop(publisher);
    assert_eq!(receiver.try_recv_many(usize::MAX).len(), 50);
    assert!(receiver.recv_many(1, 1).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_threads() {
    const EVENTS: usize = 20_000;
    let publisher = EventPublisher::new(small());
    let mut receiver = publisher.subscribe();
    let writing = tokio::spawn(async move {
        for n in 0..EVENTS {
            room(&publisher).await;
            publisher.publish(None, ping(n));
        }
    });
    for n in 0..EVENTS {
        assert_eq!(receiver.recv().await, Some(ping(n)));
    }
    assert_eq!(receiver.recv().await, None);
    writing.await.unwrap();
}
