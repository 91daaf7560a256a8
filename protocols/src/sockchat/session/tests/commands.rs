//! What the user wants: the command that each event becomes, who may use it, and what ends it.

use super::*;
use kaiwa_core::{Channel, ChannelType, EventKind, Presence, Profile};

fn remove(user_id: &str) -> UserEvent {
    UserEvent::Remove {
        channel_id: None,
        user_id: user_id.into(),
    }
}

fn ban(user_id: &str, seconds: Option<i64>, rig: &Rig) -> UserEvent {
    UserEvent::Ban {
        channel_id: None,
        user_id: user_id.into(),
        until: seconds.map(|seconds| rig.now().utc + chrono::TimeDelta::seconds(seconds)),
        reason: None,
    }
}

fn nick(name: &str) -> UserEvent {
    UserEvent::Update {
        channel_id: None,
        user_id: "1".into(),
        new_user: Profile {
            display_name: Some(name.to_owned()),
            ..Profile::default()
        },
    }
}

fn be(presence: Presence, text: Option<&str>) -> UserEvent {
    UserEvent::Presence {
        user_id: None,
        presence,
        text: text.map(str::to_owned),
    }
}

fn create(name: &str) -> ChannelEvent {
    ChannelEvent::Create {
        parent_id: None,
        channel: Channel {
            id: Id::default(),
            name: Some(name.to_owned()),
            channel_type: ChannelType::Group,
        },
        public: true,
    }
}

fn delete(message_id: &str) -> ChatEvent {
    ChatEvent::Remove {
        channel_id: None,
        message_id: message_id.into(),
    }
}

impl Rig {
    /// Runs a command as an application does.
    fn run(&mut self, name: &str, rest: &str) -> Result<RequestId, ErrorKind> {
        let mut message = Message::text(rest, DateTime::UNIX_EPOCH);
        let id = MessageFragment::AssetId(format_args!("command:{name}").into());
        message.content.insert(0, id);
        if rest.is_empty() {
            message.content.truncate(1);
        }
        let channel_id = None;
        self.send(ChatEvent::New {
            channel_id,
            message,
        })
    }

    /// The ends of requests among the events.
    fn ends(&mut self) -> Vec<String> {
        let mut events = self.events();
        let is_end = |event: &String| event.starts_with("Status::");
        events.retain(is_end);
        events
    }
}

