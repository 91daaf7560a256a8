//! The thread that owns the store: it collects what waits, does it in one transaction, and only then passes it on, to the log
//! first.

mod job;

use std::thread;

use kaiwa_core::{Error, ErrorKind};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::job::{Job, Work};
use super::{Posted, Reader, Sender, Store, Transaction};
use crate::front::Guests;
use crate::log_dir::LogDir;
use crate::world::{Said, Submission};

/// Jobs that may wait for the thread. Beyond that, senders are no longer read from: back-pressure instead of memory.
const WAITING_JOBS: usize = 1024;

/// Jobs in one transaction, at most: keeps the wait for the first of them short.
const BATCH_JOBS: usize = 256;

/// Bytes of messages in one transaction, at most, give or take one message: one batch must not fill a receiver's queue.
const BATCH_BYTES: usize = 256 * 1024;

/// What a piece of work counts for in [`BATCH_BYTES`]: 32 of them end a batch, since each may ask and write a lot.
const WORK_BYTES: usize = BATCH_BYTES / 32;

/// Batches that may wait for their delivery.
const WAITING_BATCHES: usize = 16;

/// What came of a job.
pub(crate) enum Done {
    /// A message is durable.
    Said(Said),
    /// A message may not be said there.
    Refused(Box<Submission>, Error),
    /// A message could not be kept.
    Failed(Box<Submission>),
    /// Some other change is durable, refused or failed.
    Work(Box<dyn Work>),
}

/// The two ends that the rest of the server holds.
pub(crate) struct Writer {
    pub(crate) jobs: mpsc::Sender<Job>,
    /// What was done, in order; ends when the thread does, after everything.
    pub(crate) done: mpsc::Receiver<Vec<Done>>,
    /// Resolves when the store is closed.
    pub(crate) closed: oneshot::Receiver<()>,
}

/// The log, and the reader that it makes up for missing lines with.
pub(crate) type Log = (LogDir, Box<dyn Reader>);

/// Starts the thread.
///
/// # Errors
/// `Internal` if the system gives no thread.
pub(crate) fn start(store: Box<dyn Store>, log: Option<Log>) -> Result<Writer, Error> {
    let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
    let (sender, done) = mpsc::channel(WAITING_BATCHES);
    let (closing, closed) = oneshot::channel();
    let thread = Thread {
        store,
        log,
        jobs: waiting,
        done: sender,
        guests: Guests::default(),
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
    Ok(Writer { jobs, done, closed })
}

struct Thread {
    store: Box<dyn Store>,
    log: Option<Log>,
    jobs: mpsc::Receiver<Job>,
    done: mpsc::Sender<Vec<Done>>,
    guests: Guests,
}

impl Thread {
    fn run(mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            let mut batch = Vec::new();
            let mut bytes = 0;
            self.take(job, &mut batch, &mut bytes);
            while batch.len() < BATCH_JOBS && bytes < BATCH_BYTES {
                match self.jobs.try_recv() {
                    Ok(job) => self.take(job, &mut batch, &mut bytes),
                    Err(_) => break,
                }
            }
            self.commit(batch);
        }
        // Its reader must be closed before the store is.
        self.log = None;
        if let Err(error) = self.store.close() {
            tracing::error!(error = error.chain(), "closing the store");
        }
    }

    fn take(&mut self, job: Job, batch: &mut Vec<Job>, bytes: &mut usize) {
        match &job {
            Job::Post(submission) => {
                *bytes += submission.size();
                batch.push(job);
            }
            Job::Work(_) => {
                *bytes += WORK_BYTES;
                batch.push(job);
            }
            // What waits is still received, then `recv` gives None.
            Job::Stop => self.jobs.close(),
        }
    }

    /// One transaction; then to the log, then to the receivers.
    fn commit(&mut self, batch: Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        let done = carry_out(self.store.as_mut(), &mut self.guests, batch);
        // Before anybody sees them, so that a killed server's log has what was acknowledged.
        if let Some((log, reader)) = &mut self.log {
            log.write(reader.as_mut(), &done);
        }
        if self.done.blocking_send(done).is_err() {
            // The runtime is gone, and every receiver with it; what waits is still kept.
            tracing::debug!("nobody left to deliver to");
        }
    }
}

