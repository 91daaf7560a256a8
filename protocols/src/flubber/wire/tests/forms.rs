use serde_json::{Value, json};

use super::Reads::{Backend, Host, Init};
use super::{Reads, again, value};
use crate::flubber::wire::Fault;

fn message() -> Value {
    json!({
        "id": "m1", "sender": "u1", "recipient": "!1", "create_time": 1_700_000_000_123_i64, "edit_time": -5,
        "attachments": [{"mime": "text/plain; charset=utf-8", "data": "aGk="}],
        "content": {"type": "Text", "value": "hi"}, "extra": {"any": [1]},
    })
}

fn room() -> Value {
    json!({"id": "!1", "parent": "!0", "name": "general", "sendable": true})
}

fn new_message() -> Value {
    json!({"recipient": "!1", "attachments": [], "content": {"type": "Text", "value": "hi"}, "extra": null})
}

/// Every form of the protocol, with every field.
fn forms() -> Vec<(Reads, Value)> {
    let init = json!({"backend_name": "Example", "backend_version": [0, 0, 1], "protocol_version": [0, 1, 0]});
    let request = |kind: &str, value: Value| {
        let body = json!({"type": kind, "value": value});
        (
            Backend,
            json!({"sequence_number": 4_294_967_295_u32, "body": body}),
        )
    };
    let answer = |body: Value| (Host, json!({"sequence_number": 7, "body": body}));
    let update = |kind: &str, value: Value| (Host, json!({"type": kind, "value": value}));
    let error = json!({"message": "no", "debug_info": {"a": 1}, "retry": true});
    let event = json!({"Channel": {"event": {"Join": {"channel_id": "a"}}}});
    let hello = json!({
        "hello": 1, "protocol": {"name": "x", "auth": null},
        "capabilities": {"sends": ["ChatNew"], "max_text_bytes": null, "confirmation": "Echo"},
    });
    vec![
        (Init, init),
        request("RoomLookup", json!("#general")),
        request("RoomGet", json!("!1")),
        request(
            "RoomCreate",
            json!({"parent": null, "name": "new", "sendable": false}),
        ),
        request("RoomJoin", json!("!1")),
        request("RoomLeave", json!("!1")),
        request("MessageGet", json!("m1")),
        request("MessageGetBefore", json!("m1")),
        request("MessageSend", new_message()),
        request("Kaiwa", event.clone()),
        answer(json!({"type": "Success"})),
        answer(json!({"type": "Message", "value": message()})),
        answer(json!({"type": "Room", "value": room()})),
        answer(json!({"type": "MessageID", "value": "m1"})),
        answer(json!({"type": "RoomID", "value": "!1"})),
        answer(json!({"type": "Error", "value": error})),
        update("RoomUpsert", room()),
        update("RoomDelete", json!("!1")),
        update("MessageUpsert", message()),
        update("MessageDelete", json!("m1")),
        update("Kaiwa", json!({"event": event, "request": 3})),
        update("Kaiwa", hello),
    ]
}

#[test]
fn each_form_is_written_as_it_was_read() {
    for (reads, form) in forms() {
        let text = form.to_string();
        let written = again(reads, &text);
        assert_eq!(written.as_deref().map(value), Ok(form), "{text}");
        assert_eq!(again(reads, &written.clone().unwrap()), written);
    }
}

/// Where a field lies, in keys; what is in an extra, in debug information or in the extension is nobody's form.
fn fields(value: &Value, path: &[String], out: &mut Vec<Vec<String>>) {
    let Value::Object(map) = value else { return };
    for (key, inner) in map {
        let mut path = path.to_vec();
        path.push(key.clone());
        out.push(path.clone());
        if !["extra", "debug_info", "event", "protocol", "capabilities"].contains(&key.as_str()) {
            fields(inner, &path, out);
        }
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|key| format!("/{key}")).collect()
}

fn without(form: &Value, path: &[String]) -> Value {
    let (last, parents) = path.split_last().unwrap();
    let mut form = form.clone();
    let parent = form.pointer_mut(&pointer(parents)).unwrap();
    parent.as_object_mut().unwrap().remove(last);
    form
}

fn with(form: &Value, path: &[String], value: Value) -> Value {
    let mut form = form.clone();
    *form.pointer_mut(&pointer(path)).unwrap() = value;
    form
}

#[test]
fn a_field_that_is_missing_is_an_error_unless_it_may_be() {
    let may_be_missing = ["parent", "extra", "debug_info", "retry", "request"];
    for (reads, form) in forms() {
        // The extension reads events as leniently as everywhere.
        if form.pointer("/body/type") == Some(&json!("Kaiwa")) {
            continue;
        }
        let mut all = Vec::new();
        fields(&form, &[], &mut all);
        for path in all {
            let key = path.last().unwrap().as_str();
            let result = again(reads, &without(&form, &path).to_string());
            let may = may_be_missing.contains(&key);
            assert_eq!(result.is_ok(), may, "{form} without {path:?}");
            assert!(may || result == Err(Fault::Data), "{form} without {path:?}");
        }
    }
}

