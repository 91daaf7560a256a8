//! Who is told of what, and with how many frames.

use super::*;
use crate::store::{MessageKind, Reaction, StoredMessage};
use crate::world::Batch;

const CIRCLE: RoomId = RoomId(20);

fn edited(seq: i64) -> Notice {
    Notice::Edited(Box::new(StoredMessage {
        position: Position {
            id: MessageId(seq),
            seq,
        },
        room: ROOM,
        change: 9,
        posted: 1,
        at: Utc::now(),
        sender: Some(ANN),
        sender_name: None,
        kind: MessageKind::Text,
        text: None,
        client_id: None,
        reply: None,
        edited: None,
        deleted: true,
        files: Vec::new(),
        reactions: Vec::new(),
        extra: None,
    }))
}

fn reacted(seq: i64) -> Notice {
    Notice::Reacted {
        room: ROOM,
        seq,
        change: 10,
        reaction: Reaction {
            user: ANN,
            emoji: "+".to_owned(),
        },
        on: true,
    }
}

/// A request that tells these, and is answered with `ok;`.
fn asked(origin: &Arc<Receiver>, notices: Vec<Notice>) -> Done {
    let receiver = Arc::clone(origin);
    work(Job::request(
        Arc::clone(origin),
        move |_, told| {
            told.extend(notices);
            Ok(())
        },
        move |_, outcome| {
            outcome.unwrap();
            let bytes = Bytes::from_static(b"ok;");
            let messages = 1;
            receiver.push(&Batch { bytes, messages }, Instant::now());
        },
    ))
}

#[test]
fn what_all_hear_is_rendered_once_and_comes_after_the_answer() {
    let rig = rig();
    let connections: Vec<_> = (0..50)
        .map(|number| rig.choose(UserId(number), &[CIRCLE], &[ROOM]))
        .collect();
    let (_deaf, deaf) = rig.choose(UserId(60), &[CIRCLE], &[]);
    let (_q, quiet) = rig.sit_as(QUIET, UserId(61), &[ROOM]);
    for (_, receiver) in &connections {
        heard(receiver);
    }
    heard(&deaf);
    rig.chosen.made.store(0, Ordering::Relaxed);
    let origin = &connections[3].1;
    rig.deliver(vec![asked(origin, vec![edited(1), reacted(2)])]);
    assert_eq!(heard(origin), "ok;edit 1;react 2;");
    for (index, (_, receiver)) in connections.iter().enumerate() {
        let expected = if index == 3 { "" } else { "edit 1;react 2;" };
        assert_eq!(heard(receiver), expected);
    }
    assert_eq!(rig.chosen.made.load(Ordering::Relaxed), 2);
    assert_eq!(heard(&deaf), "");
    assert_eq!(heard(&quiet), "", "shows no changes");
}

#[test]
fn nobody_is_told_of_what_was_said_before_they_came() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[ROOM], &[ROOM]);
    let (_b, bob) = rig.choose(BOB, &[], &[]);
    let room = view(room(ROOM, RoomKind::Group, None, 3), Vec::new());
    rig.deliver(vec![
        told(entered(&room, &[BOB])),
        told(edited(3)),
        told(reacted(3)),
    ]);
    rig.deliver(vec![told(edited(4)), told(reacted(5))]);
    assert_eq!(heard(&ann), "entered;edit 3;react 3;edit 4;react 5;");
    assert_eq!(heard(&bob), "entered;edit 4;react 5;");
}

#[test]
fn who_asks_is_told_by_the_answer_alone() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[CIRCLE], &[]);
    let (_second, second) = rig.choose(ANN, &[CIRCLE], &[]);
    let (_b, bob) = rig.choose(BOB, &[CIRCLE], &[]);
    for receiver in [&ann, &second, &bob] {
        heard(receiver);
    }
    let view = view(room(CIRCLE, RoomKind::Circle, None, 0), Vec::new());
    rig.deliver(vec![asked(&ann, vec![left(&view, &[ANN])])]);
    assert_eq!(heard(&ann), "ok;");
    assert_eq!(heard(&second), "left;");
    assert_eq!(heard(&bob), "left;");
    rig.deliver(vec![told(entered(&view, &[UserId(3)]))]);
    assert_eq!(heard(&ann), "", "it is out all the same");
}

