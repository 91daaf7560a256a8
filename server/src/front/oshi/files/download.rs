//! A file goes out, to whoever knows its address.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use kaiwa_core::{Error, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::range::Wanted;
use super::refusal::Refusal;
use crate::auth::network;
use crate::files::{Files, NoSeat, is_key, media, name, patience};
use crate::listen::{Patience, Peer};
use crate::site::Site;
use crate::store::File;

/// Key and name, if that is what the path has.
pub(super) type FilePath = Result<Path<(String, String)>, PathRejection>;

/// Bytes read and handed to the connection at a time.
const PIECE: usize = 64 * 1024;

/// When somebody who found no place should come back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Browsers keep it for a year, the longest that they do, and ask nobody: under an address there is never another file. Caches
/// that people share do not: who has lost the address should not find it there.
const CACHE: &str = "private, max-age=31536000, immutable";

/// Answers a `GET` or `HEAD`.
pub(super) async fn answer(
    files: Arc<Files>,
    site: Site,
    path: FilePath,
    request: Request,
) -> Response {
    // Without the body, which no thread may share.
    let (parts, _) = request.into_parts();
    let Ok(Path((key, name))) = path else {
        return Refusal::not_found().into_response();
    };
    match find(&site, key, &name).await {
        Ok(Some(file)) => serve(&files, &file, &parts)
            .await
            .unwrap_or_else(Refusal::into_response),
        Ok(None) => Refusal::not_found().into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

async fn find(site: &Site, key: String, name: &str) -> Result<Option<File>, Error> {
    if !is_key(&key) {
        return Ok(None);
    }
    let file = site.world.look_up(move |store| store.file(&key)).await?;
    // Under another name it could pass for something else.
    Ok(file.filter(|file| file.name == name))
}

async fn serve(files: &Files, file: &File, parts: &Parts) -> Result<Response, Refusal> {
    let length = u64::try_from(file.size).unwrap_or_default();
    let tag = format!("\"{}\"", file.key);
    let wanted = Wanted::of(&parts.method, &parts.headers, &tag, length);
    let part = match &wanted {
        Wanted::Nothing => {
            return Ok((StatusCode::NOT_MODIFIED, cached(&tag)).into_response());
        }
        Wanted::NoPart => {
            let whole = format!("bytes */{length}");
            let headers = [(header::CONTENT_RANGE, whole)];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
        Wanted::All => None,
        Wanted::Part(part) => Some(part),
    };
    let (body, count) = body(files, file, part, parts).await?;
    let mut headers = described(file, &tag);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    let Some(part) = part else {
        return Ok((headers, body).into_response());
    };
    let range = format!("bytes {}-{}/{length}", part.start(), part.end());
    insert(&mut headers, header::CONTENT_RANGE, &range);
    Ok((StatusCode::PARTIAL_CONTENT, headers, body).into_response())
}

/// The bytes and their count; a place is taken until the last is written.
async fn body(
    files: &Files,
    file: &File,
    part: Option<&RangeInclusive<u64>>,
    parts: &Parts,
) -> Result<(Body, u64), Refusal> {
    let peer = parts.extensions.get::<Peer>();
    let peer = peer.ok_or_else(|| Error::from(ErrorKind::Internal))?.0;
    let seat = files.downloads.take(network(peer)).map_err(no_seat)?;
    let length = u64::try_from(file.size).unwrap_or_default();
    let broken = |error: io::Error| {
        tracing::error!(%error, file = file.id.0, "a file cannot be read");
        Refusal::not_found()
    };
    let mut bytes = files.disk.read(&file.key).await.map_err(broken)?;
    let (start, count) = match part {
        Some(part) => (*part.start(), part.end() - part.start() + 1),
        None => (0, length),
    };
    bytes
        .seek(io::SeekFrom::Start(start))
        .await
        .map_err(broken)?;
    if let Some(time) = parts.extensions.get::<Patience>() {
        time.extend(patience(count));
    }
    let pieces = ReaderStream::with_capacity(bytes.take(count), PIECE);
    let pieces = pieces.inspect(move |_| {
        let _held = &seat;
    });
    Ok((Body::from_stream(pieces), count))
}

/// What is said of a file.
fn described(file: &File, tag: &str) -> HeaderMap {
    let mut headers = cached(tag);
    let how = if media::is_shown(&file.mime) {
        "inline"
    } else {
        "attachment"
    };
    for (name, value) in [
        (header::CONTENT_TYPE, file.mime.as_str()),
        (
            header::CONTENT_DISPOSITION,
            &name::disposition(how, &file.name),
        ),
        (header::ACCEPT_RANGES, "bytes"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
    ] {
        insert(&mut headers, name, value);
    }
    headers
}

fn cached(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert(&mut headers, header::ETAG, tag);
    insert(&mut headers, header::CACHE_CONTROL, CACHE);
    headers
}

/// What cannot be said in a header, as a type out of somebody else's store, is not said.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn no_seat(_: NoSeat) -> Refusal {
    let words = "too many files are under way; come back later";
    Refusal::for_now(StatusCode::SERVICE_UNAVAILABLE, words, COME_BACK)
}
