//! Bounds: how much is asked, held and said at once. What is said at all is in the transcripts.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::DateTime;
use kaiwa_core::session::{
    Closed, Frame, HttpRequest, HttpResponse, HttpToken, Now, Session, Transmit,
};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, RequestId,
    StatusEvent, UserEvent,
};
use serde_json::{Value, json};

use super::RimSession;
use super::rest::REST_AT_ONCE;

const SECRET: &str = "correct-horse";
const TOKEN: &str = "token-of-ann";

/// A session and what it wants.
struct Rig {
    session: RimSession,
    mono: Duration,
    exchanges: VecDeque<(HttpToken, HttpRequest)>,
    /// The greatest number of requests under way.
    most: usize,
    asked: usize,
    frames: Vec<Value>,
    pings: usize,
    events: Vec<ConnectionEvent>,
    opened: bool,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Self {
            session: RimSession::new(),
            mono: Duration::from_secs(1),
            exchanges: VecDeque::new(),
            most: 0,
            asked: 0,
            frames: Vec::new(),
            pings: 0,
            events: Vec::new(),
            opened: false,
        };
        rig.connect();
        rig
    }

    fn connect(&mut self) {
        let mut form = self.session.protocol_spec().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "url" => field.set("http://localhost:8000/api".to_owned()),
                "account" => field.set("ann".to_owned()),
                "password" => field.set(SECRET.to_owned()),
                _ => {}
            }
        }
        let now = self.now();
        self.session.handle_connect(now, &form, [7; 32]).unwrap();
        self.settle();
    }

    /// Signs in to these groups, each with a last message of its own id times 1,000.
    fn signed_in(groups: u64) -> Self {
        let mut rig = Self::new();
        rig.serve_until_open(groups, 0);
        rig
    }

    fn serve_until_open(&mut self, groups: u64, unread: u64) {
        while !self.opened {
            self.answer(groups, unread);
        }
        let login = self.frames.pop().unwrap();
        assert_eq!(login["event"], "Login");
        self.say(&json!({"clientMsgId": login["body"]["clientMsgId"], "serverMsgId": null}));
    }

    fn now(&self) -> Now {
        Now {
            mono: self.mono,
            utc: DateTime::UNIX_EPOCH + self.mono,
        }
    }

    fn settle(&mut self) {
        loop {
            self.events
                .extend(std::iter::from_fn(|| self.session.poll_event()).map(|event| event.event));
            let now = self.now();
            let Some(transmit) = self.session.poll_transmit(now) else {
                break;
            };
            match transmit {
                Transmit::Open(_) => {
                    self.opened = true;
                    self.session.handle_open(now);
                }
                Transmit::Http { token, request } => {
                    self.asked += 1;
                    self.exchanges.push_back((token, request));
                    self.most = self.most.max(self.exchanges.len());
                }
                Transmit::Frame(Frame::Text(text)) => {
                    self.frames.push(serde_json::from_str(&text).unwrap());
                }
                Transmit::Frame(Frame::Ping(_)) => self.pings += 1,
                other => panic!("{other:?}"),
            }
        }
        self.events
            .extend(std::iter::from_fn(|| self.session.poll_event()).map(|event| event.event));
    }

    fn say(&mut self, packet: &Value) {
        let now = self.now();
        self.session
            .handle_frame(now, Frame::Text(packet.to_string().into()));
        self.settle();
    }

    fn relay(&mut self, gid: u64, id: u64, text: &str) {
        let body = json!({"kind": "Text", "uid": 2, "gid": gid, "content": text, "clientMsgId": "c", "msgId": id});
        self.say(&json!({"event": "Msg", "body": body}));
    }

    /// Answers the oldest request as a server with so many groups would; false if there is none.
    fn answer(&mut self, groups: u64, unread: u64) -> bool {
        let Some((token, request)) = self.exchanges.pop_front() else {
            return false;
        };
        let body: Value =
            serde_json::from_slice(request.body.as_bytes().unwrap()).unwrap_or_default();
        let data = data(&request.url, &body, groups, unread);
        let answer = json!({"ok": true, "code": 200, "msg": null, "data": data});
        self.give(token, &answer);
        true
    }

    fn give(&mut self, token: HttpToken, answer: &Value) {
        let response = HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: answer.to_string().into_bytes(),
        };
        let now = self.now();
        self.session.handle_http(now, token, Ok(response));
        self.settle();
    }

    fn answer_all(&mut self, groups: u64, unread: u64) {
        while self.answer(groups, unread) {}
    }

    fn wait(&mut self, time: Duration) {
        let end = self.mono + time;
        while let Some(deadline) = self.session.deadline().filter(|at| *at <= end) {
            self.mono = self.mono.max(deadline);
            let now = self.now();
            self.session.handle_timeout(now);
            self.settle();
            while self.pings > 0 {
                self.pings -= 1;
                let pong = Frame::Pong((&[]).into());
                self.session.handle_frame(self.now(), pong);
            }
        }
        self.mono = end;
    }

    fn count(&self, which: impl Fn(&ConnectionEvent) -> bool) -> usize {
        self.events.iter().filter(|event| which(event)).count()
    }

    fn lose(&mut self) {
        let error = Error::new(ErrorKind::Lost, "gone");
        let closed = Closed {
            asked: false,
            code: None,
            error: Some(&error),
        };
        let now = self.now();
        self.session.handle_close(now, &closed);
        self.exchanges.clear();
        self.opened = false;
        self.settle();
    }
}

