//! Whatever a Sock Chat server answers and sends and whenever, the session keeps the rules of [`kaiwa_fuzz`], never writes more
//! than 20 packets in 10 seconds, and only complete ones: its first signs in, no other does, and each is the user's own.

#![no_main]

use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_fuzz::{Action, Network, Thing, play};
use kaiwa_protocols::session::HttpResponse;
use kaiwa_protocols::sockchat::SockchatSession;
use libfuzzer_sys::fuzz_target;

/// Nothing that the engine would come upon by itself.
const TOKEN: &str = "4f0f6a1c-secret-58d2";

/// What the original server says at first; `|` for TAB, `^` for form feed.
const PHP: [&str; 3] = [
    "7|0|2|2|bob|#f00|1^0^0^0^0|1|3|&lt;AFK&gt;_~carol|blue|10^1^1^1^2|1",
    "7|1|5|2|bob|#f00|1^0^0^0^0|a [b]&lt;c&gt;[/b]|3|0|10010",
    "7|2|3|Lobby|0|0|c1|0|1|c2|1|0",
];

/// What the one of 2021 says.
const SHARP: [&str; 3] = [
    "7|2|3|Lobby|0|0|c1|0|1|c2|1|0",
    "7|0|1|2|bob|#f00|10 1 0 1 2|1",
    "7|1|5|-1|ChatBot|inherit||0^join^ann|6|0|10010",
];

fuzz_target!(|script: (Option<bool>, Vec<Action<'_>>)| {
    let (signed_in, rest) = script;
    let first = signed_in.map(|php| if php { PHP } else { SHARP });
    let first = first.map(|said| said.map(packet));
    let begin = first.iter().flat_map(|said| {
        let sign_in = [Action::Connect, Action::Open, Action::Answer(0)];
        sign_in
            .into_iter()
            .chain(said.iter().map(|one| Action::Text(one)))
    });
    let script: Vec<Action<'_>> = begin.chain(rest).collect();
    let network = Network {
        session: SockchatSession::new(),
        login: &[
            ("sockchat_url", "ws://localhost/"),
            ("token", TOKEN),
            ("uid", "1"),
            ("pfp_url", "https://localhost/{uid}.png"),
            ("asset_api", "https://localhost/api"),
        ],
        secret: TOKEN,
        answer,
        http: |_| HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: br#"[{"uri":"https://localhost/a.png","strings":["a","b"],"min_rank":0}]"#
                .to_vec(),
        },
        pace: Some((20, Duration::from_secs(10))),
        id: |thing, number| match thing {
            // Few channels, so that many scripts find one.
            Thing::Channel if number % 4 == 0 => "Lobby".to_owned(),
            Thing::Channel if number % 4 == 3 => format!("@{}", number % 5),
            Thing::Channel => format!("c{}", number % 4),
            Thing::Message => number.to_string(),
            Thing::User => (number % 5).to_string(),
        },
    };
    play(network, &script);
});

fn packet(text: &str) -> String {
    text.replace('|', "\t").replace('^', "\u{c}")
}

/// What a server says to a packet. It is not read by the library's own codec, so that a shared mistake shows.
fn answer(frame: &str, now: DateTime<Utc>) -> String {
    let time = now.timestamp();
    let fields: Vec<&str> = frame.split('\t').collect();
    match fields.as_slice() {
        ["1", "1", TOKEN] => packet("1|y|1|ann|#f00|10^1^1^1^2|Lobby|5000"),
        ["0", "1"] => packet("0|pong"),
        ["2", "1", text] => {
            assert!(!text.trim().is_empty(), "servers drop it: {frame:?}");
            assert!(
                !text.contains('\u{c}'),
                "nobody may write a form feed: {frame:?}"
            );
            said(text, time)
        }
        _ => panic!("no server understands {frame:?}"),
    }
}

/// What comes of a text, which may be a command.
fn said(text: &str, time: i64) -> String {
    let sanitised = text
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', " <br/> ");
    let Some(command) = text.trim().strip_prefix('/') else {
        return packet(&format!("2|{time}|1|{sanitised}|77|10010|0|Lobby"));
    };
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    let word = rest.split(' ').next().unwrap_or_default();
    packet(&match name {
        "join" => format!("5|2|{word}"),
        "create" => format!("4|0|{word}|0|1"),
        "msg" => format!("2|{time}|1|{rest}|78|10011|1"),
        "me" => format!("2|{time}|1|<i>{rest}</i>|79|11000|0|Lobby"),
        "nick" => format!("10|1|~{word}|#f00|10^1^1^1^2"),
        "afk" => "10|1|&lt;AFK&gt;_ann|#f00|10^1^1^1^2".to_owned(),
        "delete" | "delmsg" => format!("6|{word}"),
        "kick" | "ban" => format!("3|2|{word}|kick|{time}|80"),
        _ => format!("2|{time}|-1|1^nocmd^{name}|81|10010|0"),
    })
}
