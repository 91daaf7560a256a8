//! `/friend/…`: who knows whom. The only endpoints of the original that ask who the caller is.

use kaiwa_protocols::rim::wire::rest::CODE_FAILED;
use kaiwa_protocols::rim::wire::{IncomingContact, Notice, User, request};

use super::{Answer, Answered, Asked, State, failure, success};

impl State {
    pub(super) fn friend_add(&mut self, asked: &Asked<'_>) -> Answered {
        let request::AddFriend { fid } = asked.body()?;
        if self.is_kaiwa() && (fid == asked.caller || self.world.user(fid).is_none()) {
            return Err(failure(CODE_FAILED, "no such user"));
        }
        self.world.add_friend(asked.caller, fid);
        self.tell_contacts(asked.caller, fid);
        Ok(success(true))
    }

    /// Whom the caller has a relation to; who is unknown is left out.
    pub(super) fn friend_list(&self, asked: &Asked<'_>) -> Answered {
        let status: u8 = asked.number("status")?;
        let own = self.world.friends(asked.caller);
        let wanted = own.iter().filter(|row| row.status == status);
        let users: Vec<User<'_>> = wanted
            .filter_map(|row| Some(self.world.user(row.fid)?.record()))
            .collect();
        Ok(success(users))
    }

    pub(super) fn friend_status_modify(&mut self, asked: &Asked<'_>) -> Answered {
        let request::ModifyFriend { fid, status } = asked.body()?;
        let done = self.world.set_friend(asked.caller, fid, status);
        self.tell_contacts(asked.caller, fid);
        Ok(success(done))
    }

    pub(super) fn friend_incoming(&self, asked: &Asked<'_>) -> Answer {
        let others = self.world.incoming(asked.caller);
        let contacts: Vec<IncomingContact<'_>> = others
            .iter()
            .filter_map(|row| {
                Some(IncomingContact {
                    user: self.world.user(row.uid)?.record(),
                    status: row.status,
                })
            })
            .collect();
        success(contacts)
    }

    fn tell_contacts(&mut self, uid: u64, fid: u64) {
        for (to, uid) in [(uid, fid), (fid, uid)] {
            self.notify(to, Notice::Contacts { uid });
        }
    }
}
