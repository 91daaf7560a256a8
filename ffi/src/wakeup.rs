//! The wakeup handler: a task that calls it when events wait, without a lock of the library's.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::raw::call::Callback;
use crate::signal::Signal;
use crate::status;

type WakeupCallback = Callback<unsafe extern "C" fn(*mut c_void)>;

/// A handler that is called until this is dropped.
#[derive(Debug)]
pub(crate) struct Wakeup {
    /// Locked while the handler runs.
    callback: Arc<Mutex<Option<WakeupCallback>>>,
    task: JoinHandle<()>,
}

impl Wakeup {
    pub(crate) fn new(signal: &Signal, callback: WakeupCallback, runtime: &Handle) -> Self {
        let callback = Arc::new(Mutex::new(Some(callback)));
        let shared = Arc::clone(&callback);
        let poked = signal.poked();
        let task = runtime.spawn(async move {
            loop {
                poked.notified().await;
                let callback = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match &*callback {
                    Some(callback) => status::sealed(|| callback.wakeup()),
                    None => return,
                }
            }
        });
        Self { callback, task }
    }
}

impl Drop for Wakeup {
    fn drop(&mut self) {
        self.task.abort();
        // Waits for a call that runs: `destroy` comes after the last use.
        let callback = self
            .callback
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(callback);
    }
}
