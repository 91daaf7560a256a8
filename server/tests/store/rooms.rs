//! Rooms.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    LOBBY, NewRoom, Position, Repeat, Role, Room, RoomId, RoomKind, RoomPatch, UserId,
};

use crate::site::{Site, at, new_room, new_stream, said, texts};

fn channel(name: &str) -> NewRoom {
    new_room(RoomKind::Channel, name, &[])
}

pub(crate) fn the_lobby_is_there(site: &mut Site) {
    let lobby = site.reader.room(LOBBY).unwrap().unwrap();
    assert_eq!(lobby.kind, RoomKind::Lobby);
    assert!(lobby.guests && lobby.public && !lobby.hidden);
    assert_eq!((lobby.last, lobby.last_change), (Position::default(), 0));
    site.refused(ErrorKind::Forbidden, |store| store.remove_room(LOBBY));
}

pub(crate) fn everything_comes_back(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let new = NewRoom {
        topic: Some("what it is about".to_owned()),
        avatar: "https://example.org/r.png".to_owned(),
        owner: Some(ann),
        public: true,
        mode: u8::MAX,
        min_rank: i64::MIN,
        password: Some("$argon2id$".to_owned()),
        temporary: true,
        hidden: true,
        members: vec![
            (bob, Role::Member),
            (ann, Role::Owner),
            (bob, Role::Moderator),
        ],
        at: at(7),
        ..channel("Talk")
    };
    let id = site.room(&new);
    let expected = Room {
        id,
        kind: RoomKind::Channel,
        name: "Talk".to_owned(),
        topic: new.topic.clone(),
        avatar: new.avatar.clone(),
        parent: None,
        owner: Some(ann),
        two: None,
        public: true,
        guests: false,
        mode: u8::MAX,
        min_rank: i64::MIN,
        password: new.password.clone(),
        temporary: true,
        hidden: true,
        last: Position::default(),
        last_change: 0,
        epoch: at(7).timestamp_millis(),
        created: at(7),
    };
    assert_eq!(site.reader.room(id).unwrap().unwrap(), expected);
    let members = site.reader.members(id).unwrap();
    let found: Vec<_> = members
        .iter()
        .map(|member| (member.user.id, member.role))
        .collect();
    assert_eq!(found, [(ann, Role::Owner), (bob, Role::Moderator)]);
    assert_eq!(site.reader.rooms_of(bob).unwrap(), [expected]);
    assert_eq!(site.reader.room_ids_of(bob).unwrap(), [id]);
    let other = site.group(&[bob]);
    assert_eq!(site.reader.room_ids_of(bob).unwrap(), [id, other], "by id");
    assert_eq!(site.reader.room_ids_of(ann).unwrap(), [id]);
}

pub(crate) fn a_room_is_changed_in_part(site: &mut Site) {
    let ann = site.account("ann");
    let id = site.room(&NewRoom {
        topic: Some("old".to_owned()),
        password: Some("old".to_owned()),
        ..channel("talk")
    });
    site.room(&channel("other"));
    site.join(id, ann);
    site.say(id, ann, "hello");
    let before = site.reader.room(id).unwrap().unwrap();
    let mut change = |patch: RoomPatch| {
        site.change(|store| store.update_room(id, &patch).unwrap());
        site.reader.room(id).unwrap().unwrap()
    };
    assert_eq!(change(RoomPatch::default()), before);
    let changed = change(RoomPatch {
        name: Some("TALK".to_owned()),
        topic: Some(Some(String::new())),
        avatar: Some("a".to_owned()),
        public: Some(true),
        min_rank: Some(3),
        password: Some(Some("new".to_owned())),
    });
    let expected = Room {
        name: "TALK".to_owned(),
        topic: Some(String::new()),
        avatar: "a".to_owned(),
        public: true,
        min_rank: 3,
        password: Some("new".to_owned()),
        ..before
    };
    assert_eq!(changed, expected, "also its own name in another case");
    let bare = change(RoomPatch {
        topic: Some(None),
        password: Some(None),
        ..RoomPatch::default()
    });
    let expected = Room {
        topic: None,
        password: None,
        ..expected
    };
    assert_eq!(bare, expected);
    // The old name is free again.
    let moved = RoomPatch {
        name: Some("moved".to_owned()),
        ..RoomPatch::default()
    };
    site.change(|store| store.update_room(id, &moved).unwrap());
    site.room(&channel("talk"));
    let found = site.reader.channel("Moved").unwrap().unwrap();
    assert_eq!(found.id, id);
}

