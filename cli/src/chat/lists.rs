//! Lists for a person: channels, members, contacts.

use std::collections::BTreeMap;

use kaiwa_protocols::client::{ConnectionState, Contact};
use kaiwa_protocols::{Channel, Presence, Role};

use super::{circles, show};
use crate::text;

/// Names in one line before it says how many more there are.
const SHOWN: usize = 100;

/// The channels, by name; a * marks the current one.
pub(crate) fn channels(state: &ConnectionState, here: Option<&str>) -> String {
    let mut namesakes: BTreeMap<String, usize> = BTreeMap::new();
    for id in state.channels.keys() {
        let name = show::channel_name(state, id).to_lowercase();
        *namesakes.entry(name).or_default() += 1;
    }
    let mut names: Vec<(bool, String)> = state
        .channels
        .keys()
        .map(|id| {
            let mut name = show::channel_name(state, id);
            if namesakes
                .get(&name.to_lowercase())
                .is_some_and(|count| *count > 1)
            {
                name = format!("{name} (id {id})");
            }
            if circles::is_circle(state, id) {
                name.push_str(" (circle)");
            }
            (here == Some(id.as_str()), name)
        })
        .collect();
    names.sort_by_cached_key(|(_, name)| name.to_lowercase());
    let marked = names.into_iter().map(|(current, name)| {
        let mark = if current { "*" } else { "" };
        format!("{mark}{name}")
    });
    format!("channels: {}", listed(marked.collect()))
}

/// Who is in a channel, with what they may do there and how they are.
pub(crate) fn members(state: &ConnectionState, channel_id: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    if let Some(channel) = state.channels.get(channel_id) {
        names.extend(channel.users.keys().map(|id| {
            let name = show::member_name(state, channel_id, id);
            let rank = channel.roles.get(id).and_then(|role| rank(*role));
            let how = state.presence.get(id).and_then(|said| how(said.presence));
            let known: Vec<&str> = rank.into_iter().chain(how).collect();
            match known.is_empty() {
                true => name,
                false => format!("{name} ({})", known.join(", ")),
            }
        }));
    }
    names.sort_by_cached_key(|name| name.to_lowercase());
    let channel = show::channel_name(state, channel_id);
    format!("in {channel}: {}", listed(names))
}

/// Contacts and how they are, who asks and who was asked: a line each, where there is somebody.
pub(crate) fn contacts(state: &ConnectionState) -> Vec<String> {
    let list = |wanted: Contact| {
        let theirs = state
            .contacts
            .iter()
            .filter(|(_, contact)| **contact == wanted);
        let mut names: Vec<String> = theirs
            .map(|(id, _)| {
                let name = show::person(state, id);
                match state.presence.get(id).and_then(|said| how(said.presence)) {
                    Some(how) if wanted == Contact::Confirmed => format!("{name} ({how})"),
                    _ => name,
                }
            })
            .collect();
        names.sort_by_cached_key(|name| name.to_lowercase());
        names
    };
    let mut lines = Vec::new();
    for (contact, head, what_to_do) in [
        (Contact::Confirmed, "contacts", ""),
        (
            Contact::Asking,
            "ask you",
            "; /accept NAME or /reject NAME answers",
        ),
        (Contact::Asked, "asked by you", ""),
    ] {
        let names = list(contact);
        if !names.is_empty() {
            lines.push(format!("{head}: {}{what_to_do}", listed(names)));
        }
    }
    if lines.is_empty() {
        lines.push("no contacts yet; /add NAME asks somebody".to_owned());
    }
    lines
}

/// What can be joined, with the ids to join it by.
pub(crate) fn directory(state: &ConnectionState, channels: &[Channel]) -> Vec<String> {
    if channels.is_empty() {
        return vec![
            "no circle is found that anybody may join; /circle create makes one".to_owned(),
        ];
    }
    let named = channels.iter().map(|channel| {
        let name = channel.name.as_deref().filter(|name| !name.is_empty());
        let mark = if state.channels.contains_key(&channel.id) {
            "*"
        } else {
            ""
        };
        format!("{mark}{} (id {})", name.unwrap_or(&channel.id), channel.id)
    });
    vec![
        format!("circles: {}", listed(named.collect())),
        "a * marks those you are in; /circle join ID joins another one".to_owned(),
    ]
}

/// An invitation and how it is used.
pub(crate) fn invitation(
    state: &ConnectionState,
    channel_id: &str,
    user_id: Option<&str>,
    code: Option<&str>,
) -> String {
    let name = show::channel_name(state, channel_id);
    let who = match user_id {
        Some(id) => show::person(state, id),
        None => "whoever has this".to_owned(),
    };
    match code {
        Some(code) => text::one_line(&format!(
            "invitation into {name} for {who}: /circle join {channel_id} {code}"
        )),
        None => format!("{who} is invited into {name}"),
    }
}

