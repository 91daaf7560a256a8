//! Files that go along with messages, until the server has them: one HTTP request for each, all of a message at once.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, HttpToken, SessionEvent, Transmit};
use kaiwa_core::{ChatEvent, Error, ErrorKind, Id, Message, MessageFragment, RequestId};

use super::wire::MAX_FILE_BYTES;

/// Files of one message: as many as fit a screen.
const FILES: usize = 10;

/// How long the server may take nothing of a file; its memory is never slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of the answer, which is the address of the file.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

/// Where the server takes files; nobody else has this name (RFC 2606).
const FILES_URL: &str = "http://mock.invalid/files";

/// What goes along with messages that wait.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    jobs: BTreeMap<RequestId, Job>,
    tokens: BTreeMap<HttpToken, (RequestId, usize)>,
    /// Tokens are never used twice.
    next_token: u64,
    out: VecDeque<Transmit>,
}

#[derive(Debug)]
struct Job {
    channel_id: Id,
    local_id: Id,
    files: Vec<Upload>,
}

#[derive(Debug)]
struct Upload {
    path: PathBuf,
    name: String,
    mime: String,
    /// While it is being sent.
    token: Option<HttpToken>,
    /// How much of it is through, and of how much, once that is known.
    progress: Option<(u64, u64)>,
    /// What it has become.
    url: Option<String>,
}

/// The end of one request.
pub(super) enum End {
    /// Not the last of its message, or not of these.
    Nothing,
    /// All files of a message are there, in its order.
    Ready(RequestId, Vec<MessageFragment>),
    /// The message will not be sent.
    Failed(RequestId, Error),
}

impl Uploads {
    /// How many files may go along.
    pub(super) fn check(message: &Message) -> Result<(), Error> {
        if uploads(message).count() > FILES {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("at most {FILES} files go along with a message"),
            ));
        }
        Ok(())
    }

    /// Takes the files of a message, if there are any.
    pub(super) fn take(&mut self, request: RequestId, channel_id: &str, message: &Message) {
        let files: Vec<Upload> = uploads(message).collect();
        if files.is_empty() {
            return;
        }
        let job = Job {
            channel_id: channel_id.into(),
            local_id: message.id.clone().unwrap_or_default(),
            files,
        };
        self.jobs.insert(request, job);
    }

    /// Whether a message waits for its files.
    pub(super) fn wants(&self, request: RequestId) -> bool {
        self.jobs.contains_key(&request)
    }

    /// What to ask of HTTP next; call it while the connection is up.
    pub(super) fn next(&mut self) -> Option<Transmit> {
        for (request, job) in &mut self.jobs {
            for (at, file) in job.files.iter_mut().enumerate() {
                if file.token.is_some() || file.url.is_some() {
                    continue;
                }
                self.next_token += 1;
                let token = HttpToken(self.next_token);
                file.token = Some(token);
                self.tokens.insert(token, (*request, at));
                self.out.push_back(Transmit::Http {
                    token,
                    request: file.request(),
                });
            }
        }
        self.out.pop_front()
    }

    /// How far the files of a message are, once the length of each is known.
    pub(super) fn progress(
        &mut self,
        token: HttpToken,
        so_far: (u64, u64),
    ) -> Option<SessionEvent> {
        let (request, at) = *self.tokens.get(&token)?;
        let job = self.jobs.get_mut(&request)?;
        job.files.get_mut(at)?.progress = Some(so_far);
        let (mut sent, mut total) = (0_u64, 0_u64);
        for file in &job.files {
            let (part, whole) = file.progress?;
            sent = sent.saturating_add(part);
            total = total.saturating_add(whole);
        }
        Some(SessionEvent::caused(
            request,
            ChatEvent::Progress {
                channel_id: Some(job.channel_id.clone()),
                message_id: job.local_id.clone(),
                sent,
                total,
            },
        ))
    }

    /// A request has ended.
    pub(super) fn ended(&mut self, token: HttpToken, result: Result<HttpResponse, Error>) -> End {
        let Some((request, at)) = self.tokens.remove(&token) else {
            return End::Nothing;
        };
        let url = match result.and_then(address) {
            Ok(url) => url,
            Err(error) => {
                self.forget(request);
                return End::Failed(request, error);
            }
        };
        let Some(job) = self.jobs.get_mut(&request) else {
            return End::Nothing;
        };
        if let Some(file) = job.files.get_mut(at) {
            file.token = None;
            file.url = Some(url);
        }
        let Some(files) = job.files.iter().map(Upload::sent).collect() else {
            return End::Nothing;
        };
        self.jobs.remove(&request);
        End::Ready(request, files)
    }

    /// The message is given up, or was never there.
    pub(super) fn forget(&mut self, request: RequestId) {
        for file in self
            .jobs
            .remove(&request)
            .into_iter()
            .flat_map(|job| job.files)
        {
            if let Some(token) = file.token
                && self.tokens.remove(&token).is_some()
            {
                self.out.push_back(Transmit::CancelHttp { token });
            }
        }
    }

    /// Gives up the files of all messages but these.
    pub(super) fn keep(&mut self, open: impl Fn(RequestId) -> bool) {
        let gone: Vec<RequestId> = self
            .jobs
            .keys()
            .copied()
            .filter(|one| !open(*one))
            .collect();
        for request in gone {
            self.forget(request);
        }
    }

    /// The connection is gone, and its HTTP requests with it: what is not there begins anew.
    pub(super) fn cut(&mut self) {
        self.tokens.clear();
        self.out.clear();
        for file in self.jobs.values_mut().flat_map(|job| &mut job.files) {
            if file.token.take().is_some() {
                file.progress = None;
            }
        }
    }
}

