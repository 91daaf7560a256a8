//! The REST half: which endpoint answers what, and with which status and envelope.

mod contacts;
mod groups;
mod talks;
mod users;

use std::borrow::Cow;
use std::collections::BTreeMap;

use kaiwa_protocols::rim::wire::request;
use kaiwa_protocols::rim::wire::rest::{
    CODE_FAILED, CODE_FORBIDDEN, CODE_INVALID_REQUEST, CODE_LOGIN_REQUIRED, INVALID_REQUEST,
    LOGIN_REQUIRED, SYSTEM_ERROR,
};
use kaiwa_protocols::rim::wire::{Answer as Envelope, Endpoint, Fault};
use serde::{Deserialize, Serialize};

use super::fault::RestFault;
use super::journal::Call;
use super::{Flavour, RimServer, State};
use crate::support::http::{Answer, Outcome, Request};

/// An answer that is not the success of its endpoint.
pub(super) struct Refusal(Outcome);

type Answered = Result<Answer, Refusal>;

/// A request that found its endpoint.
struct Asked<'a> {
    /// Whose valid token it carries; 0 where none is needed.
    caller: u64,
    query: BTreeMap<String, String>,
    body: &'a [u8],
}

/// Answers a request, and notes it.
pub(super) fn handle(server: &RimServer, request: &Request) -> Outcome {
    let mut state = server.lock();
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let endpoint = Endpoint::ALL.iter().copied().find(|endpoint| {
        let known = state.is_kaiwa() || *endpoint != Endpoint::FriendIncoming;
        let path = path.strip_prefix(state.flavour.base());
        known && path == Some(endpoint.path()) && request.method == endpoint.method()
    });
    let at = state.journal.calls.len();
    state.journal.calls.push(Call {
        endpoint,
        uid: None,
        status: 0,
        target: request.target.clone(),
        body: String::from_utf8_lossy(&request.body).into_owned(),
    });
    let fault = state.faults.take_rest(endpoint);
    match &fault {
        Some(RestFault::Page(status)) => return Outcome::Answer(page(*status)),
        Some(RestFault::Body(body)) => {
            return Outcome::Answer(json(200, body.clone().into_bytes()));
        }
        Some(RestFault::Drop) => return Outcome::Drop,
        Some(RestFault::Crowd { uid, gid, count }) => {
            for number in 0..*count {
                state.say(*uid, *gid, &format!("crowd {number}"));
            }
        }
        _ => {}
    }
    let outcome = match state.answer(endpoint, request, query, at) {
        Ok(answer) => Outcome::Answer(answer),
        Err(Refusal(outcome)) => outcome,
    };
    if let Outcome::Answer(answer) = &outcome {
        state.journal.calls[at].status = answer.status;
    }
    match (fault, outcome) {
        (Some(RestFault::Half), Outcome::Answer(answer)) => Outcome::Half(answer),
        (Some(RestFault::DropAfter), _) => Outcome::Drop,
        (Some(RestFault::Hang), _) => Outcome::Hang,
        (_, outcome) => outcome,
    }
}

impl State {
    fn answer(
        &mut self,
        endpoint: Option<Endpoint>,
        request: &Request,
        query: &str,
        at: usize,
    ) -> Answered {
        let caller = if endpoint.is_some_and(|endpoint| !endpoint.needs_token()) {
            0
        } else {
            self.caller(request)?
        };
        let endpoint = endpoint.ok_or_else(invalid_request)?;
        self.journal.calls[at].uid = Some(caller).filter(|caller| *caller != 0);
        let asked = Asked {
            caller,
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            body: &request.body,
        };
        match endpoint {
            Endpoint::UserCreate => self.user_create(&asked),
            Endpoint::UserLogin => self.user_login(&asked),
            Endpoint::UserToken => self.user_token(&asked),
            Endpoint::UserGet => self.user_get(&asked),
            Endpoint::UserSearch => self.user_search(&asked),
            Endpoint::FriendAdd => self.friend_add(&asked),
            Endpoint::FriendList => self.friend_list(&asked),
            Endpoint::FriendStatusModify => self.friend_status_modify(&asked),
            Endpoint::FriendIncoming => Ok(self.friend_incoming(&asked)),
            Endpoint::GroupCreate => self.group_create(&asked),
            Endpoint::GroupUpdate => self.group_update(&asked),
            Endpoint::GroupGet => self.group_get(&asked),
            Endpoint::GroupUserGet => self.group_user_get(&asked),
            Endpoint::GroupUserChange => self.group_user_change(&asked),
            Endpoint::ChatList => self.chat_list(&asked),
            Endpoint::History => self.history(&asked),
            Endpoint::GroupRead => self.group_read(&asked),
        }
    }

