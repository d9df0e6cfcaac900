//! A program without TLS: it is smaller, speaks to nobody who wants to be spoken to in secret, and says so.

use std::convert::Infallible;

/// What nobody can have.
pub type Connector = Infallible;

/// There is none.
///
/// Errors: always, for a log.
pub fn connector() -> Result<Connector, String> {
    Err("this program was built without TLS, so it reaches no https address".into())
}

/// Nobody can ask for this, as nobody has a connector.
///
/// Errors: none.
pub async fn encrypt<S>(connector: &Connector, _: &str, _: S) -> Result<S, String> {
    match *connector {}
}
