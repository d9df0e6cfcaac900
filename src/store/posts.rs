//! Posts and pages: saving them, finding them, publishing those whose time has come.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::{Tx, log, media, reactions, redirects, related, revisions, series, sql};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::id::{PostId, VisitorId};
use crate::model::post::{
    Neighbours, NewPost, Post, PostKind, PostLink, Rendered, Standing, Status, Tag,
};
use crate::model::reaction::Target;
use crate::model::series::Series;
use crate::model::shared::{self, Cover};
use crate::model::time::Timestamp;
use crate::text::{RENDERER, slug};

const COLUMNS: &str =
    "id, kind, slug, title, summary, excerpt, html, headings, words, status, lang, published_at,
    updated_at, comments_open, discussion, last_number, last_thread, comment_count, last_entry, entry_count, version, extra";

/// The `data` of a `post:deleted` whose post was in lists before.
pub const LISTED_BEFORE: &str = r#"{"from":"published"}"#;

/// What saving a post did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It was not there before.
    New,
    /// It was there and has changed.
    Changed,
    /// It was there, word for word.
    Same,
}

/// Creates the post, or updates the one of the same kind and slug, and records the events.
pub fn save(tx: &Tx, new: &NewPost) -> Result<(PostId, Saved)> {
    let sql = "select id from posts where kind = ?1 and slug = ?2";
    let row = tx
        .prepare_cached(sql)?
        .query_row(params![new.kind, new.slug], |row| row.get(0));
    match row.optional()? {
        Some(id) => Ok((id, change(tx, id, new)?)),
        None => {
            let status = due(new.status, new.published_at, tx.now());
            let id = insert(tx, new, status, None)?;
            redirects::add_all(tx, &new.old_paths, id)?;
            revisions::keep(tx, id)?;
            tell(tx, id, None, status)?;
            Ok((id, Saved::New))
        }
    }
}

/// Changes a post into `new`, its address included, and records the events. Its earlier address leads to it.
///
/// Errors: [`Error::NotFound`] if there is no such post.
pub fn change(tx: &Tx, id: PostId, new: &NewPost) -> Result<Saved> {
    let before = by_id(tx, id)?.ok_or(Error::NotFound)?;
    let at = new.published_at.or(before.published_at);
    let status = due(new.status, at, tx.now());
    let moved = (before.kind, before.slug.as_str()) != (new.kind, new.slug.as_str());
    if moved {
        redirects::add(tx, &before.path(), id)?;
        redirects::remove(tx, &new.kind.path(&new.slug))?;
    }
    redirects::add_all(tx, &new.old_paths, id)?;
    if !(update(tx, id, new, status)? | retag(tx, id, &new.tags)?) {
        return Ok(Saved::Same);
    }
    revisions::keep(tx, id)?;
    tell(tx, id, Some(before.status), status)?;
    Ok(Saved::Changed)
}

