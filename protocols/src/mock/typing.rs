//! Who types, as the server says; whoever does not say so again types no longer.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::{ChatEvent, ConnectionEvent, Id};

/// Somebody who types is taken to have stopped after this long without a word: a slow thinker's pause.
const LAPSE: Duration = Duration::from_secs(8);

/// People who type at once, in all channels; more are not shown.
const TYPERS: usize = 1000;

/// Where, and who; `None` is the user, elsewhere.
type Typer = (Id, Option<Id>);

/// Who types, and until when.
#[derive(Debug, Default)]
pub(super) struct Typing {
    until: BTreeMap<Typer, Duration>,
}

impl Typing {
    /// Somebody says that they type, or no longer do; the event if that is new.
    pub(super) fn said(
        &mut self,
        now: Duration,
        channel_id: &str,
        user_id: Option<&str>,
        typing: bool,
    ) -> Option<ConnectionEvent> {
        if !typing && self.until.is_empty() {
            // Asked for each message of a flood.
            return None;
        }
        let typer = (channel_id.into(), user_id.map(Id::from));
        if !typing {
            return self.until.remove(&typer).map(|_| told(typer, false));
        }
        if self.until.len() >= TYPERS && !self.until.contains_key(&typer) {
            return None;
        }
        let before = self.until.insert(typer.clone(), now + LAPSE);
        before.is_none().then(|| told(typer, true))
    }

    /// Those who have typed for too long without saying so again.
    pub(super) fn lapse(&mut self, now: Duration) -> Vec<ConnectionEvent> {
        let lapsed = self.until.extract_if(.., |_, until| *until <= now);
        lapsed.map(|(typer, _)| told(typer, false)).collect()
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.until.values().min().copied()
    }

    /// The connection is gone.
    pub(super) fn clear(&mut self) {
        self.until.clear();
    }
}

fn told((channel_id, user_id): Typer, typing: bool) -> ConnectionEvent {
    ChatEvent::Typing {
        channel_id: Some(channel_id),
        user_id,
        typing,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_change_is_told_once_and_silence_ends_it() {
        let mut typing = Typing::default();
        let on = |typing: &mut Typing, now| typing.said(now, "a", Some("ann"), true);
        assert!(on(&mut typing, SECOND).is_some());
        assert!(on(&mut typing, SECOND * 5).is_none(), "known");
        assert_eq!(typing.deadline(), Some(SECOND * 13));
        assert!(typing.lapse(SECOND * 12).is_empty());
        assert_eq!(typing.lapse(SECOND * 13).len(), 1);
        assert_eq!(typing.deadline(), None);
        assert!(typing.said(SECOND, "a", Some("ann"), false).is_none());
        assert!(on(&mut typing, SECOND * 14).is_some());
        assert!(typing.said(SECOND, "a", Some("ann"), false).is_some());
    }

    #[test]
    fn it_is_bounded() {
        let mut typing = Typing::default();
        for number in 0..=TYPERS {
            let told = typing.said(SECOND, "a", Some(&number.to_string()), true);
            assert_eq!(told.is_some(), number < TYPERS, "{number}");
        }
        assert!(typing.said(SECOND * 2, "a", Some("0"), true).is_none());
        assert_eq!(typing.lapse(SECOND * 100).len(), TYPERS);
    }
}
