use super::*;

fn order(line: &str) -> Order {
    match read(line.to_owned()) {
        Typed::Order { command, order, .. } => {
            let mut words = line.split_whitespace();
            assert!(
                command
                    .name
                    .split(' ')
                    .all(|word| words.next() == Some(word))
            );
            order
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn wrong(line: &str) -> String {
    match read(line.to_owned()) {
        Typed::Wrong { why, .. } => why,
        Typed::Other(line) => unknown(&line, &["/ip"]),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn messages_are_told_from_commands() {
    for (line, said) in [
        ("hi", "hi"),
        ("//x y", "/x y"),
        ("///", "//"),
        (" /help", " /help"),
        ("", ""),
    ] {
        match read(line.to_owned()) {
            Typed::Say(text) => assert_eq!(text, said),
            other => panic!("{line}: {other:?}"),
        }
    }
    for line in ["/", "/ help", "/foo bar", "/Help", "/helpme", "/help\u{0}"] {
        let why = wrong(line);
        assert!(
            why.contains("is no command") && why.contains("/who"),
            "{why}"
        );
    }
    assert!(wrong(&format!("/{}", "x".repeat(100_000))).len() < 400);
    assert!(is_quit("/quit ") && !is_quit("/quit now") && !is_quit("//quit"));
}

#[test]
fn every_row_reads_its_arguments() {
    let name = |text: &str| text.to_owned();
    let create = |people: &[&str]| Order::Create {
        name: name("new room"),
        people: people.iter().map(|person| name(person)).collect(),
    };
    let direct = |person: &str, text: Option<&str>| Order::Direct {
        person: name(person),
        text: text.map(name),
    };
    let ban = |person: &str, minutes| Order::Ban {
        person: name(person),
        minutes,
    };
    let rows = [
        ("/help", Order::Help),
        ("/quit\t", Order::Quit),
        ("/channels ", Order::Channels),
        ("/switch  Room 1 ", Order::Switch(name("Room 1"))),
        ("/switch \"Room 1\"", Order::Switch(name("Room 1"))),
        ("/switch \"Room", Order::Switch(name("\"Room"))),
        ("/join ünï", Order::Join(name("ünï"))),
        ("/create \"new room\"", create(&[])),
        (
            "/create \"new room\" ann  \"bob b\"",
            create(&["ann", "bob b"]),
        ),
        ("/dm ann", direct("ann", None)),
        ("/dm  ann  hi  \"you\"", direct("ann", Some("hi  \"you\""))),
        ("/dm \"ann b\" hi", direct("ann b", Some("hi"))),
        ("/dm o'brien /hi", direct("o'brien", Some("/hi"))),
        ("/members", Order::Members),
        ("/who", Order::Members),
        ("/history", Order::History(words::HISTORY)),
        ("/history 1", Order::History(1)),
        ("/history 1000", Order::History(1000)),
        ("/read", Order::Read),
        ("/contacts", Order::Contacts),
        ("/add ann b", Order::Add(name("ann b"))),
        ("/accept ann", Order::Accept(name("ann"))),
        ("/reject ann", Order::Reject(name("ann"))),
        ("/ban \"ann b\" 5", ban("ann b", Some(5))),
        ("/ban ann", ban("ann", None)),
        ("/nick ann b", Order::Nick(name("ann b"))),
        ("/away", Order::Away(None)),
        ("/away for tea", Order::Away(Some(name("for tea")))),
        ("/back", Order::Back),
    ];
    let rows = rows.into_iter().chain(message_rows());
    for (line, expected) in rows.chain(circle_rows()) {
        assert_eq!(order(line), expected, "{line}");
    }
}

fn message_rows() -> Vec<(&'static str, Order)> {
    let name = |text: &str| text.to_owned();
    let id = |text: &str| Target::Id(text.into());
    let react = |message, on| Order::React {
        message,
        emoji: name("👍"),
        on,
    };
    let upload = |file: &str, text: Option<&str>| Order::Upload {
        file: name(file),
        text: text.map(name),
    };
    let (message, text) = (Target::Back(2), name("and  more"));
    vec![
        ("/react -1 👍", react(Target::Back(1), None)),
        ("/unreact m9 👍", react(id("m9"), Some(false))),
        ("/reply -2  and  more", Order::Reply { message, text }),
        (
            "/edit \"an id\" hi",
            Order::Edit {
                message: id("an id"),
                text: name("hi"),
            },
        ),
        ("/delete -1000", Order::Delete(Target::Back(1000))),
        ("/upload a.png", upload("a.png", None)),
        (
            "/upload \"a b.png\" look  here",
            upload("a b.png", Some("look  here")),
        ),
        ("/cancel", Order::Cancel),
    ]
}

fn circle_rows() -> Vec<(&'static str, Order)> {
    let name = |text: &str| text.to_owned();
    let role = |role| Order::Role {
        person: name("ann b"),
        role,
    };
    let data = |key: &str, value, in_circle| Order::Data {
        key: name(key),
        value,
        in_circle,
    };
    let create = |circle: &str, public| Order::CircleCreate {
        name: name(circle),
        public,
    };
    let join = |circle: &str, code: Option<&str>| Order::CircleJoin {
        circle: name(circle),
        code: code.map(name),
    };
    vec![
        ("/leave ", Order::Leave),
        ("/topic", Order::Topic(None)),
        ("/topic \"\"", Order::Topic(Some(String::new()))),
        (
            "/topic tea and  milk",
            Order::Topic(Some(name("tea and  milk"))),
        ),
        ("/circles", Order::Circles(None)),
        ("/circles  tea time", Order::Circles(Some(name("tea time")))),
        ("/circle create Tea time", create("Tea time", false)),
        ("/circle  create Tea --public", create("Tea", true)),
        (
            "/circle create \"Tea time\" --public ",
            create("Tea time", true),
        ),
        ("/circle create Tea--public", create("Tea--public", false)),
        ("/circle join c5", join("c5", None)),
        (
            "/circle join \"Tea time\" x-1",
            join("Tea time", Some("x-1")),
        ),
        ("/circle leave", Order::CircleLeave),
        ("/circle\tdelete Tea", Order::CircleDelete(name("Tea"))),
        ("/circle data k", data("k", None, true)),
        ("/stream create a b", Order::StreamCreate(name("a b"))),
        ("/stream rename b", Order::StreamRename(name("b"))),
        ("/stream delete a b", Order::StreamDelete(name("a b"))),
        ("/invite", Order::Invite(None)),
        ("/invite ann b", Order::Invite(Some(name("ann b")))),
        ("/kick ann b", Order::Kick(name("ann b"))),
        ("/role \"ann b\" admin", role(Role::Admin)),
        ("/role \"ann b\" member", role(Role::Member)),
        ("/role \"ann b\" owner", role(Role::Owner)),
        ("/data k", data("k", None, false)),
        ("/data k null", data("k", Some(Value::Null), false)),
        (
            "/data k {\"a\": [1]}",
            data("k", Some(serde_json::json!({"a": [1]})), false),
        ),
    ]
}

#[test]
fn every_row_of_the_table_is_read_here() {
    let source = include_str!("tests.rs");
    for command in COMMANDS {
        let line = format!("(\"{}", command.name);
        let spaced = line.replace("/circle delete", "/circle\\tdelete");
        assert!(
            source.contains(&line) || source.contains(&spaced),
            "{} has no row here",
            command.name
        );
    }
}

#[test]
fn what_cannot_be_meant_is_told() {
    for (line, why) in [
        ("/react -1", "EMOJI is missing"),
        ("/react -1 👍 👍", "`👍` is too much"),
        ("/reply -0 hi", "messages are counted back from -1"),
        ("/edit -1", "TEXT is missing"),
        ("/delete -1 now", "`now` is too much"),
        ("/circle create --public", "NAME is missing"),
        ("/circle join c5 code more", "`more` is too much"),
        ("/role ann", "member|admin|owner is missing"),
        ("/role ann king", "`king` is no role"),
        ("/role ann Admin", "`Admin` is no role"),
        ("/data k {", "`{` is no JSON"),
        (
            "/circle",
            "/circle is no command; there are /circle create ",
        ),
        (
            "/circle dance now",
            "/circle dance now is no command; there are /circle create ",
        ),
        (
            "/circlecreate x",
            "/circlecreate is no command; there are /help ",
        ),
        ("/streams", "/streams is no command; there are /help "),
    ] {
        let told = wrong(line);
        assert!(told.contains(why) && told.len() < 900, "{line}: {told}");
    }
}

#[test]
fn what_is_missing_or_too_much_is_told_with_the_usage() {
    for command in COMMANDS {
        let usage = format!("; usage: {}", command.usage());
        let required = !command.arguments.is_empty() && !command.arguments.starts_with('[');
        if required {
            let first = command.arguments.split(' ').next().unwrap();
            for line in [command.name.to_owned(), format!("{} \"\"", command.name)] {
                assert_eq!(wrong(&line), format!("{first} is missing{usage}"));
            }
        }
        if command.arguments.is_empty() {
            let why = wrong(&format!("{} now, please", command.name));
            assert_eq!(why, format!("`now, please` is too much{usage}"));
        }
    }
    for line in [
        "/history 0",
        "/history 1001",
        "/history -1",
        "/history x",
        "/history 9e9",
    ] {
        assert_eq!(
            wrong(line),
            "N is a number from 1 to 1000; usage: /history [N]"
        );
    }
    assert_eq!(
        wrong("/history 1 2"),
        "`2` is too much; usage: /history [N]"
    );
    for line in ["/ban ann 0", "/ban ann soon", "/ban ann -1"] {
        assert!(wrong(line).starts_with("MINUTES is a number above 0;"));
    }
    assert_eq!(
        wrong("/create a \"\""),
        "NAME is missing; usage: /create NAME [PEOPLE…]"
    );
}

#[test]
fn the_help_has_every_row_and_says_what_is_missing() {
    let nothing = help(&Capabilities::new(), &[]);
    let all = help(
        &Capabilities::new().sends(EventKind::ALL).max_file_bytes(1),
        &["/say TEXT".to_owned()],
    );
    for command in COMMANDS {
        let find = |lines: &[String]| {
            let line = lines.iter().find(|line| line.starts_with(&command.usage()));
            line.unwrap().clone()
        };
        let missing = " (not on this network)";
        assert_eq!(
            find(&nothing).ends_with(missing),
            !matches!(command.needs, Needs::Nothing)
        );
        assert!(find(&all).ends_with(command.help));
    }
    let contacts = COMMANDS
        .iter()
        .find(|command| command.name == "/contacts")
        .unwrap();
    assert!(contacts.is_in(&Capabilities::new().sends(&[EventKind::UserRespond])));
}
