//! Rows on their way out of the blog, one kind after the other, in an order that an import can follow.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::carried::{
    CarriedComment, CarriedEntry, CarriedMedia, CarriedPost, CarriedReaction, CarriedVisitor,
    Written,
};
use crate::model::icon::LARGEST;
use crate::model::settings::fields::{FIELDS, Field};

/// The address of the post `p`.
const ADDRESS: &str = "iif(p.kind = 'page', '/', '/posts/') || p.slug as post";

/// Posts and pages but those in the trash, oldest first.
pub fn posts(conn: &Connection, take: impl FnMut(CarriedPost) -> Result<()>) -> Result<()> {
    let sql = "select *,
            (select json_group_array(name order by position) from post_tags join tags on tags.id = tag_id
             where post_id = posts.id) as tag_list,
            (select json_group_array(path order by path) from redirects where post_id = posts.id) as paths
        from posts where status <> 'deleted' order by id";
    each(conn, sql, post, take)
}

/// Comments under them, oldest first, those that answer something after it.
pub fn comments(
    conn: &Connection,
    private: bool,
    take: impl FnMut(CarriedComment) -> Result<()>,
) -> Result<()> {
    let sql = format!(
        "select c.*, {ADDRESS}, a.number as parent from comments c join posts p on p.id = c.post_id
         left join comments a on a.id = c.parent_id where p.status <> 'deleted' order by c.id"
    );
    let read = |row: &Row| {
        Ok(CarriedComment {
            id: row.get("id")?,
            post: row.get("post")?,
            number: row.get("number")?,
            thread: row.get("thread")?,
            parent: row.get("parent")?,
            name: row.get("name")?,
            url: row.get("url")?,
            email: row.get::<_, Option<String>>("email")?.filter(|_| private),
            owner: row.get("owner")?,
            visitor: row.get("visitor_id")?,
            body: row.get("body")?,
            html: row.get("html")?,
            status: row.get("status")?,
            held_for: row.get("held_for")?,
            created_at: Written(row.get("created_at")?),
            edited_at: row.get::<_, Option<_>>("edited_at")?.map(Written),
            edited_by_owner: row.get("edited_by_owner")?,
            pinned: row.get("pinned")?,
            closed: row.get("closed")?,
        })
    };
    each(conn, &sql, read, take)
}

/// Entries of liveblogs, oldest first.
pub fn entries(conn: &Connection, take: impl FnMut(CarriedEntry) -> Result<()>) -> Result<()> {
    let sql = format!(
        "select e.*, {ADDRESS} from entries e join posts p on p.id = e.post_id
         where p.status <> 'deleted' order by e.id"
    );
    let read = |row: &Row| {
        Ok(CarriedEntry {
            post: row.get("post")?,
            number: row.get("number")?,
            title: row.get("title")?,
            body: row.get("body")?,
            status: row.get("status")?,
            created_at: Written(row.get("created_at")?),
            edited_at: row.get::<_, Option<_>>("edited_at")?.map(Written),
        })
    };
    each(conn, &sql, read, take)
}

/// Reactions, oldest first.
pub fn reactions(conn: &Connection, take: impl FnMut(CarriedReaction) -> Result<()>) -> Result<()> {
    let sql = format!(
        "select r.kind as given, r.visitor_id, r.created_at as at, {ADDRESS}, c.number from reactions r
         join visitors v on v.id = r.visitor_id
         join posts p on p.id = r.post_id left join comments c on c.id = r.comment_id
         where p.status <> 'deleted' and (r.comment_id = 0 or c.id is not null)
         order by r.created_at, r.post_id, r.comment_id, r.kind, v.created_at, v.name, v.id"
    );
    let read = |row: &Row| {
        Ok(CarriedReaction {
            post: row.get("post")?,
            comment: row.get("number")?,
            visitor: row.get("visitor_id")?,
            kind: row.get("given")?,
            created_at: Written(row.get("at")?),
        })
    };
    each(conn, &sql, read, take)
}

/// The visitor of that row.
pub fn visitor(conn: &Connection, id: i64, private: bool) -> Result<Option<CarriedVisitor>> {
    let mut query = conn.prepare_cached("select * from visitors where id = ?1")?;
    let read = |row: &Row| {
        Ok(CarriedVisitor {
            visitor: id,
            name: row.get("name")?,
            url: row.get("url")?,
            email: row.get::<_, Option<String>>("email")?.filter(|_| private),
            show_name: row.get("show_name")?,
            created_at: Written(row.get("created_at")?),
        })
    };
    Ok(query.query_row([id], read).optional()?)
}

/// Media files, oldest first, each with its row for the bytes.
pub fn media(conn: &Connection, take: impl FnMut((CarriedMedia, i64)) -> Result<()>) -> Result<()> {
    let sql = "select rowid, hash, name, mime, width, height, alt, created_at from media order by created_at, hash";
    let read = |row: &Row| {
        let media = CarriedMedia {
            hash: row.get("hash")?,
            name: row.get("name")?,
            mime: row.get("mime")?,
            width: row.get("width")?,
            height: row.get("height")?,
            alt: row.get("alt")?,
            created_at: Written(row.get("created_at")?),
        };
        Ok((media, row.get("rowid")?))
    };
    each(conn, sql, read, take)
}

/// The settings that the owner has chosen, as their form shows them. What is secret is not among [`FIELDS`].
pub fn settings(conn: &Connection, private: bool) -> Result<Vec<(&'static Field, String)>> {
    let all = super::settings::load(conn)?;
    let mut chosen = Vec::new();
    for field in &FIELDS {
        if field.key == "owner_email" && !private || super::settings::is_unset(conn, field.key)? {
            continue;
        }
        chosen.push((field, (field.shown)(&all)));
    }
    Ok(chosen)
}

/// The blog's own icon in its largest size, if it has one: the others are made from it.
pub fn icon(conn: &Connection) -> Result<Option<Vec<u8>>> {
    super::icons::find(conn, LARGEST)
}

fn post(row: &Row) -> rusqlite::Result<CarriedPost> {
    Ok(CarriedPost {
        kind: row.get("kind")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        body: row.get("body")?,
        status: row.get("status")?,
        lang: row.get("lang")?,
        published_at: row.get("published_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        comments_open: row.get("comments_open")?,
        discussion: row.get("discussion")?,
        extra: row.get("extra")?,
        tags: super::sql::json(row, "tag_list")?,
        aliases: super::sql::json(row, "paths")?,
    })
}

fn each<T>(
    conn: &Connection,
    sql: &str,
    read: impl Fn(&Row) -> rusqlite::Result<T>,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut query = conn.prepare(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(read(row)?)?;
    }
    Ok(())
}

/// A JSON object, from a column that holds one.
///
/// Errors: [`Error::Refused`] if it does not.
pub fn object(text: &str) -> Result<serde_json::Map<String, Value>> {
    let read = serde_json::from_str(text);
    read.map_err(|error| Error::Refused(format!("front matter that is kept is no JSON: {error}")))
}
