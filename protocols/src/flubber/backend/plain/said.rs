//! Messages with the ids that a host knows, and back.

use chrono::{DateTime, Utc};

use super::super::files::Stored;
use super::super::ids;
use super::lookup;
use crate::client::ConnectionState;
use crate::flubber::wire::fragments::{Parts, is_nothing};
use crate::flubber::wire::{Message as Wire, NewMessage};
use crate::{Message, MessageFragment, MessageType};

/// A message as a host gets it; `None` for one that has no id of the network's.
pub(super) fn message(
    state: &ConnectionState,
    channel_id: &str,
    message: &Message,
) -> Option<Wire> {
    let id = message.id.as_deref()?;
    let mut content = message.content.clone();
    each(&mut content, &mut |fragment| to_host(fragment, channel_id));
    let Parts {
        content,
        attachments,
        extra,
    } = Parts::of(&content);
    let create_time = message.timestamp.timestamp_millis();
    let edit_time = message.content.iter().find_map(|fragment| match fragment {
        MessageFragment::EditedAt(at) => Some(at.timestamp_millis()),
        _ => None,
    });
    let own = (message.message_type == MessageType::CurrentUser)
        .then_some(state.current_user_id.as_deref())
        .flatten();
    Some(Wire {
        attachments,
        content,
        create_time,
        edit_time: edit_time.unwrap_or(create_time),
        extra,
        id: ids::message(channel_id, id),
        recipient: ids::room(channel_id),
        sender: ids::user(message.sender_id.as_deref().or(own)),
    })
}

/// What a host wants said, with these files.
pub(super) fn new(state: &ConnectionState, new: NewMessage, files: &[Stored]) -> Message {
    let parts = Parts {
        content: new.content,
        attachments: new.attachments,
        extra: new.extra,
    };
    let has_files = !files.is_empty();
    let mut content = parts.into_fragments(|_| None);
    each(&mut content, &mut |fragment| from_host(state, fragment));
    if has_files {
        // An empty text beside a file says nothing.
        content.retain(|one| !is_nothing(one));
    }
    let shown = content.iter().take_while(|one| one.is_shown()).count();
    content.splice(shown..shown, files.iter().map(Stored::fragment));
    // The network says when it was said; this is only until then.
    let mut message = Message::text("", now());
    message.content = content;
    message
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Ids of the vocabulary become those of the host.
fn to_host(fragment: &mut MessageFragment, here: &str) {
    match fragment {
        MessageFragment::Mention { user_id, .. } => *user_id = ids::user(Some(user_id)),
        MessageFragment::ChannelLink { channel_id, .. } => *channel_id = ids::room(channel_id),
        MessageFragment::MessageLink {
            channel_id,
            message_id,
        } => *message_id = ids::message(channel_id.as_deref().unwrap_or(here), message_id),
        _ => {}
    }
}

/// Ids of the host become those of the vocabulary; what leads nowhere is a text.
fn from_host(state: &ConnectionState, fragment: &mut MessageFragment) {
    let lost = match fragment {
        MessageFragment::Mention { user_id, text } => match ids::person(user_id) {
            Some(id) => {
                *text = name_of(state, id);
                *user_id = id.into();
                return;
            }
            None => user_id,
        },
        MessageFragment::ChannelLink { channel_id, text } => match ids::channel(channel_id) {
            Some(id) => {
                let known = state.channels.get(id);
                *text = known
                    .map_or(id, |one| lookup::shown(&one.channel))
                    .to_owned();
                *channel_id = id.into();
                return;
            }
            None => channel_id,
        },
        MessageFragment::MessageLink {
            channel_id,
            message_id,
        } => match ids::in_channel(message_id) {
            Some((channel, id)) => {
                *channel_id = Some(channel);
                *message_id = id.into();
                return;
            }
            None => message_id,
        },
        MessageFragment::AssetId(id) if !state.global_assets.contains_key(id.as_str()) => id,
        _ => return,
    };
    *fragment = MessageFragment::Text(std::mem::take(lost).into());
}

fn name_of(state: &ConnectionState, user_id: &str) -> String {
    let in_channels = || {
        let mut channels = state.channels.values();
        channels.find_map(|channel| channel.users.get(user_id))
    };
    let user = state.global_users.get(user_id).or_else(in_channels);
    let name = user.and_then(|user| user.display_name.as_ref().or(user.username.as_ref()));
    name.map_or_else(|| user_id.to_owned(), Clone::clone)
}

/// Does something to each fragment and what lies within; that is at most [`crate::MAX_STYLE_DEPTH`] deep.
fn each(fragments: &mut [MessageFragment], change: &mut impl FnMut(&mut MessageFragment)) {
    for fragment in fragments {
        match fragment {
            MessageFragment::Styled { content, .. } | MessageFragment::Link { content, .. } => {
                each(content, change);
            }
            other => change(other),
        }
    }
}
