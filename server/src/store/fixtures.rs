//! Records that unit tests keep.

use chrono::Utc;

use super::{MessageKind, NewAccount, NewMessage, NewRoom, Role, RoomId, RoomKind, Sender, UserId};
use crate::names::Name;

pub(crate) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: Name::parse(name).unwrap(),
        display: String::new(),
        avatar: String::new(),
        email: String::new(),
        password: None,
        rank: 0,
        at: Utc::now(),
    }
}

pub(crate) fn new_room(kind: RoomKind, parent: Option<RoomId>, members: &[UserId]) -> NewRoom {
    NewRoom {
        kind,
        name: "room".to_owned(),
        topic: None,
        avatar: String::new(),
        parent,
        owner: None,
        public: false,
        mode: 0,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: members.iter().map(|user| (*user, Role::Member)).collect(),
        at: Utc::now(),
    }
}

pub(crate) fn new_message(room: RoomId, sender: Sender, text: &str) -> NewMessage {
    NewMessage {
        room,
        at: Utc::now(),
        sender,
        kind: MessageKind::Text,
        text: Some(text.to_owned()),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: None,
    }
}
