//! Handles: what C holds a pointer to and gives back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kaiwa_core::{Error, ErrorKind};

use super::invalid;

/// What becomes of the tag when a handle is freed.
const FREED: u64 = 0;

/// What lies behind an opaque type of C.
pub(crate) trait Handle: Sized + Send + Sync {
    /// The type in the header.
    type Opaque;

    /// Tells its handles from others, and from those freed.
    const TAG: u64;

    /// Its name for a person.
    const NAME: &'static str;
}

/// A handle in memory: the tag comes first for all kinds, so that a wrong one is noticed.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Held<H> {
    tag: AtomicU64,
    /// The process that made it: a forked child has the memory but none of the threads.
    process: u32,
    inner: H,
}

impl<H> std::ops::Deref for Held<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.inner
    }
}

/// Makes a handle; C owns one count of it.
pub(crate) fn give<H: Handle>(inner: H) -> *mut H::Opaque {
    let held = Held {
        tag: AtomicU64::new(H::TAG),
        process: std::process::id(),
        inner,
    };
    Arc::into_raw(Arc::new(held)).cast_mut().cast()
}

/// What is behind a handle.
///
/// # Errors
/// `Invalid` for NULL and for a handle of another kind, `State` in a forked child.
///
/// # Safety
/// `handle` is NULL or a handle that is not freed while `'a` lasts.
pub(crate) unsafe fn borrow<'a, H: Handle>(handle: *const H::Opaque) -> Result<&'a Held<H>, Error> {
    let name = H::NAME;
    if handle.is_null() || !handle.cast::<Held<H>>().is_aligned() {
        return Err(invalid(format!("the {name} is NULL, or no handle")));
    }
    // SAFETY: not NULL, and every handle begins with its tag.
    let tag = unsafe { &*handle.cast::<AtomicU64>() };
    if tag.load(Ordering::Relaxed) != H::TAG {
        return Err(invalid(format!(
            "the {name} is a handle of another kind, or freed"
        )));
    }
    // SAFETY: the tag says that it is one of these.
    let held = unsafe { &*handle.cast::<Held<H>>() };
    if held.process != std::process::id() {
        return Err(Error::new(
            ErrorKind::State,
            format!("this {name} belongs to the parent process; make one of your own"),
        ));
    }
    Ok(held)
}

/// Like [`borrow`], and keeps it alive for as long as the caller wants.
///
/// # Errors
/// As [`borrow`].
///
/// # Safety
/// `handle` is NULL or a handle that is not freed while this runs.
pub(crate) unsafe fn share<H: Handle>(handle: *const H::Opaque) -> Result<Arc<Held<H>>, Error> {
    // SAFETY: the caller's promise, passed on.
    let held: *const Held<H> = unsafe { borrow::<H>(handle) }?;
    // SAFETY: it came from `give`, so it is an Arc's, and C still owns a count.
    unsafe { Arc::increment_strong_count(held) };
    // SAFETY: the count is the one added above.
    Ok(unsafe { Arc::from_raw(held) })
}

/// Takes a handle back; `None` for NULL.
///
/// # Errors
/// As [`borrow`] but for NULL.
///
/// # Safety
/// `handle` is NULL or a handle that nobody uses from now on.
pub(crate) unsafe fn take<H: Handle>(
    handle: *mut H::Opaque,
) -> Result<Option<Arc<Held<H>>>, Error> {
    if handle.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise, passed on.
    let held = unsafe { borrow::<H>(handle) }?;
    held.tag.store(FREED, Ordering::Relaxed);
    // SAFETY: it came from `give`; the count that C owned is taken over, and the tag lets nobody do it again.
    Ok(Some(unsafe { Arc::from_raw(held) }))
}
