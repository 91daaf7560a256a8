//! Strings of the caller's, and strings that live for ever.

use std::ffi::{CStr, c_char};

use kaiwa_core::Error;

use super::invalid;
use crate::text::kaiwa_str;

/// The longest string that is taken, in bytes, 1 GiB: no network takes one that is near it, so a greater length is a mistake,
/// `(size_t)-1` for example.
pub(crate) const MAX_BYTES: usize = 1 << 30;

/// A string that lives for ever; `text` ends with a NUL.
pub(crate) fn fixed(text: &'static str) -> kaiwa_str {
    debug_assert!(text.ends_with('\0'), "a C string");
    kaiwa_str {
        data: text.as_ptr().cast(),
        len: text.len().saturating_sub(1),
    }
}

/// The string that ends at the first NUL.
///
/// # Safety
/// `text` is NULL or ends with a NUL.
pub(crate) unsafe fn until_nul(text: *const c_char) -> kaiwa_str {
    if text.is_null() {
        return kaiwa_str::NONE;
    }
    // SAFETY: it is not NULL, so the caller says that it ends with a NUL.
    let len = unsafe { CStr::from_ptr(text) }.count_bytes();
    kaiwa_str { data: text, len }
}

/// What the caller passes; `{NULL, 0}` is empty. `what` names the argument.
///
/// # Errors
/// `Invalid` for NULL with a length, a length beyond [`MAX_BYTES`], and what is not UTF-8.
///
/// # Safety
/// `text` has the length that it says, and outlives `'a`.
pub(crate) unsafe fn read<'a>(text: kaiwa_str, what: &str) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise, passed on.
    unsafe { read_optional(text, what) }.map(Option::unwrap_or_default)
}

/// Like [`read`]; `{NULL, 0}` is `None`.
///
/// # Errors
/// As [`read`].
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn read_optional<'a>(
    text: kaiwa_str,
    what: &str,
) -> Result<Option<&'a str>, Error> {
    let kaiwa_str { data, len } = text;
    if data.is_null() {
        return match len {
            0 => Ok(None),
            _ => Err(invalid(format!("{what} is NULL and has a length of {len}"))),
        };
    }
    if len > MAX_BYTES {
        return Err(invalid(format!(
            "{what} has a length of {len} bytes; {MAX_BYTES} are taken"
        )));
    }
    // SAFETY: not NULL, and the caller says that it has this length, which is below isize::MAX.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) };
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(invalid(format!(
            "{what} is not UTF-8 from byte {} on",
            error.valid_up_to()
        ))),
    }
}

/// Like [`read`], owned.
///
/// # Errors
/// As [`read`].
///
/// # Safety
/// `text` has the length that it says.
pub(crate) unsafe fn owned<T: for<'a> From<&'a str>>(
    text: kaiwa_str,
    what: &str,
) -> Result<T, Error> {
    // SAFETY: the caller's promise, passed on.
    unsafe { read(text, what) }.map(T::from)
}

/// Like [`read_optional`], owned.
///
/// # Errors
/// As [`read`].
///
/// # Safety
/// `text` has the length that it says.
pub(crate) unsafe fn owned_optional<T: for<'a> From<&'a str>>(
    text: kaiwa_str,
    what: &str,
) -> Result<Option<T>, Error> {
    // SAFETY: the caller's promise, passed on.
    let text = unsafe { read_optional(text, what) }?;
    Ok(text.map(T::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(bytes: &[u8]) -> kaiwa_str {
        kaiwa_str {
            data: bytes.as_ptr().cast(),
            len: bytes.len(),
        }
    }

    #[test]
    fn bad_strings_are_named() {
        let said = |text| {
            // SAFETY: no length here is beyond what it points to, but for those refused unread.
            let read = unsafe { read_optional(text, "text") };
            read.map(|text| text.map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        assert_eq!(said(given(b"a\0b")), Ok(Some("a\0b".to_owned())));
        assert_eq!(said(given(b"")), Ok(Some(String::new())));
        assert_eq!(said(kaiwa_str::NONE), Ok(None));
        assert_eq!(
            said(given(b"ab\xff")).unwrap_err(),
            "text is not UTF-8 from byte 2 on"
        );
        let mut huge = given(b"x");
        huge.len = usize::MAX;
        assert!(said(huge).unwrap_err().starts_with("text has a length of"));
        let mut null = kaiwa_str::NONE;
        null.len = 3;
        assert_eq!(
            said(null).unwrap_err(),
            "text is NULL and has a length of 3"
        );
    }
}
