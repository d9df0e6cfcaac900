//! Lists of published posts: by page, by tag, for the archive, feeds and the sitemap.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::sql;
use crate::error::Result;
use crate::model::front::Front;
use crate::model::id::PostId;
use crate::model::post::{PostKind, PostLine, Tag, TagCount};
use crate::model::shared;
use crate::model::time::Timestamp;

/// One line per post; its tags come as JSON so that a list is one statement.
const COLUMNS: &str = "p.id, p.slug, p.title, coalesce(p.summary, p.excerpt) as description, p.published_at,
    p.updated_at, p.words, p.comment_count, p.lang, p.extra,
    (select count(*) from reactions r where r.post_id = p.id and r.comment_id = 0 and r.kind in
        (select kind.value ->> 'name' from settings s, json_each(s.value) kind where s.key = 'reactions')
    ) as reaction_count,
    (select json_group_array(json_object('slug', t.slug, 'name', t.name) order by pt.position)
     from post_tags pt join tags t on t.id = pt.tag_id where pt.post_id = p.id) as tags";
const LISTED: &str = "p.kind = 'post' and p.status = 'published'";
const NEWEST_FIRST: &str = "p.published_at desc, p.id desc";

/// The place of one post among all, the first being 1.
const NUMBER: &str =
    "(select count(*) from posts q where q.kind = 'post' and q.status = 'published'
    and (q.published_at, q.id) <= (p.published_at, p.id)) as number";

/// Published posts, newest first, from the `skip`th on.
pub fn page(conn: &Connection, skip: i64, limit: i64) -> Result<Vec<PostLine>> {
    let sql = format!(
        "select {COLUMNS} from posts p where {LISTED} order by {NEWEST_FIRST} limit ?2 offset ?1"
    );
    let mut lines = collect(conn, &sql, params![skip, limit])?;
    let newest = count(conn)? - skip;
    for (line, number) in lines.iter_mut().zip((1..=newest).rev()) {
        line.number = number;
    }
    Ok(lines)
}

/// The posts that stand first on the home page, newest first.
pub fn pinned(conn: &Connection) -> Result<Vec<PostLine>> {
    let sql = format!(
        "select {COLUMNS}, {NUMBER} from posts p where {LISTED} and p.pinned = 1 order by {NEWEST_FIRST}"
    );
    numbered(conn, &sql, params![])
}

/// What the home page shows below those that are `pinned`, newest first, from the `skip`th on.
pub fn unpinned(
    conn: &Connection,
    pinned: &[PostLine],
    skip: i64,
    limit: i64,
) -> Result<Vec<PostLine>> {
    let sql = format!(
        "select {COLUMNS} from posts p where {LISTED} and p.pinned = 0 order by {NEWEST_FIRST} limit ?2 offset ?1"
    );
    let mut lines = collect(conn, &sql, params![skip, limit])?;
    let place = |line: &PostLine| (line.published_at, line.id);
    let newest = count(conn)? - skip;
    for (line, number) in lines.iter_mut().zip((1..=newest).rev()) {
        let above = pinned.iter().filter(|pin| place(pin) > place(line)).count();
        line.number = number - above as i64;
    }
    Ok(lines)
}

/// Published posts with a tag, newest first.
pub fn tagged(conn: &Connection, tag: &str) -> Result<Vec<PostLine>> {
    let theirs = "select post_id from post_tags join tags on tags.id = tag_id where tags.slug = ?1";
    among(conn, theirs, tag)
}

/// Those of these posts that are published, newest first.
pub fn named(conn: &Connection, ids: &[PostId]) -> Result<Vec<PostLine>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let list = format!("[{}]", ids.join(","));
    among(conn, "select value from json_each(?1)", &list)
}

/// The published posts whose ids `theirs` selects, which has one parameter.
fn among(conn: &Connection, theirs: &str, parameter: &str) -> Result<Vec<PostLine>> {
    let sql = format!(
        "with numbered (id, number) as
             (select p.id, row_number() over (order by p.published_at, p.id) from posts p where {LISTED})
         select {COLUMNS}, number from numbered join posts p using (id)
         where p.id in ({theirs}) order by {NEWEST_FIRST}"
    );
    numbered(conn, &sql, params![parameter])
}

