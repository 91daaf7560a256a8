//! The groups of the user: what is known of each, and how it is shown as a channel.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kaiwa_core::{Channel, ChannelType, Id, Member, Message, MessageFragment, Role};

use super::catch_up::CatchUp;
use super::people::{People, Person};
use super::seen::Seen;
use crate::rim::wire::record::{MODE_DIRECT, ROLE_ADMIN};
use crate::rim::wire::{Group, Kind};

/// Groups kept: as many as an application keeps channels.
pub(super) const MAX_ROOMS: usize = 10_000;

/// Unread messages of a group that are told apart: more than anybody reads one by one.
const MAX_UNREAD: usize = 256;

/// All groups, by id.
pub(super) type Rooms = BTreeMap<u64, Room>;

/// One group.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) name: String,
    pub(super) avatar: String,
    pub(super) mode: u8,
    /// Roles by user id, as far as they are known.
    pub(super) members: BTreeMap<u64, u8>,
    /// Whether the members were told, or could not be, on any connection.
    pub(super) members_known: bool,
    /// When that was last on this connection.
    pub(super) fresh_at: Option<Duration>,
    /// Whether they were announced on this connection.
    pub(super) announced: bool,
    /// Whether they are being asked for.
    pub(super) asking: bool,
    /// Somebody else in it, as the chat list says.
    pub(super) other: Option<u64>,
    /// As it was shown last on this connection.
    pub(super) shown: Option<Channel>,
    pub(super) seen: Seen,
    /// Shown and not marked as read, as far as that is known.
    pub(super) unread: BTreeSet<u64>,
    /// Whether its messages were looked at before, on any connection.
    pub(super) looked_at: bool,
    /// What is to be learned before its live messages are shown; `None` if nothing is.
    pub(super) catch_up: Option<Box<CatchUp>>,
    /// Where the last page of its history that the user asked for lies.
    pub(super) page: Option<super::history::Place>,
}

/// Whether somebody hears the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    Some,
    None,
    Unknown,
}

impl Room {
    /// Learns what the server tells of it.
    pub(super) fn describe(&mut self, group: &Group<'_>) {
        self.name = group.name.as_ref().to_owned();
        self.avatar = group.avatar.as_ref().to_owned();
        self.mode = group.mode;
    }

    /// How it is shown. rim makes no difference between talks of two and of many: a group of two is one between them.
    pub(super) fn channel(&self, gid: u64, me: u64, people: &People) -> Channel {
        let other = self.partner(me);
        let named = other.and_then(|uid| people.get(uid)).map(Person::shown);
        let name = named.unwrap_or(&self.name).to_owned();
        Channel {
            id: gid.into(),
            name: Some(name).filter(|name| !name.is_empty()),
            channel_type: if self.is_direct(me) {
                ChannelType::Direct
            } else {
                ChannelType::Group
            },
        }
    }

    /// A message is shown to the user.
    pub(super) fn note_unread(&mut self, id: u64) {
        self.unread.insert(id);
        if self.unread.len() > MAX_UNREAD {
            self.unread.pop_first();
        }
    }

    /// What becomes read with a message, oldest first; the message is the last.
    pub(super) fn read_up_to(&mut self, id: u64) -> Vec<u64> {
        let later = self.unread.split_off(&(id.saturating_add(1)));
        let mut read = std::mem::replace(&mut self.unread, later);
        read.insert(id);
        // With the newest the whole group is marked at once.
        if id >= self.seen.newest() {
            return vec![id];
        }
        read.into_iter().collect()
    }

    /// The other one of a talk between two.
    pub(super) fn partner(&self, me: u64) -> Option<u64> {
        if !self.is_direct(me) {
            return None;
        }
        let others = self.members.keys().copied();
        others.chain(self.other).find(|uid| *uid != me)
    }

    fn is_direct(&self, me: u64) -> bool {
        self.mode == MODE_DIRECT || (self.members.len() == 2 && self.members.contains_key(&me))
    }

    /// Whether somebody hears the user, as of a look at most `age` ago. Where there are several, not all leave at once.
    pub(super) fn company(&self, me: u64, now: Duration, age: Duration) -> Company {
        let fresh = |at: Duration| self.members.len() > 2 || at + age > now;
        if !self.fresh_at.is_some_and(fresh) {
            return Company::Unknown;
        }
        let listed = self.members.keys().copied();
        // Where the members cannot be had, the chat list names one.
        let fallback = self.other.filter(|_| self.members.is_empty());
        if listed.chain(fallback).any(|uid| uid != me) {
            Company::Some
        } else {
            Company::None
        }
    }
}

/// A member with the role that its number stands for.
pub(super) fn member(uid: u64, role: u8) -> Member {
    let role = match role {
        ROLE_ADMIN => Role::Admin,
        _ => Role::Member,
    };
    Member {
        user_id: uid.into(),
        role,
    }
}

/// A message as the server keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) uid: u64,
    /// The sender's own id of it.
    pub(super) client_id: Id,
    pub(super) message: Message,
}

