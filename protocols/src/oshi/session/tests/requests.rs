//! Everything that a user may want: what is asked, and what comes of the answer.

use super::super::pace::Pace;
use super::*;
use kaiwa_core::{Channel, ChannelType, Member, Presence, Profile, Role};

fn channel(id: &str, name: &str, channel_type: ChannelType) -> Channel {
    Channel {
        id: id.into(),
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        channel_type,
    }
}

/// Sends an event, checks the frame that asks for it, answers, and gives what came of it.
fn carry_out(
    rig: &mut Rig,
    event: impl Into<ConnectionEvent>,
    frame: Value,
    answer: Value,
) -> Vec<String> {
    rig.events.clear();
    rig.frames.clear();
    rig.session.pace = Pace::default();
    let request = rig.send(event);
    let mut written = rig.frames.pop_front().expect("a frame");
    if written["op"] == "members" && frame["op"] != "members" {
        // Who joins wants to know who is there.
        written = rig.frames.pop_front().expect("another frame");
    }
    for (name, value) in frame.as_object().unwrap() {
        assert_eq!(&written[name], value, "{name} in {written}");
    }
    rig.reply(&written, answer);
    while let Some(look) = rig.frames.pop_front() {
        if look["op"] == "sub" {
            let last = json!({"last": 0, "rev": 0, "epoch": 1, "complete": false, "last_read": 0});
            rig.reply(&look, last);
        }
        if look["op"] == "history" && look["limit"] == 1 {
            assert_eq!(look["before"], 3, "the message itself");
            let page = json!({"op": "history", "stream": "s1", "messages": [upd(2, 9, "new")], "more": true});
            rig.reply(&look, page);
        }
    }
    rig.caused(request)
}

#[test]
fn a_change_that_cannot_be_looked_at_is_told_in_its_order() {
    let mut rig = Rig::caught_up();
    rig.say(msg(2, 2, "old"));
    for (rev, comes_first) in [(3, true), (4, false)] {
        let request = rig.send(ChatEvent::Update {
            channel_id: Some("s1".into()),
            message_id: "2".into(),
            new_message: Message::text("new", DateTime::UNIX_EPOCH),
        });
        rig.answer("edit", json!({ "rev": rev }));
        if comes_first {
            rig.say(upd(2, rev, "new"));
        }
        rig.refuse("history", "internal");
        assert!(rig.caused(request)[0].starts_with("Failed"));
        let sub = rig.answer_sub(2, rev, 1, true);
        assert_eq!(sub["since"], rev - 1);
        rig.say(upd(2, rev, "new"));
        assert_eq!(rig.told(), ["Update 2 Edited 2=new"]);
    }
}

#[test]
fn a_list_that_repeats_itself_ends() {
    let mut rig = Rig::caught_up();
    let request = rig.send(ChannelEvent::Members {
        channel_id: "c1".into(),
        members: Vec::new(),
    });
    let page = json!({"members": [{"id": "u2", "name": "bob", "role": "member"}, {"id": "u5", "name": "eve", "role": "member"}],
        "more": true});
    rig.answer("members", page.clone());
    let next = rig.answer("members", page);
    assert_eq!(next["after"], "u5");
    assert!(rig.frames.is_empty(), "it has no more to tell");
    assert_eq!(rig.caused(request).last().unwrap(), "Done");
}

