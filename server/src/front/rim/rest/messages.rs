//! `/message/…`: the chat list, history, and marking as read. All as the caller, whatever `uid` says.

use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::request::{ChatList, History, ReadGroup};
use kaiwa_protocols::rim::wire::{ChatMessage, User};

use super::super::{number, records, room_id};
use super::call::Call;
use super::failure::Failure;
use super::members::not_a_member;
use super::pages::{self, MAX_SIZE};
use super::{Reply, found, success};
use crate::store::{MessageId, Reader, RoomId, StoredMessage, UserId};
use crate::world::Notice;

/// `/message/chat/list`: a page of the caller's rooms with messages, those with the newest ones first; on the page, by message.
pub(super) async fn chat_list(call: &Call, user: UserId) -> Reply {
    let request: ChatList = call.body()?;
    let Some((skip, take)) = place(request.page, request.size)? else {
        return Ok(success([(); 0]));
    };
    let (Ok(skip), Ok(take)) = (usize::try_from(skip), usize::try_from(take)) else {
        return Ok(success([(); 0]));
    };
    let links = call.front.links.clone();
    let json = call.world.read(move |reader| {
        let mut conversations = reader.conversations(user, skip, take)?;
        conversations.sort_by_key(|conversation| conversation.message.position.id);
        let mut others = Vec::with_capacity(conversations.len());
        for conversation in &mut conversations {
            links.put_into(&mut conversation.message);
            others.push(match conversation.other.take() {
                Some(other) => records::user(reader, other)?,
                None => alone(reader, user)?,
            });
        }
        let lines: Vec<_> = conversations
            .iter()
            .zip(others)
            .map(|(conversation, other)| ChatMessage {
                group: records::named_group(&conversation.room, other.name.clone()),
                msg: records::message(&conversation.message),
                user: other,
                unread: Some(number(conversation.unread)),
            })
            .collect();
        found(lines)
    });
    Ok(json.await?)
}

/// `/message/history`: a page of what the caller may see of a group, the newest first; on the page, the oldest first.
pub(super) async fn history(call: &Call, user: UserId) -> Reply {
    let request: History = call.body()?;
    let page = match request.before {
        Some(_) => 1,
        None => request.page,
    };
    let Some((skip, take)) = place(page, request.size)? else {
        return Ok(success([(); 0]));
    };
    let id = room_id(request.gid);
    let before = request.before;
    let links = call.front.links.clone();
    let json = call.world.read(move |reader| {
        let spans = reader.visible(id, user)?;
        let room = match reader.room(id)? {
            Some(room) if !spans.is_empty() || reader.membership(id, user)?.is_some() => room,
            _ => return Err(not_a_member()),
        };
        let before = match before {
            Some(before) => sequence_of(reader, id, before)?,
            None => i64::MAX,
        };
        let mut messages: Vec<StoredMessage> = Vec::new();
        for (first, last) in pages::page(&spans, before, skip, take) {
            messages.extend(reader.messages(id, first, last)?);
        }
        for message in &mut messages {
            links.put_into(message);
        }
        let group = records::group(reader, &room, user)?;
        let mut senders = records::Senders::default();
        for message in &messages {
            senders.know(reader, message)?;
        }
        let lines: Vec<_> = messages
            .iter()
            .map(|message| ChatMessage {
                group: group.clone(),
                msg: records::message(message),
                user: senders.of(message),
                unread: None,
            })
            .collect();
        found(lines)
    });
    Ok(json.await?)
}

/// `/message/group/read`: everything in a group.
pub(super) async fn read(call: &Call, user: UserId) -> Reply {
    let request: ReadGroup = call.body()?;
    let id = room_id(request.gid);
    call.world
        .change(move |store, notices| {
            let asked = (store.room(id)?, store.membership(id, user)?);
            let (Some(room), Some(membership)) = asked else {
                return Err(not_a_member());
            };
            if store.mark_read_to(id, user, room.last.seq)? > membership.read {
                notices.push(Notice::Read {
                    room: id,
                    kind: room.kind,
                    user,
                    message: room.last.id,
                    seq: room.last.seq,
                });
            }
            Ok(())
        })
        .await?;
    Ok(success(true))
}

/// How many entries to leave out and to take; none where there can be no entries.
fn place(page: u64, size: u64) -> Result<Option<(u64, u64)>, Failure> {
    if size > MAX_SIZE {
        return Err(Failure::told("a page has 200 entries at most"));
    }
    let skip = page
        .checked_sub(1)
        .and_then(|before| before.checked_mul(size));
    Ok(skip.filter(|_| size > 0).map(|skip| (skip, size)))
}

/// Where a message of a room stands.
fn sequence_of(reader: &mut dyn Reader, room: RoomId, id: u64) -> Result<i64, Error> {
    let id = MessageId(i64::try_from(id).unwrap_or(i64::MAX));
    let message = reader.message(id)?.filter(|message| message.room == room);
    message
        .map(|message| message.position.seq)
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such message in this group"))
}

/// Whom somebody sees who is the only one in a room.
fn alone(reader: &mut dyn Reader, user: UserId) -> Result<User<'static>, Error> {
    match reader.user(user)? {
        Some(user) => records::user(reader, user),
        None => Ok(User::default()),
    }
}
