//! The two halves of everything that happens: [`Deciding`] is what the store's thread does, [`Telling`] what clients are told when
//! that is durable, in the delivering order. What the one gives the other takes.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::Utc;
use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::{
    ClearMode, LeaveReason, Removal, ServerPacket, Tail, Welcome,
};
use tracing::debug;

use super::Sockchat;
use super::packets::{frames, give, notice};
use super::places::{self, Channel, Closed, Going, View};
use super::presence::SessionId;
use super::roster::{Person, Session};
use super::sign_in::Arriving;
use super::talk::MAX_TEXT_CHARS;
use crate::front::SOCKCHAT;
use crate::store::writer::Job;
use crate::store::{Transaction, UserId};
use crate::world::{CloseReason, Notice, SharedLive};

/// The code of an orderly end, RFC 6455 section 7.4.1.
pub(super) const NORMAL: u16 = 1000;

/// What the store's thread does. What is changed here besides the store is [`super::presence`] only.
pub(super) struct Deciding<'a> {
    pub(super) front: &'a Sockchat,
    pub(super) store: &'a mut dyn Transaction,
    /// What other networks are told.
    pub(super) notices: &'a mut Vec<Notice>,
}

/// What is told when that is durable.
pub(super) struct Telling<'a> {
    pub(super) front: &'a Arc<Sockchat>,
    pub(super) live: &'a SharedLive,
}

