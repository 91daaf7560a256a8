//! A file comes in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::Utc;
use futures_util::StreamExt as _;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::oshi::wire;
use tokio::time::{Instant, timeout, timeout_at};
use url::form_urlencoded;

use super::super::Oshi;
use super::address;
use super::refusal::Refusal;
use crate::auth::refuse_banned;
use crate::files::{Files, Incoming, NoSeat, Seat, media, name, patience};
use crate::listen::Peer;
use crate::site::Site;
use crate::store::{File, NewFile, UserId};

/// How long an upload may be behind the slowest line that is waited for: one that stalls for longer is given up.
const STALL: Duration = Duration::from_secs(15);

/// When somebody who found no place should come back: most uploads are through by then.
const COME_BACK: Duration = Duration::from_secs(5);

/// How long a body that is not wanted is read after the answer: whoever writes and only then reads would see a reset connection
/// instead.
const SWALLOW: Duration = Duration::from_secs(10);

/// Answers a `POST`.
pub(super) async fn answer(
    front: Arc<Oshi>,
    files: Arc<Files>,
    site: Site,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let upload = match Upload::admit(&front, files, &site, &parts).await {
        Ok(upload) => upload,
        Err(refusal) => {
            // Who waits for leave to send anything takes the answer for it.
            if !parts.headers.contains_key(header::EXPECT) {
                site.tasks.spawn(swallow(body));
            }
            return refusal.into_response();
        }
    };
    let mut body = body.into_data_stream();
    match upload.receive(&mut body).await {
        Ok(response) => response,
        Err(refusal) => {
            site.tasks.spawn(swallow(Body::from_stream(body)));
            refusal.into_response()
        }
    }
}

/// Somebody who may upload now.
struct Upload {
    files: Arc<Files>,
    site: Site,
    user: UserId,
    peer: IpAddr,
    name: String,
    told: Option<String>,
    seat: Seat<UserId>,
}

impl Upload {
    /// All that can be said without the body.
    async fn admit(
        front: &Oshi,
        files: Arc<Files>,
        site: &Site,
        parts: &Parts,
    ) -> Result<Self, Refusal> {
        let unknown = || {
            let words = "sign in, and send the token as Authorization: Bearer …";
            Refusal::new(StatusCode::UNAUTHORIZED, words)
        };
        let token = token(&parts.headers).ok_or_else(unknown)?;
        let user = front.auth.resume(&site.world, token).await?;
        let user = user.ok_or_else(unknown)?;
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.ok_or_else(|| Error::from(ErrorKind::Internal))?.0;
        let seat = files.uploads.take(user).map_err(no_seat)?;
        front.rate.take(user, Instant::now()).map_err(too_often)?;
        let length = length(&parts.headers);
        if length.is_some_and(|length| length > files.max_bytes) {
            return Err(too_long(files.max_bytes));
        }
        let has = site.world.look_up(move |store| store.file_bytes(user));
        check_room(&files, has.await?, length.unwrap_or_default())?;
        let kind = parts.headers.get(header::CONTENT_TYPE);
        Ok(Self {
            user,
            peer,
            name: name::clean(&told_name(parts)),
            told: kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned),
            seat,
            site: site.clone(),
            files,
        })
    }

    /// Takes the body and keeps it.
    async fn receive(self, body: &mut BodyDataStream) -> Result<Response, Refusal> {
        let incoming = self.files.disk.begin().await;
        let mut incoming = incoming.map_err(|error| Refusal::disk(&error))?;
        let mut reading = Reading::new(self.files.max_bytes);
        let mut head = Vec::new();
        while let Some(piece) = reading.next(body).await? {
            let missing = media::HEAD_BYTES - head.len();
            head.extend_from_slice(piece.get(..missing).unwrap_or(&piece));
            let written = incoming.write(&piece).await;
            written.map_err(|error| Refusal::disk(&error))?;
        }
        let kind = media::kind(self.told.as_deref(), &head);
        // Whoever asked may go: what is done is done as a whole.
        let tasks = self.site.tasks.clone();
        let keeping = tasks.spawn(self.keep(incoming, reading.size, kind));
        keeping
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "keeping a file").with_source(error))?
    }

    /// First the bytes, then the record; without the record, no bytes.
    async fn keep(self, incoming: Incoming, size: u64, kind: String) -> Result<Response, Refusal> {
        let Self {
            files,
            site,
            user,
            peer,
            name,
            seat,
            ..
        } = self;
        let new = NewFile {
            key: incoming.key().to_owned(),
            owner: user,
            name,
            mime: kind,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            at: Utc::now(),
        };
        let key = new.key.clone();
        if let Err(error) = incoming.keep().await {
            let _ = files.disk.remove(&key).await;
            return Err(Refusal::disk(&error));
        }
        let limits = Arc::clone(&files);
        let recorded = site.world.change(move |store, _| {
            refuse_banned(store, Some(user), peer, new.at)?;
            check_room(&limits, store.file_bytes(user)?, size)?;
            let id = store.create_file(&new)?;
            Ok(File {
                id,
                key: new.key,
                owner: new.owner,
                name: new.name,
                mime: new.mime,
                size: new.size,
                created: new.at,
            })
        });
        let recorded = recorded.await;
        drop(seat);
        match recorded {
            Ok(file) => Ok(created(&file)),
            Err(error) => {
                if let Err(error) = files.disk.remove(&key).await {
                    tracing::warn!(%error, "the bytes of a refused file stay until the next start");
                }
                Err(error.into())
            }
        }
    }
}

