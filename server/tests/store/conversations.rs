//! The list that a client begins with.

use kaiwa_server::store::{Repeat, RoomId, RoomKind, UserId};

use crate::site::{Site, at, new_room, said};

fn rooms(site: &mut Site, user: UserId, skip: usize, limit: usize) -> Vec<RoomId> {
    let found = site.reader.conversations(user, skip, limit).unwrap();
    found
        .into_iter()
        .map(|conversation| conversation.room.id)
        .collect()
}

pub(crate) fn the_newest_is_first(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let circle = site.circle(&[ann]);
    let stream = site.stream(circle, "talk");
    let silent = site.group(&[ann]);
    let one = site.group(&[ann, bob]);
    let two = site.group(&[ann, eve]);
    let foreign = site.group(&[bob]);
    assert_eq!(rooms(site, ann, 0, 10), []);
    for room in [two, stream, one] {
        let speaker = if room == one { bob } else { ann };
        site.say(room, speaker, "hello");
    }
    site.say(foreign, bob, "not for ann");
    site.say(two, ann, "newest");
    assert_eq!(rooms(site, ann, 0, 10), [two, one, stream]);
    assert_eq!(rooms(site, ann, 1, 1), [one]);
    assert_eq!(rooms(site, ann, 2, usize::MAX), [stream]);
    assert_eq!(rooms(site, ann, 3, 1), []);
    assert_eq!(rooms(site, ann, usize::MAX, usize::MAX), []);
    assert_eq!(rooms(site, ann, 0, 0), []);
    let found = site.reader.conversations(ann, 0, 2).unwrap();
    assert_eq!(found[0].message.text.as_deref(), Some("newest"));
    assert_eq!((found[0].unread, found[1].unread), (0, 1));
    assert_eq!(
        found[0].room,
        site.reader.room(two).unwrap().unwrap(),
        "the whole room"
    );
    let message = site.reader.messages(two, 2, 2).unwrap().pop().unwrap();
    assert_eq!(found[0].message, message, "the whole message");
    assert!(!rooms(site, ann, 0, 10).contains(&silent));
}

pub(crate) fn only_what_may_be_seen(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    let other = site.group(&[ann, bob]);
    site.say(room, ann, "1");
    site.join(room, bob);
    assert_eq!(rooms(site, bob, 0, 10), [], "nothing that bob may see");
    site.say(room, ann, "2");
    site.leave(room, bob);
    site.say(other, ann, "other");
    site.say(room, ann, "3");
    assert_eq!(rooms(site, bob, 0, 10), [other], "not in any more");
    site.join(room, bob);
    let found = site.reader.conversations(bob, 0, 10).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].message.text.as_deref(), Some("2"));
    assert_eq!(found[1].unread, 0);
    site.say(room, ann, "4");
    let found = site.reader.conversations(bob, 0, 10).unwrap();
    assert_eq!(found[0].message.text.as_deref(), Some("4"));
    assert_eq!(found[0].unread, 1);
}

pub(crate) fn the_other_person(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let (direct, _) = site.change(|store| store.direct(eve, bob, at(1)).unwrap());
    let group = site.group(&[ann, bob, eve]);
    let alone = site.group(&[bob]);
    let circle = site.circle(&[eve, bob]);
    let stream = site.stream(circle, "talk");
    for room in [direct, group, alone, stream] {
        site.say(room, bob, "hello");
    }
    let others = |site: &mut Site, user| -> Vec<Option<UserId>> {
        let found = site.reader.conversations(user, 0, 10).unwrap();
        found
            .into_iter()
            .map(|conversation| conversation.other.map(|other| other.id))
            .collect()
    };
    assert_eq!(others(site, bob), [Some(eve), None, Some(ann), Some(eve)]);
    assert_eq!(others(site, eve), [Some(bob), Some(ann), Some(bob)]);
    assert_eq!(others(site, ann), [Some(bob)]);
}

pub(crate) fn a_thousand_rooms(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let message = |room| said(room, bob, "hello");
    let made: Vec<RoomId> = site.change(|store| {
        (0..1000)
            .map(|_| {
                let room = new_room(RoomKind::Group, "one of many", &[ann, bob]);
                let room = store.create_room(&room).unwrap();
                store.post(&message(room), Repeat::Another).unwrap();
                room
            })
            .collect()
    });
    assert_eq!(site.reader.room_ids_of(ann).unwrap(), made);
    let found = rooms(site, ann, 0, usize::MAX);
    assert!(found.iter().eq(made.iter().rev()));
    assert!(rooms(site, ann, 990, 20).iter().eq(made[..10].iter().rev()));
}
