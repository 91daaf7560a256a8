//! A pump gets every event and is never left waiting, whichever way it is told to come: by waiting in it, by the descriptor,
//! or by the wakeup handler.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use loom::future::block_on;
use loom::thread::{JoinHandle, spawn};

use crate::descriptor::{Descriptor, Level};
use crate::intake::{Intake, Refusal, Source};
use crate::model;
use crate::queue::{Letter, Publisher, Receiver, from, merge, publisher, subscribe, wait_for_room};
use crate::signal::Signal;
use crate::sync::AtomicBool;
use crate::wakeup::{Call, Wakeup};

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

impl Source for Receiver<Letter> {
    type Event = Letter;
    type Taken = std::vec::IntoIter<Letter>;

    fn try_some(&mut self) -> Self::Taken {
        let taken = self.try_recv_some(2).into_iter();
        taken.map(|one| one.item).collect::<Vec<_>>().into_iter()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Letter>> {
        self.poll_recv(cx)
    }

    fn waiting(&self) -> usize {
        Self::waiting(self)
    }
}

/// A client as far as it is modelled.
struct Client {
    intake: Intake<Receiver<Letter>>,
    signal: Arc<Signal>,
}

impl Client {
    fn new(receiver: Receiver<Letter>) -> Arc<Self> {
        let signal = Arc::default();
        Arc::new(Self {
            intake: Intake::new(receiver, &signal),
            signal,
        })
    }

    fn pump(
        &self,
        timeout: Option<Duration>,
        max: usize,
        heard: &mut Vec<Letter>,
    ) -> Result<usize, Refusal> {
        self.pump_into(timeout, max, |letter| heard.push(letter))
    }

    fn pump_into(
        &self,
        timeout: Option<Duration>,
        max: usize,
        mut hear: impl FnMut(Letter),
    ) -> Result<usize, Refusal> {
        self.intake.enter()?.run(timeout, max, |batch| {
            while batch.is_open()
                && let Some(letter) = batch.take()
            {
                hear(letter);
            }
        })
    }

    fn descriptor(&self) -> Arc<Level> {
        let level = Arc::<Level>::default();
        self.signal
            .descriptor(|| Ok::<_, ()>(Descriptor(Arc::clone(&level))))
            .unwrap();
        level
    }

    /// Sets a wakeup handler, which runs on a thread of its own until it is replaced.
    fn set_wakeup(&self, wakeup: &Wakeup, call: impl Fn() + Send + 'static) -> JoinHandle<()> {
        let task = wakeup
            .set(&self.signal, Some(Box::new(call) as Call))
            .unwrap();
        spawn(move || block_on(task))
    }
}

/// A thread that sends two, and the publisher, so that it does not end.
fn sends_two(publisher: &Publisher<Letter>) -> JoinHandle<()> {
    let publisher = publisher.clone();
    spawn(move || {
        publisher.publish((0, 0));
        publisher.publish((0, 1));
    })
}

#[test]
fn a_waiting_pump_gets_all_and_then_the_end() {
    model(|| {
        let (a, b) = (publisher(9), publisher(9));
        let (_, receiver) = merge(&[&a, &b]);
        let client = Client::new(receiver);
        let threads = [sends_two(&a), spawn(move || b.publish((1, 0)))];
        drop(a);
        let mut heard = Vec::new();
        let end = loop {
            match client.pump(None, 0, &mut heard) {
                Ok(count) => assert!(count > 0, "it wakes for something"),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(end, Refusal::Ended);
        assert_eq!(from(0, &heard), [0, 1]);
        assert_eq!(from(1, &heard), [0]);
        threads.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn the_descriptor_is_readable_exactly_while_events_wait() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let thread = sends_two(&publisher);
        // Asked for while events come.
        let descriptor = client.descriptor();
        let mut heard = Vec::new();
        for _ in 0..2 {
            descriptor.wait();
            assert_eq!(
                client.pump(AT_ONCE, 1, &mut heard),
                Ok(1),
                "readable for nothing"
            );
        }
        thread.join().unwrap();
        assert_eq!(from(0, &heard), [0, 1]);
        assert!(!descriptor.is_readable());
    });
}

#[test]
fn the_descriptor_says_whether_events_wait_when_all_is_still() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let descriptor = client.descriptor();
        let thread = sends_two(&publisher);
        let mut heard = Vec::new();
        let _ = client.pump(AT_ONCE, 0, &mut heard);
        thread.join().unwrap();
        assert_eq!(descriptor.is_readable(), heard.len() < 2);
        let _ = client.pump(AT_ONCE, 0, &mut heard);
        assert_eq!(from(0, &heard), [0, 1]);
        assert!(!descriptor.is_readable());
    });
}

#[test]
fn an_event_taken_before_its_waker_is_woken_leaves_nothing_readable() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let descriptor = client.descriptor();
        let sending = publisher.clone();
        let thread = spawn(move || sending.publish((0, 0)));
        // Not told to come.
        let mut heard = Vec::new();
        let _ = client.pump(AT_ONCE, 0, &mut heard);
        thread.join().unwrap();
        assert_eq!(descriptor.is_readable(), heard.is_empty());
    });
}

