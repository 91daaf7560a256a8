//! Statuses, and what lies behind the last one on each thread.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use kaiwa_core::{Error, ErrorInfo, ErrorKind};

use crate::raw::{self, Shown};
use crate::text::kaiwa_str;
use crate::view::{self, kaiwa_error};

/// How a call ended: 0, or the negative of a number that is fixed for ever. New ones may come; treat one that you do not know
/// like `KAIWA_ERR_OTHER`.
///
/// 1 to 19 is misuse by the caller, 20 to 39 the network's refusal, 40 to 49 a broken peer, 50 to 69 the transport, 70 to 89
/// this library and its machine. In `kaiwa_error` the same numbers say what went wrong later.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_status {
    /// It is done, or accepted.
    KAIWA_OK = 0,
    /// An argument makes no sense.
    KAIWA_ERR_INVALID = -1,
    /// Not possible now: not connected, shut down, in a forked child.
    KAIWA_ERR_STATE = -2,
    /// The network cannot do it; its capabilities say what it can.
    KAIWA_ERR_UNSUPPORTED = -3,
    /// Too much is waiting already; try again when something has been settled.
    KAIWA_ERR_FULL = -4,
    /// The text or file is longer than the network takes.
    KAIWA_ERR_TOO_LONG = -5,
    /// No such protocol, account, channel, user or message.
    KAIWA_ERR_NOT_FOUND = -6,
    /// Given up because the caller asked for it.
    KAIWA_ERR_CANCELLED = -7,
    /// Called from where it must not be called, for example the pump from its own callback.
    KAIWA_ERR_REENTRANT = -8,

    /// The network does not accept these credentials.
    KAIWA_ERR_AUTH = -20,
    /// The network does not allow this user to do that.
    KAIWA_ERR_FORBIDDEN = -21,
    /// The user is banned; `retry_after_ms` says for how long, if the network does.
    KAIWA_ERR_BANNED = -22,
    /// The network asks to slow down.
    KAIWA_ERR_RATE_LIMITED = -23,
    /// The network refuses for another reason.
    KAIWA_ERR_REJECTED = -24,
    /// The name or id is taken.
    KAIWA_ERR_CONFLICT = -25,

    /// The peer breaks its protocol.
    KAIWA_ERR_PROTOCOL = -40,
    /// The peer sends more at once than a limit.
    KAIWA_ERR_TOO_LARGE = -41,
    /// The peer speaks a version that is not spoken here.
    KAIWA_ERR_VERSION = -42,

    /// The host name does not resolve.
    KAIWA_ERR_RESOLVE = -50,
    /// Nobody listens there.
    KAIWA_ERR_REFUSED = -51,
    /// The host cannot be reached.
    KAIWA_ERR_UNREACHABLE = -52,
    /// TLS fails: certificate, name or version.
    KAIWA_ERR_TLS = -53,
    /// The proxy fails or refuses.
    KAIWA_ERR_PROXY = -54,
    /// Somebody did not answer in time.
    KAIWA_ERR_TIMED_OUT = -55,
    /// The connection ended without being asked to.
    KAIWA_ERR_LOST = -56,
    /// Written, but nobody can tell whether it arrived.
    KAIWA_ERR_OUTCOME_UNKNOWN = -57,
    /// The server is there but answers the handshake with something else.
    KAIWA_ERR_HANDSHAKE = -58,

    /// A bug in this library.
    KAIWA_ERR_INTERNAL = -70,
    /// A file or database cannot be read or written.
    KAIWA_ERR_STORAGE = -71,
    /// A configuration is wrong.
    KAIWA_ERR_CONFIG = -72,
    /// An error of a kind that this version has no number for.
    KAIWA_ERR_OTHER = -89,

    /// A bug in this library, met within the call. The process lives on; the handle may only be freed.
    KAIWA_ERR_PANIC = -100,
}

