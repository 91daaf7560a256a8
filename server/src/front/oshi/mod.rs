//! The Oshi front end: circles and their streams, talks of two, everything over one WebSocket.
//!
//! * [`files`]: files over HTTP.
//! * [`rate`]: how often somebody may say something.

pub(crate) mod files;
mod rate;

use std::sync::Arc;
use std::time::Duration;

use self::rate::Rate;
use super::Rules;
use super::signed_out::SignedOut;
use crate::auth::Auth;
use crate::config::Config;

/// What all Oshi requests and connections share.
pub(crate) struct Oshi {
    pub(crate) auth: Arc<Auth>,
    rules: Rules,
    /// What one person may say, edit, react to and upload.
    pub(crate) rate: Rate,
    signed_out: Arc<SignedOut>,
}

impl Oshi {
    pub(crate) fn new(config: &Config, auth: Arc<Auth>, rules: Rules) -> Self {
        let span = Duration::from_millis(config.oshi_rate_ms);
        Self {
            auth,
            rules,
            rate: Rate::new(config.oshi_rate_count, span),
            signed_out: Arc::default(),
        }
    }
}
