//! An upgrade that is killed at any step: another process opens a blog on a disk that ends it (`tests/shim`), and whoever comes
//! next goes on. The blog is of version 1, and the program one that knows more steps than ours, which are made up: so a file is
//! brought far at once, and an older program can be had back.

#[expect(
    dead_code,
    reason = "disks that fail are for the stories of the whole program"
)]
#[path = "../../../tests/shim/control.rs"]
mod control;

use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rusqlite::Connection;

use self::control::{Control, ends, library};
use super::older::{POSTS, first};
use super::*;
use crate::store::restore::{self, Restored};
use crate::store::{FILE, check, snapshot};

/// What a later program does after our steps: one that writes every row anew, and one that makes something of them.
const LATER: &[&str] = &[
    "alter table posts add column mood text not null default 'calm';
     update posts set body = body || ' ', mood = 'glad'",
    "create table moods (post_id integer not null references posts (id), mood text not null) strict;
     insert into moods select id, mood from posts;
     create index moods_of_posts on moods (mood, post_id)",
];

/// The name of the process's folder in its environment.
const FOLDER: &str = "ROWLOG_UPGRADED";

/// All steps of that program.
fn steps() -> Vec<&'static str> {
    [STEPS, LATER].concat()
}

/// A blog of version 1, with its log beside it as a crash has left it.
fn blog(folder: &Path) {
    let path = folder.join(FILE);
    let made = tempfile::tempdir().unwrap();
    let _running = first(&made.path().join(FILE), "");
    for ending in ["", "-wal"] {
        let from = snapshot::beside(&made.path().join(FILE), ending);
        fs::copy(from, snapshot::beside(&path, ending)).unwrap();
    }
}

#[test]
#[ignore = "it is what the test below kills"]
fn upgrade() {
    let folder = PathBuf::from(env::var(FOLDER).expect("it is told where"));
    open_with(&steps(), &folder, &folder.join(FILE), false).unwrap();
}

/// Has another process upgrade the blog in `folder`.
fn upgraded_by_another(folder: &Path, control: &Control, library: &Path) -> ExitStatus {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "store::migrate::killed::upgrade"])
        .envs(control.variables(library))
        .env(FOLDER, folder)
        .output()
        .unwrap();
    output.status
}

/// The version of a file, and how many posts and events it has, where it is sound.
fn look(path: &Path) -> (i64, i64, i64) {
    let conn = Connection::open(path).unwrap();
    let text = |sql| conn.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(text("pragma integrity_check").unwrap(), "ok");
    let number = |sql| conn.query_row(sql, [], |row| row.get(0)).unwrap();
    let ids = "select max(id) from events";
    assert_eq!(number(ids), number("select count(*) from events"));
    (
        number("pragma user_version"),
        number("select count(*) from posts where length(trim(body)) = 1000"),
        number(ids),
    )
}

#[test]
fn an_upgrade_that_is_killed_at_any_step_is_completed_by_the_next_start_and_can_be_taken_back() {
    let built = tempfile::tempdir().unwrap();
    let library = library(built.path());
    let taken = {
        let (folder, control) = begun();
        let upgraded = || assert!(upgraded_by_another(folder.path(), &control, &library).success());
        control.steps_of(upgraded)
    };
    println!("an upgrade takes {taken} steps");
    let later = version_after(&steps());
    for (n, is_torn) in ends(taken) {
        let (folder, control) = begun();
        let path = folder.path().join(FILE);
        control.kill_at(n, is_torn);
        let status = upgraded_by_another(folder.path(), &control, &library);
        assert_eq!(status.signal(), Some(9), "at step {n} of {taken}");
        let brought = open_with(&steps(), folder.path(), &path, false).unwrap();
        assert_eq!(
            check::all(&brought).unwrap().faults,
            [""; 0],
            "{n} of {taken}"
        );
        drop(brought);
        assert_eq!(look(&path), (later, POSTS, POSTS), "killed at step {n}");
        let kept = backups::list(&backups::folder_of(&path)).unwrap();
        for copy in &kept {
            let copy = backups::folder_of(&path).join(&copy.name);
            assert_eq!(look(&copy), (1, POSTS, POSTS));
        }
        assert!(
            matches!(open(folder.path(), &path, false), Err(Error::Refused(why)) if why.contains("newer"))
        );
        let before = backups::folder_of(&path).join(&kept[0].name);
        let Restored { report, .. } =
            restore::restore(folder.path(), &before, &mut snapshot::unwatched).unwrap();
        assert_eq!((report.posts, report.events), (POSTS, POSTS));
        let ours = open(folder.path(), &path, false).unwrap();
        assert_eq!(check::all(&ours).unwrap().faults, [""; 0], "{n} of {taken}");
    }
}

/// A blog, and what kills whoever upgrades it.
fn begun() -> (tempfile::TempDir, Control) {
    let folder = tempfile::tempdir().unwrap();
    blog(folder.path());
    let control = Control::at(folder.path().join("shim"));
    (folder, control)
}
