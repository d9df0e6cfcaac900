//! How the model's own types are written to and read from SQLite.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::model::comment::CommentStatus;
use crate::model::entry::EntryStatus;
use crate::model::event::{Audience, Kind};
use crate::model::id::{CommentId, EntryId, EventId, PostId, RevisionId, SessionId, VisitorId};
use crate::model::post::{Discussion, PostKind, Status};
use crate::model::time::Timestamp;

/// Types that are one 64-bit integer.
macro_rules! integers {
    ($($name:ident)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$name> {
                value.as_i64().map($name)
            }
        }
    )*};
}

/// Types that are one word out of a closed list.
macro_rules! words {
    ($($name:ident)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$name> {
                $name::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

integers!(PostId CommentId EntryId VisitorId RevisionId SessionId EventId Timestamp);
words!(PostKind Status Discussion CommentStatus EntryStatus Kind);

impl ToSql for Audience {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Audience {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Audience> {
        Audience::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
