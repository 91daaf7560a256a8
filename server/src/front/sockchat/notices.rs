//! What happens besides messages, as packets: channels that appear and go for those who are in groups and circles, people who are
//! called otherwise, messages that are deleted.

use bytes::Bytes;
use kaiwa_protocols::sockchat::wire::{Removal, ServerPacket};

use super::Sockchat;
use super::packets::{frames, notice};
use super::person::Shown;
use super::places::Channel;
use super::roster::Roster;
use crate::store::{LOBBY, Member, Room, RoomId, RoomKind, User, UserId};
use crate::world::{Notice, RoomView};

impl Sockchat {
    /// What a notice changes of who is shown where. Each comes once, before anybody is told.
    pub(super) fn note(&self, notice: &Notice) {
        match notice {
            Notice::Profile(user) => {
                let mut roster = self.roster();
                for (room, shown) in roster.update(user, self.permissions(user)) {
                    let updated = frames(&[ServerPacket::UserUpdated(shown.packed())]);
                    roster.give_room(room, &updated, None);
                }
            }
            Notice::RoomChanged { room } => {
                if let Some(channel) = Channel::of(&room.room) {
                    self.roster().rename_room(channel.room, &channel.name);
                }
            }
            Notice::Entered { room, members } => {
                self.see(room);
                let mut roster = self.roster();
                for inner in rooms(room) {
                    for Member { user, .. } in members {
                        roster.set_member(inner, user);
                        let come = roster
                            .appear(user.id, Some(inner), |user, name| self.shown(user, name));
                        self.tell_come(&roster, &come);
                    }
                }
            }
            Notice::Opened { room } => self.see(room),
            Notice::Presence { user, online } => {
                let mut roster = self.roster();
                let changed =
                    roster.set_online(*user, *online, |user, name| self.shown(user, name));
                if *online {
                    self.tell_come(&roster, &changed);
                } else {
                    self.tell_gone(&roster, &changed);
                }
            }
            Notice::Left { room, people, .. } => {
                let mut roster = self.roster();
                for inner in rooms(room) {
                    for user in people {
                        roster.remove_member(inner, user.id);
                        let gone = roster.disappear(user.id, Some(inner));
                        self.tell_gone(&roster, &gone);
                    }
                }
                if room.id() == LOBBY {
                    for user in people {
                        self.tell_outside(&roster, user.id, &room.room);
                    }
                }
                drop(roster);
                let left: Vec<UserId> = people.iter().map(|user| user.id).collect();
                self.lose(room, |user| left.contains(&user));
            }
            Notice::RoomRemoved { room, .. } => {
                self.lose(room, |_| true);
                let mut roster = self.roster();
                roster.forget_room(room.id());
                for stream in &room.streams {
                    roster.forget_room(stream.id);
                }
            }
            _ => {}
        }
    }

    /// Somebody as they are shown under this name.
    pub(super) fn shown(&self, user: &User, name: &str) -> Shown {
        Shown::of(user, name, self.permissions(user))
    }

    /// Tells a room's members to those who come into it first.
    pub(super) fn set_members(&self, roster: &mut Roster, room: RoomId, members: Vec<User>) {
        roster.set_members(room, members, |user, name| self.shown(user, name));
    }

    /// Tells that somebody is shown in rooms from now on.
    pub(super) fn tell_come(&self, roster: &Roster, come: &[(RoomId, Shown)]) {
        for (room, shown) in come {
            let entered = ServerPacket::Entered {
                user: shown.packed(),
                message_id: &self.ids.next(),
            };
            roster.give_room(*room, &frames(&[entered]), None);
        }
    }

    /// No longer.
    pub(super) fn tell_gone(&self, roster: &Roster, gone: &[(RoomId, Shown)]) {
        for (room, shown) in gone {
            let departed = ServerPacket::Departed {
                user_id: &shown.id,
                message_id: &self.ids.next(),
            };
            roster.give_room(*room, &frames(&[departed]), None);
        }
    }

