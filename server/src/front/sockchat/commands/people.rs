//! What one is called, and who is here: `/nick`, `/afk`, `/who`, `/ip`.

use kaiwa_core::ErrorKind;
use kaiwa_protocols::sockchat::wire::ServerPacket;

use super::list::anchors;
use super::named::Target;
use super::{Ask, Outcome, Refusal, arguments};
use crate::front::sockchat::packets::{frames, notice};
use crate::front::sockchat::person::one_word;
use crate::front::sockchat::places;
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::names::Name;
use crate::store::{RoomId, User, UserId, UserPatch};
use crate::world::Notice;

/// `/nick`: another name, or none to have the own one back. Moderators rename those below them by putting the number of an account
/// before it.
pub(super) async fn nick(ask: &Ask<'_>) -> Outcome {
    let own = || (ask.asker.user.clone(), ask.rest);
    let (user, rest) = renamed(ask).await?.unwrap_or_else(own);
    let (id, by) = (user.id, ask.asker.user.id);
    let nick = arguments::nick(rest).filter(|nick| *nick != one_word(&user.display));
    if let Some(nick) = &nick {
        Name::parse(nick).map_err(|_| Refusal::Format)?;
        let roster = ask.call.front.roster();
        let shown = format!("~{nick}");
        if [nick, &shown].iter().any(|name| roster.is_taken(name, id)) {
            return Err(Refusal::NameInUse(nick.clone()));
        }
    }
    let before = Target::of(&ask.call.front, &user).name;
    let command = ask.name.to_owned();
    let decide = move |deciding: &mut Deciding<'_>| {
        if nick.is_some() {
            deciding.refuse_silenced(by, &command)?;
        }
        let patch = UserPatch {
            nick: Some(nick.clone()),
            ..UserPatch::default()
        };
        match deciding.store.update_user(id, &patch) {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Err(Refusal::NameInUse(nick.unwrap_or_default()));
            }
            updated => updated?,
        }
        deciding.profile(id)?;
        deciding.store.user(id)?.ok_or(Refusal::Other)
    };
    let tell = move |telling: &Telling<'_>, user: User| {
        let after = Target::of(telling.front, &user).name;
        telling.renamed(id, by, &before, &after);
    };
    ask.call.change(decide, tell).await
}

/// `/afk`: away, until one says something.
pub(super) async fn away(ask: &Ask<'_>) -> Outcome {
    let user = ask.asker.user.id;
    let tag = arguments::tag(ask.rest);
    let command = ask.name.to_owned();
    let decide = move |deciding: &mut Deciding<'_>| {
        if tag != arguments::TAG {
            deciding.refuse_silenced(user, &command)?;
        }
        let patch = UserPatch {
            away: Some(Some(tag)),
            ..UserPatch::default()
        };
        deciding.store.update_user(user, &patch)?;
        deciding.profile(user)
    };
    ask.call.change(decide, |_, ()| {}).await
}

/// `/who`: who is here, or in a channel.
pub(super) async fn who(ask: &Ask<'_>) -> Outcome {
    let user = ask.asker.user.id;
    let Some(name) = arguments::word(ask.rest) else {
        let tell = move |telling: &Telling<'_>, ()| {
            let list = {
                let roster = telling.front.roster();
                let all = roster.people();
                anchors(all.map(|person| (person.shown.name.as_str(), person.user.id == user)))
            };
            telling.inform(user, "who", &[&list]);
        };
        return ask.call.change(|_| Ok(()), tell).await;
    };
    let (room, channel) = listed(ask, name).await?;
    let tell = move |telling: &Telling<'_>, ()| {
        let list = {
            let roster = telling.front.roster();
            let shown = roster.shown_in(room);
            anchors(shown.map(|(id, shown)| (shown.name.as_str(), id == user)))
        };
        telling.inform(user, "whochan", &[&channel, &list]);
    };
    ask.call.change(|_| Ok(()), tell).await
}

/// `/ip`: from where somebody is connected, once for each session.
pub(super) async fn addresses(ask: &Ask<'_>) -> Outcome {
    let name = arguments::word(ask.rest).unwrap_or_default();
    let target = ask.here(name)?;
    let user = ask.asker.user.id;
    let tell = move |telling: &Telling<'_>, ()| {
        for peer in &target.peers {
            let peer = peer.to_canonical().to_string();
            telling.inform(user, "ipaddr", &[&target.name, &peer]);
        }
    };
    ask.call.change(|_| Ok(()), tell).await
}

impl Deciding<'_> {
    /// Somebody is otherwise than before; all networks that show it are told.
    fn profile(&mut self, user: UserId) -> Outcome {
        let notice = Notice::profile(self.store, user)?;
        self.notices.extend(notice);
        Ok(())
    }
}

impl Telling<'_> {
    /// Tells what somebody is called now, to their room and to who has asked for it; the packet that shows it was told before.
    fn renamed(&self, user: UserId, by: UserId, before: &str, after: &str) {
        let words = notice(&self.front.ids, false, "nick", &[before, after]);
        let roster = self.front.roster();
        let person = roster.person(user);
        if let Some(person) = person {
            roster.give_room(person.room, &words, None);
        }
        if !roster.are_together(user, by) {
            roster.give(by, &words);
        }
        if let Some(person) = person.filter(|_| before == after) {
            // Nothing has changed, so nobody was told; clients wait for it.
            let updated = frames(&[ServerPacket::UserUpdated(person.shown.packed())]);
            roster.give(by, &updated);
        }
    }
}

/// Whom a moderator renames, and what stands behind their number.
async fn renamed<'a>(ask: &Ask<'a>) -> Result<Option<(User, &'a str)>, Refusal> {
    let (number, rest) = arguments::split(ask.rest);
    if !ask.asker.permissions.moderate || !arguments::is_number(number) {
        return Ok(None);
    }
    let Ok(id) = number.parse().map(UserId) else {
        return Ok(None);
    };
    let found = ask.call.world.look_up(move |store| store.user(id)).await?;
    let Some(user) = found.filter(|user| !user.guest) else {
        return Ok(None);
    };
    let rank = ask.call.front.permissions(&user).rank;
    if id != ask.asker.user.id && rank >= ask.asker.permissions.rank {
        return Err(Refusal::NotAllowed(ask.name.to_owned()));
    }
    Ok(Some((user, rest)))
}

/// A channel of which somebody may know who is in it, and its name as packets have it.
async fn listed(ask: &Ask<'_>, name: &str) -> Result<(RoomId, String), Refusal> {
    let (user, permissions) = (ask.asker.user.id, ask.asker.permissions);
    let asked = name.to_owned();
    let found = ask
        .call
        .world
        .look_up(move |store| places::named(store, user, &asked));
    let no_channel = || Refusal::NoChannel(name.to_owned());
    let room = found.await?.ok_or_else(no_channel)?;
    let channel = places::Channel::of(&room).ok_or_else(no_channel)?;
    let is_inside = ask.asker.room == room.id || room.owner == Some(user);
    let is_open = !channel.has_password || permissions.moderate;
    let may_know = is_inside || (channel.is_seen_by(permissions) && is_open);
    if !may_know {
        return Err(Refusal::WhoNotAllowed(channel.name));
    }
    Ok((room.id, channel.name))
}
