//! What becomes of answers.

use kaiwa_core::session::Now;
use kaiwa_core::{ChannelEvent, Error, ErrorInfo, ErrorKind, Id, RequestId};

use super::FlubberSession;
use super::asks::{Ask, Then, Why};
use crate::flubber::wire::{AnswerBody, Failure, RequestBody, Room, Update, WireError};

/// The longest reason of a backend that is told, in bytes: a person reads it on one line.
const MAX_REASON_BYTES: usize = 500;

impl FlubberSession {
    pub(super) fn answered(
        &mut self,
        now: Now,
        number: u32,
        answer: Result<AnswerBody, WireError>,
    ) {
        if matches!(answer, Ok(AnswerBody::Success)) && self.asks.accept(number) {
            return;
        }
        let Some(ask) = self.asks.answered(number) else {
            return self.late(now, number, answer.ok());
        };
        let result = match answer {
            Ok(AnswerBody::Error(failure)) => {
                let ask = if failure.retry {
                    self.asks.retry(now.mono, ask)
                } else {
                    Some(ask)
                };
                if let Some(ask) = ask {
                    self.settle(now, ask, Err(refusal(&failure)));
                }
                return;
            }
            Ok(body) => Ok(body),
            Err(_) => Err(Error::new(
                ErrorKind::Protocol,
                "the backend's answer cannot be understood",
            )),
        };
        self.settle(now, ask, result);
    }

    /// An answer to nothing that is open: to a message that was given up, or to nothing at all.
    fn late(&mut self, now: Now, number: u32, answer: Option<AnswerBody>) {
        match (self.asks.take_late(number), answer) {
            (Some(request), Some(AnswerBody::MessageID(id))) => self.said(now, request, &id),
            _ => self.skipped += 1,
        }
    }

    /// What has waited for an answer for too long.
    pub(super) fn give_up(&mut self, now: Now) {
        for ask in self.asks.give_up(now.mono) {
            let kind = match ask.why {
                Why::Say(_) | Why::KaiwaSay(_) => ErrorKind::OutcomeUnknown,
                _ => ErrorKind::TimedOut,
            };
            let error = Error::new(kind, "the backend has not answered");
            self.settle(now, ask, Err(error));
        }
    }

    /// A question has ended.
    fn settle(&mut self, now: Now, ask: Ask, result: Result<AnswerBody, Error>) {
        let asked = ask.body.name();
        match (ask.why, result) {
            (Why::Say(request), Ok(AnswerBody::MessageID(id))) => self.said(now, request, &id),
            (Why::Find { request, name }, Ok(AnswerBody::RoomID(id))) => {
                if request.is_none() {
                    self.rooms.found(name, id.clone());
                }
                self.join(request, id);
            }
            // Perhaps it is an id.
            (
                Why::Find {
                    request: Some(request),
                    name: id,
                },
                Err(error),
            ) if error.kind() == ErrorKind::Rejected => self.join(Some(request), id),
            (Why::Get { request, id, then }, Ok(AnswerBody::Room(room))) if room.id == id => {
                self.got(now, request, room, then);
            }
            (Why::Get { request, id, then }, Err(error)) => {
                self.not_got(now, request, id, then, error);
            }
            (Why::Join { request, id }, Ok(AnswerBody::Success)) => self.joined(request, id),
            (Why::Leave { request, id }, Ok(AnswerBody::Success)) => {
                self.rooms.left(&id);
                let left = ChannelEvent::Leave { channel_id: id };
                self.event_of(Some(request), left);
                self.finish(request, Ok(()));
            }
            (Why::Create { request }, Ok(AnswerBody::RoomID(id))) => {
                self.get(Some(request), id, Then::Created);
            }
            (Why::Older(request), Ok(AnswerBody::Success)) => self.tell_page(request),
            (why, result) => {
                let error = result.err().unwrap_or_else(|| wrong_answer(asked));
                self.not_done(now, why, error);
            }
        }
        self.settle_when_signed_in();
    }

