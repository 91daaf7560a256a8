//! Somebody with a thousand groups signs in: what their client asks, one request after the other.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::{TimeDelta, Utc};
use kaiwa_server::names::Name;
use kaiwa_server::store::{
    MessageKind, NewAccount, NewMessage, NewRoom, Repeat, Role, RoomKind, Sender, SqliteStore,
    Store as _, Transaction, UserId,
};
use serde_json::{Value, json};

use super::people::{self, MEMBERS, Person};
use super::rest::Rest;
use crate::report::{Report, Spread};
use crate::servers::{Running, Setup};

/// Issue 3: groups that somebody is in, and the time to sign in, in milliseconds.
const GROUPS: usize = 1_000;
const MOST: f64 = 100.0;

/// Those with whom they are in groups: nine in each, in turn.
const OTHERS: usize = 100;

/// Messages in each group.
const MESSAGES: usize = 10;

/// Conversations on a page of the chat list: what our client asks for, and the most that our server gives.
const PAGE: usize = 200;

/// The steps of our client, which asks for pages until one is not full. It does some of this side by side.
const STEPS: [&str; 6] = [
    "POST /user/login, the password's hash in it",
    "GET /user/token",
    "POST /message/chat/list, the first 200",
    "the other pages of the chat list",
    "GET /group/get, all 1,000",
    "WebSocket, Login to its ack",
];

/// Signs in again and again.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let data = setup.fresh("rim-sign-in")?;
    let server = setup.rim(&data)?;
    let person = people::register(server.address, 0)?;
    server.process.end()?;
    fill(&data, UserId(person.uid.try_into()?))?;

    let server = setup.rim(&data)?;
    let rounds = if setup.quick { 10 } else { 50 };
    let runs = (0..rounds).map(|_| sign_in(&server, person.uid));
    write(report, &runs.collect::<Result<Vec<_>>>()?);
    Ok(())
}

/// Milliseconds of each step.
fn sign_in(server: &Running, uid: u64) -> Result<[f64; STEPS.len()]> {
    let mut last = Instant::now();
    let mut lap = || {
        let now = Instant::now();
        (now - std::mem::replace(&mut last, now)).as_secs_f64() * 1000.0
    };
    let mut rest = Rest::connect(server.address)?;
    let token = people::log_in(&mut rest, 0)?;
    rest.authorize(&token);
    let login = lap();
    let user = rest.get(&format!("/user/token?token={token}"))?;
    ensure!(user["id"] == uid, "somebody else's token");
    let who = lap();
    ensure!(chat_page(&mut rest, uid, 1)? == PAGE, "the first page");
    let first = lap();
    for page in 2..=GROUPS / PAGE {
        ensure!(chat_page(&mut rest, uid, page)? == PAGE, "page {page}");
    }
    ensure!(
        chat_page(&mut rest, uid, GROUPS / PAGE + 1)? == 0,
        "too many"
    );
    let others = lap();
    let groups = rest.get(&format!("/group/get?uid={uid}"))?;
    ensure!(length(&groups)? == GROUPS, "not all groups");
    let groups = lap();
    people::connect(server, &Person { uid, token, gid: 0 })?;
    Ok([login, who, first, others, groups, lap()])
}

/// How many conversations are on a page.
fn chat_page(rest: &mut Rest, uid: u64, page: usize) -> Result<usize> {
    let body = json!({ "uid": uid, "page": page, "size": PAGE });
    length(&rest.post("/message/chat/list", &body)?)
}

fn length(list: &Value) -> Result<usize> {
    Ok(list.as_array().context("no list")?.len())
}

fn fill(data: &Path, user: UserId) -> Result<()> {
    let mut store = SqliteStore::open(data)?;
    // So that the newest was said just now.
    let at = Utc::now() - TimeDelta::seconds((GROUPS * MESSAGES) as i64);
    store.transaction(&mut |transaction| {
        let mut others = Vec::new();
        for number in 0..OTHERS {
            others.push(transaction.create_account(&NewAccount {
                name: Name::parse(&format!("other{number}"))?,
                display: format!("Other {number}"),
                avatar: String::new(),
                email: String::new(),
                password: None,
                rank: 0,
                at,
            })?);
        }
        for group in 0..GROUPS {
            let mut members = vec![user];
            members.extend((1..MEMBERS).map(|place| others[(group + place) % OTHERS]));
            talk(transaction, group, &members, at)?;
        }
        Ok(())
    })?;
    Ok(Box::new(store).close()?)
}

/// A group of these who have talked.
fn talk(
    transaction: &mut dyn Transaction,
    group: usize,
    members: &[UserId],
    at: chrono::DateTime<Utc>,
) -> Result<(), kaiwa_server::Error> {
    let room = transaction.create_room(&NewRoom {
        kind: RoomKind::Group,
        name: format!("Group {group}"),
        topic: None,
        avatar: String::new(),
        parent: None,
        owner: members.first().copied(),
        public: false,
        mode: 2,
        min_rank: 0,
        password: None,
        temporary: false,
        hidden: false,
        members: members.iter().map(|user| (*user, Role::Member)).collect(),
        at,
    })?;
    for (number, sender) in (0..MESSAGES).zip(members.iter().cycle()) {
        let number = group * MESSAGES + number;
        let message = NewMessage {
            room,
            at: at + TimeDelta::seconds(number as i64),
            sender: Sender::Account(*sender),
            kind: MessageKind::Text,
            text: Some(format!("{number:x<100}")),
            client_id: Some(format!("{number:08}")),
            reply: None,
            files: Vec::new(),
            extra: None,
        };
        transaction.post(&message, Repeat::Another)?;
    }
    Ok(())
}

fn write(report: &mut Report, runs: &[[f64; STEPS.len()]]) {
    let millis = |millis: f64| format!("{millis:.1}");
    report.table(
        &format!("rim, sign-in with {GROUPS} groups"),
        &["what", "ms", "target"],
    );
    for (index, name) in STEPS.iter().enumerate() {
        let all: Vec<f64> = runs.iter().map(|run| run[index]).collect();
        report.record(json!({ "step": name, "ms": all }));
        let spread = Spread::of(all).map(millis);
        report.row(vec![(*name).to_owned(), spread, String::new()]);
    }
    let whole = Spread::of(runs.iter().map(|run| run.iter().sum()).collect());
    report.target("all of these".to_owned(), &whole, false, MOST, millis);
}
