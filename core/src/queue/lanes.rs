//! Publishers, mailboxes, and the lanes between them.
//!
//! A mailbox is one subscriber; it has a lane per publisher and serves lanes with something in them in turn. A publisher has
//! a lane in each of its subscribers' mailboxes. A connection's receiver has one lane, a client's has one per account.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::QueueLimits;
use super::gate::{Gate, lock};

/// What travels in a queue.
pub(crate) trait Item: Clone + Send + 'static {
    /// Bytes that it holds.
    fn size(&self) -> usize;

    /// The `Overrun` that follows `last` in a queue that was cut off.
    fn overrun_after(last: &Self) -> Self;
}

#[derive(Debug)]
struct Lane<T> {
    queue: VecDeque<T>,
    bytes: usize,
    limits: QueueLimits,
    /// Whether it counts in the gate: set at a bound, cleared at half of it, so that the reader is not woken for each event.
    full: bool,
    /// Whether its publisher is gone.
    closed: bool,
    gate: Arc<Gate>,
}

impl<T> Lane<T> {
    fn is_over(&self) -> bool {
        self.queue.len() >= self.limits.events || self.bytes >= self.limits.bytes
    }

    fn is_half_empty(&self) -> bool {
        self.queue.len() <= self.limits.events / 2 && self.bytes <= self.limits.bytes / 2
    }

    fn release(&mut self) {
        if mem::take(&mut self.full) {
            self.gate.open_one();
        }
    }
}

#[derive(Debug)]
struct Slots<T> {
    lanes: Vec<Option<Lane<T>>>,
    /// Lanes with something in them, each once, in turn.
    ready: VecDeque<usize>,
    /// How many were ever taken out, to tell a stalled subscriber from a slow one.
    taken: u64,
    /// Comes after all that is queued; nothing is queued behind it.
    overrun: Option<T>,
    cut: bool,
    /// Whether more lanes may come.
    open: bool,
    receiver_gone: bool,
    waker: Option<Waker>,
}

/// One subscriber.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    slots: Mutex<Slots<T>>,
}

impl<T: Item> Mailbox<T> {
    /// A mailbox that ends when the publishers attached to it have ended.
    pub(crate) fn sealed() -> Arc<Self> {
        Self::new(false)
    }

    /// A mailbox that more publishers may join until [`Mailbox::seal`].
    pub(crate) fn open() -> Arc<Self> {
        Self::new(true)
    }

    fn new(open: bool) -> Arc<Self> {
        Arc::new(Self {
            slots: Mutex::new(Slots {
                lanes: Vec::new(),
                ready: VecDeque::new(),
                taken: 0,
                overrun: None,
                cut: false,
                open,
                receiver_gone: false,
                waker: None,
            }),
        })
    }

    /// No more publishers will come.
    pub(crate) fn seal(&self) {
        let waker = {
            let mut slots = lock(&self.slots);
            slots.open = false;
            slots.waker.take()
        };
        wake(waker);
    }

    /// Whether nobody will take anything out any more.
    pub(crate) fn is_gone(&self) -> bool {
        let slots = lock(&self.slots);
        slots.receiver_gone || slots.cut
    }

    fn add_lane(&self, limits: QueueLimits, gate: &Arc<Gate>) -> Option<usize> {
        let mut slots = lock(&self.slots);
        if slots.cut || slots.receiver_gone {
            return None;
        }
        let lane = Some(Lane {
            queue: VecDeque::new(),
            bytes: 0,
            limits,
            full: false,
            closed: false,
            gate: Arc::clone(gate),
        });
        if let Some((index, slot)) = slots
            .lanes
            .iter_mut()
            .enumerate()
            .find(|(_, slot)| slot.is_none())
        {
            *slot = lane;
            return Some(index);
        }
        slots.lanes.push(lane);
        Some(slots.lanes.len() - 1)
    }

    /// Queues an item; false when nobody will ever take it.
    fn push(&self, index: usize, item: T) -> bool {
        let size = item.size();
        let waker = {
            let mut guard = lock(&self.slots);
            let slots = &mut *guard;
            if slots.cut || slots.receiver_gone {
                return false;
            }
            let Some(Some(lane)) = slots.lanes.get_mut(index) else {
                return false;
            };
            if lane.queue.is_empty() {
                slots.ready.push_back(index);
            }
            lane.bytes += size;
            lane.queue.push_back(item);
            if !lane.full && lane.is_over() {
                lane.full = true;
                lane.gate.close_one();
            }
            slots.waker.take()
        };
        wake(waker);
        true
    }

    fn pop(slots: &mut Slots<T>) -> Option<T> {
        let Some(index) = slots.ready.pop_front() else {
            return slots.overrun.take();
        };
        let slot = slots.lanes.get_mut(index)?;
        let lane = slot.as_mut()?;
        let item = lane.queue.pop_front()?;
        lane.bytes = lane.bytes.saturating_sub(item.size());
        slots.taken += 1;
        if lane.full && lane.is_half_empty() {
            lane.release();
        }
        if !lane.queue.is_empty() {
            slots.ready.push_back(index);
        } else if lane.closed {
            *slot = None;
        } else {
            // Idle accounts, thousands perhaps, must not each keep the memory of their last burst; an event is large.
            lane.queue = VecDeque::new();
        }
        Some(item)
    }

