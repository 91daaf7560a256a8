//! What the answers to the user's requests lead to: the next step, or the end.

use kaiwa_core::session::Now;
use kaiwa_core::{Channel, ChannelEvent, Error, ErrorKind, Id, Member, RequestId, UserEvent};
use serde_json::Value;

use super::calls::Purpose;
use super::catch_up::{Stage, Subscribed};
use super::changes::{Reaction, Told};
use super::people::role;
use super::{OshiSession, failure};
use crate::oshi::wire::{
    Answer, CircleId, ErrorCode, Failure, Page, Request, Role, StreamId, Tag, UserId,
    request::Place,
};

/// A step of a request that waits for its answer.
#[derive(Debug)]
pub(super) enum Step {
    /// A message is edited or deleted.
    Change {
        stream: StreamId,
        seq: i64,
    },
    /// It was; how it looks now is asked for.
    Look {
        stream: StreamId,
        seq: i64,
        rev: i64,
    },
    React {
        stream: StreamId,
        seq: i64,
        emoji: String,
        on: bool,
    },
    Typing,
    Read {
        stream: StreamId,
        seq: i64,
    },
    History {
        stream: StreamId,
        limit: u32,
    },
    /// A circle is made or joined.
    Enter,
    /// A stream is made.
    Open,
    Rename,
    Topic,
    /// Something is deleted.
    Gone(Place),
    /// A circle is left.
    Left(CircleId),
    Unsub {
        stream: StreamId,
    },
    /// A talk with somebody is wanted.
    Talk,
    /// It is there, and unknown; who is in it is asked for.
    Meet {
        stream: StreamId,
    },
    Who {
        place: Place,
        found: Vec<UserId>,
    },
    /// Roles are given, one after the other.
    Role {
        circle: CircleId,
        given: (UserId, Role),
        left: Vec<(UserId, Role)>,
    },
    Kick {
        circle: CircleId,
        user: UserId,
    },
    Invite {
        circle: CircleId,
        user: Option<UserId>,
    },
    Directory {
        query: Option<String>,
        found: Vec<Channel>,
    },
    Profile,
    SetData {
        circle: Option<CircleId>,
        key: String,
        value: Option<Value>,
    },
    GetData {
        circle: Option<CircleId>,
        key: String,
    },
}

impl Step {
    /// The change whose message is looked at.
    pub(super) fn looks(&self) -> Option<(StreamId, i64)> {
        match self {
            Self::Look { stream, rev, .. } => Some((*stream, *rev)),
            _ => None,
        }
    }
}

