//! What was measured: tables on the terminal and, by measurement, for [`crate::docs`].

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chart::Chart;
use crate::missing::Missing;

/// Collects and prints.
#[derive(Debug)]
pub(crate) struct Report {
    begin: Instant,
    sections: Vec<Section>,
}

/// What one measurement gave.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name, as `--only` takes it.
    pub(crate) name: String,
    /// Its tables, in Markdown.
    pub(crate) tables: String,
    pub(crate) charts: Vec<Chart>,
    /// For programs.
    pub(crate) records: Vec<Value>,
    /// Targets, met or not.
    pub(crate) targets: Vec<Value>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) took: Duration,
    /// Why it ended early.
    pub(crate) error: Option<String>,
    begin: Instant,
    /// Of the last table.
    columns: usize,
}

/// Several measurements of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            begin: Instant::now(),
            sections: vec![Section::new("")],
        }
    }

    /// Begins a measurement: how many there are before it, how many in all.
    pub(crate) fn begin(&mut self, name: &str, before: usize, all: usize) {
        let elapsed = self.begin.elapsed().as_secs();
        eprintln!("[{}/{all}] {name}, after {elapsed} s", before + 1);
        self.sections.push(Section::new(name));
    }

    /// Ends it. What is missing is told, and no error.
    pub(crate) fn end(&mut self, result: anyhow::Result<()>) {
        let section = self.section();
        section.took = section.begin.elapsed();
        let Err(error) = result else { return };
        match error.downcast::<Missing>() {
            Ok(missing) => {
                let text = format!("\nNot measured: {missing}.\n");
                self.put(&text);
                self.note_missing(missing);
            }
            Err(error) => {
                eprintln!("error: {}: {error:#}", self.section().name);
                self.section().error = Some(format!("{error:#}"));
            }
        }
    }

    /// Begins a table.
    pub(crate) fn table(&mut self, title: &str, columns: &[&str]) {
        let rule = "---:|".repeat(columns.len().saturating_sub(1));
        let head = columns.join(" | ");
        self.section().columns = columns.len();
        self.put(&format!("\n{title}\n\n| {head} |\n|---|{rule}\n"));
    }

    /// A row of the last table.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.put(&format!("| {} |\n", cells.join(" | ")));
    }

    /// A row of the last table for something that is not there.
    pub(crate) fn row_missing(&mut self, what: &str, missing: Missing) {
        let others = self.section().columns.saturating_sub(1);
        let mut cells = vec![what.to_owned()];
        cells.extend(std::iter::repeat_n("missing".to_owned(), others));
        self.row(cells);
        self.note_missing(missing);
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
        let shown = show(bound);
        let verdict = self.judge(&what, spread, at_least, bound, &show);
        let sign = sign(at_least);
        self.row(vec![
            what,
            spread.map(&show),
            format!("{sign} {shown}, {verdict}"),
        ]);
    }

    /// Keeps whether a target is met, and says it.
    pub(crate) fn judge(
        &mut self,
        what: &str,
        spread: &Spread,
        at_least: bool,
        bound: f64,
        show: impl Fn(f64) -> String,
    ) -> &'static str {
        let met = if at_least {
            spread.median >= bound
        } else {
            spread.median <= bound
        };
        self.section().targets.push(json!({
            "what": what,
            "value": spread.median,
            "at_least": at_least,
            "bound": bound,
            "met": met,
            "shown": spread.map(&show),
            "bound_shown": format!("{} {}", sign(at_least), show(bound)),
        }));
        if met { "met" } else { "**missed**" }
    }

    /// Something for the file.
    pub(crate) fn record(&mut self, record: Value) {
        self.section().records.push(record);
    }

    /// A picture of what the last table says.
    pub(crate) fn chart(&mut self, chart: Chart) {
        self.section().charts.push(chart);
    }

    /// All measurements, and how long they took.
    pub(crate) fn finish(mut self) -> (Vec<Section>, Duration) {
        self.sections.retain(|section| !section.name.is_empty());
        (self.sections, self.begin.elapsed())
    }

    fn note_missing(&mut self, missing: Missing) {
        eprintln!("{missing}");
        let all = &mut self.section().missing;
        if !all.contains(&missing) {
            all.push(missing);
        }
    }

    fn put(&mut self, text: &str) {
        print!("{text}");
        let _ = self.section().tables.write_str(text);
    }

    fn section(&mut self) -> &mut Section {
        let last = self.sections.len() - 1;
        &mut self.sections[last]
    }
}

impl Section {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            tables: String::new(),
            charts: Vec::new(),
            records: Vec::new(),
            targets: Vec::new(),
            missing: Vec::new(),
            took: Duration::ZERO,
            error: None,
            begin: Instant::now(),
            columns: 0,
        }
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

    /// Of neighbouring runs, one over the other.
    pub(crate) fn of_ratios(over: &[f64], under: &[f64]) -> Self {
        let pairs = over.iter().zip(under);
        Self::of(pairs.map(|(over, under)| over / under).collect())
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

fn sign(at_least: bool) -> &'static str {
    if at_least { "≥" } else { "≤" }
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

/// With two digits behind the point.
pub(crate) fn hundredths(value: f64) -> String {
    format!("{value:.2}")
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
        assert_eq!(
            Spread::of_ratios(&[4.0, 9.0], &[2.0, 3.0]).map(show),
            "2.5 (2–3)"
        );
    }

    #[test]
    fn what_is_missing_is_marked_and_no_error() {
        let mut report = Report::new();
        report.begin("one", 0, 2);
        report.table("Speeds", &["who", "slow", "fast"]);
        report.row_missing("peer", Missing::new("peer 2", "get peer"));
        report.row_missing("peer", Missing::new("peer 2", "get peer"));
        report.end(Ok(()));
        report.begin("two", 1, 2);
        report.end(Err(Missing::new("tool", "get tool").into()));
        let (sections, _) = report.finish();
        assert!(
            sections[0]
                .tables
                .contains("| peer | missing | missing |\n")
        );
        assert_eq!(sections[0].missing.len(), 1);
        assert!(sections[1].error.is_none());
        assert!(sections[1].tables.contains("tool is missing: `get tool`"));
    }
}
