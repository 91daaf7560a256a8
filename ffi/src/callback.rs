//! Types of callbacks.

use std::ffi::c_void;
use std::fmt;

use crate::raw::call::{self, Userdata};
use crate::view::kaiwa_event;

/// An event handler and what goes with it.
pub(crate) struct EventCallback {
    handler: unsafe extern "C" fn(*mut c_void, *const kaiwa_event),
    userdata: Userdata,
}

impl EventCallback {
    pub(crate) fn new(
        handler: unsafe extern "C" fn(*mut c_void, *const kaiwa_event),
        userdata: Userdata,
    ) -> Self {
        Self { handler, userdata }
    }

    pub(crate) fn call(&self, event: *const kaiwa_event) {
        call::event(self.handler, &self.userdata, event);
    }
}

impl fmt::Debug for EventCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCallback").finish_non_exhaustive()
    }
}