    /// Tells somebody who is in the lobby and no member of it that they are neither told what is said there nor heard. Where
    /// nobody may be a member it is not told.
    pub(super) fn tell_outside(&self, roster: &Roster, user: UserId, lobby: &Room) {
        let is_there = roster
            .person(user)
            .is_some_and(|person| person.room == LOBBY);
        let channel = Channel::of(lobby).filter(|_| is_there && self.rules.lobby);
        if let Some(Channel { name, .. }) = channel {
            let words = format!(
                "Nobody hears you in {name} now: you are not in it any more. /join {name} takes you back."
            );
            roster.give(user, &notice(&self.ids, false, "say", &[&words]));
        }
    }

    fn see(&self, view: &RoomView) {
        let mut roster = self.roster();
        for channel in channels(view) {
            roster.see_room(channel.room, &channel.name);
        }
    }

    /// A notice as everybody is told it.
    pub(super) fn shared_frame(&self, notice: &Notice) -> Option<Bytes> {
        match notice {
            Notice::Edited(message) if message.deleted => Some(frames(&[ServerPacket::Deleted {
                message_id: &message.position.id.0.to_string(),
            }])),
            Notice::Opened { room } => created(&channels(room)),
            Notice::RoomRemoved { room, .. } => removed(&channels(room)),
            Notice::RoomChanged { room } if room.room.kind != RoomKind::Channel => {
                let channel = Channel::of(&room.room)?;
                let roster = self.roster();
                let old_name = roster.former_name(channel.room)?;
                (old_name != channel.name).then(|| {
                    frames(&[ServerPacket::ChannelUpdated {
                        old_name,
                        channel: channel.packed(),
                    }])
                })
            }
            _ => None,
        }
    }

    /// A notice as one person is told it.
    pub(super) fn personal_frame(&self, notice: &Notice, to: UserId) -> Option<Bytes> {
        match notice {
            Notice::Entered { room, members } => {
                let is_theirs = members.iter().any(|member| member.user.id == to);
                created(&channels(room)).filter(|_| is_theirs)
            }
            Notice::Left { room, people, .. } => {
                let is_theirs = people.iter().any(|user| user.id == to);
                removed(&channels(room)).filter(|_| is_theirs)
            }
            Notice::Banned { until, .. } => {
                Some(frames(&[ServerPacket::Removed(Removal::Banned {
                    until: *until,
                })]))
            }
            _ => None,
        }
    }

    /// Some people are in a room no more.
    fn lose(&self, view: &RoomView, is_meant: impl Fn(UserId) -> bool) {
        let mut strays: Vec<(UserId, RoomId)> = Vec::new();
        let roster = self.roster();
        for channel in channels(view) {
            let inside = roster.people_in(channel.room).map(|person| person.user.id);
            strays.extend(
                inside
                    .filter(|user| is_meant(*user))
                    .map(|user| (user, channel.room)),
            );
        }
        drop(roster);
        self.bring_home(strays);
    }
}

/// The channels that those see who are in a room. Channels of Sock Chat's own are not among them: they are told of by whoever
/// makes and changes them.
fn channels(view: &RoomView) -> Vec<Channel> {
    match view.room.kind {
        RoomKind::Group | RoomKind::Stream => Channel::of(&view.room).into_iter().collect(),
        RoomKind::Circle | RoomKind::Lobby => view.streams.iter().filter_map(Channel::of).collect(),
        RoomKind::Direct | RoomKind::Channel => Vec::new(),
    }
}

/// A room, and those whose members are the same.
fn rooms(view: &RoomView) -> impl Iterator<Item = RoomId> {
    let inner = view.streams.iter().map(|stream| stream.id);
    std::iter::once(view.id()).chain(inner)
}

fn created(channels: &[Channel]) -> Option<Bytes> {
    let packets: Vec<ServerPacket<'_>> = channels
        .iter()
        .map(|channel| ServerPacket::ChannelCreated(channel.packed()))
        .collect();
    (!packets.is_empty()).then(|| frames(&packets))
}

fn removed(channels: &[Channel]) -> Option<Bytes> {
    let packets: Vec<ServerPacket<'_>> = channels
        .iter()
        .map(|channel| ServerPacket::ChannelRemoved {
            name: &channel.name,
        })
        .collect();
    (!packets.is_empty()).then(|| frames(&packets))
}
