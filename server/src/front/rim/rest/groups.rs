//! `/group/…`: making and changing groups.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::record::{MODE_DIRECT, ROLE_ADMIN};
use kaiwa_protocols::rim::wire::request::{CreateGroup, NewMember, UpdateGroup};

use super::super::{number, records, room_id, user_id};
use super::call::Call;
use super::failure::Failure;
use super::members::{MAX_PEOPLE, enter, not_a_member, refuse_full, refuse_strangers};
use super::{Reply, found, success};
use crate::store::{NewRoom, Role, RoomId, RoomKind, RoomPatch, Transaction, UserId};
use crate::world::Notice;

/// The longest name of a group, in characters: what a list can show.
const MAX_NAME_CHARS: usize = 128;

/// The longest address of a picture, in bytes: what browsers take.
const MAX_AVATAR_BYTES: usize = 2048;

/// `/group/create`: exactly the listed people are in it; its maker owns it, if they are listed too. A one-to-one chat is the one
/// that the two have, if they have one.
pub(super) async fn create(call: &Call, user: UserId) -> Reply {
    let request: CreateGroup<'_> = call.body()?;
    if user_id(request.group.creator_uid) != user {
        return Err(Failure::forbidden("creatorUid is somebody else"));
    }
    let look = Look::checked(&request.group.name, &request.group.avatar)?;
    let members = roles(&request.users, user)?;
    let mode = request.group.mode;
    let room = call
        .world
        .change(move |store, notices| {
            let at = Utc::now();
            let people: Vec<UserId> = members.keys().copied().collect();
            refuse_strangers(store, &people)?;
            match people.as_slice() {
                [one, other] if mode == MODE_DIRECT && people.contains(&user) => {
                    let (room, entered) = direct(store, (*one, *other), look, at)?;
                    notices.extend(Notice::entered(store, room, &entered)?);
                    Ok(room)
                }
                _ => {
                    refuse_full(store, &people)?;
                    let room = store.create_room(&group(look, mode, user, &members, at))?;
                    notices.extend(Notice::entered(store, room, &people)?);
                    Ok(room)
                }
            }
        })
        .await?;
    Ok(success(number(room.0)))
}

/// `/group/update`: another name and picture. Members may do so; where strangers meet, only who manages the room.
pub(super) async fn update(call: &Call, user: UserId) -> Reply {
    let request: UpdateGroup<'_> = call.body()?;
    let look = Look::checked(&request.name, &request.avatar)?;
    let id = room_id(request.id);
    call.world
        .change(move |store, notices| {
            let asked = (store.room(id)?, store.membership(id, user)?);
            let (Some(room), Some(membership)) = asked else {
                return Err(not_a_member());
            };
            let needed = match room.kind {
                RoomKind::Group | RoomKind::Direct => Role::Member,
                RoomKind::Lobby | RoomKind::Circle | RoomKind::Stream | RoomKind::Channel => {
                    Role::Admin
                }
            };
            if membership.role < needed {
                let why = "only an admin may change this group";
                return Err(Error::new(ErrorKind::Forbidden, why));
            }
            store.update_room(id, &look.patch())?;
            notices.extend(Notice::room_changed(store, id)?);
            Ok(())
        })
        .await?;
    Ok(success(true))
}

/// `/group/get`: the caller's groups, whatever `uid` says.
pub(super) async fn get(call: &Call, user: UserId) -> Reply {
    call.number::<u64>("uid")?;
    let json = call.world.read(move |reader| {
        let mut rooms = reader.rooms_of(user)?;
        // Nothing is said in a circle itself.
        rooms.retain(|room| room.kind != RoomKind::Circle);
        let groups: Result<Vec<_>, _> = rooms
            .iter()
            .map(|room| records::group(reader, room, user))
            .collect();
        found(groups?)
    });
    Ok(json.await?)
}

/// What a group looks like in a list.
struct Look {
    name: String,
    avatar: String,
}

impl Look {
    fn checked(name: &str, avatar: &str) -> Result<Self, Failure> {
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(Failure::told("a group's name has 128 characters at most"));
        }
        if name.chars().any(char::is_control) {
            return Err(Failure::told("a group's name has no control characters"));
        }
        if avatar.len() > MAX_AVATAR_BYTES {
            return Err(Failure::told("an avatar's address has 2048 bytes at most"));
        }
        Ok(Self {
            name: name.to_owned(),
            avatar: avatar.to_owned(),
        })
    }

    fn patch(self) -> RoomPatch {
        RoomPatch {
            name: Some(self.name),
            avatar: Some(self.avatar),
            ..RoomPatch::default()
        }
    }
}

/// Who is to be what in a new group; somebody named twice is in it once.
fn roles(users: &[NewMember], creator: UserId) -> Result<BTreeMap<UserId, Role>, Failure> {
    let role = |member: &NewMember| {
        let user = user_id(member.uid);
        let role = match member.role {
            _ if user == creator => Role::Owner,
            ROLE_ADMIN => Role::Admin,
            _ => Role::Member,
        };
        (user, role)
    };
    let roles: BTreeMap<UserId, Role> = users.iter().map(role).collect();
    if roles.len() > MAX_PEOPLE {
        return Err(Failure::told("at most 500 people at a time"));
    }
    Ok(roles)
}

fn group(
    look: Look,
    mode: u8,
    owner: UserId,
    members: &BTreeMap<UserId, Role>,
    at: DateTime<Utc>,
) -> NewRoom {
    NewRoom {
        kind: RoomKind::Group,
        name: look.name,
        topic: None,
        avatar: look.avatar,
        parent: None,
        owner: Some(owner),
        public: false,
        mode,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: members.iter().map(|(user, role)| (*user, *role)).collect(),
        at,
    }
}

/// The room of two, and who has just come into it: either may have left it.
fn direct(
    store: &mut dyn Transaction,
    (one, other): (UserId, UserId),
    look: Look,
    at: DateTime<Utc>,
) -> Result<(RoomId, Vec<UserId>), Error> {
    let Some(room) = store.direct_room(one, other)? else {
        refuse_full(store, &[one, other])?;
        let (room, _) = store.direct(one, other, at)?;
        store.update_room(room, &look.patch())?;
        return Ok((room, vec![one, other]));
    };
    let entered = enter(store, room, &[one, other], at)?;
    Ok((room, entered))
}
