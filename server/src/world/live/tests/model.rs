//! Followers against a naive model: each sees every change behind the one that it knows exactly once and in order, whatever
//! others do meanwhile, and however the store's thread puts it together.

mod placed;
mod real;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use self::real::Real;
use super::*;
use crate::store::Edit;

const PEOPLE: usize = 3;

/// The last person has two.
const CONNECTIONS: usize = 4;

/// Changes that are handed over, at most.
const LIMIT: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Leave(usize),
    Sit(usize),
    Rise(usize),
    /// So many changes are known to be missing.
    Follow(usize, i64),
    Unfollow(usize),
    Post(usize),
    Edit(usize, Index),
    Delete(usize, Index),
    React(usize, Index, bool),
    /// What was asked for so far is one transaction.
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PEOPLE;
    let connection = || 0..CONNECTIONS;
    let seq = any::<Index>;
    let step = prop_oneof![
        2 => who().prop_map(Step::Join),
        1 => who().prop_map(Step::Leave),
        2 => connection().prop_map(Step::Sit),
        1 => connection().prop_map(Step::Rise),
        5 => (connection(), -1_i64..12).prop_map(|(who, back)| Step::Follow(who, back)),
        1 => connection().prop_map(Step::Unfollow),
        8 => who().prop_map(Step::Post),
        3 => (who(), seq()).prop_map(|(who, seq)| Step::Edit(who, seq)),
        1 => (who(), seq()).prop_map(|(who, seq)| Step::Delete(who, seq)),
        3 => (who(), seq(), any::<bool>()).prop_map(|(who, seq, on)| Step::React(who, seq, on)),
        5 => Just(Step::Commit),
    ];
    // Everybody begins in the room, with a connection.
    let begin = (0..PEOPLE)
        .map(Step::Join)
        .chain((0..CONNECTIONS).map(Step::Sit))
        .collect::<Vec<_>>();
    proptest::collection::vec(step, 0..80).prop_map(move |steps| [begin.clone(), steps].concat())
}

/// What ought to be.
#[derive(Default)]
struct Model {
    last_seq: i64,
    last_change: i64,
    /// The newest change of each message that is not deleted, by sequence; none if it is.
    messages: BTreeMap<i64, (i64, bool)>,
    reactions: BTreeMap<(i64, usize), (i64, bool)>,
    people: [Person; PEOPLE],
    connections: [Connection; CONNECTIONS],
}

#[derive(Clone, Copy, Default)]
struct Person {
    is_in: bool,
    subscribed: bool,
    since: i64,
}

#[derive(Default)]
struct Connection {
    sits: bool,
    /// The first sequence whose changes are told, while it follows.
    follows: Option<i64>,
    expected: String,
}

/// Whose connection it is.
fn owner(connection: usize) -> usize {
    connection.min(PEOPLE - 1)
}

impl Model {
    fn tell(&mut self, connection: usize, text: &str) {
        let connection = &mut self.connections[connection];
        if connection.sits {
            connection.expected.push_str(text);
        }
    }

    fn connections_of(who: usize) -> impl Iterator<Item = usize> {
        (0..CONNECTIONS).filter(move |connection| owner(*connection) == who)
    }

    fn change(&mut self) -> i64 {
        self.last_change += 1;
        self.last_change
    }

    /// A change of a message is told to those who follow.
    fn told(&mut self, change: i64, seq: i64) {
        for connection in 0..CONNECTIONS {
            let follows = self.connections[connection].follows;
            if follows.is_some_and(|since| since <= seq) {
                self.tell(connection, &format!("{change} "));
            }
        }
    }

    fn is_live(&self, seq: i64) -> bool {
        self.messages.get(&seq).is_some_and(|(_, live)| *live)
    }

    fn follow(&mut self, connection: usize, since: i64) {
        let person = &mut self.people[owner(connection)];
        if !person.is_in {
            self.tell(connection, "refused ");
            return;
        }
        person.subscribed = true;
        let first = person.since;
        let messages = self
            .messages
            .iter()
            .map(|(seq, (change, _))| (*change, *seq));
        let reactions = self
            .reactions
            .iter()
            .map(|((seq, _), (change, _))| (*change, *seq));
        let mut changes: Vec<(i64, i64)> = messages
            .chain(reactions)
            .filter(|(change, _)| *change > since)
            .collect();
        changes.sort_unstable();
        if changes.len() > LIMIT || since > self.last_change {
            self.tell(connection, "gap ");
        } else {
            self.tell(connection, "ok ");
            for (change, seq) in changes {
                if seq >= first {
                    self.tell(connection, &format!("{change} "));
                }
            }
        }
        self.connections[connection].follows = Some(first);
    }
}

