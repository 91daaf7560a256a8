//! Anything that either end may say.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::super::*;

pub(super) fn frame() -> BoxedStrategy<ServerFrame<'static>> {
    prop_oneof![
        4 => event().prop_map(ServerFrame::Event),
        4 => (option::of(tag()), answer()).prop_map(|(re, answer)| ServerFrame::Ok { re, answer }),
        1 => (profile(), text(), text(), limits()).prop_map(|(user, token, server, limits)| {
            ServerFrame::Hello(Hello { v: VERSION, user, token: Secret(token), server, limits })
        }),
        1 => (vec(circle(), 0..3), vec(stream(), 0..3), vec(subscription(), 0..3), object(), any::<bool>())
            .prop_map(|(circles, streams, subs, data, more)| {
                ServerFrame::State(State { circles, streams, subs, data, more })
            }),
        1 => (option::of(tag()), stream_id(), vec(message(), 0..3), any::<bool>())
            .prop_map(|(re, stream, messages, more)| {
                ServerFrame::History(Page { re, stream, messages, more })
            }),
        1 => option::of(tag()).prop_map(|re| ServerFrame::Pong { re }),
        1 => failure().prop_map(ServerFrame::Error),
    ]
    .boxed()
}

fn failure() -> BoxedStrategy<Failure<'static>> {
    let (code, reason) = (select(ErrorCode::ALL), select(Reason::ALL));
    (
        option::of(tag()),
        code,
        text(),
        option::of(text()),
        option::of(reason),
        option::of(count()),
    )
        .prop_map(|(re, code, message, field, reason, retry_ms)| Failure {
            field,
            reason,
            retry_ms,
            ..Failure::new(re, code, message)
        })
        .boxed()
}

fn answer() -> BoxedStrategy<Answer<'static>> {
    let published = (
        option::of(stream_id()),
        number(),
        number(),
        number(),
        number(),
    );
    let subscribed = (number(), number(), number(), any::<bool>(), number());
    prop_oneof![
        published.prop_map(|(stream, seq, id, ts, rev)| {
            let id = MessageId(id.max(1));
            Answer::Published {
                stream,
                seq,
                id,
                ts,
                rev,
            }
        }),
        subscribed.prop_map(|(last, rev, epoch, complete, last_read)| {
            Answer::Subscribed {
                last,
                rev,
                epoch,
                complete,
                last_read,
            }
        }),
        stream_id().prop_map(|stream| Answer::Talk { stream }),
        number().prop_map(|rev| Answer::Changed { rev }),
        circle().prop_map(|circle| Answer::Circle { circle }),
        (vec(circle(), 0..3), any::<bool>())
            .prop_map(|(circles, more)| Answer::Circles { circles, more }),
        text().prop_map(|invite| Answer::Invite {
            invite: Secret(invite)
        }),
        stream().prop_map(|stream| Answer::Stream { stream }),
        (vec(member(), 0..3), any::<bool>())
            .prop_map(|(members, more)| Answer::Members { members, more }),
        profile().prop_map(|user| Answer::User { user }),
        value().prop_map(|value| Answer::Value { value }),
        Just(Answer::Done {}),
    ]
    .boxed()
}

pub(super) fn event() -> BoxedStrategy<Event<'static>> {
    let who = || (stream_id(), user_id());
    prop_oneof![
        4 => message().prop_map(Event::Msg),
        2 => message().prop_map(Event::Upd),
        1 => (who(), number(), number(), text(), any::<bool>()).prop_map(
            |((stream, user), seq, rev, emoji, on)| Event::React { stream, seq, rev, user, emoji, on }
        ),
        1 => (who(), number()).prop_map(|((stream, user), seq)| Event::Read { stream, user, seq }),
        1 => (who(), any::<bool>()).prop_map(|((stream, user), on)| Event::Typing { stream, user, on }),
        1 => (user_id(), any::<bool>()).prop_map(|(user, online)| Event::Presence { user, online }),
        1 => profile().prop_map(|user| Event::User { user }),
        1 => (circle_id(), member(), select(MemberChange::ALL)).prop_map(|(circle, member, change)| {
            let Member { id: user, name, display, role, .. } = member;
            Event::Member { circle, user, name, display, role, change }
        }),
        1 => prop_oneof![
            circle().prop_map(CircleChange::New),
            circle().prop_map(CircleChange::Update),
            circle_id().prop_map(CircleChange::Delete),
        ].prop_map(Event::Circle),
        1 => prop_oneof![
            stream().prop_map(StreamChange::New),
            stream().prop_map(StreamChange::Update),
            (stream_id(), option::of(circle_id())).prop_map(|(id, circle)| StreamChange::Delete { id, circle }),
        ].prop_map(Event::Stream),
    ]
    .boxed()
}

