//! The REST interface: who asks for what, and the habits that all endpoints share.
//!
//! The original answers nearly everything with HTTP status 200 and tells failures in an envelope, but not everything; what
//! it does is written down in the fact sheet and kept here (`failure.rs`).

mod call;
mod failure;
mod friends;
mod groups;
mod large;
mod members;
mod messages;
mod pages;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use kaiwa_core::Error;
use kaiwa_protocols::rim::wire::{Answer, Endpoint};
use serde::Serialize;

use self::call::{Call, token};
use self::failure::Failure;
pub(super) use self::large::LargeAnswers;
use super::Rim;
use crate::site::Site;
use crate::store::UserId;

/// The body of a success, or why there is none.
type Reply = Result<Vec<u8>, Failure>;

/// All paths of a listener that has nothing else, with the base of the original.
pub(crate) fn own_routes(front: &Arc<Rim>) -> Router<Site> {
    routes(&["/", "/{*path}"], "/api", front)
}

/// Beside other networks.
pub(crate) fn main_routes(front: &Arc<Rim>) -> Router<Site> {
    let paths = ["/rim/api", "/rim/api/", "/rim/api/{*path}"];
    routes(&paths, "/rim/api", front)
}

fn routes(paths: &[&str], base: &'static str, front: &Arc<Rim>) -> Router<Site> {
    paths.iter().fold(Router::new(), |router, path| {
        let front = Arc::clone(front);
        let handler = move |State(site): State<Site>, request: Request| {
            let front = Arc::clone(&front);
            async move {
                let answer = answer(base, front, site, request).await;
                answer.unwrap_or_else(Failure::into_response)
            }
        };
        router.route(path, any(handler))
    })
}

async fn answer(
    base: &str,
    front: Arc<Rim>,
    site: Site,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let (asked, user) = match who_asks_what(base, &front, &site, &parts).await {
        Ok(asked) => asked,
        Err(failure) => {
            call::swallow(body).await;
            return Err(failure);
        }
    };
    let Asked::Endpoint(endpoint) = asked else {
        return Ok("hello rim".into_response());
    };
    let call = Call::read(front, site, parts, body).await?;
    let body = match user {
        Some(user) if may_be_large(endpoint) => {
            let room = call.front.large.room(user).await?;
            room.fill(signed_in(endpoint, &call, user).await?)?
        }
        Some(user) => Body::from(signed_in(endpoint, &call, user).await?),
        None => Body::from(signed_out(endpoint, &call).await?),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// What is asked for.
enum Asked {
    /// The root, as the original's own test of life.
    Root,
    Endpoint(Endpoint),
}

/// The token comes first: without one, even an unknown path is none.
async fn who_asks_what(
    base: &str,
    front: &Rim,
    site: &Site,
    parts: &Parts,
) -> Result<(Asked, Option<UserId>), Failure> {
    let path = parts.uri.path();
    let endpoint = path.strip_prefix(base).and_then(named);
    let exempt = endpoint.is_some_and(|endpoint| !endpoint.needs_token());
    let user = match token(&parts.headers) {
        Some(token) if !exempt => front.auth.resume(&site.world, token).await?,
        _ => None,
    };
    if user.is_none() && !exempt {
        return Err(Failure::login_required(&parts.method));
    }
    if path == "/" && parts.method == Method::GET {
        return Ok((Asked::Root, user));
    }
    endpoint
        .filter(|endpoint| endpoint.method() == parts.method.as_str())
        .map(|endpoint| (Asked::Endpoint(endpoint), user))
        .ok_or(Failure::InvalidRequest)
}

fn named(path: &str) -> Option<Endpoint> {
    Endpoint::ALL
        .iter()
        .copied()
        .find(|endpoint| endpoint.path() == path)
}

/// Whether an answer is more than one record.
fn may_be_large(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::FriendList
            | Endpoint::FriendIncoming
            | Endpoint::GroupGet
            | Endpoint::GroupUserGet
            | Endpoint::ChatList
            | Endpoint::History
    )
}

async fn signed_out(endpoint: Endpoint, call: &Call) -> Reply {
    match endpoint {
        Endpoint::UserCreate => users::create(call).await,
        Endpoint::UserLogin => users::login(call).await,
        _ => Err(Failure::InvalidRequest),
    }
}

async fn signed_in(endpoint: Endpoint, call: &Call, user: UserId) -> Reply {
    match endpoint {
        Endpoint::UserCreate | Endpoint::UserLogin => signed_out(endpoint, call).await,
        Endpoint::UserToken => users::of_token(call).await,
        Endpoint::UserGet => users::get(call).await,
        Endpoint::UserSearch => users::search(call).await,
        Endpoint::FriendAdd => friends::add(call, user).await,
        Endpoint::FriendList => friends::list(call, user).await,
        Endpoint::FriendIncoming => friends::incoming(call, user).await,
        Endpoint::FriendStatusModify => friends::modify(call, user).await,
        Endpoint::GroupCreate => groups::create(call, user).await,
        Endpoint::GroupUpdate => groups::update(call, user).await,
        Endpoint::GroupGet => groups::get(call, user).await,
        Endpoint::GroupUserGet => members::get(call, user).await,
        Endpoint::GroupUserChange => members::change(call, user).await,
        Endpoint::ChatList => messages::chat_list(call, user).await,
        Endpoint::History => messages::history(call, user).await,
        Endpoint::GroupRead => messages::read(call, user).await,
    }
}

/// A success in its envelope.
fn success(data: impl Serialize) -> Vec<u8> {
    let mut json = Vec::new();
    Answer::success(data).encode_into(&mut json);
    json
}

/// The same, where the store is asked.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the last word of a question to the store"
)]
fn found(data: impl Serialize) -> Result<Vec<u8>, Error> {
    Ok(success(data))
}
