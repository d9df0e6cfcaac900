//! One request to a server that is not ours: over TLS, to a public address, with an end to everything.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::model::hub::{Hub, is_public};
use crate::tls;

/// How long it may take until the hub has answered.
const AT_MOST: Duration = Duration::from_secs(20);

/// The largest head of an answer, in bytes; the body is not read at all.
const LARGEST_HEAD: usize = 16 * 1024;

/// Sends `body`, a form, to `hub`. Redirects are not followed.
///
/// Errors: why it was not taken, for the owner's log.
pub async fn send(hub: Hub, body: String) -> Result<(), String> {
    let sent = async {
        let connector = tls::connector()?;
        let stream = connect(&hub).await?;
        let stream = tls::encrypt(&connector, hub.host(), stream).await?;
        accepted(post(&hub, stream, body).await?)
    };
    let sent = timeout(AT_MOST, sent).await;
    sent.unwrap_or_else(|_| Err("it took too long to answer".into()))
}

/// A connection to the address that was checked, so that a name which changes its mind leads nowhere else.
async fn connect(hub: &Hub) -> Result<TcpStream, String> {
    let host = hub.host().trim_matches(['[', ']']);
    let found = lookup_host((host, hub.port())).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| format!("its name is not known: {error}"))?
        .collect();
    all_public(&found)?;
    let stream = TcpStream::connect(found.as_slice()).await;
    stream.map_err(|error| format!("it cannot be reached: {error}"))
}

fn all_public(found: &[SocketAddr]) -> Result<(), String> {
    match found.iter().all(|address| is_public(address.ip())) {
        true => Ok(()),
        false => Err("its name leads into a private network".into()),
    }
}

async fn post<S>(hub: &Hub, stream: S, body: String) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: &dyn std::fmt::Display| format!("it did not answer: {error}");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let request = Request::post(hub.target())
        .header(HOST, hub.authority())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(USER_AGENT, concat!("Rowlog/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(&error))?;
    let mut answer = pin!(sender.send_request(request));
    // The connection moves only while it is asked, and ends with this function.
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await, // it came with the last bytes, or never will
            Err(error) => Err(error),
        },
    };
    Ok(answer.map_err(|error| failed(&error))?.status())
}

/// Whether that answer means that the hub has taken it.
fn accepted(status: StatusCode) -> Result<(), String> {
    match status {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => Err(format!(
            "it answers {status} and leads elsewhere; enter its final address in the settings"
        )),
        status => Err(format!("it answers {status}")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn hub(url: &str) -> Hub {
        Hub::parse(url).unwrap().unwrap()
    }

    /// What a hub hears, and what becomes of its answer.
    async fn told(answer: &'static str) -> (String, Result<(), String>) {
        let (ours, mut theirs) = duplex(4_096);
        let listening = tokio::spawn(async move {
            let mut heard = Vec::new();
            while !heard.ends_with(b"hub.mode=publish") {
                let mut part = [0; 512];
                let read = theirs.read(&mut part).await.unwrap();
                heard.extend_from_slice(&part[..read]);
            }
            theirs.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(heard).unwrap()
        });
        let hub = hub("https://hub.example/push?x=1");
        let status = post(&hub, ours, "hub.mode=publish".into()).await;
        (listening.await.unwrap(), status.and_then(accepted))
    }

    #[tokio::test]
    async fn a_ping_is_a_small_form() {
        let (heard, answer) = told("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(answer, Ok(()));
        let lower = heard.to_ascii_lowercase();
        assert!(lower.starts_with("post /push?x=1 http/1.1\r\n"), "{heard}");
        for header in [
            "\r\nhost: hub.example\r\n",
            "\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            "\r\ncontent-length: 16\r\n",
        ] {
            assert!(lower.contains(header), "{header} in {heard}");
        }
    }

    #[tokio::test]
    async fn only_a_yes_is_a_yes() {
        let away =
            told("HTTP/1.1 301 Moved Permanently\r\nLocation: http://127.0.0.1/\r\n\r\n").await;
        assert!(away.1.unwrap_err().contains("leads elsewhere"));
        let error = told("HTTP/1.1 500 Oh\r\nContent-Length: 99999999\r\n\r\n").await;
        assert!(error.1.unwrap_err().contains("500"));
        assert!(told("").await.1.is_err());
        assert!(told("not HTTP\r\n\r\n").await.1.is_err());
    }

    #[test]
    fn a_name_that_leads_home_is_not_followed() {
        let found = |words: &[&str]| -> Vec<SocketAddr> {
            words.iter().map(|word| word.parse().unwrap()).collect()
        };
        assert_eq!(all_public(&found(&["93.184.216.34:443"])), Ok(()));
        let mixed = found(&["93.184.216.34:443", "[::1]:443"]);
        assert!(all_public(&mixed).unwrap_err().contains("private"));
    }
}
