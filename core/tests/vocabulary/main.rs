//! The vocabulary as JSON: what was written once is read for ever, and everything survives the way there and back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may panic as tests do"
)]

mod any;

use std::collections::BTreeSet;
use std::fmt::Debug;

use kaiwa_core::client::Event;
use kaiwa_core::event::JsonReader;
use kaiwa_core::{
    AuthField, ConnectionEvent, ErrorInfo, ErrorKind, EventKind, FieldValue, Protocol, RequestId,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// At least one line per kind of event. Lines are added, never changed: programs and files hold such text.
const GOLDEN: &str = include_str!("../vocabulary.jsonl");

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&read, value, "{text}");
    let read: T = serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap();
    assert_eq!(&read, value, "{text}");
}

#[test]
fn golden_lines_are_read_and_written_as_they_are() {
    let mut kinds = BTreeSet::new();
    for line in GOLDEN.lines() {
        let event: ConnectionEvent =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
        kinds.insert(event.kind());
    }
    let all: BTreeSet<EventKind> = EventKind::ALL.iter().copied().collect();
    let missing: Vec<_> = all.difference(&kinds).collect();
    assert!(
        missing.is_empty(),
        "tests/vocabulary.jsonl has no line for {missing:?}"
    );
}

/// The generators know every kind; one that they do not know panics there.
#[test]
fn events_of_every_kind_survive_json() {
    let mut runner = TestRunner::default();
    for kind in EventKind::ALL {
        let strategy = any::of_kind(*kind);
        for _ in 0..64 {
            let event = strategy.new_tree(&mut runner).unwrap().current();
            assert_eq!(event.kind(), *kind);
            round_trip(&event);
            let mut reader = JsonReader::new();
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(reader.read(&text).unwrap(), Some(event));
            assert_eq!(reader.skipped(), 0);
        }
    }
}

#[test]
fn the_names_of_kinds_are_those_in_json() {
    let mut runner = TestRunner::default();
    for kind in EventKind::ALL {
        let event = any::of_kind(*kind).new_tree(&mut runner).unwrap().current();
        let value = serde_json::to_value(&event).unwrap();
        let inner = &value[kind.group()]["event"];
        assert!(
            inner == kind.variant() || inner.get(kind.variant()).is_some(),
            "{value}"
        );
    }
}

#[test]
fn codes_survive_json() {
    for kind in ErrorKind::ALL {
        round_trip(kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    EventKind::ALL.iter().for_each(round_trip);
    round_trip(&RequestId::fresh());
    assert!(serde_json::from_str::<RequestId>("0").is_err());
}

#[test]
fn the_event_of_a_client_names_account_and_request() {
    let text = r#"{"account":3,"seq":7,"request":9,"event":{"Status":{"event":"Connecting"}}}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    assert_eq!((event.account.get(), event.seq), (3, 7));
    assert_eq!(event.request.map(RequestId::get), Some(9));
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
}

proptest! {
    #[test]
    fn records_survive_json(
        account in any::account(any::text()),
        protocol in any::protocol(),
        capabilities in any::capabilities(),
        error in any::error(),
    ) {
        round_trip(&account);
        round_trip(&protocol);
        round_trip(&capabilities);
        round_trip(&error);
        let info: ErrorInfo = kaiwa_core::Error::from(error.clone()).info();
        prop_assert_eq!(info.kind, error.kind);
    }

    /// A password is in the JSON, for whoever stores it, and never in `Debug`, at any depth.
    #[test]
    fn passwords_are_never_shown(account in any::account(Just("hunter2".to_owned()))) {
        let protocol = Protocol { name: String::new(), auth: Some(account.auth.clone()) };
        for shown in [
            format!("{account:?}{protocol:?}"),
            format!("{account:#?}{protocol:#?}"),
        ] {
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
        let secrets = count(&account.auth);
        let json = serde_json::to_string(&account).unwrap();
        prop_assert_eq!(json.matches("hunter2").count(), secrets);
    }
}

fn count(fields: &[AuthField]) -> usize {
    let secrets = fields.iter().map(|field| match &field.value {
        FieldValue::Password(secret) => usize::from(secret.is_some()),
        FieldValue::Group(inner) => count(inner),
        _ => 0,
    });
    secrets.sum()
}
