//! The types of callbacks.
//!
//! `userdata` is passed as it was given; the library does not look at it.

use std::ffi::c_void;

use crate::text::kaiwa_str;
use crate::view::kaiwa_event;

/// Called for each event, within `kaiwa_client_pump` and on its thread. `event` and all that it shows are valid until this
/// returns; `kaiwa_event_retain` keeps it for longer. Everything may be called from here but the pump of the same client.
/// It must return: leaving it by `longjmp` or by a C++ exception is forbidden.
pub type kaiwa_event_handler =
    Option<unsafe extern "C" fn(userdata: *mut c_void, event: *const kaiwa_event)>;

/// Called on a thread of the library's when events wait. It may only poke a loop of the caller's: calls into the library give
/// `KAIWA_ERR_REENTRANT`.
pub type kaiwa_wakeup_handler = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// Called with a line of the log, on any thread, also while a call of the caller's runs. `level` is a `kaiwa_log_level`, `target`
/// the part of the library that speaks; the strings are valid until this returns. Calls into the library give
/// `KAIWA_ERR_REENTRANT`.
pub type kaiwa_log_handler = Option<
    unsafe extern "C" fn(userdata: *mut c_void, level: i32, target: kaiwa_str, message: kaiwa_str),
>;

/// Called exactly once with the `userdata` that it was registered with: after the last use, and also when the registration
/// failed. On the thread that caused that, and never while the callback runs.
pub type kaiwa_destroy = Option<unsafe extern "C" fn(userdata: *mut c_void)>;
