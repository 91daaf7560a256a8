//! The `clientMsgId` of everything that is sent.

use std::num::NonZeroU64;

use kaiwa_core::RequestId;
use kaiwa_core::session::Seed;

/// Makes ids that no other client has, and knows those of own messages again.
///
/// rim compares them with nothing, so they only must not repeat; kaiwa's server takes a message with a known one for the same
/// message. A message keeps its id when it is sent again.
pub(super) struct Ids {
    prefix: String,
    next: u64,
}

impl Ids {
    pub(super) fn new(seed: &Seed) -> Self {
        let (random, _) = seed.split_at(8);
        let prefix = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { prefix, next: 0 }
    }

    /// The id of a message.
    pub(super) fn of(&self, request: RequestId) -> String {
        format!("{}-m{request}", self.prefix)
    }

    /// The message that has it.
    pub(super) fn request(&self, id: &str) -> Option<RequestId> {
        let number = id.strip_prefix(&self.prefix)?.strip_prefix("-m")?;
        let request = RequestId::from(number.parse::<NonZeroU64>().ok()?);
        // Digits alone, and none in front of them that do not count.
        (request.to_string() == number).then_some(request)
    }

    /// An id for anything else.
    pub(super) fn fresh(&mut self) -> String {
        self.next += 1;
        format!("{}-{}", self.prefix, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_known_again_and_nothing_else_is() {
        let mut ids = Ids::new(&[7; 32]);
        let request = RequestId::fresh();
        let id = ids.of(request);
        assert_eq!(ids.request(&id), Some(request));
        assert_eq!(Ids::new(&[8; 32]).request(&id), None);
        let (one, other) = (ids.fresh(), ids.fresh());
        assert_ne!(one, other);
        for strange in [
            one,
            other,
            id.replace("-m", "-m0"),
            id.replace("-m", "-m+"),
            format!("{id}x"),
            String::new(),
        ] {
            assert_eq!(ids.request(&strange), None, "{strange}");
        }
    }
}
