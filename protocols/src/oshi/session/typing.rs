//! Who types: others until they stop or it lapses, the user no more often than makes sense.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::ChatEvent;

use super::OshiSession;
use crate::oshi::wire::{StreamId, UserId, limit};

/// How long somebody types, where nothing more is heard of it.
const LAPSE: Duration = Duration::from_millis(limit::TYPING_MS);

/// How often the server is told that the user still types: so that one told too late does not lapse.
const OWN_INTERVAL: Duration = Duration::from_secs(3);

/// People who type at once, of whom it is told; nobody looks at more.
const MAX_TYPING: usize = 1_000;

/// Who types.
#[derive(Debug, Default)]
pub(super) struct Typing {
    /// Until when.
    others: BTreeMap<(StreamId, UserId), Duration>,
    /// When the server was told last that the user types.
    own: BTreeMap<StreamId, Duration>,
}

impl Typing {
    /// Whether the server must be told what the user does.
    pub(super) fn tells(&mut self, now: Duration, stream: StreamId, typing: bool) -> bool {
        let told = self.own.get(&stream).copied();
        if !typing {
            return self.own.remove(&stream).is_some();
        }
        let due = told.is_none_or(|told| told + OWN_INTERVAL <= now);
        if due {
            self.own.insert(stream, now);
        }
        due
    }

    /// The user has said it.
    pub(super) fn said(&mut self, stream: StreamId) {
        self.own.remove(&stream);
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.others.values().min().copied()
    }
}

impl OshiSession {
    /// Somebody types, or no longer.
    pub(super) fn hear_typing(&mut self, now: Duration, stream: StreamId, user: UserId, on: bool) {
        if !self.streams.contains_key(&stream) {
            self.skipped += 1;
            return;
        }
        let key = (stream, user);
        if !on {
            return self.end_typing(stream, user);
        }
        if self.typing.others.len() >= MAX_TYPING && !self.typing.others.contains_key(&key) {
            self.skipped += 1;
            return;
        }
        if self.typing.others.insert(key, now + LAPSE).is_none() {
            self.tell_typing(stream, user, true);
        }
    }

    /// Somebody no longer types: they say so, or they have said what they typed.
    pub(super) fn end_typing(&mut self, stream: StreamId, user: UserId) {
        if self.typing.others.remove(&(stream, user)).is_some() {
            self.tell_typing(stream, user, false);
        }
    }

    /// Ends what has lapsed.
    pub(super) fn typing_timeout(&mut self, now: Duration) {
        let lapsed = |(_, until): &(&_, &Duration)| **until <= now;
        let over: Vec<_> = self
            .typing
            .others
            .iter()
            .filter(lapsed)
            .map(|(key, _)| *key)
            .collect();
        for (stream, user) in over {
            self.end_typing(stream, user);
        }
    }

    /// Nothing more is heard of anybody.
    pub(super) fn forget_typing(&mut self) {
        self.typing.own.clear();
        for (stream, user) in std::mem::take(&mut self.typing.others).into_keys() {
            self.tell_typing(stream, user, false);
        }
    }

    /// A stream is gone, and who types there with it.
    pub(super) fn forget_typing_in(&mut self, stream: StreamId) {
        self.typing.own.remove(&stream);
        self.typing.others.retain(|(other, _), _| *other != stream);
    }

    fn tell_typing(&mut self, stream: StreamId, user: UserId, typing: bool) {
        self.event(ChatEvent::Typing {
            channel_id: Some(stream.into()),
            user_id: self.unless_me(user),
            typing,
        });
    }
}
