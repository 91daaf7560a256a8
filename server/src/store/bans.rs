//! Who is kept out or silenced, where, and until when.

use chrono::{DateTime, SecondsFormat, Utc};
use kaiwa_core::{Error, ErrorKind};

use super::{RoomId, UserId};

/// A ban's number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BanId(pub i64);

/// What is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BanKind {
    /// To come in.
    Entry,
    /// To speak.
    Speech,
}

/// Whom it hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanTarget {
    /// A person.
    User(UserId),
    /// Whoever comes from this address; an IPv4 address is the same in its IPv6 form.
    Address(std::net::IpAddr),
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// What is forbidden.
    pub kind: BanKind,
    /// Whom it hits.
    pub target: BanTarget,
    /// Where; none: on the whole server.
    pub room: Option<RoomId>,
    /// Until when; none: for ever.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
    /// Who said so.
    pub by: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Questions about bans.
pub trait ReadBans {
    /// The ban of a kind that hits a person or an address in a room (none: the whole server) at this time: the one that lasts
    /// longest. One of the whole server hits in every room.
    fn banned(
        &mut self,
        kind: BanKind,
        target: &BanTarget,
        room: Option<RoomId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Ban>, Error>;

    /// All bans that have not ended, oldest first.
    fn bans(&mut self, now: DateTime<Utc>) -> Result<Vec<(BanId, Ban)>, Error>;
}

/// Changes of bans.
pub trait Bans: ReadBans {
    /// Keeps a ban, and forgets those that have ended.
    ///
    /// # Errors
    /// `NotFound` for a person (also the one who says so) or room that is not there.
    fn ban(&mut self, ban: &Ban) -> Result<BanId, Error>;

    /// Ends all bans of a kind that were said of a person or an address, those of a room or (none) of the whole server; tells
    /// how many there were.
    fn lift(
        &mut self,
        kind: BanKind,
        target: &BanTarget,
        room: Option<RoomId>,
    ) -> Result<usize, Error>;

    /// Ends a ban; tells whether there was one.
    fn unban(&mut self, id: BanId) -> Result<bool, Error>;
}

/// What somebody is told who may not speak, until then or for ever.
pub(crate) fn silenced(until: Option<DateTime<Utc>>) -> Error {
    let text = match until {
        Some(until) => {
            let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("silenced until {until}")
        }
        None => "silenced".to_owned(),
    };
    Error::new(ErrorKind::Forbidden, text)
}
