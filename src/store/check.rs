//! What must hold in every file: SQLite's own integrity, and the invariants of a blog.

use rusqlite::Connection;

use crate::error::Result;
use crate::model::event::Kind;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Posts and pages.
    pub posts: i64,
    /// Comments in any status.
    pub comments: i64,
    /// Rows of the log.
    pub events: i64,
    /// One line each; none if the file is sound.
    pub faults: Vec<String>,
}

/// Each invariant: what it would mean to be broken, and the ids of the rows that break it.
const INVARIANTS: [(&str, &str); 9] = [
    (
        "post {} counts its comments wrongly",
        "select p.id from posts p where p.comment_count <>
             (select count(*) from comments c where c.post_id = p.id and c.status = 'published')",
    ),
    (
        "post {} has given a number to a comment that is higher than its newest",
        "select distinct p.id from posts p join comments c on c.post_id = p.id
         where c.number > p.last_number or c.thread > p.last_thread",
    ),
    (
        "comment {} answers one of another post",
        "select c.id from comments c join comments p on p.id = c.parent_id where p.post_id <> c.post_id",
    ),
    (
        "comment {} is not as deep as what it answers, plus one",
        "select c.id from comments c left join comments p on p.id = c.parent_id
         where c.depth <> coalesce(p.depth + 1, 0)",
    ),
    (
        "comment {} is deleted and still has words",
        "select id from comments where status = 'deleted' and body || html || name <> ''",
    ),
    (
        "post {} counts its entries wrongly",
        "select p.id from posts p where p.entry_count <>
             (select count(*) from entries e where e.post_id = p.id and e.status = 'published')",
    ),
    (
        "post {} has given a number to an entry that is higher than its newest",
        "select distinct p.id from posts p join entries e on e.post_id = p.id where e.number > p.last_entry",
    ),
    (
        "entry {} is deleted and still has words",
        "select id from entries where status = 'deleted' and body || html || excerpt || coalesce(title, '') <> ''",
    ),
    (
        "event {} is newer than the id that the file believes to be the last",
        "select id from events where id > (select seq from sqlite_sequence where name = 'events')",
    ),
];

/// Checks everything. Takes as long as the file is large.
pub fn all(conn: &Connection) -> Result<Report> {
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut faults = match lines(conn, "pragma integrity_check") {
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    };
    faults.retain(|line| line != "ok");
    if !faults.is_empty() {
        // What stands on damaged pages cannot be asked for more.
        return Ok(Report {
            faults,
            ..Report::default()
        });
    }
    let dangling = count("select count(*) from pragma_foreign_key_check")?;
    if dangling > 0 {
        faults.push(format!("{dangling} rows refer to rows that are not there"));
    }
    for (meaning, sql) in INVARIANTS {
        let mut query = conn.prepare(sql)?;
        let ids = query
            .query_map([], |row| row.get::<_, i64>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        faults.extend(
            ids.into_iter()
                .map(|id| meaning.replace("{}", &id.to_string())),
        );
    }
    for kind in lines(conn, "select distinct kind from events")? {
        if Kind::parse(&kind).is_none() {
            faults.push(format!("the log holds events of an unknown kind, {kind:?}"));
        }
    }
    Ok(Report {
        posts: count("select count(*) from posts")?,
        comments: count("select count(*) from comments")?,
        events: count("select count(*) from events")?,
        faults,
    })
}

fn lines(conn: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut query = conn.prepare(sql)?;
    Ok(query
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_new_file_is_sound_and_a_wrong_count_is_found() {
        let (store, _folder) = store();
        assert!(store.read(all).await.unwrap().faults.is_empty());
        let broken = "insert into posts (slug, title, excerpt, body, html, headings, words, renderer, status,
                          created_at, updated_at, comment_count)
                      values ('a', 'A', '', '', '', '[]', 0, 1, 'draft', 0, 0, 3)";
        store
            .write(move |tx| Ok(tx.execute(broken, [])?))
            .await
            .unwrap();
        assert_eq!(
            store.read(all).await.unwrap().faults,
            ["post 1 counts its comments wrongly"]
        );
    }
}
