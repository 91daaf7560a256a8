//! The crate oshatori 0.2.0, a real client of Sock Chat, on our own server.

use std::net::SocketAddr;

use kaiwa_interop::oshatori::{Login, Person};
use kaiwa_server::{Config, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn two_people_talk() {
    let site = Site::start().await;
    let (ann_login, bob_login) = (site.account("ann").await, site.account("bob").await);
    let mut ann = Person::sign_in(&ann_login).await;
    let mut bob = Person::sign_in(&bob_login).await;

    let (a, b) = (&ann_login.uid, &bob_login.uid);
    bob.wait_for(&format!("{a} is ann")).await;
    ann.wait_for(&format!("{b} is bob")).await;
    for text in TEXTS {
        ann.say(text).await;
        ann.wait_for(&format!("{a} says {text}")).await;
        bob.wait_for(&format!("{a} says {text}")).await;
        bob.say(text).await;
        ann.wait_for(&format!("{b} says {text}")).await;
        bob.wait_for(&format!("{b} says {text}")).await;
    }
    ann.say("see [url]https://example.org/[/url] and [img]//example.org/a.png[/img]")
        .await;
    let linked = format!("{a} says see <https://example.org/> and <<https://example.org/a.png>>");
    bob.wait_for(&linked).await;
    let once = |text: &str| bob.seen.iter().filter(|seen| *seen == text).count();
    assert_eq!(once(&format!("{a} says hello")), 1);
    bob.leave().await;
    ann.wait_for(&format!("{b} goes")).await;
}

#[tokio::test]
async fn what_was_said_before_is_shown() {
    let site = Site::start().await;
    let (ann_login, bob_login) = (site.account("ann").await, site.account("bob").await);
    let mut ann = Person::sign_in(&ann_login).await;
    ann.say("first").await;
    ann.wait_for(&format!("{} says first", ann_login.uid)).await;
    let mut bob = Person::sign_in(&bob_login).await;
    bob.wait_for(&format!("{} says first", ann_login.uid)).await;
    // The reader lives on.
    bob.say("second").await;
    bob.wait_for(&format!("{} says second", bob_login.uid))
        .await;
}

#[tokio::test]
async fn channels_names_and_notices_are_understood() {
    let site = Site::start().await;
    let (ann_login, bob_login) = (site.account("ann").await, site.account("bob").await);
    let mut ann = Person::sign_in(&ann_login).await;
    let mut bob = Person::sign_in(&bob_login).await;
    let (a, b) = (&ann_login.uid, &bob_login.uid);
    ann.wait_for(&format!("{b} is bob")).await;

    bob.say("/create Tea").await;
    ann.wait_for("channel Tea").await;
    ann.wait_for(&format!("{b} goes")).await;
    bob.wait_for("switched to Tea").await;
    ann.say("/join Tea").await;
    ann.wait_for("switched to Tea").await;
    bob.wait_for(&format!("{a} is ann")).await;
    ann.say("/afk").await;
    bob.wait_for(&format!("{a} is now <AFK>_ann")).await;
    ann.say("back").await;
    bob.wait_for(&format!("{a} is now ann")).await;
    ann.say("/nosuch").await;
    ann.wait_for("-1 says 1\u{c}nocmd\u{c}nosuch").await;
    ann.say("/me waves").await;
    bob.wait_for(&format!("{a} says <i>waves</i>")).await;
    ann.say("/msg bob between us").await;
    bob.wait_for(&format!("{a} says between us")).await;
    // The channel goes with its owner.
    bob.leave().await;
    ann.wait_for("channel Tea goes").await;
    ann.say("still here").await;
    ann.wait_for(&format!("{a} says still here")).await;
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    let site = Site::start().await;
    let mut login = site.account("ann").await;
    login.token.push('x');
    let mut ann = Person::begin(&login).await;
    // It makes up a time where there is none.
    assert_eq!(ann.refusal().await, "444: AuthFail");
}

/// Texts that a codec could spoil, as oshatori shows them.
const TEXTS: [&str; 4] = [
    "hello",
    "größe 大 \u{1f600} e\u{301}",
    "a < b > c & \"d\" 'e'",
    "one\ntwo",
];

/// A server of ours, as long as this lives.
struct Site {
    _folder: TempDir,
    server: Server,
}

impl Site {
    async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut config = Config::default();
        config.listen = "127.0.0.1:0".parse().expect("an address");
        config.data_dir = folder.path().join("data");
        let server = Server::start(config).await.expect("the server starts");
        Self {
            _folder: folder,
            server,
        }
    }

    /// Makes an account, over rim's REST.
    async fn account(&self, name: &str) -> Login {
        let password = "correct horse";
        let person = json!({ "name": name, "avatar": "", "account": name, "password": password });
        let uid = self.rim("/user/create", &person).await;
        let token = self
            .rim(
                "/user/login",
                &json!({ "account": name, "password": password }),
            )
            .await;
        Login {
            url: format!("ws://{}/sockchat", self.address()),
            uid: uid.to_string(),
            token: token.as_str().expect("a token").to_owned(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    async fn rim(&self, path: &str, body: &Value) -> Value {
        let address = self.address();
        let body = body.to_string();
        let request = format!(
            "POST /rim/api{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let answer: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(answer["ok"], true, "{path}: {answer}");
        answer["data"].clone()
    }
}
