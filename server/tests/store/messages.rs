//! What is said.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    Edit, LOBBY, MAX_REACTIONS, MessageId, MessageKind, NewMessage, Position, Posted, Reaction,
    Repeat, RoomId, RoomKind, Sender, StoredMessage, UserId, UserPatch,
};

use crate::files::new_file;
use crate::site::{Site, at, guest, new_message, said, texts};

fn post(site: &mut Site, message: &NewMessage, repeat: Repeat) -> Posted {
    site.change(|store| store.post(message, repeat).unwrap())
}

fn with_id(message: NewMessage, id: &str) -> NewMessage {
    NewMessage {
        client_id: Some(id.to_owned()),
        ..message
    }
}

fn reaction(user: UserId, emoji: &str) -> Reaction {
    Reaction {
        user,
        emoji: emoji.to_owned(),
    }
}

pub(crate) fn positions_have_no_holes(site: &mut Site) {
    let ann = site.account("ann");
    let rooms = [site.group(&[ann]), site.group(&[ann]), LOBBY];
    let mut last_id = 0;
    for round in 1..=3 {
        for room in rooms {
            let message = new_message(LOBBY, guest("eve"), "hello");
            let message = if room == LOBBY {
                message
            } else {
                said(room, ann, "hello")
            };
            let posted = post(site, &message, Repeat::Another);
            let Position { id, seq } = posted.position;
            assert_eq!((seq, posted.change), (round, round));
            assert!(id.0 > last_id && id.0 < 1 << 53);
            assert!(!posted.repeated);
            last_id = id.0;
            let found = site.reader.room(room).unwrap().unwrap();
            assert_eq!((found.last, found.last_change), (posted.position, round));
        }
    }
}

