//! One account in a case: a connection, what it watches, and what it has sent.

use chrono::Utc;
use kaiwa_core::{
    AuthField, Channel, ChannelEvent, ChatEvent, Connection, ConnectionEvent, Error, Id, Message,
    RequestId,
};

use crate::{Harness, Outcome, Peer, Watch};

/// A connection and a subscription from its birth.
pub struct Account {
    /// Everything that happens.
    pub watch: Watch,
    connection: Box<dyn Connection>,
    auth: Vec<AuthField>,
    channel: Id,
    accepted: Vec<RequestId>,
}

impl Account {
    /// An account that has never been connected.
    #[must_use]
    pub fn new<H: Harness>(peer: &H::Peer, who: usize) -> Self {
        let connection = peer.connection();
        Self {
            watch: Watch::new(&*connection, H::PAUSED),
            connection,
            auth: peer.auth(who),
            channel: peer.channel(),
            accepted: Vec::new(),
        }
    }

    /// An account that is connected and has seen its channel.
    ///
    /// # Panics
    /// When it cannot connect.
    pub async fn online<H: Harness>(peer: &H::Peer, who: usize) -> Self {
        let mut account = Self::new::<H>(peer, who);
        account.go_online().await;
        account
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`Connection::connect`].
    pub async fn connect(&mut self) -> Result<(), Error> {
        self.connection.connect(self.auth.clone()).await
    }

    /// Connects and waits for the channel.
    ///
    /// # Panics
    /// When it cannot connect.
    pub async fn go_online(&mut self) {
        if let Err(error) = self.connect().await {
            panic!("cannot connect: {}", error.chain());
        }
        let channel = self.channel.clone();
        self.watch
            .until("the channel", |event| is_channel(event, &channel))
            .await;
    }

    /// Disconnects.
    ///
    /// # Errors
    /// As [`Connection::disconnect`].
    pub async fn disconnect(&mut self) -> Result<(), Error> {
        self.connection.disconnect().await
    }

    /// Sends an event.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub async fn send(&mut self, event: impl Into<ConnectionEvent>) -> Result<RequestId, Error> {
        let request = self.connection.send(event.into()).await?;
        self.accepted.push(request);
        Ok(request)
    }

    /// Sends an event and waits until it is carried out.
    ///
    /// # Panics
    /// When it is not.
    pub async fn achieve(&mut self, event: impl Into<ConnectionEvent>) {
        let event = event.into();
        let kind = event.kind();
        let request = match self.send(event).await {
            Ok(request) => request,
            Err(error) => panic!("{kind} is not accepted: {}", error.chain()),
        };
        let outcome = self.watch.outcome(request).await;
        assert_eq!(outcome, Outcome::Done, "{kind}");
    }

    /// Says a text in the channel.
    ///
    /// # Panics
    /// When it is not accepted.
    pub async fn say(&mut self, text: &str) -> RequestId {
        match self.try_say(text).await {
            Ok(request) => request,
            Err(error) => panic!("{text:?} is not accepted: {}", error.chain()),
        }
    }

    /// Says a text in the channel.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub async fn try_say(&mut self, text: &str) -> Result<RequestId, Error> {
        let message = Message::text(text, Utc::now());
        self.send(ChatEvent::New {
            channel_id: Some(self.channel.clone()),
            message,
        })
        .await
    }

    /// Says a text and waits until it is delivered.
    ///
    /// # Panics
    /// When it is not.
    pub async fn deliver(&mut self, text: &str) {
        let request = self.say(text).await;
        let outcome = self.watch.outcome(request).await;
        assert_eq!(outcome, Outcome::Done, "{text:?}");
    }

    /// Disconnects, sees `Disconnected`, and checks that every request has ended.
    ///
    /// # Panics
    /// When one has not.
    pub async fn leave(&mut self) {
        if let Err(error) = self.disconnect().await {
            panic!("cannot disconnect: {}", error.chain());
        }
        self.watch
            .until("Disconnected", |event| {
                assert!(!crate::watch::is_lost(event), "asked for, but {event:?}");
                crate::watch::is_disconnected(event)
            })
            .await;
        self.finish();
    }

    /// Checks that every accepted request has ended.
    ///
    /// # Panics
    /// When one has not.
    pub fn finish(&self) {
        self.watch.finish(&self.accepted);
    }

    /// The connection itself.
    #[must_use]
    pub fn connection(&self) -> &dyn Connection {
        &*self.connection
    }

    /// The channel that the suite uses.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The filled login form.
    #[must_use]
    pub fn auth(&self) -> &[AuthField] {
        &self.auth
    }

    /// Drops the connection and keeps the subscription.
    #[must_use]
    pub fn drop_connection(self) -> Watch {
        self.watch
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

/// Whether the event tells of the channel.
fn is_channel(event: &ConnectionEvent, id: &str) -> bool {
    matches!(
        event,
        ConnectionEvent::Channel { event: ChannelEvent::New { channel: Channel { id: told, .. } } }
            if told == id
    )
}
