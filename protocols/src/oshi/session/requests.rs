//! What the user asks for: checked, and begun.

use kaiwa_core::session::Now;
use kaiwa_core::{ChatEvent, ConnectionEvent, Error, ErrorKind, RequestId, StatusEvent};

use super::calls::Purpose;
use super::showing::invalid;
use super::tasks::Step;
use super::{OshiSession, Phase};
use crate::oshi::wire::{CircleId, Request, StreamId, UserId, request::Place};

impl OshiSession {
    /// Takes a request or refuses it.
    pub(super) fn requested(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        let kind = event.kind();
        if !self.capabilities.can_send(kind) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("Oshi takes no {kind}"),
            ));
        }
        let event = match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => {
                let stream = self.stream_to_say_in(channel_id.as_deref())?;
                return self.say(now, request, stream, message);
            }
            ConnectionEvent::Chat {
                event: ChatEvent::Remove { message_id, .. },
            } if let Some(message) = self.outgoing.by_local_id(&message_id) => {
                return self.cancel(request, message);
            }
            event => event,
        };
        if self.phase != Phase::Up {
            return Err(Error::new(ErrorKind::State, "not connected"));
        }
        self.open.insert(request);
        let begun = match event {
            ConnectionEvent::Chat { event } => self.want_chat(now, request, event),
            ConnectionEvent::Channel { event } => self.want_channel(request, event),
            ConnectionEvent::User { event } => self.want_user(request, event),
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } => {
                self.keepalive.asked(now.mono);
                self.pings.want(Some(request));
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        };
        if begun.is_err() {
            self.open.remove(&request);
        }
        begun
    }

    /// Asks the server for a step of a request.
    pub(super) fn ask(&mut self, request: RequestId, frame: &Request<'_>, step: Step) {
        self.calls.ask(frame, Purpose::Task { request, step });
    }

    /// The same for what the server counts.
    pub(super) fn ask_paced(&mut self, request: RequestId, frame: &Request<'_>, step: Step) {
        self.calls.ask_paced(frame, Purpose::Task { request, step });
    }

    /// Where something is to be said; before the next sign-in nobody knows whether it is still there.
    fn stream_to_say_in(&self, channel_id: Option<&str>) -> Result<StreamId, Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        let stream = stream_number(channel_id.ok_or_else(no_channel)?)?;
        if self.phase == Phase::Up && !self.streams.contains_key(&stream) {
            return Err(unknown_channel());
        }
        Ok(stream)
    }

    /// A stream that the user can see.
    pub(super) fn stream_id(&self, channel_id: Option<&str>) -> Result<StreamId, Error> {
        let stream = stream_number(channel_id.ok_or_else(no_channel)?)?;
        if self.streams.contains_key(&stream) {
            Ok(stream)
        } else {
            Err(unknown_channel())
        }
    }

    /// A circle that the user is in.
    pub(super) fn circle_id(&self, channel_id: &str, why: &str) -> Result<CircleId, Error> {
        let circle: CircleId = channel_id
            .parse()
            .map_err(|_| invalid(format!("{why}: name a circle, whose id begins with `c`")))?;
        if self.circles.contains_key(&circle) {
            Ok(circle)
        } else {
            Err(unknown_channel())
        }
    }

    /// A circle or a stream.
    pub(super) fn place(&self, channel_id: &str) -> Result<Place, Error> {
        if channel_id.starts_with('c') {
            return self.circle_id(channel_id, "").map(Place::Circle);
        }
        self.stream_id(Some(channel_id)).map(Place::Stream)
    }

    /// The circle whose data is meant; `None` for the user's own.
    pub(super) fn data_circle(&self, channel_id: Option<&str>) -> Result<Option<CircleId>, Error> {
        let why = "data is kept by the user, or in a circle";
        channel_id.map(|id| self.circle_id(id, why)).transpose()
    }
}

fn stream_number(channel_id: &str) -> Result<StreamId, Error> {
    channel_id.parse().map_err(|_| {
        if channel_id.parse::<CircleId>().is_ok() {
            invalid("a circle is not talked in: name one of its streams")
        } else {
            invalid(
                "Oshi gives no such id to a channel: streams have `s` and a number, circles `c`",
            )
        }
    })
}

/// Somebody by their id.
pub(super) fn user_number(user_id: &str) -> Result<UserId, Error> {
    let no_id = |_| invalid("Oshi gives no such id to a user: it is `u` and a number");
    user_id.parse().map_err(no_id)
}

fn no_channel() -> Error {
    invalid("Oshi has no current channel; say which one")
}

fn unknown_channel() -> Error {
    Error::new(ErrorKind::NotFound, "the user can see no such channel")
}
