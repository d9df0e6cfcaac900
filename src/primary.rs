//! The way from a replica to the machine that writes: one request over HTTP, with TLS if its address says so.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::error::{Error, Result};
use crate::tls;

/// How long it may take until there is a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// The machine that writes.
pub struct Primary {
    host: String,
    port: u16,
    /// As a request names it.
    authority: HeaderValue,
    tls: Option<tls::Connector>,
}

impl Primary {
    /// The one at an address of a scheme and a host, with a port perhaps.
    ///
    /// Errors: [`Error::Refused`] if it is no such address.
    pub fn at(address: &str) -> Result<Primary> {
        let refused = |why: &dyn std::fmt::Display| {
            Error::Refused(format!("--primary {address} cannot be used: {why}"))
        };
        let url = Url::parse(address).map_err(|error| refused(&error))?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(refused(&"it names no host"));
        };
        let authority = HeaderValue::from_str(url.authority()).map_err(|error| refused(&error))?;
        let tls = match url.scheme() {
            "https" => Some(tls::connector().map_err(|error| refused(&error))?),
            _ => None,
        };
        Ok(Primary {
            host: host.to_owned(),
            port,
            authority,
            tls,
        })
    }

    /// Sends a request there on a connection of its own; the answer's body comes as it is sent.
    ///
    /// Errors: why there is no answer, for a log. The request may have been taken all the same.
    pub async fn ask(
        &self,
        mut request: Request<BoxBody<Bytes, io::Error>>,
    ) -> Result<Response<Incoming>, String> {
        request.headers_mut().insert(HOST, self.authority.clone());
        let name = self.host.trim_matches(['[', ']']);
        let stream = timeout(CONNECTED_WITHIN, TcpStream::connect((name, self.port))).await;
        let stream = stream.map_err(|_| "it does not answer")?;
        let stream = stream.map_err(|error| format!("it cannot be reached: {error}"))?;
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        let Some(connector) = &self.tls else {
            return send(stream, request).await;
        };
        let encrypted = tls::encrypt(connector, &self.host, stream);
        let encrypted = timeout(CONNECTED_WITHIN, encrypted).await;
        send(encrypted.map_err(|_| "it does not answer")??, request).await
    }
}

async fn send<S>(
    stream: S,
    request: Request<BoxBody<Bytes, io::Error>>,
) -> Result<Response<Incoming>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| format!("it did not answer: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    // It moves by itself for as long as somebody reads the answer; how it ends, the answer's reader is told.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_has_a_scheme_and_a_host() {
        let of = |address: &str| {
            let primary = Primary::at(address).unwrap();
            let authority = primary.authority.to_str().unwrap().to_owned();
            (authority, primary.port, primary.tls.is_some())
        };
        assert_eq!(
            of("http://10.0.0.1:8080"),
            ("10.0.0.1:8080".into(), 8080, false)
        );
        #[cfg(feature = "tls")]
        assert_eq!(of("https://your.name"), ("your.name".into(), 443, true));
        assert_eq!(of("http://[::1]:99"), ("[::1]:99".into(), 99, false));
        assert!(Primary::at("your.name").is_err());
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn a_program_without_tls_says_so() {
        let Err(Error::Refused(why)) = Primary::at("https://your.name") else {
            panic!("it has none");
        };
        assert!(why.contains("built without TLS"), "{why}");
    }
}