/// Does jobs in one transaction; tells what came of each, in order.
pub(crate) fn carry_out(
    store: &mut dyn Store,
    guests: &mut Guests,
    mut batch: Vec<Job>,
) -> Vec<Done> {
    let mut posted = Vec::with_capacity(batch.len());
    let outcome =
        store.transaction(&mut |transaction| do_all(&mut batch, transaction, guests, &mut posted));
    match outcome {
        Ok(()) => settle(batch, posted),
        Err(error) => {
            tracing::error!(
                error = error.chain(),
                jobs = batch.len(),
                "nothing of this batch is kept, the senders of its messages are disconnected"
            );
            // Each takes back what it found.
            let mut failed: Vec<Done> = batch.into_iter().rev().filter_map(fail).collect();
            failed.reverse();
            failed
        }
    }
}

/// One outcome per message of the batch, in order.
fn do_all(
    batch: &mut [Job],
    transaction: &mut dyn Transaction,
    guests: &mut Guests,
    posted: &mut Vec<Result<Posted, Error>>,
) -> Result<(), Error> {
    posted.clear();
    for job in batch {
        match job {
            Job::Post(submission) => {
                match transaction.post(&submission.message, submission.repeat) {
                    Err(error) if error.kind() == ErrorKind::Storage => return Err(error),
                    Err(error) => posted.push(Err(explained(submission, transaction, error))),
                    outcome => posted.push(outcome),
                }
                if let Sender::Guest(Some(said)) = &submission.message.sender {
                    submission.sender_name = Some(guests.name(transaction, said)?);
                }
            }
            Job::Work(work) => {
                guests.forget();
                work.run(transaction)?;
            }
            Job::Stop => {}
        }
    }
    Ok(())
}

/// Why a message is refused.
fn explained(
    submission: &mut Submission,
    transaction: &mut dyn Transaction,
    error: Error,
) -> Error {
    match submission.explain.take() {
        Some(explain) => explain(transaction, &submission.message, error),
        None => error,
    }
}

fn settle(batch: Vec<Job>, posted: Vec<Result<Posted, Error>>) -> Vec<Done> {
    let mut posted = posted.into_iter();
    let done = |job| match job {
        Job::Post(submission) => match posted.next() {
            Some(Ok(posted)) => Some(Done::Said(Said { posted, submission })),
            Some(Err(error)) => Some(Done::Refused(submission, error)),
            None => Some(Done::Failed(submission)),
        },
        Job::Work(work) => Some(Done::Work(work)),
        Job::Stop => None,
    };
    batch.into_iter().filter_map(done).collect()
}

