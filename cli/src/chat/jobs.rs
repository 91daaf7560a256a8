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

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_protocols::{Channel, Error, Message};

    fn state() -> ConnectionState {
        ConnectionState::new("1".to_owned(), "net".to_owned())
    }

    fn after(mut what: What, events: &[ConnectionEvent]) -> After {
        let mut state = state();
        for event in events {
            state.apply(event);
            what.note(event);
        }
        what.done(&state)
    }

    fn new_channel(id: &str) -> ConnectionEvent {
        let channel = Channel {
            id: id.to_owned(),
            ..Channel::default()
        };
        ChannelEvent::New { channel }.into()
    }

    fn history(count: usize, complete: bool) -> ConnectionEvent {
        ChatEvent::History {
            channel_id: "c".to_owned(),
            messages: vec![Message::text("x", chrono::DateTime::UNIX_EPOCH); count],
            complete,
        }
        .into()
    }

    #[test]
    fn channels_are_entered_where_the_network_says() {
        let direct = |text: Option<&str>| What::Direct {
            channel_id: None,
            text: text.map(str::to_owned),
        };
        let done = after(
            direct(Some("hi")),
            &[new_channel("d-1"), new_channel("other")],
        );
        assert_eq!(
            (done.enter.as_deref(), done.say.as_deref()),
            (Some("d-1"), Some("hi"))
        );
        let lost = after(direct(Some("hi")), &[]);
        assert_eq!(
            (lost.enter, lost.say, lost.lines.len()),
            (None, None, 1),
            "it goes nowhere else"
        );
        let create = What::Create {
            channel_id: None,
            people: vec!["7".to_owned()],
        };
        let done = after(create, &[new_channel("42")]);
        assert_eq!(done.enter.as_deref(), Some("42"));
        let (invite, event) = done.ask.unwrap();
        assert_eq!(after(invite, &[]).lines, ["put into 42: 7"]);
        let ConnectionEvent::Channel {
            event:
                ChannelEvent::Members {
                    channel_id,
                    members,
                },
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!((channel_id.as_str(), members.len()), ("42", 1));
        let join = What::Join {
            channel_id: "#TEA".to_owned(),
        };
        let channel_id = "#tea".to_owned();
        let done = after(join, &[ChannelEvent::Join { channel_id }.into()]);
        assert_eq!(done.enter.as_deref(), Some("#tea"));
    }

    #[test]
    fn a_page_of_history_says_how_much_is_left() {
        let end = |events: &[ConnectionEvent]| {
            let what = What::history("c".to_owned());
            after(what, events).lines.remove(0)
        };
        assert_eq!(end(&[]), "nothing older of c came, but there may be more");
        assert_eq!(
            end(&[history(0, true)]),
            "nothing was said in c before this"
        );
        let parts = [history(2, false), history(1, true)];
        assert_eq!(end(&parts), "these 3 are the beginning of c");
        assert!(end(&parts[..1]).starts_with("these 2 are older; /history"));
    }

    #[test]
    fn contacts_are_told_as_they_are_now() {
        let add = || What::Add {
            user_id: "ann".to_owned(),
        };
        let request = |user_id: &str| UserEvent::Request {
            user_id: user_id.to_owned(),
            own: true,
            text: None,
        };
        let confirmed = UserEvent::Respond {
            user_id: "7".to_owned(),
            accept: true,
        };
        assert_eq!(after(add(), &[]).lines, ["ann was asked for contact"]);
        // The network knows whom the name means.
        let events = [request("7").into()];
        assert_eq!(after(add(), &events).lines, ["7 was asked for contact"]);
        let events = [request("7").into(), confirmed.into()];
        assert_eq!(after(add(), &events).lines, ["7 is now a contact of yours"]);
    }

    #[test]
    fn each_failure_says_what_to_do() {
        let name = String::from("c");
        let all = [
            What::Switch {
                channel_id: name.clone(),
            },
            What::Join {
                channel_id: name.clone(),
            },
            What::Create {
                channel_id: None,
                people: Vec::new(),
            },
            What::Invite {
                channel_id: name.clone(),
                people: Vec::new(),
            },
            What::Direct {
                channel_id: None,
                text: None,
            },
            What::Members {
                channel_id: name.clone(),
            },
            What::history(name.clone()),
            What::Read {
                channel_id: name.clone(),
            },
            What::Add {
                user_id: name.clone(),
            },
            What::Respond {
                user_id: name,
                accept: true,
            },
        ];
        for what in all {
            let job = Job {
                name: "/do it".to_owned(),
                what,
            };
            for kind in ErrorKind::ALL {
                let line = job.failed(&Error::new(*kind, "why").info());
                let advice = line.strip_prefix("/do it: why; ").unwrap();
                assert!(advice.len() > 5 && !line.contains('\n'), "{line}");
            }
        }
    }

    #[test]
    fn jobs_end_once() {
        let mut jobs = Jobs::default();
        let job = |what| Job {
            name: String::new(),
            what,
        };
        let request = RequestId::fresh();
        jobs.begin(request, job(What::history("c".to_owned())));
        assert!(jobs.knows(request) && !jobs.is_moving() && jobs.awaits_history("c"));
        assert!(!jobs.awaits_history("d"));
        assert!(jobs.end(request).is_some() && jobs.end(request).is_none() && jobs.is_empty());
        while !jobs.is_full() {
            let channel_id = "c".to_owned();
            jobs.begin(RequestId::fresh(), job(What::Join { channel_id }));
        }
        assert!(jobs.is_moving() && jobs.open.len() == OPEN);
    }
}
