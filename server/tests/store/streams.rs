//! Streams of a circle.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{LOBBY, Repeat, Role};

use crate::site::{Site, at, said, texts};

pub(crate) fn members_are_the_circles(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let stream = site.stream(circle, "talk");
    let group = site.group(&[bob]);
    let later = site.stream(circle, "later");
    let found = site.reader.children(circle).unwrap();
    let ids: Vec<_> = found.iter().map(|room| room.id).collect();
    assert_eq!(ids, [stream, later]);
    assert_eq!(found[0].parent, Some(circle));
    assert_eq!(site.reader.children(group).unwrap(), []);
    for room in [circle, stream, later] {
        let members = site.reader.members(room).unwrap();
        let ids: Vec<_> = members.iter().map(|member| member.user.id).collect();
        assert_eq!(ids, [ann, bob]);
        assert!(site.reader.membership(room, bob).unwrap().is_some());
        assert!(site.reader.membership(room, eve).unwrap().is_none());
    }
    site.change(|store| store.set_role(circle, bob, Role::Admin).unwrap());
    let role = site.reader.membership(stream, bob).unwrap().unwrap().role;
    assert_eq!(role, Role::Admin);
    let ids = site.reader.room_ids_of(bob).unwrap();
    assert_eq!(ids, [circle, stream, group, later]);
    let rooms = site.reader.rooms_of(bob).unwrap();
    assert_eq!(
        rooms.iter().map(|room| room.id).collect::<Vec<_>>(),
        ids,
        "by id"
    );
    for (limit, count) in [(9, 2), (2, 2), (1, 1), (0, 0)] {
        let found = site.reader.stream_ids_of(bob, limit).unwrap();
        assert_eq!(found.len(), count);
        assert!(found.iter().all(|id| [stream, later].contains(id)));
    }
    assert_eq!(site.reader.stream_ids_of(eve, 9).unwrap(), []);
    site.refused(ErrorKind::Forbidden, |store| {
        store.post(&said(circle, ann, "in a circle"), Repeat::Another)
    });
    site.refused(ErrorKind::Forbidden, |store| {
        store.post(&said(stream, eve, "not in"), Repeat::Another)
    });
    site.leave(circle, bob);
    assert_eq!(site.reader.room_ids_of(bob).unwrap(), [group]);
    site.refused(ErrorKind::Forbidden, |store| {
        store.post(&said(stream, bob, "left"), Repeat::Another)
    });
    // Two circles may have streams of one name.
    let other = site.circle(&[ann]);
    site.stream(other, "talk");
}

pub(crate) fn each_has_marks_of_its_own(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let one = site.stream(circle, "one");
    let two = site.stream(circle, "two");
    for text in ["1", "2", "3"] {
        site.say(one, ann, text);
    }
    site.say(two, ann, "1");
    assert_eq!(site.standing(one, bob), Some((0, 0, 3)));
    assert_eq!(site.standing(two, bob), Some((0, 0, 1)));
    assert_eq!(site.standing(circle, bob), Some((0, 0, 0)));
    assert_eq!(
        site.change(|store| store.mark_read(one, bob, 2).unwrap()),
        0
    );
    site.say(two, bob, "2");
    assert_eq!(site.standing(one, bob), Some((0, 2, 2)));
    assert_eq!(site.standing(two, bob), Some((0, 0, 1)));
    assert_eq!(
        site.change(|store| store.mark_read_to(one, bob, 1).unwrap()),
        2
    );
    assert_eq!(site.standing(one, bob), Some((2, 2, 1)));
    assert_eq!(site.standing(one, ann), Some((3, 3, 0)));
}

pub(crate) fn coming_late_and_coming_back(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann]);
    let old = site.stream(circle, "old");
    let empty = site.stream(circle, "empty");
    site.say(old, ann, "1");
    site.join(circle, bob);
    let new = site.stream(circle, "new");
    for stream in [old, empty, new] {
        site.say(stream, ann, "for bob");
    }
    assert_eq!(site.standing(old, bob), Some((1, 1, 1)));
    assert_eq!(site.standing(empty, bob), Some((0, 0, 1)));
    assert_eq!(site.standing(new, bob), Some((0, 0, 1)));
    assert_eq!(site.spans(old, bob), [(2, 2)]);
    assert_eq!(site.spans(new, bob), [(1, 1)]);
    site.leave(circle, bob);
    let meanwhile = site.stream(circle, "meanwhile");
    for stream in [old, new, meanwhile] {
        site.say(stream, ann, "not for bob");
    }
    assert_eq!(site.spans(old, bob), [(2, 2)]);
    assert_eq!(site.spans(meanwhile, bob), []);
    site.join(circle, bob);
    for (stream, last) in [(old, 3), (empty, 1), (new, 2), (meanwhile, 1)] {
        assert_eq!(site.standing(stream, bob), Some((last, last, 0)));
        site.say(stream, ann, "for bob");
    }
    assert_eq!(site.spans(old, bob), [(2, 2), (4, 4)]);
    assert_eq!(site.spans(empty, bob), [(1, 2)]);
    assert_eq!(site.spans(new, bob), [(1, 1), (3, 3)]);
    assert_eq!(site.spans(meanwhile, bob), [(2, 2)]);
}

pub(crate) fn removing_a_circle_removes_them(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let stream = site.stream(circle, "talk");
    let other = site.stream(circle, "other");
    site.say(stream, ann, "hello");
    site.change(|store| store.remove_room(other).unwrap());
    assert_eq!(site.reader.children(circle).unwrap().len(), 1);
    site.change(|store| {
        let lobby = [(ann, Role::Member)];
        store.add_members(LOBBY, &lobby, at(2)).unwrap();
    });
    site.say(LOBBY, ann, "stays");
    site.change(|store| store.remove_room(circle).unwrap());
    for room in [circle, stream, other] {
        assert_eq!(site.reader.room(room).unwrap(), None);
        assert_eq!(site.messages(room), []);
        assert_eq!(site.standing(room, bob), None);
    }
    assert_eq!(site.reader.room_ids_of(bob).unwrap(), []);
    assert_eq!(texts(&site.messages(LOBBY)), ["stays"]);
}
