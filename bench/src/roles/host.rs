//! A host and its backend, which is this program too.

use std::io::{BufWriter, Write as _, stdin, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;
use kaiwa_protocols::connection::{ChannelEvent, ConnectionEvent, StatusEvent};
use kaiwa_protocols::{AuthField, Registry};
use serde_json::{Deserializer, Value};

use super::receive::{Meter, is_message};
use crate::tally::Tally;

/// Requests that are not counted.
const WARM_UP: u32 = 1000;

/// Its init info and its room.
const GREETING: &str = r#"{"backend_name":"bench","backend_version":[0,0,1],"protocol_version":[0,1,0]}{"type":"RoomUpsert","value":{"id":"!1","parent":null,"name":"general","sendable":true}}"#;

/// What a backend does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendKind {
    /// Says messages as fast as they are taken
    Flood,
    /// Answers every request at once
    Answer,
}

/// Says what the measurement wants to know: messages and nanoseconds of CPU, or microseconds of requests, median and tail.
pub(super) async fn host(kind: BackendKind, millis: u64) -> Result<()> {
    let mut connection = (Registry::get("flubber")?.connect)();
    let mut events = connection.subscribe();
    connection.connect(form(kind)?).await?;
    let duration = Duration::from_millis(millis);
    if kind == BackendKind::Flood {
        let mut meter = Meter::new(duration);
        while !meter.is_over()? {
            let event = events.recv().await.context("the connection has ended")?;
            meter.count(is_message(&event));
        }
        println!("{} {}", meter.messages, meter.cpu.as_nanos());
        return Ok(());
    }
    let mut tally = Tally::new();
    let begin = Instant::now();
    for number in 0.. {
        let start = Instant::now();
        let join = ChannelEvent::Join {
            channel_id: "!1".into(),
        };
        let request = connection.send(join.into()).await?;
        let done = ConnectionEvent::from(StatusEvent::Done { request });
        while events.recv().await.context("the connection has ended")? != done {}
        if number >= WARM_UP {
            tally.add(start.elapsed());
        }
        if begin.elapsed() >= duration && tally.count() > 0 {
            break;
        }
    }
    println!("{} {}", tally.percentile(50), tally.percentile(99));
    Ok(())
}

fn form(kind: BackendKind) -> Result<Vec<AuthField>> {
    let mut form = (Registry::get("flubber")?.protocol)()
        .auth
        .context("a form")?;
    let program = std::env::current_exe()?;
    let name = kind.to_possible_value().context("a kind without a name")?;
    for field in &mut form {
        match field.name.as_str() {
            "command" => field.set(program.to_str().context("a path in UTF-8")?.to_owned()),
            "args" => field.set(format!("backend {}", name.get_name())),
            _ => {}
        }
    }
    Ok(form)
}

/// The backend: ends when the host is gone.
pub(super) fn backend(kind: BackendKind) -> Result<()> {
    let mut output = BufWriter::with_capacity(64 * 1024, stdout().lock());
    output.write_all(GREETING.as_bytes())?;
    output.flush()?;
    match kind {
        BackendKind::Flood => {
            for number in 0.. {
                put(&mut output, number)?;
            }
            Ok(())
        }
        BackendKind::Answer => {
            for request in Deserializer::from_reader(stdin().lock()).into_iter::<Value>() {
                let number = &request?["sequence_number"];
                write!(
                    output,
                    r#"{{"sequence_number":{number},"body":{{"type":"Success"}}}}"#
                )?;
                output.flush()?;
            }
            Ok(())
        }
    }
}

/// One message: no two are the same, as with a real network.
fn put(output: &mut impl std::io::Write, number: u64) -> Result<()> {
    let time = chrono::Utc::now().timestamp_millis();
    Ok(write!(
        output,
        r#"{{"type":"MessageUpsert","value":{{"id":"m{number}","sender":"@ann","recipient":"!1","attachments":[],"content":{{"type":"Text","value":"{number:x<100}"}},"create_time":{time},"edit_time":{time},"extra":null}}}}"#
    )?)
}
