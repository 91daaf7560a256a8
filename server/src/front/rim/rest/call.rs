//! One request, as its endpoint sees it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use kaiwa_protocols::rim::wire::{request, rest};
use serde::Deserialize;
use tokio::time::timeout;
use url::form_urlencoded;

use super::super::Rim;
use super::failure::Failure;
use crate::listen::Peer;
use crate::site::Site;
use crate::world::World;

/// How long a body may take to arrive: 1 MiB on a mobile line of 1 Mbit/s.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// Of a body that is not wanted, so many bytes are read before the answer: whoever writes and only then reads would see a reset
/// connection instead.
const SWALLOWED: usize = 4 * rest::MAX_BODY_BYTES;

/// One request.
pub(super) struct Call {
    pub(super) front: Arc<Rim>,
    pub(super) world: Arc<World>,
    pub(super) peer: IpAddr,
    query: Option<String>,
    body: Bytes,
}

impl Call {
    /// Reads the body.
    pub(super) async fn read(
        front: Arc<Rim>,
        site: Site,
        parts: Parts,
        body: Body,
    ) -> Result<Self, Failure> {
        let body = match parts.method {
            Method::POST => timeout(BODY_LIMIT, whole(body.into_data_stream()))
                .await
                .map_err(|_| Failure::Page(StatusCode::REQUEST_TIMEOUT))??,
            _ => Bytes::new(),
        };
        let peer = parts.extensions.get::<Peer>();
        Ok(Self {
            front,
            world: site.world,
            peer: peer.ok_or(Failure::System)?.0,
            query: parts.uri.query().map(str::to_owned),
            body,
        })
    }

    /// A parameter of the query; the first of that name.
    pub(super) fn text(&self, name: &str) -> Result<Cow<'_, str>, Failure> {
        let query = self.query.as_deref().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
            .ok_or(Failure::InvalidRequest)
    }

    /// A number in the query.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        self.text(name)?
            .parse()
            .map_err(|_| Failure::InvalidRequest)
    }

    /// The body's record.
    pub(super) fn body<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        request::parse(&self.body).map_err(Failure::from)
    }
}

/// The token: the second of exactly two words.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, token) = value.split_once(' ')?;
    (!token.contains(' ')).then_some(token)
}

/// Reads a body that is not wanted.
pub(super) async fn swallow(body: Body) {
    // In time or not, the answer follows.
    let _ = timeout(BODY_LIMIT, rest_of(&mut body.into_data_stream())).await;
}

async fn whole(mut stream: BodyDataStream) -> Result<Bytes, Failure> {
    let broken = |_| Failure::Page(StatusCode::BAD_REQUEST);
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > rest::MAX_BODY_BYTES {
            drop(body);
            rest_of(&mut stream).await;
            return Err(Failure::Page(StatusCode::PAYLOAD_TOO_LARGE));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

async fn rest_of(stream: &mut BodyDataStream) {
    let mut swallowed = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        swallowed += chunk.len();
        if swallowed > SWALLOWED {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_second_of_two_words() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("Foo abc", Some("abc")),
            (" abc", Some("abc")),
            ("Bearer ", Some("")),
            ("abc", None),
            ("", None),
            ("Bearer  abc", None),
            ("Bearer abc ", None),
            ("Bearer abc def", None),
        ] {
            let headers = [(header::AUTHORIZATION, value.parse().unwrap())];
            assert_eq!(token(&headers.into_iter().collect()), expected, "{value:?}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
        let latin = header::HeaderValue::from_bytes(b"Bearer \xe9").unwrap();
        let headers = [(header::AUTHORIZATION, latin)].into_iter().collect();
        assert_eq!(token(&headers), None);
    }
}
