//! What the user wants of circles and streams.

use kaiwa_core::{Channel, ChannelEvent, ChannelType, Error, ErrorKind, Id, Member, RequestId};

use super::OshiSession;
use super::requests::user_number;
use super::showing::invalid;
use super::tasks::Step;
use crate::oshi::wire::{CircleId, Request, Role, Secret, request::Place};

impl OshiSession {
    /// Something about circles and streams.
    pub(super) fn want_channel(
        &mut self,
        request: RequestId,
        event: ChannelEvent,
    ) -> Result<(), Error> {
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
                let channel_id = Id::from(channel_id);
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

    /// Leaves a circle.
    pub(super) fn want_leave(&mut self, request: RequestId, circle: CircleId) {
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
}
