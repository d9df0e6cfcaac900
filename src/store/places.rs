//! How many posts are published, and where one stands among them: from counts that triggers keep (`schema.sql`), so that
//! neither takes longer on a blog of many posts.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::model::archive::{Whole, Year};
use crate::model::calendar::Calendar;
use crate::model::time::Timestamp;

/// All published posts together.
pub fn all(conn: &Connection) -> Result<Whole> {
    let sql =
        "select coalesce(sum(posts), 0), coalesce(sum(words), 0) from post_counts where width = 32";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| {
        Ok(Whole {
            posts: row.get(0)?,
            words: row.get(1)?,
        })
    })?)
}

/// How many posts are published.
pub fn count(conn: &Connection) -> Result<i64> {
    Ok(all(conn)?.posts)
}

/// The place among all of the post that `at` and `id` name, the first being 1: SQL for a number, with SQL for its date and its
/// row. Whole stretches of time count at once, and only posts of the same day one by one.
pub fn number(at: &str, id: &str) -> String {
    format!(
        "((select coalesce(sum(c.posts), 0) from post_counts c where c.width = 32 and c.stretch < {at} >> 32)
        + (select coalesce(sum(c.posts), 0) from post_counts c
           where c.width = 26 and c.stretch >= ({at} >> 32) << 6 and c.stretch < {at} >> 26)
        + (select count(*) from posts q where q.kind = 'post' and q.status = 'published'
           and q.published_at >= ({at} >> 26) << 26 and (q.published_at, q.id) <= ({at}, {id})))"
    )
}

/// How many posts were published before a point in time.
fn before(conn: &Connection, time: Timestamp) -> Result<i64> {
    let sql = format!("select {}", number("?1", "0")); // no post has that row
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([time], |row| row.get(0))?)
}

/// The years in which posts were published, newest first: those of `calendar`.
pub fn years(conn: &Connection, calendar: &Calendar) -> Result<Vec<Year>> {
    let sql = "select published_at from posts where kind = 'post' and status = 'published' and published_at < ?1
               order by published_at desc limit 1";
    let mut newest = conn.prepare_cached(sql)?;
    let (mut years, mut left, mut end) = (Vec::new(), count(conn)?, Timestamp(i64::MAX));
    let mut newer = 0;
    while let Some(at) = newest
        .query_row(params![end], |row| row.get(0))
        .optional()?
    {
        let year = calendar.year(at);
        end = calendar.beginning(year).min(at);
        let earlier = before(conn, end)?;
        years.push(Year {
            year,
            newer,
            posts: left - earlier,
        });
        newer += left - earlier;
        left = earlier;
    }
    Ok(years)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::calendar::Dates;
    use crate::store::tests::store;
    use crate::store::{check, lists};

    /// A post of that row and minute, and of so many words.
    const POST: &str = "insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status,
        published_at, created_at, updated_at) values (?1, 'p' || ?1, '', '', '', '', '', '[]', ?3, 1, ?4, ?2 * 60000, 0, 0)";

    /// What a place is without the counts.
    const COUNTED: &str =
        "select count(*) from posts p, posts q where p.id = ?1 and q.kind = 'post'
        and q.status = 'published' and (q.published_at, q.id) <= (p.published_at, p.id)";

    /// Minutes that are days, weeks and years apart, before the epoch too, some of them the same.
    fn minute(id: i64) -> i64 {
        (id % 40 - 6) * 1_000_003 / (1 + id % 7)
    }

    #[tokio::test]
    async fn places_and_counts_are_those_that_counting_gives_whatever_becomes_of_posts() {
        let (store, _folder) = store();
        let changes = [
            "insert into tags (id, slug, name) values (1, 'odd', 'Odd'), (2, 'all', 'All')",
            "insert into post_tags (post_id, tag_id, position) select id, 2, 0 from posts
             union all select id, 1, 0 from posts where id % 2",
            "update posts set status = 'unlisted' where id % 5 = 0",
            "update posts set status = 'published' where status = 'draft'",
            "update posts set published_at = published_at + 9000000000 where id % 11 = 0",
            "update posts set words = words + 7, kind = iif(id % 13, 'post', 'page')",
            "delete from post_tags where post_id % 3 = 0",
            "delete from posts where id % 4 = 0",
        ];
        let seeded = |tx: &crate::store::Tx| {
            for id in 1..=300 {
                let status = if id % 9 == 0 { "draft" } else { "published" };
                tx.execute(POST, params![id, minute(id), id, status])?;
            }
            Ok(())
        };
        store.write(seeded).await.unwrap();
        for change in changes {
            store
                .write(move |tx| Ok(tx.execute(change, [])?))
                .await
                .unwrap();
            store
                .read(move |conn| {
                    let posts = lists::page(conn, 0, -1)?;
                    for line in
                        lists::named(conn, &posts.iter().map(|line| line.id).collect::<Vec<_>>())?
                    {
                        let counted: i64 = conn.query_row(COUNTED, [line.id], |row| row.get(0))?;
                        assert_eq!(line.number, counted, "{change}");
                    }
                    let words = posts.iter().map(|line| line.words).sum();
                    let whole = Whole {
                        posts: posts.len() as i64,
                        words,
                    };
                    assert_eq!(all(conn)?, whole, "{change}");
                    assert_eq!(check::all(conn)?.faults, [""; 0], "{change}");
                    Ok(())
                })
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn years_are_those_of_the_blogs_clock() {
        let (store, _folder) = store();
        let new_year = 26_297_280; // 2020-01-01T00:00Z, in minutes
        let seeded = move |tx: &crate::store::Tx| {
            for (id, minute) in [(1, -60), (2, -1), (3, 0), (4, 600_000)] {
                tx.execute(POST, params![id, new_year + minute, 1, "published"])?;
            }
            Ok(())
        };
        store.write(seeded).await.unwrap();
        let years = async |zone: &str| {
            let calendar = Calendar {
                zone: TimeZone::get(zone).unwrap(),
                dates: Dates::Day,
                is_twelve: false,
            };
            let found = store
                .read(move |conn| years(conn, &calendar))
                .await
                .unwrap();
            let figures = found.iter().map(|it| (it.year, it.newer, it.posts));
            figures.collect::<Vec<_>>()
        };
        assert_eq!(
            years("UTC").await,
            [(2021, 0, 1), (2020, 1, 1), (2019, 2, 2)]
        );
        assert_eq!(years("Europe/London").await, years("UTC").await);
        assert_eq!(years("Etc/GMT-1").await, [(2021, 0, 1), (2020, 1, 3)]);
    }
}
