//! A Sock Chat client that says exactly what a test wants, and reads packets as fields.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::common::{Client, Site, raw};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// Sessions of this test's process.
static SESSIONS: AtomicUsize = AtomicUsize::new(0);

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
    /// What came with the sign-in, masked and as it was.
    pub(crate) first: Vec<String>,
    pub(crate) raw_first: Vec<String>,
    /// Tells one's own sessions apart.
    session: usize,
    settled: usize,
}

/// Makes an account, in the lobby if that takes everybody; gives its id and a token. Over rim's REST, by which nobody comes online.
pub(crate) async fn account(site: &Site, name: &str) -> (String, String) {
    let person = json!({ "name": name, "avatar": "", "account": name, "password": PASSWORD });
    let id = rim(site, "/user/create", "", &person).await;
    let login = json!({ "account": name, "password": PASSWORD });
    let token = rim(site, "/user/login", "", &login).await;
    let token = token.as_str().unwrap();
    let member = json!({ "gid": 1, "uids": [id], "opType": 1 });
    rim_answer(site, "/group/user/change", token, &member).await;
    (id.to_string(), token.to_owned())
}

/// The `data` of an answer of rim's REST, which must be a success.
pub(crate) async fn rim(site: &Site, path: &str, token: &str, body: &Value) -> Value {
    let answer = rim_answer(site, path, token, body).await;
    assert_eq!(answer["ok"], true, "{path}: {answer}");
    answer["data"].clone()
}

async fn rim_answer(site: &Site, path: &str, token: &str, body: &Value) -> Value {
    let body = body.to_string();
    let addr = site.addr();
    let length = body.len();
    let request = format!(
        "POST /rim/api{path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let answer = raw(addr, request.as_bytes()).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
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
    let (mut first, mut raw_first) = (Vec::new(), Vec::new());
    loop {
        let frame = client.text().await;
        let packet = Packet::of(&frame);
        raw_first.push(frame);
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
        raw_first,
        session: SESSIONS.fetch_add(1, Ordering::Relaxed),
        settled: 0,
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

impl Packet {
    /// Whether it only answers [`Person::settle`].
    fn is_settling(&self) -> bool {
        self.text.starts_with("2\tT\t-1\t1\u{c}nocmd\u{c}settle")
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
        loop {
            let packet = Packet::of(&self.client.text().await);
            if !packet.is_settling() {
                return packet;
            }
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

    /// Reads up to this packet.
    pub(crate) async fn settle_to(&mut self, packet: &str) {
        while self.next().await.replace('\u{c}', "|") != packet {}
    }

    /// All packets that came before this: what is asked now is answered in order with everything. Other sessions of the same
    /// person get the answer too, and skip it.
    pub(crate) async fn settle(&mut self) -> Vec<String> {
        self.settled += 1;
        let word = format!("settle{}-{}", self.session, self.settled);
        self.say(&format!("/{word}")).await;
        let answer = format!("2\tT\t-1\t1\u{c}nocmd\u{c}{word}\tN\t10010");
        let mut before = Vec::new();
        loop {
            let packet = Packet::of(&self.client.text().await);
            if packet.text == answer {
                return before;
            }
            if !packet.is_settling() {
                before.push(packet.text.replace('\u{c}', "|"));
            }
        }
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

/// Somebody on Oshi.
pub(crate) struct Oshi {
    client: Client,
    kept: VecDeque<Value>,
}

/// Signs somebody in on Oshi who has an account.
pub(crate) async fn oshi(site: &Site, name: &str) -> Oshi {
    let mut client = Client::connect(site.addr(), "/oshi", &[]).await.unwrap();
    let auth = json!({ "op": "auth", "v": 1, "user": name, "password": PASSWORD });
    client.send(auth.to_string()).await;
    assert_eq!(client.json().await["op"], "hello");
    assert_eq!(client.json().await["op"], "state");
    Oshi {
        client,
        kept: VecDeque::new(),
    }
}

impl Oshi {
    /// The answer to a request that must succeed; events before it are kept.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        request["id"] = json!("re");
        self.client.send(request.to_string()).await;
        loop {
            let frame = self.client.json().await;
            if frame["re"] == "re" {
                assert_ne!(frame["op"], "error", "{request}: {frame}");
                return frame;
            }
            self.kept.push_back(frame);
        }
    }

    /// The next event of this kind; others before it are dropped.
    pub(crate) async fn event(&mut self, op: &str) -> Value {
        loop {
            let frame = match self.kept.pop_front() {
                Some(frame) => frame,
                None => self.client.json().await,
            };
            if frame["op"] == op {
                return frame;
            }
        }
    }

    /// Drops all events that came before this.
    pub(crate) async fn settle(&mut self) {
        self.ask(json!({ "op": "data.set", "key": "settle", "value": null }))
            .await;
        self.kept.clear();
    }
}
