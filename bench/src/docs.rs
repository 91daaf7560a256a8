//! Results into `docs/`: the tables of benchmarks.md between their marks, charts, and the same for programs. What people wrote
//! around the marks stays.
//!
//! A place is `<!-- bench: NAME -->`, a line of its own, until the next `<!-- end -->`. [`MACHINE`] and [`TARGETS`] are places
//! too. A run of everything replaces all places; one with `--only` those of its measurements, which say so.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::machine::Machine;
use crate::report::Section;

/// Where and how everything was measured; replaced by whole runs only.
pub(crate) const MACHINE: &str = "machine";

/// Which targets are missed, of all that the file for programs knows.
pub(crate) const TARGETS: &str = "targets";

const END: &str = "<!-- end -->\n";

/// The file for programs, in the folder of the charts.
const FILE: &str = "bench.json";

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) sections: &'a [Section],
    /// Everything was measured.
    pub(crate) whole: bool,
}

impl Run<'_> {
    /// Writes what is for programs, and nothing else.
    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        write(path, &pretty(&self.merged(Value::Null))?)
    }

    /// Writes all of it into `docs/`. Measurements that failed leave their old results.
    pub(crate) fn write_docs(&self, docs: &Path) -> Result<()> {
        let page = docs.join("benchmarks.md");
        let mut text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        let folder = docs.join("benchmarks");
        fs::create_dir_all(&folder)?;
        let file = folder.join(FILE);
        let old = match fs::read_to_string(&file) {
            Ok(old) => serde_json::from_str(&old).with_context(|| file.display().to_string())?,
            Err(_) => Value::Null,
        };
        let all = self.merged(old);
        for section in self.good() {
            text = replace(&text, &section.name, &self.tables(section))?;
            for chart in &section.charts {
                let file = folder.join(format!("{}.svg", chart.name));
                write(&file, &chart.svg()?)?;
            }
        }
        if self.whole {
            text = replace(&text, MACHINE, &format!("{}\n", self.machine.sentences()))?;
        }
        text = replace(&text, TARGETS, &targets(&all))?;
        write(&file, &pretty(&all)?)?;
        write(&page, &text)
    }

    fn good(&self) -> impl Iterator<Item = &Section> {
        let sections = self.sections.iter();
        sections.filter(|section| section.error.is_none())
    }

    /// What stands in the place of a measurement.
    fn tables(&self, section: &Section) -> String {
        let mut text = section.tables.clone();
        for chart in &section.charts {
            let (title, name) = (&chart.title, &chart.name);
            let _ = write!(text, "\n![{title}](benchmarks/{name}.svg)\n");
        }
        for missing in &section.missing {
            let _ = write!(text, "\n{missing}.\n");
        }
        if !self.whole {
            let _ = write!(text, "\nMeasured alone: {}.\n", self.machine.when());
        }
        text.push('\n');
        text
    }

    /// The file for programs: as it was, with what was measured now in it.
    fn merged(&self, old: Value) -> Value {
        let mut all = match old {
            Value::Object(old) if !self.whole => old,
            _ => Map::new(),
        };
        if self.whole || !all.contains_key(MACHINE) {
            all.insert(MACHINE.to_owned(), self.machine.to_json());
        }
        let measurements = all.entry("measurements").or_insert_with(|| json!({}));
        for section in self.good() {
            measurements[&section.name] = json!({
                "measured": self.machine.when(),
                "seconds": section.took.as_secs(),
                "missing": section.missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "targets": rounded(json!(section.targets)),
                "records": rounded(json!(section.records)),
            });
        }
        Value::Object(all)
    }
}

/// How many targets are met, and a row for each that is not.
fn targets(all: &Value) -> String {
    let measurements = all["measurements"].as_object();
    let mut missed = String::new();
    let (mut met, mut count) = (0, 0);
    for (name, measurement) in measurements.into_iter().flatten() {
        for target in measurement["targets"].as_array().into_iter().flatten() {
            count += 1;
            if target["met"] == true {
                met += 1;
                continue;
            }
            let [what, value, bound] = ["what", "shown", "bound_shown"]
                .map(|key| target[key].as_str().unwrap_or_default());
            let _ = writeln!(missed, "| {name} | {what} | {value} | {bound} |");
        }
    }
    if missed.is_empty() {
        return format!("All {count} targets are met.\n");
    }
    format!(
        "{met} of {count} targets are met; missed:\n\n| measurement | what | value | target |\n|---|---|---:|---:|\n{missed}"
    )
}

/// The text with something else in a place.
fn replace(text: &str, name: &str, with: &str) -> Result<String> {
    let begin = begin(name);
    let place = || format!("docs/benchmarks.md: the place of {name}");
    let mut parts = text.split(&begin);
    let (Some(before), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(anyhow::anyhow!("needs one line {}", begin.trim_end())).with_context(place);
    };
    let (old, after) = rest
        .split_once(END)
        .with_context(|| format!("needs a line {}", END.trim_end()))
        .with_context(place)?;
    ensure!(
        !old.contains("<!-- bench: "),
        "{}: another begins before its end",
        place()
    );
    let with = with.trim_start_matches('\n');
    Ok(format!("{before}{begin}{with}{END}{after}"))
}

fn begin(name: &str) -> String {
    format!("<!-- bench: {name} -->\n")
}

