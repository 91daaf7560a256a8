//! Starts a child process and does not let go of it until it has ended and is reaped.
//!
//! Each child has a thread of its own, which starts it and waits for it: the signal that a child gets when its parent dies
//! follows the thread that started it. All signals are blocked in these threads, as in all of the library's.
//!
//! The unsafe code here is what runs between fork and exec, and one call that waits without reaping.

#![allow(
    unsafe_code,
    reason = "what a child must do between fork and exec has no other form"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use kaiwa_core::session::ProcessLimits;
use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, killpg, signal};
use nix::unistd::{Pid, getpid, getppid};
use tokio::sync::oneshot;

/// How long a child may take to end after its input has ended.
pub(super) const END_LIMIT: Duration = Duration::from_secs(5);

/// How long it may take after it was asked by a signal.
pub(super) const TERM_LIMIT: Duration = Duration::from_secs(2);

/// Stack of a thread that waits, in bytes: it calls little more than the system.
const STACK_BYTES: usize = 128 * 1024;

/// What is to be started.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) limits: ProcessLimits,
}

/// A child that runs, and the near ends of its pipes.
pub(super) struct Started {
    /// Its standard input. A socket, since a write to a pipe that nobody reads is a signal, which kills most programs in C.
    pub(super) input: UnixStream,
    pub(super) output: OwnedFd,
    pub(super) errors: OwnedFd,
    pub(super) child: Handle,
}

/// Starts a child. One that was started for nobody, since the future was dropped, is ended.
pub(super) async fn start(program: Program) -> io::Result<Started> {
    let (reply, answer) = oneshot::channel();
    thread::Builder::new()
        .name("kaiwa-child".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || keep(&program, reply))?;
    answer
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the thread of the child has ended")))
}

/// The life of a child.
fn keep(program: &Program, reply: oneshot::Sender<io::Result<Started>>) {
    let _ = SigSet::all().thread_block();
    let (mut child, started) = match spawn(program) {
        Ok(spawned) => spawned,
        Err(error) => {
            let _ = reply.send(Err(error));
            return;
        }
    };
    let state = Arc::clone(&started.child.state);
    let pid = started.child.pid;
    // Nobody may wait any more: then dropping the handle ends the child.
    let _ = reply.send(Ok(started));
    let is_ours = wait(pid);
    let mut guard = state.lock();
    if is_ours {
        // Children of its own do not stay. As long as it is not reaped, nobody else gets the number of its group.
        let _ = killpg(pid, Signal::SIGKILL);
    }
    guard.exit = Some(child.wait().ok());
    drop(guard);
    state.changed.notify_all();
    state.waker.wake();
}

fn spawn(program: &Program) -> io::Result<(Child, Started)> {
    let (input, far_input) = UnixStream::pair()?;
    let mut command = Command::new(&program.command);
    command
        .args(&program.args)
        .env_clear()
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::from(OwnedFd::from(far_input)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let (parent, limits) = (getpid(), program.limits);
    // SAFETY: `prepare` calls nothing but the system, takes no lock and allocates nothing.
    unsafe { command.pre_exec(move || prepare(parent, limits)) };
    let mut child = command.spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let handle = Handle {
        pid,
        state: Arc::default(),
    };
    let pipes = child.stdout.take().zip(child.stderr.take());
    let (output, errors) = pipes.ok_or_else(|| io::Error::other("a child without pipes"))?;
    let started = Started {
        input,
        output: output.into(),
        errors: errors.into(),
        child: handle,
    };
    Ok((child, started))
}

/// What the child does before it becomes its program.
fn prepare(parent: Pid, limits: ProcessLimits) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    // It may have died before it was asked to tell.
    if getppid() != parent {
        return Err(Errno::ESRCH.into());
    }
    for (resource, limit) in [
        (Resource::RLIMIT_AS, limits.memory_bytes),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_CPU, limits.cpu_seconds),
    ] {
        if let Some(limit) = limit {
            setrlimit(resource, limit, limit)?;
        }
    }
    close_others()?;
    // What this process ignores, its children would ignore too. Two signals cannot be set, nor ignored.
    for any in Signal::iterator() {
        // SAFETY: the default is no function of this process's.
        let _ = unsafe { signal(any, SigHandler::SigDfl) };
    }
    SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Whatever this process has open is not the child's. Closed by exec, since before it the start is still told through one.
