//! Commands, which clients write as messages behind a slash.

use std::borrow::Cow;
use std::fmt;

/// U+2060, which shows nothing and which no server takes for a space.
const WORD_JOINER: char = '\u{2060}';

/// A command, as a server reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// Its name, in lower case and without full stops: `/W.ho` is `who`.
    pub name: String,
    /// What follows the space behind the name; empty if nothing does.
    pub rest: &'a str,
}

impl<'a> Command<'a> {
    /// Reads the command that a message is; `None` for one that is no command.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = split_word(text.trim().strip_prefix('/')?);
        Some(Self {
            name: name.replace('.', "").to_lowercase(),
            rest,
        })
    }

    /// The words of [`Command::rest`], cut at single spaces: two spaces have an empty word between them.
    pub fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.rest.split(' ')
    }

    /// The first word, and what follows the space behind it.
    #[must_use]
    pub fn first_word(&self) -> (&'a str, &'a str) {
        split_word(self.rest)
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What follows may be a password.
        write!(f, "/{} ({} bytes)", self.name, self.rest.len())
    }
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// The text as no server takes it for a command: one that begins with a slash, behind spaces or not, gets an invisible
/// character before it.
#[must_use]
pub fn defused(text: &str) -> Cow<'_, str> {
    if is_taken(text) {
        Cow::Owned(format!("{WORD_JOINER}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was [`defused`].
#[must_use]
pub fn revealed(text: &str) -> &str {
    text.strip_prefix(WORD_JOINER)
        .filter(|rest| is_taken(rest))
        .unwrap_or(text)
}

/// Servers cut spaces off before they look. What was defused counts too, so that it comes back as it was.
fn is_taken(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == WORD_JOINER)
        .starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_are_read_as_servers_do() {
        for (text, command) in [
            ("/join Tea secret word", Some(("join", "Tea secret word"))),
            ("/W.ho", Some(("who", ""))),
            ("  /ME waves  ", Some(("me", "waves"))),
            ("/", Some(("", ""))),
            ("/ x", Some(("", "x"))),
            ("/msg  bob", Some(("msg", " bob"))),
            ("join", None),
            ("", None),
            ("a /b", None),
        ] {
            let read = Command::read(text);
            let read = read.as_ref().map(|one| (one.name.as_str(), one.rest));
            assert_eq!(read, command, "{text}");
        }
        let command = Command::read("/create 3 two words").unwrap();
        assert_eq!(command.words().collect::<Vec<_>>(), ["3", "two", "words"]);
        assert_eq!(command.first_word(), ("3", "two words"));
        let secret = Command::read("/pwd hunter2").unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn text_is_no_command() {
        for text in ["/join x", " /x", "\n/x", "\u{2060}/x", "/", "\u{a0}/"] {
            let sent = defused(text);
            assert_ne!(sent, text);
            assert_eq!(Command::read(&sent), None);
            assert_eq!(revealed(&sent), text);
        }
        for text in ["x /y", "", "\u{2060}x", "~"] {
            assert_eq!(defused(text), text);
            assert_eq!(revealed(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[ /\u{2060}\na]{0,6}|\\PC{0,8}") {
            let sent = defused(&text).into_owned();
            prop_assert_eq!(Command::read(&sent), None);
            prop_assert_eq!(revealed(&sent), text);
        }
    }
}
