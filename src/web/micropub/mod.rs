//! Posting from apps: the Micropub endpoint and its media endpoint.
//!
//! An app is known by a token that the owner made at the desk; no cookie counts here. Everything is answered in JSON or
//! by a status, never with a page. Source: W3C Micropub (Recommendation of 23 May 2017).

pub mod access;
mod around;
mod body;
mod changes;
mod entry;
mod files;
mod refusal;

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Body, IntoResponse, Request, Response, handler};
use rusqlite::Connection;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{App, no_store};
use crate::error::Error;
use crate::model::app::Scope;
use crate::model::post::{NewPost, Status};
use crate::model::source::Source;
use crate::store::{Tx, lists, media, posts, sources, trash};
use around::Home;
use body::{Kind, Properties, Sent};
use changes::Changes;
use entry::Entry;
use refusal::Refusal;

/// The path of the endpoint.
pub const PATH: &str = "/micropub";

/// The path of the media endpoint.
pub const MEDIA: &str = "/micropub/media";

/// `GET /micropub?q=…`
#[handler]
pub async fn ask(Data(app): Data<&Arc<App>>, req: &Request) -> Response {
    answered(told(app, req).await)
}

/// `POST /micropub`
#[handler]
pub async fn act(Data(app): Data<&Arc<App>>, req: &Request, body: Body) -> Response {
    answered(done(app, req, body).await)
}

/// `POST /micropub/media`
#[handler]
pub async fn upload(Data(app): Data<&Arc<App>>, req: &Request, body: Body) -> Response {
    answered(kept(app, req, body).await)
}

fn answered(answer: Result<Response, Refusal>) -> Response {
    let mut answer = answer.unwrap_or_else(IntoResponse::into_response);
    no_store(&mut answer);
    answer
}

async fn told(app: &App, req: &Request) -> Result<Response, Refusal> {
    let token = access::bearer(req.headers())?;
    let who = access::app(app, token.as_deref()).await?;
    let query = req.uri().query().unwrap_or_default();
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_ref())
    };
    let told = match field("q") {
        Some("config") => config(app),
        Some("syndicate-to") => json!({ "syndicate-to": [] }),
        Some("category") => {
            let tags = app.store.read(lists::tags).await?;
            let names: Vec<_> = tags.into_iter().map(|count| count.tag.name).collect();
            json!({ "categories": names })
        }
        Some("source") => {
            access::allow(&who, Scope::Update)?;
            let url = field("url").ok_or_else(|| Refusal::invalid("url is missing"))?;
            let home = home(app, req);
            let path = path(&home, url)?;
            let source = app.store.read(move |conn| find(conn, &path)).await?;
            let asked = |key: &str| key == "properties" || key == "properties[]";
            let wanted = fields.iter().filter(|(key, _)| asked(key));
            let wanted: Vec<&str> = wanted.map(|(_, name)| name.as_ref()).collect();
            source_as_json(entry::properties(&source, &home), &wanted)
        }
        _ => {
            let why = "q is one of config, source, syndicate-to and category";
            return Err(Refusal::invalid(why));
        }
    };
    Ok(json_answer(&told))
}

fn config(app: &App) -> Value {
    json!({
        "media-endpoint": format!("{}{MEDIA}", app.base_url),
        "syndicate-to": [],
        "q": ["config", "source", "syndicate-to", "category"],
        "post-types": [
            { "type": "note", "name": "Note" },
            { "type": "article", "name": "Article" },
            { "type": "photo", "name": "Photo" },
        ],
        "visibility": ["public", "unlisted"],
    })
}

fn source_as_json(mut properties: Properties, wanted: &[&str]) -> Value {
    if wanted.is_empty() {
        return json!({ "type": ["h-entry"], "properties": properties });
    }
    properties.retain(|name, _| wanted.contains(&name.as_str()));
    json!({ "properties": properties })
}

async fn done(app: &App, req: &Request, body: Body) -> Result<Response, Refusal> {
    let kind = Kind::of(req.headers())?;
    let token = access::bearer(req.headers())?;
    // Whoever has no token to show shall not send more than a form.
    let known = match (&token, &kind) {
        (None, Kind::Form) => None,
        _ => Some(access::app(app, token.as_deref()).await?),
    };
    let bytes = body::bytes(body, kind.longest()).await?;
    let sent = body::parse(kind, bytes).await?;
    let who = match (known, sent.command("access_token")) {
        (Some(_), Some(_)) => {
            let why = "the token came twice, in the header and in the body";
            return Err(Refusal::invalid(why));
        }
        (Some(who), None) => who,
        (None, token) => access::app(app, token).await?,
    };
    let home = home(app, req);
    match sent.command("action") {
        None | Some("create") => {
            access::allow(&who, Scope::Create)?;
            create(app, home, sent).await
        }
        Some("update") => {
            access::allow(&who, Scope::Update)?;
            update(app, home, sent).await
        }
        Some("delete") => {
            access::allow(&who, Scope::Delete)?;
            change_place(app, &home, &sent, trash::put).await
        }
        Some("undelete") => {
            access::allow(&who, Scope::Undelete)?;
            change_place(app, &home, &sent, trash::take_out).await
        }
        Some(_) => Err(Refusal::invalid(
            "action is one of create, update, delete and undelete",
        )),
    }
}

