//! What an order comes to: something to show, or something to ask of the network.

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{
    Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind,
    EventKind, Member, Role, UserEvent,
};

use super::commands::{self, Order};
use super::jobs::{Jobs, What};
use super::shown::Shown;
use super::{lists, show};
use crate::names;

/// What an order comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Plan {
    Leave,
    Show(Vec<String>),
    /// This channel is the current one from now on.
    Enter(String),
    Ask(What, ConnectionEvent),
}

/// What is known when an order is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) state: &'a ConnectionState,
    pub(crate) capabilities: &'a Capabilities,
    pub(crate) shown: &'a Shown,
    pub(crate) jobs: &'a Jobs,
    /// The channel that messages go to.
    pub(crate) here: Option<&'a str>,
}

impl Situation<'_> {
    /// What the order comes to.
    ///
    /// # Errors
    /// `Invalid` for names that several have, `State` if there is nothing that it could be about, `NotFound` for a channel
    /// that is not there, `Unsupported`.
    pub(crate) fn plan(self, order: Order) -> Result<Plan, Error> {
        let state = self.state;
        Ok(match order {
            Order::Quit => Plan::Leave,
            Order::Help => Plan::Show(commands::help(self.capabilities)),
            Order::Channels => Plan::Show(vec![lists::channels(state, self.here)]),
            Order::Contacts => Plan::Show(lists::contacts(state)),
            Order::Switch(channel) => return self.switch(&channel),
            Order::Join(channel) => {
                let channel_id = names::channel(state, &channel)?;
                let join = ChannelEvent::Join {
                    channel_id: channel_id.clone(),
                };
                Plan::Ask(What::Join { channel_id }, join.into())
            }
            Order::Create { name, people } => return self.create(&name, &people),
            Order::Direct { person, text } => {
                let person = names::person(state, &person)?;
                let channel = Channel {
                    id: person,
                    name: None,
                    channel_type: ChannelType::Direct,
                };
                let channel_id = None;
                let what = What::Direct { channel_id, text };
                Plan::Ask(what, ChannelEvent::New { channel }.into())
            }
            Order::Members => return self.members(),
            Order::History(limit) => return self.history(limit),
            Order::Read => return self.read(),
            Order::Add(person) => {
                let user_id = names::person(state, &person)?;
                let request = UserEvent::Request {
                    user_id: user_id.clone(),
                    own: true,
                    text: None,
                };
                Plan::Ask(What::Add { user_id }, request.into())
            }
            Order::Accept(person) => self.respond(&person, true)?,
            Order::Reject(person) => self.respond(&person, false)?,
        })
    }

    fn can(self, kind: EventKind) -> bool {
        self.capabilities.can_send(kind)
    }

    fn here(self) -> Result<String, Error> {
        let text = "no channel is current; /switch CHANNEL makes one so";
        self.here
            .map(str::to_owned)
            .ok_or_else(|| Error::new(ErrorKind::State, text))
    }

    /// Networks on which one is in one channel at a time are told; on others it matters only here.
    fn switch(self, channel: &str) -> Result<Plan, Error> {
        let channel_id = names::channel(self.state, channel)?;
        if self.can(EventKind::ChannelSwitch) {
            let switch = ChannelEvent::Switch {
                channel_id: channel_id.clone(),
            };
            return Ok(Plan::Ask(What::Switch { channel_id }, switch.into()));
        }
        if self.state.channels.contains_key(&channel_id) {
            return Ok(Plan::Enter(channel_id));
        }
        let text = "no such channel is known; /channels shows those that are";
        Err(Error::new(ErrorKind::NotFound, text))
    }

    fn create(self, name: &str, people: &[String]) -> Result<Plan, Error> {
        if !people.is_empty() && !self.can(EventKind::ChannelMembers) {
            let text = "people cannot be put into a channel on this network; leave them out";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let people = people
            .iter()
            .map(|person| names::person(self.state, person))
            .collect::<Result<_, _>>()?;
        let channel = Channel {
            id: name.to_owned(),
            name: Some(name.to_owned()),
            channel_type: ChannelType::Group,
        };
        let channel_id = None;
        let what = What::Create { channel_id, people };
        Ok(Plan::Ask(what, ChannelEvent::New { channel }.into()))
    }

    fn members(self) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        if !self.can(EventKind::ChannelMembers) {
            let line = lists::members(self.state, &channel_id);
            return Ok(Plan::Show(vec![line]));
        }
        let members = ChannelEvent::Members {
            channel_id: channel_id.clone(),
            members: Vec::new(),
        };
        Ok(Plan::Ask(What::Members { channel_id }, members.into()))
    }

    fn history(self, limit: u32) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        if self.jobs.awaits_history(&channel_id) {
            let text = "older messages are on their way already";
            return Err(Error::new(ErrorKind::State, text));
        }
        let request = ChatEvent::RequestHistory {
            channel_id: Some(channel_id.clone()),
            before: self.shown.oldest(&channel_id).map(str::to_owned),
            limit,
        };
        Ok(Plan::Ask(What::history(channel_id), request.into()))
    }

    fn read(self) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        let Some(newest) = self.shown.newest(&channel_id) else {
            let name = show::channel_name(self.state, &channel_id);
            let text = format!("nothing that was said in {name} has been shown yet");
            return Err(Error::new(ErrorKind::State, text));
        };
        let read = ChatEvent::Read {
            channel_id: Some(channel_id.clone()),
            message_id: newest.to_owned(),
            user_id: None,
        };
        Ok(Plan::Ask(What::Read { channel_id }, read.into()))
    }

    fn respond(self, person: &str, accept: bool) -> Result<Plan, Error> {
        let user_id = names::person(self.state, person)?;
        let respond = UserEvent::Respond {
            user_id: user_id.clone(),
            accept,
        };
        Ok(Plan::Ask(What::Respond { user_id, accept }, respond.into()))
    }
}

