//! A post that is not public yet, for whoever was given its secret address.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::reader::Reader;
use super::super::{App, issued, no_store, token};
use crate::error::{Error, Result};
use crate::model::id::PostId;
use crate::model::post::Post;
use crate::store::{manuscripts, media, posts};
use crate::text::markdown;
use crate::views::posts::StaticPage;

/// `?key=…`
#[derive(Deserialize)]
struct PreviewQuery {
    key: Option<String>,
}

/// The secret address of a post, in whatever status it is.
pub fn path(form_key: &str, id: PostId) -> String {
    format!(
        "/preview/{id}?key={}",
        issued::mark(form_key, &format!("preview {id}"))
    )
}

/// `GET /preview/{id}?key=…`: the post as it would look if it were published now.
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, Failure> {
    let id = PostId(id);
    let key = query.key.unwrap_or_default();
    // Hashes are compared, so that the time it takes tells nothing of the key.
    let given = format!("/preview/{id}?key={key}");
    if token::hash(&path(&app.form_key, id)) != token::hash(&given) {
        return Err(Error::NotFound.into());
    }
    let page = app.page(&reader, move |moment| {
        let post = posts::by_id(moment.conn, id)?.ok_or(Error::NotFound)?;
        let post = as_written(moment.conn, post, &moment.settings.zone())?;
        Ok(StaticPage::preview(moment.frame(), &post).render()?)
    });
    let mut answer = page.await?;
    no_store(&mut answer);
    Ok(answer)
}

/// The post with what is being written of it in the place of what readers see.
fn as_written(conn: &rusqlite::Connection, post: Post, zone: &jiff::tz::TimeZone) -> Result<Post> {
    let Some(kept) = manuscripts::find(conn, post.id)? else {
        return Ok(post);
    };
    let pictures = media::pictures(conn)?;
    let rendered = markdown::post(&kept.manuscript.body, &|url: &str| pictures.at(url));
    let title = kept.manuscript.name().to_owned();
    let (summary, lang, front) = match kept.manuscript.fair(zone) {
        Ok(fair) => (fair.summary, fair.lang, posts::looked_up(conn, fair.front)?),
        Err(_) => (None, post.lang, post.front), // half typed; its words can be read already
    };
    Ok(Post {
        title,
        summary,
        lang,
        front,
        html: rendered.html,
        headings: rendered.headings,
        words: rendered.words.into(),
        excerpt: rendered.excerpt,
        ..post
    })
}
