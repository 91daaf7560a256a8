//! Signing in with 500 streams: `hello`, `state`, and a `sub` for each stream as our client sends it.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::people;
use crate::report::{Report, Spread};
use crate::servers::{Running, Setup};

/// Issue 4: streams, and the time to sign in, in milliseconds.
const STREAMS: usize = 500;
const MOST: f64 = 100.0;

/// Streams to a circle.
const OF_CIRCLE: usize = 50;

/// Somebody's password and login name. Made by registering, so that the store has its hash.
const NAME: &str = "ann";
const PASSWORD: &str = "the password of ann";

const STEPS: [&str; 3] = [
    "`auth` with the password, its hash in it, to `hello`",
    "`state`",
    "500 `sub`s with `since`, sent at once",
];

/// Signs in again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let (server, streams) = prepare(setup, "oshi-sign-in", STREAMS)?;
    let rounds = if setup.quick { 10 } else { 50 };
    let runs = (0..rounds).map(|_| sign_in(&server, &streams));
    write(report, &runs.collect::<Result<Vec<_>>>()?);
    Ok(())
}

/// A server with an account of so many streams, and these.
pub(crate) fn prepare(setup: &Setup, name: &str, count: usize) -> Result<(Running, Vec<i64>)> {
    let data = setup.fresh(name)?;
    let server = setup.oshi(&data)?;
    let mut opening = crate::socket::Opening::new(server.address, server.path)?;
    let auth =
        json!({ "op": "auth", "v": 1, "user": NAME, "password": PASSWORD, "register": true });
    let hello = people::expect(&opening.ask(&auth.to_string())?, "hello")?;
    let user = hello["user"]["id"].as_str().unwrap_or_default();
    let user = kaiwa_server::store::UserId(user.trim_start_matches('u').parse()?);
    server.process.end()?;
    let mut streams = Vec::new();
    people::fill(&data, |store| {
        for circle in 0..count / OF_CIRCLE {
            let circle = people::circle(store, &format!("circle {circle}"), &[user])?;
            for stream in 0..OF_CIRCLE {
                let stream = people::stream(store, circle, &format!("stream-{stream}"))?;
                store.subscribe(user, stream)?;
                streams.push(stream.0);
            }
        }
        Ok(())
    })?;
    Ok((setup.oshi(&data)?, streams))
}

/// Milliseconds of each step.
pub(crate) fn sign_in(server: &Running, streams: &[i64]) -> Result<[f64; STEPS.len()]> {
    let mut last = Instant::now();
    let mut lap = || {
        let now = Instant::now();
        (now - std::mem::replace(&mut last, now)).as_secs_f64() * 1000.0
    };
    let mut opening = crate::socket::Opening::new(server.address, server.path)?;
    let auth = json!({ "op": "auth", "v": 1, "user": NAME, "password": PASSWORD });
    people::expect(&opening.ask(&auth.to_string())?, "hello")?;
    let hello = lap();
    while people::expect(&opening.next()?, "state")?["more"] == true {}
    let state = lap();
    for stream in streams {
        opening.say(&format!(
            "{{\"op\":\"sub\",\"id\":{stream},\"stream\":\"s{stream}\",\"since\":0}}"
        ))?;
    }
    for _ in streams {
        people::expect(&opening.next()?, "ok")?;
    }
    Ok([hello, state, lap()])
}

fn write(report: &mut Report, runs: &[[f64; STEPS.len()]]) {
    let millis = |millis: f64| format!("{millis:.1}");
    report.table(
        &format!("Oshi, sign-in with {STREAMS} streams"),
        &["what", "ms", "target"],
    );
    for (index, name) in STEPS.iter().enumerate() {
        let all: Vec<f64> = runs.iter().map(|run| run[index]).collect();
        report.record(json!({ "step": name, "ms": all }));
        report.row(vec![
            (*name).to_owned(),
            Spread::of(all).map(millis),
            String::new(),
        ]);
    }
    let whole = Spread::of(runs.iter().map(|run| run.iter().sum()).collect());
    report.target("all of these".to_owned(), &whole, false, MOST, millis);
}
