//! Whatever a rim server answers and sends and whenever, the session keeps the rules of [`kaiwa_fuzz`], and never sends what
//! the original server breaks at: a frame that it does not understand, a heartbeat, an apostrophe in a query.

#![no_main]

use std::borrow::Cow;

use kaiwa_fuzz::{Action, Network, number, play};
use kaiwa_protocols::rim::RimSession;
use kaiwa_protocols::rim::wire::{Ack, Endpoint, Event, Packet, SERVER, request};
use kaiwa_protocols::session::{HttpRequest, HttpResponse};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Nothing that the engine would come upon by itself.
const PASSWORD: &str = "4f0f6a1c-secret-58d2";

/// What leads to a sign-in, so that the engine need not come upon it: five requests, the WebSocket, its `Login`.
const SIGN_IN: [Action<'static>; 8] = [
    Action::Connect,
    Action::Http(0),
    Action::Http(0),
    Action::Http(0),
    Action::Http(0),
    Action::Http(0),
    Action::Open,
    Action::Answer(0),
];

fuzz_target!(|script: (bool, bool, Vec<Action<'_>>)| {
    let (own, signed_in, rest) = script;
    let begin = SIGN_IN.into_iter().filter(|_| signed_in);
    let script: Vec<Action<'_>> = begin.chain(rest).collect();
    let network = Network {
        session: RimSession::new(),
        login: &[
            ("url", "http://localhost:8000/api"),
            ("account", "ann"),
            ("password", PASSWORD),
            ("register", "yes"),
        ],
        secret: PASSWORD,
        answer: if own {
            |text, _| acknowledgement(text, Some(SERVER))
        } else {
            |text, _| acknowledgement(text, None)
        },
        http: |request| HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: json!({"ok": true, "code": 200, "msg": null, "data": data(request)})
                .to_string()
                .into_bytes(),
        },
        pace: None,
        id: number,
    };
    play(network, &script);
});

fn acknowledgement(text: &str, server: Option<&str>) -> String {
    let packet = match Packet::parse(text) {
        Ok(packet) => packet,
        Err(error) => panic!("{error}: {text}"),
    };
    let body = &packet.body;
    match packet.event {
        Event::Heart | Event::Notify | Event::Other => panic!("{text}"),
        Event::Login => assert!(!body.content.contains('\'')),
        Event::Msg => assert!(body.gid.is_some()),
        Event::Read | Event::Ack => assert!(body.gid.is_some() && body.msg_id.is_some()),
        Event::Logout => {}
    }
    let ack = Ack {
        client_msg_id: body.client_msg_id.clone(),
        server_msg_id: (packet.event == Event::Msg).then_some(77),
        ts: None,
        server: server.map(Cow::Borrowed),
    };
    let mut out = Vec::new();
    ack.encode_into(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// What a server with three groups answers.
fn data(asked: &HttpRequest) -> Value {
    let url = asked.url.strip_prefix("http://localhost:8000/api");
    let url = url.unwrap_or_else(|| panic!("another server: {}", asked.url));
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    assert!(!query.contains('\'') && !query.contains(' '), "{query}");
    let known = Endpoint::ALL.iter().find(|known| known.path() == path);
    let endpoint = *known.unwrap_or_else(|| panic!("no server has {path}"));
    assert_eq!(asked.method, endpoint.method());
    let user = |uid: u64| json!({"id": uid, "name": "N", "avatar": "", "account": format!("a{uid}"), "email": ""});
    let group =
        |gid: u64| json!({"id": gid, "name": "G", "avatar": "", "mode": gid % 3, "creatorUid": 1});
    let entry = |id: u64, gid: u64| {
        let message = json!({"id": id, "kind": "Text", "content": "x", "gid": gid, "uid": 2, "client_msg_id": "c", "createTime": "2026-01-01 00:00:00"});
        json!({"group": group(gid), "msg": message, "user": user(2), "unread": id % 2})
    };
    let body = asked.body.as_bytes().unwrap_or_default();
    match endpoint {
        Endpoint::UserCreate => json!(must::<request::CreateUser<'_>, _>(body, |_| 1)),
        Endpoint::UserLogin => json!(must::<request::Login<'_>, _>(body, |_| "token")),
        Endpoint::UserToken => user(1),
        Endpoint::UserGet | Endpoint::UserSearch => user(9),
        Endpoint::FriendAdd => json!(must::<request::AddFriend, _>(body, |_| true)),
        Endpoint::FriendStatusModify => json!(must::<request::ModifyFriend, _>(body, |_| true)),
        Endpoint::FriendList => json!([user(2)]),
        Endpoint::FriendIncoming => json!([{"user": user(3), "status": 0}]),
        Endpoint::GroupCreate => json!(must::<request::CreateGroup<'_>, _>(body, |_| 4)),
        Endpoint::GroupUpdate => json!(must::<request::UpdateGroup<'_>, _>(body, |_| true)),
        Endpoint::GroupGet => json!([group(1), group(2), group(3)]),
        Endpoint::GroupUserGet => {
            json!([{"role": 1, "user": user(1)}, {"role": 2, "user": user(2)}])
        }
        Endpoint::GroupUserChange => json!(must::<request::ChangeMembers, _>(body, |_| true)),
        Endpoint::ChatList => must::<request::ChatList, _>(body, |list| {
            assert!(list.page > 0, "page 0 breaks the original");
            json!([entry(6, 2), entry(7, 1)])
        }),
        Endpoint::History => must::<request::History, _>(body, |history| {
            assert!(history.page > 0, "page 0 breaks the original");
            let page = [entry(5, history.gid), entry(6, history.gid)];
            if history.page == 1 {
                json!(page)
            } else {
                json!([])
            }
        }),
        Endpoint::GroupRead => json!(must::<request::ReadGroup, _>(body, |_| true)),
    }
}

/// What comes of a body that every server understands.
fn must<'a, T: serde::Deserialize<'a>, R>(body: &'a [u8], then: impl FnOnce(T) -> R) -> R {
    match request::parse(body) {
        Ok(request) => then(request),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(body)),
    }
}
