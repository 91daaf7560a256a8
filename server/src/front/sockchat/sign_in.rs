//! The first packet: who a client is. Whoever is not let in is told, and the connection ends.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::sockchat::wire::{Credentials, RefusalReason, ServerPacket};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Sockchat;
use super::call::Call;
use super::flood::Verdict;
use super::packets::{frames, give};
use super::places::{self, Channel, Closed, View};
use super::presence::{Arrival, SessionId};
use super::roster::Session;
use super::stage::{self, Deciding, NORMAL, Telling};
use crate::front::SOCKCHAT;
use crate::names as accounts;
use crate::store::{BanKind, BanTarget, LOBBY, ReadBans, TokenHash, User, UserId};
use crate::world::{CloseReason, Counting, Receiver, Seat, Seating, World};

/// Schemes of which the argument is a token; letter case does not matter.
const TOKEN_SCHEMES: [&str; 3] = ["Bearer", "Misuzu", "Kaiwa"];

/// The scheme of which the arguments are a name and a password.
const PASSWORD_SCHEME: &str = "Password";

/// No answer now, RFC 6455's registry of close codes.
const TRY_AGAIN: u16 = 1013;

/// The server's fault, RFC 6455's registry of close codes.
const INTERNAL_ERROR: u16 = 1011;

/// A client that nobody has signed in on.
#[derive(Clone)]
pub(super) struct Newcomer {
    pub(super) front: Arc<Sockchat>,
    pub(super) world: Arc<World>,
    pub(super) receiver: Arc<Receiver>,
    pub(super) peer: IpAddr,
    pub(super) tasks: TaskTracker,
}

/// Somebody who is in; when this is dropped, their session ends.
pub(super) struct SignedIn {
    pub(super) call: Call,
    tasks: TaskTracker,
    /// None only while this is dropped.
    seat: Option<Seat>,
}

/// What somebody is told who has a session more.
pub(super) struct Arriving {
    pub(super) user: User,
    pub(super) view: View,
    /// The channels that they may see.
    pub(super) channels: Vec<Channel>,
}

/// What a client asks for.
enum Wish {
    Resume { token: String, user: Option<i64> },
    SignIn { name: String, password: String },
    Nothing,
}

/// Why somebody is not let in.
enum No {
    Wrong,
    TooMany,
    Banned { until: Option<DateTime<Utc>> },
    Busy,
    Broken(Error),
}

/// Lets a client in, or tells it why not.
pub(super) fn enter(
    newcomer: Newcomer,
    arguments: &[&str],
) -> impl Future<Output = Option<SignedIn>> + Send + 'static {
    let wish = Wish::read(arguments);
    async move {
        match newcomer.enter(wish).await {
            Ok(signed_in) => Some(signed_in),
            Err(no) => {
                newcomer.tell(no);
                None
            }
        }
    }
}

impl Wish {
    fn read(arguments: &[&str]) -> Self {
        let token = |token: &str, user| Self::Resume {
            token: token.to_owned(),
            user,
        };
        match Credentials::read(arguments) {
            // What does not fit is nobody's id.
            Some(Credentials::Legacy { user_id, token: it }) => {
                token(it, Some(user_id.parse().unwrap_or(i64::MAX)))
            }
            Some(Credentials::Scheme { scheme, token: it })
                if TOKEN_SCHEMES
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(scheme)) =>
            {
                token(it, None)
            }
            Some(Credentials::Scheme {
                scheme,
                token: name,
            }) if PASSWORD_SCHEME.eq_ignore_ascii_case(scheme) => Self::SignIn {
                name: name.to_owned(),
                password: arguments.get(2).copied().unwrap_or_default().to_owned(),
            },
            _ => Self::Nothing,
        }
    }
}

impl Newcomer {
    /// Tells that what came is nothing to be let in for.
    pub(super) fn refuse(&self) {
        self.tell(No::Wrong);
    }

