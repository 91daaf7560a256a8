//! What is shown of events: who is meant, and what became of whom.

use kaiwa_protocols::client::{ConnectionState, Contact};
use kaiwa_protocols::{Id, Member, Message, MessageFragment, MessageType, Profile, UserEvent};

use super::present::Passage;
use super::{circles, lists};
use crate::{names, text};

/// Characters of a text shown in a line about it: its beginning tells which it is.
const SHOWN_CHARS: usize = 60;

/// The channel that a message without one goes to, as far as that is known.
pub(crate) fn current(state: &ConnectionState) -> Option<Id> {
    if state.current_channel.is_some() {
        return state.current_channel.clone();
    }
    // Nobody talks in a circle itself.
    let mut ids = state
        .channels
        .keys()
        .filter(|id| !circles::is_circle(state, id));
    match (ids.next(), ids.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}

/// The name of a channel on one line, or its id where it has none; behind that of its circle, where it lies in one.
pub(crate) fn channel_name(state: &ConnectionState, id: &str) -> String {
    if let Some(name) = names::in_circle(state, id) {
        return text::one_line(&name);
    }
    let channel = state.channels.get(id);
    let name = channel.and_then(|channel| channel.channel.name.as_deref());
    text::one_line(name.filter(|name| !name.is_empty()).unwrap_or(id))
}

/// The name of somebody in a channel, on one line.
pub(crate) fn member_name(state: &ConnectionState, channel_id: &str, user_id: &str) -> String {
    let profile = profile(state, Some(channel_id), user_id);
    name(profile, Some(user_id), MessageType::Normal)
}

/// The name of somebody on one line, or their id where it is not known.
pub(crate) fn person(state: &ConnectionState, user_id: &str) -> String {
    let mut in_channels = state.channels.values();
    let profile = profile(state, None, user_id)
        .or_else(|| in_channels.find_map(|channel| channel.users.get(user_id)));
    name(profile, Some(user_id), MessageType::Normal)
}

/// What a command takes for this person: their name if nobody else has it, else their id.
pub(crate) fn callable(state: &ConnectionState, user_id: &str) -> String {
    let name = person(state, user_id);
    match names::person(state, &name) {
        Ok(id) if id == user_id => name,
        _ => text::one_line(user_id),
    }
}

/// Whether somebody is a contact.
pub(crate) fn is_contact(state: &ConnectionState, user_id: &str) -> bool {
    state.contacts.get(user_id) == Some(&Contact::Confirmed)
}

/// The beginning of a text.
pub(crate) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// A message that is known here.
pub(crate) fn message<'a>(
    state: &'a ConnectionState,
    channel_id: &str,
    message_id: &str,
) -> Option<&'a Message> {
    state.channels.get(channel_id)?.messages.get(message_id)
}

/// What was said, in a few words and on one line; a file by its name.
pub(crate) fn words(message: &Message) -> String {
    let shown = message
        .content
        .iter()
        .filter_map(|fragment| match fragment {
            MessageFragment::File { name, .. } => Some(name.clone()),
            MessageFragment::Upload { path, name, .. } => {
                let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
                Some(name.as_deref().unwrap_or(file).to_owned())
            }
            MessageFragment::Text(text) | MessageFragment::Url(text) => Some(text.clone()),
            MessageFragment::Image { url, .. }
            | MessageFragment::Video { url, .. }
            | MessageFragment::Audio { url, .. } => Some(url.clone()),
            MessageFragment::AssetId(id) => Some(id.to_string()),
            _ => None,
        });
    let shown: Vec<String> = shown.filter(|part| !part.is_empty()).collect();
    text::one_line(&shortened(&shown.join(" ")))
}

/// Who has put which emoji on what, or taken it off, in a sentence; without a person it is the user.
pub(crate) fn reaction(
    state: &ConnectionState,
    who: Option<&str>,
    channel_id: &str,
    message_id: &str,
    emoji: &str,
    on: bool,
) -> String {
    let who = match who {
        Some(id) => member_name(state, channel_id, id),
        None => "you".to_owned(),
    };
    let what = match message(state, channel_id, message_id) {
        Some(message) => format!(": {}", words(message)),
        None => format!(" message {message_id}"),
    };
    let emoji = shortened(emoji);
    match on {
        true => format!("{who} reacted with {emoji} to{what}"),
        false => format!("{who} took back {emoji} from{what}"),
    }
}

/// An event about people in a sentence, if it is worth one.
pub(crate) fn sentence(state: &ConnectionState, event: &UserEvent) -> Option<String> {
    Some(match event {
        UserEvent::Request { user_id, own, text } => {
            let who = person(state, user_id);
            let remark = remark(text.as_deref());
            if *own {
                format!("{who} was asked for contact{remark}")
            } else {
                format!("{who} asks for contact{remark}")
            }
        }
        UserEvent::Respond { user_id, accept } => {
            let who = person(state, user_id);
            let now = if *accept { "now" } else { "not" };
            format!("{who} is {now} a contact of yours")
        }
        UserEvent::Ban {
            channel_id,
            user_id,
            until,
            reason,
        } => {
            let place = channel_id.as_deref().map(|id| channel_name(state, id));
            let from = place.map(|name| format!(" of {name}")).unwrap_or_default();
            let until = until.map(|until| format!(" until {}", until.format("%F %T UTC")));
            let (who, remark) = (person(state, user_id), remark(reason.as_deref()));
            format!(
                "{who} is kept out{from}{}{remark}",
                until.unwrap_or_default()
            )
        }
        UserEvent::Presence {
            user_id,
            presence,
            text,
        } => {
            let who = match user_id {
                Some(user_id) => format!("{} is", person(state, user_id)),
                None => "you are".to_owned(),
            };
            let how = lists::how(*presence)?;
            format!("{who} {how}{}", remark(text.as_deref()))
        }
        _ => return None,
    })
}

