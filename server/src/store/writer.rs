//! The thread that owns the store: it collects what waits, commits it in one transaction, and only then passes it on, to the
//! log first.

use std::sync::Arc;
use std::thread;

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{mpsc, oneshot};

use super::{NewMessage, Position, RoomId, Store, StoredMessage};
use crate::log_dir::LogDir;
use crate::world::{CloseReason, Receiver};

/// Messages that may wait for the thread. Beyond that, senders are no longer read from: back-pressure instead of memory.
const WAITING_JOBS: usize = 1024;

/// Messages in one transaction, at most: keeps the wait for the first of them short.
const BATCH_MESSAGES: usize = 256;

/// Bytes of text in one transaction, at most, give or take one message: one batch must not fill a receiver's queue.
const BATCH_BYTES: usize = 256 * 1024;

/// Committed batches that may wait for their delivery.
const WAITING_BATCHES: usize = 16;

/// A message on its way into the store.
#[derive(Debug)]
pub(crate) struct Submission {
    /// What is kept.
    pub(crate) message: NewMessage,
    /// What its own network shows, made by the sender's task so that the thread need not.
    pub(crate) relayed: String,
    /// The line for the log file.
    pub(crate) log_line: Option<String>,
    /// The sender's own connection: closed if the message cannot be kept.
    pub(crate) sender: Arc<Receiver>,
}

/// A message that is durable.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) position: Position,
    pub(crate) submission: Submission,
}

/// What the thread is asked to do.
pub(crate) enum Job {
    Append(Submission),
    Recent {
        room: RoomId,
        limit: usize,
        reply: oneshot::Sender<Result<Vec<StoredMessage>, Error>>,
    },
    /// Finish what waits, close the store, end.
    Stop,
}

/// The two ends that the rest of the server holds.
pub(crate) struct Writer {
    pub(crate) jobs: mpsc::Sender<Job>,
    /// Batches in the order of their sequence; ends when the thread does, after everything committed.
    pub(crate) committed: mpsc::Receiver<Vec<Committed>>,
    /// Resolves when the store is closed.
    pub(crate) closed: oneshot::Receiver<()>,
}

/// Starts the thread.
///
/// # Errors
/// `Internal` if the system gives no thread.
pub(crate) fn start(store: Box<dyn Store>, log: Option<LogDir>) -> Result<Writer, Error> {
    let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
    let (done, committed) = mpsc::channel(WAITING_BATCHES);
    let (closing, closed) = oneshot::channel();
    let thread = Thread {
        store,
        log,
        jobs: waiting,
        done,
        batch: Vec::new(),
        bytes: 0,
    };
    thread::Builder::new()
        .name("kaiwa-store".to_owned())
        .spawn(move || {
            thread.run();
            // The receiver is gone if the server was dropped and nobody waits.
            let _ = closing.send(());
        })
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "starting the store's thread").with_source(error)
        })?;
    Ok(Writer {
        jobs,
        committed,
        closed,
    })
}

struct Thread {
    store: Box<dyn Store>,
    log: Option<LogDir>,
    jobs: mpsc::Receiver<Job>,
    done: mpsc::Sender<Vec<Committed>>,
    batch: Vec<Submission>,
    bytes: usize,
}