    async fn enter(&self, wish: Wish) -> Result<SignedIn, No> {
        let (token, claimed) = match wish {
            Wish::Resume { token, user } => (token, user),
            Wish::SignIn { name, password } => {
                let auth = &self.front.auth;
                let token = auth.sign_in(&self.world, self.peer, &name, &password);
                match token.await {
                    Ok(token) => (token, None),
                    Err(error) if error.kind() == ErrorKind::Banned => {
                        return Err(self.banned(&name).await);
                    }
                    Err(error) => return Err(No::of(error)),
                }
            }
            Wish::Nothing => return Err(No::Wrong),
        };
        let (reply, answer) = oneshot::channel();
        let session = self.front.presence.number();
        let proof = Proof {
            token: TokenHash::of(&token),
            claimed,
            peer: self.peer,
            now: Instant::now(),
        };
        let newcomer = self.clone();
        let job = stage::work(
            &self.front,
            move |deciding| deciding.arrive(&proof, session),
            move |telling, outcome| {
                let known = outcome.unwrap_or_else(|error| Err(No::Broken(error)));
                // The client may have gone; its session ends with it.
                let _ = reply.send(newcomer.arrived(telling, session, known));
            },
        );
        self.world.submit(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Why somebody is not let in who has said the right password and is banned.
    async fn banned(&self, name: &str) -> No {
        let (key, peer) = (accounts::key(name), self.peer);
        let until = self.world.look_up(move |reader| {
            let user = reader.account(&key)?.map(|(user, _)| user.id);
            ban(reader, user, peer)
        });
        match until.await {
            Ok(Some(until)) => No::Banned { until },
            // It has just ended.
            Ok(None) => No::Wrong,
            Err(error) => No::Broken(error),
        }
    }

    /// Takes a seat, in order with all that happens, and tells who is told of that.
    fn arrived(
        self,
        telling: &Telling<'_>,
        session: SessionId,
        known: Result<Known, No>,
    ) -> Result<SignedIn, No> {
        let Known {
            arriving,
            seating,
            closed,
        } = known.inspect_err(|_| Counting::add(&self.world.counting().unsigned))?;
        let (user, live) = (arriving.user.id, telling.live);
        for closed in closed {
            telling.close(&closed);
        }
        let own = Session {
            receiver: Arc::clone(&self.receiver),
            peer: self.peer,
        };
        let heard = arriving.view.hears.then(|| arriving.view.room.clone());
        telling.arrive(arriving, (session, own));
        // After that, or those in the room would be told of somebody online on another network. Nothing is said in between.
        let seat = live.sit_as(SOCKCHAT, Arc::clone(&self.receiver), &seating, false);
        // Their other sessions may have been outside of the lobby until now.
        live.put(SOCKCHAT, user, heard.as_ref());
        let Self {
            front,
            world,
            receiver,
            peer,
            tasks,
        } = self;
        let call = Call {
            front,
            world,
            receiver,
            user,
            session,
            peer,
        };
        Ok(SignedIn {
            call,
            tasks,
            seat: Some(seat),
        })
    }

    fn tell(&self, no: No) {
        let reason = match no {
            No::Broken(error) => {
                tracing::error!(error = error.chain(), "a sign-in failed");
                let reason = CloseReason::Ended(INTERNAL_ERROR, "the server failed");
                self.receiver.close(reason);
                return;
            }
            No::Busy => {
                let reason = CloseReason::Ended(TRY_AGAIN, "too many sign-ins; try again later");
                self.receiver.close(reason);
                return;
            }
            No::Wrong => (RefusalReason::Credentials, None),
            No::TooMany => (RefusalReason::TooManySessions, None),
            No::Banned { until } => (RefusalReason::Banned, until),
        };
        let (reason, until) = reason;
        let refused = frames(&[ServerPacket::Refused { reason, until }]);
        give(&self.receiver, refused);
        self.receiver
            .close(CloseReason::Ended(NORMAL, "not let in"));
    }
}

/// By what somebody says who they are.
struct Proof {
    token: TokenHash,
    /// Who they say that they are.
    claimed: Option<i64>,
    peer: IpAddr,
    now: Instant,
}

/// What is known of somebody who may come in.
struct Known {
    arriving: Arriving,
    seating: Seating,
    /// Channels that are no more, since an end before could not be kept.
    closed: Vec<Closed>,
}

impl Deciding<'_> {
    fn arrive(&mut self, proof: &Proof, session: SessionId) -> Result<Result<Known, No>, Error> {
        let user = match self.proven(proof)? {
            Ok(user) => user,
            Err(no) => return Ok(Err(no)),
        };
        let permissions = self.front.permissions(&user);
        // Everybody is told of whoever comes and goes, so that counts too.
        let count = self.front.flood.count(user.id, permissions.rank, proof.now);
        if count == Verdict::PutOut {
            let until = Some(self.keep_out_for_flood(user.id)?);
            return Ok(Err(No::Banned { until }));
        }
        // What an end left that could not be kept. Before they are here again, for whoever else comes to the lobby by that.
        let closed = match self.front.presence.room(user.id) {
            None => self.part(user.id)?,
            Some(_) => Vec::new(),
        };
        let room = match self.front.presence.arrive(user.id, session, LOBBY) {
            Arrival::TooMany => return Ok(Err(No::TooMany)),
            Arrival::Further(room) => room,
            Arrival::First => LOBBY,
        };
        let view = match self.store.room(room)? {
            Some(room) => {
                self.admit(user.id, &room)?;
                self.view(user.id, &room)?
            }
            None => None,
        };
        let Some(view) = view else {
            return Err(Error::new(ErrorKind::Internal, "somebody is nowhere"));
        };
        let channels = places::seen(self.store, user.id, permissions)?;
        let heard = view.hears.then_some(&view.room);
        let seating = Seating::placed(self.store, user.id, heard)?;
        let arriving = Arriving {
            user,
            view,
            channels,
        };
        Ok(Ok(Known {
            arriving,
            seating,
            closed,
        }))
    }

    fn proven(&mut self, proof: &Proof) -> Result<Result<User, No>, Error> {
        let now = Utc::now();
        let session = self.store.session(&proof.token)?;
        let session = session.filter(|session| {
            now < session.expires
                && proof
                    .claimed
                    .is_none_or(|claimed| claimed == session.user.0)
        });
        let user = match session {
            Some(session) => self.store.user(session.user)?,
            None => None,
        };
        let Some(user) = user else {
            return Ok(Err(No::Wrong));
        };
        Ok(match ban(self.store, Some(user.id), proof.peer)? {
            Some(until) => Err(No::Banned { until }),
            None => Ok(user),
        })
    }
}

/// The end of the longest ban that hits a person or an address, if there is one; none of one that has no end.
fn ban<S: ReadBans + ?Sized>(
    store: &mut S,
    user: Option<UserId>,
    peer: IpAddr,
) -> Result<Option<Option<DateTime<Utc>>>, Error> {
    let now = Utc::now();
    let mut ends = Vec::new();
    let targets = user.map(BanTarget::User).into_iter();
    for target in targets.chain([BanTarget::Address(peer)]) {
        let ban = store.banned(BanKind::Entry, &target, None, now)?;
        ends.extend(ban.map(|ban| ban.until));
    }
    Ok(ends
        .into_iter()
        .max_by_key(|until| until.unwrap_or(DateTime::<Utc>::MAX_UTC)))
}

impl No {
    /// A name that nobody has and a wrong password are told alike.
    fn of(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::Auth | ErrorKind::Invalid => Self::Wrong,
            // It may have been right.
            ErrorKind::RateLimited => Self::Busy,
            _ => Self::Broken(error),
        }
    }
}

impl Drop for SignedIn {
    fn drop(&mut self) {
        // First, so that it is known who is online by then.
        self.seat = None;
        let Call {
            front,
            world,
            user,
            session,
            ..
        } = self.call.clone();
        let job = stage::work(
            &front,
            move |deciding| match deciding.front.presence.depart(user, session) {
                true => deciding.part(user),
                false => Ok(Vec::new()),
            },
            move |telling, outcome| {
                let closed = outcome.unwrap_or_else(|_| {
                    // It may not have been tried. What could not be done is done when they come again, or the server starts again.
                    telling.front.presence.depart(user, session);
                    Vec::new()
                });
                telling.depart(user, session, closed);
            },
        );
        if let Some(job) = world.try_submit(job) {
            self.tasks.spawn(async move {
                // A server that stops forgets who is here anyway.
                let _ = world.submit(job).await;
            });
        }
    }
}

fn stopped() -> No {
    No::Broken(Error::new(ErrorKind::State, "the server has stopped"))
}
