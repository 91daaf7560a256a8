//! Events about messages.

use serde::{Deserialize, Serialize};

use crate::{Id, Message};

/// Events about messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ChatEvent {
    /// Received: it was said now. Sent: say it.
    New {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// What.
        message: Message,
    },
    /// Received: a message has changed, or an own one was settled. Sent: edit it.
    Update {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// The id it had until now; `new_message.id` may differ.
        message_id: Id,
        /// The whole message as it is now.
        new_message: Message,
    },
    /// Received: a message is gone. Sent: delete it.
    Remove {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// Which.
        message_id: Id,
    },
    /// Messages from before now: backlog, missed ones, an answer to a history request. Oldest first; never news.
    History {
        /// Where.
        channel_id: Id,
        /// Oldest first.
        messages: Vec<Message>,
        /// Whether nothing older (or, after a reconnect, nothing else missed) is left.
        complete: bool,
    },
    /// Messages may be missing between two that are known.
    Gap {
        /// Where.
        channel_id: Id,
        /// Id of the last known message before the hole.
        after: Option<Id>,
        /// Id of the first known message behind the hole.
        before: Option<Id>,
    },
    /// Sent only: older messages are wanted. Answered by [`ChatEvent::History`], then `Done`.
    RequestHistory {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// Id of the message before which the wanted ones lie; `None` asks for the newest.
        before: Option<Id>,
        /// How many at most; a network may give fewer, and says with `complete` whether nothing older is left.
        limit: u32,
    },
    /// Received: somebody has read a channel up to a message. Sent: mark it as read up to there.
    Read {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// The last message that was read.
        message_id: Id,
        /// Who; `None` is the user of this account, here or elsewhere.
        user_id: Option<Id>,
    },
    /// Received: somebody types, or no longer does; when they only stop, the session says so in time. Sent: the user types,
    /// or no longer does.
    Typing {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// Who; `None` is the user of this account: here when sent, elsewhere when received.
        user_id: Option<Id>,
        /// Whether they type.
        typing: bool,
    },
    /// Received: somebody has put an emoji on a message or taken it off. Sent: do so.
    React {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// On which message.
        message_id: Id,
        /// Who: always named when received, also the user of this account; `None` when sent.
        user_id: Option<Id>,
        /// The emoji, or what the network has in place of one.
        emoji: String,
        /// Put on, or taken off.
        on: bool,
    },
    /// Received only: so much of the files of an own message is through.
    Progress {
        /// Where; `None` is the current channel.
        channel_id: Option<Id>,
        /// The id of the local echo.
        message_id: Id,
        /// Bytes of all its files that are through.
        sent: u64,
        /// Bytes of all its files.
        total: u64,
    },
}
