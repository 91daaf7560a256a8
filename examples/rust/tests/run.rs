//! Runs the examples as a user would, against a server in this process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::process::Stdio;
use std::time::Duration;

use kaiwa_server::{Config, Server, config::StoreKind};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Far more than the programs need; only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

async fn server() -> (Server, String) {
    let mut config = Config::default();
    config.listen = ([127, 0, 0, 1], 0).into();
    config.store = StoreKind::None;
    let server = Server::start(config).await.unwrap();
    let url = format!("ws://{}/wschat", server.local_addr());
    (server, url)
}

fn chat(url: &str, name: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chat"))
        .args([url, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(LIMIT, lines.next_line()).await;
    line.expect("a line in time").unwrap().unwrap()
}

async fn ends_well(child: &mut Child) {
    let status = tokio::time::timeout(LIMIT, child.wait()).await;
    assert!(status.expect("an end in time").unwrap().success());
}

#[tokio::test]
async fn chat_and_bot_talk() {
    let (server, url) = server().await;
    let mut bot = Command::new(env!("CARGO_BIN_EXE_bot"))
        .arg(&url)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut clients = server.clients();
    let there = tokio::time::timeout(LIMIT, clients.wait_for(|clients| *clients == 1)).await;
    there.expect("the bot in time").unwrap();

    let mut ann = chat(&url, "ann");
    let mut stdin = ann.stdin.take().unwrap();
    let mut lines = BufReader::new(ann.stdout.take().unwrap()).lines();
    stdin.write_all(b"hello\n!ping\n").await.unwrap();
    assert_eq!(line(&mut lines).await, "ann: hello");
    assert_eq!(line(&mut lines).await, "ann: !ping");
    assert_eq!(line(&mut lines).await, "bot: pong");
    stdin.write_all(b"!quit\n").await.unwrap();
    drop(stdin);
    assert_eq!(line(&mut lines).await, "ann: !quit");
    ends_well(&mut ann).await;
    ends_well(&mut bot).await;
    server.shutdown().await.unwrap();
}

#[tokio::test]
async fn wrong_words_are_explained() {
    for program in [env!("CARGO_BIN_EXE_chat"), env!("CARGO_BIN_EXE_bot")] {
        let output = Command::new(program).output().await.unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage"));
    }
}
