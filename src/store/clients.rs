//! The keys with which clients are marked, and the end of the marks.

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput};

use super::{Tx, settings};
use crate::error::{Error, Result};
use crate::hex::hex;
use crate::model::client::{ClientKeys, ClientMark, ClientMarks, KEPT, Key};
use crate::model::time::Timestamp;

/// The settings that hold the keys, as hexadecimal, and the time of the last change.
const NOW: &str = "client_key";
const BEFORE: &str = "client_key_before";
const SINCE: &str = "client_key_since";

impl ToSql for ClientMark {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

/// The marks of the client with that network address. Keys that are old are changed first.
///
/// Errors: [`Error::Refused`] if the system has no randomness to give.
pub fn marks(tx: &Tx, network: &[u8]) -> Result<ClientMarks> {
    Ok(keys(tx)?.marks(network))
}

/// Takes off comments the marks that were kept long enough, and changes the keys if that is due; how many marks went.
///
/// Errors: as [`marks`].
pub fn forget(tx: &Tx) -> Result<usize> {
    keys(tx)?;
    let sql = "update comments set client = null where client is not null and created_at < ?1";
    Ok(tx.prepare_cached(sql)?.execute([tx.now().plus(-KEPT)])?)
}

fn keys(tx: &Tx) -> Result<ClientKeys> {
    let now = tx.now();
    let keys = match load(tx)? {
        Some(keys) if !keys.are_old(now) => return Ok(keys),
        Some(keys) => keys.changed(fresh()?, now),
        None => ClientKeys {
            now: fresh()?,
            before: None,
            since: now,
        },
    };
    settings::set(tx, NOW, &hex(&keys.now))?;
    settings::set(
        tx,
        BEFORE,
        &keys.before.map_or(String::new(), |key| hex(&key)),
    )?;
    settings::set(tx, SINCE, &keys.since.0.to_string())?;
    Ok(keys)
}

fn load(conn: &Connection) -> Result<Option<ClientKeys>> {
    let key = |name| -> Result<Option<Key>> {
        Ok(settings::get(conn, name)?.and_then(|digits| bytes(&digits)))
    };
    let since = settings::get(conn, SINCE)?.and_then(|since| since.parse().ok());
    let (Some(now), Some(since)) = (key(NOW)?, since) else {
        return Ok(None);
    };
    Ok(Some(ClientKeys {
        now,
        before: key(BEFORE)?,
        since: Timestamp(since),
    }))
}

fn fresh() -> Result<Key> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| Error::Refused(format!("the system gave no random bytes: {error}")))?;
    Ok(key)
}

fn bytes(digits: &str) -> Option<Key> {
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}
