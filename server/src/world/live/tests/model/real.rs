//! The store and the connections that the model is held against.

use std::sync::Mutex;

use super::*;
use crate::store::fixtures::{new_account, new_room};
use crate::store::{Change, Reaction, Store as _, Transaction};
use crate::world::{Batch, Since, subscribe};

/// Shows changes by their numbers.
struct Numbers;

impl Network for Numbers {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} ", said.posted.change).as_bytes());
    }

    fn echo(&self, said: &Said, out: &mut Vec<u8>) -> Echo {
        out.extend_from_slice(format!("own {} ", said.posted.change).as_bytes());
        Echo::Other
    }

    fn shared(&self, notice: &Notice, _: Option<Role>) -> Option<Bytes> {
        let change = match notice {
            Notice::Edited(message) => message.change,
            Notice::Reacted { change, .. } => *change,
            _ => return None,
        };
        Some(format!("{change} ").into())
    }

    fn notice(&self, _: &Notice, _: UserId) -> Option<Bytes> {
        None
    }
}

/// The real thing.
pub(super) struct Real {
    store: SqliteStore,
    live: SharedLive,
    counters: Counting,
    joined: RoomId,
    room: RoomId,
    people: Vec<UserId>,
    seats: [Arc<Mutex<Option<Seat>>>; CONNECTIONS],
    pub(super) receivers: [Option<Arc<Receiver>>; CONNECTIONS],
    jobs: Vec<Job>,
}

impl Real {
    pub(super) fn new(kind: RoomKind) -> Self {
        let mut store = SqliteStore::in_memory().unwrap();
        let mut made = None;
        store
            .transaction(&mut |store| {
                let people: Vec<UserId> = (0..PEOPLE)
                    .map(|who| {
                        let account = new_account(&format!("person {who}"));
                        store.create_account(&account).unwrap()
                    })
                    .collect();
                let joined = store.create_room(&new_room(kind, None, &[])).unwrap();
                let room = match kind {
                    RoomKind::Circle => {
                        let stream = new_room(RoomKind::Stream, Some(joined), &[]);
                        store.create_room(&stream).unwrap()
                    }
                    _ => joined,
                };
                made = Some((people, joined, room));
                Ok(())
            })
            .unwrap();
        let (people, joined, room) = made.unwrap();
        Self {
            store,
            live: SharedLive::new(vec![(CHOSEN, Arc::new(Numbers))]),
            counters: Counting::default(),
            joined,
            room,
            people,
            seats: Default::default(),
            receivers: Default::default(),
            jobs: Vec::new(),
        }
    }

    pub(super) fn commit(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        let done = writer::carry_out(&mut self.store, &mut Guests::default(), jobs);
        self.live.deliver(done, &self.counters);
    }

    /// The connection that asks for something: the person's first, or one that nobody reads.
    fn origin(&self, who: usize) -> Arc<Receiver> {
        self.receivers[who].clone().unwrap_or_else(roomy)
    }

