//! The comments that wait, and what becomes of them.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::{App, see_other};
use crate::error::{Error, Result};
use crate::model::comment::CommentStatus;
use crate::model::desk::Decision;
use crate::model::id::CommentId;
use crate::store::Tx;
use crate::store::comments::moderation;
use crate::views::desk::overview::{CommentsPage, Decided, Queue};

/// Comments on one page; those behind them follow as these are decided.
const EACH: i64 = 100;

/// `?show=rejected&done=reject&ids=1,2&left=1`
#[derive(Deserialize)]
struct ListQuery {
    show: Option<String>,
    #[serde(flatten)]
    done: Done,
}

/// What the page that follows a decision is told of it.
#[derive(Clone, Deserialize)]
pub struct Done {
    done: Option<String>,
    ids: Option<String>,
    left: Option<String>,
}

impl Done {
    /// What was decided, if the address says so.
    pub fn decided(&self) -> Option<Decided> {
        let ids = self.ids.as_deref().unwrap_or_default().split(',');
        let left = self.left.as_deref().and_then(|left| left.parse().ok());
        Some(Decided {
            decision: Decision::parse(self.done.as_deref()?)?,
            ids: ids.filter_map(|id| id.parse().ok()).collect(),
            left: left.unwrap_or(0),
        })
    }
}

/// `GET /admin/comments`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let (status, other, back) = match query.show.as_deref().unwrap_or("waiting") {
        "waiting" => (
            CommentStatus::Pending,
            CommentStatus::Rejected,
            "/admin/comments",
        ),
        "rejected" => (
            CommentStatus::Rejected,
            CommentStatus::Pending,
            "/admin/comments?show=rejected",
        ),
        _ => return Err(Error::NotFound.into()),
    };
    let decided = query.done.decided();
    let page = app.page(&reader, move |moment| {
        let conn = moment.conn;
        let comments = moderation::list(conn, status, EACH)?;
        let queue = Queue {
            comments: &comments,
            count: moderation::count(conn, status)?,
            status,
            decided: decided.as_ref(),
            back,
        };
        let others = moderation::count(conn, other)?;
        let cursor = moment.cursor()?;
        Ok(CommentsPage::new(moment.frame(), &queue, others, cursor).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/comments`: `do` is `approve`, `reject`, `hold` or `delete`, `ids` are the comments. A program is told
/// which of them it was done to, and how many were left as they are.
#[handler]
pub async fn decide(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Failure> {
    let decision = Decision::parse(form.get("do")).ok_or(Error::NotFound)?;
    let mut ids: Vec<i64> = form.all("ids").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable(); // what is answered comes before its answers
    ids.dedup();
    let asked = ids.len();
    let done = app.store.write(move |tx| decide_all(tx, &ids, decision));
    let done = done.await?;
    if reader.wants_json {
        let body = json!({ "done": done, "left": asked - done.len() });
        let answer = Response::builder().content_type("application/json; charset=utf-8");
        return Ok(answer.body(body.to_string()));
    }
    let back = match form.get("back") {
        "/admin" => "/admin?",
        "/admin/comments?show=rejected" => "/admin/comments?show=rejected&",
        _ => "/admin/comments?",
    };
    let (word, left) = (decision.as_str(), asked - done.len());
    let done: Vec<String> = done.iter().map(i64::to_string).collect();
    Ok(see_other(&format!(
        "{back}done={word}&ids={}&left={left}",
        done.join(",")
    )))
}

/// Those of the comments that were there to decide about.
fn decide_all(tx: &Tx, ids: &[i64], decision: Decision) -> Result<Vec<i64>> {
    let mut done = Vec::new();
    for id in ids {
        match moderation::decide(tx, CommentId(*id), decision) {
            Ok(true) => done.push(*id),
            Ok(false) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
