//! Comments by form: writing, previewing, changing and deleting one.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

use super::error::Failure;
use super::form::Form;
use super::posts::{Draft, PostQuery};
use super::reader::Reader;
use super::{App, issued, no_store, see_other, session};
use crate::error::{Error, Fields, Result};
use crate::live::frame;
use crate::model::comment::{Changer, Comment, NewComment};
use crate::model::id::{CommentId, EventId};
use crate::model::thread::Thread;
use crate::model::time::Timestamp;
use crate::model::typed::{Body, Email, Link, Name};
use crate::store::{Tx, comments, log, settings};
use crate::text;

use crate::views::comments::{CommentEditPage, CommentPart, ThreadPart, Typed};

/// The longest id that a client may give an attempt; a UUID has 36 characters.
const LONGEST_OP: usize = 64;

/// `POST /posts/{slug}/comments`
#[handler]
pub async fn create(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(slug): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let owner = owner(app, &reader).await?;
    let new = match parse(&form, app, owner) {
        Ok(new) => new,
        Err(errors) => return refused(app, &reader, slug, &form, errors).await,
    };
    let identity = reader.identity()?;
    let hash = identity.hash;
    let post = slug.clone();
    let added = app
        .store
        .write(move |tx| Ok((comments::add(tx, &post, &hash, &new)?, log::head(tx)?.id)))
        .await;
    let (comment, event) = match added {
        Err(Error::Invalid(errors)) => return refused(app, &reader, slug, &form, errors).await,
        Err(error) => return Err(Failure::from(error).with_typed(form.get("body"))),
        Ok(added) => added,
    };
    let mut answer = match reader.wants_json {
        true => json_answer(app, StatusCode::CREATED, comment, event).await?,
        false => see_other(&comment.path()),
    };
    identity.give(&mut answer, app.is_secure());
    Ok(answer)
}

/// `POST /comments/preview`: the text as it will look. With the post's slug beside it the answer is the whole page, the
/// form filled; without, only the rendered text.
#[handler]
pub async fn preview(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Failure> {
    let body = Body::parse(form.get("body"));
    let Some(slug) = form.filled("post") else {
        let html = text::comment::html(body.map_err(|why| Error::field("body", why))?.as_str());
        return Ok(fragment(html, &reader));
    };
    let mut draft = draft_of(&form);
    match body {
        Ok(body) => draft.preview = Some(text::comment::html(body.as_str())),
        Err(why) => draft.errors = Fields::from([("body", why.to_string())]),
    }
    page_with(app, &reader, slug.to_owned(), draft).await
}

/// `GET /comments/{id}`: leads to where the comment stands.
#[handler]
pub async fn find(Data(app): Data<&Arc<App>>, Path(id): Path<i64>) -> Result<Response, Failure> {
    let comment = app
        .store
        .read(move |conn| comments::published(conn, CommentId(id)));
    Ok(see_other(&comment.await?.path()))
}

/// `GET /comments/{id}/edit`
#[handler]
pub async fn edit(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let answer = app.page(&reader, move |moment| {
        let comment = comments::changeable(moment.conn, CommentId(id), &moment.changer())?;
        Ok(CommentEditPage::new(moment.frame(), &comment, &comment.body, None).render()?)
    });
    let mut answer = answer.await?;
    no_store(&mut answer);
    Ok(answer)
}

/// `POST /comments/{id}`
#[handler]
pub async fn change(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Failure> {
    let id = CommentId(id);
    let body = match Body::parse(form.get("body")) {
        Ok(body) => body,
        Err(why) => return edit_refused(app, &reader, id, &form, why.to_string()).await,
    };
    let html = text::comment::html(body.as_str());
    let changed = app
        .store
        .write(move |tx| {
            let changer = changer(tx, &reader)?;
            Ok((
                comments::edit(tx, id, &changer, &body, &html)?,
                log::head(tx)?.id,
                reader.wants_json,
            ))
        })
        .await;
    let (comment, event, wants_json) =
        changed.map_err(|error| Failure::from(error).with_typed(form.get("body")))?;
    Ok(if wants_json {
        json_answer(app, StatusCode::OK, comment, event).await?
    } else {
        see_other(&comment.path())
    })
}

/// `POST /comments/{id}/deletion`
#[handler]
pub async fn remove(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let wants_json = reader.wants_json;
    let deleted = app.store.write(move |tx| {
        let changer = changer(tx, &reader)?;
        Ok((
            comments::delete(tx, CommentId(id), &changer)?,
            log::head(tx)?.id,
        ))
    });
    let (comment, event) = deleted.await?;
    if wants_json {
        let body = json!({ "comment": comment.id, "deleted": true });
        return Ok(with_cursor(StatusCode::OK, body, event));
    }
    let page = comment.path();
    let page = page.split('#').next().unwrap_or_default();
    Ok(see_other(&format!("{page}#comments")))
}

/// Who asks to change a comment.
fn changer(tx: &Tx, reader: &Reader) -> Result<Changer> {
    Ok(Changer {
        visitor: reader.visitor(tx)?.map(|visitor| visitor.id),
        owner: session::find(tx, reader)?.is_some(),
        window: settings::load(tx)?.edit_minutes * 60_000,
    })
}

/// The owner's name, if it is the owner who writes.
async fn owner(app: &App, reader: &Reader) -> Result<Option<String>> {
    if reader.session_hash.is_none() {
        return Ok(None);
    }
    let reader = reader.clone();
    let name = app
        .store
        .read(move |conn| match session::find(conn, &reader)? {
            Some(_) => settings::get(conn, "owner"),
            None => Ok(None),
        });
    name.await
}

/// A valid comment, or what is wrong by field. The `owner`'s bears the owner's name, and never waits.
fn parse(form: &Form, app: &App, owner: Option<String>) -> Result<NewComment, Fields> {
    let mut errors = Fields::new();
    let name = Name::parse(owner.as_deref().unwrap_or(form.get("name")))
        .map_err(|why| errors.insert("name", why.to_string()))
        .ok();
    let body = Body::parse(form.get("body"))
        .map_err(|why| errors.insert("body", why.to_string()))
        .ok();
    let email = Email::parse(form.get("email"))
        .map_err(|why| errors.insert("email", why.to_string()))
        .ok();
    let url = Link::parse(form.get("url"))
        .map_err(|why| errors.insert("url", why.to_string()))
        .ok();
    let parent = form.filled("parent").map(str::parse::<i64>).transpose();
    let parent = parent
        .map_err(|_| errors.insert("parent", "the comment you answer does not exist".into()))
        .ok();
    let op = form
        .filled("op")
        .filter(|op| op.len() <= LONGEST_OP)
        .map(Into::into);
    match (name, body, email, url, parent) {
        (Some(name), Some(body), Some(email), Some(url), Some(parent)) => {
            let html = text::comment::html(body.as_str());
            let held_for = match owner {
                Some(_) => None,
                None => held_for(form, app),
            };
            Ok(NewComment {
                name,
                email,
                url,
                body,
                html,
                parent: parent.map(CommentId),
                op,
                show_name: form.filled("show_name").is_some(),
                owner: owner.is_some(),
                held_for,
            })
        }
        _ => Err(errors),
    }
}

/// Why a comment must wait for the owner. Nothing here can lose it.
fn held_for(form: &Form, app: &App) -> Option<&'static str> {
    let trapped = form
        .filled("website")
        .map(|_| "the field that people do not see was filled");
    trapped.or_else(|| match app.limits {
        true => issued::doubt(&app.form_key, form.get("issued"), Timestamp::now()),
        false => None,
    })
}

fn draft_of(form: &Form) -> Draft {
    let field = |name: &str| form.get(name).to_owned();
    let typed = Typed {
        name: field("name"),
        email: field("email"),
        url: field("url"),
        body: field("body"),
        show_name: form.filled("show_name").is_some(),
    };
    let parent = form
        .filled("parent")
        .and_then(|id| id.parse().ok())
        .map(CommentId);
    Draft {
        typed,
        parent,
        ..Draft::default()
    }
}

/// The same page again: the input kept, each message at its field.
async fn refused(
    app: &App,
    reader: &Reader,
    slug: String,
    form: &Form,
    errors: Fields,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(Error::Invalid(errors).into());
    }
    let draft = Draft {
        errors,
        ..draft_of(form)
    };
    page_with(app, reader, slug, draft)
        .await
        .map_err(|failure| failure.with_typed(form.get("body")))
}

