//! Callbacks of the caller's: calling them, and saying that they are no longer needed.

use std::ffi::c_void;

use crate::text::kaiwa_str;
use crate::view::kaiwa_event;

/// Frees what `userdata` points to.
pub type Destroy = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// A pointer of the caller's that comes back in callbacks; when it is dropped, the caller's `destroy` is called.
#[derive(Debug)]
pub(crate) struct Userdata {
    pointer: *mut c_void,
    destroy: Destroy,
}

// SAFETY: the pointer is only handed back; the header says on which threads that happens.
unsafe impl Send for Userdata {}
// SAFETY: as above.
unsafe impl Sync for Userdata {}

impl Userdata {
    pub(crate) fn new(pointer: *mut c_void, destroy: Destroy) -> Self {
        Self { pointer, destroy }
    }
}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: called once, after the last use, as the header says.
            unsafe { destroy(self.pointer) };
        }
    }
}

/// Calls an event handler.
pub(crate) fn event(
    handler: unsafe extern "C" fn(*mut c_void, *const kaiwa_event),
    userdata: &Userdata,
    event: *const kaiwa_event,
) {
    // SAFETY: the caller registered the two together; the event lives until the call returns.
    unsafe { handler(userdata.pointer, event) };
}

/// Calls a wakeup handler.
pub(crate) fn wakeup(handler: unsafe extern "C" fn(*mut c_void), userdata: &Userdata) {
    // SAFETY: the caller registered the two together.
    unsafe { handler(userdata.pointer) };
}

/// Calls a log handler.
pub(crate) fn log(
    handler: unsafe extern "C" fn(*mut c_void, i32, kaiwa_str, kaiwa_str),
    userdata: &Userdata,
    level: i32,
    target: kaiwa_str,
    message: kaiwa_str,
) {
    // SAFETY: the caller registered the two together; the strings live until the call returns.
    unsafe { handler(userdata.pointer, level, target, message) };
}