#[test]
fn a_field_of_another_type_is_an_error() {
    for (reads, form) in forms() {
        let mut all = Vec::new();
        fields(&form, &[], &mut all);
        for path in all {
            let key = path.last().unwrap().as_str();
            for wrong in [
                json!(null),
                json!(1.5),
                json!(true),
                json!("?"),
                json!([7]),
                json!({"?": 1}),
            ] {
                let is_right = match key {
                    "extra" | "debug_info" => true,
                    "parent" | "request" => {
                        wrong.is_null() || (key == "parent" && wrong.is_string())
                    }
                    "sendable" | "retry" => wrong.is_boolean(),
                    "capabilities" => wrong.is_object(),
                    "value" => wrong.is_string(),
                    "backend_name" | "id" | "sender" | "recipient" | "name" | "message" => {
                        wrong.is_string()
                    }
                    _ => false,
                };
                // Texts stand where texts are wanted, and a success has none.
                let is_text = form.pointer(&pointer(&path)).is_some_and(Value::is_string);
                if is_right && (is_text || key != "value") {
                    continue;
                }
                let result = again(reads, &with(&form, &path, wrong.clone()).to_string());
                assert_eq!(result, Err(Fault::Data), "{form} with {wrong} as {path:?}");
            }
        }
    }
}

#[test]
fn the_examples_of_the_original_are_read() {
    for (reads, text) in [
        (
            Backend,
            r##"{"body":{"type":"RoomLookup","value":"#general"},"sequence_number":0}"##,
        ),
        (
            Host,
            r#"{"type":"RoomUpsert","value":{"id":"!1","parent":null,"name":"general","sendable":true}}"#,
        ),
        (
            Host,
            r#"{"sequence_number":0,"body":{"type":"RoomID","value":"!1"}}"#,
        ),
        (
            Host,
            r#"{"sequence_number":1,"body":{"type":"Success","value":null}}"#,
        ),
        (
            Host,
            r#"{"body":{"value":null,"type":"Success"},"sequence_number":1}"#,
        ),
        (
            Backend,
            r#"{"body":{"type":"MessageSend","value":{"attachments":[],"content":{"type":"Text","value":"Hello, world!"},"extra":null,"recipient":"!1"}},"sequence_number":2}"#,
        ),
        (
            Host,
            r#"{"sequence_number":2,"body":{"type":"MessageID","value":"m1"},"more":[]}"#,
        ),
        (
            Host,
            r#"{"t":1,"value":{"name":"a","id":"b","sendable":false,"x":0},"type":"Room\u0055psert"}"#,
        ),
    ] {
        assert!(again(reads, text).is_ok(), "{text}");
    }
}

#[test]
fn what_the_original_refuses_is_refused() {
    let mut bad = vec![
        json!({"sequence_number": -1, "body": {"type": "Success"}}),
        json!({"sequence_number": 4_294_967_296_u64, "body": {"type": "Success"}}),
        json!({"sequence_number": 1, "body": {"type": "Success", "value": {}}}),
        json!({"sequence_number": 1, "body": {"type": "Success", "value": false}}),
        json!({"sequence_number": 1, "body": {"type": "Error", "value": "no"}}),
        json!({"sequence_number": 1, "body": {"type": "Error", "value": {"message": "no", "retry": null}}}),
        json!({"type": "UserUpsert", "value": "u"}),
        json!([]),
        json!("x"),
        json!(1),
        json!(null),
        json!({}),
    ];
    for (path, wrong) in [
        ("/value/create_time", json!(1.0)),
        ("/value/create_time", json!("1")),
        ("/value/create_time", json!(9_223_372_036_854_775_808_u64)),
        ("/value/attachments/0/mime", json!("text")),
        ("/value/attachments/0/data", json!("aGk_")),
        ("/value/attachments/0/data", json!("a")),
        ("/value/content", json!({"type": "Bold", "value": "x"})),
        (
            "/value/content",
            json!({"type": "Concat", "value": {"type": "Text", "value": "x"}}),
        ),
        ("/value/content", json!({"type": "Blink", "value": "x"})),
        ("/value/content", json!({"type": "type", "value": "x"})),
    ] {
        let mut form = json!({"type": "MessageUpsert", "value": message()});
        *form.pointer_mut(path).unwrap() = wrong;
        bad.push(form);
    }
    for form in bad {
        assert_eq!(again(Host, &form.to_string()), Err(Fault::Data), "{form}");
    }
    let init = r#"{"backend_name":"x","backend_version":[0,0,1],"protocol_version":"#;
    for version in [
        "[0,1]",
        "[0,1,0,0]",
        "[0,1,-1]",
        "[0,1,4294967296]",
        "\"0.1.0\"",
    ] {
        assert!(
            again(Init, &format!("{init}{version}}}")).is_err(),
            "{version}"
        );
    }
}

#[test]
fn all_contents_are_read_whatever_comes_first() {
    let text = |text: &str| json!({"type": "Text", "value": text});
    let mut contents = vec![json!({"type": "Concat", "value": []})];
    for kind in [
        "Text",
        "Emote",
        "UrlLink",
        "MessageLink",
        "RoomLink",
        "UserLink",
    ] {
        contents.push(json!({"type": kind, "value": "x\u{e9}\n"}));
    }
    for kind in ["Bold", "Italic", "Underline", "Crossout"] {
        contents.push(json!({"type": kind, "value": text("y")}));
        contents.push(
            json!({"type": "Concat", "value": [text(""), {"type": kind, "value": text("z")}]}),
        );
    }
    for content in contents {
        let mut form = json!({"type": "MessageUpsert", "value": message()});
        form["value"]["content"] = content.clone();
        let written = again(Host, &form.to_string()).unwrap();
        assert_eq!(value(&written)["value"]["content"], content);
        let turned = format!(
            r#"{{"value":{},"type":{}}}"#,
            content["value"], content["type"]
        );
        let text = form.to_string().replace(&content.to_string(), &turned);
        assert_eq!(again(Host, &text).unwrap(), written, "{text}");
    }
}
