//! Following a room by its changes.

use std::collections::BTreeMap;

use kaiwa_server::store::{Change, Edit, Reaction, RoomId, StoredMessage, UserId};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};

use crate::site::{Site, at, said};
use kaiwa_server::store::Repeat;

fn changes(site: &mut Site, room: RoomId, after: i64) -> Vec<Change> {
    site.reader.changes(room, after, 1000).unwrap().unwrap()
}

/// Number and sequence of each.
fn outline(changes: &[Change]) -> Vec<(i64, i64)> {
    let number = |change: &Change| match change {
        Change::Message(message) => (message.change, message.position.seq),
        Change::Reaction { change, seq, .. } => (*change, *seq),
    };
    changes.iter().map(number).collect()
}

pub(crate) fn what_is_new_edited_and_reacted(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    assert_eq!(changes(site, room, 0), []);
    for text in ["1", "2", "3"] {
        site.say(room, ann, text);
    }
    let plus = Reaction {
        user: ann,
        emoji: "+".to_owned(),
    };
    site.change(|store| {
        store
            .edit(room, 1, &Edit::Text("one".to_owned()), at(20))
            .unwrap();
        store.react(room, 2, &plus, true).unwrap();
        store.post(&said(room, ann, "4"), Repeat::Another).unwrap();
        store.edit(room, 3, &Edit::Delete, at(21)).unwrap();
        store.react(room, 2, &plus, false).unwrap();
        store
            .edit(room, 4, &Edit::Text("four".to_owned()), at(22))
            .unwrap();
    });
    let all = [(2, 2), (4, 1), (7, 3), (8, 2), (9, 4)];
    for after in -1..=10 {
        let expected: Vec<_> = all
            .into_iter()
            .filter(|(change, _)| *change > after)
            .collect();
        let found = changes(site, room, after);
        assert_eq!(outline(&found), expected, "after {after}");
    }
    let found = changes(site, room, 7);
    let taken_back = Change::Reaction {
        change: 8,
        seq: 2,
        user: ann,
        emoji: "+".to_owned(),
        on: false,
    };
    assert_eq!(found[0], taken_back);
    let message = site.messages(room).pop().unwrap();
    assert_eq!(found[1], Change::Message(message));
    assert_eq!(changes(site, RoomId(99), 0), []);
}

pub(crate) fn too_many_are_not_told(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    for text in ["1", "2", "3"] {
        site.say(room, ann, text);
    }
    site.change(|store| store.edit(room, 1, &Edit::Delete, at(20)).unwrap());
    let mut told = |after, limit| {
        let changes = site.reader.changes(room, after, limit).unwrap();
        changes.map(|changes| changes.len())
    };
    assert_eq!(told(0, 2), None);
    assert_eq!(told(0, 3), Some(3));
    assert_eq!(told(0, usize::MAX), Some(3));
    assert_eq!(told(2, 1), None);
    assert_eq!(told(3, 1), Some(1));
    assert_eq!(told(3, 0), None);
    assert_eq!(told(4, 0), Some(0));
}

#[derive(Clone, Debug)]
enum Step {
    Post,
    Edit(usize),
    Delete(usize),
    React(usize, bool, bool),
    Follow,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Post),
        2 => (0..20_usize).prop_map(Step::Edit),
        1 => (0..20_usize).prop_map(Step::Delete),
        3 => (0..20_usize, any::<bool>(), any::<bool>()).prop_map(|(at, who, on)| Step::React(at, who, on)),
        1 => Just(Step::Follow),
    ];
    vec(step, 1..60)
}

/// What a node knows of a room that reads nothing but changes.
#[derive(Default)]
struct Replica {
    change: i64,
    messages: BTreeMap<i64, StoredMessage>,
    reactions: BTreeMap<(i64, UserId, String), (i64, bool)>,
}

impl Replica {
    fn follow(&mut self, changes: Vec<Change>) {
        for change in changes {
            let number = match change {
                Change::Message(message) => {
                    let seq = message.position.seq;
                    let number = message.change;
                    if message.deleted {
                        self.reactions.retain(|(of, ..), _| *of != seq);
                    }
                    self.messages.insert(seq, message);
                    number
                }
                Change::Reaction {
                    change,
                    seq,
                    user,
                    emoji,
                    on,
                } => {
                    self.reactions.insert((seq, user, emoji), (change, on));
                    change
                }
            };
            assert!(number > self.change, "in order");
            self.change = number;
        }
    }

    fn messages(&self) -> Vec<StoredMessage> {
        let mut messages = self.messages.clone();
        for (seq, message) in &mut messages {
            let mut given: Vec<_> = self
                .reactions
                .iter()
                .filter(|((of, ..), (_, on))| of == seq && *on)
                .map(|((_, user, emoji), (change, _))| {
                    let emoji = emoji.clone();
                    (*change, Reaction { user: *user, emoji })
                })
                .collect();
            given.sort_by_key(|(change, _)| *change);
            message.reactions = given.into_iter().map(|(_, reaction)| reaction).collect();
        }
        messages.into_values().collect()
    }
}

/// Whoever applies the changes in order, at whatever times, has what the room has.
pub(crate) fn a_replica_that_follows_has_the_room(site: &mut Site) {
    let config = Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    };
    let [ann, bob] = site.accounts();
    let site = std::cell::RefCell::new(site);
    TestRunner::new(config)
        .run(&steps(), |steps| {
            let mut site = site.borrow_mut();
            let room = site.group(&[ann, bob]);
            let mut replica = Replica::default();
            let mut live = Vec::new();
            site.change(|store| {
                for step in steps {
                    let pick = |live: &[i64], at: usize| live.get(at % live.len().max(1)).copied();
                    match step {
                        Step::Post => {
                            let message = said(room, ann, "hm");
                            let posted = store.post(&message, Repeat::Another).unwrap();
                            live.push(posted.position.seq);
                        }
                        Step::Edit(at_) => {
                            if let Some(seq) = pick(&live, at_) {
                                let edit = Edit::Text(format!("{at_}"));
                                store.edit(room, seq, &edit, at(20)).unwrap();
                            }
                        }
                        Step::Delete(at_) => {
                            if let Some(seq) = pick(&live, at_) {
                                store.edit(room, seq, &Edit::Delete, at(20)).unwrap();
                                live.retain(|known| *known != seq);
                            }
                        }
                        Step::React(at_, who, on) => {
                            if let Some(seq) = pick(&live, at_) {
                                let user = if who { ann } else { bob };
                                let emoji = "+".to_owned();
                                store
                                    .react(room, seq, &Reaction { user, emoji }, on)
                                    .unwrap();
                            }
                        }
                        Step::Follow => {
                            let changes = store.changes(room, replica.change, 1000).unwrap();
                            replica.follow(changes.unwrap());
                            let messages = store.messages(room, 1, 1000).unwrap();
                            assert_eq!(replica.messages(), messages);
                        }
                    }
                }
            });
            let mut follow = changes(&mut site, room, replica.change);
            replica.follow(std::mem::take(&mut follow));
            assert_eq!(replica.messages(), site.messages(room));
            let known = site.reader.room(room).unwrap().unwrap();
            if known.last_change > 0 {
                assert!(replica.change <= known.last_change);
            }
            Ok(())
        })
        .unwrap();
}
