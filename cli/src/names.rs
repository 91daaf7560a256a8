//! Who and what is meant by what a user types: an id, or a name that only one has.

use std::collections::BTreeMap;

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{Channel, ChannelType, Error, ErrorKind, Id, Profile};

use crate::text;

/// Names listed in an error before it says how many more there are.
const NAMESAKES: usize = 8;

/// The id of the channel that `typed` means; what is not known is taken for an id, for the network to judge.
///
/// # Errors
/// `Invalid` for a name that several have, with their ids.
pub(crate) fn channel(state: &ConnectionState, typed: &str) -> Result<Id, Error> {
    if state.channels.contains_key(typed) {
        return Ok(typed.into());
    }
    let full: Vec<Option<String>> = state
        .channels
        .keys()
        .map(|id| in_circle(state, id))
        .collect();
    let all = state.channels.iter().zip(&full);
    let all = all.map(|((id, known), full)| {
        let name = known.channel.name.as_deref();
        (id.as_str(), [full.as_deref(), name])
    });
    only("channels", typed, all)
}

/// The names of the channels that are known, the first of many.
pub(crate) fn channels(state: &ConnectionState) -> String {
    let mut names: Vec<String> = state
        .channels
        .iter()
        .take(NAMESAKES)
        .map(|(id, known)| {
            let name = known.channel.name.clone().filter(|name| !name.is_empty());
            in_circle(state, id)
                .or(name)
                .unwrap_or_else(|| id.to_string())
        })
        .collect();
    if state.channels.len() > NAMESAKES {
        names.push(format!("{} more", state.channels.len() - NAMESAKES));
    }
    text::one_line(&names.join(", "))
}

/// The name of a channel with that of the circle in which it lies: channels of several circles often have one name.
pub(crate) fn in_circle(state: &ConnectionState, channel_id: &str) -> Option<String> {
    let known = state.channels.get(channel_id)?;
    let circle = &state.channels.get(known.parent.as_deref()?)?.channel;
    if circle.channel_type != ChannelType::Space {
        return None;
    }
    let outer = circle.name.as_deref().unwrap_or(&circle.id);
    let inner = known.channel.name.as_deref().unwrap_or(channel_id);
    Some(format!("{outer}/{inner}"))
}

/// The same among those that a directory lists as well.
///
/// # Errors
/// As `channel`.
pub(crate) fn listed_channel(
    state: &ConnectionState,
    directory: &[Channel],
    typed: &str,
) -> Result<Id, Error> {
    let mut listed = directory.iter();
    if state.channels.contains_key(typed) || listed.any(|listed| listed.id == typed) {
        return Ok(typed.into());
    }
    let known = state.channels.values().map(|known| &known.channel);
    let all = known
        .chain(directory)
        .map(|channel| (channel.id.as_str(), [channel.name.as_deref(), None]));
    only("channels", typed, all)
}

/// The id of the person that `typed` means: an id, a username or a shown name; what is not known is taken for an id, for the
/// network to judge.
///
/// # Errors
/// `Invalid` for a name that several have, with their ids.
pub(crate) fn person(state: &ConnectionState, typed: &str) -> Result<Id, Error> {
    let mut people: Vec<(&str, Option<&Profile>)> = Vec::new();
    let lists = state.channels.values().map(|channel| &channel.users);
    for list in lists.chain([&state.global_users]) {
        people.extend(list.iter().map(|(id, user)| (id.as_str(), Some(user))));
    }
    let unnamed = state.contacts.keys().chain(state.presence.keys());
    people.extend(unnamed.map(|id| (id.as_str(), None)));
    if people.iter().any(|(id, _)| *id == typed) {
        return Ok(typed.into());
    }
    let all = people.into_iter().map(|(id, user)| {
        let names = user.map_or([None, None], |user| {
            [user.display_name.as_deref(), user.username.as_deref()]
        });
        (id, names)
    });
    only("people", typed, all)
}

