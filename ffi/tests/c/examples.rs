//! The examples, run as a user would, against a server in this process.

use std::process::Stdio;
use std::time::Duration;

use kaiwa_server::config::StoreKind;
use kaiwa_server::{Config, Server};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::build;

/// Far more than the programs need; only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) async fn server() -> (Server, String) {
    let mut config = Config::default();
    config.listen = ([127, 0, 0, 1], 0).into();
    config.store = StoreKind::None;
    let server = Server::start(config).await.unwrap();
    let url = format!("ws://{}/wschat", server.local_addr());
    (server, url)
}

fn example(name: &str, arguments: &[&str]) -> Child {
    let source = build::here()
        .join("../examples/c")
        .join(format!("{name}.c"));
    Command::new(build::program(&source, name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub(crate) async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(LIMIT, lines.next_line()).await;
    line.expect("a line in time").unwrap().expect("a line")
}

pub(crate) async fn ends_well(mut child: Child) {
    let status = tokio::time::timeout(LIMIT, child.wait()).await;
    assert!(status.expect("an end in time").unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_and_poll_loop_talk() {
    let (server, url) = server().await;
    let field = format!("url={url}");
    let mut ann = example("chat", &["wschat", &field, "name=ann"]);
    let mut heard = BufReader::new(ann.stdout.take().unwrap()).lines();
    assert_eq!(line(&mut heard).await, "* connected");

    let mut bob = example("poll_loop", &["bob", &url]);
    let mut stdin = bob.stdin.take().unwrap();
    stdin.write_all(b"hello from poll\n").await.unwrap();
    assert!(line(&mut heard).await.ends_with("> hello from poll"));
    let mut answers = BufReader::new(bob.stdout.take().unwrap()).lines();
    assert_eq!(line(&mut answers).await, "hello from poll");

    let mut typed = ann.stdin.take().unwrap();
    typed.write_all(b"hello from C\n").await.unwrap();
    assert!(line(&mut heard).await.ends_with("> hello from C"));
    assert_eq!(line(&mut answers).await, "hello from C");
    drop(stdin);
    ends_well(bob).await;
    drop(typed);
    ends_well(ann).await;
    server.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_says_what_is_wrong() {
    let child = example("chat", &["nonsense"]);
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    assert!(!output.expect("an end in time").unwrap().status.success());
}
