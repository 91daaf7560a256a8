//! How Oshi shows what happens in the world.

use std::borrow::Cow;

use bytes::Bytes;
use kaiwa_protocols::oshi::wire::event::{CircleChange, StreamChange};
use kaiwa_protocols::oshi::wire::{Circle, Event, MemberChange, Message, Stream};

use super::{Oshi, access, fit, records};
use crate::front::shown;
use crate::store::{Member, Role, RoomId, RoomKind, User, UserId};
use crate::world::{Echo, Network, Notice, RoomView, Said};
use crate::ws::put_text_with;

impl Network for Oshi {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        put(&Event::Msg(message(said, None)), out);
    }

    /// A sender's own connections see the nonce.
    fn echo(&self, said: &Said, out: &mut Vec<u8>) -> Echo {
        let nonce = said.submission.message.client_id.as_deref();
        if nonce.is_none() {
            return Echo::Same;
        }
        put(&Event::Msg(message(said, nonce)), out);
        Echo::Other
    }

    fn shared(&self, notice: &Notice, role: Option<Role>) -> Option<Bytes> {
        Some(match notice {
            Notice::Edited(message) => {
                let name = message.sender_name.as_deref().unwrap_or(shown::NOBODY);
                let mut message = records::message(message, name, None);
                fit::cut(&mut message);
                frames(&[Event::Upd(message)])
            }
            Notice::Reacted {
                room,
                seq,
                change,
                reaction,
                on,
            } => frames(&[Event::React {
                stream: records::stream_id(*room),
                seq: *seq,
                rev: *change,
                user: records::user_id(reaction.user),
                emoji: Cow::Borrowed(&reaction.emoji),
                on: *on,
            }]),
            Notice::Typing { room, user, on } => frames(&[Event::Typing {
                stream: records::stream_id(*room),
                user: records::user_id(*user),
                on: *on,
            }]),
            Notice::Presence { user, online } => frames(&[Event::Presence {
                user: records::user_id(*user),
                online: *online,
            }]),
            Notice::Profile(user) => {
                let user = records::profile(user.as_ref().clone());
                frames(&[Event::User { user }])
            }
            Notice::Role { room, member } => frames(&[membership(
                *room,
                &member.user,
                member.role,
                MemberChange::Role,
            )]),
            Notice::Opened { room } => {
                frames(&[Event::Stream(StreamChange::New(stream(room, None)))])
            }
            Notice::RoomChanged { room } => return changed(room, role),
            Notice::RoomRemoved { room, .. } => frames(&[gone(room)]),
            Notice::Entered { .. }
            | Notice::Left { .. }
            | Notice::Subscribed { .. }
            | Notice::Read { .. }
            | Notice::Contacts { .. }
            | Notice::Said(_)
            | Notice::Banned { .. }
            | Notice::Doors(_) => return None,
        })
    }

    fn notice(&self, notice: &Notice, to: UserId) -> Option<Bytes> {
        match notice {
            Notice::Entered { room, members } => {
                match members.iter().find(|member| member.user.id == to) {
                    Some(own) => Some(frames(&appeared(room, own.role, to))),
                    None => members_changed(room, members, MemberChange::Join),
                }
            }
            Notice::Left { room, people, .. } if people.iter().any(|user| user.id == to) => {
                Some(frames(&[gone(room)]))
            }
            Notice::Left { room, people, by } => {
                let change = match by {
                    Some(_) => MemberChange::Kick,
                    None => MemberChange::Leave,
                };
                let members = people.iter().cloned().map(|user| Member {
                    user,
                    role: Role::Member,
                });
                members_changed(room, &members.collect::<Vec<_>>(), change)
            }
            Notice::Subscribed { room, .. } => Some(frames(&[Event::Stream(StreamChange::New(
                stream(room, Some(to)),
            ))])),
            // Elsewhere it is nobody else's business.
            Notice::Read {
                room,
                kind,
                user,
                seq,
                ..
            } => (*user == to || *kind == RoomKind::Direct).then(|| {
                frames(&[Event::Read {
                    stream: records::stream_id(*room),
                    user: records::user_id(*user),
                    seq: *seq,
                }])
            }),
            _ => None,
        }
    }
}

