//! From a port to an HTTP request: accepting, TLS, and what bounds them.

mod origin;
mod patient;
mod peer;
mod socket;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use kaiwa_core::{Error, ErrorKind};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use origin::OriginRule;
pub(crate) use patient::{Patience, Patient};
pub(crate) use peer::Peer;
pub(crate) use socket::Socket;
pub(crate) use tls::acceptor;

/// How long a TLS handshake may take: a slow mobile line manages in a few seconds.
const TLS_LIMIT: Duration = Duration::from_secs(10);

/// How long a request's head may take, and how long a connection may wait between requests.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// How long the answer to what was asked before the server stops may take.
const LAST_ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The longest request head: hyper's own minimum, and enough for a browser with cookies.
const HEAD_BYTES: usize = 16 * 1024;

/// The pause after the system refused a connection (no file descriptors left, for example); doubled up to the maximum.
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Connections over the limit that are told so at a time; beyond that they are just closed.
const REFUSED_AT_A_TIME: usize = 64;

/// Holds one of the allowed connections; travels with the request to whoever takes the socket over.
#[derive(Clone, Debug)]
pub(crate) struct Permit(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// What all listeners share.
#[derive(Clone)]
pub(crate) struct Acceptor {
    pub(crate) tls: Option<TlsAcceptor>,
    /// Whether a proxy tells who the client is.
    pub(crate) behind_proxy: bool,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// Binds a listener.
///
/// # Errors
/// `Conflict` if the port is taken, `Config` for an address that this machine does not have or this user may not use.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        let (kind, advice) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                ErrorKind::Conflict,
                "the port is in use; stop its owner or choose another port",
            ),
            io::ErrorKind::PermissionDenied => (
                ErrorKind::Config,
                "not allowed for this user; choose a port above 1023",
            ),
            io::ErrorKind::AddrNotAvailable => {
                (ErrorKind::Config, "this machine does not have that address")
            }
            _ => (ErrorKind::Config, "cannot listen there"),
        };
        Error::new(kind, format!("{address}: {advice}")).with_source(error)
    })
}

impl Acceptor {
    /// Accepts until stopped. Nothing that a client does delays the next one.
    pub(crate) async fn run(self, listener: TcpListener, app: Router) {
        let refused = Router::new().fallback(|| async {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "5")],
                "too many connections, come back later\n",
            )
        });
        let refusals = Arc::new(Semaphore::new(REFUSED_AT_A_TIME));
        let mut backoff = BACKOFF_MIN;
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_client(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted at the moment");
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                    continue;
                }
            };
            backoff = BACKOFF_MIN;
            let seats = [(&self.permits, &app), (&refusals, &refused)];
            let seat = seats.into_iter().find_map(|(permits, app)| {
                Some((Arc::clone(permits).try_acquire_owned().ok()?, app.clone()))
            });
            if let Some((permit, app)) = seat {
                let permit = Permit(Arc::new(permit));
                let peer = Peer(address.ip());
                self.tasks
                    .spawn(self.clone().serve(stream, app, permit, peer));
            }
        }
    }

    async fn serve(self, stream: TcpStream, app: Router, permit: Permit, peer: Peer) {
        let Self {
            tls,
            stop,
            behind_proxy,
            ..
        } = self;
        let serving = async {
            // Frames are written whole, so waiting for more would only delay them.
            stream.set_nodelay(true)?;
            let socket = match tls {
                None => Socket::Plain(stream),
                Some(acceptor) => Socket::Tls(Box::new(
                    timeout(TLS_LIMIT, acceptor.accept(stream)).await??,
                )),
            };
            let known = move |request: &mut Request<Incoming>| {
                let peer = peer.of(request.headers(), behind_proxy);
                request.extensions_mut().insert(peer);
                request.extensions_mut().insert(permit.clone());
            };
            serve_http(socket, app, known, &stop)
                .await
                .map_err(io::Error::other)
        };
        // What was asked is answered, within a limit; then nothing more is taken.
        let ending = async {
            stop.cancelled().await;
            sleep(LAST_ANSWER_LIMIT).await;
        };
        tokio::select! {
            () = ending => {}
            result = serving => if let Err(error) = result {
                tracing::debug!(%error, "connection without a session ends");
            }
        }
    }
}

/// `known` adds to each request what is known of its connection.
async fn serve_http(
    socket: Socket,
    app: Router,
    known: impl Fn(&mut Request<Incoming>),
    stop: &CancellationToken,
) -> hyper::Result<()> {
    let app = TowerToHyperService::new(app);
    let patience = Patience::default();
    let patient = Patient::new(socket, patience.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        known(&mut request);
        patience.reset();
        request.extensions_mut().insert(patience.clone());
        let response = app.call(request);
        async { Ok::<_, Infallible>(response.await.unwrap_or_else(|never| match never {})) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(patient), service)
            .with_upgrades()
    );
    tokio::select! {
        result = connection.as_mut() => return result,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Whether the error concerns only the connection that was about to be accepted.
fn is_about_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
