//! Publishers: each has a lane in the mailbox of each of its subscribers.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use super::QueueLimits;
use super::gate::{Gate, lock};
use super::lanes::{Item, Lane, Mailbox, Weighed};
use super::pieces::Pieces;
use super::sync::Mutex;

/// A publisher's lanes, one per subscriber. Clones share them.
#[derive(Debug)]
pub(crate) struct Publisher<T: Item> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T: Item> {
    limits: QueueLimits,
    gate: Arc<Gate>,
    lanes: Mutex<Lanes<T>>,
}

#[derive(Debug)]
struct Lanes<T> {
    list: Vec<Subscription<T>>,
    next_id: u64,
}

/// One subscriber, seen from its publisher.
#[derive(Debug)]
struct Subscription<T> {
    id: u64,
    mailbox: Arc<Mailbox<T>>,
    /// The publisher's lane in that mailbox.
    index: usize,
}

impl<T: Item> Clone for Publisher<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Item> Publisher<T> {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            inner: Arc::new(Inner {
                limits,
                gate: Arc::default(),
                lanes: Mutex::new(Lanes {
                    list: Vec::new(),
                    next_id: 0,
                }),
            }),
        }
    }

    pub(crate) fn attach(&self, mailbox: &Arc<Mailbox<T>>) {
        let mut lanes = lock(&self.inner.lanes);
        lanes.list.retain(|one| !one.mailbox.is_gone());
        if let Some(index) = mailbox.add_lane(self.inner.limits, &self.inner.gate) {
            let id = lanes.next_id;
            lanes.next_id += 1;
            lanes.list.push(Subscription {
                id,
                mailbox: Arc::clone(mailbox),
                index,
            });
        }
    }

    /// Queues an item for every subscriber.
    pub(crate) fn publish(&self, item: T) {
        self.publish_all(Pieces::one(Weighed::new(item)));
    }

    /// Queues items for every subscriber, who is woken once for all of them.
    pub(crate) fn publish_all(&self, items: Pieces<Weighed<T>>) {
        if items.is_empty() {
            return;
        }
        let mut lanes = lock(&self.inner.lanes);
        let Some((last, others)) = lanes.list.split_last() else {
            return;
        };
        let mut gone = false;
        for one in others {
            gone |= !one.mailbox.push(one.index, items.clone());
        }
        gone |= !last.mailbox.push(last.index, items);
        if gone {
            lanes.list.retain(|one| !one.mailbox.is_gone());
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.inner.gate.is_open()
    }

    pub(crate) fn is_crowded(&self) -> bool {
        lock(&self.inner.lanes).list.iter().any(|one| {
            one.mailbox
                .with_lane(one.index, Lane::is_crowded)
                .unwrap_or(false)
        })
    }

    /// Ready when every subscriber has room.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.inner.gate.poll_open(cx)
    }

    /// For each full lane: its subscription and how many its subscriber has taken so far.
    pub(super) fn full_lanes(&self) -> Vec<(u64, u64)> {
        lock(&self.inner.lanes)
            .list
            .iter()
            .filter_map(|one| {
                let taken = one.mailbox.taken_while_full(one.index)?;
                Some((one.id, taken))
            })
            .collect()
    }

    /// Cuts off the subscribers whose lanes are full and untouched since `marks`, if somebody else is left waiting.
    pub(super) fn cut_stalled(&self, marks: &[(u64, u64)]) {
        let mut lanes = lock(&self.inner.lanes);
        lanes.list.retain(|one| !one.mailbox.is_gone());
        let is_waiting = |one: &Subscription<T>| {
            let full = one.mailbox.with_lane(one.index, |lane| lane.full);
            full == Some(false)
        };
        if !lanes.list.iter().any(is_waiting) {
            // Everybody is full: the only thing lost by patience is time.
            return;
        }
        lanes.list.retain(|one| {
            let mark = marks.iter().find(|(id, _)| *id == one.id);
            !mark.is_some_and(|(_, taken)| one.mailbox.cut_if_stalled(one.index, *taken))
        });
    }
}

impl<T: Item> Drop for Inner<T> {
    fn drop(&mut self) {
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        for one in lanes.list.drain(..) {
            one.mailbox.close_lane(one.index);
        }
    }
}
