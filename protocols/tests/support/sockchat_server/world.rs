//! Who there is, where they are, and which channels there are.

use std::collections::BTreeMap;

use super::dialect::Dialect;

/// The channel in which everybody begins.
pub(crate) const LOBBY: &str = "Lobby";

/// A channel that asks for a high rank.
pub(crate) const STAFF: &str = "Staff";

/// The rank that [`STAFF`] asks for.
pub(crate) const STAFF_RANK: i64 = 5;

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) rank: i64,
    pub(crate) moderator: bool,
    pub(crate) logs: bool,
    pub(crate) nick: bool,
    /// 0 none, 1 temporary channels, 2 all.
    pub(crate) create: u8,
}

impl Rights {
    /// Everything.
    pub(crate) const OPERATOR: Self = Self {
        rank: 10,
        moderator: true,
        logs: true,
        nick: true,
        create: 2,
    };

    /// What ordinary people may do.
    pub(crate) const MEMBER: Self = Self {
        rank: 1,
        moderator: false,
        logs: false,
        nick: true,
        create: 1,
    };
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) rights: Rights,
    pub(crate) nick: Option<String>,
    pub(crate) away: Option<String>,
    pub(crate) silenced: bool,
    /// Where they are, if they are there.
    pub(crate) place: Option<String>,
    /// Whether they have ever been there: one server never forgets them.
    pub(crate) seen: bool,
}

/// A channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channel {
    pub(crate) password: Option<String>,
    pub(crate) rank: i64,
    pub(crate) temporary: bool,
    pub(crate) owner: Option<u32>,
    /// What was said, as the backlog has it.
    pub(crate) log: Vec<Entry>,
}

/// Something that was said in a channel.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) time: i64,
    /// Id, name, colour and permissions, as they stand in packets.
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) id: String,
    pub(crate) flags: &'static str,
}

/// Everybody and everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) users: BTreeMap<u32, User>,
    pub(crate) channels: BTreeMap<String, Channel>,
    /// Who is kept out, and until when.
    pub(crate) bans: BTreeMap<u32, Option<i64>>,
    pub(crate) next_message: u64,
    /// What is told to who comes.
    pub(crate) greeting: Option<String>,
}

impl World {
    pub(super) fn new(dialect: Dialect) -> Self {
        let staff = Channel {
            rank: STAFF_RANK,
            ..Channel::default()
        };
        let channels = [(LOBBY, Channel::default()), (STAFF, staff)];
        Self {
            users: BTreeMap::new(),
            channels: channels.map(|(name, one)| (name.to_owned(), one)).into(),
            bans: BTreeMap::new(),
            next_message: dialect.first_message(),
            greeting: None,
        }
    }

    /// Makes an account.
    pub(crate) fn register(&mut self, name: &str, token: &str, rights: Rights) -> u32 {
        let id = u32::try_from(self.users.len()).unwrap() + 1;
        let user = User {
            id,
            name: name.to_owned(),
            token: token.to_owned(),
            rights,
            nick: None,
            away: None,
            silenced: false,
            place: None,
            seen: false,
        };
        self.users.insert(id, user);
        id
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&User> {
        self.users.values().find(|user| user.name == name)
    }

    /// Who counts as there.
    pub(super) fn known(&self, dialect: Dialect) -> impl Iterator<Item = &User> {
        let forgets = dialect != Dialect::Sc20;
        let users = self.users.values();
        users.filter(move |user| user.place.is_some() || (user.seen && !forgets))
    }

    /// Who counts as there and is called so.
    pub(super) fn called(&self, dialect: Dialect, word: &str) -> Option<u32> {
        let found = self
            .known(dialect)
            .find(|user| dialect.is_called(user, word));
        found.map(|user| user.id)
    }

    /// The name of a channel as it is kept.
    pub(super) fn channel_called(&self, dialect: Dialect, word: &str) -> Option<String> {
        let is_it = |name: &&String| {
            **name == word
                || (!dialect.channels_have_case() && name.to_lowercase() == word.to_lowercase())
        };
        self.channels.keys().find(is_it).cloned()
    }

    /// Who is in a channel.
    pub(crate) fn there(&self, channel: &str) -> Vec<u32> {
        let users = self.users.values();
        users
            .filter(|user| user.place.as_deref() == Some(channel))
            .map(|user| user.id)
            .collect()
    }

    pub(super) fn message_id(&mut self) -> String {
        let id = self.next_message;
        self.next_message += 1;
        id.to_string()
    }
}
