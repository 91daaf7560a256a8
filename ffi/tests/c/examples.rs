//! The examples, run as a user would, against a server in this process.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kaiwa_server::config::StoreKind;
use kaiwa_server::{Config, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{build, cxx};

/// Far more than the programs need; only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn chat_talks_in_c() {
    chat_talks("c/chat.c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_talks_in_cxx() {
    chat_talks("cpp/chat.cpp").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_loop_talks() {
    a_loop_talks("c/poll_loop.c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn glib_loop_talks() {
    if glib().is_none() {
        println!("left out: pkg-config knows no glib-2.0 (libglib2.0-dev)");
        return;
    }
    a_loop_talks("c/glib_loop.c").await;
}

/// Two of them talk; each prints what both say.
async fn chat_talks(file: &str) {
    let (server, url) = server().await;
    let field = format!("url={url}");
    let mut ann = Example::start(file, &["wschat", &field, "name=ann"]);
    assert_eq!(ann.line().await, "* connected");
    let mut bob = Example::start(file, &["wschat", &field, "name=bob"]);
    assert_eq!(bob.line().await, "* connected");
    for said in ["hello", "and again"] {
        bob.types(said).await;
        for one in [&mut ann, &mut bob] {
            let line = one.line().await;
            assert!(line.ends_with(&format!("> {said}")), "{line}");
        }
    }
    bob.ends_well().await;
    ann.ends_well().await;
    server.shutdown().await.unwrap();

    let refused = build::limited(&program(file))
        .arg("nonsense")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("no network is called `nonsense`"), "{said}");
}

/// It talks with one that chats, and what was typed before the end of its input is still sent.
async fn a_loop_talks(file: &str) {
    let (server, url) = server().await;
    let field = format!("url={url}");
    let mut ann = Example::start("c/chat.c", &["wschat", &field, "name=ann"]);
    assert_eq!(ann.line().await, "* connected");
    let mut bob = Example::start(file, &["bob", &url]);
    bob.types("hello from a loop").await;
    assert!(ann.line().await.ends_with("> hello from a loop"));
    assert_eq!(bob.line().await, "hello from a loop");
    ann.types("hello from C").await;
    assert!(ann.line().await.ends_with("> hello from C"));
    assert_eq!(bob.line().await, "hello from C");
    bob.types("goodbye").await;
    bob.ends_well().await;
    assert!(ann.line().await.ends_with("> goodbye"));
    ann.ends_well().await;
    server.shutdown().await.unwrap();
}

/// A running example.
struct Example {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start(file: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program(file))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    async fn types(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(LIMIT, self.stdout.next_line()).await;
        line.expect("a line in time").unwrap().expect("a line")
    }

    /// At the end of its input.
    async fn ends_well(self) {
        let Self {
            mut child, stdin, ..
        } = self;
        drop(stdin);
        let status = tokio::time::timeout(LIMIT, child.wait()).await;
        assert!(status.expect("an end in time").unwrap().success());
    }
}

async fn server() -> (Server, String) {
    let mut config = Config::default();
    config.listen = ([127, 0, 0, 1], 0).into();
    config.store = StoreKind::None;
    let server = Server::start(config).await.unwrap();
    let url = format!("ws://{}/wschat", server.local_addr());
    (server, url)
}

/// The program of an example: built here, or the one in the folder that `KAIWA_EXAMPLES` names, which somebody built against an
/// installed library.
fn program(file: &str) -> PathBuf {
    let name = file.replace(['/', '.'], "-");
    if let Some(folder) = std::env::var_os("KAIWA_EXAMPLES") {
        return PathBuf::from(folder).join(name);
    }
    let source = build::here().join("../examples").join(file);
    match file {
        "c/glib_loop.c" => build::program_with(&source, &name, &glib().unwrap_or_default()),
        _ if file.ends_with(".cpp") => cxx::program(&source, "-std=c++17", &name),
        _ => build::program(&source, &name),
    }
}

/// What is needed to compile with GLib; `None` where it is not installed.
fn glib() -> Option<Vec<String>> {
    let mut ask = std::process::Command::new("pkg-config");
    let answer = ask.args(["--cflags", "--libs", "glib-2.0"]).output().ok()?;
    let flags = String::from_utf8(answer.stdout).ok()?;
    let flags = flags.split_whitespace().map(str::to_owned).collect();
    answer.status.success().then_some(flags)
}
