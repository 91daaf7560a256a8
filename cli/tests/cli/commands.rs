//! `send`, `watch`, `protocols` and `account`.

use std::fs;

use serde_json::Value;

use crate::kaiwa::{Kaiwa, Served, Site, strings};

#[test]
fn send_succeeds_when_the_message_is_delivered() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let mut bob = site.start(&strings(&served.login(&["chat", "wschat"], "bob")));
    bob.say("here");
    assert_eq!(bob.line(), "bob: here");
    let send = |text: &str, input: &str| {
        let args = served.login(&["send", "wschat", text, "--channel", "lobby"], "ann");
        site.run(&strings(&args), input).printed(&[]);
    };
    send("hello", "");
    assert_eq!(bob.line(), "ann: hello");
    send("-", "two\nlines\n");
    assert_eq!(bob.line(), "ann: two");
    assert_eq!(bob.line(), "lines");
    bob.finish().printed(&[]);
}

#[test]
fn watch_prints_every_event_as_json() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let mut watch = site.start(&strings(
        &served.login(&["watch", "wschat", "--json"], "bob"),
    ));
    let mut kinds = Vec::new();
    let mut next = |watch: &mut Kaiwa| {
        let line = watch.line();
        let event: Value = serde_json::from_str(&line).unwrap();
        kinds.push(line.clone());
        event
    };
    while next(&mut watch)["User"]["event"].get("Identify").is_none() {}
    site.run(
        &strings(&served.login(&["send", "wschat", "hi\x1b"], "ann")),
        "",
    )
    .printed(&[]);
    let message = loop {
        let event = next(&mut watch);
        if let Some(new) = event["Chat"]["event"].get("New") {
            break new["message"].clone();
        }
    };
    assert_eq!(message["content"][0]["Text"], "hi\x1b");
    assert_eq!(message["sender_id"], "ann");
    assert!(
        kinds[0].contains("Connecting") && kinds[1].contains("Connected"),
        "{kinds:?}"
    );
    watch.signal("INT");
    let output = watch.finish_open();
    assert_eq!(output.code, Some(130), "{output:?}");
    assert!(
        output.out.last().unwrap().contains("Disconnected"),
        "{output:?}"
    );
}

#[test]
fn watch_prints_events_for_people_until_nobody_reads() {
    let site = Site::new();
    // So much is said that it is written to a closed pipe, whenever that is closed.
    let mut watch = site.start(&["watch", "mock", "--set", "script=flood:1000000"]);
    assert_eq!(watch.line(), "Status::Connecting");
    assert_eq!(watch.line(), r#"Status::Connected {"artifact":null}"#);
    watch.close_output();
    let output = watch.finish_open();
    assert_eq!((output.code, output.err), (Some(0), vec![]));
}

#[test]
fn send_and_watch_take_channels_by_name_and_accounts_by_label() {
    let site = Site::new();
    let run = |args: &[&str]| site.run(args, "");
    let script = ["--set", "script=rooms:2,history:1"];
    let send =
        |channel: &str| run(&[&["send", "mock", "hi", "--channel", channel], &script[..]].concat());
    send("Room 2").printed(&[]);
    send("room-2").printed(&[]);
    send("nowhere").failed(2, &["no such channel"]);

    let mut watch = site.start(&[&["watch", "mock", "--channel", "ROOM 1"], &script[..]].concat());
    let mut lines = Vec::new();
    while !lines
        .iter()
        .any(|line: &String| line.starts_with("Channel::Join "))
    {
        lines.push(watch.line());
    }
    watch.signal("INT");
    lines.extend(watch.finish_open().out);
    let other = |line: &&String| !line.starts_with("Status::") && !line.contains("\"room-1\"");
    assert_eq!(lines.iter().find(other), None, "{lines:#?}");
    let new = |line: &&String| line.starts_with("Channel::New ");
    assert_eq!(lines.iter().filter(new).count(), 1, "{lines:#?}");
    run(&["watch", "mock", "--channel", "nowhere"]).failed(2, &["no such channel"]);

    let served = Served::start(&site, &[]);
    let add = served.login(&["account", "add", "wschat", "--name", "work"], "ann");
    site.run(&strings(&add), "").printed(&["added work"]);
    let mut bob = site.start(&strings(&served.login(&["chat", "wschat"], "bob")));
    bob.say("here");
    assert_eq!(bob.line(), "bob: here");
    run(&["send", "--account", "work", "hello"]).printed(&[]);
    assert_eq!(bob.line(), "ann: hello");
    let mut watch = site.start(&["watch", "--account", "work"]);
    while !watch.line().starts_with("User::Identify ") {}
    bob.finish().printed(&[]);

    run(&["send", "--account", "nope", "hello"]).failed(2, &["`nope`", "work"]);
    run(&["watch", "--account", "nope"]).failed(2, &["`nope`", "work"]);
    run(&["send", "--account", "work", "wschat", "hello"]).failed(2, &["only TEXT"]);
    run(&["send", "wschat"]).failed(2, &["PROTOCOL and TEXT", "--account"]);
    for args in [
        &["watch"][..],
        &["watch", "wschat", "--account", "work"],
        &["send", "--account", "work", "--set", "name=x", "hello"],
    ] {
        let output = run(args);
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(
            output.err.iter().any(|line| line.contains("--account")),
            "{output:?}"
        );
    }
}

#[test]
fn protocols_are_listed_for_people_and_programs() {
    let site = Site::new();
    let output = site.run(&["protocols"], "");
    assert_eq!(output.code, Some(0));
    assert!(
        output.out.iter().any(|line| line.starts_with("wschat  ")),
        "{output:?}"
    );
    assert!(
        output
            .out
            .iter()
            .any(|line| line.contains("url") && line.contains("required"))
    );
    let output = site.run(&["protocols", "--json"], "");
    let rows: Value = serde_json::from_str(&output.out.join("\n")).unwrap();
    let wschat = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "wschat")
        .unwrap();
    assert_eq!(wschat["login"][0]["name"], "url");
    assert_eq!(wschat["capabilities"]["confirmation"], "Echo");
}

