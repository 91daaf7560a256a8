//! Files that go along: sent by HTTP, one after the other, before their message is.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, HttpToken, Now, Transmit};
use kaiwa_core::{ChatEvent, Error, ErrorKind, MessageFragment, RequestId};

use super::{OshiSession, Phase, failure};
use crate::oshi::wire::{ErrorCode, Failure, File};

/// Files on their way at once: more would only share the line.
const AT_ONCE: usize = 2;

/// How long the server may take nothing of a file, and how long its answer may take after that.
const UPLOAD_LIMIT: Duration = Duration::from_secs(30);

/// The largest answer taken, in bytes: an object of a few fields.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How often a file is tried that does not get through while the connection stands.
const TRIES: u32 = 3;

/// How long to wait before that.
const RETRY_MS: u64 = 1_000;

/// Files on their way and those that wait.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    last: u64,
    /// Messages with a file that is not on its way.
    waiting: VecDeque<RequestId>,
    running: BTreeMap<HttpToken, Upload>,
    /// Bytes of the files that are through and how often the next one was tried, by message.
    through: BTreeMap<RequestId, (u64, u32)>,
}

#[derive(Debug)]
struct Upload {
    request: RequestId,
    /// Its bytes, as far as they are known.
    total: u64,
}

impl Uploads {
    pub(super) fn push(&mut self, request: RequestId) {
        self.waiting.push_back(request);
    }

    /// Whether something waits that could be on its way.
    pub(super) fn wants(&self) -> bool {
        !self.waiting.is_empty() && self.running.len() < AT_ONCE
    }

    /// Nothing is sent any more. Names of requests are used once all the same.
    pub(super) fn clear(&mut self) {
        *self = Self {
            last: self.last,
            ..Self::default()
        };
    }

    /// The connection is gone, and what was on its way with it.
    pub(super) fn end(&mut self) {
        for upload in std::mem::take(&mut self.running).into_values().rev() {
            self.waiting.push_front(upload.request);
        }
    }
}

impl OshiSession {
    /// The next file to send.
    pub(super) fn next_upload(&mut self, now: Now) -> Option<Transmit> {
        if self.phase != Phase::Up || !self.pace.is_open(now.mono) {
            return None;
        }
        while self.uploads.wants() {
            let request = self.uploads.waiting.pop_front()?;
            if let Some(http) = self.upload(request) {
                self.uploads.last += 1;
                let token = HttpToken(self.uploads.last);
                let upload = Upload { request, total: 0 };
                self.uploads.running.insert(token, upload);
                self.outgoing.uploading(now, request);
                self.pace.sent(now.mono);
                return Some(Transmit::Http {
                    token,
                    request: http,
                });
            }
        }
        None
    }

    /// The request that sends the next file of a message.
    fn upload(&self, request: RequestId) -> Option<HttpRequest> {
        let login = self.login.as_ref()?;
        let token = self.token.as_ref()?;
        let at = self.outgoing.files(request)?.len();
        let (path, name, mime) = files(self.outgoing.message(request)?).nth(at)?;
        let mut url = login.files.clone();
        url.query_pairs_mut().append_pair("name", name);
        let mime = mime.unwrap_or("application/octet-stream");
        Some(HttpRequest {
            method: "POST",
            url: url.into(),
            headers: vec![
                ("authorization".to_owned(), format!("Bearer {token}")),
                ("content-type".to_owned(), mime.to_owned()),
            ],
            body: HttpBody::File {
                path: path.into(),
                max_bytes: self.capabilities.max_file_bytes.unwrap_or(u64::MAX),
            },
            timeout: UPLOAD_LIMIT,
            max_response_bytes: MAX_ANSWER_BYTES,
        })
    }

    /// So much of a file is through.
    pub(super) fn upload_progress(&mut self, token: HttpToken, sent: u64, total: u64) {
        let Some(upload) = self.uploads.running.get_mut(&token) else {
            return;
        };
        upload.total = total;
        let request = upload.request;
        let (through, _) = self
            .uploads
            .through
            .get(&request)
            .copied()
            .unwrap_or_default();
        let Some(message) = self.outgoing.message(request) else {
            return;
        };
        let done = self.outgoing.files(request).map_or(0, <[_]>::len);
        if sent >= total && done + 1 < files(message).count() {
            // Others follow, so it is not all.
            return;
        }
        let progress = ChatEvent::Progress {
            channel_id: self.outgoing.stream(request).map(Into::into),
            message_id: message.id.clone().unwrap_or_default(),
            sent: through.saturating_add(sent),
            total: through.saturating_add(total),
        };
        self.tell(Some(request), progress);
    }

