//! What goes into a frame: no frame is longer than [`limit::FRAME_BYTES`], whatever people and other networks bring.

use std::borrow::Cow;
use std::io;

use kaiwa_protocols::oshi::wire::{Circle, Message, Stream, limit};
use serde::Serialize;

/// Bytes that are left for what stands around objects in their frame: more than a request's id takes, which may be 128 bytes
/// that take six each.
pub(super) const AROUND: usize = 1024;

/// What is shown in the place of what was cut off a text.
const CUT: &str = "…";

/// The bytes of something as JSON.
pub(super) fn size(item: &impl Serialize) -> usize {
    let mut count = Count(0);
    // Everything here has a JSON form.
    let _ = serde_json::to_writer(&mut count, item);
    count.0
}

/// Leaves a circle as many of its streams as go into a frame with it; gives the others.
pub(super) fn split(
    circle: &mut Circle<'static>,
    streams: Vec<Stream<'static>>,
) -> Vec<Stream<'static>> {
    let mut bytes = size(circle) + AROUND;
    let mut streams = streams.into_iter();
    let mut kept = Vec::new();
    let mut rest = Vec::new();
    for stream in streams.by_ref() {
        bytes += size(&stream) + 1;
        if bytes > limit::FRAME_BYTES {
            rest.push(stream);
            break;
        }
        kept.push(stream);
    }
    rest.extend(streams);
    circle.streams = Some(kept);
    rest
}

/// Makes a message short enough for a frame of its own. None of Oshi's own needs that: other networks take longer texts, and
/// 1,000 reactions may all differ.
pub(super) fn cut(message: &mut Message<'_>) {
    let most = limit::FRAME_BYTES - AROUND - 1;
    let mut over = size(message).saturating_sub(most);
    // Of reactions that are too many, the newest go.
    while over > 0
        && let Some(last) = message.reactions.pop()
    {
        over = over.saturating_sub(size(&last));
    }
    let over = size(message).saturating_sub(most);
    if over > 0
        && let Some(text) = &mut message.text
    {
        *text = Cow::Owned(shortened(text, over));
    }
}

/// A text that takes at least so many bytes less as JSON.
fn shortened(text: &str, over: usize) -> String {
    let most = size(&text).saturating_sub(over + 2 + CUT.len());
    let mut bytes = 0;
    let kept = text.char_indices().find(|(_, c)| {
        bytes += size(c) - 2;
        bytes > most
    });
    let end = kept.map_or(text.len(), |(start, _)| start);
    let kept = text.get(..end).unwrap_or_default();
    format!("{kept}{CUT}")
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kaiwa_protocols::oshi::wire::{MessageId, Reaction, StreamId, UserId};
    use serde_json::Map;

    use super::*;

    fn message(text: &str, reactions: usize) -> Message<'static> {
        let reaction = |number| Reaction {
            emoji: format!("{number:\"<32}").into(),
            users: vec![UserId(i64::MAX >> 10)],
        };
        Message {
            stream: StreamId(1),
            seq: 1,
            rev: 1,
            id: MessageId(1),
            from: None,
            name: "guest".into(),
            text: Some(text.to_owned().into()),
            ts: 0,
            edited: None,
            deleted: false,
            reply: None,
            files: Vec::new(),
            reactions: (0..reactions).map(reaction).collect(),
            meta: Map::new(),
            nonce: None,
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_nothing_else() {
        let most = limit::FRAME_BYTES - AROUND;
        for (text, reactions) in [("", 0), ("x", 500), (&"\u{1}".repeat(4000), 100)] {
            let whole = message(text, reactions);
            let mut cut = whole.clone();
            super::cut(&mut cut);
            assert_eq!(cut, whole);
        }
        let mut much = message("said", 1000);
        cut(&mut much);
        assert!(size(&much) < most && much.reactions.len() > 500);
        assert_eq!(much.text.as_deref(), Some("said"));
        for text in ["\u{1}", "\"", "x", "é", "\u{1f600}"].map(|text| text.repeat(100_000)) {
            let mut long = message(&text, 3);
            cut(&mut long);
            let bytes = size(&long);
            assert!(most - 16 < bytes && bytes < most, "{bytes}");
            let shown = long.text.unwrap();
            assert!(text.starts_with(shown.strip_suffix(CUT).unwrap()));
        }
    }
}