#[test]
fn accounts_are_kept_used_and_forgotten() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let file = site.path("config").join("accounts.toml");

    let add = served.login(&["account", "add", "wschat", "--name", "work"], "bob");
    site.run(&strings(&add), "").printed(&["added work"]);
    let add = served.login(
        &[
            "account",
            "add",
            "wschat",
            "--set-env",
            "jwt=KAIWA_TEST_TOKEN",
        ],
        "cid",
    );
    site.run(&strings(&add), "").printed(&["added wschat"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("KAIWA_TEST_TOKEN")
    );

    let list = site.run(&["account", "list"], "").out.join("\n");
    for word in ["work", "wschat", "name", "bob", "KAIWA_TEST_TOKEN"] {
        assert!(list.contains(word), "{list}");
    }

    site.run(&[], "hi").printed(&["bob: hi"]);
    site.run(&["--name", "bo"], "hi").printed(&["bo: hi"]);
    site.run(&["--local"], "hi").printed(&["ann: hi"]);
    let mut command = site.command(&["--account", "wschat"]);
    command.env("KAIWA_TEST_TOKEN", "not looked at by an open server");
    let mut with_token = Kaiwa::spawn(command);
    with_token.write(b"hi".to_vec());
    with_token.finish().printed(&["cid: hi"]);
    site.run(&["--account", "wschat"], "hi")
        .failed(2, &["KAIWA_TEST_TOKEN", "not set"]);
    site.run(&["--account", "nope"], "hi")
        .failed(2, &["`nope`", "work, wschat"]);

    site.run(&["account", "remove", "nope"], "")
        .failed(2, &["work, wschat"]);
    site.run(&["account", "remove", "work"], "")
        .printed(&["removed work"]);
    assert!(!fs::read_to_string(&file).unwrap().contains("bob"));
}

#[test]
fn help_teaches() {
    let site = Site::new();
    let help = site.run(&["--help"], "");
    assert_eq!(help.code, Some(0));
    let help = help.out.join("\n");
    for word in [
        "Examples:",
        "Exit codes:",
        "--set-env",
        "KAIWA_DATA_DIR",
        "name: text",
        "130",
    ] {
        assert!(help.contains(word), "`{word}` is missing: {help}");
    }
    for command in ["chat", "watch", "send", "protocols", "account", "serve"] {
        assert_eq!(site.run(&[command, "--help"], "").code, Some(0));
    }
}
