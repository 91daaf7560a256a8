//! Events in a few words.

use super::*;

pub(super) fn texts(messages: &[Message]) -> String {
    let texts = messages.iter().map(|message| {
        let id = message.id.as_deref().unwrap_or("-");
        format!("{id}={}", message.plain_text())
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// An event in a few words.
pub(super) fn short(event: &ConnectionEvent) -> String {
    match event {
        ConnectionEvent::Chat { event } => chat(event),
        ConnectionEvent::Channel { event } => channel(event),
        ConnectionEvent::User { event } => user(event),
        ConnectionEvent::Status { event } => status(event),
        other => format!("{other:?}"),
    }
}

fn id(id: &Option<Id>) -> &str {
    id.as_deref().unwrap_or("-")
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn chat(event: &ChatEvent) -> String {
    match event {
        ChatEvent::New { message, .. } => {
            format!("New {}", texts(std::slice::from_ref(message)))
        }
        ChatEvent::Update {
            message_id,
            new_message,
            ..
        } => format!(
            "Update {message_id} {:?} {}",
            new_message.status,
            texts(std::slice::from_ref(new_message))
        ),
        ChatEvent::History {
            channel_id,
            messages,
            complete,
        } => format!("History {channel_id} [{}] {complete}", texts(messages)),
        ChatEvent::Gap { after, before, .. } => format!("Gap {}..{}", id(after), id(before)),
        ChatEvent::React {
            message_id,
            user_id,
            on,
            ..
        } => format!("React {message_id} {} {on}", id(user_id)),
        ChatEvent::Read {
            message_id,
            user_id,
            ..
        } => format!("Read {message_id} {}", id(user_id)),
        ChatEvent::Typing {
            user_id, typing, ..
        } => format!("Typing {} {typing}", id(user_id)),
        ChatEvent::Progress { sent, total, .. } => format!("Progress {sent}/{total}"),
        other => format!("{other:?}"),
    }
}

fn channel(event: &ChannelEvent) -> String {
    match event {
        ChannelEvent::New { channel } => {
            format!("Channel {} {}", channel.id, text(&channel.name))
        }
        ChannelEvent::Update { new_channel, .. } => {
            format!("Renamed {} {}", new_channel.id, text(&new_channel.name))
        }
        ChannelEvent::Remove { channel_id } => format!("Gone {channel_id}"),
        ChannelEvent::Join { channel_id } => format!("Join {channel_id}"),
        ChannelEvent::Leave { channel_id } => format!("Leave {channel_id}"),
        ChannelEvent::Parent {
            channel_id,
            parent_id,
        } => format!("Parent {channel_id} {}", id(parent_id)),
        ChannelEvent::Topic { channel_id, topic } => {
            format!("Topic {channel_id} {}", text(topic))
        }
        ChannelEvent::Members { members, .. } => {
            let members = members
                .iter()
                .map(|member| format!(" {}:{:?}", member.user_id, member.role));
            format!("Members{}", members.collect::<String>())
        }
        ChannelEvent::Invite { code, .. } => format!("Invite {}", text(code)),
        ChannelEvent::Directory { channels, .. } => {
            let channels = channels.iter().map(|channel| format!(" {}", channel.id));
            format!("Directory{}", channels.collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

fn user(event: &UserEvent) -> String {
    match event {
        UserEvent::New { channel_id, user } => {
            format!("User {} in {}", id(&user.id), id(channel_id))
        }
        UserEvent::Remove {
            channel_id,
            user_id,
        } => format!("UserGone {user_id} in {}", id(channel_id)),
        UserEvent::Update {
            channel_id,
            new_user,
            ..
        } => {
            format!(
                "UserIs {} in {}",
                text(&new_user.display_name),
                id(channel_id)
            )
        }
        UserEvent::Identify { user_id } => format!("Identify {user_id}"),
        UserEvent::Presence {
            user_id, presence, ..
        } => format!("{presence:?} {}", id(user_id)),
        UserEvent::Data { key, value, .. } => format!("Data {key} {value:?}"),
        other => format!("{other:?}"),
    }
}

fn status(event: &StatusEvent) -> String {
    match event {
        StatusEvent::Connected { .. } => "Connected".to_owned(),
        StatusEvent::Capabilities { .. } => "Capabilities".to_owned(),
        StatusEvent::Done { .. } => "Done".to_owned(),
        StatusEvent::Failed { error, .. } => format!("Failed {:?}", error.kind),
        StatusEvent::Ping { .. } => "Ping".to_owned(),
        other => format!("{other:?}"),
    }
}
