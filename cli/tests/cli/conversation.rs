//! `kaiwa` and `kaiwa chat` in pipes.

use std::fs::File;

use crate::kaiwa::{Kaiwa, Served, Site, strings};

#[test]
fn two_lines_are_printed_once_each_as_delivered() {
    let site = Site::new();
    site.run(&[], "hello\nworld\n")
        .printed(&["ann: hello", "ann: world"]);
}

#[test]
fn the_text_is_what_was_typed() {
    let site = Site::new();
    let input =
        "\n  spaces  \n/help\n//x\r\nnul\0 tab\t esc\x1b[31m\nüñï 👍 \u{202e}\nlast without an end";
    site.run(&["--name", "Ann B"], input).printed(&[
        "Ann B:   spaces  ",
        "Ann B: /help",
        "Ann B: //x",
        "Ann B: nul\0 tab\t esc\x1b[31m",
        "Ann B: üñï 👍 \u{202e}",
        "Ann B: last without an end",
    ]);
}

#[test]
fn no_input_is_no_failure() {
    Site::new().run(&[], "").printed(&[]);
}

#[test]
fn two_at_once_see_each_message_once() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let chat = |name: &str| site.start(&strings(&served.login(&["chat", "wschat"], name)));
    let mut ann = chat("ann");
    let mut bob = chat("bob");
    // Whoever sees an own message is there.
    ann.say("ann is here");
    assert_eq!(ann.line(), "ann: ann is here");
    bob.say("bob is here");
    loop {
        if bob.line() == "bob: bob is here" {
            break;
        }
    }
    assert_eq!(ann.line(), "bob: bob is here");
    for number in 0..50 {
        ann.say(&format!("a{number}"));
        bob.say(&format!("b{number}"));
    }
    for kaiwa in [&mut ann, &mut bob] {
        let lines: Vec<String> = (0..100).map(|_| kaiwa.line()).collect();
        for (name, letter) in [("ann", 'a'), ("bob", 'b')] {
            let of = |line: &&String| line.starts_with(&format!("{name}: "));
            let said: Vec<&String> = lines.iter().filter(of).collect();
            let expected: Vec<String> = (0..50)
                .map(|number| format!("{name}: {letter}{number}"))
                .collect();
            assert_eq!(said, expected.iter().collect::<Vec<_>>());
        }
    }
    ann.finish().printed(&[]);
    bob.finish().printed(&[]);
}

#[test]
fn thousands_of_lines_keep_their_order() {
    let site = Site::new();
    let lines: Vec<String> = (0..2000).map(|number| format!("line {number}")).collect();
    let expected: Vec<String> = lines.iter().map(|line| format!("ann: {line}")).collect();
    site.run(&[], lines.join("\n")).printed(&strings(&expected));
}

#[test]
fn lines_that_cannot_be_sent_are_told_and_the_others_go_through() {
    let site = Site::new();
    let mut input = b"one\n\xff\xfe\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 70_000));
    input.extend(b"\ntwo\n");
    let output = site.run(&[], input);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert_eq!(output.out, ["ann: one", "ann: two"]);
    assert_eq!(output.err.len(), 2, "{output:?}");
    assert_eq!(
        output.err[0],
        "kaiwa: line 2 of the standard input is not UTF-8 and was not sent"
    );
    assert!(
        output.err[1].contains("not delivered: xxx") && output.err[1].contains("70000 bytes"),
        "{output:?}"
    );
    assert!(output.err[1].len() < 300, "{output:?}");
}

#[test]
fn a_closed_output_ends_it_quietly() {
    let site = Site::new();
    let mut kaiwa = site.start(&[]);
    kaiwa.say("one");
    assert_eq!(kaiwa.line(), "ann: one");
    kaiwa.close_output();
    // The reader is gone with the next line that it is given.
    let output = kaiwa.talk_until_end();
    assert_eq!((output.code, output.err), (Some(0), vec![]));
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    let site = Site::new();
    let mut full = Kaiwa::spawn_into(
        site.command(&[]),
        File::options().write(true).open("/dev/full").unwrap(),
    );
    full.say("one");
    full.finish_open().failed(7, &["standard output"]);
}