pub(crate) fn everything_comes_back(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let first = site.say(room, ann, "question");
    let files = ["k1", "k2"]
        .map(|key| site.change(|store| store.create_file(&new_file(ann, key)).unwrap()));
    let message = NewMessage {
        at: at(11),
        kind: MessageKind::Image,
        client_id: Some("c1".to_owned()),
        reply: Some(1),
        files: vec![files[1], files[0], files[1]],
        extra: Some(r#"{"x":[1,2.5]}"#.to_owned()),
        ..said(room, ann, "answer")
    };
    let posted = post(site, &message, Repeat::Same);
    assert_eq!(
        posted,
        Posted {
            position: posted.position,
            change: 2,
            sender: Some(ann),
            at: at(11),
            repeated: false,
            kind: RoomKind::Group,
            two: None,
        }
    );
    let keys = ["k2", "k1", "k2"].map(|key| site.reader.file(key).unwrap().unwrap());
    let expected = StoredMessage {
        position: posted.position,
        room,
        change: 2,
        posted: 2,
        at: at(11),
        sender: Some(ann),
        sender_name: Some("ann, shown".to_owned()),
        kind: MessageKind::Image,
        text: Some("answer".to_owned()),
        client_id: Some("c1".to_owned()),
        reply: Some(1),
        edited: None,
        deleted: false,
        files: keys.to_vec(),
        reactions: Vec::new(),
        extra: message.extra.clone(),
    };
    let id = posted.position.id;
    let found = site.reader.message(id).unwrap().unwrap();
    assert_eq!(found, expected);
    assert_eq!(site.messages(room)[1], expected);
    let found = site.reader.message(first.position.id).unwrap().unwrap();
    assert_eq!(found.text.as_deref(), Some("question"));
    assert_eq!(site.reader.message(MessageId(id.0 + 1)).unwrap(), None);
    let patch = UserPatch {
        display: Some("Ann of today".to_owned()),
        ..UserPatch::default()
    };
    site.change(|store| store.update_user(ann, &patch).unwrap());
    let found = site.reader.message(id).unwrap().unwrap();
    assert_eq!(found.sender_name.as_deref(), Some("Ann of today"));
    // As little as can be.
    let nothing = NewMessage {
        text: None,
        ..new_message(LOBBY, Sender::Guest(None), "")
    };
    let posted = post(site, &nothing, Repeat::Same);
    assert_eq!(posted.sender, None);
    let found = site.reader.message(posted.position.id).unwrap().unwrap();
    assert_eq!((found.sender, found.sender_name), (None, None));
    assert_eq!((found.text, found.extra), (None, None));
}

pub(crate) fn guests_are_known_by_their_names(site: &mut Site) {
    let account = site.account("ann");
    for name in ["ann", "Ann", "ann", ""] {
        post(
            site,
            &new_message(LOBBY, guest(name), name),
            Repeat::Another,
        );
    }
    let messages = site.messages(LOBBY);
    let senders: Vec<_> = messages
        .iter()
        .map(|message| message.sender.unwrap())
        .collect();
    assert_eq!(senders[0], senders[2]);
    assert!(senders[0] != senders[1] && senders[0] != account && senders[3] != senders[1]);
    for message in &messages {
        assert_eq!(message.sender_name, message.text);
    }
    let known = site.change(|store| store.guest("Ann", at(50)).unwrap());
    assert_eq!(known, senders[1]);
    let patch = UserPatch {
        display: Some("somebody else".to_owned()),
        ..UserPatch::default()
    };
    site.change(|store| store.update_user(known, &patch).unwrap());
    let again = site.messages(LOBBY);
    assert_eq!(again, messages, "a guest's own words");
}

pub(crate) fn the_same_client_id_is_the_same_message(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let other = site.group(&[ann]);
    let message = with_id(said(room, ann, "once"), "c1");
    let first = post(site, &message, Repeat::Same);
    let again = NewMessage {
        at: at(99),
        text: Some("sent again".to_owned()),
        ..message.clone()
    };
    let before = site.picture();
    let repeated = post(site, &again, Repeat::Same);
    let expected = Posted {
        repeated: true,
        ..first
    };
    assert_eq!(repeated, expected);
    assert_eq!(site.picture(), before, "it is not kept again");
    // Somebody else's, in another room, another id, without one, or on a network that does not mean it.
    for (message, repeat) in [
        (with_id(said(room, bob, "x"), "c1"), Repeat::Same),
        (with_id(said(other, ann, "x"), "c1"), Repeat::Same),
        (with_id(said(room, ann, "x"), "C1"), Repeat::Same),
        (with_id(said(room, ann, "x"), ""), Repeat::Same),
        (said(room, ann, "x"), Repeat::Same),
        (said(room, ann, "x"), Repeat::Same),
        (message.clone(), Repeat::Another),
        (message.clone(), Repeat::Another),
    ] {
        assert!(!post(site, &message, repeat).repeated, "{message:?}");
    }
    assert_eq!(post(site, &again, Repeat::Same), expected);
    // Deleted is said all the same.
    site.change(|store| store.edit(room, 1, &Edit::Delete, at(20)).unwrap());
    assert_eq!(post(site, &again, Repeat::Same), expected);
    for name in ["eve", "eva"] {
        let message = with_id(new_message(LOBBY, guest(name), "hi"), "c1");
        assert!(!post(site, &message, Repeat::Same).repeated);
        assert!(post(site, &message, Repeat::Same).repeated);
    }
    let nobody = with_id(new_message(LOBBY, Sender::Guest(None), "hi"), "c1");
    for _ in 0..2 {
        assert!(!post(site, &nobody, Repeat::Same).repeated, "nobody twice");
    }
}

pub(crate) fn only_the_last_hundred_ids_are_known(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    let numbered = |user, number: i32| with_id(said(room, user, "hm"), &format!("c{number}"));
    site.change(|store| {
        for number in 0..100 {
            store.post(&numbered(ann, number), Repeat::Same).unwrap();
            // What others say does not count.
            store.post(&numbered(bob, -number), Repeat::Same).unwrap();
        }
    });
    assert!(post(site, &numbered(ann, 0), Repeat::Same).repeated);
    assert!(post(site, &numbered(ann, 99), Repeat::Same).repeated);
    assert!(!post(site, &numbered(ann, 100), Repeat::Same).repeated);
    assert!(!post(site, &numbered(ann, 0), Repeat::Same).repeated);
    let again = post(site, &numbered(ann, 0), Repeat::Same);
    assert!(again.repeated);
    assert_eq!(again.position.seq, 202, "the newest of that id");
    assert!(post(site, &numbered(ann, 2), Repeat::Same).repeated);
}

pub(crate) fn edits_and_deletions(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let file = site.change(|store| store.create_file(&new_file(ann, "k1")).unwrap());
    let message = NewMessage {
        kind: MessageKind::RichText,
        files: vec![file],
        extra: Some("{}".to_owned()),
        ..with_id(said(room, ann, "1"), "c1")
    };
    post(site, &message, Repeat::Same);
    site.say(room, ann, "2");
    let before = site.messages(room);
    let text = |text: &str| Edit::Text(text.to_owned());
    let mut edit = |seq, edit: &Edit, seconds| {
        site.change(|store| store.edit(room, seq, edit, at(seconds)).unwrap())
    };
    assert_eq!(edit(1, &text("one"), 20), 3);
    assert_eq!(edit(1, &text(""), 21), 4);
    assert_eq!(edit(2, &text("two"), 22), 5);
    let expected = StoredMessage {
        text: Some(String::new()),
        change: 4,
        edited: Some(at(21)),
        ..before[0].clone()
    };
    let found = site.messages(room);
    assert_eq!(found[0], expected);
    assert_eq!(texts(&found), ["", "two"]);
    site.change(|store| {
        store.react(room, 1, &reaction(ann, "+"), true).unwrap();
        assert_eq!(store.edit(room, 1, &Edit::Delete, at(23)).unwrap(), 7);
    });
    let found = site.messages(room);
    let tombstone = StoredMessage {
        text: None,
        files: Vec::new(),
        extra: None,
        change: 7,
        deleted: true,
        ..expected
    };
    assert_eq!(found[0], tombstone, "it leaves its place");
    assert_eq!(found[1].text.as_deref(), Some("two"));
    let room = site.reader.room(room).unwrap().unwrap();
    assert_eq!((room.last.seq, room.last_change), (2, 7));
    assert!(site.reader.file("k1").unwrap().is_some(), "it can be used");
}

pub(crate) fn reactions_in_the_order_of_their_changes(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    site.say(room, ann, "hello");
    let mut react = |user, emoji: &str, on| {
        let reaction = reaction(user, emoji);
        site.change(|store| store.react(room, 1, &reaction, on).unwrap())
    };
    assert_eq!(react(bob, "+", true), Some(2));
    assert_eq!(react(bob, "+", true), None, "it was so already");
    assert_eq!(react(ann, "-", false), None);
    assert_eq!(react(ann, "+", true), Some(3));
    assert_eq!(react(bob, "", true), Some(4));
    assert_eq!(react(bob, "+", false), Some(5));
    assert_eq!(react(bob, "+", false), None);
    assert_eq!(react(bob, "+", true), Some(6));
    assert_eq!(react(ann, "!", true), Some(7));
    let expected =
        [(ann, "+"), (bob, ""), (bob, "+"), (ann, "!")].map(|(user, emoji)| reaction(user, emoji));
    let message = site.messages(room).pop().unwrap();
    assert_eq!(message.reactions, expected);
    assert_eq!(message.change, 1, "the message is as it was");
    assert_eq!(
        site.reader.message(message.position.id).unwrap(),
        Some(message)
    );
}

pub(crate) fn the_most_reactions(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann, bob]);
    site.say(room, ann, "hello");
    let reaction = |user, number: usize| Reaction {
        user,
        emoji: number.to_string(),
    };
    site.change(|store| {
        for number in 0..MAX_REACTIONS {
            let given = store.react(room, 1, &reaction(ann, number), true).unwrap();
            assert!(given.is_some());
        }
        // One that was taken back counts, but can be given again.
        store.react(room, 1, &reaction(ann, 7), false).unwrap();
    });
    for user in [ann, bob] {
        site.refused(ErrorKind::Full, |store| {
            store.react(room, 1, &reaction(user, MAX_REACTIONS), true)
        });
    }
    let again = site.change(|store| store.react(room, 1, &reaction(ann, 7), true).unwrap());
    assert!(again.is_some());
    assert_eq!(site.messages(room)[0].reactions.len(), MAX_REACTIONS);
    site.say(room, ann, "another");
    site.change(|store| store.react(room, 2, &reaction(bob, 1), true).unwrap());
}

