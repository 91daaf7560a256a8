//! A directory with one file per day (UTC), each of whole lines.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use kaiwa_core::Error;

use super::unusable;
use crate::private;

/// A file's name.
const NAME: &str = "%Y-%m-%d";

/// Bytes read at once while looking backwards for a line's end.
const BLOCK: u64 = 64 * 1024;

/// The files. Each is opened afresh, so it may be moved away at any time.
#[derive(Debug)]
pub(super) struct Days {
    dir: PathBuf,
}

impl Days {
    /// Makes the directory if it is missing.
    ///
    /// # Errors
    /// `Config` if that cannot be done.
    pub(super) fn open(dir: PathBuf) -> Result<Self, Error> {
        private::make_dir(&dir).map_err(|error| unusable(error, &dir))?;
        Ok(Self { dir })
    }

    /// Appends lines, each to the file of its day, with one write per file. A half line before them is cut off.
    ///
    /// # Errors
    /// `Config`; lines may then be missing, and the last may be half.
    pub(super) fn append<'a>(
        &self,
        lines: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>,
    ) -> Result<(), Error> {
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

    /// The last whole line of a day, if there is one.
    ///
    /// # Errors
    /// `Config` if the file cannot be read.
    pub(super) fn last_line(&self, day: NaiveDate) -> Result<Option<String>, Error> {
        let path = self.path(day);
        let read = || -> io::Result<Option<String>> {
            let mut file = File::open(&path)?;
            let length = file.metadata()?.len();
            let end = after_newline(&mut file, length)?;
            let start = after_newline(&mut file, end.saturating_sub(1))?;
            let mut line = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            file.take((end - start).saturating_sub(1))
                .read_to_end(&mut line)?;
            Ok((end > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result.map_err(|error| unusable(error, &path)),
        }
    }

    /// The newest day that has a whole line, and its last one.
    ///
    /// # Errors
    /// `Config` if the directory or a file cannot be read.
    pub(super) fn newest(&self) -> Result<Option<(NaiveDate, String)>, Error> {
        let list = || {
            let mut days = Vec::new();
            for entry in fs::read_dir(&self.dir)? {
                let name = entry?.file_name();
                let day = name
                    .to_str()
                    .and_then(|name| NaiveDate::parse_from_str(name, NAME).ok());
                days.extend(day);
            }
            Ok(days)
        };
        let mut days = list().map_err(|error| unusable(error, &self.dir))?;
        days.sort_unstable();
        for day in days.into_iter().rev() {
            if let Some(line) = self.last_line(day)? {
                return Ok(Some((day, line)));
            }
        }
        Ok(None)
    }

    fn write(&self, day: NaiveDate, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let path = self.path(day);
        let write = || {
            let mut file = private::create().read(true).append(true).open(&path)?;
            let length = file.metadata()?.len();
            let end = after_newline(&mut file, length)?;
            if end < length {
                file.set_len(end)?;
            }
            file.write_all(text.as_bytes())
        };
        write().map_err(|error| unusable(error, &path))
    }

    fn path(&self, day: NaiveDate) -> PathBuf {
        self.dir.join(day.format(NAME).to_string())
    }
}

/// Where the last line that ends before `end` ends; 0 if none does.
fn after_newline(file: &mut File, end: u64) -> io::Result<u64> {
    let mut end = end;
    // Mostly the last byte is the one.
    let mut length = 1;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(length);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
        length = BLOCK;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kaiwa_core::ErrorKind;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_file_per_day() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        let days = Days::open(dir.clone()).unwrap();
        days.append([]).unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        assert_eq!(days.newest().unwrap(), None);
        days.append([
            (at("2026-11-20T23:59:59.999999999Z"), "1"),
            (at("2026-11-21T00:00:00Z"), "2"),
            (at("2026-11-21T00:00:01Z"), "3"),
        ])
        .unwrap();
        days.append([(at("2026-11-20T23:59:59Z"), "4")]).unwrap();
        assert_eq!(read(&dir.join("2026-11-20")), "1\n4\n");
        assert_eq!(read(&dir.join("2026-11-21")), "2\n3\n");
        fs::write(dir.join("notes"), "not a day\n").unwrap();
        fs::write(dir.join("2026-11-22"), "half").unwrap();
        let newest = (at("2026-11-21T00:00:00Z").date_naive(), "3".to_owned());
        assert_eq!(days.newest().unwrap(), Some(newest));
    }

    #[test]
    fn a_half_line_is_not_read_and_is_cut_off() {
        let temp = tempfile::tempdir().unwrap();
        let days = Days::open(temp.path().to_owned()).unwrap();
        let now = at("2026-11-20T12:00:00Z");
        let path = temp.path().join("2026-11-20");
        let long = "x".repeat(3 * 64 * 1024);
        for (before, last, whole) in [
            (String::new(), None, String::new()),
            ("half".to_owned(), None, String::new()),
            ("\n".to_owned(), Some(""), "\n".to_owned()),
            ("a\nhalf".to_owned(), Some("a"), "a\n".to_owned()),
            ("a\nb\n".to_owned(), Some("b"), "a\nb\n".to_owned()),
            (
                format!("a\n{long}\n{long}"),
                Some(long.as_str()),
                format!("a\n{long}\n"),
            ),
        ] {
            fs::write(&path, before).unwrap();
            assert_eq!(days.last_line(now.date_naive()).unwrap().as_deref(), last);
            days.append([(now, "next")]).unwrap();
            assert_eq!(read(&path), format!("{whole}next\n"));
        }
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let error = Days::open(temp.path().join("log")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("log");
        let days = Days::open(dir.clone()).unwrap();
        days.append([(at("2026-11-20T12:00:00Z"), "1")]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join("2026-11-20")), 0o600);
    }
}
