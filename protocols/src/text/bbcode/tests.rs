use kaiwa_core::{Asset, AssetSource, MAX_STYLE_DEPTH, MessageFragment, Style};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{parse, render};
use crate::text::Emotes;

fn plain() -> Emotes {
    Emotes::none()
}

/// Styles as `<Bold>(…)`, the rest as what it is.
fn shown(content: &[MessageFragment]) -> String {
    let one = |fragment: &MessageFragment| match fragment {
        MessageFragment::Text(text) => text.clone(),
        MessageFragment::Styled { style, content } => format!("<{style:?}>({})", shown(content)),
        MessageFragment::Link { url, content } => format!("<{url}>({})", shown(content)),
        MessageFragment::Url(url) => format!("<{url}>"),
        MessageFragment::Image { url, mime } => format!("<image {url} {mime}>"),
        MessageFragment::Audio { url, mime } => format!("<audio {url} {mime}>"),
        MessageFragment::Video { url, mime } => format!("<video {url} {mime}>"),
        MessageFragment::AssetId(id) => format!("<emote {id}>"),
        other => panic!("{other:?}"),
    };
    content.iter().map(one).collect()
}

fn parsed(text: &str) -> String {
    shown(&parse(text, &plain()))
}

#[test]
fn tags_nest() {
    for (text, tree) in [
        ("plain", "plain"),
        ("", ""),
        ("a[b]b[/b]c", "a<Bold>(b)c"),
        ("[b]a[i]b[/i]c[/b]", "<Bold>(a<Italic>(b)c)"),
        ("[B][u][S]x[/s][/U][/b]", "<Bold>(<Underline>(<Strike>(x)))"),
        ("[b][b]x[/b][/b]", "<Bold>(<Bold>(x))"),
        ("[quote]a\nb[/quote]", "<Quote>(a\nb)"),
        ("[spoiler][b]x[/b][/spoiler]", "<Spoiler>(<Bold>(x))"),
        ("[color=red]x[/color]", "<Color([255, 0, 0, 255])>(x)"),
        (
            "[bgcolor=#0f08]x[/bgcolor]",
            "<Background([0, 255, 0, 136])>(x)",
        ),
        ("[color='blue;']x[/color]", "<Color([0, 0, 255, 255])>(x)"),
        ("[sjis] [b]x[/b][/sjis]", "<Preformatted>( [b]x[/b])"),
    ] {
        assert_eq!(parsed(text), tree, "{text}");
    }
}

#[test]
fn what_is_no_tag_stays_text() {
    for text in [
        "[b]x",
        "x[/b]",
        "[/b][b]",
        "[x]y[/x]",
        "[b][/b]",
        "[b",
        "[[]]",
        "[color]x[/color]",
        "[color=nothing]x[/color]",
        "[b=1]x[/b=1]",
        "[img]nothing[/img]",
        "[url]javascript:x[/url]",
        "[url=javascript:x]y[/url]",
        "[code]x",
        "[code][/code]",
        "[é][b]",
        "[video]too-short[/video]",
    ] {
        assert_eq!(
            parse(text, &plain()),
            [MessageFragment::Text(text.to_owned())],
            "{text}"
        );
    }
}

#[test]
fn unbalanced_tags_leave_the_others() {
    for (text, tree) in [
        ("[b][i]x[/b][/i]", "<Bold>([i]x)[/i]"),
        ("[i][b]x[/b]", "[i]<Bold>(x)"),
        ("[b]x[/b][/b]", "<Bold>(x)[/b]"),
        ("[b][b]x[/b]", "[b]<Bold>(x)"),
        ("[u]a[b]b[i]c[/u]d[/b]", "<Underline>(a[b]b[i]c)d[/b]"),
        ("[b]a[/i]b[/b]", "<Bold>(a[/i]b)"),
        ("[b][u][/u][/b]", "<Bold>([u][/u])"),
        ("[code]a[/code]b[code]", "<Code>(a)b[code]"),
    ] {
        assert_eq!(parsed(text), tree, "{text}");
    }
}

