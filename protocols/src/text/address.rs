//! Addresses in markup and in plain text.

use std::borrow::Cow;

use memchr::memmem;

/// The longest address taken, in bytes: what browsers and servers agree on.
pub const MAX_ADDRESS_BYTES: usize = 2048;

/// The beginnings of addresses that are found in plain text.
pub(super) const BEGINNINGS: [&str; 2] = ["http://", "https://"];

/// What [`BEGINNINGS`] end with.
const MARK: &[u8] = b"://";

/// What stands before it in them.
const SCHEMES: [&str; 2] = ["http", "https"];

/// Reads the address in a tag: quotes are dropped, `//host` becomes `https://host`. `None` if it is none of the web: links of
/// another kind may run programs.
#[must_use]
pub fn clean(raw: &str) -> Option<Cow<'_, str>> {
    let raw = raw.trim();
    if raw.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    let unquoted = if raw.contains(['"', '\'']) {
        Cow::Owned(raw.replace(['"', '\''], ""))
    } else {
        Cow::Borrowed(raw)
    };
    let address = if unquoted.starts_with("//") {
        Cow::Owned(format!("https:{unquoted}"))
    } else {
        unquoted
    };
    is_of_the_web(&address).then_some(address)
}

/// The address as it can stand in a tag: what a reader would drop or stumble over is written as `%xx`. `None` if it is none
/// that [`clean`] reads.
#[must_use]
pub fn quoted(address: &str) -> Option<Cow<'_, str>> {
    let special = |c: char| matches!(c, '"' | '\'' | '[' | ']' | '<' | '>' | '\\' | ' ');
    if !address.contains(special) {
        return clean(address);
    }
    let mut quoted = String::with_capacity(address.len() + 16);
    for c in address.chars() {
        if special(c) {
            quoted.push('%');
            // All of them are ASCII.
            quoted.push_str(&format!("{:02X}", u32::from(c)));
        } else {
            quoted.push(c);
        }
    }
    clean(&quoted).map(|clean| Cow::Owned(clean.into_owned()))
}

/// What stands at the beginning of a text that begins like an address.
pub(super) enum Found {
    /// An address of so many bytes.
    Address(usize),
    /// So many bytes that hold no address.
    Nothing(usize),
}

/// The next of [`BEGINNINGS`] in `text` from `at` on: where it begins and ends.
pub(super) fn next(text: &str, at: usize) -> Option<(usize, usize)> {
    let mut looked = at;
    while let Some(found) = memmem::find(text.as_bytes().get(looked..)?, MARK) {
        let mark = looked + found;
        looked = mark + MARK.len();
        let before = text.get(at..mark)?;
        let scheme = SCHEMES.iter().find(|scheme| before.ends_with(**scheme));
        if let Some(scheme) = scheme {
            return Some((mark - scheme.len(), looked));
        }
    }
    None
}

/// Looks for an address at the beginning of `text`, which begins with one of [`BEGINNINGS`].
pub(super) fn find(text: &str) -> Found {
    if host(text).is_none_or(|host| !begins_host(host)) {
        return Found::Nothing(1);
    }
    let run = text.get(..end_of_run(text)).unwrap_or_default();
    if run.len() > MAX_ADDRESS_BYTES {
        return Found::Nothing(run.len());
    }
    let count = |of: u8| run.bytes().filter(|byte| *byte == of).count();
    // Counted only where it matters.
    let mut parentheses = None;
    let address = run.trim_end_matches(|c: char| match c {
        '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' => true,
        // One that closes what was opened before the address.
        ')' => {
            let (open, close) = parentheses.get_or_insert_with(|| (count(b'('), count(b')')));
            let is_over = close > open;
            *close -= usize::from(is_over);
            is_over
        }
        _ => false,
    });
    Found::Address(address.len())
}

/// Where what may belong to an address ends.
fn end_of_run(text: &str) -> usize {
    // Nearly all of an address is this; a character at a time takes long.
    let plain = |byte: &u8| matches!(byte, b'#'..=b';' | b'=' | b'?'..=b'Z' | b'a'..=b'~');
    let ascii = text.bytes().take_while(plain).count();
    let rest = text.get(ascii..).unwrap_or_default();
    ascii + rest.find(is_end).unwrap_or(rest.len())
}

fn is_end(c: char) -> bool {
    matches!(c, '<' | '>' | '"' | '[' | ']' | '`') || c.is_whitespace() || c.is_control()
}

fn is_of_the_web(address: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '[' | ']');
    address.len() <= MAX_ADDRESS_BYTES
        && host(address).is_some_and(|host| begins_host(host) && !host.contains(ends))
}

/// What follows the beginning of an address.
fn host(address: &str) -> Option<&str> {
    BEGINNINGS.iter().find_map(|beginning| {
        let (head, host) = address.split_at_checked(beginning.len())?;
        head.eq_ignore_ascii_case(beginning).then_some(host)
    })
}

fn begins_host(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_tags() {
        for (raw, address) in [
            ("https://example.org/", Some("https://example.org/")),
            (" HTTP://example.org ", Some("HTTP://example.org")),
            (
                "\"https://example.org/it's\"",
                Some("https://example.org/its"),
            ),
            ("//example.org/a", Some("https://example.org/a")),
            ("'//example.org'", Some("https://example.org")),
            ("https://", None),
            ("https:///", None),
            ("//", None),
            ("", None),
            ("example.org", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("https://example.org/a b", None),
            ("https://example.org/a\nb", None),
            ("ñttp://example.org", None),
        ] {
            assert_eq!(clean(raw).as_deref(), address, "{raw}");
        }
        assert_eq!(
            clean(&format!("https://{}", "a".repeat(MAX_ADDRESS_BYTES))),
            None
        );
    }

    #[test]
    fn what_is_quoted_is_read_as_it_is() {
        for (address, quoted_as) in [
            (
                "https://example.org/a?b=c&d",
                Some("https://example.org/a?b=c&d"),
            ),
            (
                "https://example.org/it's [1]",
                Some("https://example.org/it%27s%20%5B1%5D"),
            ),
            ("javascript:alert('x')", None),
            ("https://example.org/a\tb", None),
        ] {
            assert_eq!(quoted(address).as_deref(), quoted_as, "{address}");
            if let Some(quoted) = quoted(address) {
                assert_eq!(clean(&quoted), Some(quoted.clone()));
            }
        }
    }

    #[test]
    fn addresses_in_text_end_before_the_full_stop() {
        for (text, address) in [
            ("https://example.org/a, and", "https://example.org/a"),
            ("https://example.org/a).", "https://example.org/a"),
            ("https://example.org/a_(b))", "https://example.org/a_(b)"),
            ("https://example.org/?a=[x]", "https://example.org/?a="),
            ("https://example.org/é—x\u{a0}y", "https://example.org/é—x"),
            ("https://example.org", "https://example.org"),
            ("https://", ""),
            ("https://...", ""),
            ("https:// x", ""),
        ] {
            let length = match find(text) {
                Found::Address(length) => length,
                Found::Nothing(_) => 0,
            };
            assert_eq!(text.get(..length), Some(address), "{text}");
        }
        let long = "http://".repeat(MAX_ADDRESS_BYTES);
        assert!(matches!(find(&long), Found::Nothing(looked) if looked == long.len()));
    }
}
