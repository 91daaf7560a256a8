//! Contacts: whom the user has confirmed or asked, and who asks the user where the server tells.
//!
//! rim keeps a relation for each direction, and each side changes its own only. Somebody is a contact if the user has
//! confirmed them; or if the user has asked and they have confirmed, which kaiwa's server alone tells.

use std::collections::BTreeMap;

use kaiwa_core::session::HttpResponse;
use kaiwa_core::{Error, Id, RequestId, UserEvent};

use super::rest::{Ask, Purpose, Relation};
use super::tasks::Step;
use super::{RimSession, Server, answer};
use crate::rim::wire::record::{STATUS_APPLIED, STATUS_CONFIRMED, STATUS_REJECTED};
use crate::rim::wire::{Endpoint, IncomingContact, User, request};

/// Contacts kept, requests included: more than a person has.
const MAX_CONTACTS: usize = 10_000;

/// How far somebody is on the way to being a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The user has asked.
    Asked,
    /// They ask.
    Asking,
    Confirmed,
}

/// All contacts.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    /// As shown last, on any connection.
    shown: BTreeMap<u64, Standing>,
    /// Whether the next lists are the first ones of this connection: then everybody is told.
    fresh: bool,
    /// Lists on their way.
    open: u8,
    /// Whether they must be asked for again after that.
    again: bool,
    /// Whether one of them could not be had.
    failed: bool,
    /// The user's own relations, being collected.
    own: BTreeMap<u64, u8>,
    /// The others' relations, being collected.
    incoming: BTreeMap<u64, u8>,
}

impl Contacts {
    /// The connection is gone.
    pub(super) fn end(&mut self) {
        *self = Self {
            shown: std::mem::take(&mut self.shown),
            fresh: true,
            ..Self::default()
        };
    }

    pub(super) fn get(&self, uid: u64) -> Option<Standing> {
        self.shown.get(&uid).copied()
    }
}

impl RimSession {
    /// Asks for all contacts, again if that is being done.
    pub(super) fn ask_contacts(&mut self) {
        let contacts = &mut self.contacts;
        if contacts.open > 0 {
            contacts.again = true;
            return;
        }
        contacts.again = false;
        contacts.failed = false;
        contacts.own.clear();
        contacts.incoming.clear();
        let lists = [
            (Relation::Asked, STATUS_APPLIED),
            (Relation::Confirmed, STATUS_CONFIRMED),
        ];
        for (relation, status) in lists {
            let purpose = Purpose::Contacts(relation);
            let status = status.to_string();
            self.contacts.open += 1;
            let ask = Ask::get(Endpoint::FriendList, "status", &status);
            self.rest.ask(ask, purpose);
        }
        if self.server == Server::Own {
            self.contacts.open += 1;
            let purpose = Purpose::Contacts(Relation::Incoming);
            self.rest.ask(Ask::bare(Endpoint::FriendIncoming), purpose);
        }
    }

    pub(super) fn contacts_came(
        &mut self,
        relation: Relation,
        result: &Result<HttpResponse, Error>,
    ) {
        let taken = match relation {
            Relation::Asked => self.take_own(STATUS_APPLIED, result),
            Relation::Confirmed => self.take_own(STATUS_CONFIRMED, result),
            Relation::Incoming => self.take_incoming(result),
        };
        let contacts = &mut self.contacts;
        contacts.failed |= taken.is_err();
        contacts.open = contacts.open.saturating_sub(1);
        if contacts.open > 0 {
            return;
        }
        // What is not whole would take contacts away that are there.
        if !contacts.failed {
            self.show_contacts();
        }
        if self.contacts.again {
            self.ask_contacts();
        }
    }

