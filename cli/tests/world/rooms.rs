//! People on several networks talk in one room.

use kaiwa_protocols::client::AccountId;
use kaiwa_protocols::connection::ChannelEvent;
use kaiwa_protocols::{Id, MessageFragment};
use kaiwa_server::{Config, Server};

use crate::people::People;

/// Texts that a careless end would change.
const TEXTS: &[&str] = &[
    "hello",
    "<b>bold</b> & \"quoted\" 'single'",
    "'; DROP TABLE messages; --",
    "two\nlines\tand a tab",
    "会話 \u{1f980} e\u{301} \u{202e}txet",
    "/quit",
    "{\"json\":null}",
    "[b]no markup[/b] [url]:)",
];

/// How often each person says all of it.
const ROUNDS: usize = 5;

/// The same on Sock Chat, where a client says no more than 20 things in ten seconds.
const SLOW_ROUNDS: usize = 2;

/// Everybody: the network, the account where it has some, and the name that others see.
const EVERYBODY: [(&str, &str, &str); 6] = [
    ("wschat", "", "Wanda"),
    ("rim", "ann", "Ann <&> O'Neil"),
    ("rim", "bob", "Bob 会話"),
    ("oshi", "olga", "Olga \u{1f980}"),
    ("oshi", "otto", "otto"),
    ("sockchat", "sue", "Sue-会話"),
];

/// What Sock Chat makes of a text: it has no tabs.
fn without_tabs(text: &str) -> String {
    text.replace('\t', "    ")
}

/// A text as a person on this network sees it, who may have said it themselves.
fn seen(text: &str, on: &str) -> String {
    match on {
        "sockchat" => without_tabs(text),
        _ => text.to_owned(),
    }
}

/// A name as it is called on this network: Sock Chat's commands end names at spaces.
fn called(name: &str, on: &str) -> String {
    match on {
        "sockchat" => name.replace(' ', "_"),
        _ => name.to_owned(),
    }
}

/// The lobby, as each network knows it.
fn lobby(network: &str) -> &'static str {
    match network {
        "wschat" => "lobby",
        "rim" => "1",
        "sockchat" => "lobby",
        _ => "s1",
    }
}

/// Everybody in one room.
struct Room {
    server: Server,
    people: People,
    accounts: Vec<AccountId>,
    /// Where files lie, as a browser reaches it.
    http: String,
    _dir: tempfile::TempDir,
}

