//! From BBCode to fragments.
//!
//! One pass over the text with a stack of open tags. An open tag lies in the list of pieces as text until its partner comes,
//! so that nothing is to be done for one that stays alone. Each piece is moved once per level that encloses it.

use std::cell::Cell;
use std::ops::Range;

use kaiwa_core::{MAX_STYLE_DEPTH, MessageFragment, Style};
use memchr::memchr;

use super::super::{Emotes, address, mime};
use super::tag::{self, COUNT, Name, Tag};
use super::{ESCAPED, PAGE, YOUTUBE};

/// Length of the id of a film on YouTube.
const YOUTUBE_ID_BYTES: usize = 11;

/// Pieces for which a thread keeps room from one text to the next: far more than people's texts have.
const KEPT_PIECES: usize = 64;

/// Tags that wait for their partner at once; any beyond stay text. People open a handful.
const MAX_OPEN: usize = 1024;

/// The fragments of a text. Time and memory are in the order of its length, whatever is in it.
#[must_use]
pub fn parse(text: &str, emotes: &Emotes) -> Vec<MessageFragment> {
    if memchr(b'[', text.as_bytes()).is_none() {
        return emotes.split(text);
    }
    let mut parser = Parser {
        text,
        emotes,
        at: 0,
        room: ROOM.take(),
        open_of: [0; COUNT],
        closed_never: [false; COUNT],
        is_escaped: false,
    };
    parser.run();
    let fragments = parser.finish(0);
    ROOM.set(parser.room.kept());
    fragments
}

thread_local! {
    /// What the last text of this thread was read in: making it anew takes as long as reading a short text.
    static ROOM: Cell<Room> = const { Cell::new(Room::EMPTY) };
}

/// Room for what is found in a text.
struct Room {
    /// What was read, in order; together they are all of the text up to [`Parser::at`].
    pieces: Vec<Piece>,
    /// Fragments that are being put together; empty between.
    made: Vec<MessageFragment>,
    open: Vec<Open>,
}

impl Room {
    const EMPTY: Self = Self {
        pieces: Vec::new(),
        made: Vec::new(),
        open: Vec::new(),
    };

    /// Without what was found, and not so large that it would be a burden.
    fn kept(mut self) -> Self {
        let sizes = [
            self.pieces.capacity(),
            self.made.capacity(),
            self.open.capacity(),
        ];
        if sizes.iter().any(|size| *size > KEPT_PIECES) {
            return Self::EMPTY;
        }
        self.pieces.clear();
        self.open.clear();
        self
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::EMPTY
    }
}

struct Parser<'a> {
    text: &'a str,
    emotes: &'a Emotes,
    /// Up to here the text is in the pieces.
    at: usize,
    room: Room,
    /// How many in `room.open` have a name.
    open_of: [usize; COUNT],
    /// From here on, no raw text of that name ends.
    closed_never: [bool; COUNT],
    /// A bracket was escaped somewhere.
    is_escaped: bool,
}

enum Piece {
    Text(Range<usize>),
    Done(MessageFragment),
}

/// A tag that waits for its partner.
struct Open {
    name: Name,
    effect: Effect,
    /// Where it lies in the pieces.
    piece: usize,
    /// How deep what it encloses is.
    depth: usize,
}

enum Effect {
    Style(Style),
    Link(String),
}