/// What the server tells.
fn data(url: &str, body: &Value, groups: u64, unread: u64) -> Value {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.strip_prefix("http://localhost:8000/api").unwrap();
    let user =
        |uid: u64| json!({"id": uid, "name": format!("u{uid}"), "account": format!("u{uid}")});
    let group = |gid: u64| json!({"id": gid, "name": format!("g{gid}"), "mode": 2});
    let message = |id: u64, gid: u64| json!({"id": id, "kind": "Text", "content": "old", "gid": gid, "uid": 2, "createTime": "1970-01-01 00:00:00"});
    match path {
        "/user/login" => json!(TOKEN),
        "/user/token" => user(1),
        "/group/get" => (1..=groups).map(group).collect(),
        "/group/user/get" => [1, 2, 3]
            .map(|uid| json!({"role": 1, "user": user(uid)}))
            .into(),
        "/friend/list" => {
            assert!(query.starts_with("status="), "{query}");
            json!([])
        }
        "/message/chat/list" => {
            let (page, size) = (
                body["page"].as_u64().unwrap(),
                body["size"].as_u64().unwrap(),
            );
            let first = (page - 1) * size + 1;
            (first..=groups.min(page * size))
                .map(|gid| json!({"group": group(gid), "msg": message(gid * 1000, gid), "user": user(2), "unread": unread}))
                .collect()
        }
        "/message/history" => {
            let gid = body["gid"].as_u64().unwrap();
            let page = body["page"].as_u64().unwrap();
            let last = gid * 1000 - 50 * (page - 1);
            (last - 49..=last)
                .map(|id| json!({"msg": message(id, gid), "user": user(2)}))
                .collect()
        }
        other => panic!("{other}"),
    }
}

fn is_channel(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Channel {
            event: ChannelEvent::New { .. }
        }
    )
}

fn is_members(event: &ConnectionEvent) -> bool {
    matches!(
        event,
        ConnectionEvent::Channel {
            event: ChannelEvent::Members { .. }
        }
    )
}

fn news(event: &ConnectionEvent) -> Option<Id> {
    match event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } => message.id.clone(),
        _ => None,
    }
}

#[test]
fn a_thousand_groups_cost_a_few_requests_before_connected_and_no_flood_after() {
    let mut rig = Rig::signed_in(1000);
    // Token, who, five full pages of the chat list and an empty one, all groups, and the first that run after `Connected`.
    assert!(rig.asked <= 9 + REST_AT_ONCE, "{} requests", rig.asked);
    assert_eq!(rig.count(is_channel), 1000);
    assert_eq!(rig.count(is_members), 0);
    // A group where something happens does not wait for the others.
    rig.relay(500, 500_001, "hello");
    for _ in 0..2 * REST_AT_ONCE {
        rig.answer(1000, 0);
    }
    assert!(rig.events.iter().filter_map(news).eq([Id::from("500001")]));
    rig.answer_all(1000, 0);
    assert_eq!(rig.count(is_members), 1000);
    assert!(rig.most <= REST_AT_ONCE, "{} at once", rig.most);
    assert!(rig.asked < 1030, "{} requests", rig.asked);
    let all = rig.events.len();
    rig.answer_all(1000, 0);
    assert_eq!(rig.events.len(), all, "it has come to rest");
}

