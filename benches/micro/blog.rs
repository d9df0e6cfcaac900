//! A blog in a folder that goes away: one post, comments on it, and what follows its log.

use std::future::Future;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::live::Live;
use crate::model::comment::NewComment;
use crate::model::id::PostId;
use crate::model::post::{Discussion, NewPost, PostKind, Status};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::model::typed::{Body, Name};
use crate::store::{Store, comments, posts};
use crate::text;

/// Comments on the post: more than the ring is filled with at a start.
pub const EVENTS: usize = 1_500;

/// What a visitor may well write.
pub const COMMENT: &str = "Thank you for *this*: I had **no** idea that the gauge was read at night, too.\n\n\
    > The height of the water was noted at every bell.\n\n\
    See https://example.org/tides and [the ledger](https://example.org/ledger), or `tides.csv`.";

/// The Markdown of a post with so many paragraphs.
pub fn post(paragraphs: usize) -> String {
    let paragraph = "The weather of this day was noted by *whoever* had the watch, with the height of the water at the \
        [gauge](https://example.org/gauge), what the boats had brought in, and who had gone out to mend the nets.\n\n";
    let some =
        format!("## The ledger\n\n{paragraph}- nets\n- ropes\n\n```rust\nfn main() {{}}\n```\n\n");
    (0..paragraphs)
        .map(|n| {
            if n % 10 == 9 {
                some.as_str()
            } else {
                paragraph
            }
        })
        .collect()
}

/// The n-th comment.
pub fn said(number: usize) -> NewComment {
    let body = format!(
        "The **{number}th** thing to be said about it, and it says a little more than that."
    );
    NewComment {
        name: Name::parse("Ann of the shore").expect("it is a name"),
        email: None,
        url: None,
        html: text::comment::html(&body),
        body: Body::parse(&body).expect("it is a text"),
        parent: None,
        op: None,
        show_name: false,
        owner: false,
        held_for: None,
        client: None,
        is_limited: false,
    }
}

/// The blog, and what runs beside it.
pub struct Blog {
    runtime: Runtime,
    pub store: Arc<Store>,
    pub live: Arc<Live>,
    /// What a stranger's page of the post follows.
    pub topic: Topic,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

impl Blog {
    /// A new one with its comments.
    pub fn new() -> Blog {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("threads can be started");
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let store = Store::open(folder.path(), true).expect("a blog can be made");
        let filled = store.write(|tx| {
            let (id, _) = posts::save(tx, &hello())?;
            for number in 0..EVENTS {
                comments::add(tx, "hello", &[7; 32], &said(number))?;
            }
            Ok(id)
        });
        let id: PostId = runtime.block_on(filled).expect("the blog can be filled");
        let (stop, stopped) = watch::channel(false);
        let (live, _) = Live::start(&store, stopped).expect("the log can be followed");
        Blog {
            runtime,
            store: Arc::new(store),
            live,
            topic: Topic::Post(id, None),
            _stop: stop,
            _folder: folder,
        }
    }

    /// Waits for something of this blog.
    pub fn run<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Has the log have at least so many events, the oldest five hundred of which are too old.
    pub fn has_old_events(&self, rows: i64) {
        let filled = self.store.write(move |tx| {
            let sql = "
                with recursive n (i) as (select count(*) + 1 from events union all select i + 1 from n where i < ?1 + 1000)
                insert into events (kind, post_id, subject, audience, at)
                select 'comment:updated', post_id, id, 'public', ?2 from n
                join comments on comments.id = (select max(id) from comments) - i % 1000";
            tx.execute(sql, (rows, tx.now()))?;
            let sql = "update events set at = 0 where id < (select min(id) from events) + 500";
            Ok(tx.execute(sql, [])?)
        });
        self.run(filled).expect("events can be written");
    }
}

fn hello() -> NewPost {
    let body = post(10);
    NewPost {
        kind: PostKind::Post,
        slug: "hello".into(),
        title: "Hello".into(),
        summary: None,
        rendered: text::markdown::post(&body, &|_| None),
        body,
        tags: Vec::new(),
        status: Status::Published,
        discussion: Discussion::Thread,
        lang: None,
        published_at: Some(Timestamp(1_700_000_000_000)),
        updated_at: None,
        comments_open: None,
        old_paths: Vec::new(),
        extra: "{}".into(),
    }
}
