//! What is said on the wire as a message of the vocabulary, and back.

use chrono::{DateTime, Utc};
use kaiwa_core::{
    Error, ErrorKind, Id, Message, MessageFragment, MessageStatus, MessageType, RequestId,
};
use serde_json::{Map, Value};

use super::OshiSession;
use crate::oshi::wire::{self, UserId, limit};

/// A message from the wire, owned.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) seq: i64,
    pub(super) from: Option<UserId>,
    /// What to call the sender.
    pub(super) name: String,
    /// Set if this session has sent it.
    pub(super) own: Option<RequestId>,
    pub(super) message: Message,
    /// About how much memory it takes.
    pub(super) bytes: usize,
}

/// What of a message to be sent goes into `pub`, files aside.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) text: String,
    pub(super) reply: Option<i64>,
    pub(super) meta: Map<String, Value>,
    pub(super) uploads: usize,
}

impl Outline {
    /// What of `message` Oshi carries: what is shown as text, but for its own files.
    pub(super) fn of(message: &Message) -> Result<Self, Error> {
        let mut outline = Self::default();
        for fragment in &message.content {
            match fragment {
                MessageFragment::Text(part)
                | MessageFragment::Url(part)
                | MessageFragment::Image { url: part, .. }
                | MessageFragment::Video { url: part, .. }
                | MessageFragment::Audio { url: part, .. } => outline.text.push_str(part),
                MessageFragment::File { url, .. } => {
                    if !outline.text.is_empty() && !outline.text.ends_with('\n') {
                        outline.text.push('\n');
                    }
                    outline.text.push_str(url);
                }
                MessageFragment::Upload { .. } => outline.uploads += 1,
                MessageFragment::Reply { message_id } => outline.reply = Some(seq(message_id)?),
                MessageFragment::Extra(Value::Object(meta)) => outline.meta.extend(meta.clone()),
                other if !other.is_shown() => {}
                _ => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "Oshi carries text, addresses as text, and files by `Upload`",
                    ));
                }
            }
        }
        if outline.uploads > limit::FILES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!("a message takes {} files at most", limit::FILES),
            ));
        }
        let meta = serde_json::to_string(&outline.meta).unwrap_or_default();
        if meta.len() > limit::VALUE_BYTES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!(
                    "the `Extra` of a message takes {} bytes at most",
                    limit::VALUE_BYTES
                ),
            ));
        }
        Ok(outline)
    }

    /// Whether a fragment goes along: the others say of a message what is not theirs to say who send it.
    pub(super) fn carries(fragment: &MessageFragment) -> bool {
        match fragment {
            MessageFragment::Reply { .. } => true,
            MessageFragment::Extra(extra) => extra.is_object(),
            other => other.is_shown(),
        }
    }

    /// The new text of a message that is edited. What else it has stays as it is.
    pub(super) fn edited(message: &Message) -> Result<String, Error> {
        let mut text = String::new();
        for fragment in &message.content {
            match fragment {
                MessageFragment::Text(part) | MessageFragment::Url(part) => text.push_str(part),
                MessageFragment::File { .. } => {}
                other if !other.is_shown() => {}
                _ => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "only the text of an Oshi message can be edited",
                    ));
                }
            }
        }
        Ok(text)
    }
}

impl OshiSession {
    /// A message as it is shown.
    pub(super) fn keep(&mut self, message: &wire::Message<'_>) -> Kept {
        let is_me = message.from.is_some() && message.from == self.me_id();
        let own = message.nonce.as_deref().filter(|_| is_me);
        let own = own.and_then(|nonce| self.nonces.as_ref()?.request(nonce));
        let content = self.content(message);
        let status = if message.deleted {
            MessageStatus::Deleted
        } else if message.edited.is_some() {
            MessageStatus::Edited
        } else {
            MessageStatus::Delivered
        };
        let bytes = message.text.as_ref().map_or(0, |text| text.len()) + 256 * (1 + content.len());
        Kept {
            seq: message.seq,
            from: message.from,
            name: message.name.clone().into_owned(),
            own,
            message: Message {
                id: Some(message.seq.into()),
                sender_id: message.from.map(Into::into),
                content,
                timestamp: time(message.ts).unwrap_or_default(),
                message_type: if is_me {
                    MessageType::CurrentUser
                } else {
                    MessageType::Normal
                },
                status,
            },
            bytes,
        }
    }

    fn content(&mut self, message: &wire::Message<'_>) -> Vec<MessageFragment> {
        let mut content = Vec::new();
        if message.deleted {
            return content;
        }
        let text = message.text.as_deref().unwrap_or_default();
        if !text.is_empty() {
            content.push(MessageFragment::Text(text.to_owned()));
        }
        for file in message.files.iter().take(limit::FILES) {
            content.push(self.file(file));
        }
        if let Some(reply) = message.reply {
            let message_id = Id::from(reply);
            content.push(MessageFragment::Reply { message_id });
        }
        if let Some(edited) = message.edited.and_then(time) {
            content.push(MessageFragment::EditedAt(edited));
        }
        for reaction in &message.reactions {
            content.push(MessageFragment::Reaction {
                emoji: reaction.emoji.clone().into_owned(),
                user_ids: reaction.users.iter().copied().map(Id::from).collect(),
            });
        }
        if !message.meta.is_empty() {
            content.push(MessageFragment::Extra(Value::Object(message.meta.clone())));
        }
        content
    }

    /// A file as it is shown; one that lies nowhere is a name only.
    pub(super) fn file(&mut self, file: &wire::File<'_>) -> MessageFragment {
        let url = self
            .login
            .as_ref()
            .and_then(|login| login.resolve(&file.url));
        match url {
            Some(url) => MessageFragment::File {
                url,
                name: file.name.clone().into_owned(),
                mime: file.mime.clone().into_owned(),
                size: file.size,
            },
            None => {
                self.skipped += 1;
                MessageFragment::Text(file.name.clone().into_owned())
            }
        }
    }
}

/// A message's id, which is its place in its stream.
pub(super) fn seq(message_id: &str) -> Result<i64, Error> {
    if RequestId::is_local_message_id(message_id) {
        return Err(Error::new(
            ErrorKind::State,
            "the message is not on its way any more, or not delivered yet; name it by the id that it has now",
        ));
    }
    let digits = message_id.bytes().all(|byte| byte.is_ascii_digit());
    let seq = message_id
        .parse()
        .ok()
        .filter(|seq| digits && (1..=limit::NUMBER).contains(seq));
    seq.ok_or_else(|| invalid("Oshi gives no such id to a message: ids are numbers"))
}

pub(super) fn time(ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms)
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}
