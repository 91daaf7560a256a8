//! What the user wants besides talking: which command each event becomes, and what ends it.

use std::collections::VecDeque;
use std::fmt;

use chrono::{DateTime, Utc};
use kaiwa_core::session::{Now, SessionEvent};
use kaiwa_core::{
    AssetEvent, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind,
    Presence, Profile, RequestId, StatusEvent, UserEvent,
};

use super::answers::{Asked, Open};
use super::commands::{self, Command, Sign};
use super::talk::DIRECT;
use super::way_back::Key;
use super::{Phase, SockchatSession};
use crate::sockchat::wire::Notice;

/// Requests that wait to be written or answered: a person asks for some at once, a program in a loop is told to wait.
const MAX_REQUESTS: usize = 200;

/// Requests that wait to be written, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Wish>,
}

/// A request that waits to be written.
struct Wish {
    request: RequestId,
    text: String,
    asked: Asked,
}

impl fmt::Debug for Wish {
    /// Without its text, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = (self.asked.command.name, self.text.len());
        write!(f, "Wish(/{name}, {bytes} bytes)")
    }
}

impl Requests {
    /// The request to be written next.
    pub(super) fn next(&self) -> Option<RequestId> {
        self.waiting.front().map(|wish| wish.request)
    }

    /// Gives them up.
    pub(super) fn take_all(&mut self) -> Vec<RequestId> {
        self.waiting.drain(..).map(|wish| wish.request).collect()
    }
}

