//! A server is killed while people talk, edit and react over Oshi: what it has acknowledged is there once, and everybody sees
//! everything once and as it is.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::Utc;
use kaiwa_protocols::client::AccountId;
use kaiwa_protocols::connection::{ChannelEvent, ChatEvent, ConnectionEvent};
use kaiwa_protocols::{
    Channel, ChannelType, Id, Message, MessageFragment, MessageStatus, RequestId,
};
use kaiwa_server::store::{Reader, RoomId, SqliteStore, Store as _};

use crate::people::{Heard, People};
use crate::served::Served;

/// Messages said in all.
const MESSAGES: usize = 2_000;

/// The server is killed when so many are acknowledged, and some are under way.
const KILLED_AT: usize = 800;

/// Messages of one sender that are under way at once, or have not reached everybody: what is missed while one is away is then
/// less than what a server replays, edits and reactions with it.
const UNDER_WAY: usize = 80;

/// Every so many messages one is edited and reacted to.
const CHANGED: usize = 10;

const EDITED: &str = " (edited)";

const EMOJI: &str = "👍";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_and_is_seen_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (served, port) = Served::start(&data, 0);
    let url = format!("ws://127.0.0.1:{port}/oshi");
    let mut people = People::new();
    let mut accounts = Vec::new();
    for account in ["ann", "bob", "carl"] {
        let form = [
            ("url", url.as_str()),
            ("account", account),
            ("password", "secret password"),
            ("register", "yes"),
        ];
        accounts.push(people.join("oshi", &form).await);
    }
    let stream = circle(&mut people, &accounts).await;

    let mut flood = Flood::new([accounts[0], accounts[1]], accounts[2], &stream);
    flood.until(&mut people, KILLED_AT).await;
    served.kill();
    let (served, _) = Served::start(&data, port);
    people
        .until(|people| {
            accounts
                .iter()
                .all(|account| people.heard(*account).connected > 1)
        })
        .await;
    flood.until(&mut people, MESSAGES).await;
    flood.finish(&mut people).await;
    let all_see = |people: &People| {
        let mut heard = accounts.iter().map(|account| people.heard(*account));
        heard.all(|heard| heard.now.len() == MESSAGES && heard.now.values().all(is_right))
    };
    let wrong = |heard: &Heard| {
        let wrong = heard.now.iter().filter(|(_, message)| !is_right(message));
        format!(", wrong: {:?}", wrong.take(3).collect::<Vec<_>>())
    };
    people.until_else(all_see, wrong).await;

    let kept = kept(&data, &stream, served, people, &accounts).await;
    assert_eq!(kept.len(), MESSAGES);
    for (text, (times, is_edited, reactions)) in kept {
        assert_eq!(times, 1, "{text} is kept more than once");
        let changed = is_changed(&text);
        assert_eq!(
            (is_edited, reactions),
            (changed, usize::from(changed)),
            "{text}"
        );
    }
}

/// A private circle that all are in; gives its stream.
async fn circle(people: &mut People, accounts: &[AccountId]) -> Id {
    let channel = Channel {
        id: Id::default(),
        name: Some("flood".to_owned()),
        channel_type: ChannelType::Space,
    };
    let create = ChannelEvent::Create {
        parent_id: None,
        channel,
        public: false,
    };
    people.ask(accounts[0], create).await;
    let circle = people.channel(accounts[0], "flood").unwrap();
    let invite = ChannelEvent::Invite {
        channel_id: circle.clone(),
        user_id: None,
        code: None,
    };
    people.ask(accounts[0], invite).await;
    let key = people.heard(accounts[0]).code.clone().unwrap();
    for account in &accounts[1..] {
        let join = ChannelEvent::JoinWith {
            channel_id: circle.clone(),
            key: key.clone(),
        };
        people.ask(*account, join).await;
    }
    // The lobby has a stream of that name too, with a lower number.
    let stream = people.channel(accounts[0], "general").unwrap();
    for account in accounts {
        let channel_id = stream.clone();
        people
            .ask(*account, ChannelEvent::Join { channel_id })
            .await;
    }
    stream
}

/// Two people who say numbered messages and edit some of them, and one who reacts to those.
struct Flood {
    senders: [AccountId; 2],
    listener: AccountId,
    stream: Id,
    said: [usize; 2],
    wishes: Vec<Wish>,
    /// Messages that were changed, by the text that was said.
    changed: BTreeMap<String, ()>,
}

/// A change that is wanted until it is acknowledged; it is the same if it is made twice.
struct Wish {
    account: AccountId,
    event: ConnectionEvent,
    request: Option<RequestId>,
}

impl Flood {
    fn new(senders: [AccountId; 2], listener: AccountId, stream: &str) -> Self {
        Self {
            senders,
            listener,
            stream: stream.into(),
            said: [0; 2],
            wishes: Vec::new(),
            changed: BTreeMap::new(),
        }
    }

    /// Goes on until so many are acknowledged.
    async fn until(&mut self, people: &mut People, acknowledged: usize) {
        loop {
            self.say_more(people);
            self.change(people);
            let known = self.count(people);
            if known.0 >= acknowledged {
                return;
            }
            people.until(|people| self.count(people) > known).await;
        }
    }

    /// Goes on until every change is acknowledged.
    async fn finish(&mut self, people: &mut People) {
        loop {
            self.change(people);
            if self.wishes.is_empty() && self.changed.len() == MESSAGES / CHANGED {
                return;
            }
            let known = self.count(people);
            people.until(|people| self.count(people) > known).await;
        }
    }

