//! Signing in: the first frame, the greeting, and what the user has.

use kaiwa_core::session::{Now, Target, Transmit};
use kaiwa_core::{ChannelEvent, Error, ErrorKind, Id, StatusEvent, UserEvent};

use super::failure;
use super::pace::Pace;
use super::people::People;
use super::places::Places;
use super::{Me, OshiSession, Phase};
use crate::oshi::wire::{
    Auth, Credentials, ErrorCode, Failure, Hello, Limits, Reason, Request, Secret, ServerFrame,
    State, VERSION, request::Place,
};

/// The largest message taken, in bytes: servers cut theirs at 64 KiB, and another may be more generous.
const MAX_INCOMING_BYTES: usize = 1024 * 1024;

/// Bytes of `state` taken: a thousand circles with ten streams each have long names then.
const STATE_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of what happens before the whole `state` has come; a server that says more before is not waited for.
const EARLY_BYTES: usize = 4 * 1024 * 1024;

/// Keys of the user's data that are remembered, to tell which are gone: more than a server keeps.
const MAX_KEYS: usize = 1_000;

/// How a first frame begins. A server that answers so sends back what it gets, as the one of the original does.
const FIRST_FRAME: &str = "{\"op\":\"auth\"";

/// A sign-in on its way.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    /// With what it was tried.
    tried: Tried,
    /// The server has said hello.
    greeted: bool,
    places: Places,
    state_bytes: usize,
    /// Frames that came before the whole state.
    early: Vec<String>,
    early_bytes: usize,
    data: Vec<(String, serde_json::Value)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Tried {
    #[default]
    Nothing,
    Token,
    Password,
    Registration,
}

impl OshiSession {
    /// Asks for the transport.
    pub(super) fn open(&mut self) {
        self.phase = Phase::Opening;
        let url = self.login.as_ref().map(|login| login.websocket.clone());
        self.transmits.push_back(Transmit::Open(Target::WebSocket {
            url: url.unwrap_or_default(),
            headers: Vec::new(),
            max_message_bytes: MAX_INCOMING_BYTES,
        }));
    }

    /// Says who wants in: by the token of before, else by the password.
    pub(super) fn authenticate(&mut self) {
        let Some(login) = &self.login else {
            return;
        };
        let (tried, credentials) = match &self.token {
            Some(token) => (
                Tried::Token,
                Credentials::Token {
                    token: Secret::from(token.as_str()),
                },
            ),
            None => {
                let register = login.register && !self.registered;
                let tried = if register {
                    Tried::Registration
                } else {
                    Tried::Password
                };
                let credentials = Credentials::Password {
                    user: login.account.as_str().into(),
                    password: Secret::from(login.password.as_str()),
                    register,
                    display: login
                        .display
                        .as_deref()
                        .filter(|_| register)
                        .map(Into::into),
                };
                (tried, credentials)
            }
        };
        let auth = Auth {
            v: VERSION,
            credentials,
        };
        self.first_frame = Some(Request::Auth(auth).encode(None));
        self.greeting = Greeting {
            tried,
            ..Greeting::default()
        };
    }

    /// A frame has come before the user is signed in.
    pub(super) fn greeted(&mut self, now: Now, text: &str) {
        if text.starts_with(FIRST_FRAME) {
            return self.close(Some(Error::new(
                ErrorKind::Protocol,
                "the server sends back what it is sent: it is an echo server, and no Oshi server",
            )));
        }
        let frame = match ServerFrame::parse(text) {
            Ok(frame) => frame,
            Err(error) if !self.greeting.greeted => {
                return self.close(Some(
                    Error::new(
                        ErrorKind::Protocol,
                        "the server speaks something else than Oshi",
                    )
                    .with_source(error),
                ));
            }
            Err(_) => {
                self.skipped += 1;
                return;
            }
        };
        match frame {
            ServerFrame::Error(failure) => self.sign_in_refused(&failure),
            ServerFrame::Hello(hello) if !self.greeting.greeted => self.hello(&hello),
            ServerFrame::State(state) if self.greeting.greeted => {
                self.state(now, &state, text.len());
            }
            ServerFrame::Event(_) if self.greeting.greeted => self.keep_early(text),
            _ if self.greeting.greeted => self.skipped += 1,
            _ => self.close(Some(Error::new(
                ErrorKind::Protocol,
                "the server answers the sign-in with something else",
            ))),
        }
    }

    fn keep_early(&mut self, text: &str) {
        self.greeting.early_bytes += text.len();
        if self.greeting.early_bytes > EARLY_BYTES {
            return self.close(Some(Error::new(
                ErrorKind::TooLarge,
                format!("the server tells more than {EARLY_BYTES} bytes of news before its state"),
            )));
        }
        self.greeting.early.push(text.to_owned());
    }

