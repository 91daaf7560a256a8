//! People: who they are, what they may do, how their names are made.

use std::borrow::Cow;

use super::WireError;
use super::fields::{Fields, Writer, is_true, number};
use crate::text::{color, html};

/// The longest away tag, in characters.
const MAX_AWAY_CHARS: usize = 5;

/// Somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// Decimal; [`SERVER_ID`](super::SERVER_ID) is the server, and lower ones are hidden helpers of a server.
    pub id: &'a str,
    /// The name as it stands in the packet; [`DisplayName::read`] takes it apart.
    pub name: &'a str,
    /// A colour as style sheets write it.
    pub color: &'a str,
    /// What they may do; `None` where the packet does not say.
    pub permissions: Option<Permissions>,
}

impl<'a> User<'a> {
    /// The colour of the name; `None` for `inherit` and for whatever is none.
    #[must_use]
    pub fn rgba(&self) -> Option<[u8; 4]> {
        color::parse(self.color)
    }

    pub(super) fn read(fields: &mut Fields<'a>) -> Result<Self, WireError> {
        let mut user = Self::read_without_permissions(fields)?;
        user.permissions = Permissions::read(fields.need()?);
        Ok(user)
    }

    pub(super) fn read_without_permissions(fields: &mut Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            id: fields.need()?,
            name: fields.need()?,
            color: fields.need()?,
            permissions: None,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        let permissions = self.permissions.map(Permissions::written);
        writer
            .line(self.id)
            .line(self.name)
            .line(self.color)
            .joined(&permissions.unwrap_or_default());
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Who has a higher one may do things to who has a lower one.
    pub rank: i64,
    /// Kicking, banning, silencing, speaking as the server.
    pub moderate: bool,
    /// Reading the logs.
    pub read_logs: bool,
    /// Taking another name.
    pub rename: bool,
    /// Making channels.
    pub create: ChannelRight,
}

/// Which channels somebody may make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelRight {
    /// None.
    #[default]
    None,
    /// Those that go when their owner leaves.
    Temporary,
    /// All.
    Permanent,
}

impl Permissions {
    /// Reads them, joined by form feeds or by spaces. `None` for an empty field; a part that is missing is not granted.
    pub(super) fn read(field: &str) -> Option<Self> {
        if field.is_empty() {
            return None;
        }
        let mut parts = field.split(['\u{c}', ' ']);
        let rank = parts.next().and_then(number).unwrap_or(0);
        let mut is_granted = || parts.next().is_some_and(is_true);
        Some(Self {
            rank,
            moderate: is_granted(),
            read_logs: is_granted(),
            rename: is_granted(),
            create: match parts.next() {
                None | Some("0" | "") => ChannelRight::None,
                Some("1") => ChannelRight::Temporary,
                Some(_) => ChannelRight::Permanent,
            },
        })
    }

    pub(super) fn written(self) -> String {
        let bit = u8::from;
        let create = match self.create {
            ChannelRight::None => 0,
            ChannelRight::Temporary => 1,
            ChannelRight::Permanent => 2,
        };
        let Self { rank, .. } = self;
        let [moderate, read_logs, rename] = [self.moderate, self.read_logs, self.rename].map(bit);
        format!("{rank}\u{c}{moderate}\u{c}{read_logs}\u{c}{rename}\u{c}{create}")
    }
}

/// A name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName<'a> {
    /// The tag of somebody who is away: `<AFK>_` before the name.
    pub away: Option<Cow<'a, str>>,
    /// Whether the name was chosen for a while: `~` before it.
    pub is_nick: bool,
    /// The name without all that.
    pub name: Cow<'a, str>,
}

impl<'a> DisplayName<'a> {
    /// Takes a name apart as it stands in a packet, and undoes its replacements: a nick may have them twice.
    #[must_use]
    pub fn read(wire: &'a str) -> Self {
        let away = wire.strip_prefix("&lt;").and_then(|rest| {
            let (tag, name) = rest.split_once("&gt;_")?;
            let is_tag = !tag.is_empty() && tag.chars().count() <= MAX_AWAY_CHARS;
            is_tag.then(|| (html::unescape_name(tag), name))
        });
        let (away, name) = match away {
            Some((away, name)) => (Some(away), name),
            None => (None, wire),
        };
        match name.strip_prefix('~') {
            Some(nick) => {
                let once = html::unescape_name(nick);
                let twice = html::unescape_name(&once).into_owned();
                Self {
                    away,
                    is_nick: true,
                    name: if twice == nick {
                        Cow::Borrowed(nick)
                    } else {
                        Cow::Owned(twice)
                    },
                }
            }
            None => Self {
                away,
                is_nick: false,
                name: html::unescape_name(name),
            },
        }
    }

    /// The name as it stands in a packet.
    #[must_use]
    pub fn written(&self) -> String {
        let mut wire = String::new();
        if let Some(away) = &self.away {
            let tag: String = away.chars().take(MAX_AWAY_CHARS).collect();
            wire.push_str(&format!("&lt;{}&gt;_", html::escape_name(&tag)));
        }
        if self.is_nick {
            wire.push('~');
        }
        wire.push_str(&html::escape_name(&self.name));
        wire
    }
}
