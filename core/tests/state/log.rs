//! The message log: its order by example, and everything against a plain vector.

use chrono::{DateTime, Utc};
use kaiwa_core::client::{MESSAGE_BYTES_PER_CHANNEL, MESSAGES_PER_CHANNEL, MessageLog};
use kaiwa_core::{Id, Message, MessageStatus};
use proptest::prelude::*;

use super::message;

fn echo(id: &str, second: i64) -> Message {
    Message {
        status: MessageStatus::Sent,
        ..message(id, second)
    }
}

fn ids(log: &MessageLog) -> Vec<&str> {
    log.iter()
        .map(|message| message.id.as_deref().unwrap_or("-"))
        .collect()
}

fn live(messages: &[Message]) -> MessageLog {
    let mut log = MessageLog::new();
    for message in messages {
        log.push(message.clone());
    }
    log
}

#[test]
fn live_messages_stand_last_whatever_their_clock_says() {
    let log = live(&[message("a", 10), message("b", 5), message("c", 7)]);
    assert_eq!(ids(&log), ["a", "b", "c"]);
    assert_eq!(log.first(), Some(&message("a", 10)));
    assert_eq!(log.last(), Some(&message("c", 7)));
    assert_eq!(log.len(), 3);
}

#[test]
fn a_local_clock_does_not_move_time_on() {
    let mut log = live(&[message("a", 10), echo("local:1", 99_999)]);
    log.insert_history(&[message("missed", 12)]);
    log.push(message("b", 13));
    assert_eq!(ids(&log), ["a", "local:1", "missed", "b"]);
}

#[test]
fn an_update_stays_in_place_when_the_id_changes() {
    let mut log = live(&[message("a", 10), echo("local:1", 11), message("b", 12)]);
    assert!(log.update("local:1", message("77", 20)));
    assert_eq!(ids(&log), ["a", "77", "b"]);
    assert_eq!(log.get("local:1"), None);
    assert_eq!(log.get("77"), Some(&message("77", 20)));
    assert!(!log.update("local:1", message("78", 20)));
    assert!(log.remove("77"));
    assert!(!log.remove("77"));
    assert_eq!(ids(&log), ["a", "b"]);
}

#[test]
fn an_update_without_an_id_keeps_it() {
    let mut log = live(&[message("a", 10)]);
    let edited = Message {
        id: None,
        ..message("edited", 10)
    };
    assert!(log.update("a", edited));
    assert_eq!(log.get("a").unwrap().plain_text(), "text of edited");
}

#[test]
fn no_id_is_there_twice() {
    let mut log = live(&[message("a", 1), message("b", 2), message("a", 3)]);
    assert_eq!(log.to_vec(), [message("a", 3), message("b", 2)]);
    log.insert_history(&[message("b", 0), message("c", 0), message("c", 0)]);
    assert_eq!(log.len(), 3);
    log.push(echo("local:1", 4));
    assert!(log.update("local:1", message("a", 5)));
    assert_eq!(ids(&log), ["c", "b", "a"]);
}

#[test]
fn messages_without_an_id_are_kept_but_not_addressed() {
    let nameless = Message {
        id: None,
        ..message("", 1)
    };
    let mut log = live(&[nameless.clone(), nameless.clone()]);
    assert_eq!(log.len(), 2);
    assert_eq!(log.get(""), None);
    assert!(!log.remove(""));
    log.push(message("", 2));
    assert_eq!(log.get(""), Some(&message("", 2)));
    assert!(log.remove(""));
    assert_eq!(log.to_vec(), [nameless.clone(), nameless]);
}

#[test]
fn history_stands_where_its_time_belongs() {
    let mut log = live(&[message("a", 10), message("b", 20)]);
    log.insert_history(&[message("x", 5), message("y", 15), message("z", 25)]);
    assert_eq!(ids(&log), ["x", "a", "y", "b", "z"]);
}

