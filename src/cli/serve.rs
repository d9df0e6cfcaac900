//! `rowlog serve`

use std::fs::{self, File, TryLockError};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, io::Write, thread};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backup::{Keeper, Place};
use crate::chores;
use crate::error::{Error, Result};
use crate::key::KeyFile;
use crate::live::Live;
use crate::store::{Store, settings};
use crate::visits::Visits;
use crate::watch::Watch;
use crate::web::server::{Bounds, serve};
use crate::web::{
    Allowance, App, Doorkeeper, Invitation, Known, Pictures, Rulebook, Uploads, routes,
};
use crate::websub;

/// Where to listen.
#[derive(Args)]
pub struct Listen {
    /// The address to listen on; port 0 takes a free one
    #[arg(
        id = "listen",
        long = "listen",
        env = "ROWLOG_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR:PORT"
    )]
    address: SocketAddr,
}

/// How to serve.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    listen: Listen,
    /// Scheme and host as readers reach the blog, such as <https://blog.example>
    #[arg(long, env = "ROWLOG_BASE_URL", value_name = "URL", value_parser = base_url)]
    base_url: Option<String>,
    /// Turn rate limits and the form's time check off, for benchmarks and tests
    #[arg(
        long,
        env = "ROWLOG_LIMITS",
        default_value = "on",
        value_name = "on|off"
    )]
    limits: Switch,
    /// Proxies whose X-Forwarded-For is believed, such as 127.0.0.1/32,10.0.0.0/8
    #[arg(
        long,
        env = "ROWLOG_TRUSTED_PROXIES",
        value_name = "CIDR,…",
        value_delimiter = ','
    )]
    trusted_proxies: Vec<IpNet>,
    /// A folder of Markdown files to publish as they are saved
    #[arg(long, env = "ROWLOG_WATCH", value_name = "DIR")]
    watch: Option<PathBuf>,
    /// Where the daily backups go, or `off`; `backups` in the data folder unless told otherwise
    #[arg(long, env = "ROWLOG_BACKUPS", value_name = "DIR|off", value_parser = place)]
    backups: Option<Place>,
    /// The largest file that the owner may upload, in MiB
    #[arg(long, env = "ROWLOG_MAX_UPLOAD", default_value_t = MAX_UPLOAD, value_name = "MIB",
        value_parser = clap::value_parser!(u16).range(1..=512))]
    max_upload: u16,
}

/// MiB of the largest upload, unless told otherwise.
const MAX_UPLOAD: u16 = 64;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
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
    asked_to_stop.await;
    running.stop().await
}

/// A blog that is being served.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a blog without an owner is set up, from its root.
    setup_path: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
    tasks: [JoinHandle<()>; 5],
    tailer: thread::JoinHandle<()>,
    watch: Option<Watch>,
    store: Arc<Store>,
    _lock: File,
}

impl Running {
    /// Serves the blog in `folder`.
    ///
    /// Errors: [`Error::Refused`] or [`Error::Io`] with one line if the folder, the file or the address cannot be had.
    pub async fn start(folder: &Path, options: Options) -> Result<Running> {
        let lock = lock(folder)?; // before the file is opened: an older server may be running on it
        let store = Arc::new(Store::open(folder, true)?);
        chores::welcome(&store).await?;
        let listener = TcpListener::bind(options.listen.address)
            .await
            .map_err(Error::io(format!(
                "cannot listen on {}; choose another with --listen",
                options.listen.address
            )))?;
        let address = listener
            .local_addr()
            .map_err(Error::io("cannot read the address listened on"))?;
        let watching = options.watch.as_deref();
        let watching = watching.map(|root| Watch::start(root, folder, store.clone()));
        let watching = watching.transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (live, tailer) = Live::start(&store, stopped.clone())?;
        let company = tokio::spawn(live.presence.clone().run(stopped.clone()));
        let form_key = store.read(|conn| settings::get(conn, "form_key")).await?;
        let owner = store.read(|conn| settings::get(conn, "owner")).await?;
        let invitation = Invitation::new()?;
        let setup_path = owner.is_none().then(|| invitation.path());
        let visits = Arc::<Visits>::default();
        let keeper = Keeper::new(store.path(), options.backups.unwrap_or_default());
        let keeper = Arc::new(keeper);
        let bounds = Bounds::from_descriptors();
        let app = App {
            store: store.clone(),
            live,
            known: Known::default(),
            visits: visits.clone(),
            base_url_is_given: options.base_url.is_some(),
            base_url: options
                .base_url
                .unwrap_or_else(|| format!("http://{address}")),
            limits: options.limits == Switch::On,
            form_key: form_key
                .ok_or_else(|| Error::Refused("the blog's file has no form_key setting".into()))?,
            invitation,
            key: KeyFile::beside(folder),
            pictures: Pictures::new(),
            doorkeeper: Doorkeeper::new()?,
            uploads: Uploads::new(usize::from(options.max_upload) << 20),
            allowance: Allowance::new(bounds.streams()),
            rulebook: Rulebook::default(),
            trusted_proxies: options.trusted_proxies,
            keeper: keeper.clone(),
        };
        let work = tokio::spawn(chores::run(store.clone(), visits, stopped.clone()));
        let sizing = tokio::spawn(chores::size_pictures(store.clone(), stopped.clone()));
        let backups = tokio::spawn(chores::back_up(store.clone(), keeper, stopped.clone()));
        let pings = websub::run(store.clone(), app.base_url.clone(), stopped.clone());
        let pings = tokio::spawn(pings);
        let server = tokio::spawn(serve(listener, routes(Arc::new(app)), bounds, stopped));
        Ok(Running {
            address,
            setup_path,
            stop,
            server,
            tasks: [work, sizing, backups, company, pings],
            tailer,
            watch: watching,
            store,
            _lock: lock,
        })
    }

    /// Takes leave of everyone who is connected, and closes the file.
    ///
    /// Errors: [`Error::Refused`] or [`Error::Io`] if a part of the server has failed.
    pub async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        let served = self
            .server
            .await
            .map_err(|error| Error::Refused(format!("the server failed: {error}")))?;
        served.map_err(Error::io("the server failed"))?;
        for task in self.tasks {
            task.await
                .map_err(|error| Error::Refused(format!("the chores failed: {error}")))?;
        }
        if let Some(watch) = self.watch {
            watch.stop()?;
        }
        // With its last connection the file takes the write-ahead log in and is complete alone.
        self.tailer
            .join()
            .map_err(|_| Error::Refused("the tailer failed; its last words are above".into()))?;
        drop(self.store);
        Ok(())
    }
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

/// Two servers on one file would each believe to be the only one; the system drops the lock with the process.
///
/// Errors: [`Error::Refused`] while another server holds it, else what the system answers.
pub fn lock(folder: &Path) -> Result<File> {
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
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Refused(format!(
            "another server is running on {}; stop it first or pass another --data",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Error::Io(format!("cannot lock {shown}"), error)),
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
