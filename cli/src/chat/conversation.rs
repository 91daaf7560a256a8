//! A conversation: what is typed goes out, what happens is shown, and every own message is accounted for.

use std::collections::BTreeSet;

use chrono::Utc;
use kaiwa_protocols::client::{ConnectionState, Event};
use kaiwa_protocols::{
    ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind, EventKind, Message,
    MessageStatus, MessageType, RequestId, StatusEvent,
};
use tokio::sync::mpsc;

use super::commands::{self, Typed};
use super::input::Input;
use super::screen::{Closed, Screen};
use super::show::{self, Said};
use crate::embedded::Home;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;

/// Own messages under way at once: enough to keep any server busy, few enough that their events are taken at once.
const UNDER_WAY: usize = 256;

/// Messages of unknown outcome remembered for a late confirmation, as many as an outbox remembers.
const UNKNOWN: usize = 256;

/// Events handled before the screen gets what they came to.
const EVENTS_AT_ONCE: usize = 64;

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
    under_way: BTreeSet<RequestId>,
    /// The text of the message that has just failed: the reason follows.
    failing: Option<(RequestId, String)>,
    /// Failed because nobody could tell; they may still arrive.
    unknown: BTreeSet<RequestId>,
    failed: u64,
    connected: bool,
    /// Why it ends, once it does.
    ended: Option<Code>,
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
            under_way: BTreeSet::new(),
            failing: None,
            unknown: BTreeSet::new(),
            failed: 0,
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
    /// Why the connection is over; [`ErrorKind::NotFound`] and the like for a channel that cannot be joined.
    pub(crate) async fn run(mut self, mut interrupt: Interrupt) -> Result<Code, Error> {
        let result = self.talk(&mut interrupt).await;
        self.screen.close().await;
        result
    }

    async fn talk(&mut self, interrupt: &mut Interrupt) -> Result<Code, Error> {
        self.join()?;
        loop {
            if self.is_settled() {
                self.end(if self.failed == 0 || self.screen.is_terminal() {
                    Code::DONE
                } else {
                    Code::UNDELIVERED
                });
            }
            let step = tokio::select! {
                code = interrupt.wait(), if self.ended.is_none() => {
                    self.end(code);
                    Ok(())
                }
                event = self.link.next() => match event? {
                    Some(event) => self.happened(event).await?,
                    None => return Ok(self.ended.unwrap_or(Code::INTERNAL)),
                },
                input = self.input.recv(), if self.takes_input() => self.typed(input).await,
                moved = revived(&mut self.home) => self.revived(moved).await?,
            };
            if step == Err(Closed) {
                // Whoever closed the pipe has seen enough.
                self.end(Code::DONE);
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
        !self.typing && self.held.is_none() && self.under_way.is_empty() && self.ended.is_none()
    }

    fn takes_input(&self) -> bool {
        self.typing
            && self.ended.is_none()
            && self.held.is_none()
            && self.joining.is_none()
            && self.under_way.len() < UNDER_WAY
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

    async fn typed(&mut self, input: Option<Input>) -> Result<(), Closed> {
        match input {
            Some(Input::Line(line)) if self.screen.is_terminal() => {
                let state = self.state();
                match commands::read(line, &state, self.here(&state).as_deref()) {
                    Typed::Say(text) => self.say(text).await,
                    Typed::Show(lines) => {
                        for line in lines {
                            self.screen.notice(&line).await?;
                        }
                        Ok(())
                    }
                }
            }
            Some(Input::Line(text)) => self.say(text).await,
            Some(Input::Bad(error)) => {
                self.failed += 1;
                self.screen.notice(&error.chain()).await
            }
            Some(Input::Interrupted) => {
                self.end(Code::INTERRUPTED);
                Ok(())
            }
            None => {
                self.typing = false;
                let waiting = self.under_way.len();
                if waiting > 0 && self.screen.is_terminal() {
                    let line =
                        format!("waiting for {waiting} messages to be delivered; Ctrl-C gives up");
                    return self.screen.notice(&line).await;
                }
                Ok(())
            }
        }
    }

    async fn say(&mut self, text: String) -> Result<(), Closed> {
        let new = ChatEvent::New {
            channel_id: self.channel.clone(),
            message: Message::text(text.clone(), Utc::now()),
        };
        match self.link.client.send(self.link.account, new.into()) {
            Ok(request) => {
                self.under_way.insert(request);
                Ok(())
            }
            // Something is under way then, and the events of that are the time to try again.
            Err(error) if error.kind() == ErrorKind::Full => {
                self.held = Some(text);
                Ok(())
            }
            Err(error) => self.not_delivered(&text, &error.info()).await,
        }
    }

    async fn not_delivered(&mut self, text: &str, error: &ErrorInfo) -> Result<(), Closed> {
        self.failed += 1;
        self.screen
            .notice(&format!("not delivered: {}: {error}", shortened(text)))
            .await
    }

    /// Handles an event and those that wait behind it.
    async fn happened(&mut self, event: Event) -> Result<Result<(), Closed>, Error> {
        let mut next = Some(event);
        let mut count = 0;
        while let Some(event) = next.take() {
            if let Err(closed) = self.one(event).await? {
                return Ok(Err(closed));
            }
            count += 1;
            if count < EVENTS_AT_ONCE {
                next = self.link.try_next();
            }
        }
        if let Some(text) = self.held.take() {
            if let Err(closed) = self.say(text).await {
                return Ok(Err(closed));
            }
        }
        Ok(self.screen.flush())
    }

    async fn one(&mut self, event: Event) -> Result<Result<(), Closed>, Error> {
        let Event { request, event, .. } = event;
        Ok(match event {
            ConnectionEvent::Chat { event } => self.chat(request, event).await,
            ConnectionEvent::Status { event } => return self.status(event).await,
            ConnectionEvent::Channel { event } => self.channel(event).await,
            _ => Ok(()),
        })
    }

    async fn chat(&mut self, request: Option<RequestId>, event: ChatEvent) -> Result<(), Closed> {
        match event {
            ChatEvent::New {
                channel_id,
                message,
            } => {
                // The local echo of an own message is shown when it is delivered.
                if message.status == MessageStatus::Sent
                    && message.message_type == MessageType::CurrentUser
                {
                    return Ok(());
                }
                self.show(channel_id.as_deref(), &message).await
            }
            ChatEvent::Update {
                channel_id,
                new_message,
                ..
            } => match request {
                Some(request) if self.is_own(request) => {
                    self.settled(request, channel_id.as_deref(), &new_message)
                        .await
                }
                _ if new_message.status == MessageStatus::Edited && self.screen.is_terminal() => {
                    let said = self.said(channel_id.as_deref(), &new_message);
                    self.screen
                        .notice(&format!("{} has edited: {}", said.name, said.text))
                        .await
                }
                _ => Ok(()),
            },
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                for message in &messages {
                    let said = self.said(Some(&channel_id), message);
                    self.screen.earlier(&said).await?;
                }
                Ok(())
            }
            ChatEvent::Gap { .. } => self.screen.notice("messages may be missing here").await,
            _ => Ok(()),
        }
    }

    fn is_own(&self, request: RequestId) -> bool {
        self.under_way.contains(&request) || self.unknown.contains(&request)
    }

    /// An own message has got as far as it will.
    async fn settled(
        &mut self,
        request: RequestId,
        channel_id: Option<&str>,
        message: &Message,
    ) -> Result<(), Closed> {
        if message.status == MessageStatus::Failed {
            self.failing = Some((request, message.plain_text()));
            return Ok(());
        }
        if self.unknown.remove(&request) {
            self.failed = self.failed.saturating_sub(1);
            let line = format!("delivered after all: {}", shortened(&message.plain_text()));
            self.screen.notice(&line).await?;
        }
        self.show(channel_id, message).await
    }

    async fn show(&mut self, channel_id: Option<&str>, message: &Message) -> Result<(), Closed> {
        let said = self.said(channel_id, message);
        self.screen.message(&said).await
    }

    fn said(&self, channel_id: Option<&str>, message: &Message) -> Said {
        let state = self.state();
        Said::new(&state, self.here(&state).as_deref(), channel_id, message)
    }

    async fn status(&mut self, event: StatusEvent) -> Result<Result<(), Closed>, Error> {
        match event {
            StatusEvent::Connected { .. } => {
                if let Some(home) = &mut self.home {
                    home.arrived();
                }
                if !std::mem::replace(&mut self.connected, true) {
                    return Ok(self.screen.notice("connected again").await);
                }
            }
            StatusEvent::Lost {
                error,
                retry_in_ms: Some(wait),
            } if self.ended.is_none() => {
                self.connected = false;
                if let Some(home) = &mut self.home {
                    home.revive();
                }
                let line = format!(
                    "connection lost: {error}; trying again in {:.1} s",
                    seconds(wait)
                );
                return Ok(self.screen.notice(&line).await);
            }
            StatusEvent::Done { request } => {
                self.under_way.remove(&request);
                if self.joining == Some(request) {
                    self.joining = None;
                }
            }
            StatusEvent::Failed { request, error } => {
                if self.joining == Some(request) {
                    return Err(error.into());
                }
                if self.under_way.remove(&request) {
                    return Ok(self.failed(request, &error).await);
                }
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    async fn failed(&mut self, request: RequestId, error: &ErrorInfo) -> Result<(), Closed> {
        if error.kind == ErrorKind::OutcomeUnknown {
            if self.unknown.len() >= UNKNOWN {
                self.unknown.pop_first();
            }
            self.unknown.insert(request);
        }
        let text = match self.failing.take() {
            Some((failing, text)) if failing == request => text,
            _ => String::new(),
        };
        self.not_delivered(&text, error).await
    }

    /// A new server is there, in the place of one's own that has died.
    async fn revived(&mut self, moved: Result<bool, Error>) -> Result<Result<(), Closed>, Error> {
        match (moved, &self.home) {
            (Ok(true), Some(home)) => self.link.redirect(home.form()).await?,
            (Ok(_), _) => self.link.client.network_changed(),
            (Err(error), _) => return Ok(self.screen.notice(&error.chain()).await),
        }
        Ok(Ok(()))
    }

    async fn channel(&mut self, event: ChannelEvent) -> Result<(), Closed> {
        let line = match event {
            ChannelEvent::Kick {
                channel_id,
                reason,
                ban,
            } => {
                let place = channel_id.map_or("the network".to_owned(), |id| {
                    show::channel_name(&self.state(), &id)
                });
                let what = if ban { "banned" } else { "removed" };
                let why = reason
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_default();
                format!("you were {what} from {place}{why}")
            }
            ChannelEvent::Switch { channel_id } if self.screen.is_terminal() => {
                format!(
                    "the current channel is {}",
                    show::channel_name(&self.state(), &channel_id)
                )
            }
            _ => return Ok(()),
        };
        self.screen.notice(&line).await
    }
}

async fn revived(home: &mut Option<Home>) -> Result<bool, Error> {
    match home {
        Some(home) => home.revived().await,
        None => std::future::pending().await,
    }
}

fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

/// A message in a line about it: its beginning tells which it is.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
