//! Whatever a backend says and whenever, the host's session keeps the rules of [`kaiwa_fuzz`], and only ever asks what a backend
//! can read.

#![no_main]

use kaiwa_fuzz::{Action, Network, Thing, play};
use kaiwa_protocols::flubber::FlubberSession;
use kaiwa_protocols::flubber::wire::{
    AnswerBody, Failure, FromBackend, InitInfo, Request, RequestBody, Room,
};
use kaiwa_protocols::session::HttpResponse;
use libfuzzer_sys::fuzz_target;

/// Nothing that the engine would come upon by itself.
const TOKEN: &str = "4f0f6a1c-token-58d2";

fuzz_target!(|script: Vec<Action<'_>>| {
    let network = Network {
        session: FlubberSession::new(),
        login: &[
            ("command", "backend"),
            ("rooms", "#a,#b"),
            ("env", "TOKEN=4f0f6a1c-token-58d2"),
        ],
        secret: TOKEN,
        answer: |text, _| answer(text),
        // A file of the disk.
        http: |_| HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: b"bytes".to_vec(),
        },
        pace: None,
        id: |thing, number| match thing {
            Thing::Channel => format!("!{}", number % 4),
            Thing::Message => format!("m{number}"),
            Thing::User => format!("@{number}"),
        },
    };
    // Most scripts would not come upon an init info.
    let init = InitInfo {
        backend_name: "fuzz".to_owned(),
        backend_version: [0, 0, 1],
        protocol_version: [0, 1, 0],
    };
    let mut greeting = Vec::new();
    init.encode(&mut greeting);
    let greeting = String::from_utf8(greeting).expect("JSON is UTF-8");
    let mut whole = Vec::new();
    for action in script {
        let opens = matches!(action, Action::Open);
        whole.push(action);
        if opens {
            whole.push(Action::Text(&greeting));
        }
    }
    play(network, &whole);
});

/// What a good backend answers.
fn answer(text: &str) -> String {
    let request = match Request::decode(text) {
        Ok(request) => request,
        Err(error) => panic!("{error}: {text}"),
    };
    let sequence_number = request.sequence_number;
    let body = match request.body {
        RequestBody::RoomLookup(name) => {
            AnswerBody::RoomID(name.replace(['#', 'a', 'b'], "!1").into())
        }
        RequestBody::RoomGet(id) if id.starts_with('!') => AnswerBody::Room(Room {
            name: id.to_string(),
            id,
            parent: None,
            sendable: true,
        }),
        RequestBody::RoomCreate { name, .. } => AnswerBody::RoomID(name.into()),
        RequestBody::MessageSend(_) => {
            AnswerBody::MessageID(format_args!("m{sequence_number}").into())
        }
        RequestBody::RoomGet(_) | RequestBody::MessageGet(_) => AnswerBody::Error(Failure {
            debug_info: serde_json::Value::Null,
            message: "no".to_owned(),
            retry: sequence_number % 3 == 0,
        }),
        _ => AnswerBody::Success,
    };
    let mut out = Vec::new();
    FromBackend::Answer {
        body,
        sequence_number,
    }
    .encode(&mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}
