//! TLS towards servers that are not ours: who is believed, and nothing else.
//!
//! `without.rs` stands in its place where the feature `tls` is off.

use std::fmt::Display;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

pub use tokio_rustls::TlsConnector as Connector;

/// Encrypts connections to servers whom browsers believe.
///
/// Errors: why that cannot be done, for a log.
pub fn connector() -> Result<Connector, String> {
    believing(browsers())
}

/// Whom browsers believe.
fn browsers() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// Encrypts connections to servers for whom one of `roots` vouches.
///
/// Errors: as [`connector`].
fn believing(roots: RootCertStore) -> Result<Connector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Connector::from(Arc::new(config)))
}

/// The stream, encrypted, its other end known to be `host`, a name or an address as it stands in a URL.
///
/// Errors: why that cannot be done, for a log.
pub async fn encrypt<S>(
    connector: &Connector,
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

#[cfg(test)]
mod tests {
    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// `hub.example`, vouched for by itself, until 2126.
    const CERTIFICATE: &[u8] = include_bytes!("fixtures/hub.example.der");
    const KEY: &[u8] = include_bytes!("fixtures/hub.example.key");

    /// Greets whoever believes `hub.example`.
    async fn greet(stream: DuplexStream) {
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(
                    vec![CertificateDer::from(CERTIFICATE)],
                    PrivateKeyDer::try_from(KEY).unwrap(),
                )
                .unwrap();
        let accepted = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        if let Ok(mut stream) = accepted {
            stream.write_all(b"hello").await.unwrap();
            stream.flush().await.unwrap();
        }
    }

    /// What is heard from `hub.example` by someone who asked for `name` and believes `roots`.
    async fn heard(name: &str, roots: RootCertStore) -> Result<[u8; 5], String> {
        let (ours, theirs) = duplex(16 * 1024);
        let greeting = tokio::spawn(greet(theirs));
        let connector = believing(roots)?;
        let mut stream = encrypt(&connector, name, ours).await?;
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).await.unwrap();
        greeting.await.unwrap();
        Ok(heard)
    }

    #[tokio::test]
    async fn only_a_hub_that_proves_its_name_is_spoken_to() {
        let mut own = RootCertStore::empty();
        own.add(CertificateDer::from(CERTIFICATE)).unwrap();
        let trusted = heard("hub.example", own.clone()).await;
        assert_eq!(trusted, Ok(*b"hello"));
        let other_name = heard("other.example", own).await;
        assert!(other_name.unwrap_err().contains("TLS"));
        let unknown = heard("hub.example", browsers()).await;
        assert!(unknown.unwrap_err().contains("TLS"));
    }
}
