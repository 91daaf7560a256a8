//! A message as it is shown: who said what where, what it answers, and what hangs on it.

use chrono::{DateTime, Utc};
use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{Id, Message, MessageFragment, MessageStatus, MessageType};

use super::{assets, show};

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    /// The network's id.
    pub(crate) id: Option<Id>,
    /// The channel's name, where it is not the current one or there is none.
    pub(crate) channel: Option<Id>,
    /// Who said it.
    pub(crate) name: String,
    /// The colour they have chosen.
    pub(crate) color: Option<[u8; 4]>,
    /// Who and what it answers, in a few words.
    pub(crate) quote: Option<String>,
    /// What was said.
    pub(crate) text: String,
    /// The files that lie with it: name, size and address of each.
    pub(crate) files: Vec<String>,
    /// What has become of it since: edited, deleted, reactions.
    pub(crate) marks: Vec<String>,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Whether the user of this account said it.
    pub(crate) own: bool,
}

impl Said {
    /// Looks up names in the state; `here` is the channel that messages go to.
    pub(crate) fn new(
        state: &ConnectionState,
        here: Option<&str>,
        channel_id: Option<&str>,
        message: &Message,
    ) -> Self {
        let sender = message.sender_id.as_deref();
        let profile = sender.and_then(|id| show::profile(state, channel_id, id));
        let elsewhere = channel_id.filter(|id| match here {
            Some(here) => here != *id,
            None => state.channels.len() > 1,
        });
        let place = channel_id.or(here);
        Self {
            id: message.id.clone(),
            channel: elsewhere
                .map(|id| show::channel_name(state, id))
                .map(Into::into),
            name: show::name(profile, sender, message.message_type),
            color: profile.and_then(|profile| profile.color),
            quote: message.reply_to().map(|id| quote(state, place, id)),
            text: text(&assets::spelled(state, place, message)),
            files: message.content.iter().filter_map(file).collect(),
            marks: marks(message),
            at: message.timestamp,
            own: message.message_type == MessageType::CurrentUser,
        }
    }
}

/// What was said besides files.
fn text(message: &Message) -> String {
    let mut message = message.clone();
    message.content.retain(|fragment| file(fragment).is_none());
    message.plain_text()
}

/// Who and what a message is about that is answered.
fn quote(state: &ConnectionState, place: Option<&str>, message_id: &str) -> String {
    let place = place.unwrap_or_default();
    let Some(message) = show::message(state, place, message_id) else {
        return format!("message {}", show::shortened(message_id));
    };
    let who = match &message.sender_id {
        Some(sender) => show::member_name(state, place, sender),
        None => "?".to_owned(),
    };
    match message.status {
        MessageStatus::Deleted => format!("{who}, deleted"),
        _ => format!("{who}: {}", show::words(message)),
    }
}

/// A file, or a picture or the like that lies in its own address, which nobody reads.
fn file(fragment: &MessageFragment) -> Option<String> {
    match fragment {
        MessageFragment::File {
            url, name, size, ..
        } => {
            let size = size.or_else(|| data_bytes(url));
            let size = size.map_or_else(String::new, |size| format!(" ({})", bytes(size)));
            Some(match data_bytes(url) {
                Some(_) => format!("{name}{size}"),
                None => format!("{name}{size}: {url}"),
            })
        }
        MessageFragment::Image { url, mime }
        | MessageFragment::Video { url, mime }
        | MessageFragment::Audio { url, mime } => {
            Some(format!("{mime} ({})", bytes(data_bytes(url)?)))
        }
        _ => None,
    }
}

/// How much lies in an address of the scheme `data`: four letters hold three bytes.
fn data_bytes(url: &str) -> Option<u64> {
    let (_, data) = url.strip_prefix("data:")?.split_once(',')?;
    Some(data.trim_end_matches('=').len() as u64 * 3 / 4)
}

/// A size as people read it.
pub(crate) fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if size < 1000 {
        return format!("{size} bytes");
    }
    // Tenths, in whole numbers: no size is rounded into the next unit wrongly.
    let mut tenths = size / 100;
    for unit in UNITS {
        if tenths < 10_000 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        tenths /= 1000;
    }
    format!("{size} bytes")
}

