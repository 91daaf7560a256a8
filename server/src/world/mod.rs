//! The one world behind all front ends: who is where, and how what happens gets to everybody.
//!
//! The way of a message: a front end makes a [`Submission`] of it, the store's thread keeps it, [`World::deliver`] shows each
//! committed batch to each [`Receiver`] that is in its room, rendered once per [`Network`]. Everything else that changes the
//! store goes the same way as a piece of work ([`Job::work`]), so there is one order of all that happens. Questions that
//! change nothing are asked beside it ([`World::read`]).

pub(crate) mod clearing;
mod doors;
mod follow;
mod live;
mod network;
mod notice;
mod readers;
mod receiver;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use doors::{ban, lift};
pub(crate) use follow::{Followed, Seating, Since, subscribe, talk};
pub(crate) use live::{Seat, SeatId, SharedLive};
pub(crate) use network::{Echo, Network, NetworkId, Said, Submission};
pub(crate) use notice::{Notice, RoomView};
pub(crate) use readers::Readers;
pub(crate) use receiver::{Batch, CloseReason, Limits, Receiver, Taken};

use crate::store::writer::{Done, Job};
use crate::store::{Reader, Transaction};

/// Everything that is shared between connections.
#[derive(Debug)]
pub(crate) struct World {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
    live: SharedLive,
    limits: Limits,
    counters: Counting,
}

/// Why a job was not taken: the server has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl World {
    pub(crate) fn new(
        jobs: mpsc::Sender<Job>,
        readers: Readers,
        networks: Vec<(NetworkId, Arc<dyn Network>)>,
        limits: Limits,
    ) -> Self {
        Self {
            jobs,
            readers,
            live: SharedLive::new(networks),
            limits,
            counters: Counting::default(),
        }
    }

    /// A queue for a new connection.
    pub(crate) fn receiver(&self) -> Arc<Receiver> {
        Arc::new(Receiver::new(self.limits))
    }

    /// Who is connected.
    pub(crate) fn live(&self) -> &SharedLive {
        &self.live
    }

    /// How many are in.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.live.clients()
    }

    /// Hands a job to the store, or gives it back if that has to wait.
    pub(crate) fn try_submit(&self, job: Job) -> Option<Job> {
        match self.jobs.try_reserve() {
            Ok(place) => {
                place.send(job);
                None
            }
            Err(_) => Some(job),
        }
    }

    /// Hands a job to the store; waits while too many are waiting.
    pub(crate) async fn submit(&self, job: Job) -> Result<(), Stopped> {
        self.jobs.send(job).await.map_err(|_| Stopped)
    }

    /// Changes the store: when this returns, what `run` did is durable, and everybody who is concerned has been told.
    /// `run` refuses before it changes anything: what it did before an error is kept, except after `Storage`.
    ///
    /// # Errors
    /// That of `run`, `State` after the server has stopped, `Storage` when writing fails.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Job::work(run, move |_, outcome| {
            // Whoever asked may have gone.
            let _ = reply.send(outcome);
        });
        self.submit(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Asks the store; sees everything that was committed before.
    ///
    /// # Errors
    /// That of `ask`, `State` after the server has stopped.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.read(ask).await
    }

    /// Asks the store for a few rows by their keys; does not wait behind [`Self::read`].
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) async fn look_up<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.look_up(ask).await
    }

    /// What is to be done before anybody may come in. The server must deliver already.
    ///
    /// # Errors
    /// As [`Self::change`]; then the world has stopped.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        let now = Utc::now();
        let work = move |store: &mut dyn Transaction, notices: &mut Vec<Notice>| {
            store.clear_channels()?;
            notices.push(doors::closed(store, now)?);
            Ok(())
        };
        let opened = self.change(work).await;
        if opened.is_err() {
            self.stop_now();
        }
        opened
    }

    /// Delivers until the store's thread ends, then sends everybody away.
    pub(crate) async fn deliver(self: Arc<Self>, mut committed: mpsc::Receiver<Vec<Done>>) {
        while let Some(batch) = committed.recv().await {
            self.live.deliver(batch, &self.counters);
        }
        self.live.close();
        self.readers.close();
    }

    /// Tells the store's thread to finish what was taken; [`Self::deliver`] then ends too.
    pub(crate) async fn stop(&self) {
        // Gone already if it panicked; then there is nothing to stop.
        let _ = self.jobs.send(Job::Stop).await;
    }

    /// [`Self::stop`] from code that must not wait.
    pub(crate) fn stop_now(&self) {
        // If the queue is full, the thread ends when the last connection has let go of it.
        let _ = self.jobs.try_send(Job::Stop);
        self.live.close();
    }

    /// The counters, to be counted up.
    pub(crate) fn counting(&self) -> &Counting {
        &self.counters
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::State, "the server has stopped")
}

/// What happened since the start, for operators and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages taken from clients.
    pub taken: u64,
    /// Texts that were no message of their network, ignored.
    pub malformed: u64,
    /// Messages without a valid token where one is needed, ignored.
    pub unsigned: u64,
    /// Messages of somebody who may not speak there, not kept.
    pub refused: u64,
    /// Connections refused for a foreign `Origin`.
    pub foreign: u64,
    /// Clients disconnected because they took too little.
    pub slow: u64,
}

/// The same, while counting.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) taken: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) unsigned: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) foreign: AtomicU64,
    pub(crate) slow: AtomicU64,
}

impl Counting {
    /// Counts one.
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            taken: read(&self.taken),
            malformed: read(&self.malformed),
            unsigned: read(&self.unsigned),
            refused: read(&self.refused),
            foreign: read(&self.foreign),
            slow: read(&self.slow),
        }
    }
}

#[cfg(test)]
mod tests;
