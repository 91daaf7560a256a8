//! `/user/…`: accounts, and who somebody is.

use std::borrow::Cow;

use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::request::{CreateUser, Login};
use kaiwa_protocols::rim::wire::{self, rest};

use super::super::{number, records, user_id};
use super::call::Call;
use super::failure::Failure;
use super::{Reply, found, success};
use crate::auth::NewPerson;
use crate::names;
use crate::store::{Reader, TokenHash, User};

/// `/user/create`. The original breaks where the password is missing; here it has to be there, since without one nobody could
/// ever sign in.
pub(super) async fn create(call: &Call) -> Reply {
    let request: CreateUser<'_> = call.body()?;
    if !call.front.rules.registration {
        return Err(Failure::forbidden("nobody can register here"));
    }
    let password = request.password.filter(|password| !password.is_empty());
    let Some(password) = password else {
        return Err(Failure::told("a password is needed"));
    };
    let display = match request.name.trim() {
        "" => request.account.trim(),
        name => name,
    };
    if display.chars().any(char::is_control) {
        return Err(Failure::told("a name has no control characters"));
    }
    let person = NewPerson {
        display: display.to_owned(),
        name: request.account.into_owned(),
        avatar: request.avatar.into_owned(),
        email: request.email.unwrap_or_default().into_owned(),
        password: Some(password.into_owned()),
    };
    let auth = &call.front.auth;
    match auth.register(&call.world, call.peer, person).await {
        Ok(user) => Ok(success(number(user.0))),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            Err(Failure::told(rest::ACCOUNT_EXISTED))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/user/login`.
pub(super) async fn login(call: &Call) -> Reply {
    let request: Login<'_> = call.body()?;
    let auth = &call.front.auth;
    let token = auth
        .sign_in(&call.world, call.peer, &request.account, &request.password)
        .await;
    match token {
        Ok(token) => Ok(success(token)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failure::told(rest::ACCOUNT_NOT_FOUND))
        }
        Err(error) if error.kind() == ErrorKind::Auth => Err(Failure::told(rest::WRONG_PASSWORD)),
        Err(error) => Err(error.into()),
    }
}

/// `/user/token`: how a client learns its own id. A token that has expired since is still known for a while.
pub(super) async fn of_token(call: &Call) -> Reply {
    let token = TokenHash::of(&call.text("token")?);
    let user = call
        .world
        .read(move |reader| match reader.session(&token)? {
            Some(session) => {
                let user = reader.user(session.user)?;
                user.map(|user| with_email(reader, user)).transpose()
            }
            None => Ok(None),
        })
        .await?;
    let unknown = || Failure::Told(rest::CODE_NO_SUCH_TOKEN, "token not found".into());
    user.ok_or_else(unknown)
}

/// `/user/get`. An id that nobody has breaks the original.
pub(super) async fn get(call: &Call) -> Reply {
    let id = user_id(call.number("uid")?);
    let user = call
        .world
        .read(move |reader| {
            let user = reader.user(id)?;
            user.map(|user| with_email(reader, user)).transpose()
        })
        .await?;
    user.ok_or_else(|| Failure::told("user not found"))
}

/// `/user/search`: an account by its exact name. Nothing found is a failure with the code of success.
pub(super) async fn search(call: &Call) -> Reply {
    let key = names::key(&call.text("account")?);
    let user = call
        .world
        .read(move |reader| match reader.account(&key)? {
            Some((user, _)) => found(records::user(reader, user)?).map(Some),
            None => Ok(None),
        })
        .await?;
    user.ok_or_else(|| Failure::Told(rest::CODE_OK, rest::NOT_FOUND.into()))
}

fn with_email(reader: &mut dyn Reader, user: User) -> Result<Vec<u8>, Error> {
    let email = user.email.clone();
    let shown = records::user(reader, user)?;
    found(wire::User {
        email: Some(Cow::Owned(email)),
        ..shown
    })
}
