//! Lists of published posts: by page, by tag, for the archive, feeds and the sitemap.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{places, sql};
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

/// The rows of published posts, newest first, from the `?1`th on, `?2` of them. All that is read for it stands in an index, so
/// that what is skipped costs little.
const ALL: &str = "select id from posts where kind = 'post' and status = 'published'
    order by published_at desc, id desc limit ?2 offset ?1";
/// Of those that are not pinned.
const UNPINNED: &str =
    "select id from posts where kind = 'post' and status = 'published' and pinned = 0
    order by published_at desc, id desc limit ?2 offset ?1";
/// All that are pinned, in any status.
const PINNED: &str = "select id from posts where pinned = 1";
/// Of those with the tag `?3`.
const TAGGED: &str = "select post_id as id from post_tags
    where tag_id = (select id from tags where slug = ?3) and listed_at is not null
    order by listed_at desc, post_id desc limit ?2 offset ?1";

/// Published posts, newest first, from the `skip`th on.
pub fn page(conn: &Connection, skip: i64, limit: i64) -> Result<Vec<PostLine>> {
    let mut lines = collect(conn, &among(ALL, ""), params![skip, limit])?;
    let newest = places::count(conn)? - skip;
    for (line, number) in lines.iter_mut().zip((1..=newest).rev()) {
        line.number = number;
    }
    Ok(lines)
}

/// The posts that stand first on the home page, newest first.
pub fn pinned(conn: &Connection) -> Result<Vec<PostLine>> {
    numbered(conn, &among(PINNED, &number()), params![])
}

/// What the home page shows below those that are `pinned`, newest first, from the `skip`th on.
pub fn unpinned(
    conn: &Connection,
    pinned: &[PostLine],
    skip: i64,
    limit: i64,
) -> Result<Vec<PostLine>> {
    let mut lines = collect(conn, &among(UNPINNED, ""), params![skip, limit])?;
    let place = |line: &PostLine| (line.published_at, line.id);
    let newest = places::count(conn)? - skip;
    for (line, number) in lines.iter_mut().zip((1..=newest).rev()) {
        let above = pinned.iter().filter(|pin| place(pin) > place(line)).count();
        line.number = number - above as i64;
    }
    Ok(lines)
}

/// Published posts with a tag, newest first, from the `skip`th on.
pub fn tagged(conn: &Connection, tag: &str, skip: i64, limit: i64) -> Result<Vec<PostLine>> {
    numbered(conn, &among(TAGGED, &number()), params![skip, limit, tag])
}

/// Those of these posts that are published, newest first.
pub fn named(conn: &Connection, ids: &[PostId]) -> Result<Vec<PostLine>> {
    let sql = among("select value as id from json_each(?1)", &number());
    numbered(conn, &sql, params![sql::list(ids)])
}

/// One published post as a line of a list.
pub fn line(conn: &Connection, id: PostId) -> Result<Option<PostLine>> {
    Ok(numbered(conn, &among("select ?1 as id", &number()), params![id])?.pop())
}

/// Published posts with their whole text, newest first, from the `skip`th on, for feeds; of one tag if given.
pub fn with_html(
    conn: &Connection,
    tag: Option<&str>,
    skip: i64,
    limit: i64,
) -> Result<Vec<(PostLine, String)>> {
    let mut query = conn.prepare_cached(&among(tag.map_or(ALL, |_| TAGGED), ", p.html"))?;
    let with_html = |row: &Row| Ok((from_row(row)?, row.get("html")?));
    let posts = match tag {
        Some(tag) => query.query_map(params![skip, limit, tag], with_html)?,
        None => query.query_map(params![skip, limit], with_html)?,
    };
    Ok(posts.collect::<rusqlite::Result<_>>()?)
}

/// SQL for the lines of the published posts whose rows `ids` selects, newest first, with `more` columns. The join is crossed so
/// that SQLite begins with those rows, and not with all posts because an index has them in this order.
fn among(ids: &str, more: &str) -> String {
    format!(
        "select {COLUMNS}{more} from ({ids}) chosen cross join posts p on p.id = chosen.id
         where p.kind = 'post' and p.status = 'published' order by p.published_at desc, p.id desc"
    )
}

/// The column with the place of a post among all, the first being 1.
fn number() -> String {
    format!(", {} as number", places::number("p.published_at", "p.id"))
}

/// Every tag of a published post, with how many bear it, by name.
pub fn tags(conn: &Connection) -> Result<Vec<TagCount>> {
    let sql =
        "select slug, name, post_count from tags where post_count > 0 order by name collate nocase";
    let mut query = conn.prepare_cached(sql)?;
    let tags = query.query_map([], tag_from_row)?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}

/// The tag of that slug, if a published post bears it.
pub fn tag(conn: &Connection, slug: &str) -> Result<Option<TagCount>> {
    let sql = "select slug, name, post_count from tags where slug = ?1 and post_count > 0";
    let tag = conn.prepare_cached(sql)?.query_row([slug], tag_from_row);
    Ok(tag.optional()?)
}

fn tag_from_row(row: &Row) -> rusqlite::Result<TagCount> {
    Ok(TagCount {
        tag: Tag {
            slug: row.get("slug")?,
            name: row.get("name")?,
        },
        posts: row.get("post_count")?,
    })
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

/// Published posts, newest first, from the `skip`th on; with the first of them every published page.
pub fn addresses(conn: &Connection, skip: i64, limit: i64) -> Result<Vec<Address>> {
    let pages = "select kind, slug, updated_at, extra from posts
                 where kind = 'page' and status = 'published' and ?1 = 0 and ?2 is not null
                 order by published_at desc, id desc";
    let posts = format!(
        "select p.kind, p.slug, p.updated_at, p.extra from ({ALL}) chosen cross join posts p on p.id = chosen.id
         order by p.published_at desc, p.id desc"
    );
    let mut all = Vec::new();
    for sql in [pages, &posts] {
        let mut query = conn.prepare_cached(sql)?;
        let rows = query.query_map([skip, limit], address_from_row)?;
        for address in rows {
            all.push(address?);
        }
    }
    Ok(all)
}

fn address_from_row(row: &Row) -> rusqlite::Result<Address> {
    let (kind, slug): (PostKind, String) = (row.get(0)?, row.get(1)?);
    Ok(Address {
        path: kind.path(&slug),
        updated_at: row.get(2)?,
        canonical: shared::canonical(&sql::json(row, 3)?),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn no_list_goes_through_all_posts_to_show_some() {
        let (store, _folder) = store();
        let named = "select value as id from json_each(?1)";
        let plans = store.read(move |conn| {
            for ids in [ALL, UNPINNED, PINNED, TAGGED, named, "select ?1 as id"] {
                let sql = format!("explain query plan {}", among(ids, &number()));
                let mut query = conn.prepare(&sql)?;
                let steps = query
                    .raw_query()
                    .mapped(|row| row.get::<_, String>("detail"))
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                let row = "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)";
                assert!(steps.iter().any(|step| step == row), "{ids}: {steps:#?}");
                let scans = steps.iter().filter(|step| step.starts_with("SCAN posts"));
                let pinned = "SCAN posts USING COVERING INDEX posts_by_pin";
                assert!(
                    scans.clone().all(|step| step == pinned),
                    "{ids}: {steps:#?}"
                );
            }
            Ok(())
        });
        plans.await.unwrap();
    }
}
