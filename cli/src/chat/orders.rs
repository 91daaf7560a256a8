//! What an order comes to: something to show, or something to ask of the network.

mod groups;
mod messages;

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{
    Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind,
    EventKind, Id, Member, MessageFragment, Presence, Profile, Role, UserEvent,
};

use super::commands::{self, Order};
use super::jobs::{Jobs, What};
use super::shown::Shown;
use super::{assets, circles, lists, show};
use crate::names;

pub(crate) use messages::at_home;

/// What an order comes to.
#[derive(Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub(crate) enum Plan {
    Leave,
    Show(Vec<String>),
    /// This channel is the current one from now on.
    Enter(Id),
    Ask(What, ConnectionEvent),
    /// To be said in the current channel.
    Say(Vec<MessageFragment>),
    /// Files that are on their way are given up.
    Cancel,
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
    /// What the network has last said that can be joined.
    pub(crate) directory: &'a [Channel],
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
            Order::Help => {
                let theirs = assets::usages(state, self.here);
                Plan::Show(commands::help(self.capabilities, &theirs))
            }
            Order::Channels => Plan::Show(vec![lists::channels(state, self.here)]),
            Order::Contacts => Plan::Show(lists::contacts(state)),
            Order::Switch(channel) => return self.switch(&channel),
            Order::Join(channel) => join(names::channel(state, &channel)?),
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
            Order::Cancel => Plan::Cancel,
            Order::React { .. }
            | Order::Reply { .. }
            | Order::Edit { .. }
            | Order::Delete(_)
            | Order::Upload { .. } => return self.message(order),
            Order::Data {
                key,
                value,
                in_circle,
            } => return self.data(key, value, in_circle),
            Order::Nick(name) => self.nick(name)?,
            Order::Away(text) => be(Presence::Away, text),
            Order::Back => be(Presence::Online, None),
            group => return self.group(group),
        })
    }

    fn can(self, kind: EventKind) -> bool {
        self.capabilities.can_send(kind)
    }

    /// # Errors
    /// `Unsupported`.
    fn must(self, kind: EventKind) -> Result<(), Error> {
        if self.can(kind) {
            return Ok(());
        }
        let text = "not on this network; /help shows what is";
        Err(Error::new(ErrorKind::Unsupported, text))
    }

    fn here(self) -> Result<Id, Error> {
        let text = "no channel is current; /switch CHANNEL makes one so";
        self.here
            .map(Id::from)
            .ok_or_else(|| Error::new(ErrorKind::State, text))
    }

    /// Networks on which one is in one channel at a time are told; on others it matters only here.
    fn switch(self, channel: &str) -> Result<Plan, Error> {
        let channel_id = names::channel(self.state, channel)?;
        let channel_id = circles::place(self.state, &channel_id);
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

    /// In a circle a channel belongs to that; elsewhere it is there for those who are put into it.
    fn create(self, name: &str, people: &[String]) -> Result<Plan, Error> {
        let here = self.here.filter(|_| self.can(EventKind::ChannelCreate));
        if here.is_some_and(|here| circles::around(self.state, here).is_some()) {
            if people.is_empty() {
                return self.group(Order::StreamCreate(name.to_owned()));
            }
            let text = "a channel of a circle is for all who are in that; leave them out, and /invite them";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        if !people.is_empty() && !self.can(EventKind::ChannelMembers) {
            let text = "people cannot be put into a channel on this network; leave them out";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let people = people
            .iter()
            .map(|person| names::person(self.state, person))
            .collect::<Result<_, _>>()?;
        let channel = Channel {
            id: name.into(),
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
            before: self.shown.oldest(&channel_id).map(Into::into),
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
            message_id: newest.into(),
            user_id: None,
        };
        Ok(Plan::Ask(What::Read { channel_id }, read.into()))
    }

    fn nick(self, name: String) -> Result<Plan, Error> {
        let own = self.state.current_user_id.clone();
        let user_id = own.ok_or_else(|| {
            let text = "the network has not said who you are";
            Error::new(ErrorKind::State, text)
        })?;
        let update = UserEvent::Update {
            channel_id: None,
            user_id: user_id.clone(),
            new_user: Profile {
                id: Some(user_id),
                display_name: Some(name),
                ..Profile::default()
            },
        };
        Ok(Plan::Ask(What::Nick, update.into()))
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

fn join(channel_id: Id) -> Plan {
    let join = ChannelEvent::Join {
        channel_id: channel_id.clone(),
    };
    Plan::Ask(What::Join { channel_id }, join.into())
}

/// Shows oneself as this.
fn be(presence: Presence, text: Option<String>) -> Plan {
    let event = UserEvent::Presence {
        user_id: None,
        presence,
        text,
    };
    Plan::Ask(What::Presence(presence), event.into())
}

/// Puts people into a channel.
pub(crate) fn invitation(channel_id: Id, people: Vec<Id>) -> (What, ConnectionEvent) {
    let member = |user_id: &Id| Member {
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
mod tests;
