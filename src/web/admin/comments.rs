//! The comments and what becomes of them: the lists, one comment, decisions, and taking them back.

use std::sync::Arc;

use askama::Template;
use poem::http::{StatusCode, Uri};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::moment::Moment;
use super::super::reader::Reader;
use super::super::{App, see_other};
use crate::error::{Error, Result};
use crate::model::comment::{Change, Changer};
use crate::model::id::CommentId;
use crate::model::moderation::{Decision, Deed, Span};
use crate::model::pile::{Choice, Pile};
use crate::model::typed::Body;
use crate::store::comments::{moderation, queue};
use crate::store::{Tx, comments, log};
use crate::text;
use crate::views::desk::queue::{
    Around, CommentPage, CommentView, CommentsPage, Done, NoticePart, Queue,
};

/// Comments on one page.
const EACH: i64 = 50;

/// `done=reject&n=2&left=1&undo=100-109`: what the page that follows a change is told of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DoneQuery {
    done: Option<String>,
    n: Option<String>,
    left: Option<String>,
    undo: Option<String>,
}

impl DoneQuery {
    /// What was done, if the address says so.
    pub fn done(&self) -> Option<Done> {
        let number = |word: &Option<String>| word.as_deref()?.parse().ok();
        Some(Done {
            deed: Deed::parse(self.done.as_deref()?)?,
            count: number(&self.n).unwrap_or(0),
            left: number(&self.left).unwrap_or(0),
            undo: self.undo.as_deref().and_then(Span::parse),
        })
    }
}

/// Leads back to `path`, which says what was done.
pub fn told(path: &str, done: &Done) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    let (word, count, left) = (done.deed.as_str(), done.count, done.left);
    let undo = done.undo.map(|span| format!("&undo={}", span.word()));
    let undo = undo.unwrap_or_default();
    see_other(&format!(
        "{path}{joint}done={word}&n={count}&left={left}{undo}"
    ))
}

/// Makes a change; what it comes to, and the events that tell of it.
pub fn recorded<T>(tx: &Tx, make: impl FnOnce() -> Result<T>) -> Result<(T, Option<Span>)> {
    let before = log::head(tx)?.id;
    let value = make()?;
    let last = log::head(tx)?.id;
    let mut first = before;
    first.0 += 1;
    Ok((value, (first <= last).then_some(Span { first, last })))
}

