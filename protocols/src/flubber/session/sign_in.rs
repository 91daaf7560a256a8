//! The beginning of a backend: its init info, whether it speaks the extension, and the rooms.

use kaiwa_core::session::Now;
use kaiwa_core::{Error, ErrorKind, StatusEvent, UserEvent};

use super::asks::{Then, Why};
use super::{FlubberSession, HELLO_LIMIT, Phase, SELF};
use crate::flubber::wire::{Fault, InitInfo, PROTOCOL_VERSION, RequestBody};

impl FlubberSession {
    /// The first value.
    pub(super) fn greeted(&mut self, now: Now, json: &str) {
        let init = match InitInfo::decode(json) {
            Ok(init) => init,
            Err(error) if error.fault() == Fault::Data => {
                return self.close(Some(Error::new(
                    ErrorKind::Protocol,
                    "the backend does not begin with its init info",
                )));
            }
            Err(error) => return self.broken(error),
        };
        let [theirs, ..] = init.protocol_version;
        let [ours, ..] = PROTOCOL_VERSION;
        if theirs != ours {
            return self.close(Some(Error::new(
                ErrorKind::Version,
                format!("the backend speaks version {theirs} of the protocol, version {ours} is spoken here"),
            )));
        }
        let [major, minor, patch] = init.backend_version;
        tracing::debug!(name = %init.backend_name, "backend {major}.{minor}.{patch}");
        self.phase = Phase::Deciding;
        self.up_since = now.utc;
        self.ask_for_rooms();
        self.greet_by = Some(now.mono + HELLO_LIMIT);
    }

    /// Whatever has come is no hello: it is a plain backend, and it is up.
    pub(super) fn decide(&mut self, now: Now) {
        self.extension.may_follow(false);
        if self.phase != Phase::Deciding {
            return;
        }
        self.phase = Phase::Up;
        self.extension.none();
        self.learn(Self::capabilities());
        self.greet_by = None;
        self.up_since = now.utc;
        self.event(StatusEvent::Connected { artifact: None });
        let user_id = self.me.clone().unwrap_or_else(|| SELF.into());
        self.event(UserEvent::Identify { user_id });
        self.tell_gaps_of_talks();
        self.settle_when_signed_in();
    }

    /// Rooms of the form that are not known yet, then those that are.
    fn ask_for_rooms(&mut self) {
        let names = self.login.as_ref().map(|login| login.rooms.clone());
        for name in names.unwrap_or_default() {
            if self.rooms.is_found(&name) {
                continue;
            }
            let body = RequestBody::RoomLookup(name.clone());
            let request = None;
            self.asks.push(
                body,
                Why::Find {
                    request,
                    name: name.into(),
                },
            );
        }
        for (id, was_joined) in self.rooms.remembered() {
            if was_joined {
                self.join(None, id);
            } else {
                self.get(None, id, Then::Again);
            }
        }
    }

    /// After the rooms and their backlog nothing more is learned of what was cut off.
    pub(super) fn settle_when_signed_in(&mut self) {
        if !self.is_settled && self.is_up() && !self.asks.is_signing_in() {
            self.is_settled = true;
            let unknown = self.outbox.settle_cut();
            self.events.extend(unknown);
        }
    }
}
