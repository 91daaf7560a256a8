//! What the pump costs in memory: at most one allocation per event on its thread, and none in a flood.

#![allow(
    unsafe_code,
    clippy::multiple_unsafe_ops_per_block,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    reason = "a test, which calls the library as C does; every pointer in it is live"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use allocation_counter::measure;
use kaiwa::account::{
    kaiwa_account, kaiwa_account_connect, kaiwa_account_free, kaiwa_account_new, kaiwa_login_field,
};
use kaiwa::client::{
    kaiwa_client, kaiwa_client_free, kaiwa_client_new, kaiwa_client_pump,
    kaiwa_client_set_event_handler,
};
use kaiwa::kinds::kaiwa_event_kind;
use kaiwa::send::kaiwa_account_send_text;
use kaiwa::status::kaiwa_status;
use kaiwa::text::kaiwa_str;
use kaiwa::view::kaiwa_event;

/// Events before it is counted: memory that is used again is there by then.
const WARM_UP: u64 = 1000;

/// Events that are counted.
const COUNTED: u64 = 20_000;

/// Far more than anything needs; only a hang reaches it.
const LIMIT_MS: i64 = 30_000;

/// What the handler has seen.
#[derive(Default)]
struct Seen {
    connected: Cell<bool>,
    messages: Cell<u64>,
    events: Cell<u64>,
}

unsafe extern "C" fn see(userdata: *mut c_void, event: *const kaiwa_event) {
    let (seen, event) = unsafe { (&*userdata.cast::<Seen>(), &*event) };
    seen.events.set(seen.events.get() + 1);
    match event.kind {
        kaiwa_event_kind::KAIWA_EVENT_STATUS_CONNECTED => seen.connected.set(true),
        kaiwa_event_kind::KAIWA_EVENT_CHAT_NEW => {
            seen.messages.set(seen.messages.get() + 1);
            let text = unsafe { (*event.message).text };
            assert_ne!(text.len, 0);
        }
        _ => {}
    }
}

/// A client with an account on the mock network, which does what `script` says.
struct Rig {
    client: *mut kaiwa_client,
    account: *mut kaiwa_account,
    seen: Box<Seen>,
}

impl Rig {
    fn new(script: &str) -> Self {
        let field = kaiwa_login_field {
            name: given("script"),
            value: given(script),
        };
        let mut rig = Self {
            client: ptr::null_mut(),
            account: ptr::null_mut(),
            seen: Box::default(),
        };
        let userdata = ptr::from_ref(rig.seen.as_ref()).cast_mut().cast();
        unsafe {
            ok(kaiwa_client_new(ptr::null(), &raw mut rig.client));
            ok(kaiwa_client_set_event_handler(
                rig.client,
                userdata,
                Some(see),
                None,
            ));
            let mock = given("mock");
            ok(kaiwa_account_new(
                rig.client,
                mock,
                &raw const field,
                1,
                &raw mut rig.account,
            ));
            ok(kaiwa_account_connect(rig.account));
        }
        rig
    }

    /// Pumps once; how many allocations that took.
    fn pump(&self) -> u64 {
        let mut events = 0;
        let mut pumped = kaiwa_status::KAIWA_OK;
        let counted = measure(|| {
            pumped = unsafe { kaiwa_client_pump(self.client, LIMIT_MS, 0, &raw mut events) };
        });
        ok(pumped);
        assert_ne!(events, 0, "it never comes");
        counted.count_total
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        unsafe {
            kaiwa_account_free(self.account);
            kaiwa_client_free(self.client);
        }
    }
}

fn given(text: &str) -> kaiwa_str {
    kaiwa_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

fn ok(status: kaiwa_status) {
    assert_eq!(status, kaiwa_status::KAIWA_OK);
}

#[test]
fn a_flood_allocates_once_per_event_at_most() {
    let rig = Rig::new(&format!("flood:{}", WARM_UP + COUNTED));
    while rig.seen.messages.get() < WARM_UP {
        rig.pump();
    }
    let before = rig.seen.events.get();
    let mut allocations = 0;
    while rig.seen.messages.get() < WARM_UP + COUNTED {
        allocations += rig.pump();
    }
    let events = rig.seen.events.get() - before;
    assert!(
        allocations <= events,
        "{allocations} allocations for {events} events"
    );
}

#[test]
fn one_event_at_a_time_allocates_once_at_most() {
    let rig = Rig::new("echo");
    while !rig.seen.connected.get() {
        rig.pump();
    }
    let mut counted = (0, 0);
    for round in 1..=1000 {
        let nowhere = kaiwa_str {
            data: ptr::null(),
            len: 0,
        };
        ok(unsafe {
            kaiwa_account_send_text(rig.account, nowhere, given("hello"), ptr::null_mut())
        });
        let before = rig.seen.events.get();
        let mut allocations = 0;
        while rig.seen.messages.get() < round {
            allocations += rig.pump();
        }
        if round > 100 {
            counted.0 += allocations;
            counted.1 += rig.seen.events.get() - before;
        }
    }
    let (allocations, events) = counted;
    assert!(
        allocations <= events,
        "{allocations} allocations for {events} events"
    );
}
