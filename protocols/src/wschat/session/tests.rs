//! The session against a peer played by hand: no socket, no clock.

use chrono::DateTime;
use kaiwa_core::outbox::OUTBOX_MESSAGES;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TOKEN: &str = "very.secret.token";

/// A session, the time it is told, and short words for what it does.
struct Rig {
    session: WschatSession,
    mono: Duration,
}

fn form(jwt: Option<&str>) -> Vec<AuthField> {
    let mut form = login::protocol().auth.unwrap();
    form[0].set("ws://localhost:80/".to_owned());
    form[1].set("ann".to_owned());
    if let Some(jwt) = jwt {
        form[2].set(jwt.to_owned());
    }
    form
}

/// What the server makes of a frame.
fn relay(frame: &str, tim: &str) -> String {
    let mut fields: Value = serde_json::from_str(frame).unwrap();
    fields["tim"] = tim.into();
    fields.to_string()
}

impl Rig {
    fn new() -> Self {
        Self {
            session: WschatSession::new(),
            mono: Duration::from_secs(1000),
        }
    }

    /// Connected, its first events read.
    fn open() -> Self {
        Self::opened_with(None)
    }

    /// The same, with a token in the login form.
    fn with_token() -> Self {
        Self::opened_with(Some("a.b.c"))
    }

    fn opened_with(jwt: Option<&str>) -> Self {
        let mut rig = Self::new();
        rig.connect(jwt);
        rig.events();
        rig
    }

    fn now(&self) -> Now {
        Now {
            mono: self.mono,
            utc: DateTime::UNIX_EPOCH + self.mono,
        }
    }

    fn connect(&mut self, jwt: Option<&str>) {
        let now = self.now();
        let seed = [u8::try_from(self.mono.as_secs() % 256).unwrap(); 32];
        self.session.handle_connect(now, &form(jwt), seed).unwrap();
        let Some(Transmit::Open(Target::WebSocket { url, .. })) = self.session.poll_transmit(now)
        else {
            panic!("an address")
        };
        assert_eq!(url, "ws://localhost:80/");
        assert!(self.session.poll_transmit(now).is_none());
        self.session.handle_open(now);
    }

    /// Lets time pass and runs the deadlines on the way.
    fn pass(&mut self, seconds: u64) {
        let end = self.mono + Duration::from_secs(seconds);
        let mut runs = 0;
        while let Some(deadline) = self.session.deadline().filter(|at| *at <= end) {
            self.mono = self.mono.max(deadline);
            let now = self.now();
            self.session.handle_timeout(now);
            runs += 1;
            assert!(runs < 1000, "a deadline that does not go away");
        }
        self.mono = end;
    }

    fn send(&mut self, text: &str) -> RequestId {
        self.try_send(Some(LOBBY), Message::text(text, DateTime::UNIX_EPOCH))
            .unwrap()
    }

    fn try_send(&mut self, channel: Option<&str>, message: Message) -> Result<RequestId, Error> {
        let request = RequestId::fresh();
        let event = ChatEvent::New {
            channel_id: channel.map(Into::into),
            message,
        };
        let now = self.now();
        self.session.handle_send(now, request, event.into())?;
        Ok(request)
    }

    fn hear(&mut self, text: &str) {
        let now = self.now();
        self.session
            .handle_frame(now, Frame::Text(Cow::Borrowed(text)));
    }

    fn pong(&mut self, number: u64) {
        let now = self.now();
        let number = number.to_string().into_bytes();
        self.session
            .handle_frame(now, Frame::Pong(Cow::Owned(number)));
    }