impl<'a> Parser<'a> {
    fn run(&mut self) {
        while let Some(found) = memchr(b'[', self.rest().as_bytes()) {
            self.push_text(found);
            let rest = self.rest();
            let Some((tag, length)) = tag::read(rest) else {
                self.is_escaped |= rest.starts_with(ESCAPED);
                self.push_text(1);
                continue;
            };
            match tag {
                Tag::Style(name, style) => self.begin(name, Effect::Style(style), length),
                Tag::Link(url) => self.begin(Name::Link, Effect::Link(url.into_owned()), length),
                Tag::Raw(name) => self.raw(name, length),
                Tag::Address(name) => self.address(name, length),
                Tag::Close(name) => self.close(name, length),
            }
        }
        self.push_text(self.text.len() - self.at);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push_text(&mut self, length: usize) {
        let begin = self.at;
        self.at += length;
        // An open tag stays a piece of its own.
        let waits = self.room.open.last().map(|open| open.piece);
        let last = self.room.pieces.len().checked_sub(1);
        match self.room.pieces.last_mut() {
            Some(Piece::Text(range)) if waits != last => range.end = self.at,
            _ if length > 0 => self.room.pieces.push(Piece::Text(begin..self.at)),
            _ => {}
        }
    }

    /// Takes `length` bytes of the text as a fragment.
    fn push_done(&mut self, fragment: MessageFragment, length: usize) {
        self.room.pieces.push(Piece::Done(fragment));
        self.at += length;
    }

    fn begin(&mut self, name: Name, effect: Effect, length: usize) {
        if self.room.open.len() >= MAX_OPEN {
            return self.push_text(length);
        }
        let tag = self.at..self.at + length;
        self.room.open.push(Open {
            name,
            effect,
            piece: self.room.pieces.len(),
            depth: 0,
        });
        self.count(name, |open| open + 1);
        self.room.pieces.push(Piece::Text(tag));
        self.at += length;
    }

    fn count(&mut self, name: Name, change: impl FnOnce(usize) -> usize) {
        if let Some(open) = self.open_of.get_mut(name.number()) {
            *open = change(*open);
        }
    }

    fn is_open(&self, name: Name) -> bool {
        self.open_of
            .get(name.number())
            .is_some_and(|open| *open > 0)
    }

    fn close(&mut self, name: Name, length: usize) {
        if !self.is_open(name) {
            return self.push_text(length);
        }
        let mut depth = 0;
        while let Some(open) = self.room.open.pop() {
            depth = depth.max(open.depth);
            self.count(open.name, |count| count.saturating_sub(1));
            if open.name == name {
                return self.close_open(open, depth, length);
            }
        }
    }

    fn close_open(&mut self, open: Open, depth: usize, length: usize) {
        let is_empty = self.room.pieces.len() <= open.piece + 1;
        if depth >= MAX_STYLE_DEPTH || is_empty {
            self.deepen(depth);
            return self.push_text(length);
        }
        let content = self.finish(open.piece + 1);
        // The tag itself goes too.
        self.room.pieces.truncate(open.piece);
        let fragment = match open.effect {
            Effect::Style(style) => MessageFragment::Styled { style, content },
            Effect::Link(url) => MessageFragment::Link {
                url,
                content: label(content),
            },
        };
        self.push_done(fragment, length);
        self.deepen(depth + 1);
    }

    /// What has just been read is so deep.
    fn deepen(&mut self, depth: usize) {
        if let Some(open) = self.room.open.last_mut() {
            open.depth = open.depth.max(depth);
        }
    }

    /// Text up to the closing tag, whatever is in it.
    fn raw(&mut self, name: Name, length: usize) {
        let closing = format!("[/{}]", name.word());
        let never = self.closed_never.get(name.number()).copied();
        let content = self.rest().get(length..).unwrap_or_default();
        let end = if never == Some(true) {
            None
        } else {
            find_ignoring_case(content, &closing)
        };
        let content = end.and_then(|end| content.get(..end));
        if end.is_none()
            && let Some(never) = self.closed_never.get_mut(name.number())
        {
            *never = true;
        }
        let (Some(content), Some(style)) = (content, name.style()) else {
            return self.push_text(length);
        };
        if content.is_empty() {
            return self.push_text(length + closing.len());
        }
        let whole = length + content.len() + closing.len();
        let content = vec![MessageFragment::Text(content.replace(ESCAPED, "["))];
        self.push_done(MessageFragment::Styled { style, content }, whole);
        self.deepen(1);
    }

    /// An address up to the next tag, which must be the closing one.
    fn address(&mut self, name: Name, length: usize) {
        let content = self.rest().get(length..).unwrap_or_default();
        let window = content.bytes().take(address::MAX_ADDRESS_BYTES + 1);
        let end = window.take_while(|byte| *byte != b'[').count();
        let found = content.split_at_checked(end).and_then(|(inner, rest)| {
            let closing = match tag::read(rest)? {
                (Tag::Close(closed), closing) if closed == name => closing,
                _ => return None,
            };
            Some((medium(name, inner)?, length + end + closing))
        });
        match found {
            Some((fragment, whole)) => self.push_done(fragment, whole),
            None => self.push_text(length),
        }
    }

    /// Makes fragments of the pieces from one on, which are gone then. They take no more room than they need: applications
    /// keep them.
    fn finish(&mut self, from: usize) -> Vec<MessageFragment> {
        let Self {
            text,
            emotes,
            room: Room { pieces, made, .. },
            is_escaped,
            ..
        } = self;
        let finish_text = |run: Range<usize>, made: &mut _| {
            let text = text.get(run).unwrap_or_default();
            if *is_escaped {
                emotes.split_into(&text.replace(ESCAPED, "["), made);
            } else if !text.is_empty() {
                emotes.split_into(text, made);
            }
        };
        let mut run = 0..0;
        for piece in pieces.drain(from..) {
            match piece {
                // Texts side by side are one in the text too.
                Piece::Text(range) if run.is_empty() => run = range,
                Piece::Text(range) => run.end = range.end,
                Piece::Done(fragment) => {
                    finish_text(std::mem::take(&mut run), made);
                    made.push(fragment);
                }
            }
        }
        finish_text(run, made);
        let mut exact = Vec::with_capacity(made.len());
        exact.append(made);
        exact
    }
}

/// A label as it is shown: an address in it leads where the label leads, so it is text. Labels within were done before.
fn label(content: Vec<MessageFragment>) -> Vec<MessageFragment> {
    let leads = |fragment: &MessageFragment| {
        matches!(
            fragment,
            MessageFragment::Url(_) | MessageFragment::Styled { .. }
        )
    };
    if !content.iter().any(leads) {
        return content;
    }
    let mut out = Vec::with_capacity(content.len());
    for fragment in content {
        match fragment {
            MessageFragment::Text(text) | MessageFragment::Url(text) => {
                if let Some(MessageFragment::Text(last)) = out.last_mut() {
                    last.push_str(&text);
                } else {
                    out.push(MessageFragment::Text(text));
                }
            }
            MessageFragment::Styled { style, content } => out.push(MessageFragment::Styled {
                style,
                content: label(content),
            }),
            other => out.push(other),
        }
    }
    out
}

/// What a tag makes of the address that it encloses.
fn medium(name: Name, raw: &str) -> Option<MessageFragment> {
    let id = raw.trim();
    if name == Name::Video && is_youtube_id(id) {
        return Some(MessageFragment::Video {
            url: format!("{YOUTUBE}{id}"),
            mime: PAGE.to_owned(),
        });
    }
    let url = address::clean(raw)?.into_owned();
    let mime = |family: &str| {
        let known = mime::of_address(&url, family);
        known.map_or_else(|| format!("{family}/*"), str::to_owned)
    };
    Some(match name {
        Name::Image => MessageFragment::Image {
            mime: mime("image"),
            url,
        },
        Name::Audio => MessageFragment::Audio {
            mime: mime("audio"),
            url,
        },
        Name::Video if url.starts_with(YOUTUBE) => MessageFragment::Video {
            mime: PAGE.to_owned(),
            url,
        },
        Name::Video => MessageFragment::Video {
            mime: mime("video"),
            url,
        },
        _ => MessageFragment::Url(url),
    })
}

fn is_youtube_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == YOUTUBE_ID_BYTES && text.bytes().all(allowed)
}

/// Where `word`, which begins with `[` and is ASCII, stands in `text`.
fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    let mut brackets = text.match_indices('[');
    brackets.find_map(|(at, _)| {
        let here = text.get(at..at + word.len())?;
        here.eq_ignore_ascii_case(word).then_some(at)
    })
}
