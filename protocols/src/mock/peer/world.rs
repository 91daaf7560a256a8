//! What the scripted peer knows and decides; no IO. [`super::serve`] carries its lines, [`super::MockPeer`] gives orders.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use kaiwa_core::{
    Channel, ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Message, MessageStatus,
    MessageType, Profile, StatusEvent, UserEvent,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::serve::Link;
use crate::mock::script::{Dice, Script};
use crate::mock::wire::{Accepted, ClientPacket, Hello, LOBBY, Say, ServerPacket, time};

/// The peer promises to be heard this often: short enough to notice a dead one while somebody waits for an answer.
pub const SILENCE: Duration = Duration::from_secs(30);

/// How long a shuffling peer waits for its window to fill. Nobody notices, and every answer of one moment has come.
pub const REORDER_PATIENCE: Duration = Duration::from_millis(50);

/// Messages remembered for those who come later.
const HISTORY: usize = 1000;

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
    started: Instant,
    channels: BTreeMap<String, Channel>,
    history: VecDeque<Said>,
    next_id: u64,
    next_link: u64,
}

/// A message that was said, and by which session under which number.
struct Said {
    id: u64,
    channel: String,
    origin: Option<(String, u64)>,
    message: Message,
}

impl World {
    pub(super) fn new(script: Script) -> Self {
        let lobby = Channel {
            id: LOBBY.to_owned(),
            name: Some("Lobby".to_owned()),
            ..Channel::default()
        };
        Self {
            dice: Dice::new(script.seed),
            script,
            links: BTreeMap::new(),
            down: false,
            stall: false,
            refusals: 0,
            held: None,
            received: VecDeque::new(),
            changed: Arc::new(Notify::new()),
            started: Instant::now(),
            channels: BTreeMap::from([(lobby.id.clone(), lobby)]),
            history: VecDeque::new(),
            next_id: 1,
            next_link: 1,
        }
    }

