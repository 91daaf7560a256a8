//! What a command asks of the network, and what the answers mean.

use kaiwa_protocols::client::{ConnectionState, Contact};
use kaiwa_protocols::{
    Channel, ChannelEvent, ChatEvent, ConnectionEvent, ErrorKind, Id, Member, Presence, UserEvent,
};
use serde_json::Value;

use super::After;
use crate::chat::orders::invitation;
use crate::chat::{circles, lists, show};

/// What is asked of the network; channels and people by id, as far as the network has told it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Switch {
        channel_id: Id,
    },
    Join {
        channel_id: Id,
    },
    Create {
        channel_id: Option<Id>,
        people: Vec<Id>,
    },
    Invite {
        channel_id: Id,
        people: Vec<Id>,
    },
    Direct {
        channel_id: Option<Id>,
        text: Option<String>,
    },
    Members {
        channel_id: Id,
    },
    History {
        channel_id: Id,
        /// Messages that have come.
        count: usize,
        /// Nothing older is left.
        complete: bool,
    },
    Read {
        channel_id: Id,
    },
    Add {
        user_id: Id,
    },
    Respond {
        user_id: Id,
        accept: bool,
    },
    React {
        channel_id: Id,
        message_id: Id,
        emoji: String,
        on: bool,
    },
    Edit {
        text: String,
    },
    /// A file that is on its way is given up.
    Cancel,
    Delete {
        /// What was said there, as far as it is known here.
        text: Option<String>,
    },
    /// What can be joined, as far as it was answered.
    Directory(Vec<Channel>),
    Leave {
        channel_id: Id,
    },
    Remove {
        /// What the channel was called.
        name: String,
    },
    Rename {
        channel_id: Id,
    },
    Topic {
        channel_id: Id,
        topic: Option<String>,
    },
    Code {
        channel_id: Id,
        user_id: Option<Id>,
        code: Option<String>,
    },
    Kick {
        channel_id: Id,
        /// What the person was called.
        name: String,
    },
    Ban {
        channel_id: Id,
        /// What the person was called.
        name: String,
    },
    /// To be called otherwise.
    Nick,
    /// To be shown as this.
    Presence(Presence),
    Role {
        channel_id: Id,
        member: Member,
    },
    Data {
        key: String,
        value: Option<Value>,
    },
}

impl What {
    /// Older messages, of which none has come.
    pub(crate) fn history(channel_id: Id) -> Self {
        Self::History {
            channel_id,
            count: 0,
            complete: false,
        }
    }

    /// Learns from an event that was caused by this.
    pub(super) fn note(&mut self, event: &ConnectionEvent) {
        match (self, event) {
            (
                Self::Create { channel_id, .. } | Self::Direct { channel_id, .. },
                ConnectionEvent::Channel {
                    event: ChannelEvent::New { channel },
                },
            ) => {
                channel_id.get_or_insert_with(|| channel.id.clone());
            }
            (
                Self::Join { channel_id } | Self::Switch { channel_id },
                ConnectionEvent::Channel {
                    event:
                        ChannelEvent::Join { channel_id: told }
                        | ChannelEvent::Switch { channel_id: told },
                },
            ) => channel_id.clone_from(told),
            (
                Self::History {
                    count, complete, ..
                },
                ConnectionEvent::Chat {
                    event:
                        ChatEvent::History {
                            messages,
                            complete: told,
                            ..
                        },
                },
            ) => {
                *count += messages.len();
                *complete |= told;
            }
            (
                Self::Add { user_id } | Self::Respond { user_id, .. },
                ConnectionEvent::User {
                    event:
                        UserEvent::Request { user_id: told, .. }
                        | UserEvent::Respond { user_id: told, .. },
                },
            ) => user_id.clone_from(told),
            (
                Self::Directory(found),
                ConnectionEvent::Channel {
                    event: ChannelEvent::Directory { channels, .. },
                },
            ) => found.extend_from_slice(channels),
            (
                Self::Code { code, .. },
                ConnectionEvent::Channel {
                    event: ChannelEvent::Invite { code: told, .. },
                },
            ) => code.clone_from(told),
            (
                Self::Data { value, .. },
                ConnectionEvent::User {
                    event: UserEvent::Data { value: told, .. },
                },
            ) => value.clone_from(told),
            _ => {}
        }
    }

