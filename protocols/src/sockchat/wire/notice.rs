//! What the server says in words, as it says it to programs, and how a person reads it.

use std::borrow::Cow;

use crate::text::html;

/// The longest list of arguments read: the longest that servers send has two.
const MAX_ARGUMENTS: usize = 16;

/// Text of the server: a code and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// Whether something could not be done.
    pub is_error: bool,
    /// The server's name for it.
    pub code: &'a str,
    /// Names and texts, as they stand in packets.
    pub arguments: Vec<&'a str>,
}

/// The words for each code; `{0}` is its first argument, `{1}` the second. What is not here is shown as it came.
const WORDS: &[(&str, &str)] = &[
    ("say", "{0}"),
    ("welcome", "{0}"),
    ("join", "{0} has joined"),
    ("leave", "{0} has left"),
    ("jchan", "{0} has come into the channel"),
    ("lchan", "{0} has left the channel"),
    ("kick", "{0} was thrown out"),
    ("flood", "{0} was thrown out for saying too much at once"),
    ("timeout", "{0} has fallen silent and was disconnected"),
    ("nick", "{0} is now called {1}"),
    ("crchan", "the channel {0} was created"),
    ("delchan", "the channel {0} was deleted"),
    ("cpwdchan", "the password of the channel was changed"),
    (
        "cprivchan",
        "the rank that the channel asks for was changed",
    ),
    ("ipaddr", "the address of {0} is {1}"),
    ("silence", "you have been silenced"),
    ("unsil", "you may speak again"),
    ("silok", "{0} is silenced now"),
    ("usilok", "{0} may speak again"),
    ("flwarn", "slow down, or you will be thrown out"),
    ("unban", "{0} is no longer banned"),
    ("banlist", "banned are: {0}"),
    ("who", "online are: {0}"),
    ("whochan", "in {0} are: {1}"),
    ("sessgen", "a session was made: {0}"),
    ("sessdel", "a session was deleted: {0}"),
    ("generr", "something went wrong"),
    ("nocmd", "there is no command /{0}"),
    ("cmdna", "you may not use {0}"),
    ("cmderr", "the command is not written like that"),
    ("usernf", "there is nobody called {0}"),
    ("rankerr", "you may not ask for a higher rank than your own"),
    ("nameinuse", "the name {0} is taken"),
    ("whoerr", "you may not see who is in {0}"),
    ("kickna", "you may not throw {0} out"),
    ("notban", "{0} is not banned"),
    ("nochan", "there is no channel {0}"),
    ("samechan", "you are in {0} already"),
    ("ipchan", "your rank is too low for {0}"),
    ("nopwchan", "{0} needs a password"),
    ("ipwchan", "the password for {0} is wrong"),
    ("inchan", "a channel cannot be called so"),
    ("nischan", "there is a channel {0} already"),
    ("ndchan", "you may not delete {0}"),
    ("namchan", "you may not change {0}"),
    ("delerr", "you may not delete this message, or it is gone"),
    ("silerr", "they are silenced already"),
    ("usilerr", "they are not silenced"),
    ("silperr", "you may not silence them"),
    ("usilperr", "you may not let them speak again"),
    ("silself", "you cannot silence yourself"),
    ("reconnect", "the connection was lost"),
    ("logerr", "the log cannot be read"),
    ("sesscmderr", "the command is not written like that"),
    ("sessdelerr", "the session cannot be deleted"),
    ("sessnotres", "there is no such session"),
];

/// Notices of which the argument is a text that people wrote, as in a message.
const SAID: [&str; 2] = ["say", "welcome"];

/// Notices that only mirror other packets: they stand in a backlog, and are not sent while it happens.
const MIRRORED: [&str; 7] = [
    "join", "leave", "kick", "flood", "timeout", "jchan", "lchan",
];

