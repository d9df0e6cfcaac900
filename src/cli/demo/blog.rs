//! The blog of the demonstration, as it stands before anyone comes: posts, pages, and what was said about them.
//!
//! The posts are Markdown files, brought in by the importer that brings in everybody's.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use rust_embed::RustEmbed;

use super::pool::{Line, Pool};
use crate::error::{Error, Result};
use crate::import::apply;
use crate::import::markdown::{FoundPost, Options as Reading, read};
use crate::model::comment::NewComment;
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::post::PostKind;
use crate::model::reaction::{ReactionKind, Target};
use crate::model::time::Timestamp;
use crate::model::typed::{Body, Name};
use crate::store::{Store, Tx, comments, posts, reactions, settings, visitors};
use crate::text;

#[derive(RustEmbed)]
#[folder = "templates/demo/content/"]
struct Embedded;

const TITLE: &str = "Slack Water";
/// Who keeps the blog.
pub const OWNER: &str = "Maren Oster";
const DESCRIPTION: &str = include_str!("../../../templates/demo/introduction.md");

/// The newest post is this old or up to a week older, in milliseconds.
const NEWEST: i64 = 30 * 60 * 60 * 1_000;
const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Readers who only ever press a button.
const QUIET: usize = 21;

/// What there is before the first reader comes.
pub struct Blog {
    /// The slugs of the posts, newest first.
    pub posts: Vec<String>,
    /// The comments that are there, by their place in the pool.
    pub said: HashMap<usize, CommentId>,
}

/// Makes the blog in an empty folder.
///
/// Errors: what the importer and the store answer.
pub async fn make(folder: &Path, pool: &Pool, seed: u64) -> Result<Blog> {
    let store = Store::open(folder, true)?;
    let source = folder.join("content");
    unpack(&source)?;
    let mut found = read(&source, &Reading::default(), &mut |_, _| {}).map_err(Error::Refused)?;
    let mut dated = recent(&mut found.posts, Timestamp::now());
    apply(&store, found, "markdown", &source, false, &mut |_, _| {}).await?;
    fs::remove_dir_all(&source).map_err(Error::io("cannot tidy up the temporary folder"))?;
    let talk = earlier(pool, &dated)?;
    let slugs: Vec<String> = dated.iter().map(|(slug, _)| slug.clone()).collect();
    let fill = move |tx: &Tx| {
        settings::set(tx, "title", TITLE)?;
        settings::set(tx, "owner", OWNER)?;
        settings::set(tx, "description", DESCRIPTION.trim())?;
        let said = talk_over(tx, talk)?;
        let mut talk: Vec<CommentId> = said.values().copied().collect();
        talk.sort_unstable();
        applaud(tx, &slugs, &talk, &mut Rng::with_seed(seed))?;
        Ok(said)
    };
    let said = store.write(fill).await?;
    dated.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let posts = dated.into_iter().map(|(slug, _)| slug).collect();
    Ok(Blog { posts, said })
}

/// Writes the embedded files to where the importer can read them.
fn unpack(folder: &Path) -> Result<()> {
    for name in Embedded::iter() {
        let file = Embedded::get(&name).expect("a file that is listed is there");
        let path = folder.join(&*name);
        let written = fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| fs::write(&path, &file.data));
        written.map_err(Error::io(format!("cannot write {}", path.display())))?;
    }
    Ok(())
}

/// Moves all dates by whole weeks until the newest is recent, so that what was written on a Sunday stays so. Returns
/// the posts by slug.
fn recent(found: &mut [FoundPost], now: Timestamp) -> Vec<(String, Timestamp)> {
    let mut posts: Vec<_> = found
        .iter_mut()
        .filter(|found| found.kind == PostKind::Post) // pages have no date of their own
        .collect();
    let newest = posts.iter().map(|post| post.created_at).max().unwrap_or(0);
    let shift = (now.0 - NEWEST - newest).div_euclid(WEEK) * WEEK;
    for post in &mut posts {
        post.created_at += shift;
    }
    let dated = posts.iter();
    dated
        .map(|post| (post.slug.clone(), Timestamp(post.created_at)))
        .collect()
}

