//! What a person can type besides messages.

use kaiwa_protocols::client::ConnectionState;

use super::show;

/// Names shown by `/who` and `/channels` before it says how many more there are.
const SHOWN: usize = 100;

const COMMANDS: [(&str, &str); 4] = [
    ("/help", "this list"),
    ("/who", "who is in this channel, as far as is known"),
    ("/channels", "the channels; a * marks the current one"),
    ("/quit", "leave; Ctrl-D does the same"),
];

/// What a typed line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Typed {
    /// A message with this text.
    Say(String),
    /// Lines to show to whoever typed it.
    Show(Vec<String>),
}

/// Whether the line asks to leave.
pub(crate) fn is_quit(line: &str) -> bool {
    line.trim_end() == "/quit"
}

/// Tells messages from commands: a command begins with `/`, and `//x` says `/x`.
pub(crate) fn read(line: String, state: &ConnectionState, here: Option<&str>) -> Typed {
    let Some(rest) = line.strip_prefix('/') else {
        return Typed::Say(line);
    };
    if rest.starts_with('/') {
        return Typed::Say(rest.to_owned());
    }
    let shown = match line.trim_end() {
        "/help" => help(),
        "/who" => who(state, here),
        "/channels" => channels(state, here),
        unknown => {
            let word = unknown.split_whitespace().next().unwrap_or(unknown);
            let names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
            let names = names.join(" ");
            vec![format!(
                "{word} is no command; there are {names}. To say a line that begins with /, write //"
            )]
        }
    };
    Typed::Show(shown)
}

fn help() -> Vec<String> {
    let mut lines: Vec<String> = COMMANDS
        .iter()
        .map(|(name, what)| format!("{name:<10} {what}"))
        .collect();
    lines.push("//…        say a line that begins with /".to_owned());
    lines.push("Everything else is said in the current channel.".to_owned());
    lines
}

fn who(state: &ConnectionState, here: Option<&str>) -> Vec<String> {
    let Some(here) = here else {
        return vec!["no channel is current; start with --channel CHANNEL".to_owned()];
    };
    let names = show::members(state, here);
    let channel = show::channel_name(state, here);
    vec![format!("in {channel}: {}", listed(names))]
}

fn channels(state: &ConnectionState, here: Option<&str>) -> Vec<String> {
    let names = state
        .channels
        .iter()
        .map(|(id, _)| {
            let mark = if here == Some(id.as_str()) { "*" } else { "" };
            format!("{mark}{}", show::channel_name(state, id))
        })
        .collect();
    vec![format!("channels: {}", listed(names))]
}

fn listed(mut names: Vec<String>) -> String {
    if names.is_empty() {
        return "none that is known".to_owned();
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let list = names.join(", ");
    if more == 0 {
        return list;
    }
    format!("{list} and {more} more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{Channel, ChannelEvent};

    fn read_in(line: &str, here: Option<&str>) -> Typed {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        let channel = Channel {
            id: "a".to_owned(),
            ..Channel::default()
        };
        state.apply(&ChannelEvent::New { channel }.into());
        read(line.to_owned(), &state, here)
    }

    #[test]
    fn messages_are_told_from_commands() {
        for (line, said) in [
            ("hi", "hi"),
            ("//x y", "/x y"),
            ("///", "//"),
            (" /x", " /x"),
        ] {
            assert_eq!(read_in(line, None), Typed::Say(said.to_owned()));
        }
        for line in ["/", "/foo bar", "/Help", "/quit now"] {
            let Typed::Show(lines) = read_in(line, None) else {
                panic!("{line} is not sent");
            };
            assert!(lines[0].contains("is no command") && lines[0].contains("/who"));
        }
        assert!(is_quit("/quit ") && !is_quit("/quit now") && !is_quit("//quit"));
    }

    #[test]
    fn commands_show_what_is_known() {
        for (line, here, shown) in [
            ("/who", Some("a"), "in a: none that is known"),
            (
                "/who",
                None,
                "no channel is current; start with --channel CHANNEL",
            ),
            ("/channels ", Some("a"), "channels: *a"),
            ("/channels", None, "channels: a"),
        ] {
            assert_eq!(read_in(line, here), Typed::Show(vec![shown.to_owned()]));
        }
        let Typed::Show(help) = read_in("/help", None) else {
            panic!("help is shown");
        };
        for (name, _) in COMMANDS {
            assert!(help.iter().any(|line| line.starts_with(name)), "{name}");
        }
    }

    #[test]
    fn long_lists_end() {
        let names = (0..250).map(|number| number.to_string()).collect();
        assert!(listed(names).ends_with("99 and 150 more"));
    }
}
