//! What flubber messages say, in kaiwa's vocabulary, and back.
//!
//! Attachments are addresses of the scheme `data` (RFC 2397) in the vocabulary: they hold the bytes themselves, so that no
//! file has to be written, named and cleared away.

use base64::Engine;
use chrono::DateTime;
use kaiwa_core::{MAX_STYLE_DEPTH, Message as Said, MessageFragment, Style};
use serde_json::Value;

use super::mime::{is_mime, split_name, with_name};
use super::object::BASE64;
use super::{Attachment, Content};

/// What an attachment without a name is called.
pub(in crate::flubber) const FILE_NAME: &str = "attachment";

/// The type of a file of which nobody says what it is.
const UNKNOWN_MIME: &str = "application/octet-stream";

/// The content of a message in flubber: what it says, what goes along, and what lies beyond the format.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// What it says.
    pub content: Content,
    /// What goes along.
    pub attachments: Vec<Attachment>,
    /// [`MessageFragment::Extra`]; null where there is none.
    pub extra: Value,
}

impl Parts {
    /// The fragments as flubber has them. Styles that it lacks leave their content, quotes lines behind `> `, a labelled
    /// link its label and its address. A file that lies in a `data` address goes along. What is not shown is left out.
    #[must_use]
    pub fn of(fragments: &[MessageFragment]) -> Self {
        let mut writing = Writing::default();
        let mut said = writing.all(fragments);
        let content = match said.pop() {
            Some(only) if said.is_empty() => only,
            Some(last) => {
                said.push(last);
                Content::Concat(said)
            }
            None => Content::Text(String::new()),
        };
        let extra = fragments.iter().find_map(|fragment| match fragment {
            MessageFragment::Extra(extra) => Some(extra.clone()),
            _ => None,
        });
        Self {
            content,
            attachments: writing.attachments,
            extra: extra.unwrap_or(Value::Null),
        }
    }

    /// The fragments of the vocabulary. More than [`MAX_STYLE_DEPTH`] styles in each other: the inner ones leave their
    /// content. `name_of` knows what a room is called.
    #[must_use]
    pub fn into_fragments(self, name_of: impl Fn(&str) -> Option<String>) -> Vec<MessageFragment> {
        let mut fragments = Vec::new();
        read(self.content, 0, &name_of, &mut fragments);
        if !self.attachments.is_empty() {
            fragments.retain(|one| !is_nothing(one));
        } else if fragments.is_empty() {
            fragments.push(MessageFragment::Text(String::new()));
        }
        fragments.extend(self.attachments.into_iter().map(Attachment::into_fragment));
        if !self.extra.is_null() {
            fragments.push(MessageFragment::Extra(self.extra));
        }
        fragments
    }
}

impl Attachment {
    /// A file and what it is called, which the format has no other place for.
    #[must_use]
    pub fn named(data: Vec<u8>, mime: Option<&str>, name: &str) -> Self {
        let mime = mime.filter(|mime| is_mime(mime)).unwrap_or(UNKNOWN_MIME);
        let mime = match name {
            "" | FILE_NAME => mime.to_owned(),
            name => with_name(mime, name),
        };
        Self { data, mime }
    }

    /// Its type without its name, and that name, if it has one.
    #[must_use]
    pub fn mime_and_name(&self) -> (String, Option<String>) {
        split_name(&self.mime)
    }

    /// As the vocabulary has it: a picture, a film, a sound or a file, in an address of the scheme `data`, which keeps the name.
    #[must_use]
    pub fn into_fragment(self) -> MessageFragment {
        let (mime, name) = self.mime_and_name();
        let Self { data, mime: full } = self;
        let size = Some(data.len() as u64);
        let url = format!("data:{full};base64,{}", BASE64.encode(&data));
        match mime.split_once('/').map(|(kind, _)| kind) {
            Some("image") => MessageFragment::Image { url, mime },
            Some("video") => MessageFragment::Video { url, mime },
            Some("audio") => MessageFragment::Audio { url, mime },
            _ => MessageFragment::File {
                url,
                name: name.unwrap_or_else(|| FILE_NAME.to_owned()),
                mime,
                size,
            },
        }
    }

    /// What lies in an address of the scheme `data`, if it is one in base64.
    fn of_url(url: &str, name: &str) -> Option<Self> {
        let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
        let mime = head.strip_suffix(";base64")?;
        let mime = if mime.is_empty() { "text/plain" } else { mime };
        let data = BASE64.decode(data.as_bytes()).ok()?;
        let name = if split_name(mime).1.is_none() {
            name
        } else {
            FILE_NAME
        };
        is_mime(mime).then(|| Self::named(data, Some(mime), name))
    }
}

/// An empty text, which says nothing beside a file.
pub(in crate::flubber) fn is_nothing(fragment: &MessageFragment) -> bool {
    matches!(fragment, MessageFragment::Text(text) if text.is_empty())
}