    /// How many messages are acknowledged, how many the listener has seen, and how many changes are settled.
    fn count(&self, people: &People) -> (usize, usize, usize, u32) {
        let delivered = self
            .senders
            .map(|sender| people.heard(sender).delivered.len());
        let seen = people.heard(self.listener).now.len();
        let settled = self
            .wishes
            .iter()
            .filter(|wish| wish.outcome(people).is_some());
        let everybody = self.senders.into_iter().chain([self.listener]);
        let connected = everybody
            .map(|account| people.heard(account).connected)
            .sum();
        (
            delivered.into_iter().sum(),
            seen,
            settled.count(),
            connected,
        )
    }

    /// Says as much as may be under way.
    fn say_more(&mut self, people: &mut People) {
        let seen = people.heard(self.listener).now.len();
        for (sender, said) in self.senders.into_iter().zip(&mut self.said) {
            let settled = people.heard(sender).delivered.len().min(seen / 2);
            while *said < (settled + UNDER_WAY).min(MESSAGES / 2) {
                let name = people.heard(sender).own_id.clone().unwrap();
                people.say(sender, Some(&self.stream), &format!("{name} says {said}"));
                *said += 1;
            }
        }
    }

    /// Edits and reacts where that is due, and again where it was lost.
    fn change(&mut self, people: &mut People) {
        let listener = self.listener;
        let seen = people.heard(listener).texts.iter();
        let due: Vec<(String, Id, Id)> = seen
            .filter(|(text, _)| is_changed(text) && !self.changed.contains_key(*text))
            .map(|(text, shown)| {
                let sender = shown[0].sender.clone().unwrap();
                (text.clone(), shown[0].id.clone(), sender)
            })
            .collect();
        for (text, id, sender) in due {
            let own =
                |account: &&AccountId| people.heard(**account).own_id.as_ref() == Some(&sender);
            let author = *self.senders.iter().find(own).unwrap();
            let react = ChatEvent::React {
                channel_id: Some(self.stream.clone()),
                message_id: id.clone(),
                user_id: None,
                emoji: EMOJI.to_owned(),
                on: true,
            };
            let edit = ChatEvent::Update {
                channel_id: Some(self.stream.clone()),
                message_id: id,
                new_message: Message::text(format!("{text}{EDITED}"), Utc::now()),
            };
            self.changed.insert(text, ());
            self.wishes.push(Wish::new(listener, react));
            self.wishes.push(Wish::new(author, edit));
        }
        self.wishes.retain_mut(|wish| !wish.pursue(people));
    }
}

impl Wish {
    fn new(account: AccountId, event: impl Into<ConnectionEvent>) -> Self {
        Self {
            account,
            event: event.into(),
            request: None,
        }
    }

    fn outcome<'a>(&self, people: &'a People) -> Option<&'a Result<(), String>> {
        people.heard(self.account).outcome(self.request?)
    }

    /// Asks for it where it is not asked for; says whether it is done.
    fn pursue(&mut self, people: &mut People) -> bool {
        match self.outcome(people) {
            Some(Ok(())) => return true,
            Some(Err(_)) => self.request = None,
            None => {}
        }
        if self.request.is_none() {
            self.request = people.want(self.account, self.event.clone());
        }
        false
    }
}

/// Whether this one is edited and reacted to.
fn is_changed(text: &str) -> bool {
    let number: usize = text
        .trim_end_matches(EDITED)
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    number.is_multiple_of(CHANGED)
}

/// Whether a message is as it is in the end.
fn is_right(message: &Message) -> bool {
    let text = message.plain_text();
    let changed = is_changed(&text);
    let reactions = message.content.iter().filter(|fragment| {
        matches!(fragment, MessageFragment::Reaction { emoji, user_ids }
            if emoji == EMOJI && user_ids.len() == 1)
    });
    text.ends_with(EDITED) == changed
        && (message.status == MessageStatus::Edited) == changed
        && reactions.count() == usize::from(changed)
}

/// How often each message is in the store under the text that was said, whether it is edited, and how many reactions it has.
/// Before that everybody leaves, who must have seen each once.
async fn kept(
    data: &Path,
    stream: &str,
    served: Served,
    people: People,
    accounts: &[AccountId],
) -> BTreeMap<String, (usize, bool, usize)> {
    for account in accounts {
        let heard = people.heard(*account);
        let mut said: BTreeMap<&str, usize> = BTreeMap::new();
        for (text, shown) in &heard.texts {
            *said.entry(text.trim_end_matches(EDITED)).or_default() += shown.len();
        }
        assert_eq!(said.len(), MESSAGES);
        let twice: Vec<_> = said.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "shown more than once: {twice:?}");
        assert!(heard.failed.is_empty(), "{:?}", heard.failed);
        assert!(heard.connected > 1, "the kill was noticed");
    }
    people.leave().await;
    served.kill();
    let store = SqliteStore::open(data).unwrap();
    let mut reader: Box<dyn Reader> = store.reader().unwrap();
    let room = RoomId(stream.trim_start_matches('s').parse().unwrap());
    let last = reader.room(room).unwrap().unwrap().last.seq;
    let mut kept = BTreeMap::new();
    for message in reader.messages(room, 1, last).unwrap() {
        let text = message.text.unwrap();
        let entry: &mut (usize, bool, usize) = kept
            .entry(text.trim_end_matches(EDITED).to_owned())
            .or_default();
        entry.0 += 1;
        entry.1 |= text.ends_with(EDITED) && message.edited.is_some();
        entry.2 += message.reactions.len();
    }
    kept
}
