//! What may be asked for: each operation of the protocol, and who carries it out.

use std::borrow::Cow;

use kaiwa_protocols::oshi::wire::{ErrorCode, Request, ServerFrame};

use super::call::{Call, Step, frame};
use super::failure::Failure;
use super::history::Wanted;
use super::{change, channels, circles, data, history, members, people, publish, streams, sub};

/// Carries out a request.
pub(super) fn carry_out(call: Call, request: Request<'_>) -> Step {
    match request {
        Request::Auth(_) => {
            let words = "signed in already";
            call.answer(Err(Failure::told(ErrorCode::AlreadyAuth, words)))
        }
        Request::Ping => Step::Alive(frame(&ServerFrame::Pong { re: call.re })),
        Request::Sub {
            stream,
            since,
            epoch,
            limit,
        } => sub::sub(call, stream, since, epoch, limit),
        Request::Unsub { stream } => streams::unsub(call, stream),
        Request::Read { stream, seq } => streams::read(call, stream, seq),
        Request::Typing { stream, on } => streams::typing(call, stream, on),
        Request::History {
            stream,
            before,
            after,
            limit,
        } => {
            let wanted = Wanted {
                before,
                after,
                limit,
            };
            history::history(call, stream, wanted)
        }
        Request::Pub(publish) => publish::publish(call, publish),
        Request::Dm { to, text, nonce } => {
            let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
            publish::dm(call, &to, owned(text), owned(nonce))
        }
        Request::Edit { stream, seq, text } => change::edit(call, stream, seq, text.into_owned()),
        Request::Delete { stream, seq } => change::delete(call, stream, seq),
        Request::React {
            stream,
            seq,
            emoji,
            on,
        } => change::react(call, stream, seq, emoji.into_owned(), on),
        other => in_circles(call, other),
    }
}

/// What concerns circles, their streams and members.
fn in_circles(call: Call, request: Request<'_>) -> Step {
    match request {
        Request::CircleCreate {
            name,
            public,
            streams,
        } => {
            let streams = streams.into_iter().map(Cow::into_owned).collect();
            circles::create(call, &name, public, streams)
        }
        Request::CircleList {
            query,
            after,
            limit,
        } => circles::list(call, query.unwrap_or_default().into_owned(), after, limit),
        Request::CircleJoin { circle, invite } => {
            circles::join(call, circle, invite.map(|invite| invite.0.into_owned()))
        }
        Request::CircleLeave { circle } => circles::leave(call, circle),
        Request::CircleDelete { circle } => circles::delete(call, circle),
        Request::CircleInvite { circle, user } => members::invite(call, circle, user),
        Request::CircleKick { circle, user } => members::kick(call, circle, user),
        Request::CircleRole { circle, user, role } => members::role(call, circle, user, role),
        Request::Members {
            place,
            after,
            limit,
        } => members::list(call, place, after, limit),
        Request::StreamCreate {
            circle,
            name,
            topic,
        } => channels::create(call, circle, &name, topic.as_deref()),
        Request::StreamRename {
            stream,
            name,
            topic,
        } => channels::rename(call, stream, name.as_deref(), topic.as_deref()),
        Request::StreamDelete { stream } => channels::delete(call, stream),
        other => of_people(call, other),
    }
}

/// What concerns people, and what they keep.
fn of_people(call: Call, request: Request<'_>) -> Step {
    match request {
        Request::UserGet { user } => people::get(call, user),
        Request::UserSet { display, password } => {
            let password = password.as_ref().map(|password| password.0.as_ref());
            people::set(call, display.as_deref(), password)
        }
        Request::DataGet { key } => data::get(call, None, key.into_owned()),
        Request::DataSet { key, value } => data::set(call, None, key.into_owned(), &value),
        Request::CircleDataGet { circle, key } => data::get(call, Some(circle), key.into_owned()),
        Request::CircleDataSet { circle, key, value } => {
            data::set(call, Some(circle), key.into_owned(), &value)
        }
        Request::Logout => people::logout(call),
        // All others are in the tables before.
        _ => call.answer(Err(Failure::told(
            ErrorCode::UnknownOp,
            "no such operation",
        ))),
    }
}
