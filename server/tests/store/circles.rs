//! Circles: how many there may be, whose they are, how they are found.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    LOBBY, MAX_CIRCLES, MAX_OWN_CIRCLES, MAX_STREAMS, NewRoom, Repeat, Role, RoomId, RoomKind,
    RoomPatch, UserId,
};

use crate::site::{Site, at, guest, new_message, new_room, new_stream, said};

fn circle_of(owner: UserId, name: &str) -> NewRoom {
    NewRoom {
        owner: Some(owner),
        public: true,
        members: vec![(owner, Role::Owner)],
        ..new_room(RoomKind::Circle, name, &[])
    }
}

fn roles(site: &mut Site, room: RoomId) -> Vec<(UserId, Role)> {
    let members = site.reader.members(room).unwrap();
    members
        .into_iter()
        .map(|member| (member.user.id, member.role))
        .collect()
}

fn renamed(name: &str) -> RoomPatch {
    RoomPatch {
        name: Some(name.to_owned()),
        ..RoomPatch::default()
    }
}

pub(crate) fn the_lobby_has_streams_too(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let stream = site.stream(LOBBY, "games");
    site.join(LOBBY, ann);
    assert_eq!(site.reader.children(LOBBY).unwrap()[0].id, stream);
    assert_eq!(site.reader.room_ids_of(ann).unwrap(), [LOBBY, stream]);
    let members = site.reader.members(stream).unwrap();
    assert_eq!(members.len(), 1);
    site.say(stream, ann, "hello");
    let outsiders = [
        said(stream, bob, "hello"),
        new_message(stream, guest("zoe"), "hello"),
    ];
    for message in outsiders {
        site.refused(ErrorKind::Forbidden, |store| {
            store.post(&message, Repeat::Another)
        });
    }
    site.leave(LOBBY, ann);
    assert_eq!(site.spans(stream, ann), [(1, 1)]);
    assert_eq!(site.reader.room_ids_of(ann).unwrap(), []);
    site.change(|store| store.remove_room(stream).unwrap());
    assert_eq!(site.reader.children(LOBBY).unwrap(), []);
}

pub(crate) fn a_streams_name_is_its_own_in_any_case_and_form(site: &mut Site) {
    let circle = site.circle(&[]);
    let one = site.stream(circle, "Stra\u{df}e \u{fb01}sh");
    let other = site.stream(circle, "other");
    for name in ["STRASSE FISH", "strasse fish", "stra\u{df}e fish"] {
        site.refused(ErrorKind::Conflict, |store| {
            store.create_room(&new_stream(circle, name))
        });
        site.refused(ErrorKind::Conflict, |store| {
            store.update_room(other, &renamed(name))
        });
        site.change(|store| store.update_room(one, &renamed(name)).unwrap());
    }
    site.change(|store| store.update_room(one, &renamed("free again")).unwrap());
    site.change(|store| store.update_room(other, &renamed("Strasse Fish")).unwrap());
    let elsewhere = site.circle(&[]);
    site.stream(elsewhere, "other");
    site.stream(LOBBY, "other");
}

pub(crate) fn handing_over(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let circle = site.room(&circle_of(ann, "circle"));
    site.join(circle, bob);
    let owner = |site: &mut Site| site.reader.room(circle).unwrap().unwrap().owner;
    let to = |site: &mut Site, user| site.change(|store| store.hand_over(circle, user).unwrap());
    assert_eq!(to(site, bob), Some(ann));
    assert_eq!(owner(site), Some(bob));
    assert_eq!(
        roles(site, circle),
        [(ann, Role::Admin), (bob, Role::Owner)]
    );
    assert_eq!(to(site, bob), None, "it is theirs");
    assert_eq!(
        roles(site, circle),
        [(ann, Role::Admin), (bob, Role::Owner)]
    );
    site.leave(circle, bob);
    assert_eq!(to(site, ann), None, "who has left is no admin");
    assert_eq!(roles(site, circle), [(ann, Role::Owner)]);
    let stream = site.stream(circle, "talk");
    for (room, user) in [(circle, eve), (circle, UserId(99)), (RoomId(99), ann)] {
        site.refused(ErrorKind::NotFound, |store| store.hand_over(room, user));
    }
    site.refused(ErrorKind::Invalid, |store| store.hand_over(stream, ann));
    // A group without an owner has one then.
    let group = site.group(&[ann, bob]);
    assert_eq!(
        site.change(|store| store.hand_over(group, bob).unwrap()),
        None
    );
    assert_eq!(
        roles(site, group),
        [(ann, Role::Member), (bob, Role::Owner)]
    );
}