#[test]
fn the_descriptor_is_readable_until_the_end_is_told() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let descriptor = client.descriptor();
        let thread = spawn(move || publisher.publish((0, 0)));
        let mut heard = Vec::new();
        let end = loop {
            descriptor.wait();
            match client.pump(AT_ONCE, 0, &mut heard) {
                Ok(count) => assert!(count > 0, "readable for nothing"),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!((end, heard), (Refusal::Ended, vec![(0, 0)]));
        assert!(!descriptor.is_readable());
        thread.join().unwrap();
    });
}

#[test]
fn the_wakeup_handler_is_called_until_nothing_waits() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let wakeup = Wakeup::default();
        let poked = Arc::<Level>::default();
        let poke = Arc::clone(&poked);
        let task = client.set_wakeup(&wakeup, move || poke.set());
        let thread = sends_two(&publisher);
        let mut heard = Vec::new();
        while heard.len() < 2 {
            poked.take();
            // It leaves one behind if both are there.
            let _ = client.pump(AT_ONCE, 1, &mut heard);
        }
        assert_eq!(from(0, &heard), [0, 1]);
        thread.join().unwrap();
        assert!(wakeup.set(&client.signal, None).is_none());
        task.join().unwrap();
    });
}

#[test]
fn a_wakeup_handler_that_replaces_another_is_told() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let wakeup = Wakeup::default();
        let replaced = Arc::new(AtomicBool::new(false));
        let gone = Arc::clone(&replaced);
        let first = client.set_wakeup(&wakeup, move || {
            assert!(
                !gone.load(Ordering::Acquire),
                "called after it was replaced"
            );
        });
        let thread = spawn(move || {
            publisher.publish((0, 0));
            publisher
        });
        let poked = Arc::<Level>::default();
        let poke = Arc::clone(&poked);
        let second = client.set_wakeup(&wakeup, move || poke.set());
        replaced.store(true, Ordering::Release);
        poked.take();
        assert!(wakeup.set(&client.signal, None).is_none());
        for one in [first, second] {
            one.join().unwrap();
        }
        thread.join().unwrap();
    });
}

#[test]
fn of_two_wakeup_handlers_set_at_once_the_one_kept_is_told() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let wakeup = Arc::new(Wakeup::default());
        let poked = Arc::<Level>::default();
        let set = {
            let (client, wakeup) = (Arc::clone(&client), Arc::clone(&wakeup));
            let poke = Arc::clone(&poked);
            move || client.set_wakeup(&wakeup, move || poke.set())
        };
        let other = spawn(set.clone());
        let tasks = [set(), other.join().unwrap()];
        publisher.publish((0, 0));
        poked.take();
        assert!(wakeup.set(&client.signal, None).is_none());
        for one in tasks {
            one.join().unwrap();
        }
    });
}

#[test]
fn an_interrupt_ends_one_wait_and_no_event_is_lost() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let interrupting = Arc::clone(&client);
        let threads = [
            spawn(move || interrupting.signal.interrupt()),
            spawn(move || {
                publisher.publish((0, 0));
                // It stays: its end would wake the pump too.
                std::mem::forget(publisher);
            }),
        ];
        let mut heard = Vec::new();
        let mut counts = [
            client.pump(None, 0, &mut heard),
            client.pump(None, 0, &mut heard),
        ];
        counts.sort_by_key(|count| count.unwrap());
        assert_eq!(counts, [Ok(0), Ok(1)]);
        assert_eq!(client.pump(AT_ONCE, 0, &mut heard), Ok(0));
        threads.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn closing_ends_the_pump_and_lets_publishers_go() {
    model(|| {
        let publisher = publisher(1);
        let client = Client::new(subscribe(&publisher));
        let drained = Arc::new(AtomicBool::new(false));
        let pumping = {
            let (client, drained) = (Arc::clone(&client), Arc::clone(&drained));
            spawn(move || {
                let hear = |_| assert!(!drained.load(Ordering::Acquire), "called after the end");
                let end = loop {
                    if let Err(refusal) = client.pump_into(None, 1, hear) {
                        break refusal;
                    }
                };
                assert_eq!(end, Refusal::Closed);
            })
        };
        let sending = spawn(move || {
            for number in 0..2 {
                wait_for_room(&publisher);
                publisher.publish((0, number));
            }
            publisher
        });
        client.intake.close();
        client.intake.drain();
        drained.store(true, Ordering::Release);
        drop(sending.join().unwrap());
        pumping.join().unwrap();
    });
}

#[test]
fn of_two_pumps_at_once_one_is_refused() {
    model(|| {
        let publisher = publisher(9);
        let client = Client::new(subscribe(&publisher));
        let other = Arc::clone(&client);
        publisher.publish((0, 0));
        let sending = spawn(move || {
            publisher.publish((0, 1));
            publisher
        });
        let pumping = spawn(move || {
            let mut heard = Vec::new();
            let said = other.pump(AT_ONCE, 1, &mut heard);
            (said, heard)
        });
        let mut heard = Vec::new();
        let said = client.pump(AT_ONCE, 1, &mut heard);
        let (theirs, mut all) = pumping.join().unwrap();
        assert!(said.is_ok() || theirs.is_ok());
        let publisher = sending.join().unwrap();
        all.append(&mut heard);
        let _ = client.pump(AT_ONCE, 0, &mut all);
        all.sort_unstable();
        assert_eq!(from(0, &all), [0, 1]);
        drop(publisher);
    });
}
