//! Rooms and conversations, as channels.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{Channel, ChannelEvent, ChannelType, ChatEvent, Id, Message, RequestId};

use super::FlubberSession;
use crate::flubber::wire::Room;

/// Rooms and conversations that are kept, each: a backend of more is a directory, which belongs elsewhere.
const MAX_ROOMS: usize = 10_000;

/// What is known of rooms and people.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: BTreeMap<Id, Known>,
    /// People with whom there are conversations.
    talks: BTreeMap<Id, Newest>,
    /// Recipients that are no rooms.
    people: BTreeSet<Id>,
    /// The ids of rooms of the form, by their names.
    found: BTreeMap<Id, Id>,
    /// Channels of which messages are known, and in which others were missed while no backend was there.
    gaps: BTreeSet<Id>,
    /// The channel of who names none.
    current: Option<Id>,
}

#[derive(Debug)]
struct Known {
    room: Room,
    joined: bool,
    /// Told since the backend was started.
    told: bool,
    newest: Newest,
}

/// The newest message of a channel and its time.
type Newest = Option<(i64, Message)>;

impl Rooms {
    /// Rooms of an earlier backend, and whether they are to be joined.
    pub(super) fn remembered(&self) -> Vec<(Id, bool)> {
        let rooms = self.rooms.iter();
        rooms
            .map(|(id, known)| (id.clone(), known.joined))
            .collect()
    }

    /// What a room of the form is called by the backend.
    pub(super) fn found(&mut self, name: Id, id: Id) {
        self.found.insert(name, id);
    }

    /// Whether a room of the form is known from before.
    pub(super) fn is_found(&self, name: &str) -> bool {
        self.found.get(name).is_some_and(|id| self.is_known(id))
    }

    pub(super) fn is_known(&self, id: &str) -> bool {
        self.rooms.contains_key(id)
    }

