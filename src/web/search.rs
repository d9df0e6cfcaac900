//! Searching: the page, the same as JSON, what a browser's search field suggests, and how it learns of all this.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Query};
use poem::{Response, handler};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::ClientKey;
use super::comments::with_cursor;
use super::error::Failure;
use super::limits::Act;
use super::moment::Moment;
use super::reader::Reader;
use super::{App, no_store, posts};
use crate::error::{Error, Result};
use crate::live::frame;
use crate::model::reaction::ReactionKind;
use crate::model::search::{FoundPost, Marked, Question, Unasked};
use crate::store::{lists, log, places, search, settings};
use crate::views::Pager;
use crate::views::search::{
    Description, MarkedPart, Outcome, Results, Scope, SearchPage, SearchView, marked,
};

/// Posts on one page: the passages of each are looked for while somebody waits.
const POSTS: i64 = 10;

/// Comments on one page of their own.
const COMMENTS: i64 = 20;

/// Comments below the posts.
const FEW_COMMENTS: i64 = 3;

/// Titles that a browser's search field shows.
const SUGGESTED: i64 = 8;

/// `?q=WORDS&in=comments&page=N`
#[derive(Deserialize)]
struct Asked {
    q: Option<String>,
    #[serde(rename = "in")]
    scope: Option<String>,
    page: Option<String>,
}

/// `GET /search`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let scope = Scope::parse(asked.scope.as_deref().unwrap_or_default());
    let page = posts::number(asked.page.as_deref())?;
    let asked = asked.q.unwrap_or_default();
    let question = Question::parse(&asked);
    let too_often = match question.is_ok() {
        true => app.admit(Act::Search, client).err(),
        false => None,
    };
    let wait = too_often.map(|too_often| too_often.wait());
    let status = match (&question, wait) {
        (_, Some(_)) => StatusCode::TOO_MANY_REQUESTS,
        (Ok(_) | Err(Unasked::Nothing), None) => StatusCode::OK,
        (Err(_), None) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let task = Task {
        asked,
        scope,
        page,
        question,
        wait,
    };
    let mut answer = match reader.wants_json {
        true => as_json(app, task, status).await?,
        false => {
            let page = app.page(&reader, move |moment| moment.search(task));
            page.await?
        }
    };
    answer.set_status(status);
    if status != StatusCode::OK {
        no_store(&mut answer);
    }
    if let Some(too_often) = too_often {
        too_often.note(&mut answer);
    }
    Ok(answer)
}

/// `GET /search/suggestions?q=`: titles, in the form that browsers read. Source: OpenSearch suggestions 1.1.
#[handler]
pub async fn suggest(
    Data(app): Data<&Arc<App>>,
    client: ClientKey,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let asked = asked.q.unwrap_or_default();
    if let Err(too_often) = app.admit(Act::Suggest, client) {
        return Err(too_often.failure());
    }
    let base_url = app.base_url.clone();
    let titles = app.store.read(move |conn| {
        let titles = match Question::parse(&asked) {
            Ok(question) => search::titles(conn, &question, SUGGESTED)?,
            Err(_) => Vec::new(),
        };
        let (titles, slugs): (Vec<_>, Vec<_>) = titles.into_iter().unzip();
        let url = |slug: &String| format!("{base_url}/posts/{slug}");
        let urls: Vec<_> = slugs.iter().map(url).collect();
        Ok(json!([asked, titles, vec![""; titles.len()], urls]))
    });
    let answer = Response::builder()
        .content_type("application/x-suggestions+json; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache");
    Ok(answer.body(titles.await?.to_string()))
}

/// `GET /opensearch.xml`
#[handler]
pub async fn describe(
    Data(app): Data<&Arc<App>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let kind = "application/opensearchdescription+xml; charset=utf-8";
    let answer = app.published(headers, kind, |_, site| Ok(Description { site }.render()?));
    Ok(answer.await?)
}

/// A search to be made.
struct Task {
    asked: String,
    scope: Scope,
    page: i64,
    question: Result<Question, Unasked>,
    /// How long the client must wait before the next one.
    wait: Option<Duration>,
}

impl Moment<'_> {
    /// The page that answers a search.
    fn search(&self, task: Task) -> Result<String> {
        let view = view(self.conn, task)?;
        Ok(SearchPage::new(self.frame(), &view).render()?)
    }
}

