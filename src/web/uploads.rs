//! Files on their way in: `multipart/form-data`, bounded in every direction, then the darkroom, then the file.
//!
//! What a file is called and what the browser says of its type is believed by nobody.

use std::path::Path;
use std::time::Duration;

use multer::{Constraints, Multipart, SizeLimit};
use poem::http::{StatusCode, header};
use poem::{Body, Request, Response};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::App;
use super::error::Failure;
use super::server::deadlines::MoreTime;
use crate::darkroom::develop::{Developed, Refusal, develop};
use crate::darkroom::{icon, kinds};
use crate::error::{Error, Result as Outcome};
use crate::model::icon::Icon;
use crate::model::media::{self, ALT_MAX, Item, NewMedia};
use crate::model::typed::is_text;
use crate::store::{Tx, media as library};

/// Uploads in memory at once.
const AT_ONCE: usize = 4;

/// Pictures that are developed at once: a large one takes some hundred megabytes.
const DEVELOPED_AT_ONCE: usize = 1;

/// How long an upload waits for its turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the owner's line may take beyond the usual time of a body: 64 MiB at 0.9 Mbit/s.
pub const SLOW_LINE: Duration = Duration::from_secs(10 * 60);

/// Parts of one form, and bytes of one that is no file.
const PARTS: usize = 16;
const LONGEST_FIELD: u64 = 16 << 10;

/// Where uploads come in: a few at a time, none too large.
pub struct Uploads {
    receiving: Semaphore,
    developing: Semaphore,
    /// Bytes of the largest file.
    largest: usize,
}

impl Uploads {
    /// One for this process, which takes files of up to `largest` bytes.
    pub fn new(largest: usize) -> Uploads {
        Uploads {
            receiving: Semaphore::new(AT_ONCE),
            developing: Semaphore::new(DEVELOPED_AT_ONCE),
            largest,
        }
    }
}

/// Why a file is not kept.
pub enum Refused {
    /// The file or what came with it cannot be taken; the field, and the sentence for its sender.
    Said {
        /// How the answer says it.
        status: StatusCode,
        /// `file` or `alt`.
        field: &'static str,
        /// What is wrong and what to do.
        why: String,
        /// The description that came along.
        alt: String,
    },
    /// Something else failed.
    Failed(Failure),
}

impl Refused {
    fn file(status: StatusCode, why: impl Into<String>) -> Refused {
        Refused::Said {
            status,
            field: "file",
            why: why.into(),
            alt: String::new(),
        }
    }

    /// Gives the description back that was typed.
    fn with_alt(mut self, typed: &str) -> Refused {
        if let Refused::Said { alt, .. } = &mut self {
            typed.clone_into(alt);
        }
        self
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Failed(error.into())
    }
}

/// What a form with a file holds.
#[derive(Default)]
struct Received {
    file_name: String,
    bytes: Vec<u8>,
    alt: String,
}

/// Takes in the file of the part `file`, described by the part `alt` if there is one.
///
/// The request must be the owner's: its body may take its time. The same file is kept once, under its first name; a
/// new description replaces an old one.
///
/// Errors: [`Refused`], with 415 for a type that is not kept, 413 for one that is too large, 422 for what is damaged.
pub async fn take(app: &App, req: &Request, body: Body) -> Result<Item, Refused> {
    let (received, _turn) = accept(app, req, body).await?;
    let typed = received.alt.clone();
    let Received {
        file_name,
        bytes,
        alt,
    } = received;
    keep(app, &file_name, bytes, &alt)
        .await
        .map_err(|refused| refused.with_alt(&typed))
}

/// Takes in the picture of the part `file` as an icon, in every size.
///
/// Errors: as [`take`].
pub async fn take_icon(app: &App, req: &Request, body: Body) -> Result<Vec<Icon>, Refused> {
    let (received, _turn) = accept(app, req, body).await?;
    let sizes = in_the_darkroom(app, move || icon::sizes(&received.bytes)).await;
    sizes.map_err(|refused| match refused {
        Refused::Said { status, field, .. } if status == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let why = "An icon is a PNG, JPEG, WebP or GIF picture. Save it as one of these.";
            Refused::Said {
                status,
                field,
                why: why.into(),
                alt: String::new(),
            }
        }
        other => other,
    })
}

/// Reads a form with a file when it is its turn, which lasts as long as what comes back.
async fn accept<'a>(
    app: &'a App,
    req: &Request,
    body: Body,
) -> Result<(Received, SemaphorePermit<'a>), Refused> {
    if let Some(time) = req.data::<MoreTime>() {
        time.grant(SLOW_LINE);
    }
    let turn = turn(&app.uploads.receiving).await?;
    Ok((receive(req, body, app.uploads.largest).await?, turn))
}

