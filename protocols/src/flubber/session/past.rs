//! Older messages: a backend says them as updates before its answer.

use std::collections::BTreeMap;

use kaiwa_core::{ChatEvent, Id, Message, MessageType, RequestId};

use super::FlubberSession;

/// Messages of one page: a person reads fewer, and a backend may say all that it has.
const MAX_PAGE: usize = 1000;

/// Pages that are open.
#[derive(Debug, Default)]
pub(super) struct Past {
    pages: BTreeMap<RequestId, Page>,
    /// Counts what has come, so that messages of one time stay in order.
    arrived: u64,
}

/// A page of history.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) channel: Id,
    /// Only what was said before belongs to it, in milliseconds since 1970.
    pub(super) before: i64,
    pub(super) limit: usize,
    /// By time and arrival.
    messages: BTreeMap<(i64, u64), Message>,
    /// Something older has come.
    has_older: bool,
}

impl Page {
    pub(super) fn new(channel: Id, before: i64, limit: u32) -> Self {
        Self {
            channel,
            before,
            limit: usize::try_from(limit).unwrap_or(MAX_PAGE).min(MAX_PAGE),
            messages: BTreeMap::new(),
            has_older: false,
        }
    }

    fn add(&mut self, time: i64, arrived: u64, message: &Message) {
        self.messages.retain(|_, other| other.id != message.id);
        self.messages.insert((time, arrived), message.clone());
        while self.messages.len() > self.limit {
            self.messages.pop_first();
        }
    }
}

impl Past {
    pub(super) fn open(&mut self, request: RequestId, page: Page) {
        self.pages.insert(request, page);
    }

    /// Puts the newest message into a page that was asked for without an end.
    pub(super) fn include(&mut self, request: RequestId, time: i64, message: &Message) {
        self.arrived += 1;
        if let Some(page) = self.pages.get_mut(&request) {
            page.add(time, self.arrived, message);
        }
    }

    /// Takes a message into the pages it belongs to; whether there is one.
    pub(super) fn takes(&mut self, channel: &str, time: i64, message: &Message) -> bool {
        self.arrived += 1;
        let mut is_taken = false;
        for page in self.pages.values_mut() {
            if page.channel == channel && time < page.before {
                page.has_older = true;
                page.add(time, self.arrived, message);
                is_taken = true;
            }
        }
        is_taken
    }

    pub(super) fn is_reading(&self) -> bool {
        !self.pages.is_empty()
    }

    pub(super) fn drop_page(&mut self, request: RequestId) {
        self.pages.remove(&request);
    }

    pub(super) fn clear(&mut self) {
        self.pages.clear();
    }
}

impl FlubberSession {
    /// A page is whole.
    pub(super) fn tell_page(&mut self, request: RequestId) {
        let Some(page) = self.past.pages.remove(&request) else {
            return;
        };
        let mut messages: Vec<Message> = page.messages.into_values().collect();
        for message in &mut messages {
            message.message_type = self.whose(message.sender_id.as_deref());
        }
        let history = ChatEvent::History {
            channel_id: page.channel,
            messages,
            complete: !page.has_older,
        };
        self.event_of(Some(request), history);
        self.finish(request, Ok(()));
    }

    pub(super) fn whose(&self, sender: Option<&str>) -> MessageType {
        if sender.is_some() && sender == self.me.as_deref() {
            MessageType::CurrentUser
        } else {
            MessageType::Normal
        }
    }
}