/// `GET /admin/comments`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    uri: &Uri,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let choice = Choice::parse(uri.query().unwrap_or_default());
    let page = app.page(&reader, move |moment| {
        let conn = moment.conn;
        let found = queue::list(conn, &choice, EACH)?;
        let counts = queue::counts(conn)?;
        let reasons = match choice.pile {
            Pile::Waiting => queue::reasons(conn)?,
            _ => Vec::new(),
        };
        let queue = Queue {
            cases: &found.cases,
            choice: &choice,
            done: query.done(),
            back: choice.path(),
        };
        let around = Around {
            counts,
            reasons,
            names: queue::names(conn, &choice)?,
            next: found.next,
            cursor: moment.cursor()?,
        };
        Ok(CommentsPage::new(moment.frame(), &queue, &around).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/comments`: `do` is a decision and `ids` are the comments, or it is `decision:id` of one of them; or `do` is
/// `undo` and `events` are those of the change. A program is told what it was done to, and how many were left as they are.
#[handler]
pub async fn decide(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Failure> {
    let back = back(form.get("back"));
    if form.get("do") == "undo" {
        return undo(app, &reader, &form, &back).await;
    }
    let (decision, ids) = asked(&form).ok_or(Error::NotFound)?;
    let changed = app
        .store
        .write(move |tx| recorded(tx, || decide_all(tx, &ids, decision)));
    let ((done, left), undo) = changed.await?;
    let told = Done {
        deed: Deed::Decided(decision),
        count: done.len() as i64,
        left,
        undo: undo.filter(|_| decision != Decision::Erase),
    };
    answer(&reader, &back, &told, &done)
}

/// Takes the change of the form's `events` back, and leads to `back`.
///
/// Errors: [`Error::NotFound`] if they are none.
pub async fn undo(
    app: &App,
    reader: &Reader,
    form: &Form,
    back: &str,
) -> Result<Response, Failure> {
    let span = Span::parse(form.get("events")).ok_or(Error::NotFound)?;
    let undone = app.store.write(move |tx| moderation::undo(tx, span));
    let (count, left) = undone.await?;
    let done = Done {
        deed: Deed::Undone,
        count: count as i64,
        left: left as i64,
        undo: None,
    };
    answer(reader, back, &done, &[])
}

fn answer(reader: &Reader, back: &str, done: &Done, ids: &[i64]) -> Result<Response, Failure> {
    if !reader.wants_json {
        return Ok(told(back, done));
    }
    let html = NoticePart::new(done, back).render().map_err(Error::from)?;
    let undo = done.undo.map(Span::word);
    let body = json!({ "done": ids, "left": done.left, "undo": undo, "html": html });
    let answer = Response::builder().content_type("application/json; charset=utf-8");
    Ok(answer.body(body.to_string()))
}

/// The decision of a form and the comments it is about; what is answered comes before its answers.
fn asked(form: &Form) -> Option<(Decision, Vec<i64>)> {
    if let Some((word, id)) = form.get("do").split_once(':') {
        return Some((Decision::parse(word)?, vec![id.parse().ok()?]));
    }
    let mut ids: Vec<i64> = form.all("ids").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    Some((Decision::parse(form.get("do"))?, ids))
}

/// The page that a form was sent from: the desk, one comment, the bans, or a list of comments.
fn back(word: &str) -> String {
    let number = word.strip_prefix("/admin/comments/");
    let is_comment = number.is_some_and(|number| number.parse::<i64>().is_ok());
    match word {
        "/admin" | "/admin/bans" | "/admin/rules" => word.into(),
        _ if is_comment => word.into(),
        _ => {
            let query = word.split_once('?').map_or("", |(_, query)| query);
            Choice::parse(query).path()
        }
    }
}

/// Those of the comments that it was done to, with what went along with them; and how many were left.
pub fn decide_all(tx: &Tx, ids: &[i64], decision: Decision) -> Result<(Vec<i64>, i64)> {
    let (mut done, mut left) = (Vec::new(), 0);
    for id in ids {
        if done.contains(id) {
            continue; // it went along with what it answers
        }
        match moderation::decide(tx, CommentId(*id), decision) {
            Ok(changed) if !changed.is_empty() => done.extend(changed.iter().map(|id| id.0)),
            Ok(_) | Err(Error::NotFound) => left += 1,
            Err(error) => return Err(error),
        }
    }
    Ok((done, left))
}

/// `GET /admin/comments/{id}`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        comment_page(moment, CommentId(id), None, query.done())
    });
    Ok(page.await?)
}

/// `POST /admin/comments/{id}`: the owner's change of anybody's words.
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
        Err(why) => {
            let (typed, why) = (form.get("body").to_owned(), why.to_string());
            let page = app.page(&reader, move |moment| {
                comment_page(moment, id, Some((&typed, &why)), None)
            });
            let mut answer = page.await?;
            answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(answer);
        }
    };
    let change = Change {
        html: text::comment::html(body.as_str()),
        body,
        held_for: None,
    };
    let owner = Changer {
        visitor: None,
        owner: true,
        window: 0,
    };
    let edited = app
        .store
        .write(move |tx| comments::edit(tx, id, &owner, &change));
    edited
        .await
        .map_err(|error| Failure::from(error).with_typed(form.get("body")))?;
    let done = Done {
        deed: Deed::Edited,
        count: 1,
        left: 0,
        undo: None,
    };
    Ok(told(&format!("/admin/comments/{id}"), &done))
}

/// The page of one comment; `refused` is what was typed, and why it was not taken.
fn comment_page(
    moment: &Moment,
    id: CommentId,
    refused: Option<(&str, &str)>,
    done: Option<Done>,
) -> Result<String> {
    let conn = moment.conn;
    let case = queue::find(conn, id)?.ok_or(Error::NotFound)?;
    let answered = case.comment.parent.as_ref();
    let answered = answered.map(|parent| comments::get(conn, parent.id));
    let answered = answered.transpose()?;
    let others = case.comment.visitor.map(|id| queue::of_writer(conn, id));
    let others = others.transpose()?.unwrap_or_default();
    let (body, error) = match refused {
        Some((typed, why)) => (typed, Some(why)),
        None => (case.comment.body.as_str(), None),
    };
    let view = CommentView {
        answered: answered.as_ref(),
        others: &others,
        body,
        error,
        done,
    };
    Ok(CommentPage::new(moment.frame(), &case, view).render()?)
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn a_form_leads_back_to_a_page_of_the_desk_and_nowhere_else() {
        for word in ["/admin", "/admin/bans", "/admin/comments/7"] {
            assert_eq!(back(word), word);
        }
        let list = "/admin/comments?show=spam&post=3";
        assert_eq!(back(list), list);
        for word in [
            "",
            "//evil.example",
            "https://evil.example/?show=x",
            "/admin/comments/7/../x",
        ] {
            assert_eq!(back(word), "/admin/comments?show=pending");
        }
    }
}
