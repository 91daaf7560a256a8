//! Styled text, and what becomes of it where a network carries none.

use serde::{Deserialize, Serialize};

use crate::{Message, MessageFragment};

/// How deep styles and links may lie in each other. People need three; with 32 the JSON of every event stays below the 128
/// levels at which parsers stop (three per style, at most a dozen around the message).
pub const MAX_STYLE_DEPTH: usize = 32;

/// How a part of a message looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Style {
    /// Heavier letters.
    Bold,
    /// Slanted letters.
    Italic,
    /// A line below.
    Underline,
    /// A line through.
    Strike,
    /// Program text: letters of one width, meant literally.
    Code,
    /// Text whose spaces and line breaks make a picture.
    Preformatted,
    /// Said by somebody else before.
    Quote,
    /// Hidden until the reader asks for it.
    Spoiler,
    /// Letters of a colour: red, green, blue, alpha.
    Color([u8; 4]),
    /// Something of a colour behind the letters: red, green, blue, alpha.
    Background([u8; 4]),
}

impl Message {
    /// The message for a network that carries no styles: each is replaced by its content, a quote by lines behind `> `, a
    /// labelled link by the label and the address in parentheses, a mention or link within the network by its text. Neighbouring
    /// texts that come of this are one. A spoiler is no longer hidden.
    #[must_use]
    pub fn lowered(mut self) -> Self {
        if self.content.iter().any(is_lowered) {
            let mut lowering = Lowering::default();
            lowering.all(self.content);
            self.content = lowering.out;
        }
        self
    }
}

impl MessageFragment {
    /// The fragments that lie within this one.
    #[must_use]
    pub fn inner(&self) -> &[Self] {
        match self {
            Self::Styled { content, .. } | Self::Link { content, .. } => content,
            _ => &[],
        }
    }

    /// How many styles and links lie in each other here, this one included. It looks no deeper than one beyond
    /// [`MAX_STYLE_DEPTH`].
    #[must_use]
    pub fn style_depth(&self) -> usize {
        self.depth_within(MAX_STYLE_DEPTH + 1)
    }

    fn depth_within(&self, limit: usize) -> usize {
        match self {
            Self::Styled { content, .. } | Self::Link { content, .. } if limit > 0 => {
                let deepest = content.iter().map(|one| one.depth_within(limit - 1)).max();
                1 + deepest.unwrap_or(0)
            }
            _ => 0,
        }
    }
}

fn is_lowered(fragment: &MessageFragment) -> bool {
    matches!(
        fragment,
        MessageFragment::Styled { .. }
            | MessageFragment::Link { .. }
            | MessageFragment::Mention { .. }
            | MessageFragment::ChannelLink { .. }
            | MessageFragment::MessageLink { .. }
    )
}

/// What has been lowered so far.
#[derive(Default)]
struct Lowering {
    out: Vec<MessageFragment>,
    /// How many quotes lie around what comes.
    quotes: usize,
    /// Something stands on the line.
    in_line: bool,
    /// A quote has ended: what comes begins a line.
    ended: bool,
}

impl Lowering {
    fn all(&mut self, fragments: Vec<MessageFragment>) {
        for fragment in fragments {
            self.one(fragment);
        }
    }

    fn one(&mut self, fragment: MessageFragment) {
        match fragment {
            MessageFragment::Text(text)
            | MessageFragment::Mention { text, .. }
            | MessageFragment::ChannelLink { text, .. } => self.text(&text),
            MessageFragment::MessageLink { message_id, .. } => self.text(&message_id),
            MessageFragment::Styled {
                style: Style::Quote,
                content,
            } => self.quote(content),
            MessageFragment::Styled { content, .. } => self.all(content),
            MessageFragment::Link { url, content } => self.link(url, content),
            shown if shown.is_shown() => {
                self.begin();
                self.in_line = true;
                self.out.push(shown);
            }
            other => self.out.push(other),
        }
    }

    fn quote(&mut self, content: Vec<MessageFragment>) {
        if self.in_line {
            self.append("\n");
            self.in_line = false;
        }
        self.quotes += 1;
        self.all(content);
        self.quotes -= 1;
        self.ended = self.in_line;
    }

    fn link(&mut self, url: String, content: Vec<MessageFragment>) {
        let mut label = String::new();
        content.iter().for_each(|one| one.push_plain(&mut label));
        if label.is_empty() || label == url {
            return self.one(MessageFragment::Url(url));
        }
        self.all(content);
        self.text(" (");
        self.one(MessageFragment::Url(url));
        self.text(")");
    }

