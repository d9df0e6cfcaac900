//! Comments as their judge sees them: whatever became of them, by pile, post, writer, reason and words.

use rusqlite::{Connection, Row, ToSql, params};

use super::rows::{COLUMNS, TABLES, from_row};
use crate::error::Result;
use crate::model::comment::CommentStatus;
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::moderation::Case;
use crate::model::pile::{Choice, Pile};
use crate::model::time::Timestamp;
use crate::store::posts;

/// Comments in which words are looked for at once: enough for a quick answer, and for any ordinary blog.
const LOOKED_AT: i64 = 20_000;

/// Of a deleted comment, what it said. These come first: of two columns of one name the first is read.
pub(super) const KEPT: &str = "coalesce(d.name, c.name) as name, coalesce(d.url, c.url) as url, coalesce(d.body, c.body) as body,
    coalesce(d.html, c.html) as html, coalesce(d.visitor_id, c.visitor_id) as visitor_id,
    coalesce(v.token_hash, (select token_hash from visitors where id = d.visitor_id)) as visitor_key,
    coalesce(d.email, c.email) as email, coalesce(d.held_for, c.held_for) as held_for,
    p.title as post_title, c.client is not null as has_client";

/// One page of a list of comments.
#[derive(Debug)]
pub struct Found {
    /// The newest first.
    pub cases: Vec<Case>,
    /// Where the next page begins, if there may be one.
    pub next: Option<(Timestamp, CommentId)>,
}

/// Up to `limit` of the chosen comments, the newest first.
pub fn list(conn: &Connection, choice: &Choice, limit: i64) -> Result<Found> {
    let words: Vec<&str> = choice.words.split_whitespace().collect();
    let rules = rules(choice);
    let horizon = match words.is_empty() {
        true => None,
        false => horizon(conn, choice, &rules)?,
    };
    let spoken: String = (0..words.len()).map(spoken).collect();
    let sql = format!(
        "select {KEPT}, {COLUMNS} from {TABLES} left join deleted_comments d on d.comment_id = c.id
         where {rules} and (:from is null or (c.created_at, c.id) >= (:from, :from_id)) {spoken}
         order by c.created_at desc, c.id desc limit :limit"
    );
    let mut row = values(choice);
    let (from, from_id, more) = (
        horizon.map(|it| it.0),
        horizon.map(|it| it.1),
        limit.saturating_add(1),
    );
    row.extend([
        (":from", &from as &dyn ToSql),
        (":from_id", &from_id),
        (":limit", &more),
    ]);
    let names: Vec<String> = (0..words.len()).map(|at| format!(":word{at}")).collect();
    for (name, word) in names.iter().zip(&words) {
        row.push((name, word));
    }
    let mut query = conn.prepare_cached(&sql)?;
    let mut cases: Vec<Case> = query
        .query_map(&row[..], case)?
        .collect::<rusqlite::Result<_>>()?;
    let next = match cases.len() as i64 > limit {
        true => {
            cases.truncate(limit as usize);
            cases
                .last()
                .map(|last| (last.comment.created_at, last.comment.id))
        }
        false => horizon,
    };
    Ok(Found { cases, next })
}