#[test]
fn messages_are_changed() {
    let mut rig = Rig::caught_up();
    let at = |event: fn(Option<String>, String) -> ChatEvent| {
        event(Some("s1".to_owned()), "2".to_owned())
    };
    let edit = at(|channel_id, message_id| ChatEvent::Update {
        channel_id: channel_id.map(Into::into),
        message_id: message_id.into(),
        new_message: Message::text("new", DateTime::UNIX_EPOCH),
    });
    let told = carry_out(
        &mut rig,
        edit,
        json!({"op": "edit", "stream": "s1", "seq": 2, "text": "new"}),
        json!({"rev": 9}),
    );
    assert_eq!(told, ["Update 2 Edited 2=new", "Done"]);
    rig.say(upd(2, 9, "new"));
    assert!(
        !rig.told().iter().any(|told| told.starts_with("Update")),
        "it is told once"
    );
    let delete = at(|channel_id, message_id| ChatEvent::Remove {
        channel_id: channel_id.map(Into::into),
        message_id: message_id.into(),
    });
    let told = carry_out(
        &mut rig,
        delete,
        json!({"op": "delete", "stream": "s1", "seq": 2}),
        json!({"rev": 10}),
    );
    assert_eq!(told, ["Update 2 Edited 2=new", "Done"]);
    let read = at(|channel_id, message_id| ChatEvent::Read {
        channel_id: channel_id.map(Into::into),
        message_id: message_id.into(),
        user_id: None,
    });
    let told = carry_out(
        &mut rig,
        read,
        json!({"op": "read", "stream": "s1", "seq": 2}),
        json!({}),
    );
    assert_eq!(told, ["Read 2 -", "Done"]);
    let history = at(|channel_id, before| ChatEvent::RequestHistory {
        channel_id: channel_id.map(Into::into),
        before: Some(before.into()),
        limit: 7,
    });
    let page =
        json!({"op": "history", "stream": "s1", "messages": [message(1, 1, "one")], "more": false});
    let told = carry_out(
        &mut rig,
        history,
        json!({"op": "history", "before": 2, "limit": 7}),
        page,
    );
    assert_eq!(told, ["History s1 [1=one] true", "Done"]);
    let wrong = ChatEvent::Remove {
        channel_id: Some("s1".into()),
        message_id: "m".into(),
    };
    assert_eq!(rig.refused(wrong).kind(), ErrorKind::Invalid);
}

#[test]
fn typing_is_told_now_and_then() {
    let mut rig = Rig::caught_up();
    let typing = |typing| ChatEvent::Typing {
        channel_id: Some("s1".into()),
        user_id: None,
        typing,
    };
    let told = carry_out(
        &mut rig,
        typing(true),
        json!({"op": "typing", "stream": "s1", "on": true}),
        json!({}),
    );
    assert_eq!(told, ["Done"]);
    for on in [true, true] {
        let request = rig.send(typing(on));
        assert_eq!(rig.caused(request), ["Done"]);
    }
    assert!(rig.frames.is_empty());
    rig.wait(Duration::from_secs(3));
    rig.send(typing(true));
    assert_eq!(rig.frame("typing")["on"], true);
    rig.send(typing(false));
    assert_eq!(rig.frame("typing")["on"], false);
    rig.send(typing(false));
    assert!(rig.frames.is_empty());
}

#[test]
fn circles_and_streams_are_made_joined_and_left() {
    let mut rig = Rig::caught_up();
    let create = |parent: Option<&str>, channel: Channel| ChannelEvent::Create {
        parent_id: parent.map(Into::into),
        channel,
        public: true,
    };
    let circle =
        json!({"id": "c2", "name": "Team", "role": "owner", "streams": [stream("s5", "c2")]});
    let made = create(None, channel("", "Team", ChannelType::Space));
    let told = carry_out(
        &mut rig,
        made,
        json!({"op": "circle.create", "name": "Team", "public": true}),
        json!({"circle": circle}),
    );
    assert_eq!(
        told,
        [
            "Channel c2 Team",
            "Join c2",
            "User u1 in c2",
            "Members u1:Owner",
            "Channel s5 general",
            "Parent s5 c2",
            "Done"
        ]
    );
    let made = create(Some("c2"), channel("", "tea", ChannelType::Group));
    let told = carry_out(
        &mut rig,
        made,
        json!({"op": "stream.create", "circle": "c2", "name": "tea"}),
        json!({"stream": with(stream("s6", "c2"), json!({"name": "tea"}))}),
    );
    assert_eq!(told, ["Channel s6 tea", "Parent s6 c2", "Join s6", "Done"]);
    let rename = ChannelEvent::Update {
        channel_id: "s6".into(),
        new_channel: channel("s6", "mate", ChannelType::Group),
    };
    let renamed = with(stream("s6", "c2"), json!({"name": "mate"}));
    let told = carry_out(
        &mut rig,
        rename,
        json!({"op": "stream.rename", "stream": "s6", "name": "mate"}),
        json!({"stream": renamed}),
    );
    assert_eq!(told, ["Renamed s6 mate", "Done"]);
    let topic = ChannelEvent::Topic {
        channel_id: "s6".into(),
        topic: None,
    };
    let told = carry_out(
        &mut rig,
        topic,
        json!({"op": "stream.rename", "stream": "s6", "topic": ""}),
        json!({"stream": renamed}),
    );
    assert_eq!(told, ["Topic s6 -", "Done"]);
}

