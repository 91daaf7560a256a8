//! A rim client that says exactly what a test wants: one HTTP request per connection, and bare packets.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::common::{Client, Site, bounded, raw};

/// What an HTTP request is answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// The envelope.
    pub(crate) fn json(&self) -> Value {
        assert!(
            self.head.contains("content-type: application/json"),
            "{self:?}"
        );
        let value: Value = serde_json::from_str(&self.body).unwrap();
        let mut keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["code", "data", "msg", "ok"], "{self:?}");
        value
    }

    /// The data of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(json["ok"], true, "{self:?}");
        assert_eq!((&json["code"], &json["msg"]), (&json!(200), &Value::Null));
        json["data"].take()
    }

    /// Code and words of a failure that comes with HTTP status 200.
    #[track_caller]
    pub(crate) fn failure(&self) -> (i64, String) {
        let json = self.json();
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(json["ok"], false, "{self:?}");
        assert_eq!(json["data"], Value::Null, "{self:?}");
        let words = json["msg"].as_str().unwrap();
        assert!(!words.is_empty() && !words.contains('\n'), "{self:?}");
        (json["code"].as_i64().unwrap(), words.to_owned())
    }

    /// That the request was not understood: status 404 and the envelope that says so.
    #[track_caller]
    pub(crate) fn invalid_request(&self) {
        assert_eq!(self.status, 404, "{self:?}");
        let expected = json!({ "ok": false, "code": 404, "msg": "invalid request", "data": null });
        assert_eq!(self.json(), expected);
    }

    /// That the body was not understood: a page.
    #[track_caller]
    pub(crate) fn page(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("content-type: text/html"), "{self:?}");
        assert!(self.body.contains(&status.to_string()), "{self:?}");
    }
}

/// Where the REST interface is, and with which token it is called.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    pub(crate) addr: SocketAddr,
    pub(crate) base: &'static str,
    /// The header as it is.
    pub(crate) authorization: Option<String>,
    /// The page that calls, if it is a browser that does.
    pub(crate) origin: Option<&'static str>,
}

impl Rest {
    pub(crate) fn new(site: &Site) -> Self {
        Self {
            addr: site.addr(),
            base: "/rim/api",
            authorization: None,
            origin: None,
        }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            authorization: Some(format!("Bearer {token}")),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let request = self.request(method, path, body);
        Answer::parse(&raw(self.addr, request.as_bytes()).await)
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&str>) -> String {
        let Self {
            addr,
            base,
            authorization,
            origin,
        } = self;
        let mut request = format!("{method} {base}{path} HTTP/1.1\r\nhost: {addr}\r\n");
        request += "connection: close\r\n";
        if let Some(authorization) = authorization {
            request += &format!("authorization: {authorization}\r\n");
        }
        if let Some(origin) = origin {
            request += &format!("origin: {origin}\r\n");
        }
        if let Some(body) = body {
            request += &format!("content-length: {}\r\n", body.len());
        }
        request + "\r\n" + body.unwrap_or_default()
    }

    /// Sends the beginning of a request, and gives the open connection.
    pub(crate) async fn begin(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = bounded(TcpStream::connect(self.addr)).await.unwrap();
        bounded(stream.write_all(bytes)).await.unwrap();
        stream
    }
}

/// Somebody with an account and a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) uid: u64,
    pub(crate) account: String,
    pub(crate) token: String,
    pub(crate) rest: Rest,
}

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// Registers somebody and signs them in.
pub(crate) async fn person(site: &Site, account: &str) -> Person {
    let rest = Rest::new(site);
    let uid = register(&rest, account).await.data().as_u64().unwrap();
    let token = sign_in(&rest, account).await;
    Person {
        uid,
        account: account.to_owned(),
        rest: rest.with_token(&token),
        token,
    }
}

pub(crate) async fn register(rest: &Rest, account: &str) -> Answer {
    let user = json!({
        "name": format!("Name of {account}"), "avatar": "", "account": account,
        "email": format!("{account}@example.org"), "password": PASSWORD,
    });
    rest.post("/user/create", user).await
}

pub(crate) async fn sign_in(rest: &Rest, account: &str) -> String {
    let login = json!({ "account": account, "password": PASSWORD });
    let data = rest.post("/user/login", login).await.data();
    data.as_str().unwrap().to_owned()
}