fn only<'a>(
    what: &str,
    typed: &str,
    all: impl Iterator<Item = (&'a str, [Option<&'a str>; 2])>,
) -> Result<Id, Error> {
    let wanted = typed.to_lowercase();
    let is_meant = |name: &str| name == typed || name.to_lowercase() == wanted;
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, names) in all {
        let mut given = names.into_iter().flatten();
        let name = given.clone().next().unwrap_or(id);
        if is_meant(id) || given.any(is_meant) {
            found.insert(id, name);
        }
    }
    let mut ids = found.keys();
    match (ids.next(), ids.next()) {
        (None, _) => Ok(typed.into()),
        (Some(id), None) => Ok((*id).into()),
        _ => Err(ambiguous(what, typed, &found)),
    }
}

fn ambiguous(what: &str, typed: &str, found: &BTreeMap<&str, &str>) -> Error {
    let mut list: Vec<String> = found
        .iter()
        .take(NAMESAKES)
        .map(|(id, name)| format!("{id} ({name})"))
        .collect();
    if found.len() > NAMESAKES {
        list.push(format!("{} more", found.len() - NAMESAKES));
    }
    let text = format!(
        "several {what} are called `{typed}`; give one of the ids: {}",
        list.join(", ")
    );
    Error::new(ErrorKind::Invalid, text::one_line(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{Channel, ChannelEvent, UserEvent};

    fn state() -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, name) in [
            ("a", Some("Tea")),
            ("b", Some("tea")),
            ("c", None),
            ("Tea", None),
        ] {
            let channel = Channel {
                id: id.into(),
                name: name.map(str::to_owned),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        for (place, id, username, display) in [
            (Some("a"), "7", "ann", "Änn B"),
            (Some("b"), "7", "ann", "Änn B"),
            (None, "8", "bob", "ANN"),
            (None, "bob", "x", "y"),
        ] {
            let user = Profile {
                id: Some(id.into()),
                username: Some(username.to_owned()),
                display_name: Some(display.to_owned()),
                ..Profile::default()
            };
            let channel_id = place.map(Id::from);
            state.apply(&UserEvent::New { channel_id, user }.into());
        }
        let user_id = Id::from("Carl");
        state.apply(
            &UserEvent::Respond {
                user_id,
                accept: true,
            }
            .into(),
        );
        state
    }

    #[test]
    fn names_mean_the_one_who_has_them() {
        let state = state();
        for (typed, id) in [
            ("7", "7"),
            ("änn b", "7"),
            // Somebody's id counts before anybody's name.
            ("bob", "bob"),
            ("Y", "bob"),
            ("carl", "Carl"),
            ("nobody", "nobody"),
            ("", ""),
        ] {
            assert_eq!(person(&state, typed).unwrap(), id, "{typed}");
        }
        for (typed, id) in [
            ("Tea", "Tea"),
            ("C", "c"),
            ("A", "a"),
            ("new one", "new one"),
        ] {
            assert_eq!(channel(&state, typed).unwrap(), id, "{typed}");
        }
    }

    #[test]
    fn namesakes_are_told_with_their_ids() {
        let state = state();
        let error = person(&state, "ann").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(
            error.message(),
            "several people are called `ann`; give one of the ids: 7 (Änn B), 8 (ANN)"
        );
        // Also those that differ by case alone, and where only one is written as typed.
        let error = channel(&state, "tea").unwrap_err();
        assert!(
            error.message().contains("Tea (Tea), a (Tea), b (tea)"),
            "{error}"
        );
        // `bob` is an id, `BOB` a name and almost an id.
        let error = person(&state, "BOB").unwrap_err();
        assert!(error.message().contains("8 (ANN), bob (y)"), "{error}");
    }

    #[test]
    fn a_crowd_of_namesakes_is_cut() {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for id in 0..20_u32 {
            let channel = Channel {
                id: id.into(),
                name: Some("x\x1b".to_owned()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        let error = channel(&state, "X\x1b").unwrap_err();
        assert!(error.message().ends_with(", 12 more"), "{error}");
        assert!(!error.message().contains('\x1b'), "{error}");
    }
}
