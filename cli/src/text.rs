//! Text of others on its way to a terminal: nothing in it may command the terminal or hide what it says.

/// The text with every control character made visible; line ends stay.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => c,
            // Its width depends on the column, and it can do no more harm than a space.
            '\t' => ' ',
            _ => visible(c),
        })
        .collect()
}

/// The text harmless, with further lines set off, so that none can pose as somebody else's message.
pub(crate) fn set_off(text: &str) -> String {
    harmless(text).replace('\n', "\n      ")
}

/// The text as one line: line ends are made visible too.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

fn visible(c: char) -> char {
    match c {
        // The pictures of the control characters, U+2400 and following, are in their order.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        // C1: some terminals take U+009B as the beginning of a command.
        '\u{80}'..='\u{9f}'
        // Overrides of the writing direction: they make text look like another one. Then line and paragraph separators.
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_the_terminal_become_visible() {
        let evil = "a\x1b[2J\x07\r\x7f\u{9b}31m\u{202e}b\n\tc\0";
        let shown = harmless(evil);
        assert_eq!(shown, "a␛[2J␇␍␡\u{fffd}31m\u{fffd}b\n c␀");
        assert!(!one_line(evil).chars().any(char::is_control));
        assert_eq!(one_line("ann ünï 👍"), "ann ünï 👍");
    }
}
