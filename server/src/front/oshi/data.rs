//! Values that a client keeps on the server: `data.get`, `data.set`, and the same in a circle.

use kaiwa_protocols::oshi::wire::{Answer, CircleId, limit};
use serde_json::Value;

use super::call::{Call, Step};
use super::failure::Failure;
use super::{access, records};
use crate::store::{DataScope, ReadRooms, UserId};

/// `data.get`, or `circle.data.get`.
pub(super) fn get(call: Call, circle: Option<CircleId>, key: String) -> Step {
    if let Err(failure) = check_key(&key) {
        return call.answer(Err(failure));
    }
    let user = call.user();
    call.ask(move |reader| {
        let scope = scope(reader, user, circle)?;
        let value = reader.data(scope, &key)?;
        let value = value.as_deref().map(records::value).unwrap_or_default();
        Ok(Answer::Value { value })
    })
}

/// `data.set`, or `circle.data.set`.
pub(super) fn set(call: Call, circle: Option<CircleId>, key: String, value: &Value) -> Step {
    if let Err(failure) = check_key(&key) {
        return call.answer(Err(failure));
    }
    let user = call.user();
    let value = (!value.is_null()).then(|| value.to_string());
    call.change(move |store, _| {
        let scope = scope(store, user, circle)?;
        store.set_data(scope, &key, value.as_deref())?;
        Ok(Answer::Done {})
    })
}

fn check_key(key: &str) -> Result<(), Failure> {
    if key.is_empty() {
        return Err(Failure::bad_field("`key` is empty"));
    }
    if key.len() > limit::KEY_BYTES {
        return Err(Failure::too_long("a key has 64 bytes at most"));
    }
    Ok(())
}

fn scope<S: ReadRooms + ?Sized>(
    store: &mut S,
    user: UserId,
    circle: Option<CircleId>,
) -> Result<DataScope, Failure> {
    Ok(match circle {
        Some(circle) => DataScope::Member(access::circle(store, user, circle)?.room.id, user),
        None => DataScope::User(user),
    })
}