fn close_others() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: no memory is passed.
        let done = unsafe {
            libc::syscall(
                libc::SYS_close_range,
                3_u32,
                u32::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            )
        };
        if done == 0 {
            return Ok(());
        }
    }
    // An old kernel, or another system.
    for fd in 3..1024 {
        // SAFETY: no memory is passed; a number that is not open is an error and nothing else.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Waits for the end of a child and leaves it to be reaped; `false` if somebody else has reaped it, as a program may that
/// waits for all its children.
fn wait(pid: Pid) -> bool {
    let id = pid.as_raw().cast_unsigned();
    loop {
        let mut info = MaybeUninit::<libc::siginfo_t>::uninit();
        // SAFETY: `info` has room for what is written, and is not read.
        let done = unsafe {
            libc::waitid(
                libc::P_PID,
                id,
                info.as_mut_ptr(),
                libc::WEXITED | libc::WNOWAIT,
            )
        };
        if done == 0 || Errno::last() != Errno::EINTR {
            return done == 0;
        }
    }
}

/// A child. Dropping it asks the child to end by a signal, and then does not ask.
pub(super) struct Handle {
    pid: Pid,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    child: Mutex<Ended>,
    changed: Condvar,
    waker: AtomicWaker,
}

#[derive(Default)]
struct Ended {
    /// How it ended; `Some(None)` where somebody else has reaped it.
    exit: Option<Option<ExitStatus>>,
    /// Somebody sees to its end.
    is_ending: bool,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Ended> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// The end of the child, in words.
    pub(super) fn poll_exit(&self, cx: &mut Context<'_>) -> Poll<String> {
        self.state.waker.register(cx.waker());
        match self.state.lock().exit {
            Some(exit) => Poll::Ready(describe(exit)),
            None => Poll::Pending,
        }
    }

    /// Sees to it that the child ends: in its own time at first, then by a signal that it may handle, then by one that it may not.
    pub(super) fn end(&self, patience: Duration) {
        {
            let mut ended = self.state.lock();
            if ended.exit.is_some() || ended.is_ending {
                return;
            }
            ended.is_ending = true;
        }
        let (state, pid) = (Arc::clone(&self.state), self.pid);
        let ending = thread::Builder::new()
            .name("kaiwa-child-end".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let _ = SigSet::all().thread_block();
                for (patience, last) in [(patience, Signal::SIGTERM), (TERM_LIMIT, Signal::SIGKILL)]
                {
                    let guard = state.lock();
                    let (guard, _) = state
                        .changed
                        .wait_timeout_while(guard, patience, |ended| ended.exit.is_none())
                        .unwrap_or_else(PoisonError::into_inner);
                    // Under the lock it is not reaped, and its number is its own.
                    if guard.exit.is_some() {
                        return;
                    }
                    let _ = killpg(pid, last);
                }
            });
        if ending.is_err() && self.state.lock().exit.is_none() {
            // No more threads: no time to be polite.
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

fn describe(exit: Option<ExitStatus>) -> String {
    let Some(exit) = exit else {
        return "the backend has ended".to_owned();
    };
    match (exit.code(), exit.signal()) {
        (Some(code), _) => format!("the backend has ended with exit code {code}"),
        (None, Some(number)) => {
            let name = Signal::try_from(number).map_or("unknown", Signal::as_str);
            format!("the backend was ended by signal {number} ({name})")
        }
        (None, None) => "the backend has ended".to_owned(),
    }
}
