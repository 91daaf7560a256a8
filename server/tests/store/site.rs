//! A store for one test, with short words for what most tests do.

use std::fmt::{Debug, Write as _};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_server::names::Name;
use kaiwa_server::store::{
    DataScope, LOBBY, MessageKind, NewAccount, NewMessage, NewRoom, Posted, Reader, Repeat, Role,
    RoomId, RoomKind, Sender, Store, StoredMessage, TokenHash, Transaction, UserId,
};
use kaiwa_server::{Error, ErrorKind};
use tempfile::TempDir;

/// Opens the store of a directory.
pub(crate) type Open = fn(&Path) -> Box<dyn Store>;

/// A store and a reader of it.
pub(crate) struct Site {
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) store: Box<dyn Store>,
    /// Whom [`Self::picture`] shows.
    pub(crate) people: Vec<UserId>,
    /// What it shows.
    pub(crate) rooms: Vec<RoomId>,
    open: Open,
    dir: TempDir,
}

impl Site {
    pub(crate) fn new(open: Open) -> Self {
        Self::at(open, tempfile::tempdir().unwrap())
    }

    fn at(open: Open, dir: TempDir) -> Self {
        let store = open(dir.path());
        Self {
            reader: store.reader().unwrap(),
            store,
            people: Vec::new(),
            rooms: vec![LOBBY],
            open,
            dir,
        }
    }

    /// Another store of the same kind, empty.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.open)
    }

    /// The same after an orderly end, or after none.
    pub(crate) fn reopen(self, orderly: bool) -> Self {
        let Self {
            reader,
            store,
            people,
            rooms,
            open,
            dir,
        } = self;
        drop(reader);
        if orderly {
            store.close().unwrap();
        } else {
            drop(store);
        }
        Self {
            people,
            rooms,
            ..Self::at(open, dir)
        }
    }

    /// One transaction.
    pub(crate) fn change<T>(&mut self, work: impl FnOnce(&mut dyn Transaction) -> T) -> T {
        let mut work = Some(work);
        let mut result = None;
        self.store
            .transaction(&mut |transaction| {
                result = work.take().map(|work| work(transaction));
                Ok(())
            })
            .unwrap();
        result.unwrap()
    }

    /// A transaction in which this is refused, which changes nothing.
    pub(crate) fn refused<T: Debug>(
        &mut self,
        kind: ErrorKind,
        work: impl FnOnce(&mut dyn Transaction) -> Result<T, Error>,
    ) {
        let before = self.picture();
        let error = self.change(|transaction| work(transaction).unwrap_err());
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(self.picture(), before, "{error}");
    }

    pub(crate) fn account(&mut self, name: &str) -> UserId {
        let id = self.change(|store| store.create_account(&new_account(name)).unwrap());
        self.people.push(id);
        id
    }

    pub(crate) fn accounts<const N: usize>(&mut self) -> [UserId; N] {
        std::array::from_fn(|number| self.account(&format!("person {number}")))
    }

    pub(crate) fn room(&mut self, room: &NewRoom) -> RoomId {
        let id = self.change(|store| store.create_room(room).unwrap());
        self.rooms.push(id);
        id
    }

    pub(crate) fn group(&mut self, members: &[UserId]) -> RoomId {
        self.room(&new_room(RoomKind::Group, "group", members))
    }

    pub(crate) fn circle(&mut self, members: &[UserId]) -> RoomId {
        self.room(&new_room(RoomKind::Circle, "circle", members))
    }

    pub(crate) fn stream(&mut self, circle: RoomId, name: &str) -> RoomId {
        self.room(&new_stream(circle, name))
    }

    pub(crate) fn say(&mut self, room: RoomId, user: UserId, text: &str) -> Posted {
        let message = said(room, user, text);
        self.change(|store| store.post(&message, Repeat::Another).unwrap())
    }

    pub(crate) fn join(&mut self, room: RoomId, user: UserId) {
        let new = self.change(|store| {
            let members = [(user, Role::Member)];
            store.add_members(room, &members, at(5)).unwrap()
        });
        assert_eq!(new, [user]);
    }

    pub(crate) fn leave(&mut self, room: RoomId, user: UserId) {
        let gone = self.change(|store| store.remove_members(room, &[user]).unwrap());
        assert_eq!(gone, [user]);
    }

    /// All messages of a room.
    pub(crate) fn messages(&mut self, room: RoomId) -> Vec<StoredMessage> {
        self.reader.messages(room, i64::MIN, i64::MAX).unwrap()
    }

    /// Role, read mark, delivered mark and unread messages of a member.
    pub(crate) fn standing(&mut self, room: RoomId, user: UserId) -> Option<(i64, i64, i64)> {
        let membership = self.reader.membership(room, user).unwrap();
        membership.map(|found| (found.read, found.delivered, found.unread))
    }

    /// The first and last of each span; two without a hole between them are one.
    pub(crate) fn spans(&mut self, room: RoomId, user: UserId) -> Vec<(i64, i64)> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for span in self.reader.visible(room, user).unwrap() {
            assert!(span.first <= span.last, "{span:?}");
            match spans.last_mut() {
                Some((_, last)) if *last + 1 == span.first => *last = span.last,
                _ => spans.push((span.first, span.last)),
            }
        }
        spans
    }

    /// Everything that readers can see of the known people and rooms.
    pub(crate) fn picture(&mut self) -> String {
        let mut text = String::new();
        let reader = self.reader.as_mut();
        let mut show = |shown: &dyn Debug| writeln!(text, "{shown:#?}").unwrap();
        show(&reader.bans(at(0)).unwrap());
        show(&reader.public_rooms("", 1000).unwrap());
        show(&reader.channels().unwrap());
        for user in &self.people {
            show(&reader.user(*user).unwrap());
            show(&reader.rooms_of(*user).unwrap());
            show(&reader.room_ids_of(*user).unwrap());
            show(&reader.roles_of(*user).unwrap());
            show(&reader.direct_rooms(*user).unwrap());
            show(&reader.subscriptions(*user).unwrap());
            show(&reader.contacts(*user, None).unwrap());
            show(&reader.incoming_contacts(*user).unwrap());
            show(&reader.conversations(*user, 0, 1000).unwrap());
            show(&reader.all_data(DataScope::User(*user)).unwrap());
            for other in &self.people {
                show(&reader.direct_room(*user, *other).unwrap());
            }
        }
        for room in &self.rooms {
            show(&reader.room(*room).unwrap());
            show(&reader.children(*room).unwrap());
            show(&reader.members(*room).unwrap());
            show(&reader.messages(*room, i64::MIN, i64::MAX).unwrap());
            show(&reader.changes(*room, 0, 10_000).unwrap());
            show(&reader.all_data(DataScope::Room(*room)).unwrap());
            for user in &self.people {
                show(&reader.membership(*room, *user).unwrap());
                show(&reader.visible(*room, *user).unwrap());
                show(&reader.all_data(DataScope::Member(*room, *user)).unwrap());
            }
        }
        text
    }
}

