//! What stands behind a command, read as SharpChat reads it. All of it is pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::refusal::Refusal;

/// The longest nick, in characters (SharpChat).
pub(super) const MAX_NICK_CHARS: usize = 15;

/// The longest away tag, in characters (the fact sheet, section 3).
pub(super) const MAX_TAG_CHARS: usize = 5;

/// What somebody is away with who gives no reason.
pub(super) const TAG: &str = "AFK";

/// The longest name of a channel, in characters: what fits into a list beside the chat.
pub(super) const MAX_CHANNEL_CHARS: usize = 64;

/// The first word; none if nothing is there but spaces.
pub(super) fn word(rest: &str) -> Option<&str> {
    Some(split(rest).0).filter(|word| !word.is_empty())
}

/// The first word, and what stands behind the space that ends it.
pub(super) fn split(rest: &str) -> (&str, &str) {
    rest.split_once(' ').unwrap_or((rest, ""))
}

/// What somebody wants to say; none if it is blank.
pub(super) fn text(rest: &str) -> Option<&str> {
    Some(rest).filter(|text| !text.trim().is_empty())
}

/// A channel to be made: the rank that it asks for, and its name, of which the words are joined by `_`.
pub(super) fn new_channel(rest: &str) -> Result<(i64, String), Refusal> {
    let (first, behind) = split(rest);
    let (rank, name) = if is_number(first) {
        // One that is too large to be read is higher than anybody's.
        (first.parse().unwrap_or(i64::MAX), behind)
    } else {
        (0, rest)
    };
    if name.trim().is_empty() {
        return Err(Refusal::Format);
    }
    Ok((rank, channel(name)))
}

/// The name of a channel, of which the words are joined by `_`.
pub(super) fn channel(rest: &str) -> String {
    rest.trim().replace(' ', "_")
}

/// Whether a channel may be called so.
pub(super) fn is_channel_name(name: &str) -> bool {
    let is_short = name.chars().nth(MAX_CHANNEL_CHARS).is_none();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    is_short && !name.is_empty() && name.chars().all(fits)
}

/// A nick; none takes back the one there is.
pub(super) fn nick(rest: &str) -> Option<String> {
    let joined = rest.trim().replace(' ', "_");
    let clean = joined.chars().filter(|c| !c.is_control());
    let nick: String = clean.take(MAX_NICK_CHARS).collect();
    Some(nick).filter(|nick| !nick.is_empty())
}

/// The tag of somebody who is away.
pub(super) fn tag(rest: &str) -> String {
    let clean = split(rest).0.chars().filter(|c| !c.is_control());
    // Some letters become several.
    let large = clean.flat_map(char::to_uppercase);
    let tag: String = large.take(MAX_TAG_CHARS).collect();
    if tag.is_empty() { TAG.to_owned() } else { tag }
}

/// How long something is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// It was not said.
    Unsaid,
    /// No time at all.
    Nothing,
    /// Until then.
    Until(DateTime<Utc>),
}

/// How long, in seconds.
pub(super) fn span(rest: &str, now: DateTime<Utc>) -> Result<Span, Refusal> {
    let Some(word) = word(rest) else {
        return Ok(Span::Unsaid);
    };
    if !is_number(word) {
        return Err(Refusal::Format);
    }
    let seconds: i64 = word.parse().map_err(|_| Refusal::Format)?;
    if seconds == 0 {
        return Ok(Span::Nothing);
    }
    let length = TimeDelta::try_seconds(seconds).ok_or(Refusal::Format)?;
    let until = now.checked_add_signed(length).ok_or(Refusal::Format)?;
    Ok(Span::Until(until))
}

/// Whether a word has digits only.
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leading_numbers_are_ranks() {
        for (rest, expected) in [
            ("Tea", Some((0, "Tea"))),
            ("3 Tea", Some((3, "Tea"))),
            ("3 two words", Some((3, "two_words"))),
            ("two words", Some((0, "two_words"))),
            ("Tea 3", Some((0, "Tea_3"))),
            ("7", None),
            ("7 ", None),
            ("", None),
            ("-1 Tea", Some((0, "-1_Tea"))),
            ("99999999999999999999 Tea", Some((i64::MAX, "Tea"))),
        ] {
            let read = new_channel(rest).ok();
            let read = read.as_ref().map(|(rank, name)| (*rank, name.as_str()));
            assert_eq!(read, expected, "{rest}");
        }
    }

    #[test]
    fn channels_have_plain_names() {
        for name in ["Tea", "two_words", "a-1", "お茶", &"x".repeat(64)] {
            assert!(is_channel_name(name), "{name}");
        }
        for name in [
            "",
            "@tea",
            "*",
            "a b",
            "a\tb",
            "<b>",
            "x\u{202e}y",
            &"x".repeat(65),
        ] {
            assert!(!is_channel_name(name), "{name}");
        }
    }

    #[test]
    fn nicks_are_short_and_of_one_line() {
        for (rest, expected) in [
            ("rob", Some("rob")),
            (" rob the  b ", Some("rob_the__b")),
            ("r\no\tb\u{c}", Some("rob")),
            ("a very long name it is", Some("a_very_long_nam")),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(nick(rest).as_deref(), expected, "{rest}");
        }
    }

    #[test]
    fn tags_are_short_and_large() {
        for (rest, expected) in [
            ("", "AFK"),
            ("tea", "TEA"),
            ("out for tea", "OUT"),
            ("sleeping", "SLEEP"),
            ("straße", "STRAS"),
            ("\u{c}", "AFK"),
        ] {
            assert_eq!(tag(rest), expected, "{rest}");
        }
    }

    #[test]
    fn times_are_seconds() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let at = |seconds| Span::Until(DateTime::from_timestamp(seconds, 0).unwrap());
        for (rest, expected) in [
            ("", Some(Span::Unsaid)),
            (" ", Some(Span::Unsaid)),
            ("0", Some(Span::Nothing)),
            ("60", Some(at(1_000_060))),
            ("60 for shouting", Some(at(1_000_060))),
            ("-1", None),
            ("soon", None),
            ("9223372036854775807", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(span(rest, now).ok(), expected, "{rest}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read(rest in "[ 0-9a-z\\n\\t\u{c}]{0,12}|\\PC{0,40}") {
            if let Some(nick) = nick(&rest) {
                prop_assert!((1..=MAX_NICK_CHARS).contains(&nick.chars().count()));
                let is_clean = !nick.contains(|c: char| c == ' ' || c.is_control());
                prop_assert!(is_clean);
            }
            prop_assert!((1..=MAX_TAG_CHARS).contains(&tag(&rest).chars().count()));
            prop_assert!(!is_channel_name(&rest) || channel(&rest) == rest);
            let _ = (new_channel(&rest), span(&rest, Utc::now()), text(&rest), word(&rest));
        }
    }
}
