//! A running server: put together, started, stopped.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::config::{Config, StoreKind};
use crate::files::{Files, sweep};
use crate::front::oshi::{self, Oshi};
use crate::front::rim::{Rim, rest, socket};
use crate::front::sockchat::{self, Sockchat};
use crate::front::wschat::{self, Wschat};
use crate::front::{Links, OSHI, RIM, Rules, SOCKCHAT, WSCHAT};
use crate::jwt::Verifier;
use crate::listen::{self, Acceptor};
use crate::log_dir::{self, LogDir};
use crate::site::Site;
use crate::store::{LOBBY, RoomId, SqliteStore, Store, StoredMessage, writer};
use crate::world::{Counters, Limits, Network, NetworkId, Readers, World, clearing};

/// How long a graceful end may take: all goodbyes, which have a limit of their own, and the store's last commit.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(15);

/// A server that runs in the background of the current tokio runtime until [`Server::shutdown`] or its drop.
pub struct Server {
    world: Arc<World>,
    addresses: Addresses,
    stop: CancellationToken,
    tasks: TaskTracker,
    store_closed: Option<oneshot::Receiver<()>>,
}

impl Server {
    /// Checks the configuration, opens the store, binds and starts. Call within a tokio runtime.
    ///
    /// # Errors
    /// `Config` for a configuration that does not fit or a directory that cannot be written, `Conflict` for a port in use,
    /// `State` for a data directory used by another server, `Version` for the database of a newer program, `Storage` for
    /// one that is corrupt.
    pub async fn start(config: Config) -> Result<Self, Error> {
        config.check()?;
        let verifier = config
            .jwt_secret()?
            .map(|secret| Verifier::new(&secret, config.jwt_enforce_times));
        let tls = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(listen::acceptor(cert, key)?),
            _ => None,
        };
        let listeners = Listeners::bind(&config).await?;
        let addresses = listeners.addresses()?;

        let links = Links::new(&config, addresses.main);
        let (store, log) = open_store(&config, verifier.is_some(), links.clone()).await?;
        let rules = Rules {
            registration: config.registration,
            // Who has an account need not have a token for wschat.
            lobby: verifier.is_none(),
        };
        let auth = Arc::new(Auth::new());
        let oshi = match config.oshi {
            true => Some(open_oshi(&config, Arc::clone(&auth), rules).await?),
            false => None,
        };
        let fronts = Fronts {
            wschat: Arc::new(Wschat {
                verifier,
                log: log.is_some(),
                links: links.clone(),
            }),
            rim: config
                .rim
                .then(|| Arc::new(Rim::new(Arc::clone(&auth), rules, links.clone()))),
            sockchat: config
                .sockchat
                .then(|| Arc::new(Sockchat::new(auth, rules, links, &config.operators))),
            oshi,
        };
        let readers = Readers::open(store.as_ref())?;
        let writer = writer::start(store, log)?;
        let limits = Limits {
            messages: config.queue_messages,
            bytes: config.queue_bytes,
        };
        let world = World::new(writer.jobs, readers, fronts.networks(), limits);
        let world = Arc::new(world);
        if let Some(sockchat) = &fronts.sockchat {
            sockchat.set_world(&world);
        }

        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(Arc::clone(&world).deliver(writer.done));
        world.open().await?;
        let acceptor = Acceptor {
            tls,
            behind_proxy: config.behind_proxy,
            permits: Arc::new(Semaphore::new(
                config.max_connections.min(Semaphore::MAX_PERMITS),
            )),
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        let site = Site::new(&config, Arc::clone(&world), tasks.clone());
        if let Some((_, files)) = &fronts.oshi {
            let (world, files) = (Arc::clone(&world), Arc::clone(files));
            tasks.spawn(sweep::run(world, files, stop.clone()));
        }
        tasks.spawn(clearing::run(Arc::clone(&world), stop.clone()));
        listeners.serve(&acceptor, &site, &fronts);
        tracing::info!(?addresses, "listening");
        Ok(Self {
            world,
            addresses,
            stop,
            tasks,
            store_closed: Some(writer.closed),
        })
    }

