//! The server itself says what the sheet has recorded of real ones.

use std::time::Duration;

use super::stage::{ANN, BOB, EVE, Stage};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::raw::Raw;

/// What is the same each time: without times and ids of messages.
fn shape(packets: &[String]) -> Vec<String> {
    let plain = |packet: &String| {
        let fields: Vec<&str> = packet.split('⇥').collect();
        let is_number = |field: &str| field.len() >= 9 && field.bytes().all(|b| b.is_ascii_digit());
        let fields = fields
            .iter()
            .map(|one| if is_number(one) { "N" } else { one });
        fields.collect::<Vec<_>>().join("⇥")
    };
    packets.iter().map(plain).collect()
}

async fn sign_in(stage: &Stage, packet: &str) -> (Vec<String>, Option<u16>) {
    let mut raw = Raw::open(&stage.wires).await;
    raw.send(packet).await;
    let said = shape(&raw.rest().await);
    (said, raw.closed)
}

#[tokio::test(start_paused = true)]
async fn php_lets_in_and_refuses() {
    let stage = Stage::new(Dialect::Php);
    let (said, closed) = sign_in(&stage, "1⇥1⇥wrong").await;
    assert_eq!((said, closed), (vec!["1⇥n⇥authfail".to_owned()], None));
    let (_ann, said) = Raw::online(&stage.wires, ANN, "token-of-ann").await;
    let expected = [
        "1⇥y⇥1⇥ann⇥#f00⇥10␌1␌1␌1␌2⇥Lobby",
        "7⇥0⇥0⇥",
        "7⇥1⇥N⇥-1⇥ChatBot⇥inherit⇥⇥0␌join␌ann⇥0⇥0⇥10010",
        "7⇥2⇥2⇥Lobby⇥0⇥0⇥Staff⇥0⇥0",
    ];
    assert_eq!(shape(&said), expected);
    let (said, _) = sign_in(&stage, "1⇥1⇥token-of-ann").await;
    assert_eq!(said, ["1⇥n⇥userfail"]);
    let (said, _) = sign_in(&stage, "1⇥bob⇥of⇥any⇥number⇥token-of-bob").await;
    assert_eq!(said[0], "1⇥y⇥2⇥bob⇥#f00⇥1␌0␌0␌1␌1⇥Lobby");
}

#[tokio::test(start_paused = true)]
async fn sharpchat_lets_in_and_refuses() {
    let stage = Stage::new(Dialect::Sc20);
    stage.lock().world.greeting = Some("Welcome!".to_owned());
    let refused = (vec!["1⇥n⇥authfail".to_owned()], Some(1000));
    assert_eq!(sign_in(&stage, "1⇥1⇥wrong").await, refused);
    assert_eq!(sign_in(&stage, "1⇥Misuzu⇥x").await, (vec![], None));
    let (said, _) = sign_in(&stage, "1⇥2⇥token-of-bob").await;
    let expected = [
        "7⇥1⇥N⇥-1⇥ChatBot⇥inherit⇥⇥0␌say␌Welcome!⇥welcome⇥0⇥10010",
        "1⇥y⇥2⇥bob⇥#f00⇥1 0 0 1 1⇥Lobby⇥2⇥OIGfrk8dOIGfrk8dOIGfrk8dOIGfrk8d",
        "7⇥0⇥0",
        "7⇥1⇥N⇥-1⇥ChatBot⇥inherit⇥⇥0␌join␌bob⇥N⇥0⇥10010",
        "7⇥2⇥1⇥Lobby⇥0⇥0",
    ];
    assert_eq!(said, expected);
    let mut all = Vec::new();
    for number in 0..6 {
        let (raw, said) = Raw::online(&stage.wires, ANN, "token-of-ann").await;
        let is_in = said.iter().any(|one| one.starts_with("1⇥y"));
        assert_eq!(is_in, number < 5, "{said:?}");
        all.push(raw);
    }
}