#[test]
fn code_is_taken_as_it_stands() {
    for (text, tree) in [
        ("[code]a[i] = [b]x[/b][/code]", "<Code>(a[i] = [b]x[/b])"),
        ("[CODE]x[/Code]", "<Code>(x)"),
        (
            "[code]https://example.org[/code]",
            "<Code>(https://example.org)",
        ),
        ("[b][code][/b][/code][/b]", "<Bold>(<Code>([/b]))"),
    ] {
        assert_eq!(parsed(text), tree, "{text}");
    }
}

#[test]
fn addresses_and_media() {
    for (text, tree) in [
        ("see https://example.org/a.", "see <https://example.org/a>."),
        ("[url]https://example.org[/url]", "<https://example.org>"),
        ("[url]//example.org[/url]", "<https://example.org>"),
        (
            "[url=https://example.org]a [b]b[/b][/url]",
            "<https://example.org>(a <Bold>(b))",
        ),
        (
            "[url=\"https://example.org\"]https://a.b[/url]",
            "<https://example.org>(https://a.b)",
        ),
        (
            "[url=https://a.b][b]https://a.b[/b][/url]",
            "<https://a.b>(<Bold>(https://a.b))",
        ),
        (
            "[b]https://example.org[/b]",
            "<Bold>(<https://example.org>)",
        ),
        (
            "[img]//a.b/c.png[/img]",
            "<image https://a.b/c.png image/png>",
        ),
        ("[IMG]https://a.b/c[/img]", "<image https://a.b/c image/*>"),
        (
            "[audio]https://a.b/c.mp3[/audio]",
            "<audio https://a.b/c.mp3 audio/mpeg>",
        ),
        (
            "[video]https://a.b/c.webm[/video]",
            "<video https://a.b/c.webm video/webm>",
        ),
        (
            "[video]dQw4w9WgXcQ[/video]",
            "<video https://www.youtube.com/watch?v=dQw4w9WgXcQ text/html>",
        ),
        ("[url]https://a.b[/img]", "[url]<https://a.b>[/img]"),
        (
            "[img]https://a.b/[b]c[/b][/img]",
            "[img]<https://a.b/><Bold>(c)[/img]",
        ),
        ("[url]https://a.b", "[url]<https://a.b>"),
    ] {
        assert_eq!(parsed(text), tree, "{text}");
    }
}

#[test]
fn emotes_lie_between_the_tags() {
    let wave = Asset::Emote {
        id: Some("7".into()),
        pattern: ":wave:".to_owned(),
        src: String::new(),
        source: AssetSource::Server,
    };
    let emotes = Emotes::new([&wave]);
    let text = "a:wave:[b]:wave:[/b][code]:wave:[/code]:wa[i]ve:[/i]";
    let content = parse(text, &emotes);
    let tree = "a<emote 7><Bold>(<emote 7>)<Code>(:wave:):wa<Italic>(ve:)";
    assert_eq!(shown(&content), tree);
    assert_eq!(render(&content, &emotes), text);
}

#[test]
fn no_more_than_so_many_lie_in_each_other() {
    let nested = |depth: usize| format!("{}x{}", "[b]".repeat(depth), "[/b]".repeat(depth));
    for depth in [1, MAX_STYLE_DEPTH, MAX_STYLE_DEPTH + 1, 1000, 3000] {
        let content = parse(&nested(depth), &plain());
        let deepest = content.iter().map(MessageFragment::style_depth).max();
        assert_eq!(deepest, Some(depth.min(MAX_STYLE_DEPTH)), "{depth}");
    }
    let content = parse(&nested(MAX_STYLE_DEPTH + 1), &plain());
    assert_eq!(content.len(), 3, "the outermost pair is text");
    // A raw one is a level as well.
    let mixed = nested(MAX_STYLE_DEPTH).replace('x', "[code]x[/code]");
    let content = parse(&mixed, &plain());
    let deepest = content.iter().map(MessageFragment::style_depth).max();
    assert_eq!(deepest, Some(MAX_STYLE_DEPTH));
}

#[test]
fn a_mebibyte_of_open_tags_is_text() {
    let text = "[b]".repeat((1 << 20) / 3);
    let content = parse(&text, &plain());
    assert_eq!(content, [MessageFragment::Text(text)]);
}

