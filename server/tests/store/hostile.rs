//! Texts and numbers that nobody would think of.

use kaiwa_server::names::{Name, key};
use kaiwa_server::store::{
    Ban, BanId, BanKind, BanTarget, ContactStatus, DataScope, Edit, FileId, LOBBY, MessageId,
    NewAccount, NewFile, NewInvite, NewMessage, NewRoom, Reaction, Repeat, Role, RoomId, RoomKind,
    RoomPatch, Transaction, UserId, UserPatch,
};
use kaiwa_server::{Error, ErrorKind};

use crate::site::{Site, at, guest, new_account, new_message, new_room, new_stream, said};

const TEXTS: &[&str] = &[
    "",
    " ",
    "'",
    "''; DROP TABLE messages; --",
    "\" OR 1=1 --",
    "?1 :name @name $name",
    "%_\\*[a-z]",
    "<script>alert(1)</script>&amp;",
    "nul \0 in it",
    "\0",
    "\u{feff}\u{202e}\u{200b}",
    "e\u{301} \u{e9} \u{fb01} \u{1f469}\u{200d}\u{1f4bb} \u{10ffff}",
    "line\r\nline\u{2028}",
    "NULL",
    "1e999",
];

const NUMBERS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    -1,
    0,
    1 << 53,
    i64::MAX - 1,
    i64::MAX,
];

/// Says, names and keeps a text wherever one can be; it comes back as it is.
fn round_trip(site: &mut Site, number: usize, text: &str) {
    let own = || text.to_owned();
    let name = format!("user {number}");
    let account = NewAccount {
        display: own(),
        avatar: own(),
        email: own(),
        password: Some(own()),
        ..new_account(&name)
    };
    let user = site.change(|store| store.create_account(&account).unwrap());
    let patch = UserPatch {
        color: Some(Some(own())),
        nick: Some(Some(own())),
        away: Some(Some(own())),
        ..UserPatch::default()
    };
    let room = NewRoom {
        name: format!("{text}{number}"),
        topic: Some(own()),
        avatar: own(),
        password: Some(own()),
        ..new_room(RoomKind::Channel, "", &[user])
    };
    let (room, file) = site.change(|store| {
        store.update_user(user, &patch).unwrap();
        let room = store.create_room(&room).unwrap();
        let file = NewFile {
            key: format!("{text}{number}"),
            owner: user,
            name: own(),
            mime: own(),
            size: 1,
            at: at(0),
        };
        (room, store.create_file(&file).unwrap())
    });
    let found = site.reader.user(user).unwrap().unwrap();
    for found in [&found.display, &found.avatar, &found.email] {
        assert_eq!(found, text);
    }
    for found in [&found.color, &found.nick, &found.away] {
        assert_eq!(found.as_deref(), Some(text));
    }
    let (_, credentials) = site.reader.account(&key(&name)).unwrap().unwrap();
    assert_eq!(credentials.password.as_deref(), Some(text));
    let found = site.reader.channel(&format!("{text}{number}")).unwrap();
    let found = found.unwrap();
    assert_eq!(found.id, room);
    assert_eq!(found.name, format!("{text}{number}"));
    assert_eq!(found.avatar, text);
    assert_eq!(found.topic.as_deref(), Some(text));
    assert_eq!(found.password.as_deref(), Some(text));
    let found = site.reader.file(&format!("{text}{number}")).unwrap();
    let found = found.unwrap();
    assert_eq!((found.id, found.name.as_str()), (file, text));
    speak(site, user, room, number, text);
    keep(site, user, room, number, text);
}

fn speak(site: &mut Site, user: UserId, room: RoomId, number: usize, text: &str) {
    let message = NewMessage {
        client_id: Some(format!("{text}{number}")),
        extra: Some(text.to_owned()),
        ..said(room, user, text)
    };
    let emoji = Reaction {
        user,
        emoji: text.to_owned(),
    };
    let guests = new_message(LOBBY, guest(text), text);
    let by_guest = site.change(|store| {
        assert!(!store.post(&message, Repeat::Same).unwrap().repeated);
        assert!(store.post(&message, Repeat::Same).unwrap().repeated);
        store.react(room, 1, &emoji, true).unwrap();
        store.post(&guests, Repeat::Another).unwrap()
    });
    let found = site.messages(room).pop().unwrap();
    assert_eq!(found.text.as_deref(), Some(text));
    assert_eq!(found.extra.as_deref(), Some(text));
    assert_eq!(found.client_id, message.client_id);
    assert_eq!(found.sender_name.as_deref(), Some(text));
    assert_eq!(found.reactions, [emoji]);
    let found = site.reader.message(by_guest.position.id).unwrap().unwrap();
    assert_eq!(found.sender_name.as_deref(), Some(text));
    let edit = Edit::Text(format!("{text}{text}"));
    site.change(|store| store.edit(room, 1, &edit, at(20)).unwrap());
    let found = site.messages(room).pop().unwrap();
    assert_eq!(found.text, Some(format!("{text}{text}")));
}