/// Recursion ends: what was read is at most as deep as the JSON parser goes.
fn read(
    content: Content,
    depth: usize,
    name_of: &dyn Fn(&str) -> Option<String>,
    out: &mut Vec<MessageFragment>,
) {
    let (style, inner) = match content {
        Content::Bold(inner) => (Style::Bold, inner),
        Content::Italic(inner) => (Style::Italic, inner),
        Content::Underline(inner) => (Style::Underline, inner),
        Content::Crossout(inner) => (Style::Strike, inner),
        Content::Concat(all) => {
            for one in all {
                read(one, depth, name_of, out);
            }
            return;
        }
        Content::Text(text) => return out.push(MessageFragment::Text(text)),
        Content::Emote(name) => return out.push(MessageFragment::AssetId(name)),
        Content::UrlLink(url) => return out.push(MessageFragment::Url(url)),
        Content::MessageLink(message_id) => {
            return out.push(MessageFragment::MessageLink {
                channel_id: None,
                message_id,
            });
        }
        Content::RoomLink(channel_id) => {
            let text = name_of(&channel_id).unwrap_or_else(|| channel_id.to_string());
            return out.push(MessageFragment::ChannelLink { channel_id, text });
        }
        Content::UserLink(user_id) => {
            let text = user_id.to_string();
            return out.push(MessageFragment::Mention { user_id, text });
        }
    };
    if depth >= MAX_STYLE_DEPTH {
        return read(*inner, depth, name_of, out);
    }
    let mut content = Vec::new();
    read(*inner, depth + 1, name_of, &mut content);
    if !content.is_empty() {
        out.push(MessageFragment::Styled { style, content });
    }
}

#[derive(Default)]
struct Writing {
    attachments: Vec<Attachment>,
}

impl Writing {
    fn all(&mut self, fragments: &[MessageFragment]) -> Vec<Content> {
        let mut said = Vec::new();
        for fragment in fragments {
            self.one(fragment, &mut said);
        }
        said
    }

    fn one(&mut self, fragment: &MessageFragment, said: &mut Vec<Content>) {
        said.push(match fragment {
            MessageFragment::Text(text) => Content::Text(text.clone()),
            MessageFragment::Url(url) => Content::UrlLink(url.clone()),
            MessageFragment::AssetId(id) => Content::Emote(id.clone()),
            MessageFragment::Mention { user_id, .. } => Content::UserLink(user_id.clone()),
            MessageFragment::ChannelLink { channel_id, .. } => {
                Content::RoomLink(channel_id.clone())
            }
            MessageFragment::MessageLink { message_id, .. } => {
                Content::MessageLink(message_id.clone())
            }
            MessageFragment::File { url, name, .. } => return self.file(url, name, said),
            MessageFragment::Image { url, .. }
            | MessageFragment::Video { url, .. }
            | MessageFragment::Audio { url, .. } => return self.file(url, "", said),
            MessageFragment::Styled { style, content } => {
                return self.styled(*style, content, said);
            }
            MessageFragment::Link { url, content } => return self.link(url, content, said),
            _ => return,
        });
    }

    /// What lies in its address goes along; else the address is said.
    fn file(&mut self, url: &str, name: &str, said: &mut Vec<Content>) {
        match Attachment::of_url(url, name) {
            Some(attachment) => self.attachments.push(attachment),
            None => said.push(Content::UrlLink(url.to_owned())),
        }
    }

    fn styled(&mut self, style: Style, inner: &[MessageFragment], said: &mut Vec<Content>) {
        let wrap: fn(Box<Content>) -> Content = match style {
            Style::Bold => Content::Bold,
            Style::Italic => Content::Italic,
            Style::Underline => Content::Underline,
            Style::Strike => Content::Crossout,
            Style::Quote => return said.extend(self.all(&lowered(style, inner))),
            _ => return said.extend(self.all(inner)),
        };
        let mut inner = self.all(inner);
        let inner = match (inner.pop(), inner.is_empty()) {
            (Some(only), true) => only,
            (Some(last), false) => {
                inner.push(last);
                Content::Concat(inner)
            }
            (None, _) => return,
        };
        said.push(wrap(Box::new(inner)));
    }

    fn link(&mut self, url: &str, label: &[MessageFragment], said: &mut Vec<Content>) {
        let address = Content::UrlLink(url.to_owned());
        let shows = self.all(label);
        if shows.is_empty() || shows == [Content::Text(url.to_owned())] {
            return said.push(address);
        }
        said.extend(shows);
        said.push(Content::Text(" (".to_owned()));
        said.push(address);
        said.push(Content::Text(")".to_owned()));
    }
}

fn lowered(style: Style, content: &[MessageFragment]) -> Vec<MessageFragment> {
    let mut message = Said::text("", DateTime::UNIX_EPOCH);
    message.content = vec![MessageFragment::Styled {
        style,
        content: content.to_vec(),
    }];
    message.lowered().content
}