#[tokio::test(start_paused = true)]
async fn texts_as_they_were_recorded() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.enter(BOB);
        let mut ann = stage.raw(ANN).await;
        let text = |said: Vec<String>| {
            let fields: Vec<String> = said[0].split('⇥').map(str::to_owned).collect();
            (fields[3].clone(), fields[5].clone())
        };
        let plain = |text: &str| (text.to_owned(), "10010".to_owned());
        assert_eq!(text(ann.say("tab⇥inside").await), plain("tab"));
        let markup = ann.say("a<b>\r\nc & &lt;").await;
        assert_eq!(text(markup), plain("a&lt;b&gt;\r <br/> c & &lt;"));
        let action = ("<i>waves</i>".to_owned(), "11000".to_owned());
        assert_eq!(text(ann.say("/me waves").await), action);
        let private = ("bob hi there".to_owned(), "10011".to_owned());
        let said = ann.say("/msg bob hi there").await;
        if dialect == Dialect::Sc21 {
            assert!(said.is_empty());
        } else {
            assert_eq!(text(said), private);
        }
        let end = if dialect == Dialect::Php { "␌" } else { "" };
        assert_eq!(
            text(ann.say("/w.HO nowhere").await),
            plain("1␌nochan␌nowhere")
        );
        assert_eq!(text(ann.say("/nosuch x").await), plain("1␌nocmd␌nosuch"));
        let bare = plain(&format!("1␌usernf␌x{}", ""));
        assert_eq!(text(ann.say("/kick x").await), bare);
        assert_eq!(
            text(ann.say("/rank 99").await),
            plain(&format!("1␌rankerr{end}"))
        );
        assert!(ann.say("  ").await.is_empty());
        let long = "x".repeat(6000);
        let cut = text(ann.say(&long).await).0.len();
        let expected =
            [2000, 5000, 2100, 5000][Dialect::ALL.iter().position(|one| *one == dialect).unwrap()];
        assert_eq!(cut, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn names_in_php_are_exact() {
    let stage = Stage::new(Dialect::Php);
    let (mut ann, mut bob) = (stage.raw(ANN).await, stage.raw(BOB).await);
    bob.say("/afk").await;
    assert!(
        ann.say("/msg bob x")
            .await
            .iter()
            .any(|one| one.contains("␌usernf␌bob"))
    );
    let said = ann.say("/msg <AFK>_bob x").await;
    assert!(said[0].contains("⇥&lt;AFK&gt;_bob x⇥"), "{said:?}");
    let said = bob.say("/nick a<b").await;
    assert!(
        said.iter()
            .any(|one| one.starts_with("10⇥2⇥&lt;AFK&gt;_~a&amp;lt;b⇥")),
        "{said:?}"
    );
    // An action keeps it, words end it.
    assert!(
        !bob.say("/me x")
            .await
            .iter()
            .any(|one| one.starts_with("10⇥"))
    );
    assert!(
        bob.say("x")
            .await
            .iter()
            .any(|one| one.starts_with("10⇥2⇥~a&amp;lt;b⇥"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_ping_kills_one_of_2020() {
    let stage = Stage::new(Dialect::Sc20);
    let mut ann = stage.raw(ANN).await;
    ann.send("0").await;
    assert_eq!(ann.rest().await, Vec::<String>::new());
    assert_eq!(ann.closed, Some(1011));
    let stage = Stage::new(Dialect::Php);
    let mut ann = stage.raw(ANN).await;
    for packet in ["0", "", "garbage", "99⇥x", "2", "2⇥2"] {
        ann.send(packet).await;
    }
    ann.send("0⇥1").await;
    assert_eq!(ann.rest().await, ["0⇥pong"]);
}

#[tokio::test(start_paused = true)]
async fn channels_go_with_their_owners() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.raw(ANN).await, stage.raw(BOB).await);
        // One server lets only those make channels who have not the right.
        if dialect == Dialect::Sc20 {
            assert!(bob.say("/create Tea").await[0].contains("␌cmdna␌/create"));
            stage
                .lock()
                .world
                .users
                .get_mut(&BOB)
                .unwrap()
                .rights
                .create = 0;
        }
        let said = shape(&bob.say("/create Tea").await);
        assert!(said[0].starts_with("4⇥0⇥Tea⇥0⇥1"), "{dialect:?}: {said:?}");
        let order: Vec<&str> = said
            .iter()
            .map(|one| one.split('⇥').next().unwrap())
            .collect();
        assert_eq!(order.first(), Some(&"4"));
        let at = |what: &str| said.iter().position(|one| one.starts_with(what)).unwrap();
        assert!(at("5⇥1⇥2") < at("8⇥3") && at("8⇥3") < at("7⇥0") && at("7⇥0") < at("5⇥2⇥Tea"));
        assert_eq!(said[at("8⇥3")] == "8⇥3", dialect == Dialect::Php);
        ann.say("/join Tea").await;
        ann.rest().await;
        bob.say("/join Lobby").await;
        let said = ann.rest().await;
        let end: Vec<&String> = said.iter().rev().take(2).collect();
        assert!(
            end.iter().any(|one| *one == "4⇥2⇥Tea"),
            "{dialect:?}: {said:?}"
        );
        assert!(
            said.iter().any(|one| one == "5⇥2⇥Lobby"),
            "{dialect:?}: {said:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.enter(EVE);
        let (mut ann, mut bob) = (stage.raw(ANN).await, stage.raw(BOB).await);
        ann.rest().await;
        for number in 0..30 {
            bob.send(&format!("2⇥2⇥{number}")).await;
        }
        let said = bob.rest().await;
        let warnings = said.iter().filter(|one| one.contains("␌flwarn")).count();
        assert_eq!(bob.closed, Some(1000));
        let last = said.last().unwrap();
        if dialect == Dialect::Php {
            assert_eq!((warnings, last.as_str()), (5, "9⇥kick"));
        } else {
            assert!(last.starts_with("9⇥1⇥"), "{said:?}");
            let (said, _) = sign_in(&stage, "1⇥2⇥token-of-bob").await;
            assert_eq!(said, ["1⇥n⇥joinfail⇥N"]);
            tokio::time::sleep(Duration::from_secs(31)).await;
        }
        let (said, _) = sign_in(&stage, "1⇥2⇥token-of-bob").await;
        assert!(said.iter().any(|one| one.starts_with("1⇥y")));
        let told = ann.rest().await;
        assert!(
            told.iter().any(|one| one.starts_with("3⇥2⇥bob⇥flood⇥")),
            "{told:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_ping_is_thrown_out() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut ann = stage.raw(ANN).await;
        let _bob = stage.raw(BOB).await;
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_secs(40)).await;
            ann.send("0⇥1").await;
        }
        let reason = if dialect == Dialect::Php {
            "leave"
        } else {
            "timeout"
        };
        let told = ann.rest().await;
        let expected = format!("3⇥2⇥bob⇥{reason}⇥");
        assert!(
            told.iter().any(|one| one.starts_with(&expected)),
            "{told:?}"
        );
        assert_eq!(stage.lock().connected(), 1);
    }
}
