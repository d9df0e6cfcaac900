//! A blog that is being served: everything that lives as long as the server does.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::serve::{Lock, Options, Switch, lock};
use super::service;
use crate::backup::{Keeper, Place};
use crate::error::{Error, Result};
use crate::key::KeyFile;
use crate::live::Live;
use crate::lookout;
use crate::primary::Primary;
use crate::store::{Store, recovery, settings};
use crate::watch::Watch;
use crate::web::server::{Bounds, serve};
use crate::web::{
    Allowance, App, Doorkeeper, Invitation, Known, Pages, Pictures, Role, Rulebook, Uploads, routes,
};
use crate::websub;
use crate::{checkup, chores};

/// A blog that is being served.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a blog without an owner is set up, from its root.
    pub setup_path: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
    tasks: Vec<JoinHandle<()>>,
    tailer: thread::JoinHandle<()>,
    watch: Option<Watch>,
    pages: Arc<Pages>,
    store: Arc<Store>,
    _lock: Lock,
}

impl Running {
    /// Serves the blog in `folder`.
    ///
    /// Errors: [`Error::Refused`] or [`Error::Io`] with one line if the folder, the file or the address cannot be had.
    pub async fn start(folder: &Path, options: Options) -> Result<Running> {
        let lock = lock(folder)?; // before the file is opened: an older server may be running on it
        let role = role(&options)?;
        let store = Arc::new(open(folder, &role)?);
        if role.is_primary() {
            chores::welcome(&store).await?;
        }
        let (listener, address) = listen(options.listen.address).await?;
        let watching = options.watch.as_deref();
        let watching = watching.map(|root| Watch::start(root, folder, store.clone()));
        let watching = watching.transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (live, tailer) = Live::start(&store, stopped.clone())?;
        let bounds = Bounds::from_descriptors();
        let app = app(folder, options, role, address, &store, live, &bounds).await?;
        let app = Arc::new(app);
        let setup_path = setup_path(&app).await?;
        let tasks = work(&app, folder, &stopped);
        let pages = app.pages.clone();
        let server = tokio::spawn(serve(listener, routes(app), bounds, stopped));
        Ok(Running {
            address,
            setup_path,
            stop,
            server,
            tasks,
            tailer,
            watch: watching,
            pages,
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
        tracing::debug!(figures = ?self.pages.figures(), "pages in memory");
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
        drop(self.pages);
        drop(self.store);
        Ok(())
    }
}

/// What the options make of this server.
fn role(options: &Options) -> Result<Role> {
    let primary = options.primary.as_deref().map(Primary::at).transpose()?;
    Ok(match options.replica {
        false => Role::Primary,
        true => Role::Replica(primary),
    })
}

/// The file, as this server may use it.
fn open(folder: &Path, role: &Role) -> Result<Store> {
    match role {
        Role::Primary => {
            recovery::inspect(folder)?;
            Store::open(folder, true)
        }
        Role::Replica(_) => Store::of_copy(folder),
    }
}

/// Where it listens: at the socket that the service manager holds, or else at one of our own.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = match service::socket()? {
        Some(socket) => {
            let ready = socket.set_nonblocking(true);
            let listener = ready.and_then(|()| TcpListener::from_std(socket));
            listener.map_err(Error::io("the socket that was handed over cannot be used"))?
        }
        None => {
            let bound = TcpListener::bind(address).await;
            bound.map_err(Error::io(format!(
                "cannot listen on {address}; choose another with --listen"
            )))?
        }
    };
    let address = listener.local_addr();
    let address = address.map_err(Error::io("cannot read the address listened on"))?;
    Ok((listener, address))
}

/// What every handler has at hand.
async fn app(
    folder: &Path,
    options: Options,
    role: Role,
    address: SocketAddr,
    store: &Arc<Store>,
    live: Arc<Live>,
    bounds: &Bounds,
) -> Result<App> {
    let form_key = store.read(|conn| settings::get(conn, "form_key")).await?;
    let no_key = || Error::Refused("the blog's file has no form_key setting".into());
    let backups = match role {
        Role::Primary => options.backups.unwrap_or_default(),
        Role::Replica(_) => Place::Off,
    };
    Ok(App {
        store: store.clone(),
        role,
        live,
        pages: Arc::new(Pages::of(store)?),
        known: Known::default(),
        visits: Arc::default(),
        base_url_is_given: options.base_url.is_some(),
        base_url: options
            .base_url
            .unwrap_or_else(|| format!("http://{address}")),
        limits: options.limits == Switch::On,
        form_key: form_key.ok_or_else(no_key)?,
        invitation: Invitation::new()?,
        key: KeyFile::beside(folder),
        pictures: Pictures::new(),
        doorkeeper: Doorkeeper::new()?,
        uploads: Uploads::new(usize::from(options.max_upload) << 20),
        allowance: Allowance::new(bounds.streams()),
        rulebook: Rulebook::default(),
        keeper: Arc::new(Keeper::new(store.path(), backups)),
        answers: Arc::default(),
        gauge: bounds.gauge.clone(),
        trusted_proxies: options.trusted_proxies,
    })
}

/// Where a blog without an owner is set up.
async fn setup_path(app: &App) -> Result<Option<String>> {
    let owner = app.store.read(|conn| settings::get(conn, "owner")).await?;
    let is_new = owner.is_none() && app.role.is_primary();
    Ok(is_new.then(|| app.invitation.path()))
}

/// What the server does by itself until `stopped`; one that only reads a copy just counts who is there.
fn work(app: &App, folder: &Path, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let stopped = || stopped.clone();
    let (store, live, keeper) = (
        || app.store.clone(),
        || app.live.clone(),
        || app.keeper.clone(),
    );
    let mut tasks = vec![tokio::spawn(app.live.presence.clone().run(stopped()))];
    if app.role.is_primary() {
        let (visits, gauge) = (app.visits.clone(), app.gauge.clone());
        tasks.extend([
            tokio::spawn(checkup::run(store(), folder.to_owned(), stopped())),
            tokio::spawn(lookout::run(store(), keeper(), live(), gauge, stopped())),
            tokio::spawn(chores::run(store(), live(), visits, stopped())),
            tokio::spawn(chores::size_pictures(store(), live(), stopped())),
            tokio::spawn(chores::back_up(store(), keeper(), stopped())),
            tokio::spawn(websub::run(store(), app.base_url.clone(), stopped())),
        ]);
    }
    tasks
}
