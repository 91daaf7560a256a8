//! What came of each rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rules::Rule;
use crate::text;

/// What came of the rules so far. A rule that was broken once is broken.
#[derive(Debug, Default)]
pub(super) struct Report {
    outcomes: BTreeMap<Rule, Outcome>,
    /// What the backend said last on its standard error, where a rule was broken.
    errors: Option<String>,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    /// And what was seen.
    Failed(String),
    /// And why.
    NotApplicable(String),
}

impl Report {
    pub(super) fn passed(&mut self, rule: Rule) {
        match self.outcomes.get(&rule) {
            Some(Outcome::Failed(_)) => {}
            _ => {
                self.outcomes.insert(rule, Outcome::Passed);
            }
        }
    }

    /// The first thing that was seen stays.
    pub(super) fn failed(&mut self, rule: Rule, seen: impl Into<String>) {
        if !matches!(self.outcomes.get(&rule), Some(Outcome::Failed(_))) {
            self.outcomes.insert(rule, Outcome::Failed(seen.into()));
        }
    }

    pub(super) fn not_applicable(&mut self, rule: Rule, why: impl Into<String>) {
        self.outcomes
            .entry(rule)
            .or_insert_with(|| Outcome::NotApplicable(why.into()));
    }

    /// [`Report::passed`] or [`Report::failed`].
    pub(super) fn judge(&mut self, rule: Rule, verdict: Result<(), String>) {
        match verdict {
            Ok(()) => self.passed(rule),
            Err(seen) => self.failed(rule, seen),
        }
    }

    /// Keeps what a backend said on its standard error, if it is the first that has broken a rule.
    pub(super) fn keep_errors(&mut self, said: String) {
        if self.has_failures() && self.errors.is_none() && !said.is_empty() {
            self.errors = Some(said);
        }
    }

    pub(super) fn has_failures(&self) -> bool {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_))) > 0
    }

    /// One line per rule, then their number.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for rule in Rule::ALL {
            let line = match self.outcomes.get(rule) {
                Some(Outcome::Passed) => line("passed", *rule, None),
                Some(Outcome::Failed(seen)) => line("failed", *rule, Some(seen)),
                Some(Outcome::NotApplicable(why)) => line("not applicable", *rule, Some(why)),
                None => line("not applicable", *rule, Some("it did not come so far")),
            };
            text.push_str(&line);
        }
        let passed = self.count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let rest = Rule::ALL.len() - passed - failed;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{passed} passed, {failed} failed, {rest} not applicable"
        );
        if let Some(errors) = &self.errors {
            let _ = writeln!(text, "the backend's standard error ends with:");
            for line in errors.lines() {
                let _ = writeln!(text, "  {}", text::one_line(line));
            }
        }
        text
    }

    fn count(&self, is_it: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes.values().filter(|one| is_it(one)).count()
    }
}

fn line(outcome: &str, rule: Rule, seen: Option<&str>) -> String {
    let (word, says) = (rule.word(), rule.text());
    match seen {
        None => format!("{outcome:<14}  {word:<14}  {says}\n"),
        Some(seen) => format!(
            "{outcome:<14}  {word:<14}  {says}: {}\n",
            text::one_line(seen)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_broken_once_is_broken() {
        let mut report = Report::default();
        report.not_applicable(Rule::Ids, "why");
        report.passed(Rule::Ids);
        assert!(!report.has_failures());
        report.failed(Rule::Ids, "the first\nthing");
        report.failed(Rule::Ids, "another");
        report.passed(Rule::Ids);
        let text = report.text();
        assert!(
            text.contains("failed          ids             ids are strings: the first␊thing\n"),
            "{text}"
        );
        assert!(
            text.contains("\n0 passed, 1 failed, 31 not applicable\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), Rule::ALL.len() + 1);
    }
}
