//! What the scripted peer does besides answering: a few words, the same from code and from a login form.

use std::fmt::Write as _;
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};

/// What the scripted peer does. It always answers; the words below add to that.
///
/// The same script and seed give the same course of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    pub(super) seed: u64,
    pub(super) delay: Option<Duration>,
    pub(super) fail: bool,
    pub(super) refuse: bool,
    pub(super) forgetful: bool,
    pub(super) swallow: bool,
    pub(super) duplicate: bool,
    pub(super) reorder: Option<u64>,
    pub(super) flood: u64,
    pub(super) garbage: u64,
    pub(super) history: u64,
    pub(super) rooms: u64,
    pub(super) asking: bool,
    pub(super) drop_after: Option<u64>,
    pub(super) bye_after: Option<u64>,
    pub(super) half_close_after: Option<u64>,
    pub(super) silent_after: Option<u64>,
}

/// One word of a script.
struct Word {
    name: &'static str,
    help: &'static str,
    /// The number behind the colon if there is none; `None`: it must be given.
    default: Option<u64>,
    apply: fn(Script, u64) -> Script,
}

/// Every word; help and errors are made from this table.
const WORDS: &[Word] = &[
    Word {
        name: "echo",
        help: "answers, and nothing else",
        default: Some(0),
        apply: |s, _| s,
    },
    Word {
        name: "delay",
        help: "answers up to N ms later",
        default: None,
        apply: |s, n| s.delay(Duration::from_millis(n)),
    },
    Word {
        name: "fail",
        help: "refuses every request",
        default: Some(0),
        apply: |s, _| s.fail(),
    },
    Word {
        name: "refuse",
        help: "refuses every sign-in",
        default: Some(0),
        apply: |s, _| s.refuse(),
    },
    Word {
        name: "forgetful",
        help: "tells nothing about the past unasked",
        default: Some(0),
        apply: |s, _| s.forgetful(),
    },
    Word {
        name: "swallow",
        help: "takes messages and never confirms them",
        default: Some(0),
        apply: |s, _| s.swallow(),
    },
    Word {
        name: "duplicate",
        help: "confirms everything twice",
        default: Some(0),
        apply: |s, _| s.duplicate(),
    },
    Word {
        name: "reorder",
        help: "confirms N at a time, shuffled",
        default: Some(4),
        apply: Script::reorder,
    },
    Word {
        name: "flood",
        help: "says N messages after each sign-in",
        default: None,
        apply: Script::flood,
    },
    Word {
        name: "garbage",
        help: "sends N lines of noise after each sign-in",
        default: Some(16),
        apply: Script::garbage,
    },
    Word {
        name: "history",
        help: "remembers N messages from before",
        default: Some(200),
        apply: Script::history,
    },
    Word {
        name: "rooms",
        help: "has N channels that lie in the lobby",
        default: Some(3),
        apply: Script::rooms,
    },
    Word {
        name: "asking",
        help: "lets somebody ask for contact at sign-in",
        default: Some(0),
        apply: |s, _| s.asking(),
    },
    Word {
        name: "drop",
        help: "breaks the connection after N requests",
        default: Some(1),
        apply: Script::drop_after,
    },
    Word {
        name: "bye",
        help: "says goodbye after N requests",
        default: Some(1),
        apply: Script::bye_after,
    },
    Word {
        name: "half-close",
        help: "stops talking, but reads on, after N requests",
        default: Some(1),
        apply: Script::half_close_after,
    },
    Word {
        name: "silent",
        help: "says nothing more after N requests",
        default: Some(1),
        apply: Script::silent_after,
    },
];

impl Script {
    /// A peer that answers, and nothing else.
    #[must_use]
    pub fn echo() -> Self {
        Self::default()
    }

    /// Says `count` messages after each sign-in.
    #[must_use]
    pub fn flood(self, count: u64) -> Self {
        Self {
            flood: count,
            ..self
        }
    }

    /// Chooses the course of everything random.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Answers up to `limit` later, in order.
    #[must_use]
    pub fn delay(self, limit: Duration) -> Self {
        Self {
            delay: Some(limit),
            ..self
        }
    }

    /// Refuses every request.
    #[must_use]
    pub fn fail(self) -> Self {
        Self { fail: true, ..self }
    }

    /// Refuses every sign-in.
    #[must_use]
    pub fn refuse(self) -> Self {
        Self {
            refuse: true,
            ..self
        }
    }

    /// Tells a client nothing about the past unasked: no backlog, and not what became of its messages.
    #[must_use]
    pub fn forgetful(self) -> Self {
        Self {
            forgetful: true,
            ..self
        }
    }

    /// Takes messages and never confirms them.
    #[must_use]
    pub fn swallow(self) -> Self {
        Self {
            swallow: true,
            ..self
        }
    }

    /// Confirms everything twice.
    #[must_use]
    pub fn duplicate(self) -> Self {
        Self {
            duplicate: true,
            ..self
        }
    }

    /// Confirms `window` requests at a time, shuffled; fewer after [`super::REORDER_PATIENCE`].
    #[must_use]
    pub fn reorder(self, window: u64) -> Self {
        Self {
            reorder: Some(window),
            ..self
        }
    }

