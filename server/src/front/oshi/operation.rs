//! What may be asked for: each operation of the protocol, and who carries it out.

use kaiwa_protocols::oshi::wire::{ErrorCode, Request, ServerFrame};

use super::call::{Call, Step};
use super::failure::Failure;
use super::{publish, streams};

/// Carries out a request.
pub(super) fn carry_out(call: Call, request: Request<'_>) -> Step {
    match request {
        Request::Auth(_) => {
            let words = "signed in already";
            call.answer(Err(Failure::told(ErrorCode::AlreadyAuth, words)))
        }
        Request::Ping => Step::Alive(super::call::frame(&ServerFrame::Pong { re: call.re })),
        Request::Sub {
            stream,
            since,
            epoch,
            limit,
        } => streams::sub(call, stream, since, epoch, limit),
        Request::Unsub { stream } => streams::unsub(call, stream),
        Request::History {
            stream,
            before,
            after,
            limit,
        } => streams::history(call, stream, before, after, limit),
        Request::Pub(publish) => publish::publish(call, publish),
        _ => call.answer(Err(Failure::told(ErrorCode::UnknownOp, "not yet"))),
    }
}
