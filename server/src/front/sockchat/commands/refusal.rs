//! Why a command is not carried out, in the codes of Sock Chat.

use std::borrow::Cow;

use kaiwa_core::Error;

/// Why not. Names are as people read them.
#[derive(Debug)]
pub(in crate::front::sockchat) enum Refusal {
    /// There is no such command.
    NoCommand(String),
    /// Whoever asks may not use this command.
    NotAllowed(String),
    /// It is not written like that.
    Format,
    /// Nobody is called so.
    Nobody(String),
    /// The rank is higher than that of whoever asks, or none.
    Rank,
    /// Somebody else is called so.
    NameInUse(String),
    /// Whoever asks may not see who is in this channel.
    WhoNotAllowed(String),
    /// Whoever asks may not throw them out.
    KickNotAllowed(String),
    /// They are not banned.
    NotBanned(String),
    /// There is no such channel.
    NoChannel(String),
    /// They are in this channel already.
    SameChannel(String),
    /// Their rank is too low for this channel.
    RankTooLow(String),
    /// This channel needs a password, and none was given.
    NeedsPassword(String),
    /// This is not the channel's password.
    WrongPassword(String),
    /// A channel cannot be called so.
    ChannelName,
    /// There is a channel of this name.
    ChannelExists(String),
    /// Whoever asks may not delete this channel.
    DeleteChannelNotAllowed(String),
    /// Whoever asks may not change this channel.
    ChangeChannelNotAllowed(String),
    /// There is no such message, or whoever asks may not delete it.
    Delete,
    /// They are silenced already.
    Silenced,
    /// They are not silenced.
    NotSilenced,
    /// Whoever asks may not silence them.
    SilenceNotAllowed,
    /// Whoever asks may not let them speak again.
    UnsilenceNotAllowed,
    /// Nobody silences themselves.
    SilenceSelf,
    /// Something that has no code of its own, as the server being too busy.
    Other,
    /// The store failed; nothing is kept.
    Broken(Error),
}

impl Refusal {
    /// The code, and what belongs to it.
    pub(in crate::front::sockchat) fn shown(&self) -> (&'static str, Option<Cow<'_, str>>) {
        let (code, argument) = match self {
            Self::NoCommand(name) => ("nocmd", Some(name)),
            Self::NotAllowed(name) => return ("cmdna", Some(format!("/{name}").into())),
            Self::Format => ("cmderr", None),
            Self::Nobody(name) => ("usernf", Some(name)),
            Self::Rank => ("rankerr", None),
            Self::NameInUse(name) => ("nameinuse", Some(name)),
            Self::WhoNotAllowed(name) => ("whoerr", Some(name)),
            Self::KickNotAllowed(name) => ("kickna", Some(name)),
            Self::NotBanned(name) => ("notban", Some(name)),
            Self::NoChannel(name) => ("nochan", Some(name)),
            Self::SameChannel(name) => ("samechan", Some(name)),
            Self::RankTooLow(name) => ("ipchan", Some(name)),
            Self::NeedsPassword(name) => ("nopwchan", Some(name)),
            Self::WrongPassword(name) => ("ipwchan", Some(name)),
            Self::ChannelName => ("inchan", None),
            Self::ChannelExists(name) => ("nischan", Some(name)),
            Self::DeleteChannelNotAllowed(name) => ("ndchan", Some(name)),
            Self::ChangeChannelNotAllowed(name) => ("namchan", Some(name)),
            Self::Delete => ("delerr", None),
            Self::Silenced => ("silerr", None),
            Self::NotSilenced => ("usilerr", None),
            Self::SilenceNotAllowed => ("silperr", None),
            Self::UnsilenceNotAllowed => ("usilperr", None),
            Self::SilenceSelf => ("silself", None),
            Self::Other | Self::Broken(_) => ("generr", None),
        };
        (code, argument.map(|name| Cow::Borrowed(name.as_str())))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}
