//! The store and its connections, and what the model expects of them.

use std::collections::BTreeSet;

use super::super::real::roomy;
use super::*;
use crate::store::fixtures::{new_account, new_room};
use crate::store::{Store as _, Transaction};
use crate::world::talk;

/// Both worlds.
pub(super) struct Rig {
    store: SqliteStore,
    live: SharedLive,
    people: Vec<UserId>,
    /// Where one can be, and the circle.
    rooms: [RoomId; SPOTS + 1],
    jobs: Vec<Job>,
    seats: [Arc<std::sync::Mutex<Option<Seat>>>; CONNECTIONS],
    receivers: [Option<Arc<Receiver>>; CONNECTIONS],
    expected: [String; CONNECTIONS],
    /// Where each connection is that sits.
    spots: [Option<usize>; CONNECTIONS],
    /// Who is in which room.
    members: [BTreeSet<usize>; SPOTS],
    removed: BTreeSet<usize>,
    /// Messages said in each room, and those that were deleted.
    said: [(i64, BTreeSet<i64>); SPOTS],
    talks: BTreeMap<(usize, usize), Talk>,
}

/// A room of two.
#[derive(Default)]
struct Talk {
    last: i64,
    deleted: BTreeSet<i64>,
    /// Who is in, and from which message on.
    since: BTreeMap<usize, i64>,
}

impl Rig {
    pub(super) fn new() -> Self {
        let mut store = SqliteStore::in_memory().unwrap();
        let mut made = None;
        store
            .transaction(&mut |store| {
                let people: Vec<UserId> = (0..PEOPLE)
                    .map(|who| {
                        store
                            .create_account(&new_account(&format!("p{who}")))
                            .unwrap()
                    })
                    .collect();
                let mut make =
                    |kind, parent| store.create_room(&new_room(kind, parent, &[])).unwrap();
                let group = make(RoomKind::Group, None);
                let circle = make(RoomKind::Circle, None);
                let stream = make(RoomKind::Stream, Some(circle));
                let channel = make(RoomKind::Channel, None);
                made = Some((people, [group, stream, channel, circle]));
                Ok(())
            })
            .unwrap();
        let (people, rooms) = made.unwrap();
        Self {
            store,
            live: SharedLive::new(vec![(CHOSEN, Arc::new(Words))]),
            people,
            rooms,
            jobs: Vec::new(),
            seats: Default::default(),
            receivers: Default::default(),
            expected: Default::default(),
            spots: Default::default(),
            members: Default::default(),
            removed: BTreeSet::new(),
            said: Default::default(),
            talks: BTreeMap::new(),
        }
    }

