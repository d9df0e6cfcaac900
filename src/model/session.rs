//! A device on which the owner is signed in.

use super::id::SessionId;
use super::time::Timestamp;

/// Milliseconds after which a session that is not used ends, and after which any ends. Source: security, section 4.
pub const IDLE: i64 = 14 * DAY;
/// The longest life of a session, in milliseconds.
pub const LONGEST: i64 = 90 * DAY;
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// One session of the owner.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its row.
    pub id: SessionId,
    /// What the browser called itself, as sent and cut short.
    pub agent: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to within an hour.
    pub seen_at: Timestamp,
}

impl Session {
    /// What the browser is, in two words that its owner recognises.
    pub fn device(&self) -> String {
        device(&self.agent)
    }
}

/// What a browser is that calls itself `agent`, in two words that its owner recognises.
pub fn device(agent: &str) -> String {
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    let browser = named(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "An unknown program".into(),
    }
}
