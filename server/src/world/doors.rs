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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::fixtures::{new_account, new_room};
    use crate::store::{RoomKind, SqliteStore, Store as _, UserId};

    fn change<T>(work: impl FnOnce(&mut dyn Transaction, UserId) -> T) -> T {
        let mut store = SqliteStore::in_memory().unwrap();
        let mut work = Some(work);
        let mut result = None;
        store
            .transaction(&mut |store| {
                let ann = store.create_account(&new_account("ann"))?;
                result = work.take().map(|work| work(store, ann));
                Ok(())
            })
            .unwrap();
        result.unwrap()
    }

    fn entry(target: &BanTarget, until: Option<DateTime<Utc>>) -> Ban {
        Ban {
            kind: BanKind::Entry,
            target: target.clone(),
            room: None,
            until,
            reason: None,
            by: None,
            at: Utc::now(),
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The doors that a single notice tells of.
    fn doors(notices: Vec<Notice>) -> Doors {
        let doors = Doors::default();
        let [Notice::Doors(closed)] = <[Notice; 1]>::try_from(notices).unwrap() else {
            panic!("no notice of doors");
        };
        doors.set(closed);
        doors
    }

    #[test]
    fn an_address_is_kept_out_until_the_last_of_its_bans_ends() {
        change(|store, _| {
            let now = Utc::now();
            let soon = now + TimeDelta::seconds(10);
            let later = now + TimeDelta::seconds(20);
            let [short, long] = ["192.0.2.1", "::ffff:192.0.2.1"].map(ip);
            let target = BanTarget::Address(long);
            for until in [Some(soon), Some(later), Some(soon)] {
                ban(store, &mut Vec::new(), &entry(&target, until)).unwrap();
            }
            let mut notices = Vec::new();
            let for_ever = BanTarget::Address(ip("2001:db8::1"));
            ban(store, &mut notices, &entry(&for_ever, None)).unwrap();
            let all = doors(notices);
            for address in [short, long] {
                assert!(all.are_closed_to(address, now));
                assert!(all.are_closed_to(address, later - TimeDelta::seconds(1)));
                assert!(!all.are_closed_to(address, later));
            }
            assert!(all.are_closed_to(ip("2001:db8::1"), later));
            assert!(!all.are_closed_to(ip("2001:db8::2"), now));
            let mut notices = Vec::new();
            let lifted = lift(store, &mut notices, BanKind::Entry, &target, None, now);
            assert_eq!(lifted.unwrap(), 3);
            let all = doors(notices);
            assert!(!all.are_closed_to(short, now));
            assert!(all.are_closed_to(ip("2001:db8::1"), later));
        });
    }

    #[test]
    fn only_who_is_kept_out_of_the_whole_server_is_sent_away() {
        change(|store, ann| {
            let room = store.create_room(&new_room(RoomKind::Channel, None, &[]));
            let room = room.unwrap();
            let (person, address) = (BanTarget::User(ann), BanTarget::Address(ip("192.0.2.1")));
            let mut told = |said: &Ban| {
                let mut notices = Vec::new();
                ban(store, &mut notices, said).unwrap();
                notices
            };
            for target in [&person, &address] {
                let of_room = Ban {
                    room: Some(room),
                    ..entry(target, None)
                };
                assert!(told(&of_room).is_empty());
                let silence = Ban {
                    kind: BanKind::Speech,
                    ..entry(target, None)
                };
                assert!(told(&silence).is_empty());
            }
            let notices = told(&entry(&person, None));
            assert!(matches!(notices[..], [Notice::Banned { user, until: None }] if user == ann));
            let closed = doors(told(&entry(&address, None)));
            assert!(closed.are_closed_to(ip("192.0.2.1"), Utc::now()));
        });
    }
}