fn fail(job: Job) -> Option<Done> {
    match job {
        Job::Post(submission) => Some(Done::Failed(submission)),
        Job::Work(mut work) => {
            let text = "it could not be kept; try again later";
            work.fail(Error::new(ErrorKind::Storage, text));
            Some(Done::Work(work))
        }
        Job::Stop => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc as std_mpsc;

    use chrono::Utc;

    use super::*;
    use crate::store::{LOBBY, MessageKind, NewMessage, Repeat, RoomId, Sender, SqliteStore};
    use crate::world::{Limits, Receiver};

    /// Tells of each transaction, waits for permission, and fails when told to.
    struct Gate {
        store: Box<dyn Store>,
        entered: std_mpsc::Sender<()>,
        verdict: std_mpsc::Receiver<bool>,
    }

    impl Store for Gate {
        fn transaction(
            &mut self,
            work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
        ) -> Result<(), Error> {
            self.entered.send(()).unwrap();
            if !self.verdict.recv().unwrap() {
                return Err(Error::new(ErrorKind::Storage, "told to fail"));
            }
            self.store.transaction(work)
        }

        fn reader(&self) -> Result<Box<dyn Reader>, Error> {
            self.store.reader()
        }

        fn close(self: Box<Self>) -> Result<(), Error> {
            self.store.close()
        }
    }

    struct Rig {
        writer: Writer,
        entered: std_mpsc::Receiver<()>,
        verdict: std_mpsc::Sender<bool>,
    }

    fn rig() -> Rig {
        let (entered_tx, entered) = std_mpsc::channel();
        let (verdict, verdict_rx) = std_mpsc::channel();
        let gate = Gate {
            store: Box::new(SqliteStore::in_memory().unwrap()),
            entered: entered_tx,
            verdict: verdict_rx,
        };
        let writer = start(Box::new(gate), None).unwrap();
        Rig {
            writer,
            entered,
            verdict,
        }
    }

    impl Rig {
        fn send(&self, job: Job) {
            self.writer.jobs.blocking_send(job).unwrap();
        }

        fn next(&mut self) -> Vec<Done> {
            self.writer.done.blocking_recv().unwrap()
        }
    }

    fn message(text: &str, room: RoomId) -> Job {
        let origin = Arc::new(Receiver::new(Limits {
            messages: 1,
            bytes: 1,
        }));
        let message = NewMessage {
            room,
            at: Utc::now(),
            sender: Sender::Guest(Some("ann".to_owned())),
            kind: MessageKind::Text,
            text: Some(text.to_owned()),
            client_id: None,
            reply: None,
            files: Vec::new(),
            extra: None,
        };
        let submission = Submission {
            message,
            repeat: Repeat::Another,
            sender_name: None,
            files: Vec::new(),
            prepared: None,
            log_line: None,
            origin,
            answer: None,
            explain: None,
        };
        Job::Post(Box::new(submission))
    }

    fn said(text: &str) -> Job {
        message(text, LOBBY)
    }

    #[test]
    fn what_waits_is_one_transaction() {
        let mut rig = rig();
        rig.send(said("first"));
        rig.entered.recv().unwrap();
        assert!(
            rig.writer.done.try_recv().is_err(),
            "nothing is shown before it is durable"
        );
        for _ in 0..20 {
            rig.send(said("meanwhile"));
        }
        rig.verdict.send(true).unwrap();
        assert_eq!(rig.next().len(), 1);
        rig.entered.recv().unwrap();
        rig.verdict.send(true).unwrap();
        assert_eq!(rig.next().len(), 20);
    }

    #[test]
    fn a_large_text_ends_a_batch() {
        let mut rig = rig();
        rig.send(said("first"));
        rig.entered.recv().unwrap();
        rig.send(said(&"x".repeat(BATCH_BYTES)));
        rig.send(said("last"));
        for _ in 0..3 {
            rig.verdict.send(true).unwrap();
        }
        assert_eq!([(); 3].map(|()| rig.next().len()), [1, 1, 1]);
    }

    #[test]
    fn what_is_refused_does_not_stop_the_others() {
        let mut rig = rig();
        rig.send(said("first"));
        rig.entered.recv().unwrap();
        rig.send(message("nowhere", RoomId(404)));
        let work = Job::work::<()>(
            |_, _| Err(Error::new(ErrorKind::Forbidden, "no")),
            |_, outcome| assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Forbidden),
        );
        rig.send(work);
        rig.send(said("last"));
        for _ in 0..2 {
            rig.verdict.send(true).unwrap();
        }
        rig.next();
        let done = rig.next();
        assert!(matches!(&done[0], Done::Refused(_, error) if error.kind() == ErrorKind::NotFound));
        assert!(matches!(&done[1], Done::Work(_)));
        assert!(matches!(&done[2], Done::Said(said) if said.posted.position.seq == 2));
    }

    #[test]
    fn a_failure_is_told_and_the_thread_goes_on() {
        let mut rig = rig();
        rig.send(message("lost", LOBBY));
        rig.entered.recv().unwrap(); // alone in its transaction
        rig.verdict.send(false).unwrap();
        assert!(matches!(rig.next().as_slice(), [Done::Failed(_)]));
        rig.send(said("kept"));
        rig.verdict.send(true).unwrap();
        assert!(
            matches!(rig.next().as_slice(), [Done::Said(said)] if said.posted.position.seq == 1)
        );
    }

    #[test]
    fn stop_does_what_waits() {
        let mut rig = rig();
        rig.send(said("first"));
        rig.entered.recv().unwrap();
        rig.send(said("second"));
        rig.send(Job::Stop);
        rig.verdict.send(true).unwrap();
        rig.verdict.send(true).unwrap();
        let mut kept = 0;
        while let Some(batch) = rig.writer.done.blocking_recv() {
            kept += batch.len();
        }
        assert_eq!(kept, 2);
        rig.writer.closed.blocking_recv().unwrap();
    }
}
