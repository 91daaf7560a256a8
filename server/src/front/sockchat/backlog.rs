//! What was said in a room before somebody came.

use bytes::Bytes;
use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::{BacklogMessage, Flags, ServerPacket};

use super::packets::put;
use super::person::{NOBODY, Shown, one_word, plain_name};
use super::stage::Deciding;
use super::talk;
use crate::front::shown;
use crate::store::{Line, RoomId};

/// Messages that whoever comes in is shown (SharpChat).
const MESSAGES: usize = 20;

impl Deciding<'_> {
    /// The newest messages of a room, as frames.
    pub(super) fn backlog(&mut self, room: RoomId) -> Result<Bytes, Error> {
        let mut out = Vec::new();
        for line in self.store.backlog(room, MESSAGES)? {
            self.put_line(line, &mut out);
        }
        Ok(out.into())
    }

    fn put_line(&self, line: Line, out: &mut Vec<u8>) {
        let Line {
            mut message,
            sender,
        } = line;
        self.front.links.put_into(&mut message);
        let said = message.sender_name.as_deref().unwrap_or(shown::NOBODY);
        let user = match &sender {
            Some(user) if !user.guest => {
                let permissions = self.front.permissions(user);
                Shown::of(user, &plain_name(user), permissions)
            }
            Some(guest) => Shown::stranger(guest.id, &one_word(said)),
            None => Shown::stranger(NOBODY, &one_word(said)),
        };
        let text = message.text.as_deref().unwrap_or_default();
        let (text, is_action) = talk::shown(text, message.extra.as_deref());
        put(
            &ServerPacket::Backlog(BacklogMessage {
                time: Some(message.at),
                user: user.packed(),
                text: &text,
                message_id: &message.position.id.0.to_string(),
                notify: false,
                flags: if is_action {
                    Flags::ACTION
                } else {
                    Flags::MESSAGE
                },
            }),
            out,
        );
    }
}
