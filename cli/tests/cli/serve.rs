//! `kaiwa serve`: a server for others.

use std::fs;

use crate::kaiwa::{Served, Site, strings};

/// Signed with the secret `secret`: HS256, an empty payload.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ";

#[test]
fn the_printed_configuration_is_one() {
    let site = Site::new();
    let example = site.run(&["serve", "--print-config"], "");
    assert_eq!(example.code, Some(0));
    let file = site.path("kaiwa.toml");
    fs::write(&file, example.out.join("\n")).unwrap();
    let served = Served::start(&site, &["--config", file.to_str().unwrap()]);
    served.process.signal("TERM");
    let output = served.process.finish_open();
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[test]
fn a_configuration_file_says_all() {
    let site = Site::new();
    let file = site.path("kaiwa.toml");
    let (data, log) = (site.path("served"), site.path("log"));
    let config = format!(
        "listen = \"127.0.0.1:0\"\nwschat_listen = \"127.0.0.1:0\"\nrim_rest_listen = \"127.0.0.1:0\"\nrim_ws_listen = \"127.0.0.1:0\"\noshi_listen = \"127.0.0.1:0\"\ndata_dir = {data:?}\nlog_dir = {log:?}\n"
    );
    fs::write(&file, config).unwrap();
    let mut process = site.start(&["serve", "--config", file.to_str().unwrap()]);
    assert!(process.line().ends_with("/wschat"));
    assert!(process.line().ends_with("/rim/api"));
    assert!(process.line().ends_with("/oshi"));
    let own = process.line();
    let rim = process.line();
    assert!(rim.starts_with("http://") && rim.ends_with("/api"), "{rim}");
    assert!(process.line().starts_with("ws://"));
    let oshi = process.line();
    assert!(oshi.starts_with("ws://") && oshi.ends_with('/'), "{oshi}");
    let args = [
        "send",
        "wschat",
        "hello",
        "--set",
        "name=ann",
        "--set",
        &format!("url={own}"),
    ];
    site.run(&args, "").printed(&[]);
    process.signal("INT");
    let output = process.finish_open();
    assert_eq!(output.code, Some(0), "{output:?}");
    let day = fs::read_dir(log).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(day).unwrap().contains("\"hello\""));
}

#[test]
fn tokens_are_demanded_where_there_is_a_secret() {
    let site = Site::new();
    let file = site.path("kaiwa.toml");
    fs::write(&file, "jwt_secret_env = \"KAIWA_TEST_SECRET\"\n").unwrap();
    let served = Served::spawn(&site, &["--config", file.to_str().unwrap()], |command| {
        command.env("KAIWA_TEST_SECRET", "secret");
    });
    let send = |source: &str| {
        let args = served.login(&["send", "wschat", "hello", "--set-command", source], "ann");
        site.run(&strings(&args), "")
    };
    send(&format!("jwt=printf {TOKEN}")).printed(&[]);
    let refused = send("jwt=printf hunter2");
    refused.failed(6, &["jwt", "not relay"]);
    assert!(!refused.err[0].contains("hunter2"));

    let chat = served.login(&["chat", "wschat"], "ann");
    let refused = site.run(&strings(&chat), "one\n");
    refused.failed(1, &["not delivered: one", "jwt"]);
}
