//! docs/events.schema.json is what the types say, and what it says is true of what we write and read.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic as tests do"
)]

mod check;

use std::collections::BTreeSet;
use std::path::Path;

use kaiwa_core::event::json_schema;
use serde_json::{Value, json};

use check::Checker;

const GOLDEN: &str = include_str!("../vocabulary.jsonl");

fn golden() -> impl Iterator<Item = Value> {
    GOLDEN
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn the_file_in_docs_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.schema.json");
    let schema = json_schema();
    if std::env::var_os("KAIWA_BLESS").is_some_and(|bless| bless == "1") {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
        return;
    }
    // Compared as values: the order of keys depends on who else is built with serde_json.
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        serde_json::from_str::<Value>(&file).is_ok_and(|file| file == schema),
        "docs/events.schema.json does not say what the types do; write it anew with: \
         KAIWA_BLESS=1 cargo test -p kaiwa-core --test schema"
    );
}

#[test]
fn golden_lines_fit() {
    let schema = json_schema();
    let checker = Checker::new(&schema);
    for line in golden() {
        checker
            .check(&line)
            .unwrap_or_else(|wrong| panic!("{wrong} in {line}"));
    }
}

/// Every variant of every enum that the schema has in events is in the golden lines.
#[test]
fn golden_lines_have_every_variant() {
    let schema = json_schema();
    let mut seen = BTreeSet::new();
    golden().for_each(|line| words(&line, &mut seen));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if ["Account", "AuthField", "FieldValue", "Protocol"].contains(&name.as_str()) {
            continue;
        }
        for variant in definition["oneOf"].as_array().into_iter().flatten() {
            if let Some(tag) = variant
                .get("const")
                .or_else(|| variant.get("required")?.get(0))
            {
                let tag = tag.as_str().unwrap();
                assert!(
                    seen.contains(tag),
                    "tests/vocabulary.jsonl has no line with {name}::{tag}"
                );
            }
        }
    }
}

/// Every key and every string in `value`.
fn words(value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            seen.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, seen)),
        Value::Object(map) => {
            for (key, inner) in map {
                seen.insert(key.clone());
                words(inner, seen);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn newer_fields_and_variants_fit() {
    let schema = json_schema();
    let checker = Checker::new(&schema);
    for mut line in golden() {
        add_fields(&mut line);
        checker
            .check(&line)
            .unwrap_or_else(|wrong| panic!("{wrong} in {line}"));
    }
    let message = |change: fn(&mut Value)| {
        let mut event = golden().next().unwrap();
        change(&mut event["Chat"]["event"]["New"]["message"]);
        event
    };
    for newer in [
        json!({ "Weather": { "event": "Rain" } }),
        json!("Noon"),
        json!({ "Chat": { "event": "Silence" } }),
        json!({ "Chat": { "event": { "Sing": { "song": 1 } } } }),
        json!({ "Channel": { "event": "Hush" } }),
        json!({ "Status": { "event": { "Failed": { "request": 1, "error": { "kind": "Eclipse", "message": "" } } } } }),
        json!({ "Status": { "event": { "Capabilities": { "capabilities": { "sends": ["ChatSing"] } } } } }),
        message(|message| message["status"] = "Seen".into()),
        message(|message| message["content"] = json!([{ "Hologram": {} }, "Silence"])),
    ] {
        checker
            .check(&newer)
            .unwrap_or_else(|wrong| panic!("{wrong} in {newer}"));
    }
}

/// Adds a field to every record below an event, but not to the tags of variants.
fn add_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        Value::Object(map) => {
            map.values_mut().for_each(add_fields);
            let is_tag = map.len() == 1
                && map
                    .keys()
                    .all(|key| key.starts_with(|first: char| first.is_uppercase()));
            if !is_tag {
                map.insert("from_the_future".to_owned(), json!({ "x": [1] }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_wrong_does_not_fit() {
    let schema = json_schema();
    let checker = Checker::new(&schema);
    for wrong in [
        json!(null),
        json!([]),
        json!({}),
        json!("Chat"),
        json!({ "Chat": {} }),
        json!({ "Chat": { "event": "New" } }),
        json!({ "Chat": { "event": { "New": {} } } }),
        json!({ "Chat": { "event": { "Remove": { "channel_id": 1, "message_id": "x" } } } }),
        json!({ "Chat": { "event": { "Remove": { "channel_id": null } } } }),
        json!({ "Status": { "event": { "Done": { "request": 0 } } } }),
        json!({ "Status": { "event": { "Done": { "request": "1" } } } }),
        json!({ "User": { "event": { "New": { "user": { "color": [1, 2, 3] } } } } }),
        json!({ "User": { "event": { "New": { "user": { "color": [1, 2, 3, 256] } } } } }),
    ] {
        assert!(checker.check(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn accounts_are_described_too() {
    let schema = json_schema();
    let account = json!({ "$ref": "#/$defs/Account" });
    let checker = Checker::new(&schema);
    let mut form = json!({
        "protocol_name": "wschat",
        "auth": [{
            "name": "group",
            "value": { "Group": [{ "name": "secret", "value": { "Password": "x" }, "required": true }] },
            "required": false,
        }],
    });
    checker.check_against(&account, &form).unwrap();
    assert!(serde_json::from_value::<kaiwa_core::Account>(form.clone()).is_ok());
    form["auth"][0]["value"]["Group"][0]["name"] = json!(5);
    assert!(checker.check_against(&account, &form).is_err());
}
