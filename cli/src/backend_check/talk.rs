//! One conversation with a backend: what is asked, what is answered, and what is looked for in all that it says.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_protocols::Error;
use serde_json::{Value, json};

use super::Setup;
use super::form::{self, brief};
use super::process::{Heard, Process};
use super::report::Report;
use super::rules::Rule;

/// Bytes that a host reads at once.
const AT_ONCE: usize = 64 * 1024;

/// The words that belong to a request: its type, and the type of its answer.
pub(super) const EXPECTED: [(&str, &str); 8] = [
    ("RoomLookup", "RoomID"),
    ("RoomGet", "Room"),
    ("RoomCreate", "RoomID"),
    ("RoomJoin", "Success"),
    ("RoomLeave", "Success"),
    ("MessageGet", "Message"),
    ("MessageGetBefore", "Success"),
    ("MessageSend", "MessageID"),
];

/// A backend that has said its init info.
pub(super) struct Talk<'r> {
    pub(super) process: Process,
    pub(super) report: &'r mut Report,
    limit: Duration,
    extended: bool,
    next: u32,
    /// What was asked, by number, with the type of the answer; empty where only an error will do.
    asked: BTreeMap<u32, &'static str>,
    /// What was answered: the bodies.
    answers: BTreeMap<u32, Value>,
    /// The types of the updates, in their order.
    pub(super) updates: Vec<String>,
    hello: bool,
    pub(super) has_ended: bool,
    /// The backend needs a line end behind a request.
    pub(super) by_lines: bool,
    /// Bytes that are read at once.
    pub(super) at_once: usize,
}

