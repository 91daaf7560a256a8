//! The load generator of rim: every group of ten has one who speaks and nine who listen; one thread, raw sockets, one `epoll`.
//!
//! Closed loop: whoever speaks says the next message when the last is acknowledged. Each relay is awaited: every listener gets
//! the messages of their group one after the other, each once, and nothing else; otherwise the run fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Poll, Token};

use super::people::{self, MEMBERS, Person};
use crate::servers::Running;
use crate::socket::{READ_BYTES, SILENCE_LIMIT, Socket, masked_text};
use crate::tally::Tally;

/// Bytes of a message's text.
const TEXT_BYTES: usize = 100;

/// Messages by which a relay may be behind: the times of so many are kept.
const BEHIND: u64 = 1024;

/// Sockets that are looked at between two looks at the clock.
const EVENTS: usize = 256;

/// What stands before a message's id, in an acknowledgement and in a relay.
const ID: &[u8] = b"\"clientMsgId\":\"";

/// Digits of the group and of the message in an id.
const GROUP_DIGITS: usize = 2;
const NUMBER_DIGITS: usize = 8;

/// Groups that talk.
#[derive(Debug)]
pub(crate) struct Talk {
    poll: Poll,
    /// [`MEMBERS`] per group, who speaks first.
    sockets: Vec<Socket>,
    groups: Vec<Group>,
    buffer: Vec<u8>,
    events: Events,
    /// Groups whose message is acknowledged.
    free: Vec<usize>,
    heard: Heard,
}

#[derive(Debug)]
struct Group {
    number: u64,
    speaker: u64,
    gid: u64,
    said: u64,
    acknowledged: u64,
    /// By the number of the message, in turn.
    sent: Vec<Instant>,
    /// The last message that each listener has.
    heard: [u64; MEMBERS],
}

/// What was counted.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// From a message's sending to its acknowledgement.
    pub(crate) acks: Tally,
    /// From a message's sending to each of its relays.
    pub(crate) relays: Tally,
}

impl Talk {
    /// Signs people in, one after the other.
    pub(crate) fn connect(server: &Running, people: &[Person]) -> Result<Self> {
        ensure!(
            people.len().is_multiple_of(MEMBERS)
                && people.len() / MEMBERS <= 10_usize.pow(GROUP_DIGITS as u32),
            "not groups of {MEMBERS}, or too many"
        );
        let poll = Poll::new()?;
        let sockets = people.iter().enumerate().map(|(index, person)| {
            people::connect(server, person)?.watched(poll.registry(), Token(index))
        });
        let sockets = sockets.collect::<Result<Vec<_>>>()?;
        let groups = (0..).zip(people.chunks(MEMBERS));
        let groups = groups.map(|(number, members)| Group::new(number, &members[0]));
        Ok(Self {
            groups: groups.collect(),
            sockets,
            poll,
            buffer: vec![0; READ_BYTES],
            events: Events::with_capacity(EVENTS),
            free: Vec::new(),
            heard: Heard::nothing(),
        })
    }

    /// Begins: every speaker says a first message.
    pub(crate) fn begin(&mut self) -> Result<()> {
        (0..self.groups.len()).try_for_each(|group| self.say(group))
    }

    /// Keeps the groups busy for so long and tells what was counted meanwhile, and how long that really was.
    pub(crate) fn run(&mut self, duration: Duration) -> Result<(Heard, Duration)> {
        self.heard = Heard::nothing();
        let begin = Instant::now();
        loop {
            let elapsed = begin.elapsed();
            if elapsed >= duration {
                return Ok((self.heard.clone(), elapsed));
            }
            self.turn()?;
            for group in std::mem::take(&mut self.free) {
                self.say(group)?;
            }
        }
    }

    /// Says no more, and waits until everything is acknowledged and everybody has heard everything. Tells, by group, the id of
    /// the last message.
    pub(crate) fn finish(&mut self) -> Result<Vec<(u64, String)>> {
        while !self.groups.iter().all(Group::is_quiet) {
            self.turn()?;
        }
        let last = |group: &Group| (group.gid, group.id());
        Ok(self.groups.iter().map(last).collect())
    }

    fn turn(&mut self) -> Result<()> {
        self.poll.poll(&mut self.events, Some(SILENCE_LIMIT))?;
        if self.events.is_empty() {
            let sum = |value: fn(&Group) -> u64| self.groups.iter().map(value).sum::<u64>();
            bail!(
                "nothing came for {SILENCE_LIMIT:?}: {} messages were said, {} acknowledged, {} relays received",
                sum(|group| group.said),
                sum(|group| group.acknowledged),
                sum(|group| group.heard.iter().sum()),
            );
        }
        for event in &self.events {
            let index = event.token().0;
            let (number, place) = (index / MEMBERS, index % MEMBERS);
            let (group, heard) = (&mut self.groups[number], &mut self.heard);
            let before = group.acknowledged;
            self.sockets[index].receive(&mut self.buffer, |text, now| {
                group.hear(place, text, now, heard)
            })?;
            if group.acknowledged > before {
                self.free.push(number);
            }
        }
        Ok(())
    }

