//! Pages of what somebody may see of a room, as sequences: nothing is searched.

use crate::store::Span;

/// The entries on a page, at most: a client that asks for more is told so, since it takes a shorter page for the last one.
pub(super) const MAX_SIZE: u64 = 200;

/// Sequences from the first to the last, both included.
type Range = (i64, i64);

/// Of `spans`, oldest first, and before a sequence: leaves out the newest `skip`, then takes `take`. Oldest first.
pub(super) fn page(spans: &[Span], before: i64, skip: u64, take: u64) -> Vec<Range> {
    let (mut skip, mut take) = (count(skip), count(take));
    let mut page = Vec::new();
    for span in spans.iter().rev() {
        let last = span.last.min(before.saturating_sub(1));
        let length = last.saturating_sub(span.first).saturating_add(1).max(0);
        let skipped = skip.min(length);
        skip -= skipped;
        let taken = take.min(length - skipped);
        take -= taken;
        if taken > 0 {
            let last = last - skipped;
            page.push((last - taken + 1, last));
        }
    }
    page.reverse();
    page
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(ranges: &[Range]) -> Vec<Span> {
        let span = |(first, last): &Range| Span {
            first: *first,
            last: *last,
        };
        ranges.iter().map(span).collect()
    }

    #[test]
    fn pages_are_cut_from_the_newest() {
        let seen = spans(&[(1, 3), (7, 6), (10, 14)]);
        let end = i64::MAX;
        for (before, skip, take, expected) in [
            (end, 0, 2, &[(13, 14)][..]),
            (end, 2, 2, &[(11, 12)]),
            (end, 4, 2, &[(3, 3), (10, 10)]),
            (end, 6, 2, &[(1, 2)]),
            (end, 8, 2, &[]),
            (end, 0, 100, &[(1, 3), (10, 14)]),
            (end, 0, 0, &[]),
            (end, u64::MAX, u64::MAX, &[]),
            (end, 0, u64::MAX, &[(1, 3), (10, 14)]),
            (14, 0, 2, &[(12, 13)]),
            (10, 0, 2, &[(2, 3)]),
            (5, 1, 2, &[(1, 2)]),
            (1, 0, 2, &[]),
            (i64::MIN, 0, 2, &[]),
        ] {
            assert_eq!(
                page(&seen, before, skip, take),
                expected,
                "{before} {skip} {take}"
            );
        }
        assert_eq!(page(&[], end, 0, 5), []);
        let strange = spans(&[(i64::MIN, i64::MAX)]);
        assert_eq!(page(&strange, end, 0, 1), [(end - 1, end - 1)]);
    }

    #[test]
    fn pages_together_are_everything_once() {
        let seen = spans(&[(1, 3), (5, 5), (8, 20)]);
        for size in 1..20 {
            let mut all: Vec<i64> = (0..20)
                .flat_map(|number| {
                    let mut page: Vec<i64> = page(&seen, i64::MAX, number * size, size)
                        .into_iter()
                        .flat_map(|(first, last)| first..=last)
                        .collect();
                    page.reverse();
                    page
                })
                .collect();
            all.reverse();
            let expected: Vec<i64> = (1..=3).chain([5]).chain(8..=20).collect();
            assert_eq!(all, expected, "{size}");
        }
    }
}
