//! What a crash, a full disk or a moved file leaves out comes back from the store.

use std::fs;
use std::sync::Arc;

use super::*;
use crate::front::wschat;
use crate::store::{LOBBY, MessageKind, NewMessage, Posted, Repeat, Sender, SqliteStore, Store};
use crate::world::{Limits, Receiver, Submission};

const DAY: &str = "2026-11-20";
const NEXT_DAY: &str = "2026-11-21";

struct Fixture {
    store: SqliteStore,
    reader: Box<dyn Reader>,
    /// Of the database, and below it the log.
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path()).unwrap();
        Self {
            reader: store.reader().unwrap(),
            store,
            dir,
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn open(&mut self) -> LogDir {
        let render: Render = Box::new(|message| wschat::log_line(message, false));
        LogDir::open(self.log(), LOBBY, render, self.reader.as_mut()).unwrap()
    }

    /// A batch of messages as (time of day or whole time, text), kept but not yet in the log.
    fn keep(&mut self, said: &[(&str, &str)]) -> Vec<Done> {
        let mut done = Vec::new();
        self.store
            .transaction(&mut |transaction| {
                for (at, text) in said {
                    let message = message(at, text);
                    let posted = transaction.post(&message, Repeat::Another)?;
                    done.push(Done::Said(kept(message, posted)));
                }
                Ok(())
            })
            .unwrap();
        // Of which there is no line.
        done.push(Done::Failed(Box::new(submission(message(
            "12:00:00", "failed",
        )))));
        done
    }

    fn say(&mut self, log: &mut LogDir, said: &[(&str, &str)]) {
        let done = self.keep(said);
        log.write(self.reader.as_mut(), &done);
    }

    /// The texts in the log of a day.
    fn texts(&self, day: &str) -> Vec<String> {
        let text = fs::read_to_string(self.log().join(day)).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                line["msg"].as_str().unwrap().to_owned()
            })
            .collect()
    }
}