async fn create(app: &App, home: Home, sent: Sent) -> Result<Response, Refusal> {
    let kind = sent.command("h").or_else(|| sent.command("type"));
    if !matches!(kind, None | Some("entry" | "h-entry")) {
        return Err(Refusal::invalid("only entries are taken, h=entry"));
    }
    let slug = sent.command("mp-slug").map(str::to_owned);
    let alts = sent.commands.get("mp-photo-alt").cloned();
    let mut properties = sent.properties;
    for file in sent.files {
        let address = files::keep(app, &file.name, file.bytes).await?;
        let values = properties.entry(file.property).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(format!("{}{address}", app.base_url).into());
        }
    }
    describe(&mut properties, alts);
    let entry = Entry::of(properties)?;
    if entry.is_empty() {
        let why = "there is nothing to post: no content, no name and no photo";
        return Err(Refusal::invalid(why));
    }
    let rendered = app.store.read(move |conn| {
        let pictures = media::pictures(conn)?;
        Ok(entry.into_post(&home, slug.as_deref(), None, &pictures))
    });
    let new = rendered.await?;
    let (path, status) = app.store.write(move |tx| add(tx, new)).await?;
    let status = match status {
        Status::Scheduled => StatusCode::ACCEPTED,
        _ => StatusCode::CREATED,
    };
    Ok(made(app, &path, status))
}

/// Gives photos the descriptions that some apps send beside them.
fn describe(properties: &mut Properties, alts: Option<Value>) {
    let photos = properties.get_mut("photo").and_then(Value::as_array_mut);
    let alts = alts.as_ref().and_then(Value::as_array);
    for (photo, alt) in photos.into_iter().flatten().zip(alts.into_iter().flatten()) {
        if photo.is_string() {
            *photo = json!({ "value": photo.take(), "alt": alt });
        }
    }
}

/// Adds a post beside all others, and says its path and where it stands. One that was sent twice is one.
fn add(tx: &Tx, mut new: NewPost) -> crate::error::Result<(String, Status)> {
    let id = match sources::twin(tx, &new)? {
        Some(twin) => twin,
        None => {
            new.slug = posts::free_slug(tx, new.kind, &new.slug)?;
            posts::save(tx, &new)?.0
        }
    };
    let post = posts::by_id(tx, id)?.ok_or(Error::NotFound)?;
    Ok((post.path(), post.status))
}

async fn update(app: &App, home: Home, sent: Sent) -> Result<Response, Refusal> {
    let path = path(&home, sent.command("url").unwrap_or_default())?;
    let changes = Changes::of(sent.commands)?;
    let changed = app
        .store
        .read(move |conn| Ok(changed(conn, &path, &home, changes)));
    let (before, new) = changed.await??;
    let save = move |tx: &Tx| {
        let now = posts::by_id(tx, before.post.id)?.ok_or(Error::NotFound)?;
        if now.version != before.post.version {
            return Err(Error::Unavailable(
                "the post was changed elsewhere at the same moment; please try again",
            ));
        }
        posts::save(tx, &new).map(drop)
    };
    app.store.write(save).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn changed(
    conn: &Connection,
    path: &str,
    home: &Home,
    changes: Changes,
) -> Result<(Source, NewPost), Refusal> {
    let source = find(conn, path)?;
    if source.post.status == Status::Deleted {
        return Err(Refusal::invalid(
            "the post is in the trash; undelete it first",
        ));
    }
    let mut properties = entry::properties(&source, home);
    changes.apply(&mut properties);
    let pictures = media::pictures(conn)?;
    let new = Entry::of(properties)?.into_post(home, None, Some(&source), &pictures);
    Ok((source, new))
}

async fn change_place(
    app: &App,
    home: &Home,
    sent: &Sent,
    change: fn(&Tx, crate::model::id::PostId) -> crate::error::Result<()>,
) -> Result<Response, Refusal> {
    let path = path(home, sent.command("url").unwrap_or_default())?;
    let change = move |tx: &Tx| change(tx, find(tx, &path)?.post.id);
    app.store.write(change).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn kept(app: &App, req: &Request, body: Body) -> Result<Response, Refusal> {
    let kind = Kind::of(req.headers())?;
    let token = access::bearer(req.headers())?;
    let who = access::app(app, token.as_deref()).await?;
    if !who.scopes.has(Scope::Create) {
        access::allow(&who, Scope::Media)?;
    }
    let Kind::Multipart(_) = kind else {
        return Err(Refusal::of_type("a file comes as multipart/form-data"));
    };
    let bytes = body::bytes(body, kind.longest()).await?;
    let sent = body::parse(kind, bytes).await?;
    let mut files = sent.files.into_iter();
    let file = files.find(|file| file.property == "file");
    let file = file.ok_or_else(|| Refusal::invalid("there is no part named file"))?;
    let address = files::keep(app, &file.name, file.bytes).await?;
    Ok(made(app, &address, StatusCode::CREATED))
}

fn home(app: &App, req: &Request) -> Home {
    let host = req.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).map(str::to_owned);
    Home {
        base_url: app.base_url.clone(),
        host: host.filter(|_| !app.base_url_is_given),
    }
}

fn path(home: &Home, url: &str) -> Result<String, Refusal> {
    home.path(url).ok_or_else(|| {
        Refusal::invalid(match url {
            "" => "url is missing".into(),
            url => format!("{url} is no address of this blog"),
        })
    })
}

fn find(conn: &Connection, path: &str) -> crate::error::Result<Source> {
    sources::at(conn, path)?.ok_or(Error::NotFound)
}

fn made(app: &App, path: &str, status: StatusCode) -> Response {
    Response::builder()
        .status(status)
        .header(header::LOCATION, format!("{}{path}", app.base_url))
        .finish()
}

fn json_answer(value: &Value) -> Response {
    Response::builder()
        .content_type("application/json; charset=utf-8")
        .body(value.to_string())
}
