use chrono::DateTime;
use kaiwa_core::Message;
use proptest::prelude::*;

use super::*;

/// A session, a clock, and what it wrote.
struct Rig {
    session: SockchatSession,
    at: Duration,
}

/// `|` for TAB, `^` for form feed.
fn frame(text: &str) -> String {
    text.replace('|', "\t").replace('^', "\u{c}")
}

impl Rig {
    fn new() -> Self {
        Self {
            session: SockchatSession::new(),
            at: Duration::from_secs(1),
        }
    }

    fn now(&self) -> Now {
        Now {
            mono: self.at,
            utc: DateTime::from_timestamp(1_424_000_000, 0).unwrap() + self.at,
        }
    }

    fn connect(&mut self) {
        let mut form = self.session.protocol_spec().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "sockchat_url" => field.set("ws://localhost/".to_owned()),
                "token" => field.set("hunter2".to_owned()),
                "uid" => field.set("1".to_owned()),
                _ => {}
            }
        }
        let now = self.now();
        self.session.handle_connect(now, &form, [7; 32]).unwrap();
        assert!(matches!(
            self.session.poll_transmit(now),
            Some(Transmit::Open(_))
        ));
        self.session.handle_open(now);
        assert_eq!(self.written(), ["1|1|hunter2"]);
    }

    /// Signed in to a PHP server, all events read.
    fn signed_in() -> Self {
        let mut rig = Self::new();
        rig.connect();
        rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
        rig.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1");
        rig.hear("7|2|2|Lobby|0|0|Tea|0|0");
        rig.events();
        rig
    }

    fn hear(&mut self, text: &str) {
        let now = self.now();
        self.session
            .handle_frame(now, Frame::Text(Cow::Owned(frame(text))));
    }

    /// So much time passes, with every deadline kept.
    fn pass(&mut self, seconds: u64) {
        let until = self.at + Duration::from_secs(seconds);
        while let Some(due) = self.session.deadline().filter(|due| *due <= until) {
            self.at = due.max(self.at);
            let now = self.now();
            self.session.handle_timeout(now);
            let next = self.session.deadline();
            assert!(
                next.is_none_or(|next| next > self.at),
                "a kept deadline stays"
            );
        }
        self.at = until;
    }

    fn send(&mut self, event: impl Into<ConnectionEvent>) -> Result<RequestId, ErrorKind> {
        let request = RequestId::fresh();
        let now = self.now();
        let sent = self.session.handle_send(now, request, event.into());
        sent.map(|()| request).map_err(|error| error.kind())
    }

    fn say(&mut self, channel: Option<&str>, text: &str) -> Result<RequestId, ErrorKind> {
        self.send(ChatEvent::New {
            channel_id: channel.map(str::to_owned),
            message: Message::text(text, DateTime::UNIX_EPOCH),
        })
    }

    fn written(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        let now = self.now();
        while let Some(transmit) = self.session.poll_transmit(now) {
            written.push(match transmit {
                Transmit::Frame(Frame::Text(text)) => text.replace('\t', "|"),
                Transmit::Close { error, .. } => {
                    format!("close {:?}", error.map(|error| error.kind()))
                }
                other => panic!("{other:?}"),
            });
        }
        written
    }

    fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_event())
            .map(|event| short(&event.event))
            .collect()
    }

    fn close(&mut self, asked: bool) {
        let now = self.now();
        let error = Error::new(ErrorKind::Lost, "x");
        let closed = Closed {
            asked,
            code: None,
            error: Some(&error).filter(|_| !asked),
        };
        self.session.handle_close(now, &closed);
    }
}

/// An event in a few words.
fn short(event: &ConnectionEvent) -> String {
    let kind = event.kind();
    let rest = match event {
        ConnectionEvent::Chat { event } => match event {
            ChatEvent::New {
                channel_id,
                message,
            } => format!("{} {}", channel_id.as_deref().unwrap_or("-"), said(message)),
            ChatEvent::Update { new_message, .. } => said(new_message),
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                let all: Vec<String> = messages.iter().map(said).collect();
                format!("{channel_id} {}", all.join("; "))
            }
            ChatEvent::Gap { after, before, .. } => format!("{after:?} {before:?}"),
            other => format!("{other:?}"),
        },
        ConnectionEvent::Channel { event } => match event {
            ChannelEvent::New { channel } => format!("{} {:?}", channel.id, channel.channel_type),
            ChannelEvent::Join { channel_id }
            | ChannelEvent::Leave { channel_id }
            | ChannelEvent::Remove { channel_id }
            | ChannelEvent::Switch { channel_id } => channel_id.clone(),
            ChannelEvent::Kick { ban, .. } => format!("ban={ban}"),
            _ => String::new(),
        },
        ConnectionEvent::User { event } => match event {
            UserEvent::New { user, .. } => user.username.clone().unwrap_or_default(),
            UserEvent::Update { new_user, .. } => new_user.username.clone().unwrap_or_default(),
            UserEvent::Remove { user_id, .. } | UserEvent::Identify { user_id } => user_id.clone(),
            UserEvent::Presence { presence, text, .. } => format!("{presence:?} {text:?}"),
            _ => String::new(),
        },
        ConnectionEvent::Status {
            event: StatusEvent::Failed { error, .. },
        } => format!("{:?}", error.kind),
        _ => String::new(),
    };
    format!("{kind} {rest}").trim_end().to_owned()
}

