//! What outlives the process.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    Ban, BanKind, BanTarget, ContactStatus, DataScope, Edit, LOBBY, NewInvite, NewMessage,
    Reaction, Repeat, RoomId, Session, UserId,
};

use crate::files::new_file;
use crate::site::{Site, at, guest, new_account, new_message, said, token};

/// Takes the site out of the test's hands, to end it.
fn take(site: &mut Site) -> Site {
    let another = site.another();
    std::mem::replace(site, another)
}

/// Some of everything; a stream, and who was in it.
fn fill(site: &mut Site) -> (RoomId, [UserId; 3]) {
    let [ann, bob, eve] = site.accounts();
    let room = site.group(&[ann, bob, eve]);
    let circle = site.circle(&[ann, bob]);
    let stream = site.stream(circle, "talk");
    let ban = Ban {
        kind: BanKind::Speech,
        target: BanTarget::Address("2001:db8::1".parse().unwrap()),
        room: None,
        until: Some(at(1000)),
        reason: None,
        by: Some(ann),
        at: at(0),
    };
    let invite = NewInvite {
        code: "code".to_owned(),
        room,
        by: ann,
        user: Some(eve),
        expires: None,
        at: at(0),
    };
    let reaction = Reaction {
        user: bob,
        emoji: "+".to_owned(),
    };
    site.change(|store| {
        store.create_session(&token(1), &session(ann)).unwrap();
        store.request_contact(ann, bob, at(1)).unwrap();
        store
            .set_contact(ann, bob, ContactStatus::Confirmed, at(2))
            .unwrap();
        store.direct(ann, eve, at(3)).unwrap();
        let file = store.create_file(&new_file(ann, "k1")).unwrap();
        for room in [room, stream] {
            for number in 0..20 {
                let message = NewMessage {
                    client_id: Some(format!("c{number}")),
                    files: vec![file],
                    ..said(room, ann, "hello")
                };
                store.post(&message, Repeat::Same).unwrap();
            }
            store.mark_read_to(room, bob, 3).unwrap();
            store.mark_read(room, bob, 9).unwrap();
            store
                .edit(room, 2, &Edit::Text("two".to_owned()), at(20))
                .unwrap();
            store.edit(room, 3, &Edit::Delete, at(21)).unwrap();
            store.react(room, 4, &reaction, true).unwrap();
        }
        store.remove_members(room, &[eve]).unwrap();
        store
            .post(&new_message(LOBBY, guest("zoe"), "hi"), Repeat::Same)
            .unwrap();
        store
            .set_data(DataScope::Member(room, bob), "a", Some("1"))
            .unwrap();
        store.ban(&ban).unwrap();
        store.create_invite(&invite).unwrap();
    });
    (stream, [ann, bob, eve])
}

fn session(user: UserId) -> Session {
    Session {
        user,
        created: at(0),
        expires: at(100),
        room: Some(LOBBY),
    }
}

pub(crate) fn everything_is_still_there(site: &mut Site) {
    let (stream, [ann, _, eve]) = fill(site);
    let picture = site.picture();
    for orderly in [true, false] {
        let mut again = take(site).reopen(orderly);
        assert_eq!(again.picture(), picture);
        assert_eq!(again.reader.session(&token(1)).unwrap(), Some(session(ann)));
        assert!(again.reader.file("k1").unwrap().is_some());
        assert!(again.reader.account("person 0").unwrap().is_some());
        again.refused(ErrorKind::Conflict, |store| {
            store.create_account(&new_account("Person 1"))
        });
        again.refused(ErrorKind::NotFound, |store| {
            store.take_invite("code", ann, at(1))
        });
        let repeated = NewMessage {
            client_id: Some("c7".to_owned()),
            ..said(stream, ann, "again")
        };
        let posted = again.change(|store| store.post(&repeated, Repeat::Same).unwrap());
        assert!(posted.repeated);
        *site = again;
    }
    site.change(|store| store.take_invite("code", eve, at(1)).unwrap());
}

pub(crate) fn numbers_go_on(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let before = site.say(room, ann, "1");
    let mut again = take(site).reopen(false);
    let after = again.say(room, ann, "2");
    assert_eq!(after.position.seq, before.position.seq + 1);
    assert!(after.position.id > before.position.id);
    assert!(again.account("bob") > ann);
    assert!(again.group(&[ann]) > room);
}

pub(crate) fn numbers_of_removed_messages_are_not_reused(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let other = site.group(&[ann]);
    site.say(other, ann, "1");
    let last = site.say(room, ann, "2").position.id;
    site.change(|store| store.remove_room(room).unwrap());
    let mut again = take(site).reopen(true);
    assert!(again.say(other, ann, "3").position.id > last);
    assert!(again.group(&[ann]) > other);
}