    /// The next way in, where there is one.
    fn sign_in_refused(&mut self, failure: &Failure<'_>) {
        match (self.greeting.tried, failure.code, failure.reason) {
            (Tried::Token, ErrorCode::AuthFailed, _) => self.token = None,
            // Perhaps it is the user who has taken it, some time ago.
            (Tried::Registration, ErrorCode::RegisterFailed, Some(Reason::NameTaken)) => {
                self.registered = true;
                self.name_taken = true;
            }
            (Tried::Password, ErrorCode::AuthFailed, _) if self.name_taken => {
                // The next attempt asks for the name again.
                (self.registered, self.name_taken) = (false, false);
                return self.close(Some(Error::new(
                    ErrorKind::Conflict,
                    "somebody else has this account name: it is taken, and the password is another",
                )));
            }
            _ => return self.close(Some(failure::sign_in(failure))),
        }
        self.open();
    }

    fn hello(&mut self, hello: &Hello<'_>) {
        if hello.v != VERSION {
            return self.close(Some(Error::new(
                ErrorKind::Version,
                format!(
                    "the server speaks version {} of Oshi, this is {VERSION}",
                    hello.v
                ),
            )));
        }
        self.greeting.greeted = true;
        let me = Me {
            id: hello.user.id,
            profile: (
                hello.user.name.clone().into_owned(),
                hello.user.display.clone().into_owned(),
            ),
        };
        if self.me.as_ref().is_some_and(|known| known.id != me.id) {
            self.forget_account();
        }
        self.me = Some(me);
        self.registered = true;
        self.name_taken = false;
        let token = hello.token.0.clone().into_owned();
        self.token = Some(token).filter(|token| !token.is_empty());
        self.limits(hello.limits);
    }

    /// What the server allows.
    fn limits(&mut self, limits: Limits) {
        self.pace.set(limits.publish.count, limits.publish.ms);
        let capabilities = Self::capabilities()
            // A text of so many bytes has at most as many characters.
            .max_text_bytes(limits.text)
            .max_file_bytes(limits.file);
        if capabilities != self.capabilities {
            self.capabilities = capabilities.clone();
            self.event(StatusEvent::Capabilities { capabilities });
        }
    }

    fn state(&mut self, now: Now, state: &State<'_>, bytes: usize) {
        self.greeting.state_bytes += bytes;
        if self.greeting.state_bytes > STATE_BYTES {
            return self.close(Some(Error::new(
                ErrorKind::TooLarge,
                format!("the server tells more than {STATE_BYTES} bytes of what the user has"),
            )));
        }
        self.skipped += self.greeting.places.add(state);
        for (key, value) in &state.data {
            if self.greeting.data.len() < MAX_KEYS {
                self.greeting.data.push((key.clone(), value.clone()));
            }
        }
        if !state.more {
            self.signed_in(now);
        }
    }

    fn signed_in(&mut self, now: Now) {
        let greeting = std::mem::take(&mut self.greeting);
        self.phase = Phase::Up;
        self.event(StatusEvent::Connected { artifact: None });
        if let Some(me) = &self.me {
            let (id, (name, display)) = (me.id, me.profile.clone());
            let user_id = Id::from(id);
            self.event(UserEvent::Identify { user_id });
            self.show_departed();
            self.show_me(id, &name, &display);
        }
        self.show_data(greeting.data);
        self.show_places(greeting.places);
        let lost = Error::new(ErrorKind::NotFound, "there is no such stream any more");
        for stream in self.outgoing.streams() {
            if !self.streams.contains_key(&stream) {
                self.fail_stream(stream, &lost);
            }
        }
        let listed: Vec<_> = self
            .circles
            .iter()
            .filter(|(_, circle)| circle.listed.is_some())
            .map(|(id, _)| *id)
            .collect();
        for circle in listed {
            self.ask_members(Place::Circle(circle));
        }
        for text in greeting.early {
            self.heard(now, &text);
        }
    }

    /// What the account before this one had is gone.
    fn show_departed(&mut self) {
        for channel_id in std::mem::take(&mut self.departed) {
            self.event(ChannelEvent::Remove { channel_id });
        }
    }

    /// Another account signs in: what was learned of the one before is not this one's.
    pub(super) fn forget_account(&mut self) {
        let ended = self.outgoing.end();
        self.events.extend(ended);
        self.uploads.clear();
        (self.token, self.me) = (None, None);
        (self.registered, self.name_taken) = (false, false);
        let streams = std::mem::take(&mut self.streams).into_keys();
        self.departed.extend(streams.map(Id::from));
        let circles = std::mem::take(&mut self.circles).into_keys();
        self.departed.extend(circles.map(Id::from));
        self.people = People::default();
        self.data.clear();
        self.pace = Pace::default();
    }

    /// What the user keeps on the server, and what no longer.
    fn show_data(&mut self, data: Vec<(String, serde_json::Value)>) {
        let keys = data.iter().map(|(key, _)| key.clone()).collect();
        let before = std::mem::replace(&mut self.data, keys);
        let gone: Vec<String> = before.difference(&self.data).cloned().collect();
        let values = data.into_iter().map(|(key, value)| (key, Some(value)));
        for (key, value) in values.chain(gone.into_iter().map(|key| (key, None))) {
            self.event(UserEvent::Data {
                channel_id: None,
                key,
                value,
            });
        }
    }
}
