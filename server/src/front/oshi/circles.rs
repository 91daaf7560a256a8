//! Circles: `circle.create`, `circle.list`, `circle.join`, `circle.leave`, `circle.delete`.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaiwa_protocols::oshi::wire::event::StreamChange;
use kaiwa_protocols::oshi::wire::{Answer, CircleId, ErrorCode, Event, limit};

use super::access::{self, Inside};
use super::call::{Call, Step, Told};
use super::failure::Failure;
use super::{network, records};
use crate::names;
use crate::store::{
    BanKind, BanTarget, LOBBY, MAX_CIRCLES, MAX_STREAMS, NewRoom, Role, RoomId, RoomKind,
    Transaction, UserId,
};
use crate::world::{Notice, RoomView};

/// The stream of a circle whose maker names none.
const FIRST_STREAM: &str = "general";

/// `circle.create`.
pub(super) fn create(call: Call, name: &str, public: bool, streams: Vec<String>) -> Step {
    let checked = check_name(name).and_then(|name| Ok((name, check_streams(streams)?)));
    let (name, streams) = match checked {
        Ok(checked) => checked,
        Err(failure) => return call.answer(Err(failure)),
    };
    let user = call.user();
    call.change_then(
        move |store, notices| {
            let at = Utc::now();
            let circle = store.create_room(&NewRoom {
                public,
                members: vec![(user, Role::Owner)],
                ..new_room(RoomKind::Circle, name, user, at)
            })?;
            for name in streams {
                store.create_room(&NewRoom {
                    parent: Some(circle),
                    ..new_room(RoomKind::Stream, name, user, at)
                })?;
            }
            notices.extend(Notice::entered(store, circle, &[user])?);
            shown(store, circle)
        },
        |_, _, view| told(&view, Role::Owner),
    )
}

/// `circle.list`: those that anybody may join.
pub(super) fn list(call: Call, query: String, after: Option<CircleId>, limit: Option<u32>) -> Step {
    let limit = limit.unwrap_or(limit::CIRCLE_PAGE);
    if limit == 0 {
        return call.answer(Err(Failure::bad_field("`limit` is 0")));
    }
    let limit = usize::try_from(limit.min(limit::CIRCLE_PAGE)).unwrap_or(usize::MAX);
    let user = call.user();
    let has_lobby = call.session.front.rules.lobby;
    call.ask(move |reader| {
        let after = after.map_or(0, |after| after.0);
        // The lobby is the first.
        let after = if has_lobby { after } else { after.max(LOBBY.0) };
        let mut rooms = reader.public_circles(&query, RoomId(after), limit + 1)?;
        let more = rooms.len() > limit;
        rooms.truncate(limit);
        let mut circles = Vec::with_capacity(rooms.len());
        for room in rooms {
            let membership = reader.membership(room.id, user)?;
            let role = membership.map(|membership| membership.role);
            circles.push(records::circle(room, role));
        }
        Ok(Answer::Circles { circles, more })
    })
}

/// `circle.join`. Whoever is in already is told the circle again.
pub(super) fn join(call: Call, circle: CircleId, invite: Option<String>) -> Step {
    let user = call.user();
    let id = RoomId(circle.0);
    if id == LOBBY && !call.session.front.rules.lobby {
        let words = "entering here takes a token that Oshi has not";
        return call.answer(Err(Failure::forbidden(words)));
    }
    call.change_then(
        move |store, notices| {
            let inside = match access::circle(store, user, circle) {
                Ok(Inside { membership, .. }) => return Ok((shown(store, id)?, membership.role)),
                Err(outside) => outside,
            };
            if let Failure::Broken(_) = inside {
                return Err(inside);
            }
            enter(store, user, id, invite.as_deref())?;
            notices.extend(Notice::entered(store, id, &[user])?);
            Ok((shown(store, id)?, Role::Member))
        },
        |_, _, (view, role)| told(&view, role),
    )
}

/// `circle.leave`.
pub(super) fn leave(call: Call, circle: CircleId) -> Step {
    let user = call.user();
    call.change(move |store, notices| {
        let Inside { room, membership } = access::circle(store, user, circle)?;
        if membership.role == Role::Owner {
            let words = "hand the circle over first, or delete it";
            return Err(Failure::forbidden(words));
        }
        store.remove_members(room.id, &[user])?;
        notices.extend(Notice::left(store, room.id, &[user], None)?);
        Ok(Answer::Done {})
    })
}

