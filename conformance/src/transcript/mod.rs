//! Golden transcripts: what the server says, what the client must say, which events come out; replayed on a session
//! without IO in several ways that must make no difference.
//!
//! A transcript is a text of lines `word: rest`, `#` begins a comment. The order of what comes out is checked between two
//! inputs, separately for events and for what is written; everything that comes out must be told.
//!
//! | line | meaning |
//! |---|---|
//! | `transport: lines` or `frames` | the session cuts a byte stream into lines, or gets text frames; the first line |
//! | `form: {"name": "ann"}` | the login form, for each `connect` from here |
//! | `connect:` | an attempt to connect begins; `connect Invalid:` one that must fail so |
//! | `open: tcp mock:1` | the session must want this transport, and gets it |
//! | `S: …` | the server says this line or frame; `S-hex:` bytes as they are; `S-ping:`, `S-pong:` (to the last ping), `S-binary:` frames |
//! | `C: …` | the client must say this; `C-ping:`, `C-pong:` |
//! | `H one: POST http://… {…}` | the client must make this HTTP request, called `one`, without `Authorization`; `H one Bearer t: …` with it |
//! | `A one: 200 {…}` | the answer to it; `A one: TimedOut` an error of that kind |
//! | `E: …` | this event must come out: JSON, or `Chat::New {…}`, or the name alone; `E one: …` caused by request `one` |
//! | `U one: …` | the user sends this event, called `one`; `U Full: …` one that must be refused so |
//! | `T: 30s` | time passes: `ms`, `s`, `m` |
//! | `pause:`, `resume:` | reading stops, goes on |
//! | `disconnect:` | the user wants to leave |
//! | `close:` or `close Auth:` | the session must want the transport closed, with an error of that kind |
//! | `closed:` or `lost:` | the transport is closed because the user asked; or is gone |
//!
//! In `S:` and `C:` lines `⇥` stands for TAB, `␌` for form feed, `␊` and `␍` for the ends of lines.
//!
//! `{{name}}` in what comes out takes whatever is there, and must be the same from then on, in all lines; `{{_}}` is never
//! the same. Where both sides are JSON they are compared as JSON, and a null member may be left out.

mod line;
mod pattern;
mod player;

use std::path::Path;

use kaiwa_core::session::Session;

/// How what the server says is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feeding {
    /// All that is said before something must come out, at once.
    Whole,
    /// Byte by byte, or frame by frame.
    Pieces,
    /// Cut at places that the seed chooses.
    Cut(u64),
}

/// Seeds tried for each transcript.
const SEEDS: u64 = 16;

/// Replays every `.txt` file in `folder`, each in every way.
///
/// # Panics
/// When the session does anything else than a transcript says, naming file and line; when there is no transcript.
pub fn replay_folder<S: Session>(folder: &Path, session: impl Fn() -> S) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        panic!("no folder {}", folder.display());
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    paths.sort();
    assert!(!paths.is_empty(), "no transcript in {}", folder.display());
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else {
            panic!("{} cannot be read", path.display());
        };
        for feeding in feedings() {
            if let Err(wrong) = replay(&text, feeding, &mut session()) {
                panic!("{}:{wrong} (fed {feeding:?})", path.display());
            }
        }
    }
}

/// Replays one transcript on a fresh session.
///
/// # Errors
/// The number of the line, and what differs.
pub fn replay(text: &str, feeding: Feeding, session: &mut dyn Session) -> Result<(), String> {
    let lines = line::parse(text)?;
    player::Player::new(session, feeding).play(&lines)
}

/// Every way of feeding.
fn feedings() -> impl Iterator<Item = Feeding> {
    [Feeding::Whole, Feeding::Pieces]
        .into_iter()
        .chain((0..SEEDS).map(Feeding::Cut))
}
