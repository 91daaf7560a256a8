//! The channels of the scripted peer: what they are about, who is in them, who has read how far.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Member,
    Profile, Role, UserEvent,
};

use crate::mock::wire::LOBBY;

/// Invitations open at once, of one channel.
pub(super) const INVITES: usize = 1000;

/// The channels by id.
pub(super) struct Places {
    list: BTreeMap<Id, Place>,
    /// Channels of two people so far; their ids are numbered.
    direct: u64,
    /// Channels made so far.
    made: u64,
}

/// One channel.
#[derive(Default)]
pub(super) struct Place {
    pub(super) channel: Channel,
    pub(super) topic: Option<String>,
    pub(super) parent: Option<Id>,
    pub(super) members: BTreeMap<Id, Role>,
    /// The last message that each has read.
    pub(super) read: BTreeMap<Id, u64>,
    /// Only those who are in it know of it.
    closed: bool,
    /// Codes that let somebody in: this one, once, or anybody.
    pub(super) invites: BTreeMap<String, Option<Id>>,
    /// Who is kept out, until when.
    pub(super) banned: BTreeMap<Id, Option<DateTime<Utc>>>,
}

impl Places {
    /// The lobby and nothing else.
    pub(super) fn new() -> Self {
        let mut places = Self {
            list: BTreeMap::new(),
            direct: 0,
            made: 0,
        };
        places.open(Channel {
            id: LOBBY.into(),
            name: Some("Lobby".to_owned()),
            ..Channel::default()
        });
        places
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.list.values()
    }

    /// The channel of that id, as far as `me` may know of it.
    pub(super) fn get(&mut self, id: &str, me: &str) -> Result<&mut Place, Error> {
        self.list
            .get_mut(id)
            .filter(|place| place.is_open_to(me))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such channel"))
    }

    /// A channel is there, or is another one now.
    pub(super) fn open(&mut self, channel: Channel) -> &mut Place {
        let place = self.list.entry(channel.id.clone()).or_default();
        place.channel = channel;
        place
    }

    /// A channel under a new id.
    pub(super) fn make(&mut self, channel: Channel, public: bool) -> &mut Place {
        self.made += 1;
        let mut id = Id::from(format_args!("made-{}", self.made));
        while self.list.contains_key(&id) {
            // Somebody has given this id to a channel of theirs.
            self.made += 1;
            id = format_args!("made-{}", self.made).into();
        }
        let place = self.open(Channel { id, ..channel });
        place.closed = !public;
        place
    }

    /// Lets somebody in who has a code.
    pub(super) fn admit(
        &mut self,
        id: &str,
        me: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<&mut Place, Error> {
        let no = || Error::new(ErrorKind::NotFound, "no such invitation");
        let place = self.list.get_mut(id).ok_or_else(no)?;
        place.admits(me, now)?;
        match place.invites.get(code) {
            Some(None) => {}
            Some(Some(guest)) if guest == me => {
                place.invites.remove(code);
            }
            _ => return Err(no()),
        }
        place.members.entry(me.into()).or_default();
        Ok(place)
    }

    /// The channel of these two, made where there is none.
    pub(super) fn direct(&mut self, one: &str, other: &str) -> &mut Place {
        let theirs = self.list.values().find(|place| {
            place.channel.channel_type == ChannelType::Direct
                && place.is_open_to(one)
                && place.is_open_to(other)
        });
        let id = match theirs {
            Some(place) => place.channel.id.clone(),
            None => {
                self.direct += 1;
                format_args!("direct-{}", self.direct).into()
            }
        };
        let place = self.open(Channel {
            id,
            name: None,
            channel_type: ChannelType::Direct,
        });
        for name in [one, other] {
            place.members.entry(name.into()).or_default();
        }
        place
    }

    /// A channel has changed; what is in it stays.
    pub(super) fn change(&mut self, id: &str, new: &Channel) {
        let Some(mut place) = self.list.remove(id) else {
            return;
        };
        place.channel = new.clone();
        self.list.insert(new.id.clone(), place);
        self.move_children(id, Some(&new.id));
    }

    pub(super) fn close(&mut self, id: &str) {
        self.list.remove(id);
        self.move_children(id, None);
    }

    fn move_children(&mut self, id: &str, new: Option<&str>) {
        let children = self.list.values_mut();
        for child in children.filter(|child| child.parent.as_deref() == Some(id)) {
            child.parent = new.map(Into::into);
        }
    }
}

impl Place {
    /// Whether somebody is not kept out now.
    pub(super) fn admits(&self, me: &str, now: DateTime<Utc>) -> Result<(), Error> {
        match self.banned.get(me) {
            Some(until) if until.is_none_or(|until| now < until) => {
                Err(Error::new(ErrorKind::Forbidden, "banned from this channel"))
            }
            _ => Ok(()),
        }
    }

