//! The dialects: each difference between the servers in the field, in one place.

use super::world::{Rights, User};

/// Which server this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The original server of February 2015.
    Php,
    /// SharpChat of 2020.
    Sc20,
    /// SharpChat of July 2021.
    Sc21,
    /// What the public description of 2025 says.
    W25,
}

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach<'a> {
    /// Everybody in a channel.
    Channel(&'a str),
    /// One person, from another one.
    Private,
    /// Everybody, from the server.
    All,
    /// One person, from the server.
    Notice,
}

/// What becomes of who says too much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flood {
    /// They are thrown out, after warnings.
    Kick,
    /// They are kept out for half a minute.
    Ban,
}

/// What is left of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    /// All, under one id, and without what their senders may do; ids begin anew.
    Nameless,
    Nothing,
}

/// Who may make channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// Who has the right.
    Right,
    /// Who has it not: the test is the wrong way round.
    Wrong,
}

use Dialect::{Php, Sc20, Sc21, W25};

impl Dialect {
    pub(crate) const ALL: [Self; 4] = [Php, Sc20, Sc21, W25];

    /// Whether it is one of the SharpChat family.
    pub(crate) fn is_sharp(self) -> bool {
        self != Php
    }

    /// What somebody may do.
    pub(super) fn permissions(self, rights: Rights) -> String {
        let between = match self {
            Php | W25 => "\u{c}",
            Sc20 | Sc21 => " ",
        };
        let bit = |is: bool| u8::from(is).to_string();
        let Rights { rank, create, .. } = rights;
        [
            rank.to_string(),
            bit(rights.moderator),
            bit(rights.logs),
            bit(rights.nick),
            create.to_string(),
        ]
        .join(between)
    }

    /// A name, with what goes before it.
    pub(super) fn name(self, user: &User) -> String {
        let name = match (&user.nick, self) {
            // What people type is escaped twice.
            (Some(nick), Php) => format!("~{}", escaped(&escaped(nick))),
            (Some(nick), _) => format!("~{}", escaped(nick)),
            (None, _) => escaped(&user.name),
        };
        match &user.away {
            Some(tag) => format!("&lt;{tag}&gt;_{name}"),
            None => name,
        }
    }

    /// Whether a command's word means somebody.
    pub(super) fn is_called(self, user: &User, word: &str) -> bool {
        if self == Php {
            // The exact name as it is kept, before it is escaped for the way; what was typed has been escaped once.
            let nick = user.nick.as_ref().map(|nick| format!("~{}", escaped(nick)));
            let name = nick.unwrap_or_else(|| user.name.clone());
            let prefix = user.away.as_ref().map(|tag| format!("&lt;{tag}&gt;_"));
            let kept = prefix.unwrap_or_default() + &name;
            return said(word) == kept;
        }
        let nick = user.nick.as_deref().unwrap_or(&user.name);
        let shown = match &user.nick {
            Some(nick) => format!("~{nick}"),
            None => user.name.clone(),
        };
        let away = user.away.as_ref().map(|tag| format!("<{tag}>_{shown}"));
        let known = [
            Some(user.name.clone()),
            Some(nick.to_owned()),
            Some(shown),
            away,
        ];
        let word = word.to_lowercase();
        known
            .into_iter()
            .flatten()
            .any(|one| one.to_lowercase() == word)
    }

    /// Whether the first argument of a sign-in may be the kind of the token.
    pub(super) fn takes_schemes(self) -> bool {
        self == W25
    }

    /// Whether others hear that somebody is gone whose channel went with them.
    pub(super) fn tells_of_owners_going(self) -> bool {
        self == Php
    }

    /// What is left of the messages of channels when the program starts again.
    pub(super) fn kept(self) -> Kept {
        match self {
            Php => Kept::Nameless,
            Sc20 => Kept::Nothing,
            Sc21 | W25 => Kept::All,
        }
    }

