//! What kind of file it is: what its uploader says, as far as its bytes bear it out.
//!
//! Pictures, sounds and films are shown by browsers where others are only saved, so for them the bytes decide. For all others
//! the word counts: nothing is ever made of it.

use infer::MatcherType;

/// Bytes of a file's beginning that are looked at: all that tell a kind are in the first few hundred.
pub(crate) const HEAD_BYTES: usize = 4096;

/// What is not known.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

/// The longest type, in bytes: twice 127 and the slash (RFC 6838, section 4.2).
const MAX_BYTES: usize = 255;

/// The type to keep a file under, by the header `Content-Type` of its upload and its first [`HEAD_BYTES`].
pub(crate) fn kind(told: Option<&str>, head: &[u8]) -> String {
    let told = told.and_then(essence).filter(|told| told != UNKNOWN);
    let found = shown(head);
    match (told, found) {
        // The same container holds both; only its maker knows.
        (Some(told), Some(("video", kind))) if told.starts_with("audio/") => {
            kind.replacen("video/", "audio/", 1)
        }
        (Some(told), Some((_, kind))) if is_shown(&told) => kind.to_owned(),
        (Some(told), None) if is_shown(&told) => UNKNOWN.to_owned(),
        (Some(told), _) => told,
        (None, Some((_, kind))) => kind.to_owned(),
        (None, None) => UNKNOWN.to_owned(),
    }
}

/// Whether a browser may show it, rather than save it. A drawing in SVG is a page with scripts.
pub(crate) fn is_shown(kind: &str) -> bool {
    match kind.split_once('/') {
        Some(("image", kind)) => !kind.starts_with("svg"),
        Some(("audio" | "video", _)) => true,
        _ => false,
    }
}

/// The picture, sound or film that begins so: its family and its type.
fn shown(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let found = infer::get(head)?;
    let family = match found.matcher_type() {
        MatcherType::Image => "image",
        MatcherType::Audio => "audio",
        MatcherType::Video => "video",
        _ => return None,
    };
    let kind = found.mime_type();
    is_shown(kind).then_some((family, kind))
}

/// Type and subtype in lower case, without parameters; `None` for what is no type (RFC 6838, section 4.2).
fn essence(header: &str) -> Option<String> {
    let essence = header.split(';').next()?.trim().to_ascii_lowercase();
    let (family, kind) = essence.split_once('/')?;
    let is_name = |name: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(known)
    };
    (essence.len() <= MAX_BYTES && is_name(family) && is_name(kind)).then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const MP3: &[u8] = b"ID3\x04\0\0\0\0\0\0";
    const PAGE: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
    const DRAWING: &[u8] =
        b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";

    fn webm() -> Vec<u8> {
        let mut head = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm".to_vec();
        head.resize(HEAD_BYTES, 0);
        head
    }

    #[test]
    fn what_is_shown_is_what_the_bytes_are() {
        let webm = webm();
        for (told, head, kept) in [
            (Some("image/png"), PNG, "image/png"),
            (Some("IMAGE/PNG; q=1"), PNG, "image/png"),
            (Some("image/png"), JPEG, "image/jpeg"),
            (Some("image/png"), PAGE, UNKNOWN),
            (Some("image/png"), DRAWING, UNKNOWN),
            (Some("image/png"), b"", UNKNOWN),
            (Some("image/x-page"), PAGE, UNKNOWN),
            (Some("video/mp4"), b"<svg onload=alert(1)>", UNKNOWN),
            (Some("audio/webm"), &webm, "audio/webm"),
            (Some("video/webm"), &webm, "video/webm"),
            (Some("video/mp4"), MP3, "audio/mpeg"),
            (Some("image/svg+xml"), DRAWING, "image/svg+xml"),
            (Some("image/svg+xml"), PNG, "image/svg+xml"),
            (Some("text/html"), PAGE, "text/html"),
            (Some("text/plain; charset=utf-8"), PAGE, "text/plain"),
            (Some("application/pdf"), PNG, "application/pdf"),
            (Some("application/octet-stream"), PNG, "image/png"),
            (Some("application/octet-stream"), PAGE, UNKNOWN),
            (None, JPEG, "image/jpeg"),
            (None, MP3, "audio/mpeg"),
            (None, PAGE, UNKNOWN),
            (None, b"", UNKNOWN),
        ] {
            assert_eq!(kind(told, head), kept, "{told:?}");
        }
        for kept in ["image/png", "audio/webm", "video/mp4"] {
            assert!(is_shown(kept));
        }
        for kept in ["image/svg+xml", "image/svg", "text/html", UNKNOWN, "image"] {
            assert!(!is_shown(kept));
        }
    }

    #[test]
    fn what_is_no_type_is_none() {
        let long = format!("a/{}", "x".repeat(MAX_BYTES));
        for told in [
            "",
            "/",
            "image",
            "image/",
            "/png",
            "a b/c",
            "a/b c",
            "a/b\r\nX: y",
            "a/b/c",
            "\u{e9}/x",
            "../x",
            &long,
        ] {
            assert_eq!(kind(Some(told), PAGE), UNKNOWN, "{told:?}");
        }
    }
}