    /// Whether it was told since the backend was started.
    pub(super) fn is_told(&self, id: &str) -> bool {
        self.rooms.get(id).is_some_and(|known| known.told)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Room> {
        self.rooms.get(id).map(|known| &known.room)
    }

    /// A channel: a room or a conversation.
    pub(super) fn is_channel(&self, id: &str) -> bool {
        self.is_known(id) || self.is_talk(id)
    }

    /// Whether there is a conversation with them.
    pub(super) fn is_talk(&self, id: &str) -> bool {
        self.talks.contains_key(id)
    }

    /// Whether messages can be sent into the channel.
    pub(super) fn is_sendable(&self, id: &str) -> bool {
        self.rooms.get(id).is_none_or(|known| known.room.sendable)
    }

    pub(super) fn name(&self, id: &str) -> Option<String> {
        Some(self.rooms.get(id)?.room.name.clone())
    }

    pub(super) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Whether a recipient is known to be no room.
    pub(super) fn is_someone(&self, id: &str) -> bool {
        self.people.contains(id)
    }

    pub(super) fn is_person(&mut self, id: Id) {
        if self.people.len() >= MAX_ROOMS {
            self.people.clear();
        }
        self.people.insert(id);
    }

    pub(super) fn joined(&mut self, id: &str) {
        if let Some(known) = self.rooms.get_mut(id) {
            known.joined = true;
            self.current.get_or_insert_with(|| id.into());
        }
    }

    pub(super) fn left(&mut self, id: &str) {
        if let Some(known) = self.rooms.get_mut(id) {
            known.joined = false;
        }
        if self.current.as_deref() == Some(id) {
            self.current = None;
        }
    }

    /// Whether anything was told since the backend was started.
    pub(super) fn were_told(&self) -> bool {
        self.rooms.values().any(|known| known.told)
    }

    /// The backend has ended.
    pub(super) fn cut(&mut self) {
        for (id, known) in &mut self.rooms {
            known.told = false;
            if known.joined && known.newest.is_some() {
                self.gaps.insert(id.clone());
            }
        }
        let talks = self.talks.iter().filter(|(_, newest)| newest.is_some());
        self.gaps.extend(talks.map(|(id, _)| id.clone()));
    }

    /// The message behind which others may be missing in a channel, once.
    fn take_gap(&mut self, channel: &str) -> Option<Id> {
        if !self.gaps.remove(channel) {
            return None;
        }
        self.newest(channel)?.1.id.clone()
    }

    /// Conversations in which messages may be missing.
    fn missed_talks(&self) -> Vec<Id> {
        let missed = self.gaps.iter().filter(|id| self.is_talk(id));
        missed.cloned().collect()
    }

    /// Keeps the newest message of a channel.
    pub(super) fn note(&mut self, channel: &str, time: i64, message: &Message) {
        let newest = match self.rooms.get_mut(channel) {
            Some(known) => Some(&mut known.newest),
            None => self.talks.get_mut(channel),
        };
        let Some(newest) = newest else { return };
        match newest {
            Some((newest_time, _)) if *newest_time > time => {}
            _ => *newest = Some((time, message.clone())),
        }
    }

    pub(super) fn newest(&self, channel: &str) -> Option<&(i64, Message)> {
        let room = self.rooms.get(channel).map(|known| &known.newest);
        room.or_else(|| self.talks.get(channel))?.as_ref()
    }
}

impl FlubberSession {
    /// A room is there, or has changed.
    pub(super) fn upsert(&mut self, request: Option<RequestId>, room: Room) {
        let is_full = self.rooms.rooms.len() >= MAX_ROOMS;
        let (is_told, old) = match self.rooms.rooms.get_mut(&room.id) {
            None if is_full => return self.skipped += 1,
            None => {
                let known = Known {
                    room: room.clone(),
                    joined: false,
                    told: true,
                    newest: None,
                };
                self.rooms.rooms.insert(room.id.clone(), known);
                (false, None)
            }
            Some(known) => {
                let old = std::mem::replace(&mut known.room, room.clone());
                (std::mem::replace(&mut known.told, true), Some(old))
            }
        };
        let (channel, id, parent_id) = (channel(&room), room.id, room.parent);
        let old_parent = old.as_ref().and_then(|old| old.parent.clone());
        if !is_told {
            self.event_of(request, ChannelEvent::New { channel });
        } else if old
            .as_ref()
            .is_some_and(|old| self::channel(old) != channel)
        {
            let update = ChannelEvent::Update {
                channel_id: id.clone(),
                new_channel: channel,
            };
            self.event_of(request, update);
        }
        if parent_id != old_parent || (!is_told && parent_id.is_some()) {
            let channel_id = id;
            self.event_of(
                request,
                ChannelEvent::Parent {
                    channel_id,
                    parent_id,
                },
            );
        }
    }

    pub(super) fn room_gone(&mut self, id: &str) {
        if self.rooms.rooms.remove(id).is_none() {
            return self.skipped += 1;
        }
        self.rooms.gaps.remove(id);
        if self.rooms.current.as_deref() == Some(id) {
            self.rooms.current = None;
        }
        self.event(ChannelEvent::Remove {
            channel_id: id.into(),
        });
    }

    /// Says of a channel that messages may be missing: a plain backend cannot be asked for what is newer than a message.
    pub(super) fn tell_gap(&mut self, channel: &str) {
        let after = self.rooms.take_gap(channel);
        if after.is_some() {
            self.event(ChatEvent::Gap {
                channel_id: channel.into(),
                after,
                before: None,
            });
        }
    }

    /// The same of all conversations, which nobody joins.
    pub(super) fn tell_gaps_of_talks(&mut self) {
        for talk in self.rooms.missed_talks() {
            self.tell_gap(&talk);
        }
    }

    /// Tells of a conversation, once.
    pub(super) fn open_talk(&mut self, request: Option<RequestId>, person: &str) {
        if self.rooms.is_talk(person) || self.rooms.talks.len() >= MAX_ROOMS {
            return;
        }
        self.rooms.talks.insert(person.into(), None);
        let channel = Channel {
            id: person.into(),
            name: Some(person.to_owned()),
            channel_type: ChannelType::Direct,
        };
        self.event_of(request, ChannelEvent::New { channel });
    }
}

/// One into which nothing can be sent holds others.
fn channel(room: &Room) -> Channel {
    Channel {
        id: room.id.clone(),
        name: Some(room.name.clone()),
        channel_type: if room.sendable {
            ChannelType::Group
        } else {
            ChannelType::Space
        },
    }
}
