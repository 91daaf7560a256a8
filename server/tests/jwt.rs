//! Messages that need a token.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Site;
use ring::hmac;
use serde_json::json;

const SECRET: &[u8] = b"the secret";

fn token(algorithm: hmac::Algorithm, secret: &[u8], header: &str, payload: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn hs256(payload: &str) -> String {
    token(hmac::HMAC_SHA256, SECRET, r#"{"alg":"HS256"}"#, payload)
}

/// All that is logged, at every level, by every thread and test of this binary.
fn traces() -> &'static Traces {
    static TRACES: LazyLock<Traces> = LazyLock::new(|| {
        let traces = Traces::default();
        let writer = traces.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .init();
        traces
    });
    &TRACES
}

#[derive(Clone, Default)]
struct Traces(Arc<Mutex<Vec<u8>>>);

impl Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn site(enforce_times: bool) -> Site {
    traces();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SECRET).unwrap();
    Site::with(|config| {
        config.jwt_secret_file = Some(file.path().to_owned());
        config.jwt_enforce_times = enforce_times;
        config.log_dir = Some(config.data_dir.join("log"));
    })
    .await
}

#[tokio::test]
async fn only_signed_messages_are_relayed_and_never_their_token() {
    let site = site(false).await;
    let (mut ann, mut bob) = (site.client().await, site.client().await);
    let dropped = [
        json!({ "msg": "text-missing" }),
        json!({ "msg": "text-null", "jwt": null }),
        json!({ "msg": "text-number", "jwt": 5 }),
        json!({ "msg": "text-object", "jwt": { "alg": "HS256" } }),
        json!({ "msg": "text-malformed", "jwt": "x.y.z" }),
        json!({ "msg": "text-key", "jwt": token(hmac::HMAC_SHA256, b"other", r#"{"alg":"HS256"}"#, "{}") }),
        json!({ "msg": "text-HS512", "jwt": token(hmac::HMAC_SHA512, SECRET, r#"{"alg":"HS512"}"#, "{}") }),
        json!({ "msg": "text-none", "jwt": token(hmac::HMAC_SHA256, SECRET, r#"{"alg":"none"}"#, "{}") }),
        json!({ "msg": "text-padding", "jwt": format!("{}=", hs256("{}")) }),
        json!({ "msg": "text-payload", "jwt": hs256("[]") }),
    ];
    for message in &dropped {
        ann.send(message.to_string()).await;
    }
    ann.send("[\"text-array\"]").await;
    ann.send("text-garbage").await;
    ann.send(json!({ "msg": "text-good", "jwt": hs256("{}") }).to_string())
        .await;
    ann.send(
        json!({ "msg": "expired", "jwt": hs256(r#"{"exp":1,"nbf":99999999999}"#) }).to_string(),
    )
    .await;
    for client in [&mut ann, &mut bob] {
        for expected in ["text-good", "expired"] {
            let value = client.json().await;
            assert_eq!(value["msg"], expected);
            assert_eq!(
                value.as_object().unwrap().len(),
                2,
                "msg and tim, no token: {value}"
            );
        }
    }
    let counters = site.server.counters();
    assert_eq!(counters.unsigned, dropped.len() as u64);
    assert_eq!(counters.malformed, 2);
    everywhere_without_tokens(site).await;
    let logged = String::from_utf8(traces().0.lock().unwrap().clone()).unwrap();
    for expected in [
        "listening",
        "text ignored",
        "delivered up to",
        "connection ends",
    ] {
        assert!(logged.contains(expected), "the search works: {logged}");
    }
    let texts = dropped.iter().filter_map(|message| message["msg"].as_str());
    let tokens = dropped.iter().filter_map(|message| message["jwt"].as_str());
    let own = [hs256("{}"), "the secret".to_owned(), "text-".to_owned()];
    let own = own.iter().map(String::as_str);
    for never in texts.chain(tokens).chain(own) {
        assert!(!logged.contains(never), "{never} in {logged}");
    }
}

/// Neither the database nor the log has seen a token.
async fn everywhere_without_tokens(site: Site) {
    let dir = site.shutdown().await;
    let data = dir.path().join("data");
    let signature = hs256("{}").rsplit_once('.').unwrap().1.to_owned();
    let log: Vec<_> = std::fs::read_dir(data.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let lines: String = log
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(lines.lines().count(), 2);
    assert!(
        lines
            .lines()
            .all(|line| line.starts_with(r#"{"jwt":"...","msg":""#)),
        "{lines}"
    );
    let database = std::fs::read(data.join("kaiwa.db")).unwrap();
    let holds = |needle: &str| {
        database
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    assert!(holds("expired"), "the search works");
    assert!(!holds(&signature) && !holds("jwt"));
}

#[tokio::test]
async fn times_count_if_asked_for() {
    let site = site(true).await;
    let mut ann = site.client().await;
    for (msg, payload) in [
        ("expired", r#"{"exp":1}"#),
        ("early", r#"{"nbf":99999999999}"#),
        ("in time", r#"{"exp":99999999999,"nbf":1}"#),
    ] {
        ann.send(json!({ "msg": msg, "jwt": hs256(payload) }).to_string())
            .await;
    }
    assert_eq!(ann.msg().await, "in time");
}
