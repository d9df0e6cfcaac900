//! Who comes when, reads what and says what: drawn from one seed, without a clock and without a network.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fastrand::Rng;

use super::pool::Pool;

/// The reactions of a new blog, which the demonstration is.
const KINDS: [&str; 4] = ["love", "keep", "think", "surprise"];

/// How long what was said stands before someone answers it.
const BEFORE_AN_ANSWER: Duration = Duration::from_secs(6);

/// The readers who come at once, so that nobody opens an empty room.
const EARLY: usize = 5;

/// One reader's stay on one post. Times are those of pace 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Since the demonstration began.
    pub at: Duration,
    /// Their name.
    pub reader: String,
    /// Whether others may see that name while they read.
    pub is_open: bool,
    /// The slug of the post.
    pub post: String,
    /// What they do there, in order.
    pub acts: Vec<Act>,
    /// When they leave, since they came.
    pub stay: Duration,
}

/// One thing that a reader does.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Since they came.
    pub after: Duration,
    /// What it is.
    pub what: What,
}

/// What a reader can do.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Posts a line of the pool.
    Say(usize),
    /// Changes or deletes it.
    Regret(usize),
    /// Reacts to the post.
    ReactToPost(&'static str),
    /// Reacts to one of the newest comments on the page, counted from the last.
    ReactToComment(&'static str, usize),
}

/// An endless row of visits.
pub struct Plan<'a> {
    pool: &'a Pool,
    /// Newest first.
    posts: &'a [String],
    rng: Rng,
    clock: Duration,
    visits: usize,
    /// When each line that was said may be answered.
    said: HashMap<usize, Duration>,
    /// Until when each reader is on a page.
    busy: HashMap<String, Duration>,
    /// Reader, post and kind of the reactions given.
    given: HashSet<(String, String, &'static str)>,
    readers: Vec<String>,
    /// Those who let others see their names.
    open: HashSet<String>,
}

impl<'a> Plan<'a> {
    /// The plan of that seed. `posts` has the newest first.
    pub fn new(pool: &'a Pool, posts: &'a [String], seed: u64) -> Plan<'a> {
        let earlier = |(at, line): (usize, &super::pool::Line)| {
            line.earlier.is_some().then_some((at, Duration::ZERO))
        };
        let (mut rng, readers) = (Rng::with_seed(seed), pool.speakers());
        Plan {
            open: readers.iter().filter(|_| rng.bool()).cloned().collect(),
            said: pool.lines.iter().enumerate().filter_map(earlier).collect(),
            readers,
            rng,
            clock: Duration::ZERO,
            visits: 0,
            busy: HashMap::new(),
            given: HashSet::new(),
            pool,
            posts,
        }
    }

    /// Seconds between two bounds.
    fn seconds(&mut self, least: f64, most: f64) -> Duration {
        Duration::from_secs_f64(least + (most - least) * self.rng.f64())
    }

    fn is_free(&self, reader: &str) -> bool {
        self.busy
            .get(reader)
            .is_none_or(|until| *until < self.clock)
    }

    /// A line that can be said now: its writer is not elsewhere, and what it answers was said a while ago.
    fn line(&mut self) -> Option<usize> {
        let ready = |(at, line): (usize, &super::pool::Line)| {
            let answers = line
                .parent
                .map(|parent| self.said.get(&parent).is_some_and(|at| *at < self.clock));
            let open = !self.said.contains_key(&at) && answers != Some(false);
            // Talk gathers where it is newest, and an answer comes sooner than a new thread.
            let weight = if line.post == self.posts[0] { 12 } else { 2 };
            let weight = if line.parent.is_some() {
                weight * 2
            } else {
                weight
            };
            (open && self.is_free(&line.name)).then_some((at, weight))
        };
        let ready: Vec<_> = self
            .pool
            .lines
            .iter()
            .enumerate()
            .filter_map(ready)
            .collect();
        let total: usize = ready.iter().map(|(_, weight)| weight).sum();
        let mut left = self.rng.usize(..total.max(1));
        for (at, weight) in ready {
            if left < weight {
                return Some(at);
            }
            left -= weight;
        }
        None
    }

    /// A post, the newest most often.
    fn post(&mut self) -> String {
        let at = match self.rng.f64() < 0.45 {
            true => 0,
            false => self.rng.usize(..self.posts.len()),
        };
        self.posts[at].clone()
    }

    fn kind(&mut self) -> &'static str {
        KINDS[self.rng.usize(..KINDS.len())]
    }

    fn talk(&mut self, at: usize) -> Vec<Act> {
        let after = self.seconds(5.0, 14.0);
        self.said.insert(at, self.clock + after + BEFORE_AN_ANSWER);
        let mut acts = vec![Act {
            after,
            what: What::Say(at),
        }];
        if self.pool.lines[at].regret.is_some() {
            acts.push(Act {
                after: after + self.seconds(7.0, 13.0),
                what: What::Regret(at),
            });
        }
        acts
    }

    fn react(&mut self, reader: &str, post: &str) -> Option<Act> {
        let (kind, after) = (self.kind(), self.seconds(3.0, 16.0));
        let what = match self.rng.bool() {
            true => What::ReactToComment(kind, self.rng.usize(..6)),
            false => {
                let new = self.given.insert((reader.into(), post.into(), kind));
                new.then_some(What::ReactToPost(kind))?
            }
        };
        Some(Act { after, what })
    }
}

impl Iterator for Plan<'_> {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        let gap = match self.visits < EARLY {
            true => self.seconds(0.2, 1.0),
            false => self.seconds(2.0, 8.0),
        };
        self.clock += gap;
        self.visits += 1;
        let line = match self.rng.f64() < 0.65 {
            true => self.line(),
            false => None,
        };
        let (reader, post, mut acts) = match line {
            Some(at) => {
                let line = &self.pool.lines[at];
                (line.name.clone(), line.post.clone(), self.talk(at))
            }
            None => {
                let free: Vec<_> = self.readers.iter().filter(|it| self.is_free(it)).collect();
                let free: Vec<_> = free.into_iter().cloned().collect();
                let reader = self.rng.choice(free).unwrap_or_default();
                (reader, self.post(), Vec::new())
            }
        };
        if self.rng.f64() < 0.7 {
            acts.extend(self.react(&reader, &post));
        }
        acts.sort_by_key(|act| act.after);
        let done = acts.last().map_or(Duration::ZERO, |act| act.after);
        let stay = done + self.seconds(8.0, 45.0);
        self.busy.insert(reader.clone(), self.clock + stay);
        Some(Visit {
            at: self.clock,
            is_open: self.open.contains(&reader),
            reader,
            post,
            acts,
            stay,
        })
    }
}