fn keep(site: &mut Site, user: UserId, room: RoomId, number: usize, text: &str) {
    let ban = Ban {
        kind: BanKind::Entry,
        target: BanTarget::User(user),
        room: Some(room),
        until: None,
        reason: Some(text.to_owned()),
        by: Some(user),
        at: at(0),
    };
    let invite = NewInvite {
        code: format!("{text}{number}"),
        room,
        by: user,
        user: None,
        expires: None,
        at: at(0),
    };
    let scope = DataScope::Member(room, user);
    site.change(|store| {
        store.ban(&ban).unwrap();
        store.create_invite(&invite).unwrap();
        store.take_invite(&invite.code, user, at(1)).unwrap();
        store.set_data(scope, text, Some(text)).unwrap();
    });
    let found = site
        .reader
        .banned(BanKind::Entry, &ban.target, Some(room), at(1));
    assert_eq!(found.unwrap(), Some(ban));
    let found = site.reader.data(scope, text).unwrap();
    assert_eq!(found.as_deref(), Some(text));
    let all = site.reader.all_data(scope).unwrap();
    assert_eq!(all, [(text.to_owned(), text.to_owned())]);
}

pub(crate) fn strange_texts_come_back_as_they_are(site: &mut Site) {
    for (number, text) in TEXTS.iter().enumerate() {
        round_trip(site, number, text);
    }
}

pub(crate) fn strange_texts_find_nothing(site: &mut Site) {
    let ann = site.account("ann");
    site.room(&NewRoom {
        public: true,
        ..new_room(RoomKind::Channel, "talk", &[ann])
    });
    let before = site.picture();
    for text in TEXTS {
        assert!(site.reader.account(text).unwrap().is_none());
        assert_eq!(site.reader.called(text, 9).unwrap(), []);
        assert!(site.reader.channel(text).unwrap().is_none());
        assert!(site.reader.file(text).unwrap().is_none());
        let scope = DataScope::User(ann);
        assert!(site.reader.data(scope, text).unwrap().is_none());
        let all = text.is_empty();
        let found = site.reader.public_rooms(text, 9).unwrap();
        assert_eq!(found.is_empty(), !all, "{text:?}");
        site.refused(ErrorKind::NotFound, |store| {
            store.take_invite(text, ann, at(0))
        });
    }
    assert_eq!(site.picture(), before);
}

/// Limits are the front ends' business: a store takes what it gets.
pub(crate) fn enormous_texts(site: &mut Site) {
    let text = "0123456789abcde ".repeat(100_000);
    round_trip(site, 0, &text);
    assert_eq!(site.reader.public_rooms(&text, 9).unwrap(), []);
    assert!(site.reader.account(&text).unwrap().is_none());
    assert_eq!(site.reader.called(&text, usize::MAX).unwrap().len(), 1);
    assert!(Name::parse(&text).is_err());
}

/// Every method with numbers that nobody has.
pub(crate) fn strange_numbers(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    site.say(room, ann, "hello");
    let before = site.picture();
    for number in NUMBERS {
        read_all(site, *number, room, ann);
        site.change(|store| {
            let mut outcomes = change_rooms(store, *number, room, ann);
            outcomes.extend(change_messages(store, *number, room, ann));
            for (done, outcome) in outcomes {
                let error = outcome.err().map(|error| error.kind());
                let no = matches!(
                    error,
                    Some(ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Invalid)
                );
                assert!(no, "{done} {number} {error:?}");
            }
        });
        assert_eq!(site.picture(), before, "{number}");
    }
}

