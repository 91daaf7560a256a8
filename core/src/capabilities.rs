//! What a network can do, as data.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::EventKind;
use crate::error::{Error, ErrorKind};
use crate::{ChannelEvent, ChatEvent, ConnectionEvent, Message, MessageFragment, UserEvent};

/// What a network can do: the events `send` takes, and its limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The events that `send` takes; anything else gives [`ErrorKind::Unsupported`].
    #[serde(deserialize_with = "known_kinds")]
    pub sends: BTreeSet<EventKind>,
    /// The longest text of one message, in bytes of UTF-8; `None`: no limit is known.
    pub max_text_bytes: Option<u64>,
    /// How `Delivered` is known.
    pub confirmation: Confirmation,
}

/// Reads a list of kinds and leaves out those of a newer version.
fn known_kinds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<EventKind>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names
        .into_iter()
        .filter_map(|name| EventKind::deserialize(serde_json::Value::String(name)).ok())
        .collect())
}

/// How a network confirms an own message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Confirmation {
    /// The server answers the request.
    #[default]
    Acknowledged,
    /// The server sends the message back to its sender too.
    Echo,
}

impl Capabilities {
    /// Nothing can be sent and no limit is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds events that `send` takes.
    #[must_use]
    pub fn sends(mut self, kinds: &[EventKind]) -> Self {
        self.sends.extend(kinds);
        self
    }

    /// Sets the longest text of one message, in bytes.
    #[must_use]
    pub fn max_text_bytes(mut self, bytes: u64) -> Self {
        self.max_text_bytes = Some(bytes);
        self
    }

