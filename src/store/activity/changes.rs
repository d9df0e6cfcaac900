//! A change of the owner's as a whole: how much it decided, and whether that can still be taken back.

use rusqlite::{Connection, OptionalExtension};

use super::Told;
use crate::error::Result;
use crate::model::happening::WayBack;
use crate::model::id::EventId;
use crate::model::moderation::Span;

/// Undone, done again, undone: so often is looked at.
const TURNS: usize = 100;

/// What a change comes to.
pub struct Change {
    /// How many comments it decided about.
    pub comments: i64,
    /// Under how many posts.
    pub posts: i64,
    /// Whether it took back another one.
    pub is_undo: bool,
    /// Whether it banned somebody, or let somebody write again.
    pub ban: Option<bool>,
    /// Whether it can be taken back.
    pub way_back: WayBack,
}

/// What the change that begins with that event comes to.
pub fn of(conn: &Connection, first: EventId) -> Result<Change> {
    let sql = "
        select count(distinct e.subject) filter (where c.id is not null),
            count(distinct e.post_id) filter (where c.id is not null),
            coalesce(max(e.kind = 'change:undone'), 0),
            max(case e.kind when 'visitor:banned' then 1 when 'visitor:unbanned' then 0 end),
            max(e.id),
            coalesce(max(case
                when c.id is not null then
                    e.data ->> 'from' is not null and e.data ->> 'to' = c.status
                        and (c.status <> 'deleted' or exists (select 1 from deleted_comments d where d.comment_id = c.id))
                    or coalesce(e.data ->> 'pinned' = c.pinned, 0) or coalesce(e.data ->> 'closed' = c.closed, 0)
                when b.id is not null then (b.lifted_at is null) = (e.kind = 'visitor:banned')
            end), 0),
            max(e.data ->> 'from' is not null or e.data ->> 'pinned' is not null or e.data ->> 'closed' is not null
                or e.kind glob 'visitor:*')
        from (select * from events where id = ?1 union all select * from events where change = ?1) e
        left join comments c on e.kind glob 'comment:*' and c.id = e.subject
        left join bans b on e.kind glob 'visitor:*' and b.id = e.subject
        where e.data ->> 'by' = 'owner' or e.kind = 'change:undone'";
    let is_undone = is_undone(conn, first)?;
    Ok(conn.prepare_cached(sql)?.query_row([first], |row| {
        let (last, is_as_decided): (Option<EventId>, bool) = (row.get(4)?, row.get(5)?);
        let can_be_undone: Option<bool> = row.get(6)?;
        let last = last.unwrap_or(first);
        Ok(Change {
            comments: row.get(0)?,
            posts: row.get(1)?,
            is_undo: row.get(2)?,
            ban: row.get(3)?,
            way_back: match (can_be_undone, is_undone, is_as_decided) {
                (Some(true), true, _) => WayBack::Undone,
                (Some(true), _, true) => WayBack::Open(Span { first, last }),
                (Some(true), ..) => WayBack::ChangedSince,
                _ => WayBack::None,
            },
        })
    })?)
}

/// Whether an event is the first decision of its change, which tells of all of them.
pub fn is_first(conn: &Connection, event: &Told) -> Result<bool> {
    let sql = "select 1 from (select id, data from events where id = ?1
                   union all select id, data from events where change = ?1 and id < ?2)
               where id < ?2 and data ->> 'by' = 'owner' limit 1";
    let mut query = conn.prepare_cached(sql)?;
    Ok(!query.exists([event.change, event.id])?)
}

/// Whether a change was taken back, and that was not taken back in its turn.
fn is_undone(conn: &Connection, change: EventId) -> Result<bool> {
    let sql =
        "select coalesce(change, id) from events where kind = 'change:undone' and subject = ?1
               order by id desc limit 1";
    let mut query = conn.prepare_cached(sql)?;
    let (mut at, mut turns) = (change, 0);
    while turns < TURNS {
        let by: Option<EventId> = query.query_row([at], |row| row.get(0)).optional()?;
        match by {
            Some(by) => (at, turns) = (by, turns + 1),
            None => break,
        }
    }
    Ok(turns % 2 == 1)
}
