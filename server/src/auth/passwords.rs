//! Password hashes, two at a time: each takes 19 MiB and a core for about 20 ms, and neither the memory nor the cores may depend
//! on how many want to sign in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::hash;

/// Hashes computed at a time.
const AT_A_TIME: usize = 2;

/// Sign-ins that may wait for their turn: the last of them waits about 0.6 s, less than the second after which rim's own front
/// end gives up.
const WAITING: usize = 64;

/// When somebody who found the queue full should come back.
const COME_BACK: Duration = Duration::from_secs(2);

/// The queue for hashing.
#[derive(Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Passwords {
    /// Waits for a turn.
    ///
    /// # Errors
    /// `RateLimited` if too many wait already.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let _place = Place::take(&self.waiting).ok_or_else(|| {
            Error::new(ErrorKind::RateLimited, "too many sign-ins at once")
                .with_retry_after(COME_BACK)
        })?;
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        permit.map(Turn).map_err(failed)
    }
}

/// A place in the queue; left when this is dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let take = |count| (count < WAITING).then_some(count + 1);
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        // Made only then: dropping one leaves the queue.
        taken.is_ok().then(|| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to compute one hash.
pub(super) struct Turn(OwnedSemaphorePermit);

impl Turn {
    /// The hash of a password in PHC form, with a salt of its own (Argon2id, version 19, 19 MiB, 2 passes).
    ///
    /// # Errors
    /// `Internal` if the system gives no randomness.
    pub(super) async fn hash(self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.compute(move || hash::hash(password.as_bytes())).await
    }

    /// Whether a password is the one of a hash; parameters are the hash's own.
    ///
    /// # Errors
    /// `Internal` for a hash that is none.
    pub(super) async fn verify(self, password: &str, hash: String) -> Result<bool, Error> {
        let password = password.to_owned();
        self.compute(move || hash::verify(password.as_bytes(), &hash))
            .await
    }

    /// The turn goes along: a caller who is gone does not make room for a third hash.
    async fn compute<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let computing = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(self.0);
            result
        });
        computing.await.map_err(failed)?
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal, "hashing a password").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_of_one_password_and_never_the_same() {
        let passwords = Passwords::default();
        let one = passwords
            .turn()
            .await
            .unwrap()
            .hash("secret")
            .await
            .unwrap();
        let two = passwords
            .turn()
            .await
            .unwrap()
            .hash("secret")
            .await
            .unwrap();
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        for (password, right) in [("secret", true), ("Secret", false), ("", false)] {
            let turn = passwords.turn().await.unwrap();
            assert_eq!(turn.verify(password, one.clone()).await.unwrap(), right);
        }
        let turn = passwords.turn().await.unwrap();
        assert!(turn.verify("secret", "secret".to_owned()).await.is_err());
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let passwords = Arc::new(Passwords::default());
        let held = [
            passwords.turn().await.unwrap(),
            passwords.turn().await.unwrap(),
        ];
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING + 5 {
            let passwords = Arc::clone(&passwords);
            waiting.spawn(async move { passwords.turn().await.map(drop) });
        }
        for _ in 0..5 {
            let refused = waiting.join_next().await.unwrap().unwrap().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::RateLimited);
            assert_eq!(refused.retry_after(), Some(COME_BACK));
        }
        drop(held);
        while let Some(result) = waiting.join_next().await {
            result.unwrap().unwrap();
        }
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }
}
