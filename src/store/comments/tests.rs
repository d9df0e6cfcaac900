//! What becomes of new comments.

use super::*;
use crate::model::typed::{Body, Name};
use crate::store::search;
use crate::store::tests::store;

const POST: &str = "
    insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status, published_at,
        created_at, updated_at) values (1, 'a', 'A', '', '', '', '', '[]', 0, 1, 'published', 1, 0, 0)";

fn new(name: &str, body: &str) -> NewComment {
    NewComment {
        name: Name::parse(name).unwrap(),
        email: None,
        url: None,
        body: Body::parse(body).unwrap(),
        html: format!("<p>{body}</p>"),
        parent: None,
        op: None,
        show_name: false,
        owner: false,
        held_for: None,
        client: None,
        is_limited: false,
    }
}

#[tokio::test]
async fn what_a_comment_is_answered_with_is_what_is_read_of_it() {
    let (store, _folder) = store();
    let story = |tx: &Tx| {
        tx.execute_batch(POST)?;
        let add = |token: u8, new: NewComment| -> Result<CommentId> {
            let (comment, is_new) = add(tx, "a", &[token; 32], &new)?;
            let read = get(tx, comment.id)?;
            assert!(is_new);
            assert_eq!(format!("{comment:?}"), format!("{read:?}"));
            Ok(comment.id)
        };
        let first = NewComment {
            op: Some("op".into()),
            url: crate::model::typed::Link::parse("example.org").unwrap(),
            ..new("Ann", "first")
        };
        let first = add(1, first)?;
        let answer = |to, new| NewComment {
            parent: Some(to),
            ..new
        };
        let second = add(2, answer(first, new("Ann", "a namesake answers")))?;
        let waiting = NewComment {
            held_for: Some("it is being tried".into()),
            ..answer(second, new("Bob", "waits"))
        };
        let waiting = add(3, waiting)?;
        add(3, answer(waiting, new("Bob", "answers what waits")))?;
        let by_owner = NewComment {
            owner: true,
            ..answer(second, new("The owner", "answers all"))
        };
        add(4, by_owner)?;
        Ok(())
    };
    store.write(story).await.unwrap();
}

#[tokio::test]
async fn the_same_words_under_the_same_name_within_a_minute_are_one_comment_without_a_cookie() {
    let (store, _folder) = store();
    let story = |tx: &Tx| {
        tx.execute_batch(POST)?;
        let mut token = 0;
        let mut is_new = |new: &NewComment| -> Result<bool> {
            token += 1; // each of them is somebody without a cookie, who is given one
            Ok(add(tx, "a", &[token; 32], new)?.1)
        };
        let said = new("Ann", "once");
        assert!(is_new(&said)?);
        for n in 0..10 {
            assert!(is_new(&new(&format!("Reader {n}"), "once"))?);
        }
        assert!(!is_new(&said)?, "whatever others write meanwhile");
        assert!(is_new(&new("Ann", "twice"))?);
        assert!(is_new(&new("ANN", "once"))?, "another name");
        let by_owner = NewComment {
            owner: true,
            ..new("The owner", "once")
        };
        assert!(is_new(&by_owner)? && !is_new(&by_owner)?);
        tx.execute("update comments set created_at = created_at - 60000", [])?;
        assert!(is_new(&said)?, "a minute later");
        Ok(())
    };
    store.write(story).await.unwrap();
}

#[tokio::test]
async fn new_comments_are_found_in_a_file_that_still_has_a_trigger_to_note_them() {
    for trigger in [
        "",
        "create trigger comment_added after insert on comments when new.status = 'published' begin
             insert into comments_to_index values (new.id);
         end",
    ] {
        let (store, _folder) = store();
        let story = move |tx: &Tx| {
            tx.execute_batch(POST)?;
            tx.execute_batch(trigger)?;
            add(tx, "a", &[1; 32], &new("Ann", "a zebra"))?;
            let waiting = NewComment {
                held_for: Some("it is being tried".into()),
                ..new("Ann", "another zebra")
            };
            add(tx, "a", &[1; 32], &waiting)
        };
        store.write(story).await.unwrap();
        let look = |tx: &Tx| {
            let sql = "select count(*) from comment_index where comment_index match 'zebra'";
            let found: i64 = tx.query_row(sql, [], |row| row.get(0))?;
            assert_eq!((found, search::is_behind(tx)?), (1, false));
            assert_eq!(search::disagreeing(tx)?, [""; 0]);
            Ok(())
        };
        store.write(look).await.unwrap();
    }
}