pub(crate) fn two_have_one_room(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    assert_eq!(site.reader.direct_room(ann, bob).unwrap(), None);
    let (room, new) = site.change(|store| store.direct(bob, ann, at(2)).unwrap());
    assert!(new);
    site.rooms.push(room);
    for (one, other) in [(ann, bob), (bob, ann)] {
        let again = site.change(|store| store.direct(one, other, at(3)).unwrap());
        assert_eq!(again, (room, false));
        assert_eq!(site.reader.direct_room(one, other).unwrap(), Some(room));
    }
    let found = site.reader.room(room).unwrap().unwrap();
    assert_eq!((found.kind, found.created), (RoomKind::Direct, at(2)));
    assert_eq!(site.reader.members(room).unwrap().len(), 2);
    let (second, new) = site.change(|store| store.direct(eve, ann, at(2)).unwrap());
    assert!(new && second != room);
    for (one, other, kind) in [
        (ann, ann, ErrorKind::Invalid),
        (ann, UserId(99), ErrorKind::NotFound),
        (UserId(99), ann, ErrorKind::NotFound),
    ] {
        site.refused(kind, |store| store.direct(one, other, at(2)));
    }
    site.refused(ErrorKind::Invalid, |store| {
        store.add_members(room, &[(ann, Role::Member), (eve, Role::Member)], at(2))
    });
    site.change(|store| store.remove_room(room).unwrap());
    assert_eq!(site.reader.direct_room(ann, bob).unwrap(), None);
    let (third, new) = site.change(|store| store.direct(ann, bob, at(2)).unwrap());
    assert!(new && third > second, "numbers are not used again");
}

pub(crate) fn whoever_left_a_room_of_two_is_let_back_in(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let (room, _) = site.change(|store| store.direct(ann, bob, at(2)).unwrap());
    site.say(room, ann, "1");
    site.leave(room, ann);
    site.say(room, bob, "2");
    let again = site.change(|store| store.direct(bob, ann, at(3)).unwrap());
    assert_eq!(again, (room, false));
    site.say(room, bob, "3");
    assert_eq!(site.spans(room, ann), [(1, 1), (3, 3)]);
    assert_eq!(site.spans(room, bob), [(1, 3)]);
    site.leave(room, bob);
    site.join(room, bob);
}

pub(crate) fn channels_are_found_in_any_ascii_case(site: &mut Site) {
    let id = site.room(&channel("Grüße & Co"));
    site.group(&[]);
    for name in ["Grüße & Co", "GRüßE & CO", "grüße & co"] {
        let found = site.reader.channel(name).unwrap().unwrap();
        assert_eq!((found.id, found.name.as_str()), (id, "Grüße & Co"));
        site.refused(ErrorKind::Conflict, |store| {
            store.create_room(&channel(name))
        });
    }
    for name in ["GRÜSSE & CO", "group", "lobby", ""] {
        assert_eq!(site.reader.channel(name).unwrap(), None);
    }
    // Another kind of room may have the name.
    site.room(&new_room(RoomKind::Group, "Grüße & Co", &[]));
}

pub(crate) fn public_rooms_by_a_part_of_their_name(site: &mut Site) {
    let mut make = |name: &str, public, hidden| {
        site.room(&NewRoom {
            public,
            hidden,
            ..new_room(RoomKind::Group, name, &[])
        })
    };
    let rust = make("Rust for all", true, false);
    let percent = make("100% RUST_", true, false);
    make("rust, hidden", true, true);
    make("rust, private", false, false);
    let mut find = |query: &str, limit| -> Vec<RoomId> {
        let rooms = site.reader.public_rooms(query, limit).unwrap();
        rooms.into_iter().map(|room| room.id).collect()
    };
    assert_eq!(find("RusT", 10), [rust, percent]);
    assert_eq!(find("rust", 1), [rust]);
    assert_eq!(find("rust", 0), []);
    assert_eq!(find("%", 10), [percent], "not a pattern");
    assert_eq!(find("_", 10), [percent]);
    assert_eq!(find("Öre", 10), []);
    assert_eq!(find("", usize::MAX), [LOBBY, rust, percent]);
}

