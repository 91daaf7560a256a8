//! People in groups of ten: registered over REST, signed in over REST and WebSocket.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::rest::Rest;
use crate::servers::Running;
use crate::socket::Opening;

/// People in a group.
pub(crate) const MEMBERS: usize = 10;

/// Connections for registering: the server hashes two passwords at a time, and turns away who waits as the 65th.
const REGISTERING: usize = 4;

/// Somebody with a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) uid: u64,
    pub(crate) token: String,
    /// Their group.
    pub(crate) gid: u64,
}

/// Registers so many people, signs them in over REST, and makes their groups, the first ten in the first one, and so on.
pub(crate) fn settle(server: &Running, count: usize) -> Result<Vec<Person>> {
    let address = server.address;
    let mut people = thread::scope(|scope| {
        let register = |from| {
            let numbers = (from..count).step_by(REGISTERING);
            numbers.map(|number| Ok((number, register(address, number)?)))
        };
        let threads: Vec<_> = (0..REGISTERING)
            .map(|from| scope.spawn(move || register(from).collect::<Result<Vec<_>>>()))
            .collect();
        let mut people = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(some) => people.extend(some?),
                Err(_) => bail!("registering panicked"),
            }
        }
        Ok(people)
    })?;
    people.sort_by_key(|(number, _)| *number);
    let mut people: Vec<Person> = people.into_iter().map(|(_, person)| person).collect();
    let mut rest = Rest::connect(address)?;
    for group in people.chunks_mut(MEMBERS) {
        rest.authorize(&group[0].token);
        let uids: Vec<u64> = group.iter().map(|person| person.uid).collect();
        let gid = create_group(&mut rest, &uids)?;
        group.iter_mut().for_each(|person| person.gid = gid);
    }
    Ok(people)
}

/// Makes an account and signs it in over REST. `gid` is 0 for now.
pub(crate) fn register(address: SocketAddr, number: usize) -> Result<Person> {
    let mut rest = Rest::connect(address)?;
    let account = json!({
        "name": format!("Bench {number}"),
        "avatar": "",
        "account": account(number),
        "email": "",
        "password": password(number),
    });
    let uid = rest.post("/user/create", &account)?;
    Ok(Person {
        uid: uid.as_u64().context("no user id")?,
        token: log_in(&mut rest, number)?,
        gid: 0,
    })
}

/// Signs in over REST; tells the token.
pub(crate) fn log_in(rest: &mut Rest, number: usize) -> Result<String> {
    let body = json!({ "account": account(number), "password": password(number) });
    let token = rest.post("/user/login", &body)?;
    Ok(token.as_str().context("no token")?.to_owned())
}

/// Makes a group of these, the first of whom asks.
pub(crate) fn create_group(rest: &mut Rest, uids: &[u64]) -> Result<u64> {
    let role = |index| if index == 0 { 2 } else { 1 };
    let users: Vec<Value> = uids
        .iter()
        .enumerate()
        .map(|(index, uid)| json!({ "uid": uid, "role": role(index) }))
        .collect();
    let group = json!({ "name": "bench", "avatar": "", "mode": 2, "creatorUid": uids[0] });
    let gid = rest.post("/group/create", &json!({ "group": group, "users": users }))?;
    gid.as_u64().context("no group id")
}

/// Connects and signs in over WebSocket. Ours does not mind the group; the floor learns from it who is in which.
pub(crate) fn connect(server: &Running, person: &Person) -> Result<Opening> {
    let Person { uid, token, gid } = person;
    let mut opening = Opening::new(server.address, server.path)?;
    let answer = opening.ask(&format!(
        "{{\"event\":\"Login\",\"body\":{{\"kind\":\"Text\",\"uid\":{uid},\"gid\":{gid},\
         \"content\":\"{token}\",\"clientMsgId\":\"login\"}}}}"
    ))?;
    let answer: Value = serde_json::from_slice(&answer)?;
    ensure!(
        answer["kind"] == "Ack" && answer["clientMsgId"] == "login",
        "not signed in: {answer}"
    );
    Ok(opening)
}

fn account(number: usize) -> String {
    format!("bench{number}")
}

fn password(number: usize) -> String {
    format!("the password of {number}")
}
