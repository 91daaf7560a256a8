//! Durations as seconds in TOML, whole or with a fraction.

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if duration.subsec_nanos() == 0 {
        serializer.serialize_u64(duration.as_secs())
    } else {
        serializer.serialize_f64(duration.as_secs_f64())
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    struct Seconds;

    impl Visitor<'_> for Seconds {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "seconds, from 0 to {MAX}")
        }

        fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
            #[expect(
                clippy::cast_precision_loss,
                reason = "exact up to the maximum, and refused above it"
            )]
            self.visit_f64(seconds as f64)
        }

        fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|duration| duration.as_secs() <= MAX)
                .ok_or_else(|| E::custom(format_args!("{seconds} is not from 0 to {MAX} seconds")))
        }
    }

    deserializer.deserialize_any(Seconds)
}

/// A year: more is not meant, and sums of times stay far from overflow.
const MAX: u64 = 365 * 24 * 60 * 60;
