//! Signing in with a token: decided by the store, in order with everything else, so that from the acknowledgement on nothing
//! that is said is missed.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::rim::wire::{Ack, Body, SERVER};
use tokio::sync::oneshot;

use super::super::notified::Wish;
use super::super::{Rim, user_id};
use super::client::{State, ack, give};
use crate::auth::refuse_banned;
use crate::front::RIM;
use crate::store::writer::Job;
use crate::store::{TokenHash, Transaction, UserId};
use crate::world::{Counting, Receiver, Seat, Seating, World};

/// Who is signed in on a connection.
pub(super) struct SignedIn {
    pub(super) user: UserId,
    /// The name that is shown.
    pub(super) name: String,
    _seat: Seat,
    _wish: Option<Wish>,
}

/// A packet `Login`.
pub(super) struct Login {
    token: TokenHash,
    user: UserId,
    peer: IpAddr,
    notify: bool,
    ack: Bytes,
    receiver: Arc<Receiver>,
}

/// What is known of somebody who may come in.
struct Known {
    name: String,
    seating: Seating,
}

impl Login {
    pub(super) fn new(body: &Body<'_>, peer: IpAddr, receiver: Arc<Receiver>) -> Self {
        let ack = ack(&Ack {
            client_msg_id: body.client_msg_id.clone(),
            server: body.notify.then_some(Cow::Borrowed(SERVER)),
            ..Ack::default()
        });
        Self {
            token: TokenHash::of(&body.content),
            user: user_id(body.uid),
            peer,
            notify: body.notify,
            ack,
            receiver,
        }
    }

    /// Replies who the client is now: if it is refused, the same as `former`.
    pub(super) fn job(
        self,
        front: Arc<Rim>,
        world: Arc<World>,
        former: State,
        reply: oneshot::Sender<State>,
    ) -> Job {
        let Self {
            token,
            user,
            peer,
            notify,
            ack,
            receiver,
        } = self;
        Job::work(
            move |store, _| known(store, &token, user, peer),
            move |live, outcome| {
                let state = match outcome {
                    Ok(Known { name, seating }) => {
                        drop(former);
                        let seat = live.sit_as(RIM, Arc::clone(&receiver), &seating, true);
                        let wish = front.notified.set(user, notify);
                        give(&receiver, ack);
                        State::In(SignedIn {
                            user,
                            name,
                            _seat: seat,
                            _wish: wish,
                        })
                    }
                    Err(error) => {
                        tracing::debug!(%error, "login refused");
                        Counting::add(&world.counting().unsigned);
                        former
                    }
                };
                // The client may have gone; its seat goes with it.
                let _ = reply.send(state);
            },
        )
    }
}

fn known(
    store: &mut dyn Transaction,
    token: &TokenHash,
    user: UserId,
    peer: IpAddr,
) -> Result<Known, Error> {
    let now = Utc::now();
    let session = store.session(token)?;
    let valid = session.is_some_and(|session| session.user == user && now < session.expires);
    let person = if valid { store.user(user)? } else { None };
    let Some(person) = person else {
        return Err(Error::new(ErrorKind::Auth, "no valid token of this user"));
    };
    refuse_banned(store, Some(user), peer, now)?;
    Ok(Known {
        name: person.display,
        seating: Seating::all(store, user)?,
    })
}