    fn work<T: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut dyn Transaction, &mut Vec<Notice>) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(&SharedLive, T) + Send + 'static,
    ) {
        let job = Job::work(run, move |live, outcome| then(live, outcome.unwrap()));
        self.jobs.push(job);
    }

    fn commit(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        let done = writer::carry_out(&mut self.store, &mut Guests::default(), jobs);
        self.live.deliver(done, &Counting::default());
        for (connection, receiver) in self.receivers.iter().enumerate() {
            let expected = std::mem::take(&mut self.expected[connection]);
            if let Some(receiver) = receiver {
                assert_eq!(heard(receiver), expected, "connection {connection}");
            }
        }
        for who in 0..PEOPLE {
            let connection = Model::connections_of(who).find(|own| self.spots[*own].is_some());
            let spot = connection.and_then(|own| self.spots[own]);
            let found = self.live.whereabouts(CHOSEN, self.people[who]);
            assert_eq!(found, spot.map(|spot| self.rooms[spot]));
        }
    }

    /// The room whose members those of a room are.
    fn hall(&self, room: usize) -> RoomId {
        self.rooms[if room == STREAM { CIRCLE } else { room }]
    }

    fn sits(&self, connection: usize) -> bool {
        self.receivers[connection].is_some()
    }

    fn expect(&mut self, connection: usize, text: &str) {
        if self.sits(connection) {
            self.expected[connection].push_str(text);
        }
    }

    fn expect_of(&mut self, who: usize, text: &str) {
        for connection in Model::connections_of(who) {
            self.expect(connection, text);
        }
    }

    /// Told to somebody, and to all others who are in the room.
    fn expect_about(&mut self, who: usize, room: usize, word: char) {
        let mut text = String::new();
        told(&mut text, word, self.hall(room), [self.people[who].0]);
        for connection in 0..CONNECTIONS {
            let is_there = self.spots[connection] == Some(room);
            if owner(connection) == who || is_there {
                self.expect(connection, &text);
            }
        }
    }

    fn enter(&mut self, who: usize, room: usize) {
        if room != STREAM && self.removed.contains(&room) {
            return;
        }
        let (user, hall) = (self.people[who], self.hall(room));
        self.work(
            move |store, notices| {
                let new = store.add_members(hall, &[(user, Role::Member)], Utc::now())?;
                notices.extend(Notice::entered(store, hall, &new)?);
                Ok(())
            },
            |_, ()| {},
        );
        if self.members[room].insert(who) {
            self.expect_about(who, room, '+');
        }
    }

    fn leave(&mut self, who: usize, room: usize) {
        if room != STREAM && self.removed.contains(&room) {
            return;
        }
        let (user, hall) = (self.people[who], self.hall(room));
        self.work(
            move |store, notices| {
                let gone = store.remove_members(hall, &[user])?;
                notices.extend(Notice::left(store, hall, &gone, None)?);
                Ok(())
            },
            |_, ()| {},
        );
        if self.members[room].remove(&who) {
            for connection in Model::connections_of(who) {
                if self.spots[connection] == Some(room) {
                    self.spots[connection] = None;
                }
            }
            self.expect_about(who, room, '-');
        }
    }

    /// The room of a place, if that is one and still there.
    fn place(&self, place: usize) -> Option<usize> {
        (place < SPOTS && !self.removed.contains(&place)).then_some(place)
    }

    fn sit(&mut self, connection: usize, place: usize) {
        if self.sits(connection) {
            return;
        }
        // All connections of somebody are in one place.
        let others = Model::connections_of(owner(connection)).filter(|own| self.sits(*own));
        let spot = match others.collect::<Vec<_>>().first() {
            Some(other) => self.spots[*other],
            None => self.place(place),
        };
        let (user, room) = (
            self.people[owner(connection)],
            spot.map(|spot| self.rooms[spot]),
        );
        let receiver = roomy();
        self.receivers[connection] = Some(Arc::clone(&receiver));
        self.spots[connection] = spot;
        let seat = Arc::clone(&self.seats[connection]);
        self.work(
            move |store, _| {
                let room = room.map(|room| store.room(room).unwrap().unwrap());
                Seating::placed(store, user, room.as_ref())
            },
            move |live, seating| {
                *seat.lock().unwrap() = Some(live.sit_as(CHOSEN, receiver, &seating, false));
            },
        );
    }

    fn go_to(&mut self, who: usize, place: usize) {
        let spot = self.place(place);
        let (user, room) = (self.people[who], spot.map(|spot| self.rooms[spot]));
        self.work(
            move |store, _| match room {
                Some(room) => store.room(room),
                None => Ok(None),
            },
            move |live, room| live.put(CHOSEN, user, room.as_ref()),
        );
        for connection in Model::connections_of(who) {
            if self.sits(connection) {
                self.spots[connection] = spot;
            }
        }
    }

    fn post_to(&mut self, who: usize, room: RoomId) {
        let mut submission = submission("hm");
        submission.message.room = room;
        submission.message.sender = Sender::Account(self.people[who]);
        self.jobs.push(Job::Post(submission));
    }

    fn post(&mut self, who: usize, room: usize) {
        self.post_to(who, self.rooms[room]);
        if !self.members[room].contains(&who) || self.removed.contains(&room) {
            return;
        }
        self.said[room].0 += 1;
        let text = format!("{}:{} ", self.rooms[room].0, self.said[room].0);
        self.expect_at(room, &text);
    }

    fn expect_at(&mut self, room: usize, text: &str) {
        for connection in 0..CONNECTIONS {
            if self.spots[connection] == Some(room) {
                self.expect(connection, text);
            }
        }
    }

    fn delete_at(&mut self, room: RoomId, seq: i64) {
        self.work(
            move |store, notices| {
                store.edit(room, seq, &Edit::Delete, Utc::now())?;
                notices.extend(Notice::edited(store, room, seq)?);
                Ok(())
            },
            |_, ()| {},
        );
    }

    fn delete(&mut self, room: usize, index: &Index) {
        let (last, deleted) = &mut self.said[room];
        let Some(seq) = pick(*last, deleted, index).filter(|_| !self.removed.contains(&room))
        else {
            return;
        };
        deleted.insert(seq);
        self.delete_at(self.rooms[room], seq);
        let text = format!("{}:-{seq} ", self.rooms[room].0);
        self.expect_at(room, &text);
    }
}

