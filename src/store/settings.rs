//! The owner's settings, and the secrets of the blog that are not the owner's to choose.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::json;

use super::{Tx, log};
use crate::error::{Error, Result};
use crate::hex::hex;
use crate::model::calendar::Dates;
use crate::model::event::{Audience, Kind};
use crate::model::hub::Hub;
use crate::model::reaction::ReactionKind;
use crate::model::settings::fields::Field;
use crate::model::settings::{Ink, Link, Moderation, Settings, Setup};
use crate::random;

/// The key of the reactions, which are in every file so that queries can ask for them.
const REACTIONS: &str = "reactions";

/// All settings; what was never set has its default.
pub fn load(conn: &Connection) -> Result<Settings> {
    let mut query = conn.prepare_cached("select key, value from settings")?;
    let mut rows: HashMap<String, String> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let default = Settings::default();
    let mut text = |key: &str, default: String| rows.remove(key).unwrap_or(default);
    Ok(Settings {
        title: text("title", default.title),
        description: text("description", default.description),
        owner: text("owner", default.owner),
        lang: text("lang", default.lang),
        time_zone: text("time_zone", default.time_zone),
        email: text("owner_email", default.email),
        moderation: Moderation::parse(&text("moderation", String::new())).unwrap_or_default(),
        hold_words: text("hold_words", default.hold_words),
        hold_patterns: text("hold_patterns", default.hold_patterns),
        max_links: number(
            &text("max_links", default.max_links.to_string()),
            "max_links",
        )?,
        navigation: Link::list(&text("navigation", String::new())).unwrap_or_default(),
        footer: text("footer", default.footer),
        css: text("css", default.css),
        ai_robots: text("ai_robots", "on".into()) == "on",
        ink: Ink::parse(&text("ink", String::new())).unwrap_or_default(),
        hub: Hub::parse(&text("websub_hub", String::new())).unwrap_or_default(),
        presence: text("presence", "on".into()) == "on",
        intro: text("intro", default.intro),
        dates: Dates::parse(&text("dates", String::new())).unwrap_or_default(),
        is_twelve: text("clock", String::new()) == "12",
        icon: text("icon", default.icon),
        reactions: reactions(&text(REACTIONS, String::new()))?,
        posts_per_page: number(
            &text("posts_per_page", default.posts_per_page.to_string()),
            "posts_per_page",
        )?,
        edit_minutes: number(
            &text("edit_minutes", default.edit_minutes.to_string()),
            "edit_minutes",
        )?,
        log_days: number(&text("log_days", default.log_days.to_string()), "log_days")?,
        log_events: number(
            &text("log_events", default.log_events.to_string()),
            "log_events",
        )?,
        close_after_days: number(
            &text("close_after_days", default.close_after_days.to_string()),
            "close_after_days",
        )?,
    })
}

/// Sets what the owner has changed, and records which fields that were; one that stays as it is is none.
pub fn change(tx: &Tx, values: &[(&Field, String)]) -> Result<()> {
    let before = load(tx)?;
    let changed = values
        .iter()
        .filter(|(field, value)| !field.is_set(&before, value));
    let mut names = Vec::new();
    for (field, value) in changed {
        set(tx, field.key, value)?;
        names.push(field.name);
    }
    match names.is_empty() {
        true => Ok(()),
        false => record(tx, &names),
    }
}

/// Records that fields of the settings were changed: their names, never what is in them.
pub fn record(tx: &Tx, fields: &[&str]) -> Result<()> {
    let facts = json!({ "fields": fields });
    log::append(
        tx,
        Kind::SettingsUpdated,
        None,
        0,
        Audience::Owner,
        Some(facts),
    )
}

/// Sets one setting, and tells nobody.
pub fn set(tx: &Connection, key: &str, value: &str) -> Result<()> {
    let sql = "insert into settings (key, value) values (?1, ?2)
               on conflict (key) do update set value = excluded.value";
    tx.prepare_cached(sql)?.execute(params![key, value])?;
    Ok(())
}

/// The value of one setting, if it was ever set.
pub fn get(conn: &Connection, key: &str) -> Result<Option<String>> {
    let sql = "select value from settings where key = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

/// The values of some settings, looked up at once.
pub fn some<const N: usize>(conn: &Connection, keys: [&str; N]) -> Result<[Option<String>; N]> {
    let each = ["(select value from settings where key = ?)"; N].join(", ");
    let mut values = [const { None }; N];
    conn.prepare_cached(&format!("select {each}"))?
        .query_row(params_from_iter(keys), |row| {
            let mut places = values.iter_mut().enumerate();
            places.try_for_each(|(at, value)| row.get(at).map(|it| *value = it))
        })?;
    Ok(values)
}

/// Whether nobody has set it: it is not there, or as a new file has it.
pub fn is_unset(conn: &Connection, key: &str) -> Result<bool> {
    let value = get(conn, key)?;
    Ok(value.is_none_or(|value| key == REACTIONS && value == usual_reactions()))
}

/// Gives a new file the settings that every blog has from its first moment.
pub fn fill(tx: &Connection) -> Result<()> {
    set(tx, "form_key", &hex(&random::bytes::<32>()?))?;
    set(tx, REACTIONS, &usual_reactions())
}

/// Gives the blog its owner; `hash` is what is kept of the password.
///
/// Errors: [`Error::Refused`] if it has one.
pub fn set_up(tx: &Tx, setup: &Setup, hash: &str) -> Result<()> {
    if get(tx, "owner")?.is_some() {
        return Err(Error::Refused(
            "this blog has an owner already; nothing was changed".into(),
        ));
    }
    set(tx, "title", &setup.title)?;
    set(tx, "owner", setup.name.as_str())?;
    set(tx, "ink", setup.ink.as_str())?;
    let email = setup.email.as_ref().map_or("", |email| email.as_str());
    set(tx, "owner_email", email)?;
    set(tx, "owner_password", hash)?;
    record(tx, &["title", "name", "email", "ink"])
}

/// The usual ones as a new file keeps them.
fn usual_reactions() -> String {
    json!(ReactionKind::usual()).to_string()
}

/// Those that a blog has whose owner never chose any are the usual ones.
fn reactions(value: &str) -> Result<Vec<ReactionKind>> {
    if value.is_empty() {
        return Ok(ReactionKind::usual());
    }
    let unreadable =
        |error| Error::Refused(format!("the setting reactions cannot be read: {error}"));
    serde_json::from_str(value).map_err(unreadable)
}

fn number(value: &str, key: &str) -> Result<i64> {
    value
        .parse()
        .map_err(|_| Error::Refused(format!("the setting {key} is not a number: {value:?}")))
}
