//! Every kind of event comes out as a view and as JSON, with all its fields; every one that can be sent goes in.

use std::ptr;

use kaiwa_core::{ChatEvent, ConnectionEvent, EventKind};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::rig::{Rig, given, json, ok};
use super::{any, back};
use crate::event::{kaiwa_event_from_json, kaiwa_event_release};
use crate::send::kaiwa_account_send_json;

/// Of each kind.
const CASES: usize = 64;

fn events(kind: EventKind, cases: usize) -> impl Iterator<Item = ConnectionEvent> {
    let mut runner = TestRunner::deterministic();
    let strategy = any::of_kind(kind);
    (0..cases).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

#[test]
fn every_field_of_every_event_is_in_its_view_and_its_json() {
    for &kind in EventKind::ALL {
        for event in events(kind, CASES) {
            let text = serde_json::to_string(&event).unwrap();
            let mut shown = ptr::null();
            // SAFETY: a string, and a place for a pointer.
            ok(unsafe { kaiwa_event_from_json(given(&text), &raw mut shown) });
            // SAFETY: made above.
            assert_eq!(back::event(unsafe { &*shown }), event, "{text}");
            assert_eq!(json(shown), event);
            // SAFETY: not used afterwards.
            unsafe { kaiwa_event_release(shown) };
        }
    }
}

#[test]
fn every_event_that_can_be_sent_goes_in() {
    for &kind in EventKind::ALL {
        // A mirror takes all kinds, but nothing that makes no sense.
        let can = kaiwa_core::Capabilities::new()
            .sends(&[kind])
            .max_file_bytes(u64::MAX);
        let sensible = events(kind, 1_000).find(|event| can.check(event).is_ok());
        let event = sensible.unwrap_or_else(|| panic!("no {kind} makes sense"));
        let text = serde_json::to_string(&event).unwrap();
        let mut rig = Rig::new();
        // SAFETY: a live handle, a string, a place for a number.
        let came = rig
            .sends(|account, out| unsafe { kaiwa_account_send_json(account, given(&text), out) });
        assert_eq!(said(came), said(event));
    }
}

/// A message that is sent gets its id and status here; the rest is as it was.
fn said(mut event: ConnectionEvent) -> ConnectionEvent {
    if let ConnectionEvent::Chat {
        event: ChatEvent::New { message, .. },
    } = &mut event
    {
        *message = kaiwa_core::Message {
            content: std::mem::take(&mut message.content),
            ..kaiwa_core::Message::text("", chrono::DateTime::UNIX_EPOCH)
        };
    }
    event
}
