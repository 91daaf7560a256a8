//! A conversation: what is typed goes out, what happens is shown, and every own message is accounted for.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::Utc;
use kaiwa_protocols::client::{ConnectionState, Event};
use kaiwa_protocols::{
    ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind, EventKind, Message,
    MessageStatus, MessageType, RequestId, StatusEvent, UserEvent,
};
use tokio::sync::mpsc;

use super::commands::{self, Typed};
use super::input::Input;
use super::ledger::Ledger;
use super::screen::{Gone, Screen};
use super::show::{self, Said};
use crate::embedded::Home;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;

/// Events handled before the screen gets what they came to.
const EVENTS_AT_ONCE: usize = 64;

/// Characters of a message shown in a line about it: its beginning tells which it is.
const SHOWN_CHARS: usize = 60;

/// Requests for contact whose answer is shown when it comes: more than a person can have in mind.
const REQUESTS: usize = 1000;

/// A conversation over a link that is signed in.
pub(crate) struct Conversation {
    link: Link,
    screen: Screen,
    input: mpsc::Receiver<Input>,
    /// The server of one's own, where it is that.
    home: Option<Home>,
    /// Where messages go; `None`: the current channel.
    channel: Option<String>,
    /// The joining of `channel`, until it is settled.
    joining: Option<RequestId>,
    typing: bool,
    /// A line that found the outbox full.
    held: Option<String>,
    ledger: Ledger,
    /// With whom contact is asked for; other contacts are told at every sign-in and are no news.
    asked: BTreeSet<String>,
    connected: bool,
    /// Why it ends, once it does.
    ended: Option<Code>,
}

/// Why a step was the last.
enum Stop {
    /// Nobody reads the output any more.
    Closed,
    Failed(Error),
}

