//! Channels: `/join`, `/create`, `/delchan`, `/password`, `/rank`.

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::sockchat::wire::{ChannelRight, Permissions, ServerPacket};

use super::{Ask, Outcome, Refusal, arguments};
use crate::auth::MAX_PASSWORD_BYTES;
use crate::front::sockchat::packets::frames;
use crate::front::sockchat::places::{self, Channel};
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::store::{LOBBY, NewRoom, Reader, Room, RoomId, RoomKind, RoomPatch, UserId};

/// `/join`: to another channel. Whoever stays is told where they are.
pub(super) async fn join(ask: &Ask<'_>) -> Outcome {
    let (name, password) = arguments::split(ask.rest);
    if name.is_empty() {
        return Ok(());
    }
    match enter(ask, name, password.trim()).await {
        Err(Refusal::Broken(error)) => Err(error.into()),
        Err(refusal) => {
            ask.call.refuse(refusal).await;
            stay(ask).await
        }
        Ok(()) => Ok(()),
    }
}

/// `/create`: a channel, temporary for those who may not make others, and the way into it.
pub(super) async fn create(ask: &Ask<'_>) -> Outcome {
    let (min_rank, name) = arguments::new_channel(ask.rest)?;
    let (user, permissions) = (ask.asker.user.id, ask.asker.permissions);
    if min_rank > permissions.rank {
        return Err(Refusal::Rank);
    }
    if !arguments::is_channel_name(&name) {
        return Err(Refusal::ChannelName);
    }
    let command = ask.name.to_owned();
    let decide = move |deciding: &mut Deciding<'_>| {
        if deciding.front.presence.room(user).is_none() {
            return Err(Refusal::Other);
        }
        deciding.refuse_silenced(user, &command)?;
        let taken = places::named(deciding.store, user, &name)?;
        if taken.is_some() || places::is_numbered(&name) {
            return Err(Refusal::ChannelExists(name));
        }
        let new = new_room(user, permissions, min_rank, name.clone());
        let id = match deciding.store.create_room(&new) {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Err(Refusal::ChannelExists(name));
            }
            // There are as many as there may be.
            Err(error) if error.kind() == ErrorKind::Full => return Err(Refusal::Other),
            created => created?,
        };
        let room = found(deciding, id)?;
        let channel = Channel::of(&room).ok_or(Refusal::Other)?;
        Ok((channel, deciding.go(user, &room)?))
    };
    let tell = move |telling: &Telling<'_>, (channel, going)| {
        telling.created(&channel);
        if let Some(going) = going {
            telling.go(user, going);
        }
        telling.inform(user, "crchan", &[&channel.name]);
    };
    ask.call.change(decide, tell).await
}

/// `/delchan`: one's own, or any if one moderates.
pub(super) async fn delete(ask: &Ask<'_>) -> Outcome {
    let name = arguments::channel(ask.rest);
    if name.is_empty() {
        return Err(Refusal::Format);
    }
    let (user, permissions) = (ask.asker.user.id, ask.asker.permissions);
    let decide = move |deciding: &mut Deciding<'_>| {
        let room = places::named(deciding.store, user, &name)?;
        let Some((room, channel)) = room.and_then(|room| Channel::of(&room).map(|it| (room, it)))
        else {
            return Err(Refusal::NoChannel(name));
        };
        let is_own = room.owner == Some(user);
        let moderates = permissions.moderate && channel.is_seen_by(permissions);
        if room.kind != RoomKind::Channel || !(is_own || moderates) {
            return Err(Refusal::DeleteChannelNotAllowed(channel.name));
        }
        Ok((channel.name, deciding.close(&room, user)?))
    };
    let tell = move |telling: &Telling<'_>, (name, closed): (String, Option<_>)| {
        if let Some(closed) = closed {
            telling.close(&closed);
        }
        telling.inform(user, "delchan", &[&name]);
    };
    ask.call.change(decide, tell).await
}

