//! What the user says, on its way to the server: messages, private ones, commands.

use kaiwa_core::outbox::Pending;
use kaiwa_core::session::Now;
use kaiwa_core::{Error, ErrorKind, Id, Message, MessageFragment, RequestId};

use super::SockchatSession;
use super::answers::{Asked, Echo, EchoKind, Open};
use super::commands::{self, About, Command};
use super::requests::one_line;
use super::talk::DIRECT;
use crate::sockchat::wire::defused;
use crate::text::bbcode;

/// What servers and clients put in the place of a TAB.
const TAB: &str = "    ";

/// What is written for a message, and what will say that it arrived.
struct Outgoing {
    text: String,
    asked: Option<Asked>,
    echo: Option<Echo>,
}

impl SockchatSession {
    /// The user says something.
    pub(super) fn say(
        &mut self,
        now: Now,
        request: RequestId,
        channel_id: Option<Id>,
        mut message: Message,
    ) -> Result<(), Error> {
        if self.login.is_none() {
            return Err(Error::new(
                ErrorKind::State,
                "not connected; call connect first",
            ));
        }
        let is_upload = |part: &MessageFragment| matches!(part, MessageFragment::Upload { .. });
        if message.content.iter().any(is_upload) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "sockchat carries no files of this machine",
            ));
        }
        message.content.retain(MessageFragment::is_shown);
        let here = self.way_back.goal().or_else(|| self.places.current());
        let place = channel_id.or_else(|| here.map(Into::into));
        let is_known = |place: &&str| self.is_up() && !self.awaits_names(place);
        match place.as_deref().filter(is_known) {
            Some(place) => {
                self.outgoing(place, &message)?;
            }
            // Whether it can be sent there shows when there is a connection.
            None => {
                if command_of(&message)?.is_none() {
                    self.wire_text(&message.content)?;
                }
            }
        }
        message.sender_id.clone_from(&self.me);
        let echo = self.outbox.accept(now, request, place, message)?;
        self.events.push_back(echo);
        Ok(())
    }

    /// The text of the message to be written next; one that cannot be written any more fails.
    pub(super) fn next_message(&mut self, now: Now) -> Option<String> {
        loop {
            let pending = self.next_to_say()?;
            let request = pending.request;
            let place = pending.channel_id.or_else(|| self.places.current())?;
            let outgoing = self.is_here(place);
            let outgoing = match outgoing.and_then(|()| self.outgoing(place, pending.message)) {
                Ok(outgoing) => outgoing,
                Err(error) => {
                    let failed = self.outbox.fail(request, &error);
                    self.events.extend(failed);
                    continue;
                }
            };
            self.outbox.written(now, request);
            self.answers.expect(Open {
                request,
                at: now.mono,
                is_late: false,
                asked: outgoing.asked,
                echo: outgoing.echo,
            });
            return Some(outgoing.text);
        }
    }

    /// The message to be written next. While the session takes the user back to their channel private ones go ahead, once
    /// it is known who is there.
    pub(super) fn next_to_say(&self) -> Option<Pending<'_>> {
        let awaits = |place: &str| self.awaits_names(place);
        if !self.is_on_the_way() {
            let next = self.outbox.next_waiting()?;
            return (!next.channel_id.is_some_and(awaits)).then_some(next);
        }
        self.way_back.goal()?;
        self.places.current()?;
        let may_go = |place: &str| place.starts_with(DIRECT) && !awaits(place);
        let mut waiting = self.outbox.waiting();
        waiting.find(|pending| pending.channel_id.is_some_and(may_go))
    }

    /// Whether it is told in a moment who is there, without whom nobody can be written to in private.
    fn awaits_names(&self, place: &str) -> bool {
        place.starts_with(DIRECT) && self.backlog.awaits_users()
    }

    /// Whether messages have to wait: while the user may be on the way to another channel they would be said there.
    fn is_on_the_way(&self) -> bool {
        self.places.current().is_none()
            || self.way_back.goal().is_some()
            || self.answers.asked(|asked| asked.command.moves()).is_some()
    }

    fn outgoing(&self, place: &str, message: &Message) -> Result<Outgoing, Error> {
        let outgoing = match command_of(message)? {
            Some((command, rest)) => self.outgoing_command(place, command, rest)?,
            None => self.outgoing_message(place, message)?,
        };
        let limit = self.rights.limit.unwrap_or(u64::MAX);
        if outgoing.text.chars().count() as u64 > limit {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!("the message is longer than the {limit} characters that the server takes"),
            ));
        }
        Ok(outgoing)
    }

    fn outgoing_message(&self, place: &str, message: &Message) -> Result<Outgoing, Error> {
        let text = self.wire_text(&message.content)?;
        let Some(user_id) = place.strip_prefix(DIRECT) else {
            let echo = Some(Echo::new(EchoKind::Plain, place, &text));
            return Ok(Outgoing {
                text,
                asked: None,
                echo,
            });
        };
        let name = self.writable_name(user_id)?;
        let echo = Some(Echo::new(EchoKind::Private, place, &text));
        let rest = format!("{name} {text}");
        Ok(Outgoing {
            text: commands::MSG.written(&rest),
            asked: Some(self.asked(&commands::MSG, &rest)),
            echo,
        })
    }

    fn outgoing_command(
        &self,
        place: &str,
        command: &'static Command,
        rest: &[MessageFragment],
    ) -> Result<Outgoing, Error> {
        if !self.rights.may(command.right) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("you may not use /{}", command.name),
            ));
        }
        if place.starts_with(DIRECT) && command.name == commands::ME.name {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "what one does is said to everybody, not in private",
            ));
        }
        let rest = if command.about == About::Text {
            self.typed(rest)
        } else {
            // Brackets in a password are no markup.
            let rest = plain(rest);
            one_line(&rest, "a command")?;
            rest
        };
        if rest.split_whitespace().count() < command.required {
            let needed = command.arguments.join(" ");
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("/{} wants: {needed}", command.name),
            ));
        }
        let is_echoed = command.done.is_empty();
        Ok(Outgoing {
            text: command.written(&rest),
            asked: Some(self.asked(command, &rest)),
            echo: is_echoed.then(|| Echo::new(EchoKind::Action, place, &rest)),
        })
    }

    /// The text of a message as it is written.
    fn wire_text(&self, content: &[MessageFragment]) -> Result<String, Error> {
        let text = self.typed(content);
        if text.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "servers drop a message of spaces only",
            ));
        }
        Ok(defused(&text).into_owned())
    }

    fn typed(&self, content: &[MessageFragment]) -> String {
        let text = bbcode::render(content, &self.assets.emotes);
        text.replace('\t', TAB).trim().to_owned()
    }

    /// Asked when it is written only: until then the user may go there, and a refusal as not connected would let the client
    /// hand it over again and again.
    fn is_here(&self, place: &str) -> Result<(), Error> {
        if place.starts_with(DIRECT) || self.places.current() == Some(place) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::State,
            "sockchat is in one channel at a time; switch to it first",
        ))
    }
}

/// Arguments that are no text for people.
fn plain(arguments: &[MessageFragment]) -> String {
    let mut message = Message::text("", chrono::DateTime::UNIX_EPOCH);
    message.content = arguments.to_vec();
    message.plain_text().trim().to_owned()
}

/// The command that a message runs, and its arguments.
fn command_of(message: &Message) -> Result<Option<(&'static Command, &[MessageFragment])>, Error> {
    let Some((MessageFragment::AssetId(id), rest)) = message.content.split_first() else {
        return Ok(None);
    };
    match commands::of_asset(id) {
        None => Ok(None),
        Some(Some(command)) => Ok(Some((command, rest))),
        Some(None) => Err(Error::new(
            ErrorKind::NotFound,
            "there is no command of this id",
        )),
    }
}
