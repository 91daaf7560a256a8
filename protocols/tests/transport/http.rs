//! HTTP requests beside a transport.

use std::time::Duration;

use kaiwa_core::ErrorKind;
use kaiwa_core::session::{HttpBody, HttpRequest};
use kaiwa_protocols::transport::{Connector, HttpProgress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{
    assert_error, bounded, network, read_head, read_to_end, refusing, serve, serve_once,
};

/// A GET without an address.
pub(crate) fn get() -> HttpRequest {
    HttpRequest {
        method: "GET",
        url: String::new(),
        headers: Vec::new(),
        body: HttpBody::EMPTY,
        timeout: Duration::from_secs(30),
        max_response_bytes: 1024,
    }
}

/// A whole answer, after which the connection ends.
pub(crate) fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// Serves one answer to every request.
async fn serve_answer(bytes: Vec<u8>) -> String {
    let address = serve(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            read_head(&mut stream).await;
            // Ends with an error where the client has had enough.
            let _ = stream.write_all(&bytes).await;
        }
    })
    .await;
    format!("http://{address}/path?token=hunter2")
}

#[tokio::test]
async fn a_get_brings_status_headers_and_body() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            let head = read_head(&mut stream).await;
            let text = "HTTP/1.1 201 Created\r\nX-Thing: One\r\nContent-Length: 4\r\n\r\nbody";
            stream.write_all(text.as_bytes()).await.unwrap();
            head
        })
        .await;
        let request = HttpRequest {
            url: format!("http://{address}/a?b=c"),
            headers: vec![("Authorization".to_owned(), "Bearer x".to_owned())],
            ..get()
        };
        let response = network()
            .http(request, &HttpProgress::default())
            .await
            .unwrap();
        assert_eq!((response.status, &response.body[..]), (201, &b"body"[..]));
        let thing = ("x-thing".to_owned(), "One".to_owned());
        assert!(response.headers.contains(&thing), "{response:?}");
        let head = server.await.unwrap();
        assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer x\r\n"), "{head}");
    })
    .await;
}

#[tokio::test]
async fn a_post_sends_its_body() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            let head = read_head(&mut stream).await;
            let mut body = [0; 5];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(&answer("200 OK", "")).await.unwrap();
            (head, body)
        })
        .await;
        let request = HttpRequest {
            method: "POST",
            url: format!("http://{address}/"),
            body: b"hello".to_vec().into(),
            ..get()
        };
        assert_eq!(
            network()
                .http(request, &HttpProgress::default())
                .await
                .unwrap()
                .body,
            b""
        );
        let (head, body) = server.await.unwrap();
        assert!(head.starts_with("POST / "), "{head}");
        assert!(head.contains("content-length: 5\r\n"), "{head}");
        assert_eq!(&body, b"hello");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_in_the_status_is_an_answer() {
    bounded(async {
        for (status, number) in [
            ("500 Oops", 500),
            ("404 Not Found", 404),
            ("407 Proxy", 407),
        ] {
            let url = serve_answer(answer(status, "why")).await;
            let response = network()
                .http(HttpRequest { url, ..get() }, &HttpProgress::default())
                .await
                .unwrap();
            assert_eq!((response.status, &response.body[..]), (number, &b"why"[..]));
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_with_and_without_a_length() {
    bounded(async {
        let chunk = format!("400\r\n{}\r\n", "x".repeat(1024)).repeat(1000);
        let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
        for bytes in [
            answer("200 OK", &"x".repeat(1025)),
            chunked.into_bytes(),
            format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20)).into_bytes(),
        ] {
            let url = serve_answer(bytes).await;
            let request = HttpRequest { url, ..get() };
            let error = network()
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, ErrorKind::TooLarge, &["1024"]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
        let url = serve_answer(answer("200 OK", &"x".repeat(1024))).await;
        let response = network()
            .http(HttpRequest { url, ..get() }, &HttpProgress::default())
            .await
            .unwrap();
        assert_eq!(response.body.len(), 1024);
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_times_out_in_head_and_body() {
    bounded(async {
        for start in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
            let address = serve(move |mut stream| async move {
                read_head(&mut stream).await;
                stream.write_all(start.as_bytes()).await.unwrap();
                read_to_end(stream).await;
            })
            .await;
            let request = HttpRequest {
                url: format!("http://{address}/?hunter2"),
                timeout: Duration::from_millis(300),
                ..get()
            };
            let error = network()
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, ErrorKind::TimedOut, &["127.0.0.1"]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn errors_are_told_apart_and_keep_the_query_to_themselves() {
    bounded(async {
        let cut = serve_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec()).await;
        let garbage = serve_answer(b"SSH-2.0-x\r\n\r\n".to_vec()).await;
        let nobody = refusing().await;
        for (url, kind) in [
            (format!("http://{nobody}/?hunter2"), ErrorKind::Refused),
            (
                "http://no-such-host.invalid/?hunter2".to_owned(),
                ErrorKind::Resolve,
            ),
            (cut, ErrorKind::Lost),
            (garbage, ErrorKind::Lost),
            ("ftp://localhost/?hunter2".to_owned(), ErrorKind::Invalid),
            (
                "http://ann:hunter2@localhost/".to_owned(),
                ErrorKind::Invalid,
            ),
            ("localhost?hunter2".to_owned(), ErrorKind::Invalid),
        ] {
            let request = HttpRequest { url, ..get() };
            let error = network()
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, kind, &[]);
            assert!(!error.chain().contains("hunter2"), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        for (name, value) in [("a b", "hunter2"), ("X-Token", "hunter2\n")] {
            let request = HttpRequest {
                url: "http://localhost/".to_owned(),
                headers: vec![(name.to_owned(), value.to_owned())],
                ..get()
            };
            let error = network()
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, ErrorKind::Invalid, &[name]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn redirects_are_followed_within_a_server_only() {
    bounded(async {
        let elsewhere = serve_answer(answer("200 OK", "elsewhere")).await;
        let address = serve(move |mut stream| {
            let elsewhere = elsewhere.clone();
            async move {
                let head = read_head(&mut stream).await;
                let to = match head.split(' ').nth(1).unwrap() {
                    "/here" => "/there",
                    "/loop" => "/loop",
                    "/away" => elsewhere.as_str(),
                    _ => {
                        assert!(head.contains("x-token: abc"), "{head}");
                        assert!(!head.contains("referer"), "{head}");
                        stream.write_all(&answer("200 OK", "there")).await.unwrap();
                        return;
                    }
                };
                let text = format!(
                    "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        })
        .await;
        for (path, status, body) in [("here", 200, "there"), ("away", 302, ""), ("loop", 302, "")] {
            let request = HttpRequest {
                url: format!("http://{address}/{path}"),
                headers: vec![("X-Token".to_owned(), "abc".to_owned())],
                ..get()
            };
            let response = network().http(request, &HttpProgress::default()).await.unwrap();
            assert_eq!(response.status, status, "{path}");
            assert_eq!(response.body, body.as_bytes(), "{path}");
        }
    })
    .await;
}
