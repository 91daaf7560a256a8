//! One tag: what it is called and what it means.

use std::borrow::Cow;

use kaiwa_core::Style;

use super::super::{address, color};

/// What opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Bold,
    Italic,
    Underline,
    Strike,
    Quote,
    Spoiler,
    Color,
    Background,
    Link,
    Code,
    Preformatted,
    Image,
    Audio,
    Video,
}

/// Every name as it is written.
const NAMES: &[(&str, Name)] = &[
    ("b", Name::Bold),
    ("i", Name::Italic),
    ("u", Name::Underline),
    ("s", Name::Strike),
    ("quote", Name::Quote),
    ("spoiler", Name::Spoiler),
    ("color", Name::Color),
    ("bgcolor", Name::Background),
    ("url", Name::Link),
    ("code", Name::Code),
    ("sjis", Name::Preformatted),
    ("img", Name::Image),
    ("audio", Name::Audio),
    ("video", Name::Video),
];

/// How many names there are.
pub(super) const COUNT: usize = NAMES.len();

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 7;

impl Name {
    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        let found = NAMES.iter().find(|(_, name)| *name == self);
        found.map_or("", |(word, _)| word)
    }

    fn read(word: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(one, _)| one.eq_ignore_ascii_case(word));
        found.map(|(_, name)| *name)
    }

    /// Its place in a table of [`COUNT`].
    pub(super) fn number(self) -> usize {
        self as usize
    }

    /// The style that it stands for, if it needs no argument.
    pub(super) fn style(self) -> Option<Style> {
        Some(match self {
            Self::Bold => Style::Bold,
            Self::Italic => Style::Italic,
            Self::Underline => Style::Underline,
            Self::Strike => Style::Strike,
            Self::Quote => Style::Quote,
            Self::Spoiler => Style::Spoiler,
            Self::Code => Style::Code,
            Self::Preformatted => Style::Preformatted,
            _ => return None,
        })
    }
}

/// What a tag does.
#[derive(Debug, PartialEq)]
pub(super) enum Tag<'a> {
    /// Begins a style.
    Style(Name, Style),
    /// Begins a labelled link.
    Link(Cow<'a, str>),
    /// Begins what is taken as it stands.
    Raw(Name),
    /// Begins an address.
    Address(Name),
    /// Ends what this name began.
    Close(Name),
}

/// Reads the tag at the beginning of `text`, and says how long it is. An argument ends at the next `[` at the latest, so that
/// no part of a text is looked at often.
pub(super) fn read(text: &str) -> Option<(Tag<'_>, usize)> {
    let inner = text.strip_prefix('[')?;
    let (is_close, inner) = match inner.strip_prefix('/') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let letters = inner.bytes().take(MAX_NAME_BYTES + 1);
    let length = letters.take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = inner.split_at_checked(length)?;
    let name = Name::read(word)?;
    let read = |rest: &str| text.len() - rest.len();
    if let Some(rest) = rest.strip_prefix(']') {
        let tag = if is_close {
            Tag::Close(name)
        } else {
            without_argument(name)?
        };
        return Some((tag, read(rest)));
    }
    let rest = rest.strip_prefix('=').filter(|_| !is_close)?;
    let window = rest.as_bytes().iter().take(address::MAX_ADDRESS_BYTES);
    let end = window.take_while(|byte| !matches!(byte, b'[' | b']' | b'\n'));
    let (argument, rest) = rest.split_at_checked(end.count())?;
    let rest = rest.strip_prefix(']')?;
    Some((with_argument(name, argument)?, read(rest)))
}

fn without_argument<'a>(name: Name) -> Option<Tag<'a>> {
    match name {
        Name::Code | Name::Preformatted => Some(Tag::Raw(name)),
        Name::Link | Name::Image | Name::Audio | Name::Video => Some(Tag::Address(name)),
        _ => name.style().map(|style| Tag::Style(name, style)),
    }
}

fn with_argument(name: Name, argument: &str) -> Option<Tag<'_>> {
    let color = || {
        let refused = |c: char| matches!(c, ';' | ':' | '{' | '}' | '<' | '>' | '\'' | '"');
        color::parse(&argument.replace(refused, ""))
    };
    match name {
        Name::Color => Some(Tag::Style(name, Style::Color(color()?))),
        Name::Background => Some(Tag::Style(name, Style::Background(color()?))),
        Name::Link => address::clean(argument).map(Tag::Link),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_their_order() {
        for (number, (word, name)) in NAMES.iter().enumerate() {
            assert_eq!((name.number(), name.word()), (number, *word));
            assert!(word.len() <= MAX_NAME_BYTES);
        }
    }

    #[test]
    fn tags_are_read() {
        let link = |url| Tag::Link(Cow::Borrowed(url));
        for (text, tag) in [
            ("[b]", Some((Tag::Style(Name::Bold, Style::Bold), 3))),
            ("[B]x", Some((Tag::Style(Name::Bold, Style::Bold), 3))),
            ("[/b]", Some((Tag::Close(Name::Bold), 4))),
            (
                "[color=#f00]",
                Some((Tag::Style(Name::Color, Style::Color([255, 0, 0, 255])), 12)),
            ),
            (
                "[color=\"red;\"]",
                Some((Tag::Style(Name::Color, Style::Color([255, 0, 0, 255])), 14)),
            ),
            (
                "[url=//example.org]x",
                Some((Tag::Link(Cow::Owned("https://example.org".to_owned())), 19)),
            ),
            ("[url=http://a]", Some((link("http://a"), 14))),
            ("[url]", Some((Tag::Address(Name::Link), 5))),
            ("[code]", Some((Tag::Raw(Name::Code), 6))),
            ("[color]", None),
            ("[color=]", None),
            ("[color=nothing]", None),
            ("[url=javascript:x]", None),
            ("[url=http://a[b]]", None),
            ("[url=http://a\n]", None),
            ("[b=1]", None),
            ("[/b=1]", None),
            ("[/color=red]", None),
            ("[bb]", None),
            ("[]", None),
            ("[/]", None),
            ("[b", None),
            ("[b ]", None),
            ("[é]", None),
            ("[spoilers]", None),
            ("[", None),
            ("b]", None),
            ("", None),
        ] {
            assert_eq!(read(text), tag, "{text}");
        }
    }
}
