//! What is true of every wschat server, original or ours; source: wschat 0.2.1, observed.
//!
//! One room is shared by checks that run at the same time, so each marks its messages with a field of its own and looks at
//! those only. Nothing here waits for silence: that something is dropped shows when what was sent after it comes first.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::hmac;
use serde_json::{Value, json};

use crate::peer::Peer;

/// Where a server listens, and the secret it wants tokens signed with.
#[derive(Clone, Debug)]
pub struct Room {
    /// The WebSocket address.
    pub url: String,
    /// The secret, for a server in JWT mode.
    pub secret: Option<String>,
}

/// Every check that holds in both modes, as tests. `$room` is an expression that gives a [`Room`]; it may await.
#[macro_export]
macro_rules! wschat_facts {
    ($room:expr) => {
        $crate::wschat_facts!(@tests $room;
            all_hear_the_same_text, a_senders_time_is_replaced, extra_fields_survive, no_field_is_required,
            binary_frames_are_ignored, one_senders_messages_keep_their_order, pings_are_answered, a_query_is_ignored);
    };
    (@tests $room:expr; $($check:ident),*) => {
        $(
            #[tokio::test]
            async fn $check() {
                let room = $room;
                $crate::wschat::$check(&room).await;
            }
        )*
    };
}

/// Every check of JWT mode, as tests, used beside [`wschat_facts!`].
#[macro_export]
macro_rules! wschat_jwt_facts {
    ($room:expr) => {
        $crate::wschat_facts!(@tests $room;
            unsigned_messages_are_dropped, badly_signed_messages_are_dropped, claims_do_not_matter,
            listening_needs_no_token);
    };
}

/// The sender and another get the same text, with the time of its arrival.
pub async fn all_hear_the_same_text(room: &Room) {
    let mut talk = Talk::begin(room).await;
    let before = Utc::now();
    talk.say(json!({"usr": "ann", "msg": "größe 大 \u{1f600}"}))
        .await;
    let (own, others) = (talk.ann_hears_text().await, talk.bob_hears_text().await);
    assert_eq!(own, others);
    let message = parse(&own);
    assert_eq!(message["usr"], "ann");
    assert_eq!(message["msg"], "größe 大 \u{1f600}");
    let time = time_of(&message);
    assert!(
        before <= time && time <= Utc::now(),
        "{time} is not when it was sent"
    );
}

/// A `tim` that the sender made up does not get through.
pub async fn a_senders_time_is_replaced(room: &Room) {
    let mut talk = Talk::begin(room).await;
    let before = Utc::now();
    talk.say(json!({"usr": "ann", "msg": "x", "tim": "2001-01-01T00:00:00Z"}))
        .await;
    assert!(time_of(&talk.bob_hears().await) >= before);
    talk.say(json!({"usr": "ann", "msg": "x", "tim": {"not": "a time"}}))
        .await;
    assert!(time_of(&talk.bob_hears().await) >= before);
}

/// Fields that the server does not know are carried along unchanged.
pub async fn extra_fields_survive(room: &Room) {
    let mut talk = Talk::begin(room).await;
    let extra = json!({"k": [1, 2.5, null, true, {"deep": "\u{0}"}], "empty": {}});
    talk.say(json!({"usr": "ann", "msg": "x", "extra": extra}))
        .await;
    assert_eq!(talk.bob_hears().await["extra"], extra);
}

/// Messages without `usr` or `msg`, or with something else in them, get through: a client must bear them.
pub async fn no_field_is_required(room: &Room) {
    let mut talk = Talk::begin(room).await;
    talk.say(json!({})).await;
    let message = talk.bob_hears().await;
    assert_eq!((message.get("usr"), message.get("msg")), (None, None));
    talk.say(json!({"msg": 5, "usr": null})).await;
    let message = talk.bob_hears().await;
    assert_eq!(
        (&message["usr"], &message["msg"]),
        (&Value::Null, &json!(5))
    );
}

/// A message in a binary frame is not relayed, and does no harm.
pub async fn binary_frames_are_ignored(room: &Room) {
    let mut talk = Talk::begin(room).await;
    let binary = talk.write(json!({"usr": "ann", "msg": "binary"}));
    talk.ann.binary(binary.into_bytes()).await;
    talk.say(json!({"usr": "ann", "msg": "text"})).await;
    assert_eq!(talk.bob_hears().await["msg"], "text");
}

