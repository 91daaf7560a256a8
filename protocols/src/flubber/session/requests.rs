//! What the user wants, and what of it is asked next.

use kaiwa_core::session::{Now, Transmit};
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message,
    MessageFragment, RequestId,
};

use super::asks::Why;
use super::past::Page;
use super::uploads::{has_files, is_upload};
use super::{FlubberSession, Phase};
use crate::flubber::wire::fragments::{Parts, is_nothing};
use crate::flubber::wire::{MAX_VALUE_BYTES, RequestBody};

impl FlubberSession {
    pub(super) fn request(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        match event {
            ConnectionEvent::Chat {
                event:
                    ChatEvent::New {
                        channel_id,
                        message,
                    },
            } => self.say(now, request, channel_id, message),
            _ if !self.is_up() => Err(Error::new(ErrorKind::State, "not connected")),
            other if self.extension.is_spoken() => {
                self.pass_on(request, other);
                Ok(())
            }
            ConnectionEvent::Chat {
                event:
                    ChatEvent::RequestHistory {
                        channel_id,
                        before,
                        limit,
                    },
            } => self.ask_for_history(now, request, channel_id, before, limit),
            ConnectionEvent::Channel { event } => self.request_of_channel(request, event),
            other => Err(unsupported(&other)),
        }
    }

    fn request_of_channel(&mut self, request: RequestId, event: ChannelEvent) -> Result<(), Error> {
        match event {
            ChannelEvent::Join { channel_id: id } if self.rooms.is_known(&id) => {
                self.join(Some(request), id);
            }
            ChannelEvent::Join { channel_id: name } => {
                let body = RequestBody::RoomLookup(name.to_string());
                let request = Some(request);
                self.asks.push(body, Why::Find { request, name });
            }
            ChannelEvent::Leave { channel_id: id } => {
                if !self.rooms.is_known(&id) {
                    return Err(unknown_channel());
                }
                let body = RequestBody::RoomLeave(id.clone());
                self.asks.push(body, Why::Leave { request, id });
            }
            ChannelEvent::New { channel } => self.create(request, None, channel)?,
            ChannelEvent::Create {
                parent_id,
                channel,
                public: _,
            } => self.create(request, parent_id, channel)?,
            other => return Err(unsupported(&other.into())),
        }
        Ok(())
    }