pub(crate) fn the_most_that_somebody_may_have(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circles = site.change(|store| {
        let mut circles = Vec::new();
        for number in 0..MAX_CIRCLES {
            let owner = if number < MAX_OWN_CIRCLES { ann } else { bob };
            let room = NewRoom {
                owner: (number < MAX_OWN_CIRCLES).then_some(owner),
                members: vec![(ann, Role::Member)],
                ..circle_of(owner, "circle")
            };
            circles.push(store.create_room(&room).unwrap());
        }
        circles
    });
    site.refused(ErrorKind::Full, |store| {
        store.create_room(&new_room(RoomKind::Circle, "one more", &[ann]))
    });
    let theirs = site.room(&circle_of(bob, "bob's"));
    site.refused(ErrorKind::Full, |store| {
        store.add_members(theirs, &[(ann, Role::Member)], at(3))
    });
    // Who is in stays in, and other rooms do not count.
    site.change(|store| {
        let members = [(ann, Role::Member), (bob, Role::Member)];
        assert_eq!(
            store.add_members(circles[0], &members, at(3)).unwrap(),
            [bob]
        );
    });
    site.group(&[ann]);
    let last = circles[MAX_CIRCLES - 1];
    site.refused(ErrorKind::Full, |store| store.hand_over(last, ann));
    site.leave(last, ann);
    site.refused(ErrorKind::Full, |store| {
        store.create_room(&circle_of(ann, "owned by too few"))
    });
    site.join(theirs, ann);
    site.change(|store| store.remove_room(circles[1]).unwrap());
    site.change(|store| store.hand_over(circles[200], ann).unwrap());
    site.change(|store| store.hand_over(circles[0], ann).unwrap());
}

pub(crate) fn streams_of_one_circle(site: &mut Site) {
    for parent in [LOBBY, site.circle(&[])] {
        let last = site.change(|store| {
            let mut last = parent;
            for number in 0..MAX_STREAMS {
                let stream = new_stream(parent, &number.to_string());
                last = store.create_room(&stream).unwrap();
            }
            last
        });
        site.refused(ErrorKind::Full, |store| {
            store.create_room(&new_stream(parent, "one more"))
        });
        site.change(|store| store.remove_room(last).unwrap());
        site.stream(parent, "one more");
    }
}

pub(crate) fn public_ones_are_found_in_pages(site: &mut Site) {
    let ann = site.account("ann");
    let found = |site: &mut Site, query: &str, after, limit| -> Vec<RoomId> {
        let rooms = site.reader.public_circles(query, after, limit).unwrap();
        rooms.into_iter().map(|room| room.id).collect()
    };
    assert_eq!(found(site, "", RoomId(0), 9), [LOBBY]);
    let one = site.room(&circle_of(ann, "Tea and more"));
    site.room(&new_room(RoomKind::Circle, "private tea", &[ann]));
    let hidden = NewRoom {
        hidden: true,
        ..circle_of(ann, "hidden tea")
    };
    site.room(&hidden);
    let group = NewRoom {
        public: true,
        ..new_room(RoomKind::Group, "group of tea", &[ann])
    };
    site.room(&group);
    let two = site.room(&circle_of(ann, "more TEA"));
    assert_eq!(found(site, "", RoomId(0), 9), [LOBBY, one, two]);
    assert_eq!(found(site, "tea", RoomId(0), 9), [one, two]);
    assert_eq!(found(site, "tea", RoomId(0), 1), [one]);
    assert_eq!(found(site, "Tea", one, 9), [two]);
    assert_eq!(found(site, "tea", two, 9), []);
    assert_eq!(found(site, "%", RoomId(0), 9), []);
    assert_eq!(found(site, "", RoomId(i64::MAX), 9), []);
}
