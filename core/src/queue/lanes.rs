//! Mailboxes, and the lanes that lead to them from publishers.
//!
//! A mailbox is one subscriber; it has a lane per publisher and serves lanes with something in them in turn. A publisher has
//! a lane in each of its subscribers' mailboxes. A connection's receiver has one lane, a client's has one per account.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::QueueLimits;
use super::gate::{Gate, lock};
use super::pieces::Pieces;
use super::sync::Mutex;

/// What travels in a queue.
pub(crate) trait Item: Clone + Send + 'static {
    /// Bytes that it holds.
    fn size(&self) -> usize;

    /// The `Overrun` that follows `last` in a queue that was cut off.
    fn overrun_after(last: &Self) -> Self;
}

/// An item and the bytes that it holds, counted once on its way through all queues.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighed<T> {
    pub(crate) item: T,
    pub(crate) bytes: usize,
}

impl<T: Item> Weighed<T> {
    pub(crate) fn new(item: T) -> Self {
        Self {
            bytes: item.size(),
            item,
        }
    }
}

/// One publisher's way into a mailbox.
#[derive(Debug)]
pub(super) struct Lane<T> {
    queue: Pieces<Weighed<T>>,
    bytes: usize,
    limits: QueueLimits,
    /// Whether it counts in the gate: set at a bound, cleared at half of it, so that the reader is not woken for each event.
    pub(super) full: bool,
    /// Whether its publisher is gone.
    closed: bool,
    gate: Arc<Gate>,
}

impl<T> Lane<T> {
    fn is_over(&self) -> bool {
        self.queue.len() >= self.limits.events || self.bytes >= self.limits.bytes
    }

