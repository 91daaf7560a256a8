//! Commands about messages, typed in a pipe: answers, reactions, edits, deletions, files.

use crate::kaiwa::{Served, Site, strings};
use crate::typed::typed;

#[test]
fn messages_are_named_by_their_place_or_their_id() {
    let lines = [
        "hello",
        "second",
        "/react -1 👍",
        "/react -1 👍",
        "/unreact 1 x",
        "/reply -2 yes  indeed",
        "/edit -1 no",
        "/delete -2",
        "/edit -9 x",
        "/edit nope x",
        "/reply -3 x",
    ];
    typed("echo", &["--channel", "Lobby", "--ids"], &lines).was(
        1,
        &["1 me: hello", "2 me: second", "3 me: yes  indeed"],
        &[
            "you reacted with 👍 to: second",
            "you took back 👍 from: second",
            "you took back x from: hello",
            "edited: no",
            "deleted: hello",
            "/edit -9 x: so many messages of your own are not known in Lobby; give the message's id",
            "/edit nope x: no such message; -1 is the last message shown, and --ids shows the id of each",
            "/reply -3 x: so many messages of Lobby are not known here; give the message's id",
        ],
    );
}

#[test]
fn what_others_say_is_answered_and_not_changed() {
    let lines = [
        "/history 2",
        "/reply -1 so?",
        "/react -2 🙂",
        "/edit -1 that",
        "/delete -2",
        "/delete 1",
    ];
    let output = typed("history:2", &["--channel", "Lobby"], &lines);
    assert_eq!(
        (output.code, &output.out[..]),
        (Some(1), &["me: so?".to_owned()][..])
    );
    let said: Vec<&str> = output
        .err
        .iter()
        .skip(3)
        .map(|line| line.trim_start_matches("kaiwa: "))
        .collect();
    assert_eq!(
        said,
        [
            "these 2 are the beginning of Lobby",
            // One's own answer is the last message by then.
            "you reacted with 🙂 to: earlier 2",
            "edited: that",
            "/delete -2: so many messages of your own are not known in Lobby; give the message's id",
            "deleted: earlier 1",
        ]
    );
}

#[test]
fn files_are_sent_and_come_before_what_is_said_next() {
    let site = Site::new();
    for (name, bytes) in [("tea time.txt", 2_000), ("empty", 0)] {
        std::fs::write(site.path(name), "x".repeat(bytes)).unwrap();
    }
    let path = |name: &str| site.path(name).to_str().unwrap().to_owned();
    let lines = [
        format!("/upload \"{}\" look  here", path("tea time.txt")),
        format!("/upload {}", path("empty")),
        "next".to_owned(),
        format!("/upload {}", path("nowhere")),
        format!("/upload \"{}\"", path("")),
        "/cancel".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let output = typed("echo", &["--channel", "Lobby"], &lines);
    assert_eq!(
        output.out,
        [
            "me: look  here tea time.txt (2.0 kB): https://mock.invalid/files/1",
            "me: empty (0 bytes): https://mock.invalid/files/2",
            "me: next",
        ]
    );
    assert_eq!(output.code, Some(1));
    let [nowhere, directory, cancel] = output.err.as_slice() else {
        panic!("{output:#?}");
    };
    assert!(nowhere.ends_with("give the path of one, in quotes if it has spaces"));
    assert!(directory.ends_with("this is no file; give the path of one"));
    assert!(cancel.ends_with("/cancel: no file is on its way"));
}

#[test]
fn what_a_network_lacks_is_said() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let args = served.login(&["chat", "wschat", "--commands"], "ann");
    let lines = [
        "hello",
        "/react -1 x",
        "/edit -1 x",
        "/delete -1",
        "/upload x",
        "/cancel",
        "/leave",
        "/circles",
        "/circle create x",
        "/stream create x",
        "/invite",
        "/kick x",
        "/role x admin",
        "/data k",
    ];
    let output = site.run(&strings(&args), lines.join("\n"));
    let said: Vec<String> = lines[1..]
        .iter()
        .map(|line| format!("{line}: not on this network; /help shows what is"))
        .collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    output.was(1, &["ann: hello"], &said);
    let args = served.login(&["chat", "wschat", "--commands"], "bob");
    let reply = site.run(&strings(&args), "hello\n/reply -1 x");
    let how = "this network has no answers to messages; it went without what it answers";
    reply.was(0, &["bob: hello", "bob: x"], &[how]);
}