impl Upload {
    fn request(&self) -> HttpRequest {
        HttpRequest {
            method: "POST",
            url: FILES_URL.to_owned(),
            headers: Vec::new(),
            body: HttpBody::File {
                path: self.path.clone(),
                max_bytes: MAX_FILE_BYTES,
            },
            timeout: PATIENCE,
            max_response_bytes: MAX_ANSWER_BYTES,
        }
    }

    fn sent(&self) -> Option<MessageFragment> {
        Some(MessageFragment::File {
            url: self.url.clone()?,
            name: self.name.clone(),
            mime: self.mime.clone(),
            size: self.progress.map(|(_, total)| total),
        })
    }
}

/// Puts files in the places of their uploads.
pub(super) fn put_in_place(message: &mut Message, files: Vec<MessageFragment>) {
    let places = message.content.iter_mut().filter(|part| is_upload(part));
    for (place, file) in places.zip(files) {
        *place = file;
    }
}

fn is_upload(fragment: &MessageFragment) -> bool {
    matches!(fragment, MessageFragment::Upload { .. })
}

fn uploads(message: &Message) -> impl Iterator<Item = Upload> {
    message.content.iter().filter_map(|fragment| {
        let MessageFragment::Upload { path, name, mime } = fragment else {
            return None;
        };
        let last = Path::new(path).file_name().and_then(OsStr::to_str);
        Some(Upload {
            path: PathBuf::from(path),
            name: name.as_deref().or(last).unwrap_or("file").to_owned(),
            mime: mime
                .as_deref()
                .unwrap_or("application/octet-stream")
                .to_owned(),
            token: None,
            progress: None,
            url: None,
        })
    })
}

/// Where the server says that a file lies now.
fn address(response: HttpResponse) -> Result<String, Error> {
    if response.status != 201 {
        return Err(Error::new(
            ErrorKind::Rejected,
            format!("the server does not take the file ({})", response.status),
        ));
    }
    String::from_utf8(response.body).map_err(|error| {
        Error::new(ErrorKind::Protocol, "the address of the file is no text").with_source(error)
    })
}
