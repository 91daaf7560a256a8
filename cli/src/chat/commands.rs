//! What a person can type besides messages: one table, from which lines are read, completed and explained.

mod table;
mod words;

use kaiwa_protocols::{Capabilities, Error, ErrorKind, EventKind, Role};
use serde_json::Value;

use super::show;
use super::target::Target;

pub(crate) use table::COMMANDS;

/// A row of the table.
pub(crate) struct Command {
    /// With its slash; a second word belongs to it where there is one.
    pub(crate) name: &'static str,
    /// As the usage shows them.
    arguments: &'static str,
    help: &'static str,
    needs: Needs,
    /// What its first argument is, for completion.
    pub(crate) about: About,
    read: fn(&str) -> Result<Order, String>,
}

/// What a network must be able to do for a command.
#[derive(Clone, Copy, Debug)]
enum Needs {
    Nothing,
    /// To take one of these.
    OneOf(&'static [EventKind]),
    /// To take files.
    Files,
}

/// What an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Nothing,
    Channel,
    Person,
    File,
}

/// What a command asks for; names are as they were typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    Help,
    Quit,
    Channels,
    Switch(String),
    Join(String),
    Create {
        name: String,
        people: Vec<String>,
    },
    Direct {
        person: String,
        text: Option<String>,
    },
    Members,
    History(u32),
    Read,
    Contacts,
    Add(String),
    Accept(String),
    Reject(String),
    React {
        message: Target,
        emoji: String,
        /// `None`: what it is not now.
        on: Option<bool>,
    },
    Reply {
        message: Target,
        text: String,
    },
    Edit {
        message: Target,
        text: String,
    },
    Delete(Target),
    Upload {
        file: String,
        text: Option<String>,
    },
    Cancel,
    Leave,
    /// `None` asks for it, an empty one takes it away.
    Topic(Option<String>),
    Circles(Option<String>),
    CircleCreate {
        name: String,
        public: bool,
    },
    CircleJoin {
        circle: String,
        code: Option<String>,
    },
    CircleLeave,
    CircleDelete(String),
    StreamCreate(String),
    StreamRename(String),
    StreamDelete(String),
    Invite(Option<String>),
    Kick(String),
    Ban {
        person: String,
        /// None: for ever.
        minutes: Option<u32>,
    },
    Nick(String),
    Away(Option<String>),
    Back,
    Role {
        person: String,
        role: Role,
    },
    Data {
        key: String,
        /// `None` asks for it.
        value: Option<Value>,
        in_circle: bool,
    },
}

impl Order {
    /// Whether it names a message by its place among those that are shown.
    pub(crate) fn counts_back(&self) -> bool {
        match self {
            Self::React { message, .. }
            | Self::Reply { message, .. }
            | Self::Edit { message, .. }
            | Self::Delete(message) => matches!(message, Target::Back(_)),
            _ => false,
        }
    }
}

/// What a typed line asks for.
#[derive(Debug)]
pub(crate) enum Typed {
    /// A message with this text.
    Say(String),
    /// Something else.
    Order {
        /// The row that says what it needs.
        command: &'static Command,
        order: Order,
        /// As it was typed.
        line: String,
    },
    /// A command of the network, if it has one of this name.
    Other(String),
    /// Nothing that can be done here, and why.
    Wrong { line: String, why: String },
}

/// Whether the line asks to leave.
pub(crate) fn is_quit(line: &str) -> bool {
    let typed = read(line.to_owned());
    matches!(
        typed,
        Typed::Order {
            order: Order::Quit,
            ..
        }
    )
}

/// Tells messages from commands: a command begins with `/`, and `//x` says `/x`.
pub(crate) fn read(line: String) -> Typed {
    let Some(rest) = line.strip_prefix('/') else {
        return Typed::Say(line);
    };
    if rest.starts_with('/') {
        return Typed::Say(rest.to_owned());
    }
    let Some((command, rest)) = COMMANDS.iter().find_map(|command| command.begins(&line)) else {
        return Typed::Other(line);
    };
    match (command.read)(rest.trim()) {
        Ok(order) => Typed::Order {
            command,
            order,
            line,
        },
        Err(wrong) => Typed::Wrong {
            why: format!("{wrong}; usage: {}", command.usage()),
            line,
        },
    }
}

/// The lines of `/help`.
pub(crate) fn help(capabilities: &Capabilities, of_network: &[String]) -> Vec<String> {
    let row = |usage: &str, help: &str| format!("{usage:<31} {help}");
    let mut lines: Vec<String> = COMMANDS
        .iter()
        .map(|command| {
            let missing = if command.is_in(capabilities) {
                ""
            } else {
                " (not on this network)"
            };
            row(&command.usage(), command.help) + missing
        })
        .collect();
    let theirs = |usage: &String| row(usage, "a command of this network");
    lines.extend(of_network.iter().map(theirs));
    lines.push(row("//…", "say a line that begins with /"));
    lines.push(
        "A name is an id, a username or a shown name; \"in quotes\" it may have spaces.".to_owned(),
    );
    lines.push(
        "MESSAGE is -1 for the last one shown, -2 for the one before …, or the id that --ids shows;"
            .to_owned(),
    );
    lines.push("  /edit and /delete count your own ones only.".to_owned());
    lines.push("Everything else is said in the current channel.".to_owned());
    lines
}

impl Command {
    /// Whether a line begins with its name; gives what follows that.
    fn begins<'a>(&'static self, line: &'a str) -> Option<(&'static Self, &'a str)> {
        let mut rest = line;
        for (number, word) in self.name.split(' ').enumerate() {
            let trimmed = rest.trim_start();
            // A line that begins with a space is a message, and the words of a name are apart.
            if (number == 0) != (trimmed.len() == rest.len()) {
                return None;
            }
            rest = trimmed.strip_prefix(word)?;
            if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                return None;
            }
        }
        Some((self, rest))
    }

    /// Its name and its arguments.
    fn usage(&self) -> String {
        format!("{} {}", self.name, self.arguments)
            .trim_end()
            .to_owned()
    }

    /// That this network can do it.
    ///
    /// # Errors
    /// `Unsupported`.
    pub(crate) fn check(&self, capabilities: &Capabilities) -> Result<(), Error> {
        if self.is_in(capabilities) {
            return Ok(());
        }
        let text = "not on this network; /help shows what is";
        Err(Error::new(ErrorKind::Unsupported, text))
    }

    /// Whether this network can do it.
    fn is_in(&self, capabilities: &Capabilities) -> bool {
        match self.needs {
            Needs::Nothing => true,
            Needs::OneOf(kinds) => kinds.iter().any(|kind| capabilities.can_send(*kind)),
            Needs::Files => capabilities.max_file_bytes.is_some(),
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Command").field(&self.name).finish()
    }
}

/// That no command is called so; those of its family are named, else all, and those of the network.
pub(crate) fn unknown(line: &str, of_network: &[&str]) -> String {
    let word = line.split_whitespace().next().unwrap_or_default();
    let names = || COMMANDS.iter().map(|command| command.name);
    let first = |name: &'static str| name.split(' ').next().unwrap_or(name);
    let mut known: Vec<&str> = names()
        .filter(|name| *name != word && first(name) == word)
        .collect();
    let typed = if known.is_empty() { word } else { line };
    if known.is_empty() {
        known = names().map(first).collect();
        known.dedup();
        known.extend(of_network);
    }
    format!(
        "{} is no command; there are {}. To say a line that begins with /, write //",
        show::shortened(typed),
        known.join(" ")
    )
}

#[cfg(test)]
mod tests;
