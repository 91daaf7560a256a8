//! The first frame: who a client is. Whoever is not let in is told, and the connection ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::oshi::wire::{
    AUTH_FAILED, Auth, CLOSE_AUTH, CLOSE_SLOW, Credentials, ErrorCode, Failure, Reason,
    ServerFrame, limit,
};
use tokio::sync::oneshot;

use super::call::{Session, frame, give};
use super::{Oshi, state};
use crate::auth::{MAX_PASSWORD_BYTES, NewPerson, refuse_banned};
use crate::front::OSHI;
use crate::store::writer::Job;
use crate::store::{LOBBY, Role, Subscription, TokenHash, Transaction, User};
use crate::world::{CloseReason, Counting, Notice, Receiver, Seat, Seating, SharedLive, World};

/// Connections of one person at a time: more devices than anybody has. Each may have a long state waiting for it, and its share of
/// the store's queue.
const MAX_CONNECTIONS: usize = 64;

/// When somebody who has as many should come back.
const COME_BACK: Duration = Duration::from_secs(10);

/// A client that nobody has signed in on.
#[derive(Clone)]
pub(super) struct Newcomer {
    pub(super) front: Arc<Oshi>,
    pub(super) world: Arc<World>,
    pub(super) receiver: Arc<Receiver>,
    pub(super) peer: IpAddr,
}

/// Somebody who is in.
pub(super) struct SignedIn {
    pub(super) session: Arc<Session>,
    _seat: Seat,
}

/// What a client's first frame asks for.
enum Wish {
    Resume(String),
    SignIn { name: String, password: String },
    Register(NewPerson),
    Refused(No),
}

/// Why somebody is not let in.
enum No {
    /// Nothing that is right.
    Wrong,
    /// No account was made.
    Unmade(Reason, &'static str),
    /// Not now.
    Later(Error),
    /// The server's fault.
    Broken(Error),
}

/// Lets a client in, or tells it why not.
pub(super) fn enter(
    newcomer: Newcomer,
    auth: Auth<'_>,
) -> impl Future<Output = Option<SignedIn>> + Send + 'static {
    let wish = wish(&newcomer, auth.credentials);
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

impl Newcomer {
    /// Tells that what came is nothing to be let in for.
    pub(super) fn refuse(&self) {
        self.tell(No::Wrong);
    }

    /// When all that was handed to the store before is done.
    pub(super) fn settled(&self) -> impl Future<Output = ()> + Send + 'static {
        let world = Arc::clone(&self.world);
        async move {
            // A server that stops tells so by itself.
            let _ = world.change(|_, _| Ok(())).await;
        }
    }

    async fn enter(&self, wish: Wish) -> Result<SignedIn, No> {
        let Self {
            front, world, peer, ..
        } = self;
        let (token, is_new) = match wish {
            Wish::Resume(token) => (token, false),
            Wish::SignIn { name, password } => {
                let token = front.auth.sign_in(world, *peer, &name, &password).await;
                (token.map_err(unsigned)?, false)
            }
            Wish::Register(person) => {
                let user = front.auth.register(world, *peer, person).await;
                let user = user.map_err(unmade)?;
                let token = front.auth.begin(world, *peer, user).await;
                (token.map_err(unsigned)?, true)
            }
            Wish::Refused(no) => return Err(no),
        };
        let seated = self.sit(&token, is_new).await?;
        let user = seated.user.id;
        let hello = state::hello(front, seated.user, &token);
        let heard = seated.heard;
        let first = world.read(move |reader| state::frames(reader, user, &heard, hello));
        match first.await {
            Ok(frames) => self.receiver.release(frames),
            Err(error) => {
                tracing::error!(error = error.chain(), "reading a person's state");
                let reason = CloseReason::Ended(CLOSE_AUTH, "the server failed");
                self.receiver.close(reason);
            }
        }
        Ok(seated.signed_in)
    }

    /// Takes a seat, in order with all that happens: what happens from then on is heard, though not before the state.
    async fn sit(&self, token: &str, is_new: bool) -> Result<Seated, No> {
        let token = TokenHash::of(token);
        let (reply, answer) = oneshot::channel();
        let newcomer = self.clone();
        let joins = is_new && self.front.rules.lobby;
        let peer = self.peer;
        let job = Job::work(
            move |store, notices| {
                let user = known(store, &token, peer)?;
                if joins {
                    let member = (user.id, Role::Member);
                    let users = store.add_members(LOBBY, &[member], Utc::now())?;
                    notices.extend(Notice::entered(store, LOBBY, &users)?);
                }
                let seating = Seating::chosen(store, user.id)?;
                Ok(Known { user, seating })
            },
            move |live, outcome: Result<Known, Error>| {
                let seated = outcome.and_then(|known| newcomer.seated(live, token, known));
                // The client may have gone; its seat goes with it.
                let _ = reply.send(seated);
            },
        );
        let stopped = || No::Broken(Error::new(ErrorKind::State, "the server has stopped"));
        self.world.submit(job).await.map_err(|_| stopped())?;
        let seated = answer.await.map_err(|_| stopped())?;
        seated.map_err(|error| {
            Counting::add(&self.world.counting().unsigned);
            unsigned(error)
        })
    }