/// A comment that was said before, ready to be written.
struct Earlier {
    place: usize,
    parent: Option<usize>,
    post: String,
    new: NewComment,
    at: Timestamp,
}

/// What was said before, in the order in which it was said.
fn earlier(pool: &Pool, posts: &[(String, Timestamp)]) -> Result<Vec<Earlier>> {
    let mut talk = Vec::new();
    for (place, line) in pool.lines.iter().enumerate() {
        let Some(after) = line.earlier else { continue };
        let post = posts.iter().find(|(slug, _)| *slug == line.post);
        let (_, published) =
            post.ok_or_else(|| Error::Refused(format!("there is no sample post {}", line.post)))?;
        talk.push(Earlier {
            place,
            parent: line.parent,
            post: line.post.clone(),
            new: typed(line)?,
            at: published.plus(after),
        });
    }
    talk.sort_by_key(|line| line.at);
    Ok(talk)
}

/// The comment that a line becomes.
///
/// Errors: [`Error::Refused`] if the form would not take it.
pub fn typed(line: &Line) -> Result<NewComment> {
    let body = Body::parse(&line.body).map_err(Error::Refused)?;
    Ok(NewComment {
        name: Name::parse(&line.name).map_err(Error::Refused)?,
        email: None,
        show_name: false,
        url: None,
        html: text::comment::html(body.as_str()),
        body,
        parent: None,
        op: None,
        owner: line.name == OWNER,
        held_for: None,
        client: None,
        is_limited: false,
    })
}

fn talk_over(tx: &Tx, talk: Vec<Earlier>) -> Result<HashMap<usize, CommentId>> {
    let (mut said, mut people) = (HashMap::new(), HashMap::new());
    for line in talk {
        let visitor = match people.get(line.new.name.as_str()) {
            Some(known) => *known,
            None => stranger(tx)?,
        };
        people.insert(line.new.name.as_str().to_owned(), visitor);
        let parent = line.parent.and_then(|parent| said.get(&parent).copied());
        let new = NewComment { parent, ..line.new };
        let post = post(tx, &line.post)?;
        let id = comments::import(tx, post, visitor, &new, line.at)?;
        said.insert(line.place, id);
    }
    Ok(said)
}

/// Lets quiet readers react: to every post in each way, to a comment in one.
fn applaud(tx: &Tx, slugs: &[String], talk: &[CommentId], rng: &mut Rng) -> Result<()> {
    let readers: Vec<VisitorId> = (0..QUIET).map(|_| stranger(tx)).collect::<Result<_>>()?;
    let kinds = ReactionKind::usual();
    for slug in slugs {
        let post = post(tx, slug)?;
        for kind in &kinds {
            let count = rng.usize(1..QUIET * 2 / 3);
            for reader in rng.choose_multiple(&readers, count) {
                reactions::toggle(tx, post, Target::Post, *reader, kind)?;
            }
        }
    }
    for id in talk {
        let post = comments::get(tx, *id)?.post;
        let (kind, count) = (&kinds[rng.usize(..kinds.len())], rng.usize(..5));
        for reader in rng.choose_multiple(&readers, count) {
            reactions::toggle(tx, post, Target::Comment(*id), *reader, kind)?;
        }
    }
    Ok(())
}

/// A visitor of whom nobody holds the cookie.
fn stranger(tx: &Tx) -> Result<VisitorId> {
    let mut hash = [0; 32];
    getrandom::fill(&mut hash)
        .map_err(|_| Error::Unavailable("the system has no randomness to give"))?;
    visitors::meet(tx, &hash)
}

fn post(tx: &Tx, slug: &str) -> Result<PostId> {
    let post = posts::find(tx, PostKind::Post, slug)?;
    Ok(post.ok_or(Error::NotFound)?.id)
}
