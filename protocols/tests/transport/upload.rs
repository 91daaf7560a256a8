//! Files as bodies of requests: slow, early, dying and leaving peers, and files that are none or change.

use std::fs::{self, OpenOptions};
use std::future::poll_fn;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse};
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::transport::{Connector, HttpProgress};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{answer, get};
use crate::peer::{
    assert_error, bounded, network, read_head, read_to_end, refusing, serve, serve_once,
};

/// Far more than sockets buffer.
const LARGE: usize = 32 * 1024 * 1024;

/// The longest file that is sent here.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

fn post(address: SocketAddr, path: &Path) -> HttpRequest {
    HttpRequest {
        method: "POST",
        url: format!("http://{address}/files?hunter2"),
        body: HttpBody::File {
            path: path.to_owned(),
            max_bytes: MAX_BYTES,
        },
        ..get()
    }
}

/// Sends it, and what was told of its progress.
async fn send(request: HttpRequest) -> (Result<HttpResponse, Error>, Vec<(u64, u64)>) {
    let progress = HttpProgress::default();
    let mut told = Vec::new();
    let network = network();
    let ended = {
        let sending = network.http(request, &progress);
        let news = futures_util::stream::poll_fn(|cx| progress.poll(cx).map(Some));
        let mut news = news.take_until(sending);
        while let Some(step) = news.next().await {
            told.push(step);
        }
        news.take_result().unwrap()
    };
    while let Some(step) = futures_util::FutureExt::now_or_never(poll_fn(|cx| progress.poll(cx))) {
        told.push(step);
    }
    (ended, told)
}

async fn fails(request: HttpRequest) -> Error {
    send(request).await.0.unwrap_err()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path("a picture.png");
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn some_bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect()
}

