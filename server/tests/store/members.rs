//! Who is in a room, and what they may see of it.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Role, RoomId, UserId};

use crate::site::{Site, at};

fn ids(site: &mut Site, room: RoomId) -> Vec<UserId> {
    let members = site.reader.members(room).unwrap();
    members.into_iter().map(|member| member.user.id).collect()
}

pub(crate) fn coming_and_going(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let room = site.group(&[bob]);
    let new = site.change(|store| {
        let members = [
            (eve, Role::Member),
            (bob, Role::Owner),
            (ann, Role::Admin),
            (ann, Role::Moderator),
        ];
        store.add_members(room, &members, at(2)).unwrap()
    });
    assert_eq!(new, [ann, eve]);
    assert_eq!(ids(site, room), [ann, bob, eve], "by id");
    let mut role = |user| site.reader.membership(room, user).unwrap().unwrap().role;
    assert_eq!(role(ann), Role::Moderator);
    assert_eq!(role(bob), Role::Member, "stays as they are");
    let gone = site.change(|store| {
        let users = [eve, UserId(99), ann, eve];
        store.remove_members(room, &users).unwrap()
    });
    assert_eq!(gone, [eve, ann]);
    assert_eq!(ids(site, room), [bob]);
    assert_eq!(site.reader.membership(room, eve).unwrap(), None);
    let nobody = site.change(|store| store.remove_members(room, &[]).unwrap());
    assert_eq!(nobody, []);
}

pub(crate) fn roles(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    for role in [Role::Moderator, Role::Admin, Role::Owner, Role::Member] {
        site.change(|store| store.set_role(room, ann, role).unwrap());
        let found = site.reader.membership(room, ann).unwrap().unwrap();
        assert_eq!(found.role, role);
        let other = site.reader.membership(room, bob).unwrap().unwrap();
        assert_eq!(other.role, Role::Member);
    }
    assert!(Role::Member < Role::Moderator && Role::Admin < Role::Owner);
}

pub(crate) fn spans_of_somebody_who_comes_back(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    assert_eq!(site.spans(room, ann), [], "nothing to see yet");
    let say = |site: &mut Site, count| {
        for _ in 0..count {
            site.say(room, ann, "hm");
        }
    };
    say(site, 2);
    site.join(room, bob);
    assert_eq!(site.spans(room, bob), []);
    site.leave(room, bob);
    assert_eq!(site.spans(room, bob), [], "nothing was said");
    site.join(room, bob);
    say(site, 3);
    assert_eq!(site.spans(room, bob), [(3, 5)]);
    site.leave(room, bob);
    say(site, 1);
    assert_eq!(site.spans(room, bob), [(3, 5)], "as it was when they left");
    site.join(room, bob);
    assert_eq!(site.spans(room, bob), [(3, 5)]);
    say(site, 1);
    assert_eq!(site.spans(room, bob), [(3, 5), (7, 7)]);
    say(site, 1);
    assert_eq!(site.spans(room, bob), [(3, 5), (7, 8)]);
    assert_eq!(site.spans(room, ann), [(1, 8)]);
}

pub(crate) fn pages(site: &mut Site) {
    let people: [UserId; 5] = site.accounts();
    let [ann, bob, eve, dan, ida] = people;
    let circle = site.circle(&[ida, ann, eve, bob]);
    let stream = site.stream(circle, "talk");
    let page = |site: &mut Site, room, after, limit| -> Vec<UserId> {
        let members = site.reader.members_after(room, after, limit).unwrap();
        members.into_iter().map(|member| member.user.id).collect()
    };
    for room in [circle, stream] {
        assert_eq!(page(site, room, UserId(0), 9), [ann, bob, eve, ida]);
        assert_eq!(page(site, room, UserId(0), 2), [ann, bob]);
        assert_eq!(page(site, room, bob, 2), [eve, ida]);
        assert_eq!(page(site, room, dan, 2), [ida], "behind somebody else");
        assert_eq!(page(site, room, ida, 2), []);
        assert_eq!(page(site, room, ann, 0), []);
        let all = site.reader.members(room).unwrap();
        assert_eq!(site.reader.members_after(room, UserId(0), 9).unwrap(), all);
    }
    assert_eq!(page(site, RoomId(99), UserId(0), 9), []);
    site.change(|store| store.set_role(circle, ann, Role::Admin).unwrap());
    let group = site.group(&[ann]);
    let roles = site.reader.roles_of(ann).unwrap();
    assert_eq!(roles, [(circle, Role::Admin), (group, Role::Member)]);
    assert_eq!(site.reader.roles_of(dan).unwrap(), []);
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    let (nowhere, nobody) = (RoomId(99), UserId(99));
    let bob_and = |user| [(bob, Role::Member), (user, Role::Member)];
    for (room, members) in [(nowhere, bob_and(ann)), (room, bob_and(nobody))] {
        site.refused(ErrorKind::NotFound, |store| {
            store.add_members(room, &members, at(2))
        });
    }
    site.refused(ErrorKind::NotFound, |store| {
        store.remove_members(nowhere, &[ann])
    });
    for (room, user) in [(room, bob), (room, nobody), (nowhere, ann)] {
        site.refused(ErrorKind::NotFound, |store| {
            store.set_role(room, user, Role::Owner)
        });
    }
    let circle = site.circle(&[ann]);
    let stream = site.stream(circle, "talk");
    site.refused(ErrorKind::Invalid, |store| {
        store.add_members(stream, &[(bob, Role::Member)], at(2))
    });
    site.refused(ErrorKind::Invalid, |store| {
        store.remove_members(stream, &[ann])
    });
    site.refused(ErrorKind::Invalid, |store| {
        store.set_role(stream, ann, Role::Owner)
    });
}
