//! The channels, and moving between them: the user is in exactly one.

use std::collections::{BTreeSet, VecDeque};

use kaiwa_core::{Channel, ChannelEvent, ChannelType, Error, ErrorKind, RequestId, UserEvent};

use super::{Phase, SockchatSession};
use crate::sockchat::wire::{ChannelEntry, ClearMode, Notice};

/// Channels remembered: as many as the state keeps.
const MAX_CHANNELS: usize = 10_000;

/// Where the user is, and where else one can be.
#[derive(Debug, Default)]
pub(super) struct Places {
    current: Option<String>,
    known: BTreeSet<String>,
    /// The user has left a channel, and the server has not said yet for which.
    is_moving: bool,
    /// Channels that the user asked for, oldest first.
    wanted: VecDeque<(RequestId, String)>,
    /// Why the server does not let the user in, if it said so.
    refusal: Option<Error>,
}

impl Places {
    /// The channel that the user is in.
    pub(super) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Whether what comes is about a channel that the server has not named yet.
    pub(super) fn is_moving(&self) -> bool {
        self.is_moving
    }

    /// Gives up what the user asked for.
    pub(super) fn take_requests(&mut self) -> Vec<RequestId> {
        self.is_moving = false;
        self.refusal = None;
        let wanted = std::mem::take(&mut self.wanted);
        wanted.into_iter().map(|(request, _)| request).collect()
    }

    /// An error of the server, which may be the answer to a wish to move.
    pub(super) fn refuse(&mut self, notice: &Notice<'_>) {
        let kind = match notice.code {
            "nochan" => ErrorKind::NotFound,
            "ipchan" | "ipwchan" | "nopwchan" => ErrorKind::Forbidden,
            _ => return,
        };
        if !self.wanted.is_empty() {
            self.refusal = Some(Error::new(kind, notice.english()));
        }
    }
}

impl SockchatSession {
    /// The user wants to be in another channel.
    pub(super) fn go(
        &mut self,
        request: RequestId,
        channel_id: String,
        key: Option<&str>,
    ) -> Result<(), Error> {
        if self.phase != Phase::Up {
            return Err(Error::new(ErrorKind::State, "not connected"));
        }
        let fits = |word: &str| !word.is_empty() && !word.contains(char::is_control);
        if !fits(&channel_id) || channel_id.contains(' ') || !key.is_none_or(fits) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a channel is called by one word, its password is of one line",
            ));
        }
        self.commands.push_back(match key {
            Some(key) => format!("/join {channel_id} {key}"),
            None => format!("/join {channel_id}"),
        });
        self.places.wanted.push_back((request, channel_id));
        Ok(())
    }

    /// The user is in this channel from now on.
    pub(super) fn arrive(&mut self, name: &str) {
        self.announce(name);
        self.places.current = Some(name.to_owned());
        self.places.is_moving = false;
        let channel_id = || name.to_owned();
        self.event(ChannelEvent::Join {
            channel_id: channel_id(),
        });
        self.event(ChannelEvent::Switch {
            channel_id: channel_id(),
        });
    }

    /// The server says where the user is, also after it did not let the user go elsewhere.
    pub(super) fn moved(&mut self, name: &str) {
        if self.places.is_moving || self.places.current() != Some(name) {
            if !self.places.is_moving {
                self.leave_current();
            }
            self.arrive(name);
            self.show_awaited();
        }
        let refusal = self.places.refusal.take();
        let Some((request, wanted)) = self.places.wanted.pop_front() else {
            return;
        };
        // Names are compared without case by some servers.
        let result = if wanted.to_lowercase() == name.to_lowercase() {
            Ok(())
        } else {
            let refused = || Error::new(ErrorKind::Rejected, "the server does not let the user in");
            Err(refusal.unwrap_or_else(refused))
        };
        self.finish(request, result);
    }

    /// The user has left the channel; which one comes next is said later.
    pub(super) fn leave_current(&mut self) {
        self.places.is_moving = true;
        self.people.clear();
        if let Some(channel_id) = self.places.current.take() {
            self.event(ChannelEvent::Leave { channel_id });
        }
    }

    /// Channels that one may go to. With `whole` they are all.
    pub(super) fn channels(&mut self, channels: &[ChannelEntry<'_>], whole: bool) {
        if whole {
            let listed: BTreeSet<&str> = channels.iter().map(|channel| channel.name).collect();
            let current = self.places.current.clone();
            let stays =
                |name: &String| listed.contains(name.as_str()) || current.as_ref() == Some(name);
            let gone: Vec<String> = self
                .places
                .known
                .extract_if(.., |one| !stays(one))
                .collect();
            for channel_id in gone {
                self.event(ChannelEvent::Remove { channel_id });
            }
        }
        channels
            .iter()
            .for_each(|channel| self.announce(channel.name));
    }

    pub(super) fn channel_changed(&mut self, old_name: &str, channel: &ChannelEntry<'_>) {
        if !self.places.known.remove(old_name) {
            return self.announce(channel.name);
        }
        self.places.known.insert(channel.name.to_owned());
        if self.places.current() == Some(old_name) {
            self.places.current = Some(channel.name.to_owned());
        }
        self.event(ChannelEvent::Update {
            channel_id: old_name.to_owned(),
            new_channel: group(channel.name),
        });
    }

    /// Servers say it twice, or of channels that were never there.
    pub(super) fn channel_removed(&mut self, name: &str) {
        if self.places.known.remove(name) {
            self.event(ChannelEvent::Remove {
                channel_id: name.to_owned(),
            });
        }
    }

    pub(super) fn clear(&mut self, mode: ClearMode, channel: Option<&str>) {
        let place = channel.or_else(|| self.places.current()).map(str::to_owned);
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
        if messages {
            self.event(ChannelEvent::Wipe {
                channel_id: place.clone(),
            });
        }
        if people {
            self.people.clear();
            self.event(UserEvent::ClearList { channel_id: place });
        }
        if channels {
            self.places.known.clear();
            self.event(ChannelEvent::ClearList);
        }
    }

    fn announce(&mut self, name: &str) {
        let is_full = self.places.known.len() >= MAX_CHANNELS;
        if is_full || !self.places.known.insert(name.to_owned()) {
            return;
        }
        self.event(ChannelEvent::New {
            channel: group(name),
        });
    }
}

fn group(name: &str) -> Channel {
    Channel {
        id: name.to_owned(),
        name: Some(name.to_owned()),
        channel_type: ChannelType::Group,
    }
}
