//! Channels, in which one is as long as one is there, and what somebody is shown who comes in.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    BACKLOG_REACH, DataScope, Edit, LOBBY, Line, MAX_CHANNELS, NewRoom, Repeat, Role, RoomId,
    RoomKind, RoomPatch,
};

use crate::site::{Site, at, guest, new_message, new_room, said, texts};

fn channel(name: &str) -> NewRoom {
    new_room(RoomKind::Channel, name, &[])
}

fn names(site: &mut Site) -> Vec<String> {
    let channels = site.reader.channels().unwrap();
    channels.into_iter().map(|room| room.name).collect()
}

pub(crate) fn all_are_listed_and_nothing_else(site: &mut Site) {
    let ann = site.account("ann");
    let hidden = NewRoom {
        hidden: true,
        min_rank: 5,
        password: Some("hash".to_owned()),
        ..channel("zz")
    };
    let first = site.room(&hidden);
    let second = site.room(&channel("Aa"));
    site.room(&channel("\u{10ffff}"));
    site.room(&channel(""));
    site.group(&[ann]);
    let circle = site.circle(&[ann]);
    site.stream(circle, "channel");
    assert_eq!(names(site), ["zz", "Aa", "\u{10ffff}", ""]);
    let rename = RoomPatch {
        name: Some("bb".to_owned()),
        min_rank: Some(2),
        password: Some(None),
        ..RoomPatch::default()
    };
    site.change(|store| store.update_room(first, &rename).unwrap());
    site.change(|store| store.remove_room(second).unwrap());
    assert_eq!(names(site), ["bb", "\u{10ffff}", ""]);
    let found = site.reader.channels().unwrap().remove(0);
    assert_eq!((found.min_rank, found.password), (2, None));
    assert_eq!(found.id, first);
}

pub(crate) fn the_most_that_there_may_be(site: &mut Site) {
    let first = site.change(|store| {
        let mut all = (0..MAX_CHANNELS)
            .map(|number| store.create_room(&channel(&format!("c{number}"))).unwrap());
        let first = all.next().unwrap();
        assert_eq!(all.count(), MAX_CHANNELS - 1);
        first
    });
    site.refused(ErrorKind::Full, |store| store.create_room(&channel("more")));
    site.group(&[]);
    site.change(|store| store.remove_room(first).unwrap());
    site.room(&channel("more"));
}

pub(crate) fn nothing_is_kept_of_who_has_gone(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.room(&channel("talk"));
    for user in [ann, bob] {
        site.join(room, user);
        site.say(room, user, "hm");
        assert_eq!(site.reader.subscriptions(user).unwrap().len(), 1);
        site.leave(room, user);
        assert_eq!(site.spans(room, user), []);
        assert_eq!(site.reader.subscriptions(user).unwrap(), []);
    }
    site.join(room, ann);
    assert_eq!(site.standing(room, ann), Some((2, 2, 0)));
    assert_eq!(site.spans(room, ann), []);
}

pub(crate) fn when_a_server_starts_nobody_is_there(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let stays = site.room(&channel("stays"));
    let temporary = NewRoom {
        owner: Some(ann),
        temporary: true,
        ..channel("goes")
    };
    let goes = site.room(&temporary);
    // Only channels go.
    let group = site.room(&NewRoom {
        temporary: true,
        ..new_room(RoomKind::Group, "group", &[ann, bob])
    });
    site.join(LOBBY, ann);
    for room in [stays, goes, group] {
        site.change(|store| {
            let members = [(ann, Role::Owner), (bob, Role::Member)];
            store.add_members(room, &members, at(2)).unwrap();
            store.post(&said(room, ann, "hm"), Repeat::Another).unwrap();
            let scopes = [DataScope::Member(room, bob), DataScope::Room(room)];
            for scope in scopes {
                store.set_data(scope, "a", Some("1")).unwrap();
            }
        });
    }
    let kept: Vec<_> = [LOBBY, group].map(|room| seen(site, room)).to_vec();
    for _ in 0..2 {
        site.change(|store| store.clear_channels().unwrap());
        assert_eq!(names(site), ["stays"]);
        assert_eq!(site.reader.room(goes).unwrap(), None);
        assert_eq!(site.reader.members(stays).unwrap(), []);
        assert_eq!(site.reader.room_ids_of(bob).unwrap(), [group]);
        let heard = site.reader.subscriptions(bob).unwrap();
        assert_eq!(heard.len(), 1);
        let own = DataScope::Member(stays, bob);
        assert_eq!(site.reader.data(own, "a").unwrap(), None);
        let of_room = DataScope::Room(stays);
        assert!(site.reader.data(of_room, "a").unwrap().is_some());
        assert_eq!(texts(&site.messages(stays)), ["hm"], "what was said stays");
        assert_eq!([LOBBY, group].map(|room| seen(site, room)).to_vec(), kept);
    }
    site.room(&channel("goes"));
    site.join(stays, bob);
    assert_eq!(site.standing(stays, bob), Some((1, 1, 0)));
}

fn seen(site: &mut Site, room: RoomId) -> String {
    let all = (site.reader.room(room).unwrap(), site.reader.members(room));
    format!("{all:?} {:?}", site.messages(room))
}

