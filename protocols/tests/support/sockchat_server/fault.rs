//! How the server misbehaves when asked to.

/// What the server does wrong from now on.
#[derive(Default)]
pub(crate) struct Faults {
    /// Sign-ins are refused, so many.
    pub(crate) refuse_sign_ins: usize,
    /// Sign-ins are not answered.
    pub(crate) mute_sign_ins: bool,
    /// Echoes of own messages that are kept back, with the connection they are for.
    pub(crate) held: Option<Vec<(u64, String)>>,
    /// Messages are not even looked at, so many.
    pub(crate) swallow: usize,
    /// The connection ends after the next message was taken, before anybody is told.
    pub(crate) drop_after: bool,
    /// A session of somebody whose connection broke counts as there, as long as nobody sees that it did.
    pub(crate) lingering: bool,
}
