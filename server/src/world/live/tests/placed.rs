//! Connections that are in one room at a time, beside those of other networks.

use super::*;

const LOBBY: RoomId = RoomId(1);

fn placed(rig: &Rig, user: UserId, rooms: &[RoomId], room: RoomId) -> (Seat, Arc<Receiver>) {
    let spot = Spot { room, hall: room };
    let hears = Hears::Placed {
        spot: Some(spot),
        talks: Vec::new(),
    };
    rig.seat(CHOSEN, user, rooms, hears)
}

fn online(user: UserId, text: bool) -> String {
    format!("{} online {text};", user.0)
}

#[test]
fn others_are_told_of_where_somebody_is_and_one_is_told_of_where_one_is() {
    let rig = rig();
    let (_a, ann) = placed(&rig, ANN, &[LOBBY, ROOM], LOBBY);
    let (seat, bob) = rig.choose(BOB, &[ROOM], &[ROOM]);
    assert_eq!(heard(&ann), "", "ann is elsewhere");
    drop(seat);
    assert_eq!(heard(&ann), "");
    let (_b, bob_again) = rig.choose(BOB, &[LOBBY], &[]);
    assert_eq!(heard(&ann), online(BOB, true));
    // Ann is a member of both, wherever she is.
    let profile = || told(Notice::Profile(Box::new(person(ANN))));
    heard(&bob_again);
    rig.deliver(vec![profile()]);
    assert_eq!(heard(&bob_again), "other;");
    assert_eq!(heard(&ann), "other;");
    assert_eq!(heard(&bob), "");
}

#[test]
fn a_room_that_changes_is_told_to_all_its_members() {
    let rig = rig();
    let (_a, ann) = placed(&rig, ANN, &[LOBBY, ROOM], LOBBY);
    let (_b, bob) = placed(&rig, BOB, &[LOBBY], LOBBY);
    let (_c, eve) = placed(&rig, UserId(3), &[], ROOM);
    for receiver in [&ann, &bob, &eve] {
        heard(receiver);
    }
    rig.deliver(vec![told(Notice::RoomChanged { room: group(ROOM) })]);
    assert_eq!(heard(&ann), "changed for Some(Member);");
    assert_eq!(heard(&bob), "");
    assert_eq!(heard(&eve), "changed for None;", "there, but no member");
}

#[test]
fn only_those_of_one_network_are_put_elsewhere() {
    let rig = rig();
    let (_a, ann) = placed(&rig, ANN, &[LOBBY, ROOM], LOBBY);
    let (_q, all) = rig.sit_as(QUIET, ANN, &[LOBBY, ROOM]);
    let (_b, bob) = placed(&rig, BOB, &[ROOM], ROOM);
    rig.live.put(CHOSEN, ANN, None);
    rig.live.put(QUIET, ANN, None);
    for receiver in [&ann, &bob] {
        heard(receiver);
    }
    rig.deliver(vec![said(BOB, "1")]);
    assert_eq!((heard(&ann), heard(&all)), (String::new(), "1;".to_owned()));
    let room = room(ROOM, RoomKind::Group, None, 1);
    rig.live.put(CHOSEN, ANN, Some(&room));
    assert_eq!(rig.live.whereabouts(CHOSEN, ANN), Some(ROOM));
    assert_eq!(rig.live.whereabouts(QUIET, ANN), None);
    rig.deliver(vec![said(BOB, "2")]);
    assert_eq!(heard(&ann), "2;");
}

#[test]
fn whoever_is_banned_is_told_and_goes_from_everywhere() {
    let rig = rig();
    let (_a, ann) = placed(&rig, ANN, &[ROOM], ROOM);
    let (_q, quiet) = rig.sit_as(QUIET, ANN, &[ROOM]);
    let (_b, bob) = rig.sit_as(QUIET, BOB, &[ROOM]);
    heard(&ann);
    let banned = Notice::Banned {
        user: ANN,
        until: None,
    };
    rig.deliver(vec![said(BOB, "1"), told(banned), said(BOB, "2")]);
    assert_eq!(heard(&ann), "1;other;");
    assert_eq!(heard(&ann), "Ended(4000, \"farewell\")");
    assert_eq!(heard(&quiet), "1;other;");
    assert_eq!(heard(&quiet), "Banned");
    assert_eq!(bob.closing(), None);
}

#[test]
fn each_network_learns_of_each_notice_once() {
    let rig = rig();
    let (_a, ann) = rig.choose(ANN, &[ROOM], &[ROOM]);
    let (_b, _bob) = rig.choose(BOB, &[ROOM], &[ROOM]);
    let learned = || rig.chosen.learned.load(Ordering::Relaxed);
    assert_eq!(learned(), 2, "both are online");
    rig.deliver(vec![
        said(ANN, "1"),
        told(entered(&group(RoomId(9)), &[ANN])),
        told(Notice::RoomChanged { room: group(ROOM) }),
    ]);
    assert_eq!(learned(), 4);
    assert!(heard(&ann).contains("changed"));
}

#[test]
fn an_address_is_asked_about_without_the_store() {
    let rig = rig();
    let peer = "192.0.2.1".parse().unwrap();
    assert!(!rig.live.is_closed_to(peer, Utc::now()));
    rig.deliver(vec![told(Notice::Doors(vec![(peer, None)]))]);
    assert!(rig.live.is_closed_to(peer, Utc::now()));
    rig.deliver(vec![told(Notice::Doors(Vec::new()))]);
    assert!(!rig.live.is_closed_to(peer, Utc::now()));
}