#[test]
fn a_change_of_a_room_is_rendered_once_for_each_role() {
    let rig = rig();
    let connections: Vec<_> = (1..200)
        .map(|number| rig.choose(UserId(number), &[CIRCLE], &[]))
        .collect();
    let (_q, quiet) = rig.sit_as(QUIET, UserId(500), &[CIRCLE]);
    for (_, receiver) in &connections {
        heard(receiver);
    }
    rig.chosen.made.store(0, Ordering::Relaxed);
    let circle = view(room(CIRCLE, RoomKind::Circle, None, 0), Vec::new());
    let admin = Notice::Role {
        room: CIRCLE,
        member: Member {
            user: person(ANN),
            role: Role::Admin,
        },
    };
    rig.deliver(vec![
        told(admin),
        told(Notice::RoomChanged { room: circle }),
    ]);
    assert_eq!(heard(&connections[0].1), "other;changed for Some(Admin);");
    for (_, receiver) in &connections[1..] {
        assert_eq!(heard(receiver), "changed for Some(Member);");
    }
    assert_eq!(rig.chosen.made.load(Ordering::Relaxed), 2);
    assert_eq!(heard(&quiet), "", "a crowd is told by shared frames only");
}

#[test]
fn in_a_crowd_only_those_who_come_and_go_are_told() {
    let rig = rig();
    let (_a, ann) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let group = group(ROOM);
    let guests: Vec<_> = (0..99)
        .map(|_| rig.live.sit(ECHO, receiver(), ROOM))
        .collect();
    let (_b, bob) = rig.sit_as(QUIET, BOB, &[]);
    rig.deliver(vec![told(entered(&group, &[UserId(9)]))]);
    assert_eq!(heard(&ann), "entered;", "100 connections");
    rig.deliver(vec![told(entered(&group, &[BOB]))]);
    assert_eq!(heard(&ann), "", "101 connections");
    assert_eq!(heard(&bob), "entered;");
    rig.deliver(vec![told(left(&group, &[BOB]))]);
    assert_eq!(heard(&ann), "left;");
    assert_eq!(heard(&bob), "left;");
    drop(guests);
}

#[test]
fn typing_comes_to_all_other_connections_that_hear_the_room() {
    let rig = rig();
    let (seat, ann) = rig.choose(ANN, &[ROOM], &[ROOM]);
    let (_second, second) = rig.choose(ANN, &[ROOM], &[ROOM]);
    let (_b, bob) = rig.choose(BOB, &[ROOM], &[ROOM]);
    let (deaf_seat, deaf) = rig.choose(UserId(3), &[ROOM], &[]);
    let (_q, quiet) = rig.sit_as(QUIET, UserId(4), &[ROOM]);
    for receiver in [&ann, &second, &bob, &deaf, &quiet] {
        heard(receiver);
    }
    rig.chosen.made.store(0, Ordering::Relaxed);
    assert!(rig.live.typing(seat.id(), ROOM, true));
    assert_eq!(rig.chosen.made.load(Ordering::Relaxed), 1);
    assert!(!rig.live.typing(deaf_seat.id(), ROOM, true));
    assert!(!rig.live.typing(seat.id(), RoomId(404), true));
    let guest = rig.live.sit(ECHO, receiver(), ROOM);
    assert!(
        !rig.live.typing(guest.id(), ROOM, true),
        "nobody in particular"
    );
    assert_eq!(heard(&ann), "");
    assert_eq!(heard(&second), "1 types true;");
    assert_eq!(heard(&bob), "1 types true;");
    assert_eq!(heard(&deaf), "");
    assert_eq!(heard(&quiet), "");
    let id = seat.id();
    drop(seat);
    assert!(!rig.live.typing(id, ROOM, false), "left");
}

