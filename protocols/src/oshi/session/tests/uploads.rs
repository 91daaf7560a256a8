//! Files that go along.

use kaiwa_core::session::HttpBody;

use super::*;

fn upload(path: &str) -> MessageFragment {
    MessageFragment::Upload {
        path: path.to_owned(),
        name: None,
        mime: Some("image/png".to_owned()),
    }
}

fn with_files(rig: &mut Rig, paths: &[&str]) -> RequestId {
    let text = MessageFragment::Text("see".to_owned());
    let content = std::iter::once(text).chain(paths.iter().map(|path| upload(path)));
    rig.send(new("s1", content.collect()))
}

fn answer(rig: &mut Rig, status: u16, body: &Value) {
    let (token, _) = rig.uploads.pop_front().unwrap();
    let response = HttpResponse {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    };
    let now = rig.now();
    rig.session.handle_http(now, token, Ok(response));
    rig.settle();
}

fn taken(rig: &mut Rig, id: u64) {
    let file = json!({"id": format!("f{id}"), "url": format!("/oshi/files/k{id}/a.png"), "name": "a.png", "mime": "image/png", "size": 5});
    answer(rig, 201, &file);
}

fn progress(rig: &mut Rig, sent: u64, total: u64) {
    let token = rig.uploads.front().unwrap().0;
    let now = rig.now();
    rig.session.handle_http_progress(now, token, sent, total);
    rig.settle();
}

#[test]
fn files_go_first_and_the_message_names_them() {
    let mut rig = Rig::caught_up();
    let request = with_files(&mut rig, &["/tmp/a b.png", "/tmp/c.png"]);
    let other = rig.write("meanwhile");
    assert_eq!(
        rig.frame("pub")["text"],
        "meanwhile",
        "nobody waits for a file"
    );
    rig.caused(other);
    let (_, http) = rig.uploads.front().unwrap();
    assert_eq!(
        (http.method, http.url.as_str()),
        ("POST", "http://localhost/oshi/files?name=a+b.png")
    );
    assert!(
        http.headers
            .contains(&("authorization".to_owned(), format!("Bearer {TOKEN}")))
    );
    assert!(
        http.body
            == HttpBody::File {
                path: "/tmp/a b.png".into(),
                max_bytes: 1000
            }
    );
    progress(&mut rig, 3, 5);
    progress(&mut rig, 5, 5);
    taken(&mut rig, 1);
    progress(&mut rig, 7, 7);
    taken(&mut rig, 2);
    assert_eq!(rig.told(), ["Progress 3/5", "Progress 12/12"]);
    assert!(rig.frames.is_empty(), "three count, files with them");
    rig.wait(Duration::from_secs(10));
    let publish = rig.answer("pub", json!({"seq": 2, "id": "m2", "ts": 1, "rev": 2}));
    assert_eq!(
        (&publish["text"], &publish["files"]),
        (&json!("see"), &json!(["f1", "f2"]))
    );
    let (_, update) = rig
        .events
        .iter()
        .find(|(by, _)| *by == Some(request))
        .unwrap();
    let ConnectionEvent::Chat {
        event: ChatEvent::Update { new_message, .. },
    } = update
    else {
        panic!("{update:?}");
    };
    let files: Vec<_> = new_message.content.iter().skip(1).collect();
    assert!(
        matches!(files.as_slice(), [MessageFragment::File { url: one, .. }, MessageFragment::File { url: two, .. }]
            if one.ends_with("/k1/a.png") && two.ends_with("/k2/a.png")),
        "{files:?}"
    );
}

#[test]
fn an_upload_can_be_taken_back() {
    let mut rig = Rig::caught_up();
    let request = with_files(&mut rig, &["/tmp/a.png"]);
    rig.told();
    let token = rig.uploads.front().unwrap().0;
    rig.send(ChatEvent::Remove {
        channel_id: Some("s1".into()),
        message_id: request.local_message_id(),
    });
    assert_eq!(rig.cancelled, [token]);
    let told = rig.told();
    assert!(
        told[0].contains("Failed") && told[1..] == ["Failed Cancelled", "Done"],
        "{told:?}"
    );
    taken(&mut rig, 1);
    assert!(rig.told().is_empty() && rig.frames.is_empty());
}

#[test]
fn an_upload_begins_anew_on_the_next_connection() {
    let mut rig = Rig::caught_up();
    with_files(&mut rig, &["/tmp/a.png", "/tmp/c.png"]);
    taken(&mut rig, 1);
    let lost = rig.uploads.front().unwrap().0;
    rig.cut();
    rig.mono += Duration::from_secs(10);
    rig.connect();
    rig.greet(&[("s1", 0)]);
    let (token, http) = rig.uploads.front().unwrap();
    assert!(
        *token != lost && http.url.ends_with("c.png"),
        "the first one is there"
    );
    taken(&mut rig, 2);
    let publish = rig.frames.pop_back().unwrap();
    assert_eq!(publish["files"], json!(["f1", "f2"]));
}

#[test]
fn refused_files_fail_their_message() {
    for (status, body, kind) in [
        (
            413,
            json!({"op": "error", "code": "too_long", "message": "no"}),
            "TooLong",
        ),
        (413, json!("no"), "TooLong"),
        (403, json!(null), "Forbidden"),
        (201, json!({"url": "x"}), "Protocol"),
        (500, json!({}), "Rejected"),
    ] {
        let mut rig = Rig::caught_up();
        let request = with_files(&mut rig, &["/tmp/a.png"]);
        answer(&mut rig, status, &body);
        assert_eq!(
            rig.caused(request).last().unwrap(),
            &format!("Failed {kind}"),
            "{status} {body}"
        );
    }
    let mut rig = Rig::caught_up();
    let request = with_files(&mut rig, &["/tmp/a.png"]);
    answer(
        &mut rig,
        429,
        &json!({"op": "error", "code": "rate", "message": "", "retry_ms": 500}),
    );
    assert!(rig.uploads.is_empty());
    rig.wait(Duration::from_millis(500));
    for _ in 0..3 {
        let (token, _) = rig.uploads.pop_front().expect("another try");
        let now = rig.now();
        rig.session
            .handle_http(now, token, Err(ErrorKind::Refused.into()));
        rig.wait(Duration::from_secs(20));
    }
    assert_eq!(rig.caused(request).last().unwrap(), "Failed Refused");
    let many: Vec<&str> = std::iter::repeat_n("/tmp/a.png", 11).collect();
    let content = many.iter().map(|path| upload(path)).collect();
    assert_eq!(rig.refused(new("s1", content)).kind(), ErrorKind::TooLong);
}
