use super::*;

fn order(line: &str) -> Order {
    match read(line.to_owned()) {
        Typed::Order { command, order, .. } => {
            assert_eq!(line.split_whitespace().next(), Some(command.name));
            order
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn wrong(line: &str) -> String {
    match read(line.to_owned()) {
        Typed::Wrong(why) => why,
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
        ("/history", Order::History(HISTORY)),
        ("/history 1", Order::History(1)),
        ("/history 1000", Order::History(1000)),
        ("/read", Order::Read),
        ("/contacts", Order::Contacts),
        ("/add ann b", Order::Add(name("ann b"))),
        ("/accept ann", Order::Accept(name("ann"))),
        ("/reject ann", Order::Reject(name("ann"))),
    ];
    for command in COMMANDS {
        assert!(
            rows.iter()
                .any(|(line, _)| line.split_whitespace().next() == Some(command.name)),
            "{} has no row here",
            command.name
        );
    }
    for (line, expected) in rows {
        assert_eq!(order(line), expected, "{line}");
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
    assert_eq!(
        wrong("/create a \"\""),
        "NAME is missing; usage: /create NAME [PEOPLE…]"
    );
}

#[test]
fn the_help_has_every_row_and_says_what_is_missing() {
    let nothing = help(&Capabilities::new());
    let all = help(&Capabilities::new().sends(EventKind::ALL));
    for command in COMMANDS {
        let find = |lines: &[String]| {
            let line = lines.iter().find(|line| line.starts_with(&command.usage()));
            line.unwrap().clone()
        };
        let missing = " (not on this network)";
        assert_eq!(find(&nothing).ends_with(missing), !command.needs.is_empty());
        assert!(find(&all).ends_with(command.help));
    }
    let contacts = COMMANDS
        .iter()
        .find(|command| command.name == "/contacts")
        .unwrap();
    assert!(contacts.is_in(&Capabilities::new().sends(&[EventKind::UserRespond])));
}
