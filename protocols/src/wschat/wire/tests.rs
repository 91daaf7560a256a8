//! Examples captured from wschat 0.2.1, hostile input, and the round trip.

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

fn tim() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 7, 35, 42).unwrap()
        + chrono::TimeDelta::nanoseconds(285_165_360)
}

fn relay(text: &str) -> String {
    Submitted::parse(text).unwrap().relay(tim())
}

#[test]
fn relays_as_captured() {
    for (sent, received) in [
        (
            r#"{"usr":"ann","msg":"x","tim":"fake","extra":{"k":[1,2]}}"#,
            r#"{"extra":{"k":[1,2]},"msg":"x","tim":"2026-11-20T07:35:42.285165360Z","usr":"ann"}"#,
        ),
        ("null", r#"{"tim":"2026-11-20T07:35:42.285165360Z"}"#),
        (" {} ", r#"{"tim":"2026-11-20T07:35:42.285165360Z"}"#),
        (
            r#"{"msg":5}"#,
            r#"{"msg":5,"tim":"2026-11-20T07:35:42.285165360Z"}"#,
        ),
        // The last of repeated keys stays; keys are sorted at every depth.
        (
            r#"{"a":1,"a":{"z":1,"b":2,"b":3}}"#,
            r#"{"a":{"b":3,"z":1},"tim":"2026-11-20T07:35:42.285165360Z"}"#,
        ),
        (
            r#"{"n":[1e3,18446744073709551615,18446744073709551616,-9223372036854775809]}"#,
            r#"{"n":[1000.0,18446744073709551615,1.8446744073709552e+19,-9.223372036854776e+18],"tim":"2026-11-20T07:35:42.285165360Z"}"#,
        ),
        (
            r#"{"msg":"nul \u0000 pair \ud83d\ude00","jwt":"secret","jwt":7}"#,
            "{\"msg\":\"nul \\u0000 pair \u{1f600}\",\"tim\":\"2026-11-20T07:35:42.285165360Z\"}",
        ),
    ] {
        assert_eq!(relay(sent), received, "{sent}");
    }
}

#[test]
fn refuses_what_crashed_the_original() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    let too_deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
    for text in [
        "",
        "{",
        "x",
        "[]",
        "[{}]",
        "\"{}\"",
        "5",
        "true",
        "{} {}",
        "{\"a\":1e400}",
        r#"{"a":"\ud800"}"#,
        "\u{feff}{}",
        "{\"a\":1,}",
        "{\"a\":\"\u{0}\"}",
        &deep,
        &too_deep,
    ] {
        assert!(
            Submitted::parse(text).is_err(),
            "{}",
            text.get(..40).unwrap_or(text)
        );
    }
    assert_eq!(
        Submitted::parse("[1]").unwrap_err().to_string(),
        "expected a JSON object at line 1, column 0"
    );
    assert_eq!(
        Submitted::parse("{\n?").unwrap_err().to_string(),
        "expected well-formed JSON at line 2, column 1"
    );
}

#[test]
fn token_is_apart_and_masked() {
    let submitted = Submitted::parse(r#"{"usr":"ann","msg":"x","jwt":"secret"}"#).unwrap();
    assert_eq!(submitted.jwt(), Some("secret"));
    assert_eq!(
        submitted.log_line(tim()),
        r#"{"jwt":"...","msg":"x","tim":"2026-11-20T07:35:42.285165360Z","usr":"ann"}"#
    );
    assert_eq!(submitted.extra(), None);
    let outgoing = Outgoing {
        usr: "ann",
        msg: "x",
        jwt: Some("secret"),
        nonce: None,
    };
    for shown in [
        submitted.relay(tim()),
        format!("{submitted:?}"),
        format!("{outgoing:?}"),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
    }
    let number = Submitted::parse(r#"{"jwt":5}"#).unwrap();
    assert_eq!(number.jwt(), None);
    assert!(number.log_line(tim()).contains(r#""jwt":"...""#));
    let open = Submitted::parse("{}").unwrap();
    assert_eq!(open.log_line(tim()), open.relay(tim()));
}

#[test]
fn the_rest_is_extra() {
    let submitted =
        Submitted::parse(r#"{"usr":5,"msg":"x","tim":"","jwt":"t","z":null,"b":{}}"#).unwrap();
    assert_eq!((submitted.usr(), submitted.msg()), (None, Some("x")));
    assert_eq!(submitted.extra().unwrap(), r#"{"b":{},"usr":5,"z":null}"#);
}

#[test]
fn client_reads_what_is_relayed() {
    let text = r#"{"extra":{"k":[1,2]},"kaiwa":"n1","msg":"x","tim":"2026-11-20T07:35:42.285165360Z","usr":"ann"}"#;
    let relayed = Relayed::decode(text).unwrap();
    assert_eq!(
        relayed,
        Relayed {
            usr: Some("ann".into()),
            msg: Some("x".into()),
            tim: Some(tim()),
            nonce: Some("n1".into()),
            extra: 1,
        }
    );
    assert!(
        matches!(relayed.msg, Some(Cow::Borrowed(_))),
        "the usual path copies nothing"
    );
}

#[test]
fn client_tolerates_any_type() {
    let text = |field: &str| {
        let json = format!(r#"{{"msg":{field}}}"#);
        Relayed::decode(&json).unwrap().msg.map(Cow::into_owned)
    };
    for (field, expected) in [
        ("null", None),
        ("5", Some("5")),
        ("-5", Some("-5")),
        ("1e3", Some("1e3")),
        ("true", Some("true")),
        ("[1, \"a\"]", Some(r#"[1, "a"]"#)),
        (r#"{"b":1,"a":2}"#, Some(r#"{"b":1,"a":2}"#)),
        (r#""a\n\u0000""#, Some("a\n\0")),
        ("\"\"", Some("")),
    ] {
        assert_eq!(text(field).as_deref(), expected, "{field}");
    }
    for tim in ["5", "null", "\"\"", "\"yesterday\"", "{}", "\"2026-11-20\""] {
        assert_eq!(
            Relayed::decode(&format!(r#"{{"tim":{tim}}}"#)).unwrap().tim,
            None
        );
    }
    assert_eq!(Relayed::decode("{}").unwrap(), Relayed::default());
    assert_eq!(
        Relayed::decode(r#"{"\u0075sr":"a","usr":"b"}"#)
            .unwrap()
            .usr
            .as_deref(),
        Some("b")
    );
}

#[test]
fn client_drops_the_token() {
    let relayed = Relayed::decode(r#"{"jwt":"secret","jwt":{"a":["secret"]},"msg":"x"}"#).unwrap();
    assert_eq!(relayed.extra, 0);
    assert!(!format!("{relayed:?}").contains("secret"));
    for broken in [
        r#"{"jwt":"secret"#,
        r#"{"jwt":"secret","msg":"#,
        r#"{"jwt":"secret"}secret"#,
        "\"secret\"",
    ] {
        let error = Relayed::decode(broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{broken}");
    }
}

#[test]
fn client_refuses_what_is_no_object() {
    let deep = format!("{{\"msg\":{}", "[".repeat(1_000_000));
    for text in ["", "null", "[]", "5", "\"a\"", "{", "{}x", &deep] {
        assert!(Relayed::decode(text).is_err());
    }
    // Skipped fields are not built, so their depth does not matter; the stack does not grow.
    let skipped = format!(
        "{{\"x\":{}{}}}",
        "[".repeat(1_000_000),
        "]".repeat(1_000_000)
    );
    assert_eq!(Relayed::decode(&skipped).unwrap().extra, 1);
}

proptest! {
    #[test]
    fn round_trip(usr: String, msg: String, jwt: Option<String>, nonce: Option<String>) {
        let outgoing = Outgoing { usr: &usr, msg: &msg, jwt: jwt.as_deref(), nonce: nonce.as_deref() };
        let submitted = Submitted::parse(&outgoing.encode()).unwrap();
        prop_assert_eq!(submitted.jwt(), jwt.as_deref());
        prop_assert_eq!(submitted.usr(), Some(usr.as_str()));
        let text = submitted.relay(tim());
        let relayed = Relayed::decode(&text).unwrap();
        prop_assert_eq!(relayed, Relayed {
            usr: Some(usr.into()),
            msg: Some(msg.into()),
            tim: Some(tim()),
            nonce: nonce.map(Cow::Owned),
            extra: 0,
        });
    }

    #[test]
    fn any_text_is_survived(text in "\\PC*|[\\[\\]{}\":,0-9a-z\\\\]*") {
        // What the server takes, the client can read after the relay.
        if let Ok(submitted) = Submitted::parse(&text) {
            prop_assert!(Relayed::decode(&submitted.relay(tim())).is_ok());
        }
        let _ = Relayed::decode(&text);
    }
}
