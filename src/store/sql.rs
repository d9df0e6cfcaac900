//! How the model's own types are written to and read from SQLite.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Row, RowIndex};
use serde::de::DeserializeOwned;

use crate::model::comment::CommentStatus;
use crate::model::entry::EntryStatus;
use crate::model::event::{Audience, Kind};
use crate::model::id::{
    BanId, CommentId, EntryId, EventId, PostId, RevisionId, SessionId, TokenId, VisitorId,
};
use crate::model::moderation::Banned;
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

integers!(BanId PostId CommentId EntryId VisitorId RevisionId SessionId TokenId EventId Timestamp);
words!(Banned PostKind Status Discussion CommentStatus EntryStatus Kind);

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

/// A column that holds JSON.
///
/// Errors: names the column if it holds something else.
pub fn json<T: DeserializeOwned>(row: &Row, column: impl RowIndex) -> rusqlite::Result<T> {
    let at = column.idx(row.as_ref())?;
    let text: String = row.get(at)?;
    serde_json::from_str(&text).map_err(|error| {
        let name = row.as_ref().column_name(at).unwrap_or("of JSON");
        let why = format!("the column {name} cannot be read: {error}");
        Error::FromSqlConversionFailure(at, Type::Text, why.into())
    })
}

/// Rows as a list for `json_each`.
pub fn list<'a>(ids: impl IntoIterator<Item = &'a PostId>) -> String {
    let ids: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}
