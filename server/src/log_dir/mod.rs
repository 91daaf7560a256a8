//! wschat's log: one JSON line per message. It never lacks a message that is kept: lines are written before anybody sees
//! their messages, and what a crash or a full disk left out is taken from the store.

mod days;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use kaiwa_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use self::days::Days;
use crate::store::writer::Done;
use crate::store::{Reader, RoomId, StoredMessage};
use crate::world::Said;

/// Messages read from the store at once.
const PAGE: i64 = 256;

/// How far a message may stand behind one of a later time: senders wait for the store, and clocks are set back.
const DISORDER: TimeDelta = TimeDelta::hours(1);

/// A log that cannot be written is told so often.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

/// Makes the line of a kept message.
pub(crate) type Render = Box<dyn Fn(&StoredMessage) -> String + Send>;

/// The log of one room.
pub(crate) struct LogDir {
    days: Days,
    room: RoomId,
    render: Render,
    /// Everything up to this sequence is in the log.
    logged: i64,
    /// Nothing after this sequence is in the log. What lies between may be there in part, since writing it failed.
    attempted: i64,
    complained_at: Option<Instant>,
}

impl LogDir {
    /// Makes the directory if it is missing, and appends what the store has beyond the last line; to an empty directory, the
    /// messages of the last day.
    ///
    /// # Errors
    /// `Config` if the directory cannot be used, `Storage` when reading the store fails.
    pub(crate) fn open(
        dir: PathBuf,
        room: RoomId,
        render: Render,
        store: &mut dyn Reader,
    ) -> Result<Self, Error> {
        let mut log = Self {
            days: Days::open(dir)?,
            room,
            render,
            logged: 0,
            attempted: 0,
            complained_at: None,
        };
        let last = store.room(room)?.map_or(0, |room| room.last.seq);
        if let Some(newest) = store.messages(room, last, last)?.pop() {
            let end = match log.days.newest()? {
                Some((day, line)) => {
                    Tail::parse(&line).map_or_else(|| midnight(day), |tail| tail.tim)
                }
                None => midnight(newest.at.date_naive()),
            };
            log.attempted = last;
            log.catch_up(store, last, end)?;
        }
        Ok(log)
    }

    /// Appends the lines of a batch that the store has just kept. If that fails, the next call makes up for it.
    pub(crate) fn write(&mut self, store: &mut dyn Reader, done: &[Done]) {
        if let Err(error) = self.try_write(store, done)
            && self.may_complain(Instant::now())
        {
            tracing::error!(
                error = error.chain(),
                "log_dir lacks messages until it can be written again"
            );
        }
    }

    fn try_write(&mut self, store: &mut dyn Reader, done: &[Done]) -> Result<(), Error> {
        let room = self.room;
        let here: Vec<&Said> = done.iter().flat_map(|done| said_in(room, done)).collect();
        let (Some(first), Some(last)) = (here.first(), here.last()) else {
            return Ok(());
        };
        let (first, last) = (first.posted.position.seq, last.posted.position.seq);
        let mut lines = Vec::new();
        for said in &here {
            let line = match &said.submission.log_line {
                Some(line) => Cow::Borrowed(line.as_str()),
                None => Cow::Owned(self.foreign_line(store, said.posted.position.seq)?),
            };
            lines.push((said.posted.at, line));
        }
        // What was written before the failure is known; lines of others do not count.
        self.catch_up(store, first - 1, DateTime::<Utc>::MIN_UTC)?;
        self.attempted = last;
        self.days
            .append(lines.iter().map(|(at, line)| (*at, line.as_ref())))?;
        self.logged = last;
        Ok(())
    }

    /// The line of a message that came over another network, which knows nothing of lines.
    fn foreign_line(&self, store: &mut dyn Reader, seq: i64) -> Result<String, Error> {
        let message = store.messages(self.room, seq, seq)?.pop();
        Ok(message
            .map(|message| (self.render)(&message))
            .unwrap_or_default())
    }

    /// Appends what is missing up to the sequence `until`. See [`Self::find_end`] for `end`.
    fn catch_up(
        &mut self,
        store: &mut dyn Reader,
        until: i64,
        end: DateTime<Utc>,
    ) -> Result<(), Error> {
        if self.attempted > self.logged {
            self.logged = self.find_end(store, end)?;
            self.attempted = self.logged;
        }
        while self.logged < until {
            let last = until.min(self.logged + PAGE);
            let page = store.messages(self.room, self.logged + 1, last)?;
            let lines: Vec<_> = page
                .iter()
                .map(|message| (message.at, (self.render)(message)))
                .collect();
            self.attempted = last;
            self.days
                .append(lines.iter().map(|(at, line)| (*at, line.as_str())))?;
            self.logged = last;
        }
        // What is not in the store cannot be made up for.
        self.logged = until.max(self.logged);
        self.attempted = self.logged;
        Ok(())
    }

    /// The sequence of the last message in the log. Lines are written in the order of the sequence, so it is the newest message
    /// that is the last line of its day. If there is none, the log was made by somebody else or moved away; then it is the
    /// newest message not later than `end`, the time of the last line.
    fn find_end(&self, store: &mut dyn Reader, end: DateTime<Utc>) -> Result<i64, Error> {
        let mut tails = BTreeMap::new();
        let mut not_later = None;
        let mut upper = self.attempted;
        while upper > self.logged {
            let lower = upper.saturating_sub(PAGE).max(self.logged);
            for message in store.messages(self.room, lower + 1, upper)?.iter().rev() {
                let seq = message.position.seq;
                let tail = match tails.entry(message.at.date_naive()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let line = self.days.last_line(*new.key())?;
                        new.insert(line.as_deref().and_then(Tail::parse))
                    }
                };
                if tail.as_ref().is_some_and(|tail| tail.is_of(message)) {
                    return Ok(seq);
                }
                if message.at <= end {
                    let not_later = *not_later.get_or_insert(seq);
                    if end - message.at > DISORDER {
                        return Ok(not_later);
                    }
                }
            }
            upper = lower;
        }
        Ok(not_later.unwrap_or(self.logged))
    }

    fn may_complain(&mut self, now: Instant) -> bool {
        let is_due = self
            .complained_at
            .is_none_or(|at| now.duration_since(at) >= COMPLAINT_INTERVAL);
        if is_due {
            self.complained_at = Some(now);
        }
        is_due
    }
}

/// What tells which message a line is of.
#[derive(Deserialize)]
struct Tail {
    tim: DateTime<Utc>,
    #[serde(default)]
    usr: Value,
    #[serde(default)]
    msg: Value,
}

impl Tail {
    fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    fn is_of(&self, message: &StoredMessage) -> bool {
        self.tim == message.at
            && self.usr.as_str() == message.sender_name.as_deref()
            && self.msg.as_str() == message.text.as_deref()
    }
}

/// What was said for the first time, in the room.
fn said_in(room: RoomId, done: &Done) -> Vec<&Said> {
    let mut said = match done {
        Done::Said(said) => vec![said],
        Done::Work(work) => work.said(),
        Done::Refused(..) | Done::Failed(_) => Vec::new(),
    };
    said.retain(|said| said.submission.message.room == room && !said.posted.repeated);
    said
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What the operator is told of a directory or file that does not serve.
fn unusable(error: std::io::Error, path: &Path) -> Error {
    let text = format!(
        "log_dir: {} cannot be used; name a directory that this user may write to",
        path.display()
    );
    Error::new(ErrorKind::Config, text).with_source(error)
}

#[cfg(test)]
mod tests;