/// A time, so many seconds after another.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(1_795_160_142_285_165_360) + TimeDelta::seconds(seconds)
}

pub(crate) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: Name::parse(name).unwrap(),
        display: format!("{name}, shown"),
        avatar: String::new(),
        email: String::new(),
        password: None,
        rank: 0,
        at: at(0),
    }
}

pub(crate) fn new_room(kind: RoomKind, name: &str, members: &[UserId]) -> NewRoom {
    NewRoom {
        kind,
        name: name.to_owned(),
        topic: None,
        avatar: String::new(),
        parent: None,
        owner: None,
        public: false,
        mode: 2,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: members.iter().map(|user| (*user, Role::Member)).collect(),
        at: at(1),
    }
}

pub(crate) fn new_stream(circle: RoomId, name: &str) -> NewRoom {
    NewRoom {
        parent: Some(circle),
        ..new_room(RoomKind::Stream, name, &[])
    }
}

pub(crate) fn new_message(room: RoomId, sender: Sender, text: &str) -> NewMessage {
    NewMessage {
        room,
        at: at(10),
        sender,
        kind: MessageKind::Text,
        text: Some(text.to_owned()),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: None,
    }
}

pub(crate) fn said(room: RoomId, user: UserId, text: &str) -> NewMessage {
    new_message(room, Sender::Account(user), text)
}

pub(crate) fn guest(name: &str) -> Sender {
    Sender::Guest(Some(name.to_owned()))
}

pub(crate) fn token(byte: u8) -> TokenHash {
    TokenHash([byte; 32])
}

pub(crate) fn texts(messages: &[StoredMessage]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.text.as_deref().unwrap_or("-"))
        .collect()
}
