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
const FRAGMENTS: [&str; 18] = [
    "Text",
    "Image",
    "Video",
    "Audio",
    "Url",
    "AssetId",
    "File",
    "Upload",
    "Styled",
    "Link",
    "Mention",
    "ChannelLink",
    "MessageLink",
    "Reply",
    "EditedAt",
    "Reaction",
    "Notice",
    "Extra",
];

/// Names of the styles of this version; a test compares them with the enum.
const STYLES: [&str; 10] = [
    "Bold",
    "Italic",
    "Underline",
    "Strike",
    "Code",
    "Preformatted",
    "Quote",
    "Spoiler",
    "Color",
    "Background",
];

impl JsonReader {
    /// A reader that has skipped nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one event; `None` for a variant of a newer version, which is counted.
    ///
    /// Unknown fields are ignored; unknown message fragments are left out and counted; an unknown style is counted and
    /// replaced by its content. An event in which anything else is
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

/// Takes unknown fragments and styles out of every `content` and `args` array below `value`; says how many.
fn prune_fragments(value: &mut Value) -> u64 {
    match value {
        Value::Object(map) => map
            .iter_mut()
            .map(|(key, inner)| match inner {
                Value::Array(items) if key == "content" || key == "args" => prune_list(items),
                // What a user keeps on the network is not ours to read.
                _ if key == "value" => 0,
                _ => prune_fragments(inner),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(prune_fragments).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Recursion ends: what was read is at most 128 deep, the limit of the parser.
fn prune_list(items: &mut Vec<Value>) -> u64 {
    let mut skipped = 0;
    let mut kept = Vec::with_capacity(items.len());
    for mut item in items.drain(..) {
        if tag(&item).is_some_and(|(name, _)| !FRAGMENTS.contains(&name)) {
            skipped += 1;
            continue;
        }
        skipped += prune_within(&mut item);
        match unknown_style(&mut item) {
            Some(content) => {
                skipped += 1;
                kept.extend(content);
            }
            None => kept.push(item),
        }
    }
    *items = kept;
    skipped
}

fn prune_within(fragment: &mut Value) -> u64 {
    let Value::Object(map) = fragment else {
        return 0;
    };
    map.iter_mut()
        .filter(|(name, _)| *name == "Styled" || *name == "Link")
        .filter_map(|(_, inner)| inner.get_mut("content")?.as_array_mut())
        .map(prune_list)
        .sum()
}

/// Takes the content out of a fragment with a style of a newer version.
fn unknown_style(fragment: &mut Value) -> Option<Vec<Value>> {
    let styled = fragment.get_mut("Styled")?;
    let (name, _) = styled.get("style").and_then(tag)?;
    if STYLES.contains(&name) {
        return None;
    }
    let content = styled.get_mut("content")?.as_array_mut()?;
    Some(std::mem::take(content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChatEvent, MAX_STYLE_DEPTH, MessageFragment, Style};

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

    fn content_of(event: &str) -> (Vec<MessageFragment>, u64) {
        let mut reader = JsonReader::new();
        let message = format!(
            r#"{{"id":"1","sender_id":null,"content":{event},"timestamp":"2026-01-01T00:00:00Z","message_type":"Normal","status":"Delivered"}}"#
        );
        let event = format!(
            r#"{{"Chat":{{"event":{{"New":{{"channel_id":null,"message":{message}}}}}}}}}"#
        );
        match reader.read(&event).unwrap() {
            Some(ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            }) => (message.content, reader.skipped()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn newer_styles_and_fragments_within_styles_leave_the_rest() {
        let text = |text: &str| MessageFragment::Text(text.to_owned());
        let newer = r#"[{"Styled":{"style":{"Glow":1},"content":[{"Text":"a"},{"Hologram":{}},
            {"Styled":{"style":"Wobble","content":[{"Text":"b"}]}}]}},
            {"Styled":{"style":"Bold","content":[{"Hologram":{}},{"Text":"c"}]}},
            {"Link":{"url":"u","content":["Silence"]}},
            {"Notice":{"code":"n","args":["x"]}},
            {"Extra":{"content":[{"Hologram":{}}]}}]"#;
        let expected = vec![
            text("a"),
            text("b"),
            MessageFragment::Styled {
                style: Style::Bold,
                content: vec![text("c")],
            },
            MessageFragment::Link {
                url: "u".to_owned(),
                content: Vec::new(),
            },
            MessageFragment::Notice {
                code: "n".to_owned(),
                args: vec!["x".to_owned()],
            },
            MessageFragment::Extra(serde_json::json!({"content": [{"Hologram": {}}]})),
        ];
        assert_eq!(content_of(newer), (expected, 5));
    }

    #[test]
    fn styles_as_deep_as_allowed_are_read() {
        let deep = |depth: usize| {
            let deep = (0..depth).fold(MessageFragment::Text("x".to_owned()), |inner, _| {
                MessageFragment::Styled {
                    style: Style::Color([0; 4]),
                    content: vec![inner],
                }
            });
            vec![deep]
        };
        let written = serde_json::to_string(&deep(MAX_STYLE_DEPTH)).unwrap();
        assert_eq!(content_of(&written), (deep(MAX_STYLE_DEPTH), 0));
        let written = serde_json::to_string(&deep(100)).unwrap();
        assert!(JsonReader::new().read(&written).is_err());
    }

    #[test]
    fn what_a_user_keeps_is_left_alone() {
        let kept = r#"{"User":{"event":{"Data":{"channel_id":null,"key":"k","value":{"content":[{"Hologram":{}}]}}}}}"#;
        let mut reader = JsonReader::new();
        let event = reader.read(kept).unwrap().unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), kept);
        assert_eq!(reader.skipped(), 0);
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
            MessageFragment::AssetId(text("a").into()),
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
            MessageFragment::Styled {
                style: Style::Bold,
                content: Vec::new(),
            },
            MessageFragment::Link {
                url: text("u"),
                content: Vec::new(),
            },
            MessageFragment::Mention {
                user_id: text("1").into(),
                text: text("x"),
            },
            MessageFragment::ChannelLink {
                channel_id: text("1").into(),
                text: text("x"),
            },
            MessageFragment::MessageLink {
                channel_id: None,
                message_id: text("1").into(),
            },
            MessageFragment::Reply {
                message_id: text("1").into(),
            },
            MessageFragment::EditedAt(chrono::DateTime::UNIX_EPOCH),
            MessageFragment::Reaction {
                emoji: text("e"),
                user_ids: Vec::new(),
            },
            MessageFragment::Notice {
                code: text("c"),
                args: Vec::new(),
            },
            MessageFragment::Extra(Value::Null),
        ];
        assert_eq!(all.len(), FRAGMENTS.len());
        for (fragment, name) in all.iter().zip(FRAGMENTS) {
            let value = serde_json::to_value(fragment).unwrap();
            assert_eq!(tag(&value).unwrap().0, name);
            known(fragment);
        }
    }

    /// A new variant must be added here and to FRAGMENTS.
    fn known(fragment: &MessageFragment) {
        match fragment {
            MessageFragment::Text(_)
            | MessageFragment::Image { .. }
            | MessageFragment::Video { .. }
            | MessageFragment::Audio { .. }
            | MessageFragment::Url(_)
            | MessageFragment::AssetId(_)
            | MessageFragment::File { .. }
            | MessageFragment::Upload { .. }
            | MessageFragment::Styled { .. }
            | MessageFragment::Link { .. }
            | MessageFragment::Mention { .. }
            | MessageFragment::ChannelLink { .. }
            | MessageFragment::MessageLink { .. }
            | MessageFragment::Reply { .. }
            | MessageFragment::EditedAt(_)
            | MessageFragment::Reaction { .. }
            | MessageFragment::Notice { .. }
            | MessageFragment::Extra(_) => {}
        }
    }

    #[test]
    fn style_names_are_complete() {
        let all = [
            Style::Bold,
            Style::Italic,
            Style::Underline,
            Style::Strike,
            Style::Code,
            Style::Preformatted,
            Style::Quote,
            Style::Spoiler,
            Style::Color([0; 4]),
            Style::Background([0; 4]),
        ];
        assert_eq!(all.len(), STYLES.len());
        for (style, name) in all.iter().zip(STYLES) {
            let value = serde_json::to_value(style).unwrap();
            assert_eq!(tag(&value).unwrap().0, name);
            // A new variant must be added here and to STYLES.
            match style {
                Style::Bold
                | Style::Italic
                | Style::Underline
                | Style::Strike
                | Style::Code
                | Style::Preformatted
                | Style::Quote
                | Style::Spoiler
                | Style::Color(_)
                | Style::Background(_) => {}
            }
        }
    }
}
