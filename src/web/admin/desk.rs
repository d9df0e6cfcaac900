//! The desk itself.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};

use super::super::App;
use super::super::error::Failure;
use super::super::reader::Reader;
use super::comments::Done;
use crate::error::Result;
use crate::model::comment::CommentStatus;
use crate::model::desk::Show;
use crate::model::time::Timestamp;
use crate::store::comments::{self, moderation};
use crate::store::{activity, desk};
use crate::views::desk::overview::{DeskPage, Overview, Queue};

/// Waiting comments, posts, and lines of what happened that the desk shows.
const WAITING: i64 = 20;
const POSTS: i64 = 20;
const HAPPENINGS: usize = 25;

/// Thirty days in milliseconds.
const MONTH: i64 = 30 * 24 * 60 * 60 * 1_000;

/// `GET /admin`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let reading = app.live.presence.reading();
    let page = app.page(&reader, move |moment| {
        let conn = moment.conn;
        let waiting = moderation::list(conn, CommentStatus::Pending, WAITING)?;
        let decided = done.decided();
        let queue = Queue {
            comments: &waiting,
            count: moderation::count(conn, CommentStatus::Pending)?,
            status: CommentStatus::Pending,
            decided: decided.as_ref(),
            back: "/admin",
        };
        let rows = desk::posts(conn, Show::All, "", 0, POSTS)?;
        let counts = desk::counts(conn)?;
        let happenings = activity::newest(conn, HAPPENINGS)?;
        let view = Overview {
            rows: &rows,
            counts: &counts,
            happenings: &happenings,
            reading: &reading,
            comments: comments::count_since(conn, Timestamp::now().plus(-MONTH))?,
            cursor: moment.cursor()?,
        };
        let zone = moment.settings.zone();
        Ok(DeskPage::new(moment.frame(), view, &queue, &zone).render()?)
    });
    Ok(page.await?)
}
