//! Bringing what is derived up to date: text that an earlier version of the renderer made, and the indexes of the search.
//!
//! Nothing that anyone wrote changes, so nobody is told.

use rusqlite::Connection;

use crate::error::Result;
use crate::model::id::{CommentId, PostId};
use crate::model::post::Rendered;
use crate::store::{Store, Tx, comments, media, posts, search, settings};
use crate::text::{self, RENDERER};

/// Rows rendered between two commits, so that no visitor waits long behind them.
const AT_ONCE: i64 = 20;

/// The setting that says which version of the renderer made everything in the file.
const SETTING: &str = "renderer_version";

/// Rows and what was made of them.
type Batch<Id, Made> = Vec<(Id, Made)>;

/// Renders again what another version rendered, and makes the indexes anew if another version made them.
///
/// Errors: what the store answers; what was done until then stays done.
pub async fn run(store: &Store) -> Result<()> {
    if !store.read(is_rendered).await? {
        render(store).await?;
    }
    if store.read(search::is_outdated).await? {
        store.write(search::rebuild).await?;
    }
    Ok(())
}

/// Looks at every post and comment, and renders again what another version rendered.
///
/// Errors: as [`run`].
pub async fn render(store: &Store) -> Result<()> {
    renewed(store, rendered_posts, posts::renew).await?;
    renewed(store, rendered_comments, |tx, id, html| {
        comments::renew(tx, id, html)
    })
    .await?;
    let version = RENDERER.to_string();
    store
        .write(move |tx| settings::set(tx, SETTING, &version))
        .await
}

/// Whether everything was rendered by this version, so that nobody has to look at every row at every start.
fn is_rendered(conn: &Connection) -> Result<bool> {
    let version = settings::get(conn, SETTING)?;
    Ok(version.is_some_and(|version| version == RENDERER.to_string()))
}

/// Puts back what `render` makes of outdated rows, some at a time, until there are none. It is rendered where the file is
/// read, so that the one writer only writes.
async fn renewed<Id, Made>(
    store: &Store,
    render: fn(&Connection) -> Result<Batch<Id, Made>>,
    put: fn(&Tx, Id, &Made) -> Result<()>,
) -> Result<()>
where
    Id: Copy + Send + 'static,
    Made: Send + 'static,
{
    loop {
        let made = store.read(render).await?;
        if made.is_empty() {
            return Ok(());
        }
        store
            .write(move |tx| made.iter().try_for_each(|(id, made)| put(tx, *id, made)))
            .await?;
    }
}

fn rendered_posts(conn: &Connection) -> Result<Batch<PostId, Rendered>> {
    let pictures = media::pictures(conn)?;
    let old = posts::outdated(conn, AT_ONCE)?.into_iter();
    let made = old.map(|(id, body)| (id, text::markdown::post(&body, &|url| pictures.at(url))));
    Ok(made.collect())
}

fn rendered_comments(conn: &Connection) -> Result<Batch<CommentId, String>> {
    let old = comments::outdated(conn, AT_ONCE)?.into_iter();
    let made = old.map(|(id, body)| (id, text::comment::html(&body)));
    Ok(made.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn what_an_earlier_version_rendered_is_rendered_again_and_found_by_its_words() {
        let (store, _folder) = store();
        let old = |tx: &Tx| {
            tx.execute_batch(
                "insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status,
                     published_at, created_at, updated_at)
                 values (1, 'a', 'A', '', 'Some *zebras*.', 'old', '', '[]', 0, 0, 'published', 1, 1, 1);
                 insert into comments (post_id, depth, thread, number, name, body, html, renderer, status, created_at)
                 values (1, 0, 1, 1, 'Ann', '*Yes*', 'old', 0, 'published', 1),
                     (1, 0, 2, 2, '', '', '', 0, 'deleted', 1);",
            )?;
            Ok(())
        };
        store.write(old).await.unwrap();
        assert!(store.read(search::is_outdated).await.unwrap());
        assert!(!store.read(is_rendered).await.unwrap());
        run(&store).await.unwrap();
        let look = |conn: &Connection| {
            let text = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0));
            assert!(text("select html from posts")?.contains("<em>zebras</em>"));
            assert!(text("select html from comments where number = 1")?.contains("<em>Yes</em>"));
            assert_eq!(text("select html from comments where number = 2")?, "");
            let question = crate::model::search::Question::parse("zebra").unwrap();
            assert_eq!(search::count_posts(conn, &question)?, 1);
            assert!(!search::is_outdated(conn)? && is_rendered(conn)?);
            Ok(())
        };
        store.read(look).await.unwrap();
    }
}