/// Works on a picture when it is its turn.
async fn in_the_darkroom<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refused> {
    let _turn = turn(&app.uploads.developing).await?;
    let worked = spawn_blocking(work).await;
    let worked = worked.unwrap_or(Err(Refusal::Damaged)); // a decoder that panics has met what it cannot read
    worked.map_err(|refusal| {
        let status = match refusal {
            Refusal::Unknown => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::TooLarge | Refusal::Damaged => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Refused::file(status, refusal.to_string())
    })
}

/// Tells a program why a file is not kept.
pub fn refused_json(status: StatusCode, field: &str, why: &str) -> Response {
    let said = json!({ "error": why, "fields": { field: why } });
    Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(said.to_string())
}

/// A description as it is kept: one line of text.
///
/// Errors: it is too long.
pub fn description(typed: &str) -> Result<String, String> {
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|&c| is_text(c)).collect();
    match line.chars().count() {
        length if length > ALT_MAX => Err(format!(
            "This description has {length} characters; {ALT_MAX} fit. A sentence or two is enough."
        )),
        _ => Ok(line),
    }
}

async fn turn(turns: &Semaphore) -> Outcome<SemaphorePermit<'_>> {
    let busy = Error::Unavailable("other files are still being taken in; please try again");
    match timeout(PATIENCE, turns.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy),
    }
}

async fn receive(req: &Request, body: Body, largest: usize) -> Result<Received, Refused> {
    let header = |name| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let kind = header(header::CONTENT_TYPE).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let why = "Send the file as a form does: multipart/form-data, in a field named “file”.";
        Refused::file(StatusCode::UNSUPPORTED_MEDIA_TYPE, why)
    })?;
    let limit = largest as u64;
    let whole = limit + PARTS as u64 * LONGEST_FIELD;
    let announced = header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > whole) {
        return Err(too_large(largest));
    }
    let limits = SizeLimit::new()
        .whole_stream(whole)
        .per_field(LONGEST_FIELD)
        .for_field("file", limit);
    let limits = Constraints::new().size_limit(limits);
    let parts = Multipart::with_constraints(body.into_bytes_stream(), boundary, limits);
    let room = announced.unwrap_or_default().min(limit) as usize;
    let received = read(parts, room).await.map_err(|error| match error {
        multer::Error::FieldSizeExceeded { field_name, .. }
            if field_name.as_deref() != Some("file") =>
        {
            Refused::Failed(Failure::status(StatusCode::PAYLOAD_TOO_LARGE))
        }
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            too_large(largest)
        }
        _ => Refused::Failed(Failure::status(StatusCode::BAD_REQUEST)),
    })?;
    match received.bytes.is_empty() {
        true => Err(Refused::file(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Choose a file: none came, or it was empty.",
        )
        .with_alt(&received.alt)),
        false => Ok(received),
    }
}

fn too_large(largest: usize) -> Refused {
    let why = format!(
        "This file is larger than {} MiB, the most that this blog takes.",
        largest >> 20
    );
    Refused::file(StatusCode::PAYLOAD_TOO_LARGE, why)
}

/// Reads the parts one after the other. Of a part that comes twice the first counts; what has another name is ignored.
/// `room` is how many bytes can be expected.
async fn read(mut parts: Multipart<'_>, room: usize) -> Result<Received, multer::Error> {
    let mut received = Received::default();
    for _ in 0..PARTS {
        let Some(mut part) = parts.next_field().await? else {
            return Ok(received);
        };
        match part.name() {
            Some("file") if received.bytes.is_empty() => {
                part.file_name()
                    .unwrap_or_default()
                    .clone_into(&mut received.file_name);
                received.bytes.reserve_exact(room); // growing would copy it, and hold it twice meanwhile
                while let Some(piece) = part.chunk().await? {
                    received.bytes.extend_from_slice(&piece);
                }
            }
            Some("alt") if received.alt.is_empty() => received.alt = part.text().await?,
            _ => while part.chunk().await?.is_some() {},
        }
    }
    match parts.next_field().await? {
        None => Ok(received),
        Some(_) => Err(multer::Error::IncompleteStream), // more parts than any form of ours has
    }
}

/// Develops a file and keeps it under the name it was sent with, described by `alt`.
///
/// Errors: as [`take`].
pub async fn keep(app: &App, file_name: &str, bytes: Vec<u8>, alt: &str) -> Result<Item, Refused> {
    let alt = description(alt).map_err(|why| Refused::Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        field: "alt",
        why,
        alt: String::new(),
    })?;
    let file = in_the_darkroom(app, move || develop(&bytes)).await?;
    let (new, variants) = row(file, file_name);
    let write = move |tx: &Tx| {
        library::add(tx, &new, None)?;
        library::add_sizes(tx, &new.hash, &variants)?;
        if !alt.is_empty() {
            library::describe(tx, &new.hash, &alt)?;
        }
        library::item(tx, &new.hash)
    };
    let item = app.store.write(write).await?;
    item.ok_or(Refused::Failed(Error::NotFound.into()))
}

fn row(file: Developed, file_name: &str) -> (NewMedia, Vec<media::NewVariant>) {
    // Some browsers send a path, with the signs of their own system.
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = Path::new(base).file_stem().unwrap_or_default();
    let new = NewMedia {
        hash: media::hash(&file.bytes),
        name: media::safe_name(&stem.to_string_lossy(), kinds::ending(file.mime)),
        mime: file.mime,
        width: file.size.map(|size| size.0),
        height: file.size.map(|size| size.1),
        bytes: file.bytes,
    };
    (new, file.variants)
}
