//! What one is called, and who is here: `/nick`, `/afk`, `/who`, `/ip`.

use kaiwa_core::ErrorKind;

use super::list::anchors;
use super::{Ask, Outcome, Refusal, arguments};
use crate::front::sockchat::packets::notice;
use crate::front::sockchat::places;
use crate::front::sockchat::roster::Roster;
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::names::Name;
use crate::store::{RoomId, UserId, UserPatch};
use crate::world::Notice;

/// `/nick`: another name, or none to have the own one back. Moderators rename those below them by putting the number of an account
/// before it.
pub(super) async fn nick(ask: &Ask<'_>) -> Outcome {
    let own = ask.asker.user.id;
    let (id, rest) = renamed(ask).await?.unwrap_or((own, ask.rest));
    let nick = arguments::nick(rest);
    if let Some(nick) = &nick {
        Name::parse(nick).map_err(|_| Refusal::Format)?;
        let roster = ask.call.front.roster();
        let shown = format!("~{nick}");
        if [nick, &shown].iter().any(|name| roster.is_taken(name, id)) {
            return Err(Refusal::NameInUse(nick.clone()));
        }
    }
    let before = called(&ask.call.front.roster(), id);
    let decide = move |deciding: &mut Deciding<'_>| {
        let user = deciding.store.user(id)?.ok_or(Refusal::Other)?;
        let is_own_name = |nick: &String| *nick == user.name || *nick == user.display;
        let nick = nick.filter(|nick| !is_own_name(nick));
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
        deciding.profile(id)
    };
    let tell = move |telling: &Telling<'_>, ()| {
        let roster = telling.front.roster();
        let after = called(&roster, id);
        if let (Some((_, before)), Some((room, after))) = (before, after) {
            let bytes = notice(&telling.front.ids, false, "nick", &[&before, &after]);
            roster.give_room(room, &bytes, None);
        }
    };
    ask.call.change(decide, tell).await
}

/// `/afk`: away, until one says something.
pub(super) async fn away(ask: &Ask<'_>) -> Outcome {
    let user = ask.asker.user.id;
    let tag = arguments::tag(ask.rest);
    let decide = move |deciding: &mut Deciding<'_>| {
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

/// Whom a moderator renames, and what stands behind their number.
async fn renamed<'a>(ask: &Ask<'a>) -> Result<Option<(UserId, &'a str)>, Refusal> {
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
    Ok(Some((id, rest)))
}

/// What somebody is called who is here, as packets have it, and where they are.
fn called(roster: &Roster, user: UserId) -> Option<(RoomId, String)> {
    let person = roster.person(user)?;
    Some((person.room, person.shown.name.clone()))
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
