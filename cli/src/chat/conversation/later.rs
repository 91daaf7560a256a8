//! What becomes of messages after they were said: edits, deletions, reactions; and what is going on just now.

use chrono::Local;
use kaiwa_protocols::{ChatEvent, Message, MessageStatus, RequestId};

use super::super::screen::Gone;
use super::super::show;
use super::Conversation;

/// People named in the status line before it says how many more there are.
const TYPING: usize = 3;

impl Conversation {
    /// A message is not what it was.
    pub(super) async fn changed(
        &mut self,
        channel_id: Option<&str>,
        message: &Message,
    ) -> Result<(), Gone> {
        if !self.screen.is_terminal() {
            return Ok(());
        }
        let said = self.said(channel_id, message);
        let line = match message.status {
            MessageStatus::Edited => format!("{} has edited: {}", said.name, said.text),
            MessageStatus::Deleted => {
                let at = said.at.with_timezone(&Local).format("%H:%M");
                format!("what {} said at {at} is deleted", said.name)
            }
            _ => return Ok(()),
        };
        let place = said.channel.map(|channel| format!("[{channel}] "));
        self.screen
            .notice(&(place.unwrap_or_default() + &line))
            .await
    }

    /// Somebody has put an emoji on a message, or taken it off.
    pub(super) async fn reacted(&mut self, event: ChatEvent) -> Result<(), Gone> {
        let ChatEvent::React {
            channel_id,
            message_id,
            user_id,
            emoji,
            on,
        } = event
        else {
            return Ok(());
        };
        let state = self.state();
        let here = self.here(&state);
        let Some(place) = channel_id.or_else(|| here.clone()) else {
            return Ok(());
        };
        if !self.screen.is_terminal() {
            return Ok(());
        }
        let other = user_id.filter(|who| state.current_user_id.as_ref() != Some(who));
        let line = show::reaction(&state, other.as_deref(), &place, &message_id, &emoji, on);
        let line = match here.as_ref() == Some(&place) {
            true => line,
            false => format!("[{}] {line}", show::channel_name(&state, &place)),
        };
        self.screen.notice(&line).await
    }

    /// A request is settled, which may have been that of an answer or a file.
    pub(super) async fn let_go(&mut self, request: RequestId) -> Result<(), Gone> {
        self.answers.remove(&request);
        match self.uploads.end(request) {
            true => self.show_status().await,
            false => Ok(()),
        }
    }

    /// Says behind the typed line what is on its way, and who types.
    pub(super) async fn show_status(&mut self) -> Result<(), Gone> {
        if !self.screen.is_terminal() {
            return Ok(());
        }
        let words: Vec<String> = self
            .uploads
            .status()
            .into_iter()
            .chain(self.typists())
            .collect();
        self.screen.status(&words.join("; ")).await
    }

    /// Who types in the current channel.
    fn typists(&self) -> Option<String> {
        let state = self.state();
        let here = self.here(&state)?;
        let typing = &state.channels.get(&here)?.typing;
        let others = typing
            .keys()
            .filter(|id| state.current_user_id.as_ref() != Some(id));
        let mut names: Vec<String> = others
            .map(|id| show::member_name(&state, &here, id))
            .collect();
        let more = names.len().saturating_sub(TYPING);
        names.truncate(TYPING);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        match names.as_slice() {
            [] => None,
            [name] => Some(format!("{name} types…")),
            [first @ .., last] => Some(format!("{} and {last} type…", first.join(", "))),
        }
    }
}
