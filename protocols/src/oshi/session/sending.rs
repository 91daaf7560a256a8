//! Own messages: taken, written, confirmed, refused.

use kaiwa_core::session::{Frame, Now, Transmit};
use kaiwa_core::{Error, ErrorKind, Message, MessageFragment, MessageStatus, RequestId};

use super::calls::Purpose;
use super::changes::Told;
use super::showing::{Kept, Outline, time};
use super::{OshiSession, failure};
use crate::oshi::wire::{ErrorCode, Failure, Pub, Request, StreamId, limit};

/// What a `pub` holds besides text and meta, in bytes: names of fields, ids, a nonce.
const FRAME_BYTES: usize = 512;

/// How long to wait where the server does not say.
const RATE_MS: u64 = 1_000;

impl OshiSession {
    /// Takes a message.
    pub(super) fn say(
        &mut self,
        now: Now,
        request: RequestId,
        stream: StreamId,
        message: Message,
    ) -> Result<(), Error> {
        // Oshi carries no styles; the message shall look as it will arrive.
        let mut message = message.lowered();
        let outline = Outline::of(&message)?;
        let length = json_length(&outline.text)
            + serde_json::to_string(&outline.meta).map_or(0, |meta| meta.len())
            + FRAME_BYTES;
        if length > limit::FRAME_BYTES {
            return Err(Error::new(
                ErrorKind::TooLong,
                format!(
                    "the message takes {length} bytes on the wire, at most {} are sent",
                    limit::FRAME_BYTES
                ),
            ));
        }
        message.sender_id = self.me_id().map(Into::into);
        let has_files = outline.uploads > 0;
        let echo = self
            .outgoing
            .accept(now, request, stream, message, has_files)?;
        self.events.push_back(echo);
        if has_files {
            self.uploads.push(request);
        }
        self.hurry(stream);
        Ok(())
    }

    /// The next message to write.
    pub(super) fn next_message(&mut self, now: Now) -> Option<Transmit> {
        if !self.outgoing.has_waiting() || !self.pace.is_open(now.mono) {
            return None;
        }
        let request = self.outgoing.next()?;
        let stream = self.outgoing.stream(request)?;
        let outline = self.outgoing.message(request).map(Outline::of);
        let outline = outline.and_then(Result::ok).unwrap_or_default();
        let nonce = self.nonces.as_ref().map(|nonces| nonces.of(request));
        let files = self.outgoing.files(request).unwrap_or_default();
        let publish = Pub {
            stream,
            text: outline.text.into(),
            nonce: nonce.map(Into::into),
            reply: outline.reply,
            files: files.iter().map(|(id, _)| *id).collect(),
            meta: outline.meta,
        };
        let purpose = Purpose::Pub(request);
        let frame = self.calls.write(now.mono, &Request::Pub(publish), purpose);
        self.outgoing.written(now, request);
        self.typing.said(stream);
        self.pace.sent(now.mono);
        Some(Transmit::Frame(Frame::Text(frame.into())))
    }

    /// The server has taken a message.
    pub(super) fn published(&mut self, request: RequestId, seq: i64, ts: i64, rev: i64) {
        let stream = self.outgoing.stream(request);
        let mut files = self.outgoing.files(request).unwrap_or_default().to_vec();
        files.reverse();
        let events = self.outgoing.confirm(request, |message| {
            message.id = Some(seq.into());
            message.timestamp = time(ts).unwrap_or(message.timestamp);
            message.content.retain(Outline::carries);
            for fragment in &mut message.content {
                if matches!(fragment, MessageFragment::Upload { .. })
                    && let Some((_, file)) = files.pop()
                {
                    *fragment = file;
                }
            }
        });
        if let (Some(stream), false) = (stream, events.is_empty()) {
            self.note_told(stream, rev, Told::Message);
        }
        self.events.extend(events);
    }

    /// The server shows an own message: the user sees it as confirmed. False if it was settled before.
    pub(super) fn confirm_shown(&mut self, request: RequestId, kept: &Kept) -> bool {
        let events = self.outgoing.confirm(request, |message| {
            message.id.clone_from(&kept.message.id);
            message.timestamp = kept.message.timestamp;
            if kept.message.status == MessageStatus::Delivered {
                message.content.clone_from(&kept.message.content);
            }
        });
        if events.is_empty() {
            return false;
        }
        self.events.extend(events);
        true
    }

    /// The server does not take a message.
    pub(super) fn refused(&mut self, now: Now, request: RequestId, failure: &Failure<'_>) {
        if failure.code == ErrorCode::Rate {
            // It asks for patience, and the message is as good as before.
            self.slow_down(now, failure);
            return self.outgoing.again(now, request);
        }
        self.fail_message(request, &failure::error(failure));
    }

    /// The server wants less in the same time.
    pub(super) fn slow_down(&mut self, now: Now, failure: &Failure<'_>) {
        self.pace
            .wait(now.mono, failure.retry_ms.unwrap_or(RATE_MS));
    }

    pub(super) fn fail_message(&mut self, request: RequestId, error: &Error) {
        let events = self.outgoing.fail(request, error);
        self.events.extend(events);
        self.prune_uploads();
    }

    /// Nothing more of a stream arrives.
    pub(super) fn fail_stream(&mut self, stream: StreamId, error: &Error) {
        let events = self.outgoing.fail_stream(stream, error);
        self.events.extend(events);
        self.prune_uploads();
    }

    /// The user takes a message back that is not written.
    pub(super) fn cancel(&mut self, request: RequestId, message: RequestId) -> Result<(), Error> {
        if !self.outgoing.is_unwritten(message) {
            return Err(Error::new(
                ErrorKind::State,
                "the message is on its way already; delete it when it is delivered",
            ));
        }
        self.fail_message(message, &Error::new(ErrorKind::Cancelled, "taken back"));
        self.open.insert(request);
        self.done(request);
        Ok(())
    }
}

/// How long a text is as JSON.
fn json_length(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| json.len())
}
