//! Saving from the editor: a manuscript as typed, or a post as it shall be.

use crate::error::{Error, Result};
use crate::model::id::PostId;
use crate::model::manuscript::{Fair, Manuscript, Seen};
use crate::model::post::{Discussion, NewPost, PostKind, Rendered, Status};
use crate::store::{self, Tx, manuscripts, posts, settings};
use crate::text::{markdown, slug};
use crate::web::App;
use crate::web::form::Form;
use crate::web::token;
use serde_json::{Map, Value};

/// The longest id that a form may give its attempt; ours have 64 characters.
const LONGEST_OP: usize = 64;

/// What a form says of itself beside the fields of the post.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The versions that it has seen, if it is of a post that is there.
    pub seen: Option<Seen>,
    /// Which attempt it is to make a post: the same form sent twice is one.
    pub attempt: Option<[u8; 32]>,
}

impl Sent {
    /// Reads `seen` (`3.1`, the version of the post and of its manuscript) and `op`. Another text under the same `op` is
    /// another attempt: somebody went back to a form that was sent, and wrote the next post in it.
    pub fn of(form: &Form, manuscript: &Manuscript) -> Sent {
        let op = form.filled("op").filter(|op| op.len() <= LONGEST_OP);
        Sent {
            seen: seen(form),
            attempt: op
                .map(|op| token::hash(&format!("{op} {} {manuscript:?}", form.get("status")))),
        }
    }
}

/// Which versions the form has seen: `3.1`, the post's and the manuscript's.
pub fn seen(form: &Form) -> Option<Seen> {
    let (post, manuscript) = form.get("seen").split_once('.')?;
    Some(Seen {
        post: post.parse().ok()?,
        manuscript: manuscript.parse().ok()?,
    })
}

/// Keeps the form as typed, beside the post that readers see.
///
/// Errors: [`Error::Conflict`] if that was changed elsewhere, [`Error::Invalid`] if the form does not say what it has seen.
pub async fn keep(
    app: &App,
    id: Option<PostId>,
    manuscript: Manuscript,
    sent: Sent,
) -> Result<(PostId, Seen)> {
    let wanted = slug::or_else(&manuscript.title, "untitled");
    let saved = app.store.write(move |tx| match (id, sent.seen) {
        (Some(id), Some(since)) => Ok((id, manuscripts::save(tx, id, &manuscript, since)?)),
        (Some(_), None) => Err(Error::field(
            "seen",
            "say which version of the post this form has seen",
        )),
        (None, _) => once(tx, &sent, 1, |tx| {
            let fair = manuscript.fair(&settings::load(tx)?.zone()).ok();
            let kind = fair.map(|fair| fair.kind).unwrap_or(PostKind::Post);
            let empty = NewPost {
                kind,
                slug: posts::free_slug(tx, kind, &wanted)?,
                ..unwritten(manuscript.name())
            };
            let (id, _) = posts::save(tx, &empty)?;
            let since = manuscripts::seen(tx, id)?;
            manuscripts::save(tx, id, &manuscript, since)?;
            Ok(id)
        }),
    });
    saved.await
}

/// Makes the post what the form says, and forgets what was kept of it.
///
/// Errors: as [`keep`], and [`Error::Invalid`] by field.
pub async fn publish(
    app: &App,
    id: Option<PostId>,
    manuscript: &Manuscript,
    status: Status,
    sent: Sent,
) -> Result<(PostId, Seen)> {
    let zone = app
        .store
        .read(|conn| Ok(settings::load(conn)?.zone()))
        .await?;
    let fair = manuscript.fair(&zone).map_err(Error::Invalid)?;
    let rendered = render(app, &fair.body).await?;
    let published = app.store.write(move |tx| match id {
        None => once(tx, &sent, 0, |tx| {
            let slug = address(tx, None, &fair)?;
            Ok(posts::save(tx, &ready(fair, rendered, slug, status, Map::new()))?.0)
        }),
        Some(id) => {
            let slug = address(tx, Some(id), &fair)?;
            if let Some(since) = sent.seen {
                manuscripts::expect(tx, id, since)?;
            }
            let extra = posts::extra(tx, id)?;
            posts::change(tx, id, &ready(fair, rendered, slug, status, extra))?;
            manuscripts::forget(tx, id)?;
            Ok((id, manuscripts::seen(tx, id)?))
        }
    });
    published.await
}

/// The post that `make` makes, or has made by the same attempt before, with the versions that the attempt left behind:
/// whoever gets its answer late has seen no others. A new post has version 1, and its manuscript `manuscript`.
fn once(
    tx: &Tx,
    sent: &Sent,
    manuscript: i64,
    make: impl FnOnce(&Tx) -> Result<PostId>,
) -> Result<(PostId, Seen)> {
    let seen = Seen {
        post: 1,
        manuscript,
    };
    let Some(attempt) = &sent.attempt else {
        return Ok((make(tx)?, seen));
    };
    if let Some(id) = posts::made_by(tx, attempt)? {
        return Ok((id, seen));
    }
    let id = make(tx)?;
    posts::mark_made(tx, id, attempt)?;
    Ok((id, seen))
}

/// The address of a post: the one its author chose, else the one it has, else one made from its title.
///
/// Errors: [`Error::Invalid`] if another post has it.
fn address(tx: &Tx, id: Option<PostId>, fair: &Fair) -> Result<String> {
    let Some(chosen) = &fair.slug else {
        return match id {
            Some(id) => Ok(posts::by_id(tx, id)?.ok_or(Error::NotFound)?.slug),
            None => posts::free_slug(tx, fair.kind, &slug::or_else(&fair.title, "post")),
        };
    };
    match posts::find(tx, fair.kind, chosen)? {
        Some(other) if Some(other.id) != id => {
            let why = format!(
                "“{}” has this address already. Please choose another.",
                other.title
            );
            Err(Error::field("slug", why))
        }
        _ => Ok(chosen.clone()),
    }
}

/// A post that nothing was written of yet.
fn unwritten(title: &str) -> NewPost {
    NewPost {
        kind: PostKind::Post,
        slug: String::new(),
        title: title.into(),
        summary: None,
        body: String::new(),
        rendered: Rendered::default(),
        tags: Vec::new(),
        status: Status::Draft,
        lang: None,
        published_at: None,
        updated_at: None,
        comments_open: None,
        discussion: Discussion::default(),
        old_paths: Vec::new(),
        extra: "{}".into(),
    }
}

/// The post; `extra` is the front matter that it has.
fn ready(
    fair: Fair,
    rendered: Rendered,
    slug: String,
    status: Status,
    mut extra: Map<String, Value>,
) -> NewPost {
    fair.front.put_into(&mut extra);
    NewPost {
        kind: fair.kind,
        slug,
        summary: fair.summary,
        body: fair.body,
        rendered,
        tags: fair.tags,
        status,
        lang: fair.lang,
        published_at: fair.published_at,
        comments_open: Some(fair.comments_open),
        discussion: fair.discussion,
        extra: Value::Object(extra).to_string(),
        ..unwritten(&fair.title)
    }
}

/// The text as readers will see it.
pub async fn render(app: &App, body: &str) -> Result<Rendered> {
    let body = body.to_owned();
    let rendered = app.store.read(move |conn| {
        let pictures = store::media::pictures(conn)?;
        Ok(markdown::post(&body, &|url: &str| pictures.at(url)))
    });
    rendered.await
}
