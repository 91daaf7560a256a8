//! What was measured: tables on the terminal, and a file for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Collects and prints.
#[derive(Debug)]
pub(crate) struct Report {
    quick: bool,
    records: Vec<Value>,
}

/// Several measurements of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl Report {
    pub(crate) fn new(quick: bool) -> Self {
        Self {
            quick,
            records: Vec::new(),
        }
    }

    /// Begins a table; in Markdown, as docs/benchmarks.md takes it.
    pub(crate) fn table(&self, title: &str, columns: &[&str]) {
        println!("\n{title}\n\n| {} |", columns.join(" | "));
        println!("|---|{}", "---:|".repeat(columns.len() - 1));
    }

    /// A row of the last table.
    pub(crate) fn row(&self, cells: Vec<String>) {
        println!("| {} |", cells.join(" | "));
    }

    /// A row that says whether a target is met: what, the value, the target.
    pub(crate) fn target(
        &mut self,
        what: String,
        spread: &Spread,
        at_least: bool,
        bound: f64,
        show: impl Fn(f64) -> String,
    ) {
        let sign = if at_least { "≥" } else { "≤" };
        let verdict = self.judge(&what, spread, at_least, bound);
        self.row(vec![
            what,
            spread.map(&show),
            format!("{sign} {}, {verdict}", show(bound)),
        ]);
    }

    /// Keeps whether a target is met, and says it.
    pub(crate) fn judge(
        &mut self,
        what: &str,
        spread: &Spread,
        at_least: bool,
        bound: f64,
    ) -> &'static str {
        let met = if at_least {
            spread.median >= bound
        } else {
            spread.median <= bound
        };
        self.record(json!({
            "target": what,
            "value": spread.median,
            "at_least": at_least,
            "bound": bound,
            "met": met,
        }));
        if met { "met" } else { "**missed**" }
    }

    /// Something for the file.
    pub(crate) fn record(&mut self, record: Value) {
        self.records.push(record);
    }

    /// Writes the file.
    pub(crate) fn write(self, path: &Path) -> Result<()> {
        let all = json!({ "quick": self.quick, "records": self.records });
        fs::write(path, serde_json::to_string_pretty(&all)?)
            .with_context(|| path.display().to_string())?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) && middle > 0 {
            f64::midpoint(at(middle - 1), at(middle))
        } else {
            at(middle)
        };
        Self {
            median,
            least: at(0),
            most: at(values.len().saturating_sub(1)),
        }
    }

    /// The median, and in parentheses from where to where it goes.
    pub(crate) fn map(&self, show: impl Fn(f64) -> String) -> String {
        let (median, least, most) = (show(self.median), show(self.least), show(self.most));
        if least == most {
            return median;
        }
        format!("{median} ({least}–{most})")
    }
}

/// A whole number, its thousands apart.
pub(crate) fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let shown = [0.4, 999.0, 1000.0, 123_456.7, 1_234_567.0].map(count);
        assert_eq!(shown, ["0", "999", "1,000", "123,457", "1,234,567"]);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        let show = |value: f64| format!("{value}");
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).map(show), "2 (1–3)");
        assert_eq!(Spread::of(vec![4.0, 1.0]).map(show), "2.5 (1–4)");
        assert_eq!(Spread::of(vec![7.0]).map(show), "7");
    }
}
