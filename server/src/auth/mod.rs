//! Who somebody is: accounts, passwords and tokens, the same for every network that has them.
//!
//! Passwords are kept as Argon2id hashes, tokens as SHA-256. Guessing is slowed down per address and per account
//! (`throttle.rs`), and hashing never takes more than two cores and a bounded queue (`passwords.rs`).

mod hash;
mod passwords;
mod throttle;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_core::{Error, ErrorKind};
use ring::digest;
use tokio::time::Instant;
use uuid::Uuid;

use self::passwords::Passwords;
use self::throttle::Throttle;
pub(crate) use self::throttle::network;
use crate::names::{self, Name};
use crate::store::{
    Ban, BanKind, BanTarget, NewAccount, ReadBans, RoomId, Session, TokenHash, Transaction, UserId,
};
use crate::world::World;

/// How long a token is good for, from its making on; use does not prolong it (rim's fact sheet, section 2).
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(24);

/// The longest password, in bytes: more is no better, and each is hashed.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;

/// The longest display name, in characters: what a list can show.
const MAX_DISPLAY_CHARS: usize = 128;

/// The longest address of a picture, in bytes: what browsers take.
const MAX_AVATAR_BYTES: usize = 2048;

/// The longest e-mail address, in bytes, RFC 5321 section 4.5.3.1.
const MAX_EMAIL_BYTES: usize = 320;

/// Somebody who wants an account. Nothing here is checked yet.
pub(crate) struct NewPerson {
    /// The sign-in name.
    pub(crate) name: String,
    /// The name that is shown.
    pub(crate) display: String,
    /// A picture's address, or empty.
    pub(crate) avatar: String,
    /// An e-mail address, or empty.
    pub(crate) email: String,
    /// Without one, nobody can sign in by password.
    pub(crate) password: Option<String>,
}

/// Makes accounts and lets people in.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    passwords: Passwords,
    throttle: Throttle,
    /// The same for passwords of rooms: whoever mistypes one may still sign in.
    rooms: Throttle,
}

impl Auth {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `Invalid` saying what is wrong with it, `Conflict` for a name that is taken, `RateLimited` while too many sign-ins wait,
    /// `Banned`, and the store's.
    pub(crate) async fn register(
        &self,
        world: &World,
        peer: IpAddr,
        person: NewPerson,
    ) -> Result<UserId, Error> {
        let name = check(&person)?;
        let key = name.key().to_owned();
        // Before the costly hash; the store decides again.
        if world
            .look_up(move |store| store.account(&key))
            .await?
            .is_some()
        {
            return Err(taken());
        }
        let password = match &person.password {
            Some(password) => Some(self.passwords.turn(peer).await?.hash(password).await?),
            None => None,
        };
        let at = Utc::now();
        let account = NewAccount {
            name,
            display: person.display,
            avatar: person.avatar,
            email: person.email,
            password,
            rank: 0,
            at,
        };
        world
            .change(move |store, _| {
                refuse_banned(store, None, peer, at)?;
                store.create_account(&account)
            })
            .await
    }

    /// Lets somebody in by password: gives a token, which is for the client and nobody else.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `Auth` for a wrong password, `Banned`, `RateLimited` (with `retry_after`) after too many
    /// wrong ones or while too many sign-ins wait, and the store's.
    pub(crate) async fn sign_in(
        &self,
        world: &World,
        peer: IpAddr,
        name: &str,
        password: &str,
    ) -> Result<String, Error> {
        // What is too long for a name is nobody's, and not worth a key.
        let possible = name.chars().nth(names::MAX_NAME_CHARS).is_none();
        let key = names::key(if possible { name } else { "" });
        self.throttle.check(peer, &key, Instant::now())?;
        let asked = key.clone();
        let found = world.look_up(move |store| store.account(&asked)).await?;
        let Some((user, credentials)) = found else {
            self.throttle.failed_at(peer, Instant::now());
            tracing::info!(%peer, "sign-in with an unknown name");
            return Err(Error::new(ErrorKind::NotFound, "account not found"));
        };
        let turn = self.passwords.turn(peer).await?;
        // Others may have failed while this one waited.
        self.throttle.check(peer, &key, Instant::now())?;
        let right = match credentials.password.clone() {
            Some(hash) if password.len() <= MAX_PASSWORD_BYTES => {
                turn.verify(password, hash).await?
            }
            _ => false,
        };
        if !right {
            self.throttle.failed(peer, &key, Instant::now());
            tracing::info!(%peer, user = user.id.0, "sign-in with a wrong password");
            return Err(Error::new(ErrorKind::Auth, "wrong password"));
        }
        self.throttle.succeeded(&key);
        // It may have been changed while it was verified, which ends all sign-ins with the old one.
        let still = move |store: &mut dyn Transaction| {
            let found = store.account(&key)?;
            let unchanged = found.is_some_and(|(_, now)| now.password == credentials.password);
            if unchanged {
                Ok(())
            } else {
                Err(Error::new(ErrorKind::Auth, "wrong password"))
            }
        };
        self.begin_if(world, peer, user.id, still).await
    }

    /// Lets somebody in who has just proved who they are: gives a token, which is for the client and nobody else.
    ///
    /// # Errors
    /// `Banned`, and the store's.
    pub(crate) async fn begin(
        &self,
        world: &World,
        peer: IpAddr,
        user: UserId,
    ) -> Result<String, Error> {
        self.begin_if(world, peer, user, |_| Ok(())).await
    }