/// What the user wants, what is written, what the server says, how it ends.
type Case = (ConnectionEvent, &'static str, &'static str, &'static str);

const DONE: &str = "Status::Done";

/// Who throws somebody out.
fn about_others(rig: &Rig) -> Vec<Case> {
    let kicked = "3|2|bob|kick|1424000000|9";
    let (forbidden, unknown) = ("Status::Failed Forbidden", "Status::Failed NotFound");
    let kickna = "2|1|-1|1^kickna^bob|9|10010";
    let cmdna = "2|1|-1|1^cmdna^/kick|9|10010";
    let usernf = "2|1|-1|1^usernf^bob|9|10010";
    vec![
        (remove("2").into(), "/kick bob", kicked, DONE),
        (remove("2").into(), "/kick bob", kickna, forbidden),
        (remove("2").into(), "/kick bob", cmdna, forbidden),
        (ban("2", None, rig).into(), "/ban bob", kicked, DONE),
        // The original server counts minutes.
        (
            ban("2", Some(90), rig).into(),
            "/ban bob 2",
            usernf,
            unknown,
        ),
        (ban("2", Some(-9), rig).into(), "/ban bob 1", kicked, DONE),
    ]
}

fn about_oneself() -> Vec<Case> {
    let is = |name| match name {
        "new" => "10|1|~new_name|#f00|10^1^1^1^2",
        "tea" => "10|1|&lt;TEA&gt;_alice|#f00|10^1^1^1^2",
        _ => "10|1|alice2|#f00|10^1^1^1^2",
    };
    let taken = "2|1|-1|1^nameinuse^alice|9|10010";
    let conflict = "Status::Failed Conflict";
    let away = |tag| be(Presence::Away, tag).into();
    vec![
        (nick("new name").into(), "/nick new_name", is("new"), DONE),
        (nick("~alice").into(), "/nick alice", taken, conflict),
        (nick("").into(), "/nick", is("alice2"), DONE),
        (away(Some("tea")), "/afk tea", is("tea"), DONE),
        (away(None), "/afk", is("tea"), DONE),
    ]
}

fn about_places() -> Vec<Case> {
    let rejected = "Status::Failed Rejected";
    let unsupported = "Status::Failed Unsupported";
    let said = |code| match code {
        "crchan" => "2|1|-1|0^crchan^a_room|9|10010",
        "nischan" => "2|1|-1|1^nischan^Tea|9|10010",
        "nochan" => "2|1|-1|1^nochan^Tea|9|10010",
        "nocmd" => "2|1|-1|1^nocmd^delchan|9|10010",
        "delerr" => "2|1|-1|1^delerr^|9|10010",
        _ => "2|1|-1|1^cmderr^|9|10010",
    };
    let remove = || {
        let channel_id = Id::from("Tea");
        ChannelEvent::Remove { channel_id }.into()
    };
    let conflict = "Status::Failed Conflict";
    vec![
        (
            create("a room").into(),
            "/create a_room",
            said("crchan"),
            DONE,
        ),
        (create("7").into(), "/create 7", said("cmderr"), rejected),
        (
            create("Tea").into(),
            "/create Tea",
            said("nischan"),
            conflict,
        ),
        (remove(), "/delchan Tea", "4|2|Tea", DONE),
        (remove(), "/delchan Tea", said("nocmd"), unsupported),
        (delete("77").into(), "/delete 77", "6|77", DONE),
        (delete("77").into(), "/delete 77", said("delerr"), rejected),
        (
            join("Tea").into(),
            "/join Tea",
            said("nochan"),
            "Status::Failed NotFound",
        ),
    ]
}

#[test]
fn each_request_has_its_command_and_its_end() {
    let mut all = about_others(&Rig::signed_in());
    all.extend(about_oneself());
    all.extend(about_places());
    for (event, written, answer, end) in all {
        let mut rig = Rig::signed_in();
        rig.send(event).unwrap();
        assert_eq!(rig.written(), [format!("2|1|{written}")]);
        assert_eq!(rig.ends(), Vec::<String>::new(), "{written}");
        rig.hear(answer);
        assert_eq!(rig.ends(), [end], "{written}: {answer}");
        rig.pass(ECHO_LIMIT.as_secs());
        assert_eq!(rig.ends(), Vec::<String>::new(), "{written}");
    }
}

/// The command, its arguments, what is written, what the server says, how the message is settled.
const COMMANDS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "me",
        "waves",
        "/me waves",
        "2|1424000000|1|<i>waves</i>|9|11000",
        "9 Delivered waves",
    ),
    (
        "say",
        "hear [b]me[/b]",
        "/say hear [\u{2060}b]me[\u{2060}/b]",
        "2|1|-1|0^say^hear [\u{2060}b]me[\u{2060}/b]|9|10010",
        "local Delivered command:sayhear [b]me[/b]",
    ),
    (
        "who",
        "",
        "/who",
        "2|1|-1|0^who^<a>bob</a>|9|10010",
        "local Delivered command:who",
    ),
    (
        "who",
        "Tea",
        "/who Tea",
        "2|1|-1|0^whochan^Tea^<a>bob</a>|9|10010",
        "local Delivered command:whoTea",
    ),
    (
        "who",
        "Tea",
        "/who Tea",
        "2|1|-1|1^whoerr^Tea|9|10010",
        "local Failed command:whoTea",
    ),
    (
        "unban",
        "eve",
        "/unban eve",
        "2|1|-1|0^unban^eve|9|10010",
        "local Delivered command:unbaneve",
    ),
    (
        "unbanip",
        "::1",
        "/unbanip ::1",
        "2|1|-1|1^notban^::1|9|10010",
        "local Failed command:unbanip::1",
    ),
    (
        "bans",
        "",
        "/bans",
        "2|1|-1|0^banlist^<a>eve</a>|9|10010",
        "local Delivered command:bans",
    ),
    (
        "silence",
        "bob 60",
        "/silence bob 60",
        "2|1|-1|0^silok^bob|9|10010",
        "local Delivered command:silencebob 60",
    ),
    (
        "silence",
        "alice",
        "/silence alice",
        "2|1|-1|1^silself^|9|10010",
        "local Failed command:silencealice",
    ),
    (
        "unsilence",
        "bob",
        "/unsilence bob",
        "2|1|-1|1^usilerr|9|10010",
        "local Failed command:unsilencebob",
    ),
    (
        "ip",
        "bob",
        "/ip bob",
        "2|1|-1|0^ipaddr^bob^::1|9|10010",
        "local Delivered command:ipbob",
    ),
    (
        "password",
        "a[b]c",
        "/password a[b]c",
        "2|1|-1|0^cpwdchan|9|10010",
        "local Delivered command:passworda[b]c",
    ),
    (
        "password",
        "",
        "/password",
        "2|1|-1|1^cmdna^/password|9|10010",
        "local Failed command:password",
    ),
    (
        "rank",
        "5",
        "/rank 5",
        "2|1|-1|1^rankerr|9|10010",
        "local Failed command:rank5",
    ),
    (
        "kick",
        "BOB",
        "/kick BOB",
        "3|2|bob|kick|1424000000|9",
        "local Delivered command:kickBOB",
    ),
    (
        "create",
        "3 two words",
        "/create 3 two words",
        "2|1|-1|0^crchan^two_words|9|10010",
        "local Delivered command:create3 two words",
    ),
];

