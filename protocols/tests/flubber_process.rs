//! Children as transports: what they get, how they end, and that nothing of them is left.

#![cfg(all(feature = "flubber", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use kaiwa_protocols::flubber::Processes;
use kaiwa_protocols::session::{ProcessLimits, Target};
use kaiwa_protocols::transport::{Connector, Incoming, Outgoing, Transport};
use kaiwa_protocols::{Error, ErrorKind};
use tokio::time::timeout;

/// How long anything here may take, on a machine that does ten other things.
const PATIENCE: Duration = Duration::from_secs(60);

fn shell(script: &str, limits: ProcessLimits) -> Target {
    Target::Process {
        command: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned()],
        env: vec![("KAIWA_TEST".to_owned(), "a b".to_owned())],
        limits,
    }
}

async fn start(script: &str) -> Box<dyn Transport> {
    let target = shell(script, ProcessLimits::default());
    Processes.open(&target).await.unwrap()
}

/// What a child says until its end, and how it ends; `None` if it closes its output and stays.
async fn hear(child: &mut Box<dyn Transport>) -> (String, Option<Error>) {
    let mut said = Vec::new();
    let end = loop {
        let mut closed = false;
        let read = std::future::poll_fn(|cx| {
            child.poll_recv(cx, &mut |incoming| match incoming {
                Incoming::Bytes(bytes) => said.extend_from_slice(bytes),
                _ => closed = true,
            })
        });
        match timeout(PATIENCE, read).await.expect("an end") {
            Ok(()) if closed => break None,
            Ok(()) => {}
            Err(error) => break Some(error),
        }
    };
    (String::from_utf8(said).unwrap(), end)
}

/// The first line that a child says.
async fn first_line(child: &mut Box<dyn Transport>) -> String {
    let mut said = Vec::new();
    while !said.contains(&b'\n') {
        let read = std::future::poll_fn(|cx| {
            child.poll_recv(cx, &mut |incoming| match incoming {
                Incoming::Bytes(bytes) => said.extend_from_slice(bytes),
                other => panic!("no line, but {other:?}"),
            })
        });
        timeout(PATIENCE, read).await.expect("a line").unwrap();
    }
    String::from_utf8(said).unwrap().trim().to_owned()
}

async fn close(child: &mut Box<dyn Transport>) {
    let closing = std::future::poll_fn(|cx| child.poll_close(cx, None, ""));
    timeout(PATIENCE, closing).await.expect("closed").unwrap();
}

