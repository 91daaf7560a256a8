//! Slows down guessing: after some wrong passwords, an address or an account has to wait, longer each time.
//!
//! An account waits less than an address, since by it a stranger could keep its owner out; the owner's clients also come back by
//! token, which is not slowed.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::time::Instant;

/// How an address is slowed: a household may share one, and mistypes now and then.
const BY_ADDRESS: Rule = Rule {
    free: 20,
    longest: Duration::from_secs(300),
};

/// How an account is slowed.
const BY_ACCOUNT: Rule = Rule {
    free: 5,
    longest: Duration::from_secs(30),
};

/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Without a further failure for so long, all is forgotten.
const FORGET: Duration = Duration::from_secs(15 * 60);

/// Addresses, and accounts, that are remembered at a time, about 1 MiB; of more, those that wait least are forgotten.
const REMEMBERED: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Rule {
    /// Failures that cost nothing.
    free: u32,
    longest: Duration,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    addresses: Mutex<Table<IpAddr>>,
    accounts: Mutex<Table<String>>,
}

impl Throttle {
    /// Whether somebody may try now.
    ///
    /// # Errors
    /// `RateLimited` with `retry_after`.
    pub(super) fn check(&self, peer: IpAddr, account: &str, now: Instant) -> Result<(), Error> {
        let address = lock(&self.addresses).wait(&network(peer), now);
        let account = lock(&self.accounts).wait(account, now);
        match address.max(account) {
            None => Ok(()),
            Some(wait) => {
                tracing::debug!(%peer, ?wait, "sign-in put off");
                let error = Error::new(ErrorKind::RateLimited, "too many wrong passwords");
                Err(error.with_retry_after(wait))
            }
        }
    }

    /// A wrong password.
    pub(super) fn failed(&self, peer: IpAddr, account: &str, now: Instant) {
        self.failed_at(peer, now);
        lock(&self.accounts).fail(account.to_owned(), BY_ACCOUNT, now);
    }

    /// A wrong name.
    pub(super) fn failed_at(&self, peer: IpAddr, now: Instant) {
        lock(&self.addresses).fail(network(peer), BY_ADDRESS, now);
    }

    /// The right password. The address is not forgiven: who has one account of their own may still be guessing others'.
    pub(super) fn succeeded(&self, account: &str) {
        lock(&self.accounts).entries.remove(account);
    }
}

/// What one owner is given: an IPv6 address is one of 2^64.
pub(crate) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let first = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(first))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[derive(Debug)]
struct Table<K> {
    entries: BTreeMap<K, Entry>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    until: Instant,
    forget: Instant,
}

impl<K: Ord + Clone> Table<K> {
    fn wait<Q: Ord + ?Sized>(&self, key: &Q, now: Instant) -> Option<Duration>
    where
        K: std::borrow::Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        let wait = entry.until.saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    fn fail(&mut self, key: K, rule: Rule, now: Instant) {
        let known = self.entries.get(&key).filter(|entry| now < entry.forget);
        let failures = known.map_or(0, |entry| entry.failures).saturating_add(1);
        let doublings = failures.saturating_sub(rule.free);
        let wait = match doublings.checked_sub(1) {
            None => Duration::ZERO,
            Some(times) => FIRST_WAIT
                .saturating_mul(2_u32.saturating_pow(times))
                .min(rule.longest),
        };
        if wait == rule.longest {
            tracing::warn!(
                failures,
                "many wrong passwords for one account or from one address"
            );
        }
        if self.entries.len() >= REMEMBERED && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        let entry = Entry {
            failures,
            until: now + wait,
            forget: now + wait + FORGET,
        };
        self.entries.insert(key, entry);
    }

    fn make_room(&mut self, now: Instant) {
        self.entries.retain(|_, entry| now < entry.forget);
        if self.entries.len() < REMEMBERED {
            return;
        }
        let least = self.entries.iter().min_by_key(|(_, entry)| entry.until);
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            self.entries.remove(&key);
        }
    }
}

fn lock<K>(table: &Mutex<Table<K>>) -> MutexGuard<'_, Table<K>> {
    // Nothing in here panics half-way through a change.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn wait(throttle: &Throttle, account: &str, now: Instant) -> u64 {
        match throttle.check(PEER, account, now) {
            Ok(()) => 0,
            Err(error) => error.retry_after().unwrap().as_secs(),
        }
    }

    #[tokio::test]
    async fn an_account_waits_longer_each_time_and_never_for_ever() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..12 {
            throttle.failed(PEER, "ann", now);
            waits.push(wait(&throttle, "ann", now));
            assert_eq!(wait(&throttle, "bob", now), 0, "others are not slowed");
            now += Duration::from_secs(30);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
        throttle.succeeded("ann");
        throttle.failed(PEER, "ann", now);
        assert_eq!(wait(&throttle, "ann", now), 0);
    }

    #[tokio::test]
    async fn an_address_waits_whatever_the_accounts() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for account in 0..21 {
            assert_eq!(wait(&throttle, "any", now), 0);
            throttle.failed(PEER, &account.to_string(), now);
            throttle.succeeded(&account.to_string());
        }
        assert_eq!(wait(&throttle, "any", now), 1);
        let other = "10.0.0.1".parse().unwrap();
        assert!(throttle.check(other, "any", now).is_ok());
        assert_eq!(wait(&throttle, "any", now + Duration::from_secs(1)), 0);
    }

    #[tokio::test]
    async fn time_heals() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..100 {
            throttle.failed(PEER, "ann", now);
        }
        assert_eq!(wait(&throttle, "ann", now), 300);
        let later = now + Duration::from_secs(300) + FORGET;
        throttle.failed(PEER, "ann", later);
        assert_eq!(wait(&throttle, "ann", later), 0);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_who_waits_is_kept() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..10 {
            throttle.failed(PEER, "ann", now);
        }
        for account in 0..REMEMBERED + 10 {
            throttle.failed(PEER, &format!("guess {account}"), now);
        }
        assert_eq!(lock(&throttle.accounts).entries.len(), REMEMBERED);
        let waits = lock(&throttle.accounts).wait("ann", now);
        assert_eq!(waits, Some(Duration::from_secs(16)));
    }

    #[test]
    fn a_network_counts_as_one() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(
            network(parse("2001:db8::1")),
            network(parse("2001:db8::ffff"))
        );
        assert_ne!(
            network(parse("2001:db8::1")),
            network(parse("2001:db8:0:1::1"))
        );
        assert_eq!(network(parse("::ffff:10.0.0.1")), parse("10.0.0.1"));
    }
}
