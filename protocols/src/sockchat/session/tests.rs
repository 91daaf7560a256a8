//! The session as a function of what it hears and what the user wants, on a clock that stands still unless told.

mod any;
mod assets;
mod commands;
mod history;
mod hostile;
mod moving;
mod pace;
mod sending;
mod sign_in;
mod way_back;

use chrono::DateTime;
use kaiwa_core::session::HttpRequest;
use kaiwa_core::{Asset, AssetEvent, ChannelEvent, ChatEvent, Message, MessageFragment, UserEvent};

use super::*;

/// A session, a clock, and what it wrote.
struct Rig {
    session: SockchatSession,
    at: Duration,
    exchanges: Vec<(HttpToken, HttpRequest)>,
}

/// `|` for TAB, `^` for form feed.
fn frame(text: &str) -> String {
    text.replace('|', "\t").replace('^', "\u{c}")
}

impl Rig {
    fn new() -> Self {
        Self {
            session: SockchatSession::new(),
            at: Duration::from_secs(1),
            exchanges: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            mono: self.at,
            utc: DateTime::from_timestamp(1_424_000_000, 0).unwrap() + self.at,
        }
    }

    fn connect(&mut self) {
        self.connect_with(&[]);
    }

    fn connect_with(&mut self, fields: &[(&str, &str)]) {
        let mut form = self.session.protocol_spec().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "sockchat_url" => field.set("ws://localhost/".to_owned()),
                "token" => field.set("hunter2".to_owned()),
                "uid" => field.set("1".to_owned()),
                name => {
                    if let Some((_, value)) = fields.iter().find(|(field, _)| *field == name) {
                        field.set((*value).to_owned());
                    }
                }
            }
        }
        let now = self.now();
        self.session.handle_connect(now, &form, [7; 32]).unwrap();
        assert!(matches!(
            self.session.poll_transmit(now),
            Some(Transmit::Open(_))
        ));
        self.session.handle_open(now);
        assert_eq!(self.written(), ["1|1|hunter2"]);
    }

    /// Signed in to a PHP server with every right, all events read.
    fn signed_in() -> Self {
        Self::signed_in_as("10^1^1^1^2", "")
    }

    /// Signed in with these permissions, to a server that says this of itself.
    fn signed_in_as(permissions: &str, tail: &str) -> Self {
        let mut rig = Self::new();
        rig.connect();
        rig.hear(&format!("1|y|1|alice|#f00|{permissions}|Lobby{tail}"));
        rig.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1");
        rig.hear("7|2|2|Lobby|0|0|Tea|0|0");
        rig.events();
        rig
    }

    fn hear(&mut self, text: &str) {
        let now = self.now();
        self.session
            .handle_frame(now, Frame::Text(Cow::Owned(frame(text))));
    }

    /// So much time passes, with every deadline kept.
    fn pass(&mut self, seconds: u64) {
        let until = self.at + Duration::from_secs(seconds);
        while let Some(due) = self.session.deadline().filter(|due| *due <= until) {
            self.at = due.max(self.at);
            let now = self.now();
            self.session.handle_timeout(now);
            let next = self.session.deadline();
            assert!(
                next.is_none_or(|next| next > self.at),
                "a kept deadline stays"
            );
        }
        self.at = until;
    }

    fn send(&mut self, event: impl Into<ConnectionEvent>) -> Result<RequestId, ErrorKind> {
        let request = RequestId::fresh();
        let now = self.now();
        let sent = self.session.handle_send(now, request, event.into());
        sent.map(|()| request).map_err(|error| error.kind())
    }

    fn say(&mut self, channel: Option<&str>, text: &str) -> Result<RequestId, ErrorKind> {
        self.send(ChatEvent::New {
            channel_id: channel.map(Into::into),
            message: Message::text(text, DateTime::UNIX_EPOCH),
        })
    }

    fn written(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        let now = self.now();
        while let Some(transmit) = self.session.poll_transmit(now) {
            written.push(match transmit {
                Transmit::Frame(Frame::Text(text)) => text.replace('\t', "|"),
                Transmit::Close { error, .. } => {
                    format!("close {:?}", error.map(|error| error.kind()))
                }
                Transmit::Http { token, request } => {
                    self.exchanges.push((token, request));
                    continue;
                }
                other => panic!("{other:?}"),
            });
        }
        written
    }

    /// All events but those about assets and capabilities.
    fn events(&mut self) -> Vec<String> {
        let is_more = |event: &String| {
            event.starts_with("Asset::") || event.starts_with("Status::Capabilities")
        };
        let mut events = self.all_events();
        events.retain(|event| !is_more(event));
        events
    }

    /// All events.
    fn all_events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_event())
            .map(|event| short(&event.event))
            .collect()
    }

    fn close(&mut self, asked: bool) {
        let now = self.now();
        let error = Error::new(ErrorKind::Lost, "x");
        let closed = Closed {
            asked,
            code: None,
            error: Some(&error).filter(|_| !asked),
        };
        self.session.handle_close(now, &closed);
    }
}

/// An event in a few words.
fn short(event: &ConnectionEvent) -> String {
    let kind = event.kind();
    let rest = match event {
        ConnectionEvent::Chat { event } => match event {
            ChatEvent::New {
                channel_id,
                message,
            } => format!("{} {}", channel_id.as_deref().unwrap_or("-"), said(message)),
            ChatEvent::Update { new_message, .. } => said(new_message),
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                let all: Vec<String> = messages.iter().map(said).collect();
                format!("{channel_id} {}", all.join("; "))
            }
            ChatEvent::Gap { after, before, .. } => format!("{after:?} {before:?}"),
            other => format!("{other:?}"),
        },
        ConnectionEvent::Channel { event } => match event {
            ChannelEvent::New { channel } => format!("{} {:?}", channel.id, channel.channel_type),
            ChannelEvent::Join { channel_id }
            | ChannelEvent::Leave { channel_id }
            | ChannelEvent::Remove { channel_id }
            | ChannelEvent::Switch { channel_id } => channel_id.to_string(),
            ChannelEvent::Kick { ban, .. } => format!("ban={ban}"),
            _ => String::new(),
        },
        ConnectionEvent::User { event } => match event {
            UserEvent::New { user, .. } => user.username.clone().unwrap_or_default(),
            UserEvent::Update { new_user, .. } => new_user.username.clone().unwrap_or_default(),
            UserEvent::Remove { user_id, .. } | UserEvent::Identify { user_id } => {
                user_id.to_string()
            }
            UserEvent::Presence { presence, text, .. } => format!("{presence:?} {text:?}"),
            _ => String::new(),
        },
        ConnectionEvent::Status {
            event: StatusEvent::Failed { error, .. },
        } => format!("{:?}", error.kind),
        ConnectionEvent::Asset { event } => match event {
            AssetEvent::New { asset, .. } => asset.id().unwrap_or_default().to_owned(),
            AssetEvent::Update { asset_id, .. } | AssetEvent::Remove { asset_id, .. } => {
                asset_id.to_string()
            }
            AssetEvent::Unavailable { error, .. } => format!("{:?}", error.kind),
            _ => String::new(),
        },
        _ => String::new(),
    };
    format!("{kind} {rest}").trim_end().to_owned()
}

fn said(message: &Message) -> String {
    let id = message.id.as_deref().unwrap_or("-");
    let id = if id.starts_with("local:") {
        "local"
    } else {
        id
    };
    format!("{id} {:?} {}", message.status, message.plain_text())
}

fn join(channel: &str) -> ChannelEvent {
    ChannelEvent::Join {
        channel_id: channel.into(),
    }
}