#[test]
fn nothing_is_asked_while_nobody_takes_events() {
    let mut rig = Rig::signed_in(100);
    let now = rig.now();
    rig.session.handle_pause(now);
    rig.answer_all(100, 0);
    let asked = rig.asked;
    rig.wait(Duration::from_secs(1000));
    assert_eq!(rig.asked, asked);
    assert_eq!(rig.count(is_members), 0);
    let now = rig.now();
    rig.session.handle_resume(now);
    rig.settle();
    rig.answer_all(100, 0);
    assert_eq!(rig.count(is_members), 100);
}

#[test]
fn what_is_held_back_is_bounded_and_not_lost() {
    let mut rig = Rig::signed_in(1);
    let text = "x".repeat(100_000);
    for id in 1..=100 {
        rig.relay(1, 1000 + id, &text);
    }
    assert!(rig.session.held_bytes <= 5 * 1024 * 1024);
    assert_eq!(rig.events.iter().filter_map(news).count(), 0);
    // What found no room is in the history, which is asked for once more.
    let before = rig.asked;
    rig.answer_all(1, 0);
    assert_eq!(rig.session.held_bytes, 0);
    assert!(rig.events.iter().filter_map(news).count() >= 40);
    assert!(rig.asked > before + 1, "{}", rig.asked - before);
}

#[test]
fn delivery_marks_and_strangers_are_bounded() {
    let mut rig = Rig::signed_in(1);
    rig.answer_all(1, 0);
    for gid in 2..1000 {
        rig.relay(gid, gid, "who are you?");
    }
    assert!(rig.session.strangers.len() <= 64);
    rig.answer_all(1, 0);
    assert!(rig.session.strangers.is_empty());
    let now = rig.now();
    for id in 0..5000 {
        let body = json!({"kind": "Text", "uid": 2, "gid": 1, "content": "", "clientMsgId": "c", "msgId": 2000 + id});
        let text = json!({"event": "Msg", "body": body}).to_string();
        rig.session.handle_frame(now, Frame::Text(text.into()));
    }
    rig.frames.clear();
    rig.settle();
    assert_eq!(rig.frames.len(), 1024);
}

#[test]
fn a_message_that_was_not_relayed_is_found_later() {
    let mut rig = Rig::signed_in(1);
    rig.answer_all(1, 0);
    rig.wait(Duration::from_secs(299));
    assert!(rig.exchanges.is_empty());
    rig.wait(Duration::from_secs(1));
    let (token, request) = rig.exchanges.pop_front().unwrap();
    assert!(
        request.url.ends_with("/message/chat/list"),
        "{}",
        request.url
    );
    let entry = json!({"group": {"id": 1}, "msg": {"id": 1001, "gid": 1, "uid": 2, "content": "unheard"}, "user": {"id": 2}});
    rig.give(
        token,
        &json!({"ok": true, "code": 200, "msg": null, "data": [entry]}),
    );
    let (token, request) = rig.exchanges.pop_front().unwrap();
    assert!(request.url.ends_with("/message/history"), "{}", request.url);
    rig.give(
        token,
        &json!({"ok": true, "code": 200, "msg": null, "data": [entry]}),
    );
    rig.events.clear();
    rig.wait(Duration::from_secs(2));
    let unheard = |event: &ConnectionEvent| match event {
        ConnectionEvent::Chat {
            event: ChatEvent::History { messages, .. },
        } => messages
            .iter()
            .any(|message| message.plain_text() == "unheard"),
        _ => false,
    };
    assert_eq!(rig.count(unheard), 1);
}

