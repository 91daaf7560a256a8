//! What the user may do: which commands are announced, and what the capabilities say.

use std::collections::BTreeSet;

use kaiwa_core::capabilities::Confirmation;
use kaiwa_core::{AssetEvent, Capabilities, EventKind, StatusEvent};

use super::SockchatSession;
use super::commands::{self, Command, Right};
use crate::sockchat::wire::{ChannelRight, Permissions, Tail, Welcome};

/// The longest text that a server takes which does not say, in characters: the original one cuts there without a word.
const TEXT_CHARS: u64 = 2_000;

/// The same of `SharpChat` of 2020.
const SHARPCHAT_TEXT_CHARS: u64 = 5_000;

/// What everybody may send.
const ANYONE: [EventKind; 10] = [
    EventKind::ChatNew,
    // Not everybody may delete messages, but everybody may take back one that waits.
    EventKind::ChatRemove,
    EventKind::ChannelNew,
    EventKind::ChannelJoin,
    EventKind::ChannelSwitch,
    EventKind::ChannelJoinWith,
    EventKind::UserPresence,
    EventKind::StatusPing,
    EventKind::AssetNew,
    EventKind::AssetRemove,
];

/// What else may be sent by whom.
const SOME: [(EventKind, Right); 5] = [
    (EventKind::UserUpdate, Right::Rename),
    (EventKind::ChannelCreate, Right::Create),
    (EventKind::ChannelRemove, Right::RemoveChannel),
    (EventKind::UserRemove, Right::Moderate),
    (EventKind::UserBan, Right::Moderate),
];

/// What the user may do, as the server says.
#[derive(Debug, Default)]
pub(super) struct Rights {
    permissions: Permissions,
    /// The server lets everybody make channels but those who may.
    any_makes_channels: bool,
    /// Commands that users have been told of.
    shown: BTreeSet<&'static str>,
    /// The longest text, in characters, once somebody has signed in.
    pub(super) limit: Option<u64>,
    /// Times in commands are minutes, and going where one is ends nothing: the original server.
    pub(super) is_original: bool,
}

/// What could be sent with every right. No limit of bytes is among it: servers count characters.
pub(super) fn capabilities() -> Capabilities {
    capabilities_of(|_| true)
}

fn capabilities_of(may: impl Fn(Right) -> bool) -> Capabilities {
    let some = SOME.iter().filter(|(_, right)| may(*right));
    let some: Vec<EventKind> = some.map(|(kind, _)| *kind).collect();
    Capabilities::new()
        .sends(&ANYONE)
        .sends(&some)
        .confirmation(Confirmation::Echo)
}

impl Rights {
    /// A server lets the user in: which dialect it speaks shows.
    pub(super) fn begin(&mut self, welcome: &Welcome<'_>) {
        let default = match welcome.tail {
            Tail::Version { .. } => SHARPCHAT_TEXT_CHARS,
            _ => TEXT_CHARS,
        };
        self.limit = Some(welcome.max_length().unwrap_or(default));
        self.is_original = welcome.tail == Tail::None;
        self.any_makes_channels = matches!(welcome.tail, Tail::Version { .. });
        self.permissions = Permissions::default();
    }

    pub(super) fn may(&self, right: Right) -> bool {
        let Permissions {
            moderate,
            rename,
            create,
            ..
        } = self.permissions;
        let creates = self.any_makes_channels || create != ChannelRight::None;
        match right {
            Right::Anyone => true,
            Right::Rename => rename,
            Right::Create => creates,
            Right::Moderate => moderate,
            Right::Own => moderate || creates,
            Right::RemoveChannel => !self.is_original && (moderate || creates),
            Right::Silence => !self.is_original && moderate,
            Right::Delete => !self.is_original || moderate,
        }
    }

    /// The higher it is, the more emotes there are.
    pub(super) fn rank(&self) -> i64 {
        self.permissions.rank
    }
}

impl SockchatSession {
    /// The server says what the user may do, at the sign-in or later.
    pub(super) fn permit(&mut self, permissions: Option<Permissions>) {
        if let Some(permissions) = permissions {
            self.rights.permissions = permissions;
        }
        let capabilities = capabilities_of(|right| self.rights.may(right));
        if capabilities != self.capabilities {
            self.capabilities = capabilities.clone();
            self.event(StatusEvent::Capabilities { capabilities });
        }
        let mut all = commands::ALL.iter().filter(|command| command.is_shown);
        all.by_ref().for_each(|command| self.show_command(command));
        self.show_emotes();
    }

    fn show_command(&mut self, command: &Command) {
        let may = self.rights.may(command.right);
        if may && self.rights.shown.insert(command.name) {
            self.event(AssetEvent::New {
                channel_id: None,
                asset: command.asset(),
            });
        } else if !may && self.rights.shown.remove(command.name) {
            self.event(AssetEvent::Remove {
                channel_id: None,
                asset_id: command.id(),
            });
        }
    }
}
