//! What people say: as it is kept, for all networks, and as it is shown here.

use std::sync::Arc;

use chrono::Utc;
use kaiwa_core::{Error, Message, MessageFragment};
use kaiwa_protocols::text::{Emotes, bbcode, html};
use serde_json::{Map, Value};

use super::call::{Asker, Call};
use super::stage::Deciding;
use crate::front::SOCKCHAT;
use crate::store::writer::Job;
use crate::store::{LOBBY, MessageKind, NewMessage, Repeat, RoomId, Sender, UserId, UserPatch};
use crate::world::{Counting, Notice, Said, Submission, talk};

/// The longest text, in characters (SharpChat); what is longer is cut off.
pub(super) const MAX_TEXT_CHARS: usize = 5000;

/// What stands before what somebody does, where it is shown as text.
const ACTION: &str = "* ";

/// What somebody says.
pub(super) struct Words {
    /// BBCode.
    text: String,
    /// Whether it says what they do.
    is_action: bool,
}

impl Words {
    /// Nothing, if the text is blank. Characters that only control are spaces, but for line breaks.
    pub(super) fn new(text: &str, is_action: bool) -> Option<Self> {
        let clean = text.chars().filter(|c| *c != '\r').map(|c| match c {
            '\n' => c,
            c if c.is_control() => ' ',
            c => c,
        });
        let text: String = clean.take(MAX_TEXT_CHARS).collect();
        (!text.trim().is_empty()).then_some(Self { text, is_action })
    }

    /// As packets have it.
    fn packed(&self) -> String {
        let text = html::escape(&self.text);
        if self.is_action {
            format!("<i>{text}</i>")
        } else {
            text.into_owned()
        }
    }

    /// As a message of somebody who is called `name`.
    fn message(&self, user: UserId, room: RoomId, name: &str) -> NewMessage {
        let plain = lowered(&self.text);
        let text = if self.is_action {
            format!("{ACTION}{name} {plain}")
        } else {
            plain
        };
        let extra = (text != self.text).then(|| {
            let fields = [
                ("bbcode", Value::from(self.text.as_str())),
                ("action", Value::from(self.is_action)),
            ];
            let fields = fields.map(|(name, value)| (name.to_owned(), value));
            Value::Object(Map::from_iter(fields)).to_string()
        });
        NewMessage {
            room,
            at: Utc::now(),
            sender: Sender::Account(user),
            kind: MessageKind::Text,
            text: Some(text),
            client_id: None,
            reply: None,
            files: Vec::new(),
            extra,
        }
    }
}

/// Says something in the room in which somebody is. Nothing comes of it where they may not speak; nobody is told.
pub(super) fn say(call: &Call, asker: &Asker, words: &Words) -> Job {
    if asker.room == LOBBY && !call.front.rules.lobby {
        Counting::add(&call.world.counting().refused);
        return Job::work(|_, _| Ok(()), |_, _: Result<(), Error>| ());
    }
    let prepared = words.packed();
    Job::Post(Box::new(submission(
        call, asker, asker.room, words, prepared,
    )))
}

/// Somebody who was away says something.
pub(super) async fn come_back(call: &Call) {
    let user = call.user;
    let back = call.change(
        move |deciding| {
            let patch = UserPatch {
                away: Some(None),
                ..UserPatch::default()
            };
            deciding.store.update_user(user, &patch)?;
            let notice = Notice::profile(deciding.store, user)?;
            deciding.notices.extend(notice);
            Ok(())
        },
        |_, ()| {},
    );
    if let Err(refusal) = back.await {
        tracing::debug!(?refusal, "somebody stays away");
    }
}

impl Deciding<'_> {
    /// Says something to one person, whose name in packets is `name`, in the room of the two.
    pub(super) fn whisper(
        &mut self,
        call: &Call,
        asker: &Asker,
        (to, name): (UserId, &str),
        words: &Words,
    ) -> Result<(), Error> {
        let room = talk(self.store, self.notices, asker.user.id, to, Utc::now())?;
        let prepared = format!("{name}\t{}", words.packed());
        let submission = submission(call, asker, room, words, prepared);
        let posted = self.store.post(&submission.message, Repeat::Another)?;
        let submission = Box::new(submission);
        self.notices
            .push(Notice::Said(Box::new(Said { posted, submission })));
        Ok(())
    }
}

fn submission(
    call: &Call,
    asker: &Asker,
    room: RoomId,
    words: &Words,
    prepared: String,
) -> Submission {
    Counting::add(&call.world.counting().taken);
    let display = &asker.user.display;
    Submission {
        message: words.message(asker.user.id, room, display),
        repeat: Repeat::Another,
        sender_name: Some(display.clone()),
        files: Vec::new(),
        prepared: Some((SOCKCHAT, prepared)),
        log_line: None,
        origin: Arc::clone(&call.receiver),
        answer: None,
        explain: None,
    }
}

/// What somebody said, as packets have it, and whether it is what they do. The text and the markup of one message may have come
/// from a client of another network, and must say the same.
pub(super) fn shown(text: &str, extra: Option<&str>) -> (String, bool) {
    let original = extra.and_then(|extra| original(text, extra));
    let words = original.unwrap_or_else(|| {
        let literal = [MessageFragment::Text(text.to_owned())];
        Words {
            text: bbcode::render(&literal, &Emotes::none()),
            is_action: false,
        }
    });
    (words.packed(), words.is_action)
}

fn original(text: &str, extra: &str) -> Option<Words> {
    let fields: Value = serde_json::from_str(extra).ok()?;
    let bbcode = fields.get("bbcode")?.as_str()?;
    let is_action = fields.get("action")?.as_bool()?;
    let words = Words::new(bbcode, is_action)?;
    let plain = lowered(&words.text);
    let says_the_same = if is_action {
        text.starts_with(ACTION) && text.ends_with(&plain)
    } else {
        text == plain
    };
    says_the_same.then_some(words)
}

/// BBCode as networks show it that have no markup.
fn lowered(bbcode: &str) -> String {
    let mut message = Message::text("", Utc::now());
    message.content = bbcode::parse(bbcode, &Emotes::none());
    message.lowered().plain_text()
}