#[test]
fn each_command_has_its_answer() {
    for (name, rest, written, answer, settled) in COMMANDS.iter().copied() {
        let mut rig = Rig::signed_in_as("10^1^1^1^2", "|5000");
        rig.run(name, rest).unwrap();
        assert_eq!(rig.written(), [format!("2|1|{written}")]);
        rig.events();
        rig.hear(answer);
        let events = rig.events();
        let settled = format!("Chat::Update {settled}");
        assert!(events.contains(&settled), "{settled}: {events:?}");
        let is_end = |event: &&String| event.starts_with("Status::");
        assert_eq!(events.iter().filter(is_end).count(), 1, "{events:?}");
    }
}

#[test]
fn commands_that_make_no_sense_are_not_written() {
    let mut rig = Rig::signed_in();
    for (name, rest, kind) in [
        ("kick", "", ErrorKind::Invalid),
        ("kick", " ", ErrorKind::Invalid),
        ("nosuch", "", ErrorKind::NotFound),
        ("join", "Tea", ErrorKind::NotFound),
        ("ban", "bob\n60", ErrorKind::Invalid),
    ] {
        assert_eq!(rig.run(name, rest), Err(kind), "{name} {rest}");
    }
    for event in [
        join("two words").into(),
        join("@2").into(),
        create("").into(),
        nick("a\tb").into(),
        delete("Staff").into(),
        delete("rlbl-0").into(),
        delete("").into(),
        remove("7").into(),
        be(Presence::Busy, None).into(),
        ConnectionEvent::from(UserEvent::Update {
            channel_id: None,
            user_id: "2".into(),
            new_user: Profile::default(),
        }),
    ] {
        let kind = rig.send(event.clone()).unwrap_err();
        assert!((1..20).contains(&kind.number()), "{event:?}: {kind:?}");
    }
    assert_eq!(rig.written(), Vec::<String>::new());
    assert_eq!(rig.events(), Vec::<String>::new());
}

#[test]
fn silence_is_no_answer() {
    let mut rig = Rig::signed_in_as("10^1^1^1^2", "|5000");
    rig.run("silence", "bob").unwrap();
    rig.send(remove("2")).unwrap();
    rig.written();
    rig.pass(ECHO_LIMIT.as_secs());
    assert_eq!(rig.ends(), ["Status::Failed OutcomeUnknown"; 2]);
    // What comes later answers nothing.
    rig.hear("2|1|-1|0^silok^bob|9|10010");
    assert_eq!(rig.ends(), Vec::<String>::new());
}

