//! What a file is called: a name that any system can store and that nobody is fooled by.

use icu_normalizer::ComposingNormalizer;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a file without a usable name is called.
const NAMELESS: &str = "file";

/// The longest name, in bytes: file systems take 255, and those who save one twice add " (1)".
const MAX_BYTES: usize = 200;

/// The longest ending that outlives a cut, with its dot, in bytes.
const MAX_ENDING_BYTES: usize = 16;

/// All but the `unreserved` of RFC 3986, section 2.3, which are also in the `attr-char` of RFC 8187 (but for the tilde, which
/// is neither needed there nor here).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Makes a name of whatever an uploader calls it: the last part of a path, composed (NFC), without what cannot be seen, what
/// turns the writing direction, and what some system gives a meaning.
pub(crate) fn clean(told: &str) -> String {
    let last = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let composed = ComposingNormalizer::new_nfc().normalize(last);
    let kept: String = composed
        .chars()
        .filter(|char| !is_unseen(*char))
        .map(|char| if is_special(char) { '_' } else { char })
        .collect();
    let is_edge = |char: char| char.is_whitespace() || char == '.';
    // A dot in front would hide the file.
    let name = cut(kept.trim_matches(is_edge))
        .trim_end_matches(is_edge)
        .to_owned();
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    name
}

/// The name as one part of an address.
pub(crate) fn encode(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// The value of `Content-Disposition` (RFC 6266), with a name for those who know no other than ASCII.
pub(crate) fn disposition(how: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|char| match char {
            // A percent sign would be taken for an encoding by some (RFC 6266, appendix D).
            '"' | '\\' | '%' => '_',
            ' '..='~' => char,
            _ => '_',
        })
        .collect();
    format!(
        "{how}; filename=\"{plain}\"; filename*=UTF-8''{}",
        encode(name)
    )
}

/// What shows nothing, or makes the rest show as something else.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// What means something to a shell or to a file system.
fn is_special(char: char) -> bool {
    matches!(char, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// The longest beginning that is no longer than allowed, with the ending.
fn cut(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let ending = name.rfind('.').and_then(|dot| name.get(dot..));
    let ending = ending
        .filter(|ending| ending.len() <= MAX_ENDING_BYTES)
        .unwrap_or_default();
    let end = name.floor_char_boundary(MAX_BYTES - ending.len());
    format!("{}{ending}", name.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (told, kept) in [
            ("a picture.png", "a picture.png"),
            ("写真 (1).jpg", "写真 (1).jpg"),
            ("", "file"),
            (".", "file"),
            ("..", "file"),
            (" . .. ", "file"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("/", "file"),
            ("a/", "file"),
            ("C:\\x\\y.txt", "y.txt"),
            ("C:y.txt", "C_y.txt"),
            (".bashrc", "bashrc"),
            ("a.", "a"),
            ("a\0b\r\nX: y\t\u{7f}\u{85}", "abX_ y"),
            ("gnp.\u{202e}exe", "gnp.exe"),
            ("\u{2066}a\u{2069}\u{200b}\u{feff}\u{2028}b", "ab"),
            ("\u{e0041}\u{3164}", "file"),
            ("a\"b<c>|?*", "a_b_c____"),
            ("e\u{301}.txt", "\u{e9}.txt"),
        ] {
            assert_eq!(clean(told), kept, "{told:?}");
        }
    }

    #[test]
    fn long_names_keep_their_ending() {
        let long = "x".repeat(MAX_BYTES);
        assert_eq!(clean(&long), long);
        assert_eq!(clean(&format!("{long}y")), long);
        let cut = clean(&format!("{}.tar.gz", "\u{1f600}".repeat(100)));
        assert!(
            cut.len() <= MAX_BYTES && cut.ends_with("\u{1f600}.gz"),
            "{cut}"
        );
        let no_ending = clean(&format!("a.{}", "é".repeat(500)));
        assert_eq!(no_ending.len(), MAX_BYTES);
        // What is cut off may end in what no name ends in.
        let spaces = clean(&format!("a{}b", " ".repeat(500)));
        assert_eq!(spaces, "a");
    }

    #[test]
    fn a_clean_name_is_clean() {
        for told in [
            "a picture.png",
            "..x..",
            &" .".repeat(300),
            &"é. ".repeat(300),
        ] {
            let once = clean(told);
            assert_eq!(clean(&once), once);
        }
    }

    #[test]
    fn in_addresses_and_headers() {
        assert_eq!(encode("a b-c_d.é/%?#"), "a%20b-c_d.%C3%A9%2F%25%3F%23");
        assert_eq!(
            disposition("inline", "na\"ïve 50%.txt"),
            "inline; filename=\"na__ve 50_.txt\"; filename*=UTF-8''na%22%C3%AFve%2050%25.txt"
        );
    }
}
