//! What happens besides messages of now: the connection, channels and people, and what was said before.

use std::time::Duration;

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{
    ChannelEvent, ChannelType, Id, Message, MessageStatus, StatusEvent, UserEvent,
};

use super::super::screen::Gone;
use super::super::{circles, lists, show};
use super::{Conversation, Stop};

/// Requests for contact whose answer is shown when it comes: more than a person can have in mind.
const REQUESTS: usize = 1000;

/// Channels that are named for what was said in them before; of more it is told once.
const QUIET: usize = 20;

/// Topics kept, to tell which is another: as many as a state keeps channels.
const TOPICS: usize = 10_000;

impl Conversation {
    pub(super) async fn status(&mut self, event: StatusEvent) -> Result<(), Stop> {
        if let StatusEvent::Done { request } | StatusEvent::Failed { request, .. } = &event {
            self.let_go(*request).await?;
        }
        match &event {
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
                let wait = Duration::from_millis(*wait).as_secs_f64();
                let line = format!("connection lost: {error}; trying again in {wait:.1} s");
                self.screen.notice(&line).await?;
            }
            StatusEvent::Done { request } => self.ledger.done(*request),
            StatusEvent::Failed { request, error } => {
                if let Some(text) = self.ledger.failed(*request, error.kind) {
                    self.not_delivered(&text, error).await?;
                }
            }
            _ => {}
        }
        Ok(self.answered(&event).await?)
    }

    /// Everything from before has been told, and the wanted channel is joined.
    pub(super) async fn arrive(&mut self) -> Result<(), Gone> {
        if let Some(channel_id) = self.arrival.as_mut().and_then(super::Arrival::take_channel) {
            self.channel = Some(channel_id);
        }
        let first = !std::mem::replace(&mut self.arrived, true);
        if !self.commands {
            self.arrival = None;
        } else if first {
            self.welcome().await?;
        }
        Ok(())
    }

    /// Where one is, what was said there before, and where else something was.
    async fn welcome(&mut self) -> Result<(), Gone> {
        let state = self.state();
        let Some(here) = self.here(&state) else {
            let line = "no channel is current; /channels shows them, /switch CHANNEL makes one so";
            return self.screen.notice(line).await;
        };
        if !self.screen.is_terminal() {
            return Ok(());
        }
        let lines = show::place(&state, &here);
        self.notices(&lines).await?;
        if let Some(channel) = state.channels.get(&here) {
            let until = self.shown.oldest(&here).map(Id::from);
            let settled = |message: &&Message| {
                !matches!(message.status, MessageStatus::Sent | MessageStatus::Failed)
            };
            let earlier: Vec<Message> = channel
                .messages
                .iter()
                .take_while(|message| until.is_none() || message.id != until)
                .filter(settled)
                .cloned()
                .collect();
            self.past(&here, &earlier).await?;
            self.shown.older(&here, &earlier);
        }
        let shown = |id: &str| self.shown.oldest(id).is_some();
        match lists::before(&state, shown) {
            Some(line) => self.screen.notice(&line).await,
            None => Ok(()),
        }
    }

    /// Messages from before; `asked` for by a command, told at sign-in, or missed.
    pub(super) async fn history(
        &mut self,
        channel_id: &str,
        messages: &[Message],
        asked: bool,
    ) -> Result<(), Gone> {
        if asked {
            let name = show::channel_name(&self.state(), channel_id);
            if !messages.is_empty() {
                self.screen.notice(&format!("earlier in {name}:")).await?;
            }
            for message in messages {
                let said = self.said(Some(channel_id), message);
                self.screen.asked(&said).await?;
            }
            self.shown.older(channel_id, messages);
            return Ok(());
        }
        self.present.listed(channel_id);
        // What is told at the first sign-in is shown when it is known which channel is current.
        if !self.arrived {
            return Ok(());
        }
        if !self.commands || !self.screen.is_terminal() {
            return self.past(channel_id, messages).await;
        }
        let state = self.state();
        let here = self.here(&state).as_deref() == Some(channel_id);
        if !here && self.shown.newest(channel_id).is_none() {
            return self
                .quiet(&show::channel_name(&state, channel_id), messages)
                .await;
        }
        self.past(channel_id, messages).await?;
        for message in messages {
            self.shown.newer(channel_id, message);
        }
        Ok(())
    }

    /// Something from before in a channel that was never shown: `/history` shows it when somebody goes there.
    async fn quiet(&mut self, name: &str, messages: &[Message]) -> Result<(), Gone> {
        self.quiet += usize::from(!messages.is_empty());
        let line = match self.quiet {
            0 => return Ok(()),
            1..=QUIET => format!("from before in {name}: {}, not shown", messages.len()),
            more if more == QUIET + 1 => "from before in more channels, not shown".to_owned(),
            _ => return Ok(()),
        };
        let what_to_do = "/switch CHANNEL, then /history";
        self.screen.notice(&format!("{line}; {what_to_do}")).await
    }

    async fn past(&mut self, channel_id: &str, messages: &[Message]) -> Result<(), Gone> {
        for message in messages {
            let said = self.said(Some(channel_id), message);
            self.screen.earlier(&said).await?;
        }
        Ok(())
    }

    pub(super) async fn gap(&mut self, channel_id: &str) -> Result<(), Gone> {
        let state = self.state();
        let line = if self.here(&state).as_deref() == Some(channel_id) || state.channels.len() < 2 {
            "messages may be missing here".to_owned()
        } else {
            let name = show::channel_name(&state, channel_id);
            format!("messages may be missing in {name}")
        };
        self.screen.notice(&line).await
    }

    /// A message is gone.
    pub(super) fn forget(&mut self, channel_id: Option<&str>, message_id: &str) {
        let state = self.state();
        let here = self.here(&state);
        let Some(place) = channel_id.or(here.as_deref()) else {
            return;
        };
        let log = state.channels.get(place).map(|channel| &channel.messages);
        let first = log.and_then(|log| log.first());
        let last = log.and_then(|log| log.last());
        self.shown.gone(place, message_id, first, last);
    }

    /// Something about channels; `ours` was caused by a command, which tells of it itself.
    pub(super) async fn channel(&mut self, event: ChannelEvent, ours: bool) -> Result<(), Gone> {
        // Nor does every network say what has caused it.
        let moves = matches!(
            event,
            ChannelEvent::Join { .. } | ChannelEvent::Leave { .. } | ChannelEvent::Switch { .. }
        );
        let told = ours || (moves && self.jobs.is_moving());
        let line = self.place_news(&event).filter(|_| !told);
        // Some networks tell again what a command has caused.
        let line = line.filter(|_| self.is_another_topic(&event));
        let ranks = self.ranks(&event);
        if self.commands {
            self.follow(&event);
        }
        if let Some(line) = line {
            self.screen.notice(&line).await?;
        }
        if ours {
            return Ok(());
        }
        self.notices(&ranks).await
    }

    /// Who may do something else than before where one is.
    fn ranks(&mut self, event: &ChannelEvent) -> Vec<String> {
        let ChannelEvent::Members {
            channel_id,
            members,
        } = event
        else {
            return Vec::new();
        };
        let changed = self.present.ranked(channel_id, members);
        let state = self.state();
        if !self.is_news() || !self.is_near(&state, channel_id) {
            return Vec::new();
        }
        changed
            .iter()
            .map(|member| show::rank(&state, channel_id, member))
            .collect()
    }

    /// Whether what happens in a channel happens where one is: there, or in the circle around it as long as nothing is told of
    /// the channel itself.
    fn is_near(&self, state: &ConnectionState, channel_id: &str) -> bool {
        let Some(here) = self.here(state) else {
            return false;
        };
        let around = circles::around(state, &here) == Some(channel_id);
        here == channel_id || (around && !self.present.knows(&here))
    }

    /// Keeps what was last told of topics; says whether this is not that.
    fn is_another_topic(&mut self, event: &ChannelEvent) -> bool {
        let ChannelEvent::Topic { channel_id, topic } = event else {
            return true;
        };
        if self.topics.len() >= TOPICS && !self.topics.contains_key(channel_id) {
            return true;
        }
        let before = self.topics.insert(channel_id.clone(), topic.clone());
        before.as_ref() != Some(topic)
    }

    fn place_news(&self, event: &ChannelEvent) -> Option<String> {
        let state = self.state();
        let name = |id: &str| show::channel_name(&state, id);
        if let ChannelEvent::Kick {
            channel_id,
            reason,
            ban,
        } = event
        {
            let place = channel_id
                .as_deref()
                .map_or_else(|| "the network".to_owned(), name);
            let what = if *ban { "banned" } else { "removed" };
            let why = reason.as_ref().map(|reason| format!(": {reason}"));
            return Some(format!(
                "you were {what} from {place}{}",
                why.unwrap_or_default()
            ));
        }
        if !self.is_news() {
            return None;
        }
        match event {
            ChannelEvent::Switch { channel_id } => {
                Some(format!("the current channel is {}", name(channel_id)))
            }
            // Where somebody has just gone, they are.
            ChannelEvent::Join { channel_id } if self.channel.as_ref() != Some(channel_id) => {
                Some(format!("you are in {} now", name(channel_id)))
            }
            ChannelEvent::Leave { channel_id } => {
                Some(format!("you are no longer in {}", name(channel_id)))
            }
            ChannelEvent::Remove { channel_id } if self.channel.as_ref() == Some(channel_id) => {
                Some(
                    "the current channel is gone; /switch CHANNEL makes another one current"
                        .to_owned(),
                )
            }
            ChannelEvent::Topic { channel_id, topic } => {
                Some(show::topic(&state, channel_id, topic.as_deref()))
            }
            ChannelEvent::Invite {
                channel_id, code, ..
            } => {
                let code = code.as_deref().unwrap_or_default();
                let how = format!("/circle join {channel_id} {code}");
                let how = how.trim_end();
                Some(format!("you are invited into {}; {how}", name(channel_id)))
            }
            _ => None,
        }
    }

    /// Keeps to what is true of the channel that messages go to, and of what was shown.
    fn follow(&mut self, event: &ChannelEvent) {
        match event {
            // The network's word, later than the user's.
            ChannelEvent::Switch { .. } => self.channel = None,
            ChannelEvent::Leave { channel_id }
            | ChannelEvent::Kick {
                channel_id: Some(channel_id),
                ..
            } => {
                self.channel.take_if(|channel| channel == channel_id);
            }
            ChannelEvent::Remove { channel_id } => {
                self.channel.take_if(|channel| channel == channel_id);
                self.shown.wiped(Some(channel_id));
                self.present.forget(channel_id);
            }
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } if self.channel.as_ref() == Some(channel_id) => {
                self.channel = Some(new_channel.id.clone());
            }
            ChannelEvent::Wipe { channel_id } => self.shown.wiped(channel_id.as_deref()),
            ChannelEvent::Members { channel_id, .. } => self.present.listed(channel_id),
            _ => {}
        }
    }

    /// Something about people; `ours` was caused by a command, which tells of it itself.
    pub(super) async fn person(&mut self, event: &UserEvent, ours: bool) -> Result<(), Gone> {
        match self.people_news(event).filter(|_| !ours) {
            Some(line) => self.screen.notice(&line).await,
            None => Ok(()),
        }
    }

    fn people_news(&mut self, event: &UserEvent) -> Option<String> {
        let state = self.state();
        if self.commands
            && let Some(passage) = self.present.note(&state, event)
        {
            let channel = state.channels.get(&passage.channel_id)?;
            let here = self.is_near(&state, &passage.channel_id);
            let other = state.current_user_id.as_ref() != Some(&passage.user_id);
            // Where everybody hears everything, somebody is there when they speak.
            let open = channel.channel.channel_type != ChannelType::Broadcast;
            return (here && other && open && self.is_news())
                .then(|| show::passage(&state, &passage));
        }
        let news = match event {
            UserEvent::Request { user_id, .. } => self.expect(user_id),
            UserEvent::Respond { user_id, accept } => self.asked.remove(user_id) || !accept,
            UserEvent::Presence { user_id, .. } => {
                let who = user_id.as_ref().or(state.current_user_id.as_ref());
                let near = who.is_some_and(|who| {
                    state.current_user_id.as_ref() == Some(who) || show::is_contact(&state, who)
                });
                near && self.is_news() && self.screen.is_terminal()
            }
            UserEvent::Ban { channel_id, .. } => {
                let near = |id: &Id| self.is_near(&state, id);
                self.is_news() && channel_id.as_ref().is_none_or(near)
            }
            _ => false,
        };
        let line = show::sentence(&state, event).filter(|_| news)?;
        match event {
            UserEvent::Request {
                user_id,
                own: false,
                ..
            } if self.commands => {
                let name = show::callable(&state, user_id);
                Some(format!("{line}; /accept {name} or /reject {name}"))
            }
            _ => Some(line),
        }
    }

    /// Contact with this person is asked for; says whether that was not known.
    pub(super) fn expect(&mut self, user_id: &str) -> bool {
        self.asked.len() < REQUESTS && self.asked.insert(user_id.into())
    }

    /// Whether what is told now has happened now, and is told to somebody who has use for it.
    fn is_news(&self) -> bool {
        let there = self.arrival.as_ref().is_some_and(super::Arrival::is_there);
        self.commands && there
    }
}
