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
use crate::visits::Visits;
use crate::watch::Watch;
use crate::web::server::{Bounds, Gauge, serve};
use crate::web::{
    Allowance, Answers, App, Doorkeeper, Invitation, Known, Pages, Pictures, Role, Rulebook,
    Uploads, routes,
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
        let store = Arc::new(match &role {
            Role::Primary => {
                recovery::inspect(folder)?;
                Store::open(folder, true)?
            }
            Role::Replica(_) => Store::of_copy(folder)?,
        });
        if role.is_primary() {
            chores::welcome(&store).await?;
        }
        let listener = listener(options.listen.address).await?;
        let address = listener
            .local_addr()
            .map_err(Error::io("cannot read the address listened on"))?;
        let watching = options.watch.as_deref();
        let watching = watching.map(|root| Watch::start(root, folder, store.clone()));
        let watching = watching.transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (live, tailer) = Live::start(&store, stopped.clone())?;
        let mut tasks = vec![tokio::spawn(live.presence.clone().run(stopped.clone()))];
        let form_key = store.read(|conn| settings::get(conn, "form_key")).await?;
        let owner = store.read(|conn| settings::get(conn, "owner")).await?;
        let invitation = Invitation::new()?;
        let is_new = owner.is_none() && role.is_primary();
        let setup_path = is_new.then(|| invitation.path());
        let visits = Arc::<Visits>::default();
        let backups = match role {
            Role::Primary => options.backups.unwrap_or_default(),
            Role::Replica(_) => Place::Off,
        };
        let keeper = Arc::new(Keeper::new(store.path(), backups));
        let base_url_is_given = options.base_url.is_some();
        let base_url = options.base_url;
        let base_url = base_url.unwrap_or_else(|| format!("http://{address}"));
        let bounds = Bounds::from_descriptors();
        if role.is_primary() {
            let (store, stopped) = (store.clone(), stopped.clone());
            let (keeper, gauge) = (keeper.clone(), bounds.gauge.clone());
            let visits = visits.clone();
            let checking = checkup::run(store.clone(), folder.to_owned(), stopped.clone());
            tasks.push(tokio::spawn(checking));
            tasks.extend(work(
                store,
                live.clone(),
                visits,
                keeper,
                gauge,
                &base_url,
                stopped,
            ));
        }
        let pages = Arc::new(Pages::of(&store)?);
        let app = App {
            store: store.clone(),
            role,
            live,
            pages: pages.clone(),
            known: Known::default(),
            visits,
            base_url_is_given,
            base_url,
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
            keeper,
            answers: Arc::<Answers>::default(),
            gauge: bounds.gauge.clone(),
        };
        let server = tokio::spawn(serve(listener, routes(Arc::new(app)), bounds, stopped));
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

/// What a server that writes does by itself.
fn work(
    store: Arc<Store>,
    live: Arc<Live>,
    visits: Arc<Visits>,
    keeper: Arc<Keeper>,
    gauge: Gauge,
    base_url: &str,
    stopped: watch::Receiver<bool>,
) -> [JoinHandle<()>; 5] {
    let pings = websub::run(store.clone(), base_url.to_owned(), stopped.clone());
    let looking = lookout::run(
        store.clone(),
        keeper.clone(),
        live.clone(),
        gauge,
        stopped.clone(),
    );
    [
        tokio::spawn(looking),
        tokio::spawn(chores::run(
            store.clone(),
            live.clone(),
            visits,
            stopped.clone(),
        )),
        tokio::spawn(chores::size_pictures(store.clone(), live, stopped.clone())),
        tokio::spawn(chores::back_up(store, keeper, stopped)),
        tokio::spawn(pings),
    ]
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
