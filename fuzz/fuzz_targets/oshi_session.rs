//! Whatever an Oshi server answers and sends and whenever, the session keeps the rules of [`kaiwa_fuzz`], and only ever sends
//! what every server understands: its first frame signs in, no other does, and each request has an id of its own.

#![no_main]

use kaiwa_fuzz::{Action, Network, Thing, play};
use kaiwa_protocols::oshi::OshiSession;
use kaiwa_protocols::oshi::wire::{
    Answer, ClientFrame, Hello, Limits, MessageId, Page, Profile, Request, ServerFrame, StreamId,
    Tag, UserId, VERSION,
};
use kaiwa_protocols::session::HttpResponse;
use libfuzzer_sys::fuzz_target;

/// Nothing that the engine would come upon by itself.
const PASSWORD: &str = "4f0f6a1c-secret-58d2";

/// A circle with two streams, one of them subscribed to, and a talk of two.
const STATE: &str = r#"{"op":"state","circles":[{"id":"c1","name":"lobby","public":true,"owner":null,"role":"owner","streams":[{"id":"s1","kind":"channel","circle":"c1","name":"general","topic":"","last":3},{"id":"s2","kind":"channel","circle":"c1","name":"other","topic":"x","last":0}]}],"streams":[{"id":"s3","kind":"dm","circle":null,"name":"Bob","topic":"","members":["u1","u2"],"last":1}],"subs":[{"stream":"s1","last_read":1},{"stream":"s3","last_read":0}],"data":{"k":1}}"#;

/// What leads to a sign-in, so that the engine need not come upon it.
const SIGN_IN: [Action<'static>; 4] = [
    Action::Connect,
    Action::Open,
    Action::Answer(0),
    Action::Text(STATE),
];

fuzz_target!(|script: (bool, Vec<Action<'_>>)| {
    let (signed_in, rest) = script;
    let begin = SIGN_IN.into_iter().filter(|_| signed_in);
    let script: Vec<Action<'_>> = begin.chain(rest).collect();
    let network = Network {
        session: OshiSession::new(),
        login: &[
            ("url", "ws://localhost:8765/"),
            ("account", "ann"),
            ("password", PASSWORD),
        ],
        secret: PASSWORD,
        answer: |text, _| answer(text).encode(),
        http: |_| HttpResponse {
            status: 201,
            headers: Vec::new(),
            body: br#"{"id":"f1","url":"/oshi/files/k/a","name":"a","mime":"text/plain","size":1}"#
                .to_vec(),
        },
        pace: None,
        id: |thing, number| match thing {
            // Few channels, so that many scripts find one.
            Thing::Channel if number % 8 == 0 => "c1".to_owned(),
            Thing::Channel => format!("s{}", number % 8),
            Thing::Message => number.to_string(),
            Thing::User => format!("u{number}"),
        },
    };
    play(network, &script);
});

/// What a server answers that takes everything.
fn answer(text: &str) -> ServerFrame<'_> {
    let ClientFrame { id: re, request } = match ClientFrame::parse(text) {
        Ok(frame) => frame,
        Err(refusal) => panic!("{refusal}: {text}"),
    };
    let is_auth = matches!(request, Request::Auth(_));
    assert_eq!(re.is_none(), is_auth, "{text}");
    let ok = |re: Option<Tag<'static>>, answer| ServerFrame::Ok { re, answer };
    let re = re.map(Tag::into_owned);
    match request {
        Request::Auth(_) => ServerFrame::Hello(Hello {
            v: VERSION,
            user: profile(UserId(1)),
            token: "token".into(),
            server: "fuzz".into(),
            limits: Limits::default(),
        }),
        Request::Ping => ServerFrame::Pong { re },
        Request::History { stream, .. } => ServerFrame::History(Page {
            re,
            stream,
            messages: Vec::new(),
            more: false,
        }),
        Request::Sub { since, .. } => ok(
            re,
            Answer::Subscribed {
                last: 3,
                rev: since.unwrap_or(3),
                epoch: 1,
                complete: true,
                last_read: 0,
            },
        ),
        Request::Pub(_) => ok(re, published(None)),
        Request::Dm { text: Some(_), .. } => ok(re, published(Some(StreamId(3)))),
        Request::Dm { .. } => ok(
            re,
            Answer::Talk {
                stream: StreamId(3),
            },
        ),
        Request::Edit { .. } | Request::Delete { .. } | Request::React { .. } => {
            ok(re, Answer::Changed { rev: 4 })
        }
        Request::Members { .. } => ok(
            re,
            Answer::Members {
                members: Vec::new(),
                more: false,
            },
        ),
        Request::UserGet { user } => ok(
            re,
            Answer::User {
                user: profile(user),
            },
        ),
        Request::DataGet { .. } | Request::CircleDataGet { .. } => {
            let value = 1.into();
            ok(re, Answer::Value { value })
        }
        Request::CircleInvite { .. } => {
            let invite = "invite".into();
            ok(re, Answer::Invite { invite })
        }
        _ => ok(re, Answer::Done {}),
    }
}

fn published(stream: Option<StreamId>) -> Answer<'static> {
    Answer::Published {
        stream,
        seq: 4,
        id: MessageId(77),
        ts: 0,
        rev: 4,
    }
}

fn profile(id: UserId) -> Profile<'static> {
    Profile {
        id,
        name: "ann".into(),
        display: "Ann".into(),
    }
}
