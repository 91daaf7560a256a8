//! One client: who it is, and what becomes of what it sends. What makes no sense is counted and ignored.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use kaiwa_protocols::sockchat::wire::{ClientPacket, Command, ServerPacket};
use tokio::time::{Sleep, sleep};

use super::call::Call;
use super::flood::{self, Verdict};
use super::packets::{frames, give, notice};
use super::sign_in::{self, Newcomer, SignedIn};
use super::talk::Words;
use super::{Sockchat, commands, talk};
use crate::front::signed_out::Place;
use crate::listen::Peer;
use crate::site::Site;
use crate::store::writer::Job;
use crate::world::Counting;
use crate::ws::{Handler, Refused, converse, upgrade};

/// How long a client may take to say who it is: clients do so at once.
const AUTH_LIMIT: Duration = Duration::from_secs(10);

/// Takes a WebSocket client in.
pub(super) fn open(
    front: Arc<Sockchat>,
    site: Site,
    request: Request,
) -> Result<Response, Refused> {
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
        tasks: site.tasks.clone(),
    };
    site.tasks.clone().spawn(async move {
        if let Some((socket, early)) = socket.await {
            let client = Client::new(newcomer, place);
            converse(socket, early, receiver, site.settings, &site.world, client).await;
        }
        drop(permit);
    });
    Ok(response)
}

/// One client.
struct Client {
    newcomer: Newcomer,
    state: State,
    /// What has to be done before the next packet.
    doing: Option<BoxFuture<'static, ()>>,
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
            doing: None,
        }
    }

    /// The first packet that says who it is.
    fn enter(&mut self, arguments: &[&str]) {
        let State::Out { place, .. } = std::mem::replace(&mut self.state, State::Gone) else {
            return;
        };
        let entering = sign_in::enter(self.newcomer.clone(), arguments);
        self.state = State::Entering(Box::pin(async move {
            let signed_in = entering.await;
            // Until then it counts as one on which nobody has signed in.
            drop(place);
            signed_in
        }));
    }

    /// Counts a packet; tells whether anything comes of it.
    fn is_in_time(&mut self) -> bool {
        let State::In(signed_in) = &self.state else {
            return false;
        };
        let call = &signed_in.call;
        match call.count() {
            Verdict::Fine => true,
            Verdict::Warn => {
                let warning = notice(&call.front.ids, false, "flwarn", &[]);
                call.front.roster().give(call.user, &warning);
                true
            }
            Verdict::PutOut => {
                self.doing = Some(Box::pin(flood::put_out(call.clone())));
                false
            }
        }
    }

    fn carry_out(&mut self, packet: &ClientPacket<'_>) -> Option<Job> {
        let State::In(signed_in) = &self.state else {
            return None;
        };
        let call = &signed_in.call;
        match packet {
            ClientPacket::Ping { user_id, .. } if call.is_by(user_id) => {
                give(&call.receiver, frames(&[ServerPacket::Pong]));
                None
            }
            ClientPacket::Message { user_id, text, .. } if call.is_by(user_id) => {
                match Command::read(text) {
                    Some(_) => {
                        self.doing = Some(command(call.clone(), (*text).to_owned()));
                        None
                    }
                    None => self.say(text),
                }
            }
            _ => None,
        }
    }

    fn say(&mut self, text: &str) -> Option<Job> {
        let State::In(signed_in) = &self.state else {
            return None;
        };
        let call = &signed_in.call;
        let words = Words::new(text, false)?;
        let asker = call.asker().ok()?;
        if asker.user.away.is_none() {
            return Some(talk::say(call, &asker, &words));
        }
        let call = call.clone();
        self.doing = Some(Box::pin(async move {
            talk::come_back(&call).await;
            // They may be somewhere else by then.
            let Ok(asker) = call.asker() else {
                return;
            };
            // A server that stops tells so by itself.
            let _ = call.world.submit(talk::say(&call, &asker, &words)).await;
        }));
        None
    }
}

fn command(call: Call, text: String) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let Some(command) = Command::read(&text) else {
            return;
        };
        if let Err(refusal) = commands::carry_out(&call, command).await {
            call.refuse(refusal).await;
        }
    })
}

impl Handler for Client {
    fn text(&mut self, text: &str) -> Option<Job> {
        let packet = ClientPacket::parse(text);
        if let Err(error) = &packet {
            tracing::debug!(%error, "packet ignored");
            Counting::add(&self.newcomer.world.counting().malformed);
        }
        match self.state {
            State::Out { .. } => {
                if let Ok(ClientPacket::Authenticate { arguments }) = packet {
                    self.enter(&arguments);
                }
                None
            }
            State::In(_) => {
                if self.is_in_time() {
                    self.carry_out(&packet.ok()?)
                } else {
                    None
                }
            }
            State::Entering(_) | State::Gone => None,
        }
    }

    fn binary(&mut self, _bytes: &[u8]) -> Option<Job> {
        Counting::add(&self.newcomer.world.counting().malformed);
        None
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
            State::In(_) => {
                if let Some(doing) = &mut self.doing {
                    ready!(doing.as_mut().poll(cx));
                    self.doing = None;
                }
                Poll::Ready(())
            }
            State::Gone => Poll::Pending,
        }
    }
}
