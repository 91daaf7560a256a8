//! The load generator of one busy room: many WebSocket clients on one thread, raw sockets and one `epoll`. It shares the machine
//! with what it measures, so it only cuts frames, finds a message's number by what is before it, and counts.
//!
//! Closed loop: [`IN_FLIGHT`] senders with one message each. A message is in flight until every client has it; then its
//! sender says the next.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};

use crate::servers::Running;
use crate::socket::{Opening, READ_BYTES, SILENCE_LIMIT, Socket, masked_text};
use crate::tally::Tally;

/// Messages in flight, and senders.
pub(crate) const IN_FLIGHT: usize = 16;

/// Bytes of a message's text, its number included.
const TEXT_BYTES: usize = 100;

/// Sockets that are looked at between two looks at the clock.
const EVENTS: usize = 256;

/// The number of a message is its text's first four digits; used again long after all have it.
const NUMBERS: usize = 10_000;

/// How a network says things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// The frame that says a text.
    pub(crate) say: fn(&str) -> String,
    /// What is before the text in the frame that shows it, whose first byte is at this place or behind it.
    pub(crate) before: &'static [u8],
    pub(crate) from: usize,
    /// Whether frames of another kind come too.
    pub(crate) others: bool,
}

/// wschat's. All servers send keys sorted, so the text comes first.
const WSCHAT: Dialect = Dialect {
    // The time is replaced by real servers, and makes the relay's frames as long as theirs.
    say: |text| {
        format!(
            "{{\"msg\":\"{text}\",\"tim\":\"2026-01-01T00:00:00.000000000Z\",\"usr\":\"bench\"}}"
        )
    },
    before: b"{\"msg\":\"",
    from: 0,
    others: false,
};

/// A room full of clients.
#[derive(Debug)]
pub(crate) struct Load {
    poll: Poll,
    clients: Vec<Socket>,
    buffer: Vec<u8>,
    events: Events,
    next: usize,
    talk: Talk,
}

/// What is under way, and what was counted.
#[derive(Debug)]
struct Talk {
    dialect: Dialect,
    messages: Vec<InFlight>,
    /// Senders whose message all have.
    free: Vec<usize>,
    /// Messages in flight.
    open: usize,
    heard: Heard,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    sent: Instant,
    missing: usize,
    sender: usize,
}

/// What was counted.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) messages: u64,
    /// How long each delivery took.
    pub(crate) deliveries: Tally,
}

impl Load {
    /// Clients in wschat's room.
    pub(crate) fn in_room(server: &Running, clients: usize) -> Result<Self> {
        Self::connect(clients, WSCHAT, |_| {
            Opening::new(server.address, server.path)
        })
    }

    /// Clients that are in, each opened by `open`, one after the other.
    pub(crate) fn connect(
        clients: usize,
        dialect: Dialect,
        mut open: impl FnMut(usize) -> Result<Opening>,
    ) -> Result<Self> {
        let poll = Poll::new()?;
        let clients = (0..clients)
            .map(|index| open(index)?.watched(poll.registry(), Token(index)))
            .collect::<Result<Vec<_>>>()?;
        let nothing = InFlight {
            sent: Instant::now(),
            missing: 0,
            sender: 0,
        };
        Ok(Self {
            poll,
            clients,
            buffer: vec![0; READ_BYTES],
            events: Events::with_capacity(EVENTS),
            next: 0,
            talk: Talk {
                dialect,
                messages: vec![nothing; NUMBERS],
                free: Vec::new(),
                open: 0,
                heard: Heard::nothing(),
            },
        })
    }

    /// Begins: every sender says its first message.
    pub(crate) fn begin(&mut self) -> Result<()> {
        ensure!(self.clients.len() >= IN_FLIGHT, "too few clients");
        (0..IN_FLIGHT).try_for_each(|sender| self.say(sender))
    }

    /// Keeps the room busy for so long and tells what was counted meanwhile, and how long that really was.
    pub(crate) fn run(&mut self, duration: Duration) -> Result<(Heard, Duration)> {
        self.talk.heard = Heard::nothing();
        let begin = Instant::now();
        loop {
            let elapsed = begin.elapsed();
            if elapsed >= duration {
                return Ok((self.talk.heard.clone(), elapsed));
            }
            self.turn(true)?;
        }
    }

    /// Lets everybody hear what was said, and says no more.
    pub(crate) fn finish(&mut self) -> Result<()> {
        while self.talk.open > 0 {
            self.turn(false)?;
        }
        Ok(())
    }

    /// Receives what has come; says the next message for each that all have, if there is to be one.
    fn turn(&mut self, go_on: bool) -> Result<()> {
        self.poll.poll(&mut self.events, Some(SILENCE_LIMIT))?;
        ensure!(
            !self.events.is_empty(),
            "nothing was delivered for {SILENCE_LIMIT:?}"
        );
        for event in &self.events {
            let talk = &mut self.talk;
            self.clients[event.token().0]
                .receive(&mut self.buffer, |text, now| talk.delivered(text, now))?;
        }
        let free = std::mem::take(&mut self.talk.free);
        if go_on {
            free.into_iter().try_for_each(|sender| self.say(sender))?;
        }
        Ok(())
    }

    fn say(&mut self, sender: usize) -> Result<()> {
        let number = self.next;
        self.next = (number + 1) % NUMBERS;
        self.talk.open += 1;
        self.talk.messages[number] = InFlight {
            sent: Instant::now(),
            missing: self.clients.len(),
            sender,
        };
        let text = format!("{number:04}{:x<fill$}", "", fill = TEXT_BYTES - 4);
        let text = (self.talk.dialect.say)(&text);
        self.clients[sender].say(&masked_text(&text))
    }
}

impl Talk {
    fn delivered(&mut self, text: &[u8], now: Instant) -> Result<()> {
        let Dialect {
            before,
            from,
            others,
            ..
        } = self.dialect;
        let behind = |text: &[u8]| {
            let mut places = text.get(from..)?.windows(before.len());
            let place = if others {
                places.position(|window| window == before)?
            } else {
                places
                    .next()
                    .filter(|window| *window == before)
                    .map(|_| 0)?
            };
            text.get(from + place + before.len()..)?
                .first_chunk::<4>()
                .copied()
        };
        let Some(number) = behind(text) else {
            ensure!(others, "not what was sent");
            return Ok(());
        };
        let number = number
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit & 15));
        let message = &mut self.messages[number % NUMBERS];
        ensure!(message.missing > 0, "a message was delivered too often");
        message.missing -= 1;
        self.heard.deliveries.add(now - message.sent);
        if message.missing == 0 {
            self.heard.messages += 1;
            self.open -= 1;
            self.free.push(message.sender);
        }
        Ok(())
    }
}

impl Heard {
    fn nothing() -> Self {
        Self {
            messages: 0,
            deliveries: Tally::new(),
        }
    }
}
