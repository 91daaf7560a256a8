//! A flooded client: CPU per received message, for the library in its forms and for the bare WebSocket below it.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum as _;
use serde_json::json;
use tokio_tungstenite::tungstenite;

use crate::process::Process;
use crate::report::{Report, Spread, count};
use crate::roles::ReceiveKind;
use crate::servers::Setup;

/// Frames written at once.
const CHUNK_FRAMES: usize = 200;

/// Measures each kind in turn, several times over.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let (rounds, millis) = if setup.quick { (3, 1000) } else { (7, 3000) };
    let kinds = ReceiveKind::value_variants();
    let mut runs = vec![Vec::new(); kinds.len()];
    for _ in 0..rounds {
        for (kind, runs) in kinds.iter().zip(&mut runs) {
            runs.push(one(*kind, millis)?);
        }
    }
    report.table(
        "Received messages, one flooded client",
        &[
            "client",
            "CPU per message, µs",
            "over the bare socket, µs",
            "messages/s",
        ],
    );
    let floor: Vec<f64> = runs
        .last()
        .context("no kinds")?
        .iter()
        .map(|run| run.0)
        .collect();
    for (kind, runs) in kinds.iter().zip(&runs) {
        let name = match kind {
            ReceiveKind::Client => "Client, state kept",
            ReceiveKind::ClientStateless => "Client, no state",
            ReceiveKind::Connection => "Connection",
            ReceiveKind::Tungstenite => "bare tokio-tungstenite",
        };
        let costs: Vec<f64> = runs.iter().map(|run| run.0).collect();
        let rates: Vec<f64> = runs.iter().map(|run| run.1).collect();
        let over = costs
            .iter()
            .zip(&floor)
            .map(|(cost, floor)| cost - floor)
            .collect();
        let micros = |cost: f64| format!("{cost:.2}");
        report.row(vec![
            name.to_owned(),
            Spread::of(costs.clone()).map(micros),
            Spread::of(over).map(micros),
            Spread::of(rates.clone()).map(count),
        ]);
        report.record(json!({
            "measurement": "receive",
            "client": name,
            "cpu_us_per_message": costs,
            "messages_per_second": rates,
        }));
    }
    Ok(())
}

/// Microseconds of CPU per message, and messages per second.
fn one(kind: ReceiveKind, millis: u64) -> Result<(f64, f64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let flooding = thread::spawn(move || flood(&listener));
    let name = kind.to_possible_value().context("a kind without a name")?;
    let mut process = Process::role(&["receive", name.get_name(), &url, &millis.to_string()])?;
    let said = process.line()?;
    drop(process);
    flooding.join().ok().context("the flood panicked")??;
    let (messages, nanos) = said.split_once(' ').context("two numbers are expected")?;
    let (messages, nanos): (f64, f64) = (messages.parse()?, nanos.parse()?);
    ensure!(messages > 0.0, "no message was received");
    Ok((nanos / 1000.0 / messages, messages * 1000.0 / millis as f64))
}

/// Sends messages to the first that connects, as fast as it takes them, until it is gone.
fn flood(listener: &TcpListener) -> Result<()> {
    let (stream, _) = listener.accept()?;
    let socket = tungstenite::accept(stream).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut stream = socket.get_ref();
    let mut chunk = Vec::new();
    for number in 0_u64.. {
        chunk.clear();
        for nano in 0..CHUNK_FRAMES {
            put(&mut chunk, number * CHUNK_FRAMES as u64 + nano as u64);
        }
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    Ok(())
}

/// One frame: no two messages are the same, as with a real server.
fn put(chunk: &mut Vec<u8>, number: u64) {
    let text = format!(
        "{{\"msg\":\"{:x<100}\",\"tim\":\"2026-11-20T07:{:02}:{:02}.{:09}Z\",\"usr\":\"ann\"}}",
        number,
        number / 60_000_000 % 60,
        number / 1_000_000 % 60,
        number % 1_000_000 * 1000,
    );
    chunk.extend_from_slice(&[0x81, 126]);
    chunk.extend_from_slice(&(text.len() as u16).to_be_bytes());
    chunk.extend_from_slice(text.as_bytes());
}