/// Statuses and kinds of errors, side by side; a test compares them with the table of the core.
macro_rules! statuses {
    ($($kind:ident = $status:ident,)*) => {
        impl kaiwa_status {
            /// Every status but `KAIWA_OK` and `KAIWA_ERR_PANIC`, with its kind of error.
            #[cfg(test)]
            pub(crate) const KINDS: &'static [(ErrorKind, Self)] =
                &[$((ErrorKind::$kind, Self::$status),)*];

            /// The status for a kind of error.
            #[must_use]
            pub fn of(kind: ErrorKind) -> Self {
                match kind {
                    $(ErrorKind::$kind => Self::$status,)*
                    _ => Self::KAIWA_ERR_OTHER,
                }
            }
        }

        /// The name of a status in C, NUL-ended.
        fn name(status: i32) -> Option<&'static str> {
            const OK: i32 = kaiwa_status::KAIWA_OK as i32;
            const PANIC: i32 = kaiwa_status::KAIWA_ERR_PANIC as i32;
            $(const $status: i32 = kaiwa_status::$status as i32;)*
            match status {
                OK => Some("KAIWA_OK\0"),
                $($status => Some(concat!(stringify!($status), "\0")),)*
                PANIC => Some("KAIWA_ERR_PANIC\0"),
                _ => None,
            }
        }
    };
}

statuses! {
    Invalid = KAIWA_ERR_INVALID,
    State = KAIWA_ERR_STATE,
    Unsupported = KAIWA_ERR_UNSUPPORTED,
    Full = KAIWA_ERR_FULL,
    TooLong = KAIWA_ERR_TOO_LONG,
    NotFound = KAIWA_ERR_NOT_FOUND,
    Cancelled = KAIWA_ERR_CANCELLED,
    Reentrant = KAIWA_ERR_REENTRANT,
    Auth = KAIWA_ERR_AUTH,
    Forbidden = KAIWA_ERR_FORBIDDEN,
    Banned = KAIWA_ERR_BANNED,
    RateLimited = KAIWA_ERR_RATE_LIMITED,
    Rejected = KAIWA_ERR_REJECTED,
    Conflict = KAIWA_ERR_CONFLICT,
    Protocol = KAIWA_ERR_PROTOCOL,
    TooLarge = KAIWA_ERR_TOO_LARGE,
    Version = KAIWA_ERR_VERSION,
    Resolve = KAIWA_ERR_RESOLVE,
    Refused = KAIWA_ERR_REFUSED,
    Unreachable = KAIWA_ERR_UNREACHABLE,
    Tls = KAIWA_ERR_TLS,
    Proxy = KAIWA_ERR_PROXY,
    TimedOut = KAIWA_ERR_TIMED_OUT,
    Lost = KAIWA_ERR_LOST,
    OutcomeUnknown = KAIWA_ERR_OUTCOME_UNKNOWN,
    Handshake = KAIWA_ERR_HANDSHAKE,
    Internal = KAIWA_ERR_INTERNAL,
    Storage = KAIWA_ERR_STORAGE,
    Config = KAIWA_ERR_CONFIG,
    Other = KAIWA_ERR_OTHER,
}

/// The name of a status, for example `KAIWA_ERR_AUTH`; `{NULL, 0}` for a number that is none. Static.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_status_name(status: i32) -> kaiwa_str {
    name(status).map_or(kaiwa_str::NONE, raw::fixed)
}

/// The last error on this thread: the status that the call gave, and a line of text with the reason. It stands until the next
/// call that fails on this thread; a call that succeeds leaves it as it is. Never NULL: before the first error it has
/// `KAIWA_OK` and an empty text.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_last_error() -> *const kaiwa_error {
    let shown = LAST.try_with(|last| {
        let Ok(mut last) = last.try_borrow_mut() else {
            return std::ptr::null();
        };
        last.get_or_insert_with(|| shown(kaiwa_status::KAIWA_OK, &info("")))
            .as_ptr()
    });
    // Only while the thread ends, after its own variables have gone.
    shown.unwrap_or(std::ptr::null())
}