    fn say(&mut self, number: usize) -> Result<()> {
        let group = &mut self.groups[number];
        group.said += 1;
        let Group {
            speaker, gid, said, ..
        } = *group;
        let text = format!(
            "{{\"event\":\"Msg\",\"body\":{{\"kind\":\"Text\",\"uid\":{speaker},\"gid\":{gid},\
             \"content\":\"{said:x<TEXT_BYTES$}\",\"clientMsgId\":\"{}\"}}}}",
            group.id()
        );
        group.sent[(said % BEHIND) as usize] = Instant::now();
        self.sockets[number * MEMBERS].say(&masked_text(&text))
    }
}

impl Group {
    fn new(number: u64, speaker: &Person) -> Self {
        Self {
            number,
            speaker: speaker.uid,
            gid: speaker.gid,
            said: 0,
            acknowledged: 0,
            sent: vec![Instant::now(); BEHIND as usize],
            heard: [0; MEMBERS],
        }
    }

    /// That of the last message.
    fn id(&self) -> String {
        let Self { number, said, .. } = self;
        format!("{number:0GROUP_DIGITS$}{said:0NUMBER_DIGITS$}")
    }

    /// Everything is acknowledged, and everybody has everything.
    fn is_quiet(&self) -> bool {
        let listeners = &self.heard[1..];
        self.acknowledged == self.said && listeners.iter().all(|heard| *heard == self.said)
    }

    /// Counts what came to the member at a place.
    fn hear(&mut self, place: usize, text: &[u8], now: Instant, heard: &mut Heard) -> Result<()> {
        let what = || String::from_utf8_lossy(text).into_owned();
        let (group, number) = read_id(text).with_context(what)?;
        ensure!(group == self.number, "for another group: {}", what());
        let is_relay = text.starts_with(b"{\"event\":");
        ensure!(is_relay == (place > 0), "for somebody else: {}", what());
        let (last, tally) = if is_relay {
            (&mut self.heard[place], &mut heard.relays)
        } else {
            (&mut self.acknowledged, &mut heard.acks)
        };
        ensure!(
            number == *last + 1 && number <= self.said,
            "after {last} of {} came {}",
            self.said,
            what()
        );
        ensure!(
            self.said - number < BEHIND,
            "relays are {BEHIND} messages behind"
        );
        *last = number;
        tally.add(now - self.sent[(number % BEHIND) as usize]);
        Ok(())
    }
}

impl Heard {
    fn nothing() -> Self {
        Self {
            acks: Tally::new(),
            relays: Tally::new(),
        }
    }
}

/// Group and number of the id in a text. It is sought from the end, since all there is before it in a relay is longer.
fn read_id(text: &[u8]) -> Option<(u64, u64)> {
    let at = text.windows(ID.len()).rposition(|window| window == ID)?;
    let digits = text.get(at + ID.len()..)?;
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u64::from(digit & 15))
        })
    };
    let (group, digits) = digits.split_at_checked(GROUP_DIGITS)?;
    let (message, after) = digits.split_at_checked(NUMBER_DIGITS)?;
    after.starts_with(b"\"").then_some(())?;
    Some((number(group)?, number(message)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &str = r#"{"clientMsgId":"0300000001","serverMsgId":7,"kind":"Ack","content":"Ok"}"#;
    const RELAY: &str = r#"{"event":"Msg","body":{"kind":"Text","uid":4,"gid":3,"content":"1xx","clientMsgId":"0300000001","msgId":7}}"#;

    fn group() -> Group {
        let person = Person {
            uid: 4,
            token: String::new(),
            gid: 3,
        };
        let mut group = Group::new(3, &person);
        group.said = 1;
        group
    }

    fn hear(group: &mut Group, place: usize, text: &str) -> Result<()> {
        let mut heard = Heard::nothing();
        group.hear(place, text.as_bytes(), Instant::now(), &mut heard)?;
        assert_eq!(heard.acks.count() + heard.relays.count(), 1);
        Ok(())
    }

    #[test]
    fn everything_must_come_once() {
        let mut group = group();
        hear(&mut group, 0, ACK).unwrap();
        hear(&mut group, 0, ACK).unwrap_err();
        for place in 1..MEMBERS {
            assert!(!group.is_quiet());
            hear(&mut group, place, RELAY).unwrap();
            hear(&mut group, place, RELAY).unwrap_err();
        }
        assert!(group.is_quiet());
    }

    #[test]
    fn nothing_else_may_come() {
        let mut group = group();
        hear(&mut group, 0, RELAY).unwrap_err();
        hear(&mut group, 1, ACK).unwrap_err();
        for (from, to) in [
            ("0300", "0400"),
            ("0001\"", "0002\""),
            ("0001\"", "0000\""),
            ("client", ""),
        ] {
            hear(&mut group, 1, &RELAY.replace(from, to)).unwrap_err();
        }
        hear(&mut group, 1, RELAY).unwrap();
    }
}
