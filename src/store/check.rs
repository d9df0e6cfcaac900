//! What must hold in every file: SQLite's own integrity, and the invariants of a blog.

use rusqlite::Connection;

use crate::error::Result;
use crate::model::event::Kind;
use crate::model::media;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Posts and pages.
    pub posts: i64,
    /// Comments in any status.
    pub comments: i64,
    /// Rows of the log.
    pub events: i64,
    /// Files of the library.
    pub media: i64,
    /// Those that no post or page names.
    pub unused: i64,
    /// One line each; none if the file is sound.
    pub faults: Vec<String>,
    /// What is wrong with the indexes of the search, one line each, where everything else is sound: they can be made anew.
    pub search: Vec<String>,
    /// What the owner may have wanted so, one line each.
    pub remarks: Vec<String>,
}

/// Each invariant: what it would mean to be broken, and the ids of the rows that break it.
const INVARIANTS: [(&str, &str); 12] = [
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
        "picture {} has a smaller size that is not smaller",
        "select distinct m.rowid from media m join media_variants v using (hash)
         where m.width is null or v.width >= m.width",
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
        "the posts of time {} are counted wrongly",
        "with counted (width, stretch, posts, words) as (
             select 26, published_at >> 26, count(*), sum(words) from posts
                 where kind = 'post' and status = 'published' group by 2
             union all select 32, published_at >> 32, count(*), sum(words) from posts
                 where kind = 'post' and status = 'published' group by 2)
         select coalesce(c.stretch << c.width, k.stretch << k.width)
         from counted c full join post_counts k using (width, stretch)
         where (coalesce(c.posts, 0), coalesce(c.words, 0)) is not (coalesce(k.posts, 0), coalesce(k.words, 0))",
    ),
    (
        "tag {} counts its posts wrongly, or dates them so",
        "select t.id from tags t where t.post_count <> (select count(*) from post_tags
             join posts on posts.id = post_id where tag_id = t.id and kind = 'post' and status = 'published')
         union select tag_id from post_tags join posts on posts.id = post_id
             where listed_at is not iif(kind = 'post' and status = 'published', published_at, null)",
    ),
    (
        "event {} is newer than the id that the file believes to be the last",
        "select id from events where id > (select seq from sqlite_sequence where name = 'events')",
    ),
];

/// Checks everything. Takes as long as the file is large.
pub fn all(conn: &Connection) -> Result<Report> {
    let sound = of_any_version(conn)?;
    if !sound.faults.is_empty() {
        return Ok(sound);
    }
    let mut faults = Vec::new();
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
    faults.extend(altered(conn)?);
    let unused = "select count(*) from media m
                  where not exists (select 1 from posts p where instr(p.body || p.extra, '/media/' || m.hash) > 0)
                      and not exists (select 1 from entries e where instr(e.body, '/media/' || m.hash) > 0)";
    Ok(Report {
        unused: conn.query_row(unused, [], |row| row.get(0))?,
        remarks: missing(conn)?,
        faults,
        ..sound
    })
}

/// Checks what must hold in a file of an earlier version too, and counts what it has.
pub fn of_any_version(conn: &Connection) -> Result<Report> {
    let sound = integrity(conn)?;
    if !sound.faults.is_empty() {
        return Ok(sound); // what stands on damaged pages cannot be asked for more
    }
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get(0));
    Ok(Report {
        posts: count("select count(*) from posts")?,
        comments: count("select count(*) from comments")?,
        events: count("select count(*) from events")?,
        media: count("select count(*) from media")?,
        ..sound
    })
}

/// Checks what must hold in a file of any version, and counts nothing.
pub fn integrity(conn: &Connection) -> Result<Report> {
    let mut faults = match lines(conn, "pragma integrity_check") {
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    };
    faults.retain(|line| line != "ok");
    let search = match !faults.is_empty() && are_tables_sound(conn)? {
        true => std::mem::take(&mut faults),
        false => Vec::new(),
    };
    if faults.is_empty() {
        let sql = "select count(*) from pragma_foreign_key_check";
        let dangling: i64 = conn.query_row(sql, [], |row| row.get(0))?;
        if dangling > 0 {
            faults.push(format!("{dangling} rows refer to rows that are not there"));
        }
    }
    Ok(Report {
        faults,
        search,
        ..Report::default()
    })
}

/// Whether nothing is wrong with any table, those in which the search keeps its words among them: what they mean to it is
/// not looked at.
fn are_tables_sound(conn: &Connection) -> Result<bool> {
    let names = "select name from pragma_table_list where schema = 'main' and type <> 'virtual'";
    for name in lines(conn, names)? {
        let found = lines(conn, &format!("pragma integrity_check(\"{name}\")"));
        if !found.is_ok_and(|found| found == ["ok"]) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Files whose bytes are not the ones that they are named by.
fn altered(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare("select hash, bytes from media")?;
    let mut rows = query.query([])?;
    let mut faults = Vec::new();
    while let Some(row) = rows.next()? {
        let (hash, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if media::hash(&bytes) != hash {
            faults.push(format!(
                "the bytes of the file {hash} are not what they were"
            ));
        }
    }
    Ok(faults)
}

/// Posts and pages that name a file which is not kept.
fn missing(conn: &Connection) -> Result<Vec<String>> {
    let mut known = conn.prepare("select 1 from media where hash = ?1")?;
    let mut query = conn.prepare(
        "select id, body from posts where status <> 'deleted' and instr(body, '/media/') > 0
         union all
         select post_id, body from entries where status <> 'deleted' and instr(body, '/media/') > 0",
    )?;
    let mut rows = query.query([])?;
    let mut remarks = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, body): (i64, String) = (row.get(0)?, row.get(1)?);
        let named = body
            .split("/media/")
            .skip(1)
            .filter_map(|rest| rest.get(..64));
        let mut named: Vec<_> = named.filter(|hash| media::is_hash(hash)).collect();
        named.sort_unstable();
        named.dedup();
        for hash in named {
            if !known.exists([hash])? {
                remarks.push(format!(
                    "post {id} shows the file {hash}, which is not kept"
                ));
            }
        }
    }
    Ok(remarks)
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
        let broken = "insert into posts (slug, title, excerpt, body, html, text, headings, words, renderer, status,
                          created_at, updated_at, comment_count)
                      values ('a', 'A', '', '', '', '', '[]', 0, 1, 'draft', 0, 0, 3)";
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
