//! A view and the memory that it points into, behind one pointer.

use std::sync::Arc;

use super::Arena;

/// What C sees as a plain struct: the view comes first, so that a pointer to it is a pointer to this.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Shown<V, X = ()> {
    view: V,
    arena: Arena,
    /// What it was made from, if that is still needed.
    extra: X,
}

// SAFETY: a view only points into its own arena, which nothing changes while the view is there, and to what lives for ever.
unsafe impl<V, X: Send> Send for Shown<V, X> {}
// SAFETY: as above.
unsafe impl<V, X: Sync> Sync for Shown<V, X> {}

impl<V> Shown<V> {
    /// Makes a view.
    pub(crate) fn new(make: impl FnOnce(&mut Arena) -> V) -> Self {
        let mut arena = Arena::default();
        Self {
            view: make(&mut arena),
            arena,
            extra: (),
        }
    }

    /// Gives it to C, which owns it from now on.
    pub(crate) fn give(self) -> *mut V {
        Box::into_raw(Box::new(self)).cast()
    }
}

impl<V, X> Shown<V, X> {
    /// Makes a view of something that is kept beside it.
    pub(crate) fn with(extra: X, make: impl FnOnce(&mut Arena, &X) -> V) -> Self {
        let mut arena = Arena::default();
        Self {
            view: make(&mut arena, &extra),
            arena,
            extra,
        }
    }

    /// Shows something else from now on, in the same memory; `fill` writes all of the view.
    pub(crate) fn replace(&mut self, extra: X, fill: impl FnOnce(&mut V, &mut Arena, &X)) {
        self.arena.clear();
        self.extra = extra;
        fill(&mut self.view, &mut self.arena, &self.extra);
    }

    /// What C gets to see; valid until this is dropped.
    pub(crate) fn as_ptr(&self) -> *const V {
        std::ptr::from_ref(self).cast()
    }

    /// Like [`Shown::as_ptr`] of one that is counted.
    pub(crate) fn counted(this: &Arc<Self>) -> *const V {
        Arc::as_ptr(this).cast()
    }

    pub(crate) fn extra(&self) -> &X {
        &self.extra
    }
}

/// Takes back what [`Shown::give`] gave; nothing for NULL.
///
/// # Safety
/// `view` is NULL or was given, and nobody looks at it any more.
pub(crate) unsafe fn free<V>(view: *mut V) {
    if !view.is_null() {
        // SAFETY: `give` made it of this type.
        drop(unsafe { Box::from_raw(view.cast::<Shown<V>>()) });
    }
}

/// What is behind a counted view.
///
/// # Safety
/// `view` is NULL or one of `Shown::counted`, and counted while `'a` lasts.
pub(crate) unsafe fn behind<'a, V, X>(view: *const V) -> Option<&'a Shown<V, X>> {
    // SAFETY: the caller's promise; a view is the first member of what it is in.
    unsafe { view.cast::<Shown<V, X>>().as_ref() }
}

/// Counts a view once more.
///
/// # Safety
/// `view` is NULL or one of `Shown::counted`, and counted while this runs.
pub(crate) unsafe fn retain<V, X>(view: *const V) {
    if !view.is_null() {
        // SAFETY: the caller's promise; a view is the first member of what it is in.
        unsafe { Arc::increment_strong_count(view.cast::<Shown<V, X>>()) };
    }
}

/// Takes a count back; the last one frees it.
///
/// # Safety
/// `view` is NULL or one of `Shown::counted`, and the caller owns a count.
pub(crate) unsafe fn release<V, X>(view: *const V) {
    if !view.is_null() {
        // SAFETY: the caller's promise; a view is the first member of what it is in.
        drop(unsafe { Arc::from_raw(view.cast::<Shown<V, X>>()) });
    }
}

/// Makes a counted view of which C owns one count.
pub(crate) fn give_counted<V, X>(shown: Shown<V, X>) -> *const V {
    Arc::into_raw(Arc::new(shown)).cast()
}

/// An item of a list that a view has.
///
/// # Safety
/// The list has more than `at` items.
pub(crate) unsafe fn item<V, X, T>(
    shown: &Shown<V, X>,
    list: impl FnOnce(&V) -> *const *const T,
    at: usize,
) -> *const T {
    // SAFETY: the caller's promise.
    unsafe { *list(&shown.view).wrapping_add(at) }
}