/// What one client sends reaches another in that order.
pub async fn one_senders_messages_keep_their_order(room: &Room) {
    const MESSAGES: u64 = 50;
    let mut talk = Talk::begin(room).await;
    for number in 0..MESSAGES {
        talk.say(json!({"usr": "ann", "msg": number.to_string()}))
            .await;
    }
    for number in 0..MESSAGES {
        assert_eq!(talk.bob_hears().await["msg"], number.to_string());
    }
}

/// A ping comes back as a pong: the only sign of life there is.
pub async fn pings_are_answered(room: &Room) {
    Peer::connect(&room.url).await.ping(b"alive?").await;
}

/// A query string behind the address changes nothing.
pub async fn a_query_is_ignored(room: &Room) {
    let asked = Room {
        url: format!("{}?some=thing", room.url),
        ..room.clone()
    };
    all_hear_the_same_text(&asked).await;
}

/// The server logs what it relayed as a line of JSON in a file named after the day (UTC), the token masked.
pub async fn relayed_messages_are_logged(room: &Room, folder: &Path) {
    let mut talk = Talk::begin(room).await;
    talk.say(json!({"usr": "ann", "msg": "first"})).await;
    let first = talk.bob_hears().await;
    // The line is written before the sender's next message is looked at.
    talk.say(json!({"usr": "ann", "msg": "second"})).await;
    talk.bob_hears().await;

    let day = time_of(&first).format("%Y-%m-%d").to_string();
    let file = folder.join(day);
    let log = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let lines = log.lines().map(parse).filter(|line| talk.is_ours(line));
    let mut expected = first;
    if room.secret.is_some() {
        expected["jwt"] = json!("...");
    }
    assert_eq!(lines.take(1).collect::<Vec<_>>(), [expected]);
}

/// Without a token nothing is relayed; the connection stays and goes on as before.
pub async fn unsigned_messages_are_dropped(room: &Room) {
    let not_tokens = [Value::Null, json!(5), json!(""), json!("x"), json!("a.b.c")];
    let mut talk = Talk::begin(room).await;
    let mut unsigned = json!({"usr": "eve", "msg": "no token"});
    unsigned["mark"] = json!(talk.mark);
    talk.ann.text(unsigned.to_string()).await;
    for not_token in not_tokens {
        unsigned["jwt"] = not_token;
        talk.ann.text(unsigned.to_string()).await;
    }
    talk.say(json!({"usr": "ann", "msg": "signed"})).await;
    assert_eq!(talk.bob_hears().await["msg"], "signed");
}

/// Another key, another algorithm, none at all, padding, a payload that is no object: dropped.
pub async fn badly_signed_messages_are_dropped(room: &Room) {
    let key = secret(room);
    let hs256 = json!({"alg": "HS256"});
    let good = token(hmac::HMAC_SHA256, key, &hs256, &json!({}));
    let unsigned = good
        .rsplit_once('.')
        .expect("a token has dots")
        .0
        .to_owned()
        + ".";
    let forged = [
        token(hmac::HMAC_SHA256, "another key", &hs256, &json!({})),
        token(hmac::HMAC_SHA384, key, &json!({"alg": "HS384"}), &json!({})),
        token(hmac::HMAC_SHA512, key, &json!({"alg": "HS512"}), &json!({})),
        token(hmac::HMAC_SHA256, key, &json!({"alg": "none"}), &json!({})),
        token(hmac::HMAC_SHA256, key, &hs256, &json!([])),
        unsigned,
        good.clone() + "=",
        good + ".x",
    ];
    let mut talk = Talk::begin(room).await;
    for token in forged {
        let message = json!({"usr": "eve", "msg": token, "jwt": token, "mark": talk.mark});
        talk.ann.text(message.to_string()).await;
    }
    talk.say(json!({"usr": "ann", "msg": "signed"})).await;
    assert_eq!(talk.bob_hears().await["msg"], "signed");
}

/// Claims and further header fields are not looked at, expiry included.
pub async fn claims_do_not_matter(room: &Room) {
    let header = json!({"alg": "HS256", "typ": "other", "kid": "1"});
    let claims =
        json!({"exp": 1, "nbf": 99_999_999_999_u64, "sub": "somebody", "aud": "x", "iss": "y"});
    let token = token(hmac::HMAC_SHA256, secret(room), &header, &claims);
    let mut talk = Talk::begin(room).await;
    let message = json!({"usr": "ann", "msg": "x", "jwt": token, "mark": talk.mark});
    talk.ann.text(message.to_string()).await;
    assert_eq!(talk.bob_hears().await["usr"], "ann");
}

