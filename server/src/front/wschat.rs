//! The wschat front end: the lobby, as the one room that network has.
//!
//! Unlike the original it survives every text, never relays a token, and keeps messages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaiwa_protocols::wschat::wire::Submitted;
use serde_json::{Map, Value};

use crate::jwt::Verifier;
use crate::store::writer::{Committed, Submission};
use crate::store::{LOBBY, NewMessage};
use crate::world::{Batch, Counting, Seat, World};
use crate::ws::{Handler, put_text};

/// What all wschat connections share.
pub(crate) struct Wschat {
    /// Set if messages need a token.
    pub(crate) verifier: Option<Verifier>,
    /// Whether lines for the log file are wanted.
    pub(crate) log: bool,
}

/// One wschat client.
pub(crate) struct Client {
    pub(crate) front: Arc<Wschat>,
    pub(crate) world: Arc<World>,
}

impl Handler for Client {
    fn text(&mut self, text: &str, seat: &Seat) -> Option<Submission> {
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
        Some(Submission {
            message: NewMessage {
                room: LOBBY,
                at: now,
                sender: submitted.usr().map(str::to_owned),
                text: submitted.msg().map(str::to_owned),
                extra: submitted.extra(),
            },
            relayed: submitted.relay(now),
            log_line: self.front.log.then(|| submitted.log_line(now)),
            sender: Arc::clone(seat.receiver()),
        })
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

/// The frames for everybody, in order.
pub(crate) fn render(committed: &[Committed]) -> Batch {
    let mut bytes = Vec::new();
    for message in committed {
        put_text(&message.submission.relayed, &mut bytes);
    }
    Batch {
        bytes: bytes.into(),
        messages: committed.len(),
    }
}

/// A kept message's line for the log file, as [`Submitted::log_line`] made it when it was said. `signed` tells that messages
/// need a token, since whether this one had one is not kept.
pub(crate) fn log_line(message: &NewMessage, signed: bool) -> String {
    let extra = message.extra.as_deref();
    let mut fields: Map<String, Value> = extra
        .and_then(|extra| serde_json::from_str(extra).ok())
        .unwrap_or_default();
    let said = [("usr", &message.sender), ("msg", &message.text)];
    for (name, value) in said {
        if let Some(value) = value {
            fields.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    if signed {
        fields.insert("jwt".to_owned(), Value::from(""));
    }
    // Text that was made just now is well-formed.
    Submitted::parse(&Value::Object(fields).to_string())
        .map(|submitted| submitted.log_line(message.at))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let message = NewMessage {
                room: LOBBY,
                at: now,
                sender: submitted.usr().map(str::to_owned),
                text: submitted.msg().map(str::to_owned),
                extra: submitted.extra(),
            };
            let line = log_line(&message, text.contains("jwt"));
            assert_eq!(line, submitted.log_line(now));
        }
    }
}
