//! How one event changes a [`ConnectionState`]: the only place that does.

mod chat;
mod people;

use super::Map;
use super::state::{
    ASSETS_PER_LIST, CHANNELS_PER_CONNECTION, ChannelState, ConnectionState, ConnectionStatus,
    USERS_PER_LIST, unnamed,
};
use crate::{Asset, AssetEvent, Channel, ChannelEvent, ConnectionEvent, Id, Member, StatusEvent};

impl ConnectionState {
    /// Adds what `event` says.
    ///
    /// `New` of anything is an upsert, and makes the channel it names. `Update` of a user or an asset is an upsert too,
    /// under the new id where it changes; that of a channel or a message needs the old one to be there. Topic,
    /// parent, roles, read marks, who types and data need their channel to be there, reactions their message. Who goes
    /// takes along what is known of them. Events that concern requests or single subscribers, answers to questions and
    /// invitations change nothing, and `Gap` is not marked.
    pub fn apply(&mut self, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Chat { event } => self.chat(event),
            ConnectionEvent::User { event } => self.user(event),
            ConnectionEvent::Channel { event } => self.channel(event),
            ConnectionEvent::Status { event } => self.status(event),
            ConnectionEvent::Asset { event } => self.asset(event),
        }
    }

    fn status(&mut self, event: &StatusEvent) {
        match event {
            StatusEvent::Connecting => self.status = ConnectionStatus::Connecting,
            StatusEvent::Connected { .. } => {
                self.status = ConnectionStatus::Connected;
                self.last_error = None;
            }
            StatusEvent::Lost { error, .. } => {
                self.last_error = Some(error.clone());
                self.fall();
            }
            StatusEvent::Disconnected { .. } => self.fall(),
            StatusEvent::Capabilities { capabilities } => {
                self.capabilities = Some(capabilities.clone());
            }
            StatusEvent::Ping { .. }
            | StatusEvent::Done { .. }
            | StatusEvent::Failed { .. }
            | StatusEvent::Overrun => {}
        }
    }

    /// While it is down nobody would say who types no longer.
    fn fall(&mut self) {
        self.status = ConnectionStatus::Disconnected;
        let typed = |(_, channel): &(&Id, &ChannelState)| !channel.typing.is_empty();
        let typed: Vec<Id> = self
            .channels
            .iter()
            .filter(typed)
            .map(|(id, _)| id.clone())
            .collect();
        for id in typed {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.typing.clear();
            }
        }
    }

    fn channel(&mut self, event: &ChannelEvent) {
        match event {
            ChannelEvent::New { channel } => {
                if let Some(state) = self.make_channel(&channel.id) {
                    state.channel = channel.clone();
                }
            }
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => self.update_channel(channel_id, new_channel),
            ChannelEvent::Remove { channel_id } => {
                self.channels.remove(channel_id);
                self.leave(channel_id);
                self.move_children(channel_id, None);
            }
            ChannelEvent::Join { channel_id } => {
                self.make_channel(channel_id);
            }
            ChannelEvent::Leave { channel_id } => self.leave(channel_id),
            ChannelEvent::Switch { channel_id } => self.current_channel = Some(channel_id.clone()),
            ChannelEvent::Kick {
                channel_id: Some(channel_id),
                ..
            } => self.leave(channel_id),
            ChannelEvent::Kick {
                channel_id: None, ..
            } => self.current_channel = None,
            ChannelEvent::Wipe { channel_id } => {
                let wiped: Vec<Id> = match channel_id {
                    Some(channel_id) => vec![channel_id.clone()],
                    None => self.channels.keys().cloned().collect(),
                };
                for channel_id in wiped {
                    if let Some(channel) = self.channels.get_mut(&channel_id) {
                        channel.messages.clear();
                    }
                }
            }
            // The user stays where they are: networks clear the list to send it anew.
            ChannelEvent::ClearList => self.channels.clear(),
            ChannelEvent::Topic { channel_id, topic } => {
                if let Some(channel) = self.channels.get_mut(channel_id) {
                    channel.topic.clone_from(topic);
                }
            }
            ChannelEvent::Parent {
                channel_id,
                parent_id,
            } => {
                if let Some(channel) = self.channels.get_mut(channel_id) {
                    channel.parent.clone_from(parent_id);
                }
            }
            ChannelEvent::Members {
                channel_id,
                members,
            } => self.members(channel_id, members),
            ChannelEvent::Create { .. }
            | ChannelEvent::JoinWith { .. }
            | ChannelEvent::Invite { .. }
            | ChannelEvent::Directory { .. } => {}
        }
    }

    fn update_channel(&mut self, channel_id: &str, new_channel: &Channel) {
        let Some(mut state) = self.channels.remove(channel_id) else {
            return;
        };
        state.channel = new_channel.clone();
        if self.current_channel.as_deref() == Some(channel_id) {
            self.current_channel = Some(new_channel.id.clone());
        }
        self.channels.insert(new_channel.id.clone(), state);
        if channel_id != new_channel.id {
            self.move_children(channel_id, Some(&new_channel.id));
        }
    }

    /// The channel that others lie in is gone or has got a new id.
    fn move_children(&mut self, channel_id: &str, parent_id: Option<&Id>) {
        let lies_there =
            |(_, channel): &(&Id, &ChannelState)| channel.parent.as_deref() == Some(channel_id);
        let children: Vec<Id> = self
            .channels
            .iter()
            .filter(lies_there)
            .map(|(id, _)| id.clone())
            .collect();
        for child in children {
            if let Some(channel) = self.channels.get_mut(&child) {
                channel.parent = parent_id.cloned();
            }
        }
    }

    fn members(&mut self, channel_id: &str, members: &[Member]) {
        let Some(channel) = self.channels.get_mut(channel_id) else {
            return;
        };
        let mut left_out = false;
        for Member { user_id, role } in members {
            left_out |= !upsert(&mut channel.roles, USERS_PER_LIST, user_id.clone(), role);
        }
        self.left_out += u64::from(left_out);
    }

    fn leave(&mut self, channel_id: &str) {
        if self.current_channel.as_deref() == Some(channel_id) {
            self.current_channel = None;
        }
    }

    fn asset(&mut self, event: &AssetEvent) {
        match event {
            AssetEvent::New { channel_id, asset } => {
                let key = asset.id().unwrap_or_else(|| pattern(asset)).into();
                let list = match channel_id {
                    None => Some(&mut self.global_assets),
                    Some(id) => self.make_channel(id).map(|channel| &mut channel.assets),
                };
                if list.is_some_and(|list| !upsert(list, ASSETS_PER_LIST, key, asset)) {
                    self.left_out += 1;
                }
            }
            AssetEvent::Update {
                channel_id,
                asset_id,
                new_asset,
            } => {
                let key = new_asset.id().unwrap_or(asset_id);
                if let Some(list) = self.assets(channel_id.as_deref()) {
                    if key != asset_id {
                        list.remove(asset_id);
                    }
                    if !upsert(list, ASSETS_PER_LIST, key.into(), new_asset) {
                        self.left_out += 1;
                    }
                }
            }
            AssetEvent::Remove {
                channel_id,
                asset_id,
            } => {
                if let Some(list) = self.assets(channel_id.as_deref()) {
                    list.remove(asset_id);
                }
            }
            AssetEvent::ClearList { channel_id } => {
                if let Some(list) = self.assets(channel_id.as_deref()) {
                    list.clear();
                }
            }
            AssetEvent::Unavailable { .. } => {}
        }
    }

    /// The channel, made where it is unknown; `None` (and counted) where there is no room for it.
    fn make_channel(&mut self, channel_id: &str) -> Option<&mut ChannelState> {
        if !self.channels.contains_key(channel_id) {
            let channel = ChannelState::new(unnamed(channel_id));
            let key = channel_id.into();
            if !upsert(&mut self.channels, CHANNELS_PER_CONNECTION, key, &channel) {
                self.left_out += 1;
                return None;
            }
        }
        self.channels.get_mut(channel_id)
    }

    fn channel_or_current(&self, channel_id: Option<&Id>) -> Option<Id> {
        channel_id.or(self.current_channel.as_ref()).cloned()
    }

    fn assets(&mut self, channel_id: Option<&str>) -> Option<&mut Map<Id, Asset>> {
        match channel_id {
            None => Some(&mut self.global_assets),
            Some(id) => Some(&mut self.channels.get_mut(id)?.assets),
        }
    }
}

/// Puts a copy of `value` under `key` unless that would make the list longer than `limit`; says whether it did.
fn upsert<K: Ord + Clone, V: Clone>(list: &mut Map<K, V>, limit: usize, key: K, value: &V) -> bool {
    let room = list.len() < limit || list.contains_key(&key);
    if room {
        list.insert(key, value.clone());
    }
    room
}

/// What stands for an asset that has no id.
fn pattern(asset: &Asset) -> &str {
    match asset {
        Asset::Emote { pattern, .. }
        | Asset::Sticker { pattern, .. }
        | Asset::Audio { pattern, .. }
        | Asset::Command { pattern, .. } => pattern,
    }
}
