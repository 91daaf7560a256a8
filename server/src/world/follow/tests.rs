use super::*;
use crate::store::fixtures::{new_account, new_message, new_room};
use crate::store::{Ban, LOBBY, Repeat, RoomKind, Sender, SqliteStore, Store as _};

/// ann and bob, a circle of ann's, and a stream in which she has said this many things.
struct Rig {
    store: SqliteStore,
    ann: UserId,
    bob: UserId,
    circle: RoomId,
    stream: RoomId,
}

fn rig(messages: usize) -> Rig {
    let mut store = SqliteStore::in_memory().unwrap();
    let (ann, bob, circle, stream) = change(&mut store, |store| {
        let [ann, bob] =
            ["ann", "bob"].map(|name| store.create_account(&new_account(name)).unwrap());
        let circle = store
            .create_room(&new_room(RoomKind::Circle, None, &[ann]))
            .unwrap();
        let stream = store
            .create_room(&new_room(RoomKind::Stream, Some(circle), &[]))
            .unwrap();
        (ann, bob, circle, stream)
    });
    let mut rig = Rig {
        store,
        ann,
        bob,
        circle,
        stream,
    };
    for _ in 0..messages {
        rig.say(stream);
    }
    rig
}

impl Rig {
    fn change<T>(&mut self, work: impl FnOnce(&mut dyn Transaction) -> T) -> T {
        change(&mut self.store, work)
    }

    fn say(&mut self, room: RoomId) {
        let message = new_message(room, Sender::Account(self.ann), "hm");
        self.change(|store| store.post(&message, Repeat::Another).unwrap());
    }

    fn follow(&mut self, since: Option<Since>) -> Followed {
        let (ann, stream) = (self.ann, self.stream);
        self.change(|store| subscribe(store, ann, stream, since).unwrap())
    }

    fn talk(&mut self, one: UserId, other: UserId) -> (RoomId, Vec<String>) {
        self.change(|store| {
            let mut notices = Vec::new();
            let room = talk(store, &mut notices, one, other, Utc::now()).unwrap();
            (room, notices.iter().map(shown).collect())
        })
    }
}

fn change<T>(store: &mut SqliteStore, work: impl FnOnce(&mut dyn Transaction) -> T) -> T {
    let mut work = Some(work);
    let mut result = None;
    store
        .transaction(&mut |transaction| {
            result = work.take().map(|work| work(transaction));
            Ok(())
        })
        .unwrap();
    result.unwrap()
}

fn shown(notice: &Notice) -> String {
    match notice {
        Notice::Entered { room, members } => {
            assert_eq!(room.two.len(), 2);
            let users: Vec<i64> = members.iter().map(|member| member.user.id.0).collect();
            format!("entered {users:?}")
        }
        Notice::Subscribed { user, .. } => format!("subscribed {}", user.0),
        other => format!("{other:?}"),
    }
}

fn since(change: i64, limit: usize) -> Since {
    Since {
        change,
        epoch: None,
        limit,
    }
}

fn numbers(followed: &Followed) -> Option<Vec<i64>> {
    let seqs = |changes: &Vec<Change>| changes.iter().map(seq_of).collect();
    followed.changes.as_ref().map(seqs)
}

#[test]
fn what_is_missing_is_handed_over_if_it_can_be_told() {
    let mut rig = rig(5);
    for (since, expected) in [
        (None, Some(vec![])),
        (Some(since(5, 9)), Some(vec![])),
        (Some(since(5, 0)), Some(vec![])),
        (Some(since(2, 9)), Some(vec![3, 4, 5])),
        (Some(since(2, 3)), Some(vec![3, 4, 5])),
        (Some(since(0, 9)), Some(vec![1, 2, 3, 4, 5])),
        (Some(since(i64::MIN, 9)), Some(vec![1, 2, 3, 4, 5])),
        (Some(since(2, 2)), None),
        (Some(since(6, 9)), None),
        (Some(since(i64::MAX, 9)), None),
    ] {
        let followed = rig.follow(since);
        assert_eq!(numbers(&followed), expected, "{since:?}");
        assert_eq!(followed.room.last_change, 5);
    }
}

#[test]
fn another_numbering_is_told_from_its_beginning_by_nobody() {
    let mut rig = rig(3);
    let of = |epoch| Since {
        epoch: Some(epoch),
        ..since(1, 9)
    };
    let epoch = rig.follow(None).room.epoch;
    assert_eq!(numbers(&rig.follow(Some(of(epoch)))), Some(vec![2, 3]));
    assert_eq!(numbers(&rig.follow(Some(of(epoch + 1)))), None);
}

