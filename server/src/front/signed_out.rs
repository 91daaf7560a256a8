//! How many sockets are open that nobody has signed in on, by address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::auth::network;

/// Signed-out sockets from one address: a household or a small office of people who have the page open.
const MAX_PER_ADDRESS: usize = 64;

/// The counts.
#[derive(Default)]
pub(super) struct SignedOut {
    counts: Mutex<BTreeMap<IpAddr, usize>>,
}

impl SignedOut {
    /// A place for one more socket, if there is one.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let address = network(peer);
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= MAX_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place {
            all: Arc::clone(self),
            address,
        })
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        // Nothing in here panics half-way through a change.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One socket's place; free again when this is dropped.
pub(super) struct Place {
    all: Arc<SignedOut>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_come_back() {
        let all = Arc::new(SignedOut::default());
        let enter = |peer: &str| all.enter(peer.parse().unwrap());
        let mut places: Vec<Place> = (0..MAX_PER_ADDRESS)
            .map(|number| enter(&format!("2001:db8::{number:x}")).unwrap())
            .collect();
        assert!(
            enter("2001:db8::ffff:0:0:1").is_none(),
            "the same subscriber"
        );
        assert!(enter("2001:db8:0:1::1").is_some());
        assert!(enter("192.0.2.1").is_some());
        places.pop();
        assert!(enter("2001:db8::1").is_some());
        drop(places);
        assert!(all.counts().is_empty());
    }
}
