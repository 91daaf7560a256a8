//! Questions to the store, beside the thread that writes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::Semaphore;

use super::stopped;
use crate::store::{Reader, Store};

/// Questions answered at once. Each has a connection with a page cache of its own; a third core would have little to do.
const READERS: usize = 2;

/// Readers that wait for questions.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Box<dyn Reader>>>>,
    /// One permit per reader in `idle`.
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Opens the readers of a store.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn open(store: &dyn Store) -> Result<Self, Error> {
        let idle: Result<Vec<_>, Error> = (0..READERS).map(|_| store.reader()).collect();
        Ok(Self {
            idle: Arc::new(Mutex::new(idle?)),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Asks when a reader is free. One whose question panics is not used again.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
            return Err(stopped());
        };
        let idle = Arc::clone(&self.idle);
        // The permit goes along: the question goes on although nobody waits for its answer any more.
        let asking = tokio::task::spawn_blocking(move || {
            let reader = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut reader) = reader else {
                permit.forget();
                return Err(stopped());
            };
            let answer = ask(reader.as_mut());
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(reader);
            drop(permit);
            answer
        });
        asking.await.map_err(|error| {
            Error::new(ErrorKind::Internal, "asking the store").with_source(error)
        })?
    }

    /// Closes all readers; what is asked now is finished, nothing is asked any more.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}