impl<'a> Notice<'a> {
    /// Reads the text of a message of the server; `None` for text that is no notice.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('\u{c}');
        let is_error = match parts.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let code = parts.next().filter(|code| !code.is_empty())?;
        let mut arguments: Vec<&str> = parts.take(MAX_ARGUMENTS).collect();
        // One dialect ends with a form feed where there are none.
        if arguments == [""] {
            arguments.clear();
        }
        Some(Self {
            is_error,
            code,
            arguments,
        })
    }

    /// The text of a message of the server.
    #[must_use]
    pub fn written(&self) -> String {
        let mut text = String::from(if self.is_error { "1" } else { "0" });
        for part in std::iter::once(&self.code).chain(&self.arguments) {
            text.push('\u{c}');
            text.push_str(&part.replace('\u{c}', " "));
        }
        text
    }

    /// What people wrote, as in a message: the text of a `say` or `welcome`.
    #[must_use]
    pub fn said(&self) -> Option<&'a str> {
        let said = SAID.contains(&self.code);
        self.arguments.first().copied().filter(|_| said)
    }

    /// Whether it says what another packet says too, and so stands in a backlog only.
    #[must_use]
    pub fn is_mirrored(&self) -> bool {
        !self.is_error && MIRRORED.contains(&self.code)
    }

    /// The arguments as people read them: without tags and replacements.
    #[must_use]
    pub fn plain_arguments(&self) -> Vec<String> {
        let said = SAID.contains(&self.code);
        let plain = |argument: &&str| {
            if said {
                return html::unescape(argument).into_owned();
            }
            html::unescape_name(&html::strip_tags(argument)).into_owned()
        };
        self.arguments.iter().map(plain).collect()
    }

    /// The notice in English.
    #[must_use]
    pub fn english(&self) -> String {
        let arguments = self.plain_arguments();
        let found = WORDS.iter().find(|(code, _)| *code == self.code);
        let Some((_, words)) = found else {
            let code = Cow::Borrowed(self.code);
            let all: Vec<Cow<'_, str>> = std::iter::once(code)
                .chain(arguments.into_iter().map(Cow::Owned))
                .collect();
            return all.join(" ");
        };
        // One dialect does not say which channel.
        let words = match (self.code, arguments.len()) {
            ("whochan", 1) => "here are: {0}",
            _ => words,
        };
        filled(words, &arguments)
    }
}

fn filled(words: &str, arguments: &[String]) -> String {
    let mut text = String::new();
    let mut rest = words;
    while let Some((before, place)) = rest.split_once('{') {
        text.push_str(before);
        let (number, after) = place.split_once('}').unwrap_or((place, ""));
        let argument = number.parse().ok().and_then(|at: usize| arguments.get(at));
        text.push_str(argument.map_or("?", String::as_str));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn english(text: &str) -> String {
        Notice::read(&text.replace('|', "\u{c}")).unwrap().english()
    }

    #[test]
    fn notices_are_read() {
        let notice = Notice::read("0\u{c}nick\u{c}bob\u{c}~rob").unwrap();
        assert!(!notice.is_error);
        assert_eq!(notice.code, "nick");
        assert_eq!(notice.arguments, ["bob", "~rob"]);
        assert_eq!(notice.written(), "0\u{c}nick\u{c}bob\u{c}~rob");
        let trailing = Notice::read("1\u{c}cmderr\u{c}").unwrap();
        assert!(trailing.is_error && trailing.arguments.is_empty());
        assert_eq!(Notice::read("1\u{c}cmderr"), Some(trailing));
        for text in ["", "hello", "2\u{c}x", "0", "0\u{c}", "0\u{c}\u{c}x"] {
            assert_eq!(Notice::read(text), None, "{text}");
        }
        let many = format!("0\u{c}x{}", "\u{c}y".repeat(1 << 16));
        assert_eq!(Notice::read(&many).unwrap().arguments.len(), MAX_ARGUMENTS);
    }

    #[test]
    fn notices_are_put_in_words() {
        for (text, words) in [
            ("0|join|alice", "alice has joined"),
            ("0|nick|bob|~a&lt;b", "bob is now called ~a<b"),
            ("1|nocmd|nosuch", "there is no command /nosuch"),
            ("1|cmdna|/kick", "you may not use /kick"),
            ("1|usernf", "there is nobody called ?"),
            ("0|say|a &lt;b&gt; <br/> c", "a <b>\nc"),
            (
                "0|who|<a href=\"x\" style=\"font-weight:bold\">bob</a>, <a href=\"y\">al&amp;ice</a>",
                "online are: bob, al&ice",
            ),
            ("0|whochan|Tea|<a>bob</a>", "in Tea are: bob"),
            ("0|whochan|<a>bob</a>, <a>alice</a>", "here are: bob, alice"),
            ("0|future|a|b", "future a b"),
            ("0|join|{1}", "{1} has joined"),
        ] {
            assert_eq!(english(text), words, "{text}");
        }
    }

    #[test]
    fn every_code_has_its_words_once() {
        let codes: BTreeSet<&str> = WORDS.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), WORDS.len());
        for code in SAID.iter().chain(&MIRRORED) {
            assert!(codes.contains(code), "{code}");
        }
        for (code, words) in WORDS {
            let full = filled(words, &["one".to_owned(), "two".to_owned()]);
            assert!(!full.contains(['{', '}', '?']), "{code}: {full}");
        }
    }

    #[test]
    fn what_people_wrote_is_told_apart() {
        let said = Notice::read("0\u{c}say\u{c}[b]x[/b]").unwrap();
        assert_eq!(said.said(), Some("[b]x[/b]"));
        let joined = Notice::read("0\u{c}join\u{c}bob").unwrap();
        assert_eq!((joined.said(), joined.is_mirrored()), (None, true));
        assert!(!said.is_mirrored());
    }
}