#[test]
fn one_notice_answers_one_request_in_order() {
    let mut rig = Rig::signed_in();
    rig.hear("5|0|3|carol|inherit|1^0^0^0^0|5");
    rig.events();
    let bob = rig.send(remove("2")).unwrap();
    let carol = rig.send(remove("3")).unwrap();
    let ban = rig.send(ban("2", None, &rig)).unwrap();
    rig.written();
    rig.hear("2|1|-1|1^kickna^carol|9|10010");
    rig.hear("2|1|-1|1^cmdna^/ban|9|10010");
    rig.hear("2|1|-1|1^generr^|9|10010");
    rig.hear("2|1|-1|1^generr^|9|10010");
    let ended =
        std::iter::from_fn(|| rig.session.poll_event()).filter_map(|event| match event.event {
            ConnectionEvent::Status {
                event: StatusEvent::Failed { request, .. },
            } => Some(request),
            _ => None,
        });
    assert_eq!(ended.collect::<Vec<_>>(), [carol, ban, bob]);
}

#[test]
fn a_ban_is_told_with_its_end() {
    let mut rig = Rig::signed_in();
    let event = ban("2", Some(3600), &rig);
    let request = rig.send(event.clone()).unwrap();
    rig.written();
    rig.hear("3|2|bob|kick|1424000000|9");
    let caused: Vec<_> = std::iter::from_fn(|| rig.session.poll_event()).collect();
    assert!(caused.iter().all(|event| event.request == Some(request)));
    assert_eq!(caused.len(), 3, "removed, banned, done: {caused:?}");
    assert_eq!(caused[1].event, event.into());
}

#[test]
fn being_away_ends_with_whatever_is_sent_on_newer_servers() {
    let mut rig = Rig::signed_in_as("1 0 0 1 0", "|5000");
    rig.send(be(Presence::Online, None)).unwrap();
    assert_eq!(rig.ends(), ["Status::Done"]);
    rig.hear("10|1|&lt;AFK&gt;_alice|#f00|1 0 0 1 0");
    assert_eq!(
        rig.events(),
        [
            "User::Update <AFK>_alice",
            "User::Presence Away Some(\"AFK\")"
        ]
    );
    rig.send(be(Presence::Online, None)).unwrap();
    assert_eq!(rig.written(), ["2|1|/join Lobby"]);
    rig.hear("10|1|alice|#f00|1 0 0 1 0");
    rig.hear("5|2|Lobby");
    assert_eq!(
        rig.events(),
        [
            "User::Update alice",
            "User::Presence Online None",
            "Status::Done"
        ]
    );
    let mut original = Rig::signed_in();
    original.hear("10|1|&lt;AFK&gt;_alice|#f00|10^1^1^1^2");
    let refused = original.send(be(Presence::Online, None));
    assert_eq!(refused, Err(ErrorKind::Unsupported));
}

#[test]
fn commands_come_and_go_with_the_rights() {
    let mut rig = Rig::new();
    rig.connect();
    rig.hear("1|y|1|alice|#f00|1^0^0^0^0|Lobby|3000");
    let told = |rig: &mut Rig| {
        let mut events = rig.all_events();
        events.retain(|event| event.starts_with("Asset::") || event.starts_with("Status::Cap"));
        events
    };
    assert_eq!(
        told(&mut rig),
        [
            "Status::Capabilities",
            "Asset::New command:me",
            "Asset::New command:who"
        ]
    );
    let capabilities = rig.session.capabilities.clone();
    for kind in [
        EventKind::UserRemove,
        EventKind::UserUpdate,
        EventKind::ChannelCreate,
    ] {
        assert!(!capabilities.can_send(kind), "{kind}");
    }
    assert_eq!(rig.run("kick", "bob"), Err(ErrorKind::Unsupported));
    rig.hear("10|1|alice|#f00|10^1^1^1^2");
    let more = told(&mut rig);
    assert!(
        more.contains(&"Asset::New command:kick".to_owned()),
        "{more:?}"
    );
    assert!(rig.session.capabilities.can_send(EventKind::UserBan));
    rig.hear("10|1|alice|#f00|10^1^1^1^2");
    assert_eq!(told(&mut rig), Vec::<String>::new(), "nothing has changed");
    // What waits when the rights go is not written.
    rig.close(false);
    rig.connect();
    rig.run("kick", "bob").unwrap();
    rig.all_events();
    rig.hear("1|y|1|alice|#f00|1^0^0^0^0|Lobby|3000");
    let less = told(&mut rig);
    assert!(
        less.contains(&"Asset::Remove command:kick".to_owned()),
        "{less:?}"
    );
    assert_eq!(rig.written(), Vec::<String>::new());
    assert_eq!(rig.ends(), ["Status::Failed Unsupported"]);
}