/// An address for a new post that no other has or had: `wanted`, or `wanted` with a number.
pub fn free_slug(conn: &Connection, kind: PostKind, wanted: &str) -> Result<String> {
    let mut slug = wanted.to_owned();
    for number in 2.. {
        let led_elsewhere = redirects::post_of(conn, &kind.path(&slug))?.is_some();
        if !led_elsewhere && find(conn, kind, &slug)?.is_none() {
            break;
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

/// The front matter of a post that has no column, as a JSON object.
pub fn extra(conn: &Connection, id: PostId) -> Result<String> {
    let extra = conn
        .prepare_cached("select extra from posts where id = ?1")?
        .query_row([id], |row| row.get(0));
    extra.optional()?.ok_or(Error::NotFound)
}

/// The Markdown source of a post.
pub fn body(conn: &Connection, id: PostId) -> Result<String> {
    let body = conn
        .prepare_cached("select body from posts where id = ?1")?
        .query_row([id], |row| row.get(0));
    body.optional()?.ok_or(Error::NotFound)
}

/// The importer's key of a row, and the batch that adds it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The importer.
    pub source: &'a str,
    /// The row's name there.
    pub source_id: &'a str,
    /// The batch.
    pub batch: i64,
}

/// Which of these, each by its name in the source, its kind and its slug, are in the file already.
pub fn known(
    conn: &Connection,
    source: &str,
    keys: &[(String, PostKind, String)],
) -> Result<Vec<bool>> {
    let sql =
        "select 1 from posts where (source = ?1 and source_id = ?2) or (kind = ?3 and slug = ?4)";
    let mut query = conn.prepare_cached(sql)?;
    keys.iter()
        .map(|(id, kind, slug)| Ok(query.exists(params![source, id, kind, slug])?))
        .collect()
}

/// Adds an imported post without telling anyone; `None` if it, or one of its slug, is there already.
pub fn import(tx: &Tx, new: &NewPost, origin: &Origin) -> Result<Option<PostId>> {
    let key = (origin.source_id.to_owned(), new.kind, new.slug.clone());
    if known(tx, origin.source, &[key])?.contains(&true) {
        return Ok(None);
    }
    let status = due(new.status, new.published_at, tx.now());
    let id = insert(tx, new, status, Some(origin))?;
    redirects::add_all(tx, &new.old_paths, id)?;
    Ok(Some(id))
}

/// Publishes every scheduled post whose time has come, and records the events. Returns how many.
pub fn publish_due(tx: &Tx) -> Result<usize> {
    let sql = "update posts set status = 'published', version = version + 1
               where status = 'scheduled' and published_at <= ?1 returning id";
    let mut query = tx.prepare_cached(sql)?;
    let due: Vec<PostId> = query
        .query_map([tx.now()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &due {
        tell(tx, *id, Some(Status::Scheduled), Status::Published)?;
    }
    Ok(due.len())
}

/// When the next scheduled post is due.
pub fn next_due(conn: &Connection) -> Result<Option<Timestamp>> {
    let sql = "select min(published_at) from posts where status = 'scheduled'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Up to `limit` posts that another version of the renderer made, with their source.
pub fn outdated(conn: &Connection, limit: i64) -> Result<Vec<(PostId, String)>> {
    let sql = "select id, body from posts where renderer <> ?1 order by id limit ?2";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![RENDERER, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts what this version of the renderer made of a post in the place of what another made. A post that was saved
/// meanwhile is up to date already.
pub fn renew(tx: &Tx, id: PostId, rendered: &Rendered) -> Result<()> {
    let sql = "update posts set html = ?2, text = ?3, excerpt = ?4, headings = ?5, words = ?6, renderer = ?7
               where id = ?1 and renderer <> ?7";
    let row = params![
        id,
        rendered.html,
        rendered.text,
        rendered.excerpt,
        headings(rendered)?,
        rendered.words,
        RENDERER,
    ];
    tx.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Whether there is any post or page, in any status.
pub fn any(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from posts")?.exists([])?)
}

/// The post or page of that slug, in any status.
pub fn find(conn: &Connection, kind: PostKind, slug: &str) -> Result<Option<Post>> {
    one(conn, "kind = ?1 and slug = ?2", params![kind, slug])
}

/// The post or page of that slug that readers may see.
pub fn open(conn: &Connection, kind: PostKind, slug: &str) -> Result<Option<Post>> {
    Ok(find(conn, kind, slug)?.filter(|post| post.status.is_open()))
}

/// The post of that row, in any status.
pub fn by_id(conn: &Connection, id: PostId) -> Result<Option<Post>> {
    one(conn, "id = ?1", params![id])
}

/// What its page shows beside the post: its number, its neighbours, the reactions.
pub fn standing(conn: &Connection, post: &Post, viewer: Option<VisitorId>) -> Result<Standing> {
    let listed = post.status == Status::Published && post.kind == PostKind::Post;
    let date = post.date();
    let count = |condition: &str| -> Result<i64> {
        let sql = format!(
            "select count(*) from posts where kind = 'post' and status = 'published' and {condition}
             and ?1 is not null and ?2 is not null"
        );
        Ok(conn
            .prepare_cached(&sql)?
            .query_row(params![date, post.id], |row| row.get(0))?)
    };
    let neighbour = |condition: &str| -> Result<Option<PostLink>> {
        let sql = format!(
            "select slug, title from posts where kind = 'post' and status = 'published' and (published_at, id) {condition} limit 1"
        );
        let link = |row: &Row| {
            Ok(PostLink {
                slug: row.get(0)?,
                title: row.get(1)?,
            })
        };
        Ok(conn
            .prepare_cached(&sql)?
            .query_row(params![date, post.id], link)
            .optional()?)
    };
    let part = series::part(conn, post.id)?;
    Ok(Standing {
        number: if listed {
            Some(count("(published_at, id) <= (?1, ?2)")?)
        } else {
            None
        },
        posts: count("true")?,
        reactions: reactions::tally(conn, post.id, Target::Post, viewer)?.0,
        neighbours: match listed {
            true => Neighbours {
                earlier: neighbour("< (?1, ?2) order by published_at desc, id desc")?,
                later: neighbour("> (?1, ?2) order by published_at, id")?,
            },
            false => Neighbours::default(),
        },
        related: match listed {
            true => related::to(conn, post, part.as_ref())?,
            false => Vec::new(),
        },
        series: part,
    })
}

/// A published post whose time lies ahead is scheduled; a scheduled one whose time has come is published.
fn due(status: Status, at: Option<Timestamp>, now: Timestamp) -> Status {
    match status {
        Status::Published | Status::Scheduled if at.is_some_and(|at| at > now) => Status::Scheduled,
        Status::Scheduled => Status::Published,
        status => status,
    }
}

fn insert(tx: &Tx, new: &NewPost, status: Status, origin: Option<&Origin>) -> Result<PostId> {
    let sql = "insert into posts (kind, slug, title, summary, excerpt, body, html, headings, words, renderer, status,
                   lang, published_at, created_at, updated_at, extra, source, source_id, batch_id, comments_open,
                   discussion, text, tag_names, series, series_order)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                   ?22, ?23, ?24, ?25)
               returning id";
    let published_at = new
        .published_at
        .or_else(|| (status != Status::Draft).then_some(tx.now()));
    let series = Series::of(&new.extra);
    let row = params![
        new.kind,
        new.slug,
        new.title,
        new.summary,
        new.rendered.excerpt,
        new.body,
        new.rendered.html,
        headings(&new.rendered)?,
        new.rendered.words,
        RENDERER,
        status,
        new.lang,
        published_at,
        tx.now(),
        new.updated_at.or(published_at).unwrap_or(tx.now()),
        new.extra,
        origin.map(|origin| origin.source),
        origin.map(|origin| origin.source_id),
        origin.map(|origin| origin.batch),
        new.comments_open.unwrap_or(true),
        new.discussion,
        new.rendered.text,
        tag_names(&wanted(&new.tags)),
        series.as_ref().map(|series| &series.name),
        series.as_ref().and_then(|series| series.order),
    ];
    let id = tx.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    retag(tx, id, &new.tags)?;
    Ok(id)
}

/// Writes what differs; whether anything did. A date that the new version does not give stays.
fn update(tx: &Tx, id: PostId, new: &NewPost, status: Status) -> Result<bool> {
    let sql = "update posts set title = ?2, summary = ?3, excerpt = ?4, body = ?5, html = ?6, headings = ?7,
                   words = ?8, renderer = ?9, status = ?10, lang = ?11,
                   published_at = coalesce(?12, published_at, iif(?10 = 'draft', null, ?13)), updated_at = ?13,
                   extra = ?14, kind = ?15, slug = ?16, comments_open = coalesce(?17, comments_open), discussion = ?18,
                   text = ?19, series = ?20, series_order = ?21, version = version + 1
               where id = ?1 and (title, summary, body, html, status, lang, extra, coalesce(?12, published_at), kind,
                       slug, comments_open, discussion)
                   is not (?2, ?3, ?5, ?6, ?10, ?11, ?14, published_at, ?15, ?16, coalesce(?17, comments_open), ?18)";
    let series = Series::of(&new.extra);
    let row = params![
        id,
        new.title,
        new.summary,
        new.rendered.excerpt,
        new.body,
        new.rendered.html,
        headings(&new.rendered)?,
        new.rendered.words,
        RENDERER,
        status,
        new.lang,
        new.published_at,
        tx.now(),
        new.extra,
        new.kind,
        new.slug,
        new.comments_open,
        new.discussion,
        new.rendered.text,
        series.as_ref().map(|series| &series.name),
        series.as_ref().and_then(|series| series.order),
    ];
    Ok(tx.prepare_cached(sql)?.execute(row)? > 0)
}

/// Gives the post exactly these tags, in this order; whether that changed anything.
fn retag(tx: &Tx, id: PostId, names: &[String]) -> Result<bool> {
    let wanted = wanted(names);
    let slugs = |tags: &[Tag]| tags.iter().map(|tag| tag.slug.clone()).collect::<Vec<_>>();
    if slugs(&wanted) == slugs(&tags_of(tx, id)?) {
        return Ok(false);
    }
    tx.prepare_cached("delete from post_tags where post_id = ?1")?
        .execute([id])?;
    for (position, tag) in wanted.iter().enumerate() {
        tx.prepare_cached(
            "insert into tags (slug, name) values (?1, ?2) on conflict (slug) do nothing",
        )?
        .execute(params![tag.slug, tag.name])?;
        let sql = "insert into post_tags (post_id, tag_id, position) select ?1, id, ?3 from tags where slug = ?2";
        tx.prepare_cached(sql)?
            .execute(params![id, tag.slug, position as i64])?;
    }
    let sql = "update posts set tag_names = ?2 where id = ?1 and tag_names <> ?2";
    tx.prepare_cached(sql)?
        .execute(params![id, tag_names(&wanted)])?;
    Ok(true)
}

/// The tags of those names, each once.
fn wanted(names: &[String]) -> Vec<Tag> {
    let mut wanted: Vec<Tag> = Vec::new();
    for name in names {
        let tag = Tag {
            slug: slug::tag(name),
            name: name.clone(),
        };
        if !tag.slug.is_empty() && wanted.iter().all(|other| other.slug != tag.slug) {
            wanted.push(tag);
        }
    }
    wanted
}

/// The tags as the search reads them.
fn tag_names(tags: &[Tag]) -> String {
    let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    names.join(", ")
}

/// Records what a change of a post means to its readers and to its owner.
pub fn tell(tx: &Tx, id: PostId, before: Option<Status>, after: Status) -> Result<()> {
    let public = match (before.is_some_and(Status::is_open), after.is_open()) {
        (false, true) => Some(Kind::PostPublished),
        (true, true) => Some(Kind::PostUpdated),
        (true, false) => Some(Kind::PostDeleted),
        (false, false) => None,
    };
    if let Some(kind) = public {
        let was_listed = kind == Kind::PostDeleted && before == Some(Status::Published);
        let facts = was_listed.then(|| json!({ "from": Status::Published.as_str() }));
        log::append(tx, kind, Some(id), id.0, Audience::Public, facts)?;
    }
    match before {
        None => log::append(tx, Kind::PostCreated, Some(id), id.0, Audience::Owner, None),
        Some(before) if before != after => {
            let facts = json!({ "from": before.as_str(), "to": after.as_str() });
            log::append(
                tx,
                Kind::PostMoved,
                Some(id),
                id.0,
                Audience::Owner,
                Some(facts),
            )
        }
        Some(_) => Ok(()),
    }
}

fn headings(rendered: &Rendered) -> Result<String> {
    serde_json::to_string(&rendered.headings)
        .map_err(|error| Error::Refused(format!("the headings of a post cannot be kept: {error}")))
}

fn tags_of(conn: &Connection, id: PostId) -> Result<Vec<Tag>> {
    let sql = "select slug, name from post_tags join tags on tags.id = tag_id where post_id = ?1 order by position";
    let mut query = conn.prepare_cached(sql)?;
    let tags = query.query_map([id], |row| {
        Ok(Tag {
            slug: row.get(0)?,
            name: row.get(1)?,
        })
    })?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}

fn one(conn: &Connection, condition: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Option<Post>> {
    let sql = format!("select {COLUMNS} from posts where {condition}");
    let post = conn
        .prepare_cached(&sql)?
        .query_row(row, from_row)
        .optional()?;
    post.map(|post| {
        Ok(Post {
            tags: tags_of(conn, post.id)?,
            cover: post.cover.map(|cover| sized(conn, cover)).transpose()?,
            ..post
        })
    })
    .transpose()
}

/// The cover with what the file knows of its picture.
fn sized(conn: &Connection, cover: Cover) -> Result<Cover> {
    let size = cover.hash().map(|hash| media::size(conn, hash));
    Ok(Cover {
        size: size.transpose()?.flatten(),
        ..cover
    })
}

fn from_row(row: &Row) -> rusqlite::Result<Post> {
    let extra = serde_json::from_str(&row.get::<_, String>("extra")?).unwrap_or_default();
    Ok(Post {
        id: row.get("id")?,
        kind: row.get("kind")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        excerpt: row.get("excerpt")?,
        html: row.get("html")?,
        headings: sql::json(row, "headings")?,
        words: row.get("words")?,
        status: row.get("status")?,
        lang: row.get("lang")?,
        published_at: row.get("published_at")?,
        updated_at: row.get("updated_at")?,
        comments_open: row.get("comments_open")?,
        discussion: row.get("discussion")?,
        last_number: row.get("last_number")?,
        last_thread: row.get("last_thread")?,
        comment_count: row.get("comment_count")?,
        last_entry: row.get("last_entry")?,
        entry_count: row.get("entry_count")?,
        version: row.get("version")?,
        tags: Vec::new(),
        canonical: shared::canonical(&extra),
        cover: Cover::of(&extra),
    })
}
