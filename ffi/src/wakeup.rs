//! The wakeup handler: a task that calls it when events wait, without a lock of the library's.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};

use crate::signal::{Listener, Signal};
use crate::sync::Mutex;

/// Calls the handler.
pub(crate) type Call = Box<dyn Fn() + Send>;

/// Waits for events and calls the handler, until that is replaced.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client's wakeup handler, if it has one.
#[derive(Debug, Default)]
pub(crate) struct Wakeup {
    current: Mutex<Option<Registration>>,
}

/// A handler that is called until this is dropped.
#[derive(Debug)]
struct Registration {
    signal: Arc<Signal>,
    /// Its number as a listener.
    listener: u64,
    handler: Arc<Handler>,
}

/// Locked while it runs.
struct Handler(Mutex<Option<Call>>);

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}

impl Wakeup {
    /// Replaces the handler, and says which task calls the new one. It is called at once if events wait.
    pub(crate) fn set(&self, signal: &Arc<Signal>, call: Option<Call>) -> Option<Task> {
        // Locked for both: else of two at the same time one might listen and the other be kept.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut task = None;
        let new = call.map(|call| {
            let listener = signal.listen();
            let new = Registration {
                signal: Arc::clone(signal),
                listener: listener.number(),
                handler: Arc::new(Handler(Mutex::new(Some(call)))),
            };
            task = Some(Box::pin(serve(listener, Arc::clone(&new.handler))) as Task);
            new
        });
        let old = std::mem::replace(&mut *current, new);
        drop(current);
        drop(old);
        task
    }
}

async fn serve(mut listener: Listener, handler: Arc<Handler>) {
    while poll_fn(|cx| listener.poll(cx)).await {
        let call = handler.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*call {
            Some(call) => call(),
            None => return,
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.signal.unlisten(self.listener);
        // Waits for a call that runs: `destroy` comes after the last use.
        let mut handler = self
            .handler
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let call = handler.take();
        drop(handler);
        drop(call);
    }
}
