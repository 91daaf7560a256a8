//! A connection without a network: every event sent comes back as it was sent.

use async_trait::async_trait;
use kaiwa_core::queue::{EventPublisher, QueueLimits};
use kaiwa_core::{
    AuthField, Capabilities, Connection, ConnectionEvent, Error, ErrorKind, EventKind,
    EventReceiver, Protocol, RequestId, StatusEvent,
};

use super::session::NAME;

/// Open from birth; `Done` follows each event that came back.
#[derive(Debug)]
pub(super) struct Loopback {
    publisher: EventPublisher,
    open: bool,
}

impl Loopback {
    pub(super) fn new() -> Self {
        Self {
            publisher: EventPublisher::new(QueueLimits::default()),
            open: true,
        }
    }
}

#[async_trait]
impl Connection for Loopback {
    async fn connect(&mut self, _auth: Vec<AuthField>) -> Result<(), Error> {
        self.open = true;
        self.publisher.publish(None, StatusEvent::Connecting.into());
        self.publisher
            .publish(None, StatusEvent::Connected { artifact: None }.into());
        Ok(())
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        self.open = false;
        self.publisher
            .publish(None, StatusEvent::Disconnected { artifact: None }.into());
        Ok(())
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        if !self.open {
            return Err(Error::new(ErrorKind::State, "disconnected; call connect"));
        }
        if self.publisher.is_crowded() {
            return Err(Error::new(
                ErrorKind::Full,
                "too much is unread; take events and try again",
            ));
        }
        self.publisher.publish(Some(request), event);
        self.publisher
            .publish(Some(request), StatusEvent::Done { request }.into());
        Ok(())
    }

    fn subscribe(&self) -> EventReceiver {
        self.publisher.subscribe()
    }

    fn protocol_spec(&self) -> Protocol {
        Protocol {
            name: NAME.to_owned(),
            auth: None,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .sends(EventKind::ALL)
            .max_file_bytes(u64::MAX)
    }
}
