//! The rows of comments: which columns they are, and the comment in them.

use std::slice::Iter;

use rusqlite::types::FromSql;
use rusqlite::{Connection, Row, Statement, ToSql};

use crate::error::Result;
use crate::model::comment::{Comment, Parent};
use crate::model::id::CommentId;
use crate::model::mark::Mark;

/// The columns of a comment, as [`from_row`] reads them.
pub const COLUMNS: &str = "v.token_hash as visitor_key, c.owner, c.name, c.parent_id, parent.number as parent_number,
    parent.thread as parent_thread, iif(parent.status = 'published', parent.name, '') as parent_name, c.id, c.post_id,
    p.slug, p.discussion, c.depth, c.thread, c.number, c.visitor_id, c.namesake, c.url, c.body, c.html, c.status, c.op,
    c.created_at, c.edited_at, c.edited_by_owner, c.pinned, c.closed, c.version";
/// Where they come from.
pub const TABLES: &str = "comments c join posts p on p.id = c.post_id left join comments parent on parent.id = c.parent_id
    left join visitors v on v.id = c.visitor_id";

/// Their names, in their order, in which a comment is read from them.
const NAMES: [&str; 27] = [
    "visitor_key",
    "owner",
    "name",
    "parent_id",
    "parent_number",
    "parent_thread",
    "parent_name",
    "id",
    "post_id",
    "slug",
    "discussion",
    "depth",
    "thread",
    "number",
    "visitor_id",
    "namesake",
    "url",
    "body",
    "html",
    "status",
    "op",
    "created_at",
    "edited_at",
    "edited_by_owner",
    "pinned",
    "closed",
    "version",
];

/// The comments that a query finds which begins with [`COLUMNS`].
pub fn collect(conn: &Connection, sql: &str, row: &[&dyn ToSql]) -> Result<Vec<Comment>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map(row, |row| Places::FIRST.comment(row))?
        .collect::<rusqlite::Result<_>>()?)
}

/// The comment in a row of [`COLUMNS`], wherever they stand in it, without its reactions. Of a name that stands there twice
/// the first one counts.
pub fn from_row(row: &Row) -> rusqlite::Result<Comment> {
    Places::of(row.as_ref())?.comment(row)
}

/// Where the columns are in the rows of a query. To look for them by name takes as long as the query.
struct Places([usize; NAMES.len()]);

impl Places {
    /// Where the query begins with them.
    const FIRST: Places = {
        let mut places = [0; NAMES.len()];
        let mut at = 0;
        while at < NAMES.len() {
            places[at] = at;
            at += 1;
        }
        Places(places)
    };

    fn of(query: &Statement) -> rusqlite::Result<Places> {
        let mut places = [0; NAMES.len()];
        for (place, name) in places.iter_mut().zip(NAMES) {
            *place = query.column_index(name)?;
        }
        Ok(Places(places))
    }

    /// The comment in a row, without its reactions.
    fn comment(&self, row: &Row) -> rusqlite::Result<Comment> {
        let mut columns = Columns {
            row,
            places: self.0.iter(),
        };
        let (key, owner): (Option<[u8; 32]>, bool) = (columns.next()?, columns.next()?);
        let name: String = columns.next()?;
        Ok(Comment {
            mark: match key.filter(|_| !owner) {
                Some(key) => Mark::of_visitor(&key),
                None => Mark::of_name(&name),
            },
            owner,
            name,
            parent: columns.parent()?,
            id: columns.next()?,
            post: columns.next()?,
            post_slug: columns.next()?,
            discussion: columns.next()?,
            depth: columns.next()?,
            thread: columns.next()?,
            number: columns.next()?,
            visitor: columns.next()?,
            is_namesake: columns.next()?,
            url: columns.next()?,
            body: columns.next()?,
            html: columns.next()?,
            status: columns.next()?,
            op: columns.next()?,
            created_at: columns.next()?,
            edited_at: columns.next()?,
            edited_by_owner: columns.next()?,
            pinned: columns.next()?,
            closed: columns.next()?,
            version: columns.next()?,
            reactions: Default::default(),
            fresh: false,
        })
    }
}

/// The columns of one row, each read once and in the order of [`NAMES`].
struct Columns<'a, 'stmt> {
    row: &'a Row<'stmt>,
    places: Iter<'a, usize>,
}

impl Columns<'_, '_> {
    fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        // Past the last one there is none of that number, which is said so.
        self.row.get(*self.places.next().unwrap_or(&usize::MAX))
    }

    fn parent(&mut self) -> rusqlite::Result<Option<Parent>> {
        let id: Option<CommentId> = self.next()?;
        let (number, thread): (Option<i64>, Option<i64>) = (self.next()?, self.next()?);
        let name: Option<String> = self.next()?;
        let found = id.zip(number).zip(thread).zip(name);
        Ok(found.map(|(((id, number), thread), name)| Parent {
            id,
            number,
            thread,
            name,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn the_columns_are_read_in_the_order_in_which_they_stand() {
        let (store, _folder) = store();
        let look = |conn: &Connection| {
            let sql = format!("select {COLUMNS} from {TABLES}");
            assert_eq!(conn.prepare(&sql)?.column_names(), NAMES);
            Ok(())
        };
        store.read(look).await.unwrap();
    }
}
