//! How values look. Ids and times are told apart here; for the rest the codec decides.

use kaiwa_protocols::flubber::wire::{FromBackend, InitInfo};
use serde_json::Value;

use super::rules::Rule;

/// Which rule a value breaks, and what was seen.
#[derive(Debug, PartialEq)]
pub(super) struct Breach {
    pub(super) rule: Rule,
    pub(super) seen: String,
}

impl Breach {
    fn new(rule: Rule, seen: String) -> Self {
        Self { rule, seen }
    }
}

/// What is wrong with an init info.
pub(super) fn init(json: &str) -> Result<(), String> {
    match InitInfo::decode(json) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; seen {}", brief(json))),
    }
}

/// What is wrong with an answer or an update.
pub(super) fn said(json: &str, value: &Value) -> Result<(), Breach> {
    let tagged = value.get("body").unwrap_or(value);
    let (kind, inner) = (text(tagged.get("type")), tagged.get("value"));
    let empty = Value::Null;
    let inner = inner.unwrap_or(&empty);
    match kind {
        "RoomID" | "MessageID" | "RoomDelete" | "MessageDelete" => id(inner, kind)?,
        "Room" | "RoomUpsert" => {
            id(field(inner, "id"), "the id of a room")?;
            let parent = field(inner, "parent");
            if !parent.is_null() {
                id(parent, "the parent of a room")?;
            }
        }
        "Message" | "MessageUpsert" => {
            for name in ["id", "sender", "recipient"] {
                id(field(inner, name), &format!("the {name} of a message"))?;
            }
            for name in ["create_time", "edit_time"] {
                time(field(inner, name), name)?;
            }
        }
        _ => {}
    }
    FromBackend::decode(json)
        .map(|_| ())
        .map_err(|error| Breach::new(Rule::Forms, format!("{error}; seen {}", brief(json))))
}

/// The beginning of a text, on one line of a report.
pub(super) fn brief(text: &str) -> String {
    /// Characters: what a line shows.
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A text, or none.
pub(super) fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    const NONE: &Value = &Value::Null;
    value.get(name).unwrap_or(NONE)
}

fn id(value: &Value, what: &str) -> Result<(), Breach> {
    // One that is missing is a matter of form.
    if value.is_string() || value.is_null() {
        return Ok(());
    }
    let seen = format!("{what} is {}", brief(&value.to_string()));
    Err(Breach::new(Rule::Ids, seen))
}

fn time(value: &Value, what: &str) -> Result<(), Breach> {
    if value.is_i64() || value.is_null() {
        return Ok(());
    }
    let seen = format!("{what} is {}", brief(&value.to_string()));
    Err(Breach::new(Rule::Times, seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named() {
        for (json, rule) in [
            (r#"{"type":"RoomDelete","value":"1"}"#, None),
            (r#"{"type":"RoomDelete","value":1}"#, Some(Rule::Ids)),
            (r#"{"type":"RoomDelete"}"#, Some(Rule::Forms)),
            (r#"{"type":"Nonsense","value":1}"#, Some(Rule::Forms)),
            ("42", Some(Rule::Forms)),
            (
                r#"{"sequence_number":0,"body":{"type":"RoomID","value":7}}"#,
                Some(Rule::Ids),
            ),
            (
                r#"{"type":"MessageUpsert","value":{"id":"1","create_time":1.5}}"#,
                Some(Rule::Times),
            ),
            (
                r#"{"type":"MessageUpsert","value":{"id":"1","create_time":"now"}}"#,
                Some(Rule::Times),
            ),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            let found = said(json, &value).err().map(|breach| breach.rule);
            assert_eq!(found, rule, "{json}");
        }
    }
}