fn message(at: &str, text: &str) -> NewMessage {
    let at = if at.contains('T') {
        at.to_owned()
    } else {
        format!("{DAY}T{at}Z")
    };
    NewMessage {
        room: LOBBY,
        at: at.parse().unwrap(),
        sender: Sender::Guest(Some("ann".to_owned())),
        kind: MessageKind::Text,
        text: Some(text.to_owned()),
        client_id: None,
        reply: None,
        files: Vec::new(),
        extra: Some(r#"{"x":[1,2.5]}"#.to_owned()),
    }
}

/// With the line that its front end makes.
fn kept(message: NewMessage, posted: Posted) -> Said {
    let stored = StoredMessage {
        position: posted.position,
        room: message.room,
        change: posted.change,
        posted: posted.change,
        at: posted.at,
        sender: posted.sender,
        sender_name: Some("ann".to_owned()),
        kind: message.kind,
        text: message.text.clone(),
        client_id: None,
        reply: None,
        edited: None,
        deleted: false,
        files: Vec::new(),
        reactions: Vec::new(),
        extra: message.extra.clone(),
    };
    let mut submission = submission(message);
    submission.log_line = Some(wschat::log_line(&stored, false));
    Said {
        posted,
        submission: Box::new(submission),
    }
}

fn submission(message: NewMessage) -> Submission {
    let limits = Limits {
        messages: 1,
        bytes: 1,
    };
    Submission {
        message,
        repeat: Repeat::Another,
        sender_name: Some("ann".to_owned()),
        files: Vec::new(),
        prepared: None,
        log_line: None,
        origin: Arc::new(Receiver::new(limits)),
        answer: None,
        explain: None,
    }
}

#[test]
fn a_killed_server_leaves_no_hole() {
    let mut site = Fixture::new();
    let mut log = site.open();
    site.say(&mut log, &[("12:00:00", "a"), ("12:00:01", "b")]);
    let whole = fs::read(site.log().join(DAY)).unwrap();
    // Kept, and killed before it was logged; the times are not in the order of the sequence.
    site.keep(&[("12:00:00.5", "c"), ("12:00:03", "d"), ("12:00:02", "e")]);
    let expected = ["a", "b", "c", "d", "e"];
    site.open();
    assert_eq!(site.texts(DAY), expected);
    // Killed while it was logged: any part of the lines is there, or nothing at all.
    let full = fs::read(site.log().join(DAY)).unwrap();
    for length in whole.len()..=full.len() {
        fs::write(site.log().join(DAY), &full[..length]).unwrap();
        site.open();
        assert_eq!(site.texts(DAY), expected, "{length}");
    }
    fs::remove_file(site.log().join(DAY)).unwrap();
    site.open();
    assert_eq!(site.texts(DAY), expected);
}

#[test]
fn midnight_is_no_hole_either() {
    let mut site = Fixture::new();
    let mut log = site.open();
    let after = format!("{NEXT_DAY}T00:00:00.1Z");
    site.say(&mut log, &[("12:00:00", "a"), (&after, "b")]);
    // Written down late: its day is over.
    site.say(&mut log, &[("23:59:59", "c")]);
    site.keep(&[("23:59:59.5", "d"), (&after, "e")]);
    for _ in 0..2 {
        site.open();
        assert_eq!(site.texts(DAY), ["a", "c", "d"]);
        assert_eq!(site.texts(NEXT_DAY), ["b", "e"]);
    }
}

#[test]
fn a_new_day_may_begin_with_half_a_line() {
    let mut site = Fixture::new();
    let mut log = site.open();
    site.say(&mut log, &[("12:00:00", "a")]);
    site.keep(&[("12:00:01", "b"), (&format!("{NEXT_DAY}T00:00:00Z"), "c")]);
    fs::write(site.log().join(NEXT_DAY), "{\"msg").unwrap();
    site.open();
    assert_eq!(site.texts(DAY), ["a", "b"]);
    assert_eq!(site.texts(NEXT_DAY), ["c"]);
}

#[test]
fn many_are_made_up_for() {
    let mut site = Fixture::new();
    let mut log = site.open();
    site.say(&mut log, &[("12:00:00", "first")]);
    let texts: Vec<_> = (0..PAGE * 2 + 7).map(|number| number.to_string()).collect();
    let said: Vec<_> = texts
        .iter()
        .map(|text| ("12:00:00", text.as_str()))
        .collect();
    site.keep(&said);
    site.open();
    assert_eq!(site.texts(DAY)[1..], texts);
}

#[test]
fn an_empty_directory_begins_with_the_last_day() {
    let mut site = Fixture::new();
    site.keep(&[("2026-11-18T12:00:00Z", "old"), ("00:00:00.1", "a")]);
    site.keep(&[("12:00:00", "b")]);
    site.open();
    assert_eq!(site.texts(DAY), ["a", "b"]);
    assert_eq!(fs::read_dir(site.log()).unwrap().count(), 1);
}

/// The log of another server, or of the original: what is newer than its last line is appended.
#[test]
fn a_foreign_log_goes_on() {
    let mut site = Fixture::new();
    site.keep(&[("09:00:00", "old"), ("11:59:00", "older")]);
    site.keep(&[("12:00:01", "newer")]);
    fs::create_dir(site.log()).unwrap();
    let theirs = format!("{{\"msg\":\"theirs\",\"tim\":\"{DAY}T12:00:00Z\"}}\n");
    fs::write(site.log().join(DAY), theirs).unwrap();
    for _ in 0..2 {
        site.open();
        assert_eq!(site.texts(DAY), ["theirs", "newer"]);
    }
}

#[test]
fn a_failing_directory_is_made_up_for() {
    let mut site = Fixture::new();
    let mut log = site.open();
    site.say(&mut log, &[("12:00:00", "a")]);
    let away = site.dir.path().join("away");
    fs::rename(site.log(), &away).unwrap();
    site.say(&mut log, &[("12:00:01", "b")]);
    site.say(&mut log, &[("12:00:02", "c")]);
    assert!(log.attempted > log.logged);
    fs::rename(&away, site.log()).unwrap();
    site.say(&mut log, &[("12:00:03", "d")]);
    assert_eq!(log.logged, 4);
    assert_eq!(site.texts(DAY), ["a", "b", "c", "d"]);
    // Moved away for good: nothing comes twice.
    fs::rename(site.log(), site.dir.path().join("archive")).unwrap();
    site.say(&mut log, &[("12:00:04", "e")]);
    fs::create_dir(site.log()).unwrap();
    site.say(&mut log, &[("12:00:05", "f")]);
    assert_eq!(site.texts(DAY), ["e", "f"]);
}

#[test]
fn a_torn_batch_is_completed_while_running() {
    let mut site = Fixture::new();
    let mut log = site.open();
    site.say(&mut log, &[("12:00:00", "a")]);
    let batch = site.keep(&[("12:00:01", "b"), ("12:00:02", "c")]);
    let path = site.log().join(DAY);
    let Done::Said(first) = &batch[0] else {
        panic!("said");
    };
    let line = first.submission.log_line.as_deref().unwrap();
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{before}{line}\n{{\"half")).unwrap();
    log.attempted = first.posted.position.seq + 1;
    site.say(&mut log, &[("12:00:03", "d")]);
    assert_eq!(site.texts(DAY), ["a", "b", "c", "d"]);
}

#[test]
fn in_memory_the_log_goes_on_after_a_failure() {
    let mut site = Fixture::new();
    site.store = SqliteStore::in_memory().unwrap();
    site.reader = site.store.reader().unwrap();
    let mut log = site.open();
    fs::remove_dir(site.log()).unwrap();
    // More than is kept in memory.
    for _ in 0..11 {
        site.say(&mut log, &[("12:00:00", "early"); 100]);
    }
    fs::create_dir(site.log()).unwrap();
    site.say(&mut log, &[("12:00:01", "late")]);
    let texts = site.texts(DAY);
    assert_eq!((texts.len(), texts[1000].as_str()), (1001, "late"));
}

#[test]
fn complains_once_a_minute() {
    let mut log = Fixture::new().open();
    let now = Instant::now();
    let seconds = [0, 1, 59, 60, 61, 119, 120];
    let told = seconds.map(|seconds| log.may_complain(now + Duration::from_secs(seconds)));
    assert_eq!(told, [true, false, false, true, false, false, true]);
}

#[test]
fn a_directory_that_cannot_be_read_is_told_at_the_start() {
    let mut site = Fixture::new();
    site.keep(&[("12:00:00", "a")]);
    fs::create_dir_all(site.log().join(DAY)).unwrap();
    let render: Render = Box::new(|_| String::new());
    let error = LogDir::open(site.log(), LOBBY, render, site.reader.as_mut())
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(DAY), "{error}");
}

#[test]
fn what_was_said_on_another_network_has_its_line() {
    let mut fixture = Fixture::new();
    let mut log = fixture.open();
    let mut done = fixture.keep(&[("10:00:00", "a"), ("10:00:01", "b"), ("10:00:02", "c")]);
    if let Done::Said(said) = &mut done[1] {
        said.submission.log_line = None;
    }
    log.write(fixture.reader.as_mut(), &done);
    assert_eq!(fixture.texts(DAY), ["a", "b", "c"]);
}
