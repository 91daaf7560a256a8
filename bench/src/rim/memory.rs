//! A thousand users who are signed in and idle: resident memory of the whole server.

use anyhow::Result;
use serde_json::json;

use super::people::{self, Person};
use crate::report::{Report, Spread};
use crate::servers::{Running, Setup};
use crate::socket::Opening;

/// Issue 3: users, and bytes.
const USERS: usize = 1_000;
const MOST: f64 = 60.0 * 1024.0 * 1024.0;

/// Measured in a server that has just hashed two passwords per user, and in one that only knows their tokens.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let data = setup.fresh("rim-memory")?;
    let server = setup.rim(&data)?;
    let fresh = server.process.resident()?;
    let people = people::settle(&server, USERS)?;
    let registered = server.process.resident()?;
    let after_passwords = signed_in(&server, &people)?;
    server.process.end()?;

    let server = setup.rim(&data)?;
    let started = server.process.resident()?;
    let by_token = signed_in(&server, &people)?;

    let mib = |bytes: f64| format!("{:.1}", bytes / 1024.0 / 1024.0);
    report.table(
        &format!("rim, {USERS} idle users: resident MiB of the server"),
        &["what", "MiB", "target"],
    );
    for (what, bytes) in [
        ("started, nothing kept", fresh),
        ("they have registered and signed in over REST", registered),
        ("started again", started),
    ] {
        report.row(vec![what.to_owned(), mib(bytes as f64), String::new()]);
        report.record(json!({ "what": what, "bytes": bytes }));
    }
    for (what, bytes) in [
        ("all on a WebSocket, after registering", after_passwords),
        ("all on a WebSocket, after the second start", by_token),
    ] {
        let bytes = Spread::of(vec![bytes as f64]);
        report.target(what.to_owned(), &bytes, false, MOST, mib);
    }
    Ok(())
}

/// Bytes while all are connected.
fn signed_in(server: &Running, people: &[Person]) -> Result<u64> {
    let connect = |person| people::connect(server, person);
    let held: Vec<Opening> = people.iter().map(connect).collect::<Result<_>>()?;
    let resident = server.process.resident()?;
    drop(held);
    Ok(resident)
}
