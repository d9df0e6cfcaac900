//! Taking the blog along: all of it as one file, or as an archive that anyone can read.
//!
//! Both are made whole before the first byte is sent, so that what is cut on its way can be told from what is finished,
//! and an error is a page that says so. What is made lies in the data folder without a name, and is gone with the answer.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use poem::http::header;
use poem::web::Data;
use poem::{Body, Response, handler};
use tokio::task::spawn_blocking;

use super::super::App;
use super::super::error::Failure;
use super::super::form::Form;
use super::super::session::Owner;
use crate::error::{Error, Result};
use crate::export;
use crate::model::time::Timestamp;

/// Bytes read from the disk at once.
const CHUNK: usize = 64 << 10;

/// `POST /admin/backup`
#[handler]
pub async fn send_backup(
    Data(app): Data<&Arc<App>>,
    _owner: Owner,
    _form: Form,
) -> Result<Response, Failure> {
    let keeper = app.keeper.clone();
    let snapshot = spawn_blocking(move || keeper.copy()).await;
    let snapshot = snapshot.map_err(|_| FAILED)??;
    let length = snapshot.length;
    let file = snapshot.into_file();
    Ok(download(file, length, "application/vnd.sqlite3", "db"))
}

/// `POST /admin/export`
#[handler]
pub async fn send_export(
    Data(app): Data<&Arc<App>>,
    _owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let private = form.get("private") == "yes";
    let keeper = app.keeper.clone();
    let made = app.store.read(move |conn| {
        let _alone = keeper.alone()?;
        export::zip::write(conn, private, &keeper.room())
    });
    let (file, length) = made.await?;
    Ok(download(file, length, "application/zip", "zip"))
}

const FAILED: Error = Error::Unavailable("the copy failed unexpectedly; please try again");

/// An answer that a browser saves as a file.
fn download(file: File, length: u64, mime: &str, ending: &str) -> Response {
    let day = Timestamp::now().rfc3339();
    let day = day.split('T').next().unwrap_or_default();
    let name = format!("attachment; filename=\"rowlog-{day}.{ending}\"");
    Response::builder()
        .content_type(mime)
        .header(header::CONTENT_DISPOSITION, name)
        .header(header::CONTENT_LENGTH, length)
        .body(Body::from_bytes_stream(chunks(file)))
}

/// The bytes of a file, read when the one who is sent them has taken the last ones.
fn chunks(file: File) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let read = spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let length = file.read(&mut chunk)?;
            chunk.truncate(length);
            Ok::<_, io::Error>((chunk, file))
        });
        let (chunk, file) = read.await.map_err(io::Error::other)??;
        Ok((!chunk.is_empty()).then(|| (chunk.into(), file)))
    })
}
