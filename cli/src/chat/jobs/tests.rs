use super::*;
use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{
    ChannelEvent, ChannelType, ChatEvent, Error, ErrorKind, Member, Message, UserEvent,
};
use serde_json::json;

fn state() -> ConnectionState {
    ConnectionState::new("1".to_owned(), "net".to_owned())
}

fn after(mut what: What, events: &[ConnectionEvent]) -> After {
    let mut state = state();
    for event in events {
        state.apply(event);
        what.note(event);
    }
    what.done(&state)
}

fn new_channel(id: &str) -> ConnectionEvent {
    let channel = Channel {
        id: id.into(),
        ..Channel::default()
    };
    ChannelEvent::New { channel }.into()
}

fn history(count: usize, complete: bool) -> ConnectionEvent {
    ChatEvent::History {
        channel_id: "c".into(),
        messages: vec![Message::text("x", chrono::DateTime::UNIX_EPOCH); count],
        complete,
    }
    .into()
}

#[test]
fn channels_are_entered_where_the_network_says() {
    let direct = |text: Option<&str>| What::Direct {
        channel_id: None,
        text: text.map(str::to_owned),
    };
    let done = after(
        direct(Some("hi")),
        &[new_channel("d-1"), new_channel("other")],
    );
    assert_eq!(
        (done.enter.as_deref(), done.say.as_deref()),
        (Some("d-1"), Some("hi"))
    );
    let lost = after(direct(Some("hi")), &[]);
    assert_eq!(
        (lost.enter, lost.say, lost.lines.len()),
        (None, None, 1),
        "it goes nowhere else"
    );
    let create = What::Create {
        channel_id: None,
        people: vec!["7".into()],
    };
    let done = after(create, &[new_channel("42")]);
    assert_eq!(done.enter.as_deref(), Some("42"));
    let (invite, event) = done.ask.unwrap();
    assert_eq!(after(invite, &[]).lines, ["put into 42: 7"]);
    let ConnectionEvent::Channel {
        event: ChannelEvent::Members {
            channel_id,
            members,
        },
    } = event
    else {
        panic!("{event:?}");
    };
    assert_eq!((channel_id.as_str(), members.len()), ("42", 1));
    let join = What::Join {
        channel_id: "#TEA".into(),
    };
    let channel_id = Id::from("#tea");
    let done = after(join, &[ChannelEvent::Join { channel_id }.into()]);
    assert_eq!(done.enter.as_deref(), Some("#tea"));
}

#[test]
fn a_page_of_history_says_how_much_is_left() {
    let end = |events: &[ConnectionEvent]| {
        let what = What::history("c".into());
        after(what, events).lines.remove(0)
    };
    assert_eq!(end(&[]), "nothing older of c came, but there may be more");
    assert_eq!(
        end(&[history(0, true)]),
        "nothing was said in c before this"
    );
    let parts = [history(2, false), history(1, true)];
    assert_eq!(end(&parts), "these 3 are the beginning of c");
    assert!(end(&parts[..1]).starts_with("these 2 are older; /history"));
}

#[test]
fn contacts_are_told_as_they_are_now() {
    let add = || What::Add {
        user_id: "ann".into(),
    };
    let request = |user_id: &str| UserEvent::Request {
        user_id: user_id.into(),
        own: true,
        text: None,
    };
    let confirmed = UserEvent::Respond {
        user_id: "7".into(),
        accept: true,
    };
    assert_eq!(after(add(), &[]).lines, ["ann was asked for contact"]);
    // The network knows whom the name means.
    let events = [request("7").into()];
    assert_eq!(after(add(), &events).lines, ["7 was asked for contact"]);
    let events = [request("7").into(), confirmed.into()];
    assert_eq!(after(add(), &events).lines, ["7 is now a contact of yours"]);
}