/// `circle.delete`.
pub(super) fn delete(call: Call, circle: CircleId) -> Step {
    let user = call.user();
    call.change(move |store, notices| {
        let Inside { room, .. } = owned(store, user, circle)?;
        notices.extend(Notice::removed(store, room.id, user)?);
        store.remove_room(room.id)?;
        Ok(Answer::Done {})
    })
}

/// A circle of somebody's own.
pub(super) fn owned(
    store: &mut dyn Transaction,
    user: UserId,
    circle: CircleId,
) -> Result<Inside, Failure> {
    let inside = access::circle(store, user, circle)?;
    if inside.membership.role < Role::Owner {
        return Err(Failure::forbidden(
            "only the owner of the circle may do this",
        ));
    }
    Ok(inside)
}

/// A name for a circle or a stream, without white space around it.
pub(super) fn check_name(name: &str) -> Result<String, Failure> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::bad_field(
            "`name` is empty or has control characters",
        ));
    }
    if name.chars().nth(limit::NAME_CHARS).is_some() {
        return Err(Failure::too_long("a name has 32 characters at most"));
    }
    Ok(name.to_owned())
}

/// A room without members and without anything else.
pub(super) fn new_room(kind: RoomKind, name: String, owner: UserId, at: DateTime<Utc>) -> NewRoom {
    NewRoom {
        kind,
        name,
        topic: None,
        avatar: String::new(),
        parent: None,
        owner: Some(owner),
        public: false,
        mode: 0,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: Vec::new(),
        at,
    }
}

/// The names of a new circle's streams, all of them different.
fn check_streams(streams: Vec<String>) -> Result<Vec<String>, Failure> {
    if streams.len() > MAX_STREAMS {
        return Err(Failure::too_long("a circle has 500 streams at most"));
    }
    if streams.is_empty() {
        return Ok(vec![FIRST_STREAM.to_owned()]);
    }
    let mut known = BTreeSet::new();
    let mut checked = Vec::with_capacity(streams.len());
    for name in streams {
        let name = check_name(&name)?;
        if !known.insert(names::key(&name)) {
            let words = "two of the streams have the same name";
            return Err(Failure::told(ErrorCode::Exists, words));
        }
        checked.push(name);
    }
    Ok(checked)
}

/// Lets somebody in, if they may come in. All that refuses comes before the invitation is used up.
fn enter(
    store: &mut dyn Transaction,
    user: UserId,
    id: RoomId,
    invite: Option<&str>,
) -> Result<(), Failure> {
    let now = Utc::now();
    let room = store.room(id)?.filter(|room| access::is_circle(room.kind));
    let room = room.ok_or_else(Failure::not_found)?;
    let is_open = access::is_open(&room);
    if !is_open {
        let code = invite.ok_or_else(Failure::not_found)?;
        if store.invite(code, user, now)?.room != id {
            return Err(Failure::not_found());
        }
    }
    let target = BanTarget::User(user);
    if store
        .banned(BanKind::Entry, &target, Some(id), now)?
        .is_some()
    {
        return Err(Failure::forbidden("banned there"));
    }
    if circles_of(store, user)? >= MAX_CIRCLES {
        return Err(Failure::too_long("500 circles are the most"));
    }
    if let Some(code) = invite.filter(|_| !is_open) {
        store.take_invite(code, user, now)?;
    }
    store.add_members(id, &[(user, Role::Member)], now)?;
    Ok(())
}

/// In how many circles somebody is, if that may be too many.
fn circles_of(store: &mut dyn Transaction, user: UserId) -> Result<usize, Failure> {
    let rooms = store.roles_of(user)?;
    if rooms.len() < MAX_CIRCLES {
        return Ok(0);
    }
    let mut circles = 0;
    for (room, _) in rooms {
        let room = store.room(room)?;
        circles += usize::from(room.is_some_and(|room| room.kind == RoomKind::Circle));
    }
    Ok(circles)
}

/// A circle as it is now.
fn shown(store: &mut dyn Transaction, circle: RoomId) -> Result<Arc<RoomView>, Failure> {
    RoomView::of(store, circle)?.ok_or_else(Failure::not_found)
}

/// A circle as an answer; streams that do not go into its frame follow as new ones.
fn told(view: &RoomView, role: Role) -> Told {
    let (circle, rest) = network::circle(view, role);
    let frames = rest
        .into_iter()
        .map(|stream| network::frames(&[Event::Stream(StreamChange::New(stream))]));
    Told {
        behind: frames.collect(),
        ..Answer::Circle { circle }.into()
    }
}
