//! What a user may want of a network.

use arbitrary::Arbitrary;
use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_protocols::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Id, Member, Message,
    MessageFragment, Presence, Profile, Role, UserEvent,
};

use crate::Thing;

/// What a user may want besides talking; channels, users and messages by their numbers.
#[derive(Debug, Arbitrary)]
pub enum Wanted<'a> {
    /// Older messages.
    History(u8, Option<u8>, u8),
    /// Marking as read.
    Read(u8, u8),
    /// A talk with somebody, or a group.
    Channel(bool, &'a str),
    /// Another name.
    Rename(u8, &'a str),
    /// Joining.
    Join(u8),
    /// Leaving.
    Leave(u8),
    /// Adding members, or asking for them.
    Members(u8, Option<u8>),
    /// Removing one.
    Remove(u8, u8),
    /// Asking for contact.
    Request(&'a str),
    /// Answering that.
    Respond(u8, bool),
    /// Saying something in a channel by its number, perhaps as an answer.
    Say(u8, Option<u8>, &'a str),
    /// Another text of a message.
    Edit(u8, u8, &'a str),
    /// Taking a message back.
    Delete(u8, u8),
    /// A reaction, or no longer.
    React(u8, u8, &'a str, bool),
    /// Typing, or no longer.
    Typing(u8, bool),
    /// What a channel is about.
    Topic(u8, Option<&'a str>),
    /// A channel in another one.
    Create(Option<u8>, &'a str, bool),
    /// The end of a channel.
    End(u8),
    /// Joining with an invitation.
    JoinWith(u8, &'a str),
    /// An invitation.
    Invite(u8, Option<u8>),
    /// What there is to join.
    Directory(Option<&'a str>),
    /// Keeping something, in a channel or not, or nothing any more.
    Keep(Option<u8>, &'a str, Option<i64>),
    /// What is kept.
    Kept(Option<u8>, &'a str),
    /// A role for somebody.
    Promote(u8, u8),
    /// Keeping somebody out of a channel or of all, for so many seconds or for ever.
    Ban(Option<u8>, u8, Option<u32>),
    /// Being away, or no longer.
    Away(bool, Option<&'a str>),
    /// Another name for oneself.
    Nick(u8, &'a str),
    /// Looking at a channel.
    Switch(u8),
    /// A command of the network, with what belongs to it.
    Command(Option<u8>, &'a str, &'a str),
}

impl Wanted<'_> {
    pub(crate) fn event(&self, now: DateTime<Utc>, id: fn(Thing, u8) -> String) -> ConnectionEvent {
        let place = |channel: &u8| Id::from(id(Thing::Channel, *channel));
        let here = |channel: &u8| Some(place(channel));
        let message = |number: &u8| Id::from(id(Thing::Message, *number));
        let person = |user: &u8| Id::from(id(Thing::User, *user));
        match self {
            Self::History(channel, before, limit) => ChatEvent::RequestHistory {
                channel_id: here(channel),
                before: before.as_ref().map(message),
                limit: (*limit).into(),
            }
            .into(),
            Self::Read(channel, id) => ChatEvent::Read {
                channel_id: here(channel),
                message_id: message(id),
                user_id: None,
            }
            .into(),
            Self::Channel(direct, name) => ChannelEvent::New {
                channel: Channel {
                    id: (*name).into(),
                    name: Some((*name).to_owned()),
                    channel_type: if *direct {
                        ChannelType::Direct
                    } else {
                        ChannelType::Group
                    },
                },
            }
            .into(),
            Self::Rename(channel, name) => ChannelEvent::Update {
                channel_id: place(channel),
                new_channel: named(place(channel), name),
            }
            .into(),
            Self::Join(channel) => ChannelEvent::Join {
                channel_id: place(channel),
            }
            .into(),
            Self::Leave(channel) => ChannelEvent::Leave {
                channel_id: place(channel),
            }
            .into(),
            Self::Members(channel, user) => ChannelEvent::Members {
                channel_id: place(channel),
                members: user
                    .iter()
                    .map(|user| member(person(user), Role::Member))
                    .collect(),
            }
            .into(),
            Self::Promote(channel, user) => ChannelEvent::Members {
                channel_id: place(channel),
                members: vec![member(person(user), Role::Admin)],
            }
            .into(),
            Self::Remove(channel, user) => UserEvent::Remove {
                channel_id: here(channel),
                user_id: person(user),
            }
            .into(),
            Self::Request(user) => UserEvent::Request {
                user_id: (*user).into(),
                own: true,
                text: None,
            }
            .into(),
            Self::Respond(user, accept) => UserEvent::Respond {
                user_id: person(user),
                accept: *accept,
            }
            .into(),
            Self::Say(channel, reply, text) => {
                let mut said = Message::text(*text, now);
                let reply = reply.as_ref().map(message);
                let reply = reply.map(|message_id| MessageFragment::Reply { message_id });
                said.content.extend(reply);
                ChatEvent::New {
                    channel_id: here(channel),
                    message: said,
                }
                .into()
            }
            Self::Edit(channel, id, text) => ChatEvent::Update {
                channel_id: here(channel),
                message_id: message(id),
                new_message: Message::text(*text, now),
            }
            .into(),
            Self::Delete(channel, id) => ChatEvent::Remove {
                channel_id: here(channel),
                message_id: message(id),
            }
            .into(),
            Self::React(channel, id, emoji, on) => ChatEvent::React {
                channel_id: here(channel),
                message_id: message(id),
                user_id: None,
                emoji: (*emoji).to_owned(),
                on: *on,
            }
            .into(),
            Self::Typing(channel, typing) => ChatEvent::Typing {
                channel_id: here(channel),
                user_id: None,
                typing: *typing,
            }
            .into(),
            Self::Topic(channel, topic) => ChannelEvent::Topic {
                channel_id: place(channel),
                topic: topic.map(str::to_owned),
            }
            .into(),
            Self::Create(parent, name, public) => ChannelEvent::Create {
                parent_id: parent.as_ref().map(place),
                channel: named(Id::default(), name),
                public: *public,
            }
            .into(),
            Self::End(channel) => ChannelEvent::Remove {
                channel_id: place(channel),
            }
            .into(),
            Self::JoinWith(channel, key) => ChannelEvent::JoinWith {
                channel_id: place(channel),
                key: (*key).to_owned(),
            }
            .into(),
            Self::Invite(channel, user) => ChannelEvent::Invite {
                channel_id: place(channel),
                user_id: user.as_ref().map(person),
                code: None,
            }
            .into(),
            Self::Directory(query) => ChannelEvent::Directory {
                query: query.map(str::to_owned),
                channels: Vec::new(),
            }
            .into(),
            Self::Keep(channel, key, value) => UserEvent::Data {
                channel_id: channel.as_ref().map(place),
                key: (*key).to_owned(),
                value: value.map(Into::into),
            }
            .into(),
            Self::Kept(channel, key) => UserEvent::RequestData {
                channel_id: channel.as_ref().map(place),
                key: (*key).to_owned(),
            }
            .into(),
            Self::Ban(channel, user, seconds) => UserEvent::Ban {
                channel_id: channel.as_ref().map(place),
                user_id: person(user),
                until: seconds.map(|seconds| now + TimeDelta::seconds(seconds.into())),
                reason: None,
            }
            .into(),
            Self::Away(away, text) => UserEvent::Presence {
                user_id: None,
                presence: if *away {
                    Presence::Away
                } else {
                    Presence::Online
                },
                text: text.map(str::to_owned),
            }
            .into(),
            Self::Nick(user, name) => UserEvent::Update {
                channel_id: None,
                user_id: person(user),
                new_user: Profile {
                    username: Some((*name).to_owned()),
                    ..Profile::default()
                },
            }
            .into(),
            Self::Switch(channel) => ChannelEvent::Switch {
                channel_id: place(channel),
            }
            .into(),
            Self::Command(channel, name, text) => {
                let mut said = Message::text(*text, now);
                let command = MessageFragment::AssetId(format_args!("command:{name}").into());
                said.content.insert(0, command);
                ChatEvent::New {
                    channel_id: channel.as_ref().map(place),
                    message: said,
                }
                .into()
            }
        }
    }
}

fn named(id: Id, name: &str) -> Channel {
    Channel {
        id,
        name: Some(name.to_owned()),
        channel_type: ChannelType::Group,
    }
}

fn member(user_id: Id, role: Role) -> Member {
    Member { user_id, role }
}
