//! Figures for whoever watches the server: `/health` in a word, `/metrics` in Prometheus' text format.
//!
//! Neither says anything of what is written on the blog. How the disk stands, and what is wrong, is told to the machine
//! itself, and to a token that may read figures.

use std::fmt::{Display, Write};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response, handler};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::App;
use super::client::Here;
use super::error::Failure;
use super::micropub::access;
use super::server::{Question, Ready, Site};
use super::token;
use crate::backup::length;
use crate::error::Result;
use crate::model::app::Scope;
use crate::model::backup::Standing;
use crate::model::fault::{Fault, Ongoing};
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::store::snapshot::beside;
use crate::store::{log, tokens};

/// What Prometheus calls its text format. Source: Prometheus, "Exposition formats", version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers since the start, by the first digit of their status.
pub struct Answers {
    by_class: [AtomicU64; 5],
    since: Instant,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            by_class: Default::default(),
            since: Instant::now(),
        }
    }
}

impl Answers {
    fn note(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
    }
}

/// A site of which every answer is counted.
pub struct Counted<E> {
    site: E,
    answers: Arc<Answers>,
}

impl<E> Counted<E> {
    /// Counts in `answers` what `site` answers.
    pub fn new(site: E, answers: Arc<Answers>) -> Counted<E> {
        Counted { site, answers }
    }
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> poem::Result<Response> {
        let answer = self.site.call(req).await.map(IntoResponse::into_response);
        self.answers.note(match &answer {
            Ok(answer) => answer.status(),
            Err(error) => error.status(),
        });
        answer
    }
}

impl<E: Site> Site for Counted<E> {
    fn at_once(&self, question: &Question<'_>) -> Option<Arc<Ready>> {
        let answer = self.site.at_once(question)?;
        self.answers.note(answer.status);
        Some(answer)
    }
}

/// Somebody who may read the figures: the machine itself, or whoever has a token for it.
pub struct Watcher;

impl<'a> FromRequest<'a> for Watcher {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Watcher> {
        if Here::from_request(req, body).await?.0 {
            return Ok(Watcher);
        }
        let app = Data::<&Arc<App>>::from_request(req, body).await?.0;
        let bearer = access::bearer(req.headers()).ok().flatten();
        let Some(hash) = bearer.map(|token| token::hash(&token)) else {
            return Err(Failure::status(StatusCode::FORBIDDEN).into());
        };
        let found = app.store.read(move |conn| tokens::find(conn, &hash)).await;
        let found = found.map_err(Failure::from)?;
        match found.is_some_and(|app| app.scopes.has(Scope::Metrics)) {
            true => Ok(Watcher),
            false => Err(Failure::status(StatusCode::FORBIDDEN).into()),
        }
    }
}