    /// Where the main listener is.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses.main
    }

    /// Where wschat's own listener is, if there is one.
    #[must_use]
    pub fn wschat_addr(&self) -> Option<SocketAddr> {
        self.addresses.wschat
    }

    /// Where the listener of rim's REST is, if there is one of its own.
    #[must_use]
    pub fn rim_rest_addr(&self) -> Option<SocketAddr> {
        self.addresses.rim_rest
    }

    /// Where the listener of rim's WebSocket is, if there is one of its own.
    #[must_use]
    pub fn rim_ws_addr(&self) -> Option<SocketAddr> {
        self.addresses.rim_ws
    }

    /// Where Oshi's own listener is, if there is one.
    #[must_use]
    pub fn oshi_addr(&self) -> Option<SocketAddr> {
        self.addresses.oshi
    }

    /// Where Sock Chat's own listener is, if there is one.
    #[must_use]
    pub fn sockchat_addr(&self) -> Option<SocketAddr> {
        self.addresses.sockchat
    }

    /// How many clients are in, now and whenever it changes.
    #[must_use]
    pub fn clients(&self) -> watch::Receiver<usize> {
        self.world.clients()
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world.counting().read()
    }

    /// The last `limit` messages of a room, oldest first.
    ///
    /// # Errors
    /// `State` after the store has closed, `Storage` when reading fails.
    pub async fn recent(&self, room: RoomId, limit: usize) -> Result<Vec<StoredMessage>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Through the writing thread: what was taken before belongs to the answer.
        self.world
            .change(move |store, _| {
                let last = store.room(room)?.map_or(0, |room| room.last.seq);
                store.messages(room, last.saturating_sub(limit) + 1, last)
            })
            .await
    }

    /// Ends in an orderly way: no new clients, what was taken is kept and delivered, everybody is told (close code 1001), the
    /// store is closed. Takes a few seconds at most, whatever clients do.
    ///
    /// # Errors
    /// `TimedOut` if the store or a task did not end in time; everything acknowledged is kept all the same.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest to the drop of the server, which does not wait.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.stop.cancel();
        let closed = self.store_closed.take();
        let ending = async {
            self.world.stop().await;
            self.tasks.close();
            self.tasks.wait().await;
            if let Some(closed) = closed {
                // An error means that the thread is gone, which is what we wait for.
                let _ = closed.await;
            }
        };
        timeout(SHUTDOWN_LIMIT, ending)
            .await
            .map_err(|_| Error::new(ErrorKind::TimedOut, "the server did not end in time"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.world.stop_now();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// One front end per network.
struct Fronts {
    wschat: Arc<Wschat>,
    rim: Option<Arc<Rim>>,
    oshi: Option<(Arc<Oshi>, Arc<Files>)>,
    sockchat: Option<Arc<Sockchat>>,
}

impl Fronts {
    fn networks(&self) -> Vec<(NetworkId, Arc<dyn Network>)> {
        let mut networks: Vec<(NetworkId, Arc<dyn Network>)> =
            vec![(WSCHAT, Arc::clone(&self.wschat) as _)];
        if let Some(rim) = &self.rim {
            networks.push((RIM, Arc::clone(rim) as _));
        }
        if let Some((oshi, _)) = &self.oshi {
            networks.push((OSHI, Arc::clone(oshi) as _));
        }
        if let Some(sockchat) = &self.sockchat {
            networks.push((SOCKCHAT, Arc::clone(sockchat) as _));
        }
        networks
    }
}

/// A listener per way in; all but the first are options, for clients that know no other paths than the original's.
struct Listeners {
    main: TcpListener,
    wschat: Option<TcpListener>,
    rim_rest: Option<TcpListener>,
    rim_ws: Option<TcpListener>,
    oshi: Option<TcpListener>,
    sockchat: Option<TcpListener>,
}

/// Where they are.
#[derive(Clone, Copy, Debug)]
struct Addresses {
    main: SocketAddr,
    wschat: Option<SocketAddr>,
    rim_rest: Option<SocketAddr>,
    rim_ws: Option<SocketAddr>,
    oshi: Option<SocketAddr>,
    sockchat: Option<SocketAddr>,
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self, Error> {
        let bind = async |address| match address {
            Some(address) => listen::bind(address).await.map(Some),
            None => Ok(None),
        };
        Ok(Self {
            main: listen::bind(config.listen).await?,
            wschat: bind(config.wschat_listen).await?,
            rim_rest: bind(config.rim_rest_listen).await?,
            rim_ws: bind(config.rim_ws_listen).await?,
            oshi: bind(config.oshi_listen).await?,
            sockchat: bind(config.sockchat_listen).await?,
        })
    }

    fn addresses(&self) -> Result<Addresses, Error> {
        let of = |listener: &TcpListener| {
            listener.local_addr().map_err(|error| {
                Error::new(ErrorKind::Internal, "a listener without an address").with_source(error)
            })
        };
        let maybe = |listener: &Option<TcpListener>| listener.as_ref().map(of).transpose();
        Ok(Addresses {
            main: of(&self.main)?,
            wschat: maybe(&self.wschat)?,
            rim_rest: maybe(&self.rim_rest)?,
            rim_ws: maybe(&self.rim_ws)?,
            oshi: maybe(&self.oshi)?,
            sockchat: maybe(&self.sockchat)?,
        })
    }

    /// Starts to accept.
    fn serve(self, acceptor: &Acceptor, site: &Site, fronts: &Fronts) {
        let Fronts {
            wschat,
            rim,
            oshi,
            sockchat,
        } = fronts;
        let mut all = wschat::routes("/wschat", Arc::clone(wschat));
        let mut apps = vec![(self.wschat, wschat::routes("/", Arc::clone(wschat)))];
        if let Some(rim) = rim {
            all = all
                .merge(rest::main_routes(rim))
                .merge(socket::main_routes(rim));
            apps.push((self.rim_rest, rest::own_routes(rim)));
            apps.push((self.rim_ws, socket::own_routes(rim)));
        }
        if let Some((oshi, files)) = oshi {
            let files = oshi::files::routes(oshi, files);
            all = all.merge(oshi::main_routes(oshi)).merge(files.clone());
            apps.push((self.oshi, oshi::own_routes(oshi).merge(files)));
        }
        if let Some(sockchat) = sockchat {
            all = all.merge(sockchat::main_routes(sockchat));
            apps.push((self.sockchat, sockchat::own_routes(sockchat)));
        }
        apps.push((Some(self.main), all));
        for (listener, routes) in apps {
            if let Some(listener) = listener {
                let accepting = acceptor.clone().run(listener, site.app(routes));
                acceptor.tasks.spawn(accepting);
            }
        }
    }
}

/// The front end of Oshi and its files. Only with the lock of the data directory, which the store has.
async fn open_oshi(
    config: &Config,
    auth: Arc<Auth>,
    rules: Rules,
) -> Result<(Arc<Oshi>, Arc<Files>), Error> {
    let oshi = Oshi::new(config, auth, rules);
    let config = config.clone();
    let files = tokio::task::spawn_blocking(move || Files::open(&config))
        .await
        .map_err(|error| Error::new(ErrorKind::Internal, "opening the files").with_source(error))?;
    Ok((Arc::new(oshi), Arc::new(files?)))
}

/// The store, and the log brought up to date with it. `signed` tells that messages need a token.
async fn open_store(
    config: &Config,
    signed: bool,
    links: Links,
) -> Result<(Box<dyn Store>, Option<writer::Log>), Error> {
    let Config {
        store: kind,
        data_dir,
        log_dir,
        ..
    } = config.clone();
    let open = move || {
        let store: Box<dyn Store> = match kind {
            StoreKind::Sqlite => Box::new(SqliteStore::open(&data_dir)?),
            StoreKind::None => Box::new(SqliteStore::in_memory()?),
        };
        let open_log = |dir| {
            let render: log_dir::Render = Box::new(move |message| {
                let mut message = message.clone();
                links.put_into(&mut message);
                wschat::log_line(&message, signed)
            });
            let mut reader = store.reader()?;
            let log = LogDir::open(dir, LOBBY, render, reader.as_mut())?;
            Ok::<_, Error>((log, reader))
        };
        let log = log_dir.map(open_log).transpose()?;
        Ok((store, log))
    };
    // Opening may wait for the disk and for other programs.
    tokio::task::spawn_blocking(open)
        .await
        .map_err(|error| Error::new(ErrorKind::Internal, "opening the store").with_source(error))?
}
