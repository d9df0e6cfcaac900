//! Comments by form: writing and previewing one. Changing and deleting is in `changes`, forms that come back in `refusal`.

pub mod changes;
mod refusal;

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

use super::client::ClientKey;
use super::error::Failure;
use super::form::Form;
use super::limits::{Act, TooOften};
use super::reader::Reader;
use super::token::TokenHash;
use super::{App, holding, no_store, see_other, session};
use crate::error::{Error, Fields, Result};
use crate::live::frame;
use crate::model::comment::{Comment, NewComment};
use crate::model::id::{CommentId, EventId};
use crate::model::rules::{Rules, Said};
use crate::model::thread::Thread;
use crate::model::typed::{Body, Email, Link, Name};
use crate::store::{clients, comments, log};
use crate::text;
use crate::views::comments::{CommentPart, ThreadPart};
use refusal::{draft_of, page_with, refused};

/// The longest id that a client may give an attempt; a UUID has 36 characters.
const LONGEST_OP: usize = 64;

/// `POST /posts/{slug}/comments`
#[handler]
pub async fn create(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    Path(slug): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let host = Host::of(app, &reader).await?;
    let new = match parse(&form, app, &host) {
        Ok(new) => new,
        Err(errors) => return refused(app, &reader, slug, &form, errors.into()).await,
    };
    let identity = reader.identity()?;
    let added = match new.owner {
        true => add(app, &slug, identity.hash, new, None).await,
        false => match app.admit(Act::Comment, client) {
            Ok(()) => add(app, &slug, identity.hash, new, Some(client)).await,
            Err(too_often) => match find_earlier(app, &slug, identity.hash, new).await {
                Ok(None) => return refused(app, &reader, slug, &form, too_often.into()).await,
                Ok(Some(earlier)) => Ok(earlier),
                Err(error) => Err(error),
            },
        },
    };
    let (comment, event) = match added {
        Err(Error::Invalid(errors)) => {
            return refused(app, &reader, slug, &form, errors.into()).await;
        }
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

/// Records the comment of a `client`; what comes to nothing new is not counted.
async fn add(
    app: &App,
    slug: &str,
    hash: TokenHash,
    mut new: NewComment,
    client: Option<ClientKey>,
) -> Result<(Comment, EventId)> {
    let post = slug.to_owned();
    let network = client.map(|client| client.network());
    let added = app.store.write_repeatable(move |tx| {
        let marks = network.as_ref();
        let marks = marks.map(|network| clients::marks(tx, network));
        new.client = marks.transpose()?;
        let (comment, is_new) = comments::add(tx, &post, &hash, &new)?;
        Ok((comment, log::newest_id(tx)?, is_new))
    });
    let added = added.await;
    if let (Some(client), Err(_) | Ok((.., false))) = (client, &added) {
        app.forget(Act::Comment, client);
    }
    added.map(|(comment, event, _)| (comment, event))
}

/// What an earlier attempt made: sending it once more is not one more comment.
async fn find_earlier(
    app: &App,
    slug: &str,
    hash: TokenHash,
    new: NewComment,
) -> Result<Option<(Comment, EventId)>> {
    let slug = slug.to_owned();
    let found = app.store.read(move |conn| {
        let earlier = comments::earlier(conn, &slug, &hash, &new)?;
        let head = log::head(conn)?.id;
        Ok(earlier.map(|comment| (comment, head)))
    });
    found.await
}

/// `POST /comments/preview`: the text as it will look. With the post's slug beside it the answer is the whole page, the
/// form filled; without, only the rendered text.
#[handler]
pub async fn preview(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    form: Form,
) -> Result<Response, Failure> {
    let too_often = slowed(app, &reader, Act::Preview, client).await?;
    let body = Body::parse(form.get("body"));
    let slug = form.filled("post");
    match (too_often, slug) {
        (Some(too_often), Some(slug)) => {
            return refused(app, &reader, slug.to_owned(), &form, too_often.into()).await;
        }
        (Some(too_often), None) => return Err(too_often.failure()),
        (None, _) => {}
    }
    let Some(slug) = slug else {
        let html = text::comment::html(body.map_err(|why| Error::field("body", why))?.as_str());
        return Ok(fragment(html, &reader));
    };
    let mut draft = draft_of(&form);
    match body {
        Ok(body) => draft.preview = Some(text::comment::html(body.as_str())),
        Err(why) => {
            let errors = Fields::from([("body", why.to_string())]);
            return refused(app, &reader, slug.to_owned(), &form, errors.into()).await;
        }
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

/// The blog that a comment comes to: who its owner is, if it is the owner who writes, and what holds comments.
struct Host {
    owner: Option<String>,
    rules: Arc<Rules>,
}

impl Host {
    async fn of(app: &App, reader: &Reader) -> Result<Host> {
        let settings = app.settings().await?;
        let is_owner = match reader.session_hash {
            None => false, // as of all but one
            Some(_) => {
                let reader = reader.clone();
                let session = app.store.read(move |conn| session::find(conn, &reader));
                session.await?.is_some()
            }
        };
        Ok(Host {
            rules: app.rulebook.rules(&settings),
            owner: is_owner.then(|| settings.owner.clone()),
        })
    }
}

/// Counts an act of the client's, unless it is the owner's; what there is to say if it is too much.
async fn slowed(
    app: &App,
    reader: &Reader,
    act: Act,
    client: ClientKey,
) -> Result<Option<TooOften>> {
    let is_owner = reader.session_hash.is_some() && Host::of(app, reader).await?.owner.is_some();
    Ok(match is_owner {
        true => None,
        false => app.admit(act, client).err(),
    })
}

/// A valid comment, or what is wrong by field. The `owner`'s bears the owner's name, and never waits.
fn parse(form: &Form, app: &App, host: &Host) -> Result<NewComment, Fields> {
    let (mut errors, owner) = (Fields::new(), &host.owner);
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
                None => holding::doubt(app, form).map(Into::into).or_else(|| {
                    let (email, url) = (email.as_ref(), url.as_ref());
                    host.rules.hold(&Said {
                        name: name.as_str(),
                        email: email.map_or("", |email| email.as_str()),
                        url: url.map_or("", |url| url.as_str()),
                        body: body.as_str(),
                        links: text::comment::links(&html),
                    })
                }),
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
                client: None,
                is_limited: app.limits && owner.is_none(),
            })
        }
        _ => Err(errors),
    }
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
    let settings = app.settings().await?;
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
