//! TLS towards servers that are not ours: who is believed, and nothing else.

use std::fmt::Display;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Encrypts connections to servers for whom one of `roots` vouches.
///
/// Errors: why that cannot be done, for a log.
pub fn believing(roots: RootCertStore) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whom browsers believe.
pub fn roots() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// The stream, encrypted, its other end known to be `host`, a name or an address as it stands in a URL.
///
/// Errors: why that cannot be done, for a log.
pub async fn encrypt<S>(
    connector: &TlsConnector,
    host: &str,
    stream: S,
) -> Result<TlsStream<S>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(|error| failed(&error))?;
    let stream = connector.connect(name, stream).await;
    stream.map_err(|error| failed(&error))
}

fn failed(error: &dyn Display) -> String {
    format!("it does not speak TLS as it should: {error}")
}
