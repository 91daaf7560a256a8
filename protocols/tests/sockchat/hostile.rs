//! A server that lies: bounded time, bounded memory, and the connection stays.

use std::fmt::Write as _;

use kaiwa_conformance::Outcome;
use kaiwa_protocols::ConnectionEvent;
use tokio_tungstenite::tungstenite::Message;

use super::stage::{BOB, Person, Stage, news, settle, told};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::world::LOBBY;

/// A session in the lobby with bob, to which anything may be said.
async fn ann(stage: &Stage) -> Person {
    stage.enter(BOB);
    stage.online("ann").await
}

/// The server says a packet, in the notation of the sheet.
fn says(stage: &Stage, packet: &str) {
    let packet = packet.replace('⇥', "\t").replace('␌', "\u{c}");
    stage.lock().send_all(&Message::text(packet));
}

/// What came of it; the connection still works both ways.
async fn came(stage: &Stage, ann: &mut Person) -> Vec<ConnectionEvent> {
    stage.say(BOB, "still there?");
    let request = ann.say("yes").await;
    let mut events = Vec::new();
    loop {
        events.extend(ann.take());
        if let Some(outcome) = ann.watch.known_outcome(request) {
            assert_eq!(outcome, Outcome::Done);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert!(told(&events).contains(&news("still there?")));
    events
}

#[tokio::test(start_paused = true)]
async fn a_megabyte_of_tags() {
    let stage = Stage::new(Dialect::W25);
    let mut ann = ann(&stage).await;
    let nested = "[b]".repeat(350_000);
    let closed = format!("{}x{}", "[i]".repeat(100_000), "[/i]".repeat(100_000));
    let broken = "[url=".repeat(200_000);
    let colours = "[color=red]".repeat(90_000);
    let texts = [
        nested,
        closed,
        broken,
        colours,
        "<br/>".repeat(200_000),
        "&lt;".repeat(250_000),
    ];
    for (number, text) in texts.iter().enumerate() {
        says(&stage, &format!("2⇥1⇥2⇥{text}⇥said-{number}⇥10010"));
        says(&stage, &format!("7⇥1⇥1⇥2⇥bob⇥{text}⇥⇥x⇥7⇥0⇥10010"));
        let notice = format!("2⇥1⇥-1⇥0␌who␌{text}⇥notice-{number}⇥10010");
        says(&stage, &notice);
    }
    let events = came(&stage, &mut ann).await;
    assert!(told(&events).len() >= 7);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn people_who_are_not_there() {
    let stage = Stage::new(Dialect::Php);
    let mut ann = ann(&stage).await;
    says(
        &stage,
        "7⇥0⇥10000000⇥2⇥bob⇥red⇥1␌0␌0␌0␌0⇥1⇥91⇥a⇥⇥⇥1⇥92⇥b⇥⇥⇥1",
    );
    settle().await;
    ann.take();
    assert_eq!(ann.shown_in(LOBBY), ["1", "2", "91", "92"]);
    for count in ["-1", "99999999999999999999", "x", "1e3", ""] {
        says(&stage, &format!("7⇥0⇥{count}⇥"));
        says(&stage, &format!("7⇥2⇥{count}⇥"));
    }
    came(&stage, &mut ann).await;
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn names_that_are_none() {
    let stage = Stage::new(Dialect::Php);
    let mut ann = ann(&stage).await;
    let long = "n".repeat(100_000);
    for name in [
        "",
        " ",
        "\u{0}\u{1b}[31m",
        "&lt;AFK&gt;_",
        "~",
        "<script>",
        "\u{202e}bob",
        &long,
    ] {
        says(&stage, &format!("5⇥0⇥7⇥{name}⇥red⇥1␌0␌0␌0␌0⇥9"));
        says(
            &stage,
            &format!("10⇥7⇥{name}⇥red⇥99999999999999999999␌x␌␌␌9"),
        );
        says(&stage, &format!("2⇥1⇥2⇥x⇥{name}⇥10010"));
        says(&stage, &format!("4⇥0⇥{name}⇥0⇥0"));
        says(&stage, &format!("4⇥2⇥{name}"));
        says(&stage, &format!("3⇥7⇥{name}⇥leave⇥1⇥9"));
        says(&stage, &format!("5⇥0⇥{name}⇥bob⇥red⇥1␌0␌0␌0␌0⇥9"));
    }
    came(&stage, &mut ann).await;
    let names = ann.state.channels[LOBBY].users.values();
    let longest = names
        .map(|user| user.username.as_deref().unwrap_or("").len())
        .max();
    assert!(longest < Some(5_000), "{longest:?}");
    ann.leave().await;
}

/// Lists that only grow are kept to a bound.
#[tokio::test(start_paused = true)]
async fn more_of_everything_than_anybody_has() {
    let stage = Stage::new(Dialect::W25);
    let mut ann = ann(&stage).await;
    for number in 1000..41_000 {
        says(&stage, &format!("4⇥0⇥c{number}⇥0⇥1"));
        if number % 4 == 0 {
            says(&stage, &format!("2⇥1⇥{number}⇥psst⇥{number}⇥10011"));
            ann.take();
        }
    }
    let mut users = String::from("7⇥0⇥40000");
    for number in 1000..41_000 {
        write!(users, "⇥{number}⇥u{number}⇥⇥⇥1").unwrap();
    }
    says(&stage, &users);
    came(&stage, &mut ann).await;
    assert!(
        ann.state.channels.len() <= 25_000,
        "{}",
        ann.state.channels.len()
    );
    ann.leave().await;
}

/// Somebody who names the user's own id, or that of the server, is believed no more than a server can be.
#[tokio::test(start_paused = true)]
async fn packets_about_oneself() {
    let stage = Stage::new(Dialect::W25);
    let mut ann = ann(&stage).await;
    for packet in [
        "1⇥y⇥2⇥bob⇥red⇥1␌0␌0␌0␌0⇥Elsewhere⇥5",
        "1⇥n⇥joinfail⇥-1",
        "3⇥1⇥ann⇥leave⇥1⇥9",
        "10⇥-1⇥ChatBot⇥red⇥1␌0␌0␌0␌0",
        "2⇥1⇥1⇥never said⇥900⇥10010",
        "2⇥1⇥1⇥bob never said⇥901⇥10011",
        "2⇥1⇥-1⇥␌␌␌⇥902⇥10010",
        "6⇥never",
        "4⇥1⇥never⇥was⇥0⇥0",
        "8⇥0⇥Elsewhere",
        "12⇥Lobby⇥1⇥1",
    ] {
        says(&stage, packet);
    }
    came(&stage, &mut ann).await;
    ann.leave().await;
}
