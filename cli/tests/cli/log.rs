//! `kaiwa log`: what a data directory keeps, whatever became of its server.

use std::fs;

use serde_json::Value;

use crate::kaiwa::{Served, Site, signal, strings};

/// The lines that `kaiwa log` prints, without their times, which are checked.
fn log(site: &Site, args: &[&str]) -> Vec<String> {
    let output = site.run(&[&["log"], args].concat(), "");
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.err.is_empty(), "{output:?}");
    let mut last = None;
    let untimed = |line: &String| {
        let (time, rest) = line.split_once(' ').unwrap();
        let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
        assert!(last.replace(time) <= Some(time), "oldest first: {line}");
        rest.to_owned()
    };
    output.out.iter().map(untimed).collect()
}

#[test]
fn a_delivered_message_outlives_a_killed_server_and_is_there_once() {
    let site = Site::new();
    // It does not start the next server by itself.
    let mut kaiwa = site.start(&["--no-reconnect"]);
    kaiwa.say("precious");
    assert_eq!(kaiwa.line(), "ann: precious");
    signal(site.server_pid(), "KILL");
    let output = kaiwa.finish_open();
    assert_eq!(output.code, Some(4), "{output:?}");
    site.wait_for_end_of_server();
    for _ in 0..2 {
        assert_eq!(log(&site, &[]), ["ann: precious"]);
    }

    let mut kaiwa = site.start(&["--name", "bob"]);
    kaiwa.say("more");
    assert_eq!(kaiwa.line(), "bob: more");
    assert_eq!(log(&site, &[]), ["ann: precious", "bob: more"]);
    kaiwa.finish().printed(&[]);
    site.wait_for_end_of_server();
    assert_eq!(log(&site, &[]), ["ann: precious", "bob: more"]);
    assert_eq!(log(&site, &["--limit", "1"]), ["bob: more"]);
    assert_eq!(log(&site, &["--limit", "0"]), [""; 0]);
}

#[test]
fn another_servers_directory_is_read_as_json() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let text = "two\nlines \x1b[2J";
    let send = served.login(&["send", "wschat", text], "ann");
    site.run(&strings(&send), "").printed(&[]);
    let data = site.path("served");
    let args = ["log", "--json", "--data", data.to_str().unwrap()];
    let output = site.run(&args, "");
    let [line] = output.out.as_slice() else {
        panic!("one line: {output:?}");
    };
    let json: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&json["name"], &json["text"]),
        (&"ann".into(), &text.into())
    );
    assert_eq!((&json["id"], &json["seq"]), (&1.into(), &1.into()));
    chrono::DateTime::parse_from_rfc3339(json["time"].as_str().unwrap()).unwrap();
}

#[test]
fn where_nothing_is_kept_it_says_so_and_leaves_nothing() {
    let site = Site::new();
    let data = site.data();
    let dir = data.to_str().unwrap();
    site.run(&["log"], "").failed(2, &[dir, "`kaiwa` starts"]);
    assert!(!data.exists());
    let other = site.path("other");
    let args = ["log", "--data", other.to_str().unwrap()];
    site.run(&args, "").failed(2, &[other.to_str().unwrap()]);
    fs::create_dir(&data).unwrap();
    fs::write(data.join("kaiwa.db"), "junk ".repeat(1000)).unwrap();
    site.run(&["log"], "").failed(7, &["database"]);
}
