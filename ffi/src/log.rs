//! The library's log, handed to the application.

use std::ffi::c_void;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use kaiwa_core::{Error, ErrorKind};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::callback::{kaiwa_destroy, kaiwa_log_handler};
use crate::raw::call::{Callback, Userdata};
use crate::raw::{Arena, invalid};
use crate::status::{self, guard, kaiwa_status};
use crate::text::kaiwa_str;

/// How important a line of the log is.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_log_level {
    /// Nothing.
    KAIWA_LOG_OFF = 0,
    /// Something is wrong.
    KAIWA_LOG_ERROR = 1,
    /// Something may be wrong.
    KAIWA_LOG_WARN = 2,
    /// What an operator may want to know.
    KAIWA_LOG_INFO = 3,
    /// What a programmer may want to know.
    KAIWA_LOG_DEBUG = 4,
    /// Everything.
    KAIWA_LOG_TRACE = 5,
}

/// Says who is called for lines of the log up to `max_level` (a `kaiwa_log_level`); a NULL `handler` is nobody. There is one for
/// the whole process. Passwords and tokens are never in it; the text of messages may be, at trace.
///
/// Any thread, but not while holding a lock that the handler takes. The handler is called on any thread, also within calls of the
/// caller's. `userdata` and `destroy` as in `kaiwa_client_set_event_handler`. `KAIWA_ERR_INVALID` for an unknown level,
/// `KAIWA_ERR_STATE` in a Rust program that has a log of its own. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_set_log_handler(
    max_level: i32,
    userdata: *mut c_void,
    handler: kaiwa_log_handler,
    destroy: kaiwa_destroy,
) -> kaiwa_status {
    let userdata = Userdata::new(userdata, destroy);
    guard(move || {
        if !(0..=5).contains(&max_level) {
            return Err(invalid(format!("no level has the number {max_level}")));
        }
        install()?;
        let callback = Callback::new(handler, userdata);
        let level = if callback.is_some() { max_level } else { 0 };
        LEVEL.store(level, Ordering::Relaxed);
        // Waits for lines that are being handed out.
        let mut current = HANDLER.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, callback);
        drop(current);
        drop(old);
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    })
}

type LogCallback = Callback<unsafe extern "C" fn(*mut c_void, i32, kaiwa_str, kaiwa_str)>;

static HANDLER: RwLock<Option<LogCallback>> = RwLock::new(None);
static LEVEL: AtomicI32 = AtomicI32::new(0);

/// Puts the log in place, once for the process.
fn install() -> Result<(), Error> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if *INSTALLED.get_or_init(|| tracing::subscriber::set_global_default(Log).is_ok()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::State,
        "this program has a log of its own; kaiwa writes there",
    ))
}

/// Hands lines to the handler. Spans are not told.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        level(metadata) <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            5 => LevelFilter::TRACE,
            _ => LevelFilter::OFF,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut arena = Arena::default();
        let target = arena.text(event.metadata().target());
        let message = arena.text(&line.0);
        // What the handler calls may speak too; it is not told of that, or it would never end.
        if status::unsealed().is_err() {
            return;
        }
        let handler = HANDLER.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handler) = &*handler {
            status::sealed(|| handler.log(level(event.metadata()), target, message));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn level(metadata: &Metadata<'_>) -> i32 {
    match *metadata.level() {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// The message, then `name=value` for each field.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let gap = if self.0.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => {
                let rest = std::mem::take(&mut self.0);
                let gap = if rest.is_empty() { "" } else { " " };
                write!(self.0, "{value:?}{gap}{rest}")
            }
            name => write!(self.0, "{gap}{name}={value:?}"),
        };
    }
}
