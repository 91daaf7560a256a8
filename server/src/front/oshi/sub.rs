//! `sub`: from now on somebody hears a stream, and is told first what they have missed there.
//!
//! Much of that is read beside the store's thread, and only what came since by the work that subscribes: everybody waits for
//! that work, and nobody must be kept waiting by somebody else's backlog.

use std::sync::Arc;

use bytes::Bytes;
use kaiwa_core::Error;
use kaiwa_protocols::oshi::wire::{Answer, Event, ServerFrame, StreamId, limit};

use super::call::{Call, Step, Told, frame};
use super::records::Names;
use super::{access, fit, records};
use crate::store::{Change, ReadUsers, Reader, RoomId, UserId};
use crate::world::{Followed, Since, subscribe};

/// Changes that may have come since those were read beside: they are read while everybody waits.
const FEW: usize = 32;

/// Bytes of changes that one answer brings: with them in a queue of the default size there is room for what happens meanwhile.
const MAX_BYTES: usize = 512 * 1024;

/// `sub`.
pub(super) fn sub(
    call: Call,
    stream: StreamId,
    since: Option<i64>,
    epoch: Option<i64>,
    limit: Option<u32>,
) -> Step {
    let limit = limit.unwrap_or(limit::REPLAY).min(limit::REPLAY);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let since = since.map(|change| Since {
        change,
        epoch,
        limit,
    });
    let viewer = Viewer {
        user: call.user(),
        stream,
        known: since.map_or(0, |since| since.change),
    };
    let Some(since) = since.filter(|since| since.limit > 0) else {
        return follow(call, viewer, since, Missed::default());
    };
    let world = Arc::clone(&call.session.world);
    Step::Prepare(Box::pin(async move {
        let missed = world.read(move |reader| missed(reader, &viewer, since));
        match missed.await {
            Ok(missed) => follow(call, viewer, Some(since), missed),
            Err(error) => call.answer(Err(error.into())),
        }
    }))
}

/// Who is told of changes.
#[derive(Clone, Copy)]
struct Viewer {
    user: UserId,
    stream: StreamId,
    /// The newest change that they know.
    known: i64,
}

/// What somebody has missed, as frames.
#[derive(Default)]
struct Missed {
    /// Each with the sequence of its message.
    frames: Vec<(i64, Bytes)>,
    bytes: usize,
    /// Up to which change that is all.
    up_to: Option<i64>,
    /// More than can be told.
    too_much: bool,
}

/// Reads beside the store's thread. Who may not know of the stream is not told so here, since that has to be true at one time
/// with the rest.
fn missed(reader: &mut dyn Reader, viewer: &Viewer, since: Since) -> Result<Missed, Error> {
    let room = RoomId(viewer.stream.0);
    let mut missed = Missed::default();
    if reader.membership(room, viewer.user)?.is_some() {
        match reader.changes(room, since.change, since.limit)? {
            Some(changes) => missed.add(reader, changes, viewer)?,
            None => missed.too_much = true,
        }
    }
    Ok(missed)
}

/// Subscribes, tells what was missed, and then what happens.
fn follow(call: Call, viewer: Viewer, since: Option<Since>, mut missed: Missed) -> Step {
    call.change_then(
        move |store, _| {
            let room = access::stream(store, viewer.user, viewer.stream)?.room.id;
            let rest = since.map(|since| missed.rest_of(since));
            let mut followed = subscribe(store, viewer.user, room, rest)?;
            match followed.changes.take() {
                Some(changes) => missed.add(store, changes, &viewer)?,
                None => missed.too_much = true,
            }
            Ok((followed, missed))
        },
        |live, session, (followed, missed)| {
            live.follow(session.seat, &followed.subscription);
            answer(&followed, missed)
        },
    )
}

fn answer(followed: &Followed, missed: Missed) -> Told {
    let Followed {
        room, subscription, ..
    } = followed;
    let answer = Answer::Subscribed {
        last: room.last.seq,
        rev: room.last_change,
        epoch: room.epoch,
        complete: !missed.too_much,
        last_read: subscription.read,
    };
    let frames = missed.frames.into_iter();
    // What was said before they came is not for them.
    let frames = frames.filter(|(seq, _)| !missed.too_much && *seq >= subscription.since);
    Told {
        behind: frames.map(|(_, frame)| frame).collect(),
        ..answer.into()
    }
}

impl Missed {
    /// What the work that subscribes has still to read.
    fn rest_of(&self, since: Since) -> Since {
        let left = since.limit - self.frames.len().min(since.limit);
        Since {
            change: self.up_to.unwrap_or(since.change),
            limit: if self.too_much { 0 } else { left.min(FEW) },
            ..since
        }
    }

    /// Adds changes as frames.
    fn add<S: ReadUsers + ?Sized>(
        &mut self,
        store: &mut S,
        changes: Vec<Change>,
        viewer: &Viewer,
    ) -> Result<(), Error> {
        let mut names = Names::default();
        for change in changes {
            let (number, seq, frame) = shown(store, &mut names, change, viewer)?;
            self.bytes += frame.len();
            if self.bytes > MAX_BYTES {
                self.too_much = true;
                self.frames.clear();
                return Ok(());
            }
            self.up_to = Some(number);
            self.frames.push((seq, frame));
        }
        Ok(())
    }
}

/// A change's number, the sequence of its message, and its frame.
fn shown<S: ReadUsers + ?Sized>(
    store: &mut S,
    names: &mut Names,
    change: Change,
    viewer: &Viewer,
) -> Result<(i64, i64, Bytes), Error> {
    Ok(match change {
        Change::Message(message) => {
            let name = names.of(store, &message)?;
            let mut shown = records::message(&message, &name, Some(viewer.user));
            fit::cut(&mut shown);
            let event = if message.posted > viewer.known {
                Event::Msg(shown)
            } else {
                Event::Upd(shown)
            };
            let frame = frame(&ServerFrame::Event(event));
            (message.change, message.position.seq, frame)
        }
        Change::Reaction {
            change,
            seq,
            user,
            emoji,
            on,
        } => {
            let event = Event::React {
                stream: viewer.stream,
                seq,
                rev: change,
                user: records::user_id(user),
                emoji: emoji.into(),
                on,
            };
            (change, seq, frame(&ServerFrame::Event(event)))
        }
    })
}