    /// Whether `me` may know of it.
    pub(super) fn is_open_to(&self, me: &str) -> bool {
        !self.is_closed() || self.members.contains_key(me)
    }

    /// Whether only those who are in it know of it, as it is with a channel of two people.
    pub(super) fn is_closed(&self) -> bool {
        self.closed || self.channel.channel_type == ChannelType::Direct
    }

    /// The channel as `me` sees it: one of two people has the other's name.
    pub(super) fn shown_to(&self, me: &str) -> Channel {
        let mut channel = self.channel.clone();
        if channel.channel_type == ChannelType::Direct {
            channel.name = self
                .members
                .keys()
                .find(|name| *name != me)
                .map(ToString::to_string);
        }
        channel
    }

    /// The channel, what is known of it, and who is in it.
    pub(super) fn told_to(&self, me: &str) -> Vec<ConnectionEvent> {
        let channel_id = self.channel.id.clone();
        let mut told: Vec<ConnectionEvent> = vec![
            ChannelEvent::New {
                channel: self.shown_to(me),
            }
            .into(),
        ];
        if let Some(topic) = self.topic.clone() {
            let (channel_id, topic) = (channel_id.clone(), Some(topic));
            told.push(ChannelEvent::Topic { channel_id, topic }.into());
        }
        if let Some(parent) = self.parent.clone() {
            let (channel_id, parent_id) = (channel_id.clone(), Some(parent));
            told.push(
                ChannelEvent::Parent {
                    channel_id,
                    parent_id,
                }
                .into(),
            );
        }
        told.extend(self.list());
        told.extend(self.read.iter().map(|(name, message_id)| {
            ConnectionEvent::from(ChatEvent::Read {
                channel_id: Some(channel_id.clone()),
                message_id: (*message_id).into(),
                user_id: Some(name.clone()).filter(|name| name != me),
            })
        }));
        told
    }

    /// Who is in it, then what they may do there.
    pub(super) fn list(&self) -> Vec<ConnectionEvent> {
        let mut list: Vec<ConnectionEvent> = self
            .members
            .keys()
            .map(|name| arrives(Some(&self.channel.id), name))
            .collect();
        if !self.members.is_empty() {
            list.push(self.roles(self.members.keys()));
        }
        list
    }

    /// What some of those in it may do.
    pub(super) fn roles<'a>(&self, names: impl Iterator<Item = &'a Id>) -> ConnectionEvent {
        let members = names.filter_map(|name| {
            Some(Member {
                user_id: name.clone(),
                role: *self.members.get(name)?,
            })
        });
        ChannelEvent::Members {
            channel_id: self.channel.id.clone(),
            members: members.collect(),
        }
        .into()
    }
}

/// Somebody is in a channel, or known on the network.
pub(super) fn arrives(channel_id: Option<&str>, name: &str) -> ConnectionEvent {
    UserEvent::New {
        channel_id: channel_id.map(Into::into),
        user: Profile {
            id: Some(name.into()),
            username: Some(name.to_owned()),
            ..Profile::default()
        },
    }
    .into()
}

/// Somebody is in a channel no more.
pub(super) fn leaves(channel_id: &str, name: &str) -> ConnectionEvent {
    UserEvent::Remove {
        channel_id: Some(channel_id.into()),
        user_id: name.into(),
    }
    .into()
}
