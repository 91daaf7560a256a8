//! Fields joined by TAB, read one after the other and written so that none breaks out of its place.

use std::fmt;

use chrono::{DateTime, Utc};
use memchr::memchr;

use super::{Fault, WireError};

/// What clients and servers put in the place of a TAB.
const TAB: &str = "    ";

/// The fields of a frame.
pub(super) struct Fields<'a> {
    packet: u16,
    rest: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Reads the id of a packet; its fields follow.
    pub(super) fn begin(frame: &'a str) -> Result<(u16, Self), WireError> {
        let mut fields = Self {
            packet: 0,
            rest: Some(frame),
        };
        let id = fields.next().unwrap_or_default();
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(WireError {
                packet: None,
                fault: Fault::NoId,
            });
        }
        // No packet has a larger one.
        fields.packet = id.parse().unwrap_or(u16::MAX);
        Ok((fields.packet, fields))
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let Some(tab) = memchr(b'\t', rest.as_bytes()) else {
            self.rest = None;
            return Some(rest);
        };
        self.rest = rest.get(tab + 1..);
        rest.get(..tab)
    }

    pub(super) fn need(&mut self) -> Result<&'a str, WireError> {
        let packet = self.packet;
        self.next()
            .ok_or_else(|| WireError::new(packet, Fault::Missing))
    }

    pub(super) fn need_number(&mut self) -> Result<i64, WireError> {
        let field = self.need()?;
        number(field).ok_or_else(|| self.error(Fault::NoNumber))
    }

    /// A time; `None` if it is no number or out of range.
    pub(super) fn need_time(&mut self) -> Result<Option<DateTime<Utc>>, WireError> {
        self.need().map(time)
    }

    pub(super) fn need_bool(&mut self) -> Result<bool, WireError> {
        self.need().map(is_true)
    }

    /// How many fields are left.
    pub(super) fn left(&self) -> usize {
        let tabs = |rest: &str| rest.bytes().filter(|byte| *byte == b'\t').count();
        self.rest.map_or(0, |rest| tabs(rest) + 1)
    }

    pub(super) fn error(&self, fault: Fault) -> WireError {
        WireError::new(self.packet, fault)
    }
}

/// A number in decimal.
pub(super) fn number(field: &str) -> Option<i64> {
    field.parse().ok()
}

/// Seconds since 1970.
pub(super) fn time(field: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(number(field)?, 0)
}

/// Anything but 0 is true.
pub(super) fn is_true(field: &str) -> bool {
    !matches!(field, "0" | "")
}

/// Capabilities, which are joined by spaces or form feeds.
pub(super) fn names(field: &str) -> Vec<&str> {
    let names = field.split([' ', '\u{c}']);
    names.filter(|name| !name.is_empty()).collect()
}

/// A frame that is being written.
pub(super) struct Writer<'a> {
    out: &'a mut String,
}

impl<'a> Writer<'a> {
    pub(super) fn begin(packet: u16, out: &'a mut String) -> Self {
        out.push_str(&packet.to_string());
        Self { out }
    }

    /// A field of one line, of whatever somebody chose.
    pub(super) fn line(&mut self, field: &str) -> &mut Self {
        self.clean(field, |c| matches!(c, '\n' | '\r' | '\u{c}'))
    }

    /// A field in which line breaks may stand.
    pub(super) fn text(&mut self, field: &str) -> &mut Self {
        self.clean(field, |_| false)
    }

    /// A field that is itself joined by form feeds.
    pub(super) fn joined(&mut self, field: &str) -> &mut Self {
        self.clean(field, |c| matches!(c, '\n' | '\r'))
    }

    pub(super) fn bool(&mut self, field: bool) -> &mut Self {
        self.text(if field { "1" } else { "0" })
    }

    pub(super) fn time(&mut self, time: Option<DateTime<Utc>>) -> &mut Self {
        self.number(time.map_or(0, |time| time.timestamp()))
    }

    pub(super) fn number(&mut self, number: impl fmt::Display + Copy) -> &mut Self {
        self.text(&number.to_string())
    }

    /// A field of names joined by `separator`.
    pub(super) fn names(&mut self, names: &[&str], separator: &str) -> &mut Self {
        let clean = |name: &&str| name.replace([' ', '\u{c}', '\t', '\n', '\r'], "");
        let mut names: Vec<String> = names.iter().map(clean).collect();
        names.retain(|name| !name.is_empty());
        self.joined(&names.join(separator))
    }

    fn clean(&mut self, field: &str, breaks: impl Fn(char) -> bool) -> &mut Self {
        self.out.push('\t');
        let mut rest = field;
        while let Some(at) = rest.find(|c| c == '\t' || breaks(c)) {
            let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.out.push_str(before);
            self.out
                .push_str(if here.starts_with('\t') { TAB } else { " " });
            rest = here.get(1..).unwrap_or_default();
        }
        self.out.push_str(rest);
        self
    }
}
