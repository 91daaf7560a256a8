//! A process that is measured: started, talked to by lines, watched through `/proc`, ended.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::missing::Missing;

/// How often memory is looked at while waiting for it to come to rest.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);

/// Looks in a row that must give the same, within [`SETTLE_TOLERANCE`].
const SETTLE_LOOKS: u32 = 5;

/// In bytes: a page or two come and go.
const SETTLE_TOLERANCE: u64 = 16 * 1024;

/// How long memory may take to come to rest.
const SETTLE_LIMIT: Duration = Duration::from_secs(20);

/// How long a role may take to end, and how often it is looked at.
const END_LIMIT: Duration = Duration::from_secs(20);
const END_PAUSE: Duration = Duration::from_millis(10);

/// Connections of ten thousand clients, and what else a process has open.
const FILES: u64 = 20_000;

/// Allows this process, and those it starts, as many open files as anything here needs, if the system lets it; if not, what
/// needs them says so.
pub(crate) fn allow_many_files() {
    let old = getrlimit(Resource::Nofile);
    if old.current.is_none_or(|current| current >= FILES) {
        return;
    }
    let raised = |maximum| Rlimit {
        current: Some(FILES),
        maximum,
    };
    let within = old.maximum.is_none_or(|maximum| maximum >= FILES);
    // Only root may raise the maximum.
    let maximum = if within { old.maximum } else { Some(FILES) };
    let _ = setrlimit(Resource::Nofile, raised(maximum));
}

/// Whether a process may have so many files open.
pub(crate) fn may_open(files: u64) -> Result<(), Missing> {
    let limit = getrlimit(Resource::Nofile).current;
    if limit.is_none_or(|limit| limit >= files) {
        return Ok(());
    }
    let what = format!("a limit of {files} open files");
    Err(Missing::new(&what, "ulimit -n 20000"))
}

/// A child; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Closed by the drop, which ends our own roles even if the kill is not reached.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts any program.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let input = Some(child.stdin.take().context("no pipe to the child")?);
        let output = child.stdout.take().context("no pipe from the child")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Starts this program in a role.
    pub(crate) fn role(arguments: &[&str]) -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).args(arguments))
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the measured process ended early");
        Ok(line.trim_end().to_owned())
    }

    /// Says a line to it.
    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the input is closed")?;
        Ok(writeln!(input, "{line}")?)
    }

    /// Ends one of our own roles in good order, so that its files are whole.
    pub(crate) fn end(mut self) -> Result<()> {
        self.input = None;
        let until = Instant::now() + END_LIMIT;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the measured process ended badly: {status}"),
                None => ensure!(Instant::now() < until, "the measured process does not end"),
            }
            thread::sleep(END_PAUSE);
        }
    }

    /// Fails if it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the measured process ended by itself: {status}"),
        }
    }

    /// CPU time used so far, by all threads, in the process and for it in the kernel.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// Resident bytes, once they no longer change.
    pub(crate) fn resident(&self) -> Result<u64> {
        let until = Instant::now() + SETTLE_LIMIT;
        let mut last = self.resident_now()?;
        let mut same = 0;
        while same < SETTLE_LOOKS {
            ensure!(Instant::now() < until, "memory does not come to rest");
            thread::sleep(SETTLE_PAUSE);
            let now = self.resident_now()?;
            same = if now.abs_diff(last) <= SETTLE_TOLERANCE {
                same + 1
            } else {
                0
            };
            last = now;
        }
        Ok(last)
    }

    /// From the page tables, since the counters behind `VmRSS` lag by some pages per thread.
    fn resident_now(&self) -> Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no Rss in smaps_rollup")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end; an error with what it says if it fails.
pub(crate) fn succeeds(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// CPU time of a process, `self` included; in steps of 10 ms on most systems.
pub(crate) fn cpu_of(pid: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name and may hold anything, parentheses included.
    let (_, fields) = stat.rsplit_once(") ").context("no name in stat")?;
    let ticks = |index: usize| -> Result<u64> {
        let field = fields.split(' ').nth(index).context("stat is short")?;
        Ok(field.parse()?)
    };
    // utime and stime, the 14th and 15th fields of proc_pid_stat(5); the first two are cut off.
    let both = ticks(11)? + ticks(12)?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs_f64(both as f64 / per_second as f64))
}