thread_local! {
    static LAST: RefCell<Option<Shown<kaiwa_error>>> = const { RefCell::new(None) };
    /// Whether this thread runs a callback from which nothing may be called.
    static SEALED: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of an exported function: a panic becomes a status, an error the last error.
pub(crate) fn guard(run: impl FnOnce() -> Result<(), Error>) -> kaiwa_status {
    match catch_unwind(AssertUnwindSafe(|| unsealed().and_then(|()| run()))) {
        Ok(Ok(())) => kaiwa_status::KAIWA_OK,
        Ok(Err(error)) => {
            let status = kaiwa_status::of(error.kind());
            remember(status, &error.info());
            status
        }
        Err(panic) => {
            let text = format!("a bug in this library: {}", words(panic.as_ref()));
            // Dropping what was thrown may throw again; what that throws is not looked at.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
            remember(kaiwa_status::KAIWA_ERR_PANIC, &info(&text));
            kaiwa_status::KAIWA_ERR_PANIC
        }
    }
}

/// Like [`guard`] for a function that answers with a value: `or` where it cannot.
pub(crate) fn guard_or<T>(or: T, run: impl FnOnce() -> Result<T, Error>) -> T {
    let mut answer = or;
    guard(|| {
        answer = run()?;
        Ok(())
    });
    answer
}

/// Runs a callback from which nothing of the library may be called: it may hold locks, or one of its threads.
pub(crate) fn sealed(callback: impl FnOnce()) {
    let before = SEALED.replace(true);
    callback();
    SEALED.set(before);
}

pub(crate) fn unsealed() -> Result<(), Error> {
    if SEALED.try_with(Cell::get).unwrap_or(false) {
        return Err(Error::new(
            ErrorKind::Reentrant,
            "nothing may be called from a wakeup or log handler; pass it on to a thread of your own",
        ));
    }
    Ok(())
}

fn remember(status: kaiwa_status, info: &ErrorInfo) {
    let shown = shown(status, info);
    // While a thread ends its variables may be gone: then there is nobody left to read it.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Some(shown);
        }
    });
}

fn shown(status: kaiwa_status, info: &ErrorInfo) -> Shown<kaiwa_error> {
    Shown::new(|arena| kaiwa_error {
        status,
        ..view::error(arena, info)
    })
}

fn info(message: &str) -> ErrorInfo {
    ErrorInfo {
        kind: ErrorKind::Internal,
        message: message.to_owned(),
        retry_after_ms: None,
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(owned).unwrap_or("it gave no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_the_numbers_of_the_kinds() {
        let kinds: Vec<ErrorKind> = kaiwa_status::KINDS.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, ErrorKind::ALL);
        for (kind, status) in kaiwa_status::KINDS {
            assert_eq!(*status as i32, -i32::from(kind.number()), "{kind:?}");
            let letters = name(*status as i32).unwrap().replace(['_', '\0'], "");
            assert_eq!(
                letters,
                format!("KAIWAERR{}", kind.name().to_uppercase()),
                "{kind:?}"
            );
        }
        assert_eq!(name(-99), None);
        assert_eq!(name(i32::MIN), None);
    }

    #[test]
    fn a_panic_becomes_a_status() {
        let status = guard(|| panic!("{} went wrong", "it"));
        assert_eq!(status, kaiwa_status::KAIWA_ERR_PANIC);
        // SAFETY: never NULL, and valid until the next failure.
        let message = unsafe { &*kaiwa_last_error() }.message;
        // SAFETY: a string of the library's.
        let message = unsafe { raw::text::read(message, "message") };
        assert_eq!(message.unwrap(), "a bug in this library: it went wrong");
        assert_eq!(guard(|| Ok(())), kaiwa_status::KAIWA_OK);
    }

    #[test]
    fn nothing_may_be_called_from_a_sealed_callback() {
        sealed(|| assert_eq!(guard(|| Ok(())), kaiwa_status::KAIWA_ERR_REENTRANT));
        assert_eq!(guard(|| Ok(())), kaiwa_status::KAIWA_OK);
    }
}
