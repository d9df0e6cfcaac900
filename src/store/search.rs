//! Finding posts and comments by their words.
//!
//! The indexes are kept by the triggers in `schema.sql`, and by [`take_in`] of new comments. They hold what everyone may
//! read; of a comment, whether its post is in lists is asked here.

use std::collections::HashMap;

use rusqlite::{Connection, ErrorCode, Row, named_params};

use super::comments::rows;
use super::{Tx, lists, places, settings};
use crate::error::Result;
use crate::model::id::{CommentId, PostId};
use crate::model::search::{FoundComment, FoundPost, MARKS, Marked, Question};

/// The version of the indexes. Raise it with every change of how words are found in a text, so that they are made anew.
const VERSION: &str = "1";

/// The setting that holds the version with which the indexes were made.
const SETTING: &str = "index_version";

const POSTS: &str = "post_index";
const COMMENTS: &str = "comment_index";
const INDEXES: [&str; 2] = [POSTS, COMMENTS];

/// Words that are weighed and marked in any case, and at most: each costs as often as it stands anywhere.
const WEIGHED: (usize, usize) = (3, 8);

/// The published posts that have all the words, the best first, from the `skip`th on.
pub fn posts(
    conn: &Connection,
    question: &Question,
    skip: i64,
    limit: i64,
) -> Result<Vec<FoundPost>> {
    // The index orders before it marks, so that only the posts of one page are read. Its own `snippet` compares every
    // mark with every other, which a long text with a common word makes slow.
    let sql = "select rowid, highlight(post_index, 0, :open, :close) as title,
                   highlight(post_index, 3, :open, :close) as text,
                   highlight(post_index, 1, :open, :close) as summary
               from post_index
               where post_index match :telling
                   and +rowid in (select rowid from post_index where post_index match :question)
               order by rank limit :limit offset :skip";
    let mut query = conn.prepare_cached(sql)?;
    let [open, close] = MARKS.map(String::from);
    let telling = telling(conn, POSTS, question, places::count(conn)?)?;
    let row = named_params! {
        ":question": question.expression(), ":telling": telling, ":open": open, ":close": close, ":limit": limit,
        ":skip": skip
    };
    let hits: Vec<(PostId, [Marked; 3])> = query
        .query_map(row, |row| {
            let marked = [
                marked(row, "title")?,
                marked(row, "text")?,
                marked(row, "summary")?,
            ];
            Ok((row.get("rowid")?, marked))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let ids: Vec<PostId> = hits.iter().map(|(id, _)| *id).collect();
    let lines = lists::named(conn, &ids)?;
    let mut lines: HashMap<_, _> = lines.into_iter().map(|line| (line.id, line)).collect();
    let found = hits.into_iter().filter_map(|(id, [title, text, summary])| {
        let post = lines.remove(&id)?;
        let passage = [text, summary].into_iter().find(Marked::has_hit);
        Some(FoundPost {
            title,
            passage: passage
                .map_or_else(|| Marked::plain(&post.description), |text| text.passage()),
            post,
        })
    });
    Ok(found.collect())
}

/// How many published posts have all the words.
pub fn count_posts(conn: &Connection, question: &Question) -> Result<i64> {
    let sql = "select count(*) from post_index where post_index match ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([question.expression()], |row| row.get(0))?)
}

/// The titles of published posts that have all the words in their title, the best first.
pub fn titles(conn: &Connection, question: &Question, limit: i64) -> Result<Vec<(String, String)>> {
    let sql = "select p.title, p.slug from
                   (select rowid, rank from post_index where post_index match ?1 order by rank limit ?2) hit
               join posts p on p.id = hit.rowid order by hit.rank";
    let mut query = conn.prepare_cached(sql)?;
    let within = format!("title : ({})", question.expression());
    let titles = query.query_map((within, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(titles.collect::<rusqlite::Result<_>>()?)
}

/// The comments on published posts that have all the words, or are by whom they name, the best first.
pub fn comments(
    conn: &Connection,
    question: &Question,
    skip: i64,
    limit: i64,
) -> Result<Vec<FoundComment>> {
    let sql = format!(
        "with hit as materialized (
             select i.rowid as id, i.rank as rank from comment_index i
             join comments c on c.id = i.rowid join posts p on p.id = c.post_id
             where comment_index match :telling and p.kind = 'post' and p.status = 'published'
                 and +i.rowid in (select rowid from comment_index where comment_index match :question)
             order by i.rank, i.rowid desc limit :limit offset :skip)
         select {}, p.title as post_title, highlight(comment_index, 1, :open, :close) as passage
         from hit cross join comment_index i on i.rowid = hit.id
         cross join {} where comment_index match :telling and c.id = hit.id order by hit.rank, hit.id desc",
        rows::COLUMNS,
        rows::TABLES,
    );
    let mut query = conn.prepare_cached(&sql)?;
    let [open, close] = MARKS.map(String::from);
    let all = "select count(*) from comments where status = 'published'";
    let all = conn.prepare_cached(all)?.query_row([], |row| row.get(0))?;
    let telling = telling(conn, COMMENTS, question, all)?;
    let row = named_params! {
        ":question": question.expression(), ":telling": telling, ":open": open, ":close": close, ":limit": limit,
        ":skip": skip
    };
    let found = query.query_map(row, |row| {
        Ok(FoundComment {
            comment: rows::from_row(row)?,
            post_title: row.get("post_title")?,
            passage: marked(row, "passage")?.passage(),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// How many comments on published posts have all the words.
pub fn count_comments(conn: &Connection, question: &Question) -> Result<i64> {
    let sql = "select count(*) from comment_index i
               join comments c on c.id = i.rowid join posts p on p.id = c.post_id
               where comment_index match ?1 and p.kind = 'post' and p.status = 'published'";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([question.expression()], |row| row.get(0))?)
}

/// Has a new comment that everyone may read put into the index. A trigger would do it as well, but within a statement that
/// has one SQLite copies every page that it changes.
pub fn note(tx: &Tx, id: CommentId) -> Result<()> {
    // Files of before this have such a trigger.
    let sql = "insert or ignore into comments_to_index (comment_id) values (?1)";
    tx.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Whether comments wait to be put into the index.
pub fn is_behind(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("select 1 from comments_to_index limit 1")?
        .exists([])
}

/// Puts them into it. To be called once, at the end of a transaction.
pub fn take_in(conn: &Connection) -> rusqlite::Result<()> {
    // Not the other way round, which would look at every comment for the few that wait.
    let sql = "insert into comment_index (rowid, name, body)
               select id, name, body from comments_to_index cross join searchable_comments on id = comment_id";
    conn.prepare_cached(sql)?.execute([])?;
    conn.prepare_cached("delete from comments_to_index")?
        .execute([])?;
    Ok(())
}

/// Whether the indexes were made by another version of the program.
pub fn is_outdated(conn: &Connection) -> Result<bool> {
    Ok(settings::get(conn, SETTING)?.as_deref() != Some(VERSION))
}

/// Makes the indexes anew from the tables.
pub fn rebuild(tx: &Tx) -> Result<()> {
    for index in INDEXES {
        tx.execute(
            &format!("insert into {index} ({index}) values ('rebuild')"),
            [],
        )?;
    }
    tx.execute("delete from comments_to_index", [])?;
    settings::set(tx, SETTING, VERSION)
}

/// The indexes that do not say what the tables say. It reads all of both.
///
/// Source: SQLite FTS5, section 6.4. The statement writes nothing, but SQLite takes it for a change.
pub fn disagreeing(tx: &Tx) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    for index in INDEXES {
        let sql = format!("insert into {index} ({index}, rank) values ('integrity-check', 1)");
        match tx.execute(&sql, []) {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                found.push(index);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The words of a question by which its results are ordered, and which are marked in them. Of many these are the rarest:
/// what more than half of the `all` rows have says nothing of any of them.
fn telling(conn: &Connection, index: &str, question: &Question, all: i64) -> Result<String> {
    let (least, most) = WEIGHED;
    if question.phrases().len() <= least {
        return Ok(question.expression());
    }
    let sql = format!("select count(*) from {index} where {index} match ?1");
    let mut query = conn.prepare_cached(&sql)?;
    let mut counted = Vec::new();
    for phrase in question.phrases() {
        let count: i64 = query.query_row([phrase], |row| row.get(0))?;
        counted.push((count, phrase.as_str()));
    }
    counted.sort();
    let rare = counted.iter().take_while(|(count, _)| count * 2 <= all);
    let kept = rare.count().clamp(least, most).min(counted.len());
    let phrases: Vec<&str> = counted[..kept].iter().map(|(_, phrase)| *phrase).collect();
    Ok(phrases.join(" "))
}

fn marked(row: &Row, column: &str) -> rusqlite::Result<Marked> {
    let text: Option<String> = row.get(column)?;
    Ok(Marked::parse(&text.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    /// Adds a row to `posts` as the fastest way to a text.
    const POST: &str = "insert into posts (slug, title, summary, excerpt, body, html, text, headings, words, renderer,
            status, published_at, created_at, updated_at)
        values (?1, ?1, ?2, 'excerpt', '', '', ?3, '[]', 0, 1, ?4, 1, 0, 0)";

    fn add(tx: &Tx, slug: &str, summary: Option<&str>, text: &str, status: &str) -> Result<()> {
        tx.execute(POST, (slug, summary, text, status))?;
        Ok(())
    }

    fn found(conn: &Connection, typed: &str) -> Vec<String> {
        let question = Question::parse(typed).unwrap();
        let found = posts(conn, &question, 0, 10).unwrap();
        let all = count_posts(conn, &question).unwrap();
        assert_eq!(all.min(10), found.len() as i64);
        found.into_iter().map(|found| found.post.slug).collect()
    }

    #[tokio::test]
    async fn the_title_outweighs_the_text_and_accents_and_endings_do_not_count() {
        let (store, _folder) = store();
        let add = |tx: &Tx| {
            add(tx, "often", None, "Ebb, ebb, ebb and ebb.", "published")?;
            add(tx, "ebb", None, "About something else.", "published")?;
            add(tx, "summed", Some("An ebb."), "Elsewhere", "published")?;
            add(tx, "accented", None, "Ein Café in Århus", "published")
        };
        store.write(add).await.unwrap();
        let look = |conn: &Connection| {
            assert_eq!(found(conn, "ebb")[0], "ebb");
            assert_eq!(found(conn, "ebb").len(), 3);
            assert_eq!(found(conn, "cafe ARHUS"), ["accented"]);
            assert_eq!(found(conn, "caf"), ["accented"]);
            assert_eq!(
                found(conn, "caf arhus"),
                [""; 0],
                "only the last word is a beginning"
            );
            Ok(())
        };
        store.read(look).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_published_is_not_in_the_index_at_all() {
        let (store, _folder) = store();
        let add = |tx: &Tx| {
            for status in ["draft", "scheduled", "unlisted", "deleted", "published"] {
                add(tx, status, None, "zebra", status)?;
            }
            Ok(())
        };
        store.write(add).await.unwrap();
        let indexed = |conn: &Connection| {
            let sql = "select count(*) from post_index where post_index match 'zebra'";
            Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        let agreed = |tx: &Tx| {
            assert_eq!(disagreeing(tx)?, [""; 0]);
            Ok(())
        };
        assert_eq!(store.read(indexed).await.unwrap(), 1);
        store.write(agreed).await.unwrap();
        for (change, expected) in [
            (
                "update posts set status = 'published' where slug = 'draft'",
                2,
            ),
            (
                "update posts set status = 'unlisted' where slug = 'published'",
                1,
            ),
            (
                "update posts set text = 'zebra zebra' where slug = 'unlisted'",
                1,
            ),
            ("update posts set text = 'a horse' where slug = 'draft'", 0),
            ("update posts set status = 'published', text = 'zebra'", 5),
            ("update posts set kind = 'page' where slug = 'draft'", 4),
            ("delete from posts", 0),
        ] {
            store
                .write(move |tx| Ok(tx.execute(change, [])?))
                .await
                .unwrap();
            assert_eq!(store.read(indexed).await.unwrap(), expected, "{change}");
            store.write(agreed).await.unwrap();
        }
    }

    #[tokio::test]
    async fn of_many_words_all_must_stand_in_a_post_and_the_telling_ones_order_it() {
        let (store, _folder) = store();
        let add = |tx: &Tx| {
            add(
                tx,
                "far",
                None,
                "the ebb and the flow of the tide in a bay at dusk",
                "published",
            )?;
            add(
                tx,
                "near",
                None,
                "the ebb, the ebb: and flow of it in a bay at noon",
                "published",
            )?;
            add(tx, "short", None, "the ebb and flow of a bay", "published")?;
            for n in 0..9 {
                add(
                    tx,
                    &format!("other-{n}"),
                    None,
                    "and the of in a at",
                    "published",
                )?;
            }
            Ok(())
        };
        store.write(add).await.unwrap();
        let look = |conn: &Connection| {
            assert_eq!(
                found(conn, "the ebb and flow of a bay in at"),
                ["near", "far"]
            );
            assert_eq!(found(conn, "and the of in a at").len(), 10, "a page");
            Ok(())
        };
        store.read(look).await.unwrap();
    }

    #[tokio::test]
    async fn an_index_that_lost_a_post_is_found_out_and_made_anew() {
        let (store, _folder) = store();
        let lose = |tx: &Tx| {
            add(tx, "a", None, "zebra", "published")?;
            let delete =
                "insert into post_index (post_index, rowid, title, summary, tag_names, text)
                values ('delete', 1, 'a', null, '', 'zebra')";
            tx.execute(delete, [])?;
            assert_eq!(disagreeing(tx)?, ["post_index"]);
            rebuild(tx)?;
            assert_eq!(disagreeing(tx)?, [""; 0]);
            assert_eq!(found(tx, "zebra"), ["a"]);
            Ok(())
        };
        store.write(lose).await.unwrap();
    }
}