#[test]
fn the_first_and_the_last_connection_make_the_presence() {
    let rig = rig();
    let (_b, bob) = rig.choose(BOB, &[CIRCLE], &[]);
    let (_c, stranger) = rig.choose(UserId(3), &[ROOM], &[]);
    let (first, _) = rig.sit_as(QUIET, ANN, &[CIRCLE]);
    assert_eq!(heard(&bob), "1 online true;");
    assert!(rig.live.online(|is| is(ANN) && is(BOB) && !is(UserId(9))));
    let (second, ann) = rig.choose(ANN, &[CIRCLE], &[]);
    drop(first);
    let (third, _) = rig.sit_as(QUIET, ANN, &[CIRCLE]);
    let (fourth, _) = rig.sit_as(QUIET, ANN, &[CIRCLE]);
    drop(second);
    drop(third);
    assert_eq!(heard(&bob), "");
    // The only one, and there is a newer one: still here.
    let (fifth, _) = rig.sit_as(QUIET, ANN, &[CIRCLE]);
    drop(fourth);
    assert_eq!(heard(&bob), "");
    drop(fifth);
    assert_eq!(heard(&bob), "1 online false;");
    assert!(!rig.live.online(|is| is(ANN)));
    assert_eq!(heard(&stranger), "");
    assert_eq!(heard(&ann), "", "nobody is told of themselves");
}

#[test]
fn in_a_crowd_presence_is_not_told() {
    let rig = rig();
    let (_b, bob) = rig.choose(BOB, &[CIRCLE], &[]);
    let crowd: Vec<_> = (10..108)
        .map(|number| rig.choose(UserId(number), &[CIRCLE], &[]))
        .collect();
    heard(&bob);
    let (ann, _) = rig.choose(ANN, &[CIRCLE], &[]);
    assert_eq!(heard(&bob), "1 online true;", "100 connections");
    drop(ann);
    heard(&bob);
    let (_more, _) = rig.choose(UserId(200), &[CIRCLE], &[]);
    heard(&bob);
    let (_ann, _) = rig.choose(ANN, &[CIRCLE], &[]);
    assert_eq!(heard(&bob), "", "101 connections");
    drop(crowd);
}

#[test]
fn at_the_end_nobody_is_told_that_all_go() {
    let rig = rig();
    let (_b, bob) = rig.choose(BOB, &[CIRCLE], &[]);
    let (ann, _) = rig.choose(ANN, &[CIRCLE], &[]);
    heard(&bob);
    rig.chosen.made.store(0, Ordering::Relaxed);
    rig.live.close();
    drop(ann);
    assert_eq!(rig.chosen.made.load(Ordering::Relaxed), 0);
    assert_eq!(heard(&bob), "Stopping");
}

#[test]
fn a_mark_is_told_to_its_person_also_in_a_crowd() {
    let rig = rig();
    let read = || Notice::Read {
        room: ROOM,
        kind: RoomKind::Group,
        user: ANN,
        message: MessageId(1),
        seq: 1,
    };
    let (_a, ann) = rig.choose(ANN, &[ROOM], &[]);
    let (_second, second) = rig.choose(ANN, &[ROOM], &[]);
    let (_b, bob) = rig.choose(BOB, &[ROOM], &[]);
    for receiver in [&ann, &second, &bob] {
        heard(receiver);
    }
    rig.deliver(vec![asked(&ann, vec![read()])]);
    assert_eq!(heard(&ann), "ok;");
    assert_eq!(heard(&second), "other;");
    assert_eq!(heard(&bob), "other;");
    let guests: Vec<_> = (0..99)
        .map(|_| rig.live.sit(ECHO, receiver(), ROOM))
        .collect();
    rig.deliver(vec![told(read())]);
    assert_eq!(heard(&second), "other;");
    assert_eq!(heard(&bob), "");
    drop(guests);
}

#[test]
fn what_is_said_as_a_part_of_work_comes_like_any_message() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[], &[]);
    let (_b, bob) = rig.choose(BOB, &[], &[]);
    let mut submission = submission("hello");
    submission.origin = Arc::clone(&ann);
    submission.answer = Some(Box::new(|_, _| Some(Bytes::from_static(b"ok;"))));
    let said = Notice::Said(Box::new(Said {
        posted: posted(ANN),
        submission,
    }));
    rig.deliver(vec![told(entered(&group(ROOM), &[ANN, BOB])), told(said)]);
    assert_eq!(heard(&ann), "entered;ok;own hello;");
    assert_eq!(heard(&bob), "entered;hello;");
}

#[test]
fn others_of_a_person_are_sent_away() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[], &[]);
    let (_second, second) = rig.sit_as(QUIET, ANN, &[]);
    let (_b, bob) = rig.choose(BOB, &[], &[]);
    rig.live.send_away(ANN, &ann, CloseReason::TooSlow);
    assert_eq!(heard(&second), "TooSlow");
    assert_eq!((heard(&ann), heard(&bob)), (String::new(), String::new()));
}
