//! What somebody has chosen to hear.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    LOBBY, MAX_STREAMS, MAX_SUBSCRIPTIONS, Role, RoomId, RoomKind, Subscription, UserId,
};

use crate::site::{Site, at, new_room, new_stream};

/// Room, first sequence that they are told of, and read mark of each subscription.
fn all(site: &mut Site, user: UserId) -> Vec<(RoomId, i64, i64)> {
    let found = site.reader.subscriptions(user).unwrap();
    found
        .into_iter()
        .map(|found| (found.room, found.since, found.read))
        .collect()
}

fn rooms(site: &mut Site, user: UserId) -> Vec<RoomId> {
    all(site, user).into_iter().map(|(room, ..)| room).collect()
}

fn subscribe(site: &mut Site, user: UserId, room: RoomId) -> (Subscription, bool) {
    site.change(|store| store.subscribe(user, room).unwrap())
}

pub(crate) fn coming_in_subscribes_but_not_to_circles(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let group = site.group(&[ann]);
    site.join(group, bob);
    site.join(LOBBY, bob);
    let circle = site.circle(&[bob]);
    let stream = site.stream(circle, "talk");
    let hall = site.stream(LOBBY, "hall");
    let channel = site.room(&new_room(RoomKind::Channel, "channel", &[bob]));
    site.join(circle, ann);
    let (direct, _) = site.change(|store| store.direct(ann, bob, at(3)).unwrap());
    assert_eq!(rooms(site, ann), [group, direct]);
    assert_eq!(rooms(site, bob), [LOBBY, group, channel, direct]);
    assert_eq!(rooms(site, eve), []);
    for room in [stream, hall] {
        let (found, new) = subscribe(site, bob, room);
        assert_eq!((found.room, found.since, new), (room, 1, true));
        assert!(!subscribe(site, bob, room).1);
    }
    assert_eq!(
        rooms(site, bob),
        [LOBBY, group, stream, hall, channel, direct]
    );
    let mut ended = |room| site.change(|store| store.unsubscribe(bob, room).unwrap());
    assert!(ended(group) && !ended(group) && ended(stream));
    assert!(!ended(circle) && !ended(RoomId(99)));
    assert_eq!(rooms(site, bob), [LOBBY, hall, channel, direct]);
    assert!(site.reader.membership(group, bob).unwrap().is_some());
    // Whoever is let back in wants to hear it again.
    site.leave(direct, bob);
    site.change(|store| store.direct(ann, bob, at(4)).unwrap());
    assert!(rooms(site, bob).contains(&direct));
}

pub(crate) fn leaving_and_removing_end_it(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let group = site.group(&[ann, bob]);
    let circle = site.circle(&[ann, bob]);
    let streams = [site.stream(circle, "one"), site.stream(circle, "two")];
    let elsewhere = site.circle(&[ann, bob]);
    let stays = site.stream(elsewhere, "one");
    for user in [ann, bob] {
        for room in streams.into_iter().chain([stays]) {
            subscribe(site, user, room);
        }
    }
    site.leave(circle, bob);
    assert_eq!(rooms(site, bob), [group, stays]);
    assert_eq!(rooms(site, ann), [group, streams[0], streams[1], stays]);
    site.join(circle, bob);
    assert_eq!(rooms(site, bob), [group, stays], "a choice of its own");
    subscribe(site, bob, streams[1]);
    site.change(|store| store.remove_room(streams[0]).unwrap());
    assert_eq!(rooms(site, ann), [group, streams[1], stays]);
    site.change(|store| store.remove_room(circle).unwrap());
    assert_eq!(rooms(site, ann), [group, stays]);
    assert_eq!(rooms(site, bob), [group, stays]);
    site.leave(group, ann);
    assert_eq!(rooms(site, ann), [stays]);
}

/// Of a stream one is told everything, of other rooms what was said since one came last.
pub(crate) fn since_when_and_how_far_read(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let group = site.group(&[ann]);
    let circle = site.circle(&[ann]);
    let stream = site.stream(circle, "talk");
    for room in [group, stream] {
        for text in ["1", "2", "3"] {
            site.say(room, ann, text);
        }
    }
    site.join(group, bob);
    site.join(circle, bob);
    subscribe(site, bob, stream);
    assert_eq!(all(site, bob), [(group, 4, 3), (stream, 1, 3)]);
    for room in [group, stream] {
        site.say(room, ann, "4");
        site.say(room, ann, "5");
        site.change(|store| store.mark_read_to(room, bob, 4).unwrap());
    }
    assert_eq!(all(site, bob), [(group, 4, 4), (stream, 1, 4)]);
    site.leave(group, bob);
    site.say(group, ann, "6");
    site.join(group, bob);
    let (found, new) = subscribe(site, bob, group);
    assert_eq!((found.since, found.read, new), (7, 6, false));
    assert_eq!(all(site, bob), [(group, 7, 6), (stream, 1, 4)]);
}

pub(crate) fn the_most_that_somebody_may_have(site: &mut Site) {
    let ann = site.account("ann");
    let count = MAX_SUBSCRIPTIONS.div_ceil(MAX_STREAMS);
    let (last, more) = site.change(|store| {
        let mut last = LOBBY;
        for _ in 0..count {
            let circle = new_room(RoomKind::Circle, "circle", &[ann]);
            let circle = store.create_room(&circle).unwrap();
            for number in 0..MAX_STREAMS {
                let stream = new_stream(circle, &number.to_string());
                last = store.create_room(&stream).unwrap();
                store.subscribe(ann, last).unwrap();
            }
        }
        let circle = new_room(RoomKind::Circle, "more", &[ann]);
        let circle = store.create_room(&circle).unwrap();
        (last, store.create_room(&new_stream(circle, "1")).unwrap())
    });
    site.refused(ErrorKind::Full, |store| store.subscribe(ann, more));
    assert!(!subscribe(site, ann, last).1, "that one is there");
    // Whatever comes with a membership does come.
    site.join(LOBBY, ann);
    assert_eq!(rooms(site, ann).len(), MAX_SUBSCRIPTIONS + 1);
    for room in [LOBBY, last] {
        site.change(|store| store.unsubscribe(ann, room).unwrap());
    }
    assert!(subscribe(site, ann, more).1);
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann]);
    let stream = site.stream(circle, "talk");
    let group = site.group(&[ann]);
    for (user, room) in [
        (bob, stream),
        (bob, circle),
        (bob, group),
        (bob, LOBBY),
        (ann, RoomId(99)),
        (UserId(99), stream),
        (UserId(0), RoomId(0)),
    ] {
        site.refused(ErrorKind::NotFound, |store| store.subscribe(user, room));
    }
    site.refused(ErrorKind::Invalid, |store| store.subscribe(ann, circle));
    site.change(|store| {
        let members = [(bob, Role::Member)];
        store.add_members(circle, &members, at(2)).unwrap();
    });
    assert!(subscribe(site, bob, stream).1);
}
