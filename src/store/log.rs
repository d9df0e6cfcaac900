//! The event log: appending, reading after a cursor, and trimming.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Tx, settings};
use crate::error::Result;
use crate::model::concern::Reach;
use crate::model::event::{Audience, Event, Kind};
use crate::model::id::{EventId, PostId};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;

const COLUMNS: &str = "id, kind, post_id, subject, audience, at, data";

/// `hello` counts what a reader missed up to here; more is as good as all.
pub const MISSED_AT_MOST: i64 = 1_000;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Events removed in one transaction, so that no writer waits long for it.
const TRIMMED_AT_ONCE: i64 = 500;

/// The newest event and its time: where a page that is read now continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Zero in an empty log.
    pub id: EventId,
    /// The event's `at`; the epoch in an empty log.
    pub at: Timestamp,
}

/// Appends one event to the log. Taking a [`Tx`] is the proof that the row it speaks of is in the same transaction.
pub fn append(
    tx: &Tx,
    kind: Kind,
    post: Option<PostId>,
    subject: i64,
    audience: Audience,
    data: Option<serde_json::Value>,
) -> Result<()> {
    let sql = "insert into events (kind, post_id, subject, audience, at, data, change)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (data, first) = (data.map(|facts| facts.to_string()), tx.first.get());
    let row = params![kind, post, subject, audience, tx.now(), data, first];
    let id = EventId(tx.prepare_cached(sql)?.insert(row)?);
    tx.first.set(first.or(Some(id)));
    tx.reaches(id, Reach::of(kind, post));
    Ok(())
}

/// Up to `limit` events of `topic` after the cursor, oldest first.
pub fn after(conn: &Connection, topic: &Topic, after: EventId, limit: i64) -> Result<Vec<Event>> {
    let sql = format!(
        "select {COLUMNS} from events where {} and id > ?3 order by id limit ?4",
        rule(topic)
    );
    let (post, viewer) = subject(topic);
    let mut query = conn.prepare_cached(&sql)?;
    let events = query
        .query_map(params![post, viewer, after, limit], from_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(events)
}

/// Up to `limit` events of every audience after the cursor, oldest first.
pub fn all_after(conn: &Connection, after: EventId, limit: i64) -> Result<Vec<Event>> {
    let sql = format!("select {COLUMNS} from events where id > ?1 order by id limit ?2");
    let mut query = conn.prepare_cached(&sql)?;
    let events = query.query_map(params![after, limit], from_row)?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// The events of every audience from `first` to `last`, oldest first.
pub fn between(conn: &Connection, first: EventId, last: EventId) -> Result<Vec<Event>> {
    let sql = format!("select {COLUMNS} from events where id between ?1 and ?2 order by id");
    let mut query = conn.prepare_cached(&sql)?;
    let events = query.query_map(params![first, last], from_row)?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// The newest `limit` events of every audience, oldest first.
pub fn newest(conn: &Connection, limit: i64) -> Result<Vec<Event>> {
    let sql = format!("select {COLUMNS} from events order by id desc limit ?1");
    let mut query = conn.prepare_cached(&sql)?;
    let mut events: Vec<Event> = query
        .query_map([limit], from_row)?
        .collect::<rusqlite::Result<_>>()?;
    events.reverse();
    Ok(events)
}

/// How many events of `topic` stand after the cursor, counted up to [`MISSED_AT_MOST`].
pub fn missed(conn: &Connection, topic: &Topic, after: EventId) -> Result<i64> {
    let sql = format!(
        "select count(*) from (select 1 from events where {} and id > ?3 order by id limit ?4)",
        rule(topic)
    );
    let (post, viewer) = subject(topic);
    let row = params![post, viewer, after, MISSED_AT_MOST];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, |row| row.get(0))?)
}

/// The head of the log.
pub fn head(conn: &Connection) -> Result<Head> {
    let sql = "select id, at from events order by id desc limit 1";
    let row = conn.prepare_cached(sql)?.query_row([], |row| {
        Ok(Head {
            id: row.get(0)?,
            at: row.get(1)?,
        })
    });
    Ok(row.optional()?.unwrap_or(Head {
        id: EventId::ZERO,
        at: Timestamp(0),
    }))
}

/// The newest event, those of this transaction among them.
pub fn newest_id(tx: &Tx) -> Result<EventId> {
    let own = tx.reaches.borrow().last().map(|(id, _)| *id);
    own.map_or_else(|| Ok(head(tx)?.id), Ok)
}

/// The time of the event of that id, if it is still in the log.
pub fn at(conn: &Connection, id: EventId) -> Result<Option<Timestamp>> {
    Ok(conn
        .prepare_cached("select at from events where id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Whether the log goes back to before that id and yet does not hold it: another history has given it. Ids have no holes but
/// those that are left when a file takes the place of another one.
pub fn is_foreign(conn: &Connection, id: EventId) -> Result<bool> {
    let sql = "select ?1 > (select min(id) from events)
                      and not exists (select 1 from events where id = ?1)";
    let foreign: Option<bool> = conn
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))?;
    Ok(foreign.unwrap_or(false))
}

/// The time of the oldest event that is still in the log.
pub fn oldest(conn: &Connection) -> Result<Option<Timestamp>> {
    let sql = "select at from events order by id limit 1";
    let at = conn.prepare_cached(sql)?.query_row([], |row| row.get(0));
    Ok(at.optional()?)
}

/// Whether the log tells that readers could once see the post and then no more.
pub fn tells_of_removal(conn: &Connection, post: PostId) -> Result<bool> {
    let sql = "select 1 from events where post_id = ?1 and kind = 'post:deleted' limit 1";
    Ok(conn.prepare_cached(sql)?.exists([post])?)
}

/// The newest event of `topic` that was trimmed: a cursor below it has a gap, one exactly there has none.
pub fn floor(conn: &Connection, topic: &Topic) -> Result<EventId> {
    let public = match topic {
        Topic::Owner(_) => {
            let sql = "select coalesce(max(id), 0) from trimmed";
            return Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?);
        }
        Topic::Site(_) => Audience::Public.word(),
        Topic::Post(post, _) => format!("post:{post}"),
        Topic::Mine(_) => String::new(),
    };
    let private = topic
        .viewer()
        .map(|visitor| Audience::Visitor(visitor).word())
        .unwrap_or_default();
    let sql = "select coalesce(max(id), 0) from trimmed where stream in (?1, ?2, '*')";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([public, private], |row| row.get(0))?)
}

