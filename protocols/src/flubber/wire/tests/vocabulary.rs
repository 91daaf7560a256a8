use kaiwa_core::{MAX_STYLE_DEPTH, MessageFragment, Style};
use serde_json::{Value, json};

use crate::flubber::wire::fragments::Parts;
use crate::flubber::wire::{Attachment, Content};

fn text(text: &str) -> MessageFragment {
    MessageFragment::Text(text.to_owned())
}

fn said(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn styled(style: Style, content: Vec<MessageFragment>) -> MessageFragment {
    MessageFragment::Styled { style, content }
}

fn fragments(content: Content) -> Vec<MessageFragment> {
    let parts = Parts {
        content,
        attachments: Vec::new(),
        extra: Value::Null,
    };
    parts.into_fragments(|id| (id == "!1").then(|| "#tea".to_owned()))
}

#[test]
fn what_both_have_goes_there_and_back() {
    let channel = MessageFragment::ChannelLink {
        channel_id: "!1".into(),
        text: "#tea".to_owned(),
    };
    let mention = MessageFragment::Mention {
        user_id: "@ann".into(),
        text: "@ann".to_owned(),
    };
    let link = MessageFragment::MessageLink {
        channel_id: None,
        message_id: "m1".into(),
    };
    let extra = MessageFragment::Extra(json!({"a": 1}));
    let all = vec![
        text("a"),
        styled(
            Style::Bold,
            vec![text("b"), styled(Style::Italic, vec![text("c")])],
        ),
        styled(Style::Underline, vec![text("d")]),
        styled(
            Style::Strike,
            vec![MessageFragment::Url("https://example.org/".to_owned())],
        ),
        MessageFragment::AssetId("smile".into()),
        channel,
        mention,
        link,
        MessageFragment::Image {
            url: "data:image/png;base64,iVBORw==".to_owned(),
            mime: "image/png".to_owned(),
        },
        extra,
    ];
    let parts = Parts::of(&all);
    let png = Attachment {
        data: b"\x89PNG".to_vec(),
        mime: "image/png".to_owned(),
    };
    assert_eq!(parts.attachments, [png]);
    let name = |id: &str| (id == "!1").then(|| "#tea".to_owned());
    assert_eq!(parts.into_fragments(name), all);
}

#[test]
fn what_flubber_lacks_is_lowered() {
    let link = |content| MessageFragment::Link {
        url: "https://example.org/".to_owned(),
        content,
    };
    let url = || Content::UrlLink("https://example.org/".to_owned());
    for (fragment, content) in [
        (styled(Style::Code, vec![text("x")]), said("x")),
        (styled(Style::Quote, vec![text("x\ny")]), said("> x\n> y")),
        (link(vec![]), url()),
        (
            link(vec![text("here")]),
            Content::Concat(vec![said("here"), said(" ("), url(), said(")")]),
        ),
        (
            MessageFragment::Image {
                url: "https://example.org/".to_owned(),
                mime: "image/png".to_owned(),
            },
            url(),
        ),
        (
            MessageFragment::Reply {
                message_id: "m".into(),
            },
            said(""),
        ),
    ] {
        assert_eq!(Parts::of(&[fragment]).content, content);
    }
}

#[test]
fn attachments_are_what_their_type_says() {
    for (mime, variant) in [
        ("image/png", "Image"),
        ("video/mp4", "Video"),
        ("audio/ogg", "Audio"),
        ("text/plain", "File"),
    ] {
        let attachment = Attachment {
            data: vec![0, 255],
            mime: mime.to_owned(),
        };
        let parts = Parts {
            content: Content::Concat(Vec::new()),
            attachments: vec![attachment.clone()],
            extra: Value::Null,
        };
        let fragments = parts.into_fragments(|_| None);
        assert!(
            format!("{:?}", fragments[0]).starts_with(variant),
            "{fragments:?}"
        );
        assert_eq!(Parts::of(&fragments).attachments, [attachment]);
    }
}

#[test]
fn too_many_styles_leave_their_content() {
    let mut content = said("x");
    for _ in 0..MAX_STYLE_DEPTH + 8 {
        content = Content::Bold(Box::new(content));
    }
    let fragments = fragments(content);
    assert_eq!(fragments[0].style_depth(), MAX_STYLE_DEPTH);
    assert!(format!("{fragments:?}").contains('x'));
}

#[test]
fn nothing_said_is_an_empty_text() {
    let nothing = Content::Bold(Box::new(Content::Concat(Vec::new())));
    assert_eq!(fragments(nothing), [text("")]);
}
