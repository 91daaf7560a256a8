//! Which part of a file is wanted: conditions and ranges of a request (RFC 9110, sections 13 and 14).

use std::ops::RangeInclusive;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Method};

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Part(RangeInclusive<u64>),
    /// A part that it does not have.
    NoPart,
    /// Nothing: the client has it.
    Nothing,
}

impl Wanted {
    /// What a request wants of a file of this tag and length. Several ranges at once are answered with everything.
    pub(super) fn of(method: &Method, headers: &HeaderMap, tag: &str, length: u64) -> Self {
        if has(headers, tag) {
            return Self::Nothing;
        }
        let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
        let applies = *method == Method::GET
            && length > 0
            && headers.get(IF_RANGE).is_none_or(|known| known == tag);
        let Some(range) = range.filter(|_| applies) else {
            return Self::All;
        };
        parse(range, length)
    }
}

/// What is no range is ignored, and so is a part that ends before it begins.
fn parse(range: &str, length: u64) -> Wanted {
    let (Some((first, last)), Some(end)) = (bytes(range), length.checked_sub(1)) else {
        return Wanted::All;
    };
    match (first, last) {
        (Some(first), Some(last)) if first > last => Wanted::All,
        (Some(first), _) if first > end => Wanted::NoPart,
        (Some(first), last) => Wanted::Part(first..=last.map_or(end, |last| last.min(end))),
        (None, Some(0)) => Wanted::NoPart,
        // The last so many.
        (None, Some(count)) => Wanted::Part(length.saturating_sub(count)..=end),
        (None, None) => Wanted::All,
    }
}

/// The two numbers of a single range of bytes, either of which may be missing.
fn bytes(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some((position(first)?, position(last)?))
}

/// `Some(None)` where nothing stands, `None` for anything but digits. No file is longer than the largest number.
fn position(text: &str) -> Option<Option<u64>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = lists
        .filter_map(|list: &HeaderValue| list.to_str().ok())
        .flat_map(|list| list.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"k\"";

    fn wanted(length: u64, headers: &[(&'static str, &str)]) -> Wanted {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Wanted::of(&Method::GET, &headers, TAG, length)
    }

    #[test]
    fn one_range_is_served() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0..=0)),
            ("bytes=0-", Wanted::Part(0..=99)),
            ("bytes=90-1000", Wanted::Part(90..=99)),
            ("bytes=-1", Wanted::Part(99..=99)),
            ("bytes=-1000", Wanted::Part(0..=99)),
            ("bytes=100-", Wanted::NoPart),
            ("bytes=18446744073709551615-", Wanted::NoPart),
            ("Bytes=007-8", Wanted::Part(7..=8)),
            ("bytes=99999999999999999999-", Wanted::NoPart),
            ("bytes=5-99999999999999999999", Wanted::Part(5..=99)),
            ("bytes=-99999999999999999999", Wanted::Part(0..=99)),
            ("bytes=-0", Wanted::NoPart),
            ("bytes=5-4", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=1-2-3", Wanted::All),
            ("bytes=0-0,2-3", Wanted::All),
            ("bytes=0-1,0-1,0-1", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(wanted(100, &[("range", range)]), expected, "{range}");
            assert_eq!(wanted(0, &[("range", range)]), Wanted::All, "{range}");
        }
    }

    #[test]
    fn conditions() {
        let range = ("range", "bytes=1-2");
        assert_eq!(wanted(9, &[range, ("if-range", TAG)]), Wanted::Part(1..=2));
        assert_eq!(wanted(9, &[range, ("if-range", "\"x\"")]), Wanted::All);
        for tags in [TAG, "*", "\"a\", \"k\"", "W/\"k\""] {
            assert_eq!(
                wanted(9, &[range, ("if-none-match", tags)]),
                Wanted::Nothing
            );
        }
        for tags in ["k", "\"x\"", ""] {
            assert_eq!(wanted(9, &[("if-none-match", tags)]), Wanted::All);
        }
        let headers = [(RANGE, HeaderValue::from_static("bytes=1-2"))];
        let headers = headers.into_iter().collect();
        assert_eq!(Wanted::of(&Method::HEAD, &headers, TAG, 9), Wanted::All);
    }
}
