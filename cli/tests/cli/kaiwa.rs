//! Running the command: its directories, its pipes, what it printed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tempfile::TempDir;

/// Nothing in these tests takes so long; what does is stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(180);

/// The directories of one test.
pub(crate) struct Site {
    dir: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The command with this site's directories and nothing else of the environment that it looks at.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaiwa"));
        command
            .args(args)
            .env("KAIWA_CONFIG_DIR", self.path("config"))
            .env("KAIWA_DATA_DIR", self.data())
            .env("USER", "ann")
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR");
        command
    }

    /// Starts it; its pipes stay open.
    pub(crate) fn start(&self, args: &[&str]) -> Kaiwa {
        Kaiwa::spawn(self.command(args))
    }

    /// Runs it to its end with this input.
    pub(crate) fn run(&self, args: &[&str], input: impl AsRef<[u8]>) -> Output {
        let mut kaiwa = self.start(args);
        kaiwa.write(input.as_ref().to_vec());
        kaiwa.finish()
    }

    /// Writes the accounts file, as safe as it must be.
    pub(crate) fn write_accounts(&self, text: &str) -> PathBuf {
        let dir = self.path("config");
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("accounts.toml");
        std::fs::write(&file, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        file
    }

    /// The process id of the site's own server.
    pub(crate) fn server_pid(&self) -> u32 {
        self.address()["pid"].as_u64().unwrap().try_into().unwrap()
    }

    /// The port of the site's own server.
    pub(crate) fn server_port(&self) -> u16 {
        self.address()["port"].as_u64().unwrap().try_into().unwrap()
    }

    fn address(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.data().join("server.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until the site's own server has ended, if there is one.
    pub(crate) fn wait_for_end_of_server(&self) {
        if let Ok(lock) = File::open(self.data().join("embedded.lock")) {
            lock.lock().unwrap();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.wait_for_end_of_server();
    }
}

/// A running command.
pub(crate) struct Kaiwa {
    child: Child,
    input: Option<ChildStdin>,
    out: Lines,
    err: Lines,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<String>,
    pub(crate) err: Vec<String>,
}

struct Lines {
    incoming: Receiver<String>,
    seen: Vec<String>,
}

impl Kaiwa {
    pub(crate) fn spawn(command: Command) -> Self {
        Self::spawn_into(command, Stdio::piped())
    }

    /// With an output of its own.
    pub(crate) fn spawn_into(mut command: Command, output: impl Into<Stdio>) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            out: child.stdout.take().map_or_else(Lines::none, Lines::of),
            err: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Writes all of the input and ends it, from a thread: the command may print meanwhile.
    pub(crate) fn write(&mut self, input: Vec<u8>) {
        let mut pipe = self.input.take().unwrap();
        // A command that does not read its input to the end is no failure of the test.
        std::thread::spawn(move || pipe.write_all(&input));
    }

    /// The next line of the output.
    pub(crate) fn line(&mut self) -> String {
        self.out.next().expect("the output goes on")
    }

    /// Waits for a line of the standard error that contains `text`.
    pub(crate) fn wait_for_err(&mut self, text: &str) {
        while !self
            .err
            .next()
            .expect("the standard error goes on")
            .contains(text)
        {}
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Closes the output, as `head` does when it has enough: at the next line that comes.
    pub(crate) fn close_output(&mut self) {
        self.out = Lines::none();
    }

    /// Types lines until that is refused, then waits for the end.
    pub(crate) fn talk_until_end(mut self) -> Output {
        let input = self.input.as_mut().unwrap();
        while input.write_all(b"more\n").is_ok() {}
        self.finish()
    }

    /// Ends the input and waits for the end; the lines that were not taken yet.
    pub(crate) fn finish(mut self) -> Output {
        drop(self.input.take());
        self.finish_open()
    }

    /// Waits for the end with the input left open.
    pub(crate) fn finish_open(mut self) -> Output {
        let out = self.out.rest();
        let err = self.err.rest();
        let code = self.child.wait().unwrap().code();
        Output { code, out, err }
    }
}

impl Drop for Kaiwa {
    fn drop(&mut self) {
        // After `finish` it has been waited for, and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    /// None at all.
    fn none() -> Self {
        Self {
            incoming: channel().1,
            seen: Vec::new(),
        }
    }

    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n') {
                let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            incoming,
            seen: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<String> {
        match self.incoming.recv_timeout(STUCK) {
            Ok(line) => {
                self.seen.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("stuck after {:?}", self.seen),
        }
    }

    fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl Output {
    /// That it ended with this code, and said so on the standard error, in one line, with all of these words.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let [line] = self.err.as_slice() else {
            panic!("one line: {self:?}");
        };
        assert!(line.starts_with("kaiwa: "), "{line}");
        for word in words {
            assert!(line.contains(word), "`{word}` is missing: {line}");
        }
    }

    /// That it went well, printed just this, and had nothing else to say.
    #[track_caller]
    pub(crate) fn printed(&self, out: &[&str]) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.out, out, "{self:?}");
        assert!(self.err.is_empty(), "{self:?}");
    }
}

/// Looks until it is so; for what nothing tells, like what other processes do to files and ports.
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    const INTERVAL: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < STUCK, "stuck");
        std::thread::sleep(INTERVAL);
        waited += INTERVAL;
    }
}

/// Sends a signal to a process that this test has started, or has had started.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A server for others, as `kaiwa serve` runs it.
pub(crate) struct Served {
    pub(crate) process: Kaiwa,
    /// Where wschat is.
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(site: &Site, more: &[&str]) -> Self {
        Self::spawn(site, more, |_| {})
    }

    pub(crate) fn spawn(site: &Site, more: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        Self::spawn_in(&site.path("served"), site, more, change)
    }

    /// With that data directory.
    pub(crate) fn spawn_in(
        data: &Path,
        site: &Site,
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let mut args = vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data.to_str().unwrap(),
        ];
        args.extend(more);
        let mut command = site.command(&args);
        change(&mut command);
        let mut process = Kaiwa::spawn(command);
        let url = process.line();
        assert!(
            url.starts_with("ws://127.0.0.1:") && url.ends_with("/wschat"),
            "{url}"
        );
        Self { process, url }
    }

    /// Where its port is, as `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.url
            .trim_start_matches("ws://")
            .trim_end_matches("/wschat")
    }

    /// The arguments that sign in there.
    pub(crate) fn login<'a>(&self, command: &'a [&'a str], name: &str) -> Vec<String> {
        let url = format!("url={}", self.url);
        let name = format!("name={name}");
        let own = |text: &&str| (*text).to_owned();
        let mut args: Vec<String> = command.iter().map(own).collect();
        args.extend(["--set".to_owned(), url, "--set".to_owned(), name]);
        args
    }
}

/// The arguments as they are passed.
pub(crate) fn strings(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}
