//! The nonces of own messages, by which the server and this session know them again.

use std::num::NonZeroU64;

use kaiwa_core::RequestId;
use kaiwa_core::session::Seed;

/// Makes nonces that no other connection of the user makes, and knows them again. A message keeps its nonce when it is
/// sent again.
pub(super) struct Nonces {
    prefix: String,
}

impl Nonces {
    pub(super) fn new(seed: &Seed) -> Self {
        let (random, _) = seed.split_at(16);
        let prefix = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { prefix }
    }

    pub(super) fn of(&self, request: RequestId) -> String {
        format!("{}-{request}", self.prefix)
    }

    /// The message that has it.
    pub(super) fn request(&self, nonce: &str) -> Option<RequestId> {
        let number = nonce.strip_prefix(&self.prefix)?.strip_prefix('-')?;
        let request = RequestId::from(number.parse::<NonZeroU64>().ok()?);
        // Digits alone, and none in front of them that do not count.
        (request.to_string() == number).then_some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oshi::wire::limit::NONCE_BYTES;

    #[test]
    fn messages_are_known_again_and_nothing_else_is() {
        let nonces = Nonces::new(&[7; 32]);
        let request = RequestId::fresh();
        let nonce = nonces.of(request);
        assert_eq!(nonces.request(&nonce), Some(request));
        assert_eq!(Nonces::new(&[8; 32]).request(&nonce), None);
        for strange in [
            nonce.replace('-', "-0"),
            nonce.replace('-', "-+"),
            format!("{nonce}x"),
            String::new(),
        ] {
            assert_eq!(nonces.request(&strange), None, "{strange}");
        }
        let longest = RequestId::from(NonZeroU64::MAX);
        assert!(nonces.of(longest).len() <= NONCE_BYTES);
    }
}
