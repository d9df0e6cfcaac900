//! Posts that are about the same things as another: by the tags they share and by the telling words they share.
//!
//! A word tells the more the fewer posts have it; one that half the blog uses tells nothing. What the index knows of each
//! word decides, so no text but the post's own is read.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::lists;
use crate::error::Result;
use crate::model::id::PostId;
use crate::model::post::{Post, PostLine, PostLink};
use crate::model::series::Part;

/// Posts that are shown at most.
const MOST: usize = 3;

/// Words of a post that are looked up; each is one question to the index.
const WORDS: usize = 40;

/// Of these, the most telling decide.
const TELLING: usize = 16;

/// Shorter words are looked at in no text: they are mostly the joints of a language.
const SHORTEST: usize = 4;

/// A post is shown if it has at least this part of what the telling words and the tags can weigh.
const LIKENESS: f64 = 0.3;

/// How much more than a word a tag weighs that as few posts have.
const TAG: f64 = 2.0;

/// Published posts that are like `post`, the likest first; none rather than far-fetched ones. The parts of its series are
/// not among them: its page names them anyway.
pub fn to(conn: &Connection, post: &Post, part: Option<&Part>) -> Result<Vec<PostLink>> {
    let all = lists::count(conn)?;
    let mut traits = words(conn, post, all)?;
    traits.extend(tags(conn, post.id, all)?);
    let whole: f64 = traits.iter().map(|known| known.weight).sum();
    let mut likeness: HashMap<PostId, (f64, usize)> = HashMap::new();
    for known in &traits {
        for other in known.posts.iter().filter(|other| **other != post.id) {
            let (weight, count) = likeness.entry(*other).or_default();
            *weight += known.weight;
            *count += 1;
        }
    }
    likeness.retain(|_, (weight, count)| *count > 1 && *weight >= LIKENESS * whole);
    let ids: Vec<PostId> = likeness.keys().copied().collect();
    let average = average_length(conn)?;
    let mut like: Vec<(f64, PostLine)> = lists::named(conn, &ids)?
        .into_iter()
        .filter_map(|line| {
            // A long post has most words by chance.
            let longer = (line.words as f64 / average).max(1.0);
            let (weight, _) = likeness.get(&line.id)?;
            Some((weight / longer.sqrt(), line))
        })
        .filter(|(weight, line)| *weight >= LIKENESS * whole && !is_part(part, &line.slug))
        .collect();
    like.sort_by(|(x, a), (y, b)| y.total_cmp(x).then(b.published_at.cmp(&a.published_at)));
    let links = like.into_iter().take(MOST).map(|(_, line)| PostLink {
        slug: line.slug,
        title: line.title,
    });
    Ok(links.collect())
}

fn is_part(part: Option<&Part>, slug: &str) -> bool {
    part.is_some_and(|part| part.parts.iter().any(|link| link.slug == slug))
}

/// Words of a published post, on average.
fn average_length(conn: &Connection) -> Result<f64> {
    let sql =
        "select coalesce(avg(words), 1.0) from posts where kind = 'post' and status = 'published'";
    let average: f64 = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(average.max(1.0))
}

/// Something that posts have in common.
struct Trait {
    weight: f64,
    posts: Vec<PostId>,
}

/// The most telling words of the post, each with the posts that have it.
fn words(conn: &Connection, post: &Post, all: i64) -> Result<Vec<Trait>> {
    let sql = "select text from posts where id = ?1";
    let text: String = conn
        .prepare_cached(sql)?
        .query_row([post.id], |row| row.get(0))?;
    let often = frequent(all);
    let mut query =
        conn.prepare_cached("select rowid from post_index where post_index match ?1 limit ?2")?;
    let mut telling = Vec::new();
    for (word, weight) in heaviest(post, &text) {
        let expression = format!("\"{word}\"");
        let posts: Vec<PostId> = query
            .query_map(params![expression, often + 1], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        // A word that the post alone has is telling, but not of any other.
        if (2..=often).contains(&(posts.len() as i64)) {
            let weight = weight * rarity(posts.len() as i64, all);
            telling.push(Trait { weight, posts });
        }
    }
    telling.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    telling.truncate(TELLING);
    Ok(telling)
}

/// The tags of the post, each with the published posts that bear it.
fn tags(conn: &Connection, id: PostId, all: i64) -> Result<Vec<Trait>> {
    let sql = "select o.tag_id, o.post_id from post_tags t join post_tags o on o.tag_id = t.tag_id
               join posts p on p.id = o.post_id
               where t.post_id = ?1 and p.kind = 'post' and p.status = 'published'";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut tags: HashMap<i64, Vec<PostId>> = HashMap::new();
    for row in rows {
        let (tag, post) = row?;
        tags.entry(tag).or_default().push(post);
    }
    let shared = tags.into_values().filter(|posts| posts.len() > 1);
    Ok(shared
        .map(|posts| Trait {
            weight: TAG * rarity(posts.len() as i64, all),
            posts,
        })
        .collect())
}

/// More posts than this do not share a word by what they are about.
fn frequent(all: i64) -> i64 {
    (all / 8).max(3)
}

/// How telling it is to be one of `some` posts out of `all`.
fn rarity(some: i64, all: i64) -> f64 {
    (1.0 + all as f64 / some as f64).ln()
}

/// The words that may say what the post is about, the heaviest first: those of its title above those of its summary and
/// headings above those that its text repeats.
fn heaviest(post: &Post, text: &str) -> Vec<(String, f64)> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for word in folded(text) {
        *counts.entry(word).or_default() += 1;
    }
    let set = |text: &str| folded(text).collect::<HashSet<_>>();
    let title = set(&post.title);
    let mut named = set(post.summary.as_deref().unwrap_or_default());
    for heading in &post.headings {
        named.extend(folded(&heading.title));
    }
    for word in title.iter().chain(&named) {
        counts.entry(word.clone()).or_insert(1);
    }
    let weighed = counts.into_iter().map(|(word, count)| {
        let repeated = 1.0 + f64::from(count).ln();
        let place = match () {
            () if title.contains(&word) => 2.0,
            () if named.contains(&word) => 1.5,
            () => 1.0,
        };
        (word, repeated * place)
    });
    let mut words: Vec<_> = weighed.collect();
    words.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    words.truncate(WORDS);
    words
}

/// The words of a text as the index has them: without case and accents.
fn folded(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
    words.filter_map(|word| {
        let letters = word.nfd().filter(|c| !is_combining_mark(*c));
        let word: String = letters.flat_map(char::to_lowercase).collect();
        let tells = word.chars().count() >= SHORTEST && word.chars().any(char::is_alphabetic);
        tells.then_some(word)
    })
}
