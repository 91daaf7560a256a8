//! Ids: a host has one room for all of them, the vocabulary has one for each kind, and for messages one in each channel.
//!
//! A room is `!` and the channel's id, a person `@` and theirs, so that a recipient tells which of the two it is. A message is its
//! channel's id, `/` and its own id; `/` and `%` within the channel's are written as `%2F` and `%25`.

use crate::Id;

/// The room that is this channel.
pub(super) fn room(channel_id: &str) -> Id {
    format_args!("!{channel_id}").into()
}

/// The channel that this room is.
pub(super) fn channel(room: &str) -> Option<&str> {
    room.strip_prefix('!')
}

/// The user who is this person; the network itself where nobody is said.
pub(super) fn user(user_id: Option<&str>) -> Id {
    format_args!("@{}", user_id.unwrap_or_default()).into()
}

/// The person who is this user.
pub(super) fn person(user: &str) -> Option<&str> {
    user.strip_prefix('@').filter(|id| !id.is_empty())
}

/// The id of a message of a channel.
pub(super) fn message(channel_id: &str, message_id: &str) -> Id {
    let mut id = String::with_capacity(channel_id.len() + 1 + message_id.len());
    for char in channel_id.chars() {
        match char {
            '%' => id.push_str("%25"),
            '/' => id.push_str("%2F"),
            other => id.push(other),
        }
    }
    id.push('/');
    id.push_str(message_id);
    id.into()
}

/// The channel of a message and its id there.
pub(super) fn in_channel(message: &str) -> Option<(Id, &str)> {
    let (channel, id) = message.split_once('/')?;
    (!id.is_empty()).then(|| (channel.replace("%2F", "/").replace("%25", "%").into(), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        for channel_id in ["lobby", "", "a/b", "a%2Fb", "%", "/", "%25/%2F"] {
            assert_eq!(channel(&room(channel_id)), Some(channel_id));
            for message_id in ["1", "a/b", "%2F"] {
                let id = message(channel_id, message_id);
                assert_eq!(in_channel(&id), Some((channel_id.into(), message_id)));
            }
        }
        assert_eq!(person(&user(Some("ann"))), Some("ann"));
        assert_eq!(person(&user(None)), None);
        assert_eq!((channel("@ann"), person("!lobby")), (None, None));
        assert_eq!((in_channel("lobby"), in_channel("lobby/")), (None, None));
    }
}
