//! What the editor asks while a line is typed: what Tab completes it to (commands, and the names of channels, people and
//! files), and what is said behind it.

use std::collections::BTreeSet;

use kaiwa_protocols::Client;
use kaiwa_protocols::client::{AccountId, ConnectionState};
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::assets;
use super::commands::{About, COMMANDS};
use super::orders::at_home;
use super::show;
use super::status::{Painted, Status};

/// Names offered at once: what a terminal shows without a pager.
const OFFERED: usize = 50;

/// Files of a directory looked at for that: a key must be answered at once.
const LOOKED_AT: usize = 10_000;

/// Completes lines from what is known of an account.
pub(crate) struct Completion {
    client: Client,
    account: AccountId,
    status: Status,
}

impl Completion {
    pub(crate) fn new(client: Client, account: AccountId) -> Self {
        Self {
            client,
            account,
            status: Status::default(),
        }
    }

    /// What is said behind the line.
    pub(crate) fn status(&self) -> Status {
        self.status.clone()
    }
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _ctx: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..pos).unwrap_or_default();
        let state = self.client.state(self.account).unwrap_or_default();
        Ok(complete(typed, &state))
    }
}

impl Hinter for Completion {
    type Hint = Painted;

    fn hint(&self, _line: &str, _pos: usize, _ctx: &Context<'_>) -> Option<Painted> {
        Some(self.status.painted())
    }
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

/// Where the completed word begins, and what it may become.
fn complete(typed: &str, state: &ConnectionState) -> (usize, Vec<String>) {
    if !typed.starts_with('/') {
        return (typed.len(), Vec::new());
    }
    let command = COMMANDS.iter().find(|command| {
        typed
            .strip_prefix(command.name)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    let Some(command) = command else {
        let own = COMMANDS.iter().map(|command| command.name.to_owned());
        let theirs = assets::commands(state, state.current_channel.as_deref());
        let theirs = theirs
            .map(crate::text::one_line)
            .filter(|name| can_be_typed(name));
        let fitting = own.chain(theirs).filter(|name| name.starts_with(typed));
        let names: BTreeSet<String> = fitting.map(|name| format!("{name} ")).collect();
        return (
            0,
            names.into_iter().take(COMMANDS.len() + OFFERED).collect(),
        );
    };
    let rest = typed.strip_prefix(command.name).unwrap_or_default();
    let begun = rest.trim_start();
    let wanted = begun.strip_prefix('"').unwrap_or(begun);
    let names = match command.about {
        About::Channel => channels(state),
        About::Person => people(state),
        About::File => files(wanted),
        About::Nothing => BTreeSet::new(),
    };
    let wanted = wanted.to_lowercase();
    let fitting = names
        .into_iter()
        .filter(|name| name.to_lowercase().starts_with(&wanted) && can_be_typed(name))
        .map(|name| {
            // A directory is not the end of a path.
            let end = if name.ends_with('/') { "" } else { " " };
            match name.contains(char::is_whitespace) {
                true if end.is_empty() => format!("\"{name}"),
                true => format!("\"{name}\"{end}"),
                false => name + end,
            }
        });
    (typed.len() - begun.len(), fitting.take(OFFERED).collect())
}

/// Whether it is the name itself, and not one with pictures in the place of control characters.
fn can_be_typed(name: &str) -> bool {
    let is_picture = |c| ('\u{2400}'..='\u{2421}').contains(&c) || c == char::REPLACEMENT_CHARACTER;
    !name.contains(is_picture)
}

fn channels(state: &ConnectionState) -> BTreeSet<String> {
    let names = state.channels.keys();
    names.map(|id| show::channel_name(state, id)).collect()
}

fn people(state: &ConnectionState) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (id, channel) in state.channels.iter() {
        let there = channel.users.keys();
        names.extend(there.map(|user| show::member_name(state, id, user)));
    }
    let elsewhere = state.global_users.keys().chain(state.contacts.keys());
    names.extend(elsewhere.map(|user| show::person(state, user)));
    names
}

/// What lies in the directory of a path that is begun, directories with a slash behind them.
fn files(begun: &str) -> BTreeSet<String> {
    let (dir, name) = match begun.rfind('/') {
        Some(slash) => begun.split_at(slash + 1),
        None => ("", begun),
    };
    let place = if dir.is_empty() { "./" } else { dir };
    let Ok(entries) = std::fs::read_dir(at_home(place)) else {
        return BTreeSet::new();
    };
    let entries = entries.take(LOOKED_AT).filter_map(Result::ok);
    let named = entries.filter_map(|entry| {
        let found = entry.file_name().into_string().ok()?;
        let hidden = found.starts_with('.') && !name.starts_with('.');
        let is_dir = entry.path().is_dir();
        let slash = if is_dir { "/" } else { "" };
        (!hidden).then(|| format!("{dir}{found}{slash}"))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{
        Asset, AssetEvent, AssetSource, Channel, ChannelEvent, Id, Profile, UserEvent,
    };

    fn state() -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, name) in [("a", "Tea room"), ("b", "tennis"), ("c", "x\x1b[2J")] {
            let channel = Channel {
                id: id.into(),
                name: Some(name.to_owned()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        for (place, name) in [(Some("a"), "ann"), (Some("b"), "ann"), (None, "Ännie")] {
            let user = Profile {
                id: Some(format_args!("id of {name}").into()),
                username: Some(name.to_owned()),
                ..Profile::default()
            };
            let channel_id = place.map(Id::from);
            state.apply(&UserEvent::New { channel_id, user }.into());
        }
        for pattern in ["/say", "/x\x1b[2J"] {
            let asset = Asset::Command {
                id: Some(pattern.into()),
                pattern: pattern.to_owned(),
                args: Vec::new(),
                source: AssetSource::Server,
            };
            let channel_id = None;
            state.apply(&AssetEvent::New { channel_id, asset }.into());
        }
        state
    }

    fn completed(typed: &str) -> (usize, Vec<String>) {
        complete(typed, &state())
    }

    #[test]
    fn commands_and_names_are_completed() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        for (typed, start, expected) in [
            ("/ad", 0, words(&["/add "])),
            ("/co", 0, words(&["/contacts "])),
            ("/sa", 0, words(&["/say "])),
            ("/circle l", 0, words(&["/circle leave "])),
            ("/circle join te", 13, words(&["\"Tea room\" ", "tennis "])),
            ("/nonsense", 0, vec![]),
            ("hello", 5, vec![]),
            ("//a", 0, vec![]),
            ("/join te", 6, words(&["\"Tea room\" ", "tennis "])),
            ("/switch TEA R", 8, words(&["\"Tea room\" "])),
            ("/switch \"tea r", 8, words(&["\"Tea room\" "])),
            ("/dm  a", 5, words(&["ann "])),
            ("/dm ", 4, words(&["ann ", "Ännie "])),
            ("/add än", 5, words(&["Ännie "])),
            ("/help x", 6, vec![]),
            ("/none x", 0, vec![]),
        ] {
            assert_eq!(completed(typed), (start, expected), "{typed}");
        }
    }

    #[test]
    fn files_are_completed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["tea.png", "tea time.txt", ".hidden"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("tea room")).unwrap();
        std::fs::create_dir(dir.path().join("teas")).unwrap();
        let path = |name: &str| format!("{}/{name}", dir.path().display());
        let typed = format!("/upload {}", path("te"));
        let (start, offered) = completed(&typed);
        let expected = [
            format!("\"{}", path("tea room/")),
            format!("\"{}\" ", path("tea time.txt")),
            format!("{} ", path("tea.png")),
            path("teas/"),
        ];
        assert_eq!((start, offered), (8, expected.to_vec()));
        let typed = format!("/upload \"{}", path(".h"));
        assert_eq!(
            completed(&typed),
            (8, vec![format!("{} ", path(".hidden"))])
        );
        assert_eq!(completed("/upload /no such place/x").1, [""; 0]);
    }

    #[test]
    fn nothing_that_commands_a_terminal_is_offered() {
        assert_eq!(completed("/join x"), (6, vec![]));
    }

    #[test]
    fn what_is_offered_is_bounded() {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for id in 0..2 * OFFERED as u64 {
            let channel = Channel {
                id: id.into(),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        assert_eq!(complete("/join ", &state).1.len(), OFFERED);
    }
}
