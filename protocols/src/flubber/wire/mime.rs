//! What a MIME type looks like, and the name of a file in it, for which the format has no other place.

use std::fmt::Write as _;

/// The longest name of a file that is taken out of a type, in bytes: what a directory takes.
const MAX_NAME_BYTES: usize = 255;

/// The parameter of the name, as mail has it, and its form for what is no token (RFC 8187).
const NAME: &str = "name";
const ENCODED_NAME: &str = "name*";
const CHARSET: &str = "UTF-8''";

/// A type with the name of a file as its parameter.
pub(super) fn with_name(mime: &str, name: &str) -> String {
    if is_token(name) {
        return format!("{mime};{NAME}={name}");
    }
    let mut text = format!("{mime};{ENCODED_NAME}={CHARSET}");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// A type without the name of a file, and that name, if it has one: its last part where it is a path.
pub(super) fn split_name(mime: &str) -> (String, Option<String>) {
    let (mut rest, mut plain, mut encoded) = (String::new(), None, None);
    for (at, part) in parts(mime).into_iter().enumerate() {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            NAME if at > 0 => plain = Some(unquoted(value.trim())),
            ENCODED_NAME if at > 0 => encoded = decoded(value.trim()),
            _ => {
                if at > 0 {
                    rest.push(';');
                }
                rest.push_str(part);
            }
        }
    }
    let name = encoded.or(plain).and_then(|name| file_name(&name));
    (rest.trim_end().to_owned(), name)
}

/// What lies between the semicolons, but for those in quotes.
fn parts(mime: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    mime.split(|char: char| {
        let is_end = char == ';' && !is_quoted;
        is_quoted ^= char == '"' && !is_escaped;
        is_escaped = char == '\\' && is_quoted && !is_escaped;
        is_end
    })
    .collect()
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
    else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        text.extend(if char == '\\' {
            chars.next()
        } else {
            Some(char)
        });
    }
    text
}

fn decoded(value: &str) -> Option<String> {
    let (charset, text) = value.split_at_checked(CHARSET.len())?;
    if !charset.eq_ignore_ascii_case(CHARSET) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (hex, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// No way out of a directory, nothing that moves a cursor, not too long.
fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut shown: String = last.chars().filter(|char| !char.is_control()).collect();
    shown.truncate(shown.floor_char_boundary(MAX_NAME_BYTES));
    (!matches!(shown.as_str(), "" | "." | "..")).then_some(shown)
}

/// Whether it is `type/subtype`, perhaps with parameters.
pub(super) fn is_mime(text: &str) -> bool {
    let (essence, parameters) = match text.split_once(';') {
        Some((essence, parameters)) => (essence, Some(parameters)),
        None => (text, None),
    };
    let Some((kind, subtype)) = essence.trim_end().split_once('/') else {
        return false;
    };
    is_token(kind) && is_token(subtype) && parameters.is_none_or(are_parameters)
}

fn are_parameters(text: &str) -> bool {
    let printable = |char: char| char == ' ' || char == '\t' || char.is_ascii_graphic();
    text.contains('=') && text.chars().all(printable)
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_from_other_text() {
        for good in [
            "text/plain",
            "image/svg+xml",
            "text/plain; charset=utf-8",
            "a/b;c=\"d e\"",
        ] {
            assert!(is_mime(good), "{good}");
        }
        for bad in [
            "",
            "text",
            "/",
            "text/",
            "/plain",
            "text/pl ain",
            "text/plain;",
            "te\u{e4}/x",
            "a/b/c",
            "a/b;c=\n",
        ] {
            assert!(!is_mime(bad), "{bad}");
        }
    }

    #[test]
    fn the_name_of_a_file_goes_with_its_type() {
        for name in [
            "plan.txt",
            "a b.txt",
            "r\u{e9}sum\u{e9};\"x\".pdf",
            "100%",
            "\u{1f600}",
        ] {
            let mime = with_name("text/plain; charset=utf-8", name);
            assert!(is_mime(&mime), "{mime}");
            let (mime, read) = split_name(&mime);
            assert_eq!(mime, "text/plain; charset=utf-8");
            assert_eq!(read.as_deref(), Some(name));
        }
    }

    #[test]
    fn names_are_read_as_others_write_them_and_lead_nowhere() {
        let long = format!("a/b; name={}", "x".repeat(300));
        let cut = "x".repeat(255);
        for (mime, rest, name) in [
            ("a/b", "a/b", None),
            ("a/b; NAME=\"x;\\\"y\"; c=d", "a/b; c=d", Some("x;\"y")),
            ("a/b;name=plain;name*=utf-8''%C3%A9", "a/b", Some("\u{e9}")),
            ("a/b;name=p;name*=latin1''%E9", "a/b", Some("p")),
            ("a/b;name*=UTF-8''%", "a/b", None),
            ("a/b;name*=UTF-8''%zz", "a/b", None),
            ("a/b; name=../../etc/passwd", "a/b", Some("passwd")),
            ("a/b; name=\"c:\\\\x\"", "a/b", Some("x")),
            ("a/b; name=..", "a/b", None),
            ("a/b; name*=UTF-8''%1B%5Bx", "a/b", Some("[x")),
            (long.as_str(), "a/b", Some(cut.as_str())),
            ("name=x/y", "name=x/y", None),
        ] {
            assert_eq!(
                split_name(mime),
                (rest.to_owned(), name.map(str::to_owned)),
                "{mime}"
            );
        }
    }
}
