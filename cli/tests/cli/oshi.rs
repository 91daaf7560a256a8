//! Oshi from the command line: the server of one's own, which is joined over it, and accounts elsewhere.

use std::fs;

use crate::kaiwa::{Kaiwa, Output, Served, Site};
#[cfg(unix)]
use crate::terminal::Terminal;

/// A server for others in the data directory of one's own, and in its place afterwards.
fn served_at_home(site: &Site) -> Served {
    Served::spawn_in(&site.data(), site, &[], |_| {})
}

fn end(served: Served) {
    served.process.signal("TERM");
    assert_eq!(served.process.finish_open().code, Some(0));
}

/// Runs a command with a password in its environment.
fn with_password(site: &Site, args: &[&str], input: &str) -> Output {
    let mut command = site.command(args);
    command.env("KAIWA_TEST_PASSWORD", "secret password");
    let mut kaiwa = Kaiwa::spawn(command);
    kaiwa.write(input.as_bytes().to_vec());
    kaiwa.finish()
}

#[test]
fn a_name_that_somebody_else_has_gets_a_number_and_that_is_said_once() {
    let site = Site::new();
    let served = served_at_home(&site);
    let url = format!("url=http://{}", served.address());
    let rim = [
        "chat",
        "rim",
        "--set",
        &url,
        "--set",
        "account=Ann",
        "--set-env",
        "password=KAIWA_TEST_PASSWORD",
        "--set",
        "register=yes",
    ];
    assert_eq!(with_password(&site, &rim, "").code, Some(0));
    end(served);
    let first = site.run(&[], "hello\n");
    assert_eq!(
        (first.code, &first.out[..]),
        (Some(0), &["ann-2: hello".to_owned()][..])
    );
    assert_eq!(
        first.err,
        ["kaiwa: somebody else is ann on this server; you are ann-2"]
    );
    site.run(&[], "again\n").printed(&["ann-2: again"]);
}

#[test]
fn without_the_file_of_accounts_one_is_somebody_else() {
    let site = Site::new();
    site.run(&[], "one\n").printed(&["ann: one"]);
    site.wait_for_end_of_server();
    let identities = site.data().join("identities.toml");
    let kept = fs::read_to_string(&identities).unwrap();
    fs::remove_file(&identities).unwrap();
    let second = site.run(&[], "two\n");
    assert_eq!(
        (second.code, &second.out[..]),
        (Some(0), &["ann-2: two".to_owned()][..])
    );
    // Without the database the accounts are made anew.
    site.wait_for_end_of_server();
    for entry in fs::read_dir(site.data()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("kaiwa.db")
        {
            fs::remove_file(path).unwrap();
        }
    }
    fs::write(&identities, kept).unwrap();
    site.run(&[], "three\n").printed(&["ann: three"]);
    // What is wrong with it is told, and no password with it.
    fs::write(&identities, "[[identity]]\npassword = hunter2").unwrap();
    site.wait_for_end_of_server();
    site.run(&[], "four\n")
        .failed(3, &["identities.toml", "remove it"]);
}

#[cfg(unix)]
#[test]
fn two_terminals_of_one_user_and_one_of_another() {
    let site = Site::new();
    // What was said before somebody came is not theirs to see.
    for (name, text) in [("bob", "alone"), ("ann", "before"), ("bob", "meanwhile")] {
        let printed = format!("{name}: {text}");
        site.run(&["--name", name], text).printed(&[&printed]);
    }
    let mut ann = Terminal::start(&site, &["--ids"]);
    ann.wait_for("you are ann; /help shows the commands");
    ann.wait_for("* the current channel is lobby/general");
    let shown = ann.wait_for(" 3 bob: meanwhile");
    assert!(
        shown.contains(" 2 ann: before") && !shown.contains("alone"),
        "{shown}"
    );
    ann.press("hello\r");
    ann.wait_for("* 4 is yours: hello");
    let mut again = Terminal::start(&site, &[]);
    again.wait_for(" ann: hello");
    let mut bob = Terminal::start(&site, &["--name", "bob"]);
    bob.wait_for(" ann: hello");
    bob.press("/reply -1 hi ann\r");
    for terminal in [&mut ann, &mut again] {
        terminal.wait_for("bob: (to ann: hello) hi ann");
    }
    again.press("me too\r");
    ann.wait_for(" ann: me too");
    bob.wait_for(" ann: me too");
    bob.press("/react -1 👍\r");
    bob.wait_for("* you reacted with 👍 to: me too");
    for terminal in [&mut ann, &mut again] {
        terminal.wait_for("* bob reacted with 👍 to: me too");
    }
    again.press("/edit -1 me as well\r");
    again.wait_for("* edited: me as well");
    for terminal in [&mut ann, &mut bob] {
        terminal.wait_for("* ann has edited: me as well");
    }
    ann.press("/delete -1\r");
    ann.wait_for("* deleted: me as well");
    for terminal in [&mut again, &mut bob] {
        terminal.wait_for(" is deleted");
    }
    for mut terminal in [ann, again, bob] {
        terminal.press("\x04");
        assert_eq!(terminal.end().0, Some(0));
    }
}