    /// Sends `lines` of noise after each sign-in.
    #[must_use]
    pub fn garbage(self, lines: u64) -> Self {
        Self {
            garbage: lines,
            ..self
        }
    }

    /// Remembers `messages` from before, at most 1,000.
    #[must_use]
    pub fn history(self, messages: u64) -> Self {
        Self {
            history: messages,
            ..self
        }
    }

    /// Has `rooms` channels that lie in the lobby, at most 1,000.
    #[must_use]
    pub fn rooms(self, rooms: u64) -> Self {
        Self { rooms, ..self }
    }

    /// Lets somebody ask each who signs in for contact.
    #[must_use]
    pub fn asking(self) -> Self {
        Self {
            asking: true,
            ..self
        }
    }

    /// Breaks each connection without a goodbye when it has brought `requests`.
    #[must_use]
    pub fn drop_after(self, requests: u64) -> Self {
        Self {
            drop_after: Some(requests),
            ..self
        }
    }

    /// Ends each connection with a goodbye when it has brought `requests`.
    #[must_use]
    pub fn bye_after(self, requests: u64) -> Self {
        Self {
            bye_after: Some(requests),
            ..self
        }
    }

    /// Stops talking, but reads on, when a connection has brought `requests`.
    #[must_use]
    pub fn half_close_after(self, requests: u64) -> Self {
        Self {
            half_close_after: Some(requests),
            ..self
        }
    }

    /// Says nothing more, but keeps the connection open, when it has brought `requests`.
    #[must_use]
    pub fn silent_after(self, requests: u64) -> Self {
        Self {
            silent_after: Some(requests),
            ..self
        }
    }

    /// Adds what the words in `text` say: `flood:1000, drop:3`.
    ///
    /// # Errors
    /// `Invalid` for an unknown word or a number that is missing or wrong; the text lists what there is.
    pub fn parse(self, text: &str) -> Result<Self, Error> {
        text.split([',', ' '])
            .filter(|word| !word.is_empty())
            .try_fold(self, Self::word)
    }

    fn word(self, text: &str) -> Result<Self, Error> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let word = WORDS
            .iter()
            .find(|word| word.name == name)
            .ok_or_else(|| unknown(name))?;
        let number = match number {
            Some(number) => number.parse().ok(),
            None => word.default,
        };
        match number {
            Some(number) => Ok((word.apply)(self, number)),
            None => Err(Error::new(
                ErrorKind::Invalid,
                format!("script `{name}` needs a number: `{name}:3` {}", word.help),
            )),
        }
    }
}

fn unknown(name: &str) -> Error {
    let mut text = format!("no script `{}`; there are:", name.escape_debug());
    for (at, word) in WORDS.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let number = if word.default == Some(0) { "" } else { ":N" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma} {}{number} ({})", word.name, word.help);
    }
    Error::new(ErrorKind::Invalid, text)
}

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 where that is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// The same things in another order.
    pub(super) fn shuffle<T>(&mut self, mut things: Vec<T>) -> Vec<T> {
        let mut shuffled = Vec::with_capacity(things.len());
        while !things.is_empty() {
            let at = self.below(things.len() as u64);
            shuffled.push(things.swap_remove(usize::try_from(at).unwrap_or(0)));
        }
        shuffled
    }

    /// A line that means nothing: arbitrary bytes, half a packet, or wrong JSON.
    pub(super) fn noise(&mut self) -> Vec<u8> {
        const HALVES: [&[u8]; 6] = [
            b"{\"event\":{\"event\":{\"Chat\":",
            b"[[[[[[[[",
            b"{\"ack\":{\"number\":-1}}",
            b"say lobby 1",
            b"null",
            b"{\"welcome\":{\"user_id\":7}}",
        ];
        let mut line = match self.below(2) {
            0 => (0..self.below(64))
                .map(|_| self.next().to_le_bytes()[0])
                .collect(),
            _ => HALVES
                .get(usize::try_from(self.below(HALVES.len() as u64)).unwrap_or(0))
                .copied()
                .unwrap_or_default()
                .to_vec(),
        };
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_as_methods() {
        let parsed = Script::echo().parse("flood:1000, drop:3 reorder").unwrap();
        assert_eq!(parsed, Script::echo().flood(1000).drop_after(3).reorder(4));
        assert_eq!(Script::echo().parse("").unwrap(), Script::echo());
    }

    #[test]
    fn every_word_is_taken_and_a_wrong_one_lists_them_all() {
        let error = Script::echo().parse("dance").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        for word in WORDS {
            assert!(error.message().contains(word.name), "{error}");
            Script::echo().parse(&format!("{}:2", word.name)).unwrap();
        }
        for wrong in [
            "flood",
            "flood:",
            "flood:x",
            "flood:-1",
            ":",
            "drop:99999999999999999999",
        ] {
            let error = Script::echo().parse(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{wrong}");
        }
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut dice = Dice::new(1);
        let mut shuffled = dice.shuffle((0..100).collect());
        assert_ne!(shuffled, (0..100).collect::<Vec<_>>());
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..100).collect::<Vec<_>>());
    }
}