    fn not_done(&mut self, now: Now, why: Why, error: Error) {
        match why {
            Why::Say(request) => self.not_said(now, request, &error),
            Why::Kaiwa(_) | Why::KaiwaSay(_) => self.fail(&why, error),
            Why::Get { request, id, then } => self.not_got(now, request, id, then, error),
            Why::Older(request) => {
                self.past.drop_page(request);
                self.finish(request, Err(error));
            }
            // It was joined before, and no more.
            Why::Join { request: None, id }
                if error.kind() == ErrorKind::Rejected && self.rooms.is_known(&id) =>
            {
                self.room_gone(&id);
            }
            other => self.end(other.request(), Err(error)),
        }
    }

    /// A request has ended, or a step that nobody asked for.
    fn end(&mut self, request: Option<RequestId>, result: Result<(), Error>) {
        match (request, result) {
            (Some(request), result) => self.finish(request, result),
            (None, Err(error)) => {
                tracing::warn!("a room of the login form is not joined: {}", error.chain());
            }
            (None, Ok(())) => {}
        }
    }

    pub(super) fn get(&mut self, request: Option<RequestId>, id: Id, then: Then) {
        let body = RequestBody::RoomGet(id.clone());
        self.asks.push(body, Why::Get { request, id, then });
    }

    pub(super) fn join(&mut self, request: Option<RequestId>, id: Id) {
        let body = RequestBody::RoomJoin(id.clone());
        self.asks.push(body, Why::Join { request, id });
    }

    /// A room is known now.
    fn got(&mut self, now: Now, request: Option<RequestId>, room: Room, then: Then) {
        let id = room.id.clone();
        self.upsert(request, room);
        match then {
            Then::Again => {}
            Then::Joined => self.joined(request, id),
            Then::Created => self.end(request, Ok(())),
            Then::Recipient => self.release(now, &id),
        }
    }

    /// A room is not known.
    fn not_got(&mut self, now: Now, request: Option<RequestId>, id: Id, then: Then, error: Error) {
        match then {
            Then::Created => self.end(request, Err(error)),
            // It is there, for it was joined; that may be all that is known of it.
            Then::Joined => {
                let room = self.rooms.get(&id).cloned().unwrap_or_else(|| Room {
                    name: id.to_string(),
                    id,
                    parent: None,
                    sendable: true,
                });
                self.got(now, request, room, then);
            }
            Then::Again if error.kind() == ErrorKind::Rejected => self.room_gone(&id),
            Then::Again => self.end(None, Err(error)),
            Then::Recipient => {
                self.rooms.is_person(id.clone());
                self.release(now, &id);
            }
        }
    }

    fn joined(&mut self, request: Option<RequestId>, id: Id) {
        if !self.rooms.is_told(&id) {
            return self.get(request, id, Then::Joined);
        }
        self.rooms.joined(&id);
        self.event_of(
            request,
            ChannelEvent::Join {
                channel_id: id.clone(),
            },
        );
        self.tell_gap(&id);
        self.end(request, Ok(()));
    }

    /// What a backend says by itself.
    pub(super) fn updated(&mut self, now: Now, update: Update) {
        match update {
            Update::Kaiwa(update) => return self.extended(now, *update),
            // What the extension carries is not told twice.
            _ => self.decide(now),
        }
        if self.extension.is_spoken() {
            // What the extension carries is not told twice.
            return self.skipped += 1;
        }
        match update {
            Update::RoomUpsert(room) => self.upsert(None, room),
            Update::RoomDelete(id) => self.room_gone(&id),
            Update::MessageUpsert(message) => self.message(now, *message),
            Update::MessageDelete(id) => self.message_gone(&id),
            Update::Kaiwa(_) => {}
        }
    }
}

fn wrong_answer(asked: &str) -> Error {
    let text = format!("the backend answers {asked} with something else");
    Error::new(ErrorKind::Protocol, text)
}

/// A refusal of the backend's; one that speaks the extension says its kind too.
pub(super) fn refusal(failure: &Failure) -> Error {
    if let Ok(info) = serde_json::from_value::<ErrorInfo>(failure.debug_info.clone()) {
        return info.into();
    }
    let line = failure.message.lines().next().unwrap_or_default().trim();
    let end = line.floor_char_boundary(MAX_REASON_BYTES);
    let text = match line.get(..end).unwrap_or_default() {
        "" => "the backend refuses without a reason",
        text => text,
    };
    Error::new(ErrorKind::Rejected, text.to_owned())
}
