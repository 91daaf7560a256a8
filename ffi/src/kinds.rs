//! The numbers of events.

use kaiwa_core::EventKind;

use crate::raw;
use crate::text::kaiwa_str;

macro_rules! both {
    ($($kind:ident = $name:ident,)*) => {
        impl kaiwa_event_kind {
            /// The number of a kind of event; `KAIWA_EVENT_NONE` for one that came with a newer core.
            #[must_use]
            pub fn of(kind: EventKind) -> Self {
                match kind {
                    $(EventKind::$kind => Self::$name,)*
                    _ => Self::KAIWA_EVENT_NONE,
                }
            }

            /// The kind of a number.
            #[must_use]
            pub fn kind(number: i32) -> Option<EventKind> {
                $(const $name: i32 = kaiwa_event_kind::$name as i32;)*
                match number {
                    $($name => Some(EventKind::$kind),)*
                    _ => None,
                }
            }
        }

        fn name(kind: EventKind) -> Option<&'static str> {
            match kind {
                $(EventKind::$kind => Some(concat!(stringify!($name), "\0")),)*
                _ => None,
            }
        }
    };
}

/// Which event it is. Numbers are fixed for ever; new ones come, and those that you do not know must be skipped. What each means,
/// received and sent, is in docs/events.md of the library.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_event_kind {
    /// An event of a kind that this library has no number for.
    KAIWA_EVENT_NONE = 0,

    /// It was said now: `channel_id`, `message`.
    KAIWA_EVENT_CHAT_NEW = 1,
    /// A message has changed, or an own one was settled: `channel_id`, `message_id` (the id until now), `message`.
    KAIWA_EVENT_CHAT_UPDATE = 2,
    /// A message is gone: `channel_id`, `message_id`.
    KAIWA_EVENT_CHAT_REMOVE = 3,
    /// Messages from before now, never news: `channel_id`, `messages` (oldest first), `complete`.
    KAIWA_EVENT_CHAT_HISTORY = 4,
    /// Messages may be missing: `channel_id`, `after`, `before`.
    KAIWA_EVENT_CHAT_GAP = 5,
    /// Sent only: `channel_id`, `before`, `limit`.
    KAIWA_EVENT_CHAT_REQUEST_HISTORY = 6,
    /// Somebody has read up to a message: `channel_id`, `message_id`, `user_id` (none: the own user).
    KAIWA_EVENT_CHAT_READ = 7,
    /// Somebody types, or no longer does: `channel_id`, `user_id` (none: the own user), `typing`.
    KAIWA_EVENT_CHAT_TYPING = 8,
    /// An emoji was put on a message or taken off: `channel_id`, `message_id`, `user_id`, `emoji`, `on`.
    KAIWA_EVENT_CHAT_REACT = 9,
    /// So much of the files of an own message is through: `channel_id`, `message_id`, `sent`, `total`.
    KAIWA_EVENT_CHAT_PROGRESS = 10,

    /// A channel is there: `channel`.
    KAIWA_EVENT_CHANNEL_NEW = 100,
    /// A channel has changed: `channel_id` (the id until now), `channel`.
    KAIWA_EVENT_CHANNEL_UPDATE = 101,
    /// A channel is gone: `channel_id`.
    KAIWA_EVENT_CHANNEL_REMOVE = 102,
    /// The user is in it now: `channel_id`.
    KAIWA_EVENT_CHANNEL_JOIN = 103,
    /// The user has left it: `channel_id`.
    KAIWA_EVENT_CHANNEL_LEAVE = 104,
    /// It is the current channel now: `channel_id`.
    KAIWA_EVENT_CHANNEL_SWITCH = 105,
    /// The user of this account was removed: `channel_id` (none: from the network), `reason`, `ban`.
    KAIWA_EVENT_CHANNEL_KICK = 106,
    /// All messages of a channel are to be forgotten: `channel_id` (none: of all).
    KAIWA_EVENT_CHANNEL_WIPE = 107,
    /// All channels are to be forgotten.
    KAIWA_EVENT_CHANNEL_CLEAR_LIST = 108,
    /// What a channel is about: `channel_id`, `topic`.
    KAIWA_EVENT_CHANNEL_TOPIC = 109,
    /// A channel lies in another one: `channel_id`, `parent_id`.
    KAIWA_EVENT_CHANNEL_PARENT = 110,
    /// These are in it and have these roles: `channel_id`, `members`.
    KAIWA_EVENT_CHANNEL_MEMBERS = 111,
    /// Sent only: `parent_id`, `channel`, `is_public`.
    KAIWA_EVENT_CHANNEL_CREATE = 112,
    /// Sent only: `channel_id`, `key` (a secret).
    KAIWA_EVENT_CHANNEL_JOIN_WITH = 113,
    /// The code of an invitation, or somebody invites the user: `channel_id`, `user_id`, `code` (a secret).
    KAIWA_EVENT_CHANNEL_INVITE = 114,
    /// Channels that can be joined: `query`, `channels`.
    KAIWA_EVENT_CHANNEL_DIRECTORY = 115,

    /// Somebody is in a channel, or known on the network: `channel_id` (none: the network), `user`.
    KAIWA_EVENT_USER_NEW = 200,
    /// Somebody has changed: `channel_id`, `user_id` (the id until now), `user`.
    KAIWA_EVENT_USER_UPDATE = 201,
    /// Somebody has left: `channel_id`, `user_id`.
    KAIWA_EVENT_USER_REMOVE = 202,
    /// All members of a channel are to be forgotten: `channel_id`.
    KAIWA_EVENT_USER_CLEAR_LIST = 203,
    /// Who the user of this account is: `user_id`.
    KAIWA_EVENT_USER_IDENTIFY = 204,
    /// Somebody can or cannot be reached: `user_id` (none: the own user), `presence`, `text`.
    KAIWA_EVENT_USER_PRESENCE = 205,
    /// Contact is asked for: `user_id`, `own` (the user has asked), `text`.
    KAIWA_EVENT_USER_REQUEST = 206,
    /// Somebody is a contact, or is none: `user_id`, `accept`.
    KAIWA_EVENT_USER_RESPOND = 207,
    /// A value that the user keeps on the network: `channel_id`, `key`, `value_json` (none: no value).
    KAIWA_EVENT_USER_DATA = 208,
    /// Sent only: `channel_id`, `key`.
    KAIWA_EVENT_USER_REQUEST_DATA = 209,
    /// Somebody is kept out: `channel_id`, `user_id`, `until_ms` (if `has_until`), `reason`.
    KAIWA_EVENT_USER_BAN = 210,

    /// A sign of life: `artifact`.
    KAIWA_EVENT_STATUS_PING = 300,
    /// Signed in: `artifact`.
    KAIWA_EVENT_STATUS_CONNECTED = 301,
    /// The connection is down: `artifact`.
    KAIWA_EVENT_STATUS_DISCONNECTED = 302,
    /// An attempt to connect begins.
    KAIWA_EVENT_STATUS_CONNECTING = 303,
    /// The connection broke or could not be made: `error`, `retry_in_ms` (if `has_retry_in`; else it stays down).
    KAIWA_EVENT_STATUS_LOST = 304,
    /// A request is carried out: `request` and `ended_request`.
    KAIWA_EVENT_STATUS_DONE = 305,
    /// A request was not carried out: `request` and `ended_request`, `error`.
    KAIWA_EVENT_STATUS_FAILED = 306,
    /// Events were not taken for too long while others waited; nothing follows.
    KAIWA_EVENT_STATUS_OVERRUN = 307,
    /// What the network can do has been learned or has changed: `capabilities`.
    KAIWA_EVENT_STATUS_CAPABILITIES = 308,

    /// An asset may be used: `channel_id` (none: everywhere), `asset`.
    KAIWA_EVENT_ASSET_NEW = 400,
    /// An asset has changed: `channel_id`, `asset_id` (the id until now), `asset`.
    KAIWA_EVENT_ASSET_UPDATE = 401,
    /// An asset is gone: `channel_id`, `asset_id`.
    KAIWA_EVENT_ASSET_REMOVE = 402,
    /// All assets are to be forgotten: `channel_id`.
    KAIWA_EVENT_ASSET_CLEAR_LIST = 403,
    /// The list of assets could not be had: `channel_id`, `error`.
    KAIWA_EVENT_ASSET_UNAVAILABLE = 404,
}

