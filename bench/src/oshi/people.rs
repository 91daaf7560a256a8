//! People in circles, written into the store before the server starts, and their sign-ins.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use kaiwa_server::names::Name;
use kaiwa_server::store::{
    NewAccount, NewRoom, Role, RoomId, RoomKind, Session, SqliteStore, Store as _, TokenHash,
    Transaction, UserId,
};
use serde_json::Value;

use crate::servers::Running;
use crate::socket::Opening;

/// Changes an empty store.
pub(super) fn fill(
    data: &Path,
    mut work: impl FnMut(&mut dyn Transaction) -> Result<(), kaiwa_server::Error>,
) -> Result<()> {
    let mut store = SqliteStore::open(data)?;
    store.transaction(&mut work)?;
    Ok(Box::new(store).close()?)
}

/// An account that [`token`] signs in.
pub(super) fn account(
    store: &mut dyn Transaction,
    number: usize,
) -> Result<UserId, kaiwa_server::Error> {
    let at = Utc::now();
    let user = store.create_account(&NewAccount {
        name: Name::parse(&format!("bench{number}"))?,
        display: format!("Bench {number}"),
        avatar: String::new(),
        email: String::new(),
        password: None,
        rank: 0,
        at,
    })?;
    let session = Session {
        user,
        created: at,
        expires: at + TimeDelta::days(1),
        room: None,
    };
    store.create_session(&TokenHash::of(&token(number)), &session)?;
    Ok(user)
}

/// What signs in the account of this number.
pub(super) fn token(number: usize) -> String {
    format!("the token of {number}")
}

/// A circle of these, whose first owns it.
pub(super) fn circle(
    store: &mut dyn Transaction,
    name: &str,
    members: &[UserId],
) -> Result<RoomId, kaiwa_server::Error> {
    let at = Utc::now();
    let role = |place| {
        if place == 0 {
            Role::Owner
        } else {
            Role::Member
        }
    };
    let members = members.iter().enumerate();
    store.create_room(&NewRoom {
        members: members.map(|(place, user)| (*user, role(place))).collect(),
        owner: None,
        ..room(RoomKind::Circle, name, None, at)
    })
}

/// A stream in a circle.
pub(super) fn stream(
    store: &mut dyn Transaction,
    circle: RoomId,
    name: &str,
) -> Result<RoomId, kaiwa_server::Error> {
    store.create_room(&room(RoomKind::Stream, name, Some(circle), Utc::now()))
}

fn room(kind: RoomKind, name: &str, parent: Option<RoomId>, at: DateTime<Utc>) -> NewRoom {
    NewRoom {
        kind,
        name: name.to_owned(),
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
        members: Vec::new(),
        at,
    }
}

/// Connects and signs in with the token of this number; `hello` has come when this returns.
pub(super) fn connect(server: &Running, number: usize) -> Result<Opening> {
    let mut opening = Opening::new(server.address, server.path)?;
    let token = token(number);
    let hello = opening.ask(&format!(
        "{{\"op\":\"auth\",\"v\":1,\"token\":\"{token}\"}}"
    ))?;
    expect(&hello, "hello")?;
    Ok(opening)
}

/// A frame of this kind.
pub(super) fn expect(frame: &[u8], op: &str) -> Result<Value> {
    let frame: Value = serde_json::from_slice(frame).context("no JSON")?;
    ensure!(frame["op"] == op, "no {op}: {frame}");
    Ok(frame)
}
