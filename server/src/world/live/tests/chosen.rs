//! Connections that hear what they chose.

use super::*;

const CIRCLE: RoomId = RoomId(20);
const STREAM: RoomId = RoomId(21);
const OTHER: RoomId = RoomId(22);

fn said_in(room: RoomId, sender: UserId, text: &str) -> Done {
    let mut submission = submission(text);
    submission.message.room = room;
    Done::Said(Said {
        posted: posted(sender),
        submission,
    })
}

fn stream(id: RoomId) -> Room {
    room(id, RoomKind::Stream, Some(CIRCLE), 3)
}

fn circle() -> Arc<RoomView> {
    let circle = room(CIRCLE, RoomKind::Circle, None, 0);
    view(circle, vec![stream(STREAM), stream(OTHER)])
}

#[test]
fn only_what_was_chosen_is_heard() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[CIRCLE, ROOM], &[STREAM]);
    let (_b, bob) = rig.choose(BOB, &[CIRCLE, ROOM], &[STREAM, ROOM]);
    heard(&ann);
    rig.deliver(vec![
        said_in(STREAM, BOB, "1"),
        said_in(OTHER, BOB, "2"),
        said_in(ROOM, BOB, "3"),
    ]);
    assert_eq!(heard(&ann), "1;");
    assert_eq!(heard(&bob), "own 1;own 3;");
}

#[test]
fn following_begins_and_ends_where_the_work_does() {
    let rig = rig();
    let (seat, ann) = rig.choose(ANN, &[CIRCLE], &[]);
    let (_b, second) = rig.choose(ANN, &[CIRCLE], &[]);
    let id = seat.id();
    let begin = work(Job::work(
        |_, _| Ok(()),
        move |live, _| live.follow(id, &subscription(STREAM, 1)),
    ));
    let end = work(Job::work(
        |_, _| Ok(()),
        move |live, _| live.unfollow(id, STREAM),
    ));
    rig.deliver(vec![
        said_in(STREAM, BOB, "before"),
        begin,
        said_in(STREAM, BOB, "1"),
        said_in(STREAM, BOB, "2"),
        end,
        said_in(STREAM, BOB, "after"),
    ]);
    assert_eq!(heard(&ann), "1;2;");
    assert_eq!(heard(&second), "", "each connection chooses");
}

#[test]
fn who_stops_hearing_a_group_is_still_in_it() {
    let rig = rig();
    let (seat, ann) = rig.choose(ANN, &[ROOM], &[ROOM]);
    rig.live.unfollow(seat.id(), ROOM);
    rig.deliver(vec![
        said(BOB, "1"),
        told(entered(&group(ROOM), &[BOB])),
        said(BOB, "2"),
    ]);
    assert_eq!(heard(&ann), "entered;");
    rig.live.follow(seat.id(), &subscription(ROOM, 1));
    rig.deliver(vec![said(BOB, "3")]);
    assert_eq!(heard(&ann), "3;");
    drop(seat);
    assert_eq!(*rig.live.clients().borrow(), 0);
}

#[test]
fn coming_into_a_circle_is_not_hearing_it_and_leaving_it_ends_all() {
    let rig = rig();
    let (seat, ann) = rig.choose(ANN, &[], &[]);
    let (_q, all) = rig.sit_as(QUIET, ANN, &[]);
    rig.deliver(vec![
        told(entered(&circle(), &[ANN])),
        said_in(STREAM, BOB, "1"),
    ]);
    assert_eq!(heard(&ann), "entered;");
    assert_eq!(heard(&all), "entered;1;", "hears whatever its person is in");
    rig.live.follow(seat.id(), &subscription(STREAM, 1));
    rig.deliver(vec![
        said_in(STREAM, BOB, "2"),
        told(left(&circle(), &[ANN])),
        said_in(STREAM, BOB, "3"),
    ]);
    assert_eq!(heard(&ann), "2;left;");
    assert_eq!(heard(&all), "2;left;");
}

#[test]
fn a_new_stream_is_heard_by_those_who_hear_all() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[CIRCLE], &[]);
    let (_q, all) = rig.sit_as(QUIET, BOB, &[CIRCLE]);
    let (_e, outside) = rig.choose(UserId(3), &[], &[]);
    let room = view(stream(STREAM), Vec::new());
    heard(&ann);
    rig.deliver(vec![
        told(Notice::Opened { room }),
        said_in(STREAM, UserId(9), "1"),
    ]);
    assert_eq!(heard(&ann), "opened 21;");
    assert_eq!(heard(&all), "other;1;");
    assert_eq!(heard(&outside), "");
}

#[test]
fn a_room_that_is_removed_is_told_and_heard_no_more() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[CIRCLE], &[STREAM]);
    let (_b, bob) = rig.choose(BOB, &[CIRCLE], &[OTHER]);
    heard(&ann);
    let removed = |room| told(Notice::RoomRemoved { room, by: BOB });
    rig.deliver(vec![
        removed(view(stream(OTHER), Vec::new())),
        said_in(STREAM, BOB, "1"),
        removed(circle()),
        said_in(STREAM, BOB, "2"),
        told(entered(&circle(), &[UserId(3)])),
    ]);
    assert_eq!(heard(&ann), "removed 22;1;removed 20;");
    assert_eq!(heard(&bob), "removed 22;removed 20;");
}

#[test]
fn a_subscription_made_by_others_is_followed_from_then_on() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[ROOM], &[]);
    let subscribed = Notice::Subscribed {
        room: group(ROOM),
        user: ANN,
        subscription: subscription(ROOM, 1),
    };
    rig.deliver(vec![said(BOB, "1"), told(subscribed), said(BOB, "2")]);
    assert_eq!(heard(&ann), "other;2;");
}
