//! The trash: posts that are gone for readers, and can come back as they were.

use rusqlite::{OptionalExtension, params};

use super::{Tx, log, posts};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::id::PostId;
use crate::model::post::Status;

/// Puts a post into the trash, and records the events.
///
/// Errors: [`Error::NotFound`] if there is no such post. One that is in it stays there.
pub fn put(tx: &Tx, id: PostId) -> Result<()> {
    let before = posts::by_id(tx, id)?.ok_or(Error::NotFound)?.status;
    if before == Status::Deleted {
        return Ok(());
    }
    let sql = "update posts set trashed_from = status, trashed_at = ?2, status = 'deleted', version = version + 1
               where id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, tx.now()])?;
    posts::tell(tx, id, Some(before), Status::Deleted)
}

/// Takes a post out of the trash, to where it stood, and records the events.
///
/// Errors: [`Error::NotFound`] if there is no such post. One that is not in it stays where it is.
pub fn take_out(tx: &Tx, id: PostId) -> Result<()> {
    let sql = "update posts set status = coalesce(trashed_from, 'draft'), trashed_from = null, trashed_at = null,
                   version = version + 1
               where id = ?1 and status = 'deleted' returning status";
    let after: Option<Status> = tx
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match after {
        Some(after) => posts::tell(tx, id, Some(Status::Deleted), after),
        None => posts::by_id(tx, id)?.map(drop).ok_or(Error::NotFound),
    }
}

/// Removes a post that is in the trash, with its comments and every text it had, for good.
///
/// Errors: [`Error::NotFound`] if it is not in it.
pub fn empty_of(tx: &Tx, id: PostId) -> Result<()> {
    tx.erases();
    let sql = "delete from posts where id = ?1 and status = 'deleted'";
    match tx.prepare_cached(sql)?.execute([id])? {
        0 => Err(Error::NotFound),
        _ => log::append(tx, Kind::PostErased, None, id.0, Audience::Owner, None),
    }
}
