//! Streams as somebody hears them: `sub`, `unsub`, `read`, `typing`.

use kaiwa_protocols::oshi::wire::{Answer, StreamId};
use tokio::time::Instant;

use super::access::{self, Inside};
use super::call::{Call, Step};
use super::failure::Failure;
use crate::store::RoomId;
use crate::world::Notice;

/// `unsub`.
pub(super) fn unsub(call: Call, stream: StreamId) -> Step {
    let user = call.user();
    call.change_then(
        move |store, _| {
            let room = access::stream(store, user, stream)?.room.id;
            store.unsubscribe(user, room)?;
            Ok(room)
        },
        |live, session, room| {
            live.unfollow(session.seat, room);
            Answer::Done {}.into()
        },
    )
}

/// `read`.
pub(super) fn read(call: Call, stream: StreamId, seq: i64) -> Step {
    let user = call.user();
    call.change(move |store, notices| {
        let Inside { room, membership } = access::stream(store, user, stream)?;
        let seq = store.mark_read_to(room.id, user, seq)?;
        if seq > membership.read
            && let Some(message) = store.messages(room.id, seq, seq)?.pop()
        {
            notices.push(Notice::Read {
                room: room.id,
                kind: room.kind,
                user,
                message: message.position.id,
                seq,
            });
        }
        Ok(Answer::Done {})
    })
}

/// `typing`: nothing is kept, and those who hear the stream are told. What is said too often is told to nobody: it lapses anyway.
pub(super) fn typing(call: Call, stream: StreamId, on: bool) -> Step {
    let user = call.user();
    if call
        .session
        .front
        .typing
        .take(user, Instant::now())
        .is_err()
    {
        return call.answer(Ok(Answer::Done {}));
    }
    let Call { session, .. } = &call;
    let heard = {
        let (world, seat) = (session.world.clone(), session.seat);
        move || world.live().typing(seat, RoomId(stream.0), on)
    };
    call.ask(move |reader| {
        if heard() {
            return Ok(Answer::Done {});
        }
        access::stream(reader, user, stream)?;
        Err(Failure::forbidden("subscribe to the stream first"))
    })
}
