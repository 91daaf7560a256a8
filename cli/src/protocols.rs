//! `kaiwa protocols`: the registry, for people and for programs.

use std::fmt::Write as _;

use kaiwa_protocols::registry::Entry;
use kaiwa_protocols::{AuthField, Capabilities, Error, ErrorKind, FieldValue, Registry};
use serde::Serialize;

use crate::args::Protocols;
use crate::exit::Code;
use crate::{form, output};

/// Events shown on one line: as many as fit beside their heading.
const SENDS_PER_LINE: usize = 4;

/// A row of the registry as JSON.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    about: &'static str,
    /// The login form, as in the library.
    login: Vec<AuthField>,
    capabilities: Capabilities,
}

/// Prints the registry.
///
/// # Errors
/// `Storage` if the output cannot be written.
pub(crate) fn run(args: &Protocols) -> Result<Code, Error> {
    if args.json {
        let rows: Vec<Row> = Registry::all().iter().map(row).collect();
        let json = serde_json::to_string_pretty(&rows).map_err(|error| {
            Error::new(ErrorKind::Internal, "the registry as JSON").with_source(error)
        })?;
        return output::print(&(json + "\n"));
    }
    let tables: Vec<String> = Registry::all().iter().map(table).collect();
    output::print(&tables.join("\n"))
}

fn row(entry: &Entry) -> Row {
    Row {
        name: entry.name,
        about: entry.about,
        login: (entry.protocol)().auth.unwrap_or_default(),
        capabilities: (entry.capabilities)(),
    }
}

fn table(entry: &Entry) -> String {
    let Row {
        name,
        about,
        login,
        capabilities,
    } = row(entry);
    let mut text = format!("{name}  {about}\n");
    // Writing to a string does not fail.
    for (path, field) in form::fields(&login) {
        let kind = match (field.required, form::is_password(field)) {
            (true, true) => "required password",
            (true, false) => "required",
            (false, true) => "password",
            (false, false) => "",
        };
        let default = match &field.value {
            FieldValue::Text(Some(value)) => format!(" [{value}]"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "    {path:<24} {kind:<18} {}{default}",
            form::label(field)
        );
    }
    let sends: Vec<String> = capabilities.sends.iter().map(ToString::to_string).collect();
    for (line, sends) in sends.chunks(SENDS_PER_LINE).enumerate() {
        let head = if line == 0 { "takes" } else { "" };
        let _ = writeln!(text, "    {head:<24} {}", sends.join(", "));
    }
    if let Some(bytes) = capabilities.max_text_bytes {
        let _ = writeln!(text, "    {:<24} up to {bytes} bytes", "messages");
    }
    text
}
