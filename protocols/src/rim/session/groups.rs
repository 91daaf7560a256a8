//! Groups that come, change and go while the user is signed in.

use kaiwa_core::session::{HttpResponse, Now};
use kaiwa_core::{ChannelEvent, Error, Id, RequestId};

use super::catch_up::CatchUp;
use super::rest::Purpose;
use super::rooms::{Kept, MAX_ROOMS, Room};
use super::{RimSession, answer};
use crate::rim::wire::Group;

/// Groups of which nothing is known but a live message, at once: they are asked for at once.
const MAX_STRANGERS: usize = 64;

/// Live messages kept of each until it is known; more come with its history.
const STRANGER_MESSAGES: usize = 16;

impl RimSession {
    /// Shows a group as it is now, if it is shown differently.
    pub(super) fn show_room(&mut self, request: Option<RequestId>, gid: u64) {
        let me = self.uid();
        let Some(room) = self.rooms.get_mut(&gid) else {
            return;
        };
        let channel = room.channel(gid, me, &self.people);
        let before = room.shown.replace(channel.clone());
        match before {
            None => self.tell(request, ChannelEvent::New { channel }),
            Some(before) if before != channel => {
                let update = ChannelEvent::Update {
                    channel_id: channel.id.clone(),
                    new_channel: channel,
                };
                self.tell(request, update);
            }
            Some(_) => {}
        }
    }

    /// Another group: shows it and puts it at the head of the line.
    pub(super) fn add_room(
        &mut self,
        request: Option<RequestId>,
        gid: u64,
        group: &Group<'_>,
        catch_up: CatchUp,
    ) {
        if self.rooms.len() >= MAX_ROOMS {
            self.skipped += 1;
            return;
        }
        let mut room = Room::default();
        room.describe(group);
        room.catch_up = Some(Box::new(catch_up));
        self.rooms.insert(gid, room);
        self.show_room(request, gid);
        self.line_up(gid, true);
        for kept in self.strangers.remove(&gid).unwrap_or_default() {
            self.relayed(gid, kept);
        }
    }

    /// The user is in a group no longer.
    pub(super) fn remove_room(
        &mut self,
        request: Option<RequestId>,
        gid: u64,
        event: ChannelEvent,
    ) {
        if self.rooms.remove(&gid).is_none() {
            return;
        }
        self.graces.remove(&gid);
        self.stale.remove(&gid);
        self.lose_doubtful(gid);
        self.tell(request, event);
        let channel_id = Id::from(gid);
        self.tell(request, ChannelEvent::Remove { channel_id });
    }

    /// A live message of a group that is not known: the user was added to it, which the original does not tell.
    pub(super) fn strange(&mut self, gid: u64, kept: Kept) {
        if self.strangers.len() >= MAX_STRANGERS && !self.strangers.contains_key(&gid) {
            self.skipped += 1;
            return;
        }
        let held = self.strangers.entry(gid).or_default();
        if held.len() < STRANGER_MESSAGES {
            held.push(kept);
        }
        self.discover();
    }

    /// Asks for all groups, since there may be others or some may have changed.
    pub(super) fn discover(&mut self) {
        if self.discovering.is_some() {
            self.discovering = Some(true);
            return;
        }
        self.discovering = Some(false);
        self.ask_groups(Purpose::Discover);
    }

    pub(super) fn discovered(&mut self, result: &Result<HttpResponse, Error>) {
        let again = self.discovering.take().unwrap_or(false);
        if let Ok(list) = answer::data::<Vec<Group<'_>>>(result) {
            for group in &list {
                let Some(gid) = group.id.filter(|gid| *gid > 0) else {
                    continue;
                };
                match self.rooms.get_mut(&gid) {
                    Some(room) => {
                        room.describe(group);
                        self.show_room(None, gid);
                    }
                    None => self.add_room(None, gid, group, CatchUp::fetching(Some(0))),
                }
            }
        }
        if again {
            self.discover();
        } else {
            // Nobody is in a group that the server does not list.
            let left = std::mem::take(&mut self.strangers);
            self.skipped += left.values().map(|held| held.len() as u64).sum::<u64>();
        }
    }

    /// Goes on after members came, wherever that was waited for.
    pub(super) fn after_members(&mut self, now: Now, gid: u64) {
        self.show_room(None, gid);
        self.members_came(now, gid);
    }
}