    /// Work of somebody's that ends in a frame.
    fn request<T: Send + 'static>(
        &mut self,
        connection: usize,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
        answer: impl FnOnce(&SharedLive, Result<T, Error>) -> String + Send + 'static,
    ) {
        let origin = self.origin(connection);
        let receiver = Arc::clone(&origin);
        self.jobs
            .push(Job::request(origin, run, move |live, outcome| {
                give(&receiver, answer(live, outcome));
            }));
    }

    pub(super) fn join(&mut self, who: usize) {
        let (room, user) = (self.joined, self.people[who]);
        self.jobs.push(Job::work(
            move |store, notices| {
                let new = store.add_members(room, &[(user, Role::Member)], Utc::now())?;
                notices.extend(Notice::entered(store, room, &new)?);
                Ok(())
            },
            |_, outcome| outcome.unwrap(),
        ));
    }

    pub(super) fn leave(&mut self, who: usize) {
        let (room, user) = (self.joined, self.people[who]);
        self.jobs.push(Job::work(
            move |store, notices| {
                let gone = store.remove_members(room, &[user])?;
                notices.extend(Notice::left(store, room, &gone, None)?);
                Ok(())
            },
            |_, outcome| outcome.unwrap(),
        ));
    }

    pub(super) fn sit(&mut self, connection: usize) {
        let user = self.people[owner(connection)];
        let receiver = roomy();
        self.receivers[connection] = Some(Arc::clone(&receiver));
        let seat = Arc::clone(&self.seats[connection]);
        self.jobs.push(Job::work(
            move |store, _| Seating::chosen(store, user),
            move |live, seating| {
                *seat.lock().unwrap() =
                    Some(live.sit_as(CHOSEN, receiver, &seating.unwrap(), false));
            },
        ));
    }

    pub(super) fn rise(&mut self, connection: usize) {
        self.receivers[connection] = None;
        self.seats[connection].lock().unwrap().take();
    }

    pub(super) fn follow(&mut self, connection: usize, since: i64) {
        let (user, room) = (self.people[owner(connection)], self.room);
        let seat = Arc::clone(&self.seats[connection]);
        let since = Since {
            change: since,
            epoch: None,
            limit: LIMIT,
        };
        self.request(
            connection,
            move |store, _| subscribe(store, user, room, Some(since)),
            move |live, outcome| {
                let Ok(followed) = outcome else {
                    return "refused ".to_owned();
                };
                if let Some(seat) = seat.lock().unwrap().as_ref() {
                    live.follow(seat.id(), &followed.subscription);
                }
                match followed.changes {
                    None => "gap ".to_owned(),
                    Some(changes) => changes
                        .iter()
                        .fold("ok ".to_owned(), |text, change| text + &shown(change)),
                }
            },
        );
    }

    pub(super) fn unfollow(&mut self, connection: usize) {
        let (user, room) = (self.people[owner(connection)], self.room);
        let seat = Arc::clone(&self.seats[connection]);
        self.request(
            connection,
            move |store, _| store.unsubscribe(user, room),
            move |live, _| {
                if let Some(seat) = seat.lock().unwrap().as_ref() {
                    live.unfollow(seat.id(), room);
                }
                "done ".to_owned()
            },
        );
    }

    pub(super) fn post(&mut self, who: usize) {
        let mut submission = submission("hm");
        submission.message.room = self.room;
        submission.message.sender = Sender::Account(self.people[who]);
        submission.origin = self.origin(who);
        submission.answer = Some(Box::new(|_, outcome| {
            Some(format!("said {} ", outcome.ok()?.position.seq).into())
        }));
        self.jobs.push(Job::Post(submission));
    }

    pub(super) fn edit(&mut self, who: usize, seq: i64, edit: Edit) {
        let room = self.room;
        self.request(
            who,
            move |store, notices| {
                let change = store.edit(room, seq, &edit, Utc::now())?;
                notices.extend(Notice::edited(store, room, seq)?);
                Ok(change)
            },
            |_, outcome| outcome.map_or("refused ", |_| "edited ").to_owned(),
        );
    }

    pub(super) fn react(&mut self, who: usize, seq: i64, on: bool) {
        let room = self.room;
        let reaction = Reaction {
            user: self.people[who],
            emoji: "+".to_owned(),
        };
        self.request(
            who,
            move |store, notices| {
                let change = store.react(room, seq, &reaction, on)?;
                notices.extend(change.map(|change| Notice::Reacted {
                    room,
                    seq,
                    change,
                    reaction,
                    on,
                }));
                Ok(())
            },
            |_, outcome| outcome.map_or("refused ", |()| "reacted ").to_owned(),
        );
    }
}

pub(super) fn roomy() -> Arc<Receiver> {
    Arc::new(Receiver::new(Limits {
        messages: 10_000,
        bytes: 1_000_000,
    }))
}

fn give(receiver: &Receiver, text: String) {
    let batch = Batch {
        bytes: text.into(),
        messages: 1,
    };
    receiver.push(&batch, Instant::now());
}

fn shown(change: &Change) -> String {
    let change = match change {
        Change::Message(message) => message.change,
        Change::Reaction { change, .. } => *change,
    };
    format!("{change} ")
}