/// Puts people into a channel.
pub(crate) fn invitation(channel_id: String, people: Vec<String>) -> (What, ConnectionEvent) {
    let member = |user_id: &String| Member {
        user_id: user_id.clone(),
        role: Role::Member,
    };
    let members = ChannelEvent::Members {
        channel_id: channel_id.clone(),
        members: people.iter().map(member).collect(),
    };
    (What::Invite { channel_id, people }, members.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::jobs::Job;
    use kaiwa_protocols::RequestId;

    /// Somebody who is in `a`, and where `a` and `b` are known.
    struct World {
        state: ConnectionState,
        capabilities: Capabilities,
        shown: Shown,
        jobs: Jobs,
    }

    impl World {
        fn new() -> Self {
            let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
            for (id, name) in [("a", "Tea"), ("b", "Bees")] {
                let channel = Channel {
                    id: id.to_owned(),
                    name: Some(name.to_owned()),
                    ..Channel::default()
                };
                state.apply(&ChannelEvent::New { channel }.into());
            }
            Self {
                state,
                capabilities: Capabilities::new().sends(EventKind::ALL),
                shown: Shown::default(),
                jobs: Jobs::default(),
            }
        }

        fn plan(&self, here: Option<&str>, order: Order) -> Result<Plan, Error> {
            let situation = Situation {
                state: &self.state,
                capabilities: &self.capabilities,
                shown: &self.shown,
                jobs: &self.jobs,
                here,
            };
            situation.plan(order)
        }

        fn refusal(&self, here: Option<&str>, order: Order) -> (ErrorKind, String) {
            let error = self.plan(here, order).unwrap_err();
            (error.kind(), error.message().to_owned())
        }
    }

    #[test]
    fn switching_is_asked_for_where_the_network_knows_it() {
        let mut world = World::new();
        let switch = |name: &str| Order::Switch(name.to_owned());
        let plan = world.plan(None, switch("bees")).unwrap();
        assert!(matches!(plan, Plan::Ask(What::Switch { channel_id }, _) if channel_id == "b"));
        let plan = world.plan(None, switch("new")).unwrap();
        assert!(matches!(plan, Plan::Ask(What::Switch { channel_id }, _) if channel_id == "new"));
        world.capabilities = Capabilities::new();
        assert_eq!(
            world.plan(None, switch("bees")).unwrap(),
            Plan::Enter("b".to_owned())
        );
        assert_eq!(world.refusal(None, switch("new")).0, ErrorKind::NotFound);
    }

    #[test]
    fn what_needs_a_channel_says_so() {
        let world = World::new();
        for order in [Order::Members, Order::History(1), Order::Read] {
            let (kind, text) = world.refusal(None, order);
            assert_eq!(kind, ErrorKind::State);
            assert!(text.contains("/switch"), "{text}");
        }
        let (kind, text) = world.refusal(Some("a"), Order::Read);
        assert_eq!(kind, ErrorKind::State);
        assert!(text.contains("in Tea"), "{text}");
    }

    #[test]
    fn history_is_asked_for_before_the_oldest_shown_and_once() {
        let mut world = World::new();
        let asked = |world: &World| match world.plan(Some("a"), Order::History(7)) {
            Ok(Plan::Ask(
                _,
                ConnectionEvent::Chat {
                    event:
                        ChatEvent::RequestHistory {
                            before, limit: 7, ..
                        },
                },
            )) => before,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked(&world), None);
        let mut message = kaiwa_protocols::Message::text("x", chrono::DateTime::UNIX_EPOCH);
        message.id = Some("m".to_owned());
        world.shown.newer("a", &message);
        world.shown.newer("b", &message);
        assert_eq!(asked(&world).as_deref(), Some("m"));
        let job = |channel: &str| Job {
            name: String::new(),
            what: What::history(channel.to_owned()),
        };
        let request = RequestId::fresh();
        world.jobs.begin(RequestId::fresh(), job("b"));
        world.jobs.begin(request, job("a"));
        assert_eq!(
            world.refusal(Some("a"), Order::History(7)).0,
            ErrorKind::State
        );
        world.jobs.end(request);
        assert_eq!(asked(&world).as_deref(), Some("m"));
    }

    #[test]
    fn people_are_looked_up_before_anything_is_made() {
        let mut world = World::new();
        for id in ["1", "2"] {
            let user = kaiwa_protocols::Profile {
                id: Some(id.to_owned()),
                username: Some("ann".to_owned()),
                ..kaiwa_protocols::Profile::default()
            };
            let channel_id = None;
            world
                .state
                .apply(&UserEvent::New { channel_id, user }.into());
        }
        let create = |people: &[&str]| Order::Create {
            name: "Tea".to_owned(),
            people: people.iter().map(|person| (*person).to_owned()).collect(),
        };
        let (kind, text) = world.refusal(None, create(&["1", "Ann"]));
        assert_eq!(kind, ErrorKind::Invalid);
        assert!(text.contains("1 (ann), 2 (ann)"), "{text}");
        let Ok(Plan::Ask(What::Create { people, .. }, _)) = world.plan(None, create(&["1", "x"]))
        else {
            panic!("it is asked for");
        };
        assert_eq!(people, ["1", "x"]);
        world.capabilities = Capabilities::new().sends(&[EventKind::ChannelNew]);
        assert_eq!(
            world.refusal(None, create(&["1"])).0,
            ErrorKind::Unsupported
        );
        assert!(world.plan(None, create(&[])).is_ok());
        let plan = world.plan(Some("a"), Order::Members).unwrap();
        assert_eq!(
            plan,
            Plan::Show(vec!["in Tea: none that is known".to_owned()])
        );
    }
}
