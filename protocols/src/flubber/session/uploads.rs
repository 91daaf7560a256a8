//! Files that go along: read from the disk one after the other, when their message is the next to be sent. A plain backend
//! gets them within the message; one that speaks the extension reads them itself.

use std::path::Path;
use std::time::Duration;

use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, HttpToken, SessionEvent, Transmit};
use kaiwa_core::{ChatEvent, Error, Message, MessageFragment, RequestId};

use super::FlubberSession;
use crate::flubber::wire::Attachment;
use crate::flubber::wire::fragments::FILE_NAME;

/// Bytes of all files of a message: in base64 they leave more than a MiB for the words, in a value of 16 MiB.
pub(super) const MAX_FILE_BYTES: u64 = 11 * 1024 * 1024;

/// How long a disk may take for a file: one on another machine may be gone.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// What is being read.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// Tokens are never used twice.
    last: u64,
    reading: Option<(HttpToken, RequestId)>,
    /// Bytes of the files that were read already, and of which message.
    through: Option<(RequestId, u64)>,
}

impl Uploads {
    /// The backend has ended, and with it what was being read: it is read again.
    pub(super) fn cut(&mut self) {
        self.reading = None;
    }

    fn through(&self, request: RequestId) -> u64 {
        self.through
            .filter(|(of, _)| *of == request)
            .map_or(0, |(_, bytes)| bytes)
    }
}

impl FlubberSession {
    /// Asks for the next file of a message, unless one is being read.
    pub(super) fn read_file(&mut self, request: RequestId) -> Option<Transmit> {
        if self.uploads.reading.is_some() {
            return None;
        }
        let upload = self
            .outbox
            .unconfirmed(request)?
            .content
            .iter()
            .find(is_upload);
        let Some(MessageFragment::Upload { path, .. }) = upload else {
            return None;
        };
        let through = self.uploads.through(request);
        let body = HttpBody::File {
            path: path.into(),
            max_bytes: MAX_FILE_BYTES.saturating_sub(through),
        };
        self.uploads.last += 1;
        let token = HttpToken(self.uploads.last);
        self.uploads.reading = Some((token, request));
        Some(Transmit::Http {
            token,
            request: HttpRequest {
                method: "GET",
                url: String::new(),
                headers: Vec::new(),
                body,
                timeout: READ_LIMIT,
                max_response_bytes: usize::MAX,
            },
        })
    }

    /// So much of a file is read.
    pub(super) fn reading(&mut self, token: HttpToken, read: u64, total: u64) {
        let Some((_, request)) = self
            .uploads
            .reading
            .filter(|(reading, _)| *reading == token)
        else {
            return;
        };
        let Some((channel_id, message)) = self.outbox.get(request) else {
            return;
        };
        if read >= total && message.content.iter().filter(is_upload).count() > 1 {
            // Others follow, so it is not all.
            return;
        }
        let through = self.uploads.through(request);
        let progress = ChatEvent::Progress {
            channel_id: channel_id.or_else(|| self.rooms.current().map(Into::into)),
            message_id: message.id.unwrap_or_default(),
            sent: through.saturating_add(read),
            total: through.saturating_add(total),
        };
        self.event_of(Some(request), progress);
    }

    /// A file was read, or cannot be: then its message is not sent.
    pub(super) fn was_read(&mut self, token: HttpToken, result: Result<HttpResponse, Error>) {
        let Some((_, request)) = self
            .uploads
            .reading
            .take_if(|(reading, _)| *reading == token)
        else {
            return;
        };
        match result {
            Ok(HttpResponse { body, .. }) => {
                let through = self.uploads.through(request) + body.len() as u64;
                self.uploads.through = Some((request, through));
                self.outbox
                    .amend(request, |message| put_in_place(message, body));
            }
            Err(error) => {
                let failed: Vec<SessionEvent> = self.outbox.fail(request, &error);
                self.events.extend(failed);
            }
        }
    }
}

/// Whether a message waits for its files.
pub(super) fn has_files(message: &Message) -> bool {
    message.content.iter().any(|fragment| is_upload(&fragment))
}

pub(super) fn is_upload(fragment: &&MessageFragment) -> bool {
    matches!(fragment, MessageFragment::Upload { .. })
}

/// The first file that is to be read is this.
fn put_in_place(message: &mut Message, data: Vec<u8>) {
    let mut content = message.content.iter_mut();
    let Some(place) = content.find(|fragment| is_upload(&&**fragment)) else {
        return;
    };
    if let MessageFragment::Upload { path, name, mime } = place {
        let last = Path::new(path).file_name().and_then(|last| last.to_str());
        let name = name.as_deref().or(last).unwrap_or(FILE_NAME);
        *place = Attachment::named(data, mime.as_deref(), name).into_fragment();
    }
}
