mod chosen;
mod model;
mod notices;
mod placed;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};

use super::*;
use crate::front::Guests;
use crate::store::fixtures::new_message;
use crate::store::writer::{self, Done, Job};
use crate::store::{Member, MessageId, Position, Posted, Repeat, Room, Sender, SqliteStore, User};
use crate::world::{Counting, Echo, Limits, Notice, Submission, Taken};

const ECHO: NetworkId = NetworkId(0);
const QUIET: NetworkId = NetworkId(1);
const CHOSEN: NetworkId = NetworkId(2);
const ROOM: RoomId = RoomId(7);
const ANN: UserId = UserId(1);
const BOB: UserId = UserId(2);

/// Shows `text;`, and notices as what they are; on [`CHOSEN`] those that can be shared are.
struct Plain {
    echo: Echo,
    shares: bool,
    /// Shared frames that were made.
    made: AtomicUsize,
    /// Notices that it has learned of.
    learned: AtomicUsize,
}

impl Network for Plain {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        let text = said.submission.message.text.as_deref().unwrap();
        out.extend_from_slice(format!("{text};").as_bytes());
    }

    fn echo(&self, said: &Said, out: &mut Vec<u8>) -> Echo {
        if self.echo == Echo::Other {
            let text = said.submission.message.text.as_deref().unwrap();
            out.extend_from_slice(format!("own {text};").as_bytes());
        }
        self.echo
    }

    fn learn(&self, _: &Notice) {
        self.learned.fetch_add(1, Ordering::Relaxed);
    }

    fn farewell(&self) -> CloseReason {
        if self.shares {
            CloseReason::Ended(4000, "farewell")
        } else {
            CloseReason::Banned
        }
    }

    fn shared(&self, notice: &Notice, role: Option<Role>) -> Option<Bytes> {
        if !self.shares {
            return None;
        }
        let text = match notice {
            Notice::Edited(message) => format!("edit {};", message.position.seq),
            Notice::Reacted { seq, .. } => format!("react {seq};"),
            Notice::Typing { user, on, .. } => format!("{} types {on};", user.0),
            Notice::Presence { user, online } => format!("{} online {online};", user.0),
            Notice::Opened { room } => format!("opened {};", room.id().0),
            Notice::RoomChanged { .. } => format!("changed for {role:?};"),
            Notice::RoomRemoved { room, .. } => format!("removed {};", room.id().0),
            _ => return None,
        };
        self.made.fetch_add(1, Ordering::Relaxed);
        Some(text.into())
    }

    fn notice(&self, notice: &Notice, _: UserId) -> Option<Bytes> {
        let name = match notice {
            Notice::Entered { .. } => "entered;",
            Notice::Left { .. } => "left;",
            Notice::Presence { .. } | Notice::Typing { .. } => return None,
            _ => "other;",
        };
        Some(Bytes::from_static(name.as_bytes()))
    }
}

struct Rig {
    live: SharedLive,
    counters: Counting,
    chosen: Arc<Plain>,
}

fn rig() -> Rig {
    let network = |echo| {
        Arc::new(Plain {
            echo,
            shares: echo == Echo::Other,
            made: AtomicUsize::new(0),
            learned: AtomicUsize::new(0),
        })
    };
    let chosen = network(Echo::Other);
    Rig {
        live: SharedLive::new(vec![
            (ECHO, network(Echo::Same)),
            (QUIET, network(Echo::Nothing)),
            (CHOSEN, Arc::clone(&chosen) as _),
        ]),
        counters: Counting::default(),
        chosen,
    }
}

impl Rig {
    fn deliver(&self, batch: Vec<Done>) {
        self.live.deliver(batch, &self.counters);
    }

    /// A seat of somebody who is in these rooms and hears them.
    fn sit_as(&self, network: NetworkId, user: UserId, rooms: &[RoomId]) -> (Seat, Arc<Receiver>) {
        self.seat(network, user, rooms, Hears::All(Vec::new()))
    }

    /// A seat of somebody who is in these rooms and hears the others.
    fn choose(&self, user: UserId, rooms: &[RoomId], heard: &[RoomId]) -> (Seat, Arc<Receiver>) {
        let heard = heard.iter().map(|room| subscription(*room, 1)).collect();
        self.seat(CHOSEN, user, rooms, Hears::Chosen(heard))
    }

