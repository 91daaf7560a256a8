//! What servers send.

mod decode;
mod encode;

use chrono::{DateTime, Utc};

use super::{Flags, User, WireError};

/// A packet of a server.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerPacket<'a> {
    /// 0: the answer to a ping.
    Pong,
    /// 1: signed in.
    Welcome(Welcome<'a>),
    /// 1: not signed in.
    Refused {
        /// Why.
        reason: RefusalReason<'a>,
        /// Of a ban: its end. `None`: there is none, or it is no ban.
        until: Option<DateTime<Utc>>,
    },
    /// 1: somebody has come to the server, into the channel of who reads it.
    Joined {
        /// When.
        time: Option<DateTime<Utc>>,
        /// Who.
        user: User<'a>,
        /// The id of the notice.
        message_id: &'a str,
    },
    /// 2: somebody says something.
    Message(ChatMessage<'a>),
    /// 3: somebody has left the server.
    Left {
        /// Who.
        user_id: &'a str,
        /// Their name.
        name: &'a str,
        /// How.
        reason: LeaveReason,
        /// When.
        time: Option<DateTime<Utc>>,
        /// The id of the notice.
        message_id: &'a str,
    },
    /// 4: there is a new channel.
    ChannelCreated(ChannelEntry<'a>),
    /// 4: a channel has changed.
    ChannelUpdated {
        /// What it was called.
        old_name: &'a str,
        /// What it is now.
        channel: ChannelEntry<'a>,
    },
    /// 4: a channel is gone.
    ChannelRemoved {
        /// What it was called.
        name: &'a str,
    },
    /// 5: somebody came into the channel from another one.
    Entered {
        /// Who; two dialects do not say what they may do.
        user: User<'a>,
        /// The id of the notice.
        message_id: &'a str,
    },
    /// 5: somebody went to another channel; the reader too, while switching.
    Departed {
        /// Who.
        user_id: &'a str,
        /// The id of the notice.
        message_id: &'a str,
    },
    /// 5: the reader is in this channel now.
    Moved {
        /// Which.
        channel: &'a str,
    },
    /// 6: a message is deleted.
    Deleted {
        /// Which.
        message_id: &'a str,
    },
    /// 7: who is in the channel; the reader may be left out.
    Users {
        /// Who is there.
        users: Vec<ListedUser<'a>>,
        /// So many more were claimed.
        missing: u64,
    },
    /// 7: said before.
    Backlog(BacklogMessage<'a>),
    /// 7: the channels that the reader may see.
    Channels {
        /// Which.
        channels: Vec<ChannelEntry<'a>>,
        /// So many more were claimed.
        missing: u64,
    },
    /// 8: forget something.
    Clear {
        /// What.
        mode: ClearMode,
        /// Of which channel; `None`: of all that is shown.
        channel: Option<&'a str>,
    },
    /// 9: the reader is thrown out; the connection is closed next.
    Removed(Removal),
    /// 10: somebody has changed.
    UserUpdated(User<'a>),
    /// 11: what the server can do.
    Capabilities {
        /// Name and version, in the newer of two dialects.
        server: Option<&'a str>,
        /// What it can do.
        names: Vec<&'a str>,
    },
    /// 12: somebody writes.
    Typing {
        /// Where.
        channel: &'a str,
        /// Who.
        user_id: &'a str,
        /// Since when.
        time: Option<DateTime<Utc>>,
    },
    /// Another one.
    Unknown {
        /// Its number; 65535 for any larger one.
        id: u16,
    },
}

impl<'a> ServerPacket<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// For text that does not begin with a number, and for a known packet of which fields are missing or make no sense.
    pub fn parse(frame: &'a str) -> Result<Self, WireError> {
        decode::packet(frame)
    }

    /// Appends the text frame.
    pub fn encode_into(&self, out: &mut String) {
        encode::packet(self, out);
    }

    /// The text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.encode_into(&mut out);
        out
    }
}

/// What a server says to who has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome<'a> {
    /// Who the reader is.
    pub user: User<'a>,
    /// Where the reader is now.
    pub channel: &'a str,
    /// What differs by dialect.
    pub tail: Tail<'a>,
}

impl Welcome<'_> {
    /// The longest text of a message, if the server says so.
    #[must_use]
    pub fn max_length(&self) -> Option<u64> {
        match self.tail {
            Tail::MaxLength(max_length) | Tail::Session { max_length, .. } => Some(max_length),
            Tail::None | Tail::Version { .. } => None,
        }
    }
}

