//! What the demonstration is made of fits together: pools, posts and plans.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::plan::{Act, Plan, Visit, What};
use super::pool::{Pool, Regret};
use super::{blog, owner, pace};
use crate::model::post::PostKind;
use crate::model::time::Timestamp;
use crate::model::typed::{Body, Name};
use crate::store::{Store, comments, lists, posts};
use crate::text;

#[test]
fn every_comment_is_one_that_the_form_takes_and_that_renders() {
    let pool = Pool::embedded();
    let live = pool.lines.iter().filter(|line| line.earlier.is_none());
    assert!(live.count() >= 60);
    let mut bodies = HashSet::new();
    for line in &pool.lines {
        let new = blog::typed(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert!(new.html.contains("<p>"), "{line:?}");
        assert!(
            !new.html.contains("&lt;"),
            "markup that is not taken: {line:?}"
        );
        assert!(bodies.insert(&line.body), "said twice: {line:?}");
        if let Some(Regret::Changed(to)) = &line.regret {
            assert_ne!(text::comment::html(to), new.html, "{line:?}");
            Body::parse(to).unwrap();
        }
    }
}

#[test]
fn every_entry_says_something() {
    assert!(owner::entries().count() >= 10);
    for (title, body) in owner::entries() {
        assert!(title != Some("") && !body.is_empty() && !body.contains("---\n"));
    }
}

#[test]
fn every_reply_answers_somebody_else_and_comes_after_it() {
    let pool = Pool::embedded();
    let owner = Name::parse(blog::OWNER).unwrap();
    for (at, line) in pool.lines.iter().enumerate() {
        if line.earlier.is_none() {
            assert!(
                Name::parse(&line.name).is_ok_and(|name| name.likeness() != owner.likeness()),
                "the form would refuse {line:?}"
            );
        }
        let Some(parent) = line.parent else { continue };
        let parent = &pool.lines[parent];
        assert!(line.parent < Some(at) && parent.post == line.post);
        assert_ne!(parent.name, line.name, "{line:?} answers itself");
        let gone = matches!(parent.regret, Some(Regret::TakenBack));
        assert!(!gone, "{line:?} answers what will be gone");
        match (parent.earlier, line.earlier) {
            (Some(before), Some(after)) => assert!(before <= after, "{line:?}"),
            (None, Some(_)) => panic!("{line:?} answers what is still to be said"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_blog_has_its_posts_and_pages_and_what_was_said_about_them() {
    let (folder, pool) = (tempfile::tempdir().unwrap(), Pool::embedded());
    let made = blog::make(folder.path(), &pool, 1).await.unwrap();
    let slugs: HashSet<_> = pool.lines.iter().map(|line| line.post.clone()).collect();
    assert_eq!(slugs, made.posts.iter().cloned().collect());
    let earlier = pool.lines.iter().filter(|line| line.earlier.is_some());
    assert_eq!(made.said.len(), earlier.count());
    let store = Store::open(folder.path(), false).unwrap();
    let (said, newest) = (made.said.clone(), made.posts[0].clone());
    store
        .read(move |conn| {
            for page in ["about", "gear"] {
                assert!(posts::open(conn, PostKind::Page, page)?.is_some(), "{page}");
            }
            let now = Timestamp::now();
            let all = lists::page(conn, 0, -1)?;
            assert_eq!(all[0].path(), format!("/posts/{newest}"));
            assert!(all.iter().all(|post| post.published_at < now));
            let (first, last) = (&all[all.len() - 1].published_at, &all[0].published_at);
            assert!(last.0 - first.0 > 600 * 24 * 60 * 60 * 1_000, "two years");
            for (place, id) in said {
                let comment = comments::published(conn, id)?;
                assert_eq!(comment.name, pool.lines[place].name);
                assert_eq!(comment.owner, comment.name == blog::OWNER);
                assert!(
                    comment.created_at < now,
                    "{} was said in the future",
                    comment.body
                );
            }
            Ok(())
        })
        .await
        .unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(!folder.path().join("content").exists(), "{left:?}");
}

fn plan(pool: &Pool, seed: u64, visits: usize) -> Vec<Visit> {
    let mut posts: Vec<_> = pool.lines.iter().map(|line| line.post.clone()).collect();
    posts.sort_unstable();
    posts.dedup();
    posts.reverse();
    Plan::new(pool, &posts, seed).take(visits).collect()
}

#[test]
fn one_seed_is_one_plan() {
    let pool = Pool::embedded();
    assert_eq!(plan(&pool, 7, 300), plan(&pool, 7, 300));
    assert_ne!(plan(&pool, 7, 300), plan(&pool, 8, 300));
}

#[test]
fn a_plan_says_everything_once_and_answers_only_what_was_said() {
    let pool = Pool::embedded();
    for seed in 0..20 {
        let (mut said, mut busy) = (HashMap::new(), HashMap::new());
        for visit in plan(&pool, seed, 2_000) {
            let leaves = busy.insert(visit.reader.clone(), visit.at + visit.stay);
            assert!(leaves < Some(visit.at), "{} is in two places", visit.reader);
            for Act { after, what } in &visit.acts {
                assert!(*after < visit.stay);
                let (at, now) = match what {
                    What::Say(at) => (*at, visit.at + *after),
                    What::Regret(at) => {
                        assert!(said[at] < visit.at + *after);
                        continue;
                    }
                    _ => continue,
                };
                let line = &pool.lines[at];
                assert_eq!((&line.name, &line.post), (&visit.reader, &visit.post));
                assert!(line.earlier.is_none() && said.insert(at, now).is_none());
                if let Some(parent) = line.parent.filter(|it| pool.lines[*it].earlier.is_none()) {
                    assert!(said[&parent] < now, "{line:?} is too early");
                }
            }
        }
        let live = pool.lines.iter().filter(|line| line.earlier.is_none());
        assert_eq!(said.len(), live.count(), "something was never said");
    }
}

#[test]
fn the_room_is_alive_at_once_and_never_crowded() {
    let pool = Pool::embedded();
    let visits = plan(&pool, 3, 400);
    let first = visits.iter().find(|visit| {
        let says = |act: &Act| matches!(act.what, What::Say(_));
        visit.acts.iter().any(says)
    });
    assert!(first.unwrap().at < Duration::from_secs(10));
    for at in (10..600).map(Duration::from_secs) {
        let here = visits
            .iter()
            .filter(|visit| visit.at <= at && at < visit.at + visit.stay);
        assert!((1..=20).contains(&here.count()), "at {at:?}");
    }
}

#[test]
fn a_pace_is_a_number_within_reason() {
    assert_eq!(pace("1.5"), Ok(1.5));
    for wrong in ["0", "-1", "fast", "NaN", "inf", "21"] {
        assert!(pace(wrong).is_err(), "{wrong}");
    }
}
