//! The texts a post has had.

use rusqlite::{Connection, Row, params};

use super::{Tx, sql};
use crate::error::{Error, Result};
use crate::model::front::Front;
use crate::model::id::{PostId, RevisionId};
use crate::model::revision::Revision;

const COLUMNS: &str = "id, title, summary, body, extra, saved_at";

/// Keeps the text that the post has now, and its front matter, unless it is the one that was kept last.
pub fn keep(tx: &Tx, post: PostId) -> Result<()> {
    let sql = "insert into revisions (post_id, title, summary, body, extra, saved_at)
               select id, title, summary, body, extra, ?2 from posts p where id = ?1 and (title, summary, body, extra) is not
                   (select title, summary, body, extra from revisions where post_id = ?1 order by id desc limit 1)";
    tx.prepare_cached(sql)?.execute(params![post, tx.now()])?;
    Ok(())
}

/// Every text of a post, newest first.
pub fn of(conn: &Connection, post: PostId) -> Result<Vec<Revision>> {
    let sql = format!("select {COLUMNS} from revisions where post_id = ?1 order by id desc");
    let mut query = conn.prepare_cached(&sql)?;
    let revisions = query.query_map([post], from_row)?;
    Ok(revisions.collect::<rusqlite::Result<_>>()?)
}

/// One text of a post, and the one before it.
///
/// Errors: [`Error::NotFound`] if the post never had it.
pub fn pair(
    conn: &Connection,
    post: PostId,
    id: RevisionId,
) -> Result<(Revision, Option<Revision>)> {
    let sql = format!(
        "select {COLUMNS} from revisions where post_id = ?1 and id <= ?2 order by id desc limit 2"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query_map(params![post, id], from_row)?;
    let revision = rows
        .next()
        .transpose()?
        .filter(|revision| revision.id == id);
    Ok((revision.ok_or(Error::NotFound)?, rows.next().transpose()?))
}

fn from_row(row: &Row) -> rusqlite::Result<Revision> {
    Ok(Revision {
        id: row.get("id")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        body: row.get("body")?,
        front: Front::of(&sql::json(row, "extra")?),
        saved_at: row.get("saved_at")?,
    })
}
