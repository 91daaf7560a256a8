//! How Sock Chat shows what happens in the world.

use bytes::Bytes;
use kaiwa_protocols::sockchat::wire::{ChatMessage, Flags, ServerPacket, action_text};

use super::Sockchat;
use super::packets::{Ids, put};
use super::person::NOBODY;
use super::roster::Speaker;
use super::stage::NORMAL;
use super::talk;
use crate::front::{SOCKCHAT, shown};
use crate::store::{Role, RoomKind, UserId};
use crate::world::{CloseReason, Echo, Network, Notice, Said};

impl Network for Sockchat {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        let (_, text) = self.text(said);
        let posted = &said.posted;
        let name = said
            .submission
            .sender_name
            .as_deref()
            .unwrap_or(shown::NOBODY);
        let ids = &self.ids;
        if posted.kind != RoomKind::Direct {
            let speaker = self
                .roster()
                .speak(said.submission.message.room, posted.sender, name);
            announce(&speaker, ids, out);
            let flags = if action_text(&text) == text {
                Flags::MESSAGE
            } else {
                Flags::ACTION
            };
            put_message(said, &speaker, &text, flags, out);
            return;
        }
        // Of two, one hears this; who is not shown where they are is shown while they say it.
        let sender = posted.sender.unwrap_or(NOBODY);
        let roster = self.roster();
        let hearer = other(said, sender).and_then(|user| roster.person(user));
        let is_shown = hearer.is_some_and(|person| roster.is_shown(person.room, sender));
        let speaker = roster.pass(sender, name);
        if !is_shown {
            announce(&speaker, ids, out);
        }
        put_message(said, &speaker, &text, Flags::PRIVATE, out);
        if !is_shown {
            let departed = ServerPacket::Departed {
                user_id: &speaker.shown.id,
                message_id: &ids.next(),
            };
            put(&departed, out);
        }
    }

    /// Of a private message, the sender is told to whom.
    fn echo(&self, said: &Said, out: &mut Vec<u8>) -> Echo {
        if said.posted.kind != RoomKind::Direct {
            return Echo::Same;
        }
        let Some(sender) = said.posted.sender else {
            return Echo::Nothing;
        };
        let (to, text) = self.text(said);
        let roster = self.roster();
        let known = other(said, sender).and_then(|user| roster.person(user));
        let name = match (&to, known) {
            (Some(name), _) => name,
            (None, Some(person)) => &person.shown.name,
            (None, None) => return Echo::Nothing,
        };
        let speaker = roster.pass(sender, shown::NOBODY);
        put_message(
            said,
            &speaker,
            &format!("{name} {text}"),
            Flags::PRIVATE,
            out,
        );
        Echo::Other
    }

    fn learn(&self, notice: &Notice) {
        self.note(notice);
    }

    fn shared(&self, notice: &Notice, _role: Option<Role>) -> Option<Bytes> {
        self.shared_frame(notice)
    }

    fn notice(&self, notice: &Notice, to: UserId) -> Option<Bytes> {
        self.personal_frame(notice, to)
    }

    fn farewell(&self) -> CloseReason {
        CloseReason::Ended(NORMAL, "put out")
    }
}

impl Sockchat {
    /// What was said, as packets have it; of a private message, to whom, if its sender's own network has said so.
    fn text(&self, said: &Said) -> (Option<String>, String) {
        let submission = &said.submission;
        if let Some((SOCKCHAT, prepared)) = &submission.prepared {
            return match prepared.split_once('\t') {
                Some((name, text)) => (Some(name.to_owned()), text.to_owned()),
                None => (None, prepared.clone()),
            };
        }
        let text = self
            .links
            .text(submission.message.text.as_deref(), &submission.files);
        let extra = submission.message.extra.as_deref();
        let (text, _) = talk::shown(text.as_deref().unwrap_or_default(), extra);
        (None, text)
    }
}

/// The other one of two.
fn other(said: &Said, sender: UserId) -> Option<UserId> {
    let two = said.posted.two?;
    two.into_iter().find(|user| *user != sender)
}

/// Tells who speaks, to whom they were not shown.
fn announce(speaker: &Speaker, ids: &Ids, out: &mut Vec<u8>) {
    if let Some(gone) = &speaker.gone {
        let departed = ServerPacket::Departed {
            user_id: &gone.0.to_string(),
            message_id: &ids.next(),
        };
        put(&departed, out);
    }
    if speaker.is_new {
        let entered = ServerPacket::Entered {
            user: speaker.shown.packed(),
            message_id: &ids.next(),
        };
        put(&entered, out);
    }
}

fn put_message(said: &Said, speaker: &Speaker, text: &str, flags: Flags, out: &mut Vec<u8>) {
    let message = ServerPacket::Message(ChatMessage {
        time: Some(said.posted.at),
        user_id: &speaker.shown.id,
        text,
        message_id: &said.posted.position.id.0.to_string(),
        flags,
        notify: None,
        channel: None,
    });
    put(&message, out);
}
