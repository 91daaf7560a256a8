//! What commands do: each as it succeeds, seen by all whom it concerns, and each of its refusals.

mod bans;
mod channels;
mod expiry;
mod messages;
mod moderation;
mod networks;
mod people;
#[allow(dead_code, reason = "a part of what the tests of rim use")]
#[path = "../../rim/client.rs"]
mod rim;
mod talk;

use serde_json::{Value, json};

use crate::client::{PASSWORD, Person, join};
use crate::common::{Client, Site};

/// What an operator may do, as packets have it.
const OPERATOR: &str = "10|1|1|1|2";

/// What everybody may do.
const ORDINARY: &str = "1|0|0|1|1";

/// A server with two operators.
async fn site() -> Site {
    Site::with(|config| config.operators = operators()).await
}

fn operators() -> Vec<String> {
    ["op", "boss"].map(str::to_owned).to_vec()
}

/// These people, in the lobby, in this order: the first has the id 1.
async fn people<const N: usize>(site: &Site, names: [&str; N]) -> [Person; N] {
    let mut all = Vec::new();
    for name in names {
        all.push(join(site, name).await);
    }
    for person in &mut all {
        person.settle().await;
    }
    let Ok(all) = all.try_into() else {
        unreachable!("as many as there are names");
    };
    all
}

/// A notice as a packet.
fn notice(words: &str) -> String {
    format!("2\tT\t-1\t{words}\tN\t10010")
}

impl Person {
    /// The next packet is this notice.
    async fn told(&mut self, words: &str) {
        self.hears(&notice(words)).await;
    }

    /// Says a command, which is refused so; nothing else comes of it.
    async fn refused(&mut self, command: &str, words: &str) {
        self.say(command).await;
        self.told(words).await;
        self.quiet().await;
    }

    /// Reads to this packet.
    async fn until(&mut self, packet: &str) {
        while self.next().await.replace('\u{c}', "|") != packet {}
    }

    /// Reads to where a switch of channels ends, which must be this one.
    async fn arrives(&mut self, channel: &str) {
        let mut last = self.next().await;
        assert_eq!(last, format!("5\t1\t{}\tN", self.id));
        while !last.starts_with("5\t2\t") {
            last = self.next().await;
        }
        assert_eq!(last, format!("5\t2\t{channel}"));
    }

    /// Says something in the room; gives the message's id.
    async fn says(&mut self, text: &str) -> String {
        self.say(text).await;
        let packet = self.packet().await;
        assert_eq!(packet.fields[3], text, "{packet:?}");
        packet.fields[4].clone()
    }
}

/// Somebody's connection on Oshi.
struct Oshi {
    client: Client,
}

impl Oshi {
    /// Signs in somebody who has an account.
    async fn sign_in(site: &Site, name: &str) -> Self {
        let mut oshi = Self::open(site, name).await;
        assert_eq!(oshi.until("hello").await["op"], "hello");
        oshi.until("state").await;
        oshi
    }

    /// Asks to be let in.
    async fn open(site: &Site, name: &str) -> Self {
        let mut client = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
        let auth = json!({ "op": "auth", "v": 1, "user": name, "password": PASSWORD });
        client.send(auth.to_string()).await;
        Self { client }
    }

    async fn send(&mut self, request: Value) {
        self.client.send(request.to_string()).await;
    }

    /// The next frame of this kind; others are skipped.
    async fn until(&mut self, op: &str) -> Value {
        loop {
            let frame = self.client.json().await;
            if frame["op"] == op {
                return frame;
            }
        }
    }
}
