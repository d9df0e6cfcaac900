//! Who may not write here: banning somebody, and letting them write again.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

use super::super::App;
use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::comments::{DoneQuery, recorded, told};
use crate::error::{Error, Result};
use crate::model::id::{BanId, CommentId};
use crate::model::moderation::{Banned, Deed};
use crate::model::time::Timestamp;
use crate::store::comments::{moderation, queue};
use crate::store::{Tx, bans};
use crate::views::desk::queue::{BansPage, Done};

/// Characters of the owner's note that are kept.
const LONGEST_NOTE: usize = 200;

/// `GET /admin/bans`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let bans = bans::list(moment.conn, Timestamp::now())?;
        Ok(BansPage::new(moment.frame(), &bans, query.done()).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/bans`: `kind` is `visitor` or `client`, of the `comment`; `why` is the owner's note; with `sweep` what waits
/// of that visitor becomes spam.
#[handler]
pub async fn add(Data(app): Data<&Arc<App>>, form: Form) -> Result<Response, Failure> {
    let kind = Banned::parse(form.get("kind")).ok_or(Error::NotFound)?;
    let comment = form.get("comment").parse().map_err(|_| Error::NotFound)?;
    let comment = CommentId(comment);
    let why: String = form.get("why").trim().chars().take(LONGEST_NOTE).collect();
    let sweep = form.filled("sweep").is_some();
    let change = move |tx: &Tx| {
        bans::add(tx, comment, kind, &why)?;
        let case = queue::find(tx, comment)?;
        let writer = case.and_then(|case| case.comment.visitor);
        match writer.filter(|_| sweep) {
            Some(writer) => moderation::sweep(tx, writer),
            None => Ok(0),
        }
    };
    let banned = app.store.write(move |tx| recorded(tx, || change(tx)));
    let (count, undo) = banned.await?;
    let done = Done {
        deed: Deed::Banned,
        count: count as i64,
        left: 0,
        undo,
    };
    Ok(told(&format!("/admin/comments/{comment}"), &done))
}

/// `POST /admin/bans/{id}/end`
#[handler]
pub async fn lift(Data(app): Data<&Arc<App>>, Path(id): Path<i64>) -> Result<Response, Failure> {
    let lifted = app
        .store
        .write(move |tx| recorded(tx, || bans::lift(tx, BanId(id))));
    let (lifted, undo) = lifted.await?;
    let done = Done {
        deed: Deed::Lifted,
        count: i64::from(lifted),
        left: 0,
        undo,
    };
    Ok(told("/admin/bans", &done))
}