/// One published post as a line of a list.
pub fn line(conn: &Connection, id: PostId) -> Result<Option<PostLine>> {
    let sql = format!("select {COLUMNS}, {NUMBER} from posts p where {LISTED} and p.id = ?1");
    Ok(numbered(conn, &sql, params![id])?.pop())
}

/// Published posts with their whole text, newest first, from the `skip`th on, for feeds; of one tag if given.
pub fn with_html(
    conn: &Connection,
    tag: Option<&str>,
    skip: i64,
    limit: i64,
) -> Result<Vec<(PostLine, String)>> {
    let sql = format!(
        "select {COLUMNS}, p.html from posts p where {LISTED} and (?1 is null or p.id in
             (select post_id from post_tags join tags on tags.id = tag_id where tags.slug = ?1))
         order by {NEWEST_FIRST} limit ?2 offset ?3"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let posts = query.query_map(params![tag, limit, skip], |row| {
        Ok((from_row(row)?, row.get("html")?))
    })?;
    Ok(posts.collect::<rusqlite::Result<_>>()?)
}

/// How many posts are published.
pub fn count(conn: &Connection) -> Result<i64> {
    let sql = "select count(*) from posts where kind = 'post' and status = 'published'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Every tag of a published post, with how many bear it, by name.
pub fn tags(conn: &Connection) -> Result<Vec<TagCount>> {
    let sql = "select t.slug, t.name, count(*) from tags t join post_tags on tag_id = t.id join posts p on p.id = post_id
               where p.kind = 'post' and p.status = 'published' group by t.id order by t.name collate nocase";
    let mut query = conn.prepare_cached(sql)?;
    let tags = query.query_map([], |row| {
        Ok(TagCount {
            tag: Tag {
                slug: row.get(0)?,
                name: row.get(1)?,
            },
            posts: row.get(2)?,
        })
    })?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}

/// The tag of that slug.
pub fn tag(conn: &Connection, slug: &str) -> Result<Option<Tag>> {
    let sql = "select slug, name from tags where slug = ?1";
    let tag = conn.prepare_cached(sql)?.query_row([slug], |row| {
        Ok(Tag {
            slug: row.get(0)?,
            name: row.get(1)?,
        })
    });
    Ok(tag.optional()?)
}

/// Where a post or page is that a search engine may know.
#[derive(Clone, Debug)]
pub struct Address {
    /// From the root of the site.
    pub path: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The address that its author calls the first.
    pub canonical: Option<String>,
}

impl Address {
    /// Whether it is where the post appeared first, `url` being its absolute address.
    pub fn is_here(&self, url: &str) -> bool {
        self.canonical.as_deref().is_none_or(|first| first == url)
    }
}

/// Every published post and page, newest first.
pub fn addresses(conn: &Connection) -> Result<Vec<Address>> {
    let sql = "select kind, slug, updated_at, extra from posts where status = 'published'
               order by published_at desc, id desc";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([], |row| {
        let (kind, slug): (PostKind, String) = (row.get(0)?, row.get(1)?);
        Ok(Address {
            path: kind.path(&slug),
            updated_at: row.get(2)?,
            canonical: shared::canonical(&sql::json(row, 3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Lines whose numbers were selected with them.
fn numbered(conn: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Vec<PostLine>> {
    let mut query = conn.prepare_cached(sql)?;
    let lines = query.query_map(row, |row| {
        Ok(PostLine {
            number: row.get("number")?,
            ..from_row(row)?
        })
    })?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

fn collect(conn: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Vec<PostLine>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map(row, from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// A line without its number, which depends on what stands around it.
fn from_row(row: &Row) -> rusqlite::Result<PostLine> {
    Ok(PostLine {
        id: row.get("id")?,
        number: 0,
        slug: row.get("slug")?,
        title: row.get("title")?,
        description: row.get("description")?,
        published_at: row.get("published_at")?,
        updated_at: row.get("updated_at")?,
        words: row.get("words")?,
        comment_count: row.get("comment_count")?,
        reaction_count: row.get("reaction_count")?,
        tags: sql::json(row, "tags")?,
        lang: row.get("lang")?,
        front: Front::of(&sql::json(row, "extra")?),
    })
}