/// Has every stream begin at the head: a cursor from before it has a gap.
pub fn begin_here(tx: &Tx) -> Result<()> {
    let sql = "insert into trimmed (stream, id) values ('*', ?1)
               on conflict (stream) do update set id = max(id, excluded.id)";
    let head = head(tx)?.id;
    tx.prepare_cached(sql)?.execute([head])?;
    Ok(())
}

/// The event at which every stream begins; zero in a log that was never begun anew.
pub fn beginning(conn: &Connection) -> Result<EventId> {
    let sql = "select coalesce(max(id), 0) from trimmed where stream = '*'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Removes a batch of events that are old enough, noting for each stream how far it was trimmed.
///
/// Returns how many went; call again until it is none. How old they may become, and how many always stay, the owner has
/// set. The newest event always stays.
pub fn trim(tx: &Tx) -> Result<usize> {
    let kept = settings::load(tx)?;
    let before = tx.now().plus(-kept.log_days.saturating_mul(DAY));
    let stay = kept.log_events.max(1);
    let last: Option<EventId> = tx
        .prepare_cached(
            "select max(id) from (
                 select id, at from events
                 where id < (select id from events order by id desc limit 1 offset ?2)
                 order by id limit ?3)
             where at < ?1",
        )?
        .query_row(params![before, stay - 1, TRIMMED_AT_ONCE], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    tx.prepare_cached(
        "insert into trimmed (stream, id)
         select stream, max(id) from (
             select audience as stream, id from events where id <= ?1
             union all
             select 'post:' || post_id, id
             from events where id <= ?1 and post_id is not null and audience = 'public')
         group by stream
         on conflict (stream) do update set id = max(id, excluded.id)",
    )?
    .execute([last])?;
    Ok(tx
        .prepare_cached("delete from events where id <= ?1")?
        .execute([last])?)
}

/// [`Topic::admits`] as a condition on `?1` the post, `?2` its viewer's audience.
fn rule(topic: &Topic) -> &'static str {
    match topic {
        Topic::Site(None) => "audience = 'public' and ?1 is null and ?2 is null",
        Topic::Site(Some(_)) => "+audience in ('public', ?2) and ?1 is null", // + keeps to the order of ids
        Topic::Post(_, None) => "post_id = ?1 and audience = 'public' and ?2 is null",
        Topic::Post(_, Some(_)) => "(post_id = ?1 and audience = 'public' or audience = ?2)",
        Topic::Mine(_) => "audience = ?2 and ?1 is null",
        Topic::Owner(_) => "?1 is null and ?2 is null",
    }
}

