//! Signs of life that are asked for: empty pings, whose answers are told apart by their order.

use std::collections::VecDeque;

use kaiwa_core::{RequestId, StatusEvent};

use super::OshiSession;

#[derive(Debug, Default)]
pub(super) struct Pings {
    /// To be written: on whose behalf.
    wanted: Option<Vec<RequestId>>,
    /// Written and not answered.
    written: VecDeque<Vec<RequestId>>,
}

impl Pings {
    /// Asks for a sign of life. With a transport that takes nothing pings do not pile up.
    pub(super) fn want(&mut self, request: Option<RequestId>) {
        self.wanted.get_or_insert_default().extend(request);
    }

    /// Whether one is to be written now.
    pub(super) fn write(&mut self) -> bool {
        let wanted = self.wanted.take();
        let write = wanted.is_some();
        self.written.extend(wanted);
        write
    }

    /// The connection is gone.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

impl OshiSession {
    /// A sign of life.
    pub(super) fn pong(&mut self) {
        self.event(StatusEvent::Ping { artifact: None });
        for request in self.pings.written.pop_front().unwrap_or_default() {
            self.done(request);
        }
    }
}
