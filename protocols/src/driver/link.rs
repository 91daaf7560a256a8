//! The transport of one attempt, and how it ends.

use futures_util::future::BoxFuture;
use kaiwa_core::Error;
use kaiwa_core::session::Transmit;

use crate::transport::Transport;

/// The transport and how far it is.
pub(super) enum Link {
    /// The session has not asked for one yet.
    None,
    Opening(BoxFuture<'static, Result<Box<dyn Transport>, Error>>),
    Open(Box<dyn Transport>),
    /// The session wants the end: the goodbye is being said, what still comes is still read.
    Closing(Box<dyn Transport>, Goodbye),
}

/// What is said last.
pub(super) struct Goodbye {
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    /// Why the session gives up.
    pub(super) error: Option<Error>,
    pub(super) said: bool,
}

/// How a connection ended.
pub(super) struct End {
    pub(super) asked: bool,
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    /// What `Lost` will say; `None` where the user asked for the end.
    pub(super) error: Option<Error>,
}

impl End {
    pub(super) fn lost(error: Error) -> Self {
        Self {
            asked: false,
            code: None,
            reason: String::new(),
            error: Some(error),
        }
    }
}

/// A wish without its content, for logs.
pub(super) fn name(transmit: &Transmit) -> &'static str {
    match transmit {
        Transmit::Open(_) => "Open",
        Transmit::Frame(_) => "Frame",
        Transmit::Bytes(_) => "Bytes",
        Transmit::StartTls { .. } => "StartTls",
        Transmit::Http { .. } => "Http",
        Transmit::CancelHttp { .. } => "CancelHttp",
        Transmit::Close { .. } => "Close",
        _ => "another",
    }
}
