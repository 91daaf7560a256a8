//! A person at a terminal: a pseudo terminal in the place of the pipes.

#![cfg(unix)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use nix::pty::openpty;

use crate::kaiwa::{STUCK, Site, wait_until};

/// The command on a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    keys: File,
    /// The command's side.
    far: File,
    incoming: Receiver<Vec<u8>>,
    /// Everything that was shown.
    screen: String,
    /// How much of it was looked at.
    seen: usize,
    /// Lines that were typed.
    typed: usize,
}

/// What the editor begins each line with, once it takes keys.
const READY: &str = "\x1b[?2004h";

impl Terminal {
    pub(crate) fn start(site: &Site, args: &[&str]) -> Self {
        let pty = openpty(None, None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = site.command(args);
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let child = command
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let keys = File::from(pty.master);
        let mut shown = keys.try_clone().unwrap();
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys,
            far: File::from(pty.slave),
            incoming,
            screen: String::new(),
            seen: 0,
            typed: 0,
        }
    }

    /// Types a line when the editor takes it; its last key may also be Ctrl-C or Ctrl-D.
    #[track_caller]
    pub(crate) fn press(&mut self, line: &str) {
        while self.screen.matches(READY).count() <= self.typed {
            self.look(READY);
        }
        self.typed += 1;
        self.keys.write_all(line.as_bytes()).unwrap();
    }

    /// Waits until this is shown after what was looked at; gives what was shown up to there.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let (_, new) = self.screen.split_at(self.seen);
            if let Some(at) = new.find(text) {
                let (shown, _) = new.split_at(at + text.len());
                self.seen += shown.len();
                return shown.to_owned();
            }
            self.look(text);
        }
    }

    /// Waits until more is shown.
    #[track_caller]
    fn look(&mut self, wanted: &str) {
        match self.incoming.recv_timeout(STUCK) {
            Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
            Err(RecvTimeoutError::Timeout) => panic!("stuck before {wanted:?}: {}", self.screen),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("ended before {wanted:?}: {}", self.screen)
            }
        }
    }

    /// Waits for the end; gives the exit code and the rest of what was shown.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        const LAST: &str = "(this is all)";
        let mut code = None;
        wait_until(|| {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        // Other processes may have the terminal open, so its end tells nothing.
        self.far.write_all(LAST.as_bytes()).unwrap();
        let rest = self.wait_for(LAST);
        (code.and_then(|status| status.code()), rest)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // After `end` it has been waited for, and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_was_said_before_is_shown_in_the_current_channel_and_older_on_request() {
    let site = Site::new();
    let script = "script=history:60,rooms:2";
    let args = ["chat", "mock", "--channel", "LOBBY", "--set", script];
    let mut terminal = Terminal::start(&site, &args);
    terminal.wait_for("* the current channel is Lobby");
    let earlier = terminal.wait_for("earlier 60");
    assert!(earlier.contains("somebody: earlier 11") && !earlier.contains("earlier 10"));
    assert!(!earlier.contains("[Lobby]"), "{earlier}");
    terminal.press("/history 4\r");
    let older = terminal.wait_for("* these 4 are older");
    for number in 7..=10 {
        assert!(
            older.contains(&format!("somebody: earlier {number}")),
            "{older}"
        );
    }
    assert!(
        !older.contains("earlier 6") && !older.contains("earlier 11"),
        "{older}"
    );
    terminal.press("/history\r");
    terminal.wait_for("* these 6 are the beginning of Lobby");
    terminal.press("\x04");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn lines_are_completed() {
    let site = Site::new();
    let mut terminal = Terminal::start(&site, &["chat", "mock", "--set", "script=rooms:2"]);
    terminal.wait_for("* no channel is current");
    terminal.press("/swi\troom 2\t\r");
    terminal.wait_for("* the current channel is Room 2");
    terminal.press("/memb\t\r");
    terminal.wait_for("* in Room 2: ");
    terminal.press("/quit\r");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn who_comes_asks_or_talks_elsewhere_is_told() {
    let site = Site::new();
    let script = "script=asking,rooms:1";
    let mut terminal = Terminal::start(&site, &["chat", "mock", "--set", script]);
    terminal.wait_for(
        "* somebody asks for contact: shall we talk?; /accept somebody or /reject somebody",
    );
    terminal.press("/accept somebody\r");
    terminal.wait_for("* somebody is now a contact of yours");
    terminal.press("/dm som\thello\r");
    terminal.wait_for("* the current channel is somebody");
    terminal.press("/nonsense\r");
    terminal.wait_for("* /nonsense is no command");
    terminal.press("/dm\r");
    terminal.wait_for("* NAME is missing; usage: /dm NAME [TEXT]");
    // A line is said where messages go when it is its turn, however fast it is typed.
    for line in [
        "/switch lobby\r",
        "here\r",
        "/switch room 1\r",
        "there\r",
        "/switch lobby\r",
    ] {
        terminal.press(line);
    }
    terminal.wait_for("* the current channel is Lobby");
    terminal.wait_for("* the current channel is Room 1");
    terminal.wait_for("* the current channel is Lobby");
    terminal.press("/read\r");
    terminal.wait_for("* Lobby is marked as read");
    terminal.press("/switch room 1\r");
    terminal.wait_for("* the current channel is Room 1");
    terminal.press("/read\r");
    terminal.wait_for("* Room 1 is marked as read");
    terminal.press("\x03");
    assert_eq!(terminal.end().0, Some(130));
}

#[test]
fn files_are_completed_sent_and_shown_with_their_ids() {
    let site = Site::new();
    std::fs::write(site.path("tea time.txt"), "tea").unwrap();
    let path = site.path("tea");
    let args = ["chat", "mock", "--channel", "lobby", "--ids"];
    let mut terminal = Terminal::start(&site, &args);
    terminal.wait_for("* the current channel is Lobby");
    terminal.press("hello\r");
    terminal.wait_for("* 1 is yours: hello");
    terminal.press(&format!("/upload {}\tlook\r", path.display()));
    terminal.wait_for("2 me: look");
    terminal.wait_for("      tea time.txt (3 bytes): https://mock.invalid/files/");
    terminal.press("/reply -2 so \r");
    terminal.wait_for("* 3 is yours: so");
    terminal.press("/history\r");
    terminal.wait_for("* nothing was said in Lobby before this");
    terminal.press("\x04");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn how_far_a_file_is_stands_behind_the_line_and_ctrl_c_gives_it_up_first() {
    let site = Site::new();
    std::fs::write(site.path("tea.txt"), "tea").unwrap();
    let path = site.path("tea.txt");
    // The file is taken, and what it lies with never confirmed.
    let args = [
        "chat",
        "mock",
        "--channel",
        "lobby",
        "--set",
        "script=swallow",
    ];
    let mut terminal = Terminal::start(&site, &args);
    terminal.wait_for("* the current channel is Lobby");
    terminal.press(&format!("/upload {}\r", path.display()));
    terminal.wait_for("   (sending tea.txt: 100 %)");
    terminal.press("\x03");
    let shown = terminal.wait_for("; /delete takes it back");
    assert!(shown.contains("* /cancel tea.txt: "), "{shown}");
    terminal.press("\x03");
    assert_eq!(terminal.end().0, Some(130));
}

#[test]
fn ctrl_c_ends_what_hangs() {
    let site = Site::new();
    let args = [
        "chat",
        "mock",
        "--channel",
        "lobby",
        "--set",
        "script=silent:1",
    ];
    let mut terminal = Terminal::start(&site, &args);
    terminal.wait_for("you are me");
    terminal.press("never said\r");
    terminal.press("\x03");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(130), "{screen}");
}