    /// Whether it holds twice its bound.
    pub(super) fn is_crowded(&self) -> bool {
        self.queue.len() >= 2 * self.limits.events || self.bytes >= 2 * self.limits.bytes
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
            Self::waker_of_the_end(&mut slots)
        };
        wake(waker);
    }

    /// Whether nobody will take anything out any more.
    pub(crate) fn is_gone(&self) -> bool {
        let slots = lock(&self.slots);
        slots.receiver_gone || slots.cut
    }

    pub(super) fn add_lane(&self, limits: QueueLimits, gate: &Arc<Gate>) -> Option<usize> {
        let mut slots = lock(&self.slots);
        if slots.cut || slots.receiver_gone {
            return None;
        }
        let lane = Some(Lane {
            queue: Pieces::default(),
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

    /// Queues items, at least one; false when nobody will ever take them.
    pub(super) fn push(&self, index: usize, items: Pieces<Weighed<T>>) -> bool {
        let bytes: usize = items.iter().map(|one| one.bytes).sum();
        let waker = {
            let mut guard = lock(&self.slots);
            let slots = &mut *guard;
            if slots.cut || slots.receiver_gone {
                return false;
            }
            let Some(Some(lane)) = slots.lanes.get_mut(index) else {
                return false;
            };
            lane.bytes += bytes;
            if lane.queue.is_empty() {
                slots.ready.push_back(index);
            }
            lane.queue.append(items);
            if !lane.full && lane.is_over() {
                lane.full = true;
                lane.gate.close_one();
            }
            slots.waker.take()
        };
        wake(waker);
        true
    }

    fn pop(slots: &mut Slots<T>) -> Option<Weighed<T>> {
        let Some(index) = slots.ready.pop_front() else {
            return slots.overrun.take().map(Weighed::new);
        };
        let slot = slots.lanes.get_mut(index)?;
        let lane = slot.as_mut()?;
        let item = lane.queue.pop()?;
        lane.bytes = lane.bytes.saturating_sub(item.bytes);
        slots.taken += 1;
        if lane.full && lane.is_half_empty() {
            lane.release();
        }
        if !lane.queue.is_empty() {
            slots.ready.push_back(index);
        } else if lane.closed {
            *slot = None;
        }
        Some(item)
    }

    /// What is there, up to a number and up to the first that makes so many bytes: of one lane the first piece, of several one
    /// after the other in turn.
    fn pop_some(slots: &mut Slots<T>, items: usize, bytes: usize) -> Vec<Weighed<T>> {
        if slots.ready.len() == 1
            && let Some(index) = slots.ready.front().copied()
        {
            return Self::pop_from(slots, index, items, bytes);
        }
        let mut taken = Vec::new();
        let mut weight = 0;
        while taken.len() < items
            && weight < bytes
            && let Some(one) = Self::pop(slots)
        {
            weight += one.bytes;
            taken.push(one);
        }
        taken
    }

    /// [`Mailbox::pop_some`] where only one lane has something in it: at once, mostly without moving anything.
    fn pop_from(slots: &mut Slots<T>, index: usize, items: usize, bytes: usize) -> Vec<Weighed<T>> {
        let Some(slot) = slots.lanes.get_mut(index) else {
            return Vec::new();
        };
        let Some(lane) = slot else {
            return Vec::new();
        };
        let mut weight = 0;
        let taken = lane.queue.take(|piece| {
            let fits = |one: &&Weighed<T>| {
                let fits = weight < bytes;
                weight += if fits { one.bytes } else { 0 };
                fits
            };
            piece.iter().take(items).take_while(fits).count()
        });
        lane.bytes = lane.bytes.saturating_sub(weight);
        slots.taken += taken.len() as u64;
        if lane.full && lane.is_half_empty() {
            lane.release();
        }
        if lane.queue.is_empty() {
            slots.ready.clear();
            if lane.closed {
                *slot = None;
            }
        }
        taken
    }

    fn is_over(slots: &Slots<T>) -> bool {
        slots.cut || (!slots.open && slots.lanes.iter().flatten().all(|lane| lane.closed))
    }

    /// Who is to be told if this is the end. Nobody is woken for less: a pump that waits must find something.
    fn waker_of_the_end(slots: &mut Slots<T>) -> Option<Waker> {
        if Self::is_over(slots) {
            slots.waker.take()
        } else {
            None
        }
    }

    pub(super) fn close_lane(&self, index: usize) {
        let waker = {
            let mut slots = lock(&self.slots);
            if let Some(slot) = slots.lanes.get_mut(index) {
                match slot {
                    Some(lane) if !lane.queue.is_empty() => lane.closed = true,
                    _ => *slot = None,
                }
            }
            Self::waker_of_the_end(&mut slots)
        };
        wake(waker);
    }

    /// How many were taken from all lanes so far, if that lane is full.
    pub(super) fn taken_while_full(&self, index: usize) -> Option<u64> {
        let slots = lock(&self.slots);
        let lane = slots.lanes.get(index)?.as_ref()?;
        lane.full.then_some(slots.taken)
    }

    pub(super) fn with_lane<R>(&self, index: usize, look: impl FnOnce(&Lane<T>) -> R) -> Option<R> {
        let slots = lock(&self.slots);
        slots.lanes.get(index)?.as_ref().map(look)
    }

    /// Cuts the subscriber off if the lane is full and nothing was taken from any since `taken`: what is queued stays,
    /// `Overrun` follows.
    pub(super) fn cut_if_stalled(&self, index: usize, taken: u64) -> bool {
        let waker = {
            let mut guard = lock(&self.slots);
            let slots = &mut *guard;
            let Some(Some(lane)) = slots.lanes.get_mut(index) else {
                return false;
            };
            if !lane.full || slots.taken != taken {
                return false;
            }
            slots.overrun = lane
                .queue
                .iter()
                .next_back()
                .map(|last| T::overrun_after(&last.item));
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
        self.poll_take(cx, Mailbox::pop)
            .map(|taken| taken.map(|one| one.item))
    }

    /// Like [`Receiver::poll_recv`], for what is there together, up to a number and up to the first that makes so many bytes.
    pub(crate) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        items: usize,
        bytes: usize,
    ) -> Poll<Option<Vec<Weighed<T>>>> {
        self.poll_take(cx, |slots| {
            let taken = Mailbox::pop_some(slots, items, bytes);
            (!taken.is_empty()).then_some(taken)
        })
    }

    /// What is there together, up to a number.
    pub(crate) fn try_recv_some(&mut self, items: usize) -> Vec<Weighed<T>> {
        Mailbox::pop_some(&mut lock(&self.mailbox.slots), items, usize::MAX)
    }

    /// As many as are there, up to a number.
    pub(crate) fn try_recv_many(&mut self, items: usize) -> Vec<Weighed<T>> {
        let mut slots = lock(&self.mailbox.slots);
        let mut taken = Vec::new();
        while let some = Mailbox::pop_some(&mut slots, items - taken.len(), usize::MAX)
            && !some.is_empty()
        {
            taken.extend(some);
        }
        taken
    }

    fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Slots<T>) -> Option<R>,
    ) -> Poll<Option<R>> {
        // A queue that is fed as fast as it is emptied must not keep its task from yielding.
        let Poll::Ready(budget) = tokio::task::coop::poll_proceed(cx) else {
            return Poll::Pending;
        };
        let mut slots = lock(&self.mailbox.slots);
        if let Some(taken) = take(&mut slots) {
            budget.made_progress();
            return Poll::Ready(Some(taken));
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
            .filter_map(|lane| {
                let behind = lane.queue.iter().rev().position(|one| is_urgent(&one.item));
                Some(lane.queue.len() - behind?)
            })
            .sum();
        if urgent > 0 {
            return Poll::Ready(urgent);
        }
        slots.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn try_recv(&mut self) -> Option<T> {
        Mailbox::pop(&mut lock(&self.mailbox.slots)).map(|one| one.item)
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
