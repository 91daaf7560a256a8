//! Marks, unread messages and what may be seen, against a model that has a row per message and receiver and counts them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use kaiwa_server::store::{Repeat, Role, RoomId, Transaction, UserId};
use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};

use crate::site::{Site, at, said};

const PEOPLE: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Post(usize),
    Join(usize),
    Leave(usize),
    Read(usize, i64),
    ReadTo(usize, i64),
    Deliver(usize, i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PEOPLE;
    let seq = || -1..16_i64;
    let step = prop_oneof![
        6 => who().prop_map(Step::Post),
        1 => who().prop_map(Step::Join),
        1 => who().prop_map(Step::Leave),
        4 => (who(), seq()).prop_map(|(who, seq)| Step::Read(who, seq)),
        1 => (who(), seq()).prop_map(|(who, seq)| Step::ReadTo(who, seq)),
        1 => (who(), seq()).prop_map(|(who, seq)| Step::Deliver(who, seq)),
    ];
    vec(step, 1..80)
}

/// Each person's inbox of the room: whether the message of a sequence is read.
#[derive(Default)]
struct Model {
    last: i64,
    people: [Person; PEOPLE],
}

#[derive(Default)]
struct Person {
    is_in: bool,
    inbox: BTreeMap<i64, bool>,
    /// What they have seen, now and earlier.
    seen: Vec<i64>,
    /// The room's last message when they came.
    came: i64,
    delivered: i64,
}

impl Model {
    fn post(&mut self, sender: usize) {
        self.last += 1;
        for (number, person) in self.people.iter_mut().enumerate() {
            if person.is_in {
                person.inbox.insert(self.last, number == sender);
                person.seen.push(self.last);
                if number == sender && person.delivered == self.last - 1 {
                    person.delivered = self.last;
                }
            }
        }
    }

    fn join(&mut self, who: usize) {
        let last = self.last;
        let person = &mut self.people[who];
        if !person.is_in {
            person.is_in = true;
            person.inbox.clear();
            person.came = last;
            person.delivered = last;
        }
    }

    fn read(&mut self, who: usize, seqs: impl Fn(i64) -> bool) {
        let person = &mut self.people[who];
        for (seq, read) in &mut person.inbox {
            *read |= seqs(*seq);
        }
    }

    fn deliver(&mut self, who: usize, seq: i64) {
        let person = &mut self.people[who];
        person.delivered = person.delivered.max(seq.min(self.last));
    }
}

impl Person {
    /// Read mark, delivered mark, unread messages.
    fn standing(&self, last: i64) -> (i64, i64, i64) {
        let unread: Vec<i64> = self
            .inbox
            .iter()
            .filter(|(_, read)| !**read)
            .map(|(seq, _)| *seq)
            .collect();
        let read = unread.first().map_or(last, |first| first - 1);
        (
            read.max(self.came),
            self.delivered.max(read),
            i64::try_from(unread.len()).unwrap(),
        )
    }
}

pub(crate) fn a_group_counts_like_its_inbox(site: &mut Site) {
    run(site, |site| {
        let room = site.group(&[]);
        (room, room)
    });
}

pub(crate) fn a_stream_counts_like_its_inbox(site: &mut Site) {
    run(site, |site| {
        let circle = site.circle(&[]);
        let stream = site.stream(circle, "talk");
        (circle, stream)
    });
}

/// `make` gives the room that one joins and the one in which one speaks.
fn run(site: &mut Site, make: fn(&mut Site) -> (RoomId, RoomId)) {
    let people: [UserId; PEOPLE] = site.accounts();
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    let site = RefCell::new(site);
    TestRunner::new(config)
        .run(&steps(), |steps| {
            let mut site = site.borrow_mut();
            let (joined, room) = make(&mut site);
            let mut model = Model::default();
            site.change(|store| {
                for step in steps {
                    apply(store, &mut model, &step, joined, room, &people);
                    compare(store, &model, room, &people);
                }
            });
            for (number, user) in people.iter().enumerate() {
                let person = &model.people[number];
                let expected = person.is_in.then(|| person.standing(model.last));
                assert_eq!(site.standing(room, *user), expected, "committed");
            }
            Ok(())
        })
        .unwrap();
}

fn apply(
    store: &mut dyn Transaction,
    model: &mut Model,
    step: &Step,
    joined: RoomId,
    room: RoomId,
    people: &[UserId; PEOPLE],
) {
    match *step {
        Step::Post(who) => {
            let posted = store.post(&said(room, people[who], "hm"), Repeat::Another);
            assert_eq!(posted.is_ok(), model.people[who].is_in);
            if posted.is_ok() {
                model.post(who);
            }
        }
        Step::Join(who) => {
            let member = [(people[who], Role::Member)];
            let new = store.add_members(joined, &member, at(2)).unwrap();
            assert_eq!(new.is_empty(), model.people[who].is_in);
            model.join(who);
        }
        Step::Leave(who) => {
            let gone = store.remove_members(joined, &[people[who]]).unwrap();
            assert_eq!(gone.is_empty(), !model.people[who].is_in);
            model.people[who].is_in = false;
        }
        Step::Read(who, seq) => {
            let marked = store.mark_read(room, people[who], seq);
            assert_eq!(marked.is_ok(), model.people[who].is_in);
            if let Ok(mark) = marked {
                if (1..=model.last).contains(&seq) {
                    model.read(who, |known| known == seq);
                    model.deliver(who, seq);
                }
                assert_eq!(mark, model.people[who].standing(model.last).0);
            }
        }
        Step::ReadTo(who, seq) => {
            let marked = store.mark_read_to(room, people[who], seq);
            assert_eq!(marked.is_ok(), model.people[who].is_in);
            if let Ok(mark) = marked {
                model.read(who, |known| known <= seq);
                assert_eq!(mark, model.people[who].standing(model.last).0);
            }
        }
        Step::Deliver(who, seq) => {
            let marked = store.mark_delivered(room, people[who], seq);
            assert_eq!(marked.is_ok(), model.people[who].is_in);
            if marked.is_ok() {
                model.deliver(who, seq);
            }
        }
    }
}

fn compare(store: &mut dyn Transaction, model: &Model, room: RoomId, people: &[UserId; PEOPLE]) {
    for (number, user) in people.iter().enumerate() {
        let person = &model.people[number];
        let found = store.membership(room, *user).unwrap();
        let found = found.map(|found| (found.read, found.delivered, found.unread));
        assert_eq!(found, person.is_in.then(|| person.standing(model.last)));
        let spans = store.visible(room, *user).unwrap();
        let seen: Vec<i64> = spans
            .iter()
            .flat_map(|span| span.first..=span.last)
            .collect();
        assert_eq!(seen, person.seen, "what may be seen");
    }
}
