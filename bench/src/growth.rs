//! What becomes of a figure when there is ten times as much of something: each must grow no faster than the work. A figure is
//! the cost of one unit of work (a delivery, a message, a page, a channel), so its ratio is to stay near one.

use anyhow::{Context, Result};
use serde_json::json;

use crate::fanout;
use crate::oshi;
use crate::process::Process;
use crate::report::{Report, Spread, count, hundredths};
use crate::rim;
use crate::roles::SockchatKind;
use crate::servers::{Server, Setup};
use crate::sockchat::emotes;
use crate::sockchat::receive::{self, Load, WARM_UP};

/// Ten times as much, and how much dearer a unit may be then: what the same figure varies by from one run to the next.
const TIMES: usize = 10;
const MOST: f64 = 1.25;

/// How much there is of each at first.
const SUBSCRIBERS: usize = 200;
const EMOTES: usize = 200;
const USERS: usize = 100;
const KEPT: usize = 30_000;
const CHANNELS: usize = 10;
const STREAMS: usize = 50;

/// Requests for a page, of which the median counts.
const PAGES: usize = 300;

/// Measured messages of a flood.
const MESSAGES: u64 = 100_000;

/// Something that there is ten times as much of: its name, how much, what is measured, and that at both sizes, in turn.
struct Item {
    what: &'static str,
    at: usize,
    figure: &'static str,
    /// Not ours: it shows what the machine makes of the same, and has no target.
    is_floor: bool,
    values: [Vec<f64>; 2],
}

/// Measures everything at both sizes.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let all = [
        subscribers(setup, Server::KaiwaSqlite)?,
        subscribers(setup, Server::Relay)?,
        emotes(setup)?,
        users(setup)?,
        received(setup)?,
        kept(setup)?,
        channels(setup)?,
        streams(setup)?,
    ];
    report.table(
        "Ten times as much",
        &[
            "of what",
            "figure",
            "before",
            "ten times",
            "ratio",
            "target",
        ],
    );
    for item in all {
        write(report, &item);
    }
    Ok(())
}

fn write(report: &mut Report, item: &Item) {
    let Item {
        what,
        at,
        figure,
        is_floor,
        values: [before, after],
    } = item;
    let ratio = Spread::of_ratios(after, before);
    let [from, to] = [*at, at * TIMES].map(|size| count(size as f64));
    let name = format!("{what}, {from} → {to}");
    let target = if *is_floor {
        String::new()
    } else {
        let verdict = report.judge(&name, &ratio, false, MOST, hundredths);
        format!("≤ {MOST}, {verdict}")
    };
    report.row(vec![
        name,
        (*figure).to_owned(),
        Spread::of(before.clone()).map(hundredths),
        Spread::of(after.clone()).map(hundredths),
        ratio.map(hundredths),
        target,
    ]);
    report.record(json!({
        "what": what, "at": at, "figure": figure, "before": before, "ten_times": after,
    }));
}

impl Item {
    /// Measures at both sizes, one after the other, several times over; `one` is given the size, and which of the two it is.
    fn measure(
        setup: &Setup,
        (what, at, figure): (&'static str, usize, &'static str),
        mut one: impl FnMut(usize, usize) -> Result<f64>,
    ) -> Result<Self> {
        let mut values = [Vec::new(), Vec::new()];
        for _ in 0..setup.rounds() {
            for (which, values) in values.iter_mut().enumerate() {
                let size = at * TIMES.pow(which as u32);
                let value = one(size, which).with_context(|| format!("{size} {what}"));
                values.push(value?);
            }
        }
        Ok(Self {
            what,
            at,
            figure,
            is_floor: false,
            values,
        })
    }
}

fn subscribers(setup: &Setup, server: Server) -> Result<Item> {
    let what = if server.is_ours() {
        "subscribers of a room"
    } else {
        "subscribers of the bare relay"
    };
    let of = (what, SUBSCRIBERS, "server CPU per delivery, µs");
    let item = Item::measure(setup, of, |clients, _| {
        Ok(fanout::one(setup, server, clients)?.cost)
    })?;
    Ok(Item {
        is_floor: !server.is_ours(),
        ..item
    })
}

fn emotes(setup: &Setup) -> Result<Item> {
    let apis = [emotes::serve(EMOTES)?, emotes::serve(EMOTES * TIMES)?];
    let of = ("emotes", EMOTES, "client CPU per Sock Chat message, µs");
    Item::measure(setup, of, |count, which| {
        let load = Load {
            emotes: Some((&apis[which], count)),
            ..load()
        };
        receive::one(SockchatKind::Emotes, load)
    })
}

fn users(setup: &Setup) -> Result<Item> {
    let of = (
        "users in the channel, state kept",
        USERS,
        "client CPU per Sock Chat message, µs",
    );
    Item::measure(setup, of, |others, _| {
        receive::one(SockchatKind::State, Load { others, ..load() })
    })
}

fn received(setup: &Setup) -> Result<Item> {
    let of = (
        "messages received before, state kept",
        WARM_UP as usize,
        "client CPU per Sock Chat message, µs",
    );
    Item::measure(setup, of, |before, _| {
        let load = Load {
            warm_up: before as u64,
            ..load()
        };
        receive::one(SockchatKind::State, load)
    })
}

fn load() -> Load<'static> {
    Load {
        warm_up: WARM_UP,
        packets: MESSAGES,
        emotes: None,
        others: 0,
    }
}

fn kept(setup: &Setup) -> Result<Item> {
    let histories = [KEPT, KEPT * TIMES].map(|count| rim::history::History::make(setup, count));
    let [small, large] = histories;
    let histories = [small?, large?];
    let of = (
        "messages kept in a group",
        KEPT,
        "rim, a page from their middle, p50, µs",
    );
    Item::measure(setup, of, |count, which| {
        let page = count / rim::history::PAGE / 2;
        Ok(histories[which].ask(page, PAGES)?.percentile(50))
    })
}

fn channels(setup: &Setup) -> Result<Item> {
    let of = (
        "channels of an account, state kept",
        CHANNELS,
        "client CPU per mock message, µs",
    );
    Item::measure(setup, of, |rooms, _| {
        let script = format!("script=rooms:{rooms} flood:{}", WARM_UP + MESSAGES);
        let (warm_up, count) = (WARM_UP.to_string(), MESSAGES.to_string());
        let arguments = [
            "subscribe",
            "true",
            "true",
            "mock",
            &warm_up,
            &count,
            &script,
        ];
        let said = Process::role(&arguments)?.line()?;
        let (cpu, _) = said.split_once(' ').context("two numbers are expected")?;
        Ok(cpu.parse::<f64>()? / 1000.0 / MESSAGES as f64)
    })
}

fn streams(setup: &Setup) -> Result<Item> {
    let names = ["growth-oshi", "growth-oshi-10"];
    let prepared = [0, 1].map(|which| {
        let count = STREAMS * TIMES.pow(which as u32);
        oshi::sign_in::prepare(setup, names[which], count)
    });
    let [few, many] = prepared;
    let prepared = [few?, many?];
    let of = (
        "streams of an account",
        STREAMS,
        "Oshi, signing in without the password, per stream, µs",
    );
    Item::measure(setup, of, |count, which| {
        let (server, streams) = &prepared[which];
        let [_password, state, subs] = oshi::sign_in::sign_in(server, streams)?;
        Ok((state + subs) * 1000.0 / count as f64)
    })
}
