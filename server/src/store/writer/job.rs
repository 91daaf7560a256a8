//! What the store's thread is asked to do: to keep a message, or to change something else and tell of it.

use std::fmt;
use std::sync::Arc;

use kaiwa_core::{Error, ErrorKind};

use crate::store::Transaction;
use crate::world::{Notice, Receiver, Said, SharedLive, Submission};

/// What the thread is asked to do.
pub(crate) enum Job {
    /// Keep a message.
    Post(Box<Submission>),
    /// Change something else.
    Work(Box<dyn Work>),
    /// Finish what waits, close the store, end.
    Stop,
}

impl Job {
    /// Does `run` in the thread's transaction. When all that was done before has been shown, `first` is called with what came of
    /// it: there `origin` gets its answer, and its seat is changed. Then everybody is told the notices but `origin`, who knows;
    /// only of changed messages and reactions it is told too, if it hears the room. Of what fails or is refused no notices are
    /// told.
    pub(crate) fn request<T: Send + 'static>(
        origin: Arc<Receiver>,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
        first: impl FnOnce(&SharedLive, Result<T, Error>) + Send + 'static,
    ) -> Self {
        Self::Work(Box::new(Task {
            run: Some(run),
            then: Some(first),
            origin: Some(origin),
            outcome: None,
            notices: Vec::new(),
            undo: None,
        }))
    }

    /// Does `run` in the thread's transaction; `then`, with what came of it, after all that was done before has been shown and
    /// after everybody was told the notices. Of what fails or is refused no notices are told.
    pub(crate) fn work<T: Send + 'static>(
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(&SharedLive, Result<T, Error>) + Send + 'static,
    ) -> Self {
        Self::Work(Box::new(Task {
            run: Some(run),
            then: Some(then),
            origin: None,
            outcome: None,
            notices: Vec::new(),
            undo: None,
        }))
    }

    /// The same for who changes something besides the store: if nothing of it is kept, or `run` fails, `undo` takes that back on
    /// the store's thread, before anything else is done there. What was done last is taken back first.
    pub(crate) fn undoable<T: Send + 'static>(
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(&SharedLive, Result<T, Error>) + Send + 'static,
        undo: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self::Work(Box::new(Task {
            run: Some(run),
            then: Some(then),
            origin: None,
            outcome: None,
            notices: Vec::new(),
            undo: Some(Box::new(undo)),
        }))
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Post(_) => "Post",
            Self::Work(_) => "Work",
            Self::Stop => "Stop",
        })
    }
}

/// A change of the store other than a message.
pub(crate) trait Work: Send {
    /// Does it.
    ///
    /// # Errors
    /// `Storage` only: then nothing in this transaction is kept. A refusal is an outcome.
    fn run(&mut self, transaction: &mut dyn Transaction) -> Result<(), Error>;

    /// Takes back what was done, since it could not be kept.
    fn fail(&mut self, error: Error);

    /// Answers whoever asked, if they are to hear it before the notices are told.
    fn begin(&mut self, live: &SharedLive);

    /// Who that is; the notices are not for them.
    fn origin(&self) -> Option<&Arc<Receiver>>;

    /// What was said as a part of it.
    fn said(&self) -> Vec<&Said>;

    /// What to tell; empty afterwards.
    fn notices(&mut self) -> Vec<Notice>;

    /// Tells whoever asked.
    fn finish(self: Box<Self>, live: &SharedLive);
}

struct Task<T, R, F> {
    run: Option<R>,
    then: Option<F>,
    /// Set if `then` comes before the notices.
    origin: Option<Arc<Receiver>>,
    outcome: Option<Result<T, Error>>,
    notices: Vec<Notice>,
    undo: Option<Box<dyn FnOnce() + Send>>,
}

impl<T, R, F> Work for Task<T, R, F>
where
    T: Send,
    R: FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send,
    F: FnOnce(&SharedLive, Result<T, Error>) + Send,
{
    fn run(&mut self, transaction: &mut dyn Transaction) -> Result<(), Error> {
        let Some(run) = self.run.take() else {
            return Ok(());
        };
        match run(transaction, &mut self.notices) {
            Err(error) if error.kind() == ErrorKind::Storage => Err(error),
            outcome => {
                if outcome.is_err() {
                    self.notices.clear();
                    self.take_back();
                }
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.take_back();
        self.notices.clear();
        self.outcome = Some(Err(error));
    }

    fn begin(&mut self, live: &SharedLive) {
        if self.origin.is_some() {
            self.tell(live);
        }
    }

    fn origin(&self) -> Option<&Arc<Receiver>> {
        self.origin.as_ref()
    }

    fn said(&self) -> Vec<&Said> {
        let mut said = Vec::new();
        for notice in &self.notices {
            if let Notice::Said(one) = notice {
                said.push(one.as_ref());
            }
        }
        said
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn finish(mut self: Box<Self>, live: &SharedLive) {
        self.tell(live);
    }
}

impl<T, R, F> Task<T, R, F>
where
    F: FnOnce(&SharedLive, Result<T, Error>),
{
    fn take_back(&mut self) {
        if let Some(undo) = self.undo.take() {
            undo();
        }
    }

    /// Calls `then`, if that was not done.
    fn tell(&mut self, live: &SharedLive) {
        if let (Some(then), Some(outcome)) = (self.then.take(), self.outcome.take()) {
            then(live, outcome);
        }
    }
}
