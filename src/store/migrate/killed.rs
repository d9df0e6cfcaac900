//! An upgrade that is killed at any step. No released file is older than this program's yet, so the steps are made up; all else
//! is real: another process opens a blog on a disk that ends it (`tests/shim`), and whoever comes next goes on.

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
use super::*;
use crate::store::restore::{self, Restored};
use crate::store::{FILE, snapshot};

/// The steps of a later program: one that writes every row anew, and one that makes something of them.
const LATER: &[&str] = &[
    "alter table posts add column mood text not null default 'calm';
     update posts set body = body || ' ', mood = 'glad'",
    "create table moods (post_id integer not null references posts (id), mood text not null) strict;
     insert into moods select id, mood from posts;
     create index moods_of_posts on moods (mood, post_id)",
];

const POSTS: i64 = 40;

/// The name of the process's folder in its environment.
const FOLDER: &str = "ROWLOG_UPGRADED";

/// A blog of this version, with its log beside it as a crash has left it.
fn blog(folder: &Path) {
    let path = folder.join(FILE);
    let made = tempfile::tempdir().unwrap();
    let conn = open(made.path(), &made.path().join(FILE), true).unwrap();
    conn.execute(
        "with recursive n (n) as (select 1 union all select n + 1 from n where n < ?1)
         insert into posts (slug, title, excerpt, body, html, text, headings, words, renderer, status, created_at, updated_at)
         select 'post-' || n, 'A post', '', hex(zeroblob(3000)), '', '', '[]', 0, 1, 'draft', 0, 0 from n",
        [POSTS],
    )
    .unwrap();
    let events = "insert into events (at, kind, subject, audience) select 0, 'post:created', id, 'owner' from posts";
    conn.execute(events, []).unwrap();
    for ending in ["", "-wal"] {
        let from = snapshot::beside(&made.path().join(FILE), ending);
        fs::copy(from, snapshot::beside(&path, ending)).unwrap();
    }
}

#[test]
#[ignore = "it is what the test below kills"]
fn upgrade() {
    let folder = PathBuf::from(env::var(FOLDER).expect("it is told where"));
    open_with(LATER, &folder, &folder.join(FILE), false).unwrap();
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
        number("select count(*) from posts where length(trim(body)) = 6000"),
        number(ids),
    )
}

#[test]
fn an_upgrade_that_is_killed_at_any_step_is_completed_by_the_next_start_and_can_be_taken_back() {
    let built = tempfile::tempdir().unwrap();
    let library = library(built.path());
    let steps = {
        let (folder, control) = begun();
        let upgraded = || assert!(upgraded_by_another(folder.path(), &control, &library).success());
        control.steps_of(upgraded)
    };
    println!("an upgrade takes {steps} steps");
    let later = LATER.len() as i64 + 1;
    for (n, is_torn) in ends(steps) {
        let (folder, control) = begun();
        let path = folder.path().join(FILE);
        control.kill_at(n, is_torn);
        let status = upgraded_by_another(folder.path(), &control, &library);
        assert_eq!(status.signal(), Some(9), "at step {n} of {steps}");
        drop(open_with(LATER, folder.path(), &path, false).unwrap());
        assert_eq!(look(&path), (later, POSTS, POSTS), "killed at step {n}");
        let kept = backups::list(&backups::folder_of(&path)).unwrap();
        for copy in &kept {
            let copy = backups::folder_of(&path).join(&copy.name);
            assert_eq!(look(&copy), (VERSION, POSTS, POSTS));
        }
        assert!(
            matches!(open(folder.path(), &path, false), Err(Error::Refused(why)) if why.contains("newer"))
        );
        let before = backups::folder_of(&path).join(&kept[0].name);
        let Restored { report, .. } =
            restore::restore(folder.path(), &before, &mut snapshot::unwatched).unwrap();
        assert_eq!((report.posts, report.events), (POSTS, POSTS));
        drop(open(folder.path(), &path, false).unwrap());
    }
}

/// A blog, and what kills whoever upgrades it.
fn begun() -> (tempfile::TempDir, Control) {
    let folder = tempfile::tempdir().unwrap();
    blog(folder.path());
    let control = Control::at(folder.path().join("shim"));
    (folder, control)
}
