//! Following while others speak, on real threads: the store's, the delivering task's, and those of connections.

use std::collections::VecDeque;
use std::future::poll_fn;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::*;
use crate::store::fixtures::{new_account, new_message, new_room};
use crate::store::{
    Change, Repeat, RoomId, RoomKind, Sender, SqliteStore, Store as _, UserId, writer,
};

const NETWORK: NetworkId = NetworkId(0);

/// Messages that are said.
const MESSAGES: i64 = 600;

/// Connections that follow and stop following, and stay no longer than that.
const FOLLOWERS: usize = 4;

/// Shows changes by their numbers.
struct Numbers;

impl Network for Numbers {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} ", said.posted.change).as_bytes());
    }

    fn echo(&self, _: &Said, _: &mut Vec<u8>) -> Echo {
        Echo::Same
    }

    fn notice(&self, _: &Notice, _: UserId) -> Option<Bytes> {
        None
    }
}

/// A stream in which this person speaks and hears.
#[derive(Clone, Copy)]
struct Place {
    user: UserId,
    stream: RoomId,
}

fn world() -> (Arc<World>, Place) {
    let mut store = SqliteStore::in_memory().unwrap();
    let mut place = None;
    store
        .transaction(&mut |store| {
            let user = store.create_account(&new_account("ann"))?;
            let circle = store.create_room(&new_room(RoomKind::Circle, None, &[user]))?;
            let stream = store.create_room(&new_room(RoomKind::Stream, Some(circle), &[]))?;
            place = Some(Place { user, stream });
            Ok(())
        })
        .unwrap();
    let readers = Readers::open(&store).unwrap();
    let writer = writer::start(Box::new(store), None).unwrap();
    let limits = Limits {
        messages: 100_000,
        bytes: 100_000_000,
    };
    let networks: Vec<(NetworkId, Arc<dyn Network>)> = vec![(NETWORK, Arc::new(Numbers))];
    let world = Arc::new(World::new(writer.jobs, readers, networks, limits));
    tokio::spawn(Arc::clone(&world).deliver(writer.done));
    (world, place.unwrap())
}

async fn speak(world: Arc<World>, place: Place) {
    let origin = world.receiver();
    for _ in 0..MESSAGES {
        let sender = Sender::Account(place.user);
        let submission = Submission {
            message: new_message(place.stream, sender, "hm"),
            repeat: Repeat::Another,
            sender_name: None,
            files: Vec::new(),
            prepared: None,
            log_line: None,
            origin: Arc::clone(&origin),
            answer: None,
            explain: None,
        };
        let job = Job::Post(Box::new(submission));
        world.submit(job).await.unwrap();
    }
}

/// What has come, at least one batch.
async fn take(receiver: &Receiver) -> String {
    let mut out = VecDeque::new();
    let taken = poll_fn(|cx| receiver.poll_take(cx, true, &mut out)).await;
    assert_eq!(taken, Taken::Batches);
    out.iter()
        .map(|bytes| std::str::from_utf8(bytes).unwrap())
        .collect()
}

/// A connection that knows nothing and follows again and again, until it has seen everything.
async fn follow(world: Arc<World>, place: Place) {
    let mut known = 0;
    while known < MESSAGES {
        let receiver = world.receiver();
        let seat = sit(&world, place, &receiver).await;
        for _ in 0..3 {
            known = listen(&world, place, &receiver, seat.id(), known).await;
        }
    }
}

async fn sit(world: &World, place: Place, receiver: &Arc<Receiver>) -> Seat {
    let (reply, answer) = oneshot::channel();
    let receiver = Arc::clone(receiver);
    let job = Job::work(
        move |store, _| {
            store.unsubscribe(place.user, place.stream)?;
            Seating::chosen(store, place.user)
        },
        move |live, seating| {
            let seat = live.sit_as(NETWORK, receiver, &seating.unwrap(), false);
            assert!(reply.send(seat).is_ok());
        },
    );
    world.submit(job).await.unwrap();
    answer.await.unwrap()
}

/// Follows for a while; every change behind the known one comes once, and in order. Gives the newest.
async fn listen(
    world: &World,
    place: Place,
    receiver: &Arc<Receiver>,
    seat: SeatId,
    known: i64,
) -> i64 {
    let since = Since {
        change: known,
        epoch: None,
        limit: usize::MAX,
    };
    let frames = Arc::clone(receiver);
    let job = Job::request(
        Arc::clone(receiver),
        move |store, _| subscribe(store, place.user, place.stream, Some(since)),
        move |live, followed| {
            let followed = followed.unwrap();
            live.follow(seat, &followed.subscription);
            let mut text = "begin ".to_owned();
            for change in followed.changes.unwrap() {
                if let Change::Message(message) = change {
                    text.push_str(&format!("{} ", message.change));
                }
            }
            give(&frames, text);
        },
    );
    world.submit(job).await.unwrap();
    let frames = Arc::clone(receiver);
    let job = Job::request(
        Arc::clone(receiver),
        move |_, _| Ok(()),
        move |live, _| {
            live.unfollow(seat, place.stream);
            give(&frames, "end ".to_owned());
        },
    );
    let mut heard = take(receiver).await;
    world.submit(job).await.unwrap();
    while !heard.ends_with("end ") {
        heard.push_str(&take(receiver).await);
    }
    let numbers = heard.strip_prefix("begin ").unwrap();
    let numbers = numbers.strip_suffix("end ").unwrap();
    let mut known = known;
    for number in numbers.split_terminator(' ') {
        known += 1;
        assert_eq!(number.parse::<i64>().unwrap(), known);
    }
    known
}

fn give(receiver: &Receiver, text: String) {
    let batch = Batch {
        bytes: text.into(),
        messages: 1,
    };
    receiver.push(&batch, Instant::now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_follows_misses_nothing_that_others_say_meanwhile() {
    let (world, place) = world();
    let mut all = JoinSet::new();
    all.spawn(speak(Arc::clone(&world), place));
    for _ in 0..FOLLOWERS {
        all.spawn(follow(Arc::clone(&world), place));
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    assert_eq!(*world.clients().borrow(), 0);
    world.stop().await;
}
