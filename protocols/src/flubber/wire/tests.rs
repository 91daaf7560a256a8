//! Every form of the format, whole, with each field missing or wrong, and cut anywhere.

mod arbitrary;
mod forms;
mod reading;
mod vocabulary;

use serde_json::Value;

use super::{Fault, FromBackend, InitInfo, Request};

/// Who reads a form.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Init,
    Host,
    Backend,
}

/// Reads a value and writes it again.
fn again(reads: Reads, json: &str) -> Result<String, Fault> {
    let mut out = Vec::new();
    match reads {
        Reads::Init => InitInfo::decode(json).map(|init| init.encode(&mut out)),
        Reads::Host => FromBackend::decode(json).map(|said| said.encode(&mut out)),
        Reads::Backend => Request::decode(json).map(|wanted| wanted.encode(&mut out)),
    }
    .map_err(|error| error.fault())?;
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n'));
    Ok(text.trim_end().to_owned())
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
