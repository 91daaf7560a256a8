//! The Sock Chat front end: one channel at a time, private messages beside it, commands behind a slash.
//!
//! * [`socket`]: one client; [`sign_in`] lets it in.
//! * [`talk`]: what is said, in a channel or to one person; [`commands`]: what stands behind a slash; [`call`]: what a
//!   command may use.
//! * [`presence`]: who is here and where, as the store's thread decides it; [`roster`]: the same as clients have been told it,
//!   in the delivering order. [`stage`] is where the one becomes the other, [`places`] what moving takes.
//! * [`network`]: how Sock Chat shows what is said, [`notices`] what else happens; [`strays`]: those who lose their room by that;
//!   [`backlog`]: what was said before.
//! * [`person`]: what somebody is shown as; [`names`]: that no two are called the same.
//! * [`packets`]: packets as frames; [`flood`]: how often somebody may say something.
//!
//! Two orders are one: work of the store's thread runs in the order in which the delivering task hears of it. What decides
//! (sessions, memberships, bans) is changed while the work runs, what is shown when its end is delivered. So clients are told
//! everything in one order, and nobody is named to somebody to whom they were not announced before.

mod backlog;
mod call;
mod commands;
mod flood;
mod names;
mod network;
mod notices;
mod packets;
mod person;
mod places;
mod presence;
mod roster;
mod sign_in;
mod socket;
mod stage;
mod strays;
mod talk;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::any;

use self::flood::Flood;
use self::packets::Ids;
use self::presence::Presence;
use self::roster::Roster;
use self::strays::Home;
use super::signed_out::SignedOut;
use super::{Links, Rules};
use crate::auth::Auth;
use crate::names as accounts;
use crate::site::Site;

/// What all Sock Chat connections share.
pub(crate) struct Sockchat {
    auth: Arc<Auth>,
    rules: Rules,
    links: Links,
    /// The keys of the names of those who may do everything.
    operators: BTreeSet<String>,
    presence: Presence,
    roster: Mutex<Roster>,
    ids: Ids,
    flood: Flood,
    home: Home,
    signed_out: Arc<SignedOut>,
}

impl Sockchat {
    pub(crate) fn new(auth: Arc<Auth>, rules: Rules, links: Links, operators: &[String]) -> Self {
        Self {
            auth,
            rules,
            links,
            operators: operators.iter().map(|name| accounts::key(name)).collect(),
            presence: Presence::default(),
            roster: Mutex::default(),
            ids: Ids::default(),
            flood: Flood::default(),
            home: Home::default(),
            signed_out: Arc::default(),
        }
    }

    /// Who is shown where. Changed by the delivering task only. Whoever holds this asks for nothing of the world's seats, which
    /// are held while messages are rendered.
    fn roster(&self) -> MutexGuard<'_, Roster> {
        // Nothing in here panics half-way through a change.
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one path beside other networks.
pub(crate) fn main_routes(front: &Arc<Sockchat>) -> Router<Site> {
    routes(&["/sockchat"], front)
}

/// Any path, as the originals have it.
pub(crate) fn own_routes(front: &Arc<Sockchat>) -> Router<Site> {
    routes(&["/", "/{*path}"], front)
}

fn routes(paths: &[&str], front: &Arc<Sockchat>) -> Router<Site> {
    paths.iter().fold(Router::new(), |router, path| {
        let front = Arc::clone(front);
        let client = move |State(site): State<Site>, request: Request| {
            let front = Arc::clone(&front);
            async move { socket::open(front, site, request) }
        };
        router.route(path, any(client))
    })
}
