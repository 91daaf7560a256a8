//! wschat's log: one JSON line per message, in one file per day (UTC).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use kaiwa_core::{Error, ErrorKind};

/// A directory of daily files.
#[derive(Debug)]
pub(crate) struct LogDir {
    dir: PathBuf,
}

impl LogDir {
    /// Makes the directory if it is missing.
    ///
    /// # Errors
    /// `Config` if that cannot be done.
    pub(crate) fn open(dir: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&dir).map_err(|error| {
            let text = format!(
                "log_dir {} cannot be made; name a directory that this user may write to",
                dir.display()
            );
            Error::new(ErrorKind::Config, text).with_source(error)
        })?;
        Ok(Self { dir })
    }

    /// Appends lines, each to the file of its day. The file is opened afresh, so it may be moved away at any time.
    ///
    /// # Errors
    /// The system's; lines may then be missing.
    pub(crate) fn append<'a>(
        &self,
        lines: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>,
    ) -> io::Result<()> {
        let mut text = String::new();
        let mut day = NaiveDate::MIN;
        for (at, line) in lines {
            if at.date_naive() != day {
                self.write(day, &text)?;
                text.clear();
                day = at.date_naive();
            }
            text.push_str(line);
            text.push('\n');
        }
        self.write(day, &text)
    }

    fn write(&self, day: NaiveDate, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let path = self.dir.join(day.format("%Y-%m-%d").to_string());
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?
            .write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_per_day() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        let log = LogDir::open(dir.clone()).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        log.append([]).unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        log.append([
            (at("2026-11-20T23:59:59.999999999Z"), "1"),
            (at("2026-11-21T00:00:00Z"), "2"),
            (at("2026-11-21T00:00:01Z"), "3"),
        ])
        .unwrap();
        log.append([(at("2026-11-20T23:59:59Z"), "4")]).unwrap();
        assert_eq!(
            fs::read_to_string(dir.join("2026-11-20")).unwrap(),
            "1\n4\n"
        );
        assert_eq!(
            fs::read_to_string(dir.join("2026-11-21")).unwrap(),
            "2\n3\n"
        );
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let error = LogDir::open(temp.path().join("log")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
