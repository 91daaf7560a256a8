//! Tells the thread sanitizer of a C program, which sees nothing of Rust's locks, that userdata goes from thread to thread.
//!
//! Only in builds with `test-hooks`, and there only if the program brings a sanitizer.

use std::ffi::c_void;

/// What was told of this address before has happened before what follows.
pub(super) fn acquire(address: *mut c_void) {
    sanitizer::tell(sanitizer::ACQUIRE, address);
}

/// What has happened until now happens before what is told of this address later.
pub(super) fn release(address: *mut c_void) {
    sanitizer::tell(sanitizer::RELEASE, address);
}

#[cfg(all(feature = "test-hooks", target_os = "linux"))]
mod sanitizer {
    use std::ffi::{CStr, c_char, c_void};
    use std::sync::OnceLock;

    pub(super) const ACQUIRE: usize = 0;
    pub(super) const RELEASE: usize = 1;
    const NAMES: [&CStr; 2] = [c"__tsan_acquire", c"__tsan_release"];

    type Function = unsafe extern "C" fn(*mut c_void);

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    pub(super) fn tell(what: usize, address: *mut c_void) {
        static FOUND: OnceLock<[Option<Function>; 2]> = OnceLock::new();
        let found = FOUND.get_or_init(|| NAMES.map(find));
        if let Some(Some(function)) = found.get(what)
            && !address.is_null()
        {
            // SAFETY: only the number counts.
            unsafe { function(address) };
        }
    }

    fn find(name: &CStr) -> Option<Function> {
        // SAFETY: NULL is the whole program, and the name ends with a NUL.
        let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
        // SAFETY: NULL, which is `None`, or the sanitizer's function, which is of this type.
        unsafe { std::mem::transmute::<*mut c_void, Option<Function>>(found) }
    }
}

#[cfg(not(all(feature = "test-hooks", target_os = "linux")))]
mod sanitizer {
    use std::ffi::c_void;

    pub(super) const ACQUIRE: () = ();
    pub(super) const RELEASE: () = ();

    pub(super) fn tell((): (), _: *mut c_void) {}
}