/// What the server answers.
pub(super) enum Reply<'a> {
    Answer(Answer<'a>),
    Page(Page<'a>),
    Pong,
}

impl OshiSession {
    /// An answer has come.
    pub(super) fn answered(&mut self, now: Now, tag: Option<&Tag<'_>>, reply: Reply<'_>) {
        let Some(purpose) = tag.and_then(|tag| self.calls.take(tag)) else {
            self.skipped += 1;
            return;
        };
        match (purpose, reply) {
            (Purpose::Pub(request), Reply::Answer(Answer::Published { seq, ts, rev, .. })) => {
                self.published(request, seq, ts, rev);
            }
            (Purpose::Pub(request), _) => self.fail_message(request, &strange()),
            (
                Purpose::Sub { stream, by },
                Reply::Answer(Answer::Subscribed {
                    last,
                    rev,
                    epoch,
                    complete,
                    last_read,
                }),
            ) => {
                let told = Subscribed {
                    last,
                    rev,
                    epoch,
                    complete,
                    last_read,
                };
                self.subscribed(now, stream, by, &told);
                if let Some(request) = by {
                    self.done(request);
                }
            }
            (Purpose::Sub { stream, by }, _) => self.not_subscribed(stream, by, &strange()),
            (Purpose::Page { stream }, Reply::Page(page)) if page.stream == stream => {
                self.paged(stream, Some(&page));
            }
            (Purpose::Page { stream }, _) => self.paged(stream, None),
            (Purpose::Replayed { stream }, _) => self.replayed(stream),
            (
                Purpose::Members { place, found },
                Reply::Answer(Answer::Members { members, more }),
            ) => self.members_came(place, &members, more, found),
            (Purpose::Person, Reply::Answer(Answer::User { user })) => self.met_person(&user),
            (Purpose::Members { .. } | Purpose::Person, _) => self.skipped += 1,
            (Purpose::Task { request, step }, reply) => {
                let looked = step.looks();
                match self.advance(request, step, reply) {
                    Ok(true) => self.done(request),
                    Ok(false) => {}
                    Err(error) => {
                        self.failed(request, &error);
                        self.not_looked(looked);
                    }
                }
            }
        }
    }

    /// A request was refused.
    pub(super) fn not_answered(&mut self, now: Now, failure: &Failure<'_>) {
        let Some(tag) = &failure.re else {
            self.skipped += 1;
            return;
        };
        if failure.code == ErrorCode::Rate && self.calls.again(tag) {
            return self.slow_down(now, failure);
        }
        let Some(purpose) = self.calls.take(tag) else {
            self.skipped += 1;
            return;
        };
        match purpose {
            Purpose::Pub(request) => self.refused(now, request, failure),
            Purpose::Sub { stream, by } => {
                self.not_subscribed(stream, by, &failure::error(failure));
            }
            Purpose::Page { stream } => self.paged(stream, None),
            Purpose::Replayed { stream } => self.replayed(stream),
            Purpose::Members { .. } | Purpose::Person => {}
            Purpose::Task { request, step } => {
                let mut error = failure::error(failure);
                if matches!(step, Step::Role { .. }) && error.kind() == ErrorKind::NotFound {
                    error = Error::new(
                        ErrorKind::NotFound,
                        "they are no members; people come in by an invitation, send Invite",
                    );
                }
                self.failed(request, &error);
                self.not_looked(step.looks());
            }
        }
    }

    /// How a message looks after a change is not told: the stream's changes from there on are asked for.
    fn not_looked(&mut self, looked: Option<(StreamId, i64)>) {
        let Some((id, rev)) = looked else {
            return;
        };
        self.forget_told(id, rev);
        if self.streams.get(&id).is_some_and(|known| known.subscribed) {
            self.catch_up(id, true);
        }
    }

    fn not_subscribed(&mut self, stream: StreamId, by: Option<RequestId>, error: &Error) {
        self.give_up_catching_up(stream);
        if let Some(request) = by {
            self.failed(request, error);
        }
    }

    /// A page has come of which something was wanted; true if that is done.
    fn turn_page(
        &mut self,
        request: RequestId,
        step: &Step,
        reply: &Reply<'_>,
    ) -> Result<bool, Error> {
        let Reply::Page(page) = reply else {
            return Err(strange());
        };
        match step {
            Step::History { stream, limit } if page.stream == *stream => {
                self.show_page(request, page, *limit);
                Ok(true)
            }
            Step::Look { stream, seq, .. } if page.stream == *stream => {
                self.show_look(request, page, *seq)
            }
            _ => Err(strange()),
        }
    }

    /// Goes on with a request; true if it is done.
    fn advance(&mut self, request: RequestId, step: Step, reply: Reply<'_>) -> Result<bool, Error> {
        let Reply::Answer(answer) = reply else {
            return self.turn_page(request, &step, &reply);
        };
        match (answer, step) {
            (Answer::Changed { rev }, Step::Change { stream, seq }) => {
                self.note_told(stream, rev, Told::Message);
                self.look(request, stream, (seq, rev));
                return Ok(false);
            }
            (
                Answer::Changed { rev },
                Step::React {
                    stream,
                    seq,
                    emoji,
                    on,
                },
            ) => {
                if self.note_told(stream, rev, Told::Reaction)
                    && let Some(user) = self.me_id()
                {
                    let reaction = Reaction {
                        seq,
                        user,
                        emoji,
                        on,
                    };
                    self.show_reaction(Some(request), stream, reaction);
                }
            }
            (
                Answer::Talk { stream }
                | Answer::Published {
                    stream: Some(stream),
                    ..
                },
                Step::Talk,
            ) => return Ok(self.met(request, stream)),
            (Answer::Members { members, more }, step @ (Step::Who { .. } | Step::Meet { .. })) => {
                return self.listed(request, step, &members, more);
            }
            (Answer::Circle { circle }, Step::Enter) => {
                let entered = self.enter_circle(Some(request), &circle);
                self.ask_members(Place::Circle(circle.id));
                self.subscribe_all(&entered);
            }
            (Answer::Stream { stream }, Step::Open) => {
                self.add_stream(Some(request), &stream);
                if self.streams.contains_key(&stream.id) {
                    self.subscribe(stream.id, Some(request));
                    return Ok(false);
                }
            }
            (Answer::Stream { stream }, Step::Rename) => {
                self.change_stream(&stream);
                self.show_stream_update(Some(request), stream.id);
            }
            (Answer::Stream { stream }, Step::Topic) => {
                self.change_stream(&stream);
                self.show_topic(Some(request), stream.id);
            }
            (Answer::Circles { circles, more }, Step::Directory { query, found }) => {
                return Ok(self.found_circles(request, (query, found), &circles, more));
            }
            (Answer::Invite { invite }, Step::Invite { circle, user }) => {
                let event = ChannelEvent::Invite {
                    channel_id: circle.into(),
                    user_id: user.map(Into::into),
                    code: Some(invite.0.into_owned()),
                };
                self.tell(Some(request), event);
            }
            (Answer::User { user }, Step::Profile) => self.change_person(Some(request), &user),
            (Answer::Value { value }, Step::GetData { circle, key }) => {
                let value = Some(value).filter(|value| !value.is_null());
                self.show_value(request, circle, key, value);
            }
            (_, step) => return self.carried_out(request, step),
        }
        Ok(true)
    }

    /// Goes on after a step whose success is all that the answer tells.
    fn carried_out(&mut self, request: RequestId, step: Step) -> Result<bool, Error> {
        match step {
            // A reaction that was there already is answered without a change.
            Step::Typing | Step::React { .. } => {}
            Step::Read { stream, seq } => self.show_own_read(Some(request), stream, seq),
            Step::Unsub { stream } => self.left(request, stream),
            Step::Gone(Place::Stream(stream)) => self.remove_stream(Some(request), stream),
            Step::Gone(Place::Circle(circle)) => self.remove_circle(Some(request), circle),
            Step::Left(circle) => {
                let channel_id = Id::from(circle);
                self.tell(Some(request), ChannelEvent::Leave { channel_id });
                self.remove_circle(Some(request), circle);
            }
            Step::Kick { circle, user } => {
                let gone = UserEvent::Remove {
                    channel_id: Some(circle.into()),
                    user_id: user.into(),
                };
                self.tell(Some(request), gone);
            }
            Step::Role {
                circle,
                given: (user, given),
                left,
            } => {
                self.show_person_in(Some(request), circle.into(), user);
                let members = ChannelEvent::Members {
                    channel_id: circle.into(),
                    members: vec![Member {
                        user_id: user.into(),
                        role: role(given),
                    }],
                };
                self.tell(Some(request), members);
                return Ok(self.next_role(request, circle, left));
            }
            Step::SetData { circle, key, value } => {
                if circle.is_none() && value.is_some() {
                    self.data.insert(key.clone());
                }
                self.show_value(request, circle, key, value);
            }
            _ => return Err(strange()),
        }
        Ok(true)
    }

    /// A subscription has ended.
    fn left(&mut self, request: RequestId, id: StreamId) {
        // Answers come in order: the user has left and come back where another subscription is not answered yet. It begins
        // where the last one was.
        let is_back = self.streams.get(&id).is_some_and(|stream| {
            let catch_up = stream.catch_up.as_ref();
            catch_up.is_some_and(|catch_up| catch_up.stage == Stage::Subscribing)
        });
        if !is_back {
            self.drop_catch_up(id);
            self.reacted.forget(id);
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.subscribed = false;
            if !is_back {
                stream.wanted = false;
                stream.seen = None;
                stream.told.clear();
            }
        }
        let channel_id = Id::from(id);
        self.tell(Some(request), ChannelEvent::Leave { channel_id });
    }

    /// Gives the next role; true if none is left.
    pub(super) fn next_role(
        &mut self,
        request: RequestId,
        circle: CircleId,
        mut left: Vec<(UserId, Role)>,
    ) -> bool {
        let Some(given) = left.pop() else {
            return true;
        };
        let (user, role) = given;
        let frame = Request::CircleRole { circle, user, role };
        let step = Step::Role {
            circle,
            given,
            left,
        };
        self.ask(request, &frame, step);
        false
    }

    fn show_value(
        &mut self,
        request: RequestId,
        circle: Option<CircleId>,
        key: String,
        value: Option<Value>,
    ) {
        let data = UserEvent::Data {
            channel_id: circle.map(Into::into),
            key,
            value,
        };
        self.tell(Some(request), data);
    }
}

/// What an answer is that fits no question.
pub(super) fn strange() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "the server answers something that was not asked",
    )
}
