//! Clients: many accounts, the threads they run on, and the pump.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use kaiwa_core::client::ClientOptions;
use kaiwa_core::{Client as Core, Error, ErrorKind};
use tokio::runtime::{Builder, Handle as RuntimeHandle, Runtime};

use crate::callback::{kaiwa_destroy, kaiwa_event_handler, kaiwa_wakeup_handler};
use crate::descriptor::Descriptor;
use crate::pump::Pump;
use crate::raw::call::{Callback, Userdata};
use crate::raw::handle;
use crate::raw::{self, Handle, input};
use crate::status::{self, guard, kaiwa_status};
use crate::wakeup::{Call, Wakeup};

/// How long freeing a client waits for goodbyes, and then for threads that ask a name server: what a user takes for at once.
const FREE_LIMIT: Duration = Duration::from_secs(1);

/// More threads than this do not help: what costs time is the network.
const DEFAULT_THREADS: usize = 4;

/// More threads than this are a mistake.
const MAX_THREADS: u32 = 1024;

/// A client: many accounts and one stream of their events. Any number may exist at once.
#[derive(Debug)]
pub struct kaiwa_client {
    _opaque: [u8; 0],
}

/// How a client works. Set `size` to `sizeof(kaiwa_client_options)` and everything else to 0 for the defaults;
/// `kaiwa_client_options_init` does that.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_client_options {
    /// The size of this struct as the caller knows it.
    pub size: usize,
    /// How many threads the network runs on; 0: as many as the machine has processors, at most 4.
    pub threads: u32,
    /// Whether to keep no state: then the functions that read it give `KAIWA_ERR_NOT_FOUND`.
    pub no_state: bool,
    /// How many events may wait per account before reading from its network pauses; 0: 1,024.
    pub queue_events: usize,
    /// How many bytes of events may wait per account before reading from its network pauses; 0: 1 MiB.
    pub queue_bytes: usize,
}

impl Default for kaiwa_client_options {
    fn default() -> Self {
        Self {
            size: size_of::<Self>(),
            threads: 0,
            no_state: false,
            queue_events: 0,
            queue_bytes: 0,
        }
    }
}

/// What is behind a client's handle.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) core: Core,
    pub(crate) runtime: RuntimeHandle,
    pub(crate) pump: Arc<Pump>,
    /// `None` when it is freed.
    threads: Mutex<Option<Runtime>>,
    wakeup: Wakeup,
}

impl Handle for Client {
    type Opaque = kaiwa_client;
    const TAG: u64 = u64::from_le_bytes(*b"kwclient");
    const NAME: &'static str = "client";
}

/// Fills options with their defaults. `size` is `sizeof(kaiwa_client_options)`. NULL is left alone.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_options_init(
    options: *mut kaiwa_client_options,
    size: usize,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: the caller's struct has this size.
        unsafe { input::zero_sized(options, size, "options") }
    })
}

/// Makes a client and starts its threads, in which all signals are blocked. `options` may be NULL for the defaults. Free it
/// with `kaiwa_client_free`.
///
/// Any thread. `KAIWA_ERR_INVALID` for a size or number that makes no sense, `KAIWA_ERR_UNSUPPORTED` for an option of a newer
/// version, `KAIWA_ERR_STORAGE` if the system gives no thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_new(
    options: *const kaiwa_client_options,
    client_out: *mut *mut kaiwa_client,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a handle, or NULL.
        unsafe { input::clear(client_out, "client_out") }?;
        // SAFETY: options as large as they say, or NULL.
        let options = unsafe { input::sized(options, size_of::<usize>(), "options") }?;
        let client = handle::give(Client::new(&options)?);
        // SAFETY: as above.
        unsafe { input::put(client_out, client) };
        Ok(())
    })
}