#[test]
fn a_signal_signs_out() {
    // All at once, since each server stays for a while.
    let signals = [("INT", 130), ("TERM", 143), ("HUP", 129)];
    let sites = signals.map(|signal| (signal, Site::new()));
    for ((name, code), site) in &sites {
        let mut kaiwa = site.start(&[]);
        kaiwa.say("one");
        assert_eq!(kaiwa.line(), "ann: one");
        kaiwa.signal(name);
        let output = kaiwa.finish_open();
        let expected = (Some(*code), vec![], vec![]);
        assert_eq!((output.code, output.out, output.err), expected);
    }
}

#[test]
fn a_lost_connection_ends_it_where_that_is_wanted() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let mut kaiwa = site.start(&strings(
        &served.login(&["chat", "wschat", "--no-reconnect"], "ann"),
    ));
    kaiwa.say("one");
    assert_eq!(kaiwa.line(), "ann: one");
    served.process.signal("KILL");
    kaiwa.finish_open().failed(4, &["connection"]);
}

#[test]
fn a_channel_that_is_not_there_is_told() {
    let site = Site::new();
    let output = site.run(&["--channel", "other"], "hello\n");
    output.failed(2, &["no such channel: `other`", "lobby/general"]);
    assert!(output.out.is_empty());
}

#[test]
fn a_channel_is_joined_first() {
    let site = Site::new();
    let run = |channel: &str| site.run(&["chat", "mock", "--channel", channel], "hello\n");
    run("lobby").printed(&["me: hello"]);
    run("nowhere").failed(2, &["no such channel"]);
}

#[test]
fn who_asks_for_contact_is_told() {
    let site = Site::new();
    let output = site.run(&["chat", "mock", "--set", "script=asking"], "hello\n");
    assert_eq!(output.out, ["me: hello"]);
    assert_eq!(
        output.err,
        ["kaiwa: somebody asks for contact: shall we talk?"]
    );
}

#[test]
fn a_peer_that_refuses_is_told_and_so_is_each_message() {
    let site = Site::new();
    let run = |script: &str| {
        let script = format!("script={script}");
        site.run(&["chat", "mock", "--set", &script], "one\ntwo\nthree\n")
    };
    run("refuse").failed(6, &["credentials"]);
    let refused = run("fail");
    assert_eq!(
        (refused.code, refused.out.len()),
        (Some(1), 0),
        "{refused:?}"
    );
    for (line, text) in refused.err.iter().zip(["one", "two", "three"]) {
        assert!(
            line.starts_with(&format!("kaiwa: not delivered: {text}: ")),
            "{line}"
        );
    }
    assert_eq!(refused.err.len(), 3);
    run("duplicate").printed(&["me: one", "me: two", "me: three"]);
}

#[test]
fn a_lost_connection_comes_back_and_each_message_ends_once() {
    let site = Site::new();
    let lines: Vec<String> = (0..6).map(|number| format!("<{number}>")).collect();
    let args = ["chat", "mock", "--set", "script=bye:3"];
    let output = site.run(&args, lines.join("\n"));
    assert!(
        output
            .err
            .iter()
            .any(|line| line.contains("connected again")),
        "{output:?}"
    );
    // What was on its way when the connection broke may be lost; then that is said.
    let mut lost = 0;
    for line in &lines {
        let delivered = output
            .out
            .iter()
            .filter(|out| **out == format!("me: {line}"))
            .count();
        let failed = output
            .err
            .iter()
            .filter(|err| err.contains(&format!("not delivered: {line}: ")))
            .count();
        assert_eq!(delivered + failed, 1, "{line}: {output:?}");
        lost += failed;
    }
    assert_eq!(output.code, Some(i32::from(lost > 0)), "{output:?}");
}

#[test]
fn a_flood_of_others_delays_nobody() {
    let site = Site::new();
    let output = site.run(&["chat", "mock", "--set", "script=flood:5000"], "one\n");
    assert_eq!(output.code, Some(0));
    assert_eq!(
        output.out.iter().filter(|line| *line == "me: one").count(),
        1
    );
    let flood: Vec<&String> = output
        .out
        .iter()
        .filter(|line| line.starts_with("somebody: "))
        .collect();
    assert!(
        flood.is_sorted_by_key(|line| line.len())
            && flood.windows(2).all(|pair| pair[0] != pair[1])
    );
}
