//! What is kept, as Oshi's objects.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kaiwa_core::Error;
use kaiwa_protocols::oshi::wire;
use serde_json::{Map, Value};

use super::{access, files, fit};
use crate::front::shown;
use crate::store::{
    File, MessageId, Reaction, ReadUsers, Role, Room, RoomId, RoomKind, StoredMessage, User, UserId,
};

/// What the stream is called that the lobby is: the circle around it has the room's name.
const LOBBY_STREAM: &str = "general";

/// An id on the wire.
pub(super) fn user_id(id: UserId) -> wire::UserId {
    wire::UserId(id.0)
}

/// A room's id as that of a stream.
pub(super) fn stream_id(id: RoomId) -> wire::StreamId {
    wire::StreamId(id.0)
}

/// A room's id as that of a circle.
pub(super) fn circle_id(id: RoomId) -> wire::CircleId {
    wire::CircleId(id.0)
}

/// A message's id on the wire.
pub(super) fn message_id(id: MessageId) -> wire::MessageId {
    wire::MessageId(id.0)
}

/// A room with messages, as `viewer` sees it.
pub(super) fn stream<S: ReadUsers + ?Sized>(
    store: &mut S,
    room: Room,
    viewer: UserId,
) -> Result<wire::Stream<'static>, Error> {
    let mut two = room.two.iter().flatten();
    let other = two.find(|user| **user != viewer);
    let other = other.map(|other| store.user(*other)).transpose()?;
    let other = other.flatten().map(|other| other.display);
    Ok(stream_called(room, other.unwrap_or_default()))
}

/// The same; `other` is what the other one of a talk of two is called.
pub(super) fn stream_called(room: Room, other: String) -> wire::Stream<'static> {
    let circle = access::circle_of(&room).map(circle_id);
    let name = match room.kind {
        RoomKind::Lobby => Cow::Borrowed(LOBBY_STREAM),
        RoomKind::Direct if room.name.is_empty() => other.into(),
        _ => room.name.into(),
    };
    wire::Stream {
        id: stream_id(room.id),
        kind: match room.kind {
            RoomKind::Direct => wire::StreamKind::Dm,
            _ => wire::StreamKind::Channel,
        },
        circle,
        name,
        topic: room.topic.unwrap_or_default().into(),
        members: room.two.iter().flatten().copied().map(user_id).collect(),
        last: room.last.seq,
    }
}

/// A circle without its streams, as somebody of this role sees it.
pub(super) fn circle(room: Room, viewer: Option<Role>) -> wire::Circle<'static> {
    wire::Circle {
        id: circle_id(room.id),
        name: room.name.into(),
        public: room.public,
        owner: room.owner.map(user_id),
        role: viewer.map(role),
        streams: None,
    }
}

/// What somebody may do, in Oshi's words.
pub(super) fn role(role: Role) -> wire::Role {
    match role {
        Role::Member | Role::Moderator => wire::Role::Member,
        Role::Admin => wire::Role::Admin,
        Role::Owner => wire::Role::Owner,
    }
}

/// What everybody may know of somebody.
pub(super) fn profile(user: User) -> wire::Profile<'static> {
    wire::Profile {
        id: user_id(user.id),
        name: user.name.into(),
        display: user.display.into(),
    }
}

/// What people are called, each looked up once.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeMap<UserId, String>,
}

impl Names {
    /// What the sender of a message is called.
    pub(super) fn of<S: ReadUsers + ?Sized>(
        &mut self,
        store: &mut S,
        message: &StoredMessage,
    ) -> Result<String, Error> {
        let Some(id) = message.sender else {
            return Ok(shown::NOBODY.to_owned());
        };
        if let Some(name) = self.known.get(&id) {
            return Ok(name.clone());
        }
        let name = match store.user(id)? {
            Some(user) => shown::name(store, user)?,
            None => shown::NOBODY.to_owned(),
        };
        self.known.insert(id, name.clone());
        Ok(name)
    }
}

/// A message whose sender is called `name`; its nonce is shown to whoever gave it.
pub(super) fn message<'a>(
    message: &'a StoredMessage,
    name: &'a str,
    viewer: Option<UserId>,
) -> wire::Message<'a> {
    let own = message.sender.is_some() && message.sender == viewer;
    wire::Message {
        stream: stream_id(message.room),
        seq: message.position.seq,
        rev: message.change,
        id: message_id(message.position.id),
        from: message.sender.map(user_id),
        name: name.into(),
        text: message.text.as_deref().map(Cow::Borrowed),
        ts: message.at.timestamp_millis(),
        edited: message.edited.map(|at| at.timestamp_millis()),
        deleted: message.deleted,
        reply: message.reply,
        files: message.files.iter().map(file).collect(),
        reactions: reactions(&message.reactions),
        meta: meta(message.extra.as_deref()),
        nonce: message
            .client_id
            .as_deref()
            .filter(|_| own)
            .map(Cow::Borrowed),
    }
}

/// A file.
pub(super) fn file(file: &File) -> wire::File<'_> {
    wire::File {
        id: Some(wire::FileId(file.id.0)),
        url: files::address(file).into(),
        name: Cow::Borrowed(&file.name),
        mime: Cow::Borrowed(&file.mime),
        size: u64::try_from(file.size).ok(),
    }
}

/// What is kept beside a message that came with `meta`.
pub(super) fn extra(meta: Map<String, Value>) -> Option<String> {
    (!meta.is_empty())
        .then(|| Value::from(Map::from_iter([(META.to_owned(), meta.into())])).to_string())
}

/// The `meta` of [`extra`]; nothing of what other networks keep there, and nothing that Oshi would not have taken.
pub(super) fn meta(extra: Option<&str>) -> Map<String, Value> {
    let extra = extra.filter(|extra| extra.contains(META));
    let extra = extra.and_then(|extra| serde_json::from_str(extra).ok());
    match extra.and_then(|mut extra: Map<String, Value>| extra.remove(META)) {
        Some(Value::Object(meta)) if fit::size(&meta) <= wire::limit::VALUE_BYTES => meta,
        _ => Map::new(),
    }
}

/// Where `meta` is in it: other networks keep their own things there.
const META: &str = "oshi";

/// A value that somebody keeps. What is kept is JSON.
pub(super) fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Grouped by emoji, in the order of their first ones.
fn reactions(all: &[Reaction]) -> Vec<wire::Reaction<'_>> {
    let mut grouped: Vec<wire::Reaction<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for Reaction { user, emoji } in all {
        let place = *places.entry(emoji).or_insert(grouped.len());
        if place == grouped.len() {
            grouped.push(wire::Reaction {
                emoji: emoji.into(),
                users: Vec::new(),
            });
        }
        if let Some(reaction) = grouped.get_mut(place) {
            reaction.users.push(user_id(*user));
        }
    }
    grouped
}
