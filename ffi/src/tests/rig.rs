//! A client with an account on a mirror: every event sent comes back as it was sent.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use kaiwa_core::{ConnectionEvent, RequestId, StatusEvent};
use kaiwa_protocols::mock::MockConnection;

use super::back;
use crate::account::{Account, kaiwa_account, kaiwa_account_connect, kaiwa_account_free};
use crate::client::{
    Client, kaiwa_client, kaiwa_client_free, kaiwa_client_new, kaiwa_client_pump,
    kaiwa_client_set_event_handler,
};
use crate::event::{kaiwa_event_json, kaiwa_json_free};
use crate::login::Login;
use crate::raw::{handle, text};
use crate::status::{kaiwa_last_error, kaiwa_status};
use crate::text::kaiwa_str;
use crate::view::kaiwa_event;

/// Far more than anything needs; only a hang reaches it.
const LIMIT_MS: i64 = 30_000;

pub(super) struct Rig {
    client: *mut kaiwa_client,
    pub(super) account: *mut kaiwa_account,
    /// What the handler got: each event as read from the view, and its request.
    seen: Rc<Seen>,
}

type Seen = RefCell<Vec<(u64, ConnectionEvent)>>;

impl Rig {
    pub(super) fn new() -> Self {
        let mut client = ptr::null_mut();
        let seen = Rc::<Seen>::default();
        // SAFETY: places and handles of this function; `seen` outlives the client.
        let account = unsafe {
            ok(kaiwa_client_new(ptr::null(), &raw mut client));
            ok(kaiwa_client_set_event_handler(
                client,
                Rc::as_ptr(&seen).cast_mut().cast(),
                Some(keep),
                None,
            ));
            let client = handle::borrow::<Client>(client).unwrap();
            let login = Login::new("mock", &[]).unwrap();
            handle::give(Account::over(client, login, Box::new(MockConnection::new())).unwrap())
        };
        let mut rig = Self {
            client,
            account,
            seen,
        };
        // SAFETY: a live handle.
        ok(unsafe { kaiwa_account_connect(account) });
        rig.until(|_, event| {
            matches!(
                event,
                ConnectionEvent::Status {
                    event: StatusEvent::Connected { .. }
                }
            )
        });
        rig
    }

    /// Makes a request, and gives what it sent: the first event that it caused.
    pub(super) fn sends(
        &mut self,
        call: impl FnOnce(*mut kaiwa_account, *mut u64) -> kaiwa_status,
    ) -> ConnectionEvent {
        let mut request = 0;
        ok(call(self.account, &raw mut request));
        assert_ne!(request, 0);
        self.until(|of, _| of == request)
    }

    /// Pumps until such an event comes.
    fn until(&mut self, is_it: impl Fn(u64, &ConnectionEvent) -> bool) -> ConnectionEvent {
        loop {
            let seen = self.seen.take();
            let wanted = |(request, event): &(u64, ConnectionEvent)| is_it(*request, event);
            if let Some((_, event)) = seen.into_iter().find(wanted) {
                return event;
            }
            let mut count = 0;
            // SAFETY: a live handle, and a place for a number.
            ok(unsafe { kaiwa_client_pump(self.client, LIMIT_MS, 0, &raw mut count) });
            assert_ne!(count, 0, "it never comes");
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // SAFETY: live handles, not used afterwards.
        unsafe {
            kaiwa_account_free(self.account);
            kaiwa_client_free(self.client);
        }
    }
}

/// Reads the event from its view, and checks that its JSON says the same.
unsafe extern "C" fn keep(userdata: *mut c_void, event: *const kaiwa_event) {
    // SAFETY: the pointer given with the handler, which the rig keeps.
    let seen = unsafe { &*userdata.cast::<Seen>() };
    // SAFETY: valid until this returns.
    let shown = unsafe { &*event };
    let read = back::event(shown);
    assert_eq!(json(event), read);
    seen.borrow_mut().push((shown.request, read));
}

/// What an event's JSON says.
pub(super) fn json(event: *const kaiwa_event) -> ConnectionEvent {
    let mut json = ptr::null_mut();
    // SAFETY: a live event, and a place for a pointer.
    ok(unsafe { kaiwa_event_json(event, &raw mut json) });
    // SAFETY: made above.
    let text = unsafe { text::read((*json).text, "json") }.unwrap();
    let said = serde_json::from_str(text).unwrap();
    // SAFETY: not used afterwards.
    unsafe { kaiwa_json_free(json) };
    said
}

/// A string as C passes it.
pub(super) fn given(text: &str) -> kaiwa_str {
    kaiwa_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

pub(super) fn ok(status: kaiwa_status) {
    // SAFETY: valid until the next failure.
    let error = unsafe { (*kaiwa_last_error()).message };
    // SAFETY: a string of the library's.
    let message: String = unsafe { text::owned(error, "message") }.unwrap();
    assert_eq!(status, kaiwa_status::KAIWA_OK, "{message}");
}

/// The request with this number.
pub(super) fn request(number: u64) -> RequestId {
    RequestId::from(std::num::NonZeroU64::new(number).expect("a request"))
}
