//! Idle connections: resident bytes of the process that holds them, of servers and of clients.
//!
//! Memory of the kernel (socket buffers, about 5 KiB each) is not in it.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum as _;
use serde_json::json;

use crate::chart::Chart;
use crate::load::Load;
use crate::missing::Missing;
use crate::process::{self, Process};
use crate::report::{Report, Spread, hundredths};
use crate::roles::HoldKind;
use crate::servers::{Server, Setup};

/// The steps: the growth from the first on is what a user pays; that from the second, without what the process needs once. The
/// last step is taken in one round.
const STEPS: [usize; 4] = [0, 100, THOUSAND, 10_000];
const THOUSAND: usize = 1_000;

/// Files of a process that holds the last step.
const FILES_OF_MANY: u64 = 10_200;

/// Issue 2: an idle server connection, and an idle client connection, in bytes.
const SERVER_BOUND: f64 = 10.0 * 1024.0;
const CLIENT_BOUND: f64 = 12.0 * 1024.0;

/// Resident bytes per connection.
#[derive(Debug)]
struct Growth {
    /// From none to a thousand.
    whole: Option<f64>,
    /// From a hundred to a thousand.
    slope: Option<f64>,
    /// From none to ten thousand.
    many: Option<f64>,
    /// From none to a thousand, after everybody has heard a burst. Servers only.
    after_burst: Option<f64>,
}

/// What the columns show.
const COLUMNS: [fn(&Growth) -> Option<f64>; 4] = [
    |growth| growth.whole,
    |growth| growth.slope,
    |growth| growth.many,
    |growth| growth.after_burst,
];

/// One kind of server or client.
#[derive(Debug)]
struct End {
    name: &'static str,
    growths: Vec<Growth>,
    is_ours: bool,
    /// There is a target for it.
    bound: bool,
}

impl End {
    fn values(&self, value: fn(&Growth) -> Option<f64>) -> Vec<f64> {
        self.growths.iter().filter_map(value).collect()
    }
}

/// Measures both ends.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let servers = setup.servers().into_iter().map(|server| {
        let name = server.name();
        let growths = rounds(setup, true, |steps| {
            serve(setup, server, steps).context(name)
        });
        Ok(End {
            name,
            growths: growths?,
            is_ours: server.is_ours(),
            bound: server.is_ours(),
        })
    });
    let servers = servers.collect::<Result<Vec<_>>>()?;
    let wschat = setup.wschat_missing();
    let wschat = wschat.map(|missing| (Server::Wschat.name(), missing));
    write(report, "server", SERVER_BOUND, &servers, wschat);

    let clients = HoldKind::value_variants().iter().map(|kind| {
        let (name, is_ours, bound) = match kind {
            HoldKind::Client => ("`Client`, state kept", true, true),
            HoldKind::ClientStateless => ("`Client`, no state", true, true),
            HoldKind::ClientAtOnce => ("`Client`, all connect at once", true, false),
            HoldKind::Connection => ("`Connection`", true, true),
            HoldKind::Tungstenite => ("bare tokio-tungstenite", false, false),
            HoldKind::TungsteniteAtOnce => ("bare tokio-tungstenite, all at once", false, false),
        };
        // A listener's queue is not that long.
        let one_by_one = !name.ends_with("at once");
        let growths = rounds(setup, one_by_one, |steps| {
            hold(setup, *kind, steps).context(name)
        });
        Ok(End {
            name,
            growths: growths?,
            is_ours,
            bound,
        })
    });
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let limit = process::may_open(FILES_OF_MANY).err();
    let limit = limit.map(|missing| ("10,000 connections", missing));
    write(report, "client", CLIENT_BOUND, &clients, limit);
    Ok(())
}

fn serve(setup: &Setup, server: Server, steps: &[usize]) -> Result<Growth> {
    let running = setup.start(server)?;
    let mut sizes = Vec::new();
    let mut held: Vec<Load> = Vec::new();
    let mut last = 0;
    for step in steps {
        held.push(Load::in_room(&running, step - last)?);
        last = *step;
        sizes.push(running.process.resident()?);
    }
    drop(held);
    drop(running);

    // In a process of its own again, as the load generator wants all clients to be its own.
    let running = setup.start(server)?;
    let before = running.process.resident()?;
    let mut load = Load::in_room(&running, THOUSAND)?;
    load.begin()?;
    load.run(Duration::from_millis(500))?;
    load.finish()?;
    let after = running.process.resident()?;
    let burst = (after as f64 - before as f64) / THOUSAND as f64;
    Ok(Growth::of(&sizes, Some(burst)))
}

