//! The Oshi front end: circles and their streams, talks of two, everything over one WebSocket.
//!
//! * [`socket`]: one client; [`auth`] lets it in, [`state`] is what it is told then.
//! * [`operation`]: the table of what may be asked for. One file per topic: [`sub`], [`streams`] and [`history`] to hear,
//!   [`publish`] and [`change`] to speak, [`circles`], [`channels`] and [`members`], [`people`] and [`data`].
//! * [`call`]: how a request is carried out and answered; [`failure`]: why not.
//! * [`access`]: who may know of what.
//! * [`network`]: how Oshi shows what happens in the world; [`records`]: what is kept, as Oshi's objects; [`fit`]: what
//!   goes into a frame.
//! * [`files`]: files over HTTP.
//! * [`person`]: what those are called who are connected; [`rate`]: how often they may say something.

mod access;
mod auth;
mod call;
mod change;
mod channels;
mod circles;
mod data;
mod failure;
pub(crate) mod files;
mod fit;
mod history;
mod members;
mod network;
mod operation;
mod people;
mod person;
mod publish;
mod rate;
mod records;
mod socket;
mod state;
mod streams;
mod sub;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::any;

use self::person::People;
use self::rate::Rate;
use super::Rules;
use super::signed_out::SignedOut;
use crate::auth::Auth;
use crate::config::Config;
use crate::site::Site;

/// How often somebody may begin or end to type within `oshi_rate_ms`; a client says it every few seconds.
const TYPING: u32 = 20;

/// What all Oshi requests and connections share.
pub(crate) struct Oshi {
    pub(crate) auth: Arc<Auth>,
    rules: Rules,
    /// What one person may say, edit, react to and upload.
    pub(crate) rate: Rate,
    /// How often one person may be told to type: everybody in the room hears it.
    typing: Rate,
    /// The longest file that is taken, in bytes.
    max_file_bytes: u64,
    people: Arc<People>,
    signed_out: Arc<SignedOut>,
}

impl Oshi {
    pub(crate) fn new(config: &Config, auth: Arc<Auth>, rules: Rules) -> Self {
        let span = Duration::from_millis(config.oshi_rate_ms);
        Self {
            auth,
            rules,
            rate: Rate::new(config.oshi_rate_count, span),
            typing: Rate::new(TYPING, span),
            max_file_bytes: config.oshi_max_file_bytes,
            people: Arc::default(),
            signed_out: Arc::default(),
        }
    }
}

/// The one path beside other networks.
pub(crate) fn main_routes(front: &Arc<Oshi>) -> Router<Site> {
    routes(&["/oshi"], front)
}

/// Any path, as the original has it.
pub(crate) fn own_routes(front: &Arc<Oshi>) -> Router<Site> {
    routes(&["/", "/{*path}"], front)
}

fn routes(paths: &[&str], front: &Arc<Oshi>) -> Router<Site> {
    paths.iter().fold(Router::new(), |router, path| {
        let front = Arc::clone(front);
        let client = move |State(site): State<Site>, request: Request| {
            let front = Arc::clone(&front);
            async move { socket::open(front, site, request) }
        };
        router.route(path, any(client))
    })
}
