//! What the scripted peer knows and decides; no IO. [`super::serve`] carries its lines, [`super::MockPeer`] gives orders.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_core::{
    Channel, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorKind, Presence, Role, UserEvent,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::kept::Kept;
use super::past::{HISTORY, Past, Said};
use super::people::People;
use super::places::{Places, arrives, leaves};
use super::serve::Link;
use super::wants::Want;
use crate::mock::script::{Dice, Script};
use crate::mock::wire::{ClientPacket, Hello, LOBBY, Say, ServerPacket, put_number, time};

/// The peer promises to be heard this often: short enough to notice a dead one while somebody waits for an answer.
pub const SILENCE: Duration = Duration::from_secs(30);

/// How long a shuffling peer waits for its window to fill. Nobody notices, and every answer of one moment has come.
pub const REORDER_PATIENCE: Duration = Duration::from_millis(50);

/// Rooms of a script; a demonstration of more shows nothing new.
const ROOMS: u64 = 1000;

/// Texts kept for [`super::MockPeer::received`]; a test that sends more looks at the last ones.
const RECEIVED: usize = 100_000;

/// The clock starts here (2026-01-01), so that the same course has the same times.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// Who speaks for [`super::MockPeer::say`].
pub(super) const SOMEBODY: &str = "somebody";

pub(super) struct World {
    pub(super) script: Script,
    pub(super) dice: Dice,
    pub(super) links: BTreeMap<u64, Link>,
    /// Nobody is let in.
    pub(super) down: bool,
    /// New connections get no answer.
    pub(super) stall: bool,
    /// Sign-ins to refuse.
    pub(super) refusals: u64,
    /// Confirmations kept back, and the session they belong to.
    pub(super) held: Option<Vec<(String, ServerPacket)>>,
    pub(super) received: VecDeque<String>,
    /// Told of everything that a test may wait for.
    pub(super) changed: Arc<Notify>,
    pub(super) places: Places,
    pub(super) people: People,
    pub(super) past: Past,
    pub(super) kept: Kept,
    /// Files taken so far.
    pub(super) files: u64,
    /// Told when nothing is held any more.
    pub(super) released: Arc<Notify>,
    started: Instant,
    next_id: u64,
    next_link: u64,
}

impl World {
    pub(super) fn new(script: Script) -> Self {
        let mut world = Self {
            dice: Dice::new(script.seed),
            script: Script::echo(),
            links: BTreeMap::new(),
            down: false,
            stall: false,
            refusals: 0,
            held: None,
            received: VecDeque::new(),
            changed: Arc::new(Notify::new()),
            places: Places::new(),
            people: People::default(),
            past: Past::default(),
            kept: Kept::default(),
            files: 0,
            released: Arc::new(Notify::new()),
            started: Instant::now(),
            next_id: 1,
            next_link: 1,
        };
        world.people.add(SOMEBODY);
        if let Ok(lobby) = world.places.get(LOBBY, SOMEBODY) {
            lobby.members.insert(SOMEBODY.into(), Role::Owner);
        }
        world.play(script);
        world
    }

    /// A new script, for connections from now on.
    pub(super) fn play(&mut self, script: Script) {
        self.dice = Dice::new(script.seed);
        for number in 1..=script.rooms.min(ROOMS) {
            let room = self.places.open(Channel {
                id: format_args!("room-{number}").into(),
                name: Some(format!("Room {number}")),
                channel_type: ChannelType::Group,
            });
            room.parent = Some(LOBBY.into());
        }
        // There is only one past.
        if self.past.is_empty() {
            let count = script.history.min(HISTORY as u64);
            for number in 1..=count {
                self.said_earlier(number, count);
            }
        }
        self.script = script;
    }

    /// One of `count` messages from before the clock started, a minute apart.
    fn said_earlier(&mut self, number: u64, count: u64) {
        let (id, _) = self.stamp();
        let minutes = i64::try_from(count.saturating_sub(number)).unwrap_or_default();
        self.remember(&Say {
            channel: LOBBY.into(),
            id,
            at_ms: EPOCH_MS.saturating_sub(minutes.saturating_mul(60_000)),
            sender: SOMEBODY.into(),
            text: format!("earlier {number}"),
        });
    }

