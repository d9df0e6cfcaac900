//! Who is called what: names that no visitor may bear, and people who share one.
//!
//! A name belongs to nobody. But readers shall not take two people for one, so a comment knows whether a published one
//! bore such a name before and came from another browser. That is a fact of the row, so that page and stream say the same.

use rusqlite::{Connection, params};

use crate::error::{Error, Result};
use crate::model::id::{CommentId, VisitorId};
use crate::model::typed::Name;
use crate::store::{Tx, settings};

/// Lets a visitor's name pass that is no name of the blog's own.
///
/// Errors: [`Error::Invalid`] at `name` for the owner's name, the blog's, and what looks like them or speaks for them.
pub fn refuse_borrowed(conn: &Connection, name: &Name) -> Result<()> {
    match why_borrowed(conn, name)? {
        Some(why) => Err(Error::field("name", why)),
        None => Ok(()),
    }
}

/// Whether a visitor may be shown under a name: it was theirs before it became the blog's, perhaps.
pub fn may_be_shown(conn: &Connection, name: &str) -> Result<bool> {
    match Name::parse(name) {
        Ok(name) => Ok(why_borrowed(conn, &name)?.is_none()),
        Err(_) => Ok(false),
    }
}

fn why_borrowed(conn: &Connection, name: &Name) -> Result<Option<&'static str>> {
    let [owner, title] = settings::some(conn, ["owner", "title"])?;
    Ok(name.borrows(owner.as_deref(), title.as_deref()))
}

/// Notes what a comment's name looks like, and whether it is somebody else's first. To be called whenever it comes back to
/// where readers see it.
pub fn note(tx: &Tx, id: CommentId) -> Result<()> {
    let sql = "select name from comments where id = ?1 and visitor_id is not null and not owner";
    let mut query = tx.prepare_cached(sql)?;
    let mut names = query.query_map([id], |row| row.get::<_, String>(0))?;
    let Some(name) = names.next().transpose()? else {
        return Ok(()); // nobody knows from which browser it came, or everyone knows who it is
    };
    let likeness = Name::parse(&name).map(|name| name.likeness());
    let sql = format!(
        "update comments set likeness = ?2, namesake = {} where id = ?1",
        is_namesake("?2", "comments.visitor_id", "first.id < comments.id")
    );
    tx.prepare_cached(&sql)?
        .execute(params![id, likeness.unwrap_or(name)])?;
    Ok(())
}

/// Whether the first published comment with a name of that likeness is another visitor's.
pub fn is_borne_by_another(conn: &Connection, likeness: &str, visitor: VisitorId) -> Result<bool> {
    let sql = format!("select {}", is_namesake("?1", "?2", "true"));
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row(params![likeness, visitor], |row| row.get(0))?)
}

/// An expression of SQL: whether the first published comment with a name of that likeness, `among` those that are looked at,
/// is another visitor's.
fn is_namesake(likeness: &str, visitor: &str, among: &str) -> String {
    format!(
        "coalesce((select first.visitor_id <> {visitor} from comments first
             where first.likeness = {likeness} and first.status = 'published' and {among}
             order by first.id limit 1), 0)"
    )
}
