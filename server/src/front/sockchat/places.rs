//! Where somebody can be, and what it takes to go there.

use bytes::Bytes;
use chrono::Utc;
use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::{ChannelEntry, Permissions, ServerPacket};

use super::packets::frames;
use super::stage::Deciding;
use crate::store::{
    BanKind, BanTarget, LOBBY, ReadRooms, Role, Room, RoomId, RoomKind, User, UserId,
};
use crate::world::Notice;

/// Members of a room of which those who are online are shown though they are on other networks: in a larger one everybody would be
/// told of everybody.
pub(super) const MAX_MEMBERS: usize = 100;

/// Groups that somebody is told when they come, and as many streams: a longer list is read by nobody. They go to others by name.
const MAX_OWN_LISTED: usize = 500;

/// A room as a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) room: RoomId,
    pub(super) name: String,
    pub(super) has_password: bool,
    pub(super) is_temporary: bool,
    /// Who may see and enter it.
    pub(super) min_rank: i64,
}

/// What a room is to somebody who comes into it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) channel: Channel,
    pub(super) room: Room,
    /// What was said there before, as frames.
    pub(super) backlog: Bytes,
    /// Whether they may hear it.
    pub(super) hears: bool,
    /// Whose room it is, if nobody is there yet who would have been told, and if they are few.
    pub(super) members: Option<Vec<User>>,
}

/// Somebody who goes to another room.
#[derive(Debug)]
pub(super) struct Going {
    pub(super) view: View,
    /// The channels that they have left and that are still there.
    pub(super) left: Vec<Channel>,
    /// The channels that are no more, since they have left them.
    pub(super) closed: Vec<Closed>,
}

/// A channel that is no more.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) channel: Channel,
    /// Who was in it, and where they are now.
    pub(super) moved: Vec<(UserId, View)>,
}

impl Channel {
    /// A room as a channel, if it is one for those who may know of it.
    pub(super) fn of(room: &Room) -> Option<Self> {
        let name = match room.kind {
            RoomKind::Lobby | RoomKind::Channel => fit(&room.name),
            RoomKind::Group | RoomKind::Stream => format!("{}-{}", fit(&room.name), room.id.0),
            RoomKind::Direct | RoomKind::Circle => return None,
        };
        Some(Self {
            room: room.id,
            name,
            has_password: room.kind == RoomKind::Channel && room.password.is_some(),
            is_temporary: room.temporary,
            min_rank: room.min_rank,
        })
    }

    /// Whether somebody may see it whose membership does not matter.
    pub(super) fn is_seen_by(&self, permissions: Permissions) -> bool {
        permissions.rank >= self.min_rank
    }

    pub(super) fn packed(&self) -> ChannelEntry<'_> {
        ChannelEntry {
            name: &self.name,
            has_password: self.has_password,
            is_temporary: self.is_temporary,
        }
    }
}

/// The channels that somebody may see: the lobby, channels for which their rank is high enough, and the groups and streams in
/// which they are.
pub(super) fn seen<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    permissions: Permissions,
) -> Result<Vec<Channel>, Error> {
    let mut seen: Vec<Channel> = store
        .room(LOBBY)?
        .as_ref()
        .and_then(Channel::of)
        .into_iter()
        .collect();
    let channels = store.channels()?;
    let channels = channels.iter().filter_map(Channel::of);
    seen.extend(channels.filter(|channel| channel.is_seen_by(permissions)));
    let mut own = store.groups_of(user, MAX_OWN_LISTED)?;
    for id in store.stream_ids_of(user, MAX_OWN_LISTED)? {
        own.extend(store.room(id)?);
    }
    seen.extend(own.iter().filter_map(Channel::of));
    Ok(seen)
}

/// The same as a packet.
pub(super) fn listed(channels: &[Channel]) -> Bytes {
    frames(&[ServerPacket::Channels {
        channels: channels.iter().map(Channel::packed).collect(),
        missing: 0,
    }])
}

/// The room that is a channel of this name: the lobby, a group or stream in which somebody is, or a channel of Sock Chat's own,
/// whether they may see that or not. Letter case does not matter.
pub(super) fn named<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    name: &str,
) -> Result<Option<Room>, Error> {
    let is_meant = |room: &Room| {
        Channel::of(room).is_some_and(|channel| channel.name.eq_ignore_ascii_case(name))
    };
    if let Some(lobby) = store.room(LOBBY)?.filter(is_meant) {
        return Ok(Some(lobby));
    }
    let number = name.rsplit_once('-').and_then(|(_, id)| id.parse().ok());
    if let Some(id) = number.map(RoomId)
        && let Some(room) = store.room(id)?
        && matches!(room.kind, RoomKind::Group | RoomKind::Stream)
        && is_meant(&room)
        && store.membership(id, user)?.is_some()
    {
        return Ok(Some(room));
    }
    store.channel(name)
}

