//! What a host is told: rooms and messages, as events change them. It is told the same twice rather than nothing.

use std::collections::BTreeMap;

use super::super::ids;
use super::lookup;
use super::said;
use crate::client::ConnectionState;
use crate::flubber::wire::{Room, Update};
use crate::{
    Capabilities, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, EventKind, Id, Message,
    MessageStatus, RequestId,
};

/// The rooms that the host knows, by the ids of their channels. They are those of the state, which is bounded.
#[derive(Debug, Default)]
pub(super) struct Told {
    rooms: BTreeMap<Id, Room>,
}

impl Told {
    /// A room that the host knows.
    pub(super) fn room(&self, room: &str) -> Option<Room> {
        self.rooms.get(ids::channel(room)?).cloned()
    }

    /// What follows from an event and the state before it: what is forgotten by it.
    pub(super) fn before(
        &mut self,
        state: &ConnectionState,
        event: &ConnectionEvent,
        updates: &mut Vec<Update>,
    ) {
        let ConnectionEvent::Channel {
            event: ChannelEvent::Wipe { channel_id },
        } = event
        else {
            return;
        };
        for (id, channel) in state.channels.iter() {
            if channel_id.as_ref().is_none_or(|wiped| wiped == id) {
                let messages = channel.messages.iter();
                let known = messages.filter_map(|message| message.id.as_deref());
                let known = known.filter(|message| !RequestId::is_local_message_id(message));
                updates
                    .extend(known.map(|message| Update::MessageDelete(ids::message(id, message))));
            }
        }
    }

    /// What follows from an event and the state after it.
    pub(super) fn after(
        &mut self,
        state: &ConnectionState,
        capabilities: &Capabilities,
        event: &ConnectionEvent,
        updates: &mut Vec<Update>,
    ) {
        match event {
            ConnectionEvent::Chat { event } => chat(state, event, updates),
            ConnectionEvent::Channel { event } => {
                let changed = match event {
                    ChannelEvent::New { channel } => vec![channel.id.clone()],
                    ChannelEvent::Update {
                        channel_id,
                        new_channel,
                    } => vec![channel_id.clone(), new_channel.id.clone()],
                    ChannelEvent::Remove { channel_id }
                    | ChannelEvent::Parent { channel_id, .. } => {
                        vec![channel_id.clone()]
                    }
                    ChannelEvent::ClearList => self.rooms.keys().cloned().collect(),
                    _ => return,
                };
                for id in changed {
                    self.refresh(state, capabilities, id, updates);
                }
            }
            _ => {}
        }
    }

    /// Tells of a room what has changed.
    fn refresh(
        &mut self,
        state: &ConnectionState,
        capabilities: &Capabilities,
        id: Id,
        updates: &mut Vec<Update>,
    ) {
        let Some(channel) = state.channels.get(&id) else {
            if self.rooms.remove(&id).is_some() {
                updates.push(Update::RoomDelete(ids::room(&id)));
            }
            return;
        };
        let speaks = capabilities.can_send(EventKind::ChatNew);
        let room = Room {
            id: ids::room(&id),
            name: lookup::shown(&channel.channel).to_owned(),
            parent: channel.parent.as_deref().map(ids::room),
            sendable: speaks && channel.channel.channel_type != ChannelType::Space,
        };
        if self.rooms.get(&id) != Some(&room) {
            updates.push(Update::RoomUpsert(room.clone()));
            self.rooms.insert(id, room);
        }
    }
}

fn chat(state: &ConnectionState, event: &ChatEvent, updates: &mut Vec<Update>) {
    let current = |channel_id: &Option<Id>| {
        let id = channel_id.as_ref().or(state.current_channel.as_ref());
        id.cloned()
    };
    match event {
        ChatEvent::New {
            channel_id,
            message,
        } => {
            if let Some(channel_id) = current(channel_id) {
                upsert(state, &channel_id, message, updates);
            }
        }
        ChatEvent::Update {
            channel_id,
            message_id,
            new_message,
        } => {
            let Some(channel_id) = current(channel_id) else {
                return;
            };
            let was_told = !RequestId::is_local_message_id(message_id);
            if was_told && new_message.id.as_ref() != Some(message_id) {
                updates.push(Update::MessageDelete(ids::message(&channel_id, message_id)));
            }
            upsert(state, &channel_id, new_message, updates);
        }
        ChatEvent::Remove {
            channel_id,
            message_id,
        } => {
            if let Some(channel_id) = current(channel_id) {
                updates.push(Update::MessageDelete(ids::message(&channel_id, message_id)));
            }
        }
        ChatEvent::History {
            channel_id,
            messages,
            ..
        } => {
            for message in messages {
                upsert(state, channel_id, message, updates);
            }
        }
        _ => {}
    }
}

/// Tells a message as it is now. One on its way to the network, and one that never gets there, is nobody's yet.
fn upsert(state: &ConnectionState, channel_id: &str, message: &Message, updates: &mut Vec<Update>) {
    let Some(id) = message
        .id
        .as_deref()
        .filter(|id| !RequestId::is_local_message_id(id))
    else {
        return;
    };
    match message.status {
        MessageStatus::Sent | MessageStatus::Failed => {}
        MessageStatus::Deleted => {
            updates.push(Update::MessageDelete(ids::message(channel_id, id)));
        }
        _ => updates.extend(
            said::message(state, channel_id, message)
                .map(|message| Update::MessageUpsert(Box::new(message))),
        ),
    }
}