#[test]
fn circles_and_streams_are_joined_left_and_ended() {
    let mut rig = Rig::caught_up();
    let circle = json!({"id": "c2", "name": "Team", "role": "owner", "streams": [stream("s5", "c2"), stream("s6", "c2")]});
    rig.say(json!({"op": "circle", "change": "new", "circle": circle.clone()}));
    let leave = ChannelEvent::Leave {
        channel_id: "s6".into(),
    };
    let told = carry_out(
        &mut rig,
        leave,
        json!({"op": "unsub", "stream": "s6"}),
        json!({}),
    );
    assert_eq!(told, ["Leave s6", "Done"]);
    let join = ChannelEvent::Join {
        channel_id: "s6".into(),
    };
    let told = carry_out(
        &mut rig,
        join,
        json!({"op": "sub", "stream": "s6"}),
        json!({"last": 0, "rev": 0, "epoch": 1, "complete": false, "last_read": 0}),
    );
    assert_eq!(told, ["Join s6", "Done"]);
    let gone = ChannelEvent::Remove {
        channel_id: "s6".into(),
    };
    let told = carry_out(
        &mut rig,
        gone,
        json!({"op": "stream.delete", "stream": "s6"}),
        json!({}),
    );
    assert_eq!(told, ["Gone s6", "Done"]);
    let leave = ChannelEvent::Leave {
        channel_id: "c2".into(),
    };
    let told = carry_out(
        &mut rig,
        leave,
        json!({"op": "circle.leave", "circle": "c2"}),
        json!({}),
    );
    assert_eq!(told, ["Leave c2", "Gone s5", "Gone c2", "Done"]);
    let join = ChannelEvent::JoinWith {
        channel_id: "c2".into(),
        key: "code".to_owned(),
    };
    let told = carry_out(
        &mut rig,
        join,
        json!({"op": "circle.join", "circle": "c2", "invite": "code"}),
        json!({"circle": circle}),
    );
    assert_eq!(told.first().unwrap(), "Channel c2 Team");
    let gone = ChannelEvent::Remove {
        channel_id: "c2".into(),
    };
    let told = carry_out(
        &mut rig,
        gone,
        json!({"op": "circle.delete", "circle": "c2"}),
        json!({}),
    );
    assert_eq!(told, ["Gone s5", "Gone s6", "Gone c2", "Done"]);
}

#[test]
fn people_are_asked_for_invited_and_removed() {
    let mut rig = Rig::caught_up();
    let members = |members: &[(&str, Role)]| ChannelEvent::Members {
        channel_id: "c1".into(),
        members: members
            .iter()
            .map(|(id, role)| Member {
                user_id: (*id).into(),
                role: *role,
            })
            .collect(),
    };
    let bob =
        json!([{"id": "u2", "name": "bob", "display": "Bob", "role": "admin", "online": true}]);
    let told = carry_out(
        &mut rig,
        members(&[]),
        json!({"op": "members", "circle": "c1"}),
        json!({"members": bob, "more": false}),
    );
    assert_eq!(told, ["User u2 in c1", "Members u2:Admin", "Done"]);
    let told = carry_out(
        &mut rig,
        members(&[("u2", Role::Owner)]),
        json!({"op": "circle.role", "circle": "c1", "user": "u2", "role": "owner"}),
        json!({}),
    );
    assert_eq!(told, ["User u2 in c1", "Members u2:Owner", "Done"]);
    assert_eq!(
        rig.refused(members(&[("u2", Role::Moderator)])).kind(),
        ErrorKind::Unsupported
    );
    let request = rig.send(members(&[("u3", Role::Admin), ("u4", Role::Admin)]));
    rig.refuse("circle.role", "not_found");
    let (_, event) = rig.events.last().unwrap();
    assert!(
        format!("{event:?}").contains("send Invite"),
        "{event:?} of {request}"
    );
}

