//! Nothing is lost, doubled or overtaken on its way through a queue, and nobody waits for ever at either end.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom::future::block_on;
use loom::sync::atomic::AtomicBool;
use loom::thread::spawn;

use super::commands::commands;
use super::{
    Letter, Mailbox, OVERRUN, Publisher, Receiver, from, merge, publisher, subscribe, wait_for_room,
};
use crate::model;

fn next(receiver: &mut Receiver<Letter>) -> Option<Letter> {
    block_on(poll_fn(|cx| receiver.poll_recv(cx)))
}

fn all(mut receiver: Receiver<Letter>) -> Vec<Letter> {
    std::iter::from_fn(|| next(&mut receiver)).collect()
}

/// A thread that sends so many, waiting for room before each, and then goes.
fn sends(publisher: Publisher<Letter>, sender: u8, count: u8) -> loom::thread::JoinHandle<()> {
    spawn(move || {
        for number in 0..count {
            wait_for_room(&publisher);
            publisher.publish((sender, number));
        }
    })
}

#[test]
fn what_two_publishers_send_arrives_in_order_and_then_the_end() {
    model(|| {
        let (a, b) = (publisher(9), publisher(9));
        let (_, receiver) = merge(&[&a, &b]);
        let threads = [sends(a, 0, 2), sends(b, 1, 2)];
        let heard = all(receiver);
        assert_eq!(heard.len(), 4, "{heard:?}");
        assert_eq!(from(0, &heard), [0, 1]);
        assert_eq!(from(1, &heard), [0, 1]);
        threads.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn who_waits_is_woken_for_what_comes() {
    model(|| {
        let publisher = publisher(9);
        let mut receiver = subscribe(&publisher);
        // It is kept: its end would wake the receiver too.
        let thread = sends(publisher.clone(), 0, 2);
        assert_eq!(next(&mut receiver), Some((0, 0)));
        assert_eq!(next(&mut receiver), Some((0, 1)));
        thread.join().unwrap();
    });
}

#[test]
fn one_publisher_from_two_threads_loses_nothing() {
    model(|| {
        let publisher = publisher(9);
        let receivers = [subscribe(&publisher), subscribe(&publisher)];
        let threads = [sends(publisher.clone(), 0, 2), sends(publisher, 1, 1)];
        let [first, second] = receivers.map(all);
        assert_eq!(first, second, "all hear the same");
        assert_eq!(from(0, &first), [0, 1]);
        assert_eq!(from(1, &first), [0]);
        threads.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn many_are_taken_at_once_and_none_is_left() {
    model(|| {
        let publisher = publisher(2);
        let mut receiver = subscribe(&publisher);
        let thread = sends(publisher, 0, 4);
        let mut heard = Vec::new();
        while let Some(some) = block_on(poll_fn(|cx| receiver.poll_recv_many(cx, 9, usize::MAX))) {
            assert!(!some.is_empty());
            heard.extend(some.into_iter().map(|one| one.item));
        }
        assert_eq!(from(0, &heard), [0, 1, 2, 3]);
        thread.join().unwrap();
    });
}

#[test]
fn who_waits_for_room_is_woken_when_it_comes() {
    model(|| {
        let publisher = publisher(2);
        let mut receiver = subscribe(&publisher);
        let thread = sends(publisher, 0, 4);
        let mut heard = Vec::new();
        while let Some(letter) = next(&mut receiver) {
            heard.push(letter);
            assert!(receiver.waiting() <= 2, "the bound");
        }
        assert_eq!(from(0, &heard), [0, 1, 2, 3]);
        thread.join().unwrap();
    });
}

#[test]
fn room_is_there_when_the_last_of_two_full_queues_has_it() {
    model(|| {
        let publisher = publisher(1);
        let [mut one, mut other] = [subscribe(&publisher), subscribe(&publisher)];
        publisher.publish((0, 0));
        let threads = [
            spawn(move || {
                assert_eq!(one.try_recv(), Some((0, 0)));
                one
            }),
            spawn(move || {
                assert_eq!(other.try_recv(), Some((0, 0)));
                other
            }),
        ];
        wait_for_room(&publisher);
        let receivers = threads.map(|one| one.join().unwrap());
        publisher.publish((0, 1));
        drop(publisher);
        for receiver in receivers {
            assert_eq!(all(receiver), [(0, 1)]);
        }
    });
}

#[test]
fn a_receiver_that_goes_lets_who_waits_for_room_end() {
    model(|| {
        let publisher = publisher(1);
        let receiver = subscribe(&publisher);
        let thread = sends(publisher, 0, 2);
        drop(receiver);
        thread.join().unwrap();
    });
}

#[test]
fn who_subscribes_meanwhile_hears_all_from_then_on_and_the_end() {
    model(|| {
        let publisher = publisher(9);
        let late = publisher.clone();
        let thread = sends(publisher, 0, 2);
        let receiver = subscribe(&late);
        drop(late);
        let heard = from(0, &all(receiver));
        assert!([0, 1].ends_with(&heard), "{heard:?}");
        thread.join().unwrap();
    });
}

#[test]
fn a_mailbox_that_is_sealed_ends() {
    model(|| {
        let mailbox = Mailbox::open();
        let receiver = Receiver::new(&mailbox);
        let publisher = publisher(9);
        publisher.attach(&mailbox);
        let threads = [sends(publisher, 0, 1), spawn(move || mailbox.seal())];
        assert_eq!(all(receiver), [(0, 0)]);
        threads.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn a_receiver_that_goes_meanwhile_is_not_joined() {
    model(|| {
        let mailbox = Mailbox::open();
        let receiver = Receiver::new(&mailbox);
        let thread = spawn(move || drop(receiver));
        let publisher = publisher(1);
        publisher.attach(&mailbox);
        sends(publisher, 0, 2).join().unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn a_subscriber_is_cut_off_unless_it_has_taken_something() {
    model(|| {
        let publisher = publisher(4);
        let mut stalled = subscribe(&publisher);
        (0..4).for_each(|number| publisher.publish((0, number)));
        let _patient = subscribe(&publisher);
        let marks = publisher.full_lanes();
        let has_taken = Arc::new(AtomicBool::new(false));
        let takes = Arc::clone(&has_taken);
        let thread = spawn(move || {
            let first = stalled.try_recv();
            takes.store(true, Ordering::Release);
            (first, stalled)
        });
        let is_spared = has_taken.load(Ordering::Acquire);
        publisher.cut_stalled(&marks);
        let (first, stalled) = thread.join().unwrap();
        drop(publisher);
        assert_eq!(first, Some((0, 0)));
        let mut rest = from(0, &all(stalled));
        if rest.last() == Some(&OVERRUN) {
            assert!(!is_spared, "it was cut off though it took something");
            rest.pop();
        }
        assert_eq!(rest, [1, 2, 3]);
    });
}

#[test]
fn cutting_off_a_subscriber_makes_room() {
    model(|| {
        let publisher = publisher(1);
        let stalled = subscribe(&publisher);
        publisher.publish((0, 0));
        let patient = subscribe(&publisher);
        let marks = publisher.full_lanes();
        let thread = sends(publisher.clone(), 0, 1);
        publisher.cut_stalled(&marks);
        drop(publisher);
        thread.join().unwrap();
        assert_eq!(all(stalled), [(0, 0), (0, OVERRUN)]);
        assert_eq!(all(patient), [(0, 0)]);
    });
}

#[test]
fn what_is_urgent_is_seen_while_it_waits() {
    model(|| {
        let publisher = publisher(9);
        let mut receiver = subscribe(&publisher);
        let sending = publisher.clone();
        let thread = sends(sending, 0, 2);
        let urgent = poll_fn(|cx| receiver.poll_urgent(cx, |letter| letter.1 == 1));
        assert_eq!(block_on(urgent), 2);
        thread.join().unwrap();
        assert_eq!(receiver.try_recv_many(9).len(), 2);
    });
}

#[test]
fn commands_arrive_in_order_and_then_the_end() {
    model(|| {
        let (sender, mut receiver) = commands();
        let thread = spawn(move || {
            for command in 0..3 {
                sender.send(command).unwrap();
            }
            sender
        });
        for command in 0..3 {
            assert_eq!(block_on(receiver.recv()), Some(command));
        }
        let sender = thread.join().unwrap();
        let thread = spawn(move || drop(sender));
        assert_eq!(block_on(receiver.recv()), None);
        thread.join().unwrap();
    });
}

#[test]
fn commands_that_nobody_hears_are_given_back_or_dropped() {
    model(|| {
        let (sender, receiver) = commands();
        let command = Arc::new(());
        let thread = spawn(move || drop(receiver));
        let sent = sender.send(Arc::clone(&command));
        thread.join().unwrap();
        assert!(sender.is_closed());
        drop(sent);
        assert_eq!(Arc::strong_count(&command), 1);
    });
}
