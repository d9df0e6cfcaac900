//! The writer's thread: what it does with the changes that wait, and what it does when they cannot be written.

use std::time::Instant;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::mpsc;

use super::super::Tx;
use super::super::faults;
use super::super::identity::Identity;
use super::super::wal::Log;
use super::super::{log, search};
use super::change::{Change, FAILED};
use super::effects::Effects;
use super::{Told, add};
use crate::error::{DISK_FULL, Error, LOCKED, READ_ONLY, Result};
use crate::model::fault::Fault;
use crate::model::id::EventId;

/// Changes in one commit: more share one flush to the disk, fewer keep the first one's wait short.
const GROUP: usize = 64;

/// Why a group of changes was not committed.
pub struct Failed {
    /// What it says about the file or its disk, if it says something.
    pub fault: Option<Fault>,
    /// SQLite's own words, for the log of the server.
    pub cause: String,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed {
            fault: faults::kind_of(&error),
            cause: error.to_string(),
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed {
            fault: faults::kind(&error),
            cause: error.to_string(),
        }
    }
}

impl Failed {
    /// What those are told who asked for the changes.
    fn told(&self) -> &'static str {
        match self.fault {
            Some(Fault::DiskFull) => DISK_FULL,
            Some(Fault::ReadOnly) => READ_ONLY,
            Some(Fault::Locked) => LOCKED,
            _ => FAILED,
        }
    }
}

/// What the thread works with.
pub struct Scribe {
    /// The one connection that writes.
    pub conn: Connection,
    /// What it writes to.
    pub file: Identity,
    /// The write-ahead log beside it.
    pub log: Log,
    /// Where it tells what it does, and what is in its way.
    pub told: Told,
    /// What the changes at hand mean beyond their rows.
    pub effects: Effects,
}

impl Scribe {
    /// The thread's life, and its end: the file is complete alone, unless to touch it could make it worse.
    pub fn work(mut self, queue: mpsc::Receiver<Change>) {
        self.drain(queue);
        if self.told.faults.stopping().is_none() {
            self.log.settle(&self.conn);
            return;
        }
        let as_it_is = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if let Err(error) = self.conn.set_db_config(as_it_is, true) {
            tracing::warn!("the file may be written once more when it is closed: {error}");
        }
    }

