//! REST requests on their way, and what each one is for.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::session::{HttpRequest, HttpToken, Transmit};
use serde::Serialize;
use url::form_urlencoded::byte_serialize;

use super::tasks::Task;
use crate::rim::wire::{Endpoint, request};

/// Requests under way at once: enough to hide a slow line, and no flood to a server that takes each in a thread of its own.
pub(super) const REST_AT_ONCE: usize = 4;

/// How long an exchange may take. A sign-in may wait for its turn at the server's password hashing.
const REST_LIMIT: Duration = Duration::from_secs(10);

/// The largest answer taken, in bytes: a page of the chat list whose messages are all of the greatest length.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// What an answer is for.
#[derive(Debug)]
pub(super) enum Purpose {
    Register,
    SignIn,
    /// Signing in again, since the token has expired.
    Renew,
    WhoAmI,
    /// The chat list before the WebSocket is opened.
    Chats {
        page: u64,
    },
    /// All groups before the WebSocket is opened.
    Groups,
    /// The head of the chat list after signing in: what was said between the first list and now.
    Recheck,
    /// All groups, since one is not known.
    Discover,
    Contacts(Relation),
    Members {
        gid: u64,
    },
    /// Somebody who spoke and is no member.
    Person {
        uid: u64,
    },
    /// Messages of a group that may have been missed.
    Missed {
        gid: u64,
        page: u64,
    },
    /// A step of what the user wants.
    Task(Task),
}

/// A list of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Those whom the user has asked.
    Asked,
    /// Those whom the user has confirmed.
    Confirmed,
    /// Those who have a relation to the user.
    Incoming,
}

/// What is asked.
pub(super) struct Ask {
    endpoint: Endpoint,
    query: String,
    body: Vec<u8>,
}

impl Ask {
    /// With a query.
    pub(super) fn get(endpoint: Endpoint, key: &str, value: &str) -> Self {
        let value: String = byte_serialize(value.as_bytes()).collect();
        Self {
            query: format!("?{key}={value}"),
            ..Self::bare(endpoint)
        }
    }

    /// With a body.
    pub(super) fn post(endpoint: Endpoint, body: &impl Serialize) -> Self {
        Self {
            body: request::encode(body),
            ..Self::bare(endpoint)
        }
    }

    /// Without anything.
    pub(super) fn bare(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            query: String::new(),
            body: Vec::new(),
        }
    }
}

/// One request, and what its answer is for.
pub(super) struct Call {
    ask: Ask,
    pub(super) purpose: Purpose,
    /// Whether it goes out for the second time, after the token was renewed.
    pub(super) again: bool,
}

impl Call {
    /// Whether its answer may say that the token has expired.
    pub(super) fn needs_token(&self) -> bool {
        self.ask.endpoint.needs_token()
    }
}

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Rest {
    base: String,
    token: Option<String>,
    last: u64,
    waiting: VecDeque<Call>,
    open: BTreeMap<HttpToken, Call>,
    /// Nothing that needs a token goes out until there is a new one.
    renewing: bool,
}

impl Rest {
    /// Leads all requests to this base from now on.
    pub(super) fn begin(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    /// Forgets all requests; answers that still come are no longer known.
    pub(super) fn end(&mut self) {
        self.renewing = false;
        self.open.clear();
        self.waiting.clear();
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(super) fn set_token(&mut self, token: Option<String>) {
        self.token = token;
        self.renewing = false;
    }

    /// Holds back what needs a token; false if that is so already.
    pub(super) fn renew(&mut self) -> bool {
        !std::mem::replace(&mut self.renewing, true)
    }

    /// There is no new token. Gives the requests that went out in vain with the old one.
    pub(super) fn give_up_renewal(&mut self) -> Vec<Call> {
        self.renewing = false;
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (vain, waiting): (Vec<Call>, Vec<Call>) = waiting.partition(|call| call.again);
        self.waiting = waiting.into();
        vain
    }

    /// Puts a request behind those that wait.
    pub(super) fn ask(&mut self, ask: Ask, purpose: Purpose) {
        self.waiting.push_back(Call {
            ask,
            purpose,
            again: false,
        });
    }

    /// Puts a request before those that wait.
    pub(super) fn ask_first(&mut self, ask: Ask, purpose: Purpose) {
        self.waiting.push_front(Call {
            ask,
            purpose,
            again: false,
        });
    }

    /// Lets a request go out once more, before those that wait.
    pub(super) fn ask_again(&mut self, call: Call) {
        let again = true;
        self.waiting.push_front(Call { again, ..call });
    }

    /// How many have not been answered.
    pub(super) fn load(&self) -> usize {
        self.open.len() + self.waiting.len()
    }

    /// What an answer belongs to.
    pub(super) fn take(&mut self, token: HttpToken) -> Option<Call> {
        self.open.remove(&token)
    }

    /// The next request that may go out.
    pub(super) fn poll(&mut self) -> Option<Transmit> {
        if self.open.len() >= REST_AT_ONCE {
            return None;
        }
        let may_go = |call: &Call| !self.renewing || !call.needs_token();
        let at = self.waiting.iter().position(may_go)?;
        let mut call = self.waiting.remove(at)?;
        self.last += 1;
        let token = HttpToken(self.last);
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        if let Some(token) = self.token.as_deref().filter(|_| call.needs_token()) {
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        let ask = &mut call.ask;
        let body = if call.again || !ask.endpoint.needs_token() {
            std::mem::take(&mut ask.body)
        } else {
            // It may have to go out again.
            ask.body.clone()
        };
        let request = HttpRequest {
            method: ask.endpoint.method(),
            url: format!("{}{}{}", self.base, ask.endpoint.path(), ask.query),
            headers,
            body: body.into(),
            timeout: REST_LIMIT,
            max_response_bytes: MAX_ANSWER_BYTES,
        };
        self.open.insert(token, call);
        Some(Transmit::Http { token, request })
    }
}