/// Somebody without a token hears everything.
pub async fn listening_needs_no_token(room: &Room) {
    let mut talk = Talk::begin(room).await;
    talk.say(json!({"usr": "ann", "msg": "x"})).await;
    assert_eq!(talk.bob_hears().await["msg"], "x");
}

/// Text that is no object is ignored, and its sender goes on as before. The original's task dies of it, so this is for others.
pub async fn malformed_text_is_ignored(room: &Room) {
    let nested = "[".repeat(200);
    let malformed = [
        "",
        "{",
        "nothing",
        "[]",
        "\"text\"",
        "5",
        "{\"msg\":1e400}",
        "{\"msg\":\"\\ud800\"}",
        "\u{feff}{}",
        &nested,
    ];
    let mut talk = Talk::begin(room).await;
    for text in malformed {
        talk.ann.text(text.to_owned()).await;
    }
    talk.say(json!({"usr": "ann", "msg": "still here"})).await;
    assert_eq!(talk.bob_hears().await["msg"], "still here");
}

/// Whether listeners get the sender's token to see: so it is with the original, and must not be with another.
pub async fn shows_tokens(room: &Room) -> bool {
    let mut talk = Talk::begin(room).await;
    talk.say(json!({"usr": "ann", "msg": "x"})).await;
    talk.bob_hears().await.get("jwt").is_some()
}

/// Two in the room: ann speaks, both hear. Only messages of this talk are heard.
struct Talk<'a> {
    room: &'a Room,
    mark: String,
    ann: Peer,
    bob: Peer,
}

impl<'a> Talk<'a> {
    async fn begin(room: &'a Room) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = format!(
            "{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let (mut ann, mut bob) = (
            Peer::connect(&room.url).await,
            Peer::connect(&room.url).await,
        );
        // Who is answered is in the room: the handshake alone does not say so.
        ann.ping(b"ann").await;
        bob.ping(b"bob").await;
        Self {
            room,
            mark,
            ann,
            bob,
        }
    }

    /// The message with this talk's mark, and with a token where the room wants one.
    fn write(&self, mut message: Value) -> String {
        message["mark"] = json!(self.mark);
        if let Some(secret) = &self.room.secret {
            message["jwt"] = json!(valid_token(secret));
        }
        message.to_string()
    }

    async fn say(&mut self, message: Value) {
        let text = self.write(message);
        self.ann.text(text).await;
    }

    fn is_ours(&self, message: &Value) -> bool {
        message.get("mark").and_then(Value::as_str) == Some(&self.mark)
    }

    async fn ann_hears_text(&mut self) -> String {
        loop {
            let text = self.ann.next_text().await;
            if self.is_ours(&parse(&text)) {
                return text;
            }
        }
    }

    async fn bob_hears_text(&mut self) -> String {
        loop {
            let text = self.bob.next_text().await;
            if self.is_ours(&parse(&text)) {
                return text;
            }
        }
    }

    async fn bob_hears(&mut self) -> Value {
        parse(&self.bob_hears_text().await)
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

fn time_of(message: &Value) -> DateTime<Utc> {
    let text = message["tim"]
        .as_str()
        .unwrap_or_else(|| panic!("no tim in {message}"));
    assert!(text.ends_with('Z'), "{text} is not in UTC");
    DateTime::parse_from_rfc3339(text)
        .unwrap_or_else(|error| panic!("{error} in {text:?}"))
        .to_utc()
}

fn secret(room: &Room) -> &str {
    room.secret.as_deref().expect("the room is in JWT mode")
}

/// A token that a server with this secret takes.
#[must_use]
pub fn valid_token(secret: &str) -> String {
    token(
        hmac::HMAC_SHA256,
        secret,
        &json!({"alg": "HS256"}),
        &json!({}),
    )
}

fn token(algorithm: hmac::Algorithm, secret: &str, header: &Value, payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(payload));
    let tag = hmac::sign(
        &hmac::Key::new(algorithm, secret.as_bytes()),
        signed.as_bytes(),
    );
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}
