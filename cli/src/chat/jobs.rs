//! Commands that the network has not answered yet, and what its answers mean.

use std::collections::BTreeMap;

use kaiwa_protocols::client::{ConnectionState, Contact};
use kaiwa_protocols::{
    ChannelEvent, ChatEvent, ConnectionEvent, ErrorInfo, ErrorKind, RequestId, UserEvent,
};

use super::orders::invitation;
use super::{lists, show};

/// Commands open at once: more than a person types while a network thinks.
const OPEN: usize = 64;

/// Commands that the network has not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    open: BTreeMap<RequestId, Job>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Job {
    /// The command, as a failure names it.
    pub(crate) name: String,
    pub(crate) what: What,
}

/// What is asked of the network; channels and people by id, as far as the network has told it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Switch {
        channel_id: String,
    },
    Join {
        channel_id: String,
    },
    Create {
        channel_id: Option<String>,
        people: Vec<String>,
    },
    Invite {
        channel_id: String,
        people: Vec<String>,
    },
    Direct {
        channel_id: Option<String>,
        text: Option<String>,
    },
    Members {
        channel_id: String,
    },
    History {
        channel_id: String,
        /// Messages that have come.
        count: usize,
        /// Nothing older is left.
        complete: bool,
    },
    Read {
        channel_id: String,
    },
    Add {
        user_id: String,
    },
    Respond {
        user_id: String,
        accept: bool,
    },
}

/// What follows when a command is carried out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct After {
    /// This channel is the current one from now on.
    pub(crate) enter: Option<String>,
    pub(crate) lines: Vec<String>,
    /// Said in the current channel.
    pub(crate) say: Option<String>,
    pub(crate) ask: Option<(What, ConnectionEvent)>,
}

impl Jobs {
    /// The network has been asked.
    pub(crate) fn begin(&mut self, request: RequestId, job: Job) {
        self.open.insert(request, job);
    }

    /// Whether the request is a command's.
    pub(crate) fn knows(&self, request: RequestId) -> bool {
        self.open.contains_key(&request)
    }

    /// A request is settled; gives the command if it was one.
    pub(crate) fn end(&mut self, request: RequestId) -> Option<Job> {
        self.open.remove(&request)
    }

    /// Learns from what a command has caused.
    pub(crate) fn note(&mut self, request: RequestId, event: &ConnectionEvent) {
        if let Some(job) = self.open.get_mut(&request) {
            job.what.note(event);
        }
    }

    /// Whether older messages of this channel are on their way.
    pub(crate) fn awaits_history(&self, channel: &str) -> bool {
        self.open.values().any(
            |job| matches!(&job.what, What::History { channel_id, .. } if channel_id == channel),
        )
    }

    /// Whether it is open where messages go.
    pub(crate) fn is_moving(&self) -> bool {
        self.open.values().any(|job| {
            matches!(
                job.what,
                What::Switch { .. } | What::Join { .. } | What::Create { .. } | What::Direct { .. }
            )
        })
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether enough is open.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= OPEN
    }
}

impl What {
    /// Older messages, of which none has come.
    pub(crate) fn history(channel_id: String) -> Self {
        Self::History {
            channel_id,
            count: 0,
            complete: false,
        }
    }

    /// Learns from an event that was caused by this.
    fn note(&mut self, event: &ConnectionEvent) {
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
            _ => {}
        }
    }

    /// What follows now that it is done.
    pub(crate) fn done(self, state: &ConnectionState) -> After {
        let channel = |id: &str| show::channel_name(state, id);
        match self {
            Self::Switch { channel_id } | Self::Join { channel_id } => After {
                enter: Some(channel_id),
                ..After::default()
            },
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
                enter: Some(channel_id),
                ..After::default()
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
        }
    }

    /// What a failure of this kind lets one do.
    fn advice(&self, kind: ErrorKind) -> &'static str {
        match kind {
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
                Self::Switch { .. } | Self::Join { .. } | Self::Members { .. } => {
                    "/channels shows those that are known"
                }
            },
            ErrorKind::Forbidden => "ask somebody who may",
            _ => "/help shows how it is used",
        }
    }
}

impl Job {
    /// That it failed, and what to do.
    pub(crate) fn failed(&self, error: &ErrorInfo) -> String {
        let advice = self.what.advice(error.kind);
        format!("{}: {error}; {advice}", self.name)
    }
}

impl After {
    fn line(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
            ..Self::default()
        }
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
