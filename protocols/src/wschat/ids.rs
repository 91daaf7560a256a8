//! Ids that wschat does not give: nonces of own messages, ids of everybody's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use kaiwa_core::session::Seed;
use kaiwa_core::{Id, RequestId};

/// Message ids remembered, to tell equal messages apart.
const RECENT_IDS: usize = 4096;

/// Makes and knows the nonces of own messages.
///
/// Everybody in the room reads them, so those of messages to come must not follow from those seen: else somebody could
/// send an echo of a message before it is said, with words of their own. Each is a keyed hash of its request.
pub(super) struct Nonces {
    secret: Seed,
}

impl Nonces {
    pub(super) fn new(secret: Seed) -> Self {
        Self { secret }
    }

    pub(super) fn of(&self, request: RequestId) -> String {
        let mut hasher = DefaultHasher::new();
        (self.secret, request).hash(&mut hasher);
        format!("{request}-{:016x}", hasher.finish())
    }

    /// The request whose nonce it is.
    pub(super) fn request(&self, nonce: &str) -> Option<RequestId> {
        let (number, _) = nonce.split_once('-')?;
        let request = RequestId::from(number.parse::<NonZeroU64>().ok()?);
        (self.of(request) == nonce).then_some(request)
    }
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}

/// Makes the ids of messages, unique within a session.
#[derive(Debug, Default)]
pub(super) struct MessageIds {
    /// How often each hash has come in this generation.
    recent: BTreeMap<u64, u32>,
    /// Rises when `recent` is full and begins anew; a part of the ids, so that none comes twice.
    generation: u64,
}

impl MessageIds {
    /// A hash of what came, and a counter for equal ones.
    pub(super) fn next(&mut self, usr: &str, msg: &str, tim: DateTime<Utc>) -> Id {
        let mut hasher = DefaultHasher::new();
        (usr, msg, tim).hash(&mut hasher);
        let hash = hasher.finish();
        if self.recent.len() >= RECENT_IDS {
            self.recent.clear();
            self.generation += 1;
        }
        let count = self.recent.entry(hash).or_default();
        *count += 1;
        match (self.generation, *count) {
            (0, 1) => format_args!("{hash:016x}").into(),
            (generation, count) => format_args!("{hash:016x}-{generation}-{count}").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nonces_are_known_again_and_no_others() {
        let nonces = Nonces::new([7; 32]);
        let request = RequestId::fresh();
        let nonce = nonces.of(request);
        assert_eq!(nonces.request(&nonce), Some(request));
        assert_eq!(Nonces::new([8; 32]).request(&nonce), None);
        // What was seen of one message does not make that of the next.
        let (_, tag) = nonce.split_once('-').unwrap();
        let next = RequestId::fresh();
        for forged in [
            format!("{next}-{tag}"),
            format!("0{nonce}"),
            format!("+{nonce}"),
            format!("{nonce}-"),
            nonce.to_uppercase() + "x",
            format!("{request}"),
            format!("0-{tag}"),
            String::new(),
            "-".to_owned(),
        ] {
            assert_eq!(nonces.request(&forged), None, "{forged}");
        }
    }

    #[test]
    fn equal_messages_get_ids_of_their_own() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut ids = MessageIds::default();
        let mut seen = BTreeSet::new();
        assert!(seen.insert(ids.next("ann", "hi", at(1))));
        assert!(seen.insert(ids.next("ann", "hi", at(1))));
        assert!(seen.insert(ids.next("an", "nhi", at(1))));
        assert!(seen.insert(ids.next("ann", "hi", DateTime::<Utc>::MAX_UTC)));
        for n in 0..2 * RECENT_IDS {
            assert!(seen.insert(ids.next("bob", &n.to_string(), at(1))));
        }
        assert!(seen.insert(ids.next("ann", "hi", at(1))));
        assert!(ids.recent.len() <= RECENT_IDS);
    }
}