    /// Waits for a change, takes what else is waiting, commits all of it, answers, rings; until nobody asks any more, or
    /// something has happened after which nothing may be written.
    fn drain(&mut self, mut queue: mpsc::Receiver<Change>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(change) = queue.try_recv()
            {
                group.push(change);
            }
            if !self.file.is_in_place() {
                self.told
                    .faults
                    .note(Fault::Gone, "another file, or none, has its name");
            }
            if self.told.faults.stopping().is_some() {
                return add(&self.told.pulse.refused, group.len() as u64);
            }
            let before = self.conn.total_changes();
            if self.write(group) && self.tend(queue.is_empty()) {
                let has_written = self.conn.total_changes() > before;
                if has_written {
                    self.told.faults.end_with_a_write();
                }
            }
            if self.told.faults.stopping().is_some() {
                return;
            }
        }
    }

    /// Commits a group and tells everyone of it; whether that worked.
    fn write(&mut self, mut group: Vec<Change>) -> bool {
        let begun = Instant::now();
        let committed = self.commit(&mut group);
        let is_done = committed.is_ok();
        match committed {
            Ok(head) => {
                self.effects.note_in(&self.told.changes); // before anyone is answered
                self.told.pulse.beat(head, group.len(), begun.elapsed());
                group.into_iter().for_each(|change| change.answer(None));
                self.told.pulse.ring();
            }
            Err(failed) => {
                self.effects.forget();
                add(&self.told.pulse.refused, group.len() as u64);
                let told = failed.told();
                match failed.fault {
                    Some(fault) => self.told.faults.note(fault, failed.cause),
                    None => tracing::error!("a commit was taken back: {}", failed.cause),
                }
                group
                    .into_iter()
                    .for_each(|change| change.answer(Some(told)));
            }
        }
        is_done
    }

    /// Keeps the write-ahead log small, and free of what was erased if it `is_idle`, so that nobody has to wait for that;
    /// whether the file and its disk let it.
    fn tend(&mut self, is_idle: bool) -> bool {
        let tended = match self.effects.erased && is_idle && self.log.may_be_emptied() {
            true => self.log.empty(&self.conn).map(|emptied| {
                self.effects.erased = !emptied;
            }),
            false => self.log.tend(&self.conn),
        };
        let Err(error) = tended else { return true };
        match faults::kind_of(&error) {
            Some(Fault::Locked) => return true, // somebody else does the same
            Some(fault) => self.told.faults.note(fault, error),
            None => tracing::error!("the write-ahead log cannot be kept small: {error}"),
        }
        false
    }

    /// Runs a group of changes in one transaction; the newest event after it.
    fn commit(&mut self, group: &mut [Change]) -> Result<EventId, Failed> {
        self.execute("begin immediate")?;
        let done = self.changes(group).and_then(|head| {
            self.execute("commit")?;
            Ok(head)
        });
        if done.is_err() && !self.conn.is_autocommit() {
            self.conn.execute_batch("rollback")?;
        }
        done
    }

    fn changes(&mut self, group: &mut [Change]) -> Result<EventId, Failed> {
        group.sort_by_key(|change| !change.is_repeatable());
        let again = group.partition_point(|change| change.is_repeatable());
        let is_done = self.together(&mut group[..again])?;
        if !is_done {
            self.effects.forget();
            self.execute("rollback")?;
            self.execute("begin immediate")?;
        }
        self.one_by_one(&mut group[if is_done { again } else { 0 }..])?;
        self.take_in()?;
        Ok(log::head(&self.conn)?.id)
    }

    /// Runs changes that can be run again; whether all that they wrote may stay. If not, something must be taken back.
    fn together(&mut self, group: &mut [Change]) -> Result<bool, Failed> {
        for change in group {
            let before = self.conn.total_changes();
            let tx = Tx::new(&self.conn);
            let kept = change.run(&tx);
            match change.fault() {
                Some(failed) if failed.fault == Some(Fault::IndexDamaged) => return Ok(false),
                Some(failed) => return Err(failed), // the others would meet it as well
                None => {}
            }
            if self.conn.is_autocommit() {
                // What comes next would be committed by itself.
                return Err(Failed {
                    fault: None,
                    cause: "SQLite has taken the transaction back".into(),
                });
            }
            if kept {
                self.effects.add(tx);
            } else if self.conn.total_changes() > before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs changes in a savepoint each, of which those that fail are taken back.
    fn one_by_one(&mut self, group: &mut [Change]) -> Result<(), Failed> {
        for change in group {
            self.execute("savepoint change")?;
            let tx = Tx::new(&self.conn);
            let kept = change.run(&tx);
            if let Some(failed) = change.fault() {
                let is_ours_alone = failed.fault == Some(Fault::IndexDamaged);
                if !is_ours_alone || self.conn.is_autocommit() {
                    return Err(failed); // the others would meet it as well, or SQLite has taken back all of them
                }
                self.told.faults.note(Fault::IndexDamaged, failed.cause);
            }
            match kept {
                true => self.effects.add(tx),
                false => self.execute("rollback to change")?,
            }
            self.execute("release change")?;
        }
        Ok(())
    }

    /// Has the search find the group's comments. If its index is damaged they wait outside of it, and nobody else has to.
    fn take_in(&self) -> Result<(), Failed> {
        if !search::is_behind(&self.conn)? {
            return Ok(());
        }
        self.execute("savepoint search")?;
        // The index writes itself at a savepoint. In one within the first, what goes wrong there can be taken back.
        let taken = search::take_in(&self.conn).and_then(|()| self.execute("savepoint written"));
        if let Err(error) = taken {
            let failed = Failed::from(error);
            let is_the_index = matches!(failed.fault, None | Some(Fault::IndexDamaged));
            if !is_the_index || self.conn.is_autocommit() {
                return Err(failed);
            }
            self.told.faults.note(Fault::IndexDamaged, failed.cause);
            self.execute("rollback to search")?;
        }
        Ok(self.execute("release search")?)
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(drop)
    }
}
