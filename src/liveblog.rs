//! Writing a liveblog: from the owner's Markdown to an entry that everyone sees.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::model::entry::{Entry, NewEntry};
use crate::model::id::PostId;
use crate::model::post::{Post, PostKind, Status};
use crate::model::typed::is_text;
use crate::store::{Store, entries, media, posts, redirects};
use crate::text;

/// The longest title, in characters.
const TITLE_MAX: usize = 200;

/// Adds an entry to the post of that slug.
///
/// Errors: [`Error::Refused`] if there is no such post, it is in the trash, or the entry says nothing.
pub async fn add(store: &Store, slug: &str, title: Option<&str>, body: &str) -> Result<Entry> {
    let post = writable(store, slug).await?.id;
    let (title, body) = (titled(title)?, said(body)?);
    loop {
        let read = move |conn: &_| Ok((posts::by_id(conn, post)?, media::sizes(conn)?));
        let (found, sizes) = store.read(read).await?;
        let number = found.ok_or(Error::NotFound)?.last_entry + 1;
        let new = rendered(post, number, title.clone(), body.clone(), &sizes);
        // Another writer may have taken the number while this one was rendered for it.
        if let Some(entry) = store.write(move |tx| entries::add(tx, &new)).await? {
            return Ok(entry);
        }
    }
}

/// Changes an entry; whether that changed anything. Without a title it keeps the one it has, and an empty one takes it
/// away.
///
/// Errors: as [`add`], and [`Error::Refused`] if there is no such entry.
pub async fn edit(
    store: &Store,
    slug: &str,
    number: i64,
    title: Option<&str>,
    body: &str,
) -> Result<bool> {
    let entry = existing(store, slug, number).await?;
    let title = match title {
        Some(title) => titled(Some(title))?,
        None => entry.title,
    };
    let body = said(body)?;
    let sizes = store.read(media::sizes).await?;
    let new = rendered(entry.post, number, title, body, &sizes);
    store.write(move |tx| entries::edit(tx, &new)).await
}

/// Deletes an entry. Its words leave the file.
///
/// Errors: [`Error::Refused`] if there is no such post or no such entry.
pub async fn delete(store: &Store, slug: &str, number: i64) -> Result<()> {
    let post = existing(store, slug, number).await?.post;
    match store
        .write(move |tx| entries::delete(tx, post, number))
        .await?
    {
        true => Ok(()),
        false => Err(missing(slug, number)),
    }
}

/// The entries of a post, oldest first.
///
/// Errors: [`Error::Refused`] if there is no such post.
pub async fn list(store: &Store, slug: &str) -> Result<Vec<Entry>> {
    let post = found(store, slug).await?.id;
    store.read(move |conn| entries::of_post(conn, post)).await
}

/// The post that has or once had that slug, in any status.
async fn found(store: &Store, slug: &str) -> Result<Post> {
    let unknown = Error::Refused(format!("there is no post with the slug {slug:?}"));
    let slug = slug.to_owned();
    let find = store.read(
        move |conn| match posts::find(conn, PostKind::Post, &slug)? {
            Some(post) => Ok(Some(post)),
            None => match redirects::post_of(conn, &PostKind::Post.path(&slug))? {
                Some(id) => posts::by_id(conn, id),
                None => Ok(None),
            },
        },
    );
    find.await?.ok_or(unknown)
}

async fn writable(store: &Store, slug: &str) -> Result<Post> {
    let post = found(store, slug).await?;
    match post.status {
        Status::Deleted => Err(Error::Refused(format!("the post {slug:?} is in the trash"))),
        _ => Ok(post),
    }
}

async fn existing(store: &Store, slug: &str, number: i64) -> Result<Entry> {
    let post = writable(store, slug).await?.id;
    let entry = store.read(move |conn| entries::find(conn, post, number));
    let there = entry.await?.filter(|entry| !entry.is_deleted());
    there.ok_or_else(|| missing(slug, number))
}

fn missing(slug: &str, number: i64) -> Error {
    Error::Refused(format!(
        "the post {slug:?} has no entry {number}; `rowlog entry list {slug}` shows those it has"
    ))
}

/// A title on one line; `None` if nothing is left of it.
fn titled(title: Option<&str>) -> Result<Option<String>> {
    let words: Vec<_> = title.unwrap_or_default().split_whitespace().collect();
    let title: String = words.join(" ").chars().filter(|&c| is_text(c)).collect();
    match title.chars().count() {
        0 => Ok(None),
        count if count > TITLE_MAX => Err(Error::Refused(format!(
            "the title has {count} characters, {TITLE_MAX} are the most; please shorten it"
        ))),
        _ => Ok(Some(title)),
    }
}

fn said(body: &str) -> Result<String> {
    match body.trim() {
        "" => Err(Error::Refused(
            "the entry is empty; write something first".into(),
        )),
        body => Ok(body.to_owned()),
    }
}

fn rendered(
    post: PostId,
    number: i64,
    title: Option<String>,
    body: String,
    sizes: &HashMap<String, (u32, u32)>,
) -> NewEntry {
    let rendered = text::markdown::entry(&body, number, &|url| media::size_at(sizes, url));
    NewEntry {
        post,
        number,
        title,
        body,
        rendered,
    }
}
