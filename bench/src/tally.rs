//! Latencies, counted: cheap to add to, exact enough to read percentiles from.

use std::time::Duration;

/// Latencies are counted in classes of at most 1/16 of their value.
const CLASS_BITS: u32 = 4;

/// How many took how long.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    count: u64,
    classes: Vec<u64>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            count: 0,
            classes: vec![0; 64 << CLASS_BITS],
        }
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        self.count += 1;
        self.classes[class(latency.as_nanos() as u64)] += 1;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The latency in microseconds that so many of a hundred stay below.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let wanted = self.count * percent / 100;
        let mut seen = 0;
        let found = self.classes.iter().position(|count| {
            seen += count;
            seen > wanted
        });
        found.map_or(0.0, |class| upper_bound(class) as f64 / 1000.0)
    }
}

fn class(nanos: u64) -> usize {
    let nanos = nanos.max(1 << CLASS_BITS);
    let octave = nanos.ilog2();
    let within = (nanos >> (octave - CLASS_BITS)) & ((1 << CLASS_BITS) - 1);
    ((octave as usize) << CLASS_BITS) + within as usize
}

fn upper_bound(class: usize) -> u64 {
    let octave = (class >> CLASS_BITS) as u32;
    let within = (class & ((1 << CLASS_BITS) - 1)) as u64;
    ((1 << CLASS_BITS) + within + 1) << (octave - CLASS_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_narrow_and_in_order() {
        let mut last = 0;
        for nanos in (16..100_000).chain([1 << 40, u64::MAX >> 1]) {
            let class = class(nanos);
            assert!(class >= last);
            last = class;
            let bound = upper_bound(class);
            assert!(
                bound > nanos && bound - nanos <= nanos / 16 + 1,
                "{nanos} {bound}"
            );
        }
    }

    #[test]
    fn percentiles_are_of_what_was_added() {
        let mut tally = Tally::new();
        for micros in 1..=100 {
            tally.add(Duration::from_micros(micros));
        }
        assert_eq!(tally.count(), 100);
        for percent in [50, 99] {
            let found = tally.percentile(percent);
            let exact = (percent + 1) as f64;
            assert!(
                found >= exact && found <= exact * 1.0626,
                "{percent} {found}"
            );
        }
    }
}