/// The steps that talks of two take.
impl Rig {
    fn talk(&mut self, who: usize, other: usize) {
        if who == other {
            return;
        }
        let (one, two) = (self.people[who], self.people[other]);
        self.work(
            move |store, notices| talk(store, notices, one, two, Utc::now()),
            |_, _| {},
        );
        // Rooms are numbered as they are made, which needs the store.
        let pair = (who.min(other), who.max(other));
        let talk = self.talks.entry(pair).or_default();
        let since = talk.last + 1;
        let mut new = Vec::new();
        for person in [who, other] {
            talk.since.entry(person).or_insert_with(|| {
                new.push(person);
                since
            });
        }
        let room = self.talk_room(pair);
        let mut text = String::new();
        told(
            &mut text,
            '+',
            room,
            new.iter().map(|who| self.people[*who].0),
        );
        for person in new {
            self.expect_of(person, &text);
        }
        self.post_to(who, room);
        let talk = self.talks.get_mut(&pair).unwrap();
        talk.last += 1;
        let text = format!("{}:{} ", room.0, talk.last);
        let inside: Vec<usize> = talk.since.keys().copied().collect();
        for person in inside {
            self.expect_of(person, &text);
        }
    }

    /// Its room, made by now.
    fn talk_room(&mut self, (one, other): (usize, usize)) -> RoomId {
        let (one, other) = (self.people[one], self.people[other]);
        let find = |store: &mut SqliteStore| {
            let mut found = None;
            store
                .transaction(&mut |store| {
                    found = store.direct_room(one, other)?;
                    Ok(())
                })
                .unwrap();
            found
        };
        if let Some(room) = find(&mut self.store) {
            return room;
        }
        // What was asked for before is not delivered by this: that comes with the rest.
        let mut made = None;
        self.store
            .transaction(&mut |store| {
                made = Some(store.direct(one, other, Utc::now())?.0);
                store.remove_members(made.unwrap(), &[one, other])?;
                Ok(())
            })
            .unwrap();
        made.unwrap()
    }

    fn leave_talk(&mut self, who: usize, other: usize) {
        let pair = (who.min(other), who.max(other));
        let Some(talk) = self.talks.get_mut(&pair) else {
            return;
        };
        let was_in = talk.since.remove(&who).is_some();
        let (user, room) = (self.people[who], self.talk_room(pair));
        self.work(
            move |store, notices| {
                let gone = store.remove_members(room, &[user])?;
                notices.extend(Notice::left(store, room, &gone, None)?);
                Ok(())
            },
            |_, ()| {},
        );
        if was_in {
            let mut text = String::new();
            told(&mut text, '-', room, [user.0]);
            self.expect_of(who, &text);
        }
    }

    fn delete_talk(&mut self, who: usize, other: usize, seq: i64) {
        let pair = (who.min(other), who.max(other));
        let Some(talk) = self.talks.get_mut(&pair) else {
            return;
        };
        if seq > talk.last || !talk.deleted.insert(seq) {
            return;
        }
        let since: Vec<_> = talk.since.clone().into_iter().collect();
        let room = self.talk_room(pair);
        self.delete_at(room, seq);
        for (person, since) in since {
            if since <= seq {
                self.expect_of(person, &format!("{}:-{seq} ", room.0));
            }
        }
    }

    fn remove(&mut self, room: usize) {
        if !self.removed.insert(room) {
            return;
        }
        let (id, by) = (self.rooms[room], self.people[0]);
        self.work(
            move |store, notices| {
                notices.extend(Notice::removed(store, id, by)?);
                store.remove_room(id)
            },
            |_, ()| {},
        );
        let mut text = String::new();
        told(&mut text, 'x', id, []);
        for connection in 0..CONNECTIONS {
            let is_there = self.spots[connection] == Some(room);
            if is_there || self.members[room].contains(&owner(connection)) {
                self.expect(connection, &text);
            }
            if is_there {
                self.spots[connection] = None;
            }
        }
        if room != STREAM {
            self.members[room].clear();
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        match step {
            Step::Enter(who, room) => self.enter(*who, *room),
            Step::Leave(who, room) => self.leave(*who, *room),
            Step::Sit(connection, place) => self.sit(*connection, *place),
            Step::Rise(connection) => {
                self.commit();
                self.receivers[*connection] = None;
                self.spots[*connection] = None;
                self.seats[*connection].lock().unwrap().take();
            }
            Step::Move(who, place) => self.go_to(*who, *place),
            Step::Post(who, room) => self.post(*who, *room),
            Step::Delete(room, index) => self.delete(*room, index),
            Step::Talk(who, other) => self.talk(*who, *other),
            Step::LeaveTalk(who, other) => self.leave_talk(*who, *other),
            Step::DeleteTalk(who, other, seq) => self.delete_talk(*who, *other, *seq),
            Step::Remove(room) => self.remove(*room),
            Step::Commit => self.commit(),
        }
    }
}

/// A message that is not deleted, if it is one.
fn pick(last: i64, deleted: &BTreeSet<i64>, index: &Index) -> Option<i64> {
    let seq = i64::try_from(index.index(usize::try_from(last).unwrap() + 1)).unwrap();
    (seq > 0 && !deleted.contains(&seq)).then_some(seq)
}
