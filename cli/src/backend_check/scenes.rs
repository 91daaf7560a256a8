//! What is played with a backend: each scene with a fresh one.

use std::process::ExitStatus;
use std::time::Duration;

use kaiwa_protocols::Error;
use serde_json::{Value, json};

use super::Setup;
use super::report::Report;
use super::rules::Rule;
use super::talk::{Talk, result};

/// An id that no network gives.
const NO_ID: &str = "kaiwa backend-check: no such id";

/// Requests that are open at the same time: more than one pipe's worth of answers.
const MANY: usize = 4_000;

/// A backend that reads nothing for so long waits for its host.
const STUCK: Duration = Duration::from_secs(1);

/// A text that is longer than what a pipe holds.
const LONG: usize = 100_000;

/// Plays all scenes.
///
/// # Errors
/// `Invalid` for a command that cannot be started.
pub(super) async fn play(setup: &Setup, report: &mut Report) -> Result<(), Error> {
    let mut talk = Talk::start(setup, report, false)?;
    if !talk.init().await {
        talk.finish().await;
        return Ok(());
    }
    conversation(setup, &mut talk).await;
    let by_lines = talk.by_lines;
    talk.finish().await;

    for scene in [
        Scene::Writing,
        Scene::Slow,
        Scene::Early,
        Scene::Half,
        Scene::NoJson,
    ] {
        let mut talk = Talk::start(setup, report, false)?;
        talk.by_lines = by_lines;
        scene.play(setup, &mut talk).await;
        talk.finish().await;
    }
    let mut talk = Talk::start(setup, report, true)?;
    extension(&mut talk).await;
    talk.finish().await;
    Ok(())
}

enum Scene {
    Writing,
    Slow,
    Early,
    Half,
    NoJson,
}

impl Scene {
    async fn play(&self, setup: &Setup, talk: &mut Talk<'_>) {
        if let Self::Early = self {
            return early(talk).await;
        }
        if !talk.init().await {
            return;
        }
        match self {
            Self::Writing => {
                // What is not answered has broken its rule already.
                let _ = writing(setup, talk).await;
            }
            Self::Slow => slow(setup, talk).await,
            Self::Early => {}
            Self::Half => half(setup, talk).await,
            Self::NoJson => no_json(talk).await,
        }
    }
}

/// Every request, as a host makes them.
async fn conversation(setup: &Setup, talk: &mut Talk<'_>) {
    if requests(setup, talk).await.is_none() {
        return;
    }
    let ended = talk.end().await.and_then(|status| went_well(&status));
    talk.report.judge(Rule::End, ended);
}

async fn requests(setup: &Setup, talk: &mut Talk<'_>) -> Option<()> {
    let room = look_up(setup, talk).await?;
    if let Some(room) = room {
        in_room(talk, &room).await?;
    }
    create(talk).await?;
    for kind in ["RoomGet", "MessageGet"] {
        let verdict = match talk.result(kind, &json!(NO_ID)).await? {
            Ok(value) => Err(format!("{kind} gives {value}")),
            Err(_) => Ok(()),
        };
        talk.report.judge(Rule::NotThere, verdict);
    }
    senseless(setup, talk).await
}

/// The first request has nothing behind it, and still is answered.
async fn look_up(setup: &Setup, talk: &mut Talk<'_>) -> Option<Option<String>> {
    let number = talk.ask("RoomLookup", &json!(setup.room));
    if talk.try_answer(number).await.is_none() && !talk.has_ended {
        talk.process.write("\n");
        if talk.try_answer(number).await.is_some() {
            let seen = "the answer comes only after a line end, which hosts do not write";
            talk.report.failed(Rule::Separators, seen);
            talk.by_lines = true;
        }
    }
    let found = result(&talk.answer(number).await?);
    Some(match found {
        Ok(id) => {
            talk.report.passed(Rule::Lookup);
            id.as_str().map(str::to_owned)
        }
        Err(seen) => {
            let seen = format!("{seen}; --room NAME names another room");
            talk.report.failed(Rule::Lookup, seen);
            None
        }
    })
}

async fn in_room(talk: &mut Talk<'_>, room: &str) -> Option<()> {
    let got = talk.result("RoomGet", &json!(room)).await?;
    let verdict = got.and_then(|value| same(&value, "id", &json!(room)));
    talk.report.judge(Rule::Get, verdict);

    let joined = talk.result("RoomJoin", &json!(room)).await?;
    talk.report.judge(Rule::Join, joined.map(|_| ()));

    let content = json!({ "type": "Text", "value": "a message of kaiwa backend-check" });
    let new = json!({ "attachments": [], "content": content, "extra": null, "recipient": room });
    match talk.result("MessageSend", &new).await? {
        Ok(id) => {
            talk.report.passed(Rule::Send);
            message(talk, room, &id, &content).await?;
        }
        Err(seen) => talk.report.failed(Rule::Send, seen),
    }

    match talk.result("RoomLeave", &json!(room)).await? {
        Ok(_) => talk.report.passed(Rule::Leave),
        Err(why) => talk.report.not_applicable(Rule::Leave, why),
    }
    Some(())
}