    /// A new script, for connections from now on.
    pub(super) fn play(&mut self, script: Script) {
        self.dice = Dice::new(script.seed);
        self.script = script;
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
            let left = UserEvent::Remove {
                channel_id: Some(LOBBY.to_owned()),
                user_id: hello.name,
            };
            self.broadcast(None, &left.into());
        }
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
            channel: LOBBY.to_owned(),
            id,
            at_ms,
            sender: SOMEBODY.to_owned(),
            text: text.to_owned(),
        };
        if let ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        } = say.clone().into_event()
        {
            self.remember(id, LOBBY.to_owned(), None, message);
        }
        for link in self.links.values_mut().filter(|link| link.hello.is_some()) {
            link.push(&ServerPacket::Say(say.clone()), None);
        }
    }

    /// The messages of a flood, as lines: `flood <number>` of somebody. Written without a detour, since the speed of a flood
    /// is what benchmarks look at.
    pub(super) fn flood_messages(&mut self, numbers: Range<u64>) -> Vec<u8> {
        let mut lines = Vec::new();
        let (_, at_ms) = self.stamp();
        for number in numbers {
            let id = self.next_id;
            self.next_id += 1;
            // Writing to a Vec cannot fail.
            let _ = writeln!(lines, "say {LOBBY} {id} {at_ms} {SOMEBODY} flood {number}");
        }
        lines
    }

    /// Sends an event to all who are signed in, but not to `except`.
    pub(super) fn broadcast(&mut self, except: Option<u64>, event: &ConnectionEvent) {
        let packet = ServerPacket::Event {
            cause: None,
            event: event.clone(),
        };
        for (id, link) in &mut self.links {
            if link.hello.is_some() && Some(*id) != except {
                link.push(&packet, None);
            }
        }
    }

    fn send(&mut self, id: u64, packet: &ServerPacket) {
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
        let joined = member(&me);
        self.broadcast(Some(id), &joined);
        let mut told: Vec<ConnectionEvent> = Vec::new();
        for channel in self.channels.values() {
            told.push(
                ChannelEvent::New {
                    channel: channel.clone(),
                }
                .into(),
            );
            if channel.id == LOBBY {
                told.extend([member(SOMEBODY), joined.clone()]);
                let others = self.links.values().filter_map(|link| link.hello.as_ref());
                told.extend(others.map(|other| member(&other.name)));
            }
            told.extend(self.backlog(&channel.id, &hello));
        }
        for event in told {
            self.send(id, &ServerPacket::Event { cause: None, event });
        }
        for packet in self.outcomes(&hello) {
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

    /// What others have said that the client has not seen.
    fn backlog(&self, channel: &str, hello: &Hello) -> Option<ConnectionEvent> {
        let messages: Vec<Message> = self
            .history
            .iter()
            .filter(|said| {
                said.channel == channel && hello.after.is_none_or(|after| said.id > after)
            })
            .filter(|said| {
                said.origin
                    .as_ref()
                    .is_none_or(|(session, _)| *session != hello.session)
            })
            .map(|said| said.message.clone())
            .collect();
        if messages.is_empty() || self.script.forgetful {
            return None;
        }
        let channel_id = channel.to_owned();
        let complete = self.history.len() < HISTORY;
        Some(
            ChatEvent::History {
                channel_id,
                messages,
                complete,
            }
            .into(),
        )
    }

    /// What became of the client's own messages, again: the confirmation may not have arrived.
    fn outcomes(&self, hello: &Hello) -> Vec<ServerPacket> {
        if self.script.forgetful {
            return Vec::new();
        }
        self.history
            .iter()
            .filter_map(|said| {
                let (_, number) = said
                    .origin
                    .as_ref()
                    .filter(|(session, _)| *session == hello.session)?;
                let at_ms = said.message.timestamp.timestamp_millis();
                let message = Some(Accepted { id: said.id, at_ms });
                Some(ServerPacket::Ack {
                    number: *number,
                    message,
                })
            })
            .collect()
    }

    fn want(&mut self, id: u64, number: u64, event: ConnectionEvent) {
        let Some(hello) = self.links.get(&id).and_then(|link| link.hello.clone()) else {
            return;
        };
        let answer = if self.script.fail {
            let error = Error::new(ErrorKind::Rejected, "this peer refuses everything").info();
            Some(ServerPacket::Nak { number, error })
        } else {
            self.carry_out(id, &hello, number, event)
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

    /// The answer to a request; `None` for one that is never answered.
    fn carry_out(
        &mut self,
        id: u64,
        hello: &Hello,
        number: u64,
        event: ConnectionEvent,
    ) -> Option<ServerPacket> {
        if let ConnectionEvent::Chat {
            event:
                ChatEvent::New {
                    channel_id,
                    message,
                },
        } = event
        {
            return self.post(id, hello, number, channel_id, message);
        }
        if !self.change(&event) {
            let error = Error::new(ErrorKind::NotFound, "no such channel").info();
            return Some(ServerPacket::Nak { number, error });
        }
        if !matches!(
            event,
            ConnectionEvent::Status {
                event: StatusEvent::Ping { .. }
            }
        ) {
            self.broadcast(Some(id), &event);
        }
        let cause = Some(number);
        self.send(id, &ServerPacket::Event { cause, event });
        Some(ServerPacket::Ack {
            number,
            message: None,
        })
    }

    fn post(
        &mut self,
        id: u64,
        hello: &Hello,
        number: u64,
        channel: Option<String>,
        mut message: Message,
    ) -> Option<ServerPacket> {
        let channel = channel.unwrap_or_else(|| LOBBY.to_owned());
        if self.received.len() >= RECEIVED {
            self.received.pop_front();
        }
        self.received.push_back(message.plain_text());
        if self.script.swallow {
            return None;
        }
        if !self.channels.contains_key(&channel) {
            let error = Error::new(ErrorKind::NotFound, "no such channel").info();
            return Some(ServerPacket::Nak { number, error });
        }
        let (message_id, at_ms) = self.stamp();
        message.id = Some(message_id.to_string());
        message.sender_id = Some(hello.name.clone());
        message.timestamp = time(at_ms);
        message.message_type = MessageType::Normal;
        message.status = MessageStatus::Delivered;
        let said = ChatEvent::New {
            channel_id: Some(channel.clone()),
            message: message.clone(),
        };
        self.broadcast(Some(id), &said.into());
        let origin = Some((hello.session.clone(), number));
        self.remember(message_id, channel, origin, message);
        let message = Some(Accepted {
            id: message_id,
            at_ms,
        });
        Some(ServerPacket::Ack { number, message })
    }

    /// Changes what will be told to those who come later; `false` where the thing is not there.
    fn change(&mut self, event: &ConnectionEvent) -> bool {
        let ConnectionEvent::Channel { event } = event else {
            return true;
        };
        match event {
            ChannelEvent::New { channel } => {
                self.channels.insert(channel.id.clone(), channel.clone());
                true
            }
            ChannelEvent::Update {
                channel_id,
                new_channel,
            } => {
                let known = self.channels.remove(channel_id).is_some();
                if known {
                    self.channels
                        .insert(new_channel.id.clone(), new_channel.clone());
                }
                known
            }
            ChannelEvent::Remove { channel_id } => self.channels.remove(channel_id).is_some(),
            ChannelEvent::Join { channel_id }
            | ChannelEvent::Leave { channel_id }
            | ChannelEvent::Switch { channel_id } => self.channels.contains_key(channel_id),
            _ => true,
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

    fn remember(
        &mut self,
        id: u64,
        channel: String,
        origin: Option<(String, u64)>,
        message: Message,
    ) {
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Said {
            id,
            channel,
            origin,
            message,
        });
    }

    /// The next message's id and time.
    fn stamp(&mut self) -> (u64, i64) {
        let id = self.next_id;
        self.next_id += 1;
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        (id, EPOCH_MS.saturating_add(elapsed))
    }
}

/// Somebody is in the lobby.
fn member(name: &str) -> ConnectionEvent {
    UserEvent::New {
        channel_id: Some(LOBBY.to_owned()),
        user: Profile {
            id: Some(name.to_owned()),
            username: Some(name.to_owned()),
            ..Profile::default()
        },
    }
    .into()
}
