//! Writing what servers send: the dialect that every known client understands.

use chrono::{DateTime, Utc};

use super::super::SERVER_ID;
use super::super::fields::Writer;
use super::{
    BacklogMessage, ChannelEntry, ChatMessage, ClearMode, LeaveReason, RefusalReason, Removal,
    ServerPacket, Tail, Welcome,
};

pub(super) fn packet(packet: &ServerPacket<'_>, out: &mut String) {
    let writer = &mut Writer::begin(id(packet), out);
    match packet {
        ServerPacket::Pong => {
            writer.text("pong");
        }
        ServerPacket::Welcome(welcome) => write_welcome(welcome, writer),
        ServerPacket::Refused { reason, until } => refused(*reason, *until, writer),
        ServerPacket::Joined {
            time,
            user,
            message_id,
        } => {
            user.write(writer.time(*time));
            writer.line(message_id);
        }
        ServerPacket::Message(message) => write_message(message, writer),
        ServerPacket::Left {
            user_id,
            name,
            reason,
            time,
            message_id,
        } => {
            let known = LeaveReason::ALL.iter().find(|(_, known)| known == reason);
            let word = known.map_or("leave", |(word, _)| word);
            writer.line(user_id).line(name).text(word);
            writer.time(*time).line(message_id);
        }
        ServerPacket::ChannelCreated(channel) => entry(writer.text("0"), channel),
        ServerPacket::ChannelUpdated { old_name, channel } => {
            entry(writer.text("1").line(old_name), channel);
        }
        ServerPacket::ChannelRemoved { name } => {
            writer.text("2").line(name);
        }
        ServerPacket::Entered { user, message_id } => {
            user.write(writer.text("0"));
            writer.line(message_id);
        }
        ServerPacket::Departed {
            user_id,
            message_id,
        } => {
            writer.text("1").line(user_id).line(message_id);
        }
        ServerPacket::Moved { channel } => {
            writer.text("2").line(channel);
        }
        ServerPacket::Deleted { message_id } => {
            writer.line(message_id);
        }
        rest => write_rest(rest, writer),
    }
}

fn id(packet: &ServerPacket<'_>) -> u16 {
    match packet {
        ServerPacket::Pong => 0,
        ServerPacket::Welcome(_) | ServerPacket::Refused { .. } | ServerPacket::Joined { .. } => 1,
        ServerPacket::Message(_) => 2,
        ServerPacket::Left { .. } => 3,
        ServerPacket::ChannelCreated(_)
        | ServerPacket::ChannelUpdated { .. }
        | ServerPacket::ChannelRemoved { .. } => 4,
        ServerPacket::Entered { .. }
        | ServerPacket::Departed { .. }
        | ServerPacket::Moved { .. } => 5,
        ServerPacket::Deleted { .. } => 6,
        ServerPacket::Users { .. } | ServerPacket::Backlog(_) | ServerPacket::Channels { .. } => 7,
        ServerPacket::Clear { .. } => 8,
        ServerPacket::Removed(_) => 9,
        ServerPacket::UserUpdated(_) => 10,
        ServerPacket::Capabilities { .. } => 11,
        ServerPacket::Typing { .. } => 12,
        ServerPacket::Unknown { id } => *id,
    }
}

/// The packets from 7 on.
fn write_rest(packet: &ServerPacket<'_>, writer: &mut Writer<'_>) {
    match packet {
        ServerPacket::Users { users, missing } => {
            writer.text("0").number(claimed(users.len(), *missing));
            for listed in users {
                listed.user.write(writer);
                writer.bool(listed.visible);
            }
        }
        ServerPacket::Backlog(message) => backlog(message, writer),
        ServerPacket::Channels { channels, missing } => {
            writer.text("2").number(claimed(channels.len(), *missing));
            channels.iter().for_each(|one| entry(writer, one));
        }
        ServerPacket::Clear { mode, channel } => {
            let mode = match mode {
                ClearMode::Messages => "0",
                ClearMode::Users => "1",
                ClearMode::Channels => "2",
                ClearMode::MessagesAndUsers => "3",
                ClearMode::All => "4",
            };
            writer.text(mode);
            if let Some(channel) = channel {
                writer.line(channel);
            }
        }
        ServerPacket::Removed(Removal::Kicked) => {
            writer.text("0");
        }
        ServerPacket::Removed(Removal::Banned { until }) => {
            writer.text("1").number(ban_end(*until));
        }
        ServerPacket::UserUpdated(user) => user.write(writer),
        ServerPacket::Capabilities { server, names } => {
            match server {
                Some(server) => writer.line(server).names(names, "\u{c}"),
                None => writer.names(names, " "),
            };
        }
        ServerPacket::Typing {
            channel,
            user_id,
            time,
        } => {
            writer.line(channel).line(user_id).time(*time);
        }
        _ => {}
    }
}

fn write_welcome(welcome: &Welcome<'_>, writer: &mut Writer<'_>) {
    welcome.user.write(writer.text("y"));
    writer.line(welcome.channel);
    match welcome.tail {
        Tail::None => {}
        Tail::MaxLength(max_length) => {
            writer.number(max_length);
        }
        Tail::Version { version, session } => {
            writer.line(version).line(session);
        }
        Tail::Session {
            session,
            max_length,
        } => {
            writer.line(session).number(max_length);
        }
    }
}

fn refused(reason: RefusalReason<'_>, until: Option<DateTime<Utc>>, writer: &mut Writer<'_>) {
    writer.text("n").line(match reason {
        RefusalReason::Credentials => "authfail",
        RefusalReason::AlreadyIn => "userfail",
        RefusalReason::TooManySessions => "sockfail",
        RefusalReason::Banned => "joinfail",
        RefusalReason::Other(other) => other,
    });
    if reason == RefusalReason::Banned {
        writer.number(ban_end(until));
    }
}

fn ban_end(until: Option<DateTime<Utc>>) -> i64 {
    until.map_or(-1, |until| until.timestamp())
}

fn write_message(message: &ChatMessage<'_>, writer: &mut Writer<'_>) {
    writer.time(message.time).line(message.user_id);
    text(writer, message.user_id, message.text);
    writer
        .line(message.message_id)
        .text(&message.flags.written());
    if let Some(notify) = message.notify {
        writer.bool(notify);
    }
    if let Some(channel) = message.channel {
        writer.line(channel);
    }
}

fn backlog(message: &BacklogMessage<'_>, writer: &mut Writer<'_>) {
    writer.text("1").time(message.time);
    message.user.write(writer);
    text(writer, message.user.id, message.text);
    writer
        .line(message.message_id)
        .bool(message.notify)
        .text(&message.flags.written());
}

/// Form feeds mean something in what the server says, and nothing in what people say.
fn text(writer: &mut Writer<'_>, user_id: &str, text: &str) {
    if user_id == SERVER_ID {
        writer.joined(text);
    } else {
        writer.line(text);
    }
}

fn entry(writer: &mut Writer<'_>, channel: &ChannelEntry<'_>) {
    writer
        .line(channel.name)
        .bool(channel.has_password)
        .bool(channel.is_temporary);
}

fn claimed(there: usize, missing: u64) -> u64 {
    missing.saturating_add(there as u64)
}
