//! What the events of one connection add up to.

use serde_json::Value;

use super::{Map, MessageLog};
use crate::{Asset, Capabilities, Channel, ChannelType, ErrorInfo, Id, Presence, Profile, Role};

/// How many channels are kept per connection: several times what the busiest accounts have joined.
pub const CHANNELS_PER_CONNECTION: usize = 10_000;

/// How many people are kept per channel, and per network: the largest rooms that send whole member lists, about 30 MB.
/// Roles, read marks, contacts and presences are lists of people too, each with this bound of its own.
pub const USERS_PER_LIST: usize = 100_000;

/// How many assets are kept per channel, and per network: an account in hundreds of groups with emotes of their own.
pub const ASSETS_PER_LIST: usize = 20_000;

/// How many reactions of people are kept per message: far more than anybody reads, and each further one copies the message.
pub const REACTIONS_PER_MESSAGE: usize = 1_000;

/// How many values of the user's are kept per channel, and per network: settings, not a database.
pub const DATA_PER_LIST: usize = 1_000;

/// Bytes of one value of the user's: many times what networks allow.
pub const DATA_BYTES: usize = 64 * 1024;

/// What the events of one connection add up to; [`ConnectionState::apply`] adds one.
///
/// A clone is O(1): it shares all lists with its original and never sees later changes of it. Lists outlive a lost
/// connection; after a reconnect the network says what has gone.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConnectionState {
    /// The id under which the connection is tracked.
    pub connection_id: String,
    /// [`crate::Protocol::name`] of its network.
    pub protocol_name: String,
    /// Whether it is up.
    pub status: ConnectionStatus,
    /// The known channels by id.
    pub channels: Map<Id, ChannelState>,
    /// The channel the user is in, on networks that know such a thing.
    pub current_channel: Option<Id>,
    /// People known to the network as a whole, by id.
    pub global_users: Map<Id, Profile>,
    /// Who is a contact of the user, or may become one, by id.
    pub contacts: Map<Id, Contact>,
    /// How those are who have said it, by id; the user too, under their own.
    pub presence: Map<Id, PresenceState>,
    /// What the user keeps on the network, outside of all channels, as far as it was said.
    pub data: Map<String, Value>,
    /// Assets that may be used everywhere, by id.
    pub global_assets: Map<Id, Asset>,
    /// The user's own id.
    pub current_user_id: Option<Id>,
    /// What the network can do, once it was said.
    pub capabilities: Option<Capabilities>,
    /// Why the connection was lost, until it is up again.
    pub last_error: Option<ErrorInfo>,
    /// How many events found no room: beyond a limit of a list, or without a channel while none is current,
    /// or about the user before their id was known.
    pub left_out: u64,
}

/// What the events about one channel add up to. A clone is O(1), as that of [`ConnectionState`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ChannelState {
    /// The channel itself.
    pub channel: Channel,
    /// What it is about.
    pub topic: Option<String>,
    /// The id of the channel around it; that one need not be known.
    pub parent: Option<Id>,
    /// Who is in it, by id.
    pub users: Map<Id, Profile>,
    /// What those in it may do, as far as it was said, by id.
    pub roles: Map<Id, Role>,
    /// The last message that each has read, as far as it was said: ids of messages by ids of people, the user too.
    pub read: Map<Id, Id>,
    /// Who types, by id; the user too, where they do so elsewhere.
    pub typing: Map<Id, ()>,
    /// What the user keeps in this channel on the network, as far as it was said.
    pub data: Map<String, Value>,
    /// What was said, oldest first; reactions are [`crate::MessageFragment::Reaction`] of their message.
    pub messages: MessageLog,
    /// Assets that may be used here, by id.
    pub assets: Map<Id, Asset>,
}

/// How far two people are on the way to being contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contact {
    /// The user has asked them.
    Asked,
    /// They ask the user.
    Asking,
    /// They are contacts.
    Confirmed,
}

/// How somebody is, and what they say about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PresenceState {
    /// How they are.
    pub presence: Presence,
    /// What they say about it.
    pub text: Option<String>,
}

/// Whether a connection is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// It is down.
    #[default]
    Disconnected,
    /// An attempt to connect is under way.
    Connecting,
    /// It is signed in.
    Connected,
}

impl ConnectionState {
    /// The state before the first event.
    #[must_use]
    pub fn new(connection_id: String, protocol_name: String) -> Self {
        Self {
            connection_id,
            protocol_name,
            ..Self::default()
        }
    }

    /// The channel called `channel_id`; a group without a name is made where there is none.
    pub fn get_or_create_channel(&mut self, channel_id: &str) -> &mut ChannelState {
        if !self.channels.contains_key(channel_id) {
            let channel = ChannelState::new(unnamed(channel_id));
            self.channels.insert(channel_id.into(), channel);
        }
        match self.channels.get_mut(channel_id) {
            Some(channel) => channel,
            None => unreachable!("the channel was inserted above"),
        }
    }
}

impl ChannelState {
    /// A channel of which nothing is known but itself.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            ..Self::default()
        }
    }
}

/// What is known of a channel that was only mentioned.
pub(super) fn unnamed(channel_id: &str) -> Channel {
    Channel {
        id: channel_id.into(),
        name: None,
        channel_type: ChannelType::Group,
    }
}
