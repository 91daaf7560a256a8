//! Keeping events, and their JSON.

use kaiwa_core::event::JsonReader;
use kaiwa_core::{ConnectionEvent, Error, ErrorKind};

use crate::pump::show;
use crate::raw::invalid;
use crate::raw::{Shown, input, shown, text};
use crate::status::{guard, kaiwa_status};
use crate::text::kaiwa_str;
use crate::view::{Origin, kaiwa_event};

/// Keeps an event beyond its handler, until `kaiwa_event_release`. It returns `event`, for convenience; NULL is allowed.
///
/// Any thread; the event may then be read on any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_event_retain(event: *const kaiwa_event) -> *const kaiwa_event {
    // SAFETY: an event that is valid now, or NULL.
    unsafe { shown::retain::<_, ConnectionEvent>(event) };
    event
}

/// Lets go of an event that was retained or made from JSON; once for each. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_event_release(event: *const kaiwa_event) {
    guard(|| {
        // SAFETY: the caller owns a count of it, or it is NULL.
        unsafe { shown::release::<_, ConnectionEvent>(event) };
        Ok(())
    });
}

/// The JSON of an event (`ConnectionEvent` in events.schema.json), made when it is asked for. Free it with
/// `kaiwa_json_free`. Secrets in it are not hidden.
///
/// Any thread. `KAIWA_ERR_INVALID` for NULL. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_event_json(
    event: *const kaiwa_event,
    json_out: *mut *mut kaiwa_json,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a pointer, or NULL.
        unsafe { input::clear(json_out, "json_out") }?;
        // SAFETY: an event that is valid now, or NULL.
        let event = unsafe { shown::behind::<_, ConnectionEvent>(event) };
        let event = event.ok_or_else(|| invalid("the event is NULL"))?;
        let json = serde_json::to_string(event.extra()).map_err(|error| {
            Error::new(ErrorKind::Internal, "the event has no JSON").with_source(error)
        })?;
        // SAFETY: a place for a pointer, see above.
        unsafe { input::put(json_out, give(&json)) };
        Ok(())
    })
}

/// An event from its JSON, as `kaiwa_event_json` gives it, with the account, number and request 0: for what was recorded, and for
/// tests of applications. Let go of it with `kaiwa_event_release`.
///
/// Any thread. `KAIWA_ERR_INVALID` for what is no event, `KAIWA_ERR_UNSUPPORTED` for one of a newer version. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_event_from_json(
    json: kaiwa_str,
    event_out: *mut *const kaiwa_event,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a pointer, or NULL.
        unsafe { input::clear(event_out.cast::<*mut kaiwa_event>(), "event_out") }?;
        // SAFETY: the caller's string.
        let event = unsafe { read(json) }?;
        let event = shown::give_counted(show(Origin::NOWHERE, event));
        // SAFETY: a place for a pointer, see above.
        unsafe { input::put(event_out, event) };
        Ok(())
    })
}

/// A text in JSON.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_json {
    /// The text.
    pub text: kaiwa_str,
}

/// Frees JSON. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_json_free(json: *mut kaiwa_json) {
    guard(|| {
        // SAFETY: made by `give`, or NULL.
        unsafe { shown::free(json) };
        Ok(())
    });
}

fn give(json: &str) -> *mut kaiwa_json {
    Shown::new(|arena| kaiwa_json {
        text: arena.text(json),
    })
    .give()
}

/// An event from JSON.
///
/// # Errors
/// `Invalid` for what is no event, `Unsupported` for one of a newer version, or with something of one in it.
///
/// # Safety
/// `json` has the length that it says.
pub(crate) unsafe fn read(json: kaiwa_str) -> Result<ConnectionEvent, Error> {
    // SAFETY: the caller's string.
    let json = unsafe { text::read(json, "json") }?;
    let mut reader = JsonReader::new();
    let event = reader.read(json)?;
    event.filter(|_| reader.skipped() == 0).ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            "the event has something that this version does not know; see events.schema.json",
        )
    })
}
