//! How the server misbehaves when asked to.

use kaiwa_protocols::oshi::wire::UserId;

/// What the server does wrong from now on.
#[derive(Default)]
pub(crate) struct Faults {
    /// Sign-ins with a password are refused, so many.
    pub(crate) refuse_sign_ins: usize,
    /// Sign-ins are not answered.
    pub(crate) mute_hellos: bool,
    /// Messages are refused.
    pub(crate) refuse_messages: bool,
    /// So many messages are told to come back after [`Faults::retry_ms`].
    pub(crate) too_fast: usize,
    pub(crate) retry_ms: u64,
    /// At most so many messages of a person in so many milliseconds.
    pub(crate) rate: Option<(usize, u64)>,
    /// Messages are not even looked at, so many.
    pub(crate) swallow: usize,
    /// What confirms messages and is kept back, with the connection it is for: answers, and own messages.
    pub(crate) held: Option<Held>,
    /// Pages of history that are kept back, with the connection they are for.
    pub(crate) slow_history: Option<Vec<(u64, String)>>,
    /// Requests are heard, and nothing comes of them.
    pub(crate) hang: bool,
    /// The state comes in many small parts.
    pub(crate) crumble: bool,
    /// What the next requests meet, by their `op`.
    calls: Vec<(&'static str, CallFault)>,
    /// Uploads meet this, so many.
    pub(crate) uploads: Vec<UploadFault>,
}

/// What confirms messages.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) answers: Vec<(u64, String)>,
    pub(crate) messages: Vec<(u64, String)>,
}

/// What a request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// It is not carried out, and the connection ends.
    Drop,
    /// It is carried out, and the connection ends before anybody is told.
    DropAfter,
    /// It is carried out, and not answered.
    Unanswered,
    /// It is answered with this frame.
    Answer(String),
    /// Somebody says this before it is carried out: "crowd 0" and on, where it is about.
    Crowd { user: UserId, count: usize },
}

/// What an upload meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadFault {
    /// It is not taken; this status.
    Status(u16),
    /// It is not taken, and the connection ends.
    Drop,
    /// It is taken, and the connection ends.
    DropAfter,
    /// It is taken, and no answer ever comes.
    Hang,
    /// It is taken, and the answer makes no sense.
    Nonsense,
}

impl Faults {
    /// The next request of this `op` meets this.
    pub(crate) fn call(&mut self, op: &'static str, fault: CallFault) {
        self.calls.push((op, fault));
    }

    /// What a request of this `op` meets.
    pub(crate) fn take_call(&mut self, op: &str) -> Option<CallFault> {
        let at = self.calls.iter().position(|(wanted, _)| *wanted == op)?;
        Some(self.calls.remove(at).1)
    }
}
