//! What is kept, as rim's records.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Local, NaiveDateTime, Utc};
use kaiwa_core::Error;
use kaiwa_protocols::rim::wire::{self, Kind, record};

use super::{client_id, number};
use crate::front::shown;
use crate::store::{MessageKind, Reader, Role, Room, RoomKind, StoredMessage, User, UserId};

/// Somebody, without the e-mail address. A guest has no account name.
pub(super) fn user(reader: &mut dyn Reader, user: User) -> Result<wire::User<'static>, Error> {
    let id = number(user.id.0);
    let avatar = user.avatar.clone();
    let account = if user.guest {
        String::new()
    } else {
        user.name.clone()
    };
    Ok(wire::User {
        id: Some(id),
        name: shown::name(reader, user)?.into(),
        avatar: avatar.into(),
        email: Some(Cow::Borrowed("")),
        account: account.into(),
        password: record::Withheld,
    })
}

/// The senders of messages, each looked up once.
#[derive(Default)]
pub(super) struct Senders {
    known: BTreeMap<UserId, wire::User<'static>>,
}

impl Senders {
    /// Looks up the sender of a message.
    pub(super) fn know(
        &mut self,
        reader: &mut dyn Reader,
        message: &StoredMessage,
    ) -> Result<(), Error> {
        if let Some(id) = message.sender
            && let Entry::Vacant(place) = self.known.entry(id)
            && let Some(sender) = reader.user(id)?
        {
            place.insert(user(reader, sender)?);
        }
        Ok(())
    }

    /// The sender of a message.
    pub(super) fn of(&self, message: &StoredMessage) -> wire::User<'_> {
        match message.sender.and_then(|id| self.known.get(&id)) {
            Some(user) => lent(user),
            None => nobody(),
        }
    }
}

fn nobody() -> wire::User<'static> {
    wire::User {
        id: Some(0),
        name: Cow::Borrowed(shown::NOBODY),
        email: Some(Cow::Borrowed("")),
        ..wire::User::default()
    }
}

fn lent<'a>(user: &'a wire::User<'static>) -> wire::User<'a> {
    wire::User {
        id: user.id,
        name: Cow::Borrowed(&user.name),
        avatar: Cow::Borrowed(&user.avatar),
        email: user.email.as_deref().map(Cow::Borrowed),
        account: Cow::Borrowed(&user.account),
        password: record::Withheld,
    }
}

/// A room, as `viewer` sees it.
pub(super) fn group<'a>(
    reader: &mut dyn Reader,
    room: &'a Room,
    viewer: UserId,
) -> Result<wire::Group<'a>, Error> {
    let mut other = None;
    if is_unnamed(room) {
        let mut members = reader.members(room.id)?.into_iter();
        other = members.find(|member| member.user.id != viewer);
    }
    let other = other.map(|member| member.user.display);
    Ok(named_group(room, other.unwrap_or_default().into()))
}

/// A room; `other` is what a talk of two without a name of its own is called.
pub(super) fn named_group<'a>(room: &'a Room, other: Cow<'a, str>) -> wire::Group<'a> {
    wire::Group {
        id: Some(number(room.id.0)),
        name: if is_unnamed(room) {
            other
        } else {
            Cow::Borrowed(&room.name)
        },
        avatar: Cow::Borrowed(&room.avatar),
        mode: match room.kind {
            RoomKind::Direct => record::MODE_DIRECT,
            RoomKind::Group => room.mode,
            RoomKind::Lobby | RoomKind::Circle | RoomKind::Stream | RoomKind::Channel => {
                record::MODE_GROUP
            }
        },
        creator_uid: room.owner.map_or(0, |owner| number(owner.0)),
    }
}

fn is_unnamed(room: &Room) -> bool {
    room.kind == RoomKind::Direct && room.name.is_empty()
}

/// What somebody may do, in rim's two words.
pub(super) fn role(role: Role) -> u8 {
    match role {
        Role::Member => record::ROLE_COMMON,
        Role::Moderator | Role::Admin | Role::Owner => record::ROLE_ADMIN,
    }
}

/// A message. One that was deleted is empty: pages are counted, so it cannot be left out.
pub(super) fn message(message: &StoredMessage) -> wire::Message<'_> {
    let id = message.position.id;
    wire::Message {
        id: number(id.0),
        kind: kind(message.kind),
        content: Cow::Borrowed(message.text.as_deref().unwrap_or_default()),
        gid: number(message.room.0),
        uid: message.sender.map_or(0, |sender| number(sender.0)),
        client_msg_id: client_id::shown(message.client_id.as_deref(), id),
        create_time: Some(local(message.at)),
        update_time: Some(local(message.edited.unwrap_or(message.at))),
        ts: Some(message.at.timestamp_millis()),
    }
}

/// What a text is.
pub(super) fn kind(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::Text => Kind::Text,
        MessageKind::RichText => Kind::RichText,
        MessageKind::Image => Kind::Image,
    }
}

fn local(time: DateTime<Utc>) -> NaiveDateTime {
    time.with_timezone(&Local).naive_local()
}
