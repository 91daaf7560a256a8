//! Nobody is named to a client before they were announced to it, whatever happens at once.

use std::collections::BTreeSet;

use serde_json::json;

use crate::client::{Packet, Person, account, join, oshi, resume};
use crate::common::Site;

/// Who is known to a client, packet by packet.
#[derive(Default)]
struct Known {
    own: String,
    users: BTreeSet<String>,
    channels: BTreeSet<String>,
    channel: String,
}

impl Known {
    /// Takes a packet; panics if it names somebody or something unknown.
    fn take(&mut self, frame: &str) {
        let packet = Packet::of(frame);
        let fields: Vec<&str> = packet.fields.iter().map(String::as_str).collect();
        match fields[..] {
            ["1", "y", id, .., channel, _] => {
                self.own = id.to_owned();
                self.channel = channel.to_owned();
                self.users.insert(id.to_owned());
            }
            ["1", _, id, ..] | ["5", "0", id, ..] => {
                self.users.insert(id.to_owned());
            }
            ["5", "1", id, _] => self.remove(id, frame),
            ["3", id, ..] => self.remove(id, frame),
            ["2", _, "-1", ..] | ["0", ..] | ["6", ..] | ["7", "1", ..] => {}
            ["2", _, id, _, _, _] | ["10", id, ..] => {
                assert!(self.users.contains(id), "unknown: {frame}");
            }
            ["5", "2", channel] => {
                assert!(self.channels.contains(channel), "unknown: {frame}");
                self.channel = channel.to_owned();
            }
            ["7", "0", count, ref users @ ..] => {
                let listed: Vec<&str> = users.chunks(5).map(|user| user[0]).collect();
                assert_eq!(count, listed.len().to_string());
                let all: BTreeSet<&str> = listed.iter().copied().collect();
                assert_eq!(all.len(), listed.len(), "twice: {frame}");
                self.users.extend(listed.into_iter().map(str::to_owned));
            }
            ["7", "2", _, ref channels @ ..] => {
                self.channels = channels.chunks(3).map(|one| one[0].to_owned()).collect();
            }
            ["8", "3"] => self.users = BTreeSet::from([self.own.clone()]),
            ["4", "0", name, ..] => assert!(self.channels.insert(name.to_owned()), "{frame}"),
            ["4", "2", name] => {
                assert!(self.channels.remove(name), "{frame}");
                assert_ne!(self.channel, name, "{frame}");
            }
            _ => panic!("{frame}"),
        }
    }

    fn remove(&mut self, id: &str, frame: &str) {
        assert!(self.users.remove(id), "unknown: {frame}");
        if id == self.own {
            self.users.insert(id.to_owned());
        }
    }
}

/// Wanders about; gives all frames that came until everything was done.
async fn wander(site: &Site, mut person: Person, number: usize) -> (Person, Vec<String>) {
    let mut frames = Vec::new();
    for step in 0..12 {
        let text = match (number + step) % 6 {
            0 => format!("/create Tea{number}"),
            1 => "hello".to_owned(),
            2 => format!("/join Tea{}", (number + 1) % 4),
            3 => format!("/msg p{} hi", (number + 1) % 4),
            4 => "/join lobby".to_owned(),
            _ => format!("/afk {step}"),
        };
        person.say(&text).await;
        if step == 6 {
            // Somebody's further session, for a moment.
            let mut other = resume(site, &person.name, &person.token).await;
            other.say("from another").await;
            other.settle().await;
        }
    }
    person.say("/nosuch").await;
    loop {
        let frame = person.client.text().await;
        let is_last = frame.contains("nocmd\u{c}nosuch");
        frames.push(frame);
        if is_last {
            return (person, frames);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_named_who_was_not_announced() {
    let operators = (0..4).map(|number| format!("p{number}")).collect();
    let site = Site::with(|config| config.operators = operators).await;
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(join(&site, &format!("p{number}")).await);
    }
    account(&site, "olga").await;
    let mut olga = oshi(&site, "olga").await;
    let mut guest = site.client().await;
    let talking = async {
        for number in 0..20 {
            guest.say(&format!("g{}", number % 3), "hi").await;
            guest.msg().await;
            let to = format!("p{}", number % 4);
            olga.ask(json!({ "op": "dm", "to": to, "text": "psst" }))
                .await;
        }
    };
    let firsts: Vec<Vec<String>> = people
        .iter()
        .map(|person| person.raw_first.clone())
        .collect();
    let wandering = people
        .into_iter()
        .enumerate()
        .map(|(number, person)| wander(&site, person, number));
    let ((), mut done) = tokio::join!(talking, futures_util::future::join_all(wandering));
    for ((_, frames), first) in done.iter_mut().zip(firsts) {
        let mut known = Known::default();
        for frame in first.iter().chain(frames.iter()) {
            known.take(frame);
        }
    }
}
