//! What an outsider learns from the time that a refusal takes: a private stream that is there, beside one that is not.

use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::Utc;
use kaiwa_server::store::{MessageKind, NewMessage, Repeat, Sender};
use serde_json::json;

use super::people;
use crate::report::{Report, Spread};
use crate::servers::Setup;

/// The stream of the circle that the outsider is not in, and one that never was.
const STREAMS: [&str; 2] = ["s3", "s999"];

/// What may be asked about a stream.
const OPERATIONS: [&str; 5] = ["history", "sub", "pub", "members", "read"];

/// Messages in it, which must not show.
const MESSAGES: usize = 1_000;

/// How much longer one may take than the other: what the same question varies by from one run to the next.
const MOST: f64 = 1.25;

/// Asks about both in turn, again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let data = setup.fresh("oshi-privacy")?;
    people::fill(&data, |store| {
        let [member, _outsider] = [people::account(store, 0)?, people::account(store, 1)?];
        let circle = people::circle(store, "secret", &[member])?;
        let room = people::stream(store, circle, "general")?;
        for _ in 0..MESSAGES {
            let message = NewMessage {
                room,
                at: Utc::now(),
                sender: Sender::Account(member),
                kind: MessageKind::Text,
                text: Some("x".repeat(4000)),
                client_id: None,
                reply: None,
                files: Vec::new(),
                extra: None,
            };
            store.post(&message, Repeat::Another)?;
        }
        Ok(())
    })?;
    let server = setup.oshi(&data)?;
    let mut outsider = people::connect(&server, 1)?;
    people::expect(&outsider.next()?, "state")?;
    report.table(
        "Oshi, refusals to an outsider",
        &[
            "operation",
            "median of a private stream over that of none",
            "target",
        ],
    );
    let rounds = if setup.quick { 200 } else { 2_000 };
    for operation in OPERATIONS {
        let mut micros = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (stream, all) in STREAMS.iter().zip(&mut micros) {
                let question = json!({
                    "op": operation, "id": 1, "stream": stream, "text": "x", "seq": 1, "since": 0,
                });
                let question = question.to_string();
                let begin = Instant::now();
                let answer = outsider.ask(&question)?;
                all.push(begin.elapsed().as_secs_f64() * 1_000_000.0);
                let answer = people::expect(&answer, "error")?;
                ensure!(answer["code"] == "not_found", "not refused alike: {answer}");
            }
        }
        let [there, missing] = micros.map(|all| Spread::of(all).median);
        report.record(json!({
            "operation": operation, "there_us": there, "missing_us": missing,
        }));
        let ratio = Spread::of(vec![there.max(missing) / there.min(missing)]);
        report.target(format!("`{operation}`"), &ratio, false, MOST, |ratio| {
            format!("{ratio:.2}")
        });
    }
    Ok(())
}