/// One comment, unless its words have left the file.
pub fn find(conn: &Connection, id: CommentId) -> Result<Option<Case>> {
    let sql = format!(
        "select {KEPT}, {COLUMNS} from {TABLES} left join deleted_comments d on d.comment_id = c.id
         where c.id = ?1 and (c.status <> 'deleted' or d.comment_id is not null)"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut cases = query.query_map([id], case)?;
    Ok(cases.next().transpose()?)
}

/// How many comments lie on each pile.
pub fn counts(conn: &Connection) -> Result<Vec<(Pile, i64)>> {
    let number = |sql: &str| conn.prepare_cached(sql)?.query_row([], |row| row.get(0));
    let published = number("select coalesce(sum(comment_count), 0) from posts")?;
    let deleted = number("select count(*) from deleted_comments")?;
    let (waiting, rejected, spam) = (
        count(conn, CommentStatus::Pending)?,
        count(conn, CommentStatus::Rejected)?,
        count(conn, CommentStatus::Spam)?,
    );
    Ok(vec![
        (Pile::Waiting, waiting),
        (Pile::Published, published),
        (Pile::Rejected, rejected),
        (Pile::Spam, spam),
        (Pile::Deleted, deleted),
        (Pile::All, waiting + published + rejected + spam + deleted),
    ])
}

/// How many comments have that status.
pub fn count(conn: &Connection, status: CommentStatus) -> Result<i64> {
    let sql = "select count(*) from comments where status = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([status], |row| row.get(0))?)
}

/// Why comments wait, with how many for each reason, the most frequent first.
pub fn reasons(conn: &Connection) -> Result<Vec<(String, i64)>> {
    let sql = "select held_for, count(*) as held from comments where status = 'pending' and held_for is not null
               group by held_for order by held desc, held_for limit 20";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many comments of a visitor there are in each status.
pub fn of_writer(conn: &Connection, visitor: VisitorId) -> Result<Vec<(CommentStatus, i64)>> {
    let sql = "select status, count(*) from comments where visitor_id = ?1 group by status order by status";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([visitor], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the choice of a post and of a writer is called, for whoever reads the list.
pub fn names(conn: &Connection, choice: &Choice) -> Result<(Option<String>, Option<String>)> {
    let post = choice.post.map(|id: PostId| posts::by_id(conn, id));
    let post = post.transpose()?.flatten().map(|post| post.title);
    let sql = "select coalesce(nullif(name, ''), 'a visitor') from visitors where id = ?1";
    let mut query = conn.prepare_cached(sql)?;
    let writer = choice.writer.map(|id| {
        let mut names = query.query_map(params![id], |row| row.get::<_, String>(0))?;
        names.next().transpose()
    });
    Ok((post, writer.transpose()?.flatten()))
}

/// The oldest comment that is looked at for words, if there are older ones.
fn horizon(
    conn: &Connection,
    choice: &Choice,
    rules: &str,
) -> Result<Option<(Timestamp, CommentId)>> {
    let sql = format!(
        "select c.created_at, c.id from comments c left join deleted_comments d on d.comment_id = c.id
         where {rules} order by c.created_at desc, c.id desc limit 1 offset {}",
        LOOKED_AT - 1
    );
    let mut query = conn.prepare_cached(&sql)?;
    let row = values(choice);
    let mut rows = query.query_map(&row[..], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.next().transpose()?)
}

/// The choice as conditions. Each is there only if it is asked for, so that the one index that fits best is used.
fn rules(choice: &Choice) -> String {
    let mut rules = String::from(match choice.pile {
        Pile::All => "(c.status <> 'deleted' or d.comment_id is not null)",
        Pile::Deleted => "c.status = 'deleted' and d.comment_id is not null",
        Pile::Waiting => "c.status = 'pending'",
        Pile::Published => "c.status = 'published'",
        Pile::Rejected => "c.status = 'rejected'",
        Pile::Spam => "c.status = 'spam'",
    });
    let mut and = |asked: bool, rule: &str| {
        if asked {
            rules.push_str(" and ");
            rules.push_str(rule);
        }
    };
    and(choice.post.is_some(), "c.post_id = :post");
    let writer = match choice.pile {
        Pile::Deleted | Pile::All => "(c.visitor_id = :writer or d.visitor_id = :writer)",
        _ => "c.visitor_id = :writer",
    };
    and(choice.writer.is_some(), writer);
    and(choice.reason.is_some(), "c.held_for = :reason");
    let older = "(c.created_at, c.id) < (:before, :before_id)";
    and(choice.before.is_some(), older);
    rules
}

/// The values of [`rules`].
fn values(choice: &Choice) -> Vec<(&str, &dyn ToSql)> {
    let mut values: Vec<(&str, &dyn ToSql)> = Vec::new();
    if let Some(post) = &choice.post {
        values.push((":post", post));
    }
    if let Some(writer) = &choice.writer {
        values.push((":writer", writer));
    }
    if let Some(reason) = &choice.reason {
        values.push((":reason", reason));
    }
    if let Some((at, id)) = &choice.before {
        values.extend([(":before", at as &dyn ToSql), (":before_id", id)]);
    }
    values
}

/// That a word stands in a comment, or in what its writer is called. Capitals count only beyond ASCII.
fn spoken(at: usize) -> String {
    let said = "coalesce(d.name, c.name) || char(10) || coalesce(d.body, c.body, '') || char(10)
        || coalesce(d.url, c.url, '') || char(10) || coalesce(d.email, c.email, '')";
    format!(" and instr(lower({said}), lower(:word{at})) > 0")
}

pub(super) fn case(row: &Row) -> rusqlite::Result<Case> {
    Ok(Case {
        comment: from_row(row)?,
        email: row.get("email")?,
        held_for: row.get("held_for")?,
        post_title: row.get("post_title")?,
        has_client: row.get("has_client")?,
    })
}
