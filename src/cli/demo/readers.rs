//! The readers of a plan, in real time: each reads a page, stays on its stream, and does what the plan says.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::pending;
use http_body_util::BodyExt;
use scraper::{ElementRef, Html, Selector};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::browser::{Browser, Fault};
use super::plan::{Plan, Visit, What};
use super::pool::{Pool, Regret};
use crate::model::id::CommentId;

/// Nobody reads a page and writes a comment in less. The form's own time check wants 3 s.
const SOONEST: Duration = Duration::from_millis(3_500);

/// How long a reply waits for what it answers, which was planned before it but may be late.
const FOR_THE_PARENT: Duration = Duration::from_secs(20);

/// Lets the readers of `plan` come and go at `pace`, for ever. `said` are the comments that are there already, by
/// their place in the pool. Who is there when this future is dropped leaves at once.
pub async fn come_and_go(
    address: SocketAddr,
    plan: Plan<'_>,
    pool: Arc<Pool>,
    said: HashMap<usize, CommentId>,
    pace: f64,
) {
    let room = Arc::new(Room {
        pool,
        said: watch::Sender::new(said),
        pace,
    });
    let (start, mut visits) = (Instant::now(), JoinSet::new());
    let mut browsers: HashMap<String, Arc<Browser>> = HashMap::new();
    for visit in plan {
        sleep_until(start + visit.at.div_f64(pace)).await;
        while visits.try_join_next().is_some() {}
        let browser = browsers
            .entry(visit.reader.clone())
            .or_insert_with(|| Arc::new(Browser::new(reachable(address))));
        let (room, browser) = (room.clone(), browser.clone());
        visits.spawn(async move {
            if let Err(fault) = room.receive(&browser, &visit).await {
                tracing::warn!("{} on {}: {fault}", visit.reader, visit.post);
            }
        });
    }
}

/// Where all the readers meet.
struct Room {
    pool: Arc<Pool>,
    said: watch::Sender<HashMap<usize, CommentId>>,
    pace: f64,
}

impl Room {
    async fn receive(&self, browser: &Browser, visit: &Visit) -> Result<(), Fault> {
        let came = Instant::now();
        let path = format!("/posts/{}", visit.post);
        let page = Page::of(&browser.open(&path).await?);
        let mut stream = browser
            .follow(&format!("{path}/events?{}", page.cursor))
            .await?;
        let listening = async {
            while let Some(Ok(_)) = stream.frame().await {}
            pending().await // the server has ended the stream; the reader still reads
        };
        let acting = async {
            for act in &visit.acts {
                let after = act.after.div_f64(self.pace).max(SOONEST);
                sleep_until(came + after).await;
                self.act(browser, visit, &page, &act.what).await?;
            }
            sleep_until(came + visit.stay.div_f64(self.pace)).await;
            Ok(())
        };
        tokio::select! {
            () = listening => Ok(()),
            done = acting => done,
        }
    }

    async fn act(
        &self,
        browser: &Browser,
        visit: &Visit,
        page: &Page,
        what: &What,
    ) -> Result<(), Fault> {
        let kind = |kind: &str| [("kind".to_owned(), kind.to_owned())];
        match what {
            What::Say(at) => self.say(browser, visit, page, *at).await,
            What::Regret(at) => self.regret(browser, *at).await,
            What::ReactToPost(name) => {
                let path = format!("/posts/{}/reactions", visit.post);
                browser.submit(&path, &kind(name)).await.map(drop)
            }
            What::ReactToComment(name, place) => {
                let others = page.comments.iter().rev();
                let mut others = others.filter(|(_, writer)| *writer != visit.reader);
                if let Some((id, _)) = others.nth(*place) {
                    let path = format!("/comments/{id}/reactions");
                    // It may have been taken back since the page was read.
                    _ = browser.submit(&path, &kind(name)).await;
                }
                Ok(())
            }
        }
    }

