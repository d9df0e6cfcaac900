//! What can go wrong, named after what the caller can do about it. Knows nothing of HTTP.

use std::collections::BTreeMap;
use std::{fmt, io};

use rusqlite::{ErrorCode, ffi};

/// The program's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Debug)]
pub enum Error {
    /// There is no such thing, or the asker may not know of it.
    NotFound,
    /// What was sent cannot be taken; by field, what is wrong and what to do.
    Invalid(Fields),
    /// It exists, but not for this asker; says why.
    Forbidden(&'static str),
    /// It was changed by somebody else in the meantime; says what.
    Conflict(&'static str),
    /// It cannot be done as things stand; one line that says what, to what, and what to do now.
    Refused(String),
    /// The writer cannot take this now: too much to do, the file is locked, the disk is full. Worth trying again.
    Unavailable(&'static str),
    /// SQLite failed in a way that nobody asked for.
    Storage(rusqlite::Error),
    /// No reader connection came free in time.
    Pool(r2d2::Error),
    /// The operating system refused; what was tried, and its answer.
    Io(String, io::Error),
    /// A template could not be rendered.
    Template(askama::Error),
}

/// What is said where the disk has no room, where the file may not be written, and where another program holds it.
pub const DISK_FULL: &str = "the disk of this site is full; please try again later";
/// See [`DISK_FULL`].
pub const READ_ONLY: &str = "this site cannot write at the moment; please try again later";
/// See [`DISK_FULL`].
pub const LOCKED: &str = "the database is in use by another program; please try again in a moment";

/// Messages by the name of the form field they belong to.
pub type Fields = BTreeMap<&'static str, String>;

impl Error {
    /// One message for one field.
    pub fn field(name: &'static str, message: impl Into<String>) -> Error {
        Error::Invalid(Fields::from([(name, message.into())]))
    }

    /// Wraps an operating system error with what was tried.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |error| Error::Io(what, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound => f.write_str("there is no such thing here"),
            Error::Invalid(fields) => {
                let lines: Vec<_> = fields
                    .iter()
                    .map(|(name, why)| format!("{name}: {why}"))
                    .collect();
                f.write_str(&lines.join("; "))
            }
            Error::Forbidden(why) | Error::Conflict(why) | Error::Unavailable(why) => {
                f.write_str(why)
            }
            Error::Refused(why) => f.write_str(why),
            Error::Storage(error) => write!(f, "the database answered: {error}"),
            Error::Pool(error) => write!(f, "no connection to the database came free: {error}"),
            Error::Io(what, error) => write!(f, "{what}: {error}"),
            Error::Template(error) => write!(f, "a page could not be rendered: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        // The wal-index lies in a file as well, and finds the disk as full as the others do.
        let extended = error.sqlite_error().map(|error| error.extended_code);
        if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) {
            return Error::Unavailable(DISK_FULL);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Unavailable(LOCKED),
            Some(ErrorCode::DiskFull) => Error::Unavailable(DISK_FULL),
            Some(ErrorCode::ReadOnly) => Error::Unavailable(READ_ONLY),
            _ => Error::Storage(error),
        }
    }
}

impl From<r2d2::Error> for Error {
    fn from(error: r2d2::Error) -> Error {
        Error::Pool(error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Error {
        Error::Template(error)
    }
}
