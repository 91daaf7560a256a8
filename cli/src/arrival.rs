//! Being there: everything from before has been told, and the wanted channel is joined.

use kaiwa_protocols::{
    ChannelEvent, ConnectionEvent, Error, ErrorKind, EventKind, Id, RequestId, StatusEvent,
};

use crate::link::Link;
use crate::names;

/// Being there: everything from before has been told, and the wanted channel is joined.
///
/// A network says at sign-in what there is, and no event says that this was all. So the server is asked for a sign of life,
/// which it gives after what it had to tell. Where that cannot be asked for, being signed in counts.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What the user calls the channel that is still to be joined.
    wanted: Option<String>,
    channel_id: Option<Id>,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// Not connected.
    Away,
    /// Waits for the sign of life.
    Asked(RequestId),
    Joining(RequestId),
    There,
}

impl Arrival {
    /// `wanted` is the channel to be in, as the user calls it; it is joined where the network knows joining.
    pub(crate) fn new(wanted: Option<String>) -> Self {
        Self {
            wanted,
            channel_id: None,
            step: Step::Away,
        }
    }

    /// The connection stands, for the first time or again.
    ///
    /// # Errors
    /// Why the channel cannot be joined.
    pub(crate) fn connected(&mut self, link: &Link) -> Result<(), Error> {
        let ping = StatusEvent::Ping { artifact: None };
        match link.client.send(link.account, ping.into()) {
            Ok(request) => {
                self.step = Step::Asked(request);
                Ok(())
            }
            // Lost already; that is told soon, and then that it stands again.
            Err(error) if error.kind() == ErrorKind::State => {
                self.step = Step::Away;
                Ok(())
            }
            Err(_) => self.told(link),
        }
    }

    /// Follows an event; says whether it has just become true.
    ///
    /// # Errors
    /// Why the channel cannot be joined.
    pub(crate) fn note(&mut self, link: &Link, event: &ConnectionEvent) -> Result<bool, Error> {
        let ConnectionEvent::Status { event } = event else {
            return Ok(false);
        };
        let was_there = self.is_there();
        match event {
            StatusEvent::Connected { .. } => self.connected(link)?,
            StatusEvent::Lost { .. } => self.step = Step::Away,
            StatusEvent::Done { request } if self.step == Step::Asked(*request) => {
                self.told(link)?;
            }
            StatusEvent::Done { request } if self.step == Step::Joining(*request) => {
                self.wanted = None;
                self.step = Step::There;
            }
            StatusEvent::Failed { request, error } => {
                let lost = matches!(error.kind, ErrorKind::Lost | ErrorKind::Cancelled);
                if self.step == Step::Asked(*request) && !lost {
                    self.told(link)?;
                } else if self.step == Step::Joining(*request) && !lost {
                    return Err(self.not_joined(link, error.clone().into()));
                }
            }
            _ => {}
        }
        Ok(self.is_there() && !was_there)
    }

    /// Whether everything is told and joined.
    pub(crate) fn is_there(&self) -> bool {
        self.step == Step::There
    }

    /// Whether a wanted channel is still to be joined.
    pub(crate) fn is_wanting(&self) -> bool {
        self.wanted.is_some()
    }

    /// The id of the wanted channel, once everything is told; given once.
    pub(crate) fn take_channel(&mut self) -> Option<Id> {
        self.channel_id.take()
    }

    /// Everything from before has been told: names can be looked up.
    fn told(&mut self, link: &Link) -> Result<(), Error> {
        self.step = Step::There;
        let Some(wanted) = &self.wanted else {
            return Ok(());
        };
        let state = link.client.state(link.account).unwrap_or_default();
        let channel_id = names::channel(&state, wanted)?;
        self.channel_id = Some(channel_id.clone());
        let capabilities = link.client.capabilities(link.account)?;
        if !capabilities.can_send(EventKind::ChannelJoin) {
            self.wanted = None;
            return Ok(());
        }
        let join = ChannelEvent::Join { channel_id };
        self.step = match link.client.send(link.account, join.into()) {
            Ok(request) => Step::Joining(request),
            Err(error) if error.kind() == ErrorKind::State => Step::Away,
            Err(error) => return Err(self.not_joined(link, error)),
        };
        Ok(())
    }

    /// Why the wanted channel cannot be joined. Where there is none of that name the known ones are named: some networks can
    /// say only that no id is like this.
    fn not_joined(&self, link: &Link, error: Error) -> Error {
        let state = link.client.state(link.account).unwrap_or_default();
        let wanted = self.wanted.as_deref().unwrap_or_default();
        let missing = matches!(error.kind(), ErrorKind::Invalid | ErrorKind::NotFound);
        let known = names::channel(&state, wanted).is_ok_and(|id| state.channels.contains_key(&id));
        if !missing || known {
            return error;
        }
        let text = format!(
            "no such channel: `{wanted}`; there are: {}",
            names::channels(&state)
        );
        Error::new(ErrorKind::NotFound, text).with_source(error)
    }
}