/// One of each.
fn all() -> Vec<What> {
    let (id, name) = (Id::from("c"), "c".to_owned());
    vec![
        What::Switch {
            channel_id: id.clone(),
        },
        What::Join {
            channel_id: id.clone(),
        },
        What::Create {
            channel_id: None,
            people: Vec::new(),
        },
        What::Invite {
            channel_id: id.clone(),
            people: Vec::new(),
        },
        What::Direct {
            channel_id: None,
            text: None,
        },
        What::Members {
            channel_id: id.clone(),
        },
        What::history(id.clone()),
        What::Read {
            channel_id: id.clone(),
        },
        What::Add {
            user_id: id.clone(),
        },
        What::Respond {
            user_id: id.clone(),
            accept: true,
        },
        What::React {
            channel_id: id.clone(),
            message_id: id.clone(),
            emoji: name.clone(),
            on: true,
        },
        What::Edit { text: name.clone() },
        What::Delete { text: None },
        What::Cancel,
        What::Directory(Vec::new()),
        What::Leave {
            channel_id: id.clone(),
        },
        What::Remove { name: name.clone() },
        What::Rename {
            channel_id: id.clone(),
        },
        What::Topic {
            channel_id: id.clone(),
            topic: None,
        },
        What::Code {
            channel_id: id.clone(),
            user_id: None,
            code: None,
        },
        What::Kick {
            channel_id: id.clone(),
            name: name.clone(),
        },
        What::Role {
            channel_id: id.clone(),
            member: Member::default(),
        },
        What::Data {
            key: name,
            value: None,
        },
    ]
}

#[test]
fn each_failure_says_what_to_do() {
    for what in all() {
        let job = Job {
            name: "/do it".to_owned(),
            what,
        };
        for kind in ErrorKind::ALL {
            let line = job.failed(&Error::new(*kind, "why").info());
            let advice = line.strip_prefix("/do it: why; ").unwrap();
            assert!(advice.len() > 5 && !line.contains('\n'), "{line}");
        }
    }
}

#[test]
fn jobs_end_once() {
    let mut jobs = Jobs::default();
    let job = |what| Job {
        name: String::new(),
        what,
    };
    let request = RequestId::fresh();
    jobs.begin(request, job(What::history("c".into())));
    assert!(jobs.knows(request) && !jobs.is_moving() && jobs.awaits_history("c"));
    assert!(!jobs.awaits_history("d"));
    assert!(jobs.end(request).is_some() && jobs.end(request).is_none() && jobs.is_empty());
    while !jobs.is_full() {
        let channel_id = Id::from("c");
        jobs.begin(RequestId::fresh(), job(What::Join { channel_id }));
    }
    assert!(jobs.is_moving() && jobs.open.len() == OPEN);
}

#[test]
fn what_was_asked_is_answered() {
    let code = |user_id: Option<&str>| What::Code {
        channel_id: "c".into(),
        user_id: user_id.map(Into::into),
        code: None,
    };
    let invite = |code: Option<&str>| ChannelEvent::Invite {
        channel_id: "c".into(),
        user_id: None,
        code: code.map(str::to_owned),
    };
    let told = after(code(None), &[invite(Some("x-1")).into()]).lines;
    assert_eq!(
        told,
        ["invitation into c for whoever has this: /circle join c x-1"]
    );
    let told = after(code(Some("ann")), &[invite(None).into()]).lines;
    assert_eq!(told, ["ann is invited into c"]);

    let data = || What::Data {
        key: "k".to_owned(),
        value: None,
    };
    let value = |value| UserEvent::Data {
        channel_id: None,
        key: "k".to_owned(),
        value,
    };
    let told = after(data(), &[value(Some(json!({"a": 1}))).into()]).lines;
    assert_eq!(told, [r#"k is {"a":1}"#]);
    assert_eq!(after(data(), &[]).lines, ["k has no value"]);

    let found = |channels: Vec<Channel>| {
        let query = None;
        let event = ChannelEvent::Directory { query, channels };
        after(What::Directory(Vec::new()), &[event.into()])
    };
    let tea = Channel {
        id: "c5".into(),
        name: Some("Tea".to_owned()),
        channel_type: ChannelType::Space,
    };
    let told = found(vec![tea.clone()]);
    assert_eq!(told.lines[0], "circles: Tea (id c5)");
    assert_eq!(told.directory, Some(vec![tea]));
    assert!(found(Vec::new()).lines[0].starts_with("no circle is found"));
}

#[test]
fn a_new_circle_is_entered_by_its_first_channel() {
    let new = |id: &str, channel_type| {
        let channel = Channel {
            id: id.into(),
            name: None,
            channel_type,
        };
        ConnectionEvent::from(ChannelEvent::New { channel })
    };
    let inside = ChannelEvent::Parent {
        channel_id: "s1".into(),
        parent_id: Some("c1".into()),
    };
    let create = What::Create {
        channel_id: None,
        people: Vec::new(),
    };
    let circle = [
        new("c1", ChannelType::Space),
        new("s1", ChannelType::Group),
        inside.into(),
    ];
    assert_eq!(after(create.clone(), &circle).enter.as_deref(), Some("s1"));
    let empty = after(create, &circle[..1]);
    assert_eq!(empty.enter.as_deref(), Some("c1"));
}
