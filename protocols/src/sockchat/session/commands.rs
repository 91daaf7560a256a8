//! The commands, in one table: who may use them, what says that one was carried out, what refuses it.
//!
//! A server does not answer a command as such. It sends notices, or packets that everybody gets; the table says which of
//! them is the answer to what. Nothing of it is silent on success in every dialect, so silence is an unknown outcome.

use kaiwa_core::{Asset, AssetSource, ErrorKind, Id, MessageFragment};

/// What the ids of commands begin with.
const ID: &str = "command:";

/// A command.
#[derive(Debug)]
pub(super) struct Command {
    /// As it is written, without the slash.
    pub(super) name: &'static str,
    /// What its arguments are called.
    pub(super) arguments: &'static [&'static str],
    /// So many of them must be there.
    pub(super) required: usize,
    pub(super) right: Right,
    /// Whether users are told of it; the others are sent for an event of the vocabulary only.
    pub(super) is_shown: bool,
    /// What it is about.
    pub(super) about: About,
    /// What says that it was carried out; one of them is enough. None: its echo as a message.
    pub(super) done: &'static [Sign],
    /// The notices that refuse it, besides those of [`ANY`].
    pub(super) refused: &'static [&'static str],
}

/// Who may use a command, as far as the server tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    Anyone,
    Rename,
    Create,
    Moderate,
    /// Moderators, and who may have made the channel.
    Own,
    /// The same, where channels can be removed: not on the original server.
    RemoveChannel,
    /// Moderators, where it does anything: not on the original server.
    Silence,
    /// Everybody; on the original server moderators.
    Delete,
}

/// Which part of a command answers repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Nothing,
    /// The first word.
    Word,
    /// All of it.
    Text,
    /// All of it but a number at its beginning, words joined by `_`.
    Channel,
}

/// What says that a command was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A notice with this code.
    Notice(&'static str),
    /// The user is in that channel now.
    Moved,
    /// That channel is gone.
    Gone,
    /// That message is gone.
    Deleted,
    /// Somebody was thrown out.
    Kicked,
    /// The user is called otherwise.
    Renamed,
    /// The user is away.
    Away,
    /// The user is no longer away.
    Back,
}

/// Notices that may refuse any command.
const ANY: [&str; 4] = ["cmdna", "nocmd", "cmderr", "generr"];

macro_rules! commands {
    ($($id:ident = $name:literal $arguments:tt $required:literal $right:ident $shown:literal $about:ident $done:tt $refused:tt;)*) => {
        $(pub(super) static $id: Command = Command {
            name: $name,
            arguments: &$arguments,
            required: $required,
            right: Right::$right,
            is_shown: $shown,
            about: About::$about,
            done: &$done,
            refused: &$refused,
        };)*

        /// Every command.
        pub(super) static ALL: &[&Command] = &[$(&$id,)*];
    };
}

use Sign::{Away, Back, Deleted, Gone, Kicked, Moved, Notice, Renamed};

commands! {
    // id       name        arguments             required  right  shown  about  done  refused
    ME        = "me"        ["text"]              1 Anyone   true  Text    [] [];
    MSG       = "msg"       ["user", "text"]      2 Anyone   false Word    [] ["usernf"];
    JOIN      = "join"      ["channel", "password"] 1 Anyone false Word    [Moved] ["nochan", "samechan", "ipchan", "nopwchan", "ipwchan"];
    NICK      = "nick"      ["name"]              0 Rename   false Nothing [Renamed] ["nameinuse"];
    AFK       = "afk"       ["tag"]               0 Anyone   false Nothing [Away] [];
    // SharpChat ends being away with whatever is sent; going where one is does nothing else.
    BACK      = "join"      ["channel"]           1 Anyone   false Word    [Back] [];
    WHO       = "who"       ["channel"]           0 Anyone   true  Word    [Notice("who"), Notice("whochan")] ["nochan", "whoerr"];
    CREATE    = "create"    ["rank", "channel"]   1 Create   true  Channel [Notice("crchan")] ["rankerr", "inchan", "nischan"];
    DELCHAN   = "delchan"   ["channel"]           1 RemoveChannel false Word [Notice("delchan"), Gone] ["nochan", "ndchan"];
    PASSWORD  = "password"  ["password"]          0 Own      true  Nothing [Notice("cpwdchan")] ["namchan"];
    RANK      = "rank"      ["rank"]              1 Own      true  Nothing [Notice("cprivchan")] ["rankerr", "namchan"];
    DELETE    = "delete"    ["message"]           1 Delete   false Word    [Deleted] ["delerr"];
    SAY       = "say"       ["text"]              1 Moderate true  Text    [Notice("say")] [];
    // Whoever is in another channel goes without a packet: our own server says by a notice that they are gone.
    KICK      = "kick"      ["user", "time"]      1 Moderate true  Word    [Kicked, Notice("kick")] ["usernf", "kickna"];
    BAN       = "ban"       ["user", "time"]      1 Moderate true  Word    [Kicked, Notice("kick")] ["usernf", "kickna"];
    UNBAN     = "unban"     ["user"]              1 Moderate true  Word    [Notice("unban")] ["notban", "usernf"];
    UNBANIP   = "unbanip"   ["address"]           1 Moderate true  Word    [Notice("unban")] ["notban"];
    BANS      = "bans"      []                    0 Moderate true  Nothing [Notice("banlist")] [];
    SILENCE   = "silence"   ["user", "time"]      1 Silence  true  Word    [Notice("silok")] ["usernf", "silerr", "silperr", "silself"];
    UNSILENCE = "unsilence" ["user"]              1 Silence  true  Word    [Notice("usilok")] ["usernf", "usilerr", "usilperr"];
    IP        = "ip"        ["user"]              1 Moderate true  Word    [Notice("ipaddr")] ["usernf"];
}

