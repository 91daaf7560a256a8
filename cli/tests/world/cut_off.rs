//! A server is killed while people talk over Sock Chat, which acknowledges nothing: what became of each message is told, what is
//! kept is kept once, and everybody sees it once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kaiwa_protocols::Id;
use kaiwa_protocols::client::AccountId;
use kaiwa_protocols::connection::ChannelEvent;
use kaiwa_server::store::{LOBBY, Reader, SqliteStore, Store as _};

use crate::people::People;
use crate::served::Served;

/// Messages of each before the kill; with those after it as many as a client may send at once.
const BEFORE: usize = 10;

/// The same while nobody is there.
const AFTER: usize = 6;

/// Said when all is over.
const END: &str = "the end";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_each_message_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (served, port) = Served::start(&data, 0);
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}");
    let mut people = People::new();
    let form = [
        ("url", url.as_str()),
        ("account", "ann"),
        ("password", "secret"),
        ("register", "yes"),
    ];
    let ann = people.join("rim", &form).await;
    let channel_id = Id::from("1");
    people.ask(ann, ChannelEvent::Join { channel_id }).await;
    let mut speakers = Vec::new();
    for name in ["sue", "sam"] {
        speakers.push(people.join_sockchat(&address, name, name).await);
    }

    say(&mut people, &speakers, 0..BEFORE);
    people
        .until(|people| delivered(people, &speakers) >= BEFORE)
        .await;
    served.kill();
    say(&mut people, &speakers, BEFORE..BEFORE + AFTER);
    let (served, _) = Served::start(&data, port);
    people
        .until(|people| {
            speakers.iter().all(|speaker| {
                let heard = people.heard(*speaker);
                heard.delivered.len() + heard.failed.len() == BEFORE + AFTER
            })
        })
        .await;
    // Whoever sees this has been told all that was said before.
    people.say(ann, Some("1"), END);
    let everybody = [ann, speakers[0], speakers[1]];
    let has_seen = |people: &People, account| people.heard(account).texts.contains_key(END);
    people
        .until(|people| everybody.iter().all(|account| has_seen(people, *account)))
        .await;
    served.kill();
    let kept = kept(&data);

    for (text, times) in &kept {
        assert_eq!(*times, 1, "{text} is kept more than once");
    }
    for account in everybody {
        let heard = people.heard(account);
        for (text, shown) in &heard.texts {
            assert_eq!(shown.len(), 1, "{text} was shown more than once: {shown:?}");
            assert!(kept.contains_key(text), "{text} was shown and is not kept");
        }
        for text in &heard.delivered {
            assert!(
                kept.contains_key(text),
                "{text} was confirmed and is not kept"
            );
        }
        for why in heard.failed.values() {
            assert!(why.contains("OutcomeUnknown"), "{why}");
        }
    }
    for speaker in &speakers {
        let heard = people.heard(*speaker);
        assert!(heard.connected > 1, "the kill was noticed");
        let seen: BTreeSet<&String> = heard.texts.keys().chain(heard.failed.keys()).collect();
        let missed: Vec<_> = kept.keys().filter(|text| !seen.contains(text)).collect();
        assert!(missed.is_empty(), "never shown: {missed:?}");
    }
    people.leave().await;
}

fn say(people: &mut People, speakers: &[AccountId], numbers: std::ops::Range<usize>) {
    for number in numbers {
        for speaker in speakers {
            let text = format!("{speaker} says {number}");
            people.say(*speaker, Some("lobby"), &text);
        }
    }
}

fn delivered(people: &People, speakers: &[AccountId]) -> usize {
    let each = speakers.iter().map(|speaker| people.heard(*speaker));
    each.map(|heard| heard.delivered.len()).sum()
}

/// How often each text is in the store.
fn kept(data: &Path) -> BTreeMap<String, usize> {
    let store = SqliteStore::open(data).unwrap();
    let mut reader: Box<dyn Reader> = store.reader().unwrap();
    let last = reader.room(LOBBY).unwrap().unwrap().last.seq;
    let mut kept = BTreeMap::new();
    for message in reader.messages(LOBBY, 1, last).unwrap() {
        *kept.entry(message.text.unwrap()).or_default() += 1;
    }
    kept
}