    /// What follows the channel when somebody is let in.
    pub(super) fn welcome_tail(self) -> &'static [&'static str] {
        match self {
            Php => &[],
            Sc20 => &["2", "OIGfrk8dOIGfrk8dOIGfrk8dOIGfrk8d"],
            Sc21 => &["OIGfrk8dOIGfrk8dOIGfrk8dOIGfrk8d", "2100"],
            W25 => &["5000"],
        }
    }

    /// Characters of a message; what is longer is cut.
    pub(super) fn max_text(self) -> usize {
        match self {
            Php => 2000,
            Sc20 | W25 => 5000,
            Sc21 => 2100,
        }
    }

    /// Characters of a nickname.
    pub(super) fn max_nick(self) -> usize {
        if self == Php { 30 } else { 15 }
    }

    /// Messages that are told to who comes.
    pub(super) fn backlog(self) -> usize {
        if self == Php { 10 } else { 20 }
    }

    /// The first id of a message.
    pub(super) fn first_message(self) -> u64 {
        if self == Php {
            0
        } else {
            637_300_000_000_000_000
        }
    }

    /// How often somebody may be signed in.
    pub(super) fn sessions(self) -> usize {
        if self == Php { 1 } else { 5 }
    }

    /// Why somebody is not let in a further time.
    pub(super) fn too_many(self) -> &'static str {
        if self == Php { "userfail" } else { "sockfail" }
    }

    /// Whether channels are listed before people.
    pub(super) fn lists_channels_first(self) -> bool {
        self == Sc21
    }

    /// How those who are there learn of somebody new.
    pub(super) fn announces_as_entering(self) -> bool {
        self == Sc21
    }

    /// Whether it is said what those who enter a channel may do.
    pub(super) fn tells_rights_of_entering(self) -> bool {
        matches!(self, Php | W25)
    }

    /// What follows the flags of a message.
    pub(super) fn message_tail(self, reach: Reach<'_>) -> Vec<String> {
        let words: &[&str] = match (self, reach) {
            (Php, Reach::Channel(name)) => &["0", name],
            (Php, Reach::Private) => &["1"],
            (Php, Reach::All) => &["0", "@all"],
            (Php, Reach::Notice) => &["0"],
            (Sc20, Reach::Channel(name)) => &[name],
            (Sc20, Reach::Private) => &["@log"],
            (Sc21, _) => &[""],
            (Sc20, Reach::All | Reach::Notice) | (W25, _) => &[],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What follows a notice without arguments.
    pub(super) fn bare_end(self) -> &'static str {
        if self == Php { "\u{c}" } else { "" }
    }

    /// The code of a greeting.
    pub(super) fn greeting(self) -> &'static str {
        match self {
            Php | Sc20 => "say",
            Sc21 | W25 => "welcome",
        }
    }

    /// Whether a backlog keeps the markup of actions.
    pub(super) fn marks_past_actions(self) -> bool {
        self == Php
    }

    /// What follows a list of people: `7 0`.
    pub(super) fn users_tail(self, count: usize, moving: Option<&str>) -> Vec<String> {
        match (self, count, moving) {
            (Php, _, Some(id)) => vec![id.to_owned()],
            (Php, 0, None) => vec![String::new()],
            _ => Vec::new(),
        }
    }

    /// The channel in `8`, for who goes to another one.
    pub(super) fn names_cleared(self) -> bool {
        self.is_sharp()
    }

    pub(super) fn kicked(self) -> &'static str {
        if self == Php { "9\tkick" } else { "9\t0" }
    }

    pub(super) fn banned(self, until: Option<i64>, now: i64) -> String {
        match (self, until) {
            (Php, Some(until)) => format!("9\tban\t{until}"),
            // Both say it wrong, each in their way.
            (Php, None) => format!("9\tban\t{}", now - 1),
            (Sc20, None) => "9\t1\t253402300799".to_owned(),
            (_, Some(until)) => format!("9\t1\t{until}"),
            (_, None) => "9\t1\t-1".to_owned(),
        }
    }

    pub(super) fn pong(self, now: i64) -> String {
        if self == Php {
            "0\tpong".to_owned()
        } else {
            format!("0\t{now}")
        }
    }

    /// Seconds in a unit of the times that commands take.
    pub(super) fn seconds(self) -> i64 {
        if self == Php { 60 } else { 1 }
    }

    /// Seconds without a ping after which somebody is thrown out.
    pub(super) fn patience(self) -> u64 {
        if self == Php { 180 } else { 300 }
    }

    pub(super) fn flood(self) -> Flood {
        if self == Php { Flood::Kick } else { Flood::Ban }
    }

    /// Whether only what is said ends being away; elsewhere anything in packet 2 does.
    pub(super) fn only_words_end_away(self) -> bool {
        self == Php
    }

    pub(super) fn making(self) -> Making {
        if self == Sc20 {
            Making::Wrong
        } else {
            Making::Right
        }
    }

    /// Whether a leading number of `/create` is a rank.
    pub(super) fn reads_ranks(self) -> bool {
        matches!(self, Php | W25)
    }

    /// Whether a channel can be called so.
    pub(super) fn is_channel_name(self, name: &str) -> bool {
        let fits = |c: char| match self {
            Sc20 | Sc21 => c.is_ascii_alphanumeric() || c == '-',
            _ => c.is_ascii_alphanumeric() || c == '-' || c == '_',
        };
        if self == Php {
            return !name.starts_with(['@', '*']);
        }
        name.chars().all(fits)
    }

    /// Whether `/msg` does something.
    pub(super) fn whispers(self) -> bool {
        self != Sc21
    }

    /// Whether names of channels are told apart by case.
    pub(super) fn channels_have_case(self) -> bool {
        self == Php
    }

    /// Whether a command of moderators works; if not, what is said to it.
    pub(super) fn silencing(self, command: &str) -> Result<(), Option<&'static str>> {
        match (self, command) {
            (Php, "silence" | "unsilence") => Err(None),
            (Sc21, "silence") => Err(Some("silperr")),
            _ => Ok(()),
        }
    }
}

/// As ordinary text goes out: three replacements, and no `&`.
pub(super) fn said(text: &str) -> String {
    text.replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', " <br/> ")
}

/// As a name goes out.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