fn message() -> BoxedStrategy<Message<'static>> {
    let place = (
        stream_id(),
        number(),
        number(),
        number().prop_map(|id| MessageId(id.max(1))),
    );
    let content = (
        option::of(text()),
        option::of(number()),
        vec(file(), 0..3),
        object(),
    );
    let rest = (
        option::of(number()),
        any::<bool>(),
        vec(reaction(), 0..3),
        option::of(text()),
    );
    (
        place,
        option::of(user_id()),
        text(),
        number(),
        content,
        rest,
    )
        .prop_map(
            |((stream, seq, rev, id), from, name, ts, (text, reply, files, meta), rest)| {
                let (edited, deleted, reactions, nonce) = rest;
                Message {
                    stream,
                    seq,
                    rev,
                    id,
                    from,
                    name,
                    text,
                    ts,
                    edited,
                    deleted,
                    reply,
                    files,
                    reactions,
                    meta,
                    nonce,
                }
            },
        )
        .boxed()
}

fn file() -> BoxedStrategy<File<'static>> {
    (
        option::of(number()),
        text(),
        text(),
        text(),
        option::of(count()),
    )
        .prop_map(|(id, url, name, mime, size)| {
            let id = id.map(|id| FileId(id.max(1)));
            File {
                id,
                url,
                name,
                mime,
                size,
            }
        })
        .boxed()
}

fn reaction() -> BoxedStrategy<Reaction<'static>> {
    (text(), vec(user_id(), 0..3))
        .prop_map(|(emoji, users)| Reaction { emoji, users })
        .boxed()
}

fn circle() -> BoxedStrategy<Circle<'static>> {
    (
        circle_id(),
        text(),
        any::<bool>(),
        option::of(user_id()),
        option::of(select(Role::ALL)),
        option::of(vec(stream(), 0..3)),
    )
        .prop_map(|(id, name, public, owner, role, streams)| Circle {
            id,
            name,
            public,
            owner,
            role,
            streams,
        })
        .boxed()
}

fn stream() -> BoxedStrategy<Stream<'static>> {
    (
        stream_id(),
        select(StreamKind::ALL),
        option::of(circle_id()),
        text(),
        text(),
        vec(user_id(), 0..3),
        number(),
    )
        .prop_map(|(id, kind, circle, name, topic, members, last)| Stream {
            id,
            kind,
            circle,
            name,
            topic,
            members,
            last,
        })
        .boxed()
}

fn member() -> BoxedStrategy<Member<'static>> {
    (profile(), select(Role::ALL), any::<bool>())
        .prop_map(|(profile, role, online)| {
            let Profile { id, name, display } = profile;
            Member {
                id,
                name,
                display,
                role,
                online,
            }
        })
        .boxed()
}

fn profile() -> impl Strategy<Value = Profile<'static>> {
    (user_id(), text(), text()).prop_map(|(id, name, display)| Profile { id, name, display })
}

fn limits() -> impl Strategy<Value = Limits> {
    (count(), count(), count(), count(), count()).prop_map(|(text, streams, file, count, ms)| {
        Limits {
            text,
            streams,
            file,
            publish: PubLimit { count, ms },
        }
    })
}

fn subscription() -> impl Strategy<Value = Subscription> {
    (stream_id(), number()).prop_map(|(stream, last_read)| Subscription { stream, last_read })
}

pub(super) fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

pub(super) fn object() -> impl Strategy<Value = Map<String, Value>> {
    vec((any::<String>(), value()), 0..3).prop_map(|map| map.into_iter().collect())
}

pub(super) fn tag() -> impl Strategy<Value = Tag<'static>> {
    prop_oneof![
        (-limit::NUMBER..=limit::NUMBER).prop_map(Tag::Number),
        "[ -~]{0,20}".prop_map(|text| Tag::Text(Cow::Owned(text))),
    ]
}

pub(super) fn text() -> impl Strategy<Value = Cow<'static, str>> {
    any::<String>().prop_map(Cow::Owned)
}

pub(super) fn number() -> impl Strategy<Value = i64> {
    prop_oneof![0..100_i64, 0..=limit::NUMBER]
}

fn count() -> impl Strategy<Value = u64> {
    number().prop_map(i64::unsigned_abs)
}

pub(super) fn user_id() -> impl Strategy<Value = UserId> {
    number().prop_map(|id| UserId(id.max(1)))
}

pub(super) fn circle_id() -> impl Strategy<Value = CircleId> {
    number().prop_map(|id| CircleId(id.max(1)))
}

pub(super) fn stream_id() -> impl Strategy<Value = StreamId> {
    number().prop_map(|id| StreamId(id.max(1)))
}