fn read_all(site: &mut Site, number: i64, room: RoomId, ann: UserId) {
    let (user, strange) = (UserId(number), RoomId(number));
    let reader = site.reader.as_mut();
    assert!(reader.user(user).unwrap().is_none());
    assert!(reader.contacts(user, None).unwrap().is_empty());
    let applied = Some(ContactStatus::Applied);
    assert!(reader.contacts(user, applied).unwrap().is_empty());
    assert!(reader.incoming_contacts(user).unwrap().is_empty());
    assert!(reader.room(strange).unwrap().is_none());
    assert!(reader.rooms_of(user).unwrap().is_empty());
    assert!(reader.room_ids_of(user).unwrap().is_empty());
    assert!(reader.children(strange).unwrap().is_empty());
    assert!(reader.direct_rooms(user).unwrap().is_empty());
    assert!(reader.direct_room(user, ann).unwrap().is_none());
    assert!(reader.members(strange).unwrap().is_empty());
    assert!(reader.membership(strange, ann).unwrap().is_none());
    assert!(reader.membership(room, user).unwrap().is_none());
    assert!(reader.visible(strange, ann).unwrap().is_empty());
    assert!(reader.visible(room, user).unwrap().is_empty());
    assert!(reader.conversations(user, 0, 9).unwrap().is_empty());
    assert!(reader.message(MessageId(number)).unwrap().is_none());
    assert!(reader.messages(strange, 1, 9).unwrap().is_empty());
    assert!(reader.backlog(strange, usize::MAX).unwrap().is_empty());
    let some = if number < 1 { 1 } else { 0 };
    let found = reader.messages(room, number, i64::MAX).unwrap();
    assert_eq!(found.len(), some);
    let found = reader.messages(room, i64::MIN, number).unwrap();
    assert_eq!(found.len(), 1 - some);
    let found = reader.changes(room, number, 9).unwrap().unwrap();
    assert_eq!(found.len(), some);
    assert_eq!(reader.changes(strange, 0, 9).unwrap(), Some(Vec::new()));
    for scope in [
        DataScope::User(user),
        DataScope::Room(strange),
        DataScope::Member(strange, ann),
        DataScope::Member(room, user),
    ] {
        assert!(reader.all_data(scope).unwrap().is_empty());
    }
    let target = BanTarget::User(user);
    let banned = reader.banned(BanKind::Entry, &target, Some(strange), at(0));
    assert!(banned.unwrap().is_none());
}

type Outcomes = Vec<(&'static str, Result<(), Error>)>;

/// What each change of people and rooms says.
fn change_rooms(store: &mut dyn Transaction, number: i64, room: RoomId, ann: UserId) -> Outcomes {
    let (user, strange) = (UserId(number), RoomId(number));
    let member = [(user, Role::Member)];
    let owned = NewRoom {
        owner: Some(user),
        ..new_room(RoomKind::Group, "x", &[])
    };
    let stream = new_stream(strange, "x");
    let crowd = new_room(RoomKind::Group, "x", &[user]);
    let now = at(3);
    assert!(!store.unban(BanId(number)).unwrap());
    assert_eq!(store.end_sessions(user).unwrap(), 0);
    assert!(!store.remove_contact(user, ann).unwrap());
    let confirmed = ContactStatus::Confirmed;
    assert!(!store.set_contact(user, ann, confirmed, now).unwrap());
    assert!(store.remove_members(room, &[user]).unwrap().is_empty());
    vec![
        ("user", store.update_user(user, &UserPatch::default())),
        ("contact", store.request_contact(user, ann, now)),
        ("contact", store.request_contact(ann, user, now)),
        ("owner", store.create_room(&owned).map(drop)),
        ("stream", store.create_room(&stream).map(drop)),
        ("member", store.create_room(&crowd).map(drop)),
        ("direct", store.direct(user, ann, now).map(drop)),
        ("room", store.update_room(strange, &RoomPatch::default())),
        ("remove", store.remove_room(strange)),
        ("add", store.add_members(strange, &[], now).map(drop)),
        ("add", store.add_members(room, &member, now).map(drop)),
        ("remove", store.remove_members(strange, &[ann]).map(drop)),
        ("role", store.set_role(room, user, Role::Owner)),
    ]
}

/// What each change of messages, marks and data says.
fn change_messages(
    store: &mut dyn Transaction,
    number: i64,
    room: RoomId,
    ann: UserId,
) -> Outcomes {
    let (user, strange) = (UserId(number), RoomId(number));
    let reply = NewMessage {
        reply: Some(number),
        ..said(room, ann, "x")
    };
    let with_file = NewMessage {
        files: vec![FileId(number)],
        ..said(room, ann, "x")
    };
    let reaction = Reaction {
        user: ann,
        emoji: "+".to_owned(),
    };
    let now = at(3);
    let mut post = |message: &NewMessage| store.post(message, Repeat::Same).map(drop);
    vec![
        ("post", post(&said(strange, ann, "x"))),
        ("post", post(&said(room, user, "x"))),
        ("reply", post(&reply)),
        ("file", post(&with_file)),
        ("delivered", store.mark_delivered(strange, ann, 1)),
        ("read to", store.mark_read_to(room, user, number).map(drop)),
        ("read", store.mark_read(room, user, number).map(drop)),
        (
            "edit",
            store.edit(room, number, &Edit::Delete, now).map(drop),
        ),
        ("edit", store.edit(strange, 1, &Edit::Delete, now).map(drop)),
        (
            "react",
            store.react(room, number, &reaction, true).map(drop),
        ),
        (
            "data",
            store.set_data(DataScope::User(user), "a", Some("1")),
        ),
        (
            "data",
            store.set_data(DataScope::Room(strange), "a", Some("1")),
        ),
    ]
}
