//! Questions to the store, beside the thread that writes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::Semaphore;

use super::stopped;
use crate::store::{Reader, Store};

/// Questions answered at once. Each has a connection with a page cache of its own; a third core would have little to do.
const READERS: usize = 2;

/// Small questions answered at once, besides: whoever asks for much must not keep others from showing who they are.
const QUICK_READERS: usize = 1;

/// Readers that wait for questions.
#[derive(Debug)]
pub(crate) struct Readers {
    any: Pool,
    quick: Pool,
}

impl Readers {
    /// Opens the readers of a store.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn open(store: &dyn Store) -> Result<Self, Error> {
        Ok(Self {
            any: Pool::open(store, READERS)?,
            quick: Pool::open(store, QUICK_READERS)?,
        })
    }

    /// Asks when a reader is free.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.any.read(ask).await
    }

    /// Asks for a few rows by their keys.
    pub(super) async fn look_up<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.quick.read(ask).await
    }

    /// Closes all readers; what is asked now is finished, nothing is asked any more.
    pub(super) fn close(&self) {
        self.any.close();
        self.quick.close();
    }
}

struct Pool {
    idle: Arc<Mutex<Vec<Box<dyn Reader>>>>,
    /// One permit per reader in `idle`.
    permits: Arc<Semaphore>,
}

impl Pool {
    fn open(store: &dyn Store, size: usize) -> Result<Self, Error> {
        let idle: Result<Vec<_>, Error> = (0..size).map(|_| store.reader()).collect();
        Ok(Self {
            idle: Arc::new(Mutex::new(idle?)),
            permits: Arc::new(Semaphore::new(size)),
        })
    }

    /// A reader whose question panics is not used again.
    async fn read<T: Send + 'static>(
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
            // One that comes back after the end is closed here.
            if !permit.semaphore().is_closed() {
                idle.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(reader);
            }
            drop(permit);
            answer
        });
        asking.await.map_err(|error| {
            Error::new(ErrorKind::Internal, "asking the store").with_source(error)
        })?
    }

    fn close(&self) {
        self.permits.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
