//! `rowlog serve`

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use tokio::signal::unix::{SignalKind, signal};

use super::running::Running;
use super::service;
use crate::backup::Place;
use crate::error::{Error, Result};

/// Where to listen.
#[derive(Args)]
pub struct Listen {
    /// The address to listen on; port 0 takes a free one. A socket that systemd hands over goes before it
    #[arg(
        id = "listen",
        long = "listen",
        env = "ROWLOG_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR:PORT"
    )]
    pub address: SocketAddr,
}

/// How to serve.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub listen: Listen,
    /// Scheme and host as readers reach the blog, such as <https://blog.example>
    #[arg(long, env = "ROWLOG_BASE_URL", value_name = "URL", value_parser = base_url)]
    pub base_url: Option<String>,
    /// Turn rate limits and the form's time check off, for benchmarks and tests
    #[arg(
        long,
        env = "ROWLOG_LIMITS",
        default_value = "on",
        value_name = "on|off"
    )]
    pub limits: Switch,
    /// Proxies whose X-Forwarded-For is believed, such as 127.0.0.1/32,10.0.0.0/8
    #[arg(
        long,
        env = "ROWLOG_TRUSTED_PROXIES",
        value_name = "CIDR,…",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// A folder of Markdown files to publish as they are saved
    #[arg(long, env = "ROWLOG_WATCH", value_name = "DIR")]
    pub watch: Option<PathBuf>,
    /// Where the daily backups go, or `off`; `backups` in the data folder unless told otherwise
    #[arg(long, env = "ROWLOG_BACKUPS", value_name = "DIR|off", value_parser = place)]
    pub backups: Option<Place>,
    /// Serve a copy that Litestream keeps up to date (`litestream restore -f`): pages and streams. No backups are made of it
    #[arg(long, env = "ROWLOG_REPLICA", conflicts_with = "watch")]
    pub replica: bool,
    /// Where a replica sends what is to be written, such as <https://your.name> or <http://10.0.0.1:8080>; it must trust this
    /// machine as a proxy
    #[arg(long, env = "ROWLOG_PRIMARY", value_name = "URL", value_parser = base_url, requires = "replica")]
    pub primary: Option<String>,
    /// The largest file that the owner may upload, in MiB
    #[arg(long, env = "ROWLOG_MAX_UPLOAD", default_value_t = MAX_UPLOAD, value_name = "MIB",
        value_parser = clap::value_parser!(u16).range(1..=512))]
    pub max_upload: u16,
}

/// MiB of the largest upload, unless told otherwise.
const MAX_UPLOAD: u16 = 64;

/// Whether something is on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Options {
    /// What there is to choose but the address, as it is when nobody chooses.
    pub fn at(listen: Listen) -> Options {
        Options {
            listen,
            base_url: None,
            limits: Switch::On,
            trusted_proxies: Vec::new(),
            watch: None,
            backups: Some(Place::Off),
            replica: false,
            primary: None,
            max_upload: MAX_UPLOAD,
        }
    }

    /// The same without limits: for readers who all come from one address.
    pub fn without_limits(self) -> Options {
        Options {
            limits: Switch::Off,
            ..self
        }
    }
}

/// Serves until SIGTERM or Ctrl-C.
///
/// Errors: as [`Running::start`], and what stopping answers.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    log_to_stderr();
    let running = Running::start(folder, options).await?;
    let asked_to_stop = signals()?; // before anyone can know that we are there
    announce(running.address)?;
    if let Some(path) = &running.setup_path {
        super::say(format_args!(
            "Set up your blog at http://{}{path}",
            running.address
        ))?;
    }
    service::tell("READY=1");
    asked_to_stop.await;
    service::tell("STOPPING=1");
    running.stop().await
}

/// One line on standard output, a promise to scripts. A closed output does not stop the blog.
pub fn announce(address: SocketAddr) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "Listening on http://{address}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Io("cannot say where we listen".into(), error))
        }
        _ => Ok(()),
    }
}

/// The right to be the only one who serves or replaces a blog. The system takes it back with the process.
pub struct Lock {
    _file: File,
    /// The folder itself, which nobody removes by mistake; not on every disk can folders be locked.
    _folder: Option<File>,
}

/// Two servers on one file would each believe to be the only one.
///
/// Errors: [`Error::Refused`] while another server holds it, else what the system answers.
pub fn lock(folder: &Path) -> Result<Lock> {
    let path = folder.join("rowlog.lock");
    let shown = path.display();
    fs::create_dir_all(folder).map_err(Error::io(format!(
        "cannot make the folder {}; check its permissions or pass --data",
        folder.display()
    )))?;
    let file = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path);
    let file = file.map_err(Error::io(format!(
        "cannot write {shown}; check the folder's permissions"
    )))?;
    let taken = || {
        Error::Refused(format!(
            "another server is running on {}; stop it first or pass another --data",
            folder.display()
        ))
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(taken()),
        Err(TryLockError::Error(error)) => {
            return Err(Error::Io(format!("cannot lock {shown}"), error));
        }
    }
    let itself = File::open(folder).ok();
    match itself.as_ref().map(File::try_lock) {
        Some(Err(TryLockError::WouldBlock)) => Err(taken()), // the file was removed under a server
        Some(Ok(())) => Ok(Lock {
            _file: file,
            _folder: itself,
        }),
        Some(Err(TryLockError::Error(_))) | None => Ok(Lock {
            _file: file,
            _folder: None,
        }),
    }
}

/// Waits for SIGTERM or Ctrl-C; both are caught from this call on.
pub fn signals() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).map_err(Error::io("cannot wait for signals"));
    let (mut term, mut int) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

/// The log of what the server has to say goes to standard error.
pub fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .init();
}

/// A scheme and a host, without a slash at the end.
fn base_url(word: &str) -> std::result::Result<String, String> {
    let url = url::Url::parse(word)
        .map_err(|error| format!("{error}; write it like https://blog.example"))?;
    let plain =
        matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    match plain && url.username().is_empty() && url.fragment().is_none() {
        true => Ok(url.origin().ascii_serialization()),
        false => Err("only a scheme and a host, like https://blog.example".into()),
    }
}

fn place(word: &str) -> std::result::Result<Place, String> {
    match word {
        "" => Err("name a folder, or off".into()),
        word => Ok(Place::parse(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn a_base_url_is_a_scheme_and_a_host() {
        assert_eq!(
            base_url("https://Blog.example/").unwrap(),
            "https://blog.example"
        );
        assert_eq!(base_url("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for wrong in [
            "blog.example",
            "ftp://blog.example",
            "https://blog.example/a",
            "https://u@blog.example",
            "",
        ] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