fn said(message: &Message) -> String {
    let id = message.id.as_deref().unwrap_or("-");
    let id = if id.starts_with("local:") {
        "local"
    } else {
        id
    };
    format!("{id} {:?} {}", message.status, message.plain_text())
}

fn join(channel: &str) -> ChannelEvent {
    ChannelEvent::Join {
        channel_id: channel.to_owned(),
    }
}

#[test]
fn signing_in_to_a_php_server() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.hear("7|0|1|2|&lt;AFK&gt;_bob|inherit|1^0^0^0^0|1");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a &lt;b&gt;|3|0|10010");
    rig.hear("7|1|1424000001|-1|ChatBot|inherit||0^join^alice|4|0|10010");
    rig.hear("7|2|2|Lobby|0|0|Tea|0|0");
    assert_eq!(
        rig.events(),
        [
            "Status::Connected",
            "User::Identify 1",
            "Channel::New Lobby Group",
            "Channel::Join Lobby",
            "Channel::Switch Lobby",
            "User::New alice",
            "User::New <AFK>_bob",
            "User::Presence Away Some(\"AFK\")",
            "Channel::New Tea Group",
            "Chat::History Lobby 3 Delivered a <b>; 4 Delivered alice has joined",
        ]
    );
    assert_eq!(rig.session.skipped(), 0);
}

#[test]
fn signing_in_to_a_sharpchat_server() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("7|1|1424000000|-1|ChatBot|inherit||0^say^Welcome!|welcome|0|10010");
    assert_eq!(rig.events(), Vec::<String>::new());
    rig.hear("1|y|1|alice|#FF0000|10 1 0 1 2|Lounge|2|OIGfrk8d");
    rig.hear("7|0|0|");
    rig.hear("7|2|1|Lounge|0|0");
    let events = rig.events();
    let last = events.last().unwrap();
    assert!(
        last.starts_with("Chat::History Lounge welcome-"),
        "{events:?}"
    );
    assert!(last.ends_with("Delivered Welcome!"), "{events:?}");
}

#[test]
fn refusals_are_told_apart() {
    for (reason, kind) in [
        ("authfail", "close Some(Auth)"),
        ("userfail", "close Some(Conflict)"),
        ("sockfail", "close Some(Conflict)"),
        ("joinfail|-1", "close Some(Banned)"),
        ("joinfail|1424000100", "close Some(Banned)"),
        ("future", "close Some(Rejected)"),
    ] {
        let mut rig = Rig::new();
        rig.connect();
        rig.hear(&format!("1|n|{reason}"));
        assert_eq!(rig.written(), [kind], "{reason}");
    }
    let mut rig = Rig::new();
    rig.connect();
    rig.pass(19);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.pass(1);
    assert_eq!(rig.written(), ["close Some(TimedOut)"]);
}

#[test]
fn a_message_is_confirmed_by_its_echo() {
    let mut rig = Rig::signed_in();
    rig.say(None, "a <b>\tc").unwrap();
    assert_eq!(rig.events(), ["Chat::New Lobby local Sent a <b>\tc"]);
    assert_eq!(rig.written(), ["2|1|a <b>    c"]);
    rig.hear("2|1424000000|2|hi|7|10010|0|Lobby");
    rig.hear("2|1424000000|1|a &lt;b&gt;    c|8|10010|0|Lobby");
    // Said by the same user elsewhere.
    rig.hear("2|1424000000|1|a &lt;b&gt;    c|9|10010|0|Lobby");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 7 Delivered hi",
            "Chat::Update 8 Delivered a <b>    c",
            "Status::Done",
            "Chat::New Lobby 9 Delivered a <b>    c",
        ]
    );
}

#[test]
fn text_is_no_command_and_comes_back_as_it_was() {
    let mut rig = Rig::signed_in();
    rig.say(None, "/join [b]Tea[/b]").unwrap();
    rig.events();
    let written = rig.written();
    assert_eq!(written.len(), 1);
    let text = written[0].strip_prefix("2|1|").unwrap();
    assert!(!text.starts_with('/'));
    rig.hear(&format!("2|1424000000|1|{text}|8|10010"));
    assert_eq!(
        rig.events(),
        ["Chat::Update 8 Delivered /join [b]Tea[/b]", "Status::Done"]
    );
}

