//! Batches of imported rows: what came in together, under one id, announced by one event.

use rusqlite::params;

use super::{Tx, log};
use crate::error::Result;
use crate::model::event::{Audience, Kind};

/// Opens a batch; its counts follow with [`close`].
pub fn open(tx: &Tx, source: &str, path: &str) -> Result<i64> {
    let sql =
        "insert into import_batches (source, path, created_at) values (?1, ?2, ?3) returning id";
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params![source, path, tx.now()], |row| row.get(0))?)
}

/// Closes a batch: its counts, and the one event that stands for all of its rows. An empty batch leaves no trace.
pub fn close(tx: &Tx, batch: i64, posts: i64, media: i64) -> Result<()> {
    if posts == 0 && media == 0 {
        tx.prepare_cached("delete from import_batches where id = ?1")?
            .execute([batch])?;
        return Ok(());
    }
    tx.prepare_cached("update import_batches set posts = ?2, media = ?3 where id = ?1")?
        .execute(params![batch, posts, media])?;
    let facts = serde_json::json!({ "posts": posts, "media": media });
    log::append(
        tx,
        Kind::ImportApplied,
        None,
        batch,
        Audience::Owner,
        Some(facts),
    )
}
