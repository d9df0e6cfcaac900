//! Files of earlier versions: their schemas as they were (`tests/schemas`), with a blog in each, become what a new one is.

use std::collections::BTreeMap;

use super::*;
use crate::store::{FILE, Store, check, lists};

/// The schema of version 1, as the last program of that version made it.
const FIRST: &str = include_str!("../../../tests/schemas/1.sql");

/// What the first programs of version 1 had instead: a search of comments that wrote each at once.
const EARLY: &str = "
    drop table comments_to_index;
    drop trigger comment_changed;
    drop trigger comment_removed;
    create trigger comment_added after insert on comments when new.status = 'published' begin
        insert into comment_index (rowid, name, body) values (new.id, new.name, new.body);
    end;
    create trigger comment_changed after update of status, name, body on comments
        when (old.status, old.name, old.body) is not (new.status, new.name, new.body) begin
        insert into comment_index (comment_index, rowid, name, body)
            select 'delete', old.id, old.name, old.body where old.status = 'published';
        insert into comment_index (rowid, name, body)
            select new.id, new.name, new.body where new.status = 'published';
    end;
    create trigger comment_removed after delete on comments when old.status = 'published' begin
        insert into comment_index (comment_index, rowid, name, body) values ('delete', old.id, old.name, old.body);
    end;";

/// How many posts and pages the blog has.
pub const POSTS: i64 = 300;

/// They are of every status, days to years apart and from before the epoch too, with one tag that all have, one that some
/// have, one of a draft alone and one that nobody has; comments of every status under a few.
const BLOG: &str = "
    with recursive n (n) as (select 1 union all select n + 1 from n where n < 300)
    insert into posts (id, kind, slug, title, excerpt, body, html, text, headings, words, renderer, status, published_at,
                       created_at, updated_at, pinned)
        select n, iif(n % 13, 'post', 'page'), 'p' || n, 'Post ' || n, '', hex(zeroblob(500)), '', 'weather', '[]', n, 1,
               case when n % 9 = 0 then 'draft' when n % 10 = 0 then 'scheduled' when n % 11 = 0 then 'unlisted'
                    when n % 7 = 0 then 'deleted' else 'published' end,
               iif(n % 27, (n % 40 - 6) * 1000003 / (1 + n % 7) * 60000, null), 0, 0, n % 50 = 0 from n;
    insert into tags (id, slug, name) values (1, 'odd', 'Odd'), (2, 'all', 'All'), (3, 'draft', 'Draft'), (4, 'none', 'None');
    insert into post_tags (post_id, tag_id, position)
        select id, 2, 0 from posts union all select id, 1, 1 from posts where id % 2 union all select 9, 3, 2;
    insert into comments (id, post_id, depth, thread, number, name, body, html, renderer, status, created_at)
        select id, id % 4 + 1, 0, id, id, 'Ann', 'ferry ' || id, '', 1,
               case id % 5 when 0 then 'pending' when 1 then 'spam' when 2 then 'rejected' else 'published' end, 0
        from posts;
    update posts set last_number = 300, last_thread = 300,
        comment_count = (select count(*) from comments where post_id = posts.id and status = 'published');
    insert into events (at, kind, subject, audience) select 0, 'post:created', id, 'owner' from posts;";

/// Makes a blog of version 1, whose schema is changed as `more` says.
pub fn first(path: &Path, more: &str) -> Connection {
    let conn = Connection::open(path).unwrap();
    let as_ever = "pragma journal_mode = wal; pragma foreign_keys = on";
    for sql in [as_ever, FIRST, more, BLOG] {
        conn.execute_batch(sql).unwrap();
    }
    conn.execute_batch("insert into comment_index (comment_index) values ('rebuild')")
        .unwrap();
    settings::fill(&conn).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn
}

/// What the file consists of, by name, without comments and white space.
fn schema(conn: &Connection) -> BTreeMap<String, String> {
    let sql = "select name, sql from sqlite_schema where sql is not null";
    let mut query = conn.prepare(sql).unwrap();
    let bare = |sql: String| -> String {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap());
        lines.flat_map(str::split_whitespace).collect()
    };
    query
        .query_map([], |row| Ok((row.get(0)?, bare(row.get(1)?))))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn a_file_of_version_1_becomes_what_a_new_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = open(folder.path(), &folder.path().join(FILE), true).unwrap();
    for more in ["", EARLY] {
        let older = tempfile::tempdir().unwrap();
        let path = older.path().join(FILE);
        drop(first(&path, more));
        assert!(is_older(&path));
        let brought = open(older.path(), &path, false).unwrap();
        assert!(!is_older(&path));
        assert_eq!(schema(&brought), schema(&fresh));
        let kept = backups::list(&backups::folder_of(&path)).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].reason, Reason::Migration);
    }
}

/// How many posts everyone sees, how many of them have the tag `all`, and their words: counted one by one.
const COUNTED: &str = "select count(*), count(tag_id), sum(words)
    from posts left join post_tags on post_id = id and tag_id = 2 where kind = 'post' and status = 'published'";

/// Whether lists, places and counts are those that counting gives, and whether the file is sound.
fn is_right(conn: &Connection) -> Result<(i64, i64, i64)> {
    assert_eq!(check::all(conn)?.faults, [""; 0]);
    let counted = conn.query_row(COUNTED, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let (all, tagged) = (
        lists::page(conn, 0, -1)?,
        lists::tagged(conn, "all", 0, -1)?,
    );
    let places = all.iter().map(|line| line.number);
    assert_eq!(
        places.collect::<Vec<_>>(),
        (1..=counted.0).rev().collect::<Vec<_>>()
    );
    let tags = lists::tags(conn)?
        .into_iter()
        .map(|it| (it.tag.slug, it.posts));
    let odd = all.iter().filter(|line| line.id.0 % 2 == 1).count() as i64;
    assert_eq!(
        tags.collect::<Vec<_>>(),
        [("all".to_owned(), counted.1), ("odd".to_owned(), odd)]
    );
    let words = all.iter().map(|line| line.words).sum();
    assert_eq!((all.len() as i64, tagged.len() as i64, words), counted);
    Ok(counted)
}

#[tokio::test]
async fn a_blog_of_version_1_is_counted_as_it_was_and_goes_on_being_counted() {
    for more in ["", EARLY] {
        let folder = tempfile::tempdir().unwrap();
        let before = first(&folder.path().join(FILE), more);
        let counts = before.query_row(COUNTED, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        drop(before);
        let store = Store::open(folder.path(), false).unwrap();
        let counts: (i64, i64, i64) = counts.unwrap();
        assert_eq!(store.read(is_right).await.unwrap(), counts);
        let changes = [
            ("update posts set status = 'published' where id = 10", 1),
            ("update posts set status = 'deleted' where id in (1, 2)", -1),
            ("delete from posts where id = 8", -2),
            (
                "update comments set body = 'harbour' where status = 'published'",
                -2,
            ),
            ("delete from comments where id % 5 = 4", -2),
        ];
        for (change, difference) in changes {
            let counted = "update posts set comment_count =
                (select count(*) from comments where post_id = posts.id and status = 'published')";
            let both = move |tx: &crate::store::Tx| {
                tx.execute(change, [])?;
                Ok(tx.execute(counted, [])?)
            };
            store.write(both).await.unwrap();
            let after = store.read(is_right).await.unwrap();
            assert_eq!(after.0, counts.0 + difference, "{change}");
        }
    }
}
