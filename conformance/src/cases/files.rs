//! Files that go along with messages.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Utc;
use kaiwa_core::{
    ChatEvent, ConnectionEvent, ErrorKind, Message, MessageFragment, MessageStatus, RequestId,
};

use super::pair;
use crate::{Account, Harness, Outcome};

/// Bytes of a file that takes more than one read and fits everywhere.
const LENGTH: u64 = 300_000;

/// The largest file that a case makes to be refused; it has a length, but no content.
const LARGEST: u64 = 16 << 30;

/// docs/events.md: the echo comes at once, then `Progress` to the end, then the update with the file in place of the upload;
/// others get the same file.
pub async fn a_file_goes_along<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = pair::<H>(&peer).await;
    let file = Temporary::new(LENGTH, true);
    let request = send(&mut ann, "see this", file.path())
        .await
        .expect("accepted");
    let local = request.local_message_id();
    let mut progress = Vec::new();
    let delivered = ann
        .watch
        .find("its Update", |event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::Progress { sent, total, .. },
            } => {
                progress.push((*sent, *total));
                None
            }
            ConnectionEvent::Chat {
                event:
                    ChatEvent::Update {
                        message_id,
                        new_message,
                        ..
                    },
            } if *message_id == local => Some(new_message.clone()),
            _ => None,
        })
        .await;
    assert_eq!(progress.last(), Some(&(LENGTH, LENGTH)), "{progress:?}");
    assert!(progress.is_sorted(), "{progress:?}");
    assert_eq!(delivered.status, MessageStatus::Delivered);
    let sent = the_file(&delivered);
    assert_eq!(ann.watch.outcome(request).await, Outcome::Done);
    let arrived = bob
        .watch
        .find("the message", |event| match event {
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } if message.plain_text().starts_with("see this") => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!(the_file(&arrived), sent, "the same for everybody");
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md: a file that is too large or not there fails with its message, which nobody hears of.
pub async fn a_file_that_cannot_be_sent_fails_with_its_message<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = pair::<H>(&peer).await;
    let missing = std::env::temp_dir().join("kaiwa-there-is-no-such-file");
    assert_eq!(failure(&mut ann, &missing).await, ErrorKind::NotFound);
    let limit = ann.connection().capabilities().max_file_bytes;
    if let Some(limit) = limit.filter(|limit| *limit < LARGEST) {
        let large = Temporary::new(limit + 1, false);
        assert_eq!(failure(&mut ann, large.path()).await, ErrorKind::TooLong);
    }
    ann.deliver("the next message").await;
    bob.watch
        .until("the next message", |event| {
            let heard = crate::watch::said(event);
            assert!(
                heard.as_ref().is_none_or(|text| !text.starts_with("see ")),
                "failed, and said: {heard:?}"
            );
            heard.as_deref() == Some("the next message")
        })
        .await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md: a message whose file is on its way is taken back, and nobody hears of it; or it is too late for that.
pub async fn a_file_is_taken_back<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = pair::<H>(&peer).await;
    let limit = ann.connection().capabilities().max_file_bytes;
    let file = Temporary::new(limit.unwrap_or(LENGTH).min(LENGTH * 40), false);
    let request = send(&mut ann, "see not", file.path())
        .await
        .expect("accepted");
    let remove = ChatEvent::Remove {
        channel_id: Some(ann.channel().into()),
        message_id: request.local_message_id(),
    };
    let removal = ann.send(remove.clone()).await;
    let taken_back = match removal {
        Ok(removal) => ann.watch.outcome(removal).await,
        Err(error) => Outcome::Failed(error.kind()),
    };
    let became = ann.watch.outcome(request).await;
    let heard = match taken_back {
        Outcome::Done => {
            assert_eq!(became, Outcome::Failed(ErrorKind::Cancelled));
            assert_eq!(ann.watch.settled(request), Some(MessageStatus::Failed));
            false
        }
        Outcome::Failed(kind) => {
            let late = matches!(kind, ErrorKind::State | ErrorKind::NotFound);
            assert!(late, "{kind:?} for one that is through");
            assert_eq!(became, Outcome::Done);
            true
        }
    };
    ann.deliver("the next message").await;
    let mut before = false;
    bob.watch
        .until("the next message", |event| {
            let said = crate::watch::said(event).unwrap_or_default();
            before |= said.starts_with("see not");
            said == "the next message"
        })
        .await;
    assert_eq!(before, heard, "whether the message arrived");
    refused_again(&mut ann, remove).await;
    ann.leave().await;
    bob.leave().await;
}

/// What has ended cannot be taken back.
async fn refused_again(account: &mut Account, remove: ChatEvent) {
    match account.send(remove.clone()).await {
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::State | ErrorKind::NotFound),
            "{error:?}"
        ),
        Ok(request) => {
            let outcome = account.watch.outcome(request).await;
            assert_ne!(outcome, Outcome::Done, "{remove:?}");
        }
    }
}

/// Says a text with a file.
async fn send(
    account: &mut Account,
    text: &str,
    path: &Path,
) -> Result<RequestId, kaiwa_core::Error> {
    let mut message = Message::text(text, Utc::now());
    message.content.push(MessageFragment::Upload {
        path: path.to_str().expect("a path of letters").to_owned(),
        name: Some("plan.txt".to_owned()),
        mime: Some("text/plain".to_owned()),
    });
    account
        .send(ChatEvent::New {
            channel_id: Some(account.channel().into()),
            message,
        })
        .await
}

/// Why a message with this file is not sent.
async fn failure(account: &mut Account, path: &Path) -> ErrorKind {
    match send(account, "see nothing", path).await {
        Err(error) => error.kind(),
        Ok(request) => match account.watch.outcome(request).await {
            Outcome::Failed(kind) => kind,
            Outcome::Done => panic!("sent: {}", path.display()),
        },
    }
}

/// The one file of a message; no upload is left in it.
fn the_file(message: &Message) -> MessageFragment {
    let files = message.content.iter().filter(|part| {
        let MessageFragment::File {
            url,
            name,
            mime,
            size,
        } = part
        else {
            assert!(
                !matches!(part, MessageFragment::Upload { .. }),
                "received: {part:?}"
            );
            return false;
        };
        assert!(!url.is_empty(), "{part:?}");
        assert_eq!((name.as_str(), mime.as_str()), ("plan.txt", "text/plain"));
        assert!(size.is_none_or(|size| size == LENGTH), "{part:?}");
        true
    });
    let files: Vec<_> = files.collect();
    match files.as_slice() {
        [file] => (*file).clone(),
        _ => panic!("not one file: {message:?}"),
    }
}

/// A file that is there until it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    /// Of so many bytes; `filled` writes them, else it is all holes.
    fn new(length: u64, filled: bool) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kaiwa-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut file = File::create_new(&path).expect("a temporary file");
        let this = Self(path);
        if filled {
            let bytes = usize::try_from(length).expect("a small file");
            file.write_all(&vec![b'x'; bytes]).expect("a full file");
        } else {
            file.set_len(length).expect("a file with holes");
        }
        this
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        let _ = std::fs::remove_file(&self.0);
    }
}
