//! The WebSocket: a client's connection from the handshake on. There are no negative answers: what is wrong is met with silence.

mod client;
mod login;
mod mark;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;

use self::client::Client;
use super::Rim;
use crate::listen::Peer;
use crate::site::Site;
use crate::ws::{Refused, converse, upgrade};

/// The one path beside other networks.
pub(crate) fn main_routes(front: &Arc<Rim>) -> Router<Site> {
    routes(&["/rim/ws"], front)
}

/// Any path, as the original has it.
pub(crate) fn own_routes(front: &Arc<Rim>) -> Router<Site> {
    routes(&["/", "/{*path}"], front)
}

fn routes(paths: &[&str], front: &Arc<Rim>) -> Router<Site> {
    paths.iter().fold(Router::new(), |router, path| {
        let front = Arc::clone(front);
        let client = move |State(site): State<Site>, request: Request| {
            let front = Arc::clone(&front);
            async move { open(front, site, request) }
        };
        router.route(path, any(client))
    })
}

fn open(front: Arc<Rim>, site: Site, request: Request) -> Result<Response, Refused> {
    if let Some(refused) = site.keep_out(&request) {
        return Ok(refused);
    }
    let permit = site.permit(&request);
    let Some(Peer(peer)) = request.extensions().get().copied() else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let Some(place) = front.signed_out.enter(peer) else {
        let refused = (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "60")],
            "too many connections from this address on which nobody signs in\n",
        );
        return Ok(refused.into_response());
    };
    let (response, socket) = upgrade(request)?;
    let receiver = site.world.receiver();
    let client = Client::new(
        front,
        Arc::clone(&site.world),
        Arc::clone(&receiver),
        peer,
        place,
    );
    site.tasks.clone().spawn(async move {
        if let Some((socket, early)) = socket.await {
            converse(socket, early, receiver, site.settings, &site.world, client).await;
        }
        drop(permit);
    });
    Ok(response)
}