/// With any part of the text looked at again for each tag, this takes hours.
#[test]
fn texts_full_of_tags_are_parsed_in_one_pass() {
    const SIZE: usize = 1 << 18;
    for (part, fragments) in [
        ("[b][/i]", 1),
        ("[i][b]x[/i]", SIZE / 11),
        ("[code]", 1),
        ("[CODE]x[/code]", SIZE / 14),
        ("[sjis][code]", 1),
        ("[url=", 1),
        ("[url=http:a", 1),
        ("[url=http://a]", 1),
        ("[url]", 1),
        ("[color=red]", 1),
        ("[", 1),
        ("http://", 1),
    ] {
        let text = part.repeat(SIZE / part.len());
        let found = parse(&text, &plain()).len();
        let addresses = part.starts_with("[url=http://");
        assert!(found == fragments || addresses, "{part}: {found}");
        // A partner at the very end, for which everything might be searched.
        let content = parse(&format!("{text}[/b][/sjis][/url][/color]"), &plain());
        assert!(content.len() <= found + 2, "{part}");
        let rendered = render(&[MessageFragment::Text(text)], &plain());
        assert!(rendered.len() <= 2 * SIZE, "{part}");
    }
}

#[test]
fn what_is_meant_literally_is_written_so() {
    let text = |text: &str| MessageFragment::Text(text.to_owned());
    for (content, bbcode) in [
        (vec![text("[b]x[/b]")], "[\u{2060}b]x[\u{2060}/b]"),
        (vec![text("[b"), text("]x[/b]")], "[\u{2060}b]x[\u{2060}/b]"),
        (vec![text("[1] a[x] []")], "[1] a[x] []"),
        (vec![text("[\u{2060}b]")], "[\u{2060}\u{2060}b]"),
        (vec![text("[url=//a]")], "[\u{2060}url=//a]"),
    ] {
        assert_eq!(render(&content, &plain()), bbcode);
        assert_eq!(shown(&parse(bbcode, &plain())), shown(&content));
    }
}

#[test]
fn what_has_no_tag_is_written_as_text() {
    let text = |text: &str| MessageFragment::Text(text.to_owned());
    let link = |url: &str, content: &[MessageFragment]| MessageFragment::Link {
        url: url.to_owned(),
        content: content.to_vec(),
    };
    let styled = |style: Style, content: &[MessageFragment]| MessageFragment::Styled {
        style,
        content: content.to_vec(),
    };
    for (fragment, bbcode) in [
        (link("mailto:a@b.c", &[text("a")]), "a (mailto:a@b.c)"),
        (link("https://a.b", &[]), "[url]https://a.b[/url]"),
        (
            MessageFragment::Url("javascript:x".to_owned()),
            "javascript:x",
        ),
        (
            MessageFragment::Url("https://a.b/'[x]".to_owned()),
            "[url]https://a.b/%27%5Bx%5D[/url]",
        ),
        (styled(Style::Bold, &[]), ""),
        (
            styled(Style::Code, &[styled(Style::Bold, &[text("x")])]),
            "[code]x[/code]",
        ),
        (
            styled(Style::Code, &[link("https://a.b", &[text("[/code]")])]),
            "[code][\u{2060}/code][/code]",
        ),
        (
            MessageFragment::Mention {
                user_id: "7".into(),
                text: "@ann".to_owned(),
            },
            "@ann",
        ),
        (
            MessageFragment::File {
                url: "https://a.b/c.pdf".to_owned(),
                name: "c.pdf".to_owned(),
                mime: String::new(),
                size: None,
            },
            "[url=https://a.b/c.pdf]c.pdf[/url]",
        ),
        (
            MessageFragment::Reply {
                message_id: "7".into(),
            },
            "",
        ),
    ] {
        assert_eq!(render(&[fragment], &plain()), bbcode);
    }
}

/// Any text that has no address in it.
fn text() -> impl Strategy<Value = MessageFragment> {
    let any_text = prop_oneof![
        "[a-z \n]{1,8}",
        "(\\[/?(b|i|code|url|color|img)(=[a-z#:/]{0,4})?\\]?|[\\[\\]/=b\u{2060}]){1,6}",
        "\\PC{1,6}",
    ];
    let has_address = |text: &str| text.contains("http://") || text.contains("https://");
    any_text
        .prop_filter("no addresses", move |text| !has_address(text))
        .prop_map(MessageFragment::Text)
}

fn url() -> impl Strategy<Value = String> {
    "https?://[a-z]{1,6}\\.[a-z]{2}/[a-z0-9?&=#%._~+-]{0,8}"
}

