//! Reactions by form: a button gives one, the same button takes it back.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

use super::client::ClientKey;
use super::comments::with_cursor;
use super::error::Failure;
use super::form::Form;
use super::limits::Act;
use super::reader::Reader;
use super::{App, see_other};
use crate::error::{Error, Result};
use crate::live::frame::counts;
use crate::model::id::{CommentId, EventId, PostId};
use crate::model::post::PostKind;
use crate::model::reaction::{ReactionKind, Tally, Target};
use crate::store::{Tx, bans, clients, comments, log, posts, reactions, settings, visitors};

const UNKNOWN: &str = "this blog has no such reaction; choose one of its buttons";

/// `POST /posts/{slug}/reactions`
#[handler]
pub async fn to_post(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    Path(slug): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let find = move |tx: &Tx| {
        let post = posts::open(tx, PostKind::Post, &slug)?.ok_or(Error::NotFound)?;
        Ok((post.id, Target::Post, post.path()))
    };
    toggled(app, reader, client, &form, find).await
}

/// `POST /comments/{id}/reactions`
#[handler]
pub async fn to_comment(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Failure> {
    let find = move |tx: &Tx| {
        let comment = comments::published(tx, CommentId(id))?;
        Ok((comment.post, Target::Comment(comment.id), comment.path()))
    };
    toggled(app, reader, client, &form, find).await
}

/// What a toggled reaction leaves behind.
struct Toggled {
    target: Target,
    tally: Tally,
    kinds: Vec<ReactionKind>,
    version: i64,
    event: EventId,
    back: String,
}

async fn toggled<F>(
    app: &App,
    reader: Reader,
    client: ClientKey,
    form: &Form,
    find: F,
) -> Result<Response, Failure>
where
    F: FnOnce(&Tx) -> Result<(PostId, Target, String)> + Send + 'static,
{
    let name = form.get("kind").to_owned();
    if let Err(too_often) = app.admit(Act::React, client) {
        return Err(too_often.failure());
    }
    let identity = reader.identity()?;
    let (hash, network) = (identity.hash, client.network());
    let change = app.store.write(move |tx| {
        let kinds = settings::load(tx)?.reactions;
        let kind = kinds.iter().find(|kind| kind.name == name);
        let kind = kind.ok_or_else(|| Error::field("kind", UNKNOWN))?;
        let (post, target, back) = find(tx)?;
        let marks = clients::marks(tx, &network)?;
        bans::refuse(tx, &hash, Some(&marks), tx.now())?;
        let visitor = visitors::meet(tx, &hash)?;
        reactions::toggle(tx, post, target, visitor, kind)?;
        let (tally, version) = reactions::tally(tx, post, target, Some(visitor))?;
        Ok(Toggled {
            target,
            tally,
            version,
            kinds,
            event: log::head(tx)?.id,
            back,
        })
    });
    let done = change.await?;
    let mut answer = if reader.wants_json {
        json_answer(&done)
    } else {
        see_other(&done.back)
    };
    identity.give(&mut answer, app.is_secure());
    Ok(answer)
}

fn json_answer(done: &Toggled) -> Response {
    let target = match done.target {
        Target::Post => json!("post"),
        Target::Comment(id) => json!(id),
    };
    let mine: Vec<_> = done
        .tally
        .of(&done.kinds)
        .filter(|(.., mine)| *mine)
        .map(|(kind, ..)| &kind.name)
        .collect();
    let body = json!({ "target": target, "counts": counts(&done.tally, &done.kinds), "mine": mine, "version": done.version });
    with_cursor(StatusCode::OK, body, done.event)
}
