//! People on several networks talk in one room.

use kaiwa_protocols::connection::ChannelEvent;
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
];

/// Sayings of each person.
const ROUNDS: usize = 5;

/// The lobby, as rim knows it.
const LOBBY: &str = "1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_each_message_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.listen.set_port(0);
    config.data_dir = dir.path().join("data");
    let server = Server::start(config).await.unwrap();
    let (http, ws) = (
        format!("http://{}", server.local_addr()),
        format!("ws://{}/wschat", server.local_addr()),
    );

    let mut people = People::new();
    let wanda = people
        .join("wschat", &[("url", &ws), ("name", "Wanda")])
        .await;
    let rim = |account: &'static str, name: &'static str| {
        let url = http.clone();
        move || {
            vec![
                ("url", url.clone()),
                ("account", account.to_owned()),
                ("password", "secret".to_owned()),
                ("register", "yes".to_owned()),
                ("name", name.to_owned()),
            ]
        }
    };
    let mut on_rim = Vec::new();
    for form in [rim("ann", "Ann <&> O'Neil")(), rim("bob", "Bob 会話")()] {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let account = people.join("rim", &form).await;
        let channel_id = LOBBY.to_owned();
        people.ask(account, ChannelEvent::Join { channel_id }).await;
        on_rim.push(account);
    }
    let names = ["Wanda", "Ann <&> O'Neil", "Bob 会話"];
    let everybody = [wanda, on_rim[0], on_rim[1]];

    let mut said = Vec::new();
    for round in 0..ROUNDS {
        for (name, account) in names.iter().zip(everybody) {
            for text in TEXTS {
                let text = format!("{text} {name} {round}");
                let channel = (account != wanda).then_some(LOBBY);
                people.say(account, channel, &text);
                said.push((text, *name));
            }
        }
    }
    people
        .until(|people| {
            everybody.iter().all(|account| {
                let heard = people.heard(*account);
                heard.texts.len() == said.len() && heard.delivered.len() == said.len() / 3
            })
        })
        .await;
    for account in everybody {
        let channel = if account == wanda { "lobby" } else { LOBBY };
        for (text, name) in &said {
            let shown = people.heard(account).texts[text].clone();
            assert_eq!(shown.len(), 1, "{text:?}: {shown:?}");
            let sender = shown[0].sender.as_deref().unwrap();
            // Who a stranger is may be learned after what they said.
            people
                .until(|people| people.name(account, channel, sender) == *name)
                .await;
        }
        assert!(people.heard(account).failed.is_empty());
    }
    people.leave().await;
    server.shutdown().await.unwrap();
}