/// `/password`: that of one's own channel, in which one is; none takes it away.
pub(super) async fn set_password(ask: &Ask<'_>) -> Outcome {
    let password = ask.rest.trim();
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(Refusal::Format);
    }
    let own = Own::of(ask);
    // Before the costly hash.
    own.ask(ask).await?;
    let hash = if password.is_empty() {
        None
    } else {
        let hash = ask.call.front.auth.hash(ask.call.peer, password);
        Some(hash.await.map_err(too_busy)?)
    };
    let patch = RoomPatch {
        password: Some(hash),
        ..RoomPatch::default()
    };
    own.change(ask, patch, "cpwdchan").await
}

/// `/rank`: the one that one's own channel, in which one is, asks for.
pub(super) async fn set_rank(ask: &Ask<'_>) -> Outcome {
    let own = Own::of(ask);
    // Whoever may not change the channel at all is told that first.
    own.ask(ask).await?;
    let word = arguments::word(ask.rest).unwrap_or_default();
    let rank = word.parse().ok().filter(|_| arguments::is_number(word));
    let rank = rank.filter(|rank| *rank <= ask.asker.permissions.rank);
    let patch = RoomPatch {
        min_rank: Some(rank.ok_or(Refusal::Rank)?),
        ..RoomPatch::default()
    };
    own.change(ask, patch, "cprivchan").await
}

/// The channel in which somebody is, to be changed by its owner.
#[derive(Clone)]
struct Own {
    user: UserId,
    room: RoomId,
    /// The name by which the command was called.
    command: String,
}

impl Own {
    fn of(ask: &Ask<'_>) -> Self {
        Self {
            user: ask.asker.user.id,
            room: ask.asker.room,
            command: ask.name.to_owned(),
        }
    }

    /// Whether they may change it, as it is now; the store's thread decides again.
    async fn ask(&self, ask: &Ask<'_>) -> Outcome {
        let own = self.clone();
        let allowed = ask.call.world.look_up(move |store| {
            let room = store.room(own.room)?;
            Ok(own.check(room).map(|_| ()))
        });
        allowed.await?
    }

    /// The channel, if they may change it.
    fn check(&self, room: Option<Room>) -> Result<(Room, Channel), Refusal> {
        let room = room.ok_or(Refusal::Other)?;
        let channel = Channel::of(&room).ok_or(Refusal::Other)?;
        if room.kind != RoomKind::Channel {
            // Nobody changes those here.
            return Err(Refusal::ChangeChannelNotAllowed(channel.name));
        }
        if room.owner != Some(self.user) {
            return Err(Refusal::NotAllowed(self.command.clone()));
        }
        Ok((room, channel))
    }

    /// Changes the channel and tells everybody, and its owner with this notice.
    async fn change(self, ask: &Ask<'_>, patch: RoomPatch, code: &'static str) -> Outcome {
        let user = self.user;
        let decide = move |deciding: &mut Deciding<'_>| {
            let room = deciding.store.room(self.room)?;
            let (room, was) = self.check(room)?;
            deciding.store.update_room(room.id, &patch)?;
            let is = Channel::of(&found(deciding, room.id)?).ok_or(Refusal::Other)?;
            Ok((was, is))
        };
        let tell = move |telling: &Telling<'_>, (was, is): (Channel, Channel)| {
            telling.changed(&was, &is);
            telling.inform(user, code, &[]);
        };
        ask.call.change(decide, tell).await
    }
}

