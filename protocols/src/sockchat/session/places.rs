//! The channels, and moving between them: the user is in exactly one.

use std::collections::BTreeSet;

use kaiwa_core::{Channel, ChannelEvent, ChannelType, Error, ErrorKind, Id, UserEvent};

use super::SockchatSession;
use super::answers::Asked;
use super::commands::{self, Sign};
use super::talk::DIRECT;
use super::way_back::{Home, Key};
use crate::sockchat::wire::{ChannelEntry, ClearMode};

/// Channels remembered: as many as the state keeps.
const MAX_CHANNELS: usize = 10_000;

/// The longest name of a channel taken, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// Where the user is, and where else one can be.
#[derive(Debug, Default)]
pub(super) struct Places {
    current: Option<Id>,
    /// What has let the user in there.
    key: Option<Key>,
    /// Where the server has put the user when they signed in.
    default: Option<Id>,
    known: BTreeSet<Id>,
    /// Those of the connection before: the application is told of them anew, or that they are gone.
    stale: BTreeSet<Id>,
    /// The user has left a channel, and the server has not said yet for which.
    is_moving: bool,
    /// So often the server is going to say that the user stays.
    stays: u32,
}

impl Places {
    /// The channel that the user is in.
    pub(super) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// [`Places::current`] for an event.
    pub(super) fn here(&self) -> Option<Id> {
        self.current.clone()
    }

    /// Whether what comes is about a channel that the server has not named yet.
    pub(super) fn is_moving(&self) -> bool {
        self.is_moving
    }

    /// The server is going to say where the user still is, which refuses nothing: it has refused by a notice already, or was
    /// asked to let them go where they are.
    pub(super) fn expect_stay(&mut self) {
        self.stays += 1;
    }

    /// The connection is gone. Returns the channel that the user was in, if they have gone there themselves.
    pub(super) fn cut(&mut self) -> Option<Home> {
        self.stale.append(&mut self.known);
        self.is_moving = false;
        self.stays = 0;
        let key = self.key.take();
        let default = self.default.take();
        let current = self.current.as_ref().filter(|name| is_name(name));
        let name = current.filter(|_| default.is_some() && default != self.current);
        name.cloned().map(|name| Home { name, key })
    }

    /// Whether the server has let the user in, this time.
    pub(super) fn is_in(&self) -> bool {
        self.default.is_some()
    }
}

impl SockchatSession {
    /// The server has let the user in, here.
    pub(super) fn begin_in(&mut self, name: &str) {
        if self.places.current().is_some_and(|before| before != name) {
            self.leave_current();
        }
        self.places.default = Some(name.into());
        if can_be_in(name) {
            return self.arrive(name);
        }
        self.skipped += 1;
        self.leave_current();
    }

    /// The user is in this channel from now on.
    fn arrive(&mut self, name: &str) {
        if !self.places.known.contains(name) {
            self.places.known.insert(name.into());
            let channel = group(name);
            self.event(ChannelEvent::New { channel });
        }
        self.places.current = Some(name.into());
        self.places.is_moving = false;
        let channel_id = || name.into();
        self.event(ChannelEvent::Join {
            channel_id: channel_id(),
        });
        self.event(ChannelEvent::Switch {
            channel_id: channel_id(),
        });
    }

    /// The server says where the user is, also after it did not let the user go elsewhere, and when it moves the user by
    /// itself.
    pub(super) fn moved(&mut self, name: &str) {
        if !can_be_in(name) {
            self.skipped += 1;
            return;
        }
        let is_new = self.places.is_moving || self.places.current() != Some(name);
        if is_new {
            if !self.places.is_moving {
                self.leave_current();
            }
            self.arrive(name);
            self.show_awaited();
            self.end_backlog();
        }
        if let Some(open) = self.answers.take_way(|asked| is_named(asked, name)) {
            if let Some(key) = open.asked.and_then(|asked| asked.key) {
                self.places.key = Some(key);
            }
            if !open.is_late {
                self.settle(open.request, Ok(()));
            }
            return;
        }
        if is_new {
            return;
        }
        if self.places.stays > 0 {
            self.places.stays -= 1;
        } else if let Some(open) = self.answers.take_stay().filter(|open| !open.is_late) {
            let refused = Error::new(ErrorKind::Rejected, "the server does not let the user in");
            self.settle(open.request, Err(refused));
        }
    }

    /// The user has left the channel; which one comes next is said later.
    pub(super) fn leave_current(&mut self) {
        self.places.is_moving = true;
        self.places.key = None;
        self.backlog.expect();
        self.people.clear();
        if let Some(channel_id) = self.places.current.take() {
            self.past.leave(&channel_id);
            // Who goes from there is not told any more.
            self.event(UserEvent::ClearList {
                channel_id: Some(channel_id.clone()),
            });
            self.event(ChannelEvent::Leave { channel_id });
        }
    }

