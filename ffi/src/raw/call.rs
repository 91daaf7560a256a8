//! Callbacks of the caller's: calling them, and saying that they are no longer needed.

use std::ffi::c_void;

use super::tsan;
use crate::callback::kaiwa_destroy;
use crate::text::kaiwa_str;
use crate::view::kaiwa_event;

/// A pointer of the caller's that comes back in callbacks; when it is dropped, the caller's `destroy` is called.
#[derive(Debug)]
pub(crate) struct Userdata {
    pointer: *mut c_void,
    destroy: kaiwa_destroy,
}

// SAFETY: the pointer is only handed back; the header says on which threads that happens.
unsafe impl Send for Userdata {}
// SAFETY: as above.
unsafe impl Sync for Userdata {}

impl Userdata {
    pub(crate) fn new(pointer: *mut c_void, destroy: kaiwa_destroy) -> Self {
        tsan::release(pointer);
        Self { pointer, destroy }
    }

    /// Runs what the caller hung on the pointer, after all that has run before.
    fn with<R>(&self, run: impl FnOnce(*mut c_void) -> R) -> R {
        tsan::acquire(self.pointer);
        let result = run(self.pointer);
        tsan::release(self.pointer);
        result
    }
}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: called once, after the last use, as the header says.
            self.with(|pointer| unsafe { destroy(pointer) });
        }
    }
}

/// A handler and the userdata that it was registered with.
#[derive(Debug)]
pub(crate) struct Callback<F> {
    handler: F,
    userdata: Userdata,
}

impl<F> Callback<F> {
    /// `None` without a handler: then the userdata is no longer needed.
    pub(crate) fn new(handler: Option<F>, userdata: Userdata) -> Option<Self> {
        handler.map(|handler| Self { handler, userdata })
    }
}

impl Callback<unsafe extern "C" fn(*mut c_void, *const kaiwa_event)> {
    pub(crate) fn event(&self, event: *const kaiwa_event) {
        // SAFETY: the caller registered the two together; the event lives until the call returns.
        self.userdata
            .with(|pointer| unsafe { (self.handler)(pointer, event) });
    }
}

impl Callback<unsafe extern "C" fn(*mut c_void)> {
    pub(crate) fn wakeup(&self) {
        // SAFETY: the caller registered the two together.
        self.userdata
            .with(|pointer| unsafe { (self.handler)(pointer) });
    }
}

impl Callback<unsafe extern "C" fn(*mut c_void, i32, kaiwa_str, kaiwa_str)> {
    pub(crate) fn log(&self, level: i32, target: kaiwa_str, message: kaiwa_str) {
        // SAFETY: the caller registered the two together; the strings live until the call returns.
        self.userdata
            .with(|pointer| unsafe { (self.handler)(pointer, level, target, message) });
    }
}
