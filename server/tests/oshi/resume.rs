//! Any sequence of messages, edits, deletions, reactions, disconnections and restarts: what a client makes of `sub` with `since`
//! is what the server has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Person, register, resume};
use crate::common::Site;

/// Steps of one run.
const STEPS: usize = 60;

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What a client knows of a stream.
#[derive(Default)]
struct Known {
    messages: BTreeMap<i64, Value>,
    rev: i64,
}

impl Known {
    fn apply(&mut self, mut event: Value) {
        let (rev, seq) = (
            event["rev"].as_i64().unwrap(),
            event["seq"].as_i64().unwrap(),
        );
        let op = event["op"].as_str().unwrap().to_owned();
        if op == "react" {
            assert!(rev > self.rev, "{event}");
            let message = self.messages.get_mut(&seq).unwrap();
            let users = &mut message["reactions"];
            let mut all: Vec<Value> = users.as_array().unwrap().clone();
            all.retain(|reaction| reaction["emoji"] != event["emoji"]);
            if event["on"] == true {
                all.push(json!({ "emoji": event["emoji"], "users": [event["user"]] }));
            }
            *users = json!(all);
            message["rev"] = json!(rev);
        } else {
            assert!(rev > self.rev, "{event}");
            assert_eq!(op == "msg", !self.messages.contains_key(&seq), "{event}");
            event.as_object_mut().unwrap().remove("op");
            self.messages.insert(seq, event);
        }
        self.rev = rev;
    }

    /// What can be compared: a message's own revision does not count reactions.
    fn shown(&self) -> Vec<Value> {
        self.messages.values().cloned().map(shown).collect()
    }
}

fn shown(mut message: Value) -> Value {
    let fields = message.as_object_mut().unwrap();
    fields.remove("rev");
    fields.remove("nonce");
    message
}

async fn catch_up(person: &mut Person, stream: &str, known: &mut Known) {
    let since = json!({ "stream": stream, "since": known.rev });
    let answer = person.ok("sub", since).await;
    assert_eq!(answer["complete"], true, "{answer}");
    listen(person, known).await;
    assert!(known.rev >= answer["rev"].as_i64().unwrap());
}

async fn listen(person: &mut Person, known: &mut Known) {
    for event in person.settle().await {
        if ["msg", "upd", "react"].contains(&event["op"].as_str().unwrap()) {
            known.apply(event);
        }
    }
}

async fn act(ann: &mut Person, stream: &str, dice: &mut Dice, said: &mut u64) {
    let seq = 1 + dice.below((*said).max(1));
    let of = |fields: Value| {
        let mut request = fields;
        request["stream"] = json!(stream);
        request["seq"] = json!(seq);
        request
    };
    // What was deleted is not there; that is an answer as well.
    match dice.below(6) {
        0 => drop(
            ann.ask("edit", of(json!({ "text": format!("edited {seq}") })))
                .await,
        ),
        1 => drop(ann.ask("delete", of(json!({}))).await),
        number @ 2..4 => {
            let react = json!({ "emoji": "+", "on": number == 2 });
            drop(ann.ask("react", of(react)).await);
        }
        _ => *said = ann.say(stream, &format!("text {said}")).await,
    }
}

async fn run(seed: u64) {
    let mut dice = Dice(seed);
    let free = |config: &mut kaiwa_server::Config| config.oshi_rate_count = 0;
    let mut site = Site::with(free).await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    let (tea, stream) = ann.circle("tea", false).await;
    ann.let_in(&tea, &mut eve).await;
    let mut known = Known::default();
    let mut said = 0;
    let tokens = [ann.token.clone(), eve.token.clone()];
    catch_up(&mut eve, &stream, &mut known).await;
    for _ in 0..STEPS {
        match dice.below(12) {
            0 => {
                drop(eve);
                for _ in 0..dice.below(6) {
                    act(&mut ann, &stream, &mut dice, &mut said).await;
                }
                eve = resume(&site, &tokens[1]).await;
                catch_up(&mut eve, &stream, &mut known).await;
            }
            1 => {
                drop((ann, eve));
                site = Site::again(site.shutdown().await, free).await;
                ann = resume(&site, &tokens[0]).await;
                eve = resume(&site, &tokens[1]).await;
                // Stored, so it is heard at once; what comes before the answer comes again.
                act(&mut ann, &stream, &mut dice, &mut said).await;
                eve.settle().await;
                catch_up(&mut eve, &stream, &mut known).await;
            }
            2 => listen(&mut eve, &mut known).await,
            _ => act(&mut ann, &stream, &mut dice, &mut said).await,
        }
    }
    listen(&mut eve, &mut known).await;
    let page = eve
        .ok("history", json!({ "stream": stream, "limit": 100 }))
        .await;
    let kept: Vec<Value> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .map(shown)
        .collect();
    assert_eq!(known.shown(), kept, "seed {seed}");
}

#[tokio::test]
async fn a_client_that_comes_and_goes_knows_what_the_server_has() {
    for seed in 1_u64..=8 {
        run(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)).await;
    }
}