    /// A file has been sent, or not.
    pub(super) fn upload_ended(
        &mut self,
        now: Now,
        token: HttpToken,
        result: Result<HttpResponse, Error>,
    ) {
        let Some(Upload { request, total }) = self.uploads.running.remove(&token) else {
            return;
        };
        let Some(message) = self.outgoing.message(request) else {
            return;
        };
        let count = files(message).count();
        match result.map_err(Refusal::from).and_then(|response| {
            let text = std::str::from_utf8(&response.body).unwrap_or_default();
            if (200..300).contains(&response.status)
                && let Ok(file) = serde_json::from_str::<File<'_>>(text)
                && let Some(id) = file.id
            {
                return Ok((id, self.file(&file)));
            }
            Err(Refusal::of(response.status, text))
        }) {
            Ok((id, shown)) => {
                let done = self.outgoing.add_file(request, id, shown);
                let through = self.uploads.through.entry(request).or_default();
                *through = (through.0.saturating_add(total), 0);
                if done < count {
                    self.uploads.waiting.push_front(request);
                } else {
                    self.uploads.through.remove(&request);
                    self.outgoing.uploaded(now, request);
                }
            }
            Err(refusal) => self.upload_refused(now, request, &refusal),
        }
    }

    fn upload_refused(&mut self, now: Now, request: RequestId, refusal: &Refusal) {
        let (_, tries) = self.uploads.through.entry(request).or_default();
        let again = match refusal.retry_ms {
            Some(ms) => Some(ms),
            // The way may be broken, and the connection with it.
            None if is_transport(&refusal.error) && *tries + 1 < TRIES => {
                *tries += 1;
                Some(RETRY_MS)
            }
            None => None,
        };
        if let Some(ms) = again {
            self.pace.wait(now.mono, ms);
            return self.uploads.waiting.push_front(request);
        }
        self.fail_message(request, &refusal.error);
    }

    /// Stops what is on its way for messages that are not.
    pub(super) fn prune_uploads(&mut self) {
        let outgoing = &self.outgoing;
        let gone = |request: &RequestId| outgoing.files(*request).is_none();
        self.uploads.waiting.retain(|request| !gone(request));
        self.uploads.through.retain(|request, _| !gone(request));
        let over: Vec<HttpToken> = self
            .uploads
            .running
            .iter()
            .filter(|(_, upload)| gone(&upload.request))
            .map(|(token, _)| *token)
            .collect();
        for token in over {
            self.uploads.running.remove(&token);
            self.transmits.push_back(Transmit::CancelHttp { token });
        }
    }
}

/// Why a file was not sent.
struct Refusal {
    error: Error,
    /// When to try again.
    retry_ms: Option<u64>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            error,
            retry_ms: None,
        }
    }
}

impl Refusal {
    fn of(status: u16, text: &str) -> Self {
        if let Ok(failure) = serde_json::from_str::<Failure<'_>>(text) {
            let is_rate = failure.code == ErrorCode::Rate;
            return Self {
                error: failure::error(&failure),
                retry_ms: is_rate.then(|| failure.retry_ms.unwrap_or(RETRY_MS)),
            };
        }
        let kind = match status {
            401 | 403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            413 => ErrorKind::TooLong,
            429 | 503 => ErrorKind::RateLimited,
            200..300 => ErrorKind::Protocol,
            _ => ErrorKind::Rejected,
        };
        Self {
            error: Error::new(
                kind,
                format!("the server does not take the file ({status})"),
            ),
            retry_ms: (status == 429).then_some(RETRY_MS),
        }
    }
}

/// The files that go along with a message: path, name, type.
fn files(message: &kaiwa_core::Message) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
    message
        .content
        .iter()
        .filter_map(|fragment| match fragment {
            MessageFragment::Upload { path, name, mime } => {
                let last = std::path::Path::new(path).file_name();
                let name = name
                    .as_deref()
                    .or_else(|| last.and_then(|last| last.to_str()));
                Some((path.as_str(), name.unwrap_or_default(), mime.as_deref()))
            }
            _ => None,
        })
}

/// Whether it is the way to the server that failed.
fn is_transport(error: &Error) -> bool {
    (50..70).contains(&error.kind().number())
}