pub(crate) fn removing_takes_everything_along(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let other = site.group(&[ann, bob]);
    for text in ["1", "2", "3"] {
        site.say(room, ann, text);
    }
    site.say(other, ann, "stays");
    site.change(|store| store.mark_read(room, bob, 2).unwrap());
    site.leave(room, ann);
    site.change(|store| store.remove_room(room).unwrap());
    assert_eq!(site.reader.room(room).unwrap(), None);
    assert_eq!(site.messages(room), []);
    assert_eq!(site.reader.changes(room, 0, 10).unwrap(), Some(vec![]));
    assert_eq!(site.spans(room, ann), []);
    assert_eq!(site.spans(room, bob), []);
    assert_eq!(site.standing(room, bob), None);
    assert_eq!(site.reader.members(room).unwrap(), []);
    assert_eq!(site.reader.room_ids_of(bob).unwrap(), [other]);
    assert_eq!(texts(&site.messages(other)), ["stays"]);
    site.refused(ErrorKind::NotFound, |store| store.remove_room(room));
    let next = site.group(&[ann]);
    assert!(next > other, "numbers are not used again");
}

pub(crate) fn what_was_removed_is_cleared_away_bit_by_bit(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let [stream, other] = ["one", "two"].map(|name| site.stream(circle, name));
    let group = site.group(&[ann]);
    let mut ids = Vec::new();
    for room in [stream, other, group] {
        for text in ["1", "2", "3", "4", "5"] {
            ids.push(site.say(room, ann, text).position.id);
        }
    }
    assert!(!site.change(|store| store.clear_removed(2).unwrap()));
    site.change(|store| store.remove_room(circle).unwrap());
    let mut pieces = 0;
    loop {
        // At any time it is as if nothing were left.
        for room in [circle, stream, other] {
            assert_eq!(site.reader.room(room).unwrap(), None);
            assert_eq!(site.messages(room), []);
            site.refused(ErrorKind::NotFound, |store| store.remove_room(room));
            site.refused(ErrorKind::NotFound, |store| {
                store.add_members(room, &[(bob, Role::Member)], at(9))
            });
            site.refused(ErrorKind::NotFound, |store| {
                store.update_room(room, &RoomPatch::default())
            });
        }
        for id in &ids[..10] {
            assert_eq!(site.reader.message(*id).unwrap(), None);
        }
        if !site.change(|store| store.clear_removed(2).unwrap()) {
            break;
        }
        pieces += 1;
    }
    // Ten messages and three rooms, two at a time.
    assert_eq!(pieces, 6);
    assert_eq!(texts(&site.messages(group)), ["1", "2", "3", "4", "5"]);
    let again = site.circle(&[ann]);
    assert!(again > group, "numbers are not used again");
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    let group = site.group(&[ann]);
    let circle = site.circle(&[ann]);
    let stream = site.stream(circle, "talk");
    let taken = site.room(&channel("taken"));
    let nobody = UserId(99);
    let in_group = |room: NewRoom| NewRoom {
        parent: Some(group),
        ..room
    };
    for (room, kind) in [
        (new_room(RoomKind::Lobby, "x", &[]), ErrorKind::Invalid),
        (new_room(RoomKind::Direct, "x", &[]), ErrorKind::Invalid),
        (new_room(RoomKind::Stream, "x", &[]), ErrorKind::Invalid),
        (new_stream(RoomId(99), "x"), ErrorKind::NotFound),
        (new_stream(group, "x"), ErrorKind::Invalid),
        (new_stream(stream, "x"), ErrorKind::Invalid),
        (new_stream(circle, "TALK"), ErrorKind::Conflict),
        (
            NewRoom {
                members: vec![(ann, Role::Member)],
                ..new_stream(circle, "x")
            },
            ErrorKind::Invalid,
        ),
        (
            in_group(new_room(RoomKind::Group, "x", &[])),
            ErrorKind::Invalid,
        ),
        (in_group(channel("x")), ErrorKind::Invalid),
        (channel("Taken"), ErrorKind::Conflict),
        (
            new_room(RoomKind::Group, "x", &[ann, nobody]),
            ErrorKind::NotFound,
        ),
        (
            NewRoom {
                owner: Some(nobody),
                ..channel("x")
            },
            ErrorKind::NotFound,
        ),
    ] {
        site.refused(kind, |store| store.create_room(&room));
    }
    assert_eq!(site.reader.channel("x").unwrap(), None);
    let free = site.room(&channel("free"));
    let name = |name: &str| RoomPatch {
        name: Some(name.to_owned()),
        topic: Some(None),
        ..RoomPatch::default()
    };
    site.refused(ErrorKind::Conflict, |store| {
        store.update_room(free, &name("TAKEN"))
    });
    let second = site.stream(circle, "second");
    site.refused(ErrorKind::Conflict, |store| {
        store.update_room(second, &name("talk"))
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.update_room(RoomId(99), &name("x"))
    });
    site.change(|store| store.remove_room(taken).unwrap());
    site.refused(ErrorKind::NotFound, |store| {
        store.post(&said(taken, ann, "gone"), Repeat::Another)
    });
}