/// Which channel is the current one, and what it is about.
pub(crate) fn place(state: &ConnectionState, channel_id: &str) -> Vec<String> {
    let name = channel_name(state, channel_id);
    let mut lines = vec![format!("the current channel is {name}")];
    let channel = state.channels.get(channel_id);
    if let Some(text) = channel.and_then(|channel| channel.topic.as_deref()) {
        lines.push(topic(state, channel_id, Some(text)));
    }
    if circles::is_circle(state, channel_id) {
        lines.push(format!(
            "{name} is a circle without channels; /stream create NAME makes one"
        ));
    }
    lines
}

/// Somebody who has come or left, in a sentence.
pub(crate) fn passage(state: &ConnectionState, passage: &Passage) -> String {
    let Passage { name, .. } = passage;
    let channel = channel_name(state, &passage.channel_id);
    if passage.came {
        format!("{name} is in {channel} now")
    } else {
        format!("{name} has left {channel}")
    }
}

/// What somebody may do now, in a sentence.
pub(crate) fn rank(state: &ConnectionState, channel_id: &str, member: &Member) -> String {
    let who = person(state, &member.user_id);
    let rank = lists::rank(member.role).unwrap_or("member");
    format!("{who} is {rank} of {} now", channel_name(state, channel_id))
}

/// The topic of a channel in a sentence.
pub(crate) fn topic(state: &ConnectionState, channel_id: &str, topic: Option<&str>) -> String {
    let channel = channel_name(state, channel_id);
    match topic {
        Some(topic) => format!("the topic of {channel} is: {topic}"),
        None => format!("{channel} has no topic any more"),
    }
}

fn remark(text: Option<&str>) -> String {
    text.map(|text| format!(": {}", shortened(text)))
        .unwrap_or_default()
}

pub(crate) fn profile<'a>(
    state: &'a ConnectionState,
    channel_id: Option<&str>,
    user_id: &str,
) -> Option<&'a Profile> {
    channel_id
        .and_then(|id| state.channels.get(id))
        .and_then(|channel| channel.users.get(user_id))
        .or_else(|| state.global_users.get(user_id))
}

pub(crate) fn name(profile: Option<&Profile>, id: Option<&str>, kind: MessageType) -> String {
    let known = profile.and_then(|profile| {
        profile
            .display_name
            .as_deref()
            .or(profile.username.as_deref())
    });
    let (id, fallback) = match kind {
        // Its id is a number that says nothing to people.
        MessageType::Server => (None, "server"),
        MessageType::Meta => (None, "kaiwa"),
        _ => (id, "?"),
    };
    let name = known.or(id).filter(|name| !name.is_empty());
    text::one_line(name.unwrap_or(fallback))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{Channel, ChannelEvent, Presence, UserEvent};

    fn state() -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for id in ["a", "b"] {
            let channel = Channel {
                id: id.into(),
                name: (id == "b").then(|| "Bees".to_owned()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        let user = Profile {
            id: Some("7".into()),
            username: Some("ann".to_owned()),
            display_name: Some("Ann B".to_owned()),
            ..Profile::default()
        };
        let channel_id = Some(Id::from("b"));
        state.apply(&UserEvent::New { channel_id, user }.into());
        state
    }

    #[test]
    fn names_are_those_of_the_channel() {
        let state = state();
        assert_eq!(member_name(&state, "b", "7"), "Ann B");
        assert_eq!(member_name(&state, "a", "7\n"), "7␊");
    }

    #[test]
    fn what_becomes_of_people_is_a_sentence() {
        let state = state();
        let shown = |event| sentence(&state, &event);
        let request = |own, text: Option<&str>| UserEvent::Request {
            user_id: "7".into(),
            own,
            text: text.map(str::to_owned),
        };
        let respond = |accept| UserEvent::Respond {
            user_id: "8".into(),
            accept,
        };
        let presence = |user_id: Option<&str>, text: Option<&str>| UserEvent::Presence {
            user_id: user_id.map(Into::into),
            presence: Presence::Away,
            text: text.map(str::to_owned),
        };
        for (event, expected) in [
            (request(false, Some("hi")), "Ann B asks for contact: hi"),
            (request(true, None), "Ann B was asked for contact"),
            (respond(true), "8 is now a contact of yours"),
            (respond(false), "8 is not a contact of yours"),
            (presence(Some("7"), Some("lunch")), "Ann B is away: lunch"),
            (presence(None, None), "you are away"),
        ] {
            assert_eq!(shown(event).as_deref(), Some(expected));
        }
        let user_id = Id::from("7");
        assert_eq!(shown(UserEvent::Identify { user_id }), None);
        assert_eq!(topic(&state, "b", Some("tea")), "the topic of Bees is: tea");
        assert_eq!(topic(&state, "a", None), "a has no topic any more");
    }

    #[test]
    fn the_current_channel_is_the_networks_or_the_only_one() {
        let mut state = state();
        assert_eq!(current(&state), None);
        let channel_id = Id::from("b");
        state.apply(&ChannelEvent::Remove { channel_id }.into());
        assert_eq!(current(&state), Some("a".into()));
    }
}