fn shown(lines: &[Line]) -> Vec<String> {
    let name = |line: &Line| {
        let sender = line.sender.as_ref();
        sender.map_or_else(|| "-".to_owned(), |user| user.name.clone())
    };
    let text = |line: &Line| line.message.text.clone().unwrap_or_default();
    lines
        .iter()
        .map(|line| format!("{} {}", name(line), text(line)))
        .collect()
}

pub(crate) fn what_was_said_last(site: &mut Site) {
    let ann = site.account("ann");
    site.join(LOBBY, ann);
    site.change(|store| {
        for message in [
            new_message(LOBBY, guest("zoe"), "1"),
            said(LOBBY, ann, "2"),
            said(LOBBY, ann, "3"),
            said(LOBBY, ann, "4"),
            new_message(LOBBY, kaiwa_server::store::Sender::Guest(None), "5"),
        ] {
            store.post(&message, Repeat::Another).unwrap();
        }
        store.edit(LOBBY, 3, &Edit::Delete, at(20)).unwrap();
        let edit = Edit::Text("4!".to_owned());
        store.edit(LOBBY, 4, &edit, at(21)).unwrap();
    });
    let mut backlog = |limit| {
        let lines = site.reader.backlog(LOBBY, limit).unwrap();
        for line in &lines {
            assert_eq!(
                line.message.sender,
                line.sender.as_ref().map(|user| user.id)
            );
        }
        shown(&lines)
    };
    assert_eq!(backlog(9), ["zoe 1", "ann 2", "ann 4!", "- 5"]);
    assert_eq!(backlog(3), ["ann 2", "ann 4!", "- 5"]);
    assert_eq!(backlog(0), [""; 0]);
    assert!(site.reader.backlog(RoomId(99), 9).unwrap().is_empty());
}

pub(crate) fn however_many_were_deleted(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let last = i64::try_from(BACKLOG_REACH).unwrap() + 1;
    site.change(|store| {
        for _ in 1..=last {
            store.post(&said(room, ann, "hm"), Repeat::Another).unwrap();
        }
        for seq in 3..=last {
            store.edit(room, seq, &Edit::Delete, at(20)).unwrap();
        }
    });
    let lines = site.reader.backlog(room, 20).unwrap();
    let seqs: Vec<i64> = lines.iter().map(|line| line.message.position.seq).collect();
    assert_eq!(seqs, [2], "the first lies too far back");
    site.change(|store| store.remove_room(room).unwrap());
    assert!(site.reader.backlog(room, 20).unwrap().is_empty());
}

pub(crate) fn where_something_was_said(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let (direct, _) = site.change(|store| store.direct(bob, ann, at(1)).unwrap());
    let talk = site.room(&channel("talk"));
    site.join(talk, ann);
    let posted = site.say(direct, ann, "hm");
    assert_eq!(
        (posted.kind, posted.two),
        (RoomKind::Direct, Some([ann, bob]))
    );
    let posted = site.say(talk, ann, "hm");
    assert_eq!((posted.kind, posted.two), (RoomKind::Channel, None));
}

pub(crate) fn rooms_of_two_and_since_when(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    let direct = |site: &mut Site, one, other| {
        site.change(|store| store.direct(one, other, at(1)).unwrap().0)
    };
    let with_bob = direct(site, ann, bob);
    let with_eve = direct(site, eve, ann);
    site.group(&[ann]);
    site.say(with_eve, eve, "hm");
    assert_eq!(
        site.reader.direct_rooms(ann).unwrap(),
        [(with_bob, 1), (with_eve, 1)]
    );
    site.leave(with_eve, ann);
    assert_eq!(site.reader.direct_rooms(ann).unwrap(), [(with_bob, 1)]);
    direct(site, ann, eve);
    assert_eq!(
        site.reader.direct_rooms(ann).unwrap(),
        [(with_bob, 1), (with_eve, 2)]
    );
    assert_eq!(site.reader.direct_rooms(bob).unwrap(), [(with_bob, 1)]);
}

pub(crate) fn those_of_somebody(site: &mut Site) {
    let [ann, bob] = ["ann", "bob"].map(|name| site.account(name));
    let tea = site.room(&channel("tea"));
    let mugs = site.room(&channel("mugs"));
    site.room(&channel("empty"));
    let groups: Vec<RoomId> = (0..3).map(|_| site.group(&[ann])).collect();
    let circle = site.circle(&[ann]);
    site.stream(circle, "stream");
    for (room, user) in [(mugs, ann), (tea, ann), (tea, bob)] {
        let member = [(user, Role::Member)];
        site.change(|store| store.add_members(room, &member, at(0)).unwrap());
    }
    let ids = |rooms: Vec<kaiwa_server::store::Room>| -> Vec<RoomId> {
        rooms.into_iter().map(|room| room.id).collect()
    };
    assert_eq!(ids(site.reader.channels_of(ann).unwrap()), [tea, mugs]);
    assert_eq!(ids(site.reader.channels_of(bob).unwrap()), [tea]);
    assert_eq!(ids(site.reader.groups_of(ann, 9).unwrap()), groups);
    assert_eq!(ids(site.reader.groups_of(ann, 2).unwrap()), groups[..2]);
    assert_eq!(ids(site.reader.groups_of(bob, 9).unwrap()), []);
}
