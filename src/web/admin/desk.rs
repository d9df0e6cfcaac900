//! The desk itself.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};

use super::super::App;
use super::super::error::Failure;
use super::super::reader::Reader;
use super::comments::DoneQuery;
use crate::error::Result;
use crate::model::comment::CommentStatus;
use crate::model::desk::Show;
use crate::model::pile::Choice;
use crate::model::time::Timestamp;
use crate::store::comments::queue;
use crate::store::{activity, desk, views};
use crate::views::desk::chart::{self, Chart};
use crate::views::desk::keep::KeptPart;
use crate::views::desk::overview::{DeskPage, Overview};
use crate::views::desk::queue::Queue;

/// Waiting comments, posts, and lines of what happened that the desk shows.
const WAITING: i64 = 20;
const POSTS: i64 = 20;
const HAPPENINGS: usize = 25;

/// The two charts: their ids, titles, and what they count.
const VIEWS: (&str, &str, &str) = ("views", "Views per day", "view");
const COMMENTS: (&str, &str, &str) = ("comments", "Comments per day", "comment");

/// Thirty days and one, in milliseconds, so that the first of the days is there from its beginning.
const MONTH: i64 = 31 * 24 * 60 * 60 * 1_000;

/// `GET /admin`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let reading = app.live.presence.reading();
    let keeper = app.keeper.clone();
    let page = app.page(&reader, move |moment| {
        let conn = moment.conn;
        let choice = Choice::default();
        let waiting = queue::list(conn, &choice, WAITING)?;
        let shown = Queue {
            cases: &waiting.cases,
            choice: &choice,
            done: query.done(),
            back: "/admin".into(),
        };
        let rows = desk::posts(conn, Show::All, "", 0, POSTS)?;
        let counts = desk::counts(conn)?;
        let happenings = activity::newest(conn, HAPPENINGS)?;
        let frame = moment.frame();
        let calendar = &frame.site.manner.calendar;
        let days = chart::days(calendar);
        let first = days[0].0.as_str();
        let counts_of_views = views::by_day(conn, first)?;
        let read = Chart::new(VIEWS, &days, &counts_of_views);
        let since = Timestamp::now().plus(-MONTH);
        let said = Chart::new(
            COMMENTS,
            &days,
            &views::comments_by_day(conn, since, &calendar.zone)?,
        );
        let tops = [
            ("Read most", views::top(conn, first)?),
            ("Led here by", views::referrers(conn, first)?),
        ];
        let view = Overview {
            rows: &rows,
            counts: &counts,
            happenings: &happenings,
            waiting: queue::count(conn, CommentStatus::Pending)?,
            reading: &reading,
            charts: [read, said],
            tops,
            kept: KeptPart::new(keeper.standing(), calendar.clone()),
            cursor: moment.cursor()?,
        };
        Ok(DeskPage::new(frame, view, &shown).render()?)
    });
    Ok(page.await?)
}