    /// Everything written since the last look: texts as they are, pings as `ping 1`, the goodbye as `close 1000`.
    fn written(&mut self) -> Vec<String> {
        let now = self.now();
        std::iter::from_fn(|| self.session.poll_transmit(now))
            .map(|transmit| match transmit {
                Transmit::Frame(Frame::Text(text)) => text.into_owned(),
                Transmit::Frame(Frame::Ping(number)) => {
                    format!("ping {}", String::from_utf8(number.into_owned()).unwrap())
                }
                Transmit::Close { code, error, .. } => match error {
                    Some(error) => format!("close {} {:?}", code.unwrap(), error.kind()),
                    None => format!("close {}", code.unwrap()),
                },
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// The one frame written since the last look.
    fn frame(&mut self) -> String {
        let mut written = self.written();
        assert_eq!(written.len(), 1, "{written:?}");
        written.remove(0)
    }

    fn raw_events(&mut self) -> Vec<SessionEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn events(&mut self) -> Vec<String> {
        self.raw_events().iter().map(short).collect()
    }

    fn close(&mut self, asked: bool) {
        let now = self.now();
        let error = Error::from(ErrorKind::Lost);
        self.session.handle_close(
            now,
            &Closed {
                asked,
                code: None,
                error: (!asked).then_some(&error),
            },
        );
    }
}

fn short(event: &SessionEvent) -> String {
    match &event.event {
        ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } => format!("New {:?} {}", message.message_type, message.plain_text()),
        ConnectionEvent::Chat {
            event: ChatEvent::Update { new_message, .. },
        } => format!("Update {:?}", new_message.status),
        ConnectionEvent::Status {
            event: StatusEvent::Failed { error, .. },
        } => format!("Failed {:?}", error.kind),
        ConnectionEvent::User {
            event: UserEvent::New { user, .. },
        } => format!("User {}", user.id.as_deref().unwrap()),
        other => other.kind().to_string(),
    }
}

const TIM: &str = "2026-11-20T07:35:42.285165360Z";

#[test]
fn the_order_of_connecting_and_reconnecting() {
    let expected = [
        "Status::Connected",
        "User::Identify",
        "Channel::New",
        "Channel::Join",
        "Channel::Switch",
        "User ann",
    ];
    let mut rig = Rig::new();
    rig.connect(None);
    assert_eq!(rig.events(), expected);
    let cut = rig.send("cut");
    rig.written();
    let waits = rig.send("waits");
    rig.events();
    rig.close(false);
    assert!(
        rig.events().is_empty(),
        "they are settled after the reconnect"
    );
    rig.pass(5);
    rig.connect(None);
    let events = rig.raw_events();
    let words: Vec<String> = events.iter().map(short).collect();
    assert_eq!(words[..6], expected);
    assert_eq!(words[6..], ["Update Failed", "Failed OutcomeUnknown"]);
    assert!(events[6..].iter().all(|event| event.request == Some(cut)));
    // What was not written goes out now, and nothing else does.
    let frame = rig.frame();
    rig.hear(&relay(&frame, TIM));
    let events = rig.raw_events();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.request == Some(waits)));
}

#[test]
fn a_message_is_echoed_written_and_confirmed_by_its_echo() {
    let mut rig = Rig::open();
    let request = rig
        .try_send(None, Message::text("hi \"ann\"", DateTime::UNIX_EPOCH))
        .unwrap();
    let [echo] = rig.raw_events().try_into().unwrap();
    let ConnectionEvent::Chat {
        event: ChatEvent::New {
            channel_id,
            message,
        },
    } = echo.event
    else {
        panic!("an echo")
    };
    assert_eq!(channel_id.as_deref(), Some(LOBBY));
    assert_eq!(message.id, Some(request.local_message_id()));
    assert_eq!(message.sender_id.as_deref(), Some("ann"));
    assert_eq!(message.status, MessageStatus::Sent);
    let frame = rig.frame();
    rig.hear(&relay(&frame, TIM));
    let [update, done] = rig.raw_events().try_into().unwrap();
    let ConnectionEvent::Chat {
        event:
            ChatEvent::Update {
                message_id,
                new_message,
                ..
            },
    } = update.event
    else {
        panic!("an update")
    };
    assert_eq!(message_id, request.local_message_id());
    assert_eq!(new_message.status, MessageStatus::Delivered);
    assert_eq!(new_message.message_type, MessageType::CurrentUser);
    assert_eq!(new_message.plain_text(), "hi \"ann\"");
    assert_eq!(
        new_message.timestamp.to_rfc3339(),
        "2026-11-20T07:35:42.285165360+00:00"
    );
    assert_ne!(new_message.id, Some(request.local_message_id()));
    assert_eq!(done.event, StatusEvent::Done { request }.into());
    // Again: no message of ours is open under that nonce any more.
    rig.hear(&relay(&frame, TIM));
    assert_eq!(rig.events(), ["New Normal hi \"ann\""]);
}