    /// Channels that one may go to. With `whole` they are all.
    pub(super) fn channels(&mut self, channels: &[ChannelEntry<'_>], whole: bool) {
        if whole {
            let listed: BTreeSet<&str> = channels.iter().map(|channel| channel.name).collect();
            let places = &mut self.places;
            let current = places.current.as_ref();
            let stays = |name: &Id| listed.contains(name.as_str()) || current == Some(name);
            let mut gone = std::mem::take(&mut places.stale);
            gone.retain(|name| !places.known.contains(name) && !stays(name));
            gone.extend(places.known.extract_if(.., |name| !stays(name)));
            for channel_id in gone {
                self.past.forget(&channel_id);
                self.event(ChannelEvent::Remove { channel_id });
            }
        }
        for channel in channels {
            self.announce(channel.name);
        }
    }

    /// Somebody has made a channel; the user perhaps.
    pub(super) fn channel_created(&mut self, channel: &ChannelEntry<'_>) {
        let name = channel.name;
        let is_it =
            |asked: &Asked| asked.command.name == commands::CREATE.name && is_named(asked, name);
        let request = self.answers.asked(is_it).map(|open| open.request);
        match request.filter(|_| self.learn(name)) {
            Some(request) => {
                let channel = group(name);
                self.caused(request, ChannelEvent::New { channel });
            }
            None => {
                self.announce(name);
            }
        }
    }

    pub(super) fn channel_changed(&mut self, old_name: &str, channel: &ChannelEntry<'_>) {
        let name = channel.name;
        let is_here = self.places.current() == Some(old_name);
        let is_fit = if is_here {
            can_be_in(name)
        } else {
            is_name(name)
        };
        let is_odd = old_name != name && (self.places.known.contains(name) || !is_fit);
        if is_odd || !(self.places.known.remove(old_name) || is_here) {
            self.announce(name);
            return;
        }
        self.places.known.insert(name.into());
        self.past.rename(old_name, name);
        self.answers.rename(old_name, name);
        self.backlog.rename(old_name, name);
        self.outbox.rename_channel(old_name, name);
        if is_here {
            self.places.current = Some(name.into());
        }
        self.event(ChannelEvent::Update {
            channel_id: old_name.into(),
            new_channel: group(channel.name),
        });
    }

    /// Servers say it twice, or of channels that were never there.
    pub(super) fn channel_removed(&mut self, name: &str) {
        let open = self.answers.take(Sign::Gone, |asked| is_named(asked, name));
        let is_known = self.places.known.remove(name) | self.places.stale.remove(name);
        // One that is made anew under the name has nothing to do with it.
        self.past.forget(name);
        let event = ChannelEvent::Remove {
            channel_id: name.into(),
        };
        match open {
            Some(open) if is_known => self.brought(Some(open), event),
            Some(open) => self.settle(open.request, Ok(())),
            None if is_known => self.event(event),
            None => {}
        }
    }

    pub(super) fn clear(&mut self, mode: ClearMode, channel: Option<&str>) {
        let place = channel.map(Id::from).or_else(|| self.places.here());
        let (messages, people, channels) = match mode {
            ClearMode::Messages => (true, false, false),
            ClearMode::Users => (false, true, false),
            ClearMode::Channels => (false, false, true),
            ClearMode::MessagesAndUsers => (true, true, false),
            ClearMode::All => (true, true, true),
        };
        // While moving it is about the channel that was left, of which nothing is kept.
        if self.places.is_moving {
            return;
        }
        let is_here = place.as_deref() == self.places.current();
        if messages {
            if let Some(place) = &place {
                self.past.forget(place);
            }
            self.event(ChannelEvent::Wipe {
                channel_id: place.clone(),
            });
        }
        if channels {
            // The user is still somewhere, with the people there; private talks are none of the server's.
            self.channels(&[], true);
        }
        if people && is_here {
            self.forget_people(place);
        }
    }

    /// Tells of a channel unless it is known. Returns whether it is known now.
    pub(super) fn announce(&mut self, name: &str) -> bool {
        if self.places.known.contains(name) {
            return true;
        }
        let is_new = self.learn(name);
        if is_new {
            let channel = group(name);
            self.event(ChannelEvent::New { channel });
        }
        is_new
    }

    /// Remembers a channel. Returns whether it was not known, and can be.
    fn learn(&mut self, name: &str) -> bool {
        if self.places.known.contains(name) {
            return false;
        }
        if !is_name(name) || self.places.known.len() >= MAX_CHANNELS {
            self.skipped += 1;
            return false;
        }
        self.places.known.insert(name.into())
    }
}

/// Whether a channel can be called so and be joined: in one word.
fn is_name(name: &str) -> bool {
    can_be_in(name) && !name.contains(char::is_whitespace)
}

/// Whether the user can be in a channel of this name: it is not that of a private talk.
fn can_be_in(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.starts_with(DIRECT)
        && !name.contains(char::is_control)
}

/// Some servers compare names without case.
fn is_named(asked: &Asked, name: &str) -> bool {
    let wanted = asked.subject.as_deref().unwrap_or_default();
    wanted.to_lowercase() == name.to_lowercase()
}

fn group(name: &str) -> Channel {
    Channel {
        id: name.into(),
        name: Some(name.to_owned()),
        channel_type: ChannelType::Group,
    }
}