    async fn begin_if(
        &self,
        world: &World,
        peer: IpAddr,
        user: UserId,
        check: impl FnOnce(&mut dyn Transaction) -> Result<(), Error> + Send + 'static,
    ) -> Result<String, Error> {
        let token = Uuid::new_v4().to_string();
        let hash = TokenHash::of(&token);
        let at = Utc::now();
        let session = Session {
            user,
            created: at,
            expires: at + TOKEN_LIFE,
            room: None,
        };
        world
            .change(move |store, _| {
                check(store)?;
                refuse_banned(store, Some(user), peer, at)?;
                store.create_session(&hash, &session)
            })
            .await?;
        Ok(token)
    }

    /// The hash of somebody's new password.
    ///
    /// # Errors
    /// `RateLimited` while too many sign-ins wait.
    pub(crate) async fn hash(&self, peer: IpAddr, password: &str) -> Result<String, Error> {
        self.passwords.turn(peer).await?.hash(password).await
    }

    /// Whether a password is the one of a room, of which this is the hash. Somebody's guesses are slowed down as those of a
    /// sign-in are.
    ///
    /// # Errors
    /// `RateLimited` (with `retry_after`) after too many wrong ones or while too many sign-ins wait.
    pub(crate) async fn opens(
        &self,
        peer: IpAddr,
        user: UserId,
        (room, hash): (RoomId, &str),
        password: &str,
    ) -> Result<bool, Error> {
        let key = format!("{} {}", user.0, room.0);
        self.rooms.check(peer, &key, Instant::now())?;
        let turn = self.passwords.turn(peer).await?;
        // Others of their sessions may have failed while this one waited.
        self.rooms.check(peer, &key, Instant::now())?;
        let right =
            password.len() <= MAX_PASSWORD_BYTES && turn.verify(password, hash.to_owned()).await?;
        if right {
            self.rooms.succeeded(&key);
        } else {
            self.rooms.failed(peer, &key, Instant::now());
            tracing::info!(%peer, user = user.0, room = room.0, "wrong password of a room");
        }
        Ok(right)
    }

    /// Whose valid token this is.
    ///
    /// # Errors
    /// `Banned` for somebody who is banned from the server, and the store's.
    pub(crate) async fn resume(&self, world: &World, token: &str) -> Result<Option<UserId>, Error> {
        let hash = TokenHash::of(token);
        let now = Utc::now();
        world
            .look_up(move |store| {
                let session = store.session(&hash)?;
                let Some(session) = session.filter(|session| now < session.expires) else {
                    return Ok(None);
                };
                refuse_any(store, [BanTarget::User(session.user)], now)?;
                Ok(Some(session.user))
            })
            .await
    }
}

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }
}

/// Refuses somebody who is banned from the server, by name or by address.
///
/// # Errors
/// `Banned` (with `retry_after` if the ban ends), and the store's.
pub(crate) fn refuse_banned(
    store: &mut dyn Transaction,
    user: Option<UserId>,
    peer: IpAddr,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let targets = user
        .map(BanTarget::User)
        .into_iter()
        .chain([BanTarget::Address(peer)]);
    refuse_any(store, targets, now)
}

fn refuse_any<S: ReadBans + ?Sized>(
    store: &mut S,
    targets: impl IntoIterator<Item = BanTarget>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for target in targets {
        if let Some(Ban { until, .. }) = store.banned(BanKind::Entry, &target, None, now)? {
            let error = Error::new(ErrorKind::Banned, "banned from this server");
            let left = until.and_then(|until| (until - now).to_std().ok());
            return Err(match left {
                Some(left) => error.with_retry_after(left),
                None => error,
            });
        }
    }
    Ok(())
}

fn check(person: &NewPerson) -> Result<Name, Error> {
    let invalid = |why: &'static str| Err(Error::new(ErrorKind::Invalid, why));
    let name = Name::parse(&person.name)?;
    if person.display.chars().count() > MAX_DISPLAY_CHARS {
        return invalid("a display name has 128 characters at most");
    }
    if person.avatar.len() > MAX_AVATAR_BYTES {
        return invalid("an avatar's address has 2048 bytes at most");
    }
    if person.email.len() > MAX_EMAIL_BYTES {
        return invalid("an e-mail address has 320 bytes at most");
    }
    let password = person.password.as_deref();
    if password.is_some_and(|password| password.len() > MAX_PASSWORD_BYTES) {
        return invalid("a password has 1024 bytes at most");
    }
    Ok(name)
}

fn taken() -> Error {
    Error::new(ErrorKind::Conflict, "the name is taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_as_its_sha_256() {
        let hex: String = TokenHash::of("abc")
            .0
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // FIPS 180-4, the example for one block.
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn passwords_of_rooms_are_not_guessed_for_ever() {
        let auth = Auth::new();
        let peer = IpAddr::from([192, 0, 2, 1]);
        let hash = auth.hash(peer, "sesame").await.unwrap();
        let (ann, bob, tea) = (UserId(1), UserId(2), RoomId(7));
        let opens = async |user, password| auth.opens(peer, user, (tea, &hash), password).await;
        for _ in 0..6 {
            assert!(!opens(ann, "open").await.unwrap());
        }
        let error = opens(ann, "sesame").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let wait = error.retry_after().unwrap();
        assert!(opens(bob, "sesame").await.unwrap(), "others are not slowed");
        tokio::time::advance(wait).await;
        assert!(opens(ann, "sesame").await.unwrap());
        assert!(!opens(ann, "open").await.unwrap(), "all is forgiven");
        assert!(opens(ann, "sesame").await.unwrap());
    }
}