    /// What follows now that it is done.
    pub(crate) fn done(self, state: &ConnectionState) -> After {
        let channel = |id: &str| show::channel_name(state, id);
        match self {
            Self::Switch { channel_id } | Self::Join { channel_id } => enter(state, &channel_id),
            Self::Create {
                channel_id: None, ..
            }
            | Self::Direct {
                channel_id: None, ..
            } => After::line("done, but the network does not say where; /channels may show it"),
            Self::Create {
                channel_id: Some(channel_id),
                people,
            } => After {
                ask: (!people.is_empty()).then(|| invitation(channel_id.clone(), people)),
                ..enter(state, &channel_id)
            },
            Self::Direct {
                channel_id: Some(channel_id),
                text,
            } => After {
                enter: Some(channel_id),
                say: text,
                ..After::default()
            },
            Self::Invite { channel_id, people } => {
                let names: Vec<String> = people.iter().map(|id| show::person(state, id)).collect();
                let names = names.join(", ");
                After::line(format!("put into {}: {names}", channel(&channel_id)))
            }
            Self::Members { channel_id } => After::line(lists::members(state, &channel_id)),
            Self::History {
                channel_id,
                count,
                complete,
            } => After::line(end_of_page(&channel(&channel_id), count, complete)),
            Self::Read { channel_id } => {
                After::line(format!("{} is marked as read", channel(&channel_id)))
            }
            Self::Add { user_id } => {
                let who = show::person(state, &user_id);
                After::line(match state.contacts.get(&user_id) {
                    Some(Contact::Confirmed) => format!("{who} is now a contact of yours"),
                    _ => format!("{who} was asked for contact"),
                })
            }
            Self::Respond { user_id, accept } => {
                let who = show::person(state, &user_id);
                let now = if accept { "now" } else { "not" };
                After::line(format!("{who} is {now} a contact of yours"))
            }
            Self::Directory(channels) => After {
                lines: lists::directory(state, &channels),
                directory: Some(channels),
                ..After::default()
            },
            // The message tells that it is not delivered.
            Self::Cancel => After::default(),
            other => After::line(other.outcome(state)),
        }
    }

    /// What has come of it, where that is all that follows.
    fn outcome(self, state: &ConnectionState) -> String {
        let channel = |id: &str| show::channel_name(state, id);
        match self {
            Self::React {
                channel_id,
                message_id,
                emoji,
                on,
            } => show::reaction(state, None, &channel_id, &message_id, &emoji, on),
            Self::Edit { text } => format!("edited: {}", show::shortened(&text)),
            Self::Delete { text: Some(text) } => format!("deleted: {}", show::shortened(&text)),
            Self::Leave { channel_id } => format!("you are no longer in {}", channel(&channel_id)),
            Self::Remove { name } => format!("{name} is deleted"),
            Self::Rename { channel_id } => {
                format!("the channel is called {} now", channel(&channel_id))
            }
            Self::Topic { channel_id, topic } => show::topic(state, &channel_id, topic.as_deref()),
            Self::Code {
                channel_id,
                user_id,
                code,
            } => lists::invitation(state, &channel_id, user_id.as_deref(), code.as_deref()),
            Self::Kick { channel_id, name } => {
                format!("{name} is removed from {}", channel(&channel_id))
            }
            Self::Ban { channel_id, name } => {
                format!("{name} is kept out of {}", channel(&channel_id))
            }
            Self::Nick => {
                let own = state.current_user_id.as_deref().unwrap_or_default();
                format!("you are called {}", show::person(state, own))
            }
            Self::Presence(presence) => {
                format!("you are {}", lists::how(presence).unwrap_or("shown so"))
            }
            Self::Role { channel_id, member } => show::rank(state, &channel_id, &member),
            Self::Data { key, value } => match value {
                Some(value) => format!("{key} is {value}"),
                None => format!("{key} has no value"),
            },
            _ => "done".to_owned(),
        }
    }

    /// What a failure of this kind lets one do.
    pub(super) fn advice(&self, kind: ErrorKind) -> &'static str {
        if let (Self::Cancel, ErrorKind::State) = (self, kind) {
            return "/delete takes it back";
        }
        match kind {
            ErrorKind::Invalid if matches!(self, Self::Join { .. } | Self::Switch { .. }) => {
                "/channels shows those that are known"
            }
            ErrorKind::Lost | ErrorKind::TimedOut | ErrorKind::Full | ErrorKind::State => {
                "try again later"
            }
            ErrorKind::RateLimited => "wait a little, then try again",
            ErrorKind::NotFound => match self {
                Self::Add { .. } | Self::Direct { .. } => {
                    "give the name that the network knows them by, or their id"
                }
                Self::Respond { .. } => "/contacts shows who asks you",
                Self::Create { .. } | Self::Invite { .. } => "look at the names of the people",
                Self::History { .. } | Self::Read { .. } => "try again",
                Self::React { .. } | Self::Edit { .. } | Self::Delete { .. } | Self::Cancel => {
                    "-1 is the last message shown, and --ids shows the id of each"
                }
                Self::Code { .. } | Self::Kick { .. } | Self::Ban { .. } | Self::Role { .. } => {
                    "/members shows who is there"
                }
                Self::Switch { .. }
                | Self::Join { .. }
                | Self::Members { .. }
                | Self::Directory(_)
                | Self::Leave { .. }
                | Self::Remove { .. }
                | Self::Rename { .. }
                | Self::Topic { .. }
                | Self::Nick
                | Self::Presence(_)
                | Self::Data { .. } => "/channels shows those that are known",
            },
            ErrorKind::Forbidden => match self {
                Self::Join { .. } => "ask somebody who is in it for an invitation",
                _ => "ask somebody who may",
            },
            _ => "/help shows how it is used",
        }
    }
}

/// Messages go to this channel, or to the first one in this circle.
fn enter(state: &ConnectionState, channel_id: &str) -> After {
    After {
        enter: Some(circles::place(state, channel_id)),
        ..After::default()
    }
}

fn end_of_page(channel: &str, count: usize, complete: bool) -> String {
    match (count, complete) {
        (0, true) => format!("nothing was said in {channel} before this"),
        (0, false) => format!("nothing older of {channel} came, but there may be more"),
        (_, true) => format!("these {count} are the beginning of {channel}"),
        (_, false) => format!("these {count} are older; /history shows what was said before"),
    }
}
