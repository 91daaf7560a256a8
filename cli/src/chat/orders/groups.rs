//! Orders about circles and channels, and who is in them; and what one keeps on the network.

use chrono::{TimeDelta, Utc};
use kaiwa_protocols::{
    Channel, ChannelEvent, ChannelType, ConnectionEvent, Error, ErrorKind, EventKind, Id, Member,
    Role, UserEvent,
};
use serde_json::Value;

use super::{Plan, Situation, join};
use crate::chat::circles;
use crate::chat::commands::Order;
use crate::chat::jobs::What;
use crate::chat::show;
use crate::names;

impl Situation<'_> {
    /// # Errors
    /// `State` without a current channel or a circle around it, `Invalid` for names that several have, `Unsupported`.
    pub(super) fn group(self, order: Order) -> Result<Plan, Error> {
        Ok(match order {
            Order::Circles(query) => {
                let channels = Vec::new();
                let ask = ChannelEvent::Directory { query, channels };
                Plan::Ask(What::Directory(Vec::new()), ask.into())
            }
            Order::CircleCreate { name, public } => {
                create(None, channel(name, ChannelType::Space), public)
            }
            Order::StreamCreate(name) => {
                let circle = self.circle()?;
                create(Some(circle), channel(name, ChannelType::Group), false)
            }
            Order::CircleJoin { circle, code } => {
                let channel_id = names::listed_channel(self.state, self.directory, &circle)?;
                self.enter(channel_id, code)?
            }
            Order::CircleLeave => leave(self.circle()?),
            Order::Leave => leave(self.here()?),
            Order::CircleDelete(name) => self.remove(&name, true)?,
            Order::StreamDelete(name) => self.remove(&name, false)?,
            Order::StreamRename(name) => self.rename(name)?,
            Order::Topic(text) => self.topic(text)?,
            Order::Invite(person) => self.invite(person.as_deref())?,
            Order::Kick(person) => {
                let channel_id = self.whole()?;
                let user_id = names::person(self.state, &person)?;
                let remove = UserEvent::Remove {
                    channel_id: Some(channel_id.clone()),
                    user_id: user_id.clone(),
                };
                let name = show::person(self.state, &user_id);
                Plan::Ask(What::Kick { channel_id, name }, remove.into())
            }
            Order::Ban { person, minutes } => {
                let channel_id = self.whole()?;
                let user_id = names::person(self.state, &person)?;
                let ban = UserEvent::Ban {
                    channel_id: Some(channel_id.clone()),
                    user_id: user_id.clone(),
                    until: minutes.map(|minutes| Utc::now() + TimeDelta::minutes(minutes.into())),
                    reason: None,
                };
                let name = show::person(self.state, &user_id);
                Plan::Ask(What::Ban { channel_id, name }, ban.into())
            }
            Order::Role { person, role } => self.role(&person, role)?,
            _ => return Err(ErrorKind::Internal.into()),
        })
    }

    /// # Errors
    /// `State` without a circle around the current channel, `Unsupported`.
    pub(super) fn data(
        self,
        key: String,
        value: Option<Value>,
        in_circle: bool,
    ) -> Result<Plan, Error> {
        let channel_id = in_circle.then(|| self.circle()).transpose()?;
        let asked = value.is_none();
        let value = value.filter(|value| !value.is_null());
        let what = What::Data {
            key: key.clone(),
            value: value.clone(),
        };
        let event: ConnectionEvent = if asked {
            self.must(EventKind::UserRequestData)?;
            UserEvent::RequestData { channel_id, key }.into()
        } else {
            UserEvent::Data {
                channel_id,
                key,
                value,
            }
            .into()
        };
        Ok(Plan::Ask(what, event))
    }

    /// The circle around the current channel.
    fn circle(self) -> Result<Id, Error> {
        let here = self.here()?;
        let circle = circles::around(self.state, &here).map(Id::from);
        circle.ok_or_else(|| {
            let name = show::channel_name(self.state, &here);
            let text =
                format!("{name} lies in no circle; /switch to a channel of the circle first");
            Error::new(ErrorKind::State, text)
        })
    }

    /// The circle around the current channel, or that channel itself where it lies in none.
    fn whole(self) -> Result<Id, Error> {
        let here = self.here()?;
        Ok(circles::around(self.state, &here).map_or_else(|| here.clone(), Id::from))
    }

    fn enter(self, channel_id: Id, code: Option<String>) -> Result<Plan, Error> {
        let Some(key) = code else {
            self.must(EventKind::ChannelJoin)?;
            return Ok(join(channel_id));
        };
        self.must(EventKind::ChannelJoinWith)?;
        let join = ChannelEvent::JoinWith {
            channel_id: channel_id.clone(),
            key,
        };
        Ok(Plan::Ask(What::Join { channel_id }, join.into()))
    }

    /// What cannot be undone is named, and is not just where one happens to be.
    fn remove(self, name: &str, circle: bool) -> Result<Plan, Error> {
        let channel_id = names::channel(self.state, name)?;
        let known = self.state.channels.contains_key(&channel_id);
        if known && circles::is_circle(self.state, &channel_id) != circle {
            let (is, command) = match circle {
                true => ("no circle", "/stream delete"),
                false => ("a circle", "/circle delete"),
            };
            let text = format!("that is {is}; {command} deletes it");
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        let name = show::channel_name(self.state, &channel_id);
        let remove = ChannelEvent::Remove { channel_id };
        Ok(Plan::Ask(What::Remove { name }, remove.into()))
    }

    fn rename(self, name: String) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        let known = self.state.channels.get(&channel_id);
        let update = ChannelEvent::Update {
            channel_id: channel_id.clone(),
            new_channel: Channel {
                id: channel_id.clone(),
                name: Some(name),
                channel_type: known.map_or(ChannelType::Group, |known| known.channel.channel_type),
            },
        };
        Ok(Plan::Ask(What::Rename { channel_id }, update.into()))
    }

    fn topic(self, text: Option<String>) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        let Some(text) = text else {
            let known = self.state.channels.get(&channel_id);
            let topic = known.and_then(|known| known.topic.as_deref());
            let line = match topic {
                Some(topic) => show::topic(self.state, &channel_id, Some(topic)),
                None => format!(
                    "{} has no topic",
                    show::channel_name(self.state, &channel_id)
                ),
            };
            return Ok(Plan::Show(vec![line]));
        };
        self.must(EventKind::ChannelTopic)?;
        let topic = Some(text).filter(|text| !text.trim().is_empty());
        let event = ChannelEvent::Topic {
            channel_id: channel_id.clone(),
            topic: topic.clone(),
        };
        Ok(Plan::Ask(What::Topic { channel_id, topic }, event.into()))
    }

    fn invite(self, person: Option<&str>) -> Result<Plan, Error> {
        let channel_id = self.whole()?;
        let person = person.map(|person| names::person(self.state, person));
        let user_id = person.transpose()?;
        let invite = ChannelEvent::Invite {
            channel_id: channel_id.clone(),
            user_id: user_id.clone(),
            code: None,
        };
        let what = What::Code {
            channel_id,
            user_id,
            code: None,
        };
        Ok(Plan::Ask(what, invite.into()))
    }

    fn role(self, person: &str, role: Role) -> Result<Plan, Error> {
        let channel_id = self.whole()?;
        let user_id = names::person(self.state, person)?;
        let member = Member { user_id, role };
        let members = ChannelEvent::Members {
            channel_id: channel_id.clone(),
            members: vec![member.clone()],
        };
        let what = What::Role { channel_id, member };
        Ok(Plan::Ask(what, members.into()))
    }
}

fn channel(name: String, channel_type: ChannelType) -> Channel {
    Channel {
        id: Id::from(&name),
        name: Some(name),
        channel_type,
    }
}

fn create(parent_id: Option<Id>, channel: Channel, public: bool) -> Plan {
    let what = What::Create {
        channel_id: None,
        people: Vec::new(),
    };
    let create = ChannelEvent::Create {
        parent_id,
        channel,
        public,
    };
    Plan::Ask(what, create.into())
}

fn leave(channel_id: Id) -> Plan {
    let leave = ChannelEvent::Leave {
        channel_id: channel_id.clone(),
    };
    Plan::Ask(What::Leave { channel_id }, leave.into())
}
