//! Who is in a circle: `members`, `circle.invite`, `circle.kick`, `circle.role`.

use chrono::{TimeDelta, Utc};
use kaiwa_protocols::oshi::wire::request::Place;
use kaiwa_protocols::oshi::wire::{
    Answer, CircleId, Member, Role as WireRole, UserId as WireUserId, limit,
};
use uuid::Uuid;

use super::access::{self, Inside};
use super::call::{Call, Step, reply_frame};
use super::failure::Failure;
use super::{circles, fit, records};
use crate::store::{self, NewInvite, Reader, Role, RoomId, Transaction, UserId};
use crate::world::Notice;

/// How long an invitation is good for: long enough to be found in a mailbox, and those that nobody uses go by themselves.
const INVITE_LIFE: TimeDelta = TimeDelta::days(30);

/// `members`: a page of them, by id.
pub(super) fn list(
    call: Call,
    place: Place,
    after: Option<WireUserId>,
    limit: Option<u32>,
) -> Step {
    let limit = limit.unwrap_or(limit::MEMBER_PAGE);
    if limit == 0 {
        return call.answer(Err(Failure::bad_field("`limit` is 0")));
    }
    let limit = usize::try_from(limit.min(limit::MEMBER_PAGE)).unwrap_or(usize::MAX);
    let after = UserId(after.map_or(0, |after| after.0));
    let user = call.user();
    let Call { session, re } = call;
    Step::Ask(Box::pin(async move {
        let page =
            session.world.read(
                move |reader| match page(reader, user, place, after, limit) {
                    Err(Failure::Broken(error)) => Err(error),
                    page => Ok(page),
                },
            );
        match page.await.unwrap_or_else(|error| Err(error.into())) {
            // Pushed while nobody comes or goes: presence that is told later is newer.
            Ok((members, more)) => session.world.live().online(|is_online| {
                let answer = answer(&members, more, is_online);
                session.give(reply_frame(re, Ok(answer)));
            }),
            Err(failure) => session.give(reply_frame(re, Err(failure))),
        }
    }))
}

/// `circle.invite`: by any member.
pub(super) fn invite(call: Call, circle: CircleId, guest: Option<WireUserId>) -> Step {
    let user = call.user();
    let code = Uuid::new_v4().simple().to_string();
    call.change(move |store, _| {
        let room = access::circle(store, user, circle)?.room.id;
        let only_for = guest.map(|guest| UserId(guest.0));
        if let Some(only_for) = only_for {
            let known = store.user(only_for)?.filter(|user| !user.guest);
            known.ok_or_else(Failure::not_found)?;
        }
        let at = Utc::now();
        store.create_invite(&NewInvite {
            code: code.clone(),
            room,
            by: user,
            user: only_for,
            expires: Some(at + INVITE_LIFE),
            at,
        })?;
        Ok(Answer::Invite {
            invite: code.into(),
        })
    })
}

/// `circle.kick`: by admins, of those who are below them.
pub(super) fn kick(call: Call, circle: CircleId, whom: WireUserId) -> Step {
    let user = call.user();
    let whom = UserId(whom.0);
    call.change(move |store, notices| {
        let Inside { room, membership } = access::administered(store, user, circle)?;
        let role = role_of(store, room.id, whom)?;
        if role >= membership.role {
            return Err(Failure::forbidden("nobody removes who is not below them"));
        }
        store.remove_members(room.id, &[whom])?;
        // Those that they made or have would let them in again.
        store.end_invites(room.id, whom)?;
        notices.extend(Notice::left(store, room.id, &[whom], Some(user))?);
        Ok(Answer::Done {})
    })
}

/// `circle.role`: by the owner, who hands the circle over by making somebody else its owner.
pub(super) fn role(call: Call, circle: CircleId, whom: WireUserId, role: WireRole) -> Step {
    let user = call.user();
    let whom = UserId(whom.0);
    call.change(move |store, notices| {
        let room = circles::owned(store, user, circle)?.room.id;
        role_of(store, room, whom)?;
        if whom == user {
            return match role {
                WireRole::Owner => Ok(Answer::Done {}),
                _ => Err(Failure::forbidden("hand the circle over first")),
            };
        }
        match role {
            WireRole::Owner => {
                let former = store.hand_over(room, whom)?;
                for changed in [Some(whom), former].into_iter().flatten() {
                    notices.extend(Notice::role(store, room, changed)?);
                }
                notices.extend(Notice::room_changed(store, room)?);
            }
            WireRole::Admin | WireRole::Member => {
                let role = match role {
                    WireRole::Admin => Role::Admin,
                    _ => Role::Member,
                };
                store.set_role(room, whom, role)?;
                notices.extend(Notice::role(store, room, whom)?);
            }
        }
        Ok(Answer::Done {})
    })
}

/// What somebody is in a room in which they must be.
fn role_of(store: &mut dyn Transaction, room: RoomId, user: UserId) -> Result<Role, Failure> {
    let membership = store.membership(room, user)?;
    let membership = membership.ok_or_else(Failure::not_found)?;
    Ok(membership.role)
}

fn page(
    reader: &mut dyn Reader,
    user: UserId,
    place: Place,
    after: UserId,
    limit: usize,
) -> Result<(Vec<store::Member>, bool), Failure> {
    let room = match place {
        Place::Circle(circle) => access::circle(reader, user, circle)?.room,
        Place::Stream(stream) => access::stream(reader, user, stream)?.room,
    };
    let mut members = reader.members_after(room.id, after, limit + 1)?;
    let more = members.len() > limit;
    members.truncate(limit);
    Ok((members, more))
}

/// As many of them as go into a frame.
fn answer(
    members: &[store::Member],
    mut more: bool,
    is_online: &dyn Fn(UserId) -> bool,
) -> Answer<'static> {
    let mut bytes = fit::AROUND;
    let mut shown = Vec::with_capacity(members.len());
    for member in members {
        let user = member.user.clone();
        let member = Member {
            id: records::user_id(user.id),
            online: is_online(user.id),
            name: user.name.into(),
            display: user.display.into(),
            role: records::role(member.role),
        };
        bytes += fit::size(&member) + 1;
        if bytes > limit::FRAME_BYTES {
            more = true;
            break;
        }
        shown.push(member);
    }
    Answer::Members {
        members: shown,
        more,
    }
}
