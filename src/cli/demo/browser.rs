//! A reader's browser, as small as can be: pages, forms, one cookie, and a stream that stays open.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::form_urlencoded;

/// How long an answer may take, and how large a page may be.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 8 << 20;

/// Why a request did not do what it should: a sentence.
#[derive(Debug)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault(error.to_string())
    }
}

/// The browser of one reader.
pub struct Browser {
    address: SocketAddr,
    /// What the site gave us to come back with: `name=value`.
    cookie: Mutex<Option<String>>,
}

impl Browser {
    /// A browser that knows one site.
    pub fn new(address: SocketAddr) -> Browser {
        Browser {
            address,
            cookie: Mutex::default(),
        }
    }

    /// The text of a page.
    ///
    /// Errors: no answer, or one that is no page.
    pub async fn open(&self, path: &str) -> Result<String, Fault> {
        let answer = self.get(path).await?;
        let body = Limited::new(answer.into_body(), LARGEST).collect();
        let body = timeout(PATIENCE, body).await?;
        let body = body.map_err(|error| Fault(format!("GET {path}: {error}")))?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }

    /// A stream of events, open for as long as the answer lives.
    ///
    /// Errors: no answer, or one that is no stream.
    pub async fn follow(&self, path: &str) -> Result<Incoming, Fault> {
        Ok(self.get(path).await?.into_body())
    }

    /// Sends a form; the address that the answer leads to.
    ///
    /// Errors: no answer, or one that leads nowhere: the form was refused.
    pub async fn submit(&self, path: &str, fields: &[(String, String)]) -> Result<String, Fault> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, format!("http://{}", self.address))
            .body(Full::from(form))?;
        let answer = self.send(request).await?;
        let target = answer.headers().get(LOCATION);
        match target.and_then(|target| target.to_str().ok()) {
            Some(target) => Ok(target.to_owned()),
            None => Err(Fault(format!("POST {path} answered {}", answer.status()))),
        }
    }

    async fn get(&self, path: &str) -> Result<Response<Incoming>, Fault> {
        let answer = self.send(Request::get(path).body(Full::default())?).await?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(Fault(format!("GET {path} answered {}", answer.status()))),
        }
    }

    /// Sends a request on a connection of its own, which ends with the answer.
    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Fault> {
        let headers = request.headers_mut();
        headers.insert(HOST, self.address.to_string().parse()?);
        let cookie = self.jar().clone();
        if let Some(cookie) = cookie {
            headers.insert(COOKIE, cookie.parse()?);
        }
        let wire = timeout(PATIENCE, TcpStream::connect(self.address)).await??;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(wire)).await?;
        tokio::spawn(connection);
        let answer = timeout(PATIENCE, sender.send_request(request)).await??;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            *self.jar() = Some(pair.to_owned());
        }
        Ok(answer)
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