    fn text(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.begin();
            self.append(line);
            self.in_line = !line.ends_with('\n');
        }
    }

    /// Begins a line where one is due, with the signs of the quotes around it.
    fn begin(&mut self) {
        if std::mem::take(&mut self.ended) && self.in_line {
            self.append("\n");
            self.in_line = false;
        }
        if !self.in_line && self.quotes > 0 {
            self.append(&"> ".repeat(self.quotes));
        }
    }

    fn append(&mut self, text: &str) {
        if let Some(MessageFragment::Text(last)) = self.out.last_mut() {
            last.push_str(text);
        } else {
            self.out.push(MessageFragment::Text(text.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> MessageFragment {
        MessageFragment::Text(text.to_owned())
    }

    fn styled(style: Style, content: &[MessageFragment]) -> MessageFragment {
        MessageFragment::Styled {
            style,
            content: content.to_vec(),
        }
    }

    fn link(url: &str, content: &[MessageFragment]) -> MessageFragment {
        MessageFragment::Link {
            url: url.to_owned(),
            content: content.to_vec(),
        }
    }

    fn lowered(content: &[MessageFragment]) -> Vec<MessageFragment> {
        let mut message = Message::text("", chrono::DateTime::UNIX_EPOCH);
        message.content = content.to_vec();
        message.lowered().content
    }

    fn url(url: &str) -> MessageFragment {
        MessageFragment::Url(url.to_owned())
    }

    #[test]
    fn what_has_no_style_stays_as_it_is() {
        let plain = [text("a"), text("b"), url("https://example.org/")];
        assert_eq!(lowered(&plain), plain);
    }

    #[test]
    fn styles_leave_their_content() {
        let reply = MessageFragment::Reply {
            message_id: "1".into(),
        };
        let styles = [
            text("a "),
            styled(
                Style::Bold,
                &[styled(Style::Color([1, 2, 3, 4]), &[text("b")])],
            ),
            styled(Style::Code, &[text("c"), url("https://example.org/")]),
            reply.clone(),
        ];
        let plain = [text("a bc"), url("https://example.org/"), reply];
        assert_eq!(lowered(&styles), plain);
    }

    #[test]
    fn a_link_keeps_its_address() {
        let address = "https://example.org/";
        let labelled = link(address, &[styled(Style::Bold, &[text("here")])]);
        assert_eq!(
            lowered(&[labelled]),
            [text("here ("), url(address), text(")")]
        );
        assert_eq!(lowered(&[link(address, &[])]), [url(address)]);
        assert_eq!(lowered(&[link(address, &[text(address)])]), [url(address)]);
    }

    #[test]
    fn links_within_the_network_leave_their_text() {
        let mention = MessageFragment::Mention {
            user_id: "7".into(),
            text: "@ann".to_owned(),
        };
        let channel = MessageFragment::ChannelLink {
            channel_id: "3".into(),
            text: "#tea".to_owned(),
        };
        assert_eq!(
            lowered(&[mention, text(" in "), channel]),
            [text("@ann in #tea")]
        );
    }

    #[test]
    fn quotes_are_lines_of_their_own() {
        let inner = styled(Style::Quote, &[text("x")]);
        for (quote, plain) in [
            (vec![text("a"), inner.clone(), text("b")], "a\n> x\nb"),
            (vec![inner.clone()], "> x"),
            (vec![inner.clone(), inner.clone()], "> x\n> x"),
            (
                vec![text("a\n"), styled(Style::Quote, &[text("x\ny")])],
                "a\n> x\n> y",
            ),
            (
                vec![styled(Style::Quote, &[text("x\n")]), text("b")],
                "> x\nb",
            ),
            (
                vec![styled(Style::Quote, &[inner, text("y")]), text("b")],
                "> > x\n> y\nb",
            ),
            (vec![styled(Style::Quote, &[]), text("b")], "b"),
        ] {
            assert_eq!(lowered(&quote), [text(plain)], "{quote:?}");
        }
    }

    #[test]
    fn depth_is_counted_up_to_the_limit() {
        let mut deep = text("x");
        for depth in 0..2 * MAX_STYLE_DEPTH {
            assert_eq!(deep.style_depth(), depth.min(MAX_STYLE_DEPTH + 1));
            deep = if depth % 2 == 0 {
                styled(Style::Bold, &[deep])
            } else {
                link("https://example.org/", &[text("y"), deep])
            };
        }
    }
}
