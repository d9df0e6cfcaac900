//! A page in memory: its bytes in each coding with the headers they are sent with, and how long it is as good as a new one.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Response, ResponseParts};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::model::concern::Concern;
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::store::changes::{Changes, Extent};
use crate::web::assets::is_known;
use crate::web::coding::{Coding, Effort, SHORTEST};
use crate::web::compress::say_encoded;
use crate::web::fields::Fields;
use crate::web::server::Ready;
use crate::web::visit::Read;

/// What an answer says of itself so that it is kept: until when it is as good as a new one.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// The newest event that it shows.
    pub as_of: EventId,
    /// What makes it out of date.
    pub concern: Concern,
    /// From when on it looks different, or has a form that grows old; whatever happens.
    pub until: Option<Timestamp>,
}

/// A page in one coding, and the word that it has not changed.
struct Form {
    whole: Arc<Ready>,
    unchanged: Arc<Ready>,
}

impl Form {
    fn new(headers: HeaderMap, body: Bytes) -> Form {
        let mut few = headers.clone();
        few.remove(header::CONTENT_TYPE);
        few.remove(header::CONTENT_ENCODING);
        let unchanged = Ready::new(StatusCode::NOT_MODIFIED, few, Bytes::new());
        Form {
            whole: Arc::new(Ready::new(StatusCode::OK, headers, body)),
            unchanged: Arc::new(unchanged),
        }
    }

    fn len(&self) -> usize {
        self.whole.body.len()
    }
}

/// The strong tag of these bytes, the same after a restart. It need not withstand anyone who looks for two pages of one tag:
/// it is compared with tags of the same address only, and what is in a page beside a writer's words is signed.
fn tag(body: &[u8]) -> String {
    let mut hash = DefaultHasher::new();
    hash.write(body);
    format!("\"{:016x}-{:x}\"", hash.finish(), body.len())
}

/// The forms of a page in each coding, as they are asked for; none where it would not be smaller.
#[derive(Default)]
struct Encoded {
    gzip: OnceCell<Option<Form>>,
    brotli: OnceCell<Option<Form>>,
    zstd: OnceCell<Option<Form>>,
}

/// An answer that is the same for all strangers.
pub struct Page {
    lasting: Lasting,
    /// How often pages had changed without an event before it was read.
    unrecorded: u64,
    /// When it was made: a clock that is put back makes no page last.
    made_at: Timestamp,
    /// The strong one, of the bytes as they are.
    tag: String,
    read: Option<Read>,
    plain: Form,
    encoded: Encoded,
    /// Whether it was seen to that its smallest form is made.
    is_improved: AtomicBool,
    /// Whether anyone has asked for it since the shelf was last looked through.
    pub asked_for: AtomicBool,
}

impl Page {
    /// Takes an answer in, if it is one to be kept; `before` is how much had happened when it was begun, and `longest` how
    /// many milliseconds it lasts at most.
    ///
    /// Errors: what reading its body answers. An answer that is not to be kept comes back.
    pub async fn of(
        answer: Response,
        before: Extent,
        longest: Option<i64>,
    ) -> poem::Result<Result<Page, Response>> {
        let lasting = answer.data::<Lasting>().copied();
        let is_whole = answer.status() == StatusCode::OK
            && !answer.headers().contains_key(header::SET_COOKIE)
            && !answer.headers().contains_key(header::CONTENT_ENCODING);
        let Some(mut lasting) = lasting.filter(|_| is_whole) else {
            return Ok(Err(answer));
        };
        let made_at = Timestamp::now();
        let end = longest.map(|longest| made_at.plus(longest));
        lasting.until = lasting.until.into_iter().chain(end).min();
        let read = answer.data::<Read>().cloned();
        let (ResponseParts { mut headers, .. }, body) = answer.into_parts();
        let body = body.into_bytes().await?;
        let tag = tag(&body);
        if let Ok(value) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, value);
        }
        Ok(Ok(Page {
            lasting,
            unrecorded: before.unrecorded,
            made_at,
            tag,
            read,
            plain: Form::new(headers, body),
            encoded: Encoded::default(),
            is_improved: AtomicBool::new(false),
            asked_for: AtomicBool::new(false),
        }))
    }

    /// Whether it is as good as one that would be made now.
    pub fn is_fresh(&self, changes: &Changes) -> bool {
        self.lasting.as_of >= changes.newest(self.lasting.concern)
            && self.unrecorded == changes.extent().unrecorded
            && self.lasting.until.is_none_or(|until| {
                let now = Timestamp::now();
                self.made_at <= now && now < until
            })
    }

    /// Whether it shows all that had happened then.
    pub fn shows(&self, then: Extent) -> bool {
        self.lasting.as_of >= then.newest && self.unrecorded >= then.unrecorded
    }

    /// The view that it is to whoever reads it.
    pub fn read(&self) -> Option<&Read> {
        self.read.as_ref()
    }

    /// Bytes that it holds now.
    pub fn len(&self) -> usize {
        let Encoded { gzip, brotli, zstd } = &self.encoded;
        let encoded = [gzip, brotli, zstd].into_iter();
        let encoded = encoded.filter_map(|form| form.get()?.as_ref());
        self.plain.len() + encoded.map(Form::len).sum::<usize>()
    }

    /// Whether nothing need be made for an answer in this coding.
    pub fn has(&self, coding: Coding) -> bool {
        self.cell(coding).is_none_or(OnceCell::initialized)
    }

    /// Makes the bytes of a coding, unless they are there or worth nothing.
    pub async fn make(&self, coding: Coding) {
        let Some(cell) = self.cell(coding) else {
            return;
        };
        cell.get_or_init(|| async {
            let name = coding.name().filter(|_| self.plain.len() >= SHORTEST)?;
            let body = self.plain.whole.body.clone();
            let small = spawn_blocking(move || coding.encode(&body, Effort::Kept)).await;
            let mut headers = self.plain.whole.headers.clone();
            say_encoded(&mut headers, name);
            let small = small.ok()?.ok()?;
            Some(Form::new(headers, small.into()))
        })
        .await;
    }

    /// The answer to a request with these headers.
    pub fn answer(&self, asked: &(impl Fields + ?Sized), coding: Coding) -> &Arc<Ready> {
        let form = self.cell(coding).and_then(|cell| cell.get()?.as_ref());
        let form = form.unwrap_or(&self.plain);
        match is_known(asked, &self.tag) {
            true => &form.unchanged,
            false => &form.whole,
        }
    }

    /// Whether nobody has seen yet to it that its smallest form is made. From now on somebody has.
    pub fn is_to_be_improved(&self) -> bool {
        !self.is_improved.load(Ordering::Relaxed) && !self.is_improved.swap(true, Ordering::Relaxed)
    }

    /// Notes that somebody asked for it.
    pub fn note(&self) {
        if !self.asked_for.load(Ordering::Relaxed) {
            self.asked_for.store(true, Ordering::Relaxed);
        }
    }

    fn cell(&self, coding: Coding) -> Option<&OnceCell<Option<Form>>> {
        match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(&self.encoded.gzip),
            Coding::Brotli => Some(&self.encoded.brotli),
            Coding::Zstd => Some(&self.encoded.zstd),
        }
    }
}
