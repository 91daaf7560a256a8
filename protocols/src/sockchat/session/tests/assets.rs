//! Emotes of an asset service, and the user's own.

use super::*;
use kaiwa_core::{AssetSource, session::HttpBody};

const LIST: &str = r#"[
    {"uri": "https://a.b/wave.png", "strings": ["wave", "hello"], "min_rank": 0},
    {"uri": "//a.b/crown.png", "strings": ["crown"], "min_rank": 5, "more": [1]},
    {"uri": "javascript:x", "strings": ["bad"], "min_rank": 0},
    {"uri": "https://a.b/two.png", "strings": ["wave", "a b", "", ":x:"], "min_rank": 0},
    {"uri": 7}, null, "x", {"uri": "https://a.b/x.png", "strings": "x"}
]"#;

impl Rig {
    fn with_emotes(rank: &str) -> Self {
        let mut rig = Self::new();
        rig.connect_with(&[("asset_api", "https://a.b/api/")]);
        rig.hear(&format!("1|y|1|alice|#f00|{rank}^0^0^0^0|Lobby"));
        rig.hear("7|0|0|");
        rig.hear("7|2|1|Lobby|0|0");
        rig.all_events();
        assert_eq!(rig.written(), Vec::<String>::new());
        rig
    }

    fn answer(&mut self, status: u16, body: &str) {
        let (token, _) = self.exchanges.pop().unwrap();
        let response = HttpResponse {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        let now = self.now();
        self.session.handle_http(now, token, Ok(response));
    }

    fn shown(&mut self, text: &str) -> Vec<MessageFragment> {
        self.hear(&format!("2|1424000000|2|{text}|{}|10010", text.len()));
        match self.session.poll_event().unwrap().event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } => message.content,
            other => panic!("{other:?}"),
        }
    }
}

fn emote(id: &str) -> MessageFragment {
    MessageFragment::AssetId(id.into())
}

#[test]
fn emotes_are_those_that_the_rank_reaches() {
    let mut rig = Rig::with_emotes("1");
    let (_, request) = rig.exchanges.first().unwrap();
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.url,
        "https://a.b/api/emotes?fields=uri,strings,min_rank"
    );
    assert_eq!(request.body, HttpBody::EMPTY);
    assert!(request.max_response_bytes <= 4 << 20 && request.timeout.as_secs() <= 60);
    rig.answer(200, LIST);
    assert_eq!(
        rig.all_events(),
        ["Asset::New emote:hello", "Asset::New emote:wave"]
    );
    assert_eq!(rig.session.skipped(), 9);
    assert_eq!(rig.shown(":wave:"), [emote("emote:wave")]);
    assert_eq!(rig.shown(":crown:").len(), 1);
    assert_ne!(rig.shown("a :crown:"), [emote("emote:crown")]);
    rig.hear("10|1|alice|#f00|5^0^0^0^0");
    assert_eq!(
        rig.all_events(),
        ["User::Update alice", "Asset::New emote:crown"]
    );
    assert_eq!(
        rig.shown(":crown: "),
        [emote("emote:crown"), MessageFragment::Text(" ".to_owned())]
    );
    rig.hear("10|1|alice|#f00|0^0^0^0^0");
    assert_eq!(
        rig.all_events(),
        ["User::Update alice", "Asset::Remove emote:crown"]
    );
    let mut message = Message::text("", DateTime::UNIX_EPOCH);
    message.content = vec![emote("emote:wave")];
    let channel_id = None;
    rig.send(ChatEvent::New {
        channel_id,
        message,
    })
    .unwrap();
    assert_eq!(rig.written(), ["2|1|:wave:"]);
}

#[test]
fn a_list_that_cannot_be_had_ends_nothing() {
    for (status, body, kind) in [
        (404, "[]", "Rejected"),
        (200, "{}", "Protocol"),
        (200, "", "Protocol"),
        (200, "[1,", "Protocol"),
    ] {
        let mut rig = Rig::with_emotes("1");
        rig.answer(status, body);
        assert_eq!(rig.all_events(), [format!("Asset::Unavailable {kind}")]);
        assert_eq!(rig.written(), Vec::<String>::new());
    }
    let mut rig = Rig::with_emotes("1");
    let (token, _) = rig.exchanges.pop().unwrap();
    let now = rig.now();
    let late = Err(Error::new(ErrorKind::TimedOut, "x"));
    rig.session.handle_http(now, token, late);
    assert_eq!(rig.all_events(), ["Asset::Unavailable TimedOut"]);
    // Nobody has asked for this one.
    rig.session
        .handle_http(now, HttpToken(99), Err(ErrorKind::Lost.into()));
    assert_eq!(rig.all_events(), Vec::<String>::new());
}

