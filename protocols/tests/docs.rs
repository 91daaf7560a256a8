//! docs/events.md says what the code does: a row per event, and what each network takes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::fmt::Write;
use std::path::PathBuf;

use kaiwa_protocols::{EventKind, Registry};

const BEGIN: &str = "<!-- capabilities: begin -->\n";
const END: &str = "<!-- capabilities: end -->";

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md")
}

/// The table of what each network takes.
fn table() -> String {
    let mut text = String::from(
        "\n| network | takes | longest text | largest file | `Delivered` is known by |\n|---|---|---|---|---|\n",
    );
    for entry in Registry::all() {
        let capabilities = (entry.capabilities)();
        let kinds: Vec<String> = capabilities
            .sends
            .iter()
            .map(|kind| format!("`{kind}`"))
            .collect();
        let limit = |bytes: Option<u64>| {
            bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{bytes} bytes"))
        };
        writeln!(
            text,
            "| {} | {} | {} | {} | {:?} |",
            entry.name,
            kinds.join(", "),
            limit(capabilities.max_text_bytes),
            limit(capabilities.max_file_bytes),
            capabilities.confirmation
        )
        .unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn capabilities_are_those_of_the_registry() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the mark where it begins");
    let (written, after) = rest.split_once(END).expect("the mark where it ends");
    let table = table();
    if std::env::var_os("KAIWA_BLESS").is_some() {
        std::fs::write(page(), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "docs/events.md is out of date: run KAIWA_BLESS=1 cargo test -p kaiwa-protocols --test docs"
    );
}

#[test]
fn every_event_has_a_row() {
    let text = std::fs::read_to_string(page()).unwrap();
    for kind in EventKind::ALL {
        let section = text
            .split_once(&format!("\n### {}\n", kind.group()))
            .unwrap_or_else(|| panic!("docs/events.md has no section {}", kind.group()))
            .1;
        let section = section
            .split_once("\n#")
            .map_or(section, |(section, _)| section);
        assert!(
            section.contains(&format!("\n| `{}` |", kind.variant())),
            "docs/events.md has no row for {kind}"
        );
    }
}
