//! `/group/user/…`: who is in a group.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::GroupUser;
use kaiwa_protocols::rim::wire::request::{ChangeMembers, OP_ADD, OP_REMOVE};

use super::super::{records, room_id, user_id};
use super::call::Call;
use super::failure::Failure;
use super::{Reply, found, success};
use crate::store::{
    BanKind, BanTarget, LOBBY, Role, Room, RoomId, RoomKind, Transaction, User, UserId,
};
use crate::world::Notice;

/// People that one request may name: the store looks at each of them while all others wait.
pub(super) const MAX_PEOPLE: usize = 500;

/// The rooms in which somebody is, at most: `/group/get` answers with all of them, and each sign-in looks at them.
const MAX_ROOMS: usize = 5000;

/// `/group/user/get`: the members of a group of the caller's, or of one that anybody may join here. Any other has none, whether it
/// exists or not.
pub(super) async fn get(call: &Call, user: UserId) -> Reply {
    let id = room_id(call.number("gid")?);
    let closed = is_closed(call, id);
    let json = call.world.read(move |reader| {
        let joinable = |room: &Room| is_open(room) && room.kind != RoomKind::Channel;
        let open = !closed && reader.room(id)?.as_ref().is_some_and(joinable);
        if !open && reader.membership(id, user)?.is_none() {
            return found([(); 0]);
        }
        let members = reader.members(id)?;
        let shown: Result<Vec<_>, Error> = members
            .into_iter()
            .map(|member| {
                Ok(GroupUser {
                    role: records::role(member.role),
                    user: records::user(reader, member.user)?,
                })
            })
            .collect();
        found(shown?)
    });
    Ok(json.await?)
}

/// `/group/user/change`: lets people in or removes them. An operation that does not exist does nothing, which is no failure.
pub(super) async fn change(call: &Call, user: UserId) -> Reply {
    let request: ChangeMembers = call.body()?;
    let people: BTreeSet<UserId> = request.uids.iter().map(|uid| user_id(*uid)).collect();
    if people.len() > MAX_PEOPLE {
        return Err(Failure::told("at most 500 people at a time"));
    }
    let people: Vec<UserId> = people.into_iter().collect();
    let room = room_id(request.gid);
    let op = request.op_type;
    if op == OP_ADD && is_closed(call, room) {
        return Err(not_a_member().into());
    }
    if !people.is_empty() && [OP_ADD, OP_REMOVE].contains(&op) {
        call.world
            .change(move |store, notices| {
                let notice = match op {
                    OP_ADD => add(store, user, room, &people, Utc::now())?,
                    _ => remove(store, user, room, &people)?,
                };
                notices.extend(notice);
                Ok(())
            })
            .await?;
    }
    Ok(success(true))
}

/// Any member lets people in. Into an open room one lets oneself in and nobody else, since there one meets strangers.
fn add(
    store: &mut dyn Transaction,
    user: UserId,
    id: RoomId,
    people: &[UserId],
    at: DateTime<Utc>,
) -> Result<Option<Notice>, Error> {
    let member = store.membership(id, user)?.is_some();
    let room = store
        .room(id)?
        .filter(|room| member || is_open(room))
        .ok_or_else(not_a_member)?;
    if is_open(&room) && people != [user] {
        let why = "everybody enters this group by themselves";
        return Err(Error::new(ErrorKind::Forbidden, why));
    }
    for person in people {
        let person = account(store, *person)?;
        refuse_unfit(store, &room, &person, user, at)?;
    }
    let users = enter(store, id, people, at)?;
    Notice::entered(store, id, &users)
}

/// To be a member of a channel is to be there.
const CHANNEL: &str = "channels are entered and left over Sock Chat";

