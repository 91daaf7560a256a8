//! What the user wants of messages.

use kaiwa_core::session::Now;
use kaiwa_core::{ChatEvent, Error, ErrorKind, RequestId};

use super::OshiSession;
use super::showing::{Outline, invalid, seq};
use super::tasks::Step;
use crate::oshi::wire::{Request, StreamId, limit};

impl OshiSession {
    /// Something about messages.
    pub(super) fn want_chat(
        &mut self,
        now: Now,
        request: RequestId,
        event: ChatEvent,
    ) -> Result<(), Error> {
        match event {
            ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            } => {
                let stream = self.stream_id(channel_id.as_deref())?;
                let seq = seq(&message_id)?;
                let text = Outline::edited(&new_message.lowered())?.into();
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
                self.want_reaction(request, stream, seq, (emoji, on))?;
            }
            _ => return Err(invalid("only for the user, not for others")),
        }
        Ok(())
    }

    fn want_reaction(
        &mut self,
        request: RequestId,
        stream: StreamId,
        seq: i64,
        (emoji, on): (String, bool),
    ) -> Result<(), Error> {
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
        Ok(())
    }
}
