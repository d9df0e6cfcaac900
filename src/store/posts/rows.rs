//! The rows of a post: itself and its tags, written as they are given.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::Origin;
use crate::error::{Error, Result};
use crate::model::front::Front;
use crate::model::id::PostId;
use crate::model::post::{NewPost, Rendered, Status, Tag};
use crate::model::series::Series;
use crate::store::Tx;
use crate::text::{RENDERER, slug};

/// Adds a post of that status.
///
/// Errors: [`Error::Refused`] if its front matter is no JSON object.
pub fn insert(tx: &Tx, new: &NewPost, status: Status, origin: Option<&Origin>) -> Result<PostId> {
    let sql = "insert into posts (kind, slug, title, summary, excerpt, body, html, headings, words, renderer, status,
                   lang, published_at, created_at, updated_at, extra, source, source_id, batch_id, comments_open,
                   discussion, text, tag_names, series, series_order, pinned)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                   ?22, ?23, ?24, ?25, ?26)
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
        is_pinned(&new.extra)?,
    ];
    let id = tx.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    retag(tx, id, &new.tags)?;
    Ok(id)
}

/// Writes what differs; whether anything did. A date that the new version does not give stays.
pub fn update(tx: &Tx, id: PostId, new: &NewPost, status: Status) -> Result<bool> {
    let sql = "update posts set title = ?2, summary = ?3, excerpt = ?4, body = ?5, html = ?6, headings = ?7,
                   words = ?8, renderer = ?9, status = ?10, lang = ?11,
                   published_at = coalesce(?12, published_at, iif(?10 = 'draft', null, ?13)), updated_at = ?13,
                   extra = ?14, kind = ?15, slug = ?16, comments_open = coalesce(?17, comments_open), discussion = ?18,
                   text = ?19, series = ?20, series_order = ?21, pinned = ?22, version = version + 1
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
        is_pinned(&new.extra)?,
    ];
    Ok(tx.prepare_cached(sql)?.execute(row)? > 0)
}

/// Gives the post exactly these tags, in this order; whether that changed anything.
pub fn retag(tx: &Tx, id: PostId, names: &[String]) -> Result<bool> {
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

/// The tags of a post, in its author's order.
pub fn tags_of(conn: &Connection, id: PostId) -> Result<Vec<Tag>> {
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

/// The headings as they are kept.
pub fn headings(rendered: &Rendered) -> Result<String> {
    serde_json::to_string(&rendered.headings)
        .map_err(|error| Error::Refused(format!("the headings of a post cannot be kept: {error}")))
}

/// Whether front matter pins its post.
fn is_pinned(extra: &str) -> Result<bool> {
    let map: Map<String, Value> = serde_json::from_str(extra)
        .map_err(|error| Error::Refused(format!("front matter cannot be kept: {error}")))?;
    Ok(Front::of(&map).pinned)
}
