//! People: `user.get`, `user.set`, `logout`.

use std::borrow::Cow;

use kaiwa_protocols::oshi::wire::{Answer, CLOSE_AUTH, CLOSE_LOGOUT, UserId as WireUserId};

use super::auth::{is_display, is_password};
use super::call::{Call, Step, Told};
use super::failure::Failure;
use super::publish::count;
use super::records;
use crate::front::shown;
use crate::names;
use crate::store::{ReadUsers, UserId, UserPatch};
use crate::world::{CloseReason, Notice};

/// `user.get`.
pub(super) fn get(call: Call, user: WireUserId) -> Step {
    call.ask(move |reader| {
        let user = reader.user(UserId(user.0))?;
        let user = user.ok_or_else(Failure::not_found)?;
        let mut profile = records::profile(user.clone());
        if user.guest {
            // Theirs is no account's.
            profile.name = Cow::Borrowed("");
            profile.display = shown::name(reader, user)?.into();
        }
        Ok(Answer::User { user: profile })
    })
}

/// `user.set`. With another password all other connections and tokens end.
pub(super) fn set(call: Call, display: Option<&str>, password: Option<&str>) -> Step {
    let display = display.map(|display| display.trim().to_owned());
    // Everybody who shares a room is told.
    if let Err(failure) = check(display.as_deref(), password).and_then(|()| count(&call)) {
        return call.answer(Err(failure));
    }
    let patch = UserPatch {
        display,
        ..UserPatch::default()
    };
    let Some(password) = password.map(str::to_owned) else {
        return change(call, patch);
    };
    Step::Prepare(Box::pin(async move {
        let session = &call.session;
        let hash = session.front.auth.hash(session.peer, &password).await;
        match hash {
            Ok(hash) => {
                let password = Some(hash);
                change(call, UserPatch { password, ..patch })
            }
            Err(error) => call.answer(Err(error.into())),
        }
    }))
}

/// `logout`.
pub(super) fn logout(call: Call) -> Step {
    let token = call.session.token;
    call.change_then(
        move |store, _| Ok(store.end_session(&token)?),
        |_, _, _| Told {
            end: Some(CloseReason::Ended(CLOSE_LOGOUT, "signed out")),
            ..Answer::Done {}.into()
        },
    )
}

/// Somebody with an account, by id or by name: an id that somebody has comes first.
///
/// # Errors
/// `not_found`, and the store's.
pub(super) fn named<S: ReadUsers + ?Sized>(store: &mut S, to: &str) -> Result<UserId, Failure> {
    if let Ok(id) = to.parse::<WireUserId>()
        && let Some(user) = store.user(UserId(id.0))?.filter(|user| !user.guest)
    {
        return Ok(user.id);
    }
    let possible = to.chars().nth(names::MAX_NAME_CHARS).is_none();
    let account = if possible {
        store.account(&names::key(to))?
    } else {
        None
    };
    let (user, _) = account.ok_or_else(Failure::not_found)?;
    Ok(user.id)
}

fn check(display: Option<&str>, password: Option<&str>) -> Result<(), Failure> {
    if display.is_none() && password.is_none() {
        return Err(Failure::bad_field("`display` or `password` is needed"));
    }
    if display.is_some_and(|display| !is_display(display)) {
        let words = "`display` has 1 to 64 characters, none of them a control character";
        return Err(Failure::bad_field(words));
    }
    if password.is_some_and(|password| !is_password(password)) {
        return Err(Failure::bad_field("`password` has 1 to 1024 bytes"));
    }
    Ok(())
}

fn change(call: Call, patch: UserPatch) -> Step {
    let user = call.user();
    let token = call.session.token;
    let shut = patch.password.is_some();
    call.change_then(
        move |store, notices| {
            store.update_user(user, &patch)?;
            if shut {
                store.end_other_sessions(user, &token)?;
            }
            if patch.display.is_some() {
                notices.extend(Notice::profile(store, user)?);
            }
            store.user(user)?.ok_or_else(Failure::not_found)
        },
        move |live, session, user| {
            session.person.rename(&user.display);
            if shut {
                let reason = CloseReason::Ended(CLOSE_AUTH, "the password was changed");
                live.send_away(user.id, &session.receiver, reason);
            }
            let user = records::profile(user);
            Answer::User { user }.into()
        },
    )
}
