//! Saying something: `pub` and `dm`.

use std::sync::Arc;

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::oshi::wire::{Answer, ErrorCode, Pub, StreamId, limit};
use tokio::time::Instant;

use super::call::{Call, Step, Told, reply_frame};
use super::failure::Failure;
use super::{access, people, records};
use crate::store::writer::Job;
use crate::store::{
    File, FileId, LOBBY, MessageKind, NewMessage, Posted, Repeat, RoomId, Sender, Transaction,
    UserId,
};
use crate::world::{Counting, Network as _, Notice, Receiver, Said, Submission, talk};

/// `pub`.
pub(super) fn publish(call: Call, publish: Pub<'_>) -> Step {
    let is_empty = publish.files.is_empty() && publish.meta.is_empty();
    let checked = check_text(&publish.text, is_empty)
        .and_then(|()| check_lobby(&call, publish.stream))
        .and_then(|()| count(&call));
    if let Err(failure) = checked {
        return call.answer(Err(failure));
    }
    let Pub {
        stream,
        text,
        nonce,
        reply,
        files,
        meta,
    } = publish;
    let mut message = new_message(call.user(), RoomId(stream.0), text.into_owned());
    message.client_id = nonce.map(Into::into);
    message.reply = reply;
    message.extra = records::extra(meta);
    message.files = files.into_iter().map(|file| FileId(file.0)).collect();
    if message.files.is_empty() {
        return Step::Job(Job::Post(post(&call, message)));
    }
    let speaker = Speaker::of(&call);
    call.change(move |store, notices| {
        access::stream(store, speaker.user, stream)?;
        let files = own_files(store, speaker.user, &message.files)?;
        let posted = speaker.say(store, notices, message, files)?;
        Ok(published(&posted, None))
    })
}

/// `dm`: makes the talk of two where there is none, lets both hear it, and says something there.
pub(super) fn dm(call: Call, to: &str, text: Option<String>, nonce: Option<String>) -> Step {
    let checked = text
        .as_deref()
        .map_or(Ok(()), |text| check_text(text, true));
    if let Err(failure) = checked.and_then(|()| count(&call)) {
        return call.answer(Err(failure));
    }
    let user = call.user();
    let to = to.to_owned();
    let speaker = Speaker::of(&call);
    let front = Arc::clone(&call.session.front);
    call.change_then(
        move |store, notices| {
            let other = people::named(store, &to)?;
            if other == user {
                return Err(Failure::bad_field("`to` is yourself"));
            }
            let room = talk(store, notices, user, other, Utc::now())?;
            // Everybody else to whom the talk is new is told by the notices.
            let new = notices
                .iter()
                .filter_map(|notice| front.notice(notice, user));
            let before = new.collect();
            let stream = records::stream_id(room);
            let answer = match text {
                Some(text) => {
                    let mut message = new_message(user, room, text);
                    message.client_id = nonce;
                    let posted = speaker.say(store, notices, message, Vec::new())?;
                    published(&posted, Some(stream))
                }
                None => Answer::Talk { stream },
            };
            Ok(Told {
                before,
                ..answer.into()
            })
        },
        |_, _, told| told,
    )
}

/// Whether a text may be said; an empty one only beside something else.
pub(super) fn check_text(text: &str, must_say: bool) -> Result<(), Failure> {
    if text.is_empty() && must_say {
        return Err(Failure::bad_field("`text` is empty"));
    }
    let most = usize::try_from(limit::TEXT_CHARS).unwrap_or(usize::MAX);
    if text.chars().nth(most).is_some() {
        return Err(Failure::too_long("a text has 4000 characters at most"));
    }
    Ok(())
}

/// Counts something that its user says, if they may say more now.
pub(super) fn count(call: &Call) -> Result<(), Failure> {
    let rate = &call.session.front.rate;
    rate.take(call.user(), Instant::now())
        .map_err(Failure::rate)
}

/// Refuses to speak in the lobby where that takes a token of another network.
pub(super) fn check_lobby(call: &Call, stream: StreamId) -> Result<(), Failure> {
    if RoomId(stream.0) == LOBBY && !call.session.front.rules.lobby {
        return Err(Failure::forbidden(
            "speaking here takes a token that Oshi has not",
        ));
    }
    Ok(())
}

/// A message without anything but its text.
fn new_message(user: UserId, room: RoomId, text: String) -> NewMessage {
    NewMessage {
        room,
        at: Utc::now(),
        sender: Sender::Account(user),
        kind: MessageKind::Text,
        text: Some(text),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: None,
    }
}

/// The files that go with a message, which must be its sender's own.
fn own_files(
    store: &mut dyn Transaction,
    user: UserId,
    ids: &[FileId],
) -> Result<Vec<File>, Failure> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let file = store.file_of(user, *id)?;
        files.push(file.ok_or_else(Failure::not_found)?);
    }
    Ok(files)
}

/// Who says something.
struct Speaker {
    user: UserId,
    name: Arc<str>,
    receiver: Arc<Receiver>,
}

impl Speaker {
    fn of(call: &Call) -> Self {
        Counting::add(&call.session.world.counting().taken);
        Self {
            user: call.user(),
            name: call.session.person.display(),
            receiver: Arc::clone(&call.session.receiver),
        }
    }

    fn submission(self, message: NewMessage, files: Vec<File>) -> Submission {
        Submission {
            message,
            repeat: Repeat::Same,
            sender_name: Some(self.name.to_string()),
            files,
            prepared: None,
            log_line: None,
            origin: self.receiver,
            answer: None,
            explain: None,
        }
    }

    /// Says it as a part of other work.
    fn say(
        self,
        store: &mut dyn Transaction,
        notices: &mut Vec<Notice>,
        message: NewMessage,
        files: Vec<File>,
    ) -> Result<Posted, Failure> {
        let posted = store.post(&message, Repeat::Same)?;
        // What was kept before was shown before.
        if !posted.repeated {
            let submission = Box::new(self.submission(message, files));
            notices.push(Notice::Said(Box::new(Said { posted, submission })));
        }
        Ok(posted)
    }
}

/// What tells somebody who is not in from somebody who is, and may not speak.
const NOT_MEMBER: ErrorKind = ErrorKind::State;

/// A message on its way, and the answer to its sender.
fn post(call: &Call, message: NewMessage) -> Box<Submission> {
    let re = call.re.clone();
    let mut submission = Speaker::of(call).submission(message, Vec::new());
    submission.answer = Some(Box::new(|_, outcome| {
        let reply = match outcome {
            Ok(posted) => Ok(published(posted, None)),
            Err(error) if error.kind() == NOT_MEMBER => Err(Failure::not_member()),
            Err(error) => Err(Failure::of(error)),
        };
        Some(reply_frame(re, reply))
    }));
    let user = call.user();
    submission.explain = Some(Box::new(move |store, message, error| match access::stream(
        store,
        user,
        records::stream_id(message.room),
    ) {
        Err(Failure::Told {
            code: ErrorCode::NotFound,
            ..
        }) => Error::new(ErrorKind::NotFound, "no such thing"),
        Err(_) => Error::new(NOT_MEMBER, "not in this room"),
        Ok(_) => error,
    }));
    Box::new(submission)
}

fn published(posted: &Posted, stream: Option<StreamId>) -> Answer<'static> {
    Answer::Published {
        stream,
        seq: posted.position.seq,
        id: records::message_id(posted.position.id),
        ts: posted.at.timestamp_millis(),
        rev: posted.change,
    }
}
