//! One request on its way: what it needs, and how it is answered. Requests of one connection are carried out one after the
//! other and answered once each, in their order.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::oshi::wire::{self, Answer, ServerFrame, Tag};
use tokio::time::Instant;

use super::Oshi;
use super::failure::Failure;
use super::person::Person;
use crate::store::writer::Job;
use crate::store::{Reader, TokenHash, Transaction, UserId};
use crate::world::{Batch, CloseReason, Notice, Receiver, SeatId, SharedLive, World};
use crate::ws::put_text_with;

/// What all requests of a connection that is signed in have in common.
pub(super) struct Session {
    pub(super) front: Arc<Oshi>,
    pub(super) world: Arc<World>,
    pub(super) receiver: Arc<Receiver>,
    pub(super) person: Arc<Person>,
    pub(super) token: TokenHash,
    pub(super) seat: SeatId,
    pub(super) peer: IpAddr,
}

/// A request, until it is answered.
pub(super) struct Call {
    pub(super) session: Arc<Session>,
    pub(super) re: Option<Tag<'static>>,
}

/// What a request comes to.
pub(super) type Reply = Result<Answer<'static>, Failure>;

/// What is to be done for a request.
pub(super) enum Step {
    /// It is answered.
    Answer(Bytes),
    /// The same, of a request that asks for nothing but a sign of life: it does not wait for those before it.
    Alive(Bytes),
    /// The store changes, and answers.
    Job(Job),
    /// The store is asked beside that. To be begun when all jobs before it are done; nothing else is begun meanwhile.
    Ask(BoxFuture<'static, ()>),
    /// What the store is to do is prepared beside it, whether or not the jobs before it are done; nothing else is begun
    /// meanwhile.
    Prepare(BoxFuture<'static, Self>),
}

impl Call {
    pub(super) fn new(session: &Arc<Session>, re: Option<Tag<'_>>) -> Self {
        Self {
            session: Arc::clone(session),
            re: re.map(Tag::into_owned),
        }
    }

    /// Whose request it is.
    pub(super) fn user(&self) -> UserId {
        self.session.person.id
    }

    /// Answers at once.
    pub(super) fn answer(self, reply: Reply) -> Step {
        Step::Answer(reply_frame(self.re, reply))
    }

    /// Changes the store, in order with all that happens. `run` refuses before it changes anything.
    pub(super) fn change(
        self,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Reply + Send + 'static,
    ) -> Step {
        self.change_then(run, |_, _, answer| answer.into())
    }

    /// The same; `then` makes the answer of what came of it. All that was done before has been told by then, and nothing of
    /// what `run` did.
    pub(super) fn change_then<T: Send + 'static>(
        self,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Failure> + Send + 'static,
        then: impl FnOnce(&SharedLive, &Session, T) -> Told + Send + 'static,
    ) -> Step {
        let Self { session, re } = self;
        Step::Job(Job::request(
            Arc::clone(&session.receiver),
            move |store, notices| match run(store, notices) {
                Err(Failure::Broken(error)) => Err(error),
                Err(refused) => {
                    notices.clear();
                    Ok(Err(refused))
                }
                done => Ok(done),
            },
            move |live, outcome| {
                let outcome = outcome.unwrap_or_else(|error| Err(kept_not(error)));
                match outcome {
                    Ok(done) => then(live, &session, done).give(&session, re),
                    Err(refused) => session.give(reply_frame(re, Err(refused))),
                }
            },
        ))
    }

    /// Asks the store, beside what changes it.
    pub(super) fn ask(self, ask: impl FnOnce(&mut dyn Reader) -> Reply + Send + 'static) -> Step {
        self.ask_frame(|reader, re| match ask(reader) {
            Err(Failure::Broken(error)) => Err(error),
            reply => Ok(reply_frame(re, reply)),
        })
    }

    /// The same, of an answer that is a frame of its own kind.
    pub(super) fn ask_frame(
        self,
        ask: impl FnOnce(&mut dyn Reader, Option<Tag<'static>>) -> Result<Bytes, Error> + Send + 'static,
    ) -> Step {
        let Self { session, re } = self;
        Step::Ask(Box::pin(async move {
            let failed = re.clone();
            let frame = session.world.read(move |reader| ask(reader, re)).await;
            session.give(frame.unwrap_or_else(|error| reply_frame(failed, Err(error.into()))));
        }))
    }
}

/// A success, and what else its client is sent.
pub(super) struct Told {
    pub(super) before: Vec<Bytes>,
    pub(super) answer: Answer<'static>,
    pub(super) behind: Vec<Bytes>,
    /// Ends the connection then.
    pub(super) end: Option<CloseReason>,
}

impl From<Answer<'static>> for Told {
    fn from(answer: Answer<'static>) -> Self {
        Self {
            before: Vec::new(),
            answer,
            behind: Vec::new(),
            end: None,
        }
    }
}

impl Told {
    fn give(self, session: &Session, re: Option<Tag<'_>>) {
        for frame in self.before {
            session.give(frame);
        }
        session.give(reply_frame(re, Ok(self.answer)));
        for frame in self.behind {
            session.give(frame);
        }
        if let Some(reason) = self.end {
            session.receiver.close(reason);
        }
    }
}

impl Session {
    /// Sends a frame to the client.
    pub(super) fn give(&self, bytes: Bytes) {
        give(&self.receiver, bytes);
    }
}

/// Sends a frame to a client.
pub(super) fn give(receiver: &Receiver, bytes: Bytes) {
    receiver.push(&Batch { bytes, messages: 1 }, Instant::now());
}

/// A frame as bytes.
pub(super) fn frame(frame: &ServerFrame<'_>) -> Bytes {
    let mut out = Vec::new();
    put_text_with(&mut out, |out| frame.encode_into(out));
    out.into()
}

/// The answer to a request.
pub(super) fn reply_frame(re: Option<Tag<'_>>, reply: Reply) -> Bytes {
    match reply {
        Ok(answer) => frame(&ServerFrame::Ok { re, answer }),
        Err(failure) => {
            let (code, words, retry) = failure.shown();
            let mut failure = wire::Failure::new(re, code, words);
            // Up, so that whoever comes back then is not too early.
            failure.retry_ms = retry
                .map(|wait| u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
            frame(&ServerFrame::Error(failure))
        }
    }
}

/// A batch of the store that failed is not the request's fault, whatever broke it.
fn kept_not(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Storage => Failure::Broken(error),
        _ => error.into(),
    }
}