    fn seat(
        &self,
        network: NetworkId,
        user: UserId,
        rooms: &[RoomId],
        hears: Hears,
    ) -> (Seat, Arc<Receiver>) {
        let receiver = receiver();
        let seating = Seating {
            user,
            roles: rooms.iter().map(|room| (*room, Role::Member)).collect(),
            hears,
        };
        let seat = self
            .live
            .sit_as(network, Arc::clone(&receiver), &seating, network == QUIET);
        (seat, receiver)
    }
}

fn subscription(room: RoomId, since: i64) -> Subscription {
    Subscription {
        room,
        since,
        read: 0,
    }
}

fn receiver() -> Arc<Receiver> {
    Arc::new(Receiver::new(Limits {
        messages: 100,
        bytes: 1000,
    }))
}

fn heard(receiver: &Receiver) -> String {
    let mut out = VecDeque::new();
    let mut cx = Context::from_waker(Waker::noop());
    match receiver.poll_take(&mut cx, true, &mut out) {
        Poll::Ready(Taken::Batches) | Poll::Pending => {}
        Poll::Ready(Taken::Close(reason)) => return format!("{reason:?}"),
    }
    out.iter()
        .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
        .collect()
}

fn submission(text: &str) -> Box<Submission> {
    Box::new(Submission {
        message: new_message(ROOM, Sender::Guest(None), text),
        repeat: Repeat::Another,
        sender_name: None,
        files: Vec::new(),
        prepared: None,
        log_line: None,
        origin: receiver(),
        answer: None,
        explain: None,
    })
}

fn posted(sender: UserId) -> Posted {
    Posted {
        position: Position {
            id: MessageId(1),
            seq: 1,
        },
        change: 1,
        sender: Some(sender),
        at: Utc::now(),
        repeated: false,
        kind: RoomKind::Group,
        two: None,
    }
}

fn said(sender: UserId, text: &str) -> Done {
    Done::Said(Said {
        posted: posted(sender),
        submission: submission(text),
    })
}

fn told(notice: Notice) -> Done {
    work(Job::work(
        move |_, notices| {
            notices.push(notice);
            Ok(())
        },
        |_, _| {},
    ))
}

/// A piece of work that was done.
fn work(job: Job) -> Done {
    let mut store = SqliteStore::in_memory().unwrap();
    writer::carry_out(&mut store, &mut Guests::default(), vec![job])
        .pop()
        .unwrap()
}

fn entered(room: &Arc<RoomView>, users: &[UserId]) -> Notice {
    let member = |id: &UserId| Member {
        user: person(*id),
        role: Role::Member,
    };
    Notice::Entered {
        room: Arc::clone(room),
        members: users.iter().map(member).collect(),
    }
}

fn left(room: &Arc<RoomView>, users: &[UserId]) -> Notice {
    Notice::Left {
        room: Arc::clone(room),
        people: users.iter().map(|user| person(*user)).collect(),
        by: None,
    }
}

fn person(id: UserId) -> User {
    User {
        id,
        guest: false,
        name: String::new(),
        display: String::new(),
        avatar: String::new(),
        email: String::new(),
        color: None,
        rank: 0,
        nick: None,
        away: None,
        created: Utc::now(),
    }
}

/// A room in which `seq` messages were said; a stream lies in `parent`.
fn room(id: RoomId, kind: RoomKind, parent: Option<RoomId>, seq: i64) -> Room {
    Room {
        id,
        kind,
        name: String::new(),
        topic: None,
        avatar: String::new(),
        parent,
        owner: None,
        two: None,
        public: false,
        guests: false,
        mode: 0,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        last: Position {
            id: MessageId(seq),
            seq,
        },
        last_change: seq,
        epoch: 1,
        created: Utc::now(),
    }
}

fn view(room: Room, streams: Vec<Room>) -> Arc<RoomView> {
    Arc::new(RoomView {
        room,
        streams,
        two: Vec::new(),
    })
}

fn group(id: RoomId) -> Arc<RoomView> {
    view(room(id, RoomKind::Group, None, 0), Vec::new())
}