#[test]
fn people_are_invited_and_removed() {
    let mut rig = Rig::caught_up();
    let invite = ChannelEvent::Invite {
        channel_id: "c1".into(),
        user_id: Some("u3".into()),
        code: None,
    };
    let told = carry_out(
        &mut rig,
        invite,
        json!({"op": "circle.invite", "circle": "c1", "user": "u3"}),
        json!({"invite": "xyz"}),
    );
    assert_eq!(told, ["Invite xyz", "Done"]);
    let kick = UserEvent::Remove {
        channel_id: Some("c1".into()),
        user_id: "u2".into(),
    };
    let told = carry_out(
        &mut rig,
        kick,
        json!({"op": "circle.kick", "circle": "c1", "user": "u2"}),
        json!({}),
    );
    assert_eq!(told, ["UserGone u2 in c1", "Done"]);
    let kick = UserEvent::Remove {
        channel_id: Some("s1".into()),
        user_id: "u2".into(),
    };
    assert_eq!(rig.refused(kick).kind(), ErrorKind::Invalid);
    let directory = ChannelEvent::Directory {
        query: Some("te".to_owned()),
        channels: Vec::new(),
    };
    let request = rig.send(directory);
    let first = rig.answer(
        "circle.list",
        json!({"circles": [{"id": "c5", "name": "Tea"}], "more": true}),
    );
    assert_eq!(first["query"], "te");
    let second = rig.answer(
        "circle.list",
        json!({"circles": [{"id": "c6", "name": "Team"}], "more": false}),
    );
    assert_eq!(second["after"], "c5");
    assert_eq!(rig.caused(request), ["Directory c5 c6", "Done"]);
}

#[test]
fn a_talk_is_found_or_made() {
    let mut rig = Rig::caught_up();
    let direct = |who: &str| ChannelEvent::New {
        channel: channel(who, "", ChannelType::Direct),
    };
    // The server tells of it before it answers.
    let request = rig.send(direct("bob"));
    let dm = json!({"id": "s7", "kind": "dm", "circle": null, "name": "", "members": ["u1", "u2"], "last": 0});
    rig.say(json!({"op": "stream", "change": "new", "stream": dm}));
    let asked = rig.answer("dm", json!({"stream": "s7"}));
    assert_eq!((&asked["to"], asked.get("text")), (&json!("bob"), None));
    assert_eq!(rig.caused(request), ["Channel s7 -", "Done"]);
    // Or does not.
    rig.frames.clear();
    let request = rig.send(direct("u3"));
    rig.answer("dm", json!({"stream": "s8"}));
    let eve = json!([{"id": "u1", "name": "ann", "role": "member"}, {"id": "u3", "name": "eve", "display": "Eve", "role": "member"}]);
    rig.answer("members", json!({"members": eve, "more": false}));
    assert_eq!(rig.caused(request), ["Channel s8 Eve", "Done"]);
    let request = rig.send(direct("nobody"));
    while rig.frames.front().is_some_and(|frame| frame["op"] != "dm") {
        rig.frames.pop_front();
    }
    rig.refuse("dm", "not_found");
    assert_eq!(rig.caused(request), ["Failed NotFound"]);
}