/// Looks for it.
///
/// Errors: [`Error::NotFound`] if there is no such page.
fn view(conn: &Connection, task: Task) -> Result<SearchView> {
    let Task {
        asked,
        scope,
        page,
        question,
        wait,
    } = task;
    let (outcome, pages) = match (question, wait) {
        (_, Some(wait)) => (Outcome::Refused(patience(wait)), page),
        (Err(Unasked::Nothing), None) => (Outcome::Unasked, 1),
        (Err(why), None) => (Outcome::Refused(why.sentence().into()), page),
        (Ok(question), None) => {
            let (results, pages) = look(conn, &question, scope, page)?;
            (Outcome::Found(results), pages)
        }
    };
    if !(1..=pages).contains(&page) {
        return Err(Error::NotFound);
    }
    Ok(SearchView {
        asked,
        scope,
        pager: Pager { page, pages },
        tags: match &outcome {
            Outcome::Found(results) if results.post_count + results.comment_count > 0 => Vec::new(),
            _ => lists::tags(conn)?,
        },
        outcome,
        posts: places::count(conn)?,
    })
}

/// One page of what is found, and how many pages there are.
fn look(conn: &Connection, question: &Question, scope: Scope, page: i64) -> Result<(Results, i64)> {
    let mut results = Results {
        comment_count: search::count_comments(conn, question)?,
        ..Results::default()
    };
    let (all, each) = match scope {
        Scope::Posts => {
            results.post_count = search::count_posts(conn, question)?;
            (results.post_count, POSTS)
        }
        Scope::Comments => (results.comment_count, COMMENTS),
    };
    let skip = page.saturating_sub(1).saturating_mul(each);
    match scope {
        Scope::Posts => {
            results.posts = search::posts(conn, question, skip, each)?;
            if page == 1 {
                results.comments = search::comments(conn, question, 0, FEW_COMMENTS)?;
            }
        }
        Scope::Comments => results.comments = search::comments(conn, question, skip, each)?,
    }
    Ok((results, Pager::count(all, each)))
}

/// The same as the page, for programs.
async fn as_json(app: &App, task: Task, status: StatusCode) -> Result<Response> {
    let answer = app.store.read(move |conn| {
        let (scope, asked) = (task.scope, task.asked.clone());
        let view = view(conn, task)?;
        let kinds = settings::load(conn)?.reactions;
        let body = match &view.outcome {
            Outcome::Refused(why) => json!({ "error": why, "fields": { "q": why } }),
            Outcome::Unasked => found(&asked, scope, view.pager, &Results::default(), &kinds)?,
            Outcome::Found(results) => found(&asked, scope, view.pager, results, &kinds)?,
        };
        Ok((body, log::head(conn)?.id))
    });
    let (body, head) = answer.await?;
    Ok(with_cursor(status, body, head))
}

fn found(
    asked: &str,
    scope: Scope,
    pager: Pager,
    results: &Results,
    kinds: &[ReactionKind],
) -> Result<Value> {
    let posts = results.posts.iter().map(post).collect::<Result<Vec<_>>>()?;
    let comments = results.comments.iter().map(|found| {
        Ok(json!({
            "comment": frame::summary(&found.comment, kinds),
            "post": found.comment.post_slug,
            "url": found.comment.path(),
            "passage": passage(&found.passage)?,
        }))
    });
    Ok(json!({
        "q": asked,
        "in": scope.as_str(),
        "page": pager.page,
        "pages": pager.pages,
        "post_count": results.post_count,
        "comment_count": results.comment_count,
        "posts": posts,
        "comments": comments.collect::<Result<Vec<_>>>()?,
    }))
}

fn post(found: &FoundPost) -> Result<Value> {
    let post = &found.post;
    let tags: Vec<_> = post.tags.iter().map(|tag| tag.name.as_str()).collect();
    Ok(json!({
        "slug": post.slug,
        "title": post.title,
        "url": post.path(),
        "published_at": post.published_at.0,
        "tags": tags,
        "passage": passage(&found.passage)?,
    }))
}

/// A passage as text, and as HTML that holds no other markup than `mark`.
fn passage(found: &Marked) -> Result<Value> {
    let html: MarkedPart = marked(found);
    Ok(json!({ "text": found.text(), "html": html.render()? }))
}

/// What to tell somebody who searches too fast.
fn patience(wait: Duration) -> String {
    let seconds = seconds(wait);
    let plural = if seconds == 1 { "" } else { "s" };
    format!("That is a lot of searching for one minute. Try again in {seconds} second{plural}.")
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}
