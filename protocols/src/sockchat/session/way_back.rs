//! Back to where the user was, after a connection that broke: servers put whoever signs in into the default channel.

use std::fmt;

use kaiwa_core::{Error, Id, RequestId};

use super::SockchatSession;
use super::commands;

/// A password of a channel: kept in memory only, and shown nowhere.
#[derive(Clone)]
pub(super) struct Key(pub(super) String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// A channel, and what lets the user in there.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) name: Id,
    pub(super) key: Option<Key>,
}

/// Where the user is to be, as long as the server has put them elsewhere.
#[derive(Debug, Default)]
pub(super) struct WayBack {
    /// Of the connection before.
    home: Option<Home>,
    /// The server has been asked to let the user go there.
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    /// Nobody knows it but the session.
    request: RequestId,
    home: Home,
    /// Requests to go there too.
    wanted_by: Vec<RequestId>,
}

impl WayBack {
    /// Where the session is taking the user.
    pub(super) fn goal(&self) -> Option<&str> {
        self.asked.as_ref().map(|asked| asked.home.name.as_str())
    }

    /// Whether this is the request of the session itself.
    pub(super) fn is(&self, request: RequestId) -> bool {
        let asked = self.asked.as_ref();
        asked.is_some_and(|asked| asked.request == request)
    }

    /// The user wants to go there as well: they are underway.
    pub(super) fn join(&mut self, request: RequestId) {
        if let Some(asked) = &mut self.asked {
            asked.wanted_by.push(request);
        }
    }

    /// The connection broke while the user was here. Who was underway wants to be there still.
    pub(super) fn cut(&mut self, was_in: Option<Home>) -> Vec<RequestId> {
        let Some(asked) = self.asked.take() else {
            self.home = was_in;
            return Vec::new();
        };
        self.home = Some(asked.home);
        asked.wanted_by
    }

    /// The user wants to be, or may be, there no longer.
    pub(super) fn forget(&mut self) {
        self.home = None;
    }
}

impl SockchatSession {
    /// The server has put the user here.
    pub(super) fn go_back(&mut self, here: &str) {
        let home = self.way_back.home.take();
        let Some(home) = home.filter(|home| home.name != here) else {
            return;
        };
        let request = RequestId::fresh();
        let key = home.key.clone();
        let rest = match &key {
            Some(Key(key)) => format!("{} {key}", home.name),
            None => home.name.to_string(),
        };
        if self.want_way(request, &rest, key).is_ok() {
            self.way_back.asked = Some(Asked {
                request,
                home,
                wanted_by: Vec::new(),
            });
        }
    }

    /// The user is back, or stays where the server has put them: that is no error of anybody who has not asked for it.
    pub(super) fn end_way_back(&mut self, result: &Result<(), Error>) {
        let Some(asked) = self.way_back.asked.take() else {
            return;
        };
        for request in asked.wanted_by {
            let again = result.as_ref().copied().map_err(|error| {
                let info = error.info();
                Error::new(info.kind, info.message)
            });
            self.finish(request, again);
        }
        self.give_up_unconfirmed();
    }

    /// The way that the user has gone, as a request of theirs.
    pub(super) fn want_way(
        &mut self,
        request: RequestId,
        rest: &str,
        key: Option<Key>,
    ) -> Result<(), Error> {
        self.want_about(request, &commands::JOIN, rest, |asked| asked.key = key)
    }
}