/// A message that was said just now.
fn message<'a>(said: &'a Said, nonce: Option<&'a str>) -> Message<'a> {
    let submission = &said.submission;
    let kept = &submission.message;
    let name = submission.sender_name.as_deref().unwrap_or(shown::NOBODY);
    let mut message = Message {
        stream: records::stream_id(kept.room),
        seq: said.posted.position.seq,
        rev: said.posted.change,
        id: records::message_id(said.posted.position.id),
        from: said.posted.sender.map(records::user_id),
        name: name.into(),
        text: kept.text.as_deref().map(Cow::Borrowed),
        ts: said.posted.at.timestamp_millis(),
        edited: None,
        deleted: false,
        reply: kept.reply,
        files: submission.files.iter().map(records::file).collect(),
        reactions: Vec::new(),
        meta: records::meta(kept.extra.as_deref()),
        nonce: nonce.map(Cow::Borrowed),
    };
    // Only another network's text may be longer than a frame.
    if submission.size() > SHORT {
        fit::cut(&mut message);
    }
    message
}

/// Bytes of a message that is short enough for a frame whatever is in it: a byte takes six at most.
const SHORT: usize = 8 * 1024;

/// A room that somebody has come into.
fn appeared(view: &RoomView, role: Role, to: UserId) -> Vec<Event<'static>> {
    if !access::is_circle(view.room.kind) {
        return vec![Event::Stream(StreamChange::New(stream(view, Some(to))))];
    }
    let (circle, rest) = circle(view, role);
    let rest = rest
        .into_iter()
        .map(|stream| Event::Stream(StreamChange::New(stream)));
    [Event::Circle(CircleChange::New(circle))]
        .into_iter()
        .chain(rest)
        .collect()
}

/// A circle with as many of its streams as go into a frame, and the others.
pub(super) fn circle(view: &RoomView, role: Role) -> (Circle<'static>, Vec<Stream<'static>>) {
    let mut circle = records::circle(view.room.clone(), Some(role));
    let own = (view.room.kind == RoomKind::Lobby).then(|| view.room.clone());
    let streams = own.into_iter().chain(view.streams.iter().cloned());
    let streams = streams.map(|room| records::stream_called(room, String::new()));
    let rest = fit::split(&mut circle, streams.collect());
    (circle, rest)
}

/// A room as a stream, as somebody sees it; of a talk of two it matters who.
fn stream(view: &RoomView, to: Option<UserId>) -> Stream<'static> {
    let other = view.two.iter().find(|user| Some(user.id) != to);
    let other = other.map(|user| user.display.clone()).unwrap_or_default();
    records::stream_called(view.room.clone(), other)
}

/// A room as it is now. A talk of two is called otherwise on either side, and has nothing else that changes.
fn changed(view: &RoomView, role: Option<Role>) -> Option<Bytes> {
    let circle = || {
        Event::Circle(CircleChange::Update(records::circle(
            view.room.clone(),
            role,
        )))
    };
    let stream = || Event::Stream(StreamChange::Update(stream(view, None)));
    Some(match view.room.kind {
        RoomKind::Circle => frames(&[circle()]),
        RoomKind::Lobby => frames(&[circle(), stream()]),
        RoomKind::Direct => return None,
        RoomKind::Stream | RoomKind::Group | RoomKind::Channel => frames(&[stream()]),
    })
}

/// A room that is gone, or that somebody has left.
fn gone(view: &RoomView) -> Event<'static> {
    let room = &view.room;
    if access::is_circle(room.kind) {
        return Event::Circle(CircleChange::Delete(records::circle_id(room.id)));
    }
    let circle = access::circle_of(room).map(records::circle_id);
    Event::Stream(StreamChange::Delete {
        id: records::stream_id(room.id),
        circle,
    })
}

/// What happened to members of a circle; of other rooms nobody is told.
fn members_changed(view: &RoomView, members: &[Member], change: MemberChange) -> Option<Bytes> {
    let events: Vec<Event<'_>> = members
        .iter()
        .map(|Member { user, role }| membership(view.id(), user, *role, change))
        .collect();
    access::is_circle(view.room.kind).then(|| frames(&events))
}

/// What happened to a member of a circle.
fn membership(circle: RoomId, user: &User, role: Role, change: MemberChange) -> Event<'_> {
    Event::Member {
        circle: records::circle_id(circle),
        user: records::user_id(user.id),
        name: Cow::Borrowed(&user.name),
        display: Cow::Borrowed(&user.display),
        role: records::role(role),
        change,
    }
}

/// Events as frames, one behind the other.
pub(super) fn frames(events: &[Event<'_>]) -> Bytes {
    let mut out = Vec::new();
    for event in events {
        put(event, &mut out);
    }
    out.into()
}

fn put(event: &Event<'_>, out: &mut Vec<u8>) {
    put_text_with(out, |out| event.encode_into(out));
}