#[tokio::test]
async fn a_file_arrives_as_it_is_and_its_progress_is_complete() {
    bounded(async {
        let folder = Folder::new();
        for length in [0, 1, 65_536, 65_537, 5_000_000] {
            let (address, server) = serve_once(move |mut stream| async move {
                let head = read_head(&mut stream).await;
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                stream
                    .write_all(&answer("201 Created", "kept"))
                    .await
                    .unwrap();
                (head, body)
            })
            .await;
            let bytes = some_bytes(length);
            let (response, told) = send(post(address, &folder.file(&bytes))).await;
            let response = response.unwrap();
            assert_eq!((response.status, &response.body[..]), (201, &b"kept"[..]));
            let (head, body) = server.await.unwrap();
            assert!(
                head.starts_with("POST /files?hunter2 HTTP/1.1\r\n"),
                "{head}"
            );
            assert!(
                head.contains(&format!("content-length: {length}\r\n")),
                "{head}"
            );
            assert!(!head.contains("transfer-encoding"), "{head}");
            assert!(body == bytes);
            let total = length as u64;
            assert!(told.is_sorted_by(|(a, _), (b, _)| a < b), "{told:?}");
            assert!(told.iter().all(|(_, all)| *all == total), "{told:?}");
            assert_eq!(told.last(), Some(&(total, total)));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_file_that_can_be_sent() {
    bounded(async {
        let folder = Folder::new();
        let nobody = refusing().await;
        let loops = folder.path("loop");
        let pipe = folder.path("pipe");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&loops, &loops).unwrap();
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
        let below = folder.file(b"").join("x");
        for (path, kind, word) in [
            (folder.path("not here"), ErrorKind::NotFound, "`not here`"),
            (
                folder.path("a\u{202e}\nb"),
                ErrorKind::NotFound,
                "`a\\u{202e}\\nb`",
            ),
            (PathBuf::new(), ErrorKind::NotFound, "``"),
            (below, ErrorKind::NotFound, "`x`"),
            (folder.path("a\0b"), ErrorKind::Invalid, "`a\\0b`"),
            (folder.path(&"x".repeat(300)), ErrorKind::Invalid, "`xxx"),
            (folder.0.path().to_owned(), ErrorKind::Invalid, "only files"),
            (PathBuf::from("/"), ErrorKind::Invalid, "`/`"),
            #[cfg(unix)]
            (pipe, ErrorKind::Invalid, "`pipe`"),
            #[cfg(unix)]
            (PathBuf::from("/dev/zero"), ErrorKind::Invalid, "`zero`"),
            #[cfg(unix)]
            (loops, ErrorKind::Storage, "`loop`"),
        ] {
            let error = fails(post(nobody, &path)).await;
            assert_error(&error, kind, &[word]);
            let above = folder.0.path().parent().unwrap().display().to_string();
            assert!(!error.message().contains(&above), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_over_the_limit_is_not_begun() {
    bounded(async {
        let folder = Folder::new();
        let path = folder.file(b"12345");
        let (address, server) = serve_once(|mut stream| async move {
            read_head(&mut stream).await;
            stream.read_exact(&mut [0; 5]).await.unwrap();
            stream.write_all(&answer("201 Created", "")).await.unwrap();
        })
        .await;
        let with_limit = |max_bytes| HttpRequest {
            body: HttpBody::File {
                path: path.clone(),
                max_bytes,
            },
            ..post(address, &path)
        };
        let error = fails(with_limit(4)).await;
        assert_error(
            &error,
            ErrorKind::TooLong,
            &["picture", "5 bytes", "at most 4"],
        );
        assert_eq!(send(with_limit(5)).await.0.unwrap().status, 201);
        server.await.unwrap();
    })
    .await;
}

/// What a server gets of a large file that this is done to, once it has begun.
async fn changed(change: impl FnOnce(&Path)) -> (Error, usize) {
    let folder = Folder::new();
    let path = folder.file(&vec![7; LARGE]);
    let old = fs::metadata(&path).unwrap().modified().unwrap() - Duration::from_secs(60);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(old).unwrap();
    let (begun, began) = tokio::sync::oneshot::channel();
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let (address, server) = serve_once(|mut stream| async move {
        read_head(&mut stream).await;
        begun.send(()).unwrap();
        gone.await.unwrap();
        read_to_end(stream).await.len()
    })
    .await;
    let changing = async {
        began.await.unwrap();
        change(&path);
        go.send(()).unwrap();
    };
    let (error, ()) = tokio::join!(fails(post(address, &path)), changing);
    (error, server.await.unwrap())
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_never_arrives_whole() {
    bounded(async {
        let open = |path: &Path| OpenOptions::new().write(true).open(path).unwrap();
        for got in [
            changed(|path| open(path).set_len(LARGE as u64 / 2).unwrap()).await,
            changed(|path| open(path).set_len(LARGE as u64 + 1).unwrap()).await,
            // The same length.
            changed(|path| open(path).write_all(b"other").unwrap()).await,
        ] {
            let (error, arrived) = got;
            assert_error(&error, ErrorKind::Invalid, &["a picture.png", "changed"]);
            assert!(arrived < LARGE, "{arrived}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_before_the_file_is_through_is_the_answer() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            read_head(&mut stream).await;
            stream.read_exact(&mut [0; 1000]).await.unwrap();
            let refusal = b"HTTP/1.1 413 Too Much\r\nContent-Length: 8\r\n\r\ntoo much";
            stream.write_all(refusal).await.unwrap();
            read_to_end(stream).await.len()
        })
        .await;
        let folder = Folder::new();
        let (response, told) = send(post(address, &folder.file(&vec![0; LARGE]))).await;
        let response = response.unwrap();
        assert_eq!(
            (response.status, &response.body[..]),
            (413, &b"too much"[..])
        );
        // And the rest is not sent in silence.
        assert!(server.await.unwrap() < LARGE - 1000);
        assert_ne!(told.last(), Some(&(LARGE as u64, LARGE as u64)));
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_dies_in_the_middle() {
    bounded(async {
        let (address, _server) = serve_once(|mut stream| async move {
            read_head(&mut stream).await;
            stream.read_exact(&mut [0; 1000]).await.unwrap();
        })
        .await;
        let folder = Folder::new();
        let error = fails(post(address, &folder.file(&vec![0; LARGE]))).await;
        assert_error(&error, ErrorKind::Lost, &["127.0.0.1"]);
        assert!(!error.chain().contains("hunter2"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_more_or_never_answers() {
    bounded(async {
        let folder = Folder::new();
        for length in [LARGE, 5] {
            let address = serve(|mut stream: TcpStream| async move {
                read_head(&mut stream).await;
                std::future::pending::<()>().await;
            })
            .await;
            let request = HttpRequest {
                timeout: Duration::from_millis(300),
                ..post(address, &folder.file(&vec![0; length]))
            };
            let error = fails(request).await;
            assert_error(&error, ErrorKind::TimedOut, &["127.0.0.1", "300ms"]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn giving_up_in_the_middle_closes_the_connection() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            read_head(&mut stream).await;
            // The rest is taken when the client has given up.
            stream
        })
        .await;
        let folder = Folder::new();
        let path = folder.file(&vec![0; LARGE]);
        let progress = HttpProgress::default();
        let network = network();
        {
            let sending = network.http(post(address, &path), &progress);
            let begun = poll_fn(|cx| progress.poll(cx));
            tokio::select! {
                ended = sending => panic!("{ended:?}"),
                (sent, total) = begun => assert!(sent > 0 && total == LARGE as u64),
            }
        }
        let stream = server.await.unwrap();
        assert!(read_to_end(stream).await.len() < LARGE);
    })
    .await;
}

#[tokio::test]
async fn a_redirect_is_the_answer_for_a_file_goes_out_once() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            read_head(&mut stream).await;
            stream.read_exact(&mut [0; 5]).await.unwrap();
            let redirect = "HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(redirect.as_bytes()).await.unwrap();
            read_to_end(stream).await
        })
        .await;
        let folder = Folder::new();
        let (response, _) = send(post(address, &folder.file(b"12345"))).await;
        assert_eq!(response.unwrap().status, 307);
        assert_eq!(server.await.unwrap(), b"");
    })
    .await;
}
