//! Times as rim writes them: `YYYY-MM-DD HH:MM:SS`, the server's local time without a zone.

use chrono::{NaiveDateTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::loose::Scalar;

/// How a time is written.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// Reads a time; `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, FORMAT).ok()
}

/// Writes a time; fractions of a second are left out.
#[must_use]
pub fn format(time: NaiveDateTime) -> String {
    whole_seconds(time).to_string()
}

pub(super) fn serialize<S: Serializer>(
    time: &Option<NaiveDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&whole_seconds(*time)),
        None => None::<()>.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NaiveDateTime>, D::Error> {
    let text = Scalar::deserialize(deserializer)?.text();
    Ok(text.and_then(|text| parse(&text)))
}

fn whole_seconds(time: NaiveDateTime) -> NaiveDateTime {
    time.with_nanosecond(0).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways_and_nothing_else_does() {
        let text = "2026-02-03 04:05:06";
        let time = parse(text).unwrap();
        assert_eq!(format(time), text);
        assert_eq!(format(time.with_nanosecond(7_000_000).unwrap()), text);
        for wrong in [
            "",
            "2026-02-03",
            "2026-02-30 00:00:00",
            "2026-02-03T04:05:06",
            "yesterday",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