fn created(file: &File) -> Response {
    let url = address(file);
    let told = wire::File {
        id: Some(wire::FileId(file.id.0)),
        url: url.as_str().into(),
        name: file.name.as_str().into(),
        mime: file.mime.as_str().into(),
        size: u64::try_from(file.size).ok(),
    };
    // Numbers and texts: there is nothing that could fail.
    let json = serde_json::to_vec(&told).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::LOCATION, &url),
    ];
    (StatusCode::CREATED, headers, json).into_response()
}

/// A body, as long and as slow as it may be.
struct Reading {
    start: Instant,
    size: u64,
    max_bytes: u64,
}

impl Reading {
    fn new(max_bytes: u64) -> Self {
        Self {
            start: Instant::now(),
            size: 0,
            max_bytes,
        }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self, body: &mut BodyDataStream) -> Result<Option<Bytes>, Refusal> {
        let until = self.start + STALL + patience(self.size);
        let piece = timeout_at(until, body.next()).await;
        let Some(piece) = piece.map_err(|_| too_slow())? else {
            return Ok(None);
        };
        let piece = piece.map_err(|_| broken_off())?;
        self.size += piece.len() as u64;
        if self.size > self.max_bytes {
            return Err(too_long(self.max_bytes));
        }
        Ok(Some(piece))
    }
}

/// The second word after `Bearer`, RFC 6750 section 2.1.
fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_token = !token.is_empty() && !token.contains(' ');
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then_some(token)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn told_name(parts: &Parts) -> String {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "name")
        .map(|(_, name)| name.into_owned())
        .unwrap_or_default()
}

/// Whether somebody may have so much more.
fn check_room(files: &Files, has: i64, more: u64) -> Result<(), Error> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if has.saturating_add(more) <= files.user_bytes {
        return Ok(());
    }
    let text = format!(
        "your files have {has} bytes of the {} that you may have; delete messages with files, and wait a day",
        files.user_bytes
    );
    Err(Error::new(ErrorKind::Full, text))
}

fn too_long(max_bytes: u64) -> Refusal {
    let words = format!("a file has {max_bytes} bytes at most");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, words)
}

fn too_slow() -> Refusal {
    let words = "the file came too slowly; try again on a faster line";
    Refusal::new(StatusCode::REQUEST_TIMEOUT, words)
}

fn broken_off() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "the file broke off")
}

fn too_often(wait: Duration) -> Refusal {
    let words = "too much at once; come back later";
    Refusal::for_now(StatusCode::TOO_MANY_REQUESTS, words, wait)
}

fn no_seat(why: NoSeat) -> Refusal {
    let (status, words) = match why {
        NoSeat::Each => (
            StatusCode::TOO_MANY_REQUESTS,
            "you have too many uploads under way; wait for one",
        ),
        NoSeat::All => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too many uploads are under way; come back later",
        ),
    };
    Refusal::for_now(status, words, COME_BACK)
}

/// Reads a body that is not wanted.
async fn swallow(body: Body) {
    let mut body = body.into_data_stream();
    let rest = async { while let Some(Ok(_)) = body.next().await {} };
    // In time or not, that was all.
    let _ = timeout(SWALLOW, rest).await;
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    /// Reads pieces of this length that come so long after each other.
    async fn read(length: usize, pause: Duration, count: usize) -> Result<u64, StatusCode> {
        let pieces = stream::iter(0..count).then(move |_| async move {
            sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from(vec![0; length]))
        });
        let mut body = Body::from_stream(pieces).into_data_stream();
        let mut reading = Reading::new(1_000_000);
        loop {
            match reading.next(&mut body).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(reading.size),
                Err(refusal) => return Err(refusal.into_response().status()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_lines_are_waited_for_and_standstills_are_not() {
        let second = Duration::from_secs(1);
        assert_eq!(read(32 * 1024, second, 30).await, Ok(30 * 32 * 1024));
        let start = Instant::now();
        assert_eq!(
            read(1, second, 1000).await,
            Err(StatusCode::REQUEST_TIMEOUT)
        );
        assert_eq!(start.elapsed(), STALL);
        // What came fast is a little in hand.
        assert_eq!(
            read(320 * 1024, STALL + 9 * second, 1).await,
            Err(StatusCode::REQUEST_TIMEOUT)
        );
        assert_eq!(
            read(320 * 1024, STALL, 2).await,
            Err(StatusCode::REQUEST_TIMEOUT)
        );
        assert_eq!(
            read(320 * 1024, STALL - second, 2).await,
            Err(StatusCode::REQUEST_TIMEOUT)
        );
        assert_eq!(read(320 * 1024, 12 * second, 2).await, Ok(2 * 320 * 1024));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_taken_over_the_limit() {
        let now = Duration::ZERO;
        assert_eq!(read(100_000, now, 10).await, Ok(1_000_000));
        let status = read(100_000, now, usize::MAX).await;
        assert_eq!(status, Err(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[test]
    fn a_token_follows_its_scheme() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Basic abc", None),
            ("Bearer ", None),
            ("Bearer  abc", None),
            ("Bearer abc def", None),
            ("abc", None),
            ("", None),
        ] {
            let headers = [(header::AUTHORIZATION, value.parse().unwrap())];
            assert_eq!(token(&headers.into_iter().collect()), expected, "{value:?}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