#[test]
fn the_list_is_asked_for_anew_and_told_as_it_differs() {
    let mut rig = Rig::with_emotes("1");
    rig.answer(200, LIST);
    rig.close(false);
    rig.connect_with(&[("asset_api", "https://a.b/api")]);
    rig.hear("1|y|1|alice|#f00|1^0^0^0^0|Lobby");
    rig.all_events();
    rig.written();
    rig.answer(
        200,
        r#"[{"uri": "https://a.b/new.png", "strings": ["wave", "new"], "min_rank": 0}]"#,
    );
    assert_eq!(
        rig.all_events(),
        [
            "Asset::Remove emote:hello",
            "Asset::New emote:new",
            "Asset::Update emote:wave"
        ]
    );
}

#[test]
fn without_a_service_nobody_is_asked() {
    let mut rig = Rig::signed_in();
    rig.written();
    assert!(rig.exchanges.is_empty());
}

fn smiley(id: Option<&str>, pattern: &str) -> AssetEvent {
    AssetEvent::New {
        channel_id: None,
        asset: Asset::Emote {
            id: id.map(Into::into),
            pattern: pattern.to_owned(),
            src: "https://a.b/c.png".to_owned(),
            source: AssetSource::Server,
        },
    }
}

fn take_back(id: &str) -> AssetEvent {
    AssetEvent::Remove {
        channel_id: None,
        asset_id: id.into(),
    }
}

#[test]
fn users_bring_smileys_of_their_own() {
    let mut rig = Rig::signed_in();
    rig.send(smiley(None, ":)")).unwrap();
    assert_eq!(rig.all_events(), ["Asset::New user::)", "Status::Done"]);
    assert_eq!(rig.shown(":)"), [emote("user::)")]);
    rig.send(take_back("user::)")).unwrap();
    assert_eq!(rig.all_events(), ["Asset::Remove user::)", "Status::Done"]);
    assert_eq!(rig.shown(":) "), [MessageFragment::Text(":) ".to_owned())]);
    let long = "x".repeat(65);
    for (event, kind) in [
        (smiley(None, ""), ErrorKind::Invalid),
        (smiley(None, "a\nb"), ErrorKind::Invalid),
        (smiley(None, &long), ErrorKind::Invalid),
        (smiley(Some("emote:wave"), ":w:"), ErrorKind::Invalid),
        (smiley(Some("command:me"), ":w:"), ErrorKind::Invalid),
        (smiley(Some(""), ":w:"), ErrorKind::Invalid),
        (take_back("user::)"), ErrorKind::NotFound),
        (take_back("command:me"), ErrorKind::NotFound),
    ] {
        assert_eq!(rig.send(event), Err(kind));
    }
    // One that begins with a slash makes no command of what it begins.
    rig.send(smiley(Some("o"), "/o/")).unwrap();
    let mut message = Message::text("", DateTime::UNIX_EPOCH);
    message.content = vec![emote("o")];
    let channel_id = None;
    rig.send(ChatEvent::New {
        channel_id,
        message,
    })
    .unwrap();
    assert_eq!(rig.written(), ["2|1|\u{2060}/o/"]);
}

#[test]
fn a_list_of_nonsense_takes_no_room() {
    let mut rig = Rig::with_emotes("1");
    let nonsense = "0,".repeat(1 << 20);
    let nested = "[0,{}],".repeat(1 << 10);
    rig.answer(200, &format!("[{nonsense}[{nonsense}1],{nested}{{\"uri\":{{}},\"strings\":[[]]}},{{\"uri\": \"https://a.b/w.png\", \"strings\": [1, \"wave\"], \"more\": {{}}}}]"));
    assert_eq!(rig.all_events(), ["Asset::New emote:wave"]);
    assert_eq!(rig.session.skipped(), (1 << 20) + 1 + (1 << 10) + 1 + 1);
}

#[test]
fn an_emote_that_reads_as_markup_is_left_out() {
    let mut rig = Rig::with_emotes("1");
    rig.answer(
        200,
        r#"[{"uri": "https://a.b/w.png", "strings": ["[b]", "[x]"], "min_rank": 0}]"#,
    );
    assert_eq!(rig.all_events(), ["Asset::New emote:[x]"]);
    assert_eq!(rig.send(smiley(None, "[b]")), Err(ErrorKind::Invalid));
}
