//! Arguments that are not strings or handles: arrays, options, places for results.

use kaiwa_core::Error;

use super::invalid;

/// The greatest array that is taken: no login form has as many fields, so a greater length is a mistake.
const MAX_ITEMS: usize = 1 << 20;

/// What the caller passes as an array; NULL with length 0 is empty. `what` names the argument.
///
/// # Errors
/// `Invalid` for NULL with a length, and for a length beyond [`MAX_ITEMS`].
///
/// # Safety
/// `items` has the length `len`, and outlives `'a`.
pub(crate) unsafe fn list<'a, T>(
    items: *const T,
    len: usize,
    what: &str,
) -> Result<&'a [T], Error> {
    if items.is_null() {
        return match len {
            0 => Ok(&[]),
            _ => Err(invalid(format!("{what} is NULL and has a length of {len}"))),
        };
    }
    if len > MAX_ITEMS {
        return Err(invalid(format!(
            "{what} has a length of {len}; {MAX_ITEMS} are taken"
        )));
    }
    // SAFETY: not NULL, and the caller says that it has this length.
    Ok(unsafe { std::slice::from_raw_parts(items, len) })
}

/// A struct that begins with its size, as a `usize`: of one from an older header the rest is as in `T::default()`, of one from
/// a newer header the rest must be zero. NULL is `T::default()`.
///
/// # Errors
/// `Invalid` for a size that no header has had; `Unsupported` for a newer option.
///
/// # Safety
/// `T` is `repr(C)`, valid for all bytes that C can put into it, and begins with its size; `given` is NULL or as large as it
/// says.
pub(crate) unsafe fn sized<T: Default + Copy>(
    given: *const T,
    first: usize,
    what: &str,
) -> Result<T, Error> {
    let mut known = T::default();
    if given.is_null() {
        return Ok(known);
    }
    // SAFETY: the struct begins with its size.
    let size = unsafe { given.cast::<usize>().read_unaligned() };
    if !(first..=MAX_ITEMS).contains(&size) {
        return Err(invalid(format!(
            "{what} begins with a size of {size}; set it to sizeof *{what}"
        )));
    }
    let shared = size.min(size_of::<T>());
    // SAFETY: both have at least `shared` bytes, and do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping(
            given.cast::<u8>(),
            std::ptr::from_mut(&mut known).cast::<u8>(),
            shared,
        );
    };
    // SAFETY: the caller says that `given` has `size` bytes; `wrapping_add` stays within.
    let newer = unsafe {
        std::slice::from_raw_parts(given.cast::<u8>().wrapping_add(shared), size - shared)
    };
    if newer.iter().any(|byte| *byte != 0) {
        return Err(Error::new(
            kaiwa_core::ErrorKind::Unsupported,
            format!("{what} has an option that this version of the library does not know"),
        ));
    }
    Ok(known)
}

/// Fills a struct that begins with its size with zeros, and puts the size in.
///
/// # Errors
/// `Invalid` for a size that holds none.
///
/// # Safety
/// `T` begins with its size; `out` is NULL or has `size` bytes that may be written.
pub(crate) unsafe fn zero_sized<T>(out: *mut T, size: usize, what: &str) -> Result<(), Error> {
    if !(size_of::<usize>()..=MAX_ITEMS).contains(&size) {
        return Err(invalid(format!("{size} is not the size of {what}")));
    }
    if out.is_null() {
        return Ok(());
    }
    // SAFETY: not NULL, so it has that many bytes.
    unsafe { out.cast::<u8>().write_bytes(0, size) };
    // SAFETY: the size fits, see above.
    unsafe { out.cast::<usize>().write_unaligned(size) };
    Ok(())
}

/// Puts a result where the caller wants it; NULL is nowhere.
///
/// # Safety
/// `out` is NULL or may be written.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, so the caller says that it may be written.
        unsafe { out.write(value) };
    }
}

/// Like [`put`] for what the caller must take.
///
/// # Errors
/// `Invalid` for NULL.
///
/// # Safety
/// `out` is NULL or may be written.
pub(crate) unsafe fn clear<T>(out: *mut *mut T, what: &str) -> Result<(), Error> {
    if out.is_null() {
        return Err(invalid(format!("{what} is NULL")));
    }
    // SAFETY: not NULL, so the caller says that it may be written.
    unsafe { out.write(std::ptr::null_mut()) };
    Ok(())
}
