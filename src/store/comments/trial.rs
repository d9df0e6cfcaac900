//! Rules tried on the comments of the last weeks: what they would have held.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::queue::{KEPT, case};
use super::rows::{COLUMNS, TABLES};
use crate::error::Result;
use crate::model::comment::CommentStatus;
use crate::model::moderation::Case;
use crate::model::rules::{Rules, Said};
use crate::model::time::Timestamp;
use crate::text;

/// Held comments that a trial returns, for an owner to look at and to decide about at once.
pub const SHOWN: usize = 200;

const RULE: &str = "c.created_at > ?1 and c.owner = 0 and c.status <> 'deleted'";

/// What rules would have done.
#[derive(Debug, Default)]
pub struct Trial {
    /// Comments that there was time for, the newest of all.
    pub looked_at: i64,
    /// Comments that there are.
    pub all: i64,
    /// How many they would have held.
    pub held: i64,
    /// How many of those readers see.
    pub hurt: i64,
    /// How many of the comments looked at are spam or were rejected.
    pub refused: i64,
    /// How many of those they would have held.
    pub caught: i64,
    /// The newest of the held ones, up to [`SHOWN`].
    pub cases: Vec<Held>,
}

/// A comment that rules would have held.
#[derive(Debug)]
pub struct Held {
    /// The comment.
    pub case: Case,
    /// Why they would have.
    pub why: String,
    /// Whether the owner let it through.
    pub was_approved: bool,
}

/// Tries rules on the comments that others have written since `since`, the newest first, for as long as `time` lasts.
pub fn run(conn: &Connection, rules: &Rules, since: Timestamp, time: Duration) -> Result<Trial> {
    let begun = Instant::now();
    let sql = format!("select count(*) from comments c where {RULE}");
    let mut trial = Trial {
        all: conn
            .prepare_cached(&sql)?
            .query_row([since], |row| row.get(0))?,
        ..Trial::default()
    };
    let sql = format!(
        "select {KEPT}, {COLUMNS}, exists (select 1 from events e where e.kind glob 'comment:*' and e.subject = c.id
             and e.kind = 'comment:approved' and e.data ->> 'from' is not 'deleted') as was_approved
         from {TABLES} left join deleted_comments d on d.comment_id = c.id
         where {RULE} order by c.created_at desc, c.id desc"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params![since])?;
    while let Some(row) = rows.next()? {
        if begun.elapsed() >= time {
            break;
        }
        let case = case(row)?;
        let why = hold(rules, &case);
        trial.count(&case, why.is_some());
        if let Some(why) = why
            && trial.cases.len() < SHOWN
        {
            let was_approved = row.get("was_approved")?;
            trial.cases.push(Held {
                case,
                why,
                was_approved,
            });
        }
    }
    Ok(trial)
}

/// Why the rules would hold a comment, as they would if it came in now.
fn hold(rules: &Rules, case: &Case) -> Option<String> {
    rules.hold(&Said {
        name: &case.comment.name,
        email: case.email.as_deref().unwrap_or_default(),
        url: case.comment.url.as_deref().unwrap_or_default(),
        body: &case.comment.body,
        links: text::comment::links(&case.comment.html),
    })
}

impl Trial {
    fn count(&mut self, case: &Case, is_held: bool) {
        use CommentStatus::{Published, Rejected, Spam};
        let held = i64::from(is_held);
        self.looked_at += 1;
        self.held += held;
        match case.comment.status {
            Published => self.hurt += held,
            Spam | Rejected => {
                self.refused += 1;
                self.caught += held;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::Settings;
    use crate::store::Tx;
    use crate::store::tests::store;

    /// A post with a comment in each status, all of which speak of pans; one more that does not, one of the owner's, and
    /// an old one.
    fn fill(tx: &Tx) -> Result<()> {
        tx.execute_batch(
            "insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status,
                 published_at, created_at, updated_at)
             values (1, 'a', 'A', '', '', '', '', '[]', 0, 1, 'published', 1, 0, 0);
             insert into comments (id, post_id, depth, thread, number, name, body, html, renderer, status, owner, created_at)
             values (1, 1, 0, 1, 1, 'Old', 'pans', '', 1, 'spam', 0, 100), (2, 1, 0, 2, 2, 'Ann', 'pans', '', 1, 'published', 0, 200),
                 (3, 1, 0, 3, 3, 'Ben', 'pans', '', 1, 'spam', 0, 201), (4, 1, 0, 4, 4, 'Cleo', 'pans', '', 1, 'rejected', 0, 202),
                 (5, 1, 0, 5, 5, 'Dan', 'pans', '', 1, 'pending', 0, 203), (6, 1, 0, 6, 6, 'Me', 'pans', '', 1, 'published', 1, 204),
                 (7, 1, 0, 7, 7, 'Eve', 'pots', '', 1, 'spam', 0, 205);
             insert into events (kind, post_id, subject, audience, at) values ('comment:approved', 1, 2, 'owner', 200);",
        )?;
        Ok(())
    }

    #[tokio::test]
    async fn rules_are_tried_on_what_others_wrote_lately_and_stop_when_the_time_is_over() {
        let (store, _folder) = store();
        store.write(fill).await.unwrap();
        let rules = || {
            Rules::of(&Settings {
                hold_words: "pans".into(),
                ..Settings::default()
            })
        };
        let trial = |time| {
            let rules = rules();
            store.read(move |conn| run(conn, &rules, Timestamp(150), time))
        };
        let full = trial(Duration::from_secs(600)).await.unwrap();
        let numbers = [
            full.all,
            full.looked_at,
            full.held,
            full.hurt,
            full.refused,
            full.caught,
        ];
        assert_eq!(numbers, [5, 5, 4, 1, 3, 2]);
        let names: Vec<_> = full
            .cases
            .iter()
            .map(|held| &*held.case.comment.name)
            .collect();
        assert_eq!(names, ["Dan", "Cleo", "Ben", "Ann"]);
        let approved: Vec<_> = full.cases.iter().map(|held| held.was_approved).collect();
        assert_eq!(approved, [false, false, false, true]);
        assert_eq!(full.cases[0].why, "it says “pans”");
        let none = trial(Duration::ZERO).await.unwrap();
        assert_eq!((none.all, none.looked_at, none.held), (5, 0, 0));
    }
}