/// Decides something on the store's thread, and tells what came of it. If it could not be kept, all are where they were.
pub(super) fn work<T: Send + 'static>(
    front: &Arc<Sockchat>,
    decide: impl FnOnce(&mut Deciding<'_>) -> Result<T, Error> + Send + 'static,
    tell: impl FnOnce(&Telling<'_>, Result<T, Error>) + Send + 'static,
) -> Job {
    let [deciding, telling, undoing] = [front, front, front].map(Arc::clone);
    let changes = Arc::new(OnceLock::new());
    let changed = Arc::clone(&changes);
    Job::undoable(
        move |store, notices| {
            let mut stage = Deciding {
                front: &deciding,
                store,
                notices,
            };
            let (decided, changes) = deciding.presence.track(|| decide(&mut stage));
            // It is done once.
            let _ = changed.set(changes);
            decided
        },
        move |live, outcome| {
            let stage = Telling {
                front: &telling,
                live,
            };
            tell(&stage, outcome);
        },
        move || {
            if let Some(changes) = changes.get() {
                undoing.presence.undo(changes);
            }
        },
    )
}

impl Telling<'_> {
    /// Tells somebody something in words, on all their sessions. Names among the arguments are as they stand in packets.
    pub(super) fn inform(&self, user: UserId, code: &str, arguments: &[&str]) {
        let bytes = notice(&self.front.ids, false, code, arguments);
        self.front.roster().give(user, &bytes);
    }

    /// Tells everybody something in words.
    pub(super) fn inform_all(&self, code: &str, arguments: &[&str]) {
        let bytes = notice(&self.front.ids, false, code, arguments);
        self.give_all(&bytes, |_| true);
    }

    /// Sends frames to all sessions of those who fit.
    pub(super) fn give_all(&self, bytes: &Bytes, fits: impl Fn(&Person) -> bool) {
        let roster = self.front.roster();
        let fitting = roster.people().filter(|person| fits(person));
        fitting.for_each(|person| person.give(bytes));
    }

    /// Tells all who may see it that a channel was made.
    pub(super) fn created(&self, channel: &Channel) {
        let packet = ServerPacket::ChannelCreated(channel.packed());
        self.give_all(&frames(&[packet]), |person| {
            channel.is_seen_by(person.permissions)
        });
    }

    /// Tells all who may see it that a channel is otherwise now. To those who may see only what it was it is gone, to those who
    /// may see only what it is, new.
    pub(super) fn changed(&self, was: &Channel, is: &Channel) {
        let updated = frames(&[ServerPacket::ChannelUpdated {
            old_name: &was.name,
            channel: is.packed(),
        }]);
        let removed = frames(&[ServerPacket::ChannelRemoved { name: &was.name }]);
        let created = frames(&[ServerPacket::ChannelCreated(is.packed())]);
        let roster = self.front.roster();
        for person in roster.people() {
            let saw = was.is_seen_by(person.permissions);
            let sees = is.is_seen_by(person.permissions);
            match (
                saw || person.room == is.room,
                sees || person.room == is.room,
            ) {
                (true, true) => person.give(&updated),
                (true, false) => person.give(&removed),
                (false, true) => person.give(&created),
                (false, false) => {}
            }
        }
    }

    /// Somebody has a session more: it is told where it is, and others of whom.
    pub(super) fn arrive(&self, arriving: Arriving, session: (SessionId, Session)) {
        let Arriving {
            user,
            view,
            channels,
        } = arriving;
        let id = user.id;
        let receiver = Arc::clone(&session.1.receiver);
        let permissions = self.front.permissions(&user);
        let mut roster = self.front.roster();
        if roster.person(id).is_none() {
            // Until now they may have been shown as somebody of another network.
            let gone = roster.disappear(id, None);
            self.front.tell_gone(&roster, &gone);
        }
        let is_first = roster.arrive(user, permissions, view.channel.room, session);
        if let Some(members) = view.members {
            self.front
                .set_members(&mut roster, view.channel.room, members);
        }
        let Some(person) = roster.person(id) else {
            return;
        };
        let packet = if is_first {
            ServerPacket::Joined {
                time: Some(Utc::now()),
                user: person.shown.packed(),
                message_id: &self.front.ids.next(),
            }
        } else {
            ServerPacket::UserUpdated(person.shown.packed())
        };
        let told = frames(&[packet]);
        let room = person.room;
        let welcome = ServerPacket::Welcome(Welcome {
            user: person.shown.packed(),
            channel: &view.channel.name,
            tail: Tail::MaxLength(MAX_TEXT_CHARS as u64),
        });
        give(&receiver, frames(&[welcome]));
        give(&receiver, roster.listed(room, id));
        give(&receiver, view.backlog);
        give(&receiver, places::listed(&channels));
        for channel in &channels {
            roster.see_room(channel.room, &channel.name);
        }
        roster.give_room(room, &told, is_first.then_some(id));
        if !view.hears {
            self.front.tell_outside(&roster, id, &view.room);
        }
    }

    /// A session has ended.
    pub(super) fn depart(&self, user: UserId, session: SessionId, closed: Vec<Closed>) {
        let departed = self.front.roster().depart(user, session);
        if let Some(person) = departed {
            self.gone(&person, LeaveReason::Leave, closed);
        }
    }

    /// Somebody is put out, with all their sessions.
    pub(super) fn put_out(
        &self,
        user: UserId,
        removal: Removal,
        reason: LeaveReason,
        closed: Vec<Closed>,
    ) {
        let Some(person) = self.front.roster().expel(user) else {
            return;
        };
        person.give(&frames(&[ServerPacket::Removed(removal)]));
        for session in person.sessions.values() {
            let reason = CloseReason::Ended(NORMAL, "put out");
            session.receiver.close(reason);
        }
        self.gone(&person, reason, closed);
    }

    fn gone(&self, person: &Person, reason: LeaveReason, closed: Vec<Closed>) {
        let user = person.user.id;
        let left = frames(&[ServerPacket::Left {
            user_id: &person.shown.id,
            name: &person.shown.name,
            reason,
            time: Some(Utc::now()),
            message_id: &self.front.ids.next(),
        }]);
        self.front.roster().give_room(person.room, &left, None);
        for closed in closed {
            self.close(&closed);
        }
        if reason == LeaveReason::Leave {
            // They may be online on another network.
            let mut roster = self.front.roster();
            let come = roster.appear(user, None, |user, name| self.front.shown(user, name));
            self.front.tell_come(&roster, &come);
        }
    }

    /// Somebody is somewhere else now.
    pub(super) fn go(&self, user: UserId, going: Going) {
        let Going { view, left, closed } = going;
        self.enter(user, &view);
        // They were told of those as long as they were in, whatever their rank.
        let is_hidden =
            |person: &Person, channel: &Channel| !channel.is_seen_by(person.permissions);
        let removed = |channel: &Channel| {
            frames(&[ServerPacket::ChannelRemoved {
                name: &channel.name,
            }])
        };
        if let Some(person) = self.front.roster().person(user) {
            let hidden = left.iter().filter(|channel| is_hidden(person, channel));
            hidden.for_each(|channel| person.give(&removed(channel)));
        }
        for closed in closed {
            self.close(&closed);
        }
    }

    /// A channel is no more, and those who were in it are somewhere else.
    pub(super) fn close(&self, closed: &Closed) {
        for (user, view) in &closed.moved {
            self.enter(*user, view);
        }
        let removed = frames(&[ServerPacket::ChannelRemoved {
            name: &closed.channel.name,
        }]);
        // Who was in it knew of it, whatever their rank.
        let was_in = |user| closed.moved.iter().any(|(moved, _)| *moved == user);
        self.give_all(&removed, |person| {
            closed.channel.is_seen_by(person.permissions) || was_in(person.user.id)
        });
    }

    /// Takes somebody to another room: to them the packets of a switch, to those they leave and to those they come to one each.
    fn enter(&self, user: UserId, view: &View) {
        let to = view.channel.room;
        let ids = &self.front.ids;
        let mut roster = self.front.roster();
        if roster.person(user).is_some() {
            // They may have spoken there on another network.
            let gone = roster.disappear(user, Some(to));
            self.front.tell_gone(&roster, &gone);
        }
        let Some(from) = roster.go(user, to) else {
            return;
        };
        if let Some(members) = &view.members {
            self.front.set_members(&mut roster, to, members.clone());
        }
        let Some(person) = roster.person(user) else {
            return;
        };
        let departed = frames(&[ServerPacket::Departed {
            user_id: &person.shown.id,
            message_id: &ids.next(),
        }]);
        let entered = frames(&[ServerPacket::Entered {
            user: person.shown.packed(),
            message_id: &ids.next(),
        }]);
        let cleared = frames(&[ServerPacket::Clear {
            mode: ClearMode::MessagesAndUsers,
            channel: None,
        }]);
        let moved = frames(&[ServerPacket::Moved {
            channel: &view.channel.name,
        }]);
        for bytes in [
            &departed,
            &cleared,
            &roster.listed(to, user),
            &view.backlog,
            &moved,
        ] {
            person.give(bytes);
        }
        roster.give_room(from, &departed, Some(user));
        roster.give_room(to, &entered, Some(user));
        if !view.hears {
            self.front.tell_outside(&roster, user, &view.room);
        }
        // The world's seats are asked for only without the roster.
        drop(roster);
        let heard = view.hears.then_some(&view.room);
        self.live.put(SOCKCHAT, user, heard);
        debug!(
            user = user.0,
            from = from.0,
            to = to.0,
            "went to another room"
        );
    }
}
