//! `/friend/…`: whom the caller has a relation to, and who has one to them.

use chrono::Utc;
use kaiwa_core::Error;
use kaiwa_protocols::rim::wire::IncomingContact;
use kaiwa_protocols::rim::wire::record::{STATUS_APPLIED, STATUS_CONFIRMED, STATUS_REJECTED};
use kaiwa_protocols::rim::wire::request::{AddFriend, ModifyFriend};

use super::super::{records, user_id};
use super::call::Call;
use super::{Reply, found, success};
use crate::store::{ContactStatus, Transaction, UserId};
use crate::world::Notice;

/// `/friend/add`: the caller's relation, as applied for. Unlike in the original there must be somebody of that id.
pub(super) async fn add(call: &Call, user: UserId) -> Reply {
    let request: AddFriend = call.body()?;
    let other = user_id(request.fid);
    call.world
        .change(move |store, notices| {
            store.request_contact(user, other, Utc::now())?;
            notices.push(Notice::Contacts { one: user, other });
            Ok(())
        })
        .await?;
    Ok(success(true))
}

/// `/friend/list`: to whom the caller has a relation of one status.
pub(super) async fn list(call: &Call, user: UserId) -> Reply {
    let status = match call.number::<u8>("status")? {
        STATUS_APPLIED => ContactStatus::Applied,
        STATUS_CONFIRMED => ContactStatus::Confirmed,
        STATUS_REJECTED => ContactStatus::Rejected,
        _ => return Ok(success([(); 0])),
    };
    let json = call.world.read(move |reader| {
        let contacts = reader.contacts(user, Some(status))?;
        let shown: Result<Vec<_>, _> = contacts
            .into_iter()
            .map(|contact| records::user(reader, contact.user))
            .collect();
        found(shown?)
    });
    Ok(json.await?)
}

/// `/friend/incoming`: who has a relation to the caller. The original has no way to see it.
pub(super) async fn incoming(call: &Call, user: UserId) -> Reply {
    let json = call.world.read(move |reader| {
        let contacts = reader.incoming_contacts(user)?;
        let shown: Result<Vec<_>, Error> = contacts
            .into_iter()
            .map(|contact| {
                Ok(IncomingContact {
                    status: match contact.status {
                        ContactStatus::Applied => STATUS_APPLIED,
                        ContactStatus::Confirmed => STATUS_CONFIRMED,
                        ContactStatus::Rejected => STATUS_REJECTED,
                    },
                    user: records::user(reader, contact.user)?,
                })
            })
            .collect();
        found(shown?)
    });
    Ok(json.await?)
}

/// `/friend/status/modify`: changes the caller's own relation. Without one nothing happens, which is no failure; a status that
/// does not exist is none either, but `data` is false.
pub(super) async fn modify(call: &Call, user: UserId) -> Reply {
    let request: ModifyFriend = call.body()?;
    let other = user_id(request.fid);
    let status = match request.status {
        STATUS_APPLIED => ContactStatus::Applied,
        STATUS_CONFIRMED => ContactStatus::Confirmed,
        STATUS_REJECTED => ContactStatus::Rejected,
        _ => return Ok(success(false)),
    };
    call.world
        .change(move |store, notices| {
            if set(store, user, other, status)? {
                notices.push(Notice::Contacts { one: user, other });
            }
            Ok(())
        })
        .await?;
    Ok(success(true))
}

/// Tells whether anything has changed.
fn set(
    store: &mut dyn Transaction,
    user: UserId,
    other: UserId,
    status: ContactStatus,
) -> Result<bool, Error> {
    let at = Utc::now();
    if status != ContactStatus::Rejected {
        // A refusal is not undone by whom it was told to; they may ask again.
        let refused = store.contacts(user, Some(ContactStatus::Rejected))?;
        let refused = refused.iter().any(|contact| contact.user.id == other);
        return Ok(!(refused && status == ContactStatus::Confirmed)
            && store.set_contact(user, other, status, at)?);
    }
    // The other one learns of it, which the original has no means for.
    let asked = store.incoming_contacts(user)?;
    let refused = asked
        .iter()
        .any(|contact| contact.user.id == other && contact.status != ContactStatus::Rejected);
    if refused {
        store.set_contact(other, user, status, at)?;
    }
    Ok(store.remove_contact(user, other)? || refused)
}