#[test]
fn a_forged_nonce_confirms_nothing() {
    let mut rig = Rig::open();
    let first = rig.send("one");
    let frame = rig.frame();
    rig.hear(&relay(&frame, TIM));
    rig.events();
    // Somebody has read the nonce of the first message and guesses that of the next.
    let seen = serde_json::from_str::<Value>(&frame).unwrap()["kaiwa"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = rig.send("two");
    rig.written();
    rig.events();
    let guesses = [
        seen.replace(&first.to_string(), &second.to_string()),
        format!("{second}"),
        format!("{second}-0000000000000000"),
        "18446744073709551616-x".to_owned(),
    ];
    for guess in guesses {
        let forged = serde_json::json!({"usr": "ann", "msg": "forged", "kaiwa": guess});
        rig.hear(&relay(&forged.to_string(), TIM));
        assert_eq!(rig.events(), ["New Normal forged"], "{guess}");
    }
    for odd in [Value::Null, 7.into(), serde_json::json!({"x": [1]})] {
        let forged = serde_json::json!({"usr": "ann", "msg": "odd", "kaiwa": odd});
        rig.hear(&relay(&forged.to_string(), TIM));
        assert_eq!(rig.events(), ["New Normal odd"]);
    }
}

#[test]
fn an_echo_with_other_words_confirms_nothing() {
    let mut rig = Rig::open();
    rig.send("yes");
    let frame = rig.frame();
    rig.events();
    rig.hear(&relay(&frame.replace("yes", "no"), TIM));
    assert_eq!(rig.events(), ["New Normal no"]);
    rig.hear(&relay(&frame, TIM));
    assert_eq!(rig.events(), ["Update Delivered", "Status::Done"]);
}

#[test]
fn unwritten_pings_do_not_pile_up() {
    let mut rig = Rig::open();
    for _ in 0..100 {
        let now = rig.now();
        let ping = StatusEvent::Ping { artifact: None };
        rig.session
            .handle_send(now, RequestId::fresh(), ping.into())
            .unwrap();
    }
    assert_eq!(rig.written(), ["ping 100"]);
    rig.pong(100);
    let done = rig.events();
    assert_eq!(
        done.iter().filter(|event| *event == "Status::Done").count(),
        100
    );
}

#[test]
fn names_are_cut() {
    let mut rig = Rig::open();
    let name = "ä".repeat(MAX_NAME_BYTES);
    rig.hear(&format!(r#"{{"usr":"{name}","msg":"hi"}}"#));
    let cut = "ä".repeat(MAX_NAME_BYTES / 2);
    assert_eq!(
        rig.events(),
        [format!("User {cut}"), "New Normal hi".to_owned()]
    );
    assert_eq!(rig.session.skipped(), 1);
}

#[test]
fn no_echo_but_an_answer_is_a_refusal() {
    let mut rig = Rig::open();
    rig.send("one");
    rig.written();
    rig.events();
    rig.pass(4);
    assert!(rig.written().is_empty(), "an echo may take its time");
    rig.pass(1);
    assert_eq!(rig.written(), ["ping 1"]);
    rig.pong(1);
    // Without a token it may also be slow, and nobody can tell.
    assert_eq!(
        rig.events(),
        ["Status::Ping", "Update Failed", "Failed OutcomeUnknown"]
    );
    // The connection stays, and listens.
    rig.hear(r#"{"usr":"bob","msg":"hey"}"#);
    assert_eq!(rig.events(), ["User bob", "New Normal hey"]);
    rig.pass(20);
    assert!(rig.written().is_empty());
}

#[test]
fn an_answer_to_an_earlier_ping_says_nothing_of_the_message() {
    let mut rig = Rig::open();
    let now = rig.now();
    let ping = StatusEvent::Ping { artifact: None };
    rig.session
        .handle_send(now, RequestId::fresh(), ping.into())
        .unwrap();
    assert_eq!(rig.written(), ["ping 1"]);
    rig.send("one");
    let frame = rig.frame();
    rig.events();
    rig.pass(6);
    assert_eq!(rig.written(), ["ping 2"]);
    rig.pong(1);
    assert_eq!(rig.events(), ["Status::Ping", "Status::Done"]);
    rig.hear(&relay(&frame, TIM));
    rig.pong(2);
    assert_eq!(
        rig.events(),
        ["Update Delivered", "Status::Done", "Status::Ping"]
    );
}

#[test]
fn only_what_was_overdue_when_asked_is_refused() {
    let mut rig = Rig::with_token();
    rig.send("one");
    rig.written();
    rig.pass(3);
    let second = rig.send("two");
    let frame = rig.frame();
    rig.events();
    rig.pass(3);
    rig.pong(1);
    assert_eq!(
        rig.events(),
        ["Status::Ping", "Update Failed", "Failed Auth"]
    );
    rig.hear(&relay(&frame, TIM));
    let events = rig.raw_events();
    assert!(events.iter().all(|event| event.request == Some(second)));
    assert_eq!(short(&events[0]), "Update Delivered");
}

#[test]
fn no_echo_and_no_answer_is_a_dead_server() {
    let mut rig = Rig::open();
    rig.send("one");
    rig.written();
    rig.events();
    rig.pass(14);
    assert_eq!(rig.written(), ["ping 1"]);
    rig.pass(1);
    assert_eq!(rig.written(), ["close 1001 TimedOut"]);
    // What becomes of the message is known after the reconnect.
    assert!(rig.events().is_empty());
}

/// The task that the original runs for each client can die alone: others are heard, but nothing that is sent is read.
#[test]
fn a_server_that_is_dead_for_this_client_only() {
    let mut rig = Rig::open();
    rig.send("one");
    rig.written();
    rig.events();
    let mut written = Vec::new();
    for _ in 0..20 {
        rig.hear(r#"{"usr":"bob","msg":"hey"}"#);
        rig.pass(1);
        written.extend(rig.written());
    }
    assert_eq!(written, ["ping 1", "close 1001 TimedOut"]);
}

#[test]
fn a_quiet_server_is_asked_and_a_silent_one_given_up() {
    let mut rig = Rig::open();
    rig.pass(29);
    assert!(rig.written().is_empty());
    rig.pass(1);
    assert_eq!(rig.written(), ["ping 1"]);
    rig.pong(1);
    assert_eq!(rig.events(), ["Status::Ping"]);
    rig.pass(30);
    assert_eq!(rig.written(), ["ping 2"]);
    rig.pass(10);
    assert_eq!(rig.written(), ["close 1001 TimedOut"]);
}

#[test]
fn a_late_echo_turns_failed_into_delivered() {
    // After a refusal,
    let mut rig = Rig::open();
    rig.send("one");
    let frame = rig.frame();
    rig.pass(5);
    rig.pong(1);
    rig.events();
    rig.hear(&relay(&frame, TIM));
    assert_eq!(rig.events(), ["Update Delivered"]);
    // and after a reconnect, whose seed is another.
    let request = rig.send("two");
    let frame = rig.written().pop().unwrap();
    rig.close(false);
    rig.pass(7);
    rig.connect(None);
    rig.events();
    rig.hear(&relay(&frame, TIM));
    let [update] = rig.raw_events().try_into().unwrap();
    assert_eq!(short(&update), "Update Delivered");
    assert_eq!(update.request, Some(request));
    rig.hear(&relay(&frame, TIM));
    assert_eq!(rig.events(), ["New Normal two"], "once only");
}

#[test]
fn an_echo_that_comes_while_asking_ends_the_asking() {
    let mut rig = Rig::open();
    rig.send("one");
    let frame = rig.frame();
    rig.pass(6);
    assert_eq!(rig.written(), ["ping 1"]);
    rig.hear(&relay(&frame, TIM));
    rig.pass(15);
    assert!(rig.written().is_empty(), "it lives");
    rig.events();
    rig.pong(1);
    assert_eq!(rig.events(), ["Status::Ping"]);
}

#[test]
fn an_own_pause_is_not_the_servers_silence() {
    let mut rig = Rig::open();
    rig.send("one");
    let frame = rig.frame();
    rig.events();
    rig.pass(4);
    let now = rig.now();
    rig.session.handle_pause(now);
    rig.pass(100);
    assert!(
        rig.written().iter().all(|what| what.starts_with("ping")),
        "signs of life go on"
    );
    let now = rig.now();
    rig.session.handle_resume(now);
    rig.pass(4);
    assert!(rig.written().is_empty(), "the echo has its time again");
    rig.hear(&relay(&frame, TIM));
    assert_eq!(rig.events(), ["Update Delivered", "Status::Done"]);
}

#[test]
fn a_pause_in_the_middle_of_asking() {
    let mut rig = Rig::open();
    rig.send("one");
    rig.written();
    rig.pass(5);
    let now = rig.now();
    rig.session.handle_pause(now);
    rig.pass(60);
    assert!(!rig.written().iter().any(|what| what.starts_with("close")));
    let now = rig.now();
    rig.session.handle_resume(now);
    rig.pass(14);
    assert!(!rig.written().iter().any(|what| what.starts_with("close")));
    rig.pass(1);
    assert_eq!(rig.written(), ["close 1001 TimedOut"]);
}

#[test]
fn equal_messages_get_ids_of_their_own() {
    let mut rig = Rig::open();
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        rig.hear(&relay(r#"{"usr":"bob","msg":"hey"}"#, TIM));
        rig.hear(r#"{"usr":"bob","msg":"hey"}"#);
    }
    for event in rig.raw_events() {
        if let ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } = event.event
        {
            assert!(ids.insert(message.id.unwrap()));
        }
    }
    assert_eq!(ids.len(), 6);
}

#[test]
fn somebody_is_introduced_once() {
    let mut rig = Rig::open();
    rig.hear(r#"{"usr":"bob","msg":"1"}"#);
    rig.hear(r#"{"usr":"bob","msg":"2"}"#);
    rig.hear(r#"{"usr":"ann","msg":"3"}"#);
    assert_eq!(
        rig.events(),
        ["User bob", "New Normal 1", "New Normal 2", "New Normal 3"]
    );
    for n in 0..2 * SPEAKERS {
        rig.hear(&format!(r#"{{"usr":"{n}","msg":"x"}}"#));
    }
    assert!(rig.session.speakers.len() <= SPEAKERS);
}

#[test]
fn peers_may_send_anything() {
    let mut rig = Rig::open();
    for (text, event) in [
        ("{}", Some("New Normal ")),
        (r#"{"tim":"2026-11-20T07:35:42Z"}"#, Some("New Normal ")),
        (r#"{"usr":null,"msg":null}"#, Some("New Normal ")),
        (r#"{"usr":"","msg":5,"tim":7}"#, Some("New Normal 5")),
        (
            r#"{"usr":"","msg":[1],"tim":"when?"}"#,
            Some("New Normal [1]"),
        ),
        ("", None),
        ("null", None),
        ("[]", None),
        ("\"x\"", None),
        ("{\"usr\":", None),
        ("\u{0}", None),
    ] {
        let skipped = rig.session.skipped();
        rig.hear(text);
        let events: Vec<String> = rig
            .events()
            .into_iter()
            .filter(|event| !event.starts_with("User"))
            .collect();
        assert_eq!(events.first().map(String::as_str), event, "{text}");
        assert_eq!(rig.session.skipped() > skipped, event.is_none(), "{text}");
    }
    let now = rig.now();
    rig.session.handle_frame(
        now,
        Frame::Binary(Cow::Borrowed(br#"{"usr":"a","msg":"b"}"#)),
    );
    rig.session
        .handle_frame(now, Frame::Ping(Cow::Borrowed(b"")));
    assert!(rig.events().is_empty());
    for odd in [&b""[..], b"\xff", b"-1", b"18446744073709551616"] {
        rig.session
            .handle_frame(now, Frame::Pong(Cow::Borrowed(odd)));
        assert_eq!(rig.events(), ["Status::Ping"]);
    }
}

#[test]
fn the_token_is_sent_and_shown_nowhere() {
    let mut rig = Rig::new();
    rig.connect(Some(TOKEN));
    rig.send("one");
    let frame = rig.frame();
    assert_eq!(serde_json::from_str::<Value>(&frame).unwrap()["jwt"], TOKEN);
    // The original relays it.
    rig.hear(&relay(&frame, TIM));
    rig.hear(&format!(
        r#"{{"usr":"bob","msg":"x","jwt":"{TOKEN}","more":1}}"#
    ));
    rig.send("waits");
    let shown = format!("{:?} {:#?}", rig.session, rig.session);
    assert!(!shown.contains(TOKEN), "{shown}");
    for event in rig.raw_events() {
        let json = serde_json::to_string(&event.event).unwrap();
        assert!(!json.contains(TOKEN), "{json}");
        assert!(!format!("{event:?}").contains(TOKEN));
    }
    let now = rig.now();
    let long = "\u{1}".repeat(20_000);
    let refused = rig
        .try_send(None, Message::text(long, now.utc))
        .unwrap_err();
    assert!(!refused.chain().contains(TOKEN));
}

#[test]
fn what_cannot_be_sent_is_refused_at_once() {
    let mut rig = Rig::new();
    let hi = || Message::text("hi", DateTime::UNIX_EPOCH);
    let kind = |result: Result<RequestId, Error>| result.unwrap_err().kind();
    assert_eq!(kind(rig.try_send(None, hi())), ErrorKind::State);
    rig.connect(None);
    rig.events();
    assert_eq!(kind(rig.try_send(Some("other"), hi())), ErrorKind::NotFound);
    let picture = Message {
        content: vec![MessageFragment::Image {
            url: "x".to_owned(),
            mime: "y".to_owned(),
        }],
        ..hi()
    };
    assert_eq!(kind(rig.try_send(None, picture)), ErrorKind::Unsupported);
    // 12,000 control characters take six bytes each on the wire.
    let long = Message::text("\u{1}".repeat(12_000), DateTime::UNIX_EPOCH);
    assert_eq!(kind(rig.try_send(None, long)), ErrorKind::TooLong);
    let most = usize::try_from(MAX_TEXT_BYTES).unwrap();
    rig.try_send(None, Message::text("x".repeat(most), DateTime::UNIX_EPOCH))
        .unwrap();
    assert!(rig.frame().len() <= MAX_OUTGOING_BYTES);
    rig.events();
    for _ in 1..OUTBOX_MESSAGES {
        rig.send("x");
    }
    assert_eq!(kind(rig.try_send(None, hi())), ErrorKind::Full);
    assert_eq!(
        rig.events().len(),
        OUTBOX_MESSAGES - 1,
        "refused without an event"
    );
}

#[test]
fn forms_that_cannot_be_used() {
    for (field, value) in [(0, ""), (0, "http://x"), (0, "localhost"), (1, "")] {
        let mut rig = Rig::new();
        let mut form = form(None);
        form[field].set(value.to_owned());
        let now = rig.now();
        let refused = rig.session.handle_connect(now, &form, [1; 32]);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{value}");
        assert!(rig.session.poll_transmit(now).is_none());
        assert!(rig.events().is_empty());
    }
}

#[test]
fn leaving_writes_what_waits_and_ends_what_is_open() {
    let mut rig = Rig::open();
    let written = rig.send("written");
    let frame = rig.frame();
    rig.send("waits");
    let now = rig.now();
    rig.session.handle_disconnect(now);
    let last = rig.written();
    assert_eq!(last.len(), 2);
    assert!(last[0].contains("waits"));
    assert_eq!(last[1], "close 1000");
    rig.events();
    // Confirmed during the goodbye.
    rig.hear(&relay(&frame, TIM));
    let events = rig.raw_events();
    assert!(events.iter().all(|event| event.request == Some(written)));
    rig.close(true);
    assert_eq!(rig.events(), ["Update Failed", "Failed OutcomeUnknown"]);
    assert_eq!(rig.session.deadline(), None);
}

#[test]
fn messages_wait_between_connections_and_age() {
    let mut rig = Rig::open();
    rig.close(false);
    rig.send("one");
    assert_eq!(rig.events(), ["New CurrentUser one"]);
    assert!(rig.written().is_empty());
    rig.pass(600);
    assert_eq!(rig.events(), ["Update Failed", "Failed TimedOut"]);
    let ping = StatusEvent::Ping { artifact: None };
    let now = rig.now();
    let refused = rig
        .session
        .handle_send(now, RequestId::fresh(), ping.into());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::State);
    rig.send("two");
    rig.close(true);
    assert_eq!(
        rig.events(),
        ["New CurrentUser two", "Update Failed", "Failed Cancelled"]
    );
}

#[test]
fn pings_end_with_their_answer_or_the_connection() {
    let mut rig = Rig::open();
    let now = rig.now();
    let ping = || StatusEvent::Ping { artifact: None }.into();
    for number in 1..=2 {
        rig.session
            .handle_send(now, RequestId::fresh(), ping())
            .unwrap();
        assert_eq!(rig.written(), [format!("ping {number}")]);
    }
    rig.pong(1);
    assert_eq!(rig.events(), ["Status::Ping", "Status::Done"]);
    rig.close(false);
    assert_eq!(rig.events(), ["Failed Lost"]);
    rig.pass(1);
    rig.connect(None);
    rig.events();
    rig.pong(2);
    assert_eq!(rig.events(), ["Status::Ping"]);
}

#[test]
fn a_ping_not_yet_written_is_replaced() {
    let mut rig = Rig::open();
    let now = rig.now();
    for _ in 0..3 {
        let ping = StatusEvent::Ping { artifact: None }.into();
        rig.session
            .handle_send(now, RequestId::fresh(), ping)
            .unwrap();
    }
    assert_eq!(rig.written(), ["ping 3"]);
    rig.pong(3);
    let done = ["Status::Done"; 3];
    assert_eq!(rig.events(), [&["Status::Ping"], &done[..]].concat());
}

/// One step of a session's life.
#[derive(Clone, Debug)]
enum Step {
    Connect,
    Close(bool),
    Send(String),
    Ping,
    Text(String),
    /// The frame written so many ago is relayed.
    Relay(usize),
    Pong(u64),
    Pass(u64),
    Pause,
    Resume,
    Write,
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Connect),
        any::<bool>().prop_map(Step::Close),
        ".{0,10}".prop_map(Step::Send),
        Just(Step::Ping),
        ".{0,20}".prop_map(Step::Text),
        (0..5usize).prop_map(Step::Relay),
        (0..10u64).prop_map(Step::Pong),
        (0..40u64).prop_map(Step::Pass),
        Just(Step::Pause),
        Just(Step::Resume),
        Just(Step::Write),
        Just(Step::Leave),
    ]
}

impl Rig {
    /// Takes a step, if the driver could; keeps what was written in `frames`.
    fn take(&mut self, step: Step, frames: &mut Vec<String>) -> Option<RequestId> {
        let up = self.session.phase != Phase::Down;
        let now = self.now();
        match step {
            Step::Connect if !up => self.connect(None),
            Step::Close(asked) if up => self.close(asked),
            Step::Send(text) => {
                return self.try_send(None, Message::text(text, now.utc)).ok();
            }
            Step::Ping => {
                let request = RequestId::fresh();
                let ping = StatusEvent::Ping { artifact: None };
                let sent = self.session.handle_send(now, request, ping.into());
                return sent.is_ok().then_some(request);
            }
            Step::Text(text) if up => self.hear(&text),
            Step::Relay(back) if up => {
                if let Some(frame) = frames.iter().rev().nth(back) {
                    self.hear(&relay(&frame.clone(), TIM));
                }
            }
            Step::Pong(number) if up => self.pong(number),
            Step::Pass(seconds) => self.pass(seconds),
            Step::Pause if up => self.session.handle_pause(now),
            Step::Resume if up => self.session.handle_resume(now),
            Step::Write if up => {
                let texts = self.written();
                frames.extend(texts.into_iter().filter(|text| text.starts_with('{')));
            }
            Step::Leave if up => self.session.handle_disconnect(now),
            _ => {}
        }
        None
    }
}

proptest! {
    /// Whatever happens, every accepted request ends in exactly one `Done` or `Failed`, and no message is shown twice.
    #[test]
    fn every_request_ends_once(steps in proptest::collection::vec(step(), 0..60)) {
        let mut rig = Rig::new();
        rig.connect(None);
        let (mut frames, mut accepted) = (Vec::new(), Vec::new());
        for step in steps {
            accepted.extend(rig.take(step, &mut frames));
        }
        rig.close(true);
        let events = rig.raw_events();
        for request in accepted {
            let of_it: Vec<String> = events
                .iter()
                .filter(|event| event.request == Some(request))
                .map(short)
                .collect();
            let ends = of_it.iter().filter(|word| {
                word.starts_with("Failed") || *word == "Status::Done"
            });
            prop_assert_eq!(ends.count(), 1, "{:?}", of_it);
            let echoes = of_it.iter().filter(|word| word.starts_with("New"));
            prop_assert!(echoes.count() <= 1, "{:?}", of_it);
        }
        prop_assert!(rig.session.outbox.is_empty());
    }
}