/// Whether somebody may be let into a room at all.
fn refuse_unfit(
    store: &mut dyn Transaction,
    room: &Room,
    person: &User,
    user: UserId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let refuse = |why: &'static str| Err(Error::new(ErrorKind::Forbidden, why));
    match room.kind {
        RoomKind::Circle | RoomKind::Stream => return refuse("circles let people in themselves"),
        RoomKind::Channel => return refuse(CHANNEL),
        RoomKind::Direct
            if person.id != user && store.direct_room(user, person.id)? != Some(room.id) =>
        {
            return refuse("a one-to-one chat has two members");
        }
        _ => {}
    }
    if person.rank < room.min_rank {
        return refuse("a higher rank is needed there");
    }
    let target = BanTarget::User(person.id);
    match store.banned(BanKind::Entry, &target, Some(room.id), at)? {
        Some(_) => refuse("somebody of them is banned there"),
        None => Ok(()),
    }
}

/// Everybody may leave, also where they are not, be there such a group or none; to remove others takes an admin, who removes
/// nobody above them.
fn remove(
    store: &mut dyn Transaction,
    user: UserId,
    id: RoomId,
    people: &[UserId],
) -> Result<Option<Notice>, Error> {
    let refuse = |why: &'static str| Err(Error::new(ErrorKind::Forbidden, why));
    let (Some(room), Some(own)) = (store.room(id)?, store.membership(id, user)?) else {
        return match people {
            [one] if *one == user => Ok(None),
            _ => Err(not_a_member()),
        };
    };
    if matches!(room.kind, RoomKind::Circle | RoomKind::Stream) {
        return refuse("circles are left as a whole");
    }
    if room.kind == RoomKind::Channel {
        return refuse(CHANNEL);
    }
    if people != [user] {
        if own.role < Role::Admin {
            return refuse("only an admin may remove others");
        }
        for person in people {
            let role = store.membership(id, *person)?.map(|member| member.role);
            if role.is_some_and(|role| role > own.role) {
                return refuse("nobody may remove who is above them");
            }
        }
    }
    let users = store.remove_members(id, people)?;
    let by = (people != [user]).then_some(user);
    Notice::left(store, id, &users, by)
}

/// Refuses ids that no account has.
pub(super) fn refuse_strangers(
    store: &mut dyn Transaction,
    people: &[UserId],
) -> Result<(), Error> {
    people
        .iter()
        .try_for_each(|person| account(store, *person).map(drop))
}

/// Lets people in who may come in; gives those who were not.
pub(super) fn enter(
    store: &mut dyn Transaction,
    id: RoomId,
    people: &[UserId],
    at: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let mut new = Vec::new();
    for person in people {
        if store.membership(id, *person)?.is_none() {
            new.push(*person);
        }
    }
    refuse_full(store, &new)?;
    let members: Vec<_> = new.iter().map(|person| (*person, Role::Member)).collect();
    store.add_members(id, &members, at)
}

/// Refuses to bring somebody into another room who is in too many. To be asked before anything is changed.
pub(super) fn refuse_full(store: &mut dyn Transaction, people: &[UserId]) -> Result<(), Error> {
    for person in people {
        let own = store.roles_of(*person)?.len();
        let streams = store.stream_ids_of(*person, MAX_ROOMS)?.len();
        if own + streams >= MAX_ROOMS {
            let why = "somebody of them would be in more than 5000 groups";
            return Err(Error::new(ErrorKind::Full, why));
        }
    }
    Ok(())
}

/// Told also of a group that does not exist, so that nobody learns which do.
pub(super) fn not_a_member() -> Error {
    Error::new(ErrorKind::Forbidden, "not a member of this group")
}

fn account(store: &mut dyn Transaction, id: UserId) -> Result<User, Error> {
    let user = store.user(id)?.filter(|user| !user.guest);
    user.ok_or_else(|| Error::new(ErrorKind::NotFound, "user not found"))
}

/// Whether a room is the lobby, and that is not for rim.
fn is_closed(call: &Call, room: RoomId) -> bool {
    room == LOBBY && !call.front.rules.lobby
}

/// Whether anybody may let themselves in.
fn is_open(room: &Room) -> bool {
    room.public && room.password.is_none()
}
