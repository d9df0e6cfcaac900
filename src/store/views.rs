//! How often posts were read, by day: the blog's own statistics.

use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use super::Tx;
use crate::error::Result;
use crate::model::time::Timestamp;
use crate::visits::Counted;

/// Hosts that are told apart on one day; views that further ones led to are counted together, under no name.
const HOSTS_A_DAY: i64 = 200;

/// Writes down what was counted. A post that is gone by now is left out.
pub fn add(tx: &Tx, counted: &Counted) -> Result<()> {
    let sql = "insert into views (day, post_id, count) select ?1, id, ?4 from posts where kind = ?2 and slug = ?3
               on conflict (day, post_id) do update set count = count + excluded.count";
    let mut query = tx.prepare_cached(sql)?;
    for ((day, kind, slug), count) in &counted.views {
        query.execute(params![day, kind, slug, count])?;
    }
    let sql = "insert into referrers (day, host, count)
               select ?1, iif(exists (select 1 from referrers where day = ?1 and host = ?2)
                   or (select count(*) from referrers where day = ?1) < ?4, ?2, ''), ?3 where true
               on conflict (day, host) do update set count = count + excluded.count";
    let mut query = tx.prepare_cached(sql)?;
    for ((day, host), count) in &counted.referrers {
        query.execute(params![day, host, count, HOSTS_A_DAY])?;
    }
    Ok(())
}

/// Views of each day since `first`, of those that have any.
pub fn by_day(conn: &Connection, first: &str) -> Result<Vec<(String, i64)>> {
    let sql = "select day, sum(count) from views where day >= ?1 group by day";
    pairs(conn, sql, first)
}

/// The posts that were read most since the day `first`, by title.
pub fn top(conn: &Connection, first: &str) -> Result<Vec<(String, i64)>> {
    let sql = "select p.title, sum(v.count) as views from views v join posts p on p.id = v.post_id
               where v.day >= ?1 group by p.id order by views desc, p.id desc limit 10";
    pairs(conn, sql, first)
}

/// The hosts that led most readers here since the day `first`. Those that were too many to name have none.
pub fn referrers(conn: &Connection, first: &str) -> Result<Vec<(String, i64)>> {
    let sql = "select host, sum(count) as views from referrers where day >= ?1
               group by host order by views desc, host limit 10";
    pairs(conn, sql, first)
}

/// Public comments of each day in `zone` since then: one pair for each comment.
pub fn comments_by_day(
    conn: &Connection,
    since: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<(String, i64)>> {
    let sql = "select created_at from comments where status = 'published' and created_at >= ?1 limit 100000";
    let mut query = conn.prepare_cached(sql)?;
    let times = query.query_map([since], |row| row.get::<_, Timestamp>(0))?;
    times
        .map(|time| Ok((time?.day_in(zone), 1)))
        .collect::<Result<_>>()
}

fn pairs(conn: &Connection, sql: &str, first: &str) -> Result<Vec<(String, i64)>> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([first], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
