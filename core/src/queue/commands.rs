//! The few commands that a task is given in its life.
//!
//! Tokio's channels come with room for 32 values, which an idle account would keep for ever, once for its driver and once
//! for its supervisor. This one keeps nothing while nothing waits.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::gate::lock;
use super::lanes::wake;
use super::sync::Mutex;

/// A channel from one owner to one task. It is not bounded: whoever commands waits for answers.
#[must_use]
pub fn commands<T>() -> (CommandSender<T>, CommandReceiver<T>) {
    let shared = Arc::new(Mutex::new(State {
        queue: VecDeque::new(),
        closed: false,
        waker: None,
    }));
    let sender = CommandSender {
        shared: Arc::clone(&shared),
    };
    (sender, CommandReceiver { shared })
}

/// The owner's end. Dropping it lets the task take what waits, and then see the end.
#[derive(Debug)]
pub struct CommandSender<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// The task's end. Dropping it drops what waits.
#[derive(Debug)]
pub struct CommandReceiver<T> {
    shared: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    queue: VecDeque<T>,
    /// One of the two ends is gone.
    closed: bool,
    waker: Option<Waker>,
}

impl<T> CommandSender<T> {
    /// Gives a command; never waits.
    ///
    /// # Errors
    /// Gives it back when the task has ended.
    pub fn send(&self, command: T) -> Result<(), T> {
        let waker = {
            let mut state = lock(&self.shared);
            if state.closed {
                return Err(command);
            }
            state.queue.push_back(command);
            state.waker.take()
        };
        wake(waker);
        Ok(())
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared).closed
    }
}

impl<T> CommandReceiver<T> {
    /// The next command; `None` when the owner is gone.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.shared);
        if let Some(command) = state.queue.pop_front() {
            if state.queue.is_empty() {
                state.queue = VecDeque::new();
            }
            return Poll::Ready(Some(command));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The next command; `None` when the owner is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }
}

impl<T> Drop for CommandSender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut state = lock(&self.shared);
            state.closed = true;
            state.waker.take()
        };
        wake(waker);
    }
}

impl<T> Drop for CommandReceiver<T> {
    fn drop(&mut self) {
        let unheard = {
            let mut state = lock(&self.shared);
            state.closed = true;
            state.waker = None;
            std::mem::take(&mut state.queue)
        };
        // Outside the lock: it may hold what its senders wait for.
        drop(unheard);
    }
}

#[cfg(all(test, not(kaiwa_loom)))]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn commands_come_in_order_and_then_the_end() {
        let (sender, mut receiver) = commands();
        let task = tokio::spawn(async move {
            let mut heard = Vec::new();
            while let Some(command) = receiver.recv().await {
                heard.push(command);
                tokio::task::yield_now().await;
            }
            heard
        });
        tokio::task::yield_now().await; // waits by now
        for command in 0..100 {
            sender.send(command).unwrap();
            if command % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
        drop(sender);
        assert_eq!(task.await.unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_task_that_ends_answers_nobody() {
        let (sender, receiver) = commands();
        let (reply, answer) = oneshot::channel::<()>();
        sender.send(reply).unwrap();
        assert!(!sender.is_closed());
        drop(receiver);
        assert!(answer.await.is_err(), "what waited was dropped");
        assert!(sender.is_closed());
        assert!(sender.send(oneshot::channel().0).is_err());
    }

    #[test]
    fn nothing_is_kept_while_nothing_waits() {
        let (sender, mut receiver) = commands();
        for _ in 0..10 {
            sender.send(1).unwrap();
        }
        let mut cx = Context::from_waker(Waker::noop());
        while receiver.poll_recv(&mut cx).is_ready() {}
        assert_eq!(lock(&receiver.shared).queue.capacity(), 0);
    }
}
