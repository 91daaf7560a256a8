//! What the server tells unasked.

use kaiwa_core::ChatEvent;
use kaiwa_core::session::Now;

use super::OshiSession;
use super::changes::{Change, Reaction};
use super::people::Moved;
use crate::oshi::wire::event::{CircleChange, StreamChange};
use crate::oshi::wire::{Event, Stream, StreamId, UserId};

impl OshiSession {
    /// Something has happened.
    pub(super) fn happened(&mut self, now: Now, event: Event<'_>) {
        match event {
            Event::Msg(message) => {
                let kept = self.keep(&message);
                self.changed(message.stream, message.rev, Change::Said(kept));
            }
            Event::Upd(message) => {
                let kept = self.keep(&message);
                self.changed(message.stream, message.rev, Change::Edited(kept));
            }
            Event::React {
                stream,
                seq,
                rev,
                user,
                emoji,
                on,
            } => {
                self.meet_in(stream, user);
                let emoji = emoji.into_owned();
                let reaction = Reaction {
                    seq,
                    user,
                    emoji,
                    on,
                };
                self.changed(stream, rev, Change::Reaction(reaction));
            }
            Event::Read { stream, user, seq } => self.hear_read(stream, user, seq),
            Event::Typing { stream, user, on } => {
                self.meet_in(stream, user);
                self.hear_typing(now.mono, stream, user, on);
            }
            Event::Presence { user, online } => self.change_presence(user, online),
            Event::User { user } => self.change_person(None, &user),
            Event::Member {
                circle,
                user,
                name,
                display,
                role,
                change,
            } => {
                let member = Moved {
                    user,
                    name: &name,
                    display: &display,
                    role,
                    change,
                };
                self.change_member(circle, &member);
            }
            Event::Circle(CircleChange::New(circle) | CircleChange::Update(circle)) => {
                self.change_circle(&circle);
            }
            Event::Circle(CircleChange::Delete(circle)) => self.remove_circle(None, circle),
            Event::Stream(StreamChange::New(stream)) => self.hear_stream(&stream),
            Event::Stream(StreamChange::Update(stream)) => self.change_stream(&stream),
            Event::Stream(StreamChange::Delete { id, .. }) => self.remove_stream(None, id),
        }
    }

    /// Who does something in a stream is asked for; who does so elsewhere is nobody's concern.
    fn meet_in(&mut self, stream: StreamId, user: UserId) {
        if self.streams.contains_key(&stream) {
            self.meet(user);
        }
    }

    fn hear_read(&mut self, id: StreamId, user: UserId, seq: i64) {
        if !self.streams.contains_key(&id) || seq <= 0 {
            self.skipped += 1;
            return;
        }
        let user_id = self.unless_me(user);
        if user_id.is_none() {
            return self.show_own_read(None, id, seq);
        }
        self.event(ChatEvent::Read {
            channel_id: Some(id.into()),
            message_id: seq.into(),
            user_id,
        });
    }

    /// There is another stream. Talks and groups are subscribed to by the server, and the others here: who is in a circle
    /// when it gets a stream wants to hear of it.
    fn hear_stream(&mut self, stream: &Stream<'_>) {
        if self.streams.contains_key(&stream.id) {
            return self.change_stream(stream);
        }
        if self.add_stream(None, stream) {
            self.subscribe_all(&[stream.id]);
        }
    }
}