#[test]
fn an_echo_that_does_not_come_and_then_does() {
    let mut rig = Rig::signed_in();
    rig.say(None, "x").unwrap();
    rig.written();
    rig.events();
    rig.pass(ECHO_LIMIT.as_secs());
    assert_eq!(
        rig.events(),
        [
            "Chat::Update local Failed x",
            "Status::Failed OutcomeUnknown"
        ]
    );
    rig.hear("2|1424000000|1|x|8|10010");
    assert_eq!(rig.events(), ["Chat::Update 8 Delivered x"]);
}

#[test]
fn private_messages_go_both_ways() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|psst|8|10011|1");
    assert_eq!(
        rig.events(),
        ["Channel::New @2 Direct", "Chat::New @2 8 Delivered psst"]
    );
    rig.say(Some("@2"), "yes?").unwrap();
    assert_eq!(rig.written(), ["2|1|/msg bob yes?"]);
    rig.hear("2|1424000000|1|bob yes?|9|10011|1");
    assert_eq!(
        rig.events(),
        [
            "Chat::New @2 local Sent yes?",
            "Chat::Update 9 Delivered yes?",
            "Status::Done"
        ]
    );
    assert_eq!(rig.say(Some("@7"), "x"), Err(ErrorKind::NotFound));
    assert_eq!(rig.say(Some("Tea"), "x"), Err(ErrorKind::State));
}

#[test]
fn switching_as_a_php_server_does_it() {
    let mut rig = Rig::signed_in();
    rig.send(join("Tea")).unwrap();
    assert_eq!(rig.written(), ["2|1|/join Tea"]);
    rig.hear("5|1|1|20");
    rig.hear("8|3");
    rig.hear("7|0|1|3|carol|inherit|1^0^0^0^0|1|21");
    rig.hear("7|1|1424000000|3|carol|inherit|1^0^0^0^0|tea?|19|0|10010");
    rig.hear("5|2|Tea");
    rig.hear("2|1424000000|3|hello|22|10010|0|Tea");
    assert_eq!(
        rig.events(),
        [
            "Channel::Leave Lobby",
            "Channel::Join Tea",
            "Channel::Switch Tea",
            "User::New alice",
            "User::New carol",
            "Status::Done",
            "Chat::History Tea 19 Delivered tea?",
            "Chat::New Tea 22 Delivered hello",
        ]
    );
}

#[test]
fn a_channel_that_lets_nobody_in() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.written();
    rig.hear("2|1424000000|-1|1^ipwchan^Staff|20|10010");
    rig.hear("5|2|Lobby");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 20 Delivered the password for Staff is wrong",
            "Status::Failed Forbidden"
        ]
    );
    assert_eq!(rig.send(join("two words")), Err(ErrorKind::Invalid));
}

#[test]
fn people_come_and_go() {
    let mut rig = Rig::signed_in();
    rig.hear("1|1424000000|3|carol|inherit|1^0^0^0^0|5");
    rig.hear("10|3|~car&amp;lt;l|blue|1^0^0^0^0");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("5|1|2|7");
    rig.hear("4|2|Tea");
    rig.hear("4|2|Tea");
    assert_eq!(
        rig.events(),
        [
            "User::New carol",
            "User::Update ~car&lt;l",
            "User::Remove 3",
            "User::Remove 2",
            "Channel::Remove Tea",
        ]
    );
}

#[test]
fn thrown_out_means_staying_away() {
    for (packet, ban) in [
        ("9|kick", false),
        ("9|0", false),
        ("9|ban|1424000000", true),
        ("9|1|-1", true),
    ] {
        let mut rig = Rig::signed_in();
        rig.hear(packet);
        assert_eq!(rig.events(), [format!("Channel::Kick ban={ban}")]);
        assert_eq!(rig.written(), ["close Some(Banned)"]);
    }
}

#[test]
fn pings_go_out_however_much_is_said() {
    let mut rig = Rig::signed_in();
    let mut pings = 0;
    for _ in 0..60 {
        rig.pass(5);
        rig.hear("2|1424000000|2|hi|7|10010");
        pings += rig.written().iter().filter(|text| *text == "0|1").count();
    }
    assert_eq!(pings, 7, "one every 40 of 300 seconds");
}

#[test]
fn a_silent_server_is_given_up() {
    let mut rig = Rig::signed_in();
    rig.pass(40);
    assert_eq!(rig.written(), ["0|1"]);
    rig.hear("0|pong");
    assert_eq!(rig.events(), ["Status::Ping"]);
    rig.pass(40);
    assert_eq!(rig.written(), ["0|1"]);
    rig.pass(20);
    assert_eq!(rig.written(), ["close Some(TimedOut)"]);
}