    /// Fills in the form that came with the page, and sends it.
    async fn say(
        &self,
        browser: &Browser,
        visit: &Visit,
        page: &Page,
        at: usize,
    ) -> Result<(), Fault> {
        let line = &self.pool.lines[at];
        let parent = match line.parent {
            None => None,
            Some(parent) => match self.found(parent).await {
                None => return Ok(()), // what it answers was never said
                found => found,
            },
        };
        let mut form = page.form.clone();
        type_in(&mut form, "name", &visit.reader);
        type_in(&mut form, "body", &line.body);
        if let Some(parent) = parent {
            type_in(&mut form, "parent", &parent.to_string());
        }
        if visit.is_open {
            type_in(&mut form, "show_name", "1");
        }
        let path = format!("/posts/{}/comments", visit.post);
        let target = browser.submit(&path, &form).await?;
        if let Some(id) = target.rsplit_once("#comment-").map(|(_, id)| id.parse()) {
            let id = CommentId(id?);
            self.said.send_modify(|said| {
                said.insert(at, id);
            });
        }
        Ok(())
    }

    async fn regret(&self, browser: &Browser, at: usize) -> Result<(), Fault> {
        let (Some(regret), Some(id)) = (&self.pool.lines[at].regret, self.found(at).await) else {
            return Ok(());
        };
        let path = format!("/comments/{id}");
        match regret {
            Regret::Changed(to) => {
                let page = browser.open(&format!("{path}/edit")).await?;
                let mut form = fields(&Html::parse_document(&page));
                type_in(&mut form, "body", to);
                browser.submit(&path, &form).await.map(drop)
            }
            Regret::TakenBack => browser
                .submit(&format!("{path}/deletion"), &[])
                .await
                .map(drop),
        }
    }

    /// The comment that a line has become.
    async fn found(&self, at: usize) -> Option<CommentId> {
        let mut said = self.said.subscribe();
        let there = said.wait_for(|said| said.contains_key(&at));
        let there = timeout(FOR_THE_PARENT, there).await.ok()?.ok()?;
        there.get(&at).copied()
    }
}

/// Names and values.
type Form = Vec<(String, String)>;

/// What the writing form of a page holds when it comes, the hidden fields among it and no box ticked.
fn fields(page: &Html) -> Form {
    let css = Selector::parse("form.composer input[name]:not([type=checkbox])")
        .expect("our own selectors are valid");
    let field = |input: ElementRef| {
        let value = |name| input.attr(name).unwrap_or_default().to_owned();
        (value("name"), value("value"))
    };
    page.select(&css).map(field).collect()
}

/// Puts a value into a field, in place of what it holds.
fn type_in(form: &mut Form, name: &str, value: &str) {
    form.retain(|(field, _)| field != name);
    form.push((name.to_owned(), value.to_owned()));
}

/// What a reader sees of a page.
struct Page {
    /// The comment form as it came.
    form: Form,
    /// Where the stream continues, as a query.
    cursor: String,
    /// Id and writer, in the order of the page.
    comments: Vec<(String, String)>,
}

impl Page {
    fn of(html: &str) -> Page {
        let page = Html::parse_document(html);
        let all = |css: &str| {
            let selector = Selector::parse(css).expect("our own selectors are valid");
            page.select(&selector).collect::<Vec<_>>()
        };
        let talk = all("#comments").into_iter().next();
        let value = |name| talk.and_then(|talk| talk.attr(name)).unwrap_or_default();
        let cursor = format!("after={}&at={}", value("data-after"), value("data-at"));
        let writers = all("#threads article:not([data-state]) h3").into_iter();
        let comments = writers.filter_map(|name| {
            let id = name
                .attr("id")?
                .strip_prefix("comment-")?
                .strip_suffix("-by")?;
            Some((
                id.to_owned(),
                name.text().collect::<String>().trim().to_owned(),
            ))
        });
        Page {
            form: fields(&page),
            cursor,
            comments: comments.collect(),
        }
    }
}

/// The address by which this machine reaches a server that listens on all of its addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(at) if at.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, at.port()).into(),
        SocketAddr::V6(at) if at.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, at.port()).into(),
        address => address,
    }
}