impl From<Gone> for Stop {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Closed => Self::Closed,
            Gone::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Conversation {
    pub(crate) fn new(
        link: Link,
        screen: Screen,
        input: mpsc::Receiver<Input>,
        channel: Option<String>,
    ) -> Self {
        Self {
            link,
            screen,
            input,
            home: None,
            channel,
            joining: None,
            typing: true,
            held: None,
            ledger: Ledger::default(),
            asked: BTreeSet::new(),
            connected: true,
            ended: None,
        }
    }

    /// Keeps the server of one's own running.
    pub(crate) fn at_home(mut self, home: Home) -> Self {
        self.home = Some(home);
        self
    }

    /// Talks until the input has ended and everything is settled, a signal comes, or the connection is over.
    ///
    /// # Errors
    /// Why the connection is over, or why the channel cannot be joined.
    pub(crate) async fn run(mut self, mut interrupt: Interrupt) -> Result<Code, Error> {
        let result = self.talk(&mut interrupt).await;
        self.screen.close().await;
        self.link.hang_up().await;
        match result {
            Ok(code) => Ok(code),
            Err(Stop::Failed(error)) => Err(error),
            // Whoever has closed the pipe has seen enough.
            Err(Stop::Closed) => Ok(Code::DONE),
        }
    }

    async fn talk(&mut self, interrupt: &mut Interrupt) -> Result<Code, Stop> {
        self.join()?;
        loop {
            if self.is_settled() {
                self.end(self.outcome());
            }
            tokio::select! {
                code = interrupt.wait(), if self.ended.is_none() => self.end(code),
                event = self.link.next() => match event? {
                    Some(event) => self.happened(event).await?,
                    None => return Ok(self.ended.unwrap_or(Code::INTERNAL)),
                },
                input = self.input.recv(), if self.takes_input() => self.typed(input).await?,
                moved = revived(&mut self.home) => self.revived(moved).await?,
            }
        }
    }

    /// Signs out; the first reason counts.
    fn end(&mut self, code: Code) {
        if self.ended.is_none() {
            self.ended = Some(code);
            self.link.leave();
        }
    }

    fn is_settled(&self) -> bool {
        !self.typing && self.held.is_none() && self.ledger.len() == 0 && self.ended.is_none()
    }

    /// A person has seen what failed; a script has only this.
    fn outcome(&self) -> Code {
        if self.ledger.has_failures() && !self.screen.is_terminal() {
            return Code::UNDELIVERED;
        }
        Code::DONE
    }

    fn takes_input(&self) -> bool {
        let waits = self.held.is_some() || self.joining.is_some() || self.ledger.is_full();
        self.typing && self.ended.is_none() && !waits
    }

    fn state(&self) -> ConnectionState {
        self.link
            .client
            .state(self.link.account)
            .unwrap_or_default()
    }

    fn here(&self, state: &ConnectionState) -> Option<String> {
        self.channel.clone().or_else(|| show::current(state))
    }

    /// Joins the wanted channel where the network knows joining.
    fn join(&mut self) -> Result<(), Error> {
        let Some(channel_id) = self.channel.clone() else {
            return Ok(());
        };
        let capabilities = self.link.client.capabilities(self.link.account)?;
        if capabilities.can_send(EventKind::ChannelJoin) {
            let join = ChannelEvent::Join { channel_id };
            self.joining = Some(self.link.client.send(self.link.account, join.into())?);
        }
        Ok(())
    }

    async fn typed(&mut self, input: Option<Input>) -> Result<(), Gone> {
        match input {
            Some(Input::Line(line)) if self.screen.is_terminal() => {
                let state = self.state();
                match commands::read(line, &state, self.here(&state).as_deref()) {
                    Typed::Say(text) => self.say(text).await?,
                    Typed::Show(lines) => {
                        for line in lines {
                            self.screen.notice(&line).await?;
                        }
                    }
                }
            }
            Some(Input::Line(text)) => self.say(text).await?,
            Some(Input::Bad(error)) => {
                self.ledger.refused();
                self.screen.notice(&error.chain()).await?;
            }
            Some(Input::Interrupted) => self.end(Code::INTERRUPTED),
            None => {
                self.typing = false;
                let waiting = self.ledger.len();
                if waiting > 0 && self.screen.is_terminal() {
                    let line =
                        format!("not delivered yet: {waiting} of your messages; Ctrl-C gives up");
                    self.screen.notice(&line).await?;
                }
            }
        }
        Ok(())
    }

    async fn say(&mut self, text: String) -> Result<(), Gone> {
        let new = ChatEvent::New {
            channel_id: self.channel.clone(),
            message: Message::text(text.clone(), Utc::now()),
        };
        match self.link.client.send(self.link.account, new.into()) {
            Ok(request) => self.ledger.sent(request),
            // Something is under way then, and its events are the time to try again.
            Err(error) if error.kind() == ErrorKind::Full => self.held = Some(text),
            Err(error) => {
                self.ledger.refused();
                self.not_delivered(&text, &error.info()).await?;
            }
        }
        Ok(())
    }

    async fn not_delivered(&mut self, text: &str, error: &ErrorInfo) -> Result<(), Gone> {
        let line = format!("not delivered: {}: {error}", shortened(text));
        self.screen.notice(&line).await
    }

    /// Handles an event and those that wait behind it.
    async fn happened(&mut self, event: Event) -> Result<(), Stop> {
        self.one(event).await?;
        for _ in 1..EVENTS_AT_ONCE {
            let Some(event) = self.link.try_next() else {
                break;
            };
            self.one(event).await?;
        }
        if let Some(text) = self.held.take() {
            self.say(text).await?;
        }
        Ok(self.screen.flush()?)
    }

    async fn one(&mut self, event: Event) -> Result<(), Stop> {
        let Event { request, event, .. } = event;
        match event {
            ConnectionEvent::Chat { event } => self.chat(request, event).await?,
            ConnectionEvent::Status { event } => self.status(event).await?,
            ConnectionEvent::Channel { event } => self.channel(event).await?,
            ConnectionEvent::User { event } => self.person(&event).await?,
            _ => {}
        }
        Ok(())
    }

    async fn chat(&mut self, request: Option<RequestId>, event: ChatEvent) -> Result<(), Gone> {
        match event {
            ChatEvent::New {
                channel_id,
                message,
            } => {
                // The local echo: an own message is shown when it is delivered.
                let echo = message.status == MessageStatus::Sent
                    && message.message_type == MessageType::CurrentUser;
                if !echo {
                    self.show(channel_id.as_deref(), &message).await?;
                }
            }
            ChatEvent::Update {
                channel_id,
                new_message,
                ..
            } => {
                let channel_id = channel_id.as_deref();
                match request.filter(|request| self.ledger.knows(*request)) {
                    Some(request) => self.settled(request, channel_id, &new_message).await?,
                    None => self.edited(channel_id, &new_message).await?,
                }
            }
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                for message in &messages {
                    let said = self.said(Some(&channel_id), message);
                    self.screen.earlier(&said).await?;
                }
            }
            ChatEvent::Gap { .. } => self.screen.notice("messages may be missing here").await?,
            _ => {}
        }
        Ok(())
    }

