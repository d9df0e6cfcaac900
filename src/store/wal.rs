//! The write-ahead log beside the file: how long it is, and how the writer takes it into the file.
//!
//! The writer alone does that, after a commit and never within one: what is committed is acknowledged whether or not the
//! file itself can grow at that moment. Readers hold a moment of the file for milliseconds, so the log begins anew again and
//! again; where they follow each other too closely for that, the writer waits a moment for the last of them.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::BUSY;

/// Pages in the log from which on it is taken into the file (4 MiB), and from which on the writer waits for readers so
/// that it begins anew (16 MiB).
const LONG: i64 = 1_000;
const VERY_LONG: i64 = 4_000;

/// How long the writer waits for readers; meanwhile nobody writes.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a log that could not be emptied is left to be: whoever copies the file all the time, as Litestream does, is always in
/// the way, and no change may have to wait for it each time.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Pages by which a log that could not begin anew grows until that is tried again.
const AGAIN: i64 = 1_000;

/// What the writer knows of the log.
#[derive(Debug, Default)]
pub struct Log {
    /// How long it must be until the writer waits for readers again.
    patient_at: i64,
    /// When it can be emptied again.
    empty_at: Option<Instant>,
}

impl Log {
    /// Leaves the log to the writer: SQLite itself would work on it within a commit, and have the commit fail with it.
    ///
    /// Errors: what SQLite answers.
    pub fn of(conn: &Connection) -> rusqlite::Result<Log> {
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(Log {
            patient_at: VERY_LONG,
            empty_at: None,
        })
    }

    /// Takes the log into the file if it is long, and has it begin anew if it is very long.
    ///
    /// Errors: what the file or its disk answers. Nothing is lost then: the log stays as it is.
    pub fn tend(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let pages = checkpoint(conn, "noop")?.pages;
        if pages >= self.patient_at {
            conn.busy_timeout(PATIENCE)?;
            let done = checkpoint(conn, "restart");
            conn.busy_timeout(BUSY)?;
            self.patient_at = match done? {
                Done { is_busy: true, .. } => pages + AGAIN,
                Done { is_busy: false, .. } => VERY_LONG,
            };
        } else if pages >= LONG {
            checkpoint(conn, "passive")?;
        }
        Ok(())
    }

    /// Whether it is worth trying to empty the log now.
    pub fn may_be_emptied(&self) -> bool {
        self.empty_at.is_none_or(|then| Instant::now() >= then)
    }

    /// Takes the log into the file and empties it; whether nobody who still reads an older moment was in the way.
    ///
    /// Errors: as [`Log::tend`].
    pub fn empty(&mut self, conn: &Connection) -> rusqlite::Result<bool> {
        conn.busy_timeout(PATIENCE)?;
        let done = checkpoint(conn, "truncate");
        conn.busy_timeout(BUSY)?;
        let is_busy = done?.is_busy;
        self.empty_at = is_busy.then(|| Instant::now() + LEFT_ALONE);
        Ok(!is_busy)
    }

    /// Takes the log into the file, so that the file is complete alone. Whoever else has it open at this moment keeps it
    /// from being emptied; then the last one to close it does the same.
    pub fn settle(self, conn: &Connection) {
        if let Err(error) = checkpoint(conn, "truncate") {
            tracing::warn!("the write-ahead log could not be taken into the file: {error}");
        }
    }
}

/// What came of it.
struct Done {
    /// Whether a reader was in the way.
    is_busy: bool,
    /// Pages in the log before.
    pages: i64,
}

fn checkpoint(conn: &Connection, how: &str) -> rusqlite::Result<Done> {
    let sql = format!("pragma wal_checkpoint({how})");
    conn.prepare_cached(&sql)?.query_row([], |row| {
        Ok(Done {
            is_busy: row.get(0)?,
            pages: row.get(1)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a table, the connection that writes it and one that reads it.
    fn file(folder: &tempfile::TempDir) -> (Connection, Connection, Log) {
        let path = folder.path().join("some.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("pragma journal_mode = wal; create table t (b blob)")
            .unwrap();
        let log = Log::of(&conn).unwrap();
        (conn, Connection::open(&path).unwrap(), log)
    }

    /// Writes so many pages, in commits of a hundred.
    fn write(conn: &Connection, log: &mut Log, pages: i64) {
        for _ in 0..pages / 100 {
            conn.execute("insert into t values (zeroblob(400000))", [])
                .unwrap();
            log.tend(conn).unwrap();
        }
    }

    fn length(folder: &tempfile::TempDir) -> i64 {
        let log = folder.path().join("some.db-wal");
        std::fs::metadata(log).unwrap().len() as i64 / 4_096
    }

    #[test]
    fn the_log_stays_small_however_much_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, reader, mut log) = file(&folder);
        for _ in 0..10 {
            write(&conn, &mut log, 2_000);
            let all: i64 = reader
                .query_row("select count(*) from t", [], |row| row.get(0))
                .unwrap();
            assert!(all > 0);
        }
        assert!(length(&folder) < 2 * LONG, "{} pages", length(&folder));
    }

    #[test]
    fn while_somebody_reads_an_old_moment_the_log_grows_and_afterwards_it_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, reader, mut log) = file(&folder);
        write(&conn, &mut log, 100);
        reader
            .execute_batch("begin; select count(*) from t")
            .unwrap();
        write(&conn, &mut log, 6_000);
        let grown = length(&folder);
        assert!(grown > 6_000);
        assert!(!log.empty(&conn).unwrap());
        reader.execute_batch("commit").unwrap();
        write(&conn, &mut log, 3_000);
        assert!(length(&folder) <= grown + AGAIN, "it went on growing");
        assert!(log.empty(&conn).unwrap());
        assert_eq!(length(&folder), 0);
    }

    #[test]
    fn to_look_at_the_log_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, _reader, mut log) = file(&folder);
        write(&conn, &mut log, 500);
        let taken = "pragma wal_checkpoint(noop)";
        let taken: i64 = conn.query_row(taken, [], |row| row.get(2)).unwrap();
        assert_eq!(taken, 0);
    }
}