impl Room {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.listen.set_port(0);
        config.data_dir = dir.path().join("data");
        config.oshi_rate_count = 0;
        let server = Server::start(config).await.unwrap();
        let http = format!("http://{}", server.local_addr());
        let ws = format!("ws://{}/wschat", server.local_addr());
        let mut people = People::new();
        let mut accounts = Vec::new();
        let address = server.local_addr().to_string();
        for (network, account, name) in EVERYBODY {
            let registration = |shown| {
                [
                    ("url", http.as_str()),
                    (shown, name),
                    ("account", account),
                    ("password", "secret password"),
                    ("register", "yes"),
                ]
            };
            let joined = match network {
                "wschat" => people.join(network, &[("url", &ws), ("name", name)]).await,
                "rim" => people.join(network, &registration("name")).await,
                "oshi" => people.join(network, &registration("display")).await,
                _ => people.join_sockchat(&address, account, name).await,
            };
            if network == "rim" {
                let channel_id = Id::from(lobby(network));
                people.ask(joined, ChannelEvent::Join { channel_id }).await;
            }
            accounts.push(joined);
        }
        Self {
            server,
            people,
            accounts,
            http,
            _dir: dir,
        }
    }

    /// That this person sees a message once, and who said it.
    async fn sees(&mut self, number: usize, text: &str, name: &str) {
        let (network, account) = (EVERYBODY[number].0, self.accounts[number]);
        let (text, name) = (&seen(text, network), called(name, network));
        self.people
            .until_else(
                |people| people.heard(account).texts.contains_key(text),
                |heard| format!("{text:?} is not among {:?}", heard.texts.keys()),
            )
            .await;
        let shown = self.people.heard(account).texts[text].clone();
        assert_eq!(shown.len(), 1, "{text:?}: {shown:?}");
        let sender = shown[0].sender.as_deref().unwrap();
        // Who a stranger is may be learned after what they said.
        self.people
            .until_else(
                |people| people.name(account, lobby(network), sender) == name,
                |_| format!("{sender} is not called {name} on {network}"),
            )
            .await;
    }

    async fn close(self) {
        self.people.leave().await;
        self.server.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_each_message_once() {
    let mut room = Room::open().await;
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        for ((network, _, name), account) in EVERYBODY.iter().zip(room.accounts.clone()) {
            if *network == "sockchat" && round >= SLOW_ROUNDS {
                continue;
            }
            for text in TEXTS {
                let text = format!("{text} {name} {round}");
                let channel = (*network != "wschat").then(|| lobby(network));
                room.people.say(account, channel, &text);
                // What has come over Sock Chat is the same for everybody.
                said.push((seen(&text, network), *name));
            }
        }
    }
    let accounts = room.accounts.clone();
    let own = EVERYBODY.map(|(.., name)| said.iter().filter(|(_, by)| *by == name).count());
    room.people
        .until(|people| {
            accounts.iter().zip(own).all(|(account, own)| {
                let heard = people.heard(*account);
                heard.texts.len() == said.len() && heard.delivered.len() == own
            })
        })
        .await;
    for (number, account) in accounts.into_iter().enumerate() {
        for (text, name) in &said {
            room.sees(number, text, name).await;
        }
        assert_eq!(room.people.heard(account).texts.len(), said.len());
        assert!(room.people.heard(account).failed.is_empty());
    }
    room.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_answers_reach_those_whose_network_has_none() {
    let mut room = Room::open().await;
    let (wanda, olga, otto) = (room.accounts[0], room.accounts[3], room.accounts[4]);
    room.people.say(wanda, None, "tea?");
    for number in 0..EVERYBODY.len() {
        room.sees(number, "tea?", "Wanda").await;
    }
    let question = room.people.heard(olga).texts["tea?"][0].id.clone();
    let reply = MessageFragment::Reply {
        message_id: question,
    };
    let answer = vec![MessageFragment::Text("yes".to_owned()), reply.clone()];
    room.people.say_all(olga, Some("s1"), answer);
    for number in 0..EVERYBODY.len() {
        room.sees(number, "yes", "Olga \u{1f980}").await;
    }
    for account in [olga, otto] {
        let heard = room.people.heard(account);
        let place = (Id::from("s1"), heard.texts["yes"][0].id.clone());
        assert!(heard.now[&place].content.contains(&reply));
    }

    let file = room._dir.path().join("tea & milk.txt");
    std::fs::write(&file, "tea").unwrap();
    let upload = MessageFragment::Upload {
        path: file.to_str().unwrap().to_owned(),
        name: None,
        mime: None,
    };
    let look = vec![MessageFragment::Text("look".to_owned()), upload];
    room.people.say_all(olga, Some("s1"), look);
    let begin = format!("{}/oshi/files/", room.http);
    let with_file = |people: &People, account| {
        let texts = people.heard(account).texts.keys();
        let mut found = texts.filter(|text| text.starts_with("look\n"));
        found.next().cloned()
    };
    for (number, (network, ..)) in EVERYBODY.into_iter().enumerate() {
        let account = room.accounts[number];
        room.people
            .until(|people| with_file(people, account).is_some())
            .await;
        let text = with_file(&room.people, account).unwrap();
        let line = text.strip_prefix("look\n").unwrap();
        let url = match network {
            "oshi" => line,
            _ => line.strip_prefix("tea & milk.txt: ").unwrap(),
        };
        assert!(
            url.starts_with(&begin) && url.ends_with("/tea%20%26%20milk.txt"),
            "{url}"
        );
        room.sees(number, &text, "Olga \u{1f980}").await;
    }
    room.close().await;
}