/// A post's page with `draft` in its composer; 422 if something is wrong with the draft.
async fn page_with(
    app: &App,
    reader: &Reader,
    slug: String,
    draft: Draft,
) -> Result<Response, Failure> {
    let status = if draft.errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let key = app.form_key.clone();
    let page = app.page(reader, move |moment| {
        moment.post(&slug, PostQuery::default(), &draft, &key)
    });
    let mut answer = page.await?;
    answer.set_status(status);
    no_store(&mut answer);
    Ok(answer)
}

async fn edit_refused(
    app: &App,
    reader: &Reader,
    id: CommentId,
    form: &Form,
    why: String,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(Error::field("body", why).into());
    }
    let typed = form.get("body").to_owned();
    let page = app.page(reader, move |moment| {
        let comment = comments::changeable(moment.conn, id, &moment.changer())?;
        Ok(CommentEditPage::new(moment.frame(), &comment, &typed, Some(&why)).render()?)
    });
    let mut answer = page
        .await
        .map_err(|error| Failure::from(error).with_typed(form.get("body")))?;
    answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    no_store(&mut answer);
    Ok(answer)
}

/// Rendered text alone, for the page's script or for a program.
fn fragment(html: String, reader: &Reader) -> Response {
    let (kind, body) = match reader.wants_json {
        true => (
            "application/json; charset=utf-8",
            json!({ "html": html }).to_string(),
        ),
        false => ("text/html; charset=utf-8", html),
    };
    let mut answer = Response::builder().content_type(kind).body(body);
    no_store(&mut answer);
    answer
}

/// The comment as everyone gets it, and `thread`: as the page shows it to its writer, who can still change it.
async fn json_answer(
    app: &App,
    status: StatusCode,
    comment: Comment,
    event: EventId,
) -> Result<Response> {
    let settings = app.store.read(settings::load).await?;
    let manner = &settings.manner();
    let mut body =
        json!({ "comment": frame::summary(&comment, &manner.reactions), "url": comment.path() });
    body["comment"]["status"] = comment.status.as_str().into();
    body["html"] = CommentPart {
        comment: &comment,
        manner,
    }
    .render()?
    .into();
    body["op"] = json!(comment.op);
    let thread = Thread {
        comment,
        own: true,
        replies: Vec::new(),
    };
    body["thread"] = ThreadPart::of(&thread, manner).render()?.into();
    Ok(with_cursor(status, body, event))
}

/// JSON with the id of the newest event that the answer includes.
pub fn with_cursor(status: StatusCode, body: serde_json::Value, event: EventId) -> Response {
    let answer = Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8");
    let mut answer = answer
        .header("event-cursor", event.to_string())
        .body(body.to_string());
    no_store(&mut answer);
    answer
}
