//! Reading events from JSON: what a newer library writes is skipped and counted, not an error.

use serde_json::Value;

use super::{ConnectionEvent, EventKind};
use crate::error::{Error, ErrorKind};

/// Reads events from JSON and counts what it had to skip.
#[derive(Debug, Default)]
pub struct JsonReader {
    skipped: u64,
}

/// Names of the message fragments of this version; a test compares them with the enum.
const FRAGMENTS: [&str; 12] = [
    "Text", "Image", "Video", "Audio", "Url", "AssetId", "File", "Upload", "Reply", "EditedAt",
    "Reaction", "Extra",
];

impl JsonReader {
    /// A reader that has skipped nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one event; `None` for a variant of a newer version, which is counted.
    ///
    /// Unknown fields are ignored; unknown message fragments are left out and counted. An event in which anything else is
    /// of an unknown variant, a status for example, is skipped as a whole.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for text that is not JSON, or a known variant whose fields do not fit.
    pub fn read(&mut self, json: &str) -> Result<Option<ConnectionEvent>, Error> {
        let mut value: Value = serde_json::from_str(json)
            .map_err(|e| Error::new(ErrorKind::Invalid, "event is not JSON").with_source(e))?;
        if is_unknown_event(&value) {
            self.skipped += 1;
            return Ok(None);
        }
        self.skipped += prune_fragments(&mut value);
        match serde_json::from_value(value) {
            Ok(event) => Ok(Some(event)),
            // serde has no other way of asking for it; a test holds the words.
            Err(error) if error.to_string().starts_with("unknown variant") => {
                self.skipped += 1;
                Ok(None)
            }
            Err(error) => {
                Err(Error::new(ErrorKind::Invalid, "event does not fit").with_source(error))
            }
        }
    }

    /// How many events and fragments were skipped.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// The only key of an externally tagged enum value, or the string of a unit variant.
fn tag(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::String(name) => Some((name, &Value::Null)),
        Value::Object(map) if map.len() == 1 => map
            .iter()
            .next()
            .map(|(name, inner)| (name.as_str(), inner)),
        _ => None,
    }
}

fn is_unknown_event(value: &Value) -> bool {
    let Some((group, outer)) = tag(value) else {
        return false;
    };
    if !EventKind::ALL.iter().any(|kind| kind.group() == group) {
        return true;
    }
    let Some((variant, _)) = outer.get("event").and_then(tag) else {
        return false;
    };
    !EventKind::ALL
        .iter()
        .any(|kind| kind.group() == group && kind.variant() == variant)
}

/// Takes unknown fragments out of every `content` and `args` array below `value`; says how many.
fn prune_fragments(value: &mut Value) -> u64 {
    match value {
        Value::Object(map) => map
            .iter_mut()
            .map(|(key, inner)| match inner {
                Value::Array(items) if key == "content" || key == "args" => {
                    let before = items.len();
                    items
                        .retain(|item| tag(item).is_none_or(|(name, _)| FRAGMENTS.contains(&name)));
                    (before - items.len()) as u64
                }
                _ => prune_fragments(inner),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(prune_fragments).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChatEvent, MessageFragment};

    #[test]
    fn newer_variants_are_skipped_and_counted() {
        let mut reader = JsonReader::new();
        assert_eq!(
            reader.read(r#"{"Weather":{"event":"Rain"}}"#).unwrap(),
            None
        );
        assert_eq!(
            reader
                .read(r#"{"Chat":{"event":{"Sing":{"song":"x"}}}}"#)
                .unwrap(),
            None
        );
        let read = reader
            .read(
                r#"{"Chat":{"event":{"New":{"channel_id":null,"hue":1,"message":{"id":"1","sender_id":null,
                "content":[{"Text":"a"},{"Hologram":{"x":1}}],"timestamp":"2026-01-01T00:00:00Z",
                "message_type":"Normal","status":"Delivered"}}}}}"#,
            )
            .unwrap();
        let Some(ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        }) = read
        else {
            panic!("a message")
        };
        assert_eq!(message.content, [MessageFragment::Text("a".to_owned())]);
        assert_eq!(reader.skipped(), 3);
    }

    #[test]
    fn events_with_newer_values_are_skipped_and_counted() {
        let mut reader = JsonReader::new();
        for newer in [
            r#"{"Channel":{"event":{"New":{"channel":{"id":"1","name":null,"channel_type":"Forum"}}}}}"#,
            r#"{"Asset":{"event":{"New":{"channel_id":null,"asset":{"Hologram":{"id":"1"}}}}}}"#,
            r#"{"Status":{"event":{"Capabilities":{"capabilities":{"confirmation":"Telepathy"}}}}}"#,
        ] {
            assert_eq!(reader.read(newer).unwrap(), None, "{newer}");
        }
        assert_eq!(reader.skipped(), 3);
    }

    #[test]
    fn wrong_json_is_an_error() {
        let mut reader = JsonReader::new();
        for wrong in [
            "",
            "{",
            "7",
            "{}",
            r#"{"Chat":{}}"#,
            r#"{"Chat":{"event":{"New":{}}}}"#,
        ] {
            assert_eq!(
                reader.read(wrong).unwrap_err().kind(),
                ErrorKind::Invalid,
                "{wrong}"
            );
        }
        assert_eq!(reader.skipped(), 0);
    }

    #[test]
    fn fragment_names_are_complete() {
        let text = |s: &str| s.to_owned();
        let all = [
            MessageFragment::Text(text("x")),
            MessageFragment::Image {
                url: text("u"),
                mime: text("m"),
            },
            MessageFragment::Video {
                url: text("u"),
                mime: text("m"),
            },
            MessageFragment::Audio {
                url: text("u"),
                mime: text("m"),
            },
            MessageFragment::Url(text("u")),
            MessageFragment::AssetId(text("a")),
            MessageFragment::File {
                url: text("u"),
                name: text("n"),
                mime: text("m"),
                size: None,
            },
            MessageFragment::Upload {
                path: text("p"),
                name: None,
                mime: None,
            },
            MessageFragment::Reply {
                message_id: text("1"),
            },
            MessageFragment::EditedAt(chrono::DateTime::UNIX_EPOCH),
            MessageFragment::Reaction {
                emoji: text("e"),
                user_ids: Vec::new(),
            },
            MessageFragment::Extra(Value::Null),
        ];
        assert_eq!(all.len(), FRAGMENTS.len());
        for (fragment, name) in all.iter().zip(FRAGMENTS) {
            let value = serde_json::to_value(fragment).unwrap();
            assert_eq!(tag(&value).unwrap().0, name);
            // A new variant must be added here and to FRAGMENTS.
            match fragment {
                MessageFragment::Text(_)
                | MessageFragment::Image { .. }
                | MessageFragment::Video { .. }
                | MessageFragment::Audio { .. }
                | MessageFragment::Url(_)
                | MessageFragment::AssetId(_)
                | MessageFragment::File { .. }
                | MessageFragment::Upload { .. }
                | MessageFragment::Reply { .. }
                | MessageFragment::EditedAt(_)
                | MessageFragment::Reaction { .. }
                | MessageFragment::Extra(_) => {}
            }
        }
    }
}
