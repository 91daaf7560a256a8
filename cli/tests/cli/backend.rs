//! `kaiwa backend`: what a host gets on the standard output, and how it ends.

use serde_json::{Value, json};

use crate::kaiwa::{Kaiwa, Output, Served, Site, strings};

#[test]
fn a_host_is_served_in_a_pipe() {
    let content = json!({ "type": "Concat", "value": [
        { "type": "Text", "value": "hello " },
        { "type": "Bold", "value": { "type": "UserLink", "value": "@me" } },
    ] });
    let message = json!({ "attachments": [], "content": content, "recipient": "!lobby" });
    let input = [
        request(0, "RoomLookup", &json!("#LOBBY")),
        request(1, "MessageSend", &message),
        request(
            2,
            "MessageSend",
            &json!({ "recipient": "nobody", "attachments": [], "content": content }),
        ),
    ];
    let output = Site::new().run(&["backend", "mock"], input.concat());
    assert_eq!((output.code, &*output.err), (Some(0), &[] as &[String]));
    let said = values(&output);
    assert_eq!(said[0]["backend_name"], "kaiwa mock");
    assert_eq!(said[0]["protocol_version"], json!([0, 1, 0]));
    let room = json!({ "id": "!lobby", "name": "Lobby", "parent": null, "sendable": true });
    assert!(
        said.contains(&json!({ "type": "RoomUpsert", "value": room })),
        "{said:#?}"
    );
    assert_eq!(
        answer(&said, 0),
        &json!({ "type": "RoomID", "value": "!lobby" })
    );
    let id = &answer(&said, 1)["value"];
    let told = said.iter().find(|one| one["value"]["id"] == *id).unwrap();
    assert_eq!(told["type"], "MessageUpsert");
    assert_eq!(told["value"]["content"], content);
    assert_eq!(told["value"]["sender"], "@me");
    assert_eq!(answer(&said, 2)["type"], "Error");
    assert_eq!(answer(&said, 2)["value"]["debug_info"]["kind"], "NotFound");
}

#[test]
fn attachments_go_along_and_leave_nothing_behind() {
    let site = Site::new();
    let files = site.path("files");
    std::fs::create_dir(&files).unwrap();
    let message = json!({
        "attachments": [{ "mime": "text/plain", "data": "aGVsbG8=" }],
        "content": { "type": "Text", "value": "" },
        "recipient": "!lobby",
    });
    let mut command = site.command(&["backend", "mock"]);
    command.env("TMPDIR", &files);
    let mut kaiwa = Kaiwa::spawn(command);
    kaiwa.write(request(0, "MessageSend", &message).into_bytes());
    let said = values(&kaiwa.finish());
    assert_eq!(answer(&said, 0)["type"], "MessageID", "{said:#?}");
    let told = said
        .iter()
        .find(|one| one["type"] == "MessageUpsert")
        .unwrap();
    let content = &told["value"]["content"];
    assert_eq!(content["type"], "UrlLink", "{content}");
    let left = std::fs::read_dir(&files).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn what_makes_no_sense_is_told_and_what_is_no_json_ends_it() {
    let site = Site::new();
    let odd = r#"{"sequence_number":4,"body":{"type":"Nonsense"}}{"body":1} 12 "#;
    let output = site.run(&["backend", "mock"], odd);
    assert_eq!(output.code, Some(0), "{output:?}");
    let said = values(&output);
    assert_eq!(answer(&said, 4)["value"]["debug_info"]["kind"], "Invalid");

    let output = site.run(&["backend", "mock"], "hello ");
    output.failed(8, &["the host sends something that is no JSON"]);
    let output = site.run(&["backend", "mock"], "{\"sequence_number\":");
    output.failed(8, &["the host has ended within a value"]);
}

#[test]
fn a_refused_sign_in_ends_it() {
    let args = ["backend", "mock", "--set", "script=refuse"];
    let kaiwa = Site::new().start(&args);
    kaiwa.finish_open().failed(6, &[]);
}

#[test]
fn secrets_do_not_stand_on_the_command_line() {
    let output = Site::new().run(&["backend", "mock", "--set", "password=hunter2"], "");
    output.failed(2, &["--set-env"]);
}

#[test]
fn with_the_extension_every_event_passes() {
    let mut command = Site::new().command(&["backend", "mock"]);
    command.env("KAIWA_BACKEND", "1");
    let mut kaiwa = Kaiwa::spawn(command);
    let ping = json!({ "Status": { "event": { "Ping": { "artifact": "x" } } } });
    kaiwa.say(&request(7, "Kaiwa", &ping));
    let mut said: Vec<Value> = Vec::new();
    let is_done = |one: &Value| one.pointer("/value/event/Status/event/Done").is_some();
    while !said.last().is_some_and(is_done) {
        said.push(serde_json::from_str(&kaiwa.line()).unwrap());
    }
    assert_eq!(said.last().unwrap()["value"]["request"], 7);
    let output = kaiwa.finish();
    assert_eq!(output.code, Some(0), "{output:?}");
    said.extend(values(&output));

    assert_eq!(said[1]["value"]["hello"], 1, "right after the init info");
    assert_eq!(said[1]["value"]["protocol"]["name"], "mock");
    assert_eq!(answer(&said, 7), &json!({ "type": "Success" }));
    let updates = said.iter().filter_map(|one| one.get("type"));
    assert!(updates.clone().count() > 5 && updates.clone().all(|kind| kind == "Kaiwa"));
    let last = said
        .last()
        .unwrap()
        .pointer("/value/event/Status/event/Disconnected");
    assert!(last.is_some(), "{:?}", said.last());
}

/// Two hosts talk over a real server.
#[test]
fn hosts_hear_one_another() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let mut ann = site.start(&strings(&served.login(&["backend", "wschat"], "ann")));
    let mut bob = site.start(&strings(&served.login(&["backend", "wschat"], "bob")));
    for host in [&mut ann, &mut bob] {
        host.say(&request(0, "RoomLookup", &json!("lobby")));
        until(host, |one| one["sequence_number"] == 0);
    }
    let content = json!({ "type": "Text", "value": "hello bob" });
    let message = json!({ "attachments": [], "content": content, "recipient": "!lobby" });
    ann.say(&request(1, "MessageSend", &message));
    let sent = until(&mut ann, |one| one["sequence_number"] == 1);
    assert_eq!(sent["body"]["type"], "MessageID");
    let heard = until(&mut bob, |one| one["type"] == "MessageUpsert");
    assert_eq!(heard["value"]["content"], content);
    for host in [ann, bob] {
        assert_eq!(host.finish().code, Some(0));
    }
}

fn until(host: &mut Kaiwa, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let value: Value = serde_json::from_str(&host.line()).unwrap();
        if is_it(&value) {
            return value;
        }
    }
}

/// Without a line end, as hosts write.
fn request(number: u32, kind: &str, value: &Value) -> String {
    json!({ "body": { "type": kind, "value": value }, "sequence_number": number }).to_string()
}

fn values(output: &Output) -> Vec<Value> {
    let lines = output.out.iter();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[track_caller]
fn answer(said: &[Value], number: u32) -> &Value {
    let is_it = |one: &&Value| {
        one.get("sequence_number")
            .is_some_and(|found| found == number)
    };
    let mut answers = said.iter().filter(is_it);
    let answer = answers
        .next()
        .unwrap_or_else(|| panic!("no answer to {number}: {said:#?}"));
    assert!(answers.next().is_none(), "two answers to {number}");
    &answer["body"]
}