/// Does a step in both worlds.
fn step(model: &mut Model, real: &mut Real, step: &Step, chosen: bool) {
    match step {
        Step::Join(who) => {
            real.join(*who);
            let last = model.last_seq;
            let person = &mut model.people[*who];
            if person.is_in {
                return;
            }
            person.is_in = true;
            person.since = if chosen { 1 } else { last + 1 };
            person.subscribed = !chosen;
            let follows = person.subscribed.then_some(person.since);
            for connection in Model::connections_of(*who) {
                model.connections[connection].follows = follows;
            }
        }
        Step::Leave(who) => {
            real.leave(*who);
            model.people[*who].is_in = false;
            model.people[*who].subscribed = false;
            for connection in Model::connections_of(*who) {
                model.connections[connection].follows = None;
            }
        }
        Step::Sit(connection) => {
            if !model.connections[*connection].sits {
                real.sit(*connection);
                let person = model.people[owner(*connection)];
                model.connections[*connection] = Connection {
                    sits: true,
                    follows: person.subscribed.then_some(person.since),
                    expected: String::new(),
                };
            }
        }
        Step::Rise(connection) => {
            real.commit();
            compare(model, real);
            real.rise(*connection);
            model.connections[*connection] = Connection::default();
        }
        Step::Follow(connection, back) => {
            if model.connections[*connection].sits {
                let since = (model.last_change - back).max(0);
                real.follow(*connection, since);
                model.follow(*connection, since);
            }
        }
        Step::Unfollow(connection) => {
            if model.connections[*connection].sits {
                real.unfollow(*connection);
                model.tell(*connection, "done ");
                model.people[owner(*connection)].subscribed = false;
                model.connections[*connection].follows = None;
            }
        }
        Step::Commit => {
            real.commit();
            compare(model, real);
        }
        said => speak(model, real, said),
    }
}

/// The steps that make changes.
fn speak(model: &mut Model, real: &mut Real, step: &Step) {
    // Also one that is not there.
    let seq = |model: &Model, index: &Index| {
        i64::try_from(index.index(usize::try_from(model.last_seq).unwrap() + 1)).unwrap()
    };
    match step {
        Step::Post(who) => {
            real.post(*who);
            if !model.people[*who].is_in {
                return;
            }
            model.last_seq += 1;
            let (seq, change) = (model.last_seq, model.change());
            model.messages.insert(seq, (change, true));
            model.tell(*who, &format!("said {seq} "));
            for connection in 0..CONNECTIONS {
                if model.connections[connection].follows.is_some() {
                    let own = if owner(connection) == *who {
                        "own "
                    } else {
                        ""
                    };
                    model.tell(connection, &format!("{own}{change} "));
                }
            }
        }
        Step::Edit(who, index) | Step::Delete(who, index) => {
            let seq = seq(model, index);
            let live = matches!(step, Step::Edit(..));
            let edit = if live {
                Edit::Text("new".to_owned())
            } else {
                Edit::Delete
            };
            real.edit(*who, seq, edit);
            if !model.is_live(seq) {
                model.tell(*who, "refused ");
                return;
            }
            let change = model.change();
            model.messages.insert(seq, (change, live));
            if !live {
                model.reactions.retain(|(of, _), _| *of != seq);
            }
            model.tell(*who, "edited ");
            model.told(change, seq);
        }
        Step::React(who, index, on) => {
            let seq = seq(model, index);
            real.react(*who, seq, *on);
            if !model.is_live(seq) {
                model.tell(*who, "refused ");
                return;
            }
            model.tell(*who, "reacted ");
            let given = model.reactions.get(&(seq, *who));
            if given.is_some_and(|(_, given)| *given) != *on {
                let change = model.change();
                model.reactions.insert((seq, *who), (change, *on));
                model.told(change, seq);
            }
        }
        other => unreachable!("{other:?} says nothing"),
    }
}

fn compare(model: &mut Model, real: &Real) {
    for (number, connection) in model.connections.iter_mut().enumerate() {
        let expected = std::mem::take(&mut connection.expected);
        if let Some(receiver) = &real.receivers[number] {
            assert_eq!(heard(receiver), expected, "connection {number}");
        }
    }
}

fn run(kind: RoomKind, steps: &[Step]) {
    let mut real = Real::new(kind);
    let mut model = Model::default();
    for next in steps {
        step(&mut model, &mut real, next, kind == RoomKind::Circle);
    }
    step(&mut model, &mut real, &Step::Commit, false);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn followers_of_a_stream_see_each_change_once(steps in steps()) {
        run(RoomKind::Circle, &steps);
    }

    #[test]
    fn followers_of_a_group_see_each_change_once(steps in steps()) {
        run(RoomKind::Group, &steps);
    }
}