#[test]
fn a_network_decides_whether_senders_hear_themselves() {
    let rig = rig();
    let (_a, ann) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let (_b, bob) = rig.sit_as(QUIET, BOB, &[ROOM]);
    let (_c, echo) = rig.sit_as(ECHO, ANN, &[ROOM]);
    let elsewhere = rig.sit_as(QUIET, UserId(3), &[RoomId(8)]);
    rig.deliver(vec![said(ANN, "1"), said(BOB, "2"), said(ANN, "3")]);
    assert_eq!(heard(&ann), "2;");
    assert_eq!(heard(&bob), "1;3;");
    assert_eq!(heard(&echo), "1;2;3;");
    assert_eq!(heard(&elsewhere.1), "");
}

#[test]
fn whoever_enters_hears_what_is_said_afterwards() {
    let rig = rig();
    let (_a, ann) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let (_b, bob) = rig.sit_as(QUIET, BOB, &[]);
    let group = group(ROOM);
    rig.deliver(vec![
        said(ANN, "before"),
        told(entered(&group, &[BOB])),
        said(ANN, "within"),
        told(left(&group, &[BOB])),
        said(ANN, "after"),
    ]);
    assert_eq!(heard(&bob), "entered;within;left;");
    assert_eq!(heard(&ann), "entered;left;");
}

#[test]
fn where_one_connection_is_enough_the_newest_hears() {
    let rig = rig();
    let (first, old) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let (second, new) = rig.sit_as(QUIET, ANN, &[ROOM]);
    drop(first);
    rig.deliver(vec![said(BOB, "1")]);
    assert_eq!(heard(&old), "");
    assert_eq!(heard(&new), "1;");
    assert_eq!(*rig.live.clients().borrow(), 1);
    drop(second);
    assert_eq!(*rig.live.clients().borrow(), 0);
    rig.deliver(vec![said(BOB, "2")]);
    assert_eq!(heard(&new), "");
}

#[test]
fn a_sender_gets_its_answers_among_what_others_say() {
    let rig = rig();
    let (_a, ann) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let (_b, bob) = rig.sit_as(QUIET, BOB, &[ROOM]);
    let answered = |sender: UserId, text: &str, origin: &Arc<Receiver>| {
        let mut submission = submission(text);
        submission.origin = Arc::clone(origin);
        let answer = format!("ack {text};");
        submission.answer = Some(Box::new(move |_, _| Some(Bytes::from(answer))));
        Done::Said(Said {
            posted: posted(sender),
            submission,
        })
    };
    let aside = receiver();
    rig.deliver(vec![
        answered(ANN, "1", &ann),
        answered(BOB, "2", &bob),
        answered(ANN, "3", &ann),
        answered(ANN, "4", &aside),
        answered(BOB, "5", &bob),
    ]);
    assert_eq!(heard(&ann), "ack 1;2;ack 3;5;");
    assert_eq!(heard(&bob), "1;ack 2;3;4;ack 5;");
    assert_eq!(heard(&aside), "ack 4;");
}

#[test]
fn the_sender_gets_its_answer_before_it_hears_itself() {
    let rig = rig();
    let (_a, ann) = rig.sit_as(ECHO, ANN, &[ROOM]);
    let answered = |text: &'static str| {
        let mut submission = submission("said");
        submission.origin = Arc::clone(&ann);
        submission.answer = Some(Box::new(move |_, outcome| {
            let word = outcome.map_or_else(|error| error.kind().name(), |_| text);
            Some(Bytes::from(format!("{word};")))
        }));
        submission
    };
    let said = Said {
        posted: posted(ANN),
        submission: answered("kept"),
    };
    let refused = Error::new(ErrorKind::Forbidden, "not in the room");
    let mut again = Said {
        posted: posted(ANN),
        submission: answered("kept"),
    };
    again.posted.repeated = true;
    rig.deliver(vec![
        Done::Said(said),
        Done::Refused(answered("kept"), refused),
        Done::Said(again),
    ]);
    assert_eq!(heard(&ann), "kept;said;Forbidden;kept;");
    let failed = answered("kept");
    rig.deliver(vec![Done::Failed(failed)]);
    assert_eq!(heard(&ann), "StoreFailed");
    assert_eq!(rig.counters.read().refused, 1);
}