impl Deciding<'_> {
    /// Takes somebody who is here to a room, whoever may enter it; nothing is done if it is a group or stream of others. They leave the channel they are in, which is no more if it was
    /// a temporary one of theirs.
    pub(super) fn go(&mut self, user: UserId, to: &Room) -> Result<Option<Going>, Error> {
        let is_own = matches!(to.kind, RoomKind::Group | RoomKind::Stream);
        if is_own && self.store.membership(to.id, user)?.is_none() {
            return Ok(None);
        }
        // In the order in which it is told: they come there before all who come along.
        if self.front.presence.go(user, to.id).is_none() {
            return Ok(None);
        }
        self.admit(user, to)?;
        let view = self.view(user, to)?;
        let (left, closed) = self.leave_channels(user, Some(to.id))?;
        Ok(view.map(|view| Going { view, left, closed }))
    }

    /// Takes somebody who is here to the lobby, who has not asked for it: whoever was removed from it stays so.
    pub(super) fn bring(&mut self, user: UserId, lobby: &Room) -> Result<Option<Going>, Error> {
        if self.front.presence.go(user, lobby.id).is_none() {
            return Ok(None);
        }
        let view = self.view(user, lobby)?;
        let (left, closed) = self.leave_channels(user, None)?;
        Ok(view.map(|view| Going { view, left, closed }))
    }

    /// Somebody is to be put out, with all their sessions ([`super::stage::Telling::put_out`]). Gives the channels that are no more
    /// for that; none if they are not here.
    pub(super) fn expel(&mut self, user: UserId) -> Result<Option<Vec<Closed>>, Error> {
        match self.front.presence.expel(user) {
            true => self.part(user).map(Some),
            false => Ok(None),
        }
    }

    /// Somebody is not here any more; gives the channels that are no more for that.
    pub(super) fn part(&mut self, user: UserId) -> Result<Vec<Closed>, Error> {
        let (_, closed) = self.leave_channels(user, None)?;
        Ok(closed)
    }

    /// Removes a channel, as `by` says; those who are in it come to the lobby.
    pub(super) fn close(&mut self, room: &Room, by: UserId) -> Result<Option<Closed>, Error> {
        let (Some(channel), Some(lobby)) = (Channel::of(room), self.store.room(LOBBY)?) else {
            return Ok(None);
        };
        let removed = Notice::removed(self.store, room.id, by)?;
        self.store.remove_room(room.id)?;
        self.notices.extend(removed);
        // All are shown the same.
        let backlog = self.backlog(LOBBY)?;
        let mut moved = Vec::new();
        for user in self.front.presence.people_in(room.id) {
            self.front.presence.go(user, LOBBY);
            let hears = self.store.membership(LOBBY, user)?.is_some();
            let members = self.members(user, &lobby)?;
            let view = Channel::of(&lobby).map(|channel| View {
                channel,
                room: lobby.clone(),
                backlog: if hears { backlog.clone() } else { Bytes::new() },
                hears,
                members,
            });
            moved.extend(view.map(|view| (user, view)));
        }
        Ok(Some(Closed { channel, moved }))
    }

    /// What a room is to somebody.
    pub(super) fn view(&mut self, user: UserId, room: &Room) -> Result<Option<View>, Error> {
        let members = self.members(user, room)?;
        let hears = self.store.membership(room.id, user)?.is_some();
        let backlog = if hears {
            self.backlog(room.id)?
        } else {
            Bytes::new()
        };
        Ok(Channel::of(room).map(|channel| View {
            channel,
            room: room.clone(),
            backlog,
            hears,
            members,
        }))
    }

    /// The members of a room in which nobody is but who is about to come, if they are few.
    fn members(&mut self, user: UserId, room: &Room) -> Result<Option<Vec<User>>, Error> {
        if !self.front.presence.is_alone(user, room.id) {
            return Ok(None);
        }
        let members = self
            .store
            .members_after(room.id, UserId(0), MAX_MEMBERS + 1)?;
        let members = members.into_iter().map(|member| member.user);
        Ok(Some(members.collect()).filter(|members: &Vec<User>| members.len() <= MAX_MEMBERS))
    }

    /// Lets somebody into a room that takes everybody, since they ask for it.
    pub(super) fn admit(&mut self, user: UserId, room: &Room) -> Result<(), Error> {
        let admits = match room.kind {
            RoomKind::Channel => true,
            RoomKind::Lobby => self.front.rules.lobby,
            _ => false,
        };
        if admits && !self.is_kept_out(user, room.id)? {
            let member = (user, Role::Member);
            let users = self.store.add_members(room.id, &[member], Utc::now())?;
            let entered = Notice::entered(self.store, room.id, &users)?;
            self.notices.extend(entered);
        }
        Ok(())
    }

    /// Whether somebody is banned from a room.
    pub(super) fn is_kept_out(&mut self, user: UserId, room: RoomId) -> Result<bool, Error> {
        let target = BanTarget::User(user);
        let ban = self
            .store
            .banned(BanKind::Entry, &target, Some(room), Utc::now())?;
        Ok(ban.is_some())
    }

    /// Takes somebody out of all channels but one; their temporary ones are no more. Gives those that are still there, and those.
    fn leave_channels(
        &mut self,
        user: UserId,
        but: Option<RoomId>,
    ) -> Result<(Vec<Channel>, Vec<Closed>), Error> {
        let (mut stay, mut closed) = (Vec::new(), Vec::new());
        for room in self.store.channels_of(user)? {
            let id = room.id;
            if but == Some(id) {
                continue;
            }
            self.store.remove_members(id, &[user])?;
            let left = Notice::left(self.store, id, &[user], None)?;
            self.notices.extend(left);
            if room.temporary && room.owner == Some(user) {
                closed.extend(self.close(&room, user)?);
            } else {
                stay.extend(Channel::of(&room));
            }
        }
        Ok((stay, closed))
    }
}

/// Whether a name is as those of groups and streams are. Who is not in one must not make a channel of its name, nor of one that is
/// yet to come.
pub(super) fn is_numbered(name: &str) -> bool {
    let number = name.rsplit_once('-').map(|(_, number)| number);
    number.is_some_and(|number| number.parse::<i64>().is_ok())
}

/// The name of a room as that of a channel: letters, digits, `-` and `_`.
fn fit(name: &str) -> String {
    let fit = |c: char| {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '_'
        }
    };
    name.chars().map(fit).collect()
}
