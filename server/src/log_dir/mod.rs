//! wschat's log: one JSON line per message. It never lacks a message that is kept: lines are written before anybody sees
//! their messages, and what a crash or a full disk left out is taken from the store.

mod days;

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
use crate::store::writer::Committed;
use crate::store::{NewMessage, RoomId, Store};

/// Messages read from the store at once.
const PAGE: usize = 256;

/// How far a message may stand behind one of a later time: senders wait for the store, and clocks are set back.
const DISORDER: TimeDelta = TimeDelta::hours(1);

/// A log that cannot be written is told so often.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

/// Makes the line of a kept message.
pub(crate) type Render = Box<dyn Fn(&NewMessage) -> String + Send>;

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
        store: &mut dyn Store,
    ) -> Result<Self, Error> {
        let mut log = Self {
            days: Days::open(dir)?,
            room,
            render,
            logged: 0,
            attempted: 0,
            complained_at: None,
        };
        if let Some(newest) = store.recent(room, 1)?.pop() {
            let end = match log.days.newest()? {
                Some((day, line)) => {
                    Tail::parse(&line).map_or_else(|| midnight(day), |tail| tail.tim)
                }
                None => midnight(newest.message.at.date_naive()),
            };
            log.attempted = newest.position.seq;
            log.catch_up(store, newest.position.seq, end)?;
        }
        Ok(log)
    }

    /// Appends the lines of a batch that the store has just kept. If that fails, the next call makes up for it.
    pub(crate) fn write(&mut self, store: &mut dyn Store, committed: &[Committed]) {
        if let Err(error) = self.try_write(store, committed)
            && self.may_complain(Instant::now())
        {
            tracing::error!(
                error = error.chain(),
                "log_dir lacks messages until it can be written again"
            );
        }
    }

    fn try_write(&mut self, store: &mut dyn Store, committed: &[Committed]) -> Result<(), Error> {
        let here = || {
            committed
                .iter()
                .filter(|committed| committed.submission.message.room == self.room)
        };
        let (Some(first), Some(last)) = (here().next(), here().next_back()) else {
            return Ok(());
        };
        let (first, last) = (first.position.seq, last.position.seq);
        let lines: Vec<_> = here()
            .filter_map(|committed| {
                let line = committed.submission.log_line.as_deref()?;
                Some((committed.submission.message.at, line))
            })
            .collect();
        // What was written before the failure is known; lines of others do not count.
        self.catch_up(store, first - 1, DateTime::<Utc>::MIN_UTC)?;
        self.attempted = last;
        self.days.append(lines)?;
        self.logged = last;
        Ok(())
    }

    /// Appends what is missing up to the sequence `until`. See [`Self::find_end`] for `end`.
    fn catch_up(
        &mut self,
        store: &mut dyn Store,
        until: i64,
        end: DateTime<Utc>,
    ) -> Result<(), Error> {
        if self.attempted > self.logged {
            self.logged = self.find_end(store, end)?;
            self.attempted = self.logged;
        }
        while self.logged < until {
            let mut page = store.after(self.room, self.logged, PAGE)?;
            page.retain(|stored| stored.position.seq <= until);
            let Some(last) = page.last() else { break };
            let lines: Vec<_> = page
                .iter()
                .map(|stored| (stored.message.at, (self.render)(&stored.message)))
                .collect();
            self.attempted = last.position.seq;
            self.days
                .append(lines.iter().map(|(at, line)| (*at, line.as_str())))?;
            self.logged = last.position.seq;
        }
        // What is not in the store cannot be made up for.
        self.logged = until.max(self.logged);
        self.attempted = self.logged;
        Ok(())
    }

    /// The sequence of the last message in the log. Lines are written in the order of the sequence, so it is the newest message
    /// that is the last line of its day. If there is none, the log was made by somebody else or moved away; then it is the
    /// newest message not later than `end`, the time of the last line.
    fn find_end(&self, store: &mut dyn Store, end: DateTime<Utc>) -> Result<i64, Error> {
        let mut tails = BTreeMap::new();
        let mut not_later = None;
        let mut upper = self.attempted;
        while upper > self.logged {
            let lower = upper.saturating_sub(PAGE as i64).max(self.logged);
            let page = store.after(self.room, lower, PAGE)?;
            for stored in page.iter().rev() {
                let (seq, message) = (stored.position.seq, &stored.message);
                if seq > upper {
                    continue;
                }
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

    fn is_of(&self, message: &NewMessage) -> bool {
        self.tim == message.at
            && self.usr.as_str() == message.sender.as_deref()
            && self.msg.as_str() == message.text.as_deref()
    }
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
