//! Real backends, good and bad, as programs use them: through a connection or a client.

#![cfg(all(feature = "flubber", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use kaiwa_protocols::client::Client;
use kaiwa_protocols::{
    AuthField, ChannelEvent, ChatEvent, Connection, ConnectionEvent, ErrorKind, Id, Message,
    MessageStatus, StatusEvent, flubber,
};
use tokio::time::timeout;

/// How long anything here may take, on a machine that does ten other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends by itself when it has joined its room for the first time, and answers everything after that.
const CRASHES_ONCE: &str = r#"
import json, os, sys
decoder, text, joined = json.JSONDecoder(), '', False
def say(value):
    os.write(1, json.dumps(value).encode())
say({'backend_name': 'test', 'backend_version': [0, 0, 1], 'protocol_version': [0, 1, 0]})
print('a word for the log', file=sys.stderr)
answers = {
    'RoomLookup': {'type': 'RoomID', 'value': '!a'},
    'RoomJoin': {'type': 'Success'},
    'RoomGet': {'type': 'Room', 'value': {'id': '!a', 'name': '#a', 'sendable': True}},
    'MessageSend': {'type': 'MessageID', 'value': 'm1'},
}
while data := os.read(0, 65536):
    text += data.decode()
    while text := text.lstrip():
        try:
            request, end = decoder.raw_decode(text)
        except ValueError:
            break
        text = text[end:]
        kind = request['body']['type']
        say({'sequence_number': request['sequence_number'], 'body': answers[kind]})
        if kind == 'RoomGet' and not os.path.exists(sys.argv[1]):
            open(sys.argv[1], 'w').close()
            sys.exit(3)
"#;

fn form(command: &str, args: &[&str]) -> Vec<AuthField> {
    let mut form = flubber::protocol().auth.unwrap();
    for field in &mut form {
        match field.name.as_str() {
            "command" => field.set(command.to_owned()),
            "args" => field.set(shlex::try_join(args.iter().copied()).unwrap()),
            "rooms" => field.set("#a".to_owned()),
            _ => {}
        }
    }
    form
}

#[tokio::test]
async fn a_backend_that_crashes_is_started_again_and_gets_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("crashed");
    let form = form(
        "python3",
        &["-I", "-S", "-c", CRASHES_ONCE, mark.to_str().unwrap()],
    );
    let client = Client::new();
    let mut events = client.subscribe();
    let account = client.add(Box::new(flubber::connection())).unwrap();
    client.connect(account, form).unwrap();
    let mut lost = None;
    let mut joins = 0;
    let story = async {
        loop {
            let event = events.recv().await.expect("an event").event;
            match event {
                ConnectionEvent::Status {
                    event: StatusEvent::Lost { error, retry_in_ms },
                } => {
                    assert!(retry_in_ms.is_some(), "it is started again: {error}");
                    lost = Some(error.message);
                    let message = Message::text("kept", chrono::Utc::now());
                    let channel_id = Some(Id::from("!a"));
                    let new = ChatEvent::New {
                        channel_id,
                        message,
                    };
                    client.send(account, new.into()).unwrap();
                }
                ConnectionEvent::Channel {
                    event: ChannelEvent::Join { channel_id },
                } => joins += usize::from(channel_id == "!a"),
                ConnectionEvent::Chat {
                    event: ChatEvent::Update { new_message, .. },
                } => {
                    assert_eq!(new_message.status, MessageStatus::Delivered);
                    return;
                }
                _ => {}
            }
        }
    };
    timeout(PATIENCE, story).await.expect("the whole story");
    assert_eq!(
        lost.as_deref(),
        Some("the backend has ended with exit code 3")
    );
    assert_eq!(joins, 2, "joined again");
}

#[tokio::test]
async fn bad_backends_are_refused_with_their_reason() {
    let bad = [
        (
            "printf '\"'; exec tr '\\0' x < /dev/zero",
            ErrorKind::TooLarge,
            "shorter",
        ),
        ("exec yes '['", ErrorKind::TooLarge, "depth"),
        ("printf '\"\\377\"'; exec cat", ErrorKind::Protocol, "UTF-8"),
        ("echo hello; exec cat", ErrorKind::Protocol, "JSON"),
        (
            "printf '{\"type\":\"RoomDelete\",\"value\":\"x\"}'; exec cat",
            ErrorKind::Protocol,
            "init info",
        ),
        (
            "printf '{\"backend_name\":'",
            ErrorKind::Lost,
            "exit code 0",
        ),
        ("exit 9", ErrorKind::Lost, "exit code 9"),
        ("kill -6 $$", ErrorKind::Lost, "SIGABRT"),
        ("exec /nonexistent", ErrorKind::Lost, "exit code 127"),
    ];
    let all = bad.map(|(script, kind, words)| async move {
        let mut connection = flubber::connection();
        let connect = connection.connect(form("sh", &["-c", script]));
        let error = timeout(PATIENCE, connect)
            .await
            .expect("an end")
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{script}: {error}");
        assert!(error.message().contains(words), "{script}: {error}");
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn a_command_that_is_not_there_is_not_tried_again() {
    let client = Client::new();
    let mut events = client.subscribe();
    let account = client.add(Box::new(flubber::connection())).unwrap();
    client
        .connect(account, form("/nonexistent/backend", &[]))
        .unwrap();
    let lost = async {
        loop {
            let event = events.recv().await.expect("an event").event;
            if let ConnectionEvent::Status {
                event: StatusEvent::Lost { error, retry_in_ms },
            } = event
            {
                return (error.kind, retry_in_ms);
            }
        }
    };
    let lost = timeout(PATIENCE, lost).await.expect("Lost");
    assert_eq!(lost, (ErrorKind::Invalid, None));
}
