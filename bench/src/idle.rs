//! Idle connections: resident bytes of the process that holds them, of servers and of clients.
//!
//! Memory of the kernel (socket buffers, about 5 KiB each) is not in it.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum as _;
use serde_json::json;

use crate::load::Load;
use crate::process::Process;
use crate::report::{Report, Spread};
use crate::roles::HoldKind;
use crate::servers::{Server, Setup};

/// The steps: the growth from the first to the last is what a user pays; that from the second, without what the process needs once.
const STEPS: [usize; 3] = [0, 100, 1000];

/// Issue 2: an idle server connection, and an idle client connection, in bytes.
const SERVER_BOUND: f64 = 10.0 * 1024.0;
const CLIENT_BOUND: f64 = 12.0 * 1024.0;

/// Resident bytes per connection.
#[derive(Debug)]
struct Growth {
    /// From none to all.
    whole: f64,
    /// From a hundred to all.
    slope: f64,
    /// From none to all, after everybody has heard a burst. Servers only.
    after_burst: Option<f64>,
}

/// Measures both ends.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let rounds = if setup.quick { 1 } else { 5 };
    let servers = setup.servers().into_iter().map(|server| {
        let growth = (0..rounds).map(|_| serve(setup, server).context(server.name()));
        let bound = matches!(server, Server::KaiwaSqlite | Server::KaiwaNone);
        Ok((server.name(), growth.collect::<Result<_>>()?, bound))
    });
    let servers = servers.collect::<Result<Vec<_>>>()?;
    write(report, "server", SERVER_BOUND, &servers);

    let clients = HoldKind::value_variants().iter().map(|kind| {
        let name = match kind {
            HoldKind::Client => "Client, state kept",
            HoldKind::ClientStateless => "Client, no state",
            HoldKind::ClientAtOnce => "Client, all connect at once",
            HoldKind::Connection => "Connection",
            HoldKind::Tungstenite => "bare tokio-tungstenite",
            HoldKind::TungsteniteAtOnce => "bare tokio-tungstenite, all at once",
        };
        let growth = (0..rounds).map(|_| hold(setup, *kind).context(name));
        let bound = matches!(
            kind,
            HoldKind::Client | HoldKind::ClientStateless | HoldKind::Connection
        );
        Ok((name, growth.collect::<Result<_>>()?, bound))
    });
    let clients = clients.collect::<Result<Vec<_>>>()?;
    write(report, "client", CLIENT_BOUND, &clients);
    Ok(())
}

fn serve(setup: &Setup, server: Server) -> Result<Growth> {
    let running = setup.start(server)?;
    let mut sizes = Vec::new();
    let mut held: Vec<Load> = Vec::new();
    let mut last = 0;
    for step in STEPS {
        held.push(Load::in_room(&running, step - last)?);
        last = step;
        sizes.push(running.process.resident()?);
    }
    drop(held);
    drop(running);

    // In a process of its own again, as the load generator wants all clients to be its own.
    let running = setup.start(server)?;
    let before = running.process.resident()?;
    let mut load = Load::in_room(&running, last)?;
    load.begin()?;
    load.run(Duration::from_millis(500))?;
    load.finish()?;
    let after = running.process.resident()?;
    Ok(growth(&sizes, Some((before, after))))
}

fn hold(setup: &Setup, kind: HoldKind) -> Result<Growth> {
    let server = setup.start(Server::KaiwaNone)?;
    let url = format!("ws://{}{}", server.address, server.path);
    let name = kind.to_possible_value().context("a kind without a name")?;
    let mut process = Process::role(&["hold", name.get_name(), &url])?;
    let mut sizes = Vec::new();
    for step in STEPS {
        process.tell(&step.to_string())?;
        process.line()?;
        sizes.push(process.resident()?);
    }
    Ok(growth(&sizes, None))
}

fn growth(sizes: &[u64], burst: Option<(u64, u64)>) -> Growth {
    let [none, some, all] = [sizes[0], sizes[1], sizes[2]].map(|size| size as f64);
    let [_, hundred, thousand] = STEPS.map(|step| step as f64);
    Growth {
        whole: (all - none) / thousand,
        slope: (all - some) / (thousand - hundred),
        after_burst: burst.map(|(before, after)| (after as f64 - before as f64) / thousand),
    }
}

fn write(report: &mut Report, end: &str, bound: f64, all: &[(&'static str, Vec<Growth>, bool)]) {
    let kib = |bytes: f64| format!("{:.1}", bytes / 1024.0);
    report.table(
        &format!("Idle connections, {end}: resident KiB per connection"),
        &[end, "0 → 1,000", "100 → 1,000", "0 → 1,000, after a burst"],
    );
    for (name, growths, _) in all {
        let values = |value: fn(&Growth) -> f64| growths.iter().map(value).collect::<Vec<_>>();
        let burst: Vec<f64> = growths
            .iter()
            .filter_map(|growth| growth.after_burst)
            .collect();
        report.row(vec![
            (*name).to_owned(),
            Spread::of(values(|growth| growth.whole)).map(kib),
            Spread::of(values(|growth| growth.slope)).map(kib),
            if burst.is_empty() {
                "–".to_owned()
            } else {
                Spread::of(burst.clone()).map(kib)
            },
        ]);
        report.record(json!({
            "measurement": "idle",
            end: name,
            "bytes_per_connection": values(|growth| growth.whole),
            "bytes_per_connection_from_100": values(|growth| growth.slope),
            "bytes_per_connection_after_burst": burst,
        }));
    }
    report.table(
        &format!("Idle connections, {end}"),
        &["what", "KiB", "target"],
    );
    for (name, growths, _) in all.iter().filter(|(_, _, bound)| *bound) {
        let whole = Spread::of(growths.iter().map(|growth| growth.whole).collect());
        report.target(format!("{name}, 0 → 1,000"), &whole, false, bound, kib);
    }
}
