//! `/user/…`: accounts and tokens.

use kaiwa_protocols::rim::wire::rest::{
    ACCOUNT_EXISTED, ACCOUNT_NOT_FOUND, CODE_FAILED, CODE_NO_SUCH_TOKEN, CODE_OK, NOT_FOUND,
    WRONG_PASSWORD,
};
use kaiwa_protocols::rim::wire::{User, request};

use super::{Answered, Asked, State, failure, success};
use crate::support::rim_server::world::UserRow;

impl State {
    pub(super) fn user_create(&mut self, asked: &Asked<'_>) -> Answered {
        let user: request::CreateUser<'_> = asked.body()?;
        self.check_quotes(&user.account)?;
        if self.world.user_by_account(&user.account).is_some() {
            return Err(failure(CODE_FAILED, ACCOUNT_EXISTED));
        }
        // Though declared optional: the columns are not.
        let (Some(email), Some(password)) = (user.email, user.password) else {
            return Err(self.panic());
        };
        let uid = self.world.add_user(UserRow {
            id: 0,
            name: user.name.into_owned(),
            avatar: user.avatar.into_owned(),
            email: email.into_owned(),
            account: user.account.into_owned(),
            password: password.into_owned(),
        });
        Ok(success(uid.unwrap()))
    }

    pub(super) fn user_login(&mut self, asked: &Asked<'_>) -> Answered {
        let login: request::Login<'_> = asked.body()?;
        self.check_quotes(&login.account)?;
        if let Some(left) = self.faults.refuse_sign_ins.checked_sub(1) {
            self.faults.refuse_sign_ins = left;
            return Err(failure(CODE_FAILED, WRONG_PASSWORD));
        }
        let Some(user) = self.world.user_by_account(&login.account) else {
            return Err(failure(CODE_FAILED, ACCOUNT_NOT_FOUND));
        };
        if user.password != login.password {
            return Err(failure(CODE_FAILED, WRONG_PASSWORD));
        }
        let uid = user.id;
        Ok(success(self.world.sign_in(uid)))
    }

    /// Whether the token in the query is still valid does not matter.
    pub(super) fn user_token(&self, asked: &Asked<'_>) -> Answered {
        let token = asked.text("token")?;
        self.check_quotes(token)?;
        let uid = self.world.any_token(token);
        let user = uid.and_then(|uid| self.world.user(uid));
        user.map(|user| success(user.record()))
            .ok_or_else(|| failure(CODE_NO_SUCH_TOKEN, NOT_FOUND))
    }

    pub(super) fn user_get(&self, asked: &Asked<'_>) -> Answered {
        let user = self.world.user(asked.number("uid")?);
        user.map(|user| success(user.record()))
            .ok_or_else(|| self.panic())
    }

    pub(super) fn user_search(&self, asked: &Asked<'_>) -> Answered {
        let account = asked.text("account")?;
        self.check_quotes(account)?;
        let Some(user) = self.world.user_by_account(account) else {
            return Err(failure(CODE_OK, NOT_FOUND));
        };
        Ok(success(User {
            email: Some("".into()),
            ..user.record()
        }))
    }
}
