//! What a MIME type looks like.

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
}
