//! The parts of a series, in their order.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;
use crate::model::id::PostId;
use crate::model::post::PostLink;
use crate::model::series::Part;

/// Where a published post stands among the published parts of its series; none if it is the only one.
pub fn part(conn: &Connection, id: PostId) -> Result<Option<Part>> {
    let sql = "select series from posts
               where id = ?1 and kind = 'post' and status = 'published' and series is not null";
    let Some(series) = conn
        .prepare_cached(sql)?
        .query_row([id], |row| row.get::<_, String>(0))
        .optional()?
    else {
        return Ok(None);
    };
    let sql = "select id, slug, title from posts where series = ?1 and kind = 'post' and status = 'published'
               order by series_order is null, series_order, published_at, id";
    let mut query = conn.prepare_cached(sql)?;
    let parts: Vec<(PostId, PostLink)> = query
        .query_map([&series], |row| {
            let (slug, title) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, PostLink { slug, title }))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let at = parts.iter().position(|(part, _)| *part == id);
    Ok(at.filter(|_| parts.len() > 1).map(|at| Part {
        series,
        parts: parts.into_iter().map(|(_, link)| link).collect(),
        at,
    }))
}
