//! A blog that is being served: everything that lives as long as the server does.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::serve::{Options, Switch, lock};
use super::service;
use crate::backup::Keeper;
use crate::chores;
use crate::error::{Error, Result};
use crate::key::KeyFile;
use crate::live::Live;
use crate::store::{Store, settings};
use crate::visits::Visits;
use crate::watch::Watch;
use crate::web::server::{Bounds, serve};
use crate::web::{Allowance, App, Doorkeeper, Invitation, Pictures, Rulebook, Uploads, routes};
use crate::websub;

/// A blog that is being served.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a blog without an owner is set up, from its root.
    pub setup_path: Option<String>,
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
        let listener = listener(options.listen.address).await?;
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

/// The socket that the service manager holds, or else one of our own.
async fn listener(address: SocketAddr) -> Result<TcpListener> {
    let Some(socket) = service::socket()? else {
        let bound = TcpListener::bind(address).await;
        return bound.map_err(Error::io(format!(
            "cannot listen on {address}; choose another with --listen"
        )));
    };
    let ready = socket.set_nonblocking(true);
    let listener = ready.and_then(|()| TcpListener::from_std(socket));
    listener.map_err(Error::io("the socket that was handed over cannot be used"))
}
