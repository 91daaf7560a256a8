//! Catching up: somebody comes back to a stream of which they have missed 500 changes.

use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::Utc;
use kaiwa_server::store::{Edit, MessageKind, NewMessage, Reaction, Repeat, Sender};
use serde_json::json;

use super::people;
use crate::report::{Report, Spread};
use crate::servers::Setup;

/// Issue 4: what was missed, and the time to have it, in milliseconds.
const MISSED: i64 = 500;
const MOST: f64 = 20.0;

/// Messages in the stream before that.
const BEFORE: i64 = 100_000;

/// Of ten changes so many are new messages; the others are an edit, a deletion and a reaction.
const NEW_OF_TEN: i64 = 7;

/// Comes back again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let data = setup.fresh("oshi-resume")?;
    let mut since = 0;
    people::fill(&data, |store| {
        let user = people::account(store, 0)?;
        let circle = people::circle(store, "bench", &[user])?;
        let room = people::stream(store, circle, "general")?;
        store.subscribe(user, room)?;
        let message = |number: i64| NewMessage {
            room,
            at: Utc::now(),
            sender: Sender::Account(user),
            kind: MessageKind::Text,
            text: Some(format!("{number:x<100}")),
            client_id: Some(format!("{number:016}")),
            reply: None,
            files: Vec::new(),
            extra: None,
        };
        for number in 0..BEFORE {
            since = store.post(&message(number), Repeat::Same)?.change;
        }
        for number in 0..MISSED {
            let seq = BEFORE - number;
            match number % 10 {
                0..NEW_OF_TEN => {
                    store.post(&message(BEFORE + number), Repeat::Same)?;
                }
                7 => {
                    let edit = Edit::Text(format!("{number:y<100}"));
                    store.edit(room, seq, &edit, Utc::now())?;
                }
                8 => {
                    store.edit(room, seq, &Edit::Delete, Utc::now())?;
                }
                _ => {
                    let emoji = "+".to_owned();
                    store.react(room, seq, &Reaction { user, emoji }, true)?;
                }
            }
        }
        Ok(())
    })?;
    let server = setup.oshi(&data)?;
    let rounds = if setup.quick { 20 } else { 200 };
    let (mut from_sub, mut in_all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begin = Instant::now();
        let mut opening = people::connect(&server, 0)?;
        people::expect(&opening.next()?, "state")?;
        let ready = Instant::now();
        let ok = opening.ask(&format!(
            "{{\"op\":\"sub\",\"id\":1,\"stream\":\"s3\",\"since\":{since}}}"
        ))?;
        let ok = people::expect(&ok, "ok")?;
        ensure!(ok["complete"] == true, "not all: {ok}");
        for _ in 0..MISSED {
            opening.next()?;
        }
        let end = Instant::now();
        from_sub.push((end - ready).as_secs_f64() * 1000.0);
        in_all.push((end - begin).as_secs_f64() * 1000.0);
    }
    write(report, from_sub, in_all);
    Ok(())
}

fn write(report: &mut Report, from_sub: Vec<f64>, in_all: Vec<f64>) {
    let millis = |millis: f64| format!("{millis:.1}");
    report.table(
        &format!("Oshi, {MISSED} missed changes, {BEFORE} messages before"),
        &["what", "ms", "target"],
    );
    for (what, all) in [
        ("from `sub` to the last change", from_sub),
        ("with connecting and signing in by token", in_all),
    ] {
        report.record(json!({ "what": what, "ms": all }));
        report.target(what.to_owned(), &Spread::of(all), false, MOST, millis);
    }
}
