//! Password hashes, two at a time: each takes 19 MiB and a core for about 20 ms, and neither the memory nor the cores may depend
//! on how many want to sign in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::hash;
use super::throttle::network;

/// Hashes computed at a time.
const AT_A_TIME: usize = 2;

/// Sign-ins that may wait for their turn: the last of them waits about 0.6 s, less than the second after which rim's own front
/// end gives up.
const WAITING: usize = 64;

/// Those of them from one address: a classroom that signs in at once, and room for three others.
const WAITING_PER_ADDRESS: usize = 16;

/// When somebody who found the queue full should come back.
const COME_BACK: Duration = Duration::from_secs(2);

/// The queue for hashing.
#[derive(Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

/// How many wait.
#[derive(Debug, Default)]
struct Waiting {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: Mutex::default(),
        }
    }
}

impl Passwords {
    /// Waits for a turn.
    ///
    /// # Errors
    /// `RateLimited` if too many wait already, of all or of this address.
    pub(super) async fn turn(&self, peer: IpAddr) -> Result<Turn, Error> {
        let _place = Place::take(&self.waiting, network(peer)).ok_or_else(|| {
            Error::new(ErrorKind::RateLimited, "too many sign-ins at once")
                .with_retry_after(COME_BACK)
        })?;
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        permit.map(Turn).map_err(failed)
    }
}

/// A place in the queue; left when this is dropped.
struct Place<'a> {
    waiting: &'a Mutex<Waiting>,
    address: IpAddr,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a Mutex<Waiting>, address: IpAddr) -> Option<Self> {
        let mut counts = lock(waiting);
        let of_address = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.all >= WAITING || of_address >= WAITING_PER_ADDRESS {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, of_address + 1);
        Some(Self { waiting, address })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = lock(self.waiting);
        counts.all -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    // Nothing in here panics half-way through a change.
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
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

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_hash_is_of_one_password_and_never_the_same() {
        let passwords = Passwords::default();
        let one = passwords
            .turn(PEER)
            .await
            .unwrap()
            .hash("secret")
            .await
            .unwrap();
        let two = passwords
            .turn(PEER)
            .await
            .unwrap()
            .hash("secret")
            .await
            .unwrap();
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        for (password, right) in [("secret", true), ("Secret", false), ("", false)] {
            let turn = passwords.turn(PEER).await.unwrap();
            assert_eq!(turn.verify(password, one.clone()).await.unwrap(), right);
        }
        let turn = passwords.turn(PEER).await.unwrap();
        assert!(turn.verify("secret", "secret".to_owned()).await.is_err());
    }

    async fn held(passwords: &Passwords) -> [Turn; AT_A_TIME] {
        [
            passwords.turn(PEER).await.unwrap(),
            passwords.turn(PEER).await.unwrap(),
        ]
    }

    /// As many as there are addresses wait for turns that are held; `over` are refused, all others have their turn.
    async fn refused(addresses: impl Iterator<Item = IpAddr>, over: usize) {
        let passwords = Arc::new(Passwords::default());
        let held = held(&passwords).await;
        let mut waiting = tokio::task::JoinSet::new();
        for address in addresses {
            let passwords = Arc::clone(&passwords);
            waiting.spawn(async move { passwords.turn(address).await.map(drop) });
        }
        for _ in 0..over {
            let refused = waiting.join_next().await.unwrap().unwrap().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::RateLimited);
            assert_eq!(refused.retry_after(), Some(COME_BACK));
        }
        drop(held);
        while let Some(result) = waiting.join_next().await {
            result.unwrap().unwrap();
        }
        let left = lock(&passwords.waiting);
        assert_eq!((left.all, left.by_address.len()), (0, 0));
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let addresses = (0_u8..).map(|number| IpAddr::from([192, 0, 2, number]));
        refused(addresses.take(WAITING + 5), 5).await;
    }

    #[tokio::test]
    async fn nobody_fills_it_alone() {
        let network = |number| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number]);
        let addresses = (0_u16..).map(network).take(WAITING_PER_ADDRESS + 5);
        refused(addresses.chain([PEER]), 5).await;
    }
}