both! {
    ChatNew = KAIWA_EVENT_CHAT_NEW,
    ChatUpdate = KAIWA_EVENT_CHAT_UPDATE,
    ChatRemove = KAIWA_EVENT_CHAT_REMOVE,
    ChatHistory = KAIWA_EVENT_CHAT_HISTORY,
    ChatGap = KAIWA_EVENT_CHAT_GAP,
    ChatRequestHistory = KAIWA_EVENT_CHAT_REQUEST_HISTORY,
    ChatRead = KAIWA_EVENT_CHAT_READ,
    ChatTyping = KAIWA_EVENT_CHAT_TYPING,
    ChatReact = KAIWA_EVENT_CHAT_REACT,
    ChatProgress = KAIWA_EVENT_CHAT_PROGRESS,
    ChannelNew = KAIWA_EVENT_CHANNEL_NEW,
    ChannelUpdate = KAIWA_EVENT_CHANNEL_UPDATE,
    ChannelRemove = KAIWA_EVENT_CHANNEL_REMOVE,
    ChannelJoin = KAIWA_EVENT_CHANNEL_JOIN,
    ChannelLeave = KAIWA_EVENT_CHANNEL_LEAVE,
    ChannelSwitch = KAIWA_EVENT_CHANNEL_SWITCH,
    ChannelKick = KAIWA_EVENT_CHANNEL_KICK,
    ChannelWipe = KAIWA_EVENT_CHANNEL_WIPE,
    ChannelClearList = KAIWA_EVENT_CHANNEL_CLEAR_LIST,
    ChannelTopic = KAIWA_EVENT_CHANNEL_TOPIC,
    ChannelParent = KAIWA_EVENT_CHANNEL_PARENT,
    ChannelMembers = KAIWA_EVENT_CHANNEL_MEMBERS,
    ChannelCreate = KAIWA_EVENT_CHANNEL_CREATE,
    ChannelJoinWith = KAIWA_EVENT_CHANNEL_JOIN_WITH,
    ChannelInvite = KAIWA_EVENT_CHANNEL_INVITE,
    ChannelDirectory = KAIWA_EVENT_CHANNEL_DIRECTORY,
    UserNew = KAIWA_EVENT_USER_NEW,
    UserUpdate = KAIWA_EVENT_USER_UPDATE,
    UserRemove = KAIWA_EVENT_USER_REMOVE,
    UserClearList = KAIWA_EVENT_USER_CLEAR_LIST,
    UserIdentify = KAIWA_EVENT_USER_IDENTIFY,
    UserPresence = KAIWA_EVENT_USER_PRESENCE,
    UserRequest = KAIWA_EVENT_USER_REQUEST,
    UserRespond = KAIWA_EVENT_USER_RESPOND,
    UserData = KAIWA_EVENT_USER_DATA,
    UserRequestData = KAIWA_EVENT_USER_REQUEST_DATA,
    UserBan = KAIWA_EVENT_USER_BAN,
    StatusPing = KAIWA_EVENT_STATUS_PING,
    StatusConnected = KAIWA_EVENT_STATUS_CONNECTED,
    StatusDisconnected = KAIWA_EVENT_STATUS_DISCONNECTED,
    StatusConnecting = KAIWA_EVENT_STATUS_CONNECTING,
    StatusLost = KAIWA_EVENT_STATUS_LOST,
    StatusDone = KAIWA_EVENT_STATUS_DONE,
    StatusFailed = KAIWA_EVENT_STATUS_FAILED,
    StatusOverrun = KAIWA_EVENT_STATUS_OVERRUN,
    StatusCapabilities = KAIWA_EVENT_STATUS_CAPABILITIES,
    AssetNew = KAIWA_EVENT_ASSET_NEW,
    AssetUpdate = KAIWA_EVENT_ASSET_UPDATE,
    AssetRemove = KAIWA_EVENT_ASSET_REMOVE,
    AssetClearList = KAIWA_EVENT_ASSET_CLEAR_LIST,
    AssetUnavailable = KAIWA_EVENT_ASSET_UNAVAILABLE,
}

/// The name of a kind of event, for example `KAIWA_EVENT_CHAT_NEW`; `{NULL, 0}` for a number that is none. Static.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_event_kind_name(kind: i32) -> kaiwa_str {
    kaiwa_event_kind::kind(kind)
        .and_then(name)
        .map_or(kaiwa_str::NONE, raw::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_number_and_name() {
        for &kind in EventKind::ALL {
            let number = kaiwa_event_kind::of(kind);
            assert_eq!(number as i32, i32::from(kind.number()), "{kind}");
            assert_eq!(kaiwa_event_kind::kind(number as i32), Some(kind));
            let letters = name(kind).unwrap().replace(['_', '\0'], "");
            let expected = format!("KAIWAEVENT{}{}", kind.group(), kind.variant());
            assert_eq!(letters, expected.to_uppercase());
        }
        assert_eq!(kaiwa_event_kind::kind(0), None);
        assert_eq!(kaiwa_event_kind::kind(-1), None);
    }
}
