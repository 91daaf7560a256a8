//! Strings across the boundary.

use std::ffi::c_char;
use std::ptr;

use crate::raw;

/// A string: UTF-8 and its length in bytes. It is passed by value both ways and never owns anything.
///
/// In: no NUL is needed at the end; one inside is kept. `{NULL, 0}` is "none" where a function says so, else the empty string.
/// Out: valid UTF-8, followed by a NUL that `len` does not count, so that `data` is also a C string. Where there is none,
/// `data` is NULL; the empty string has a `data`.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_str {
    /// The bytes.
    pub data: *const c_char,
    /// How many there are.
    pub len: usize,
}

impl kaiwa_str {
    /// No string.
    pub(crate) const NONE: Self = Self {
        data: ptr::null(),
        len: 0,
    };
}

impl Default for kaiwa_str {
    fn default() -> Self {
        Self::NONE
    }
}

/// The string that ends at the first NUL of `text`; `{NULL, 0}` for NULL. Nothing is copied.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_str_from_nul(text: *const c_char) -> kaiwa_str {
    // SAFETY: the caller's string ends with a NUL, or is NULL.
    unsafe { raw::text::until_nul(text) }
}
