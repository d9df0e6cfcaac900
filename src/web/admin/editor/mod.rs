//! The editor: one form, saved as typed, and published when its author says so.
//!
//! A post that readers see changes only by `status`; without it the form is kept as a manuscript beside the post. Every
//! form says which versions it has seen, so that two windows never overwrite each other silently.

mod saving;

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use rusqlite::Connection;
use serde_json::json;

use super::super::error::Failure;
use super::super::form::{Form, LongForm};
use super::super::moment::cursor;
use super::super::reader::Reader;
use super::super::{App, no_store, see_other, token};
use super::preview;
use crate::error::{Error, Result};
use crate::model::id::{PostId, RevisionId};
use crate::model::manuscript::{Manuscript, Seen};
use crate::model::media::{self, Item};
use crate::model::post::{self, Post, Status};
use crate::store::media::Wanted;
use crate::store::{self, Tx, manuscripts, posts, revisions, settings};
use crate::views::desk::editor::{Around, EditorPage, EditorView, Trouble};
use saving::Sent;

/// Pictures among which a cover is chosen: the newest of the library.
const COVERS: i64 = 60;

/// `GET /admin/posts/new`
#[handler]
pub async fn blank(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    let view = EditorView {
        op: token::fresh()?,
        ..EditorView::default()
    };
    page(app, &reader, view).await
}

/// `GET /admin/posts/{id}`
#[handler]
pub async fn open(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let view = app.store.read(move |conn| {
        let zone = settings::load(conn)?.zone();
        let post = posts::by_id(conn, PostId(id))?.ok_or(Error::NotFound)?;
        let kept = manuscripts::find(conn, post.id)?;
        let kept_at = kept.as_ref().map(|kept| kept.saved_at);
        let manuscript = match kept {
            Some(kept) => kept.manuscript,
            None => Manuscript::of(&post, posts::body(conn, post.id)?, &zone),
        };
        Ok(EditorView {
            cursor: Some(cursor(conn)?),
            seen: Some(manuscripts::seen(conn, post.id)?),
            post: Some(post),
            manuscript,
            kept_at,
            ..EditorView::default()
        })
    });
    page(app, &reader, view.await?).await
}

/// `POST /admin/posts/new`
#[handler]
pub async fn create(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    keep(app, &reader, None, &form).await
}

/// `POST /admin/posts/{id}`
#[handler]
pub async fn save(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    keep(app, &reader, Some(PostId(id)), &form).await
}

/// `POST /admin/posts/{id}/manuscript/deletion`: throws away what readers do not see.
#[handler]
pub async fn discard(Data(app): Data<&Arc<App>>, Path(id): Path<i64>) -> Result<Response, Failure> {
    let id = PostId(id);
    app.store
        .write(move |tx| manuscripts::forget(tx, id))
        .await?;
    Ok(see_other(&format!("/admin/posts/{id}")))
}

/// `POST /admin/posts/{id}/revisions/{revision}/restoration`: puts an earlier text into the editor, where it is one press
/// away from being published again.
#[handler]
pub async fn reopen(
    Data(app): Data<&Arc<App>>,
    Path((id, revision)): Path<(i64, i64)>,
) -> Result<Response, Failure> {
    let id = PostId(id);
    let restore = move |tx: &Tx| {
        let post = posts::by_id(tx, id)?.ok_or(Error::NotFound)?;
        let (revision, _) = revisions::pair(tx, id, RevisionId(revision))?;
        let post = Post {
            front: revision.front,
            ..post
        };
        let zone = settings::load(tx)?.zone();
        let manuscript = Manuscript {
            title: revision.title,
            summary: revision.summary.unwrap_or_default(),
            ..Manuscript::of(&post, revision.body, &zone)
        };
        let since = manuscripts::seen(tx, id)?;
        manuscripts::save(tx, id, &manuscript, since)
    };
    app.store.write(restore).await?;
    Ok(see_other(&format!("/admin/posts/{id}")))
}

/// `POST /admin/preview`: the text as readers will see it.
#[handler]
pub async fn render_preview(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    let rendered = saving::render(app, form.get("body")).await?;
    let id = form.filled("id").and_then(|id| id.parse().ok()).map(PostId);
    if reader.wants_json {
        let minutes = post::minutes(rendered.words.into());
        let body = json!({ "html": rendered.html, "words": rendered.words, "minutes": minutes });
        let kind = "application/json; charset=utf-8";
        return Ok(Response::builder()
            .content_type(kind)
            .body(body.to_string()));
    }
    let view = EditorView {
        preview: Some(rendered.html),
        ..again(app, id, &form).await?
    };
    page(app, &reader, view).await
}

