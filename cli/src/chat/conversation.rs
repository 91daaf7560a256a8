//! A conversation: what is typed goes out, what happens is shown, and every own message is accounted for.

mod errands;
mod later;
mod news;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;
use kaiwa_protocols::client::{ConnectionState, Event};
use kaiwa_protocols::{
    AssetEvent, Channel, ChatEvent, ConnectionEvent, Error, ErrorInfo, ErrorKind, Id, Message,
    MessageFragment, MessageStatus, MessageType, RequestId,
};
use tokio::sync::mpsc;

use super::assets;
use super::commands::{self, Typed};
use super::ctrl_c::CtrlC;
use super::input::Input;
use super::jobs::Jobs;
use super::ledger::Ledger;
use super::present::Present;
use super::said::Said;
use super::screen::{Gone, Screen};
use super::show;
use super::shown::Shown;
use super::uploads::Uploads;
use crate::arrival::Arrival;
use crate::embedded::Home;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;

/// Events handled before the screen gets what they came to.
const EVENTS_AT_ONCE: usize = 64;

/// A conversation over a link that is signed in.
pub(crate) struct Conversation {
    link: Link,
    screen: Screen,
    input: mpsc::Receiver<Input>,
    /// The server of one's own, where it is that.
    home: Option<Home>,
    /// Whether lines that begin with `/` are commands.
    commands: bool,
    /// Where messages go; `None`: the network's current channel.
    channel: Option<Id>,
    /// Being there, where that matters: for commands, and until a wanted channel is joined.
    arrival: Option<Arrival>,
    /// Whether it was there once: what is told at the first sign-in is no news.
    arrived: bool,
    typing: bool,
    /// What has to wait: a line that found the outbox full, a command behind messages that are under way.
    held: Option<Typed>,
    ledger: Ledger,
    uploads: Uploads,
    /// Own messages that answer others, until the network has said how they went.
    answers: BTreeSet<RequestId>,
    /// What Ctrl-C gives up.
    key: Arc<CtrlC>,
    jobs: Jobs,
    shown: Shown,
    present: Present,
    /// Channels of which it was told that something from before is not shown.
    quiet: usize,
    /// With whom contact is asked for; other contacts are told at every sign-in and are no news.
    asked: BTreeSet<Id>,
    /// What was last told of topics.
    topics: BTreeMap<Id, Option<String>>,
    /// What the network has last said that can be joined.
    directory: Vec<Channel>,
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
    /// `channel` is the one to talk in, as the user calls it; without `commands` every line is a message.
    pub(crate) fn new(
        link: Link,
        screen: Screen,
        input: mpsc::Receiver<Input>,
        channel: Option<String>,
        commands: bool,
    ) -> Self {
        let matters = commands || channel.is_some();
        Self {
            link,
            screen,
            input,
            home: None,
            commands,
            channel: None,
            arrival: matters.then(|| Arrival::new(channel)),
            arrived: !matters,
            typing: true,
            held: None,
            ledger: Ledger::default(),
            uploads: Uploads::default(),
            answers: BTreeSet::new(),
            key: Arc::default(),
            jobs: Jobs::default(),
            shown: Shown::default(),
            present: Present::default(),
            quiet: 0,
            asked: BTreeSet::new(),
            topics: BTreeMap::new(),
            directory: Vec::new(),
            connected: true,
            ended: None,
        }
    }

    /// Keeps the server of one's own running.
    pub(crate) fn at_home(mut self, home: Home) -> Self {
        self.home = Some(home);
        self
    }

    /// Says something before anything is said.
    pub(crate) async fn say_of_oneself(&mut self, line: &str) {
        // A screen that is gone already ends the conversation, not this.
        let _ = self.screen.notice(line).await;
    }

    /// Lets a key give up what is on its way.
    pub(crate) fn with_key(mut self, key: Arc<CtrlC>) -> Self {
        self.uploads = Uploads::with(Arc::clone(&key));
        self.key = key;
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
        if let Some(arrival) = &mut self.arrival {
            arrival.connected(&self.link)?;
            if arrival.is_there() {
                self.arrive().await?;
            }
        }
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
                () = self.key.pressed() => self.give_up().await?,
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
        let open = self.held.is_some() || self.ledger.len() > 0 || !self.jobs.is_empty();
        !self.typing && !open && self.ended.is_none()
    }

    /// A person has seen what failed; a script has only this.
    fn outcome(&self) -> Code {
        if self.ledger.has_failures() && !self.screen.is_terminal() {
            return Code::UNDELIVERED;
        }
        Code::DONE
    }

    fn takes_input(&self) -> bool {
        let waits = self.held.is_some() || self.ledger.is_full() || self.jobs.is_full();
        // What a script says after a file comes after it.
        let files = self.uploads.len() > 0 && !self.screen.is_terminal();
        self.typing && self.ended.is_none() && !waits && !files && !self.is_moving()
    }

    /// Whether it is open what the next line means. A person waits until it is known where messages go; a script also until
    /// names are known and each command is carried out, so that it does the same each time.
    fn is_moving(&self) -> bool {
        let arriving = self.arrival.as_ref().filter(|arrival| !arrival.is_there());
        if self.screen.is_terminal() {
            self.jobs.is_moving() || arriving.is_some_and(Arrival::is_wanting)
        } else {
            !self.jobs.is_empty() || arriving.is_some()
        }
    }

