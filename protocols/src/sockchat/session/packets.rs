//! What each packet of the server means.

use kaiwa_core::ChatEvent;
use kaiwa_core::session::Now;

use super::SockchatSession;
use super::answers::Asked;
use super::commands::Sign;
use crate::sockchat::wire::ServerPacket;

impl SockchatSession {
    /// The server says something.
    pub(super) fn packet(&mut self, now: Now, packet: ServerPacket<'_>) {
        if !self.is_up() && !is_early(&packet) {
            self.skipped += 1;
            return;
        }
        if is_live(&packet) {
            self.end_backlog();
        }
        match packet {
            ServerPacket::Pong => self.pong(),
            ServerPacket::Welcome(welcome) => self.welcome(now, &welcome),
            ServerPacket::Refused { reason, until } => self.refused(now, reason, until),
            ServerPacket::Removed(removal) => self.removed(now, removal),
            ServerPacket::Message(message) => self.said(now, &message),
            ServerPacket::Backlog(message) => self.said_before(now, &message),
            ServerPacket::Deleted { message_id } => self.deleted(message_id),
            ServerPacket::Joined { user, .. } | ServerPacket::Entered { user, .. } => {
                self.came(&user);
            }
            ServerPacket::Left {
                user_id,
                name,
                reason,
                ..
            } => self.left(user_id, name, reason),
            ServerPacket::Departed { user_id, .. } => self.departed(user_id),
            ServerPacket::UserUpdated(user) => self.changed(&user),
            ServerPacket::Users { users, missing } => {
                self.skipped += u64::from(missing > 0);
                self.backlog.users_came();
                self.listed(&users);
            }
            ServerPacket::Channels { channels, missing } => {
                self.skipped += u64::from(missing > 0);
                self.channels(&channels, true);
                if self.backlog.ends_with_channels() {
                    self.end_backlog();
                }
            }
            ServerPacket::ChannelCreated(channel) => self.channel_created(&channel),
            ServerPacket::ChannelUpdated { old_name, channel } => {
                self.channel_changed(old_name, &channel);
            }
            ServerPacket::ChannelRemoved { name } => self.channel_removed(name),
            ServerPacket::Moved { channel } => self.moved(channel),
            ServerPacket::Clear { mode, channel } => self.clear(mode, channel),
            // Nothing that a user would miss: what the server can do, and who writes, which no known server says.
            _ => self.skipped += 1,
        }
    }

    fn deleted(&mut self, message_id: &str) {
        let is_it = |asked: &Asked| asked.subject.as_deref() == Some(message_id);
        let open = self.answers.take(Sign::Deleted, is_it);
        let event = ChatEvent::Remove {
            channel_id: self.places.here(),
            message_id: self.past.named(message_id).into(),
        };
        self.brought(open, event);
    }
}

/// Whether a packet may come before the user is let in.
fn is_early(packet: &ServerPacket<'_>) -> bool {
    matches!(
        packet,
        ServerPacket::Welcome(_)
            | ServerPacket::Refused { .. }
            | ServerPacket::Removed(_)
            | ServerPacket::Backlog(_)
    )
}

/// Whether a packet comes after the backlog, if there is one: it is no part of what a server says about a channel at first.
fn is_live(packet: &ServerPacket<'_>) -> bool {
    !matches!(
        packet,
        ServerPacket::Backlog(_)
            | ServerPacket::Users { .. }
            | ServerPacket::Channels { .. }
            | ServerPacket::Welcome(_)
            | ServerPacket::Clear { .. }
            | ServerPacket::Departed { .. }
            | ServerPacket::Moved { .. }
    )
}
