//! One client: who it is, and what becomes of what it says.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use kaiwa_protocols::oshi::wire::{
    self, CLOSE_MALFORMED, ClientFrame, ErrorCode, Refusal, Request as Asked, ServerFrame, limit,
};
use tokio::time::{Sleep, sleep};

use super::auth::{self, Newcomer, SignedIn};
use super::call::{Call, Step, frame, give, reply_frame};
use super::failure::Failure;
use super::{Oshi, operation};
use crate::front::signed_out::Place;
use crate::listen::Peer;
use crate::site::Site;
use crate::store::writer::Job;
use crate::world::{CloseReason, Counting, Receiver};
use crate::ws::{Handler, Refused, Settings, converse, upgrade};

/// How long a client may take to say who it is.
const AUTH_LIMIT: Duration = Duration::from_millis(limit::AUTH_MS);

/// Jobs of one connection that may wait in the store's queue. A client that asks without waiting is not read from meanwhile, and
/// takes no more than a small part of the queue, in which everybody waits.
const UNSETTLED: usize = 32;

/// Takes a WebSocket client in.
pub(super) fn open(front: Arc<Oshi>, site: Site, request: Request) -> Result<Response, Refused> {
    if let Some(refused) = site.keep_out(&request) {
        return Ok(refused);
    }
    let permit = site.permit(&request);
    let Some(Peer(peer)) = request.extensions().get().copied() else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let Some(place) = front.signed_out.enter(peer) else {
        let refused = (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "10")],
            "too many connections from this address on which nobody has signed in yet\n",
        );
        return Ok(refused.into_response());
    };
    let (response, socket) = upgrade(request)?;
    let receiver = site.world.receiver();
    let newcomer = Newcomer {
        front,
        world: Arc::clone(&site.world),
        receiver: Arc::clone(&receiver),
        peer,
    };
    let settings = Settings {
        max_message: site.settings.max_message.min(limit::FRAME_BYTES),
        ..site.settings
    };
    site.tasks.clone().spawn(async move {
        if let Some((socket, early)) = socket.await {
            let client = Client::new(newcomer, place);
            converse(socket, early, receiver, settings, &site.world, client).await;
        }
        drop(permit);
    });
    Ok(response)
}

/// One client.
struct Client {
    newcomer: Newcomer,
    state: State,
    /// Frames in a row that were no requests.
    malformed: u32,
    /// Jobs handed to the store since all of them were known to be done.
    unsettled: usize,
    /// What has to be done before the next request; tells how many jobs are unsettled then.
    doing: Option<BoxFuture<'static, usize>>,
}

/// Who it is.
enum State {
    /// Nobody.
    Out {
        until: Pin<Box<Sleep>>,
        place: Place,
    },
    /// Somebody or nobody, depending on what the store says.
    Entering(BoxFuture<'static, Option<SignedIn>>),
    /// Somebody.
    In(SignedIn),
    /// Nobody any more: it is not read from, and hears what was said to it before.
    Gone,
}

impl Client {
    fn new(newcomer: Newcomer, place: Place) -> Self {
        let until = Box::pin(sleep(AUTH_LIMIT));
        Self {
            newcomer,
            state: State::Out { until, place },
            malformed: 0,
            unsettled: 0,
            doing: None,
        }
    }

    /// The first frame.
    fn enter(&mut self, asked: Option<Asked<'_>>) {
        let State::Out { place, .. } = std::mem::replace(&mut self.state, State::Gone) else {
            return;
        };
        let Some(Asked::Auth(auth)) = asked else {
            self.newcomer.refuse();
            return;
        };
        let entering = auth::enter(self.newcomer.clone(), auth);
        self.state = State::Entering(Box::pin(async move {
            let signed_in = entering.await;
            // Until then it counts as one on which nobody has signed in.
            drop(place);
            signed_in
        }));
    }

    fn carry_out(&mut self, asked: ClientFrame<'_>) -> Option<Job> {
        let State::In(own) = &self.state else {
            return None;
        };
        self.malformed = 0;
        let call = Call::new(&own.session, asked.id);
        let step = operation::carry_out(call, asked.request);
        self.take(step)
    }

    fn refuse(&mut self, refusal: Refusal<'_>) -> Option<Job> {
        let is_malformed = is_malformed(refusal.code);
        let job = self.take(Step::Answer(refused(refusal)));
        if !is_malformed {
            self.malformed = 0;
            return job;
        }
        Counting::add(&self.newcomer.world.counting().malformed);
        self.malformed += 1;
        if self.malformed > limit::MALFORMED {
            self.state = State::Gone;
            let reason = CloseReason::Ended(CLOSE_MALFORMED, "too much that is no request");
            self.newcomer.receiver.close(reason);
        }
        job
    }