impl Person {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.rest.get(path).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.rest.post(path, body).await
    }

    /// Makes a group of the caller and others.
    pub(crate) async fn group(&self, name: &str, others: &[&Self]) -> u64 {
        let mut users = vec![json!({ "uid": self.uid, "role": 2 })];
        users.extend(
            others
                .iter()
                .map(|other| json!({ "uid": other.uid, "role": 1 })),
        );
        let group = json!({ "name": name, "avatar": "", "mode": 2, "creatorUid": self.uid });
        let body = json!({ "group": group, "users": users });
        let answer = self.post("/group/create", body).await;
        answer.data().as_u64().unwrap()
    }

    pub(crate) async fn change(&self, gid: u64, uids: &[u64], op: u64) -> Answer {
        let body = json!({ "gid": gid, "uids": uids, "opType": op });
        self.post("/group/user/change", body).await
    }

    /// The ids of a group's members.
    pub(crate) async fn members(&self, gid: u64) -> Vec<u64> {
        let members = self.get(&format!("/group/user/get?gid={gid}")).await.data();
        let uid = |member: &Value| member["user"]["id"].as_u64().unwrap();
        members.as_array().unwrap().iter().map(uid).collect()
    }

    pub(crate) async fn chat_list(&self) -> Vec<Value> {
        let body = json!({ "uid": self.uid, "page": 1, "size": 50 });
        let data = self.post("/message/chat/list", body).await.data();
        data.as_array().unwrap().clone()
    }

    pub(crate) async fn history(&self, gid: u64, page: u64, size: u64) -> Vec<String> {
        let body = json!({ "gid": gid, "uid": self.uid, "page": page, "size": size });
        let data = self.post("/message/history", body).await.data();
        contents(&data)
    }

    /// A connection that is signed in.
    pub(crate) async fn live(&self, site: &Site) -> Live {
        let mut live = Live::open(site.addr(), "/rim/ws", self.uid).await;
        live.login(&self.token).await;
        live
    }
}

/// The texts of a chat list or history.
pub(crate) fn contents(lines: &Value) -> Vec<String> {
    let content = |line: &Value| line["msg"]["content"].as_str().unwrap().to_owned();
    lines.as_array().unwrap().iter().map(content).collect()
}

/// A WebSocket client of somebody.
pub(crate) struct Live {
    pub(crate) client: Client,
    pub(crate) uid: u64,
    next: u64,
}

impl Live {
    pub(crate) async fn open(addr: SocketAddr, path: &str, uid: u64) -> Self {
        Self::of(Client::connect(addr, path, &[]).await.unwrap(), uid)
    }

    /// On a connection that is there.
    pub(crate) fn of(client: Client, uid: u64) -> Self {
        Self {
            client,
            uid,
            next: 0,
        }
    }

    pub(crate) async fn login(&mut self, token: &str) {
        let id = self.send("Login", json!({ "content": token })).await;
        let ack = self.client.json().await;
        let expected =
            json!({ "clientMsgId": id, "serverMsgId": null, "kind": "Ack", "content": "Ok" });
        assert_eq!(ack, expected);
    }

    /// Sends a packet with a fresh id, which it gives; `fields` add to the body or replace what is there.
    pub(crate) async fn send(&mut self, event: &str, fields: Value) -> String {
        self.next += 1;
        let id = format!("c{}", self.next);
        let mut body = json!({ "kind": "Text", "uid": self.uid, "content": "", "clientMsgId": id });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let packet = json!({ "event": event, "body": body });
        self.client.send(packet.to_string()).await;
        id
    }

    /// Says something, and waits for its id.
    pub(crate) async fn say(&mut self, gid: u64, content: &str) -> u64 {
        let fields = json!({ "gid": gid, "content": content });
        let id = self.send("Msg", fields).await;
        let ack = self.ack(&id).await;
        ack["serverMsgId"].as_u64().unwrap()
    }

    /// The next frame, which must be the acknowledgement of this packet.
    pub(crate) async fn ack(&mut self, id: &str) -> Value {
        let ack = self.client.json().await;
        assert_eq!(ack["clientMsgId"], id, "{ack}");
        assert_eq!(
            (&ack["kind"], &ack["content"]),
            (&json!("Ack"), &json!("Ok"))
        );
        assert!(ack.get("event").is_none(), "{ack}");
        ack
    }

    /// The next frame, which must be something said.
    pub(crate) async fn heard(&mut self) -> Value {
        let mut packet = self.client.json().await;
        assert_eq!(packet["event"], "Msg", "{packet}");
        packet["body"].take()
    }

    /// That nothing came before this: the next frame answers what is asked now.
    pub(crate) async fn quiet(&mut self) {
        let id = self.send("Heart", json!({})).await;
        self.ack(&id).await;
    }
}