/// The values for [`rule`].
fn subject(topic: &Topic) -> (Option<PostId>, Option<Audience>) {
    let post = match *topic {
        Topic::Post(post, _) => Some(post),
        Topic::Site(_) | Topic::Mine(_) | Topic::Owner(_) => None,
    };
    (post, topic.viewer().map(Audience::Visitor))
}

/// The event in a row of [`COLUMNS`]. By place: to look for their names takes as long as the query.
fn from_row(row: &Row) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        kind: row.get(1)?,
        post: row.get(2)?,
        subject: row.get(3)?,
        audience: row.get(4)?,
        at: row.get(5)?,
        data: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{SessionId, VisitorId};
    use crate::store::tests::store;

    /// Events of two posts and all audiences, in turn.
    fn fill(tx: &Tx, count: i64) -> Result<()> {
        for n in 0..count {
            let audience = [
                Audience::Public,
                Audience::Owner,
                Audience::Visitor(VisitorId(n % 5)),
            ][n as usize % 3];
            append(
                tx,
                Kind::CommentCreated,
                Some(PostId(n % 2 + 1)),
                n,
                audience,
                None,
            )?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn the_query_and_the_rule_admit_the_same_events() {
        let (store, _folder) = store();
        store.write(|tx| fill(tx, 60)).await.unwrap();
        let topics = [
            Topic::Site(None),
            Topic::Site(Some(VisitorId(1))),
            Topic::Post(PostId(1), None),
            Topic::Post(PostId(2), Some(VisitorId(3))),
            Topic::Post(PostId(9), None),
            Topic::Mine(VisitorId(4)),
            Topic::Owner(SessionId(1)),
        ];
        for topic in topics {
            let (all, some, count) = store
                .read(move |conn| {
                    let all = all_after(conn, EventId(7), 1_000)?;
                    Ok((
                        all,
                        after(conn, &topic, EventId(7), 1_000)?,
                        missed(conn, &topic, EventId(7))?,
                    ))
                })
                .await
                .unwrap();
            let admitted: Vec<_> = all
                .iter()
                .filter(|event| topic.admits(event))
                .map(|event| event.id)
                .collect();
            assert_eq!(
                some.iter().map(|event| event.id).collect::<Vec<_>>(),
                admitted,
                "{topic:?}"
            );
            assert_eq!(count, admitted.len() as i64);
        }
    }

    #[tokio::test]
    async fn trimming_keeps_the_newest_and_remembers_how_far_each_stream_went() {
        let (store, _folder) = store();
        store.write(|tx| fill(tx, 1_006)).await.unwrap();
        store
            .write(|tx| Ok(tx.execute("update events set at = 1", [])?))
            .await
            .unwrap();
        assert_eq!(store.write(trim).await.unwrap(), 6);
        assert_eq!(store.write(trim).await.unwrap(), 0);
        let floors = store.read(|conn| {
            let topics = [
                Topic::Site(None),
                Topic::Site(Some(VisitorId(0))),
                Topic::Post(PostId(1), None),
                Topic::Post(PostId(2), None),
                Topic::Post(PostId(1), Some(VisitorId(2))),
                Topic::Post(PostId(9), None),
                Topic::Mine(VisitorId(0)),
                Topic::Mine(VisitorId(1)),
                Topic::Owner(SessionId(1)),
            ];
            topics
                .iter()
                .map(|topic| floor(conn, topic))
                .collect::<Result<Vec<_>>>()
        });
        // Events 1 to 6: public are 1 (post 1) and 4 (post 2); 3 is post 1's for visitor 2; 6 is post 2's for visitor 0.
        assert_eq!(
            floors.await.unwrap(),
            [4, 6, 1, 4, 3, 0, 6, 0, 6].map(EventId)
        );
    }

    #[tokio::test]
    async fn an_id_is_never_given_twice_even_if_the_newest_rows_are_gone() {
        let (store, _folder) = store();
        store.write(|tx| fill(tx, 3)).await.unwrap();
        store
            .write(|tx| Ok(tx.execute("delete from events", [])?))
            .await
            .unwrap();
        store.write(|tx| fill(tx, 1)).await.unwrap();
        assert_eq!(store.read(head).await.unwrap().id, EventId(4));
    }
}
