//! A stream with a thousand subscribers, each message durable: deliveries per second and latency, beside wschat's room with
//! as many clients on the same server in the same run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kaiwa_server::store::RoomId;
use serde_json::json;

use super::people;
use crate::load::{Dialect, IN_FLIGHT, Load};
use crate::process::cpu_of;
use crate::report::{Report, Spread, count, hundredths};
use crate::servers::{Running, Server, Setup};

/// Subscribers of the stream, clients in the room.
const CLIENTS: usize = 1_000;

/// Issue 4: deliveries of Oshi to those of wschat, at least.
const LEAST: f64 = 0.6;

/// The stream is the third room of a new store, behind the lobby and its circle.
const STREAM: RoomId = RoomId(3);

/// In a `msg` the stream, sequences and names come first, which take at least so many bytes.
const OSHI: Dialect = Dialect {
    say: |text| format!("{{\"op\":\"pub\",\"id\":1,\"stream\":\"s3\",\"text\":\"{text}\"}}"),
    before: b"\"text\":\"",
    from: 48,
    others: true,
};

/// One run of one network.
struct Run {
    per_second: f64,
    /// Server CPU per delivery, in microseconds.
    cost: f64,
    generator_cost: f64,
    p50: f64,
    p99: f64,
    messages: f64,
}

/// Runs both in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let (mut wschat, mut oshi) = (Vec::new(), Vec::new());
    for _ in 0..setup.rounds() {
        wschat.push(wschat_room(setup).context("wschat's room")?);
        oshi.push(oshi_stream(setup).context("a stream of Oshi")?);
    }
    write(report, &wschat, &oshi);
    Ok(())
}

fn wschat_room(setup: &Setup) -> Result<Run> {
    let server = setup.start(Server::KaiwaSqlite)?;
    measure(setup, &server, Load::in_room(&server, CLIENTS)?)
}

fn oshi_stream(setup: &Setup) -> Result<Run> {
    let data = setup.fresh("oshi-fanout")?;
    let mut made = None;
    people::fill(&data, |store| {
        let members = (0..CLIENTS).map(|number| people::account(store, number));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let circle = people::circle(store, "bench", &members)?;
        let stream = people::stream(store, circle, "general")?;
        made = Some(stream);
        for member in members {
            store.subscribe(member, stream)?;
        }
        Ok(())
    })?;
    ensure!(made == Some(STREAM), "the stream is {made:?}");
    let server = setup.oshi(&data)?;
    let open = |number| people::connect(&server, number);
    measure(setup, &server, Load::connect(CLIENTS, OSHI, open)?)
}

fn measure(setup: &Setup, server: &Running, mut load: Load) -> Result<Run> {
    let (warm_up, duration) = setup.busy();
    load.begin()?;
    load.run(warm_up)?;
    let (server_before, own_before) = (server.process.cpu()?, cpu_of("self")?);
    let (heard, elapsed) = load.run(duration)?;
    let deliveries = heard.deliveries.count() as f64;
    let per_delivery = |cpu: Duration| cpu.as_secs_f64() * 1_000_000.0 / deliveries;
    Ok(Run {
        per_second: deliveries / elapsed.as_secs_f64(),
        cost: per_delivery(server.process.cpu()? - server_before),
        generator_cost: per_delivery(cpu_of("self")? - own_before),
        p50: heard.deliveries.percentile(50),
        p99: heard.deliveries.percentile(99),
        messages: heard.messages as f64 / elapsed.as_secs_f64(),
    })
}

fn write(report: &mut Report, wschat: &[Run], oshi: &[Run]) {
    report.table(
        &format!("Oshi, a stream with {CLIENTS} subscribers, {IN_FLIGHT} messages in flight"),
        &[
            "network",
            "deliveries/s",
            "server CPU per delivery, µs",
            "p50, ms",
            "p99, ms",
            "messages/s",
            "generator CPU per delivery, µs",
        ],
    );
    for (name, runs) in [("wschat", wschat), ("Oshi", oshi)] {
        let all = |value: fn(&Run) -> f64| runs.iter().map(value).collect::<Vec<_>>();
        let spread = |value| Spread::of(all(value));
        let millis = |value| spread(value).map(|micros| format!("{:.2}", micros / 1000.0));
        report.row(vec![
            name.to_owned(),
            spread(|run| run.per_second).map(count),
            spread(|run| run.cost).map(|cost| format!("{cost:.2}")),
            millis(|run| run.p50),
            millis(|run| run.p99),
            spread(|run| run.messages).map(count),
            spread(|run| run.generator_cost).map(|cost| format!("{cost:.2}")),
        ]);
        report.record(json!({
            "network": name,
            "deliveries_per_second": all(|run| run.per_second),
            "server_cpu_us_per_delivery": all(|run| run.cost),
            "p50_us": all(|run| run.p50),
            "p99_us": all(|run| run.p99),
        }));
    }
    report.table("Ratio of neighbouring runs", &["what", "ratio", "target"]);
    let rates = |runs: &[Run]| runs.iter().map(|run| run.per_second).collect::<Vec<_>>();
    let ratio = Spread::of_ratios(&rates(oshi), &rates(wschat));
    let what = "deliveries/s: Oshi / wschat".to_owned();
    report.target(what, &ratio, true, LEAST, hundredths);
}