/// The command that an asset stands for: `Some(None)` if its id is that of a command that there is not.
pub(super) fn of_asset(id: &str) -> Option<Option<&'static Command>> {
    let name = id.strip_prefix(ID)?;
    let mut shown = ALL.iter().filter(|command| command.is_shown);
    Some(shown.find(|command| command.name == name).copied())
}

impl Command {
    /// The id of its asset.
    pub(super) fn id(&self) -> Id {
        format_args!("{ID}{}", self.name).into()
    }

    /// What users are told of it.
    pub(super) fn asset(&self) -> Asset {
        let argument = |name: &&str| MessageFragment::Text((*name).to_owned());
        Asset::Command {
            id: Some(self.id()),
            pattern: format!("/{}", self.name),
            args: self.arguments.iter().map(argument).collect(),
            source: AssetSource::Server,
        }
    }

    /// What is written for it.
    pub(super) fn written(&self, rest: &str) -> String {
        if rest.is_empty() {
            format!("/{}", self.name)
        } else {
            format!("/{} {rest}", self.name)
        }
    }

    /// What it is about, as answers repeat it.
    pub(super) fn subject(&self, rest: &str) -> Option<String> {
        let subject = match self.about {
            About::Nothing => return None,
            About::Word => rest.split(' ').next().unwrap_or_default().to_owned(),
            About::Text => rest.to_owned(),
            About::Channel => {
                let is_rank = |word: &str| !word.is_empty() && word.parse::<i64>().is_ok();
                let behind = rest.split_once(' ').filter(|(first, _)| is_rank(first));
                behind.map_or(rest, |(_, name)| name).replace(' ', "_")
            }
        };
        Some(subject).filter(|subject| !subject.is_empty())
    }

    /// Whether a notice with this code may refuse it.
    pub(super) fn is_refused_by(&self, code: &str) -> bool {
        ANY.contains(&code) || self.refused.contains(&code)
    }

    /// Whether it may lead to another channel.
    pub(super) fn moves(&self) -> bool {
        self.done.contains(&Moved) || self.about == About::Channel
    }
}

/// What kind of error a notice is.
pub(super) fn kind(code: &str) -> ErrorKind {
    match code {
        "nochan" | "usernf" | "notban" => ErrorKind::NotFound,
        "nocmd" => ErrorKind::Unsupported,
        "cmdna" | "rankerr" | "ipchan" | "nopwchan" | "ipwchan" | "kickna" | "whoerr"
        | "ndchan" | "namchan" | "silperr" | "usilperr" | "silself" => ErrorKind::Forbidden,
        "nameinuse" | "nischan" => ErrorKind::Conflict,
        _ => ErrorKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_an_answer_and_needs_no_more_than_it_takes() {
        for command in ALL {
            assert!(command.required <= command.arguments.len(), "{command:?}");
            let is_echoed = command.name == "me" || command.name == "msg";
            assert_eq!(command.done.is_empty(), is_echoed, "{command:?}");
            let found = of_asset(&command.id());
            let expected = command.is_shown.then_some(command.name);
            if command.name != "join" {
                assert_eq!(found.unwrap().map(|found| found.name), expected);
            }
        }
        assert!(of_asset("command:nosuch").unwrap().is_none());
        assert!(of_asset("emote:smile").is_none());
    }

    #[test]
    fn every_refusal_is_a_notice_that_has_words() {
        use crate::sockchat::wire::Notice as Said;
        let codes = ALL.iter().flat_map(|command| command.refused).chain(&ANY);
        for code in codes {
            let text = format!("1\u{c}{code}\u{c}x");
            let words = Said::read(&text).unwrap().english();
            assert!(!words.starts_with(code), "{code} has no words");
        }
    }

    #[test]
    fn what_a_command_is_about() {
        for (command, rest, subject) in [
            (&KICK, "bob 60", Some("bob")),
            (&CREATE, "3 two words", Some("two_words")),
            (&CREATE, "Tea 3", Some("Tea_3")),
            (&CREATE, "7", Some("7")),
            (&SAY, "a b", Some("a b")),
            (&WHO, "", None),
            (&BANS, "", None),
        ] {
            assert_eq!(command.subject(rest).as_deref(), subject, "{rest}");
        }
    }
}