    fn is_over(slots: &Slots<T>) -> bool {
        slots.cut || (!slots.open && slots.lanes.iter().flatten().all(|lane| lane.closed))
    }

    fn close_lane(&self, index: usize) {
        let waker = {
            let mut slots = lock(&self.slots);
            if let Some(slot) = slots.lanes.get_mut(index) {
                match slot {
                    Some(lane) if !lane.queue.is_empty() => lane.closed = true,
                    _ => *slot = None,
                }
            }
            slots.waker.take()
        };
        wake(waker);
    }

    /// How many were taken from all lanes so far, if that lane is full.
    fn taken_while_full(&self, index: usize) -> Option<u64> {
        let slots = lock(&self.slots);
        let lane = slots.lanes.get(index)?.as_ref()?;
        lane.full.then_some(slots.taken)
    }

    fn with_lane<R>(&self, index: usize, look: impl FnOnce(&Lane<T>) -> R) -> Option<R> {
        let slots = lock(&self.slots);
        slots.lanes.get(index)?.as_ref().map(look)
    }

    /// Cuts the subscriber off if the lane is full and nothing was taken from any since `taken`: what is queued stays,
    /// `Overrun` follows.
    fn cut_if_stalled(&self, index: usize, taken: u64) -> bool {
        let waker = {
            let mut guard = lock(&self.slots);
            let slots = &mut *guard;
            let Some(Some(lane)) = slots.lanes.get_mut(index) else {
                return false;
            };
            if !lane.full || slots.taken != taken {
                return false;
            }
            slots.overrun = lane.queue.back().map(T::overrun_after);
            slots.cut = true;
            for lane in slots.lanes.iter_mut().flatten() {
                lane.release();
            }
            slots.waker.take()
        };
        wake(waker);
        true
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The taking end of a mailbox.
#[derive(Debug)]
pub(crate) struct Receiver<T: Item> {
    mailbox: Arc<Mailbox<T>>,
}

impl<T: Item> Receiver<T> {
    pub(crate) fn new(mailbox: &Arc<Mailbox<T>>) -> Self {
        Self {
            mailbox: Arc::clone(mailbox),
        }
    }

    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // A queue that is fed as fast as it is emptied must not keep its task from yielding.
        let Poll::Ready(budget) = tokio::task::coop::poll_proceed(cx) else {
            return Poll::Pending;
        };
        let mut slots = lock(&self.mailbox.slots);
        if let Some(item) = Mailbox::pop(&mut slots) {
            budget.made_progress();
            return Poll::Ready(Some(item));
        }
        if Mailbox::is_over(&slots) {
            return Poll::Ready(None);
        }
        match &mut slots.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Ready with the number of items up to the last one that `is_urgent`; pending while there is none.
    pub(crate) fn poll_urgent(
        &mut self,
        cx: &Context<'_>,
        is_urgent: impl Fn(&T) -> bool,
    ) -> Poll<usize> {
        let mut slots = lock(&self.mailbox.slots);
        let lanes = slots.lanes.iter().flatten();
        let urgent: usize = lanes
            .filter_map(|lane| lane.queue.iter().rposition(&is_urgent))
            .map(|last| last + 1)
            .sum();
        if urgent > 0 {
            return Poll::Ready(urgent);
        }
        slots.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn try_recv(&mut self) -> Option<T> {
        Mailbox::pop(&mut lock(&self.mailbox.slots))
    }

    /// How many items wait in all lanes.
    pub(crate) fn waiting(&self) -> usize {
        let slots = lock(&self.mailbox.slots);
        let lanes = slots
            .ready
            .iter()
            .filter_map(|at| slots.lanes.get(*at)?.as_ref());
        lanes.map(|lane| lane.queue.len()).sum::<usize>() + usize::from(slots.overrun.is_some())
    }
}

impl<T: Item> Drop for Receiver<T> {
    fn drop(&mut self) {
        let lanes = {
            let mut slots = lock(&self.mailbox.slots);
            slots.receiver_gone = true;
            slots.ready.clear();
            slots.overrun = None;
            mem::take(&mut slots.lanes)
        };
        // Outside the lock: items may be large.
        for mut lane in lanes.into_iter().flatten() {
            lane.release();
        }
    }
}

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

    pub(crate) fn publish(&self, item: T) {
        let mut lanes = lock(&self.inner.lanes);
        let Some((last, others)) = lanes.list.split_last() else {
            return;
        };
        let mut gone = false;
        for one in others {
            gone |= !one.mailbox.push(one.index, item.clone());
        }
        gone |= !last.mailbox.push(last.index, item);
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
                .with_lane(one.index, |lane| {
                    lane.queue.len() >= 2 * lane.limits.events
                        || lane.bytes >= 2 * lane.limits.bytes
                })
                .unwrap_or(false)
        })
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.inner.gate
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