#[test]
fn only_members_subscribe() {
    let mut rig = rig(1);
    let (bob, stream, circle) = (rig.bob, rig.stream, rig.circle);
    for (user, room, kind) in [
        (bob, stream, ErrorKind::NotFound),
        (bob, LOBBY, ErrorKind::NotFound),
        (rig.ann, circle, ErrorKind::Invalid),
        (rig.ann, RoomId(99), ErrorKind::NotFound),
    ] {
        let error = rig.change(|store| subscribe(store, user, room, Some(since(0, 9))));
        assert_eq!(error.unwrap_err().kind(), kind);
    }
}

#[test]
fn a_talk_has_both_in_it_and_both_hear_it() {
    let mut rig = rig(0);
    let (ann, bob) = (rig.ann, rig.bob);
    let (room, told) = rig.talk(bob, ann);
    assert_eq!(told, ["entered [2, 1]"]);
    assert_eq!(rig.talk(ann, bob), (room, Vec::new()));
    rig.change(|store| store.unsubscribe(bob, room).unwrap());
    assert_eq!(rig.talk(ann, bob), (room, vec!["subscribed 2".to_owned()]));
    rig.change(|store| store.remove_members(room, &[ann]).unwrap());
    assert_eq!(rig.talk(ann, bob), (room, vec!["entered [1]".to_owned()]));
    for (other, kind) in [(ann, ErrorKind::Invalid), (UserId(9), ErrorKind::NotFound)] {
        let error = rig.change(|store| talk(store, &mut Vec::new(), ann, other, Utc::now()));
        assert_eq!(error.unwrap_err().kind(), kind);
    }
}

#[test]
fn nobody_is_brought_into_a_talk_by_somebody_who_is_silenced() {
    let mut rig = rig(0);
    let (ann, bob) = (rig.ann, rig.bob);
    rig.change(|store| {
        let ban = Ban {
            kind: BanKind::Speech,
            target: BanTarget::User(ann),
            room: None,
            until: None,
            reason: None,
            by: None,
            at: Utc::now(),
        };
        store.ban(&ban).unwrap();
        let refused = talk(store, &mut Vec::new(), ann, bob, Utc::now());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(store.direct_room(ann, bob).unwrap(), None);
    });
    assert_eq!(rig.talk(bob, ann).1, ["entered [2, 1]"]);
}

#[test]
fn a_seating_has_what_is_heard_by_choice_or_all() {
    let mut rig = rig(0);
    let (ann, circle, stream) = (rig.ann, rig.circle, rig.stream);
    rig.change(|store| {
        let lobby = [(ann, Role::Admin)];
        store.add_members(LOBBY, &lobby, Utc::now()).unwrap();
        let chosen = Seating::chosen(store, ann).unwrap();
        assert_eq!(chosen.roles, [(LOBBY, Role::Admin), (circle, Role::Member)]);
        let rooms: Vec<RoomId> = chosen.subscriptions().iter().map(|own| own.room).collect();
        assert_eq!(rooms, [LOBBY]);
        let all = Seating::all(store, ann).unwrap();
        assert_eq!(all.roles, chosen.roles);
        assert!(matches!(&all.hears, Hears::All(streams) if *streams == [stream]));
        assert!(all.subscriptions().is_empty());
    });
}

#[test]
fn a_seating_in_one_room_has_that_and_the_rooms_of_two() {
    let mut rig = rig(3);
    let (ann, bob, circle, stream) = (rig.ann, rig.bob, rig.circle, rig.stream);
    let (talk, _) = rig.talk(ann, bob);
    rig.change(|store| {
        let room = store.room(stream).unwrap();
        let seating = Seating::placed(store, ann, room.as_ref()).unwrap();
        assert_eq!(
            seating.roles,
            [(circle, Role::Member), (talk, Role::Member)]
        );
        let expected = Spot {
            room: stream,
            hall: circle,
        };
        assert!(
            matches!(&seating.hears, Hears::Placed { spot, talks } if *spot == Some(expected) && *talks == [(talk, 1)])
        );
        let lobby = store.room(LOBBY).unwrap();
        let seating = Seating::placed(store, bob, lobby.as_ref()).unwrap();
        let expected = Spot {
            room: LOBBY,
            hall: LOBBY,
        };
        assert!(
            matches!(&seating.hears, Hears::Placed { spot, .. } if *spot == Some(expected))
        );
    });
}
