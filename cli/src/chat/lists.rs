//! Lists for a person: channels, members, contacts.

use std::collections::BTreeMap;

use kaiwa_protocols::client::{ConnectionState, Contact};
use kaiwa_protocols::{Presence, Role};

use super::show;
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
            (here == Some(id.as_str()), name)
        })
        .collect();
    names.sort_by(|(_, one), (_, other)| one.cmp(other));
    let marked = names.into_iter().map(|(current, name)| {
        let mark = if current { "*" } else { "" };
        format!("{mark}{name}")
    });
    format!("channels: {}", listed(marked.collect()))
}

/// Who is in a channel, with what they may do there.
pub(crate) fn members(state: &ConnectionState, channel_id: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    if let Some(channel) = state.channels.get(channel_id) {
        names.extend(channel.users.keys().map(|id| {
            let name = show::member_name(state, channel_id, id);
            match channel.roles.get(id).and_then(|role| rank(*role)) {
                Some(rank) => format!("{name} ({rank})"),
                None => name,
            }
        }));
    }
    names.sort();
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
        names.sort();
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
    names.sort();
    let names = listed(names);
    Some(format!(
        "from before, not shown: {names}; /switch CHANNEL, then /history"
    ))
}

fn rank(role: Role) -> Option<&'static str> {
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