/// What the form asks for: to be kept as typed, or to make the post what it says.
async fn keep(
    app: &App,
    reader: &Reader,
    id: Option<PostId>,
    form: &Form,
) -> Result<Response, Failure> {
    let manuscript = typed(form);
    let sent = Sent::of(form, &manuscript);
    // A script keeps what is half typed; whoever presses a button wants to know.
    let trouble = manuscript.slug_trouble().filter(|_| !reader.wants_json);
    let saved = match (form.filled("status"), trouble) {
        (None, Some(why)) => Err(Error::field("slug", why)),
        (None, None) => saving::keep(app, id, manuscript, sent).await,
        (Some(word), _) => match Status::parse(word).filter(|status| *status != Status::Deleted) {
            Some(status) => saving::publish(app, id, &manuscript, status, sent).await,
            None => Err(Error::field(
                "status",
                "Choose draft, published or unlisted.",
            )),
        },
    };
    match saved {
        Ok((kept, seen)) if reader.wants_json => Ok(kept_answer(kept, seen, id.is_none())),
        Ok((id, _)) => Ok(see_other(&format!("/admin/posts/{id}"))),
        Err(error) if reader.wants_json => Err(error.into()),
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            refused(app, reader, id, form, error).await
        }
        Err(error) => Err(Failure::from(error).with_typed(form.get("body"))),
    }
}

/// The fields of the form, as typed.
fn typed(form: &Form) -> Manuscript {
    let field = |name: &str| form.get(name).to_owned();
    Manuscript {
        kind: field("kind"),
        title: field("title"),
        slug: field("slug"),
        summary: field("summary"),
        tags: field("tags"),
        publish_at: field("publish_at"),
        lang: field("lang"),
        comments: field("comments"),
        discussion: field("discussion"),
        pinned: field("pinned"),
        dir: field("dir"),
        close_after_days: field("close_after_days"),
        cover: field("cover"),
        cover_alt: field("cover_alt"),
        canonical_url: field("canonical_url"),
        body: field("body"),
    }
}

fn kept_answer(id: PostId, seen: Seen, is_new: bool) -> Response {
    let body = json!({ "id": id, "seen": seen.to_string(), "url": format!("/admin/posts/{id}") });
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut answer = Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(body.to_string());
    no_store(&mut answer);
    answer
}

/// The editor again, with what was typed.
async fn again(app: &App, id: Option<PostId>, form: &Form) -> Result<EditorView> {
    let post = match id {
        Some(id) => app.store.read(move |conn| posts::by_id(conn, id)).await?,
        None => None,
    };
    Ok(EditorView {
        seen: saving::seen(form),
        op: form.get("op").to_owned(),
        post,
        manuscript: typed(form),
        ..EditorView::default()
    })
}

async fn refused(
    app: &App,
    reader: &Reader,
    id: Option<PostId>,
    form: &Form,
    error: Error,
) -> Result<Response, Failure> {
    let mut view = again(app, id, form).await?;
    let (status, trouble) = match (error, id) {
        (Error::Conflict(_), Some(id)) => {
            view.seen = Some(
                app.store
                    .read(move |conn| manuscripts::seen(conn, id))
                    .await?,
            );
            (StatusCode::CONFLICT, Trouble::ChangedElsewhere)
        }
        (Error::Invalid(fields), _) => (StatusCode::UNPROCESSABLE_ENTITY, Trouble::Fields(fields)),
        (error, _) => return Err(error.into()),
    };
    view.trouble = trouble;
    let mut answer = page(app, reader, view).await?;
    answer.set_status(status);
    Ok(answer)
}

async fn page(app: &App, reader: &Reader, view: EditorView) -> Result<Response, Failure> {
    let key = app.form_key.clone();
    let page = app.page(reader, move |moment| {
        let link = view.post.as_ref().map(|post| preview::path(&key, post.id));
        let covers = covers(moment.conn, &view.manuscript.cover)?;
        let around = Around {
            link,
            covers: &covers,
            close_after_days: moment.settings.close_after_days,
        };
        let cursor = match view.cursor {
            Some(cursor) => cursor,
            None => moment.cursor()?,
        };
        Ok(EditorPage::new(moment.frame(), &view, around, cursor).render()?)
    });
    Ok(page.await?)
}

/// The newest pictures of the library, the `chosen` one first if it is none of them.
fn covers(conn: &Connection, chosen: &str) -> Result<Vec<Item>> {
    let wanted = Wanted {
        kind: "image/".into(),
        ..Wanted::default()
    };
    let mut covers = store::media::page(conn, &wanted, 0, COVERS)?;
    if let Some(hash) = media::hash_in(chosen)
        && covers.iter().all(|item| item.hash != hash)
        && let Some(item) = store::media::item(conn, hash)?
    {
        covers.insert(0, item);
    }
    Ok(covers)
}
