//! What a request needs, whichever front end it is for.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::listen::{OriginRule, Peer, Permit};
use crate::world::{Counting, World};
use crate::ws::Settings;

/// What a request needs.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) world: Arc<World>,
    pub(crate) settings: Settings,
    /// Connections that outlive their request.
    pub(crate) tasks: TaskTracker,
    origins: Arc<OriginRule>,
}

impl Site {
    pub(crate) fn new(config: &Config, world: Arc<World>, tasks: TaskTracker) -> Self {
        let settings = Settings {
            max_message: config.max_message_bytes,
            ping_interval: config.ping_interval,
            idle_timeout: config.idle_timeout,
        };
        let named = config.behind_proxy || config.tls_cert.is_some();
        let origins = Arc::new(OriginRule::new(config.origins.clone(), named));
        Self {
            world,
            settings,
            tasks,
            origins,
        }
    }

    /// A listener's paths, closed to pages of foreign origin.
    pub(crate) fn app(&self, routes: Router<Self>) -> Router {
        routes
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(middleware::from_fn_with_state(self.clone(), check_origin))
            .with_state(self.clone())
    }

    /// The answer to a handshake from an address that is kept out.
    pub(crate) fn keep_out(&self, request: &Request) -> Option<Response> {
        let Peer(peer) = *request.extensions().get()?;
        let is_closed = self.world.live().is_closed_to(peer, Utc::now());
        is_closed.then(|| KEPT_OUT.into_response())
    }

    /// The request's place among the allowed connections, to be held as long as its socket lives.
    #[expect(
        clippy::unused_self,
        reason = "a method, so that it is found where requests are taken"
    )]
    pub(crate) fn permit(&self, request: &Request) -> Option<Permit> {
        request.extensions().get::<Permit>().cloned()
    }
}

/// The answer to whoever connects from an address that is kept out.
const KEPT_OUT: (StatusCode, &str) = (
    StatusCode::FORBIDDEN,
    "this address is banned from this server\n",
);

async fn check_origin(State(site): State<Site>, request: Request, next: Next) -> Response {
    if site.origins.allows(request.headers()) {
        return next.run(request).await;
    }
    Counting::add(&site.world.counting().foreign);
    (
        StatusCode::FORBIDDEN,
        "this Origin is not allowed; the server's option `origins` can change that\n",
    )
        .into_response()
}