/// The end of a [`Welcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail<'a> {
    /// Nothing: the PHP server.
    None,
    /// The longest text: what is usual today.
    MaxLength(u64),
    /// A version and the id of the session: SharpChat of 2020.
    Version {
        /// The version.
        version: &'a str,
        /// The id.
        session: &'a str,
    },
    /// The id of the session and the longest text: SharpChat of 2021.
    Session {
        /// The id.
        session: &'a str,
        /// The longest text.
        max_length: u64,
    },
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason<'a> {
    /// `authfail`: unknown, or a wrong secret.
    Credentials,
    /// `userfail`: signed in already.
    AlreadyIn,
    /// `sockfail`: signed in too often.
    TooManySessions,
    /// `joinfail`: banned.
    Banned,
    /// Something else.
    Other(&'a str),
}

/// A message that is said now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatMessage<'a> {
    /// When.
    pub time: Option<DateTime<Utc>>,
    /// Who.
    pub user_id: &'a str,
    /// What, as it stands in the packet. Of [`SERVER_ID`](super::SERVER_ID) it is a [`Notice`](super::Notice).
    pub text: &'a str,
    /// Its id.
    pub message_id: &'a str,
    /// How it is shown.
    pub flags: Flags,
    /// Whether the reader should be told; only the PHP server says so.
    pub notify: Option<bool>,
    /// Where, if the server says so: a name, or something beginning with `@` that is none.
    pub channel: Option<&'a str>,
}

impl<'a> ChatMessage<'a> {
    /// The name of the channel it was said in; `None`: the current one, or none at all.
    #[must_use]
    pub fn channel_name(&self) -> Option<&'a str> {
        self.channel
            .filter(|name| !name.is_empty() && !name.starts_with('@'))
    }
}

/// A message that was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogMessage<'a> {
    /// When.
    pub time: Option<DateTime<Utc>>,
    /// Who, as they were then.
    pub user: User<'a>,
    /// What, as it stands in the packet. Of [`SERVER_ID`](super::SERVER_ID) it is a [`Notice`](super::Notice).
    pub text: &'a str,
    /// Its id, which may be [`WELCOME_ID`](super::WELCOME_ID) or [`RELOADED_ID`](super::RELOADED_ID).
    pub message_id: &'a str,
    /// Whether the reader should be told.
    pub notify: bool,
    /// How it is shown.
    pub flags: Flags,
}

/// How somebody left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaveReason {
    /// Of their own will, or nobody knows.
    #[default]
    Leave,
    /// Thrown out.
    Kick,
    /// Thrown out for saying too much at once.
    Flood,
    /// Silent for too long.
    Timeout,
}

impl LeaveReason {
    /// Every way, as it is written.
    pub const ALL: [(&'static str, Self); 4] = [
        ("leave", Self::Leave),
        ("kick", Self::Kick),
        ("flood", Self::Flood),
        ("timeout", Self::Timeout),
    ];
}

/// A channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelEntry<'a> {
    /// What it is called; that is its id too.
    pub name: &'a str,
    /// Whether a password is needed.
    pub has_password: bool,
    /// Whether it goes when its owner leaves.
    pub is_temporary: bool,
}

/// Somebody in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListedUser<'a> {
    /// Who.
    pub user: User<'a>,
    /// Whether to show them.
    pub visible: bool,
}

/// What to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearMode {
    /// Messages.
    Messages,
    /// Users.
    Users,
    /// Channels.
    Channels,
    /// Messages and users.
    MessagesAndUsers,
    /// All of it.
    All,
}

/// How the reader is thrown out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// For now.
    Kicked,
    /// For some time.
    Banned {
        /// Until then; `None`: for ever.
        until: Option<DateTime<Utc>>,
    },
}

/// What somebody does, without the tags that some servers put around it.
#[must_use]
pub fn action_text(text: &str) -> &str {
    let inner = text.strip_prefix("<i>");
    inner
        .and_then(|inner| inner.strip_suffix("</i>"))
        .unwrap_or(text)
}

/// The echo of an own private message: to whom, as their name stands in packets, and what. `None` if nobody is named.
#[must_use]
pub fn split_recipient(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ').filter(|(name, _)| !name.is_empty())
}
