//! Who is kept out, and from where. Addresses are asked for at each connection, so they are at hand here; people are asked for when
//! they sign in ([`crate::auth::refuse_banned`]).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use kaiwa_core::Error;

use super::Notice;
use crate::store::{Ban, BanId, BanKind, BanTarget, RoomId, Transaction};

/// Addresses from which nobody may connect.
#[derive(Debug, Default)]
pub(super) struct Doors {
    closed: RwLock<BTreeMap<IpAddr, Option<DateTime<Utc>>>>,
}

impl Doors {
    /// These are all.
    pub(super) fn set(&self, closed: Vec<(IpAddr, Option<DateTime<Utc>>)>) {
        let closed = closed.into_iter().collect();
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = closed;
    }

    pub(super) fn are_closed_to(&self, peer: IpAddr, now: DateTime<Utc>) -> bool {
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        let until = closed.get(&peer.to_canonical());
        until.is_some_and(|until| until.is_none_or(|until| now < until))
    }
}

/// Keeps a ban. Whoever is kept out of the whole server by it is sent away, on all networks, and nobody comes from an address
/// that is.
///
/// # Errors
/// As [`crate::store::Bans::ban`].
pub(crate) fn ban(
    store: &mut dyn Transaction,
    notices: &mut Vec<Notice>,
    ban: &Ban,
) -> Result<BanId, Error> {
    let id = store.ban(ban)?;
    if ban.kind == BanKind::Entry && ban.room.is_none() {
        notices.push(match ban.target {
            BanTarget::User(user) => Notice::Banned {
                user,
                until: ban.until,
            },
            BanTarget::Address(_) => closed(store, ban.at)?,
        });
    }
    Ok(id)
}

/// Ends all bans of a kind that were said of a person or an address, in a room or (none) the whole server; tells how many.
///
/// # Errors
/// As [`crate::store::Bans::lift`].
pub(crate) fn lift(
    store: &mut dyn Transaction,
    notices: &mut Vec<Notice>,
    kind: BanKind,
    target: &BanTarget,
    room: Option<RoomId>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let lifted = store.lift(kind, target, room)?;
    if matches!(target, BanTarget::Address(_)) && kind == BanKind::Entry && room.is_none() {
        notices.push(closed(store, now)?);
    }
    Ok(lifted)
}

/// The addresses that are kept out of the whole server, as they are now.
pub(super) fn closed(store: &mut dyn Transaction, now: DateTime<Utc>) -> Result<Notice, Error> {
    let mut closed: BTreeMap<IpAddr, Option<DateTime<Utc>>> = BTreeMap::new();
    for (_, ban) in store.bans(now)? {
        let Ban {
            kind: BanKind::Entry,
            target: BanTarget::Address(address),
            room: None,
            until,
            ..
        } = ban
        else {
            continue;
        };
        let end = |until: Option<DateTime<Utc>>| until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let known = closed.entry(address.to_canonical()).or_insert(until);
        if end(*known) < end(until) {
            *known = until;
        }
    }
    Ok(Notice::Doors(closed.into_iter().collect()))
}