    /// Sets how `Delivered` is known.
    #[must_use]
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.confirmation = confirmation;
        self
    }

    /// Whether `send` takes events of this kind.
    #[must_use]
    pub fn can_send(&self, kind: EventKind) -> bool {
        self.sends.contains(&kind)
    }

    /// What can be said of `event` without asking the network.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], [`ErrorKind::TooLong`], or [`ErrorKind::Invalid`] for what makes no sense on any network:
    /// a message without content, no id where one is needed, history of no message, read marks or presence of others.
    pub fn check(&self, event: &ConnectionEvent) -> Result<(), Error> {
        let kind = event.kind();
        if !self.can_send(kind) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("this network takes no {kind}"),
            ));
        }
        match event {
            ConnectionEvent::Chat { event } => self.check_chat(event),
            ConnectionEvent::Channel { event } => check_channel(event),
            ConnectionEvent::User { event } => check_user(event),
            ConnectionEvent::Status { .. } | ConnectionEvent::Asset { .. } => Ok(()),
        }
    }

    fn check_chat(&self, event: &ChatEvent) -> Result<(), Error> {
        match event {
            ChatEvent::New { message, .. }
            | ChatEvent::Update {
                new_message: message,
                ..
            } => self.check_message(message),
            ChatEvent::RequestHistory { limit: 0, .. } => {
                Err(invalid("a request for history needs a limit of at least 1"))
            }
            ChatEvent::RequestHistory {
                channel_id, before, ..
            } => {
                some_id(channel_id.as_deref(), "channel")?;
                some_id(before.as_deref(), "message")
            }
            ChatEvent::Read {
                user_id: Some(_), ..
            } => Err(invalid(
                "only the own read mark can be set; leave user_id out",
            )),
            ChatEvent::Read {
                channel_id,
                message_id,
                user_id: None,
            } => {
                some_id(channel_id.as_deref(), "channel")?;
                id(message_id, "message")
            }
            ChatEvent::Remove { .. } | ChatEvent::History { .. } | ChatEvent::Gap { .. } => Ok(()),
        }
    }

    fn check_message(&self, message: &Message) -> Result<(), Error> {
        if message.content.is_empty() {
            return Err(invalid("a message needs at least one fragment"));
        }
        let length: u64 = message
            .content
            .iter()
            .map(|fragment| match fragment {
                MessageFragment::Text(text) | MessageFragment::Url(text) => text.len() as u64,
                MessageFragment::Image { .. }
                | MessageFragment::Video { .. }
                | MessageFragment::Audio { .. }
                | MessageFragment::AssetId(_) => 0,
            })
            .sum();
        match self.max_text_bytes {
            Some(limit) if length > limit => Err(Error::new(
                ErrorKind::TooLong,
                format!("the text has {length} bytes, this network takes {limit}"),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.sends.len() * size_of::<EventKind>()
    }
}

fn check_channel(event: &ChannelEvent) -> Result<(), Error> {
    match event {
        ChannelEvent::Topic { channel_id, .. } | ChannelEvent::Parent { channel_id, .. } => {
            id(channel_id, "channel")
        }
        ChannelEvent::Members {
            channel_id,
            members,
        } => {
            id(channel_id, "channel")?;
            members
                .iter()
                .try_for_each(|member| id(&member.user_id, "user"))
        }
        _ => Ok(()),
    }
}

fn check_user(event: &UserEvent) -> Result<(), Error> {
    match event {
        UserEvent::Request { user_id, .. } | UserEvent::Respond { user_id, .. } => {
            id(user_id, "user")
        }
        UserEvent::Presence {
            user_id: Some(_), ..
        } => Err(invalid(
            "only the own presence can be set; leave user_id out",
        )),
        _ => Ok(()),
    }
}

fn some_id(given: Option<&str>, of: &str) -> Result<(), Error> {
    given.map_or(Ok(()), |given| id(given, of))
}

fn id(given: &str, of: &str) -> Result<(), Error> {
    if given.is_empty() {
        return Err(invalid(format!("the id of a {of} is empty")));
    }
    Ok(())
}

fn invalid(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Member, Presence, Role};

    /// What everybody takes that takes anything.
    fn check(event: impl Into<ConnectionEvent>) -> Result<(), ErrorKind> {
        let capabilities = Capabilities::new().sends(EventKind::ALL);
        capabilities
            .check(&event.into())
            .map_err(|error| error.kind())
    }

    fn history(channel_id: Option<&str>, before: Option<&str>, limit: u32) -> ChatEvent {
        ChatEvent::RequestHistory {
            channel_id: channel_id.map(str::to_owned),
            before: before.map(str::to_owned),
            limit,
        }
    }

    fn read(channel_id: Option<&str>, message_id: &str, user_id: Option<&str>) -> ChatEvent {
        ChatEvent::Read {
            channel_id: channel_id.map(str::to_owned),
            message_id: message_id.to_owned(),
            user_id: user_id.map(str::to_owned),
        }
    }

    fn members(channel_id: &str, user_ids: &[&str]) -> ChannelEvent {
        ChannelEvent::Members {
            channel_id: channel_id.to_owned(),
            members: user_ids
                .iter()
                .map(|user_id| Member {
                    user_id: (*user_id).to_owned(),
                    role: Role::Member,
                })
                .collect(),
        }
    }

    fn topic(channel_id: &str) -> ChannelEvent {
        ChannelEvent::Topic {
            channel_id: channel_id.to_owned(),
            topic: Some(String::new()),
        }
    }

    fn request(user_id: &str) -> UserEvent {
        UserEvent::Request {
            user_id: user_id.to_owned(),
            own: true,
            text: None,
        }
    }

    fn respond(user_id: &str) -> UserEvent {
        UserEvent::Respond {
            user_id: user_id.to_owned(),
            accept: true,
        }
    }

    fn presence(user_id: Option<&str>) -> UserEvent {
        UserEvent::Presence {
            user_id: user_id.map(str::to_owned),
            presence: Presence::Away,
            text: None,
        }
    }

    #[test]
    fn nonsense_is_refused_before_the_network_sees_it() {
        let wrong: [ConnectionEvent; 13] = [
            history(Some("c"), None, 0).into(),
            history(Some(""), None, 1).into(),
            history(None, Some(""), 1).into(),
            read(Some("c"), "", None).into(),
            read(Some(""), "m", None).into(),
            read(Some("c"), "m", Some("bob")).into(),
            members("", &[]).into(),
            members("c", &["ann", ""]).into(),
            topic("").into(),
            request("").into(),
            respond("").into(),
            presence(Some("bob")).into(),
            presence(Some("")).into(),
        ];
        for event in wrong {
            assert_eq!(check(event.clone()), Err(ErrorKind::Invalid), "{event:?}");
            let error = Capabilities::new().check(&event).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{event:?}");
        }
    }

    #[test]
    fn what_may_make_sense_is_for_the_network_to_judge() {
        let fine: [ConnectionEvent; 10] = [
            history(None, None, u32::MAX).into(),
            history(Some("c"), Some("m"), 1).into(),
            read(None, "m", None).into(),
            members("c", &[]).into(),
            members("c", &["ann", "ann"]).into(),
            topic("c").into(),
            request("bob").into(),
            respond("bob").into(),
            presence(None).into(),
            ChannelEvent::ClearList.into(),
        ];
        for event in fine {
            assert_eq!(check(event.clone()), Ok(()), "{event:?}");
        }
    }
}