    fn tell(&self, no: No) {
        let (code, words) = match &no {
            No::Wrong => (ErrorCode::AuthFailed, AUTH_FAILED),
            No::Unmade(_, words) => (ErrorCode::RegisterFailed, *words),
            No::Later(_) => (ErrorCode::Rate, "too many sign-ins; come back later"),
            No::Broken(error) => {
                tracing::error!(error = error.chain(), "a sign-in failed");
                (ErrorCode::Internal, "the server failed; try again later")
            }
        };
        let mut failure = Failure::new(None, code, words);
        let mut close = CloseReason::Ended(CLOSE_AUTH, AUTH_FAILED);
        match no {
            No::Unmade(reason, _) => failure.reason = Some(reason),
            No::Later(error) => {
                let wait = error.retry_after().unwrap_or_default();
                failure.retry_ms = u64::try_from(wait.as_millis()).ok();
                close = CloseReason::Ended(CLOSE_SLOW, "come back later");
            }
            No::Wrong | No::Broken(_) => {}
        }
        give(&self.receiver, frame(&ServerFrame::Error(failure)));
        self.receiver.close(close);
    }
}

/// Somebody who has a seat.
struct Seated {
    signed_in: SignedIn,
    user: User,
    /// What the seat hears, whatever else has been chosen meanwhile.
    heard: Vec<Subscription>,
}

/// What is known of somebody who may come in.
struct Known {
    user: User,
    seating: Seating,
}

impl Newcomer {
    fn seated(self, live: &SharedLive, token: TokenHash, known: Known) -> Result<Seated, Error> {
        let Self {
            front,
            world,
            receiver,
            peer,
        } = self;
        let Known { user, seating } = known;
        let person = front.people.enter(user.id, &user.display);
        if Arc::strong_count(&person) > MAX_CONNECTIONS {
            let error = Error::new(ErrorKind::RateLimited, "too many connections");
            return Err(error.with_retry_after(COME_BACK));
        }
        receiver.hold();
        let seat = live.sit_as(OSHI, Arc::clone(&receiver), &seating, false);
        let session = Session {
            front,
            world,
            receiver,
            person,
            token,
            seat: seat.id(),
            peer,
        };
        let signed_in = SignedIn {
            session: Arc::new(session),
            _seat: seat,
        };
        Ok(Seated {
            signed_in,
            user,
            heard: seating.subscriptions().to_vec(),
        })
    }
}

fn known(store: &mut dyn Transaction, token: &TokenHash, peer: IpAddr) -> Result<User, Error> {
    let now = Utc::now();
    let session = store
        .session(token)?
        .filter(|session| now < session.expires);
    let user = match session {
        Some(session) => store.user(session.user)?,
        None => None,
    };
    let user = user.ok_or_else(|| Error::new(ErrorKind::Auth, "no valid token"))?;
    refuse_banned(store, Some(user.id), peer, now)?;
    Ok(user)
}

fn wish(newcomer: &Newcomer, credentials: Credentials<'_>) -> Wish {
    match credentials {
        Credentials::Token { token } => Wish::Resume(token.0.into_owned()),
        Credentials::Password {
            user,
            password,
            register: false,
            ..
        } => Wish::SignIn {
            name: user.into_owned(),
            password: password.0.into_owned(),
        },
        Credentials::Password {
            user,
            password,
            display,
            ..
        } => {
            let display = display.as_deref().unwrap_or_default();
            let person = new_person(&newcomer.front, &user, &password.0, display);
            person.map_or_else(Wish::Refused, Wish::Register)
        }
    }
}

fn new_person(front: &Oshi, name: &str, password: &str, display: &str) -> Result<NewPerson, No> {
    if !front.rules.registration {
        return Err(No::Unmade(Reason::Closed, "nobody can register here"));
    }
    if !is_name(name) {
        let words = "a name has 1 to 32 letters, digits, `_`, `-` and `.`";
        return Err(No::Unmade(Reason::BadName, words));
    }
    if !is_password(password) {
        let words = "a password has 1 to 1024 bytes";
        return Err(No::Unmade(Reason::BadPassword, words));
    }
    let display = match display.trim() {
        "" => name,
        display => display,
    };
    if !is_display(display) {
        let words = "a display name has 64 characters at most, none of them a control character";
        return Err(No::Unmade(Reason::BadName, words));
    }
    Ok(NewPerson {
        name: name.to_owned(),
        display: display.to_owned(),
        avatar: String::new(),
        email: String::new(),
        password: Some(password.to_owned()),
    })
}

/// Whether somebody may be called so who registers here; other networks take more.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=limit::NAME_CHARS).contains(&name.chars().count()) && name.chars().all(fits)
}

/// Whether it may be somebody's password.
pub(super) fn is_password(password: &str) -> bool {
    (1..=MAX_PASSWORD_BYTES).contains(&password.len())
}

/// Whether it may be shown as somebody's name.
pub(super) fn is_display(display: &str) -> bool {
    (1..=limit::DISPLAY_CHARS).contains(&display.chars().count())
        && !display.chars().any(char::is_control)
}

/// Why somebody is not signed in. A name that nobody has and a wrong password are told alike.
fn unsigned(error: Error) -> No {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Auth | ErrorKind::Banned | ErrorKind::Invalid => No::Wrong,
        ErrorKind::RateLimited => No::Later(error),
        _ => No::Broken(error),
    }
}

/// Why no account was made.
fn unmade(error: Error) -> No {
    match error.kind() {
        ErrorKind::Conflict => No::Unmade(Reason::NameTaken, "the name is taken"),
        ErrorKind::Invalid => No::Unmade(Reason::BadName, "this can be nobody's name"),
        ErrorKind::Banned => No::Unmade(Reason::Closed, "banned from this server"),
        ErrorKind::RateLimited => No::Later(error),
        _ => No::Broken(error),
    }
}
