//! Changing and deleting a comment.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

use super::super::client::ClientKey;
use super::super::error::Failure;
use super::super::form::Form;
use super::super::limits::Act;
use super::super::reader::Reader;
use super::super::{App, holding, no_store, see_other, session};
use super::refusal::Refusal;
use super::{Host, json_answer, slowed, with_cursor};
use crate::error::{Error, Fields, Result};
use crate::model::comment::{Change, Changer};
use crate::model::id::CommentId;
use crate::model::typed::Body;
use crate::store::{Tx, bans, clients, comments, log, settings};
use crate::text;
use crate::views::comments::CommentEditPage;

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
    client: ClientKey,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Failure> {
    let id = CommentId(id);
    let body = match Body::parse(form.get("body")) {
        Ok(body) => body,
        Err(why) => {
            let refusal = Fields::from([("body", why.to_string())]).into();
            return edit_refused(app, &reader, id, &form, refusal).await;
        }
    };
    let host = Host::of(app, &reader).await?;
    if host.owner.is_none()
        && let Err(too_often) = app.admit(Act::Change, client)
    {
        return edit_refused(app, &reader, id, &form, too_often.into()).await;
    }
    let html = text::comment::html(body.as_str());
    let (asking, network) = (reader.clone(), client.network());
    let changed = app
        .store
        .write(move |tx| {
            let changer = changer(tx, &asking)?;
            if let Some(hash) = asking.token_hash.filter(|_| !changer.owner) {
                let marks = clients::marks(tx, &network)?;
                bans::refuse(tx, &hash, Some(&marks), tx.now())?;
            }
            let before = comments::changeable(tx, id, &changer)?;
            let held_for = holding::newly_held(&host.rules, &before, body.as_str(), &html);
            let change = Change {
                body,
                html,
                held_for,
            };
            let comment = comments::edit(tx, id, &changer, &change)?;
            Ok((comment, log::head(tx)?.id))
        })
        .await;
    let (comment, event) = match changed {
        Err(Error::Invalid(errors)) => {
            return edit_refused(app, &reader, id, &form, errors.into()).await;
        }
        Err(error) => return Err(Failure::from(error).with_typed(form.get("body"))),
        Ok(changed) => changed,
    };
    Ok(if reader.wants_json {
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
    client: ClientKey,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    if let Some(too_often) = slowed(app, &reader, Act::Change, client).await? {
        return Err(too_often.failure());
    }
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

async fn edit_refused(
    app: &App,
    reader: &Reader,
    id: CommentId,
    form: &Form,
    refusal: Refusal,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(refusal.failure(form));
    }
    let (typed, errors) = (form.get("body").to_owned(), refusal.errors());
    let page = app.page(reader, move |moment| {
        let comment = comments::changeable(moment.conn, id, &moment.changer())?;
        let why = errors.values().next().map(String::as_str);
        Ok(CommentEditPage::new(moment.frame(), &comment, &typed, why).render()?)
    });
    let mut answer = page
        .await
        .map_err(|error| Failure::from(error).with_typed(form.get("body")))?;
    refusal.mark(&mut answer);
    no_store(&mut answer);
    Ok(answer)
}
