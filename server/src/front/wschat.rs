//! The wschat front end: the lobby, as the one room that network has.
//!
//! Unlike the original it survives every text, never relays a token, and keeps messages.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use kaiwa_protocols::wschat::wire::Submitted;
use serde_json::{Map, Value};

use super::{Links, WSCHAT};
use crate::jwt::Verifier;
use crate::site::Site;
use crate::store::writer::Job;
use crate::store::{LOBBY, MessageKind, NewMessage, Repeat, Sender, StoredMessage, UserId};
use crate::world::{Counting, Echo, Network, Notice, Receiver, Said, Seat, Submission, World};
use crate::ws::{Handler, Refused, converse, put_text, upgrade};

/// What all wschat connections share.
pub(crate) struct Wschat {
    /// Set if messages need a token.
    pub(crate) verifier: Option<Verifier>,
    /// Whether lines for the log file are wanted.
    pub(crate) log: bool,
    pub(crate) links: Links,
}

/// The one path of the network.
pub(crate) fn routes(path: &str, front: Arc<Wschat>) -> Router<Site> {
    let client = move |State(site): State<Site>, request: Request| {
        let front = Arc::clone(&front);
        async move { enter(front, site, request) }
    };
    Router::new().route(path, any(client))
}

fn enter(front: Arc<Wschat>, site: Site, request: Request) -> Result<Response, Refused> {
    if let Some(refused) = site.keep_out(&request) {
        return Ok(refused);
    }
    let permit = site.permit(&request);
    let (response, socket) = upgrade(request)?;
    let receiver = site.world.receiver();
    // Before the client knows that it is in: it misses nothing that is said from then on.
    let seat = site.world.live().sit(WSCHAT, Arc::clone(&receiver), LOBBY);
    let client = Client {
        front,
        world: Arc::clone(&site.world),
        receiver: Arc::clone(&receiver),
        _seat: seat,
    };
    site.tasks.clone().spawn(async move {
        if let Some((socket, early)) = socket.await {
            converse(socket, early, receiver, site.settings, &site.world, client).await;
        }
        drop(permit);
    });
    Ok(response)
}

/// One wschat client.
struct Client {
    front: Arc<Wschat>,
    world: Arc<World>,
    receiver: Arc<Receiver>,
    _seat: Seat,
}

impl Handler for Client {
    fn text(&mut self, text: &str) -> Option<Job> {
        let counting = self.world.counting();
        let submitted = match Submitted::parse(text) {
            Ok(submitted) => submitted,
            Err(error) => {
                tracing::debug!(%error, "text ignored");
                Counting::add(&counting.malformed);
                return None;
            }
        };
        let now = Utc::now();
        if !self.front.allows(&submitted, now) {
            Counting::add(&counting.unsigned);
            return None;
        }
        Counting::add(&counting.taken);
        Some(Job::Post(Box::new(Submission {
            message: new_message(&submitted, now),
            repeat: Repeat::Another,
            sender_name: submitted.usr().map(str::to_owned),
            files: Vec::new(),
            prepared: Some((WSCHAT, submitted.relay(now))),
            log_line: self.front.log.then(|| submitted.log_line(now)),
            origin: Arc::clone(&self.receiver),
            answer: None,
            explain: None,
        })))
    }
}

fn new_message(submitted: &Submitted, now: DateTime<Utc>) -> NewMessage {
    NewMessage {
        room: LOBBY,
        at: now,
        sender: Sender::Guest(submitted.usr().map(str::to_owned)),
        kind: MessageKind::Text,
        text: submitted.msg().map(str::to_owned),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: submitted.extra(),
    }
}

impl Wschat {
    fn allows(&self, submitted: &Submitted, now: DateTime<Utc>) -> bool {
        match &self.verifier {
            None => true,
            Some(verifier) => submitted
                .jwt()
                .is_some_and(|token| verifier.accepts(token, now)),
        }
    }
}

impl Network for Wschat {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        let submission = &said.submission;
        if let Some((WSCHAT, text)) = &submission.prepared {
            put_text(text, out);
            return;
        }
        let name = submission.sender_name.as_deref();
        let text = submission.message.text.as_deref();
        let text = self.links.text(text, &submission.files);
        if let Some(submitted) = resubmit(Map::new(), name, text.as_deref()) {
            put_text(&submitted.relay(submission.message.at), out);
        }
    }

    /// The acknowledgement is all that its clients know.
    fn echo(&self, _said: &Said, _out: &mut Vec<u8>) -> Echo {
        Echo::Same
    }

    /// The network has messages and nothing else.
    fn notice(&self, _notice: &Notice, _to: UserId) -> Option<Bytes> {
        None
    }
}

/// What a client would have sent to say this.
fn resubmit(
    mut fields: Map<String, Value>,
    name: Option<&str>,
    text: Option<&str>,
) -> Option<Submitted> {
    for (field, value) in [("usr", name), ("msg", text)] {
        if let Some(value) = value {
            fields.insert(field.to_owned(), Value::from(value));
        }
    }
    // Text that was made just now is well-formed.
    Submitted::parse(&Value::Object(fields).to_string()).ok()
}

/// A kept message's line for the log file, as [`Submitted::log_line`] made it when it was said. `signed` tells that messages
/// need a token, since whether this one had one is not kept.
pub(crate) fn log_line(message: &StoredMessage, signed: bool) -> String {
    let extra = message.extra.as_deref();
    let mut fields: Map<String, Value> = extra
        .and_then(|extra| serde_json::from_str(extra).ok())
        .unwrap_or_default();
    if signed {
        fields.insert("jwt".to_owned(), Value::from(""));
    }
    resubmit(
        fields,
        message.sender_name.as_deref(),
        message.text.as_deref(),
    )
    .map(|submitted| submitted.log_line(message.at))
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Position;

    #[test]
    fn a_kept_message_has_the_line_it_had() {
        for text in [
            "null",
            r#"{"usr":"ann","msg":"a\nb \u0000 \u2028"}"#,
            r#"{"usr":5,"msg":null,"x":[1,{"b":1,"a":2.5}],"kaiwa":"n"}"#,
            r#"{"msg":"","jwt":"token"}"#,
            r#"{"deep":[[[[{"a":18446744073709551615}]]]],"jwt":5,"tim":"fake"}"#,
        ] {
            let submitted = Submitted::parse(text).unwrap();
            let now = Utc::now();
            let new = new_message(&submitted, now);
            let message = StoredMessage {
                position: Position::default(),
                room: LOBBY,
                change: 1,
                posted: 1,
                at: now,
                sender: None,
                sender_name: submitted.usr().map(str::to_owned),
                kind: new.kind,
                text: new.text,
                client_id: None,
                reply: None,
                edited: None,
                deleted: false,
                files: Vec::new(),
                reactions: Vec::new(),
                extra: new.extra,
            };
            let line = log_line(&message, text.contains("jwt"));
            assert_eq!(line, submitted.log_line(now));
        }
    }
}
