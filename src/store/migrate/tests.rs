//! Files that are made, refused and brought up to date.

use super::*;

#[test]
fn the_bundled_sqlite_is_free_of_the_wal_reset_bug() {
    assert!(rusqlite::version_number() >= SQLITE_AT_LEAST);
}

#[test]
fn a_new_file_is_ours_current_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rowlog.db");
    let conn = open(folder.path(), &path, true).unwrap();
    let version: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let mode: String = conn
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!((version, mode.as_str()), (VERSION, "wal"));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    drop(conn);
    open(folder.path(), &path, false).unwrap();
}

#[test]
fn a_migration_that_is_killed_half_way_leaves_the_old_file_and_completes_when_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rowlog.db");
    let mut conn = open(folder.path(), &path, true).unwrap();
    let look = |conn: &Connection| -> (i64, i64) {
        let version = conn.pragma_query_value(None, "user_version", |row| row.get(0));
        let table = "select count(*) from sqlite_schema where name in ('one', 'two')";
        let tables = conn.query_row(table, [], |row| row.get(0));
        (version.unwrap(), tables.unwrap())
    };
    let new = ["create table one (n)", "create table two (n)"];
    let with = |new: &[&'static str]| [STEPS, new].concat();
    for broken in [
        &["create table one (n); nonsense"][..],
        &[new[0], "nonsense"],
    ] {
        migrate(&mut conn, &with(broken)).unwrap_err();
        assert_eq!(look(&conn), (VERSION, 0));
    }
    // Killed: the connection is gone before the transaction is committed.
    let half = Connection::open(&path).unwrap();
    half.execute_batch(&format!("begin immediate; {}", new[0]))
        .unwrap();
    drop(half);
    let mut conn = Connection::open(&path).unwrap();
    assert_eq!(look(&conn), (VERSION, 0));
    for _ in 0..2 {
        migrate(&mut conn, &with(&new)).unwrap();
        assert_eq!(look(&conn), (VERSION + 2, 2));
    }
}

#[test]
fn a_file_without_the_log_that_holds_the_rest_of_it_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rowlog.db");
    let running = open(folder.path(), &path, true).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let copied = copy.path().join("rowlog.db");
    fs::copy(&path, &copied).unwrap();
    let refused = open(copy.path(), &copied, true);
    assert!(matches!(refused, Err(Error::Refused(why)) if why.contains("-wal")));
    for left in ["-wal", "-shm"] {
        drop(fs::remove_file(beside(&copied, left)));
    }
    fs::copy(beside(&path, "-wal"), beside(&copied, "-wal")).unwrap();
    open(copy.path(), &copied, true).unwrap();
    drop(running);
}

#[test]
fn files_that_are_not_ours_or_newer_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rowlog.db");
    let refusal = |create| match open(folder.path(), &path, create) {
        Err(Error::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    };
    assert!(refusal(false).contains("there is no blog"));
    Connection::open(&path)
        .unwrap()
        .execute_batch("create table notes (text)")
        .unwrap();
    assert!(refusal(true).contains("is not a Rowlog blog"));
    fs::write(
        &path,
        "a text file, long enough to be looked at as a database header page",
    )
    .unwrap();
    assert!(refusal(true).contains("is not a Rowlog blog"));
    fs::remove_file(&path).unwrap();
    drop(open(folder.path(), &path, true).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    assert!(refusal(true).contains("newer Rowlog"));
}
