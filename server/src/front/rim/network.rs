//! How rim shows what happens in the world.

use bytes::Bytes;
use kaiwa_protocols::rim::wire::{self, Body, Event, Packet};

use super::{Rim, client_id, number, records};
use crate::store::{RoomId, UserId};
use crate::world::{Echo, Network, Notice, Said};
use crate::ws::put_text_with;

impl Network for Rim {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        let message = &said.submission.message;
        let id = said.posted.position.id;
        let text = self
            .links
            .text(message.text.as_deref(), &said.submission.files);
        let packet = Packet {
            event: Event::Msg,
            body: Body {
                kind: records::kind(message.kind),
                uid: said.posted.sender.map_or(0, |sender| number(sender.0)),
                gid: Some(number(message.room.0)),
                content: text.unwrap_or_default(),
                client_msg_id: client_id::shown(message.client_id.as_deref(), id),
                msg_id: Some(number(id.0)),
                ts: Some(said.posted.at.timestamp_millis()),
                notify: false,
            },
        };
        put_text_with(out, |out| packet.encode_into(out));
    }

    /// The acknowledgement is all that a sender gets.
    fn echo(&self, _said: &Said, _out: &mut Vec<u8>) -> Echo {
        Echo::Nothing
    }

    fn notice(&self, notice: &Notice, to: UserId) -> Option<Bytes> {
        if !self.notified.wants(to) {
            return None;
        }
        let packet = Packet::notify(shown(notice, to)?);
        let mut out = Vec::new();
        put_text_with(&mut out, |out| packet.encode_into(out));
        Some(out.into())
    }
}

/// The notice as rim has it. Whose doing it is, is known of removals only; otherwise the user is the other one of two contacts,
/// or whoever is told.
fn shown(notice: &Notice, to: UserId) -> Option<wire::Notice> {
    let groups = |room: RoomId| wire::Notice::Groups {
        uid: number(to.0),
        gid: number(room.0),
    };
    let removed = |room: RoomId, by: UserId| wire::Notice::Removed {
        uid: number(by.0),
        gid: number(room.0),
    };
    Some(match notice {
        Notice::Contacts { one, other } => wire::Notice::Contacts {
            uid: number(if *one == to { other.0 } else { one.0 }),
        },
        Notice::Entered { room, .. }
        | Notice::Opened { room }
        | Notice::RoomChanged { room }
        | Notice::Subscribed { room, .. } => groups(room.id()),
        Notice::Role { room, .. } => groups(*room),
        Notice::Left { room, people, .. } if people.iter().all(|user| user.id != to) => {
            groups(room.id())
        }
        Notice::Left { room, by, .. } => removed(room.id(), by.unwrap_or(to)),
        Notice::RoomRemoved { room, by } => removed(room.id(), *by),
        Notice::Read { user, .. } if *user == to => return None,
        Notice::Read {
            room,
            user,
            message,
            ..
        } => wire::Notice::Read {
            uid: number(user.0),
            gid: number(room.0),
            msg_id: number(message.0),
        },
        Notice::Said(_)
        | Notice::Edited(_)
        | Notice::Reacted { .. }
        | Notice::Typing { .. }
        | Notice::Profile(_)
        | Notice::Presence { .. }
        | Notice::Banned { .. }
        | Notice::Doors(_) => return None,
    })
}