async fn message(talk: &mut Talk<'_>, room: &str, id: &Value, content: &Value) -> Option<()> {
    match talk.result("MessageGet", id).await? {
        Ok(value) => {
            let verdict = same(&value, "id", id)
                .and_then(|()| same(&value, "recipient", &json!(room)))
                .and_then(|()| same(&value, "content", content));
            talk.report.judge(Rule::MessageGet, verdict);
        }
        Err(why) => talk.report.not_applicable(Rule::MessageGet, why),
    }
    match talk.result("MessageGetBefore", id).await? {
        Ok(_) => talk.report.passed(Rule::Before),
        Err(why) => talk.report.not_applicable(Rule::Before, why),
    }
    Some(())
}

async fn create(talk: &mut Talk<'_>) -> Option<()> {
    let new = json!({ "parent": null, "name": "kaiwa-check", "sendable": true });
    match talk.result("RoomCreate", &new).await? {
        Ok(id) => {
            let got = talk.result("RoomGet", &id).await?;
            let verdict = got.and_then(|value| same(&value, "id", &id));
            talk.report.judge(Rule::Create, verdict);
        }
        Err(why) => talk.report.not_applicable(Rule::Create, why),
    }
    Some(())
}

/// Requests that make no sense, then one that does.
async fn senseless(setup: &Setup, talk: &mut Talk<'_>) -> Option<()> {
    for body in [
        r#"{"type":"NoSuchRequest","value":null}"#,
        r#"{"type":"RoomGet","value":5}"#,
        r#"{"type":"RoomGet"}"#,
        r#"{"type":"MessageSend","value":{"recipient":"x"}}"#,
        r#"{"type":["RoomGet"],"value":"x"}"#,
        r#""RoomGet""#,
    ] {
        let number = talk.number("");
        talk.write(&format!(r#"{{"body":{body},"sequence_number":{number}}}"#));
        let verdict = match talk.try_answer(number).await {
            Some(answer) => match result(&answer) {
                Ok(_) => Err(format!("{body} is answered by {answer}")),
                Err(_) => Ok(()),
            },
            None if talk.has_ended => Err(format!("it ends when it is sent {body}")),
            None => Err(format!("{body} is not answered")),
        };
        let broken = verdict.is_err();
        talk.report.judge(Rule::NotUnderstood, verdict);
        if broken {
            // One is enough, and a backend that has ended answers no other.
            return None;
        }
    }
    let number = talk.ask("RoomLookup", &json!(setup.room));
    talk.answer(number).await.map(|_| ())
}

/// Requests in all the ways in which they may be written.
async fn writing(setup: &Setup, talk: &mut Talk<'_>) -> Option<()> {
    let room = json!(setup.room).to_string();
    let lookup = |number: u32| {
        format!(r#"{{"body":{{"type":"RoomLookup","value":{room}}},"sequence_number":{number}}}"#)
    };

    // Without anything between them, then with everything that may stand there.
    if !talk.by_lines {
        let numbers = [(); 3].map(|()| talk.number("RoomLookup"));
        let [one, two, three] = numbers.map(lookup);
        talk.process.write(format!("{one}{two} \t\r\n{three}"));
        let answered = all(talk, &numbers).await;
        talk.report.judge(Rule::Separators, answered);
    }

    let odd = talk.number("RoomLookup");
    talk.write(&format!(
        r#"{{"sequence_number" : {odd}, "later": [{{}}], "body": {{"value" :{room}, "more":{{"a":null}},"type": "RoomLookup" }} }}"#
    ));
    let last = u32::MAX;
    talk.expect(last, "RoomLookup");
    talk.write(&lookup(last));
    let alike = all(talk, &[odd, last]).await.and_then(|()| {
        let [one, other] = [odd, last].map(|number| talk.kind(number));
        match one == other {
            true => Ok(()),
            false => Err(format!("{one} in place of {other}")),
        }
    });
    talk.report.judge(Rule::Fields, alike);

    // A whole request is answered, so the half behind it has been read.
    let mut numbers = Vec::new();
    for cut in ["ü", "\"", "body", "}"] {
        let (whole, cut_up) = (talk.number("RoomLookup"), talk.number("RoomLookup"));
        let second = format!(
            r#"{{"body":{{"type":"RoomLookup","value":"grün"}},"sequence_number":{cut_up}}}"#
        );
        // In the middle of the letter, which has two bytes.
        let at = second.find(cut).map_or(0, |at| at + 1);
        let (begin, rest) = second.as_bytes().split_at(at);
        let mut bytes = lookup(whole).into_bytes();
        if talk.by_lines {
            bytes.push(b'\n');
        }
        bytes.extend(begin);
        talk.process.write(bytes);
        talk.try_answer(whole).await;
        talk.process.write(rest);
        talk.write("");
        numbers.extend([whole, cut_up]);
    }
    let answered = all(talk, &numbers).await;
    talk.report.judge(Rule::Pieces, answered);

    let texts = [
        json!("\u{0}\u{1f}\"\\}{][,:/").to_string(),
        r#""\ud83d\ude00 \u00fc \/ \b\f\n\r\t""#.to_owned(),
        json!("😀日本語\u{feff}\u{2028}").to_string(),
        json!("x".repeat(LONG)).to_string(),
        r#""""#.to_owned(),
    ];
    let mut numbers = Vec::new();
    for text in texts {
        let number = talk.number("RoomLookup");
        talk.write(&format!(
            r#"{{"body":{{"type":"RoomLookup","value":{text}}},"sequence_number":{number}}}"#
        ));
        numbers.push(number);
    }
    let answered = all(talk, &numbers).await;
    talk.report.judge(Rule::AnyText, answered);

    let numbers: Vec<u32> = (0..20).map(|_| talk.number("RoomLookup")).collect();
    let end = if talk.by_lines { "\n" } else { "" };
    let requests: String = numbers.iter().map(|number| lookup(*number) + end).collect();
    talk.process.write(requests);
    let answered = all(talk, &numbers).await;
    talk.report.judge(Rule::Together, answered);
    Some(())
}

/// Nothing is read until the backend waits for that, then little at a time.
async fn slow(setup: &Setup, talk: &mut Talk<'_>) {
    let numbers: Vec<u32> = (0..MANY)
        .map(|_| talk.ask("RoomLookup", &json!(setup.room)))
        .collect();
    talk.process.until_stuck(STUCK).await;
    talk.at_once = 512;
    let answered = all(talk, &numbers).await;
    talk.report.judge(Rule::SlowHost, answered);
}

/// The input is closed before anything is said.
async fn early(talk: &mut Talk<'_>) {
    talk.process.close();
    if talk.init().await {
        let ended = talk.end().await.and_then(|status| went_well(&status));
        talk.report.judge(Rule::EndEarly, ended);
    }
}

/// The input is closed within a request.
async fn half(setup: &Setup, talk: &mut Talk<'_>) {
    let number = talk.ask("RoomLookup", &json!(setup.room));
    talk.process
        .write(r#"{"body":{"type":"RoomLookup","value":"#);
    talk.try_answer(number).await;
    let ended = talk.end().await.map(|_| ());
    talk.report.judge(Rule::EndHalf, ended);
}

async fn no_json(talk: &mut Talk<'_>) {
    talk.process.write("this is no JSON }{ ");
    let verdict = match talk.end().await {
        Ok(status) => match status.code() {
            Some(0) => Err("it ends with exit code 0".to_owned()),
            Some(_) => Ok(()),
            None => Err(format!("it ends by {status}")),
        },
        Err(seen) => Err(seen),
    };
    talk.report.judge(Rule::NoJson, verdict);
}

async fn extension(talk: &mut Talk<'_>) {
    if !talk.init().await {
        return;
    }
    if let Err(seen) = talk.end().await {
        return talk.report.failed(Rule::End, seen);
    }
    let kaiwa = |kind: &String| kind == "Kaiwa";
    match talk.updates.first() {
        Some(first) if first == "Kaiwa" && talk.says_hello() => {
            talk.report.passed(Rule::Extension);
        }
        Some(first) if talk.updates.iter().any(kaiwa) => {
            let seen = format!("the first update is of the type {first} and no hello");
            talk.report.failed(Rule::Extension, seen);
        }
        _ => talk
            .report
            .not_applicable(Rule::Extension, "it does not speak the extension"),
    }
}

/// Whether all these are answered, one after the other in time.
async fn all(talk: &mut Talk<'_>, numbers: &[u32]) -> Result<(), String> {
    let mut missing = 0;
    for number in numbers {
        // After one that does not come no other is waited for.
        let answered = missing == 0 && talk.try_answer(*number).await.is_some();
        missing += usize::from(!answered && !talk.is_answered(*number));
    }
    match missing {
        0 => Ok(()),
        missing => Err(format!("{missing} of {} have no answer", numbers.len())),
    }
}

fn same(value: &Value, field: &str, expected: &Value) -> Result<(), String> {
    let seen = value.get(field).unwrap_or(&Value::Null);
    if seen == expected {
        return Ok(());
    }
    Err(format!("its {field} is {seen} in place of {expected}"))
}

fn went_well(status: &ExitStatus) -> Result<(), String> {
    if status.success() {
        return Ok(());
    }
    Err(format!("it ends with {status}"))
}