pub(crate) fn pages(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    let other = site.group(&[ann, bob]);
    for number in 1..=5 {
        site.say(room, ann, &number.to_string());
        site.say(other, bob, "elsewhere");
    }
    let mut page = |first, last| -> Vec<i64> {
        let messages = site.reader.messages(room, first, last).unwrap();
        assert!(messages.iter().all(|message| message.room == room));
        messages
            .iter()
            .map(|message| {
                let seq = message.position.seq;
                assert_eq!(message.text, Some(seq.to_string()));
                seq
            })
            .collect()
    };
    assert_eq!(page(2, 4), [2, 3, 4], "both included, oldest first");
    assert_eq!(page(5, 5), [5]);
    assert_eq!(page(-7, 1), [1]);
    assert_eq!(page(5, i64::MAX), [5]);
    assert_eq!(page(i64::MIN, i64::MAX), [1, 2, 3, 4, 5]);
    assert!(page(6, 9).is_empty());
    assert!(page(4, 2).is_empty());
    assert_eq!(site.reader.messages(RoomId(99), 1, 9).unwrap(), []);
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let room = site.group(&[ann]);
    let circle = site.circle(&[ann]);
    site.say(room, ann, "1");
    site.say(room, ann, "2");
    site.change(|store| store.edit(room, 2, &Edit::Delete, at(20)).unwrap());
    let reply = |seq| NewMessage {
        reply: Some(seq),
        ..said(room, ann, "answer")
    };
    for (message, kind) in [
        (said(RoomId(99), ann, "x"), ErrorKind::NotFound),
        (
            new_message(RoomId(99), guest("eve"), "x"),
            ErrorKind::NotFound,
        ),
        (said(room, bob, "x"), ErrorKind::Forbidden),
        (said(room, UserId(99), "x"), ErrorKind::Forbidden),
        (said(LOBBY, bob, "x"), ErrorKind::Forbidden),
        (said(circle, ann, "x"), ErrorKind::Forbidden),
        (new_message(room, guest("eve"), "x"), ErrorKind::Forbidden),
        (new_message(circle, guest("eve"), "x"), ErrorKind::Forbidden),
        (
            new_message(room, Sender::Guest(None), "x"),
            ErrorKind::Forbidden,
        ),
        (reply(0), ErrorKind::NotFound),
        (reply(3), ErrorKind::NotFound),
    ] {
        site.refused(kind, |store| store.post(&message, Repeat::Same));
    }
    let next = site.change(|store| store.guest("late", at(1)).unwrap());
    let last = site.people.last().unwrap();
    assert_eq!(next.0, last.0 + 1, "no guest was made by a refused message");
    // A tombstone can be answered: it was said.
    post(site, &reply(2), Repeat::Another);
    let text = Edit::Text("x".to_owned());
    for (room, seq) in [(room, 2), (room, 9), (room, 0), (RoomId(99), 1)] {
        for edit in [&text, &Edit::Delete] {
            site.refused(ErrorKind::NotFound, |store| {
                store.edit(room, seq, edit, at(21))
            });
        }
        for on in [true, false] {
            site.refused(ErrorKind::NotFound, |store| {
                store.react(room, seq, &reaction(ann, "+"), on)
            });
        }
    }
    site.refused(ErrorKind::NotFound, |store| {
        store.react(room, 1, &reaction(UserId(99), "+"), true)
    });
}