#[test]
fn a_burst_passes_and_the_rest_follows() {
    let mut rig = Rig::signed_in();
    for n in 0..30 {
        rig.say(None, &n.to_string()).unwrap();
    }
    // Signing in was one packet.
    assert_eq!(rig.written().len(), 19);
    rig.pass(5);
    assert_eq!(rig.written().len(), 0);
    rig.pass(5);
    assert_eq!(rig.written().len(), 11);
}

#[test]
fn what_was_missed_is_told_as_a_gap() {
    let mut rig = Rig::signed_in();
    rig.hear("2|1424000000|2|hi|7|10010");
    rig.say(None, "lost?").unwrap();
    rig.written();
    rig.close(false);
    rig.events();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    rig.hear("7|0|1|4|dave|inherit|1^0^0^0^0|1");
    rig.hear("7|1|1424000000|4|dave|inherit|1^0^0^0^0|new|12|0|10010");
    rig.hear("7|2|1|Lobby|0|0");
    let events = rig.events();
    for expected in [
        "Status::Failed OutcomeUnknown",
        "User::Remove 2",
        "User::New dave",
        "Channel::Remove Tea",
        "Chat::Gap Some(\"7\") Some(\"12\")",
        "Chat::History Lobby 12 Delivered new",
    ] {
        assert!(
            events.iter().any(|event| event == expected),
            "{expected}: {events:?}"
        );
    }
}

#[test]
fn reloaded_messages_have_ids_of_their_own() {
    let mut rig = Rig::signed_in();
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a|rlbl|0|10010");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|a|rlbl|0|10010");
    rig.hear("7|1|1424000000|2|bob|inherit|1^0^0^0^0|b|rlbl|0|10010");
    rig.pass(2);
    let ConnectionEvent::Chat {
        event: ChatEvent::History { messages, .. },
    } = rig.session.poll_event().unwrap().event
    else {
        panic!("a backlog")
    };
    let mut ids: Vec<_> = messages.into_iter().map(|message| message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_limit_of_the_server_counts_characters() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby|5");
    assert!(rig.say(None, "ééééé").is_ok());
    assert_eq!(rig.say(None, "éééééé"), Err(ErrorKind::TooLong));
    assert_eq!(rig.say(None, " \t "), Err(ErrorKind::Invalid));
}

#[derive(Clone, Debug)]
enum Step {
    Hear(String),
    Say(String),
    Go(String),
    Ping,
    Pass(u64),
    Write,
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    let field = prop_oneof![
        "[0-9]{1,2}",
        "[yn]",
        "[12]",
        "[a-zA-Z<>&;_~ ^]{0,6}",
        Just("Lobby".to_owned())
    ];
    let packet = proptest::collection::vec(field, 0..9).prop_map(|fields| fields.join("|"));
    prop_oneof![
        8 => ("[0-9]{1,2}", packet).prop_map(|(id, rest)| Step::Hear(format!("{id}|{rest}"))),
        2 => "[a-c]{1}".prop_map(|text| Step::Hear(format!("2|1|1|{text}|8|10010"))),
        4 => "[a-c]{1}".prop_map(Step::Say),
        1 => "[A-C]{1}".prop_map(Step::Go),
        1 => Just(Step::Ping),
        2 => (0..30_u64).prop_map(Step::Pass),
        4 => Just(Step::Write),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    #[test]
    fn every_request_ends_once(steps in proptest::collection::vec(step(), 0..60)) {
        let mut rig = Rig::signed_in();
        let mut open = std::collections::BTreeMap::new();
        for step in steps {
            let request = match step {
                Step::Hear(text) => { rig.hear(&text); None }
                Step::Say(text) => rig.say(None, &text).ok(),
                Step::Go(channel) => rig.send(join(&channel)).ok(),
                Step::Ping => rig.send(StatusEvent::Ping { artifact: None }).ok(),
                Step::Pass(seconds) => { rig.pass(seconds); None }
                Step::Write => { rig.written(); None }
                Step::Reconnect => {
                    rig.close(false);
                    rig.session.transmits.clear();
                    rig.connect();
                    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
                    None
                }
            };
            if let Some(request) = request {
                open.insert(request, 0);
            }
        }
        rig.close(true);
        let ended = std::iter::from_fn(|| rig.session.poll_event()).filter_map(|event| match event.event {
            ConnectionEvent::Status {
                event: StatusEvent::Done { request } | StatusEvent::Failed { request, .. },
            } => Some(request),
            _ => None,
        });
        for request in ended {
            let count = open.get_mut(&request);
            prop_assert!(count.is_some(), "{request} was never accepted");
            *count.unwrap() += 1;
        }
        prop_assert!(open.values().all(|count| *count == 1), "{open:?}");
    }
}
