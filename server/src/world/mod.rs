//! The one world behind all front ends: who is where, and how what is said gets to everybody.
//!
//! The way of a message: a front end makes a [`Submission`] of it and hands it to [`World::publish`]; the store's thread keeps
//! it; [`World::deliver`] renders each committed batch once per view and gives it to each [`Receiver`] of that view.

mod receiver;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use receiver::{CloseReason, Limits, Receiver, Taken};
pub(crate) use view::{Batch, Seat, View};

use crate::store::writer::{Committed, Job, Submission};
use crate::store::{RoomId, StoredMessage};

/// Everything that is shared between connections.
#[derive(Debug)]
pub(crate) struct World {
    jobs: mpsc::Sender<Job>,
    /// The lobby as wschat shows it. Further networks and rooms bring further views.
    lobby: Arc<View>,
    counters: Counting,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl World {
    pub(crate) fn new(jobs: mpsc::Sender<Job>, lobby: View) -> Self {
        Self {
            jobs,
            lobby: Arc::new(lobby),
            counters: Counting::default(),
        }
    }

    /// The lobby.
    pub(crate) fn lobby(&self) -> &Arc<View> {
        &self.lobby
    }

    /// How many clients are in.
    pub(crate) fn clients(&self) -> watch::Receiver<usize> {
        self.lobby.clients()
    }

    /// Hands a message to the store, or gives it back if that has to wait.
    pub(crate) fn try_publish(&self, submission: Submission) -> Option<Submission> {
        match self.jobs.try_reserve() {
            Ok(place) => {
                place.send(Job::Append(submission));
                None
            }
            Err(_) => Some(submission),
        }
    }

    /// Hands a message to the store; waits while too many are waiting.
    pub(crate) async fn publish(&self, submission: Submission) -> Result<(), Stopped> {
        self.jobs
            .send(Job::Append(submission))
            .await
            .map_err(|_| Stopped)
    }

    /// The last messages of a room, everything included that was taken before.
    ///
    /// # Errors
    /// `State` after the server has stopped, `Storage` when reading fails.
    pub(crate) async fn recent(
        &self,
        room: RoomId,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Error> {
        let stopped = || Error::new(ErrorKind::State, "the server has stopped");
        let (reply, answer) = oneshot::channel();
        self.jobs
            .send(Job::Recent { room, limit, reply })
            .await
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Delivers until the store's thread ends, then sends everybody away.
    pub(crate) async fn deliver(self: Arc<Self>, mut committed: mpsc::Receiver<Vec<Committed>>) {
        while let Some(batch) = committed.recv().await {
            self.lobby.deliver(&batch);
        }
        self.lobby.close();
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
        self.lobby.close();
    }

    /// The counters, to be counted up.
    pub(crate) fn counting(&self) -> &Counting {
        &self.counters
    }
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
            foreign: read(&self.foreign),
            slow: read(&self.slow),
        }
    }
}
