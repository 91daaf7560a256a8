//! From fragments to BBCode.

use kaiwa_core::{MessageFragment, Style};

use super::super::{Emotes, address, color};
use super::{ESCAPED, tag};

/// The BBCode of a message. Emotes are written as people type them, a mention or a link within a network as its text; what
/// has no address that a reader would follow is text. What is not shown is left out.
#[must_use]
pub fn render(content: &[MessageFragment], emotes: &Emotes) -> String {
    let mut renderer = Renderer {
        emotes,
        out: String::new(),
        run: String::new(),
    };
    renderer.all(content);
    renderer.end_run();
    renderer.out
}

struct Renderer<'a> {
    emotes: &'a Emotes,
    out: String,
    /// Text that is not in `out` yet: whether a bracket in it begins a tag shows only at its end.
    run: String,
}

impl Renderer<'_> {
    fn all(&mut self, content: &[MessageFragment]) {
        content.iter().for_each(|fragment| self.one(fragment));
    }

    fn one(&mut self, fragment: &MessageFragment) {
        match fragment {
            MessageFragment::Text(text)
            | MessageFragment::Mention { text, .. }
            | MessageFragment::ChannelLink { text, .. } => self.run.push_str(text),
            MessageFragment::MessageLink { message_id, .. } => self.run.push_str(message_id),
            MessageFragment::AssetId(id) => {
                let typed = self.emotes.pattern(id).unwrap_or(id);
                self.run.push_str(typed);
            }
            MessageFragment::Url(url) => self.address("url", url),
            MessageFragment::Image { url, .. } => self.address("img", url),
            MessageFragment::Video { url, .. } => self.address("video", url),
            MessageFragment::Audio { url, .. } => self.address("audio", url),
            MessageFragment::File { url, name, .. } => self.link(url, &[text_of(name)]),
            MessageFragment::Link { url, content } => self.link(url, content),
            MessageFragment::Styled { style, content } => self.styled(*style, content),
            _ => {}
        }
    }

    fn styled(&mut self, style: Style, content: &[MessageFragment]) {
        // Readers take tags around nothing as they stand.
        if !shows_any(content) {
            return;
        }
        match style {
            Style::Bold => self.enclose("b", "b", content),
            Style::Italic => self.enclose("i", "i", content),
            Style::Underline => self.enclose("u", "u", content),
            Style::Strike => self.enclose("s", "s", content),
            Style::Quote => self.enclose("quote", "quote", content),
            Style::Spoiler => self.enclose("spoiler", "spoiler", content),
            Style::Code => self.raw("code", content),
            Style::Preformatted => self.raw("sjis", content),
            Style::Color(of) => {
                self.enclose(&format!("color={}", color::hex(of)), "color", content);
            }
            Style::Background(of) => {
                self.enclose(&format!("bgcolor={}", color::hex(of)), "bgcolor", content);
            }
            _ => self.all(content),
        }
    }

    fn enclose(&mut self, opening: &str, closing: &str, content: &[MessageFragment]) {
        self.tag("[", opening);
        self.all(content);
        self.tag("[/", closing);
    }

    fn tag(&mut self, begin: &str, tag: &str) {
        self.end_run();
        self.out.push_str(begin);
        self.out.push_str(tag);
        self.out.push(']');
    }

    /// Tags within would be taken as they stand: only text goes in.
    fn raw(&mut self, tag: &str, content: &[MessageFragment]) {
        self.tag("[", tag);
        self.plain(content);
        self.tag("[/", tag);
    }

    fn plain(&mut self, content: &[MessageFragment]) {
        for fragment in content {
            match fragment {
                MessageFragment::Url(url)
                | MessageFragment::Image { url, .. }
                | MessageFragment::Video { url, .. }
                | MessageFragment::Audio { url, .. }
                | MessageFragment::File { url, .. } => self.run.push_str(url),
                MessageFragment::Styled { content, .. } | MessageFragment::Link { content, .. } => {
                    self.plain(content);
                }
                other => self.one(other),
            }
        }
    }

    fn address(&mut self, tag: &str, url: &str) {
        let Some(quoted) = address::quoted(url) else {
            return self.run.push_str(url);
        };
        self.tag("[", tag);
        self.out.push_str(&quoted);
        self.tag("[/", tag);
    }

    fn link(&mut self, url: &str, label: &[MessageFragment]) {
        if !shows_any(label) {
            return self.address("url", url);
        }
        if let Some(quoted) = address::quoted(url) {
            return self.enclose(&format!("url={quoted}"), "url", label);
        }
        self.all(label);
        self.run.push_str(" (");
        self.run.push_str(url);
        self.run.push(')');
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let mut rest = run.as_str();
        while let Some(at) = rest.find('[') {
            let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let is_taken = here.starts_with(ESCAPED) || tag::read(here).is_some();
            self.out.push_str(before);
            self.out.push_str(if is_taken { ESCAPED } else { "[" });
            rest = here.get(1..).unwrap_or_default();
        }
        self.out.push_str(rest);
    }
}

/// Whether something of it is written.
fn shows_any(content: &[MessageFragment]) -> bool {
    content.iter().any(|fragment| match fragment {
        MessageFragment::Text(text)
        | MessageFragment::Mention { text, .. }
        | MessageFragment::ChannelLink { text, .. }
        | MessageFragment::Url(text) => !text.is_empty(),
        MessageFragment::MessageLink { message_id: id, .. } | MessageFragment::AssetId(id) => {
            !id.is_empty()
        }
        MessageFragment::Styled { content, .. } => shows_any(content),
        MessageFragment::Link { url, content } => !url.is_empty() || shows_any(content),
        other => other.is_shown(),
    })
}

fn text_of(text: &str) -> MessageFragment {
    MessageFragment::Text(text.to_owned())
}
