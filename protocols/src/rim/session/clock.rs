//! When a message was said: rim tells the server's local time and never its zone.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use crate::rim::wire::Message;

/// Zones differ from UTC by multiples of this, in seconds.
const QUARTER_HOUR: i64 = 15 * 60;

/// No zone is further from UTC than 14 hours, in seconds; what says so comes from a wrong clock.
const FURTHEST: i64 = 14 * 60 * 60;

/// Messages whose arrival is remembered, until a history shows what the server's clock said of them.
const ARRIVALS: usize = 16;

/// Learns how far the server's local time is from UTC: exactly from a message that was heard live and is in a history later;
/// until then from the latest time seen, which cannot lie in the future.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The server's local time minus UTC.
    offset: TimeDelta,
    exact: bool,
    arrivals: VecDeque<(u64, DateTime<Utc>)>,
}

impl Clock {
    /// When a live message was said. `ts` is told by kaiwa's server only.
    pub(super) fn live(&mut self, id: u64, ts: Option<i64>, now: DateTime<Utc>) -> DateTime<Utc> {
        if let Some(told) = ts.and_then(DateTime::from_timestamp_millis) {
            return told;
        }
        if self.arrivals.len() >= ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back((id, now));
        now
    }

    /// When a kept message was said.
    pub(super) fn kept(&mut self, message: &Message<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
        if let Some(told) = message.ts.and_then(DateTime::from_timestamp_millis) {
            return told;
        }
        let Some(local) = message.create_time.map(|time| time.and_utc()) else {
            return now;
        };
        self.learn(message.id, local, now);
        local.checked_sub_signed(self.offset).unwrap_or(local)
    }

    fn learn(&mut self, id: u64, local: DateTime<Utc>, now: DateTime<Utc>) {
        let arrived = self.arrivals.iter().position(|(known, _)| *known == id);
        let (offset, exact) = match arrived.and_then(|at| self.arrivals.remove(at)) {
            Some((_, arrived)) => (quarters(local - arrived), true),
            None => (quarters(local - now).max(self.offset), false),
        };
        if offset.num_seconds().abs() <= FURTHEST && (exact || !self.exact) {
            self.offset = offset;
            self.exact |= exact;
        }
    }
}

/// Rounded to the next quarter of an hour: messages take less than half of one to arrive.
fn quarters(difference: TimeDelta) -> TimeDelta {
    let seconds = difference.num_seconds() + QUARTER_HOUR / 2;
    TimeDelta::seconds(seconds.div_euclid(QUARTER_HOUR) * QUARTER_HOUR)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;
    use crate::rim::wire::time;

    fn at(text: &str) -> DateTime<Utc> {
        local(text).and_utc()
    }

    fn local(text: &str) -> NaiveDateTime {
        time::parse(text).unwrap()
    }

    fn kept(id: u64, text: &str) -> Message<'static> {
        Message {
            id,
            create_time: Some(local(text)),
            ..Message::default()
        }
    }

    #[test]
    fn the_zone_is_learned() {
        let mut clock = Clock::default();
        let now = at("2026-01-01 12:00:00");
        assert_eq!(
            clock.kept(&kept(1, "2026-01-01 11:00:00"), now),
            at("2026-01-01 11:00:00")
        );
        // Nothing was said in the future, so the server is east of Greenwich.
        assert_eq!(
            clock.kept(&kept(2, "2026-01-01 19:59:00"), now),
            at("2026-01-01 11:59:00")
        );
        // West of it can be told only from a message that was heard.
        let mut clock = Clock::default();
        assert_eq!(clock.live(7, None, now), now);
        assert_eq!(
            clock.kept(&kept(7, "2026-01-01 06:29:58"), now),
            at("2026-01-01 11:59:58")
        );
        assert_eq!(
            clock.kept(&kept(6, "2026-01-01 00:00:00"), now),
            at("2026-01-01 05:30:00")
        );
        // An exact one stays.
        assert_eq!(
            clock.kept(&kept(9, "2026-01-01 23:00:00"), now),
            at("2026-01-02 04:30:00")
        );
    }

    #[test]
    fn what_the_server_tells_counts() {
        let mut clock = Clock::default();
        let now = at("2026-01-01 12:00:00");
        let told = at("2026-01-01 11:00:00");
        let ts = Some(told.timestamp_millis());
        assert_eq!(clock.live(1, ts, now), told);
        let message = Message {
            ts,
            ..kept(1, "2026-01-01 20:00:00")
        };
        assert_eq!(clock.kept(&message, now), told);
        let extreme = Message {
            ts: Some(i64::MAX),
            ..Message::default()
        };
        assert_eq!(clock.kept(&extreme, now), now);
        assert_eq!(
            clock.kept(&kept(2, "2026-12-01 12:00:00"), now),
            at("2026-12-01 12:00:00")
        );
        for _ in 0..100 {
            clock.live(3, None, now);
        }
        assert!(clock.arrivals.len() <= ARRIVALS);
    }
}