impl Thread {
    fn run(mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            self.take(job);
            while self.batch.len() < BATCH_MESSAGES && self.bytes < BATCH_BYTES {
                match self.jobs.try_recv() {
                    Ok(job) => self.take(job),
                    Err(_) => break,
                }
            }
            self.commit();
        }
        if let Err(error) = self.store.close() {
            tracing::error!(error = error.chain(), "closing the store");
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Append(submission) => {
                self.bytes += submission.relayed.len();
                self.batch.push(submission);
            }
            Job::Recent { room, limit, reply } => {
                // What was accepted before the question belongs to its answer.
                self.commit();
                // Nobody is left to ask if the receiver is gone.
                let _ = reply.send(self.store.recent(room, limit));
            }
            // What waits is still received, then `recv` gives None.
            Job::Stop => self.jobs.close(),
        }
    }

    /// One transaction; then to the log, then to the receivers.
    fn commit(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return;
        }
        let messages: Vec<&NewMessage> =
            batch.iter().map(|submission| &submission.message).collect();
        let positions = match self.store.append(&messages) {
            Ok(positions) => positions,
            Err(error) => {
                tracing::error!(
                    error = error.chain(),
                    messages = batch.len(),
                    "messages not kept, their senders are disconnected"
                );
                for submission in batch {
                    submission.sender.close(CloseReason::StoreFailed);
                }
                return;
            }
        };
        let committed: Vec<_> = positions
            .into_iter()
            .zip(batch)
            .map(|(position, submission)| Committed {
                position,
                submission,
            })
            .collect();
        // Before anybody sees them, so that a killed server's log has what was acknowledged.
        if let Some(log) = &mut self.log {
            log.write(self.store.as_mut(), &committed);
        }
        if self.done.blocking_send(committed).is_err() {
            // The runtime is gone, and every receiver with it; what waits is still kept.
            tracing::debug!("nobody left to deliver to");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use chrono::Utc;

    use super::*;
    use crate::store::LOBBY;
    use crate::world::Limits;

    /// Reports each transaction's size, waits for permission, and fails when told to.
    struct Gate {
        entered: std_mpsc::Sender<usize>,
        verdict: std_mpsc::Receiver<bool>,
    }

    impl Store for Gate {
        fn append(&mut self, messages: &[&NewMessage]) -> Result<Vec<Position>, Error> {
            self.entered.send(messages.len()).unwrap();
            if !self.verdict.recv().unwrap() {
                return Err(Error::new(ErrorKind::Storage, "told to fail"));
            }
            Ok(messages
                .iter()
                .map(|_| Position { id: 1, seq: 1 })
                .collect())
        }

        fn recent(&mut self, _: RoomId, _: usize) -> Result<Vec<StoredMessage>, Error> {
            Ok(Vec::new())
        }

        fn after(&mut self, _: RoomId, _: i64, _: usize) -> Result<Vec<StoredMessage>, Error> {
            Ok(Vec::new())
        }

        fn close(self: Box<Self>) -> Result<(), Error> {
            Ok(())
        }
    }

    fn submission(text: &str) -> (Submission, Arc<Receiver>) {
        let sender = Arc::new(Receiver::new(Limits {
            messages: 1,
            bytes: 1,
        }));
        let message = NewMessage {
            room: LOBBY,
            at: Utc::now(),
            sender: None,
            text: None,
            extra: None,
        };
        let relayed = text.to_owned();
        (
            Submission {
                message,
                relayed,
                log_line: None,
                sender: Arc::clone(&sender),
            },
            sender,
        )
    }

    fn gate() -> (Writer, std_mpsc::Receiver<usize>, std_mpsc::Sender<bool>) {
        let (entered, entered_rx) = std_mpsc::channel();
        let (verdict_tx, verdict) = std_mpsc::channel();
        let writer = start(Box::new(Gate { entered, verdict }), None).unwrap();
        (writer, entered_rx, verdict_tx)
    }

    #[test]
    fn what_waits_is_one_transaction() {
        let (mut writer, entered, verdict) = gate();
        let send = |text: &str| {
            let job = Job::Append(submission(text).0);
            writer.jobs.blocking_send(job).unwrap();
        };
        send("first");
        assert_eq!(entered.recv().unwrap(), 1);
        assert!(
            writer.committed.try_recv().is_err(),
            "nothing is delivered before it is durable"
        );
        for _ in 0..20 {
            send("meanwhile");
        }
        verdict.send(true).unwrap();
        assert_eq!(writer.committed.blocking_recv().unwrap().len(), 1);
        assert_eq!(entered.recv().unwrap(), 20);
        verdict.send(true).unwrap();
        assert_eq!(writer.committed.blocking_recv().unwrap().len(), 20);
    }

    #[test]
    fn a_large_text_ends_a_batch() {
        let (writer, entered, verdict) = gate();
        let send = |text: &str| {
            let job = Job::Append(submission(text).0);
            writer.jobs.blocking_send(job).unwrap();
        };
        send("first");
        let mut sizes = vec![entered.recv().unwrap()];
        send(&"x".repeat(BATCH_BYTES));
        send("last");
        for _ in 0..3 {
            verdict.send(true).unwrap();
        }
        sizes.extend([entered.recv().unwrap(), entered.recv().unwrap()]);
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn a_failure_closes_the_sender_and_goes_on() {
        let (mut writer, entered, verdict) = gate();
        let (lost, lost_sender) = submission("lost");
        writer.jobs.blocking_send(Job::Append(lost)).unwrap();
        entered.recv().unwrap(); // alone in its transaction
        verdict.send(false).unwrap();
        let (kept, kept_sender) = submission("kept");
        writer.jobs.blocking_send(Job::Append(kept)).unwrap();
        verdict.send(true).unwrap();
        let batch = writer.committed.blocking_recv().unwrap();
        assert_eq!(batch[0].submission.relayed, "kept");
        assert_eq!(lost_sender.closing(), Some(CloseReason::StoreFailed));
        assert_eq!(kept_sender.closing(), None);
    }

    #[test]
    fn stop_keeps_what_waits() {
        let (mut writer, entered, verdict) = gate();
        writer
            .jobs
            .blocking_send(Job::Append(submission("first").0))
            .unwrap();
        entered.recv().unwrap();
        writer
            .jobs
            .blocking_send(Job::Append(submission("second").0))
            .unwrap();
        writer.jobs.blocking_send(Job::Stop).unwrap();
        verdict.send(true).unwrap();
        verdict.send(true).unwrap();
        let mut kept = 0;
        while let Some(batch) = writer.committed.blocking_recv() {
            kept += batch.len();
        }
        assert_eq!(kept, 2);
        writer.closed.blocking_recv().unwrap();
    }
}