/// Frees a client: says goodbye on all connections, for which it waits a second at most, and ends its threads. After it returns
/// no callback runs again. Accounts of the client stay valid until they are freed and give `KAIWA_ERR_STATE`; retained events
/// stay as they are. NULL is allowed.
///
/// From within the event handler of this client it is put off until the pump returns. While another thread pumps, it waits for
/// the handler to return. In a forked child it does nothing.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_free(client: *mut kaiwa_client) {
    guard(|| {
        // SAFETY: a handle that the caller does not use any more, or NULL.
        let Some(client) = (unsafe { handle::take::<Client>(client) })? else {
            return Ok(());
        };
        client.pump.close();
        if !client.pump.is_here() {
            client.close();
        }
        Ok(())
    });
}

/// Disconnects all accounts at once and waits until that is done, for `timeout_ms` at most (negative: without end). The events
/// of it can still be pumped; after the last the pump gives `KAIWA_ERR_STATE`. Nothing else can be done with the client but to
/// read and to free it.
///
/// Any thread. `KAIWA_ERR_TIMED_OUT` if it takes longer; it goes on then. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_shutdown(
    client: *mut kaiwa_client,
    timeout_ms: i64,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        client.shut_down(timeout(timeout_ms))
    })
}

/// Says who is called for events, from the next one on; a NULL `handler` is nobody. Within the handler it takes effect after the
/// current event. Events wait until there is a handler and the pump runs.
///
/// Any thread. `userdata` is passed to the handler; `destroy` (may be NULL) is called with it when it is no longer needed: when it
/// is replaced, when the client is freed, and also if this fails. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_set_event_handler(
    client: *mut kaiwa_client,
    userdata: *mut c_void,
    handler: kaiwa_event_handler,
    destroy: kaiwa_destroy,
) -> kaiwa_status {
    let userdata = Userdata::new(userdata, destroy);
    guard(move || {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        client.pump.set_handler(Callback::new(handler, userdata));
        Ok(())
    })
}

/// Runs the event handler for what has happened. Waits for the first event for `timeout_ms` at most (0: not at all, negative:
/// without end), then hands out what is there, at most `max_events` (0: all that waited when it began, so that a busy network
/// cannot hold the caller). `count_out` (may be NULL) gets the number of events, 0 after the time is over or an interrupt.
///
/// Pump thread: any thread, one at a time. `KAIWA_ERR_REENTRANT` from the handler, `KAIWA_ERR_STATE` while another thread pumps,
/// without a handler, after the last event of a client that is shut down, and when the client was freed meanwhile.
/// Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_pump(
    client: *mut kaiwa_client,
    timeout_ms: i64,
    max_events: usize,
    count_out: *mut usize,
) -> kaiwa_status {
    guard(|| {
        // Shared, since the handler may free it.
        // SAFETY: a client's handle.
        let client = unsafe { handle::share::<Client>(client) }?;
        let pumped = client.pump.run(timeout(timeout_ms), max_events);
        if client.pump.is_closing() && !client.pump.is_here() {
            client.close();
        }
        // SAFETY: a place for a number, or NULL.
        unsafe { input::put(count_out, pumped?) };
        Ok(())
    })
}

/// Ends a pump that waits, or the wait of the next one if none does.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_interrupt(client: *mut kaiwa_client) -> kaiwa_status {
    guard(|| {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        client.pump.signal.interrupt();
        Ok(())
    })
}

/// A descriptor that is readable exactly while events wait (or the end of them): pass it to `poll`, `select` or `epoll` and call
/// the pump when it is. It belongs to the client: do not read, write or close it. Interrupts do not make it readable.
///
/// Any thread. `KAIWA_ERR_UNSUPPORTED` on systems without such a thing. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_wakeup_fd(
    client: *mut kaiwa_client,
    fd_out: *mut i32,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        let descriptor = client.pump.signal.descriptor(Descriptor::new)?;
        // SAFETY: a place for a number, or NULL.
        unsafe { input::put(fd_out, descriptor) };
        Ok(())
    })
}

/// Says who is called when events begin to wait, and again after a pump that left some behind, at once if some wait already; a
/// NULL `handler` is nobody. It is called on a thread of the library's, may only poke a loop of the caller's, and must not call
/// the library.
///
/// Any thread, but not while holding a lock that the handler takes. `userdata` and `destroy` as in
/// `kaiwa_client_set_event_handler`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_set_wakeup_handler(
    client: *mut kaiwa_client,
    userdata: *mut c_void,
    handler: kaiwa_wakeup_handler,
    destroy: kaiwa_destroy,
) -> kaiwa_status {
    let userdata = Userdata::new(userdata, destroy);
    guard(move || {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        client.set_wakeup(Callback::new(handler, userdata));
        Ok(())
    })
}

