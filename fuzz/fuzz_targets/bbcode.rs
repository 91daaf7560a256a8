//! Whatever text comes, it is parsed without end or panic, no deeper than allowed, and what was rendered of it is parsed to the
//! same; every text that is meant literally is parsed to itself.

#![no_main]

use std::sync::LazyLock;

use kaiwa_protocols::text::{Emotes, bbcode, html};
use kaiwa_protocols::{MAX_STYLE_DEPTH, MessageFragment, Style};
use libfuzzer_sys::fuzz_target;

static NO_EMOTES: LazyLock<Emotes> = LazyLock::new(Emotes::none);

fuzz_target!(|text: &str| {
    let content = bbcode::parse(text, &NO_EMOTES);
    for fragment in &content {
        assert!(fragment.style_depth() <= MAX_STYLE_DEPTH);
    }
    let rendered = bbcode::render(&content, &NO_EMOTES);
    assert_eq!(bbcode::parse(&rendered, &NO_EMOTES), content, "{rendered}");
    assert!(html::unescape(text).len() <= text.len());
    assert!(html::strip_tags(text).len() <= text.len());
    if text.is_empty() {
        return;
    }
    // Within code nothing is found in a text, so that it must come back whole.
    let code = MessageFragment::Styled {
        style: Style::Code,
        content: vec![MessageFragment::Text(text.to_owned())],
    };
    let literal = bbcode::render(std::slice::from_ref(&code), &NO_EMOTES);
    assert_eq!(bbcode::parse(&literal, &NO_EMOTES), [code], "{literal}");
});
