//! What a person can type besides messages: one table, from which lines are read, completed and explained.

use kaiwa_protocols::{Capabilities, Error, ErrorKind, EventKind};

use super::show;

/// Older messages that `/history` asks for if it is not told how many: about what a terminal shows at once.
const HISTORY: u32 = 50;

/// The most that it asks for: as many as the state keeps of a channel.
const MAX_HISTORY: u32 = 1000;

/// A row of the table.
pub(crate) struct Command {
    /// With its slash.
    pub(crate) name: &'static str,
    /// As the usage shows them.
    arguments: &'static str,
    help: &'static str,
    /// The network must take one of these; none is needed where there is none.
    needs: &'static [EventKind],
    /// What its first argument is, for completion.
    pub(crate) about: About,
    read: fn(&str) -> Result<Order, String>,
}

/// What an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Nothing,
    Channel,
    Person,
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
}

/// Every command, in the order of the help.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "/help",
        arguments: "",
        help: "this list",
        needs: &[],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Help),
    },
    Command {
        name: "/quit",
        arguments: "",
        help: "leave; Ctrl-D does the same",
        needs: &[],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Quit),
    },
    Command {
        name: "/channels",
        arguments: "",
        help: "the channels; a * marks the current one",
        needs: &[],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Channels),
    },
    Command {
        name: "/switch",
        arguments: "CHANNEL",
        help: "make it the current channel, which messages go to",
        needs: &[],
        about: About::Channel,
        read: |rest| whole(rest, "CHANNEL").map(Order::Switch),
    },
    Command {
        name: "/join",
        arguments: "CHANNEL",
        help: "join it, and make it the current one",
        needs: &[EventKind::ChannelJoin],
        about: About::Channel,
        read: |rest| whole(rest, "CHANNEL").map(Order::Join),
    },
    Command {
        name: "/create",
        arguments: "NAME [PEOPLE…]",
        help: "create a channel with these people in it",
        needs: &[EventKind::ChannelNew],
        about: About::Nothing,
        read: create,
    },
    Command {
        name: "/dm",
        arguments: "NAME [TEXT]",
        help: "talk to one person alone; TEXT is said at once",
        needs: &[EventKind::ChannelNew],
        about: About::Person,
        read: direct,
    },
    Command {
        name: "/members",
        arguments: "",
        help: "who is in the current channel, and what they may do there",
        needs: &[],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Members),
    },
    Command {
        name: "/who",
        arguments: "",
        help: "the same",
        needs: &[],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Members),
    },
    Command {
        name: "/history",
        arguments: "[N]",
        help: "N older messages of the current channel; 50 if N is left out",
        needs: &[EventKind::ChatRequestHistory],
        about: About::Nothing,
        read: history,
    },
    Command {
        name: "/read",
        arguments: "",
        help: "mark the current channel as read",
        needs: &[EventKind::ChatRead],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Read),
    },
    Command {
        name: "/contacts",
        arguments: "",
        help: "your contacts, who asks you, and whom you have asked",
        needs: &[EventKind::UserRequest, EventKind::UserRespond],
        about: About::Nothing,
        read: |rest| nothing(rest, Order::Contacts),
    },
    Command {
        name: "/add",
        arguments: "NAME",
        help: "ask somebody for contact",
        needs: &[EventKind::UserRequest],
        about: About::Person,
        read: |rest| whole(rest, "NAME").map(Order::Add),
    },
    Command {
        name: "/accept",
        arguments: "NAME",
        help: "accept somebody who asks you",
        needs: &[EventKind::UserRespond],
        about: About::Person,
        read: |rest| whole(rest, "NAME").map(Order::Accept),
    },
    Command {
        name: "/reject",
        arguments: "NAME",
        help: "refuse somebody who asks you, or end a contact",
        needs: &[EventKind::UserRespond],
        about: About::Person,
        read: |rest| whole(rest, "NAME").map(Order::Reject),
    },
];

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
    /// Nothing that can be done, and why.
    Wrong(String),
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
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
    let Some(command) = COMMANDS.iter().find(|command| command.name == word) else {
        return Typed::Wrong(unknown(word));
    };
    match (command.read)(rest.trim()) {
        Ok(order) => Typed::Order {
            command,
            order,
            line,
        },
        Err(wrong) => Typed::Wrong(format!("{wrong}; usage: {}", command.usage())),
    }
}

/// The lines of `/help`.
pub(crate) fn help(capabilities: &Capabilities) -> Vec<String> {
    let row = |usage: &str, help: &str| format!("{usage:<23} {help}");
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
    lines.push(row("//…", "say a line that begins with /"));
    lines.push(
        "A name is an id, a username or a shown name; \"in quotes\" it may have spaces.".to_owned(),
    );
    lines.push("Everything else is said in the current channel.".to_owned());
    lines
}

impl Command {
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
        let mut needs = self.needs.iter();
        self.needs.is_empty() || needs.any(|kind| capabilities.can_send(*kind))
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Command").field(&self.name).finish()
    }
}

fn unknown(word: &str) -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    format!(
        "{} is no command; there are {}. To say a line that begins with /, write //",
        show::shortened(word),
        names.join(" ")
    )
}

fn nothing(rest: &str, order: Order) -> Result<Order, String> {
    if rest.is_empty() {
        return Ok(order);
    }
    Err(too_much(rest))
}

/// All the rest as one name; quotes around it are not part of it.
fn whole(rest: &str, what: &str) -> Result<String, String> {
    let quoted = rest
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    some(quoted.unwrap_or(rest), what)
}

fn create(rest: &str) -> Result<Order, String> {
    let (name, mut rest) = word(rest);
    let name = some(name, "NAME")?;
    let mut people = Vec::new();
    while !rest.is_empty() {
        let (person, more) = word(rest);
        people.push(some(person, "NAME")?);
        rest = more;
    }
    Ok(Order::Create { name, people })
}

fn direct(rest: &str) -> Result<Order, String> {
    let (person, text) = word(rest);
    Ok(Order::Direct {
        person: some(person, "NAME")?,
        text: Some(text.to_owned()).filter(|text| !text.is_empty()),
    })
}

fn history(rest: &str) -> Result<Order, String> {
    let (number, more) = word(rest);
    if !more.is_empty() {
        return Err(too_much(more));
    }
    let number = if number.is_empty() {
        Some(HISTORY)
    } else {
        number.parse().ok()
    };
    match number {
        Some(number) if (1..=MAX_HISTORY).contains(&number) => Ok(Order::History(number)),
        _ => Err(format!("N is a number from 1 to {MAX_HISTORY}")),
    }
}

/// The first word and what follows it; between quotes a word may have spaces.
fn word(text: &str) -> (&str, &str) {
    let quoted = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    let (word, rest) = match quoted {
        Some(parts) => parts,
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    (word, rest.trim_start())
}

fn some(name: &str, what: &str) -> Result<String, String> {
    if name.trim().is_empty() {
        return Err(format!("{what} is missing"));
    }
    Ok(name.to_owned())
}

fn too_much(rest: &str) -> String {
    format!("`{}` is too much", show::shortened(rest))
}

#[cfg(test)]
mod tests;
