//! The schema, as numbered steps. A step that was released is never changed; a new one is added.

use kaiwa_core::{Error, ErrorKind};
use rusqlite::{Connection, TransactionBehavior, params};

use super::sqlite::failure;
use crate::names;

/// Step n brings a database from `user_version` n-1 to n.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_messages.sql"),
    include_str!("migrations/0002_world.sql"),
    include_str!("migrations/0003_subscriptions.sql"),
    include_str!("migrations/0004_files.sql"),
    include_str!("migrations/0005_presence.sql"),
];

/// The step after which accounts have keys of their display names. SQL cannot make them.
const DISPLAY_KEYS: usize = 5;

/// Marks a database as ours (SQLite's `application_id`): "kaiw".
const APPLICATION_ID: i64 = 0x6b61_6977;

/// Brings the database to the newest schema, all steps in one transaction.
///
/// # Errors
/// `Version` for a database of a newer program, `Storage` for one of another program or a failure.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failure("opening the database"))?;
    let done = steps_done(&transaction)?;
    if done < MIGRATIONS.len() {
        for step in MIGRATIONS.iter().skip(done) {
            transaction
                .execute_batch(step)
                .map_err(failure("updating the database"))?;
        }
        if done < DISPLAY_KEYS {
            fill_display_keys(&transaction).map_err(failure("updating the database"))?;
        }
        transaction
            .execute_batch(&format!(
                "PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID};",
                MIGRATIONS.len()
            ))
            .map_err(failure("updating the database"))?;
    }
    transaction
        .commit()
        .map_err(failure("updating the database"))
}

fn fill_display_keys(connection: &Connection) -> rusqlite::Result<()> {
    let mut select =
        connection.prepare("SELECT id, display FROM users WHERE guest = 0 AND display <> ''")?;
    let mut update = connection.prepare("UPDATE users SET display_key = ?2 WHERE id = ?1")?;
    let accounts = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
    for (id, display) in accounts {
        update.execute(params![id, names::key(&display)])?;
    }
    Ok(())
}

/// How many steps a database has behind it; 0 for an empty one.
///
/// # Errors
/// As [`migrate`].
pub(super) fn steps_done(connection: &Connection) -> Result<usize, Error> {
    let number = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(failure("reading the database's version"))
    };
    let version = number("PRAGMA user_version")?;
    let application = number("PRAGMA application_id")?;
    if application != APPLICATION_ID
        && (application != 0 || number("SELECT count(*) FROM sqlite_schema")? != 0)
    {
        return Err(Error::new(
            ErrorKind::Storage,
            "the database belongs to another program; choose another data_dir",
        ));
    }
    let done = usize::try_from(version).ok();
    done.filter(|done| *done <= MIGRATIONS.len()).ok_or_else(|| {
        let text = format!(
            "the database has version {version}, this program knows {} at most; use a newer kaiwa",
            MIGRATIONS.len()
        );
        Error::new(ErrorKind::Version, text)
    })
}
