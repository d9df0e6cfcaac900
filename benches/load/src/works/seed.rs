//! A blog with a long past, written into its file while it is stopped: by SQL, into the program's own schema, with the
//! program's own triggers. What the first comment and the first post look like, the program has said; the others are
//! copies of them.

use std::io;
use std::path::Path;

use rusqlite::{Connection, params};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Has the post `hello` have so many comments, each the first of a thread, and each with its event. Needs one to copy.
pub fn comments(folder: &Path, count: usize) -> io::Result<()> {
    let conn = open(folder)?;
    let sql = "
        with recursive
            seen as (select p.id as post, max(c.number) as number, max(c.thread) as thread,
                            min(c.id) as first, count(*) as there
                     from posts p join comments c on c.post_id = p.id where p.slug = 'hello'),
            n (i) as (select 1 from seen where there < ?1
                      union all select i + 1 from n, seen where there + i < ?1)
        insert into comments (post_id, depth, thread, number, name, likeness, body, html, renderer, status, created_at)
        select post, 0, seen.thread + i, seen.number + i, 'Reader ' || (i % 1000), 'reader' || (i % 1000),
               replace(body, 'first', i || 'th'), replace(html, 'first', i || 'th'), renderer, status, created_at
        from n, seen, comments c where c.id = seen.first";
    let searched = "
        insert or ignore into comments_to_index
        select id from comments where id > (select max(subject) from events where kind = 'comment:created')";
    let events = "
        insert into events (kind, post_id, subject, audience, at)
        select 'comment:created', post_id, id, 'public', created_at from comments
        where id > (select max(subject) from events where kind = 'comment:created')";
    let post = "
        update posts set (last_number, last_thread, comment_count) =
            (select max(number), max(thread), count(*) from comments where post_id = posts.id)
        where slug = 'hello'";
    run(&conn, || {
        conn.execute(sql, params![count as i64])?;
        conn.execute(searched, [])?;
        conn.execute(events, [])?;
        conn.execute(post, [])
    })
}

/// Has the blog have so many posts, an hour between each and the next, with one of twenty tags. Each has a word of its own,
/// `zq` and six digits; one of ten has the word `tide`, and all have `weather`.
pub fn posts(folder: &Path, count: usize) -> io::Result<()> {
    let conn = open(folder)?;
    let tags = "
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 20)
        insert into tags (id, slug, name) select i, 'tag-' || i, 'Tag ' || i from n where true
        on conflict do nothing";
    // The text is made here, as SQL has no words.
    conn.create_scalar_function(
        "said",
        1,
        rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC,
        |context| Ok(said(context.get::<i64>(0)?)),
    )
    .map_err(io::Error::other)?;
    let posts = "
        with recursive
            seen as (select max(id) as newest, min(id) as first, count(*) as there from posts),
            n (i) as (select newest + 1 from seen where there < ?1
                      union all select i + 1 from n, seen where there + i - newest < ?1)
        insert into posts (id, slug, title, excerpt, body, html, text, tag_names, headings, words, renderer, status,
                           published_at, created_at, updated_at)
        select i, 'post-' || i, 'Post ' || i || ' of the shore', said(i), said(i), '<p>' || said(i) || '</p>', said(i),
               'Tag ' || (i % 20 + 1), headings, 40, renderer, status,
               published_at - i * 3600000, created_at, updated_at
        from n, seen, posts p where p.id = seen.first";
    let tagged = "
        insert into post_tags (post_id, tag_id, position)
        select id, id % 20 + 1, 0 from posts where slug glob 'post-*' and id not in (select post_id from post_tags)";
    let events = "
        insert into events (kind, post_id, subject, audience, at)
        select 'post:published', id, id, 'public', created_at from posts
        where id > (select max(subject) from events where kind = 'post:published')";
    run(&conn, || {
        conn.execute(tags, [])?;
        conn.execute(posts, params![count as i64])?;
        conn.execute(tagged, [])?;
        conn.execute(events, [])
    })
}

/// Has the log have so many events: changes of the thousand newest comments, again and again.
pub fn events(folder: &Path, count: usize) -> io::Result<()> {
    let conn = open(folder)?;
    let sql = "
        with recursive
            seen as (select count(*) as there, max(at) as at from events),
            n (i) as (select 1 from seen where there < ?1
                      union all select i + 1 from n, seen where there + i < ?1)
        insert into events (kind, post_id, subject, audience, at)
        select 'comment:updated', c.post_id, c.id, 'public', seen.at
        from n, seen, comments c
        where c.id = (select max(id) from comments) - i % min(1000, (select count(*) from comments))";
    run(&conn, || conn.execute(sql, params![count as i64]))
}

/// Has the oldest events be so old that they are trimmed.
pub fn age(folder: &Path, count: usize) -> io::Result<()> {
    let conn = open(folder)?;
    let sql = "update events set at = at - ?1 where id < (select min(id) from events) + ?2";
    run(&conn, || conn.execute(sql, params![60 * DAY, count as i64]))
}

fn open(folder: &Path) -> io::Result<Connection> {
    let conn = Connection::open(folder.join("rowlog.db")).map_err(io::Error::other)?;
    // It is not the seeding that is measured: if it fails, so does the work.
    conn.execute_batch(
        "pragma synchronous = off; pragma cache_size = -400000; pragma temp_store = memory",
    )
    .map_err(io::Error::other)?;
    Ok(conn)
}

/// Does all of it in one transaction, and empties the write-ahead log.
fn run(conn: &Connection, change: impl FnOnce() -> rusqlite::Result<usize>) -> io::Result<()> {
    let all = || {
        conn.execute_batch("begin immediate")?;
        change()?;
        conn.execute_batch("commit")?;
        conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
    };
    all().map_err(io::Error::other)
}

/// Some forty words, others in each post.
fn said(number: i64) -> String {
    let words = [
        "harbour", "gauge", "ledger", "lantern", "keeper", "net", "sail", "frost", "gull", "pier",
        "rope", "anchor", "barley", "kettle", "window", "letter", "stove", "road", "hill", "ferry",
    ];
    let mut text = format!("The weather of day {number} was noted as zq{number:06}. ");
    let mut state = number as u64;
    for _ in 0..32 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = words[(state >> 33) as usize % words.len()];
        text += &format!("{word}{} ", (state >> 40) % 50);
    }
    if number % 10 == 0 {
        text += "The tide was high.";
    }
    text
}