/// What the words of a message show.
pub(super) fn fragments(kind: Kind, content: &str) -> Vec<MessageFragment> {
    vec![match kind {
        Kind::Image => MessageFragment::Image {
            url: content.to_owned(),
            mime: mime(content).to_owned(),
        },
        Kind::Text | Kind::RichText | Kind::Other => MessageFragment::Text(content.to_owned()),
    }]
}

/// The kind and content of a message, if rim can carry it: text and addresses, or one picture. What is not shown, which
/// message it answers for example, counts for nothing.
pub(super) fn content(message: &Message) -> Option<(Kind, String)> {
    let mut shown = message.content.iter().filter(|part| part.is_shown());
    if let (Some(MessageFragment::Image { url, .. }), None) = (shown.next(), shown.next()) {
        return Some((Kind::Image, url.clone()));
    }
    let carried = |fragment: &MessageFragment| {
        matches!(
            fragment,
            MessageFragment::Text(_) | MessageFragment::Url(_) | MessageFragment::File { .. }
        ) || !fragment.is_shown()
    };
    let all = message.content.iter().all(carried);
    all.then(|| (Kind::Text, message.plain_text()))
}

/// rim tells an address only.
fn mime(url: &str) -> &'static str {
    let (_, ending) = url.rsplit_once('.').unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ => "image/*",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::wire::User;

    fn room(mode: u8, members: &[u64]) -> Room {
        Room {
            name: "team".to_owned(),
            mode,
            members: members.iter().map(|uid| (*uid, 1)).collect(),
            members_known: true,
            fresh_at: Some(Duration::ZERO),
            ..Room::default()
        }
    }

    #[test]
    fn two_are_a_talk_between_them() {
        let mut people = People::default();
        people.learn(&User {
            id: Some(2),
            name: "Bob".into(),
            ..User::default()
        });
        for (mode, members, name, channel_type) in [
            (2, &[1, 2][..], "Bob", ChannelType::Direct),
            (1, &[1, 2], "Bob", ChannelType::Direct),
            (1, &[1], "team", ChannelType::Direct),
            (2, &[1], "team", ChannelType::Group),
            (2, &[1, 2, 3], "team", ChannelType::Group),
            (2, &[2, 3], "team", ChannelType::Group),
        ] {
            let channel = room(mode, members).channel(7, 1, &people);
            assert_eq!(channel.name.as_deref(), Some(name), "{mode} {members:?}");
            assert_eq!(channel.channel_type, channel_type, "{mode} {members:?}");
        }
        let mut listed = room(1, &[]);
        listed.other = Some(2);
        assert_eq!(listed.channel(7, 1, &people).name.as_deref(), Some("Bob"));
    }

    #[test]
    fn talking_alone_is_noticed() {
        const AGE: Duration = Duration::from_secs(60);
        let company = |room: &Room, now| room.company(1, Duration::from_secs(now), AGE);
        assert_eq!(company(&room(2, &[1]), 1), Company::None);
        assert_eq!(company(&room(2, &[1, 2]), 59), Company::Some);
        assert_eq!(company(&room(2, &[1, 2]), 60), Company::Unknown);
        assert_eq!(company(&room(2, &[1, 2, 3]), 60), Company::Some);
        let mut unknown = room(2, &[]);
        assert_eq!(company(&unknown, 1), Company::None);
        unknown.other = Some(2);
        assert_eq!(company(&unknown, 1), Company::Some);
        unknown.fresh_at = None;
        assert_eq!(company(&unknown, 1), Company::Unknown);
    }

    #[test]
    fn content_goes_both_ways() {
        for (kind, text) in [
            (Kind::Text, "hi"),
            (Kind::Image, "https://example.org/a.PNG"),
        ] {
            let mut message = Message::text("", chrono::DateTime::UNIX_EPOCH);
            message.content = fragments(kind, text);
            assert_eq!(content(&message), Some((kind, text.to_owned())));
        }
        let mut mixed = Message::text("see", chrono::DateTime::UNIX_EPOCH);
        mixed.content.extend(fragments(Kind::Image, "x"));
        assert_eq!(content(&mixed), None);
    }

    #[test]
    fn a_file_is_a_line_and_what_is_not_shown_does_not_matter() {
        let mut message = Message::text("see", chrono::DateTime::UNIX_EPOCH);
        let reply = MessageFragment::Reply {
            message_id: "1".into(),
        };
        message.content.push(MessageFragment::File {
            url: "https://example.org/a.pdf".to_owned(),
            name: "a.pdf".to_owned(),
            mime: "application/pdf".to_owned(),
            size: None,
        });
        message.content.push(reply.clone());
        let lines = "see\nhttps://example.org/a.pdf".to_owned();
        assert_eq!(content(&message), Some((Kind::Text, lines)));
        message.content = fragments(Kind::Image, "x");
        message.content.push(reply);
        assert_eq!(content(&message), Some((Kind::Image, "x".to_owned())));
        message.content = vec![MessageFragment::Upload {
            path: "/etc/hostname".to_owned(),
            name: None,
            mime: None,
        }];
        assert_eq!(content(&message), None);
    }
}
