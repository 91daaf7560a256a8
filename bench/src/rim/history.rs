//! A page of a long history, and what it costs to keep a message. The history is written through the store itself; over the
//! network it would take minutes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta};
use kaiwa_server::store::{
    MessageKind, NewMessage, Repeat, RoomId, Sender, SqliteStore, Store as _, UserId,
};
use serde_json::{Value, json};

use super::people::{self, MEMBERS, Person};
use super::rest::{self, Rest};
use crate::report::{Report, Spread};
use crate::servers::{Running, Setup};
use crate::tally::Tally;

/// Issue 3: messages in the group, and on a page.
const MESSAGES: usize = 1_000_000;
pub(crate) const PAGE: usize = 50;

/// Issue 3: the 99th percentile, in microseconds.
const MOST_P99: f64 = 5_000.0;

/// Messages in a commit: many, to see what a message costs; as many as groups that talk, to see what a commit adds.
const MANY: usize = 1_000;
const FEW: usize = 20;

/// How many are kept by [`FEW`].
const BY_FEW: usize = 20_000;

/// 2026-01-01: when the first was said, the others a second apart.
const BEGINNING: i64 = 1_767_225_600;

const PAGES: [(&str, usize); 3] = [
    ("newest", 1),
    ("middle", MESSAGES / PAGE / 2),
    ("oldest", MESSAGES / PAGE),
];

/// Fills a group, then asks for its pages in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let history = History::make(setup, MESSAGES)?;
    let (many, few) = history.spent;
    write_posts(report, many, few);
    let requests = if setup.quick { 200 } else { 1_000 };
    let mut runs = PAGES.map(|_| Vec::new());
    for _ in 0..setup.rounds() {
        for ((name, page), runs) in PAGES.iter().zip(&mut runs) {
            runs.push(history.ask(*page, requests).context(*name)?);
        }
    }
    write_pages(report, &runs);
    Ok(())
}

/// A group whose messages are kept, on a server.
pub(crate) struct History {
    server: Running,
    /// Somebody who may read it.
    person: Person,
    messages: usize,
    /// Microseconds per message, by [`MANY`] and by [`FEW`].
    spent: (f64, f64),
}

impl History {
    /// Fills it with so many.
    pub(crate) fn make(setup: &Setup, messages: usize) -> Result<Self> {
        let data = setup.fresh(&format!("rim-history-{messages}"))?;
        let server = setup.rim(&data)?;
        let people = people::settle(&server, MEMBERS)?;
        server.process.end()?;
        let spent = fill(&data, &people, messages)?;
        Ok(Self {
            server: setup.rim(&data)?,
            person: people[0].clone(),
            messages,
            spent,
        })
    }

    /// Asks for a page again and again; what it holds is looked at in the end.
    pub(crate) fn ask(&self, page: usize, requests: usize) -> Result<Tally> {
        let mut rest = Rest::connect(self.server.address)?;
        rest.authorize(&self.person.token);
        let (gid, uid) = (self.person.gid, self.person.uid);
        let body = json!({ "gid": gid, "uid": uid, "page": page, "size": PAGE }).to_string();
        let mut tally = Tally::new();
        let mut answer = Vec::new();
        for _ in 0..requests {
            let begin = Instant::now();
            answer = rest.exchange("POST", "/message/history", &body)?;
            tally.add(begin.elapsed());
        }
        let messages = rest::data(&answer)?;
        let messages = messages.as_array().context("no messages")?;
        let expected = (self.messages - page * PAGE..).take(PAGE).map(id);
        let got = messages
            .iter()
            .map(|message| message["msg"]["client_msg_id"].clone());
        ensure!(
            got.eq(expected.map(Value::from)),
            "not the messages of page {page}"
        );
        Ok(tally)
    }
}

/// Microseconds per message, by [`MANY`] and by [`FEW`].
fn fill(data: &Path, people: &[Person], messages: usize) -> Result<(f64, f64)> {
    let mut store = SqliteStore::open(data)?;
    let mut keep = |from: usize, to: usize, at_once: usize| -> Result<f64> {
        let mut spent = Duration::ZERO;
        for first in (from..to).step_by(at_once) {
            let batch = (first..to.min(first + at_once)).map(|number| message(people, number));
            let batch = batch.collect::<Result<Vec<_>>>()?;
            let begin = Instant::now();
            store.transaction(&mut |transaction| {
                for message in &batch {
                    transaction.post(message, Repeat::Another)?;
                }
                Ok(())
            })?;
            spent += begin.elapsed();
        }
        Ok(spent.as_secs_f64() * 1_000_000.0 / (to - from) as f64)
    };
    let many = keep(0, messages - BY_FEW, MANY)?;
    let few = keep(messages - BY_FEW, messages, FEW)?;
    Box::new(store).close()?;
    Ok((many, few))
}

/// Everybody speaks in turn.
fn message(people: &[Person], number: usize) -> Result<NewMessage> {
    let person = &people[number % people.len()];
    let at = DateTime::from_timestamp(BEGINNING, 0).context("no time")?;
    Ok(NewMessage {
        room: RoomId(person.gid.try_into()?),
        at: at + TimeDelta::seconds(number as i64),
        sender: Sender::Account(UserId(person.uid.try_into()?)),
        kind: MessageKind::Text,
        text: Some(format!("{number:x<100}")),
        client_id: Some(id(number)),
        reply: None,
        files: Vec::new(),
        extra: None,
    })
}

fn id(number: usize) -> String {
    format!("{number:08}")
}

fn write_posts(report: &mut Report, many: f64, few: f64) {
    report.table(
        "A message kept by the store, without a server",
        &["messages in a commit", "µs per message"],
    );
    for (at_once, micros) in [(MANY, many), (FEW, few)] {
        report.row(vec![at_once.to_string(), format!("{micros:.1}")]);
        report.record(json!({
            "messages_in_a_commit": at_once,
            "us_per_message": micros,
        }));
    }
}

fn write_pages(report: &mut Report, runs: &[Vec<Tally>; 3]) {
    let millis = |micros: f64| format!("{:.2}", micros / 1000.0);
    report.table(
        "rim, a history page of 50 out of a million messages",
        &["page", "p50, ms", "p99, ms", "target for p99"],
    );
    for ((name, page), runs) in PAGES.iter().zip(runs) {
        let all = |percent| -> Vec<f64> {
            let percentiles = runs.iter().map(|tally| tally.percentile(percent));
            percentiles.collect()
        };
        let p99 = Spread::of(all(99));
        let what = format!("history p99, {name}, ms");
        let verdict = report.judge(&what, &p99, false, MOST_P99, millis);
        report.row(vec![
            format!("{name} ({page})"),
            Spread::of(all(50)).map(millis),
            p99.map(millis),
            format!("≤ {}, {verdict}", millis(MOST_P99)),
        ]);
        report.record(json!({
            "page": name,
            "p50_us": all(50),
            "p99_us": all(99),
        }));
    }
}