#[test]
fn pages_of_history_meet_within_one_second() {
    let mut log = live(&[message("c", 10)]);
    log.insert_history(&[message("a", 9), message("b", 10)]);
    assert_eq!(ids(&log), ["a", "b", "c"], "backwards");
    log.insert_history(&[message("d", 10), message("e", 11)]);
    assert_eq!(ids(&log), ["a", "b", "c", "d", "e"], "forwards");
    log.insert_history(&[message("y", 8), message("z", 9)]);
    assert_eq!(ids(&log), ["y", "z", "a", "b", "c", "d", "e"], "backwards");
}

#[test]
fn a_full_log_loses_the_oldest_and_takes_nothing_older() {
    let full: Vec<Message> = (0..MESSAGES_PER_CHANNEL)
        .map(|n| message(&n.to_string(), 100 + i64::try_from(n).unwrap()))
        .collect();
    let mut log = live(&full);
    log.insert_history(&[message("older", 50)]);
    assert_eq!(log, live(&full));
    log.insert_history(&[message("between", 101)]);
    assert_eq!(log.len(), MESSAGES_PER_CHANNEL);
    assert_eq!(ids(&log)[..3], ["1", "between", "2"]);
    log.push(message("new", 0));
    assert_eq!(log.len(), MESSAGES_PER_CHANNEL);
    assert_eq!(log.first().unwrap().id.as_deref(), Some("between"));
    assert_eq!(log.last().unwrap().id.as_deref(), Some("new"));
    assert!(!log.update("1", message("1", 0)), "evicted");
    assert_eq!(log.get("1"), None);
}

#[test]
fn huge_messages_do_not_add_up() {
    const HUGE: usize = 1024 * 1024;
    let huge = |id: &str, bytes: usize| Message {
        content: vec![kaiwa_core::MessageFragment::Text("x".repeat(bytes))],
        ..message(id, 1)
    };
    let mut log = MessageLog::new();
    for n in 0..10 {
        log.push(huge(&n.to_string(), HUGE));
        let kept: usize = log.iter().map(|message| message.plain_text().len()).sum();
        assert!(kept <= MESSAGE_BYTES_PER_CHANNEL);
    }
    assert_eq!(ids(&log), ["7", "8", "9"]);
    log.push(huge("alone", 2 * MESSAGE_BYTES_PER_CHANNEL));
    assert_eq!(ids(&log), ["alone"]);
    log.push(message("next", 1));
    assert_eq!(ids(&log), ["next"]);
}

/// The same rules on a plain vector, as slow as it pleases.
#[derive(Clone, Default)]
struct Model {
    kept: Vec<Kept>,
    batches: usize,
}

#[derive(Clone)]
struct Kept {
    time: DateTime<Utc>,
    batch: usize,
    message: Message,
}

impl Model {
    fn find(&self, id: Option<&str>) -> Option<usize> {
        let id = id?;
        self.kept
            .iter()
            .position(|kept| kept.message.id.as_deref() == Some(id))
    }

    fn push(&mut self, message: Message) {
        if let Some(at) = self.find(message.id.as_deref()) {
            self.kept[at].message = message;
            return;
        }
        let time = match self.kept.last() {
            None => message.timestamp,
            Some(last) if message.status == MessageStatus::Sent => last.time,
            Some(last) => message.timestamp.max(last.time),
        };
        self.kept.push(Kept {
            time,
            batch: 0,
            message,
        });
        self.evict();
    }

    fn insert_history(&mut self, messages: &[Message]) {
        self.batches += 1;
        let batch = self.batches;
        let ends = self.kept.first().zip(self.kept.last());
        let backwards = ends.is_some_and(|(first, last)| {
            let (first, last) = (first.time, last.time);
            let newest = messages.iter().map(|message| message.timestamp).max();
            messages.iter().any(|message| message.timestamp < first)
                || (newest == Some(first) && first < last)
        });
        for message in messages {
            if let Some(at) = self.find(message.id.as_deref()) {
                self.kept[at].message = message.clone();
                continue;
            }
            let time = message.timestamp;
            let behind = |kept: &Kept| {
                kept.time > time || (backwards && kept.time == time && kept.batch != batch)
            };
            let at = self.kept.iter().position(behind);
            let kept = Kept {
                time,
                batch,
                message: message.clone(),
            };
            self.kept.insert(at.unwrap_or(self.kept.len()), kept);
            self.evict();
        }
    }