async fn enter(ask: &Ask<'_>, name: &str, password: &str) -> Outcome {
    let (user, permissions) = (ask.asker.user.id, ask.asker.permissions);
    let asked = name.to_owned();
    let look_up = move |store: &mut dyn Reader| {
        let Some(room) = places::named(store, user, &asked)? else {
            return Ok(None);
        };
        let is_member = store.membership(room.id, user)?.is_some();
        Ok(Some((room, is_member)))
    };
    let found = ask.call.world.look_up(look_up).await?;
    let no_channel = || Refusal::NoChannel(name.to_owned());
    let (room, is_member) = found.ok_or_else(no_channel)?;
    let channel = Channel::of(&room).ok_or_else(no_channel)?;
    // Whoever was removed from the lobby is in it all the same, and may come back in.
    let is_outside = room.id == LOBBY && ask.call.front.rules.lobby && !is_member;
    if room.id == ask.asker.room && !is_outside {
        return Err(Refusal::SameChannel(channel.name));
    }
    let is_own = room.owner == Some(user);
    if !is_own && room.kind == RoomKind::Channel && !channel.is_seen_by(permissions) {
        return Err(Refusal::RankTooLow(channel.name));
    }
    if !is_own && !permissions.moderate {
        verify(ask, &room, &channel, password).await?;
    }
    let decide = move |deciding: &mut Deciding<'_>| {
        let now = deciding.store.room(room.id)?;
        let now = now.ok_or_else(|| Refusal::NoChannel(channel.name.clone()))?;
        if now.password != room.password && !is_own && !permissions.moderate {
            return Err(Refusal::WrongPassword(channel.name));
        }
        let is_too_low = now.min_rank > permissions.rank && !is_own;
        // A group or stream of theirs has let them in.
        let is_barred = matches!(now.kind, RoomKind::Lobby | RoomKind::Channel)
            && deciding.is_kept_out(user, now.id)?;
        if is_too_low || is_barred {
            return Err(Refusal::RankTooLow(channel.name));
        }
        let going = deciding.go(user, &now)?;
        // A group of theirs may have been lost meanwhile.
        going.ok_or_else(|| Refusal::NoChannel(channel.name))
    };
    let tell = move |telling: &Telling<'_>, going| telling.go(user, going);
    ask.call.change(decide, tell).await
}

/// Whether a password opens a channel.
async fn verify(ask: &Ask<'_>, room: &Room, channel: &Channel, password: &str) -> Outcome {
    let Some(hash) = room.password.as_ref().filter(|_| channel.has_password) else {
        return Ok(());
    };
    if password.is_empty() {
        return Err(Refusal::NeedsPassword(channel.name.clone()));
    }
    let (auth, user) = (&ask.call.front.auth, ask.asker.user.id);
    let right = auth.opens(ask.call.peer, user, (room.id, hash), password);
    if right.await.map_err(too_busy)? {
        Ok(())
    } else {
        Err(Refusal::WrongPassword(channel.name.clone()))
    }
}

/// Tells somebody where they are.
async fn stay(ask: &Ask<'_>) -> Outcome {
    let user = ask.asker.user.id;
    let decide = move |deciding: &mut Deciding<'_>| {
        let room = match deciding.front.presence.room(user) {
            Some(room) => deciding.store.room(room)?,
            None => None,
        };
        Ok(room.as_ref().and_then(Channel::of))
    };
    let tell = move |telling: &Telling<'_>, channel: Option<Channel>| {
        if let Some(Channel { name, .. }) = channel {
            let moved = frames(&[ServerPacket::Moved { channel: &name }]);
            telling.front.roster().give(user, &moved);
        }
    };
    ask.call.change(decide, tell).await
}

fn new_room(user: UserId, permissions: Permissions, min_rank: i64, name: String) -> NewRoom {
    NewRoom {
        kind: RoomKind::Channel,
        name,
        topic: None,
        avatar: String::new(),
        parent: None,
        owner: Some(user),
        public: true,
        mode: 0,
        min_rank,
        password: None,
        temporary: permissions.create != ChannelRight::Permanent,
        hidden: false,
        members: Vec::new(),
        at: Utc::now(),
    }
}

/// A room that is there.
fn found(deciding: &mut Deciding<'_>, room: RoomId) -> Result<Room, Error> {
    let room = deciding.store.room(room)?;
    room.ok_or_else(|| Error::new(ErrorKind::Internal, "a room that is there cannot be read"))
}

/// Too many passwords wait to be hashed; whoever asked may try again.
fn too_busy(error: Error) -> Refusal {
    match error.kind() {
        ErrorKind::RateLimited => Refusal::Other,
        _ => error.into(),
    }
}