/// Numbers with as many digits as mean something: five.
fn rounded(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(rounded).collect(),
        Value::Object(all) => all
            .into_iter()
            .map(|(key, value)| (key, rounded(value)))
            .collect(),
        Value::Number(number) if number.is_f64() => {
            let shown = format!("{:.4e}", number.as_f64().unwrap_or_default());
            json!(shown.parse::<f64>().unwrap_or_default())
        }
        other => other,
    }
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn write(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::Name;
    use crate::missing::Missing;
    use crate::report::{Report, Spread, count};

    const PAGE: &str = "# Title\n\n<!-- bench: machine -->\nold\n<!-- end -->\n\nWords.\n\n\
        <!-- bench: targets -->\n<!-- end -->\n<!-- bench: one -->\nold one\n<!-- end -->\nMore.\n\
        <!-- bench: two -->\nold two\n<!-- end -->\nLast.\n";

    fn measured(names: &[&str]) -> Vec<Section> {
        let mut report = Report::new();
        for name in names {
            report.begin(name, 0, names.len());
            report.table("Rates", &["who", "rate", "target"]);
            let rate = Spread::of(vec![1500.0]);
            report.target("ours".to_owned(), &rate, true, 2000.0, count);
            report.end(Ok(()));
        }
        report.finish().0
    }

    /// The page after a run, and the file for programs.
    fn after(folder: &Path, sections: &[Section], whole: bool) -> (String, Value) {
        let machine = Machine::of_test();
        let run = Run {
            machine: &machine,
            sections,
            whole,
        };
        run.write_docs(folder).unwrap();
        let read = |name| fs::read_to_string(folder.join(name)).unwrap();
        let json = read("benchmarks/bench.json");
        (read("benchmarks.md"), serde_json::from_str(&json).unwrap())
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder =
            std::env::temp_dir().join(format!("kaiwa-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("benchmarks.md"), PAGE).unwrap();
        folder
    }

    #[test]
    fn a_whole_run_replaces_all_places_and_no_word_between() {
        let folder = folder("whole");
        let (page, json) = after(&folder, &measured(&["one", "two"]), true);
        for kept in ["# Title\n", "\nWords.\n", "\nMore.\n", "\nLast.\n"] {
            assert!(page.contains(kept), "{kept}: {page}");
        }
        assert!(!page.contains("old"), "{page}");
        assert!(page.contains("0 of 2 targets are met"), "{page}");
        assert!(page.contains("| one | ours | 1,500 | ≥ 2,000 |"), "{page}");
        assert_eq!(json["measurements"]["two"]["targets"][0]["met"], false);
        // Again: nothing grows.
        assert_eq!(after(&folder, &measured(&["one", "two"]), true).0, page);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_run_of_one_leaves_the_others() {
        let folder = folder("one");
        let (whole, _) = after(&folder, &measured(&["one", "two"]), true);
        fs::write(folder.join("benchmarks.md"), PAGE).unwrap();
        let (page, json) = after(&folder, &measured(&["two"]), false);
        assert!(
            page.contains("old one") && !page.contains("old two"),
            "{page}"
        );
        assert!(
            page.contains("old\n<!-- end -->"),
            "the machine's line stays: {page}"
        );
        assert!(page.contains("Measured alone: "), "{page}");
        assert!(!whole.contains("Measured alone"), "{whole}");
        // What was measured before still counts.
        assert!(page.contains("0 of 2 targets are met"), "{page}");
        assert!(json["measurements"]["one"].is_object());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_failed_or_is_missing_is_not_hidden() {
        let folder = folder("failed");
        let mut report = Report::new();
        report.begin("one", 0, 2);
        report.end(Err(anyhow::anyhow!("broken")));
        report.begin("two", 1, 2);
        report.end(Err(Missing::new("peer", "get peer").into()));
        let (page, json) = after(&folder, &report.finish().0, true);
        assert!(page.contains("old one"), "{page}");
        assert!(page.contains("peer is missing: `get peer`"), "{page}");
        assert!(json["measurements"]["one"].is_null());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn numbers_keep_five_digits() {
        let given = json!({ "a": [16_371.461_224, 7, 0.000_123_456_7], "b": "1.234567" });
        let kept = json!({ "a": [16_371.0, 7, 0.000_123_46], "b": "1.234567" });
        assert_eq!(rounded(given), kept);
    }

    #[test]
    fn a_place_that_is_not_whole_is_named() {
        for (text, what) in [
            ("", "needs one line"),
            ("<!-- bench: x -->\n", "needs a line"),
            (
                "<!-- bench: x -->\n<!-- bench: x -->\n<!-- end -->\n",
                "one line",
            ),
            (
                "<!-- bench: x -->\n<!-- bench: y -->\n<!-- end -->\n",
                "another begins",
            ),
        ] {
            let error = format!("{:#}", replace(text, "x", "").unwrap_err());
            assert!(
                error.contains(what) && error.contains('x'),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn the_page_has_a_place_for_everything() {
        let page = include_str!("../../docs/benchmarks.md");
        let names = Name::value_variants().iter().map(|name| name.text());
        for name in names.chain([MACHINE.to_owned(), TARGETS.to_owned()]) {
            replace(page, &name, "").unwrap();
        }
    }
}