    fn take(&mut self, step: Step) -> Option<Job> {
        let receiver = &self.newcomer.receiver;
        let job = match step {
            Step::Alive(bytes) => {
                give(receiver, bytes);
                return None;
            }
            Step::Answer(bytes) if self.unsettled == 0 => {
                give(receiver, bytes);
                return None;
            }
            // Behind those of the requests before it.
            Step::Answer(bytes) => answering(Arc::clone(receiver), bytes),
            Step::Job(job) => job,
            Step::Ask(asking) => {
                self.doing = Some(self.ask(asking));
                return None;
            }
            Step::Prepare(preparing) => {
                self.doing = Some(self.prepare(preparing));
                return None;
            }
        };
        self.unsettled += 1;
        Some(job)
    }

    /// Asks what sees what the requests before have done.
    fn ask(&self, asking: BoxFuture<'static, ()>) -> BoxFuture<'static, usize> {
        let before = (self.unsettled > 0).then(|| self.newcomer.settled());
        Box::pin(async {
            if let Some(settled) = before {
                settled.await;
            }
            asking.await;
            0
        })
    }

    fn prepare(&self, preparing: BoxFuture<'static, Step>) -> BoxFuture<'static, usize> {
        let unsettled = self.unsettled + 1;
        let Newcomer {
            world, receiver, ..
        } = self.newcomer.clone();
        Box::pin(async move {
            let job = match preparing.await {
                Step::Job(job) => job,
                Step::Answer(bytes) | Step::Alive(bytes) => answering(receiver, bytes),
                // Nothing is prepared in several steps.
                Step::Ask(_) | Step::Prepare(_) => return unsettled,
            };
            // A server that stops tells so by itself.
            let _ = world.submit(job).await;
            unsettled
        })
    }

    /// Makes way for what is to be done before the next frame is read.
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(doing) = &mut self.doing {
                self.unsettled = ready!(doing.as_mut().poll(cx));
                self.doing = None;
            }
            if self.unsettled < UNSETTLED {
                return Poll::Ready(());
            }
            let settled = self.newcomer.settled();
            self.doing = Some(Box::pin(async {
                settled.await;
                0
            }));
        }
    }
}

/// Answers in order with all that happens.
fn answering(receiver: Arc<Receiver>, bytes: Bytes) -> Job {
    Job::work(|_, _| Ok(()), move |_, _| give(&receiver, bytes))
}

impl Handler for Client {
    fn text(&mut self, text: &str) -> Option<Job> {
        let asked = ClientFrame::parse(text);
        match (&self.state, asked) {
            (State::Out { .. }, asked) => {
                self.enter(asked.ok().map(|asked| asked.request));
                None
            }
            (_, Ok(asked)) => self.carry_out(asked),
            (_, Err(refusal)) => self.refuse(refusal),
        }
    }

    fn binary(&mut self, _bytes: &[u8]) -> Option<Job> {
        if matches!(self.state, State::Out { .. }) {
            self.enter(None);
            return None;
        }
        self.refuse(Refusal {
            id: None,
            code: ErrorCode::BadFrame,
            field: None,
        })
    }

    fn reads_while_stuck(&self) -> bool {
        false
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            State::Out { until, .. } => {
                if until.as_mut().poll(cx).is_pending() {
                    return Poll::Ready(());
                }
                self.state = State::Gone;
                self.newcomer.refuse();
                Poll::Pending
            }
            State::Entering(entering) => {
                let signed_in = ready!(entering.as_mut().poll(cx));
                self.state = signed_in.map_or(State::Gone, State::In);
                // Whoever is not let in has been told why.
                match self.state {
                    State::Gone => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            }
            State::In(_) => self.poll_done(cx),
            State::Gone => Poll::Pending,
        }
    }
}

/// Whether a frame is no request, or only one for what cannot be there.
fn is_malformed(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::NotFound | ErrorCode::TooLong)
}

/// What a frame is answered with that is no request.
fn refused(refusal: Refusal<'_>) -> Bytes {
    if refusal.code == ErrorCode::NotFound {
        // In the same words as whatever else is not there.
        return reply_frame(refusal.id, Err(Failure::not_found()));
    }
    let words = match refusal.code {
        ErrorCode::BadFrame => "a frame is text".to_owned(),
        _ => refusal.to_string(),
    };
    let mut failure = wire::Failure::new(refusal.id, refusal.code, words);
    failure.field = refusal.field.map(Cow::Borrowed);
    frame(&ServerFrame::Error(failure))
}
