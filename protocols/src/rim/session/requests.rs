//! What the user asks for: checked, and begun.

use kaiwa_core::session::Now;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Member,
    Message, MessageFragment, RequestId, Role, StatusEvent, UserEvent,
};

use super::find::Goal;
use super::history::Search;
use super::rest::Ask;
use super::rooms::content;
use super::talks::NewRoom;
use super::tasks::Step;
use super::{Phase, RimSession, Server};
use crate::rim::wire::Endpoint;
use crate::rim::wire::record::{MODE_GROUP, ROLE_ADMIN};
use crate::rim::wire::request::{self, OP_ADD, OP_REMOVE};

/// The largest frame sent, in bytes: what kaiwa's own server takes by default; a larger one ends the connection.
const MAX_OUTGOING_BYTES: usize = 64 * 1024;

/// What a frame holds besides its text, in bytes: names of fields, numbers, an id.
const FRAME_BYTES: usize = 256;

impl RimSession {
    /// Takes a request or refuses it.
    pub(super) fn requested(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        if let ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    message,
                },
        } = event
        {
            return self.say(now, request, channel_id.as_deref(), message);
        }
        let kind = event.kind();
        if !self.capabilities.can_send(kind) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("rim takes no {kind}"),
            ));
        }
        if self.phase != Phase::Up {
            return Err(Error::new(ErrorKind::State, "not connected"));
        }
        self.open.insert(request);
        let begun = match event {
            ConnectionEvent::Chat { event } => self.want_chat(request, event),
            ConnectionEvent::Channel { event } => self.want_channel(request, event),
            ConnectionEvent::User { event } => self.want_user(request, event),
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } => {
                self.keepalive.asked(now.mono);
                self.pings.want(Some(request));
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        };
        if begun.is_err() {
            self.open.remove(&request);
        }
        begun
    }

    fn say(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<&str>,
        message: Message,
    ) -> Result<(), Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        let gid = number(channel_id.ok_or_else(no_channel)?, "channel")?;
        if self.phase == Phase::Up && !self.rooms.contains_key(&gid) {
            return Err(unknown_channel());
        }
        // rim carries no styles, and nothing that is not shown; the message shall look as it will arrive.
        let mut message = message.lowered();
        message.content.retain(MessageFragment::is_shown);
        let Some((_, text)) = content(&message) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "rim carries text, or one picture by its address",
            ));
        };
        let length = request::encode(&text).len() + FRAME_BYTES;
        if length > MAX_OUTGOING_BYTES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!(
                    "the message takes {length} bytes on the wire, at most {MAX_OUTGOING_BYTES} are sent"
                ),
            ));
        }
        message.sender_id = self.me.as_ref().map(|(uid, _)| (*uid).into());
        let echo = self.outgoing.accept(now, request, gid, message)?;
        self.events.push_back(echo);
        Ok(())
    }

    fn want_chat(&mut self, request: RequestId, event: ChatEvent) -> Result<(), Error> {
        match event {
            ChatEvent::RequestHistory {
                channel_id,
                before,
                limit,
            } => {
                let gid = self.room_id(channel_id.as_deref().ok_or_else(no_channel)?)?;
                let before = before
                    .map(|before| number(&before, "message"))
                    .transpose()?;
                let search = Search::new(gid, before, limit)?;
                self.search(request, search);
                Ok(())
            }
            ChatEvent::Read {
                channel_id,
                message_id,
                user_id: None,
            } => {
                let gid = self.room_id(channel_id.as_deref().ok_or_else(no_channel)?)?;
                let id = number(&message_id, "message")?;
                // A mark is of one message.
                let room = self.rooms.get_mut(&gid);
                let ids = room.map_or_else(Vec::new, |room| room.read_up_to(id));
                self.mark_read(gid, &ids, request);
                Ok(())
            }
            ChatEvent::Read { .. } => Err(invalid("only the user's own messages can be read")),
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn want_channel(&mut self, request: RequestId, event: ChannelEvent) -> Result<(), Error> {
        match event {
            ChannelEvent::New { channel } => self.want_new(request, channel),
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => self.want_update(request, &channel_id, new_channel),
            ChannelEvent::Join { channel_id } => {
                let gid = number(&channel_id, "channel")?;
                if self.rooms.contains_key(&gid) {
                    self.tell(Some(request), ChannelEvent::Join { channel_id });
                    self.done(request);
                } else if self.server == Server::Own {
                    self.change(request, gid, vec![self.uid()], OP_ADD, Step::Join { gid });
                } else {
                    self.ask_about(request, gid, Step::CheckJoin { gid });
                }
                Ok(())
            }
            ChannelEvent::Leave { channel_id } => {
                let gid = self.room_id(&channel_id)?;
                self.leave(request, gid);
                Ok(())
            }
            ChannelEvent::Members {
                channel_id,
                members,
            } => self.want_members(request, &channel_id, &members),
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn want_new(&mut self, request: RequestId, channel: Channel) -> Result<(), Error> {
        match channel.channel_type {
            ChannelType::Direct => {
                let who = channel.id;
                self.find(request, &who, Goal::Talk)
            }
            ChannelType::Group => {
                let name = channel
                    .name
                    .filter(|name| !name.is_empty())
                    .ok_or_else(|| invalid("a group needs a name"))?;
                let users = vec![(self.uid(), ROLE_ADMIN)];
                let new = NewRoom {
                    name,
                    mode: MODE_GROUP,
                    users,
                };
                self.create(request, new);
                Ok(())
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "rim has groups and talks between two only",
            )),
        }
    }

    fn want_update(
        &mut self,
        request: RequestId,
        channel_id: &str,
        new_channel: Channel,
    ) -> Result<(), Error> {
        let gid = self.room_id(channel_id)?;
        let shown = self.rooms.get(&gid).and_then(|room| room.shown.as_ref());
        if shown.is_some_and(|shown| shown.channel_type == ChannelType::Direct) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a talk between two is named after the other one",
            ));
        }
        if new_channel.channel_type != ChannelType::Group || new_channel.id != channel_id {
            return Err(invalid("rim changes the name of a group only"));
        }
        let name = new_channel
            .name
            .filter(|name| !name.is_empty())
            .ok_or_else(|| invalid("a group needs a name"))?;
        let avatar = self.rooms.get(&gid).map(|room| room.avatar.clone());
        let body = request::UpdateGroup {
            id: gid,
            name: name.as_str().into(),
            avatar: avatar.unwrap_or_default().into(),
        };
        let ask = Ask::post(Endpoint::GroupUpdate, &body);
        self.take_step(request, ask, Step::Rename { gid, name });
        Ok(())
    }

    fn want_members(
        &mut self,
        request: RequestId,
        channel_id: &str,
        members: &[Member],
    ) -> Result<(), Error> {
        let gid = self.room_id(channel_id)?;
        if members.is_empty() {
            self.ask_about(request, gid, Step::List { gid });
            return Ok(());
        }
        let mut wanted = Vec::new();
        for member in members {
            let uid = self.user_id(&member.user_id)?;
            let is_admin = match member.role {
                Role::Member => false,
                Role::Admin => true,
                _ => return Err(no_roles()),
            };
            wanted.push((uid, is_admin));
        }
        self.ask_about(request, gid, Step::CheckAdd { gid, wanted });
        Ok(())
    }

    fn want_user(&mut self, request: RequestId, event: UserEvent) -> Result<(), Error> {
        match event {
            UserEvent::Remove {
                channel_id: Some(channel_id),
                user_id,
            } => {
                let gid = self.room_id(&channel_id)?;
                let uid = self.user_id(&user_id)?;
                if uid == self.uid() {
                    self.leave(request, gid);
                } else {
                    self.change(
                        request,
                        gid,
                        vec![uid],
                        OP_REMOVE,
                        Step::Remove { gid, uid },
                    );
                }
                Ok(())
            }
            UserEvent::Remove { .. } => Err(invalid(
                "say from which channel; to end a contact send User::Respond",
            )),
            UserEvent::Request { user_id, text, .. } => {
                if text.is_some_and(|text| !text.is_empty()) {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "rim carries no words with a request",
                    ));
                }
                self.find(request, &user_id, Goal::Contact)
            }
            UserEvent::Respond { user_id, accept } => {
                let uid = self.user_id(&user_id)?;
                if accept {
                    self.accept(request, uid);
                } else {
                    self.set_status(request, uid, false);
                }
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn leave(&mut self, request: RequestId, gid: u64) {
        self.change(
            request,
            gid,
            vec![self.uid()],
            OP_REMOVE,
            Step::Leave { gid },
        );
    }

    /// A group that the user is in.
    fn room_id(&self, channel_id: &str) -> Result<u64, Error> {
        let gid = number(channel_id, "channel")?;
        if self.rooms.contains_key(&gid) {
            Ok(gid)
        } else {
            Err(unknown_channel())
        }
    }

    /// Somebody by their id, or by the account name if they were told of.
    fn user_id(&self, text: &str) -> Result<u64, Error> {
        number(text, "user").or_else(|error| self.people.by_account(text).ok_or(error))
    }
}

/// An id as this session tells them.
pub(super) fn number(text: &str, what: &str) -> Result<u64, Error> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && *number > 0);
    number.ok_or_else(|| invalid(format!("rim gives no such id to a {what}: ids are numbers")))
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

pub(super) fn no_roles() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "rim gives roles only when a group is made",
    )
}

fn no_channel() -> Error {
    invalid("rim has no current channel; say which one")
}

fn unknown_channel() -> Error {
    Error::new(ErrorKind::NotFound, "the user is in no such channel")
}