#[test]
fn many_reconnects_keep_nothing_of_connections() {
    let mut rig = Rig::signed_in(10);
    for round in 0..50 {
        rig.relay(1 + round % 10, 20_000 + round, "and again");
        if round % 2 == 0 {
            rig.answer_all(10, 0);
        }
        rig.lose();
        rig.connect();
        rig.serve_until_open(10, 3);
    }
    rig.answer_all(10, 3);
    let session = &rig.session;
    assert!(session.line.is_empty() && session.stale.is_empty() && session.looks.is_empty());
    assert_eq!((session.rest.load(), session.held_bytes), (0, 0));
    assert_eq!(session.rooms.len(), 10);
}

#[test]
fn a_text_that_grows_too_long_on_the_wire_is_refused() {
    let mut rig = Rig::signed_in(1);
    let now = rig.now();
    let mut say = |text: String| {
        let message = Message::text(text, now.utc);
        let channel_id = Some(Id::from("1"));
        let event = ChatEvent::New {
            channel_id,
            message,
        };
        rig.session.capabilities().check(&event.clone().into())?;
        rig.session
            .handle_send(now, RequestId::fresh(), event.into())
    };
    say("x".repeat(60 * 1024)).unwrap();
    for long in ["\"".repeat(60 * 1024), "x".repeat(60 * 1024 + 1)] {
        assert_eq!(say(long).unwrap_err().kind(), ErrorKind::TooLong);
    }
}

#[test]
fn messages_to_a_group_that_is_gone_end() {
    let mut rig = Rig::signed_in(2);
    rig.answer_all(2, 0);
    let mut requests = Vec::new();
    for channel in ["1", "2"] {
        let now = rig.now();
        let event = ChatEvent::New {
            channel_id: Some(channel.into()),
            message: Message::text("hello", now.utc),
        };
        let request = RequestId::fresh();
        rig.session.handle_send(now, request, event.into()).unwrap();
        rig.settle();
        requests.push(request);
    }
    rig.lose();
    rig.connect();
    // The second group is not there any more.
    rig.serve_until_open(1, 0);
    let failed = |request: RequestId| move |event: &ConnectionEvent| matches!(event, ConnectionEvent::Status { event: StatusEvent::Failed { request: failed, .. } } if *failed == request);
    assert_eq!(rig.count(failed(requests[0])), 0, "its history is asked");
    assert_eq!(rig.count(failed(requests[1])), 1);
}

#[test]
fn another_account_does_not_inherit_messages() {
    let mut rig = Rig::signed_in(1);
    rig.lose();
    let now = rig.now();
    let event = ChatEvent::New {
        channel_id: Some("1".into()),
        message: Message::text("for ann's friends", now.utc),
    };
    rig.session
        .handle_send(now, RequestId::fresh(), event.into())
        .unwrap();
    let mut form = rig.session.protocol_spec().auth.unwrap();
    for field in &mut form {
        match field.name.as_str() {
            "url" => field.set("http://localhost:8000/api".to_owned()),
            "account" | "password" => field.set("bob".to_owned()),
            _ => {}
        }
    }
    rig.session.handle_connect(now, &form, [8; 32]).unwrap();
    rig.settle();
    let failed = |event: &ConnectionEvent| {
        matches!(
            event,
            ConnectionEvent::Status {
                event: StatusEvent::Failed { .. }
            }
        )
    };
    assert_eq!(rig.count(failed), 1);
    assert!(!rig.session.outgoing.has_waiting() && rig.session.rooms.is_empty());
}

#[test]
fn secrets_are_not_shown() {
    let mut rig = Rig::signed_in(1);
    let shown = format!("{:?} {:?}", rig.session, rig.events);
    assert!(!shown.contains(SECRET) && !shown.contains(TOKEN), "{shown}");
    let wanted = UserEvent::Request {
        user_id: "somebody".into(),
        own: true,
        text: None,
    };
    let now = rig.now();
    rig.session
        .handle_send(now, RequestId::fresh(), wanted.into())
        .unwrap();
    rig.settle();
    for (_, request) in &rig.exchanges {
        assert!(!format!("{request:?}").contains(TOKEN));
    }
}