    fn take_own(&mut self, status: u8, result: &Result<HttpResponse, Error>) -> Result<(), Error> {
        for user in answer::data::<Vec<User<'_>>>(result)? {
            if let Some((uid, _)) = self.people.learn(&user) {
                // The original lists a relation twice that was made twice; a confirmed one counts.
                let known = self.contacts.own.entry(uid).or_insert(status);
                *known = (*known).max(status);
            }
        }
        Ok(())
    }

    fn take_incoming(&mut self, result: &Result<HttpResponse, Error>) -> Result<(), Error> {
        for incoming in answer::data::<Vec<IncomingContact<'_>>>(result)? {
            if let Some((uid, _)) = self.people.learn(&incoming.user) {
                self.contacts.incoming.insert(uid, incoming.status);
            }
        }
        Ok(())
    }

    /// Tells what has changed; at the first time on a connection all of it.
    fn show_contacts(&mut self) {
        let Contacts { own, incoming, .. } = &self.contacts;
        let mut now = BTreeMap::new();
        for uid in own.keys().chain(incoming.keys()) {
            if let Some(standing) = standing(own.get(uid), incoming.get(uid)) {
                now.insert(*uid, standing);
            }
        }
        while now.len() > MAX_CONTACTS {
            now.pop_last();
            self.skipped += 1;
        }
        now.remove(&self.uid());
        let all = std::mem::take(&mut self.contacts.fresh);
        let before = self.contacts.shown.clone();
        for uid in before.keys().filter(|uid| !now.contains_key(uid)) {
            self.show_contact(None, *uid, None);
        }
        for (uid, standing) in now {
            if all || before.get(&uid) != Some(&standing) {
                self.show_contact(None, uid, Some(standing));
            }
        }
    }

    /// Tells how somebody stands to the user now.
    pub(super) fn show_contact(
        &mut self,
        request: Option<RequestId>,
        uid: u64,
        standing: Option<Standing>,
    ) {
        let user_id = Id::from(uid);
        let Some(standing) = standing else {
            self.contacts.shown.remove(&uid);
            let accept = false;
            return self.tell(request, UserEvent::Respond { user_id, accept });
        };
        self.contacts.shown.insert(uid, standing);
        let user = self.people.profile(uid);
        let channel_id = None;
        self.tell(request, UserEvent::New { channel_id, user });
        let event = match standing {
            Standing::Confirmed => UserEvent::Respond {
                user_id,
                accept: true,
            },
            Standing::Asked | Standing::Asking => UserEvent::Request {
                user_id,
                own: standing == Standing::Asked,
                text: None,
            },
        };
        self.tell(request, event);
    }

    /// Confirms somebody: asks them first if that was not done, since a relation must be there to be confirmed.
    pub(super) fn accept(&mut self, request: RequestId, uid: u64) {
        match self.contacts.get(uid) {
            Some(Standing::Confirmed) => {
                self.show_contact(Some(request), uid, Some(Standing::Confirmed));
                self.done(request);
            }
            Some(Standing::Asked) => self.set_status(request, uid, true),
            Some(Standing::Asking) | None => {
                let body = request::AddFriend { fid: uid };
                let ask = Ask::post(Endpoint::FriendAdd, &body);
                self.take_step(request, ask, Step::Accept { uid });
            }
        }
    }

    /// Changes the user's relation to somebody.
    pub(super) fn set_status(&mut self, request: RequestId, uid: u64, accept: bool) {
        let status = if accept {
            STATUS_CONFIRMED
        } else {
            STATUS_REJECTED
        };
        let body = request::ModifyFriend { fid: uid, status };
        let ask = Ask::post(Endpoint::FriendStatusModify, &body);
        self.take_step(request, ask, Step::SetStatus { uid, accept });
    }
}

/// How two relations add up.
fn standing(own: Option<&u8>, incoming: Option<&u8>) -> Option<Standing> {
    match (own, incoming) {
        (Some(&STATUS_CONFIRMED), Some(&STATUS_REJECTED)) => None,
        (Some(&STATUS_CONFIRMED), _) => Some(Standing::Confirmed),
        (Some(&STATUS_APPLIED), Some(&STATUS_CONFIRMED)) => Some(Standing::Confirmed),
        (Some(&STATUS_APPLIED), Some(&STATUS_REJECTED)) => None,
        // Where both ask, the user has but to answer.
        (_, Some(&STATUS_APPLIED)) => Some(Standing::Asking),
        (Some(&STATUS_APPLIED), _) => Some(Standing::Asked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_relations_add_up() {
        let (asked, confirmed, rejected) = (
            Some(&STATUS_APPLIED),
            Some(&STATUS_CONFIRMED),
            Some(&STATUS_REJECTED),
        );
        for (own, incoming, expected) in [
            (None, None, None),
            (asked, None, Some(Standing::Asked)),
            (confirmed, None, Some(Standing::Confirmed)),
            (None, asked, Some(Standing::Asking)),
            (None, confirmed, None),
            (None, rejected, None),
            (asked, confirmed, Some(Standing::Confirmed)),
            (asked, rejected, None),
            (asked, asked, Some(Standing::Asking)),
            (confirmed, asked, Some(Standing::Confirmed)),
            (confirmed, confirmed, Some(Standing::Confirmed)),
            (confirmed, rejected, None),
        ] {
            assert_eq!(standing(own, incoming), expected, "{own:?} {incoming:?}");
        }
    }
}
