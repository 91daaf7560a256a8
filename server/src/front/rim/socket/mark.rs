//! `Ack` and `Read`: how far messages have come. Acknowledged also where there is nothing to mark.

use std::sync::Arc;

use kaiwa_core::Error;
use kaiwa_protocols::rim::wire::{Ack, Body};

use super::super::room_id;
use super::client::{ack, give};
use crate::store::writer::Job;
use crate::store::{Membership, MessageId, RoomId, Transaction, UserId};
use crate::world::{Notice, Receiver};

/// A message has reached its reader.
pub(super) fn delivered(user: UserId, receiver: &Arc<Receiver>, body: &Body<'_>) -> Option<Job> {
    let (room, message) = (room_id(body.gid?), message_id(body.msg_id?));
    let ack = ack(&Ack {
        client_msg_id: body.client_msg_id.clone(),
        ..Ack::default()
    });
    let receiver = Arc::clone(receiver);
    Some(Job::work(
        move |store, _| match sequence(store, user, room, message)? {
            Some((seq, _)) => store.mark_delivered(room, user, seq),
            None => Ok(()),
        },
        move |_, outcome| {
            if outcome.is_ok() {
                give(&receiver, ack);
            }
        },
    ))
}

/// A message was read. It alone: those before it may still be unread.
pub(super) fn read(user: UserId, receiver: &Arc<Receiver>, body: &Body<'_>) -> Option<Job> {
    let (room, message) = (room_id(body.gid?), message_id(body.msg_id?));
    let ack = ack(&Ack {
        client_msg_id: body.client_msg_id.clone(),
        server_msg_id: body.msg_id,
        ..Ack::default()
    });
    let receiver = Arc::clone(receiver);
    Some(Job::work(
        move |store, notices| {
            let notice = mark_read(store, user, room, message)?;
            notices.extend(notice);
            Ok(())
        },
        move |_, outcome| {
            if outcome.is_ok() {
                give(&receiver, ack);
            }
        },
    ))
}

/// What there is to tell, if the mark has moved.
fn mark_read(
    store: &mut dyn Transaction,
    user: UserId,
    room: RoomId,
    message: MessageId,
) -> Result<Option<Notice>, Error> {
    let Some((seq, membership)) = sequence(store, user, room, message)? else {
        return Ok(None);
    };
    let mark = store.mark_read(room, user, seq)?;
    if mark <= membership.read {
        return Ok(None);
    }
    // It may have moved on over what had been read before.
    let newest = if mark == seq {
        Some(message)
    } else {
        let newest = store.messages(room, mark, mark)?;
        newest.first().map(|message| message.position.id)
    };
    Ok(newest.map(|message| Notice::Read {
        room,
        kind: membership.kind,
        user,
        message,
        seq: mark,
    }))
}

/// Where a message of somebody's room stands, and they.
fn sequence(
    store: &mut dyn Transaction,
    user: UserId,
    room: RoomId,
    message: MessageId,
) -> Result<Option<(i64, Membership)>, Error> {
    let Some(membership) = store.membership(room, user)? else {
        return Ok(None);
    };
    let message = store.message(message)?;
    Ok(message
        .filter(|message| message.room == room)
        .map(|message| (message.position.seq, membership)))
}

fn message_id(number: u64) -> MessageId {
    MessageId(i64::try_from(number).unwrap_or(i64::MAX))
}
