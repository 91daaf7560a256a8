//! The books of own messages: each ends as delivered or failed, and is counted once.

use std::collections::BTreeSet;

use kaiwa_protocols::{ErrorKind, RequestId};

/// Own messages under way at once: enough to keep any server busy, few enough that their events are taken at once.
const UNDER_WAY: usize = 256;

/// Messages of unknown outcome remembered for a late confirmation, as many as an outbox remembers.
const UNKNOWN: usize = 256;

/// The books of own messages.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    under_way: BTreeSet<RequestId>,
    /// The text of the message that has just failed: the reason follows.
    failing: Option<(RequestId, String)>,
    /// Failed because nobody could tell; they may still arrive.
    unknown: BTreeSet<RequestId>,
    failures: u64,
}

impl Ledger {
    /// A message was accepted.
    pub(crate) fn sent(&mut self, request: RequestId) {
        self.under_way.insert(request);
    }

    /// Something could not even be sent.
    pub(crate) fn refused(&mut self) {
        self.failures += 1;
    }

    /// Whether an update of this request is about an own message.
    pub(crate) fn knows(&self, request: RequestId) -> bool {
        self.under_way.contains(&request) || self.unknown.contains(&request)
    }

    /// A message failed; why comes with [`Ledger::failed`].
    pub(crate) fn failing(&mut self, request: RequestId, text: String) {
        self.failing = Some((request, text));
    }

    /// A message was delivered; says whether it had been given up.
    pub(crate) fn delivered(&mut self, request: RequestId) -> bool {
        let late = self.unknown.remove(&request);
        if late {
            self.failures = self.failures.saturating_sub(1);
        }
        late
    }

    /// A request is settled.
    pub(crate) fn done(&mut self, request: RequestId) {
        self.under_way.remove(&request);
    }

    /// A request failed; gives the text if it was an own message.
    pub(crate) fn failed(&mut self, request: RequestId, kind: ErrorKind) -> Option<String> {
        if !self.under_way.remove(&request) {
            return None;
        }
        self.failures += 1;
        if kind == ErrorKind::OutcomeUnknown {
            if self.unknown.len() >= UNKNOWN {
                self.unknown.pop_first();
            }
            self.unknown.insert(request);
        }
        let text = self
            .failing
            .take()
            .filter(|(failing, _)| *failing == request);
        Some(text.map(|(_, text)| text).unwrap_or_default())
    }

    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Whether enough is under way.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= UNDER_WAY
    }

    /// Whether something was not delivered, as far as is known now.
    pub(crate) fn has_failures(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_counted_once() {
        let mut ledger = Ledger::default();
        let [one, two, other] = [(); 3].map(|()| RequestId::fresh());
        ledger.sent(one);
        ledger.sent(two);
        assert!(!ledger.delivered(one));
        ledger.done(one);
        ledger.failing(two, "text".to_owned());
        assert_eq!(
            ledger.failed(two, ErrorKind::OutcomeUnknown).as_deref(),
            Some("text")
        );
        assert_eq!(ledger.failed(two, ErrorKind::OutcomeUnknown), None);
        assert_eq!(ledger.failed(other, ErrorKind::Lost), None);
        assert_eq!(ledger.len(), 0);
        assert!(ledger.has_failures() && ledger.knows(two) && !ledger.knows(one));
        // The echo comes after all.
        assert!(ledger.delivered(two));
        assert!(!ledger.delivered(two) && !ledger.has_failures());
        ledger.refused();
        assert!(ledger.has_failures());
    }

    #[test]
    fn it_is_bounded() {
        let mut ledger = Ledger::default();
        while !ledger.is_full() {
            ledger.sent(RequestId::fresh());
        }
        for _ in 0..2 * UNKNOWN {
            let request = RequestId::fresh();
            ledger.sent(request);
            ledger.failed(request, ErrorKind::OutcomeUnknown);
        }
        assert_eq!(ledger.unknown.len(), UNKNOWN);
    }
}
