//! Whatever is said, changed and broken in whatever order: in the end a client shows what the server has, and what the
//! user said is said once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_conformance::relay::{Flow, Way};
use kaiwa_protocols::client::{ConnectionStatus, MESSAGES_PER_CHANNEL};
use kaiwa_protocols::oshi::wire::{self, UserId};
use kaiwa_protocols::{
    ChannelEvent, ChatEvent, ConnectionEvent, Id, Message, MessageFragment, MessageStatus,
    RequestId,
};
use proptest::prelude::*;
use proptest::sample::Index;

use super::stage::{ANN, BOB, EVE, Person, Stage, said, settle};
use crate::support::oshi_server::fault::CallFault;
use crate::support::oshi_server::world::GENERAL;

/// More changes than are replayed.
const TOO_MANY: usize = 501;

/// What may happen. Messages are chosen among those that there are; what makes no sense just then does not happen.
#[derive(Clone, Debug)]
enum Step {
    Say(Who),
    Edit(Index),
    Delete(Index),
    React(Who, Index, &'static str, bool),
    /// So much is said that it cannot be replayed.
    Flood,
    /// So many react.
    Storm,
    /// The user does it, through the session.
    OwnSay,
    OwnEdit(Index),
    OwnDelete(Index),
    OwnReact(Index, &'static str, bool),
    /// The connection breaks, or is made again.
    Cut,
    Connect,
    /// The program starts again, with the changes numbered anew or not.
    Restart(bool),
    /// The next message of the user is taken or not, and the connection breaks.
    Lose(bool),
    /// What the server says is on its way, or arrives.
    Hold(bool),
    /// Some time passes.
    Wait(u16),
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Ann,
    Bob,
    Eve,
}

impl Who {
    fn id(self) -> UserId {
        match self {
            Self::Ann => ANN,
            Self::Bob => BOB,
            Self::Eve => EVE,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_is_the_servers(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async move {
            let mut play = Play::new().await;
            for step in steps {
                play.step(step).await;
            }
            play.end().await;
        });
    }
}

fn step() -> impl Strategy<Value = Step> {
    let who = || prop_oneof![Just(Who::Ann), Just(Who::Bob), Just(Who::Eve)];
    let emoji = || prop_oneof![Just("+"), Just("-")];
    prop_oneof![
        8 => who().prop_map(Step::Say),
        4 => any::<Index>().prop_map(Step::Edit),
        2 => any::<Index>().prop_map(Step::Delete),
        4 => (who(), any::<Index>(), emoji(), any::<bool>()).prop_map(|(who, at, emoji, on)| Step::React(who, at, emoji, on)),
        1 => Just(Step::Flood),
        1 => Just(Step::Storm),
        6 => Just(Step::OwnSay),
        2 => any::<Index>().prop_map(Step::OwnEdit),
        2 => any::<Index>().prop_map(Step::OwnDelete),
        2 => (any::<Index>(), emoji(), any::<bool>()).prop_map(|(at, emoji, on)| Step::OwnReact(at, emoji, on)),
        6 => Just(Step::Cut),
        8 => Just(Step::Connect),
        1 => any::<bool>().prop_map(Step::Restart),
        2 => any::<bool>().prop_map(Step::Lose),
        2 => any::<bool>().prop_map(Step::Hold),
        4 => prop_oneof![0..5_u16, 0..5_000_u16].prop_map(Step::Wait),
    ]
}

struct Play {
    stage: Stage,
    ann: Person,
    /// What the user has said.
    said: Vec<(String, RequestId)>,
    texts: usize,
    /// Messages before this sequence are not promised: they lie before a gap, or before the page that is shown where more was
    /// missed than can be replayed.
    promised: i64,
}

impl Play {
    async fn new() -> Self {
        let stage = Stage::new();
        stage.say(BOB, "the beginning");
        let ann = stage.online("ann").await;
        Self {
            stage,
            ann,
            said: Vec::new(),
            texts: 0,
            promised: 1,
        }
    }

    async fn step(&mut self, step: Step) {
        let text = format!("text {}", self.texts);
        self.texts += 1;
        let stage = &self.stage;
        match step {
            Step::Say(who) => drop(stage.say(who.id(), &text)),
            Step::Edit(at) => self.amend(at, Some(&text)),
            Step::Delete(at) => self.amend(at, None),
            Step::React(who, at, emoji, on) => {
                if let Some(seq) = self.pick(at, |_| true) {
                    stage.lock().respond(who.id(), GENERAL, seq, emoji, on);
                }
            }
            Step::Flood => self.flood(&text),
            Step::Storm => self.storm(),
            Step::OwnSay => {
                let request = self.ann.send(said(&text)).await.unwrap();
                self.said.push((text, request));
            }
            Step::OwnEdit(at) => {
                if let Some(message_id) = self.pick_own(at) {
                    let new_message = Message::text(text, chrono::Utc::now());
                    self.want(ChatEvent::Update {
                        channel_id: here(),
                        message_id,
                        new_message,
                    })
                    .await;
                }
            }
            Step::OwnDelete(at) => {
                if let Some(message_id) = self.pick_own(at) {
                    self.want(ChatEvent::Remove {
                        channel_id: here(),
                        message_id,
                    })
                    .await;
                }
            }
            Step::OwnReact(at, emoji, on) => {
                if let Some(seq) = self.pick(at, |_| true) {
                    let (message_id, emoji) = (seq.into(), emoji.to_owned());
                    self.want(ChatEvent::React {
                        channel_id: here(),
                        message_id,
                        user_id: None,
                        emoji,
                        on,
                    })
                    .await;
                }
            }
            Step::Cut => {
                stage.cut();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Step::Connect => self.connect().await,
            Step::Restart(anew) => {
                stage.server().restart(anew);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Step::Lose(taken) => {
                let fault = if taken {
                    CallFault::DropAfter
                } else {
                    CallFault::Drop
                };
                stage.lock().faults.call("pub", fault);
            }
            Step::Hold(hold) => {
                let flow = if hold { Flow::Stalled } else { Flow::Open };
                stage.wires.sockets.flow(Way::ToClient, flow);
            }
            Step::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms.into())).await,
        }
        self.look();
    }

    /// Everything works again, and all is quiet.
    async fn end(mut self) {
        {
            let mut state = self.stage.lock();
            self.stage.wires.sockets.flow(Way::ToClient, Flow::Open);
            while state.faults.take_call("pub").is_some() {}
        }
        // A connection that has broken is noticed when all that it brought is read.
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.look();
            self.connect().await;
            settle().await;
            self.look();
        }
        assert_eq!(self.ann.state.status, ConnectionStatus::Connected);
        let kept = self.stage.lock().journal.said.clone();
        for (text, request) in &self.said {
            assert_eq!(
                self.ann.watch.known_outcome(*request),
                Some(Outcome::Done),
                "{text}"
            );
            let times = kept.iter().filter(|kept| *kept == text).count();
            assert_eq!(times, 1, "{text}");
        }
        self.compare();
    }

    fn compare(&self) {
        let state = self.stage.lock();
        let log = &state.world.streams[&GENERAL].log;
        let shown = &self.ann.state.channels["s1"].messages;
        for message in shown {
            assert_ne!(message.status, MessageStatus::Sent, "{message:?}");
        }
        let oldest = shown
            .iter()
            .filter_map(|message| message.id.as_ref()?.parse().ok())
            .min();
        let oldest: i64 = oldest.expect("something is shown");
        let page = i64::from(wire::limit::PAGE_DEFAULT);
        let beyond = state.journal.beyond.iter().map(|(_, last)| last - page + 1);
        let promised = beyond.max().unwrap_or_default().max(self.promised);
        for kept in log
            .messages()
            .filter(|kept| kept.seq >= oldest.max(promised))
        {
            let Some(message) = shown.get(&kept.seq.to_string()) else {
                // An own message stands where it was echoed, before what was said meanwhile: it leaves a full log first.
                let full = shown.len() == MESSAGES_PER_CHANNEL;
                assert!(full && kept.from == Some(ANN), "not shown: {kept:#?}");
                continue;
            };
            assert_eq!(
                picture(message),
                expected(kept),
                "shown: {message:#?}, kept: {kept:#?}"
            );
        }
    }

    async fn connect(&mut self) {
        if self.ann.state.status == ConnectionStatus::Disconnected {
            self.ann.connect().await.unwrap();
        }
    }

    async fn want(&mut self, event: ChatEvent) {
        // What cannot be had just now is refused.
        let _ = self.ann.send(event).await;
    }

    /// Looks at what was told.
    fn look(&mut self) {
        for event in self.ann.take() {
            match event {
                ConnectionEvent::Chat {
                    event: ChatEvent::Gap { before, .. },
                } => {
                    let last = self.stage.lock().world.streams[&GENERAL].log.last();
                    self.promised = before.map_or(last, |before| before.parse().unwrap());
                }
                ConnectionEvent::Channel {
                    event: ChannelEvent::Wipe { .. },
                } => self.promised = 1,
                _ => {}
            }
        }
    }

    fn pick(&self, at: Index, fits: impl Fn(&wire::Message<'_>) -> bool) -> Option<i64> {
        let state = self.stage.lock();
        let messages = state.world.streams[&GENERAL].log.messages();
        let fitting = messages.filter(|message| !message.deleted && fits(message));
        // The newest are the likeliest.
        let seqs: Vec<i64> = fitting.rev().take(12).map(|message| message.seq).collect();
        (!seqs.is_empty()).then(|| *at.get(&seqs))
    }

    fn pick_own(&self, at: Index) -> Option<Id> {
        self.pick(at, |message| message.from == Some(ANN))
            .map(Into::into)
    }

    fn amend(&self, at: Index, text: Option<&str>) {
        if let Some(seq) = self.pick(at, |_| true) {
            self.stage.lock().amend(GENERAL, seq, text);
        }
    }

    fn flood(&self, text: &str) {
        for number in 0..TOO_MANY {
            self.stage.say(BOB, &format!("{text}.{number}"));
        }
    }

    /// The newest messages get so many reactions that all of them cannot be replayed, and each no more than is shown.
    fn storm(&self) {
        let mut state = self.stage.lock();
        for number in 0..20 {
            state.say(BOB, GENERAL, &format!("storm {number}"));
        }
        let log = &state.world.streams[&GENERAL].log;
        let messages = log.messages().rev().filter(|message| !message.deleted);
        let seqs: Vec<i64> = messages.map(|message| message.seq).take(20).collect();
        for (number, seq) in seqs.iter().cycle().take(TOO_MANY).enumerate() {
            state.respond(BOB, GENERAL, *seq, &format!("storm {number}"), true);
        }
    }
}

fn here() -> Option<Id> {
    Some(GENERAL.into())
}

/// What matters of a message: who said what, how it stands, and who thinks what of it.
type Picture = (
    Option<Id>,
    String,
    MessageStatus,
    BTreeMap<String, BTreeSet<Id>>,
);

fn picture(message: &Message) -> Picture {
    let reactions = message
        .content
        .iter()
        .filter_map(|fragment| match fragment {
            MessageFragment::Reaction { emoji, user_ids } => {
                Some((emoji.clone(), user_ids.iter().cloned().collect()))
            }
            _ => None,
        });
    (
        message.sender_id.clone(),
        message.plain_text(),
        message.status,
        reactions.collect(),
    )
}

fn expected(kept: &wire::Message<'_>) -> Picture {
    let status = match kept {
        wire::Message { deleted: true, .. } => MessageStatus::Deleted,
        wire::Message {
            edited: Some(_), ..
        } => MessageStatus::Edited,
        _ => MessageStatus::Delivered,
    };
    let ids =
        |reaction: &wire::Reaction<'_>| reaction.users.iter().copied().map(Id::from).collect();
    let reactions = kept
        .reactions
        .iter()
        .map(|reaction| (reaction.emoji.clone().into_owned(), ids(reaction)));
    let text = kept.text.as_deref().unwrap_or_default().to_owned();
    (kept.from.map(Into::into), text, status, reactions.collect())
}