/// Where something was said before now that has not been shown.
pub(crate) fn before(state: &ConnectionState, shown: impl Fn(&str) -> bool) -> Option<String> {
    let quiet = state
        .channels
        .iter()
        .filter(|(id, channel)| !channel.messages.is_empty() && !shown(id));
    let mut names: Vec<String> = quiet.map(|(id, _)| show::channel_name(state, id)).collect();
    if names.is_empty() {
        return None;
    }
    names.sort_by_cached_key(|name| name.to_lowercase());
    let names = listed(names);
    Some(format!(
        "from before, not shown: {names}; /switch CHANNEL, then /history"
    ))
}

/// What somebody may do, in a word, where it is more than to talk.
pub(crate) fn rank(role: Role) -> Option<&'static str> {
    match role {
        Role::Owner => Some("owner"),
        Role::Admin => Some("admin"),
        Role::Moderator => Some("moderator"),
        _ => None,
    }
}

/// How somebody is, in a word.
pub(crate) fn how(presence: Presence) -> Option<&'static str> {
    match presence {
        Presence::Online => Some("there"),
        Presence::Away => Some("away"),
        Presence::Busy => Some("busy"),
        Presence::Offline => Some("offline"),
        _ => None,
    }
}

fn listed(mut names: Vec<String>) -> String {
    if names.is_empty() {
        return "none that is known".to_owned();
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let list = text::one_line(&names.join(", "));
    if more == 0 {
        return list;
    }
    format!("{list} and {more} more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{
        Channel, ChannelEvent, ChatEvent, Id, Member, Message, Profile, UserEvent,
    };

    fn state(channels: &[(&str, &str)]) -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, name) in channels {
            let channel = Channel {
                id: (*id).into(),
                name: Some((*name).to_owned()).filter(|name| !name.is_empty()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        state
    }

    fn come(state: &mut ConnectionState, channel: Option<&str>, id: &str, name: &str) {
        let user = Profile {
            id: Some(id.into()),
            username: Some(name.to_owned()),
            ..Profile::default()
        };
        let channel_id = channel.map(Id::from);
        state.apply(&UserEvent::New { channel_id, user }.into());
    }

    #[test]
    fn channels_with_one_name_have_their_ids() {
        let state = state(&[("a", "Tea"), ("b", "tea"), ("c", "x\x1b"), ("d", "")]);
        let expected = "channels: d, *Tea (id a), tea (id b), x␛";
        assert_eq!(channels(&state, Some("a")), expected);
        let none = ConnectionState::default();
        assert_eq!(channels(&none, None), "channels: none that is known");
    }

    #[test]
    fn members_have_their_roles() {
        let mut state = state(&[("a", "Tea")]);
        for (id, name) in [("1", "cid"), ("2", "Ann"), ("3", "bob"), ("4", "dan")] {
            come(&mut state, Some("a"), id, name);
        }
        let roles = [
            ("1", Role::Owner),
            ("2", Role::Member),
            ("3", Role::Admin),
            ("4", Role::Moderator),
        ];
        let member = |(id, role): &(&str, Role)| Member {
            user_id: (*id).into(),
            role: *role,
        };
        let members = ChannelEvent::Members {
            channel_id: "a".into(),
            members: roles.iter().map(member).collect(),
        };
        state.apply(&members.into());
        let expected = "in Tea: Ann, bob (admin), cid (owner), dan (moderator)";
        assert_eq!(super::members(&state, "a"), expected);
        assert_eq!(super::members(&state, "x"), "in x: none that is known");
    }

    #[test]
    fn contacts_are_told_by_what_is_between_us() {
        let mut state = state(&[]);
        for (id, name) in [("1", "ann"), ("2", "bob")] {
            come(&mut state, None, id, name);
        }
        let request = |user_id: &str, own| UserEvent::Request {
            user_id: user_id.into(),
            own,
            text: None,
        };
        let confirm = |user_id: &str| UserEvent::Respond {
            user_id: user_id.into(),
            accept: true,
        };
        let presence = |user_id: &str| UserEvent::Presence {
            user_id: Some(user_id.into()),
            presence: Presence::Away,
            text: None,
        };
        for event in [
            confirm("2"),
            confirm("1"),
            request("3", false),
            request("4", true),
        ] {
            state.apply(&event.into());
        }
        for id in ["1", "3"] {
            state.apply(&presence(id).into());
        }
        let expected = [
            "contacts: ann (away), bob",
            "ask you: 3; /accept NAME or /reject NAME answers",
            "asked by you: 4",
        ];
        assert_eq!(contacts(&state), expected);
    }

    #[test]
    fn what_was_said_elsewhere_is_not_forgotten() {
        let mut state = state(&[("a", "Tea"), ("b", "Bees"), ("c", "quiet")]);
        for id in ["a", "b"] {
            let history = ChatEvent::History {
                channel_id: id.into(),
                messages: vec![Message::text("x", chrono::DateTime::UNIX_EPOCH)],
                complete: true,
            };
            state.apply(&history.into());
        }
        let expected = "from before, not shown: Bees; /switch CHANNEL, then /history";
        assert_eq!(before(&state, |id| id == "a").as_deref(), Some(expected));
        assert_eq!(before(&state, |_| true), None);
    }

    #[test]
    fn long_lists_end() {
        let names = (0..250).map(|number| number.to_string()).collect();
        assert!(listed(names).ends_with("99 and 150 more"));
    }
}
