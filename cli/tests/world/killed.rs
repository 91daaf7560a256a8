//! A server is killed while people talk: what it has acknowledged is there once, and everybody sees everything once.

use std::collections::BTreeMap;
use std::path::Path;

use kaiwa_protocols::client::AccountId;
use kaiwa_server::store::{Reader, RoomId, SqliteStore, Store as _};

use crate::people::People;
use crate::served::Served;

/// Messages said in all.
const MESSAGES: usize = 10_000;

/// The server is killed when so many are acknowledged, and some are under way.
const KILLED_AT: usize = 4_000;

/// Messages of one sender that are under way at once.
const UNDER_WAY: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_and_is_seen_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (served, port) = Served::start(&data, 0);
    let url = format!("http://127.0.0.1:{port}");
    let mut people = People::new();
    let mut accounts = Vec::new();
    for account in ["ann", "bob", "carl"] {
        let form = [
            ("url", url.as_str()),
            ("account", account),
            ("password", "secret"),
            ("register", "yes"),
        ];
        accounts.push(people.join("rim", &form).await);
    }
    let (senders, listener) = ([accounts[0], accounts[1]], accounts[2]);
    let group = people.group(senders[0], "flood", &accounts[1..]).await;

    let mut flood = Flood::new(senders);
    flood.until(&mut people, &group, KILLED_AT).await;
    served.kill();
    // Some are said while nobody is there.
    flood.say_more(&mut people, &group);
    let (served, _) = Served::start(&data, port);
    flood.until(&mut people, &group, MESSAGES).await;
    people
        .until(|people| people.heard(listener).texts.len() == MESSAGES)
        .await;
    for account in accounts {
        for (text, shown) in &people.heard(account).texts {
            assert_eq!(
                shown.len(),
                1,
                "{text} reached one person more than once: {shown:?}"
            );
        }
        assert!(people.heard(account).failed.is_empty());
        assert!(people.heard(account).connected > 1, "the kill was noticed");
    }
    people.leave().await;
    served.kill();

    let kept = kept(&data, &group);
    assert_eq!(kept.len(), MESSAGES);
    let twice: Vec<_> = kept.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "kept more than once: {twice:?}");
}

/// Two people who say numbered messages.
struct Flood {
    senders: [AccountId; 2],
    said: [usize; 2],
}

impl Flood {
    fn new(senders: [AccountId; 2]) -> Self {
        Self {
            senders,
            said: [0; 2],
        }
    }

    /// Goes on until so many are acknowledged.
    async fn until(&mut self, people: &mut People, group: &str, acknowledged: usize) {
        let mut known = 0;
        while known < acknowledged {
            self.say_more(people, group);
            let senders = self.senders;
            let count = |people: &People| {
                let delivered = senders.map(|sender| people.heard(sender).delivered.len());
                delivered.into_iter().sum::<usize>()
            };
            people.until(|people| count(people) > known).await;
            known = count(people);
        }
    }

    /// Says as much as may be under way.
    fn say_more(&mut self, people: &mut People, group: &str) {
        for (sender, said) in self.senders.into_iter().zip(&mut self.said) {
            let settled = people.heard(sender).delivered.len();
            while *said < (settled + UNDER_WAY).min(MESSAGES / 2) {
                let name = &people.heard(sender).own_id.clone().unwrap();
                people.say(sender, Some(group), &format!("{name} says {said}"));
                *said += 1;
            }
        }
    }
}

/// How often each text is in the store.
fn kept(data: &Path, group: &str) -> BTreeMap<String, usize> {
    let store = SqliteStore::open(data).unwrap();
    let mut reader: Box<dyn Reader> = store.reader().unwrap();
    let room = RoomId(group.parse().unwrap());
    let last = reader.room(room).unwrap().unwrap().last.seq;
    let mut kept = BTreeMap::new();
    for message in reader.messages(room, 1, last).unwrap() {
        *kept.entry(message.text.unwrap()).or_default() += 1;
    }
    kept
}
