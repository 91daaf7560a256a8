//! A Sock Chat client that says exactly what a test wants, and reads packets as fields.

use std::collections::VecDeque;

use serde_json::json;

use crate::common::{Client, Site};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// The first id of what is kept nowhere.
const FIRST_NOTICE: i64 = 1 << 52;

/// A packet, cut at its TABs. Times and the ids of notices are replaced by `T` and `N`, since they differ each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) text: String,
    pub(crate) fields: Vec<String>,
}

/// Somebody's session that is signed in.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) token: String,
    /// What came with the sign-in.
    pub(crate) first: Vec<String>,
    kept: VecDeque<Packet>,
}

/// Makes an account; gives its id and a token.
pub(crate) async fn account(site: &Site, name: &str) -> (String, String) {
    let mut client = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
    let auth = json!({
        "op": "auth", "v": 1, "user": name, "password": PASSWORD, "register": true,
    });
    client.send(auth.to_string()).await;
    let hello = client.json().await;
    let id = hello["user"]["id"].as_str().unwrap();
    let token = hello["token"].as_str().unwrap();
    (id.trim_start_matches('u').to_owned(), token.to_owned())
}

/// Opens a connection that nobody has signed in on.
pub(crate) async fn open(site: &Site) -> Client {
    Client::connect(site.addr(), "/sockchat", &[])
        .await
        .unwrap()
}

/// Makes an account and signs in.
pub(crate) async fn join(site: &Site, name: &str) -> Person {
    let (_, token) = account(site, name).await;
    resume(site, name, &token).await
}

/// Signs somebody in by token.
pub(crate) async fn resume(site: &Site, name: &str, token: &str) -> Person {
    enter(open(site).await, name, token).await
}

/// Signs somebody in by token on a connection that is open.
pub(crate) async fn enter(mut client: Client, name: &str, token: &str) -> Person {
    client.send(format!("1\tBearer\t{token}")).await;
    let mut first = Vec::new();
    loop {
        let packet = Packet::of(&client.text().await);
        assert!(!packet.text.starts_with("1\tn"), "{packet:?}");
        let is_last = packet.text.starts_with("7\t2\t");
        first.push(packet.text);
        if is_last {
            break;
        }
    }
    let id = first[0].split('\t').nth(2).unwrap().to_owned();
    Person {
        client,
        id,
        name: name.to_owned(),
        token: token.to_owned(),
        first,
        kept: VecDeque::new(),
    }
}

impl Packet {
    /// Reads a frame.
    pub(crate) fn of(frame: &str) -> Self {
        let fields: Vec<String> = frame.split('\t').map(str::to_owned).collect();
        let text: Vec<&str> = fields.iter().map(|field| masked(field)).collect();
        Self {
            text: text.join("\t"),
            fields,
        }
    }
}

/// A field, or what stands for a time or the id of a notice.
fn masked(field: &str) -> &str {
    match field.parse::<i64>() {
        Ok(FIRST_NOTICE..) => "N",
        // Between 2020 and 2100; ids of people and messages are small in tests.
        Ok(1_577_836_800..4_102_444_800) => "T",
        _ => field,
    }
}

impl Person {
    /// Sends a frame as it is.
    pub(crate) async fn send(&mut self, frame: &str) {
        self.client.send(frame).await;
    }

    /// Says something, or a command.
    pub(crate) async fn say(&mut self, text: &str) {
        let frame = format!("2\t{}\t{text}", self.id);
        self.client.send(frame).await;
    }

    /// The next packet.
    pub(crate) async fn packet(&mut self) -> Packet {
        match self.kept.pop_front() {
            Some(packet) => packet,
            None => Packet::of(&self.client.text().await),
        }
    }

    /// The next packet, masked.
    pub(crate) async fn next(&mut self) -> String {
        self.packet().await.text
    }

    /// The next packet, which must be this one; form feeds are written as `|`.
    pub(crate) async fn hears(&mut self, packet: &str) {
        let heard = self.next().await.replace('\u{c}', "|");
        assert_eq!(heard, packet, "to {}", self.name);
    }

    /// The next packets, which must be these.
    pub(crate) async fn hears_all(&mut self, packets: &[&str]) {
        for packet in packets {
            self.hears(packet).await;
        }
    }

    /// All packets that came before this: what is asked now is answered in order with everything.
    pub(crate) async fn settle(&mut self) -> Vec<String> {
        self.say("/settle").await;
        let mut before: Vec<Packet> = self.kept.drain(..).collect();
        loop {
            let packet = Packet::of(&self.client.text().await);
            if packet.text == "2\tT\t-1\t1\u{c}nocmd\u{c}settle\tN\t10010" {
                break;
            }
            before.push(packet);
        }
        before
            .into_iter()
            .map(|packet| packet.text.replace('\u{c}', "|"))
            .collect()
    }

    /// That nothing came before this.
    pub(crate) async fn quiet(&mut self) {
        let packets = self.settle().await;
        assert!(packets.is_empty(), "{}: {packets:?}", self.name);
    }

    /// The close code, and what came before.
    pub(crate) async fn end(&mut self) -> Option<u16> {
        self.client.close_code().await
    }
}