    fn state(&self) -> ConnectionState {
        self.link
            .client
            .state(self.link.account)
            .unwrap_or_default()
    }

    fn here(&self, state: &ConnectionState) -> Option<Id> {
        self.channel.clone().or_else(|| show::current(state))
    }

    async fn typed(&mut self, input: Option<Input>) -> Result<(), Gone> {
        match input {
            Some(Input::Line(line)) if self.commands => self.act(commands::read(line)).await?,
            Some(Input::Line(text)) => self.say(text).await?,
            Some(Input::Bad(error)) => {
                self.ledger.refused();
                self.screen.notice(&error.chain()).await?;
            }
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
        let content = vec![MessageFragment::Text(text.clone())];
        if !self.send(content).await? {
            // Something is under way then, and its events are the time to try again.
            self.held = Some(Typed::Say(text));
        }
        Ok(())
    }

    /// Says something in the current channel; says whether there was room for it.
    async fn send(&mut self, content: Vec<MessageFragment>) -> Result<bool, Gone> {
        let channel_id = self.channel.clone();
        let message = Message {
            content,
            ..Message::text("", Utc::now())
        };
        let new = ChatEvent::New {
            channel_id: channel_id.clone(),
            message: message.clone(),
        };
        match self.link.client.send(self.link.account, new.into()) {
            Ok(request) => {
                self.ledger.sent(request);
                if message.reply_to().is_some() {
                    self.answers.insert(request);
                }
                self.uploads.begin(request, channel_id, &message.content);
                self.show_status().await?;
            }
            Err(error) if error.kind() == ErrorKind::Full => return Ok(false),
            Err(error) => {
                self.ledger.refused();
                let state = self.state();
                let text = assets::spelled(&state, channel_id.as_deref(), &message).plain_text();
                self.not_delivered(&text, &error.info()).await?;
            }
        }
        Ok(true)
    }

    async fn not_delivered(&mut self, text: &str, error: &ErrorInfo) -> Result<(), Gone> {
        let line = format!("not delivered: {}: {error}", show::shortened(text));
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
        if let Some(typed) = self.held.take() {
            self.act(typed).await?;
        }
        Ok(self.screen.flush()?)
    }

    async fn one(&mut self, event: Event) -> Result<(), Stop> {
        let Event { request, event, .. } = event;
        if let Some(arrival) = &mut self.arrival
            && arrival.note(&self.link, &event)?
        {
            self.arrive().await?;
        }
        let ours = self.is_ours(request);
        if let Some(request) = request {
            self.jobs.note(request, &event);
        }
        match event {
            ConnectionEvent::Chat { event } => self.chat(request, event).await?,
            ConnectionEvent::Status { event } => self.status(event).await?,
            // What a command has caused is told when it is done.
            ConnectionEvent::Channel { event } => self.channel(event, ours).await?,
            ConnectionEvent::User { event } => self.person(&event, ours).await?,
            ConnectionEvent::Asset {
                event: AssetEvent::Unavailable { error, .. },
            } if self.commands => {
                let line = format!("this network's emotes cannot be had: {error}");
                self.screen.notice(&line).await?;
            }
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
                    let said = self.newer(channel_id.as_deref(), &message);
                    self.screen.message(&said).await?;
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
                    // What a command has caused is told when it is done.
                    None if self.is_ours(request) => {}
                    None => self.changed(channel_id, &new_message).await?,
                }
            }
            ChatEvent::Remove {
                channel_id,
                message_id,
            } => self.forget(channel_id.as_deref(), &message_id),
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                let asked = self.is_ours(request);
                self.history(&channel_id, &messages, asked).await?;
            }
            ChatEvent::Gap { channel_id, .. } => self.gap(&channel_id).await?,
            ChatEvent::React { .. } if !self.is_ours(request) => self.reacted(event).await?,
            ChatEvent::Typing { .. } => self.show_status().await?,
            ChatEvent::Progress {
                message_id,
                sent,
                total,
                ..
            } if self.uploads.progress(&message_id, sent, total) => self.show_status().await?,
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
        let state = self.state();
        let text = assets::spelled(&state, channel_id, message).plain_text();
        if message.status == MessageStatus::Failed {
            self.ledger.failing(request, text);
            return Ok(());
        }
        if self.ledger.delivered(request) {
            let line = format!("delivered after all: {}", show::shortened(&text));
            self.screen.notice(&line).await?;
        }
        if let Some(command) = assets::run(&state, channel_id, message) {
            // What came of it is told by what the network says then.
            let line = format!("{command} is carried out");
            return self.screen.notice(&line).await;
        }
        let said = self.newer(channel_id, message);
        self.screen.delivered(&said).await?;
        if self.answers.contains(&request) && message.reply_to().is_none() {
            let line = "this network has no answers to messages; it went without what it answers";
            self.screen.notice(line).await?;
        }
        Ok(())
    }

    fn said(&self, channel_id: Option<&str>, message: &Message) -> Said {
        let state = self.state();
        Said::new(&state, self.here(&state).as_deref(), channel_id, message)
    }

    /// A message behind all others, as it is shown.
    fn newer(&mut self, channel_id: Option<&str>, message: &Message) -> Said {
        let state = self.state();
        let here = self.here(&state);
        if self.commands
            && let Some(place) = channel_id.or(here.as_deref())
        {
            self.shown.newer(place, message);
            self.present.listed(place);
        }
        Said::new(&state, here.as_deref(), channel_id, message)
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

#[cfg(test)]
mod tests;