#[test]
fn what_an_older_kaiwa_has_kept_is_there() {
    let site = Site::new();
    let served = served_at_home(&site);
    let url = format!("url={}", served.url);
    let args = [
        "send",
        "wschat",
        "from before",
        "--set",
        &url,
        "--set",
        "name=ann",
    ];
    site.run(&args, "").printed(&[]);
    end(served);
    // Somebody who was a guest there is no account.
    site.run(&[], "now\n").printed(&["ann: now"]);
    let log = site.run(&["log"], "");
    let texts: Vec<_> = log
        .out
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, said)| said)
        .collect();
    assert_eq!(texts, ["ann: from before", "ann: now"]);
}

#[test]
fn accounts_elsewhere_are_kept_and_used() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let url = format!("url=ws://{}", served.address());
    let add = [
        "account",
        "add",
        "oshi",
        "--name",
        "work",
        "--set",
        &url,
        "--set",
        "account=olga",
        "--set-env",
        "password=KAIWA_TEST_PASSWORD",
        "--set",
        "register=yes",
        "--set",
        "display=Olga",
    ];
    with_password(&site, &add, "").printed(&["added work"]);
    let file = fs::read_to_string(site.path("config").join("accounts.toml")).unwrap();
    assert!(!file.contains("secret"), "{file}");
    let run = |args: &[&str], input: &str| with_password(&site, args, input);
    let wanda = |text: &str| {
        let url = format!("url={}", served.url);
        run(
            &["send", "wschat", text, "--set", &url, "--set", "name=Wanda"],
            "",
        )
        .printed(&[]);
    };
    run(
        &["send", "--account", "work", "--channel", "general", "hello"],
        "",
    )
    .printed(&[]);
    run(
        &[
            "send",
            "--account",
            "work",
            "--channel",
            "LOBBY/General",
            "hello",
        ],
        "",
    )
    .printed(&[]);
    run(
        &["send", "--account", "work", "--channel", "nowhere", "hello"],
        "",
    )
    .failed(2, &["no such channel: `nowhere`", "lobby/general"]);
    // Nothing of before is printed in a pipe, unless it is asked for.
    run(&["--account", "work", "--channel", "general"], "here\n").printed(&["Olga: here"]);
    let asked = run(
        &["--account", "work", "--commands", "--ids"],
        "/switch general\n/history 2\n",
    );
    assert!(
        asked.err.iter().any(|line| line.ends_with(" 3 Olga: here")),
        "{asked:?}"
    );

    watched(&site, || wanda("watched"));
    let args = ["send", "--account", "work", "--channel", "general", "x"];
    let mut wrong = site.command(&args);
    wrong.env("KAIWA_TEST_PASSWORD", "another password");
    Kaiwa::spawn(wrong).finish().failed(9, &["taken"]);
}

/// That `watch` shows what is said in a channel from now on.
fn watched(site: &Site, say: impl FnOnce()) {
    let mut command = site.command(&[
        "watch",
        "--account",
        "work",
        "--channel",
        "Lobby/general",
        "--json",
    ]);
    command.env("KAIWA_TEST_PASSWORD", "secret password");
    let mut watch = Kaiwa::spawn(command);
    while !watch.line().contains("\"History\"") {}
    say();
    while !watch.line().contains("\"watched\"") {}
    watch.signal("INT");
    assert_eq!(watch.finish_open().code, Some(130));
}
