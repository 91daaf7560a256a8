//! What becomes of what was said: `edit`, `delete`, `react`.

use chrono::Utc;
use kaiwa_protocols::oshi::wire::{Answer, StreamId, limit};

use super::access::{self, Inside};
use super::call::{Call, Step};
use super::failure::Failure;
use super::publish::{check_lobby, check_text, count};
use crate::store::{Edit, Reaction, Role, RoomKind, StoredMessage, Transaction, UserId};
use crate::world::Notice;

/// `edit`: own messages.
pub(super) fn edit(call: Call, stream: StreamId, seq: i64, text: String) -> Step {
    let checked = check_text(&text, true)
        .and_then(|()| check_lobby(&call, stream))
        .and_then(|()| count(&call));
    if let Err(failure) = checked {
        return call.answer(Err(failure));
    }
    let user = call.user();
    call.change(move |store, notices| {
        let (_, message) = seen(store, user, stream, seq)?;
        if message.sender != Some(user) {
            return Err(Failure::forbidden("only its sender edits a message"));
        }
        change(store, notices, &message, &Edit::Text(text))
    })
}

/// `delete`: own messages, and others' where one is above them.
pub(super) fn delete(call: Call, stream: StreamId, seq: i64) -> Step {
    if let Err(failure) = count(&call) {
        return call.answer(Err(failure));
    }
    let user = call.user();
    call.change(move |store, notices| {
        let (Inside { membership, .. }, message) = seen(store, user, stream, seq)?;
        if message.sender != Some(user) && membership.role < Role::Moderator {
            let words = "only its sender and admins delete a message";
            return Err(Failure::forbidden(words));
        }
        change(store, notices, &message, &Edit::Delete)
    })
}

/// `react`.
pub(super) fn react(call: Call, stream: StreamId, seq: i64, emoji: String, on: bool) -> Step {
    let checked = check_emoji(&emoji)
        .and_then(|()| check_lobby(&call, stream))
        .and_then(|()| count(&call));
    if let Err(failure) = checked {
        return call.answer(Err(failure));
    }
    let user = call.user();
    call.change(move |store, notices| {
        let (Inside { room, .. }, _) = seen(store, user, stream, seq)?;
        let reaction = Reaction { user, emoji };
        let Some(rev) = store.react(room.id, seq, &reaction, on)? else {
            // As it was: the newest change is somebody else's.
            return Ok(Answer::Done {});
        };
        notices.push(Notice::Reacted {
            room: room.id,
            seq,
            change: rev,
            reaction,
            on,
        });
        Ok(Answer::Changed { rev })
    })
}

fn check_emoji(emoji: &str) -> Result<(), Failure> {
    if emoji.is_empty() || emoji.chars().any(char::is_control) {
        return Err(Failure::bad_field("`emoji` is none"));
    }
    if emoji.len() > limit::EMOJI_BYTES {
        return Err(Failure::too_long("an emoji has 32 bytes at most"));
    }
    Ok(())
}

fn change(
    store: &mut dyn Transaction,
    notices: &mut Vec<Notice>,
    message: &StoredMessage,
    edit: &Edit,
) -> Result<Answer<'static>, Failure> {
    let (room, seq) = (message.room, message.position.seq);
    let rev = store.edit(room, seq, edit, Utc::now())?;
    notices.extend(Notice::edited(store, room, seq)?);
    Ok(Answer::Changed { rev })
}

/// A message that somebody may see, and that was not deleted.
fn seen(
    store: &mut dyn Transaction,
    user: UserId,
    stream: StreamId,
    seq: i64,
) -> Result<(Inside, StoredMessage), Failure> {
    let inside = access::stream(store, user, stream)?;
    let room = &inside.room;
    let visible = room.kind == RoomKind::Stream
        || store
            .visible(room.id, user)?
            .iter()
            .any(|span| (span.first..=span.last).contains(&seq));
    let message = if visible {
        store.messages(room.id, seq, seq)?.pop()
    } else {
        None
    };
    let message = message.filter(|message| !message.deleted);
    Ok((inside, message.ok_or_else(Failure::not_found)?))
}