    pub(super) fn add_link(&mut self, mut link: Link) -> u64 {
        let id = self.next_link;
        self.next_link += 1;
        if self.stall {
            link.silence();
        }
        self.links.insert(id, link);
        self.changed.notify_one();
        id
    }

    /// The connection is gone; tells the others.
    pub(super) fn remove_link(&mut self, id: u64) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        link.abort();
        self.changed.notify_one();
        if let Some(hello) = link.hello {
            self.left(&hello.name);
        }
    }

    /// One connection of somebody has ended.
    fn left(&mut self, name: &str) {
        if self.names().any(|here| here == name) {
            return;
        }
        if let Ok(lobby) = self.places.get(LOBBY, name) {
            lobby.members.remove(name);
        }
        if self.people.forget_presence(name) {
            let offline = UserEvent::Presence {
                user_id: Some(name.into()),
                presence: Presence::Offline,
                text: None,
            };
            self.broadcast(&offline.into());
        }
        self.broadcast(&leaves(LOBBY, name));
    }

    /// Who is signed in, once per connection.
    fn names(&self) -> impl Iterator<Item = &str> {
        let hellos = self.links.values().filter_map(|link| link.hello.as_ref());
        hellos.map(|hello| hello.name.as_str())
    }

    pub(super) fn handle(&mut self, id: u64, packet: ClientPacket) {
        match packet {
            ClientPacket::Hello(hello) => self.sign_in(id, hello),
            ClientPacket::Want { number, event } => self.want(id, number, event),
            ClientPacket::Ping => self.send(id, &ServerPacket::Pong),
            ClientPacket::Pong => {}
            ClientPacket::Bye => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.end();
                }
            }
        }
    }

    /// Says a text in the lobby, to everybody who is there.
    pub(super) fn say(&mut self, text: &str) {
        let (id, at_ms) = self.stamp();
        let say = Say {
            channel: LOBBY.into(),
            id,
            at_ms,
            sender: SOMEBODY.into(),
            text: text.to_owned(),
        };
        self.remember(&say);
        for link in self.links.values_mut().filter(|link| link.hello.is_some()) {
            link.push(&ServerPacket::Say(say.clone()), None);
        }
    }

    fn remember(&mut self, say: &Say) {
        if let ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } = say.clone().into_event()
        {
            self.past.remember(Said {
                id: say.id,
                channel: say.channel.clone(),
                origin: None,
                message,
            });
        }
    }

    /// The messages of a flood, as lines: `flood <number>` of somebody. Written without a detour, since the speed of a flood
    /// is what benchmarks look at.
    pub(super) fn flood_messages(&mut self, numbers: Range<u64>) -> Vec<u8> {
        let (_, at_ms) = self.stamp();
        let begin = format!("say {LOBBY} ");
        let middle = format!(" {at_ms} {SOMEBODY} flood ");
        // Two numbers and the end of the line.
        let most = begin.len() + middle.len() + 41;
        let count = usize::try_from(numbers.end - numbers.start).unwrap_or(0);
        let mut lines = Vec::with_capacity(count.saturating_mul(most));
        for number in numbers {
            lines.extend_from_slice(begin.as_bytes());
            put_number(&mut lines, self.next_id);
            self.next_id += 1;
            lines.extend_from_slice(middle.as_bytes());
            put_number(&mut lines, number);
            lines.push(b'\n');
        }
        lines
    }

    /// Sends an event to all who are signed in.
    pub(super) fn broadcast(&mut self, event: &ConnectionEvent) {
        self.tell(None, |_| Some(event.clone()));
    }

    /// Sends to all who are signed in what `event` gives for their name, on `by`'s connection as caused by it.
    pub(super) fn tell(
        &mut self,
        by: Option<&Want>,
        event: impl Fn(&str) -> Option<ConnectionEvent>,
    ) {
        for (id, link) in &mut self.links {
            let Some(event) = link.hello.as_ref().and_then(|hello| event(&hello.name)) else {
                continue;
            };
            let cause = by.filter(|by| by.link == *id).map(|by| by.number);
            link.push(&ServerPacket::Event { cause, event }, None);
        }
    }

    pub(super) fn send(&mut self, id: u64, packet: &ServerPacket) {
        if let Some(link) = self.links.get_mut(&id) {
            link.push(packet, None);
        }
    }

    fn sign_in(&mut self, id: u64, hello: Hello) {
        if self.refusals > 0 || self.script.refuse {
            self.refusals = self.refusals.saturating_sub(1);
            let error = Error::new(ErrorKind::Auth, "these credentials are wrong").info();
            self.send(id, &ServerPacket::Refuse { error });
            return;
        }
        let me = hello.name.clone();
        self.send(
            id,
            &ServerPacket::Welcome {
                user_id: me.clone(),
                silence_ms: u64::try_from(SILENCE.as_millis()).ok(),
            },
        );
        self.people.add(&me);
        if self.script.asking && !self.people.have_met(&me, SOMEBODY) {
            let text = Some("shall we talk?".to_owned());
            // Nothing speaks against it: both are there.
            let _ = self.people.ask(SOMEBODY, &me, text);
        }
        if let Ok(lobby) = self.places.get(LOBBY, &me) {
            lobby.members.entry(me.clone()).or_default();
        }
        self.broadcast(&arrives(Some(LOBBY), &me));
        let mut told = self.people.told_to(&me);
        told.extend(self.kept.told_to(&me, None));
        for place in self.places.iter().filter(|place| place.is_open_to(&me)) {
            told.extend(place.told_to(&me));
            told.extend(self.kept.told_to(&me, Some(&place.channel.id)));
            if !self.script.forgetful {
                told.extend(self.past.backlog(&place.channel.id, &hello));
            }
        }
        for event in told {
            self.send(id, &ServerPacket::Event { cause: None, event });
        }
        let outcomes = if self.script.forgetful {
            Vec::new()
        } else {
            self.past.outcomes(&hello.session)
        };
        for packet in outcomes {
            self.send(id, &packet);
        }
        self.send(id, &ServerPacket::Live);
        let Script { flood, garbage, .. } = self.script;
        if let Some(link) = self.links.get_mut(&id) {
            link.hello = Some(hello);
            link.flood(flood);
            for _ in 0..garbage {
                link.push_line(self.dice.noise());
            }
        }
        self.changed.notify_one();
    }

    fn want(&mut self, id: u64, number: u64, event: ConnectionEvent) {
        let Some(hello) = self.links.get(&id).and_then(|link| link.hello.clone()) else {
            return;
        };
        let answer = if self.script.fail {
            let error = Error::new(ErrorKind::Rejected, "this peer refuses everything").info();
            Some(ServerPacket::Nak { number, error })
        } else {
            let want = Want {
                link: id,
                number,
                name: hello.name,
                session: hello.session.clone(),
            };
            self.carry_out(&want, event)
        };
        if let Some(packet) = answer {
            self.answer(id, &hello.session, packet);
        }
        self.changed.notify_one();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.wants += 1;
        let now = Some(link.wants);
        if now == self.script.silent_after {
            link.silence();
        }
        if now == self.script.half_close_after {
            link.half_close();
        }
        if now == self.script.bye_after {
            link.bye("the script ends here");
        }
        if now == self.script.drop_after {
            self.remove_link(id);
        }
    }

    /// Answers a request now, later, twice, in a heap of others, or when told to.
    fn answer(&mut self, id: u64, session: &str, packet: ServerPacket) {
        if let Some(held) = &mut self.held {
            held.push((session.to_owned(), packet));
            return;
        }
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if let Some(window) = self.script.reorder {
            link.gather(packet);
            if link.gathered() >= window {
                link.spill(&mut self.dice);
            }
            return;
        }
        let delay = self.script.delay.map(|limit| {
            let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            Duration::from_millis(self.dice.below(limit.saturating_add(1)))
        });
        for _ in 0..if self.script.duplicate { 2 } else { 1 } {
            link.push(&packet, delay);
        }
    }

    /// A message has arrived.
    pub(super) fn receive(&mut self, text: String) {
        if self.received.len() >= RECEIVED {
            self.received.pop_front();
        }
        self.received.push_back(text);
    }

    /// The next message's id and time.
    pub(super) fn stamp(&mut self) -> (u64, i64) {
        let id = self.next_id;
        self.next_id += 1;
        (id, self.now_ms())
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        time(self.now_ms())
    }

    fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        EPOCH_MS.saturating_add(elapsed)
    }
}
