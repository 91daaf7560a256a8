//! Channels.

use kaiwa_core::{Channel, ChannelType};

use crate::raw::Arena;
use crate::text::kaiwa_str;

/// A place where messages go.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_channel {
    /// The network's id, unique within an account.
    pub id: kaiwa_str,
    /// The name to show; `id` where there is none.
    pub name: kaiwa_str,
    /// Who talks here.
    pub channel_type: kaiwa_channel_type,
}

/// Who talks in a channel.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_channel_type {
    /// This version has no number for it.
    KAIWA_CHANNEL_NONE = 0,
    /// Many with many.
    KAIWA_CHANNEL_GROUP = 1,
    /// Two people.
    KAIWA_CHANNEL_DIRECT = 2,
    /// One place that everybody connected hears.
    KAIWA_CHANNEL_BROADCAST = 3,
    /// Nobody: it holds other channels.
    KAIWA_CHANNEL_SPACE = 4,
}

pub(crate) fn channel(arena: &mut Arena, channel: &Channel) -> kaiwa_channel {
    let Channel {
        id,
        name,
        channel_type,
    } = channel;
    kaiwa_channel {
        id: arena.text(id),
        name: arena.optional(name.as_deref()),
        channel_type: match channel_type {
            ChannelType::Group => kaiwa_channel_type::KAIWA_CHANNEL_GROUP,
            ChannelType::Direct => kaiwa_channel_type::KAIWA_CHANNEL_DIRECT,
            ChannelType::Broadcast => kaiwa_channel_type::KAIWA_CHANNEL_BROADCAST,
            ChannelType::Space => kaiwa_channel_type::KAIWA_CHANNEL_SPACE,
            _ => kaiwa_channel_type::KAIWA_CHANNEL_NONE,
        },
    }
}

/// The type of a number that C gives.
pub(crate) fn channel_type_of(number: i32) -> Option<ChannelType> {
    [
        ChannelType::Group,
        ChannelType::Direct,
        ChannelType::Broadcast,
        ChannelType::Space,
    ]
    .into_iter()
    .zip(1..)
    .find_map(|(channel_type, own)| (own == number).then_some(channel_type))
}