fn hold(setup: &Setup, kind: HoldKind, steps: &[usize]) -> Result<Growth> {
    let server = setup.start(Server::KaiwaNone)?;
    let url = format!("ws://{}{}", server.address, server.path);
    let name = kind.to_possible_value().context("a kind without a name")?;
    let mut process = Process::role(&["hold", name.get_name(), &url])?;
    let mut sizes = Vec::new();
    for step in steps {
        process.tell(&step.to_string())?;
        process.line()?;
        sizes.push(process.resident()?);
    }
    Ok(Growth::of(&sizes, None))
}

impl Growth {
    /// Of the sizes at each of [`STEPS`], or all but the last.
    fn of(sizes: &[u64], after_burst: Option<f64>) -> Self {
        let per_connection = |from: usize, to: usize| {
            let [from_size, to_size] = [from, to].map(|at| sizes.get(at).copied());
            let grown = to_size? as f64 - from_size? as f64;
            Some(grown / (STEPS[to] - STEPS[from]) as f64)
        };
        Self {
            whole: per_connection(0, 2),
            slope: per_connection(1, 2),
            many: per_connection(0, 3),
            after_burst,
        }
    }
}

/// How often, and how far the first time: ten thousand connections take as long as all else.
fn rounds<T>(
    setup: &Setup,
    many: bool,
    mut one: impl FnMut(&[usize]) -> Result<T>,
) -> Result<Vec<T>> {
    let rounds = if setup.quick { 1 } else { 3 };
    let all = if many && process::may_open(FILES_OF_MANY).is_ok() {
        STEPS.len()
    } else {
        STEPS.len() - 1
    };
    let steps = |round| &STEPS[..if round == 0 { all } else { STEPS.len() - 1 }];
    (0..rounds).map(|round| one(steps(round))).collect()
}

fn write(
    report: &mut Report,
    end: &str,
    bound: f64,
    all: &[End],
    missing: Option<(&str, Missing)>,
) {
    report.table(
        &format!("Idle connections, {end}: resident KiB per connection"),
        &[
            end,
            "0 → 1,000",
            "100 → 1,000",
            "0 → 10,000",
            "0 → 1,000, after a burst",
        ],
    );
    let mut chart = Chart::new(
        &format!("idle-{end}"),
        &format!("An idle connection, {end}: resident KiB"),
    );
    for one in all {
        let cells = COLUMNS.map(|value| match one.values(value) {
            none if none.is_empty() => "–".to_owned(),
            some => Spread::of(some).map(kib),
        });
        let cells = std::iter::once(one.name.to_owned()).chain(cells);
        report.row(cells.collect());
        let whole = Spread::of(one.values(|growth| growth.whole));
        chart.bar(one.name, one.is_ours, whole, kib);
        report.record(json!({
            end: one.name,
            "bytes_per_connection": one.values(|growth| growth.whole),
            "bytes_per_connection_from_100": one.values(|growth| growth.slope),
            "bytes_per_connection_of_10000": one.values(|growth| growth.many),
            "bytes_per_connection_after_burst": one.values(|growth| growth.after_burst),
        }));
    }
    if let Some((what, missing)) = missing {
        report.row_missing(what, missing);
    }
    report.chart(chart);
    report.table(
        &format!("Idle connections, {end}"),
        &["what", "KiB", "target"],
    );
    for one in all.iter().filter(|one| one.bound) {
        let name = one.name;
        let whole = Spread::of(one.values(|growth| growth.whole));
        report.target(format!("{name}, 0 → 1,000"), &whole, false, bound, kib);
        let many = one.values(|growth| growth.many);
        if !many.is_empty() {
            let many = Spread::of(many);
            report.target(format!("{name}, 0 → 10,000"), &many, false, bound, kib);
        }
    }
    let whole = |server: Server| {
        let one = all.iter().find(|one| one.name == server.name());
        one.map(|one| one.values(|growth| growth.whole))
    };
    if let (Some(ours), Some(theirs)) = (whole(Server::KaiwaSqlite), whole(Server::Wschat)) {
        let ratio = Spread::of_ratios(&ours, &theirs);
        let what = "kaiwa, sqlite over wschat, 0 → 1,000, ratio".to_owned();
        report.target(what, &ratio, false, 1.0, hundredths);
    }
}

fn kib(bytes: f64) -> String {
    format!("{:.1}", bytes / 1024.0)
}
