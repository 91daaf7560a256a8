//! What the network itself brings to a conversation: commands, and emotes within messages.

use std::borrow::Cow;

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{Asset, Message, MessageFragment};

use super::commands::COMMANDS;

/// The network's commands in this channel as they are typed, without those that are called as a command of the chat is.
pub(crate) fn commands<'a>(
    state: &'a ConnectionState,
    channel_id: Option<&str>,
) -> impl Iterator<Item = &'a str> {
    all(state, channel_id).filter_map(|asset| match asset {
        Asset::Command { pattern, .. } if !is_own(pattern) => Some(pattern.as_str()),
        _ => None,
    })
}

/// The same with their arguments.
pub(crate) fn usages(state: &ConnectionState, channel_id: Option<&str>) -> Vec<String> {
    let usage = |asset: &Asset| match asset {
        Asset::Command { pattern, args, .. } if !is_own(pattern) => {
            let mut usage = pattern.clone();
            for argument in args {
                if let MessageFragment::Text(name) = argument {
                    usage.push(' ');
                    usage.push_str(&name.to_uppercase());
                }
            }
            Some(usage)
        }
        _ => None,
    };
    all(state, channel_id).filter_map(usage).collect()
}

/// What a line is to the network that begins with one of its commands.
pub(crate) fn command(
    state: &ConnectionState,
    channel_id: Option<&str>,
    line: &str,
) -> Option<Vec<MessageFragment>> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let id = all(state, channel_id).find_map(|asset| match asset {
        Asset::Command {
            id: Some(id),
            pattern,
            ..
        } if pattern.eq_ignore_ascii_case(word) => Some(id.clone()),
        _ => None,
    })?;
    let rest = rest.trim();
    let arguments = (!rest.is_empty()).then(|| MessageFragment::Text(rest.to_owned()));
    let content = [MessageFragment::AssetId(id)].into_iter().chain(arguments);
    Some(content.collect())
}

/// The command that an own message was, as it is typed.
pub(crate) fn run<'a>(
    state: &'a ConnectionState,
    channel_id: Option<&str>,
    message: &Message,
) -> Option<&'a str> {
    let Some(MessageFragment::AssetId(id)) = message.content.first() else {
        return None;
    };
    match find(state, channel_id, id) {
        Some(Asset::Command { pattern, .. }) => Some(pattern),
        _ => None,
    }
}

/// The message with its emotes and the command that it is as they are typed, since a terminal shows no pictures within lines.
pub(crate) fn spelled<'a>(
    state: &ConnectionState,
    channel_id: Option<&str>,
    message: &'a Message,
) -> Cow<'a, Message> {
    if !message.content.iter().any(has_asset) {
        return Cow::Borrowed(message);
    }
    let is_command = run(state, channel_id, message).is_some();
    let mut message = message.clone();
    spell(state, channel_id, &mut message.content);
    if is_command && message.content.len() > 1 {
        let space = MessageFragment::Text(" ".to_owned());
        message.content.insert(1, space);
    }
    Cow::Owned(message)
}

fn is_own(pattern: &str) -> bool {
    COMMANDS.iter().any(|command| command.name == pattern)
}

fn has_asset(fragment: &MessageFragment) -> bool {
    matches!(fragment, MessageFragment::AssetId(_)) || fragment.inner().iter().any(has_asset)
}

fn spell(state: &ConnectionState, channel_id: Option<&str>, content: &mut [MessageFragment]) {
    for fragment in content {
        match fragment {
            MessageFragment::AssetId(id) => {
                let pattern = find(state, channel_id, id).map(pattern);
                let text = pattern.unwrap_or(id).to_owned();
                *fragment = MessageFragment::Text(text);
            }
            MessageFragment::Styled { content, .. } | MessageFragment::Link { content, .. } => {
                spell(state, channel_id, content);
            }
            _ => {}
        }
    }
}

fn pattern(asset: &Asset) -> &str {
    match asset {
        Asset::Emote { pattern, .. }
        | Asset::Sticker { pattern, .. }
        | Asset::Audio { pattern, .. }
        | Asset::Command { pattern, .. } => pattern,
        _ => "",
    }
}

fn find<'a>(state: &'a ConnectionState, channel_id: Option<&str>, id: &str) -> Option<&'a Asset> {
    let channel = channel_id.and_then(|channel_id| state.channels.get(channel_id));
    let here = channel.and_then(|channel| channel.assets.get(id));
    here.or_else(|| state.global_assets.get(id))
}

fn all<'a>(
    state: &'a ConnectionState,
    channel_id: Option<&str>,
) -> impl Iterator<Item = &'a Asset> {
    let channel = channel_id.and_then(|channel_id| state.channels.get(channel_id));
    let here = channel
        .into_iter()
        .flat_map(|channel| channel.assets.values());
    here.chain(state.global_assets.values())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use kaiwa_protocols::{AssetEvent, AssetSource, ConnectionEvent, Style};

    fn state() -> ConnectionState {
        let mut state = ConnectionState::default();
        let emote = Asset::Emote {
            id: Some("7".into()),
            pattern: ":cat:".to_owned(),
            src: String::new(),
            source: AssetSource::Server,
        };
        let ip = Asset::Command {
            id: Some("command:ip".into()),
            pattern: "/ip".to_owned(),
            args: vec![MessageFragment::Text("user".to_owned())],
            source: AssetSource::Server,
        };
        for asset in [emote, ip] {
            state.apply(&ConnectionEvent::from(AssetEvent::New {
                channel_id: None,
                asset,
            }));
        }
        state
    }

    fn asset(id: &str) -> MessageFragment {
        MessageFragment::AssetId(id.into())
    }

    fn text(text: &str) -> MessageFragment {
        MessageFragment::Text(text.to_owned())
    }

    #[test]
    fn lines_are_commands_of_the_network() {
        let state = state();
        let ip = || asset("command:ip");
        for (line, content) in [
            ("/ip", Some(vec![ip()])),
            ("/IP  Tea room ", Some(vec![ip(), text("Tea room")])),
            ("/ips", None),
            (":cat:", None),
            ("/", None),
        ] {
            assert_eq!(command(&state, None, line), content, "{line}");
        }
        assert_eq!(commands(&state, None).collect::<Vec<_>>(), ["/ip"]);
        assert_eq!(usages(&state, Some("gone")), ["/ip USER"]);
    }

    #[test]
    fn emotes_are_shown_as_they_are_typed() {
        let state = state();
        let mut message = Message::text("", DateTime::UNIX_EPOCH);
        message.content = vec![
            text("a "),
            MessageFragment::Styled {
                style: Style::Bold,
                content: vec![asset("7")],
            },
            asset("8"),
        ];
        assert_eq!(spelled(&state, None, &message).plain_text(), "a :cat:8");
        assert_eq!(run(&state, None, &message), None);
        message.content = vec![asset("command:ip"), text("x")];
        assert_eq!(run(&state, None, &message), Some("/ip"));
        assert_eq!(spelled(&state, None, &message).plain_text(), "/ip x");
    }
}
