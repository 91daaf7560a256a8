//! What somebody is told who has just come in: who they are, and everything they have.

use bytes::Bytes;
use kaiwa_core::Error;
use kaiwa_protocols::oshi::wire::{
    Circle, Hello, Limits, PubLimit, Secret, ServerFrame, State, Stream, Subscription, VERSION,
    limit,
};
use serde::Serialize;
use serde_json::Value;

use super::call::frame;
use super::fit::{AROUND, size, split};
use super::{Oshi, records};
use crate::store::{self, DataScope, Reader, Room, RoomKind, User, UserId};

/// The greeting.
pub(super) fn hello(front: &Oshi, user: User, token: &str) -> Bytes {
    let (count, ms) = front.rate.told().unwrap_or_default();
    frame(&ServerFrame::Hello(Hello {
        v: VERSION,
        user: records::profile(user),
        token: Secret::from(token),
        server: concat!("kaiwa ", env!("CARGO_PKG_VERSION")).into(),
        limits: Limits {
            file: front.max_file_bytes,
            publish: PubLimit {
                count: count.into(),
                ms,
            },
            ..Limits::default()
        },
    }))
}

/// The greeting, and all frames of the state; `heard` is what the seat hears.
pub(super) fn frames(
    reader: &mut dyn Reader,
    user: UserId,
    heard: &[store::Subscription],
    hello: Bytes,
) -> Result<Vec<Bytes>, Error> {
    let mut parts = Parts::default();
    for (id, role) in reader.roles_of(user)? {
        let Some(room) = reader.room(id)? else {
            continue;
        };
        match room.kind {
            RoomKind::Circle | RoomKind::Lobby => {
                let streams = streams_of(reader, &room, user)?;
                parts.circle(records::circle(room, Some(role)), streams);
            }
            RoomKind::Group | RoomKind::Direct | RoomKind::Channel => {
                parts.stream(records::stream(reader, room, user)?);
            }
            RoomKind::Stream => {}
        }
    }
    for subscription in heard {
        parts.sub(Subscription {
            stream: records::stream_id(subscription.room),
            last_read: subscription.read,
        });
    }
    for (key, value) in reader.all_data(DataScope::User(user))? {
        parts.data(key, records::value(&value));
    }
    Ok(parts.finish(hello))
}

/// The streams of a circle, the lobby's own before those in it.
pub(super) fn streams_of(
    reader: &mut dyn Reader,
    circle: &Room,
    viewer: UserId,
) -> Result<Vec<Stream<'static>>, Error> {
    let own = (circle.kind == RoomKind::Lobby).then(|| circle.clone());
    let all = own.into_iter().chain(reader.children(circle.id)?);
    all.map(|room| records::stream(reader, room, viewer))
        .collect()
}

/// The state, cut into frames.
#[derive(Default)]
struct Parts {
    full: Vec<State<'static>>,
    last: State<'static>,
    /// Bytes of the last one.
    bytes: usize,
}

impl Parts {
    /// A circle, with as many of its streams as go into its frame; the others follow as streams of it.
    fn circle(&mut self, mut circle: Circle<'static>, streams: Vec<Stream<'static>>) {
        let streams = split(&mut circle, streams);
        self.make_room(&circle);
        self.last.circles.push(circle);
        for stream in streams {
            self.stream(stream);
        }
    }

    fn stream(&mut self, stream: Stream<'static>) {
        self.make_room(&stream);
        self.last.streams.push(stream);
    }

    fn sub(&mut self, sub: Subscription) {
        self.make_room(&sub);
        self.last.subs.push(sub);
    }

    fn data(&mut self, key: String, value: Value) {
        self.make_room(&(&key, &value));
        self.last.data.insert(key, value);
    }

    /// Begins a frame if something more does not go into the last one.
    fn make_room(&mut self, item: &impl Serialize) {
        let bytes = size(item);
        if self.bytes + bytes + AROUND > limit::FRAME_BYTES {
            let mut full = std::mem::take(&mut self.last);
            full.more = true;
            self.full.push(full);
            self.bytes = 0;
        }
        self.bytes += bytes;
    }

    fn finish(self, hello: Bytes) -> Vec<Bytes> {
        let states = self.full.into_iter().chain([self.last]);
        let frames = states.map(|state| frame(&ServerFrame::State(state)));
        [hello].into_iter().chain(frames).collect()
    }
}
