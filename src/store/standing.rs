//! What a post's page shows beside the post itself.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{places, reactions, related, series};
use crate::error::Result;
use crate::model::id::VisitorId;
use crate::model::post::{Neighbours, Post, PostKind, PostLink, Standing, Status};
use crate::model::reaction::Target;

/// A post's number, its neighbours, its reactions as `viewer` sees them, its series and what is like it.
pub fn of(conn: &Connection, post: &Post, viewer: Option<VisitorId>) -> Result<Standing> {
    let listed = post.status == Status::Published && post.kind == PostKind::Post;
    let date = post.date();
    let number = || -> Result<i64> {
        let sql = format!("select {}", places::number("?1", "?2"));
        Ok(conn
            .prepare_cached(&sql)?
            .query_row(params![date, post.id], |row| row.get(0))?)
    };
    let neighbour = |condition: &str| -> Result<Option<PostLink>> {
        let sql = format!(
            "select slug, title from posts where kind = 'post' and status = 'published' and (published_at, id) {condition} limit 1"
        );
        let link = |row: &Row| {
            Ok(PostLink {
                slug: row.get(0)?,
                title: row.get(1)?,
            })
        };
        Ok(conn
            .prepare_cached(&sql)?
            .query_row(params![date, post.id], link)
            .optional()?)
    };
    let part = series::part(conn, post.id)?;
    Ok(Standing {
        number: if listed { Some(number()?) } else { None },
        posts: places::count(conn)?,
        reactions: reactions::tally(conn, post.id, Target::Post, viewer)?.0,
        neighbours: match listed {
            true => Neighbours {
                earlier: neighbour("< (?1, ?2) order by published_at desc, id desc")?,
                later: neighbour("> (?1, ?2) order by published_at, id")?,
            },
            false => Neighbours::default(),
        },
        related: match listed {
            true => related::to(conn, post, part.as_ref())?,
            false => Vec::new(),
        },
        series: part,
    })
}
