//! Answers that may be large: pages and lists. Each is in memory as a whole until its client has read it, so all of them
//! together have a budget, and each user has few at a time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failure::Failure;
use crate::store::UserId;

/// Bytes of all answers that are not written yet: what a small machine can spare. A larger answer takes all of it.
const BUDGET: usize = 64 * 1024 * 1024;

/// Bytes that are set aside before an answer is made, when nobody knows how long it will be: more than nearly all need. So 64
/// answers at most are being made or written.
const DEPOSIT: u32 = 1024 * 1024;

/// Answers of one user at a time, made or written; further requests wait.
const PER_USER: usize = 2;

/// How long a request waits for its user's other answers, and for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// When somebody who found no room should come back: a client that reads has its answer by then.
pub(super) const COME_BACK: Duration = Duration::from_secs(5);

/// Bytes handed to the connection at a time. It may copy them, and such copies are in no budget.
const PIECE: usize = 64 * 1024;

/// The budget, and who uses it.
pub(crate) struct LargeAnswers {
    bytes: Arc<Semaphore>,
    users: Arc<Users>,
}

impl Default for LargeAnswers {
    fn default() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(BUDGET)),
            users: Arc::default(),
        }
    }
}

impl LargeAnswers {
    /// Room for somebody's answer that is about to be made.
    ///
    /// # Errors
    /// `Busy` if there is none for a while.
    pub(super) async fn room(&self, user: UserId) -> Result<Room, Failure> {
        let entering = async {
            let turn = self.users.turn(user).await?;
            let bytes = Arc::clone(&self.bytes);
            let share = bytes.acquire_many_owned(DEPOSIT).await;
            let share = share.map_err(|_| Failure::System)?;
            Ok(Room { share, _turn: turn })
        };
        timeout(PATIENCE, entering)
            .await
            .unwrap_or(Err(Failure::Busy))
    }
}

/// An answer's part of the budget; free again when this is dropped.
pub(super) struct Room {
    share: OwnedSemaphorePermit,
    _turn: Turn,
}

impl Room {
    /// The answer as a body, which keeps as much room as it takes until it is written.
    ///
    /// # Errors
    /// `Busy` if it is larger than the room that is left.
    pub(super) fn fill(mut self, json: Vec<u8>) -> Result<Body, Failure> {
        let needed = json.capacity().min(BUDGET);
        let own = self.share.num_permits();
        if let Some(spare) = own.checked_sub(needed) {
            drop(self.share.split(spare));
        } else {
            let more = u32::try_from(needed - own).map_err(|_| Failure::System)?;
            let bytes = Arc::clone(self.share.semaphore());
            let more = bytes.try_acquire_many_owned(more);
            self.share.merge(more.map_err(|_| Failure::Busy)?);
        }
        let rest = Bytes::from_owner(Kept { json, _room: self });
        Ok(Body::new(Unwritten { rest }))
    }
}

/// An answer and its room, which end together, once the last piece is written.
struct Kept {
    json: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

/// What the connection has not taken yet.
struct Unwritten {
    rest: Bytes,
}

impl hyper::body::Body for Unwritten {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let rest = &mut self.get_mut().rest;
        let piece = rest.split_to(rest.len().min(PIECE));
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Who has answers, or waits for them.
#[derive(Default)]
struct Users {
    queues: Mutex<BTreeMap<UserId, Queue>>,
}

struct Queue {
    turns: Arc<Semaphore>,
    /// Those who have a turn or wait for one.
    people: usize,
}

impl Users {
    async fn turn(self: &Arc<Self>, user: UserId) -> Result<Turn, Failure> {
        let (turns, mut turn) = self.enter(user);
        let permit = turns.acquire_owned().await;
        turn.permit = Some(permit.map_err(|_| Failure::System)?);
        Ok(turn)
    }

    fn enter(self: &Arc<Self>, user: UserId) -> (Arc<Semaphore>, Turn) {
        let mut queues = self.queues();
        let queue = queues.entry(user).or_insert_with(|| Queue {
            turns: Arc::new(Semaphore::new(PER_USER)),
            people: 0,
        });
        queue.people += 1;
        let turn = Turn {
            all: Arc::clone(self),
            user,
            permit: None,
        };
        (Arc::clone(&queue.turns), turn)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<UserId, Queue>> {
        // Nothing in here panics half-way through a change.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a user's queue; left when this is dropped.
struct Turn {
    all: Arc<Users>,
    user: UserId,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.all.queues();
        if let Some(queue) = queues.get_mut(&self.user) {
            queue.people -= 1;
            if queue.people == 0 {
                queues.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use tokio::time::Instant;

    use super::*;

    const ANN: UserId = UserId(1);

    fn free(answers: &LargeAnswers) -> usize {
        answers.bytes.available_permits()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_its_room_until_it_is_written() {
        let answers = LargeAnswers::default();
        let deposit = DEPOSIT as usize;
        for length in [0, 5, PIECE, PIECE + 1, deposit, 3 * deposit, BUDGET + 1] {
            let room = answers.room(ANN).await.unwrap();
            assert_eq!(free(&answers), BUDGET - deposit);
            let mut json = b"0123456789".repeat(length / 10 + 1);
            json.truncate(length);
            let expected = json.clone();
            let kept = json.capacity().min(BUDGET);
            let body = room.fill(json).unwrap();
            assert_eq!(free(&answers), BUDGET - kept);
            let mut written = Vec::new();
            let mut pieces = body.into_data_stream();
            while let Some(piece) = pieces.next().await {
                assert_eq!(free(&answers), BUDGET - kept, "not before its end");
                written.extend_from_slice(&piece.unwrap());
            }
            assert!(written == expected, "{length}");
            assert_eq!(free(&answers), BUDGET);
            assert!(answers.users.queues().is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_room_an_answer_waits_and_is_then_refused() {
        let answers = LargeAnswers::default();
        let all = answers.room(UserId(9)).await.unwrap();
        let all = all.fill(vec![0; BUDGET]).unwrap();
        let start = Instant::now();
        let refused = answers.room(ANN).await;
        assert!(matches!(refused, Err(Failure::Busy)));
        assert_eq!(start.elapsed(), PATIENCE);
        let (room, ()) = tokio::join!(answers.room(ANN), async { drop(all) });
        let one = answers.room(UserId(2)).await.unwrap();
        let one = one.fill(vec![0; BUDGET - DEPOSIT as usize]).unwrap();
        let more = vec![0; DEPOSIT as usize + 1];
        assert!(matches!(room.unwrap().fill(more), Err(Failure::Busy)));
        drop(one);
        assert_eq!(free(&answers), BUDGET);
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_has_two_at_a_time_and_others_have_theirs() {
        let answers = LargeAnswers::default();
        let body = async || answers.room(ANN).await.unwrap().fill(vec![0; 5]).unwrap();
        let (one, two) = (body().await, body().await);
        assert!(matches!(answers.room(ANN).await, Err(Failure::Busy)));
        answers.room(UserId(2)).await.unwrap();
        drop(one);
        answers.room(ANN).await.unwrap();
        drop(two);
        assert!(answers.users.queues().is_empty());
    }
}
