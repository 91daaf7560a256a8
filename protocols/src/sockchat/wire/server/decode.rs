//! Reading what servers send, of every dialect.

use chrono::{DateTime, Utc};

use super::super::fields::{Fields, is_true, names, number, time};
use super::super::{Fault, Flags, User, WireError};
use super::{
    BacklogMessage, ChannelEntry, ChatMessage, ClearMode, LeaveReason, ListedUser, RefusalReason,
    Removal, ServerPacket, Tail, Welcome,
};

/// The last second of the year 9999, which SharpChat of 2020 writes for a ban without end.
const NEVER: i64 = 253_402_300_799;

pub(super) fn packet(frame: &str) -> Result<ServerPacket<'_>, WireError> {
    let (id, mut fields) = Fields::begin(frame)?;
    let fields = &mut fields;
    match id {
        0 => Ok(ServerPacket::Pong),
        1 => sign_in(fields),
        2 => message(fields),
        3 => left(fields),
        4 => channel(fields),
        5 => movement(fields),
        6 => Ok(ServerPacket::Deleted {
            message_id: fields.need()?,
        }),
        7 => context(fields),
        8 => clear(fields),
        9 => removed(fields),
        10 => User::read(fields).map(ServerPacket::UserUpdated),
        11 => capabilities(fields),
        12 => Ok(ServerPacket::Typing {
            channel: fields.need()?,
            user_id: fields.need()?,
            time: fields.next().and_then(time),
        }),
        id => Ok(ServerPacket::Unknown { id }),
    }
}

fn sign_in<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    match fields.need()? {
        "y" => Ok(ServerPacket::Welcome(Welcome {
            user: User::read(fields)?,
            channel: fields.need()?,
            tail: tail(fields),
        })),
        "n" => Ok(refused(fields)),
        joined => {
            number(joined).ok_or_else(|| fields.error(Fault::UnknownKind))?;
            Ok(ServerPacket::Joined {
                time: time(joined),
                user: User::read(fields)?,
                message_id: fields.need()?,
            })
        }
    }
}

/// Never required: some dialects have none, and there are three others.
fn tail<'a>(fields: &mut Fields<'a>) -> Tail<'a> {
    let max_length = |field: &str| field.parse::<u64>().ok();
    match (fields.next(), fields.next()) {
        (None, _) => Tail::None,
        (Some(only), None) => max_length(only).map_or(Tail::None, Tail::MaxLength),
        (Some(first), Some(second)) => match max_length(second) {
            Some(max_length) => Tail::Session {
                session: first,
                max_length,
            },
            None => Tail::Version {
                version: first,
                session: second,
            },
        },
    }
}

fn refused<'a>(fields: &mut Fields<'a>) -> ServerPacket<'a> {
    let reason = match fields.next().unwrap_or_default() {
        "authfail" => RefusalReason::Credentials,
        "userfail" => RefusalReason::AlreadyIn,
        "sockfail" => RefusalReason::TooManySessions,
        "joinfail" => RefusalReason::Banned,
        other => RefusalReason::Other(other),
    };
    let until = fields.next().and_then(ban_end);
    ServerPacket::Refused { reason, until }
}

/// `None` for a ban without end, and for one of which the end cannot be read.
fn ban_end(field: &str) -> Option<DateTime<Utc>> {
    time(field).filter(|end| (0..NEVER).contains(&end.timestamp()))
}

fn message<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    let mut message = ChatMessage {
        time: fields.need_time()?,
        user_id: fields.need()?,
        text: fields.need()?,
        message_id: fields.need()?,
        flags: fields.next().map_or(Flags::MESSAGE, Flags::read),
        notify: None,
        channel: None,
    };
    match fields.next() {
        Some(notify @ ("0" | "1")) => {
            message.notify = Some(is_true(notify));
            message.channel = fields.next();
        }
        channel => message.channel = channel,
    }
    message.channel = message.channel.filter(|channel| !channel.is_empty());
    Ok(ServerPacket::Message(message))
}

fn left<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    let user_id = fields.need()?;
    let name = fields.need()?;
    let word = fields.need()?;
    let known = LeaveReason::ALL.iter().find(|(known, _)| *known == word);
    Ok(ServerPacket::Left {
        user_id,
        name,
        reason: known.map(|(_, reason)| *reason).unwrap_or_default(),
        time: fields.need_time()?,
        message_id: fields.need()?,
    })
}

