//! Other paths that lead to a post: earlier slugs, aliases, the addresses it had elsewhere.

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::error::Result;
use crate::model::id::PostId;
use crate::model::post::PostKind;

/// The address of the open post that once had this path.
pub fn find(conn: &Connection, path: &str) -> Result<Option<String>> {
    let sql = "select kind, slug from redirects join posts on posts.id = post_id
               where path = ?1 and status in ('published', 'unlisted')";
    let found = conn
        .prepare_cached(sql)?
        .query_row([normal(path)], |row| {
            let kind: PostKind = row.get(0)?;
            Ok(kind.path(&row.get::<_, String>(1)?))
        })
        .optional()?;
    Ok(found.filter(|target| *target != normal(path)))
}

/// The post, in any status, that has or once had this address.
pub fn post_of(conn: &Connection, path: &str) -> Result<Option<PostId>> {
    let sql = "select post_id from redirects where path = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([normal(path)], |row| row.get(0))
        .optional()?)
}

/// Lets `path` lead to the post; the newest word on a path counts. Whether that is new.
pub fn add(tx: &Tx, path: &str, post: PostId) -> Result<bool> {
    let sql = "insert into redirects (path, post_id) values (?1, ?2)
               on conflict (path) do update set post_id = excluded.post_id where post_id <> excluded.post_id";
    Ok(tx
        .prepare_cached(sql)?
        .execute(params![normal(path), post])?
        > 0)
}

/// Lets each of `paths` lead to the post.
pub fn add_all(tx: &Tx, paths: &[String], post: PostId) -> Result<()> {
    paths
        .iter()
        .try_for_each(|path| add(tx, path, post).map(drop))
}

/// Forgets where `path` leads: a post has it for its own now.
pub fn remove(tx: &Tx, path: &str) -> Result<()> {
    tx.prepare_cached("delete from redirects where path = ?1")?
        .execute([normal(path)])?;
    Ok(())
}

/// A path in the one form that the table holds: from the root, no trailing slash, no `index.html`.
fn normal(path: &str) -> String {
    let path = path.trim_end_matches("index.html").trim_matches('/');
    format!("/{path}")
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_path_has_one_form() {
        for path in [
            "/2019/hello",
            "/2019/hello/",
            "2019/hello",
            "/2019/hello/index.html",
        ] {
            assert_eq!(normal(path), "/2019/hello");
        }
        assert_eq!(normal("/2019/hello.html"), "/2019/hello.html");
    }
}