/// The state of a process: `Z` is one that nobody has reaped.
fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Waits until a process that is nobody's child here is no more.
async fn gone(pid: &str) {
    let gone = async {
        while !matches!(state(pid), None | Some('Z' | 'X')) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("gone");
}

#[tokio::test]
async fn a_child_gets_what_it_needs_and_nothing_else() {
    // Held open by this process, and not closed by exec: as programs in C have them.
    let held = std::os::unix::net::UnixStream::pair().unwrap();
    nix::fcntl::fcntl(
        &held.0,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
    )
    .unwrap();
    // The shell blocks signals while it forks: who is looked at is what it becomes.
    let script =
        "env; echo --; ls /proc/$$/fd; echo --; exec cat /proc/self/status /proc/self/stat";
    let mut child = start(script).await;
    let (said, end) = hear(&mut child).await;
    assert_eq!(
        end.unwrap().message(),
        "the backend has ended with exit code 0"
    );
    let parts: Vec<&str> = said.split("--\n").collect();
    let names: Vec<&str> = parts[0]
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    assert!(parts[0].contains("KAIWA_TEST=a b\n"), "{}", parts[0]);
    // The shell adds a few of its own.
    let known = [
        "PATH",
        "HOME",
        "LANG",
        "TZ",
        "TMPDIR",
        "KAIWA_TEST",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    ];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert_eq!(parts[1], "0\n1\n2\n", "descriptors");
    for name in ["SigBlk:", "SigIgn:"] {
        let line = parts[2]
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        let signals = u64::from_str_radix(line.trim(), 16).unwrap();
        // Those of the C library are not ours to set.
        assert_eq!(signals & 0x7fff_ffff, 0, "{name} {line}");
    }
    let stat = parts[2].lines().last().unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let pid = stat.split(' ').next().unwrap();
    assert_eq!(fields[2], pid, "a process group of its own");
}

#[tokio::test]
async fn limits_are_set() {
    let limits = ProcessLimits {
        memory_bytes: Some(1 << 30),
        open_files: Some(17),
        cpu_seconds: Some(100),
    };
    let target = shell("ulimit -v; ulimit -n; ulimit -t", limits);
    let mut child = Processes.open(&target).await.unwrap();
    let (said, _) = hear(&mut child).await;
    assert_eq!(said, "1048576\n17\n100\n");
}

#[tokio::test]
async fn how_it_ended_is_told_and_it_is_reaped() {
    for (script, words) in [
        ("echo $$; exit 3", "the backend has ended with exit code 3"),
        (
            "echo $$; kill -9 $$",
            "the backend was ended by signal 9 (SIGKILL)",
        ),
    ] {
        let mut child = start(script).await;
        let (pid, end) = hear(&mut child).await;
        let end = end.unwrap();
        assert_eq!((end.kind(), end.message()), (ErrorKind::Lost, words));
        assert_eq!(state(pid.trim()), None, "a zombie");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error() {
    let target = Target::Process {
        command: "/nonexistent/backend".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        limits: ProcessLimits::default(),
    };
    let error = Processes.open(&target).await.err().expect("not started");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("/nonexistent/backend"));
}

#[tokio::test]
async fn one_that_reads_ends_with_its_input() {
    let mut child = start("echo $$; cat; exit 7").await;
    let pid = first_line(&mut child).await;
    std::future::poll_fn(|cx| child.poll_ready(cx))
        .await
        .unwrap();
    child
        .start_send(Outgoing::Bytes(b"back again\n".to_vec()))
        .unwrap();
    close(&mut child).await;
    let (said, end) = hear(&mut child).await;
    assert_eq!(said, "back again\n");
    assert_eq!(
        end.unwrap().message(),
        "the backend has ended with exit code 7"
    );
    assert_eq!(state(&pid), None);
}

#[tokio::test]
async fn one_that_does_not_want_to_end_ends() {
    let mut child = start("trap '' TERM; echo $$; while :; do sleep 1000; done").await;
    let pid = first_line(&mut child).await;
    close(&mut child).await;
    let (_, end) = hear(&mut child).await;
    assert_eq!(
        end.unwrap().message(),
        "the backend was ended by signal 9 (SIGKILL)"
    );
    assert_eq!(state(&pid), None);
}

#[tokio::test]
async fn one_that_is_dropped_ends() {
    let mut child = start("echo $$; exec sleep 1000").await;
    let pid = first_line(&mut child).await;
    drop(child);
    gone(&pid).await;
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_holds_up_nothing() {
    let mut child = start("sleep 1000 & echo $!; exit 5").await;
    let (grandchild, end) = hear(&mut child).await;
    assert_eq!(
        end.unwrap().message(),
        "the backend has ended with exit code 5"
    );
    gone(grandchild.trim()).await;
}

#[tokio::test]
async fn one_that_closes_its_output_and_stays_is_given_up() {
    let mut child = start("echo $$; exec sleep 1000 >&-").await;
    let pid = first_line(&mut child).await;
    let (_, end) = hear(&mut child).await;
    assert!(end.is_none(), "{end:?}");
    drop(child);
    gone(&pid).await;
}

#[tokio::test]
async fn one_that_never_reads_takes_bounded_memory() {
    let mut child = start("exec sleep 1000").await;
    let mut sent = 0;
    loop {
        let ready = std::future::poll_fn(|cx| std::task::Poll::Ready(child.poll_ready(cx))).await;
        if ready.is_pending() {
            break;
        }
        child.start_send(Outgoing::Bytes(vec![b' '; 4096])).unwrap();
        sent += 4096;
        assert!(sent < 4 << 20, "more than a socket holds");
    }
    close_in_vain(&mut child).await;
}

/// A goodbye that waits behind what is not read does not hold up the end.
async fn close_in_vain(child: &mut Box<dyn Transport>) {
    let end = std::future::poll_fn(|cx| {
        let _ = child.poll_close(cx, None, "");
        child.poll_recv(cx, &mut |_| {})
    });
    timeout(PATIENCE, end)
        .await
        .expect("an end")
        .expect_err("an end");
}

#[tokio::test]
async fn writing_to_one_that_is_gone_is_no_signal() {
    let mut child = start("exec 0<&-; echo closed; exec sleep 1000").await;
    first_line(&mut child).await;
    child.start_send(Outgoing::Bytes(b"x".to_vec())).unwrap();
    std::future::poll_fn(|cx| child.poll_flush(cx))
        .await
        .unwrap();
    // Whoever does not read any more has ended, or soon will.
    let (_, end) = hear(&mut child).await;
    assert_eq!(end.unwrap().kind(), ErrorKind::Lost);
}

/// Run by the next test as a program of its own.
#[tokio::test]
#[ignore = "the program of another test"]
async fn a_host_that_is_killed() {
    let mut child = start("echo $$; exec sleep 1000").await;
    println!("\nbackend {}", first_line(&mut child).await);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_child_does_not_outlive_a_host_that_is_killed() {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "a_host_that_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let pid = lines
        .find_map(|line| line.strip_prefix("backend ").map(str::to_owned))
        .unwrap();
    assert_ne!(state(&pid), None, "{pid} runs");
    host.kill().unwrap();
    host.wait().unwrap();
    gone(&pid).await;
}
