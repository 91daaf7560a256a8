//! How values lie in the database: numbers for kinds, roles and the like, which are never used for something else, and times.

use chrono::{DateTime, Utc};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::store::{BanKind, ContactStatus, MessageKind, Role, RoomKind};

/// A value that lies in the database as a number.
pub(super) trait Coded: Copy + Sized + 'static {
    const CODES: &'static [(Self, i64)];

    fn code(self) -> i64;
}

macro_rules! codes {
    ($($type:ty { $($variant:ident = $code:literal,)* })*) => {$(
        impl Coded for $type {
            const CODES: &'static [(Self, i64)] = &[$((Self::$variant, $code),)*];

            fn code(self) -> i64 {
                match self { $(Self::$variant => $code,)* }
            }
        }
    )*};
}

codes! {
    RoomKind { Lobby = 0, Direct = 1, Group = 2, Circle = 3, Stream = 4, Channel = 5, }
    Role { Member = 0, Moderator = 1, Admin = 2, Owner = 3, }
    MessageKind { Text = 0, RichText = 1, Image = 2, }
    ContactStatus { Applied = 0, Confirmed = 1, Rejected = 2, }
    BanKind { Entry = 0, Speech = 1, }
}

/// A [`Coded`] value in a statement or row.
pub(super) struct Code<T>(pub(super) T);

impl<T: Coded> ToSql for Code<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.code().into())
    }
}

impl<T: Coded> FromSql for Code<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = value.as_i64()?;
        T::CODES
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(value, _)| Self(*value))
            .ok_or(FromSqlError::OutOfRange(code))
    }
}

/// A time in a statement or row.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) DateTime<Utc>);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(nanos(self.0).into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_i64()
            .map(|nanos| Self(DateTime::from_timestamp_nanos(nanos)))
    }
}

/// Nanoseconds since 1970; a time before 1677 or after 2262 becomes the first or last that there is.
pub(super) fn nanos(at: DateTime<Utc>) -> i64 {
    let end = if at.timestamp() < 0 {
        i64::MIN
    } else {
        i64::MAX
    };
    at.timestamp_nanos_opt().unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_and_have_ends() {
        for nanos_since in [i64::MIN, -1, 0, 1, 1_795_160_142_285_165_360, i64::MAX] {
            assert_eq!(
                nanos(DateTime::from_timestamp_nanos(nanos_since)),
                nanos_since
            );
        }
        assert_eq!(nanos(DateTime::<Utc>::MIN_UTC), i64::MIN);
        assert_eq!(nanos(DateTime::<Utc>::MAX_UTC), i64::MAX);
    }

    #[test]
    fn an_unknown_number_is_an_error() {
        assert!(Code::<Role>::column_result(ValueRef::Integer(4)).is_err());
        assert_eq!(
            Code::<Role>::column_result(ValueRef::Integer(3)).unwrap().0,
            Role::Owner
        );
    }
}
