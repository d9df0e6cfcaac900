//! Changes that are made in one group.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use crate::error::{Error, Result};
use crate::model::concern::Concern;
use crate::model::event::{Audience, Kind};
use crate::model::id::{EventId, PostId};
use crate::store::tests::store;
use crate::store::{Tx, log};

#[tokio::test]
async fn changes_run_again_because_one_of_them_failed_are_kept_and_told_once() {
    let (store, _folder) = store();
    let runs = Arc::<AtomicU64>::default();
    let post = |number| Some(PostId(number));
    let tell = move |tx: &Tx, number| {
        log::append(
            tx,
            Kind::CommentCreated,
            post(number),
            1,
            Audience::Public,
            None,
        )
    };
    let first = store.committed().0 + 1;
    let (go, wait) = channel();
    // While this one is run, the others come together.
    let before = store.write(move |_| Ok(wait.recv().is_ok()));
    let counted = runs.clone();
    let kept = store.write_repeatable(move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        tell(tx, 1)
    });
    let refused = store.write_repeatable(|_| -> Result<()> { Err(Error::NotFound) });
    let failed = store.write_repeatable(move |tx| -> Result<()> {
        tell(tx, 2)?;
        Err(Error::NotFound)
    });
    let broken = store.write_repeatable(move |tx| -> Result<()> {
        tell(tx, 3)?;
        panic!("on purpose")
    });
    let single = store.write(move |tx| tell(tx, 4));
    let begin = async { go.send(()).is_ok() };
    let (before, kept, refused, failed, broken, single, _) =
        tokio::join!(before, kept, refused, failed, broken, single, begin);
    assert!(before.is_ok() && kept.is_ok() && single.is_ok());
    assert!(matches!(refused, Err(Error::NotFound)) && matches!(failed, Err(Error::NotFound)));
    assert!(matches!(broken, Err(Error::Unavailable(_))));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    let events = store.read(|conn| log::all_after(conn, EventId::ZERO, 100));
    let events = events.await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.id.0, event.post))
        .collect();
    assert_eq!(told, [(first, post(1)), (first + 1, post(4))]);
    let noted = [1, 2, 3, 4].map(|n| store.changes().newest(Concern::Post(PostId(n))).0);
    assert_eq!(noted, [first, 0, 0, first + 1]);
    assert_eq!(store.committed().0, first + 1);
}

#[tokio::test]
async fn a_refusal_that_wrote_nothing_has_nobody_run_again() {
    let (store, _folder) = store();
    let (go, wait) = channel();
    let before = store.write(move |_| Ok(wait.recv().is_ok()));
    let mut runs = 0;
    let kept = store.write_repeatable(move |tx| {
        runs += 1;
        tx.execute("insert into settings values ('kept', '1')", [])?;
        Ok(runs)
    });
    let refused = store.write_repeatable(|_| -> Result<()> { Err(Error::NotFound) });
    let begin = async { go.send(()).is_ok() };
    let (_, kept, refused, _) = tokio::join!(before, kept, refused, begin);
    assert!(matches!(kept, Ok(1)) && refused.is_err());
}

#[tokio::test]
async fn a_transaction_that_sqlite_takes_back_is_kept_of_nobody() {
    let (store, _folder) = store();
    let (go, wait) = channel();
    let before = store.write(move |_| Ok(wait.recv().is_ok()));
    let set = |key: &'static str| {
        let sql = "insert into settings values (?1, '1')";
        store.write_repeatable(move |tx| Ok(tx.execute(sql, [key])?))
    };
    let ends = store.write_repeatable(|tx| -> Result<()> {
        tx.execute_batch("rollback")?;
        Err(Error::NotFound)
    });
    let begin = async { go.send(()).is_ok() };
    let (_, first, ends, second, _) =
        tokio::join!(before, set("first"), ends, set("second"), begin);
    assert!(first.is_err() && ends.is_err() && second.is_err());
    let sql = "select count(*) from settings where key in ('first', 'second')";
    let left = store.read(|conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?));
    assert_eq!(left.await.unwrap(), 0);
    set("third").await.unwrap();
}
