//! What was written and awaits its answer: a message its echo, a command what the table says.
//!
//! A server does one thing after the other, so of several that fit the oldest is meant. An echo is known by its words: a
//! message said in another session of the user with the same words takes the place of the own one, and the own one then
//! that of the other, so that each is shown once.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, Id, RequestId};

use super::ECHO_LIMIT;
use super::commands::{self, Command, Sign};
use super::people::same_name;
use super::way_back::Key;
use crate::sockchat::wire::Notice;
use crate::text::html;

/// How long an echo may still come after it was given up. A server that is slower than its pings is given up itself by then;
/// later the same words are likely to be said anew.
const LATE_LIMIT: Duration = Duration::from_secs(60);

/// Own messages that were given up, remembered for a late echo.
const MAX_LATE: usize = 256;

/// An echo as short as this, in characters, was not cut: no known server takes less.
const MIN_CUT_CHARS: usize = 1000;

/// What awaits an answer, oldest first.
#[derive(Debug, Default)]
pub(super) struct Answers {
    open: VecDeque<Open>,
}

/// Something that awaits an answer.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) request: RequestId,
    pub(super) at: Duration,
    /// Given up; a late echo still counts.
    pub(super) is_late: bool,
    pub(super) asked: Option<Asked>,
    pub(super) echo: Option<Echo>,
}

/// A command, and what it is about.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) command: &'static Command,
    /// A name, a message, a text, as answers repeat it.
    pub(super) subject: Option<String>,
    /// Whom it is about, if that is known.
    pub(super) user_id: Option<Id>,
    /// Of a way: the password.
    pub(super) key: Option<Key>,
    /// Of a ban: its end.
    pub(super) until: Option<DateTime<Utc>>,
}

/// An own message, as the server will send it back.
pub(super) struct Echo {
    pub(super) kind: EchoKind,
    /// Where it was said.
    pub(super) place: Id,
    words: String,
}

/// How an own message is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EchoKind {
    Plain,
    Action,
    Private,
}

impl fmt::Debug for Echo {
    /// Without what is said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Echo({:?} in {}, {} bytes)",
            self.kind,
            self.place,
            self.words.len()
        )
    }
}

impl Echo {
    pub(super) fn new(kind: EchoKind, place: &str, text: &str) -> Self {
        Self {
            kind,
            place: place.into(),
            // As a server sends it: what is typed like one of its replacements is none.
            words: words(&html::escape(text)),
        }
    }

    /// Whether `heard` are its words, or as many of them as a server takes.
    fn is(&self, heard: &str) -> bool {
        let is_cut = || heard.chars().nth(MIN_CUT_CHARS).is_some() && self.words.starts_with(heard);
        self.words == heard || is_cut()
    }
}

impl Answers {
    /// Something was written.
    pub(super) fn expect(&mut self, open: Open) {
        if self.open.len() >= MAX_LATE
            && let Some(oldest) = self.open.iter().position(|open| open.is_late)
        {
            self.open.remove(oldest);
        }
        self.open.push_back(open);
    }

    /// The own message of which this is the echo, wherever it was said if no place is given. What was not given up comes
    /// first: it was said last.
    pub(super) fn take_echo(
        &mut self,
        now: Duration,
        kind: EchoKind,
        place: Option<&str>,
        text: &str,
    ) -> Option<(RequestId, Id)> {
        let is_over = |open: &Open| open.is_late && open.at + ECHO_LIMIT + LATE_LIMIT < now;
        self.open.retain(|open| !is_over(open));
        if self.open.is_empty() {
            return None;
        }
        let heard = words(text);
        let mut found = None;
        for (at, open) in self.open.iter().enumerate() {
            let Some(echo) = &open.echo else { continue };
            let is_there = place.is_none_or(|place| echo.place == place);
            if echo.kind != kind || !is_there || !echo.is(&heard) {
                continue;
            }
            if !open.is_late {
                found = Some(at);
                break;
            }
            found = found.or(Some(at));
        }
        let Open { request, echo, .. } = self.open.remove(found?)?;
        Some((request, echo?.place))
    }

    /// What a notice answers, and with what.
    pub(super) fn take_notice(&mut self, notice: &Notice<'_>) -> Option<(Open, Result<(), Error>)> {
        let arguments = notice.plain_arguments();
        let named = arguments.first().map(String::as_str);
        let at = if notice.is_error {
            self.refused(notice.code, named)
        } else {
            self.carried_out(notice.code, named)
        }?;
        let open = self.open.remove(at)?;
        let result = if notice.is_error {
            Err(Error::new(commands::kind(notice.code), notice.english()))
        } else {
            Ok(())
        };
        Some((open, result))
    }

    /// Takes the way that the server has not let the user go, as it says where they stay: the oldest. One that was given up
    /// is nobody's request any more, but it is the one that is answered.
    pub(super) fn take_stay(&mut self) -> Option<Open> {
        let at = self.open.iter().position(Open::is_way)?;
        self.open.remove(at)
    }

    /// Takes the way that has led the user there; one that was given up if there is no other.
    pub(super) fn take_way(&mut self, is_it: impl Fn(&Asked) -> bool) -> Option<Open> {
        let is_it = |open: &Open| open.is_way() && open.asked.as_ref().is_some_and(&is_it);
        let mut open = self.open.iter();
        let at = open.position(|open| !open.is_late && is_it(open));
        let at = at.or_else(|| self.open.iter().position(is_it))?;
        self.open.remove(at)
    }