fn marks(message: &Message) -> Vec<String> {
    let mut marks = Vec::new();
    match message.status {
        MessageStatus::Edited => marks.push("edited".to_owned()),
        MessageStatus::Deleted => marks.push("deleted".to_owned()),
        _ => {}
    }
    marks.extend(
        message
            .content
            .iter()
            .filter_map(|fragment| match fragment {
                MessageFragment::Reaction { emoji, user_ids } => {
                    Some(format!("{} {}", show::shortened(emoji), user_ids.len()))
                }
                _ => None,
            }),
    );
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::circles::tests::state as channels;
    use kaiwa_protocols::{ChatEvent, Profile, UserEvent};

    fn state() -> ConnectionState {
        let mut state = channels(&[("a", "Tea", None), ("b", "Bees", None)]);
        let user = Profile {
            id: Some("7".into()),
            username: Some("ann".to_owned()),
            display_name: Some("Ann B".to_owned()),
            ..Profile::default()
        };
        let channel_id = Some(Id::from("b"));
        state.apply(&UserEvent::New { channel_id, user }.into());
        state
    }

    fn message(text: &str) -> Message {
        Message {
            id: Some("1".into()),
            sender_id: Some("7".into()),
            status: MessageStatus::Delivered,
            ..Message::text(text, DateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn names_are_looked_up_where_the_message_is() {
        let state = state();
        let mut message = message("hi");
        let said = Said::new(&state, Some("a"), Some("b"), &message);
        assert_eq!(
            (said.name.as_str(), said.channel.as_deref()),
            ("Ann B", Some("Bees"))
        );
        let said = Said::new(&state, Some("a"), Some("a"), &message);
        assert_eq!((said.name.as_str(), said.channel), ("7", None));
        let said = Said::new(&state, None, Some("b"), &message);
        assert_eq!(said.channel.as_deref(), Some("Bees"), "where it is open");
        message.sender_id = Some(Id::default());
        message.message_type = MessageType::Server;
        assert_eq!(Said::new(&state, None, None, &message).name, "server");
    }

    #[test]
    fn answers_say_what_they_answer() {
        let mut state = state();
        let mut first = message("hello\nyou \x1b[2J");
        let new = |message: &Message| ChatEvent::New {
            channel_id: Some("b".into()),
            message: message.clone(),
        };
        state.apply(&new(&first).into());
        let mut answer = message("yes");
        let message_id = Id::from("1");
        answer.content.push(MessageFragment::Reply { message_id });
        let quote =
            |state: &ConnectionState, place| Said::new(state, Some("a"), place, &answer).quote;
        let quoted = "Ann B: hello␊you ␛[2J".to_owned();
        assert_eq!(quote(&state, Some("b")), Some(quoted));
        let unknown = "message 1".to_owned();
        assert_eq!(quote(&state, None), Some(unknown));
        first.status = MessageStatus::Deleted;
        state.apply(&new(&first).into());
        let deleted = "Ann B, deleted".to_owned();
        assert_eq!(quote(&state, Some("b")), Some(deleted));
    }

    #[test]
    fn files_and_marks_stand_apart_from_the_text() {
        let mut message = message("look");
        message.status = MessageStatus::Edited;
        message.content.extend([
            MessageFragment::File {
                url: "http://x/f".to_owned(),
                name: "tea.png".to_owned(),
                mime: "image/png".to_owned(),
                size: Some(12_345),
            },
            MessageFragment::Image {
                url: "data:image/png;base64,AP8=".to_owned(),
                mime: "image/png".to_owned(),
            },
            MessageFragment::Reaction {
                emoji: "👍".to_owned(),
                user_ids: vec!["7".into(), "8".into()],
            },
        ]);
        let said = Said::new(&state(), Some("b"), Some("b"), &message);
        assert_eq!((said.text.as_str(), said.quote), ("look", None));
        let files = ["tea.png (12.3 kB): http://x/f", "image/png (2 bytes)"];
        assert_eq!(said.files, files);
        assert_eq!(said.marks, ["edited", "👍 2"]);
        assert!(show::words(&message).starts_with("look tea.png"));
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (size, shown) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (16 * 1024 * 1024, "16.7 MB"),
            (u64::MAX, "18446744073709551615 bytes"),
        ] {
            assert_eq!(bytes(size), shown);
        }
    }
}
