//! Who knows whom.

use chrono::{DateTime, Utc};
use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, Row, params};

use super::db::{Db, Outcome, demand};
use super::users::{USER_COLUMNS, demand_account, user, user_columns};
use super::values::{Code, Coded as _, Time};
use crate::store::{Contact, ContactStatus, Contacts, ReadContacts, UserId};

const CONTACTS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", c.status FROM contacts c JOIN users u ON u.id = c.other
     WHERE c.user = ?1 AND (?2 IS NULL OR c.status = ?2) ORDER BY c.other"
);
const INCOMING: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", c.status FROM contacts c JOIN users u ON u.id = c.user WHERE c.other = ?1 ORDER BY c.user"
);
const REQUEST: &str = "INSERT INTO contacts (user, other, status, changed) VALUES (?1, ?2, ?3, ?5)
     ON CONFLICT (user, other) DO UPDATE SET status = excluded.status, changed = excluded.changed
     WHERE status = ?4";
const SET: &str = "UPDATE contacts SET status = ?3, changed = ?4 WHERE user = ?1 AND other = ?2";
const REMOVE: &str = "DELETE FROM contacts WHERE user = ?1 AND other = ?2";

/// Statements that must find their rows without looking at others.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[CONTACTS, INCOMING, REQUEST, SET, REMOVE];

impl ReadContacts for Db {
    fn contacts(
        &mut self,
        user: UserId,
        status: Option<ContactStatus>,
    ) -> Result<Vec<Contact>, Error> {
        self.run("reading contacts", |connection| {
            let status = status.map(ContactStatus::code);
            list(connection, CONTACTS, params![user.0, status])
        })
    }

    fn incoming_contacts(&mut self, user: UserId) -> Result<Vec<Contact>, Error> {
        self.run("reading contacts", |connection| {
            list(connection, INCOMING, params![user.0])
        })
    }
}

impl Contacts for Db {
    fn request_contact(
        &mut self,
        from: UserId,
        to: UserId,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.run("asking for contact", |connection| {
            demand_account(connection, from)?;
            demand_account(connection, to)?;
            let apart = from != to;
            demand(apart, ErrorKind::Invalid, "nobody is their own contact")?;
            connection.prepare_cached(REQUEST)?.execute(params![
                from.0,
                to.0,
                Code(ContactStatus::Applied),
                Code(ContactStatus::Rejected),
                Time(at),
            ])?;
            Ok(())
        })
    }

    fn set_contact(
        &mut self,
        from: UserId,
        to: UserId,
        status: ContactStatus,
        at: DateTime<Utc>,
    ) -> Result<bool, Error> {
        self.run("changing a contact", |connection| {
            let mut update = connection.prepare_cached(SET)?;
            Ok(update.execute(params![from.0, to.0, Code(status), Time(at)])? > 0)
        })
    }

    fn remove_contact(&mut self, from: UserId, to: UserId) -> Result<bool, Error> {
        self.run("removing a contact", |connection| {
            let mut delete = connection.prepare_cached(REMOVE)?;
            Ok(delete.execute([from.0, to.0])? > 0)
        })
    }
}

fn list(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Outcome<Vec<Contact>> {
    let mut select = connection.prepare_cached(sql)?;
    let contact = |row: &Row<'_>| {
        Ok(Contact {
            user: user(row, 0)?,
            status: row.get::<_, Code<ContactStatus>>(USER_COLUMNS)?.0,
        })
    };
    Ok(select
        .query_map(params, contact)?
        .collect::<Result<_, _>>()?)
}