    /// An own message has got as far as it will.
    async fn settled(
        &mut self,
        request: RequestId,
        channel_id: Option<&str>,
        message: &Message,
    ) -> Result<(), Gone> {
        if message.status == MessageStatus::Failed {
            self.ledger.failing(request, message.plain_text());
            return Ok(());
        }
        if self.ledger.delivered(request) {
            let line = format!("delivered after all: {}", shortened(&message.plain_text()));
            self.screen.notice(&line).await?;
        }
        self.show(channel_id, message).await
    }

    async fn edited(&mut self, channel_id: Option<&str>, message: &Message) -> Result<(), Gone> {
        if message.status != MessageStatus::Edited || !self.screen.is_terminal() {
            return Ok(());
        }
        let said = self.said(channel_id, message);
        let line = format!("{} has edited: {}", said.name, said.text);
        self.screen.notice(&line).await
    }

    async fn show(&mut self, channel_id: Option<&str>, message: &Message) -> Result<(), Gone> {
        let said = self.said(channel_id, message);
        self.screen.message(&said).await
    }

    fn said(&self, channel_id: Option<&str>, message: &Message) -> Said {
        let state = self.state();
        Said::new(&state, self.here(&state).as_deref(), channel_id, message)
    }

    async fn status(&mut self, event: StatusEvent) -> Result<(), Stop> {
        match event {
            StatusEvent::Connected { .. } => {
                if let Some(home) = &mut self.home {
                    home.arrived();
                }
                if !std::mem::replace(&mut self.connected, true) {
                    self.screen.notice("connected again").await?;
                }
            }
            StatusEvent::Lost {
                error,
                retry_in_ms: Some(wait),
            } if !self.link.is_over() => {
                self.connected = false;
                if let Some(home) = &mut self.home {
                    home.revive();
                }
                let wait = Duration::from_millis(wait).as_secs_f64();
                let line = format!("connection lost: {error}; trying again in {wait:.1} s");
                self.screen.notice(&line).await?;
            }
            StatusEvent::Done { request } => {
                self.ledger.done(request);
                self.joining.take_if(|joining| *joining == request);
            }
            StatusEvent::Failed { request, error } => {
                if self.joining == Some(request) {
                    return Err(Error::from(error).into());
                }
                if let Some(text) = self.ledger.failed(request, error.kind) {
                    self.not_delivered(&text, &error).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn channel(&mut self, event: ChannelEvent) -> Result<(), Gone> {
        let line = match event {
            ChannelEvent::Kick {
                channel_id,
                reason,
                ban,
            } => {
                let place = match channel_id {
                    Some(id) => show::channel_name(&self.state(), &id),
                    None => "the network".to_owned(),
                };
                let what = if ban { "banned" } else { "removed" };
                let why = reason
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_default();
                format!("you were {what} from {place}{why}")
            }
            ChannelEvent::Switch { channel_id } if self.screen.is_terminal() => {
                let name = show::channel_name(&self.state(), &channel_id);
                format!("the current channel is {name}")
            }
            ChannelEvent::Topic { channel_id, topic } if self.screen.is_terminal() => {
                let state = self.state();
                if self.here(&state).as_ref() != Some(&channel_id) {
                    return Ok(());
                }
                show::topic(&state, &channel_id, topic.as_deref())
            }
            _ => return Ok(()),
        };
        self.screen.notice(&line).await
    }

    async fn person(&mut self, event: &UserEvent) -> Result<(), Gone> {
        let news = match event {
            UserEvent::Request { user_id, .. } => {
                let room = self.asked.len() < REQUESTS;
                room && self.asked.insert(user_id.clone())
            }
            UserEvent::Respond { user_id, accept } => self.asked.remove(user_id) || !accept,
            UserEvent::Presence { .. } => self.screen.is_terminal(),
            _ => false,
        };
        match show::sentence(&self.state(), event).filter(|_| news) {
            Some(line) => self.screen.notice(&line).await,
            None => Ok(()),
        }
    }

    /// A new server is there, in the place of one's own that has died.
    async fn revived(&mut self, moved: Result<bool, Error>) -> Result<(), Stop> {
        match (moved, &self.home) {
            (Ok(true), Some(home)) => self.link.redirect(home.form())?,
            (Ok(_), _) => self.link.client.network_changed(),
            (Err(error), _) => self.screen.notice(&error.chain()).await?,
        }
        Ok(())
    }
}

async fn revived(home: &mut Option<Home>) -> Result<bool, Error> {
    match home {
        Some(home) => home.revived().await,
        None => std::future::pending().await,
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