    /// The command that a packet says to be carried out.
    pub(super) fn take(&mut self, sign: Sign, is_it: impl Fn(&Asked) -> bool) -> Option<Open> {
        let at = self.find(|asked| asked.command.done.contains(&sign) && is_it(asked))?;
        self.open.remove(at)
    }

    /// A command that is not answered yet.
    pub(super) fn asked(&self, is_it: impl Fn(&Asked) -> bool) -> Option<&Open> {
        self.open.get(self.find(is_it)?)
    }

    /// When the oldest is overdue.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let oldest = self.open.iter().find(|open| !open.is_late)?;
        Some(oldest.at + ECHO_LIMIT)
    }

    /// Gives up what is overdue; a late echo still counts.
    pub(super) fn give_up(&mut self, now: Duration) -> Vec<RequestId> {
        let mut overdue = Vec::new();
        for open in &mut self.open {
            if !open.is_late && open.at + ECHO_LIMIT <= now {
                open.is_late = true;
                overdue.push(open.request);
            }
        }
        // Servers say of each way where it has led, and which one is meant shows by the order only.
        let is_over = |open: &Open| open.at + ECHO_LIMIT + LATE_LIMIT < now;
        let may_come = |open: &Open| open.echo.is_some() || open.is_way() && !is_over(open);
        self.open.retain(|open| !open.is_late || may_come(open));
        overdue
    }

    pub(super) fn restart_clocks(&mut self, now: Duration) {
        for open in self.open.iter_mut().filter(|open| !open.is_late) {
            open.at = now;
        }
    }

    /// The connection is gone: nothing of it is answered any more.
    pub(super) fn cut(&mut self) -> VecDeque<Open> {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|open| !open.is_late);
        open
    }

    /// A channel is called otherwise.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        self.open.iter_mut().for_each(|open| open.rename(old, new));
    }

    /// How many requests are open that are no messages.
    pub(super) fn requests(&self) -> usize {
        let is_open = |open: &&Open| !open.is_late && open.echo.is_none();
        self.open.iter().filter(is_open).count()
    }

    fn refused(&self, code: &str, named: Option<&str>) -> Option<usize> {
        let may = |asked: &Asked| asked.command.is_refused_by(code);
        if matches!(code, "cmdna" | "nocmd") {
            let name = named.map(|name| name.trim_start_matches('/').to_lowercase());
            return self.find(|asked| {
                let is_named = |name: &String| *name == asked.command.name;
                may(asked) && name.as_ref().is_none_or(is_named)
            });
        }
        if named.is_none() {
            // The echo of a message may stay away for other reasons, and nothing else would answer a command.
            let is_it = |open: &Open| open.asked.as_ref().is_some_and(may);
            let mut open = self.open.iter();
            let command = open.position(|open| !open.is_late && open.echo.is_none() && is_it(open));
            return command.or_else(|| self.find(may));
        }
        let strict = self.find(|asked| may(asked) && is_about(asked, named));
        // Names may come back otherwise than they were typed; those of channels do not.
        strict
            .or_else(|| self.find(|asked| may(asked) && !asked.command.done.contains(&Sign::Moved)))
    }

    fn carried_out(&self, code: &str, named: Option<&str>) -> Option<usize> {
        let may = |asked: &Asked| {
            let mut signs = asked.command.done.iter();
            signs.any(|sign| matches!(sign, Sign::Notice(sign) if *sign == code))
        };
        let strict = self.find(|asked| may(asked) && is_about(asked, named));
        // What somebody else lets the server say is said to everybody.
        strict.or_else(|| self.find(|asked| may(asked) && code != "say"))
    }

    fn find(&self, is_it: impl Fn(&Asked) -> bool) -> Option<usize> {
        let mut open = self.open.iter();
        open.position(|open| !open.is_late && open.asked.as_ref().is_some_and(&is_it))
    }
}

/// Whether an answer names what a command is about, or does not say.
fn is_about(asked: &Asked, named: Option<&str>) -> bool {
    let (Some(subject), Some(named)) = (&asked.subject, named) else {
        return true;
    };
    same_name(subject, named) || words(subject) == words(named)
}

/// The words of a text, however a server has changed what is between them.
pub(super) fn words(text: &str) -> String {
    let text = html::unescape(text);
    let shown = |c: &char| !c.is_whitespace() && !c.is_control();
    text.chars().filter(shown).collect()
}

impl Open {
    pub(super) fn asked(request: RequestId, at: Duration, asked: Asked) -> Self {
        Self {
            request,
            at,
            is_late: false,
            asked: Some(asked),
            echo: None,
        }
    }

    /// A channel is called otherwise.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(echo) = self.echo.as_mut().filter(|echo| echo.place == old) {
            echo.place = new.into();
        }
    }

    /// Whether it leads the user to another channel.
    fn is_way(&self) -> bool {
        let signs = self.asked.as_ref().map(|asked| asked.command.done);
        signs.is_some_and(|signs| signs.contains(&Sign::Moved))
    }

    /// The words may be those of a message in the backlog.
    pub(super) fn is_said_in(&self, place: &str, kind: EchoKind, heard: &str) -> bool {
        let echo = self.echo.as_ref();
        echo.is_some_and(|echo| echo.place == place && echo.kind == kind && echo.is(heard))
    }
}
