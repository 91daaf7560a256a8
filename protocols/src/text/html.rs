//! The few replacements that servers make so that a text can stand in a page.
//!
//! There are two kinds, which must not be confounded: the text of a message has exactly three replaced, and `&` is not
//! among them ([`escape`], [`unescape`]); a name has the five characters of XML replaced ([`escape_name`], [`unescape_name`]).

use std::borrow::Cow;

use memchr::memchr2;

/// A line break, as it stands in the text of a message.
const BREAK: &str = " <br/> ";

/// Makes the three replacements of messages: `<`, `>` and the line break.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\n' => Some(BREAK),
        _ => None,
    })
}

/// Undoes the three replacements of messages, and nothing more: whoever typed `&lt;` said `<`.
#[must_use]
pub fn unescape(text: &str) -> Cow<'_, str> {
    const WORDS: &[Word] = &[
        Word::of("&lt;", "<"),
        Word::of("&gt;", ">"),
        Word {
            lead: " ",
            wire: "<br/> ",
            text: "\n",
        },
    ];
    restore(text, WORDS)
}

/// Replaces the five characters of XML, as a name has them replaced.
#[must_use]
pub fn escape_name(name: &str) -> Cow<'_, str> {
    replace(name, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    })
}

/// Undoes the replacements of names, once.
#[must_use]
pub fn unescape_name(name: &str) -> Cow<'_, str> {
    const WORDS: &[Word] = &[
        Word::of("&amp;", "&"),
        Word::of("&lt;", "<"),
        Word::of("&gt;", ">"),
        Word::of("&quot;", "\""),
        Word::of("&#39;", "'"),
        Word::of("&#039;", "'"),
        Word::of("&apos;", "'"),
    ];
    restore(name, WORDS)
}

/// The text without its tags; what they enclose stays. A `<` that no `>` follows is no tag.
#[must_use]
pub fn strip_tags(html: &str) -> Cow<'_, str> {
    if !html.contains('<') {
        return Cow::Borrowed(html);
    }
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        let Some((_, after)) = tag.split_once('>') else {
            break;
        };
        text.push_str(before);
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn replace(text: &str, with: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    let Some(first) = text.find(|c| with(c).is_some()) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at_checked(first).unwrap_or((text, ""));
    let mut replaced = String::with_capacity(text.len() + 16);
    replaced.push_str(clean);
    for c in rest.chars() {
        match with(c) {
            Some(words) => replaced.push_str(words),
            None => replaced.push(c),
        }
    }
    Cow::Owned(replaced)
}

/// A replacement that is undone.
struct Word {
    /// What must stand before `wire`, and goes with it.
    lead: &'static str,
    /// Begins with `&` or `<`.
    wire: &'static str,
    text: &'static str,
}

impl Word {
    const fn of(wire: &'static str, text: &'static str) -> Self {
        Self {
            lead: "",
            wire,
            text,
        }
    }
}

fn restore<'a>(text: &'a str, words: &[Word]) -> Cow<'a, str> {
    let mut restored = String::new();
    let mut rest = text;
    // So much of `rest` holds no word.
    let mut looked = 0;
    while let Some(found) = rest
        .as_bytes()
        .get(looked..)
        .and_then(|bytes| memchr2(b'&', b'<', bytes))
    {
        let at = looked + found;
        let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let word = words.iter().find_map(|word| {
            let after = here.strip_prefix(word.wire)?;
            // An empty lead is not compared: its address is none, and some processors take long over that.
            let before = match word.lead {
                "" => before,
                lead => before.strip_suffix(lead)?,
            };
            Some((before, word.text, after))
        });
        let Some((before, restored_word, after)) = word else {
            looked = at + 1;
            continue;
        };
        if restored.is_empty() {
            restored.reserve(text.len());
        }
        restored.push_str(before);
        restored.push_str(restored_word);
        rest = after;
        looked = 0;
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    restored.push_str(rest);
    Cow::Owned(restored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_replacements_and_no_more() {
        for (text, wire) in [
            ("a<b>&\"'", "a&lt;b&gt;&\"'"),
            ("a\nb", "a <br/> b"),
            ("a\r\nb", "a\r <br/> b"),
            ("\n\n", " <br/>  <br/> "),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(escape(text), wire);
            assert_eq!(unescape(wire), text);
        }
        for (wire, text) in [
            ("&lt;", "<"),
            ("&amp;lt;", "&amp;lt;"),
            ("&amp;", "&amp;"),
            ("a<br/>b", "a<br/>b"),
            ("a <br/>b", "a <br/>b"),
            ("<i>x</i>", "<i>x</i>"),
            ("é &lt; é & é", "é < é & é"),
            ("&&lt;", "&<"),
            ("  <br/> ", " \n"),
        ] {
            assert_eq!(unescape(wire), text, "{wire}");
        }
        assert!(matches!(unescape("a & b"), Cow::Borrowed(_)));
    }

    #[test]
    fn names_have_five() {
        let name = "<ann> & 'bob' \"";
        let wire = "&lt;ann&gt; &amp; &#39;bob&#39; &quot;";
        assert_eq!(escape_name(name), wire);
        assert_eq!(unescape_name(wire), name);
        assert_eq!(unescape_name("~a&amp;lt;b"), "~a&lt;b");
        assert_eq!(unescape_name("&#039;&apos;"), "''");
    }

    #[test]
    fn tags_go_and_their_content_stays() {
        for (html, text) in [
            (
                "<a href=\"javascript:void(0);\" style=\"font-weight: bold;\">alice</a>, <a>bob</a>",
                "alice, bob",
            ),
            ("a < b", "a < b"),
            ("<<b>x", "x"),
            ("plain", "plain"),
            ("<", "<"),
            ("<>", ""),
        ] {
            assert_eq!(strip_tags(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_unescaped_to_itself(text in "[a-z<>\n &é]{0,40}") {
            prop_assume!(unescape(&text) == text);
            let wire = escape(&text).into_owned();
            prop_assert_eq!(unescape(&wire), text);
            prop_assert!(!wire.contains('\n'));
        }

        #[test]
        fn names_survive(name: String) {
            let wire = escape_name(&name).into_owned();
            prop_assert_eq!(unescape_name(&wire), name);
        }

        #[test]
        fn any_text_is_survived(text in "[a-z<>/&; ]{0,60}") {
            prop_assert!(unescape(&text).len() <= text.len());
            prop_assert!(strip_tags(&text).len() <= text.len());
        }
    }
}
