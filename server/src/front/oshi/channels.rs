//! The streams of a circle: `stream.create`, `stream.rename`, `stream.delete`.

use chrono::Utc;
use kaiwa_protocols::oshi::wire::{Answer, CircleId, StreamId, limit};

use super::access::{self, Inside};
use super::call::{Call, Step};
use super::circles::{check_name, new_room};
use super::failure::Failure;
use super::records;
use crate::store::{NewRoom, Role, RoomId, RoomKind, RoomPatch, Transaction, UserId};
use crate::world::Notice;

/// `stream.create`. Nobody hears it before they subscribe.
pub(super) fn create(call: Call, circle: CircleId, name: &str, topic: Option<&str>) -> Step {
    let checked = check_name(name).and_then(|name| Ok((name, check_topic(topic)?)));
    let (name, topic) = match checked {
        Ok(checked) => checked,
        Err(failure) => return call.answer(Err(failure)),
    };
    let user = call.user();
    call.change(move |store, notices| {
        let circle = access::administered(store, user, circle)?.room.id;
        let id = store.create_room(&NewRoom {
            parent: Some(circle),
            topic: topic.flatten(),
            ..new_room(RoomKind::Stream, name, user, Utc::now())
        })?;
        notices.extend(Notice::opened(store, id)?);
        answer(store, id, user)
    })
}

/// `stream.rename`: another name, another topic, or both.
pub(super) fn rename(
    call: Call,
    stream: StreamId,
    name: Option<&str>,
    topic: Option<&str>,
) -> Step {
    let name = name.map(check_name).transpose();
    let checked = name.and_then(|name| Ok((name, check_topic(topic)?)));
    let (name, topic) = match checked {
        Ok((None, None)) => {
            let words = "`name` or `topic` is needed";
            return call.answer(Err(Failure::bad_field(words)));
        }
        Ok(checked) => checked,
        Err(failure) => return call.answer(Err(failure)),
    };
    let user = call.user();
    call.change(move |store, notices| {
        let Inside { room, membership } = access::stream(store, user, stream)?;
        if membership.role < role_to_rename(room.kind) {
            return Err(Failure::forbidden("only an admin may do this"));
        }
        if room.kind == RoomKind::Lobby && name.is_some() {
            return Err(Failure::forbidden("this stream keeps its name"));
        }
        let patch = RoomPatch {
            name,
            topic,
            ..RoomPatch::default()
        };
        store.update_room(room.id, &patch)?;
        notices.extend(Notice::room_changed(store, room.id)?);
        answer(store, room.id, user)
    })
}

/// `stream.delete`, with all that was said there.
pub(super) fn delete(call: Call, stream: StreamId) -> Step {
    let user = call.user();
    call.change(move |store, notices| {
        let Inside { room, membership } = access::stream(store, user, stream)?;
        if room.kind != RoomKind::Stream || membership.role < Role::Admin {
            let words = "only an admin of its circle may do this";
            return Err(Failure::forbidden(words));
        }
        notices.extend(Notice::removed(store, room.id, user)?);
        store.remove_room(room.id)?;
        Ok(Answer::Done {})
    })
}

/// A topic, or none instead of an empty one.
fn check_topic(topic: Option<&str>) -> Result<Option<Option<String>>, Failure> {
    let Some(topic) = topic.map(str::trim) else {
        return Ok(None);
    };
    if topic.chars().any(char::is_control) {
        return Err(Failure::bad_field("`topic` has control characters"));
    }
    if topic.chars().nth(limit::TOPIC_CHARS).is_some() {
        return Err(Failure::too_long("a topic has 400 characters at most"));
    }
    Ok(Some((!topic.is_empty()).then(|| topic.to_owned())))
}

/// Who may give a stream another name: in a group everybody, as on rim; a talk of two has none.
fn role_to_rename(kind: RoomKind) -> Role {
    match kind {
        RoomKind::Group => Role::Member,
        _ => Role::Admin,
    }
}

fn answer(
    store: &mut dyn Transaction,
    id: RoomId,
    viewer: UserId,
) -> Result<Answer<'static>, Failure> {
    let room = store.room(id)?.ok_or_else(Failure::not_found)?;
    let stream = records::stream(store, room, viewer)?;
    Ok(Answer::Stream { stream })
}