    fn update(&mut self, id: &str, new_message: Message) -> bool {
        if self.find(Some(id)).is_none() {
            return false;
        }
        if new_message.id.as_deref() != Some(id)
            && let Some(double) = self.find(new_message.id.as_deref())
        {
            self.kept.remove(double);
        }
        let at = self.find(Some(id)).unwrap();
        self.kept[at].message = new_message;
        true
    }

    fn remove(&mut self, id: &str) -> bool {
        let at = self.find(Some(id));
        at.map(|at| self.kept.remove(at)).is_some()
    }

    fn evict(&mut self) {
        let surplus = self.kept.len().saturating_sub(MESSAGES_PER_CHANNEL);
        self.kept.drain(..surplus);
    }
}

#[derive(Clone, Debug)]
enum Change {
    Push(Message),
    History(Vec<Message>),
    Update(Id, Message),
    Remove(Id),
    Clear,
}

impl Change {
    fn apply(self, log: &mut MessageLog, model: &mut Model) {
        match self {
            Self::Push(message) => {
                log.push(message.clone());
                model.push(message);
            }
            Self::History(messages) => {
                log.insert_history(&messages);
                model.insert_history(&messages);
            }
            Self::Update(id, new_message) => {
                let done = model.update(&id, new_message.clone());
                assert_eq!(log.update(&id, new_message), done);
            }
            Self::Remove(id) => assert_eq!(log.remove(&id), model.remove(&id)),
            Self::Clear => {
                log.clear();
                *model = Model::default();
            }
        }
    }
}

/// Few ids, so that they meet; some are those that a prefilled log holds at its ends.
const IDS: [&str; 12] = [
    "a", "b", "c", "d", "local:1", "local:2", "p0", "p1", "p2", "p3", "p500", "p995",
];

fn any_id() -> impl Strategy<Value = Id> {
    prop::sample::select(&IDS[..]).prop_map(Id::from)
}

fn any_message() -> impl Strategy<Value = Message> {
    let status = prop::sample::select(vec![MessageStatus::Sent, MessageStatus::Delivered]);
    (
        prop::option::weighted(0.8, any_id()),
        0..20_i64,
        status,
        any::<u16>(),
    )
        .prop_map(|(id, second, status, text)| Message {
            id,
            status,
            ..message(&text.to_string(), second)
        })
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => any_message().prop_map(Change::Push),
        4 => prop::collection::vec(any_message(), 0..8).prop_map(Change::History),
        6 => (any_id(), any_id(), any_message()).prop_map(|(id, new_id, message)| {
            Change::Update(id, Message { id: Some(new_id), ..message })
        }),
        3 => any_id().prop_map(Change::Remove),
        1 => Just(Change::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_its_model(
        prefilled in prop_oneof![Just(0), Just(MESSAGES_PER_CHANNEL - 4)],
        changes in prop::collection::vec(any_change(), 1..40),
    ) {
        let mut log = MessageLog::new();
        let mut model = Model::default();
        for n in 0..prefilled {
            // Two hundred messages each second, from second 5 to 9.
            let second = 5 + i64::try_from(n / 200).unwrap();
            Change::Push(message(&format!("p{n}"), second)).apply(&mut log, &mut model);
        }
        let mut snapshots = vec![(log.clone(), model.clone())];
        for change in changes {
            change.apply(&mut log, &mut model);
            prop_assert!(log.iter().eq(model.kept.iter().map(|kept| &kept.message)));
            prop_assert_eq!(log.len(), model.kept.len());
            for id in IDS {
                let expected = model.find(Some(id)).map(|at| &model.kept[at].message);
                prop_assert_eq!(log.get(id), expected);
            }
            snapshots.push((log.clone(), model.clone()));
        }
        for (log, model) in snapshots {
            prop_assert!(log.iter().rev().eq(model.kept.iter().rev().map(|kept| &kept.message)));
        }
    }
}