impl<'r> Talk<'r> {
    /// Starts a backend.
    ///
    /// # Errors
    /// `Invalid` for a command that cannot be started.
    pub(super) fn start(
        setup: &Setup,
        report: &'r mut Report,
        extended: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            process: Process::start(&setup.command, extended)?,
            report,
            limit: setup.limit,
            extended,
            next: 0,
            asked: BTreeMap::new(),
            answers: BTreeMap::new(),
            updates: Vec::new(),
            hello: false,
            has_ended: false,
            by_lines: false,
            at_once: AT_ONCE,
        })
    }

    /// Waits for the init info; says whether it came.
    pub(super) async fn init(&mut self) -> bool {
        let verdict = match self.process.hear(self.limit, self.at_once).await {
            Heard::Json(json) => {
                self.report.passed(Rule::OnlyJson);
                if is_init(&json) {
                    self.report.judge(Rule::InitForm, form::init(&json));
                    Ok(())
                } else {
                    Err(format!("the first value is {}", brief(&json)))
                }
            }
            Heard::NotJson(said) => {
                self.not_json(&said);
                Err(format!("it begins with {}", brief(&said)))
            }
            Heard::End => Err("the backend ends without it".to_owned()),
            Heard::Silence => Err(format!("nothing comes within {:?}", self.limit)),
        };
        let came = verdict.is_ok();
        self.report.judge(Rule::InitFirst, verdict);
        came
    }

    /// Sends a request; its number.
    pub(super) fn ask(&mut self, kind: &str, value: &Value) -> u32 {
        let number = self.number(kind);
        let request =
            json!({ "body": { "type": kind, "value": value }, "sequence_number": number });
        self.write(&request.to_string());
        number
    }

    /// A number for a request that the caller writes; of no type that there is, only an error will do for an answer.
    pub(super) fn number(&mut self, kind: &str) -> u32 {
        let number = self.next;
        self.next += 1;
        self.expect(number, kind);
        number
    }

    /// A number of the caller's.
    pub(super) fn expect(&mut self, number: u32, kind: &str) {
        let expected = EXPECTED.iter().find(|(request, _)| *request == kind);
        let expected = expected.map_or("", |(_, answer)| answer);
        self.asked.insert(number, expected);
    }

    /// Writes a request, with nothing behind it, unless the backend cannot do without.
    pub(super) fn write(&mut self, request: &str) {
        let end = if self.by_lines { "\n" } else { "" };
        self.process.write(format!("{request}{end}"));
    }

    /// The body of an answer; `None` if there is none in time, which breaks a rule.
    pub(super) async fn answer(&mut self, number: u32) -> Option<Value> {
        let answer = self.try_answer(number).await;
        let verdict = match (&answer, self.has_ended) {
            (Some(_), _) => Ok(()),
            (None, true) => Err(format!("the backend has ended before it answered {number}")),
            (None, false) => Err(format!("no answer to {number} within {:?}", self.limit)),
        };
        self.report.judge(Rule::Answered, verdict);
        answer
    }

    /// The body of an answer, if it comes in time.
    pub(super) async fn try_answer(&mut self, number: u32) -> Option<Value> {
        while !self.answers.contains_key(&number) {
            if self.has_ended || !self.listen().await {
                return None;
            }
        }
        self.answers.get(&number).cloned()
    }

    /// The type of an answer.
    pub(super) fn kind(&self, number: u32) -> String {
        let body = self.answers.get(&number);
        form::text(body.and_then(|body| body.get("type"))).to_owned()
    }

    pub(super) fn is_answered(&self, number: u32) -> bool {
        self.answers.contains_key(&number)
    }

    /// Whether the first update was the extension's hello.
    pub(super) fn says_hello(&self) -> bool {
        self.hello
    }

    /// Asks and waits; the value of the answer, what the error says, or nothing.
    pub(super) async fn result(
        &mut self,
        kind: &str,
        value: &Value,
    ) -> Option<Result<Value, String>> {
        let number = self.ask(kind, value);
        let body = self.answer(number).await?;
        Some(result(&body))
    }

    /// Closes the input and hears the rest; how it ended, or what keeps it.
    pub(super) async fn end(&mut self) -> Result<std::process::ExitStatus, String> {
        self.process.close();
        let limit = self.limit;
        let late = || format!("it still runs {limit:?} after its input was closed");
        while !self.has_ended {
            if !self.listen().await {
                return Err(late());
            }
        }
        self.process.ended(self.limit).await.ok_or_else(late)
    }

    /// Keeps the standard error, if a rule was broken.
    pub(super) async fn finish(mut self) {
        let errors = self.process.errors().await;
        self.report.keep_errors(errors);
    }

    /// Hears one thing; says whether something was said, or ended.
    async fn listen(&mut self) -> bool {
        match self.process.hear(self.limit, self.at_once).await {
            Heard::Json(json) => self.judge(&json),
            Heard::NotJson(said) => self.not_json(&said),
            Heard::End => self.has_ended = true,
            Heard::Silence => return false,
        }
        true
    }

    fn not_json(&mut self, said: &str) {
        self.report.failed(Rule::OnlyJson, brief(said));
        // Behind an unreadable value there is nothing to find.
        self.has_ended |= said.starts_with("expected ") || said.starts_with("the output ends");
    }

    fn judge(&mut self, json: &str) {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let number = value.get("sequence_number");
        let verdict = form::said(json, &value);
        for rule in [Rule::Forms, Rule::Ids, Rule::Times] {
            match &verdict {
                Err(breach) if breach.rule == rule => self.report.failed(rule, &breach.seen),
                _ => self.report.passed(rule),
            }
        }
        match (number, value.get("body")) {
            (Some(number), Some(body)) => self.judge_answer(number, body),
            _ => {
                let is_hello = value.pointer("/value/hello").is_some();
                self.hello |= self.updates.is_empty() && is_hello;
                self.judge_update(form::text(value.get("type")));
            }
        }
    }

    fn judge_answer(&mut self, number: &Value, body: &Value) {
        let asked = number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok());
        let Some((number, expected)) =
            asked.and_then(|number| Some((number, *self.asked.get(&number)?)))
        else {
            let seen = format!("{number} is answered");
            return self.report.failed(Rule::OwnNumbers, seen);
        };
        self.report.passed(Rule::OwnNumbers);
        let kind = form::text(body.get("type"));
        if kind == "Error" || kind == expected {
            self.report.passed(Rule::AnswerType);
        } else if !expected.is_empty() {
            let seen = format!("{kind} in place of {expected}");
            self.report.failed(Rule::AnswerType, seen);
        }
        if self.answers.insert(number, body.clone()).is_some() {
            let seen = format!("{number} is answered twice");
            self.report.failed(Rule::Once, seen);
        } else {
            self.report.passed(Rule::Once);
        }
    }

    fn judge_update(&mut self, kind: &str) {
        self.updates.push(kind.to_owned());
        if !self.extended {
            let verdict = match kind {
                "Kaiwa" => Err("an update of this type".to_owned()),
                _ => Ok(()),
            };
            self.report.judge(Rule::NoExtension, verdict);
        }
    }
}

fn is_init(json: &str) -> bool {
    serde_json::from_str::<Value>(json).is_ok_and(|value| {
        value.get("backend_name").is_some() || value.get("protocol_version").is_some()
    })
}

/// The value of a body, or what its error says.
pub(super) fn result(body: &Value) -> Result<Value, String> {
    let value = body.get("value").cloned().unwrap_or_default();
    if form::text(body.get("type")) == "Error" {
        let message = form::text(value.get("message"));
        return Err(format!("the backend says: {}", brief(message)));
    }
    Ok(value)
}
