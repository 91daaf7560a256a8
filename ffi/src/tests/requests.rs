//! Each function that asks for something asks for just that.

use chrono::DateTime;
use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Id, MessageFragment, Style,
    UserEvent,
};

use super::rig::{Rig, given, ok};
use crate::draft::*;
use crate::send::*;
use crate::text::kaiwa_str;

const NONE: kaiwa_str = kaiwa_str::NONE;

fn some<T: for<'a> From<&'a str>>(text: &str) -> Option<T> {
    Some(text.into())
}

fn content(event: &ConnectionEvent) -> &[MessageFragment] {
    match event {
        ConnectionEvent::Chat {
            event:
                ChatEvent::New { message, .. }
                | ChatEvent::Update {
                    new_message: message,
                    ..
                },
        } => &message.content,
        other => panic!("{other:?} is no message"),
    }
}

fn text(text: &str) -> MessageFragment {
    MessageFragment::Text(text.to_owned())
}

#[test]
fn about_messages() {
    let mut rig = Rig::new();
    let (c, m) = (given("c"), given("m"));
    let said = rig.sends(|a, out| unsafe { kaiwa_account_send_text(a, c, given("/me hi"), out) });
    assert_eq!(content(&said), [text("/me hi")]);
    assert!(
        matches!(said, ConnectionEvent::Chat { event: ChatEvent::New { channel_id, .. } } if channel_id == some("c"))
    );
    for (sent, meant) in [
        (
            rig.sends(|a, out| unsafe { kaiwa_account_remove_message(a, c, m, out) }),
            ChatEvent::Remove {
                channel_id: some("c"),
                message_id: "m".into(),
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_react(a, NONE, m, given("+"), true, out) }),
            ChatEvent::React {
                channel_id: None,
                message_id: "m".into(),
                user_id: None,
                emoji: "+".to_owned(),
                on: true,
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_mark_read(a, c, m, out) }),
            ChatEvent::Read {
                channel_id: some("c"),
                message_id: "m".into(),
                user_id: None,
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_set_typing(a, c, true, out) }),
            ChatEvent::Typing {
                channel_id: some("c"),
                user_id: None,
                typing: true,
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_request_history(a, c, m, 7, out) }),
            ChatEvent::RequestHistory {
                channel_id: some("c"),
                before: some("m"),
                limit: 7,
            },
        ),
    ] {
        assert_eq!(sent, meant.into());
    }
}

#[test]
fn about_channels() {
    let mut rig = Rig::new();
    let c = given("c");
    let channel_id = || Id::from("c");
    for (sent, meant) in [
        (
            rig.sends(|a, out| unsafe { kaiwa_account_join_channel(a, c, NONE, out) }),
            ChannelEvent::Join {
                channel_id: channel_id(),
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_join_channel(a, c, given("k"), out) }),
            ChannelEvent::JoinWith {
                channel_id: channel_id(),
                key: "k".to_owned(),
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_switch_channel(a, c, out) }),
            ChannelEvent::Switch {
                channel_id: channel_id(),
            },
        ),
        (
            rig.sends(|a, out| unsafe { kaiwa_account_leave_channel(a, c, out) }),
            ChannelEvent::Leave {
                channel_id: channel_id(),
            },
        ),
        (
            rig.sends(|a, out| unsafe {
                kaiwa_account_create_channel(a, given("n"), 3, given("p"), true, out)
            }),
            ChannelEvent::Create {
                parent_id: some("p"),
                channel: Channel {
                    id: Id::default(),
                    name: some("n"),
                    channel_type: ChannelType::Broadcast,
                },
                public: true,
            },
        ),
    ] {
        assert_eq!(sent, meant.into());
    }
}

#[test]
fn about_people() {
    let mut rig = Rig::new();
    let (c, u) = (given("c"), given("u"));
    let removed = rig.sends(|a, out| unsafe { kaiwa_account_remove_member(a, c, u, out) });
    let meant = UserEvent::Remove {
        channel_id: some("c"),
        user_id: "u".into(),
    };
    assert_eq!(removed, meant.into());
    let until = DateTime::from_timestamp_millis(1_500).unwrap();
    for (until_ms, until) in [(0, None), (1_500, Some(until))] {
        let banned = rig.sends(|a, out| unsafe {
            kaiwa_account_ban_member(a, NONE, u, until_ms, given("r"), out)
        });
        let meant = UserEvent::Ban {
            channel_id: None,
            user_id: "u".into(),
            until,
            reason: some("r"),
        };
        assert_eq!(banned, meant.into());
    }
}

#[test]
fn drafts_hold_what_was_put_in() {
    let mut rig = Rig::new();
    let mut draft = std::ptr::null_mut();
    unsafe {
        ok(kaiwa_draft_new(&raw mut draft));
        ok(kaiwa_draft_reply(draft, given("m")));
        ok(kaiwa_draft_begin_style(draft, 9, 0x0102_0304));
        ok(kaiwa_draft_text(draft, given("red")));
        ok(kaiwa_draft_end(draft));
        ok(kaiwa_draft_begin_link(draft, given("https://example.org/")));
        ok(kaiwa_draft_end(draft));
        ok(kaiwa_draft_url(draft, given("u")));
        ok(kaiwa_draft_asset(draft, given("a")));
        ok(kaiwa_draft_mention(draft, given("7"), given("@ann")));
    }
    let mut meant = vec![
        MessageFragment::Styled {
            style: Style::Color([1, 2, 3, 4]),
            content: vec![text("red")],
        },
        MessageFragment::Link {
            url: "https://example.org/".to_owned(),
            content: Vec::new(),
        },
        MessageFragment::Url("u".to_owned()),
        MessageFragment::AssetId("a".into()),
        MessageFragment::Mention {
            user_id: "7".into(),
            text: "@ann".to_owned(),
        },
        MessageFragment::Reply {
            message_id: "m".into(),
        },
    ];
    let edited = rig.sends(|a, out| unsafe {
        kaiwa_account_edit_message(a, given("c"), given("m"), draft, out)
    });
    assert_eq!(content(&edited), meant);
    let upload = MessageFragment::Upload {
        path: "/nowhere".to_owned(),
        name: some("n"),
        mime: None,
    };
    ok(unsafe { kaiwa_draft_upload(draft, given("/nowhere"), given("n"), NONE) });
    meant.insert(5, upload);
    let sent = rig.sends(|a, out| unsafe { kaiwa_account_send_draft(a, NONE, draft, out) });
    assert_eq!(content(&sent), meant);
    unsafe { kaiwa_draft_free(draft) };
}