/// `GET /health`: 200 while pages can be read, 503 if not. What is wrong is told to the machine itself alone.
#[handler]
pub async fn health(Data(app): Data<&Arc<App>>, Here(is_here): Here) -> Response {
    let head = head(app).await;
    let faults = app.store.faults().ongoing();
    let status = match (&head, faults.is_empty()) {
        (Err(_), _) => "down",
        (Ok(_), false) => "degraded",
        (Ok(_), true) => "ok",
    };
    let mut body =
        json!({ "status": status, "role": app.role.word(), "streams": app.live.streams() });
    if let Ok(head) = head {
        body["head"] = json!(head);
    }
    if is_here && let Some(backup) = standing(app).await {
        let at = backup.last.as_ref().map(|kept| kept.at);
        body["backup"] = json!({ "state": backup.word(Timestamp::now()), "at": at });
        body["free"] = json!(backup.free);
        body["faults"] = faults.iter().map(told).collect();
    }
    let code = match status {
        "down" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    Response::builder()
        .status(code)
        .content_type("application/json; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string())
}

async fn head(app: &App) -> Result<EventId> {
    app.store.read(|conn| Ok(log::head(conn)?.id)).await
}

/// How the backups stand, and the room on the disk.
async fn standing(app: &App) -> Option<Standing> {
    let keeper = app.keeper.clone();
    spawn_blocking(move || keeper.standing()).await.ok()
}

fn told(ongoing: &Ongoing) -> serde_json::Value {
    json!({
        "fault": ongoing.fault.as_str(),
        "since": ongoing.since,
        "count": ongoing.count,
        "said": ongoing.fault.said(),
        "advice": ongoing.fault.advice(),
    })
}

/// `GET /metrics`
#[handler]
pub async fn show(Data(app): Data<&Arc<App>>, _watcher: Watcher) -> Response {
    let head = head(app).await.ok();
    let mut page = Page::default();
    of_people(&mut page, app);
    of_reading(&mut page, app);
    of_writing(&mut page, app, head);
    of_disk(&mut page, app, standing(app).await.as_ref());
    of_faults(&mut page, app);
    of_process(&mut page, app);
    Response::builder()
        .content_type(TEXT)
        .header(header::CACHE_CONTROL, "no-store")
        .body(page.text)
}

fn of_people(page: &mut Page, app: &App) {
    page.gauge("streams", "Open event streams.", app.live.streams());
    let readers = app.live.presence.reading().readers;
    page.gauge("readers", "Readers of posts now.", readers);
    page.gauge("connections", "Open connections.", app.gauge.open());
    let (writes, blocks) = app.gauge.sent();
    page.counter("stream_writes_total", "Writes to streams.", writes);
    page.counter("stream_blocks_total", "Blocks in these writes.", blocks);
    page.begin("requests_total", "Answered requests, by class.", "counter");
    for (class, count) in (1..).zip(&app.answers.by_class) {
        let count = count.load(Ordering::Relaxed);
        page.sample(
            "requests_total",
            &format!("{{status=\"{class}xx\"}}"),
            count,
        );
    }
}

fn of_reading(page: &mut Page, app: &App) {
    let reads = "How often the file was asked.";
    page.counter("reads_total", reads, app.store.reads());
    let kept = app.pages.figures();
    page.begin("pages_total", "Pages that strangers asked for.", "counter");
    for (from, count) in [
        ("memory", kept.hits),
        ("file", kept.misses),
        ("another", kept.waits),
    ] {
        page.sample("pages_total", &format!("{{from=\"{from}\"}}"), count);
    }
    page.gauge("pages_kept", "Pages in memory.", kept.pages);
    page.gauge("pages_kept_bytes", "What they take.", kept.bytes);
}

fn of_writing(page: &mut Page, app: &App, head: Option<EventId>) {
    let written = app.store.figures();
    page.gauge(
        "queue_length",
        "Changes that wait for the writer.",
        written.waiting,
    );
    page.begin(
        "commit_seconds",
        "Commits and how long they took.",
        "summary",
    );
    page.sample("commit_seconds_sum", "", written.busy.as_secs_f64());
    page.sample("commit_seconds_count", "", written.commits);
    page.counter(
        "changes_total",
        "Changes that were committed.",
        written.changes,
    );
    let refused = "Changes that a fault or a full queue refused.";
    page.counter("changes_refused_total", refused, written.refused);
    if let Some(head) = head {
        page.gauge("head", "The newest event.", head.0);
    }
}

fn of_disk(page: &mut Page, app: &App, backup: Option<&Standing>) {
    let file = app.store.path();
    page.gauge("file_bytes", "The blog's file.", length(file));
    let log = length(&beside(file, "-wal"));
    page.gauge("wal_bytes", "The write-ahead log.", log);
    if let Some(free) = backup.and_then(|backup| backup.free) {
        page.gauge("free_bytes", "Room on the disk of the file.", free);
    }
    if let Some(last) = backup.and_then(|backup| backup.last.as_ref()) {
        let age = (Timestamp::now().0 - last.at.0).max(0) / 1_000;
        page.gauge("backup_age_seconds", "Age of the last daily backup.", age);
        page.gauge(
            "backup_bytes",
            "Size of the last daily backup.",
            last.length,
        );
    }
}

fn of_faults(page: &mut Page, app: &App) {
    let faults = app.store.faults();
    let ongoing = faults.ongoing();
    let labels = |fault: Fault| format!("{{fault=\"{}\"}}", fault.as_str());
    page.begin("fault", "Whether something is wrong now.", "gauge");
    for fault in Fault::ALL {
        let is_there = ongoing.iter().any(|it| it.fault == fault);
        page.sample("fault", &labels(fault), u8::from(is_there));
    }
    page.begin("faults_total", "How often it began.", "counter");
    for fault in Fault::ALL {
        page.sample("faults_total", &labels(fault), faults.begun(fault));
    }
}

fn of_process(page: &mut Page, app: &App) {
    let up = app.answers.since.elapsed().as_secs();
    page.gauge("uptime_seconds", "Since the start.", up);
    if let Some(resident) = resident() {
        page.gauge("resident_bytes", "Memory of the process.", resident);
    }
    page.begin("info", "The version that runs.", "gauge");
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    page.sample("info", &version, 1);
}

/// The resident memory of this process in bytes, where the system tells it as Linux does.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// A page of figures as it is written.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.begin(name, help, "gauge");
        self.sample(name, "", value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.begin(name, help, "counter");
        self.sample(name, "", value);
    }

    fn begin(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP rowlog_{name} {help}"));
        self.line(format_args!("# TYPE rowlog_{name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        self.line(format_args!("rowlog_{name}{labels} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments) {
        writeln!(self.text, "{line}").expect("a string takes everything");
    }
}
