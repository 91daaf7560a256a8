//! Somebody whom the user names: by id, or by account name.

use kaiwa_core::session::HttpResponse;
use kaiwa_core::{Error, ErrorKind, RequestId};

use super::contacts::Standing;
use super::requests::{invalid, number};
use super::rest::Ask;
use super::tasks::Step;
use super::{RimSession, answer};
use crate::rim::wire::{Endpoint, User, request};

/// What somebody is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    Contact,
    Talk,
}

impl RimSession {
    /// Looks for somebody by id or account name.
    pub(super) fn find(&mut self, request: RequestId, name: &str, goal: Goal) -> Result<(), Error> {
        if name.is_empty() || name.contains('\'') {
            return Err(invalid("name an account, or a user's id"));
        }
        let id = number(name, "user").ok();
        let known = id
            .filter(|uid| self.people.get(*uid).is_some())
            .or_else(|| self.people.by_account(name).filter(|_| id.is_none()));
        if let Some(uid) = known {
            return self.reached(request, uid, goal);
        }
        self.ask_for(request, name.to_owned(), id.is_some(), goal);
        Ok(())
    }

    fn ask_for(&mut self, request: RequestId, name: String, by_id: bool, goal: Goal) {
        let (endpoint, key) = if by_id {
            (Endpoint::UserGet, "uid")
        } else {
            (Endpoint::UserSearch, "account")
        };
        let ask = Ask::get(endpoint, key, &name);
        self.take_step(request, ask, Step::Find { name, by_id, goal });
    }

    pub(super) fn found(
        &mut self,
        request: RequestId,
        name: String,
        by_id: bool,
        goal: Goal,
        result: &Result<HttpResponse, Error>,
    ) -> Result<(), Error> {
        let user = match answer::data::<User<'_>>(result) {
            Ok(user) => user,
            // An account may be called by a number too.
            Err(error) if by_id && answer::is_refusal(&error) => {
                self.ask_for(request, name, false, goal);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let learned = self.people.learn(&user);
        let (uid, _) =
            learned.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such user"))?;
        self.reached(request, uid, goal)
    }

    fn reached(&mut self, request: RequestId, uid: u64, goal: Goal) -> Result<(), Error> {
        if uid == self.uid() {
            return Err(invalid("that is the user of this account"));
        }
        match goal {
            Goal::Talk => self.talk(request, uid),
            Goal::Contact => match self.contacts.get(uid) {
                // They wait for the user's answer.
                Some(Standing::Asking) => self.accept(request, uid),
                Some(standing) => {
                    self.show_contact(Some(request), uid, Some(standing));
                    self.done(request);
                }
                None => {
                    let body = request::AddFriend { fid: uid };
                    let ask = Ask::post(Endpoint::FriendAdd, &body);
                    self.take_step(request, ask, Step::Befriend { uid });
                }
            },
        }
        Ok(())
    }
}
