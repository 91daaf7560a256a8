//! What users of the scripted peer want, and who is told of it.

use chrono::{DateTime, Utc};
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Member,
    Message, MessageStatus, MessageType, Role, StatusEvent, UserEvent,
};

use super::past::Said;
use super::people::{Asked, answer, request};
use super::places::{arrives, leaves};
use super::world::{SOMEBODY, World};
use crate::mock::wire::{Accepted, LOBBY, ServerPacket, time};

/// Who wants something, and under which number.
pub(super) struct Want {
    pub(super) link: u64,
    pub(super) number: u64,
    pub(super) name: Id,
    pub(super) session: String,
}

impl World {
    /// The answer to a request; `None` for one that is never answered.
    pub(super) fn carry_out(
        &mut self,
        want: &Want,
        event: ConnectionEvent,
    ) -> Option<ServerPacket> {
        let number = want.number;
        let message = match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => {
                self.receive(message.plain_text());
                if self.script.swallow {
                    return None;
                }
                self.post(want, channel_id, message).map(Some)
            }
            other => self.perform(want, other).map(|()| None),
        };
        Some(match message {
            Ok(message) => ServerPacket::Ack { number, message },
            Err(error) => ServerPacket::Nak {
                number,
                error: error.info(),
            },
        })
    }

    fn post(
        &mut self,
        want: &Want,
        channel: Option<Id>,
        mut message: Message,
    ) -> Result<Accepted, Error> {
        let channel = channel.unwrap_or_else(|| LOBBY.into());
        let now = self.now();
        self.places
            .get(&channel, &want.name)?
            .admits(&want.name, now)?;
        self.past.can_be_said(&channel, &mut message)?;
        let (id, at_ms) = self.stamp();
        message.id = Some(id.into());
        message.sender_id = Some(want.name.clone());
        message.timestamp = time(at_ms);
        message.message_type = MessageType::Normal;
        message.status = MessageStatus::Delivered;
        let said = ChatEvent::New {
            channel_id: Some(channel.clone()),
            message: message.clone(),
        };
        self.tell_others(want, &channel, said.into());
        self.past.remember(Said {
            id,
            channel,
            origin: Some((want.session.clone(), want.number)),
            message,
        });
        Ok(Accepted { id, at_ms })
    }

    fn perform(&mut self, want: &Want, event: ConnectionEvent) -> Result<(), Error> {
        match event {
            ConnectionEvent::Chat { event } => self.chat(want, event),
            ConnectionEvent::Channel { event } => self.channel(want, event),
            ConnectionEvent::User { event } => self.user(want, event),
            ConnectionEvent::Status {
                event: event @ StatusEvent::Ping { .. },
            } => {
                self.tell_back(want, event);
                Ok(())
            }
            _ => Err(unheard_of()),
        }
    }

    fn channel(&mut self, want: &Want, event: ChannelEvent) -> Result<(), Error> {
        let me = &want.name;
        match event {
            ChannelEvent::New { channel } if channel.channel_type == ChannelType::Direct => {
                return self.open_direct(want, &channel.id);
            }
            ChannelEvent::New { channel } => self.open(want, &channel),
            ChannelEvent::Update {
                ref channel_id,
                ref new_channel,
            } => {
                self.places.get(channel_id, me)?;
                self.places.change(channel_id, new_channel);
                self.past.move_channel(channel_id, Some(&new_channel.id));
                self.kept.move_channel(channel_id, Some(&new_channel.id));
                self.tell_place(want, &new_channel.id, |_| Some(event.clone().into()));
            }
            ChannelEvent::Remove { ref channel_id } => {
                self.places.get(channel_id, me)?;
                self.tell_place(want, channel_id, |_| Some(event.clone().into()));
                self.places.close(channel_id);
                self.past.move_channel(channel_id, None);
                self.kept.move_channel(channel_id, None);
            }
            ChannelEvent::Join { ref channel_id } => {
                let now = self.now();
                let place = self.places.get(channel_id, me)?;
                place.admits(me, now)?;
                place.members.entry(me.clone()).or_default();
                self.tell_place(want, channel_id, |_| Some(arrives(Some(channel_id), me)));
                self.tell_me(want, &event.clone().into());
            }
            ChannelEvent::Leave { ref channel_id } => {
                self.tell_place(want, channel_id, |_| Some(leaves(channel_id, me)));
                self.places.get(channel_id, me)?.members.remove(me);
                self.tell_me(want, &event.clone().into());
            }
            ChannelEvent::Switch { ref channel_id } => {
                self.places.get(channel_id, me)?;
                self.tell_me(want, &event.clone().into());
            }
            ChannelEvent::Topic {
                ref channel_id,
                ref topic,
            } => {
                self.places.get(channel_id, me)?.topic.clone_from(topic);
                self.tell_place(want, channel_id, |_| Some(event.clone().into()));
            }
            ChannelEvent::Members {
                channel_id,
                members,
            } => return self.members(want, &channel_id, &members),
            ChannelEvent::Create {
                parent_id,
                channel,
                public,
            } => return self.create(want, parent_id, channel, public),
            ChannelEvent::JoinWith { channel_id, key } => {
                return self.join_with(want, &channel_id, &key);
            }
            ChannelEvent::Invite {
                channel_id,
                user_id,
                ..
            } => return self.invite(want, &channel_id, user_id),
            ChannelEvent::Directory { query, .. } => self.directory(want, query),
            _ => return Err(unheard_of()),
        }
        Ok(())
    }

    fn open(&mut self, want: &Want, channel: &Channel) {
        let place = self.places.open(channel.clone());
        if place.members.is_empty() {
            place.members.insert(want.name.clone(), Role::Owner);
        }
        let list = place.list();
        self.tell_place(want, &channel.id, |_| {
            let channel = channel.clone();
            Some(ChannelEvent::New { channel }.into())
        });
        for event in list {
            self.tell_place(want, &channel.id, |_| Some(event.clone()));
        }
    }

    /// A channel with one other person, who is named in place of a channel.
    fn open_direct(&mut self, want: &Want, other: &str) -> Result<(), Error> {
        self.people.know(other)?;
        let place = self.places.direct(&want.name, other);
        let told = [want.name.as_str(), other].map(|name| (name.to_owned(), place.told_to(name)));
        for (viewer, told) in told {
            for event in told {
                self.tell(Some(want), |name| (name == viewer).then(|| event.clone()));
            }
        }
        Ok(())
    }

    /// Lists who is in a channel, or adds people and gives them roles.
    fn members(&mut self, want: &Want, channel_id: &str, members: &[Member]) -> Result<(), Error> {
        for member in members {
            self.people.know(&member.user_id)?;
        }
        let place = self.places.get(channel_id, &want.name)?;
        if members.is_empty() {
            for event in place.list() {
                self.tell_back(want, event);
            }
            return Ok(());
        }
        let mut told: Vec<ConnectionEvent> = Vec::new();
        for Member { user_id, role } in members {
            if place.members.insert(user_id.clone(), *role).is_none() {
                told.push(arrives(Some(channel_id), user_id));
            }
        }
        told.push(place.roles(members.iter().map(|member| &member.user_id)));
        for event in told {
            self.tell_place(want, channel_id, |_| Some(event.clone()));
        }
        Ok(())
    }

    fn user(&mut self, want: &Want, event: UserEvent) -> Result<(), Error> {
        let me = &want.name;
        match event {
            UserEvent::Remove {
                channel_id: Some(channel_id),
                user_id,
            } => self.kick(want, &channel_id, &user_id),
            UserEvent::Ban {
                channel_id: Some(channel_id),
                user_id,
                until,
                reason,
            } => self.ban(want, &channel_id, &user_id, until, reason),
            UserEvent::Presence { presence, text, .. } => {
                self.people.set_presence(me, presence, text.clone());
                self.tell(Some(want), |name| {
                    let event = UserEvent::Presence {
                        user_id: want.unless(name),
                        presence,
                        text: text.clone(),
                    };
                    Some(event.into())
                });
                Ok(())
            }
            UserEvent::Request { user_id, text, .. } => self.ask(want, &user_id, text.as_deref()),
            UserEvent::Respond { user_id, accept } => {
                self.people.respond(me, &user_id, accept)?;
                self.tell_both(want, &user_id, |other, _| answer(other, accept));
                Ok(())
            }
            UserEvent::Data {
                channel_id,
                key,
                value,
            } => self.keep(want, channel_id, key, value),
            UserEvent::RequestData { channel_id, key } => self.look_up(want, channel_id, key),
            _ => Err(unheard_of()),
        }
    }

    /// Somebody has no hands to answer with: they accept everything.
    fn ask(&mut self, want: &Want, other: &str, text: Option<&str>) -> Result<(), Error> {
        let mut asked = self
            .people
            .ask(&want.name, other, text.map(str::to_owned))?;
        self.tell_both(want, other, |other, _| arrives(None, other));
        if asked == Asked::Open {
            self.tell_both(want, other, |other, own| request(other, own, text));
            if other == SOMEBODY {
                self.people.respond(SOMEBODY, &want.name, true)?;
                asked = Asked::Confirmed;
            }
        }
        if asked == Asked::Confirmed {
            self.tell_both(want, other, |other, _| answer(other, true));
        }
        Ok(())
    }

    fn kick(&mut self, want: &Want, channel_id: &str, user_id: &str) -> Result<(), Error> {
        let place = self.places.get(channel_id, &want.name)?;
        if place.members.remove(user_id).is_none() {
            return Err(Error::new(ErrorKind::NotFound, "they are not in it"));
        }
        self.tell_place(want, channel_id, |_| Some(leaves(channel_id, user_id)));
        let kick = ChannelEvent::Kick {
            channel_id: Some(channel_id.into()),
            reason: None,
            ban: false,
        };
        self.tell(Some(want), |name| {
            (name == user_id).then(|| kick.clone().into())
        });
        Ok(())
    }

    /// Removes somebody and keeps them out.
    fn ban(
        &mut self,
        want: &Want,
        channel_id: &str,
        user_id: &str,
        until: Option<DateTime<Utc>>,
        reason: Option<String>,
    ) -> Result<(), Error> {
        self.people.know(user_id)?;
        let place = self.places.get(channel_id, &want.name)?;
        place.banned.insert(user_id.into(), until);
        let was_in = place.members.remove(user_id).is_some();
        let told = UserEvent::Ban {
            channel_id: Some(channel_id.into()),
            user_id: user_id.into(),
            until,
            reason: reason.clone(),
        };
        self.tell_place(want, channel_id, |_| Some(told.clone().into()));
        if was_in {
            self.tell_place(want, channel_id, |_| Some(leaves(channel_id, user_id)));
            let kick = ChannelEvent::Kick {
                channel_id: Some(channel_id.into()),
                reason,
                ban: true,
            };
            self.tell(Some(want), |name| {
                (name == user_id).then(|| kick.clone().into())
            });
        }
        Ok(())
    }

    /// Tells the connection that wants something.
    pub(super) fn tell_back(&mut self, want: &Want, event: impl Into<ConnectionEvent>) {
        let packet = ServerPacket::Event {
            cause: Some(want.number),
            event: event.into(),
        };
        self.send(want.link, &packet);
    }

    /// Tells every connection of the one who wants something.
    pub(super) fn tell_me(&mut self, want: &Want, event: &ConnectionEvent) {
        self.tell(Some(want), |name| {
            (name == want.name).then(|| event.clone())
        });
    }

    /// Tells both of two people, each of the other; the flag says whether it is told to the one who wants it.
    fn tell_both(
        &mut self,
        want: &Want,
        other: &str,
        event: impl Fn(&str, bool) -> ConnectionEvent,
    ) {
        self.tell(Some(want), |name| {
            if name == want.name {
                Some(event(other, true))
            } else {
                (name == other).then(|| event(&want.name, false))
            }
        });
    }

    /// Tells those to whom a channel is open.
    pub(super) fn tell_place(
        &mut self,
        want: &Want,
        channel_id: &str,
        event: impl Fn(&str) -> Option<ConnectionEvent>,
    ) {
        let Ok(place) = self.places.get(channel_id, &want.name) else {
            return;
        };
        let members = place.is_closed().then(|| place.members.clone());
        self.tell(Some(want), |name| {
            let open = members
                .as_ref()
                .is_none_or(|members| members.contains_key(name));
            if open { event(name) } else { None }
        });
    }

    /// [`World::tell_place`] for what differs between connections: those without a cause.
    pub(super) fn tell_place_by_link(
        &mut self,
        want: &Want,
        channel_id: &str,
        event: impl Fn(u64, &str) -> Option<ConnectionEvent>,
    ) {
        let Ok(place) = self.places.get(channel_id, &want.name) else {
            return;
        };
        for (id, link) in &mut self.links {
            let name = link.hello.as_ref().map(|hello| hello.name.as_str());
            let name = name.filter(|name| place.is_open_to(name));
            if let Some(event) = name.and_then(|name| event(*id, name)) {
                link.push(&ServerPacket::Event { cause: None, event }, None);
            }
        }
    }

    /// Tells those to whom a channel is open, but not the connection that wants it.
    pub(super) fn tell_others(&mut self, want: &Want, channel_id: &str, event: ConnectionEvent) {
        let Ok(place) = self.places.get(channel_id, &want.name) else {
            return;
        };
        let packet = ServerPacket::Event { cause: None, event };
        for (id, link) in &mut self.links {
            let open = link
                .hello
                .as_ref()
                .is_some_and(|hello| place.is_open_to(&hello.name));
            if open && *id != want.link {
                link.push(&packet, None);
            }
        }
    }
}

impl Want {
    /// How the one who wants it is named to `name`: not at all to themselves.
    pub(super) fn unless(&self, name: &str) -> Option<Id> {
        Some(self.name.clone()).filter(|me| me != name)
    }
}

pub(super) fn unheard_of() -> Error {
    Error::new(ErrorKind::Rejected, "this peer does no such thing")
}
