//! How the server misbehaves when asked to.

use kaiwa_protocols::rim::wire::Endpoint;

/// What the server does wrong from now on.
#[derive(Default)]
pub(crate) struct Faults {
    /// The answers to sign-ins are "wrong password", so many times.
    pub(crate) refuse_sign_ins: usize,
    /// Messages get no answer and are not kept, as if their sender were no member.
    pub(crate) refuse_messages: bool,
    /// Sign-ins over the WebSocket work, and are not acknowledged.
    pub(crate) mute_logins: bool,
    /// Messages are not even looked at, so many.
    pub(crate) swallow: usize,
    /// Acknowledgements of messages that are kept back, each with the user it is for.
    pub(crate) held: Option<Vec<(u64, String)>>,
    /// What the next requests meet, in order; `None` stands for any endpoint.
    rest: Vec<(Option<Endpoint>, RestFault)>,
}

/// What a REST request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RestFault {
    /// It is not carried out; this status with an HTML page.
    Page(u16),
    /// It is not carried out; this body with status 200.
    Body(String),
    /// It is not carried out, and the connection ends.
    Drop,
    /// It is carried out, and the connection ends without an answer.
    DropAfter,
    /// It is carried out, and half of the answer comes before the connection ends.
    Half,
    /// It is carried out, and no answer ever comes.
    Hang,
    /// It is carried out after somebody has said so many messages: "crowd 0" and on.
    Crowd { uid: u64, gid: u64, count: usize },
}

impl Faults {
    /// The next request to `endpoint`, or to any, meets this.
    pub(crate) fn rest(&mut self, endpoint: Option<Endpoint>, fault: RestFault) {
        self.rest.push((endpoint, fault));
    }

    /// What a request to `endpoint` meets.
    pub(super) fn take_rest(&mut self, endpoint: Option<Endpoint>) -> Option<RestFault> {
        let meets =
            |(wanted, _): &(Option<Endpoint>, RestFault)| wanted.is_none() || *wanted == endpoint;
        let at = self.rest.iter().position(meets)?;
        Some(self.rest.remove(at).1)
    }
}
