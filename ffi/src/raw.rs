//! Where pointers of C become references, and the other way round. All unsafe code but the calls of these functions is here.
//!
//! Callers promise what the head of the header says: a pointer is NULL or points to what its type says, for as long as the
//! call takes; a handle has not been freed; strings and arrays have the length that stands beside them.

pub(crate) mod arena;
pub(crate) mod call;
pub(crate) mod handle;
pub(crate) mod input;
pub(crate) mod shown;
pub(crate) mod text;
mod tsan;

pub(crate) use arena::Arena;
pub(crate) use handle::Handle;
pub(crate) use shown::Shown;
pub(crate) use text::fixed;

use kaiwa_core::{Error, ErrorKind};

/// The caller's mistake.
pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}
