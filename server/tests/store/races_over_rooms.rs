//! Two operations that meet: rooms, who is in them, and what lets people in.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    DataScope, NewInvite, NewRoom, Role, RoomKind, RoomPatch, Transaction, UserId,
};

use crate::race::{
    First, Outcome, Room, add_bob, one_wins, race, remove_bob, remove_room, room, told,
};
use crate::site::{Site, at, new_room, new_stream};

fn invite(set: &Room) -> NewInvite {
    NewInvite {
        code: "code".to_owned(),
        room: set.room,
        by: set.ann,
        user: Some(set.bob),
        expires: None,
        at: at(1),
    }
}

pub(crate) fn two_rooms_of_one_pair(site: &mut Site) {
    race(
        site,
        |site| site.accounts::<2>(),
        |store, [ann, bob]| told(store.direct(*ann, *bob, at(1))),
        |store, [ann, bob]| told(store.direct(*bob, *ann, at(1))),
        |site, [ann, bob], first, one, other| {
            let room = site.reader.direct_room(*ann, *bob).unwrap().unwrap();
            let made = |new: bool| Ok(format!("{:?}", (room, new)));
            assert_eq!(*one, made(first == First::One));
            assert_eq!(*other, made(first == First::Other));
            assert_eq!(site.reader.room_ids_of(*ann).unwrap(), [room]);
        },
    );
}

pub(crate) fn two_channels_of_one_name(site: &mut Site) {
    fn make(store: &mut dyn Transaction, name: &str) -> Outcome {
        let room = new_room(RoomKind::Channel, name, &[]);
        told(store.create_room(&room).map(drop))
    }
    race(
        site,
        |_| (),
        |store, ()| make(store, "talk"),
        |store, ()| make(store, "TALK"),
        |site, (), first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            assert!(site.reader.channel("Talk").unwrap().is_some());
        },
    );
}

pub(crate) fn joining_and_leaving(site: &mut Site) {
    race(
        site,
        room,
        add_bob,
        remove_bob,
        |site, set, first, join, leave| {
            assert_eq!(leave.as_deref(), Ok(format!("{:?}", [set.bob]).as_str()));
            let new: &[UserId] = match first {
                First::One => &[],
                First::Other => &[set.bob],
            };
            assert_eq!(join.as_deref(), Ok(format!("{new:?}").as_str()));
            let is_in = site.standing(set.room, set.bob).is_some();
            assert_eq!(is_in, first == First::Other);
            assert_eq!(site.spans(set.room, set.bob), [(1, 1)]);
        },
    );
}

pub(crate) fn leaving_and_a_role(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        |store, set| told(store.set_role(set.room, set.bob, Role::Owner)),
        |site, set, first, leave, role| {
            assert!(leave.is_ok());
            assert_eq!(role.is_err(), first == First::One);
            site.join(set.room, set.bob);
            let found = site.reader.membership(set.room, set.bob).unwrap().unwrap();
            assert_eq!(found.role, Role::Member, "a role goes with its member");
        },
    );
}

pub(crate) fn leaving_and_data(site: &mut Site) {
    race(
        site,
        room,
        remove_bob,
        |store, set| {
            let scope = DataScope::Member(set.room, set.bob);
            told(store.set_data(scope, "a", Some("1")))
        },
        |site, set, first, leave, data| {
            assert!(leave.is_ok());
            assert_eq!(data.is_err(), first == First::One);
            let scope = DataScope::Member(set.room, set.bob);
            assert_eq!(site.reader.data(scope, "a").unwrap(), None);
        },
    );
}

pub(crate) fn removing_and_joining(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.leave(set.room, set.bob);
            set
        },
        remove_room,
        add_bob,
        |site, set, first, remove, join| {
            assert!(remove.is_ok());
            assert_eq!(join.is_err(), first == First::One);
            assert_eq!(site.reader.room_ids_of(set.bob).unwrap(), []);
            assert_eq!(site.spans(set.room, set.bob), []);
        },
    );
}

pub(crate) fn removing_a_circle_and_making_a_stream(site: &mut Site) {
    race(
        site,
        |site| {
            let [ann, bob] = site.accounts();
            let room = site.circle(&[ann, bob]);
            Room { ann, bob, room }
        },
        remove_room,
        |store, set| told(store.create_room(&new_stream(set.room, "talk")).map(drop)),
        |site, set, first, remove, make| {
            assert!(remove.is_ok());
            match first {
                First::One => assert_eq!(make, &Err(ErrorKind::NotFound)),
                First::Other => assert!(make.is_ok()),
            }
            assert_eq!(site.reader.children(set.room).unwrap(), []);
            assert_eq!(site.reader.room_ids_of(set.ann).unwrap(), []);
        },
    );
}

pub(crate) fn removing_and_renaming(site: &mut Site) {
    race(
        site,
        room,
        remove_room,
        |store, set| {
            let patch = RoomPatch {
                name: Some("renamed".to_owned()),
                ..RoomPatch::default()
            };
            told(store.update_room(set.room, &patch))
        },
        |site, set, first, remove, rename| {
            assert!(remove.is_ok());
            assert_eq!(rename.is_err(), first == First::One);
            assert_eq!(site.reader.room(set.room).unwrap(), None);
        },
    );
}

pub(crate) fn removing_and_inviting(site: &mut Site) {
    race(
        site,
        room,
        remove_room,
        |store, set| told(store.create_invite(&invite(set))),
        |site, set, first, remove, make| {
            assert!(remove.is_ok());
            assert_eq!(make.is_err(), first == First::One);
            site.refused(ErrorKind::NotFound, |store| {
                store.take_invite("code", set.bob, at(2))
            });
        },
    );
}

pub(crate) fn using_an_invitation_twice(site: &mut Site) {
    fn take(store: &mut dyn Transaction, set: &Room) -> Outcome {
        told(store.take_invite("code", set.bob, at(2)))
    }
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.create_invite(&invite(&set)).unwrap());
            set
        },
        take,
        take,
        |_, _, first, one, other| one_wins(first, one, other, ErrorKind::NotFound),
    );
}

/// A channel in which only ann is.
fn channel(site: &mut Site) -> Room {
    let [ann, bob] = site.accounts();
    let room = site.room(&new_room(RoomKind::Channel, "talk", &[ann]));
    Room { ann, bob, room }
}

fn clear_channels(store: &mut dyn Transaction, _: &Room) -> Outcome {
    told(store.clear_channels())
}

pub(crate) fn emptying_channels_and_entering(site: &mut Site) {
    race(
        site,
        channel,
        clear_channels,
        add_bob,
        |site, set, first, clear, enter| {
            assert!(clear.is_ok() && enter.is_ok());
            let is_in = site.standing(set.room, set.bob).is_some();
            assert_eq!(is_in, first == First::One);
            assert_eq!(site.standing(set.room, set.ann), None);
        },
    );
}

pub(crate) fn emptying_channels_and_making_one(site: &mut Site) {
    race(
        site,
        channel,
        clear_channels,
        |store, set| {
            let room = NewRoom {
                temporary: true,
                ..new_room(RoomKind::Channel, "new", &[set.bob])
            };
            told(store.create_room(&room).map(drop))
        },
        |site, set, first, clear, make| {
            assert!(clear.is_ok() && make.is_ok());
            let stays = usize::from(first == First::One);
            assert_eq!(site.reader.channels().unwrap().len(), 1 + stays);
            assert_eq!(site.reader.room_ids_of(set.bob).unwrap().len(), stays);
        },
    );
}
