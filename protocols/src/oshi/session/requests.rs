//! What the user asks for: checked, and begun.

use kaiwa_core::session::Now;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Member,
    Profile, RequestId, StatusEvent, UserEvent,
};
use serde_json::Value;

use super::calls::Purpose;
use super::showing::{Outline, invalid, seq};
use super::tasks::Step;
use super::{OshiSession, Phase};
use crate::oshi::wire::{CircleId, Request, Role, Secret, StreamId, UserId, limit, request::Place};

impl OshiSession {
    /// Takes a request or refuses it.
    pub(super) fn requested(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        let kind = event.kind();
        if !self.capabilities.can_send(kind) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("Oshi takes no {kind}"),
            ));
        }
        let event = match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => {
                let stream = self.stream_to_say_in(channel_id.as_deref())?;
                return self.say(now, request, stream, message);
            }
            ConnectionEvent::Chat {
                event: ChatEvent::Remove { message_id, .. },
            } if let Some(message) = self.outgoing.by_local_id(&message_id) => {
                return self.cancel(request, message);
            }
            event => event,
        };
        if self.phase != Phase::Up {
            return Err(Error::new(ErrorKind::State, "not connected"));
        }
        self.open.insert(request);
        let begun = match event {
            ConnectionEvent::Chat { event } => self.want_chat(now, request, event),
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

    /// Asks the server for a step of a request.
    pub(super) fn ask(&mut self, request: RequestId, frame: &Request<'_>, step: Step) {
        self.calls.ask(frame, Purpose::Task { request, step });
    }

    /// The same for what the server counts.
    fn ask_paced(&mut self, request: RequestId, frame: &Request<'_>, step: Step) {
        self.calls.ask_paced(frame, Purpose::Task { request, step });
    }

    /// Where something is to be said; before the next sign-in nobody knows whether it is still there.
    fn stream_to_say_in(&self, channel_id: Option<&str>) -> Result<StreamId, Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        let stream = stream_number(channel_id.ok_or_else(no_channel)?)?;
        if self.phase == Phase::Up && !self.streams.contains_key(&stream) {
            return Err(unknown_channel());
        }
        Ok(stream)
    }

    fn want_chat(&mut self, now: Now, request: RequestId, event: ChatEvent) -> Result<(), Error> {
        match event {
            ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let seq = seq(&message_id)?;
                let text = Outline::edited(&new_message)?.into();
                let frame = Request::Edit { stream, seq, text };
                self.ask_paced(request, &frame, Step::Change { stream, seq });
            }
            ChatEvent::Remove {
                channel_id,
                message_id,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let seq = seq(&message_id)?;
                let step = Step::Change { stream, seq };
                self.ask(request, &Request::Delete { stream, seq }, step);
            }
            ChatEvent::RequestHistory {
                channel_id,
                before,
                limit,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let before = before.as_deref().map(seq).transpose()?;
                let limit = limit.clamp(1, limit::PAGE);
                let frame = Request::History {
                    stream,
                    before,
                    after: None,
                    limit: Some(limit),
                };
                self.ask(request, &frame, Step::History { stream, limit });
            }
            ChatEvent::Read {
                channel_id,
                message_id,
                user_id: None,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let seq = seq(&message_id)?;
                let step = Step::Read { stream, seq };
                self.ask(request, &Request::Read { stream, seq }, step);
            }
            ChatEvent::Typing {
                channel_id,
                user_id: None,
                typing,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                if self.typing.tells(now.mono, stream, typing) {
                    let frame = Request::Typing { stream, on: typing };
                    self.ask(request, &frame, Step::Typing);
                } else {
                    self.done(request);
                }
            }
            ChatEvent::React {
                channel_id,
                message_id,
                user_id: None,
                emoji,
                on,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let seq = seq(&message_id)?;
                if emoji.len() > limit::EMOJI_BYTES {
                    return Err(Error::new(
                        ErrorKind::TooLong,
                        format!("a reaction takes {} bytes at most", limit::EMOJI_BYTES),
                    ));
                }
                let frame = Request::React {
                    stream,
                    seq,
                    emoji: emoji.as_str().into(),
                    on,
                };
                let step = Step::React {
                    stream,
                    seq,
                    emoji: emoji.clone(),
                    on,
                };
                self.ask_paced(request, &frame, step);
            }
            _ => return Err(invalid("only for the user, not for others")),
        }
        Ok(())
    }

    fn want_channel(&mut self, request: RequestId, event: ChannelEvent) -> Result<(), Error> {
        match event {
            ChannelEvent::New { channel } => self.want_new(request, &channel),
            ChannelEvent::Create {
                parent_id,
                channel,
                public,
            } => self.want_create(request, parent_id.as_deref(), &channel, public),
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => self.want_rename(request, &channel_id, new_channel),
            ChannelEvent::Topic { channel_id, topic } => {
                let stream = self.stream_id(Some(&channel_id))?;
                let frame = Request::StreamRename {
                    stream,
                    name: None,
                    topic: Some(topic.unwrap_or_default().into()),
                };
                self.ask(request, &frame, Step::Topic);
                Ok(())
            }
            ChannelEvent::Remove { channel_id } => {
                let place = self.place(&channel_id)?;
                let frame = match place {
                    Place::Circle(circle) => Request::CircleDelete { circle },
                    Place::Stream(stream) => Request::StreamDelete { stream },
                };
                self.ask(request, &frame, Step::Gone(place));
                Ok(())
            }
            ChannelEvent::Join { channel_id } => self.want_join(request, &channel_id, None),
            ChannelEvent::JoinWith { channel_id, key } => {
                self.want_join(request, &channel_id, Some(key))
            }
            ChannelEvent::Leave { channel_id } => {
                match self.place(&channel_id)? {
                    Place::Circle(circle) => self.want_leave(request, circle),
                    Place::Stream(stream) => {
                        let frame = Request::Unsub { stream };
                        self.ask(request, &frame, Step::Unsub { stream });
                    }
                }
                Ok(())
            }
            ChannelEvent::Members {
                channel_id,
                members,
            } => self.want_members(request, &channel_id, &members),
            ChannelEvent::Invite {
                channel_id,
                user_id,
                ..
            } => {
                let circle = self.circle_id(&channel_id, "people are invited to circles")?;
                let user = user_id.as_deref().map(user_number).transpose()?;
                let frame = Request::CircleInvite { circle, user };
                self.ask(request, &frame, Step::Invite { circle, user });
                Ok(())
            }
            ChannelEvent::Directory { query, .. } => {
                let found = Vec::new();
                self.ask_directory(request, query, found, None);
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn want_new(&mut self, request: RequestId, channel: &Channel) -> Result<(), Error> {
        match channel.channel_type {
            ChannelType::Direct => {
                if channel.id.is_empty() {
                    return Err(invalid("say with whom: the id of the channel is theirs"));
                }
                let frame = Request::Dm {
                    to: channel.id.as_str().into(),
                    text: None,
                    nonce: None,
                };
                self.ask_paced(request, &frame, Step::Talk);
                Ok(())
            }
            ChannelType::Space => self.want_create(request, None, channel, false),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "a stream lies in a circle; send Create with the circle as its parent",
            )),
        }
    }

    fn want_create(
        &mut self,
        request: RequestId,
        parent_id: Option<&str>,
        channel: &Channel,
        public: bool,
    ) -> Result<(), Error> {
        let name = || {
            let name = channel.name.as_deref().filter(|name| !name.is_empty());
            name.ok_or_else(|| invalid("a new channel needs a name"))
        };
        match (parent_id, channel.channel_type) {
            (None, ChannelType::Space) => {
                let frame = Request::CircleCreate {
                    name: name()?.into(),
                    public,
                    streams: Vec::new(),
                };
                self.ask(request, &frame, Step::Enter);
                Ok(())
            }
            (Some(parent), ChannelType::Group) => {
                let circle = self.circle_id(parent, "streams lie in circles")?;
                let frame = Request::StreamCreate {
                    circle,
                    name: name()?.into(),
                    topic: None,
                };
                self.ask(request, &frame, Step::Open);
                Ok(())
            }
            (None, ChannelType::Direct) => self.want_new(request, channel),
            (None, ChannelType::Group) => Err(invalid("say in which circle the stream shall lie")),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "Oshi has circles, streams in them, and talks of two",
            )),
        }
    }

    fn want_rename(
        &mut self,
        request: RequestId,
        channel_id: &str,
        new_channel: Channel,
    ) -> Result<(), Error> {
        let Place::Stream(stream) = self.place(channel_id)? else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a circle keeps its name",
            ));
        };
        let shown = self.stream_channel(stream);
        if shown.is_none_or(|shown| shown.channel_type == ChannelType::Direct) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a talk of two is named after the other one",
            ));
        }
        if new_channel.channel_type != ChannelType::Group || new_channel.id != channel_id {
            return Err(invalid("Oshi changes the name of a stream only"));
        }
        let name = new_channel.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("a stream needs a name"))?;
        let frame = Request::StreamRename {
            stream,
            name: Some(name.into()),
            topic: None,
        };
        self.ask(request, &frame, Step::Rename);
        Ok(())
    }

    fn want_join(
        &mut self,
        request: RequestId,
        channel_id: &str,
        key: Option<String>,
    ) -> Result<(), Error> {
        if let Ok(circle) = channel_id.parse::<CircleId>() {
            if self.circles.contains_key(&circle) {
                let channel_id = channel_id.to_owned();
                self.tell(Some(request), ChannelEvent::Join { channel_id });
                self.done(request);
                return Ok(());
            }
            let invite = key.map(Secret::from);
            let frame = Request::CircleJoin { circle, invite };
            self.ask(request, &frame, Step::Enter);
            return Ok(());
        }
        if key.is_some() {
            return Err(invalid("invitations are to circles: name the circle"));
        }
        let stream = self.stream_id(Some(channel_id))?;
        self.ask_members(Place::Stream(stream));
        self.subscribe(stream, Some(request));
        Ok(())
    }

    fn want_leave(&mut self, request: RequestId, circle: CircleId) {
        let frame = Request::CircleLeave { circle };
        self.ask(request, &frame, Step::Left(circle));
    }

    fn want_members(
        &mut self,
        request: RequestId,
        channel_id: &str,
        members: &[Member],
    ) -> Result<(), Error> {
        if members.is_empty() {
            let place = self.place(channel_id)?;
            if let Place::Stream(stream) = place {
                self.hurry(stream);
            }
            self.ask_who(request, place, Vec::new(), None);
            return Ok(());
        }
        let circle = self.circle_id(channel_id, "roles are those of a circle")?;
        let mut left = Vec::new();
        for member in members {
            let role = match member.role {
                kaiwa_core::Role::Owner => Role::Owner,
                kaiwa_core::Role::Admin => Role::Admin,
                kaiwa_core::Role::Member => Role::Member,
                _ => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "the roles of a circle are member, admin and owner",
                    ));
                }
            };
            left.push((user_number(&member.user_id)?, role));
        }
        left.reverse();
        self.next_role(request, circle, left);
        Ok(())
    }

    fn want_user(&mut self, request: RequestId, event: UserEvent) -> Result<(), Error> {
        match event {
            UserEvent::Remove {
                channel_id: Some(channel_id),
                user_id,
            } => {
                let circle = self.circle_id(&channel_id, "people are removed from circles")?;
                let user = user_number(&user_id)?;
                if Some(user) == self.me_id() {
                    self.want_leave(request, circle);
                } else {
                    let frame = Request::CircleKick { circle, user };
                    self.ask(request, &frame, Step::Kick { circle, user });
                }
                Ok(())
            }
            UserEvent::Remove { .. } => Err(invalid("say from which circle")),
            UserEvent::Update {
                channel_id: None,
                user_id,
                new_user,
            } => self.want_profile(request, &user_id, new_user),
            UserEvent::Update { .. } => Err(invalid("a person has one name in all of Oshi")),
            UserEvent::Data {
                channel_id,
                key,
                value,
            } => {
                let circle = self.data_circle(channel_id.as_deref())?;
                let told = value.clone().unwrap_or(Value::Null);
                let wire_key = key.as_str().into();
                let frame = match circle {
                    Some(circle) => Request::CircleDataSet {
                        circle,
                        key: wire_key,
                        value: told,
                    },
                    None => Request::DataSet {
                        key: wire_key,
                        value: told,
                    },
                };
                let value = value.filter(|value| !value.is_null());
                let step = Step::SetData {
                    circle,
                    key: key.clone(),
                    value,
                };
                self.ask(request, &frame, step);
                Ok(())
            }
            UserEvent::RequestData { channel_id, key } => {
                let circle = self.data_circle(channel_id.as_deref())?;
                let wire_key = key.as_str().into();
                let frame = match circle {
                    Some(circle) => Request::CircleDataGet {
                        circle,
                        key: wire_key,
                    },
                    None => Request::DataGet { key: wire_key },
                };
                let key = key.clone();
                self.ask(request, &frame, Step::GetData { circle, key });
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn want_profile(
        &mut self,
        request: RequestId,
        user_id: &str,
        new_user: Profile,
    ) -> Result<(), Error> {
        let me = self.me_id().map(|me| me.to_string());
        if me.as_deref() != Some(user_id) {
            return Err(invalid("only the user's own profile can be changed"));
        }
        let display = new_user.display_name.or(new_user.username);
        let display = display.filter(|display| !display.is_empty());
        let display = display.ok_or_else(|| invalid("say what to call the user"))?;
        let frame = Request::UserSet {
            display: Some(display.into()),
            password: None,
        };
        self.ask(request, &frame, Step::Profile);
        Ok(())
    }

    /// A stream that the user can see.
    fn stream_id(&self, channel_id: Option<&str>) -> Result<StreamId, Error> {
        let stream = stream_number(channel_id.ok_or_else(no_channel)?)?;
        if self.streams.contains_key(&stream) {
            Ok(stream)
        } else {
            Err(unknown_channel())
        }
    }

    /// A circle that the user is in.
    fn circle_id(&self, channel_id: &str, why: &str) -> Result<CircleId, Error> {
        let circle: CircleId = channel_id
            .parse()
            .map_err(|_| invalid(format!("{why}: name a circle, whose id begins with `c`")))?;
        if self.circles.contains_key(&circle) {
            Ok(circle)
        } else {
            Err(unknown_channel())
        }
    }

    fn place(&self, channel_id: &str) -> Result<Place, Error> {
        if channel_id.starts_with('c') {
            return self.circle_id(channel_id, "").map(Place::Circle);
        }
        self.stream_id(Some(channel_id)).map(Place::Stream)
    }

    /// The circle whose data is meant; `None` for the user's own.
    fn data_circle(&self, channel_id: Option<&str>) -> Result<Option<CircleId>, Error> {
        let why = "data is kept by the user, or in a circle";
        channel_id.map(|id| self.circle_id(id, why)).transpose()
    }
}

fn stream_number(channel_id: &str) -> Result<StreamId, Error> {
    channel_id.parse().map_err(|_| {
        if channel_id.parse::<CircleId>().is_ok() {
            invalid("a circle is not talked in: name one of its streams")
        } else {
            invalid(
                "Oshi gives no such id to a channel: streams have `s` and a number, circles `c`",
            )
        }
    })
}

fn user_number(user_id: &str) -> Result<UserId, Error> {
    let no_id = |_| invalid("Oshi gives no such id to a user: it is `u` and a number");
    user_id.parse().map_err(no_id)
}

fn no_channel() -> Error {
    invalid("Oshi has no current channel; say which one")
}

fn unknown_channel() -> Error {
    Error::new(ErrorKind::NotFound, "the user can see no such channel")
}