    pub(super) fn is_kaiwa(&self) -> bool {
        self.flavour == Flavour::Kaiwa
    }

    /// Who asks, by the token: the second of exactly two words.
    fn caller(&self, request: &Request) -> Result<u64, Refusal> {
        if !["GET", "POST"].contains(&request.method.as_str()) {
            return Err(invalid_request());
        }
        let words: Vec<&str> = request
            .header("authorization")
            .unwrap_or_default()
            .split(' ')
            .collect();
        let token = match words[..] {
            [_, token] => token,
            _ => "",
        };
        if !self.is_kaiwa() && token.contains('\'') {
            return Err(Refusal(Outcome::Drop));
        }
        self.world
            .token(token)
            .ok_or_else(|| failure(CODE_LOGIN_REQUIRED, LOGIN_REQUIRED))
    }

    /// Whom a request is about: the original believes what it says, kaiwa's knows who asks.
    fn believed(&self, asked: &Asked<'_>, uid: u64) -> u64 {
        if self.is_kaiwa() { asked.caller } else { uid }
    }

    /// kaiwa's shows a group to its members only.
    fn check_member(&self, asked: &Asked<'_>, gid: u64) -> Result<(), Refusal> {
        if self.is_kaiwa() && !self.world.is_member(gid, asked.caller) {
            return Err(failure(CODE_FORBIDDEN, "not a member"));
        }
        Ok(())
    }

    /// Text goes into the original's queries as it is.
    fn check_quotes(&self, text: &str) -> Result<(), Refusal> {
        if !self.is_kaiwa() && text.contains('\'') {
            return Err(self.panic());
        }
        Ok(())
    }

    /// A panic of the original; kaiwa's finds nothing.
    fn panic(&self) -> Refusal {
        if self.is_kaiwa() {
            return failure(CODE_FAILED, "not found");
        }
        Refusal(Outcome::Answer(envelope(
            500,
            &Envelope::failure(CODE_FAILED, SYSTEM_ERROR),
        )))
    }
}

impl<'a> Asked<'a> {
    /// A number in the query.
    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refusal> {
        let value = self.query.get(name).and_then(|value| value.parse().ok());
        value.ok_or_else(invalid_request)
    }

    /// A text in the query.
    fn text(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.query.get(name).map(String::as_str);
        value.ok_or_else(invalid_request)
    }

    /// The body. Wrong ones are refused before any code of the original's own runs.
    fn body<T: Deserialize<'a>>(&self) -> Result<T, Refusal> {
        request::parse(self.body).map_err(|error| {
            Refusal(Outcome::Answer(page(match error.fault() {
                Fault::Syntax => 400,
                Fault::Data => 422,
            })))
        })
    }
}

/// The success of an endpoint.
fn success(data: impl Serialize) -> Answer {
    envelope(200, &Envelope::success(data))
}

/// A failure with status 200.
fn failure(code: i64, msg: &'static str) -> Refusal {
    let answer = Envelope::failure(code, Cow::Borrowed(msg));
    Refusal(Outcome::Answer(envelope(200, &answer)))
}

fn invalid_request() -> Refusal {
    let answer = Envelope::failure(CODE_INVALID_REQUEST, INVALID_REQUEST);
    Refusal(Outcome::Answer(envelope(404, &answer)))
}

fn envelope<T: Serialize>(status: u16, answer: &Envelope<'_, T>) -> Answer {
    let mut body = Vec::new();
    answer.encode_into(&mut body);
    json(status, body)
}

fn json(status: u16, body: Vec<u8>) -> Answer {
    Answer {
        status,
        content_type: "application/json",
        body,
    }
}

/// An error page, as the original's framework has them.
fn page(status: u16) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status}</title></head>\n<body><h1>{status}</h1></body>\n</html>"
    );
    Answer {
        status,
        content_type: "text/html; charset=utf-8",
        body: body.into_bytes(),
    }
}