#[test]
fn data_is_kept() {
    let mut rig = Rig::caught_up();
    let data = |place: Option<&str>, value: Option<Value>| UserEvent::Data {
        channel_id: place.map(Into::into),
        key: "k".to_owned(),
        value,
    };
    let told = carry_out(
        &mut rig,
        data(None, Some(json!(5))),
        json!({"op": "data.set", "key": "k", "value": 5}),
        json!({}),
    );
    assert_eq!(told, ["Data k Some(Number(5))", "Done"]);
    let told = carry_out(
        &mut rig,
        data(Some("c1"), None),
        json!({"op": "circle.data.set", "circle": "c1", "value": null}),
        json!({}),
    );
    assert_eq!(told, ["Data k None", "Done"]);
    let get = |place: Option<&str>| UserEvent::RequestData {
        channel_id: place.map(Into::into),
        key: "k".to_owned(),
    };
    let told = carry_out(
        &mut rig,
        get(Some("c1")),
        json!({"op": "circle.data.get", "circle": "c1"}),
        json!({"value": null}),
    );
    assert_eq!(told, ["Data k None", "Done"]);
    let told = carry_out(
        &mut rig,
        get(None),
        json!({"op": "data.get", "key": "k"}),
        json!({"value": [1]}),
    );
    assert_eq!(told, ["Data k Some(Array [Number(1)])", "Done"]);
    // What is gone at the next sign-in is said.
    rig.cut();
    rig.connect();
    rig.told();
    rig.greet(&[]);
    assert!(rig.told().contains(&"Data k None".to_owned()));
}

#[test]
fn the_user_is_called_otherwise() {
    let mut rig = Rig::caught_up();
    let call = |who: &str| UserEvent::Update {
        channel_id: None,
        user_id: who.into(),
        new_user: Profile {
            display_name: Some("Annie".to_owned()),
            ..Profile::default()
        },
    };
    let user = json!({"user": {"id": "u1", "name": "ann", "display": "Annie"}});
    let told = carry_out(
        &mut rig,
        call("u1"),
        json!({"op": "user.set", "display": "Annie"}),
        user,
    );
    assert_eq!(told, ["UserIs Annie in -", "Done"]);
    assert_eq!(rig.refused(call("u2")).kind(), ErrorKind::Invalid);
}

#[test]
fn what_oshi_has_not_is_unsupported_and_what_is_nowhere_not_found() {
    let mut rig = Rig::caught_up();
    let switch = ChannelEvent::Switch {
        channel_id: "s1".into(),
    };
    assert_eq!(rig.refused(switch).kind(), ErrorKind::Unsupported);
    let presence = UserEvent::Presence {
        user_id: None,
        presence: Presence::Away,
        text: None,
    };
    assert_eq!(rig.refused(presence).kind(), ErrorKind::Unsupported);
    let group = ChannelEvent::New {
        channel: channel("", "Team", ChannelType::Group),
    };
    assert_eq!(rig.refused(group).kind(), ErrorKind::Unsupported);
    for id in ["s99", "c99"] {
        let leave = ChannelEvent::Leave {
            channel_id: id.into(),
        };
        assert_eq!(rig.refused(leave).kind(), ErrorKind::NotFound, "{id}");
    }
    let leave = ChannelEvent::Leave {
        channel_id: "sample".into(),
    };
    assert_eq!(rig.refused(leave).kind(), ErrorKind::Invalid);
    assert!(rig.frames.is_empty() && rig.session.open.is_empty());
}

#[test]
fn each_request_ends_once() {
    let mut rig = Rig::caught_up();
    let read = || ChatEvent::Read {
        channel_id: Some("s1".into()),
        message_id: "1".into(),
        user_id: None,
    };
    let cut = rig.send(read());
    let frame = rig.frame("read");
    rig.cut();
    assert_eq!(rig.caused(cut), ["Failed Lost"]);
    rig.connect();
    rig.greet(&[("s1", 0)]);
    rig.told();
    rig.reply(&frame, json!({}));
    assert!(rig.told().is_empty(), "an answer of another connection");
    let ping = rig.send(StatusEvent::Ping { artifact: None });
    assert_eq!(rig.pings, 1);
    rig.session
        .handle_frame(rig.now(), Frame::Pong(b"".as_slice().into()));
    rig.settle();
    assert_eq!(rig.caused(ping), ["Done"]);
    let odd = rig.send(read());
    rig.frames.clear();
    let id = frame["id"].as_i64().unwrap();
    for re in 0..id + 50 {
        rig.say(json!({"op": "ok", "re": re, "members": []}));
    }
    assert_eq!(rig.caused(odd), ["Read 1 -", "Done"], "success is success");
}
