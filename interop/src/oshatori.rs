//! The crate oshatori 0.2.0 as a peer of a Sock Chat server: somebody who is signed in by it, what they say and what they see. Fails
//! by panic: it is part of tests.
//!
//! Its reader ends for good at the first packet that it does not understand. So each check ends with something said, which
//! must come back: everything before it was understood.

use std::time::Duration;

use ::oshatori::connection::{
    ChannelEvent, ChatEvent, Connection, ConnectionEvent, SockchatConnection, StatusEvent,
    UserEvent,
};
use ::oshatori::{AuthField, FieldValue, Message, MessageFragment, MessageStatus, MessageType};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

/// How long somebody waits for what must come. Nothing here waits for something not to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// An account of a server, and where that listens.
#[derive(Clone, Debug)]
pub struct Login {
    /// The server's address.
    pub url: String,
    /// The id of the account.
    pub uid: String,
    /// What is signed in with.
    pub token: String,
}

/// Somebody signed in by oshatori.
pub struct Person {
    connection: SockchatConnection,
    events: UnboundedReceiver<ConnectionEvent>,
    /// All that has come, in words.
    pub seen: Vec<String>,
}

impl Person {
    /// Signs somebody in, and waits until they are in.
    pub async fn sign_in(login: &Login) -> Self {
        let mut person = Self::begin(login).await;
        person.wait_for(&format!("I am {}", login.uid)).await;
        person
    }

    /// Sends the sign-in; what comes of it is to be waited for.
    pub async fn begin(login: &Login) -> Self {
        let mut connection = SockchatConnection::new();
        let events = connection.subscribe();
        let field = |name: &str, value| AuthField {
            name: name.to_owned(),
            display: None,
            value,
            required: true,
        };
        let form = vec![
            field("sockchat_url", FieldValue::Text(Some(login.url.clone()))),
            field("uid", FieldValue::Text(Some(login.uid.clone()))),
            field("token", FieldValue::Password(Some(login.token.clone()))),
        ];
        connection.set_auth(form).expect("a form");
        let connected = timeout(PATIENCE, connection.connect()).await;
        connected.expect("an answer in time").expect("a connection");
        Self {
            connection,
            events,
            seen: Vec::new(),
        }
    }

    /// Says something.
    pub async fn say(&mut self, text: &str) {
        let message = Message {
            id: None,
            sender_id: None,
            content: vec![MessageFragment::Text(text.to_owned())],
            timestamp: chrono::Utc::now(),
            message_type: MessageType::CurrentUser,
            status: MessageStatus::Sent,
        };
        let event = ChatEvent::New {
            channel_id: None,
            message,
        };
        let sent = self.connection.send(ConnectionEvent::Chat { event }).await;
        sent.expect("it is sent");
    }

    /// Reads until something has come; gives what came since the last call, that included.
    pub async fn wait_for(&mut self, what: &str) -> Vec<String> {
        let before = self.seen.len();
        while self
            .seen
            .get(before..)
            .is_none_or(|new| new.last().is_none_or(|last| last != what))
        {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("no `{what}` after {:#?}", self.seen));
            self.seen.extend(words(event.expect("an open stream")));
        }
        self.seen.get(before..).unwrap_or_default().to_vec()
    }

    /// Why the server does not let them in, in oshatori's words.
    pub async fn refusal(&mut self) -> String {
        let event = timeout(PATIENCE, self.events.recv()).await;
        let event = event.expect("an answer in time").expect("an open stream");
        match event {
            ConnectionEvent::Status {
                event: StatusEvent::Disconnected { artifact },
            } => artifact.unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    /// Ends the connection.
    pub async fn leave(mut self) {
        self.connection.disconnect().await.expect("it ends");
    }
}

/// An event in words; `None` for those that tell nothing of the server.
fn words(event: ConnectionEvent) -> Option<String> {
    let or_nothing = Option::<String>::unwrap_or_default;
    Some(match event {
        ConnectionEvent::Status { event } => match event {
            StatusEvent::Connected { .. } => "connected".to_owned(),
            StatusEvent::Disconnected { .. } => "disconnected".to_owned(),
            StatusEvent::Ping { .. } => return None,
        },
        ConnectionEvent::Chat { event } => match event {
            ChatEvent::New { message, .. } => {
                let from = or_nothing(message.sender_id);
                format!("{from} says {}", shown(&message.content))
            }
            ChatEvent::Update { .. } => "a message changes".to_owned(),
            ChatEvent::Remove { .. } => "a message goes".to_owned(),
        },
        ConnectionEvent::User { event } => match event {
            UserEvent::New { user, .. } => {
                format!("{} is {}", or_nothing(user.id), or_nothing(user.username))
            }
            UserEvent::Update { new_user, .. } => format!(
                "{} is now {}",
                or_nothing(new_user.id),
                or_nothing(new_user.username)
            ),
            UserEvent::Remove { user_id, .. } => format!("{user_id} goes"),
            UserEvent::ClearList { .. } => "people are cleared".to_owned(),
            UserEvent::Identify { user_id } => format!("I am {user_id}"),
        },
        ConnectionEvent::Channel { event } => match event {
            ChannelEvent::New { channel } => format!("channel {}", channel.id),
            ChannelEvent::Update { new_channel, .. } => {
                format!("channel is now {}", new_channel.id)
            }
            ChannelEvent::Remove { channel_id } => format!("channel {channel_id} goes"),
            ChannelEvent::Join { channel_id } => format!("joined {channel_id}"),
            ChannelEvent::Leave { channel_id } => format!("left {channel_id}"),
            ChannelEvent::Switch { channel_id } => format!("switched to {channel_id}"),
            ChannelEvent::Kick { ban, .. } => format!("thrown out, banned: {ban}"),
            ChannelEvent::Wipe { .. } => "messages are cleared".to_owned(),
            ChannelEvent::ClearList => "channels are cleared".to_owned(),
        },
        ConnectionEvent::Asset { .. } => return None,
    })
}

fn shown(content: &[MessageFragment]) -> String {
    let part = |fragment: &MessageFragment| match fragment {
        MessageFragment::Text(text) | MessageFragment::AssetId(text) => text.clone(),
        MessageFragment::Url(url) => format!("<{url}>"),
        MessageFragment::Image { url, .. }
        | MessageFragment::Video { url, .. }
        | MessageFragment::Audio { url, .. } => format!("<<{url}>>"),
    };
    content.iter().map(part).collect()
}
