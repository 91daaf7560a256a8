//! Sign-in names: what may be one, and when two are the same.

use std::fmt;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use kaiwa_core::{Error, ErrorKind};

/// The longest sign-in name, in characters: long enough for an e-mail address of usual length.
pub const MAX_NAME_CHARS: usize = 64;

/// A sign-in name. Two names are the same if their keys are: compatible forms and letter case do not matter (Unicode NFKC and
/// full case folding), so nobody can be taken for somebody else by them.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    key: String,
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// `Invalid` for an empty name, one of more than [`MAX_NAME_CHARS`] characters, with control or invisible characters, or with
    /// white space at an end.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |why: &'static str| Error::new(ErrorKind::Invalid, why);
        if text.is_empty() {
            return Err(invalid("a name is needed"));
        }
        if text.chars().count() > MAX_NAME_CHARS {
            return Err(invalid("a name has 64 characters at most"));
        }
        if text.trim() != text {
            return Err(invalid("a name neither begins nor ends with white space"));
        }
        if text.chars().any(is_unseen) {
            return Err(invalid("a name has no control or invisible characters"));
        }
        Ok(Self {
            key: key(text),
            text: text.to_owned(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What makes two names the same.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// The key of any text, also of one that is no name.
#[must_use]
pub fn key(text: &str) -> String {
    let normalizer = ComposingNormalizer::new_nfkc();
    let folded = CaseMapper::new()
        .fold_string(&normalizer.normalize(text))
        .into_owned();
    // Folding may leave characters that compose.
    normalizer.normalize(&folded).into_owned()
}

/// Control characters, and those without a shape of their own that can hide in a name: zero-width ones, marks of direction,
/// tags, fillers.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_form_do_not_make_another_name() {
        for (one, other) in [
            ("ann", "ANN"),
            ("straße", "STRASSE"),
            ("\u{e9}", "e\u{301}"),
            ("ａnn", "ann"),
            ("ﬁn", "FIN"),
            ("ΣΑΣ", "σας"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("ann"), key("anne"));
        assert_ne!(key("аnn"), key("ann"), "another alphabet is another name");
    }

    #[test]
    fn what_is_no_name() {
        for text in [
            "",
            " ",
            " ann",
            "ann\n",
            "a\u{200b}nn",
            "a\u{0}",
            "\u{202e}nna",
        ] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
        assert!(Name::parse(&"x".repeat(65)).is_err());
        for text in [
            "a",
            "ann o'neil",
            "ann@example.org",
            "会話",
            &"é".repeat(64),
        ] {
            assert_eq!(Name::parse(text).unwrap().text(), text);
        }
    }
}
