//! Posts that are about the same things as another: by the tags they share and by the telling words they share.
//!
//! A word tells the more the fewer posts have it; one that half the blog uses tells nothing. What the index knows of each
//! word decides, so no text but the post's own is read.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{places, sql};
use crate::error::Result;
use crate::model::id::PostId;
use crate::model::post::{Post, PostLink};
use crate::model::series::Part;
use crate::model::time::Timestamp;

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

/// The most posts that are looked at for a word or a tag: on a blog of thousands a commoner word tells little, and a page is to
/// cost no more than on a small one.
const LOOKED_AT: i64 = 200;

/// Of the posts that share something, those with the most are compared.
const COMPARED: usize = 60;

/// How much more than a word a tag weighs that as few posts have.
const TAG: f64 = 2.0;

/// Published posts that are like `post`, the likest first; none rather than far-fetched ones. The parts of its series are
/// not among them: its page names them anyway.
pub fn to(conn: &Connection, post: &Post, part: Option<&Part>) -> Result<Vec<PostLink>> {
    let all = places::all(conn)?;
    let mut traits = words(conn, post, all.posts)?;
    traits.extend(tags(conn, post.id, all.posts)?);
    let whole: f64 = traits.iter().map(|known| known.weight).sum();
    let shared = in_common(&traits, post.id, LIKENESS * whole);
    let average = all.words_each().max(1.0);
    let mut like: Vec<(f64, Other)> = others(conn, shared.keys())?
        .into_iter()
        .filter_map(|other| {
            // A long post has most words by chance.
            let longer = (other.words as f64 / average).max(1.0);
            Some((shared.get(&other.id)? / longer.sqrt(), other))
        })
        .filter(|(weight, other)| *weight >= LIKENESS * whole && !is_part(part, &other.link.slug))
        .collect();
    like.sort_by(|(x, a), (y, b)| y.total_cmp(x).then(b.published_at.cmp(&a.published_at)));
    let links = like.into_iter().take(MOST).map(|(_, other)| other.link);
    Ok(links.collect())
}

fn is_part(part: Option<&Part>, slug: &str) -> bool {
    part.is_some_and(|part| part.parts.iter().any(|link| link.slug == slug))
}

/// Something that posts have in common.
struct Trait {
    weight: f64,
    posts: Vec<PostId>,
}

/// What other posts share with `own`, by weight: of those that share more than one thing and no less than `least`, the likest.
fn in_common(traits: &[Trait], own: PostId, least: f64) -> HashMap<PostId, f64> {
    let mut shared: HashMap<PostId, (f64, usize)> = HashMap::new();
    for known in traits {
        for other in known.posts.iter().filter(|other| **other != own) {
            let (weight, count) = shared.entry(*other).or_default();
            *weight += known.weight;
            *count += 1;
        }
    }
    shared.retain(|_, (weight, count)| *count > 1 && *weight >= least);
    let mut likest: Vec<_> = shared.into_iter().map(|(id, (it, _))| (id, it)).collect();
    likest.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(b.0.cmp(&a.0)));
    likest.into_iter().take(COMPARED).collect()
}

/// A post that may be like another.
struct Other {
    id: PostId,
    words: i64,
    published_at: Timestamp,
    link: PostLink,
}

fn others<'a>(conn: &Connection, ids: impl Iterator<Item = &'a PostId>) -> Result<Vec<Other>> {
    let sql = "select id, words, published_at, slug, title from posts
               where id in (select value from json_each(?1)) and +kind = 'post' and +status = 'published'";
    // The signs keep SQLite from going through all posts by an index of these two.
    let mut query = conn.prepare_cached(sql)?;
    let others = query.query_map([sql::list(ids)], |row| {
        Ok(Other {
            id: row.get(0)?,
            words: row.get(1)?,
            published_at: row.get(2)?,
            link: PostLink {
                slug: row.get(3)?,
                title: row.get(4)?,
            },
        })
    })?;
    Ok(others.collect::<rusqlite::Result<_>>()?)
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

/// The tags of the post, each with the newest published posts that bear it.
fn tags(conn: &Connection, id: PostId, all: i64) -> Result<Vec<Trait>> {
    let sql = "select tag_id, post_count from post_tags join tags on tags.id = tag_id
               where post_id = ?1 and post_count > 1";
    let mut query = conn.prepare_cached(sql)?;
    let shared = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "select post_id from post_tags where tag_id = ?1 and listed_at is not null
               order by listed_at desc, post_id desc limit ?2";
    let mut bearers = conn.prepare_cached(sql)?;
    shared
        .map(|tag| {
            let (tag, count): (i64, i64) = tag?;
            let posts = bearers.query_map([tag, LOOKED_AT], |row| row.get(0))?;
            Ok(Trait {
                weight: TAG * rarity(count, all),
                posts: posts.collect::<rusqlite::Result<_>>()?,
            })
        })
        .collect()
}

/// More posts than this do not share a word by what they are about.
fn frequent(all: i64) -> i64 {
    (all / 8).clamp(3, LOOKED_AT)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_large_blog_no_more_is_looked_at_than_on_one_of_some_hundred_posts() {
        assert_eq!([0, 100, 1_600, 100_000].map(frequent), [3, 12, 200, 200]);
        let posts = |ids: std::ops::Range<i64>| ids.map(PostId).collect();
        let traits = [
            (1.0, posts(0..200)),
            (2.0, posts(0..200)),
            (4.0, posts(150..200)),
        ];
        let traits = traits.map(|(weight, posts)| Trait { weight, posts });
        let shared = in_common(&traits, PostId(199), 3.0);
        assert_eq!(shared.len(), COMPARED);
        assert!(
            (150..199).all(|id| shared[&PostId(id)] == 7.0),
            "the likest"
        );
        assert!(
            in_common(&traits[..1], PostId(0), 0.0).is_empty(),
            "one thing is chance"
        );
    }
}