/// Says that the machine's network has changed: accounts that wait for their next attempt try at once.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_client_network_changed(client: *mut kaiwa_client) -> kaiwa_status {
    guard(|| {
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        client.core.network_changed();
        Ok(())
    })
}

impl Client {
    fn new(options: &kaiwa_client_options) -> Result<Self, Error> {
        let runtime = threads(options.threads)?;
        let mut core = ClientOptions::default();
        core.keep_state = !options.no_state;
        if options.queue_events > 0 {
            core.queue.events = options.queue_events;
        }
        if options.queue_bytes > 0 {
            core.queue.bytes = options.queue_bytes;
        }
        let core = Core::with_options(core);
        Ok(Self {
            pump: Arc::new(Pump::new(core.subscribe())),
            core,
            runtime: runtime.handle().clone(),
            threads: Mutex::new(Some(runtime)),
            wakeup: Wakeup::default(),
        })
    }

    fn shut_down(&self, limit: Option<Duration>) -> Result<(), Error> {
        let (done, wait) = mpsc::channel();
        let core = self.core.clone();
        self.runtime.spawn(async move {
            core.shutdown().await;
            let _ = done.send(());
        });
        let waited = match limit {
            None => wait
                .recv()
                .map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            Some(limit) => wait.recv_timeout(limit),
        };
        match waited {
            Err(mpsc::RecvTimeoutError::Timeout) => Err(Error::new(
                ErrorKind::TimedOut,
                "connections are still being closed",
            )),
            // The threads are gone: it was freed.
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => Ok(()),
        }
    }

    fn set_wakeup(&self, callback: Option<Callback<unsafe extern "C" fn(*mut c_void)>>) {
        let call =
            callback.map(|callback| Box::new(move || status::sealed(|| callback.wakeup())) as Call);
        if let Some(task) = self.wakeup.set(&self.pump.signal, call) {
            self.runtime.spawn(task);
        }
    }

    /// Ends everything; nothing for the second time.
    fn close(&self) {
        // Who pumps in another thread returns first.
        self.pump.drain();
        self.set_wakeup(None);
        let Some(runtime) = lock(&self.threads).take() else {
            return;
        };
        // A goodbye that takes longer is not waited for.
        let _ = self.shut_down(Some(FREE_LIMIT));
        runtime.shutdown_timeout(FREE_LIMIT);
    }
}

/// The threads that the network runs on; signals are for the application's.
fn threads(count: u32) -> Result<Runtime, Error> {
    if count > MAX_THREADS {
        return Err(raw::invalid(format!(
            "{count} threads are asked for; {MAX_THREADS} are given"
        )));
    }
    let count = match usize::try_from(count) {
        Ok(count) if count > 0 => count,
        _ => std::thread::available_parallelism().map_or(1, |all| all.get().min(DEFAULT_THREADS)),
    };
    // Threads inherit what is blocked in the one that starts them.
    let _blocked = signals::Blocked::new();
    Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name("kaiwa")
        .on_thread_start(signals::block)
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Storage, "no thread is left").with_source(error))
}

fn timeout(ms: i64) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod signals {
    use nix::sys::signal::{SigSet, SigmaskHow};

    /// Blocks all signals in this thread. It can only fail for a wrong argument.
    pub(super) fn block() {
        let _ = SigSet::all().thread_block();
    }

    /// All signals are blocked in this thread until it is dropped.
    pub(super) struct Blocked(Option<SigSet>);

    impl Blocked {
        pub(super) fn new() -> Self {
            Self(SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok())
        }
    }

    impl Drop for Blocked {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                let _ = before.thread_set_mask();
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn block() {}

    pub(super) struct Blocked;

    impl Blocked {
        pub(super) fn new() -> Self {
            Self
        }
    }
}