impl SockchatSession {
    /// Takes a request, or says why not.
    pub(super) fn request(
        &mut self,
        now: Now,
        request: RequestId,
        event: ConnectionEvent,
    ) -> Result<(), Error> {
        match event {
            ConnectionEvent::Chat { event } => self.request_chat(now, request, event),
            ConnectionEvent::Channel { event } => self.request_channel(request, event),
            ConnectionEvent::User { event } => self.request_user(now, request, event),
            ConnectionEvent::Asset { event } => self.request_asset(request, event),
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. },
            } => self.request_ping(request),
            other => Err(unsupported(&other)),
        }
    }

    fn request_chat(
        &mut self,
        now: Now,
        request: RequestId,
        event: ChatEvent,
    ) -> Result<(), Error> {
        match event {
            ChatEvent::New {
                channel_id,
                message,
            } => self.say(now, request, channel_id, message),
            ChatEvent::Remove {
                channel_id,
                message_id,
            } => self.delete(request, channel_id.as_deref(), &message_id),
            other => Err(unsupported(&other.into())),
        }
    }

    fn request_channel(&mut self, request: RequestId, event: ChannelEvent) -> Result<(), Error> {
        match event {
            ChannelEvent::Join { channel_id } | ChannelEvent::Switch { channel_id } => {
                self.go(request, &channel_id, None)
            }
            ChannelEvent::JoinWith { channel_id, key } => self.go(request, &channel_id, Some(&key)),
            ChannelEvent::New { channel } if channel.channel_type == ChannelType::Direct => {
                self.open_talk(request, &channel.id)
            }
            ChannelEvent::New { channel } => self.create(request, &channel),
            ChannelEvent::Create {
                parent_id: None,
                channel,
                ..
            } => self.create(request, &channel),
            ChannelEvent::Create { .. } => Err(Error::new(
                ErrorKind::Unsupported,
                "channels of sockchat lie in no other ones",
            )),
            ChannelEvent::Remove { channel_id } => {
                one_word(&channel_id, "the name of a channel")?;
                self.want(request, &commands::DELCHAN, &channel_id)
            }
            other => Err(unsupported(&other.into())),
        }
    }

    fn request_user(
        &mut self,
        now: Now,
        request: RequestId,
        event: UserEvent,
    ) -> Result<(), Error> {
        match event {
            UserEvent::Remove { user_id, .. } => {
                self.throw_out(request, &commands::KICK, &user_id, None)
            }
            UserEvent::Ban {
                reason: Some(reason),
                ..
            } if !reason.is_empty() => Err(Error::new(
                ErrorKind::Unsupported,
                "a ban has no reason on sockchat; leave it out",
            )),
            UserEvent::Ban { user_id, until, .. } => {
                let until = until.map(|until| (until, until - now.utc));
                self.throw_out(request, &commands::BAN, &user_id, until)
            }
            UserEvent::Update {
                channel_id: None,
                user_id,
                new_user,
            } if user_id.is_empty() || self.me.as_ref() == Some(&user_id) => {
                self.rename(request, new_user)
            }
            UserEvent::Update { .. } => Err(Error::new(
                ErrorKind::Unsupported,
                "only the own profile can be changed; leave channel_id out",
            )),
            UserEvent::Presence { presence, text, .. } => {
                self.be(request, presence, text.as_deref())
            }
            other => Err(unsupported(&other.into())),
        }
    }

    fn request_asset(&mut self, request: RequestId, event: AssetEvent) -> Result<(), Error> {
        match event {
            AssetEvent::New { asset, .. } => self.add_smiley(request, asset),
            AssetEvent::Remove { asset_id, .. } => self.remove_smiley(request, &asset_id),
            other => Err(unsupported(&other.into())),
        }
    }

    /// A message that waits is taken back; another one is deleted.
    fn delete(
        &mut self,
        request: RequestId,
        place: Option<&str>,
        message_id: &str,
    ) -> Result<(), Error> {
        if self.outbox.find(message_id).is_some() {
            let cancelled = self.outbox.cancel(message_id)?;
            self.events.extend(cancelled);
            self.finish(request, Ok(()));
            return Ok(());
        }
        if self.phase == Phase::Up && !self.rights.may(commands::DELETE.right) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "only moderators delete messages on this server",
            ));
        }
        let means_another = self.past.means_another(place, message_id);
        let message_id = self.past.id_of(message_id).to_owned();
        // With anything but digits one dialect deletes a channel of that name.
        if means_another
            || message_id.is_empty()
            || !message_id.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(Error::new(
                ErrorKind::NotFound,
                "the server has no message of this id",
            ));
        }
        self.want(request, &commands::DELETE, &message_id)
    }

    /// The user wants to be in another channel.
    fn go(&mut self, request: RequestId, channel: &str, key: Option<&str>) -> Result<(), Error> {
        one_word(channel, "the name of a channel")?;
        if channel.starts_with(DIRECT) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a private talk needs no joining; write to it",
            ));
        }
        let Some(key) = key else {
            // Going where one is means leaving it for a moment on one server, and an error on another.
            if self.places.current() == Some(channel) && self.phase == Phase::Up {
                self.finish(request, Ok(()));
                return Ok(());
            }
            if self.way_back.goal() == Some(channel) && self.phase == Phase::Up {
                self.way_back.join(request);
                return Ok(());
            }
            return self.want_way(request, channel, None);
        };
        one_line(key, "a password")?;
        let rest = format!("{channel} {key}");
        self.want_way(request, &rest, Some(Key(key.to_owned())))
    }

    fn create(&mut self, request: RequestId, channel: &Channel) -> Result<(), Error> {
        if channel.channel_type != ChannelType::Group {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "sockchat makes channels of the type Group",
            ));
        }
        let name = channel.name.as_deref().filter(|name| !name.is_empty());
        // A number before a space would be the rank that the channel asks for.
        let name = name.unwrap_or(&channel.id).trim().replace(' ', "_");
        one_word(&name, "the name of a channel")?;
        self.want(request, &commands::CREATE, &name)
    }

    fn throw_out(
        &mut self,
        request: RequestId,
        command: &'static Command,
        user_id: &str,
        until: Option<(DateTime<Utc>, chrono::TimeDelta)>,
    ) -> Result<(), Error> {
        let name = self.writable_name(user_id)?;
        let mut rest = name.to_owned();
        if let Some((_, length)) = until {
            // Servers take none for another thing: for ever, or for no ban at all.
            let seconds = length.num_seconds().max(1);
            let minutes = (seconds - 1) / 60 + 1;
            let time = if self.rights.is_original {
                minutes
            } else {
                seconds
            };
            rest = format!("{rest} {time}");
        }
        self.want_about(request, command, &rest, |asked| {
            asked.user_id = Some(user_id.into());
            asked.until = until.map(|(until, _)| until);
        })
    }

    fn rename(&mut self, request: RequestId, profile: Profile) -> Result<(), Error> {
        let name = profile.display_name.or(profile.username);
        let name = name.unwrap_or_default();
        // The server puts it there; and a number before a space would be somebody else's id.
        let name = name.trim().trim_start_matches('~').replace(' ', "_");
        if !name.is_empty() {
            one_word(&name, "a name")?;
        }
        self.want_about(request, &commands::NICK, &name, |asked| {
            asked.subject = Some(name.clone());
        })
    }

    fn be(
        &mut self,
        request: RequestId,
        presence: Presence,
        text: Option<&str>,
    ) -> Result<(), Error> {
        self.need_connection()?;
        match presence {
            Presence::Away => {
                let tag = text.unwrap_or_default().trim().replace(' ', "_");
                if !tag.is_empty() {
                    one_word(&tag, "what one is away for")?;
                }
                self.want(request, &commands::AFK, &tag)
            }
            Presence::Online if !self.people.am_away() => {
                self.finish(request, Ok(()));
                Ok(())
            }
            Presence::Online if self.rights.is_original => Err(Error::new(
                ErrorKind::Unsupported,
                "on this server only the next message ends being away",
            )),
            Presence::Online => {
                let current = self.places.current().unwrap_or_default().to_owned();
                self.want(request, &commands::BACK, &current)
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "on sockchat one is there or away",
            )),
        }
    }

    fn request_ping(&mut self, request: RequestId) -> Result<(), Error> {
        self.need_connection()?;
        let written: usize = self.pinged.iter().map(Vec::len).sum();
        if self.pings.len() + written >= MAX_REQUESTS {
            return Err(full());
        }
        self.pings.push(request);
        Ok(())
    }

    pub(super) fn need_connection(&self) -> Result<(), Error> {
        if self.phase == Phase::Up {
            return Ok(());
        }
        Err(Error::new(ErrorKind::State, "not connected"))
    }

    fn want(
        &mut self,
        request: RequestId,
        command: &'static Command,
        rest: &str,
    ) -> Result<(), Error> {
        self.want_about(request, command, rest, |_| {})
    }

    pub(super) fn want_about(
        &mut self,
        request: RequestId,
        command: &'static Command,
        rest: &str,
        more: impl FnOnce(&mut Asked),
    ) -> Result<(), Error> {
        self.need_connection()?;
        if self.requests.waiting.len() + self.answers.requests() >= MAX_REQUESTS {
            return Err(full());
        }
        let mut asked = self.asked(command, rest);
        more(&mut asked);
        self.requests.waiting.push_back(Wish {
            request,
            text: command.written(rest),
            asked,
        });
        Ok(())
    }

    /// A command that is going to be written.
    pub(super) fn asked(&self, command: &'static Command, rest: &str) -> Asked {
        let subject = command.subject(rest);
        let user_id = subject.as_deref().and_then(|name| self.people.find(name));
        Asked {
            command,
            user_id: user_id.map(Into::into),
            subject,
            key: None,
            until: None,
        }
    }

    /// The text of the request to be written next.
    pub(super) fn next_request(&mut self, now: Now) -> Option<String> {
        let Wish {
            request,
            text,
            asked,
        } = self.requests.waiting.pop_front()?;
        if asked.command.done.contains(&Sign::Back) {
            // It goes to where the user is, and the server says that they are there.
            self.places.expect_stay();
        }
        self.answers.expect(Open::asked(request, now.mono, asked));
        Some(text)
    }

    /// The server says something that may be an answer; returns what it answers.
    pub(super) fn answered(&mut self, notice: &Notice<'_>) -> Option<(Open, Result<(), Error>)> {
        let (open, result) = self.answers.take_notice(notice)?;
        let command = open.asked.as_ref().map(|asked| asked.command);
        let is_way = |command: &Command| {
            command.done.contains(&Sign::Moved) && command.refused.contains(&notice.code)
        };
        if command.is_some_and(is_way) {
            // It goes on to say where the user still is.
            self.places.expect_stay();
        }
        Some((open, result))
    }

    /// A request has ended, be it a message or not.
    pub(super) fn settle(&mut self, request: RequestId, result: Result<(), Error>) {
        if self.way_back.is(request) {
            return self.end_way_back(&result);
        }
        if !self.outbox.contains(request) {
            return self.finish(request, result);
        }
        let settled = match result {
            Ok(()) => self.outbox.confirm(request, |_| {}),
            Err(error) => self.outbox.fail(request, &error),
        };
        self.events.extend(settled);
    }

    /// An event that a command brought about, and its end; or one that came by itself.
    pub(super) fn brought(&mut self, open: Option<Open>, event: impl Into<ConnectionEvent>) {
        let Some(open) = open else {
            return self.event(event);
        };
        self.caused(open.request, event);
        self.settle(open.request, Ok(()));
    }

    pub(super) fn caused(&mut self, request: RequestId, event: impl Into<ConnectionEvent>) {
        if self.way_back.is(request) {
            return self.event(event);
        }
        self.events.push_back(SessionEvent::caused(request, event));
    }
}

fn unsupported(event: &ConnectionEvent) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("sockchat takes no {}", event.kind()),
    )
}

fn full() -> Error {
    Error::new(
        ErrorKind::Full,
        format!("{MAX_REQUESTS} requests are open already"),
    )
}

/// What stands in a command and ends with a space.
pub(super) fn one_word(word: &str, what: &str) -> Result<(), Error> {
    if word.is_empty() || word.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("{what} is one word"),
        ));
    }
    Ok(())
}

pub(super) fn one_line(line: &str, what: &str) -> Result<(), Error> {
    if line.contains(char::is_control) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("{what} is of one line"),
        ));
    }
    Ok(())
}
