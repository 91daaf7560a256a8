//! Groups that talk: messages acknowledged a second, each kept before and relayed to nine; time to the acknowledgement; CPU.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::people::{self, MEMBERS, Person};
use super::rest::Rest;
use super::talk::Talk;
use crate::process::cpu_of;
use crate::report::{Report, Spread, count};
use crate::servers::{Running, Setup};

/// Issue 3: groups, each with one message open.
const GROUPS: usize = 20;

/// Issues 3 and 8: acknowledged messages a second at least; the 99th percentile in microseconds at most.
const LEAST_PER_SECOND: f64 = 6_500.0;
const MOST_P99: f64 = 50_000.0;

const SERVERS: [&str; 2] = ["kaiwa, sqlite", "bare relay"];

/// One run of one server. Times are microseconds, CPU is per message.
#[derive(Debug)]
struct Run {
    per_second: f64,
    cost: f64,
    generator_cost: f64,
    p50: f64,
    p99: f64,
    /// From sending to a relay's arrival.
    relay_p50: f64,
    relay_p99: f64,
}

/// Runs both in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let settled = setup.fresh("rim-settled")?;
    let server = setup.rim(&settled)?;
    let people = people::settle(&server, GROUPS * MEMBERS)?;
    server.process.end()?;

    let mut runs = SERVERS.map(|_| Vec::new());
    for _ in 0..setup.rounds() {
        let data = setup.fresh("rim-ack")?;
        copy(&settled, &data)?;
        let ours = setup.rim(&data)?;
        let measured = one(setup, &ours, &people, true);
        runs[0].push(measured.context(SERVERS[0])?);
        drop(ours);
        let floor = setup.rim_relay()?;
        let measured = one(setup, &floor, &people, false);
        runs[1].push(measured.context(SERVERS[1])?);
    }
    write(report, &runs);
    Ok(())
}

fn one(setup: &Setup, server: &Running, people: &[Person], keeps: bool) -> Result<Run> {
    let (warm_up, duration) = setup.busy();
    let mut talk = Talk::connect(server, people)?;
    talk.begin()?;
    talk.run(warm_up)?;
    let (server_before, own_before) = (server.process.cpu()?, cpu_of("self")?);
    let (heard, elapsed) = talk.run(duration)?;
    let server_cpu = server.process.cpu()? - server_before;
    let own_cpu = cpu_of("self")? - own_before;
    let last = talk.finish()?;
    if keeps {
        check_kept(server, people, &last)?;
    }
    let messages = heard.acks.count() as f64;
    let per_message = |cpu: Duration| cpu.as_secs_f64() * 1_000_000.0 / messages;
    Ok(Run {
        per_second: messages / elapsed.as_secs_f64(),
        cost: per_message(server_cpu),
        generator_cost: per_message(own_cpu),
        p50: heard.acks.percentile(50),
        p99: heard.acks.percentile(99),
        relay_p50: heard.relays.percentile(50),
        relay_p99: heard.relays.percentile(99),
    })
}

/// What was acknowledged last must be the newest that is kept.
fn check_kept(server: &Running, people: &[Person], last: &[(u64, String)]) -> Result<()> {
    let mut rest = Rest::connect(server.address)?;
    for (speaker, (gid, id)) in people.iter().step_by(MEMBERS).zip(last) {
        rest.authorize(&speaker.token);
        let page = json!({ "gid": gid, "uid": speaker.uid, "page": 1, "size": 1 });
        let kept = rest.post("/message/history", &page)?;
        let kept = &kept[0]["msg"]["client_msg_id"];
        ensure!(*kept == **id, "{id} was acknowledged, {kept} is the newest");
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn write(report: &mut Report, runs: &[Vec<Run>; 2]) {
    report.table(
        &format!("rim, {GROUPS} groups of {MEMBERS}, one message open in each"),
        &[
            "server",
            "acknowledged/s",
            "p50, ms",
            "p99, ms",
            "relay p50, ms",
            "relay p99, ms",
            "server CPU per message, µs",
            "generator CPU per message, µs",
        ],
    );
    for (server, runs) in SERVERS.iter().zip(runs) {
        let all = |value: fn(&Run) -> f64| runs.iter().map(value).collect::<Vec<_>>();
        let spread = |value| Spread::of(all(value));
        let micros = |value| spread(value).map(|micros| format!("{micros:.0}"));
        report.row(vec![
            (*server).to_owned(),
            spread(|run| run.per_second).map(count),
            spread(|run| run.p50).map(millis),
            spread(|run| run.p99).map(millis),
            spread(|run| run.relay_p50).map(millis),
            spread(|run| run.relay_p99).map(millis),
            micros(|run| run.cost),
            micros(|run| run.generator_cost),
        ]);
        report.record(json!({
            "server": server,
            "acknowledged_per_second": all(|run| run.per_second),
            "p50_us": all(|run| run.p50),
            "p99_us": all(|run| run.p99),
            "relay_p50_us": all(|run| run.relay_p50),
            "relay_p99_us": all(|run| run.relay_p99),
            "server_cpu_us_per_message": all(|run| run.cost),
            "generator_cpu_us_per_message": all(|run| run.generator_cost),
        }));
    }
    report.table("rim, groups that talk", &["what", "value", "target"]);
    let [ours, floor] = runs;
    let spread = |value: fn(&Run) -> f64| Spread::of(ours.iter().map(value).collect());
    let rate = spread(|run| run.per_second);
    report.target(
        "acknowledged/s".to_owned(),
        &rate,
        true,
        LEAST_PER_SECOND,
        count,
    );
    let p99 = spread(|run| run.p99);
    report.target("p99, ms".to_owned(), &p99, false, MOST_P99, millis);
    for (what, value) in [
        ("acknowledged/s", (|run| run.per_second) as fn(&Run) -> f64),
        ("server CPU per message", |run| run.cost),
    ] {
        let ratios = ours.iter().zip(floor);
        let ratios = ratios.map(|(ours, floor)| value(ours) / value(floor));
        let ratio = Spread::of(ratios.collect()).map(|ratio| format!("{ratio:.2}"));
        let what = format!("{what}: {} / {}", SERVERS[0], SERVERS[1]);
        report.row(vec![what, ratio, String::new()]);
    }
}

fn millis(micros: f64) -> String {
    format!("{:.2}", micros / 1000.0)
}