#[test]
fn a_server_that_lets_everybody_make_channels_but_who_may() {
    let rig = Rig::signed_in_as("1 0 0 0 0", "|2|OIGfrk8d");
    assert!(rig.session.capabilities.can_send(EventKind::ChannelCreate));
}

#[test]
fn a_message_that_waits_is_taken_back() {
    let mut rig = Rig::signed_in();
    rig.say(None, "x").unwrap();
    let ConnectionEvent::Chat {
        event: ChatEvent::New { message, .. },
    } = rig.session.poll_event().unwrap().event
    else {
        panic!("an echo")
    };
    rig.send(delete(&message.id.unwrap())).unwrap();
    assert_eq!(rig.ends(), ["Status::Failed Cancelled", "Status::Done"]);
    assert_eq!(rig.written(), Vec::<String>::new());
}

#[test]
fn what_the_original_server_cannot_do_is_not_offered() {
    use EventKind::{ChannelRemove, ChatRemove};
    let offered = |permissions: &str, tail: &str| {
        let mut rig = Rig::signed_in_as(permissions, tail);
        let silences = rig.run("silence", "bob").is_ok();
        let can = |kind| rig.session.capabilities().sends.contains(&kind);
        (
            can(ChannelRemove),
            can(ChatRemove),
            rig.send(delete("7")).is_ok(),
            silences,
        )
    };
    assert_eq!(offered("10^1^1^1^2", ""), (false, true, true, false));
    assert_eq!(offered("1^0^0^1^1", ""), (false, true, false, false));
    assert_eq!(offered("10^1^1^1^2", "|5000"), (true, true, true, true));
    assert_eq!(offered("1^0^0^1^1", "|5000"), (true, true, true, false));
}

#[test]
fn a_ban_carries_no_reason() {
    let mut rig = Rig::signed_in();
    let event = UserEvent::Ban {
        channel_id: None,
        user_id: "2".into(),
        until: None,
        reason: Some("noise".to_owned()),
    };
    assert_eq!(rig.send(event), Err(ErrorKind::Unsupported));
}

#[test]
fn a_notice_that_names_nothing_is_about_no_message() {
    let mut rig = Rig::signed_in();
    rig.run("me", "waves").unwrap();
    rig.run("who", "").unwrap();
    rig.written();
    rig.events();
    rig.hear("2|1|-1|1^cmderr^|9|10010");
    assert_eq!(rig.ends(), ["Status::Failed Rejected"]);
    rig.hear("2|1|1|<i>waves</i>|10|11000");
    assert_eq!(rig.ends(), [DONE]);
}

#[test]
fn whoever_is_elsewhere_is_thrown_out_by_a_notice() {
    let mut rig = Rig::signed_in_as("10^1^1^1^2", "|5000");
    for command in ["kick", "ban"] {
        rig.run(command, "carol").unwrap();
        assert_eq!(rig.written(), [format!("2|1|/{command} carol")]);
        rig.hear("2|1|-1|0^kick^carol|9|10010");
        assert_eq!(rig.ends(), [DONE], "{command}");
    }
    rig.send(ban("2", None, &rig)).unwrap();
    rig.written();
    rig.hear("2|1|-1|0^kick^bob|9|10010");
    let events = rig.events();
    assert!(events.contains(&"User::Ban".to_owned()), "{events:?}");
    assert_eq!(events.last().unwrap(), DONE);
}