fn fragment() -> impl Strategy<Value = MessageFragment> {
    let literal = prop_oneof![Just(Style::Code), Just(Style::Preformatted)];
    let leaf = prop_oneof![
        4 => text(),
        1 => url().prop_map(MessageFragment::Url),
        1 => url().prop_map(|url| MessageFragment::Image { url: format!("{url}.png"), mime: String::new() }),
        1 => (literal, text()).prop_map(|(style, text)| MessageFragment::Styled { style, content: vec![text] }),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        let plain = select(vec![
            Style::Bold,
            Style::Italic,
            Style::Underline,
            Style::Strike,
            Style::Quote,
            Style::Spoiler,
        ]);
        let style = prop_oneof![
            plain,
            any::<[u8; 4]>().prop_map(Style::Color),
            any::<[u8; 4]>().prop_map(Style::Background),
        ];
        let content = || vec(inner.clone(), 1..4);
        prop_oneof![
            (style, content())
                .prop_map(|(style, content)| MessageFragment::Styled { style, content }),
            (url(), content()).prop_map(|(url, content)| MessageFragment::Link { url, content }),
        ]
    })
}

/// Neighbouring texts as one; the MIME types that the parser finds.
fn normal(content: Vec<MessageFragment>) -> Vec<MessageFragment> {
    let mut out: Vec<MessageFragment> = Vec::new();
    for fragment in content {
        let fragment = match fragment {
            MessageFragment::Text(text) => {
                if let Some(MessageFragment::Text(last)) = out.last_mut() {
                    last.push_str(&text);
                    continue;
                }
                MessageFragment::Text(text)
            }
            MessageFragment::Styled { style, content } => MessageFragment::Styled {
                style,
                content: normal(content),
            },
            MessageFragment::Link { url, content } => MessageFragment::Link {
                url,
                content: normal(without_addresses(content)),
            },
            MessageFragment::Image { url, .. } => {
                let in_path = !url.contains(['?', '#']);
                let mime = if in_path { "image/png" } else { "image/*" };
                MessageFragment::Image {
                    url,
                    mime: mime.to_owned(),
                }
            }
            other => other,
        };
        out.push(fragment);
    }
    out
}

/// A label: its addresses are text.
fn without_addresses(content: Vec<MessageFragment>) -> Vec<MessageFragment> {
    let plain = |fragment| match fragment {
        MessageFragment::Url(url) => MessageFragment::Text(url),
        MessageFragment::Styled { style, content } => MessageFragment::Styled {
            style,
            content: without_addresses(content),
        },
        other => other,
    };
    content.into_iter().map(plain).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_rendered_is_parsed_to_itself(content in vec(fragment(), 0..5)) {
        let bbcode = render(&content, &plain());
        prop_assert_eq!(parse(&bbcode, &plain()), normal(content), "{}", bbcode);
    }

    #[test]
    fn what_was_parsed_is_rendered_to_the_same(
        text in "(\\[/?(b|i|quote|code|url|img|video|color=red|url=https://a\\.b)\\]|https://a\\.b|[a-z \n\\[\\]\u{2060}é]){0,16}"
    ) {
        let content = parse(&text, &plain());
        let again = parse(&render(&content, &plain()), &plain());
        prop_assert_eq!(again, content);
    }

    #[test]
    fn any_text_is_survived(text: String) {
        let content = parse(&text, &plain());
        prop_assert_eq!(content.is_empty(), text.is_empty());
    }
}

#[test]
fn what_shows_nothing_is_not_written() {
    let text = |text: &str| MessageFragment::Text(text.to_owned());
    let styled = |style, content| MessageFragment::Styled { style, content };
    for style in [Style::Bold, Style::Code, Style::Color([1, 2, 3, 255])] {
        let empty = styled(style, vec![styled(Style::Italic, vec![text("")])]);
        let around = [text("["), empty, text("b]")];
        let all = [text("[b]")];
        assert_eq!(
            render(&around, &Emotes::none()),
            render(&all, &Emotes::none())
        );
    }
    let link = MessageFragment::Link {
        url: "https://a.b/".to_owned(),
        content: vec![text("")],
    };
    assert_eq!(render(&[link], &Emotes::none()), "[url]https://a.b/[/url]");
}