fn channel<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    Ok(match fields.need()? {
        "0" => ServerPacket::ChannelCreated(entry(fields)?),
        "1" => ServerPacket::ChannelUpdated {
            old_name: fields.need()?,
            channel: entry(fields)?,
        },
        "2" => ServerPacket::ChannelRemoved {
            name: fields.need()?,
        },
        _ => return Err(fields.error(Fault::UnknownKind)),
    })
}

fn entry<'a>(fields: &mut Fields<'a>) -> Result<ChannelEntry<'a>, WireError> {
    Ok(ChannelEntry {
        name: fields.need()?,
        has_password: fields.need_bool()?,
        is_temporary: fields.need_bool()?,
    })
}

fn movement<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    Ok(match fields.need()? {
        "0" => {
            // Id, name, colour, permissions, message id; two dialects have no permissions.
            let user = if fields.left() >= 5 {
                User::read(fields)?
            } else {
                User::read_without_permissions(fields)?
            };
            ServerPacket::Entered {
                user,
                message_id: fields.need()?,
            }
        }
        "1" => ServerPacket::Departed {
            user_id: fields.need()?,
            message_id: fields.need()?,
        },
        "2" => ServerPacket::Moved {
            channel: fields.need()?,
        },
        _ => return Err(fields.error(Fault::UnknownKind)),
    })
}

fn context<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    match fields.need()? {
        "0" => {
            let (users, missing) = list(fields, |fields| {
                Ok(ListedUser {
                    user: User::read(fields)?,
                    visible: fields.need_bool()?,
                })
            })?;
            Ok(ServerPacket::Users { users, missing })
        }
        "1" => Ok(ServerPacket::Backlog(BacklogMessage {
            time: fields.need_time()?,
            user: User::read(fields)?,
            text: fields.need()?,
            message_id: fields.need()?,
            notify: fields.next().is_some_and(is_true),
            flags: fields.next().map_or(Flags::MESSAGE, Flags::read),
        })),
        "2" => {
            let (channels, missing) = list(fields, entry)?;
            Ok(ServerPacket::Channels { channels, missing })
        }
        _ => Err(fields.error(Fault::UnknownKind)),
    }
}

/// As many entries as are claimed and there, and how many more are claimed. Nothing is believed of the count before the
/// entries are there.
fn list<'a, T>(
    fields: &mut Fields<'a>,
    read: impl Fn(&mut Fields<'a>) -> Result<T, WireError>,
) -> Result<(Vec<T>, u64), WireError> {
    let claimed = u64::try_from(fields.need_number()?);
    let claimed = claimed.map_err(|_| fields.error(Fault::NoNumber))?;
    let mut entries = Vec::new();
    let mut missing = claimed;
    while missing > 0
        && let Ok(entry) = read(fields)
    {
        entries.push(entry);
        missing -= 1;
    }
    Ok((entries, missing))
}

fn clear<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    let mode = match fields.need()? {
        "0" => ClearMode::Messages,
        "1" => ClearMode::Users,
        "2" => ClearMode::Channels,
        "3" => ClearMode::MessagesAndUsers,
        "4" => ClearMode::All,
        _ => return Err(fields.error(Fault::UnknownKind)),
    };
    let channel = fields.next().filter(|channel| !channel.is_empty());
    Ok(ServerPacket::Clear { mode, channel })
}

fn removed<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    let removal = match fields.need()? {
        "0" | "kick" => Removal::Kicked,
        "1" | "ban" => Removal::Banned {
            until: fields.next().and_then(ban_end),
        },
        _ => return Err(fields.error(Fault::UnknownKind)),
    };
    Ok(ServerPacket::Removed(removal))
}

fn capabilities<'a>(fields: &mut Fields<'a>) -> Result<ServerPacket<'a>, WireError> {
    let first = fields.need()?;
    Ok(match fields.next() {
        Some(second) => ServerPacket::Capabilities {
            server: Some(first),
            names: names(second),
        },
        None => ServerPacket::Capabilities {
            server: None,
            names: names(first),
        },
    })
}