    fn create(
        &mut self,
        request: RequestId,
        parent: Option<Id>,
        channel: Channel,
    ) -> Result<(), Error> {
        let sendable = match channel.channel_type {
            ChannelType::Direct if channel.id.is_empty() => {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "a conversation needs the id of the other person",
                ));
            }
            ChannelType::Direct => {
                self.rooms.is_person(channel.id.clone());
                self.open_talk(Some(request), &channel.id);
                self.finish(request, Ok(()));
                return Ok(());
            }
            ChannelType::Space => false,
            _ => true,
        };
        let name = channel.name.filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| channel.id.into());
        if name.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "a room needs a name"));
        }
        let body = RequestBody::RoomCreate {
            name,
            parent,
            sendable,
        };
        self.asks.push(body, Why::Create { request });
        Ok(())
    }

    fn say(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<Id>,
        mut message: Message,
    ) -> Result<(), Error> {
        let channel = channel_id.or_else(|| self.rooms.current().map(Into::into));
        if !self.extension.is_spoken() {
            self.may_say(channel.as_deref())?;
            // It shall look as it will arrive.
            let files: Vec<MessageFragment> =
                message.content.iter().filter(is_upload).cloned().collect();
            let parts = Parts::of(&message.content);
            message.content = parts.into_fragments(|id| self.rooms.name(id));
            let shown = message.content.iter().take_while(|one| one.is_shown());
            let end = shown.count();
            message.content.splice(end..end, files);
            if has_files(&message) {
                message.content.retain(|one| !is_nothing(one));
            }
            message.sender_id.clone_from(&self.me);
        }
        let echo = self.outbox.accept(now, request, channel, message)?;
        self.events.push_back(echo);
        Ok(())
    }

    /// Whether messages are taken there. Until the rooms of the form are joined nobody can tell.
    fn may_say(&self, channel: Option<&str>) -> Result<(), Error> {
        match channel {
            Some(id) if !self.rooms.is_sendable(id) => Err(Error::new(
                ErrorKind::Unsupported,
                "this room takes no messages",
            )),
            Some(id) if self.rooms.is_channel(id) => Ok(()),
            _ if !self.is_up() || self.asks.is_signing_in() => Ok(()),
            Some(_) => Err(unknown_channel()),
            None => Err(Error::new(
                ErrorKind::Invalid,
                "no room was joined; name a channel",
            )),
        }
    }

    fn ask_for_history(
        &mut self,
        now: Now,
        request: RequestId,
        channel: Option<Id>,
        before: Option<Id>,
        limit: u32,
    ) -> Result<(), Error> {
        let channel = channel.or_else(|| self.rooms.current().map(Into::into));
        let channel = channel.filter(|id| self.rooms.is_channel(id));
        let channel = channel.ok_or_else(unknown_channel)?;
        let newest = self.rooms.newest(&channel).cloned();
        let (body, time) = match (before, &newest) {
            (Some(id), _) => {
                let time = self.time_of(&id);
                (Some(id), time)
            }
            (None, Some((time, newest))) => (newest.id.clone(), Some(*time)),
            (None, None) => (None, None),
        };
        let is_newest = newest.as_ref().is_some_and(|(_, newest)| newest.id == body);
        let time = time.unwrap_or_else(|| now.utc.timestamp_millis());
        let Some(id) = body else {
            // The protocol knows only what lies before a message, and none is known.
            self.event_of(
                Some(request),
                ChatEvent::History {
                    channel_id: channel,
                    messages: Vec::new(),
                    complete: false,
                },
            );
            self.finish(request, Ok(()));
            return Ok(());
        };
        self.past.open(request, Page::new(channel, time, limit));
        if let Some((time, newest)) = newest.filter(|_| is_newest) {
            self.past.include(request, time, &newest);
        }
        self.asks
            .push(RequestBody::MessageGetBefore(id), Why::Older(request));
        Ok(())
    }

    /// What is to be asked next, or read from the disk for it.
    pub(super) fn next_request(&mut self, now: Now) -> Option<Transmit> {
        let may_ask = self.is_up() || self.phase == Phase::Deciding;
        if !may_ask {
            return None;
        }
        if let Some(ask) = self.asks.next() {
            return Some(Transmit::Bytes(self.asks.ask(now.mono, ask)));
        }
        if !self.is_up() || !self.asks.has_room() {
            return None;
        }
        loop {
            let pending = self.outbox.next_waiting()?;
            let request = pending.request;
            let channel = pending.channel_id.or_else(|| self.rooms.current());
            let is_known = channel.is_some_and(|id| self.rooms.is_channel(id));
            if self.extension.is_spoken() || is_known {
                if !self.extension.is_spoken() && has_files(pending.message) {
                    return self.read_file(request);
                }
                let (channel, message) = (channel.map(Id::from), pending.message.clone());
                let ask = self.ask_to_say(request, channel, message);
                let bytes = self.asks.ask(now.mono, ask);
                if bytes.len() <= MAX_VALUE_BYTES {
                    self.outbox.written(now, request);
                    return Some(Transmit::Bytes(bytes));
                }
                self.asks.take_back();
                let failed = self.outbox.fail(request, &too_long());
                self.events.extend(failed);
                continue;
            }
            // It may be a room that is still being joined.
            if self.asks.is_signing_in() {
                return None;
            }
            let failed = self.outbox.fail(request, &unknown_channel());
            self.events.extend(failed);
        }
    }
}

pub(super) fn unsupported(event: &ConnectionEvent) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("backends take no {}", event.kind()),
    )
}

fn too_long() -> Error {
    Error::new(
        ErrorKind::TooLong,
        format!(
            "a message and its files take at most {MAX_VALUE_BYTES} bytes of JSON; send less at once"
        ),
    )
}

fn unknown_channel() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "no such room or conversation; join it or begin it first",
    )
}
