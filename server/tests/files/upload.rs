//! What is taken, and what is not.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::client::{PNG, arriving, get, head, hear, kept, person, say, site};
use crate::common::{bounded, until};

#[tokio::test]
async fn a_file_comes_back_as_it_was() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for bytes in [b"".as_slice(), b"x", PNG, &large] {
        let file = ann
            .upload("a%20file.bin", "application/zip", bytes)
            .await
            .file();
        let url = file["url"].as_str().unwrap();
        assert_eq!(
            file,
            json!({
                "id": file["id"], "url": url, "name": "a file.bin", "mime": "application/zip",
                "size": bytes.len(),
            })
        );
        assert!(file["id"].as_str().unwrap().starts_with('f'));
        let key = url.strip_prefix("/oshi/files/").unwrap();
        let key = key.strip_suffix("/a%20file.bin").unwrap();
        assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let answer = get(site.addr(), url, &[]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body == bytes);
    }
    let chunked = ann.upload_chunked(&[b"one ", b"two"]).await.url();
    assert_eq!(get(site.addr(), &chunked, &[]).await.body, b"one two");
    assert_eq!((kept(&site.dir).len(), arriving(&site.dir).len()), (5, 0));
}

#[tokio::test]
async fn only_who_is_signed_in_uploads() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let token = ann.token.clone();
    for value in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some("Bearer nobodys".to_owned()),
        Some(format!("Basic {token}")),
        Some(token.clone()),
        Some(format!("Bearer {token} x")),
        Some(format!("Bearer {}", token.to_uppercase())),
    ] {
        let mut headers = vec![("content-length", "5")];
        headers.extend(value.as_deref().map(|value| ("authorization", value)));
        let request = head("POST", "/oshi/files?name=x", &headers) + "hello";
        let answer = say(site.addr(), request.as_bytes()).await;
        assert!(!answer.refused(401).contains(&token), "{value:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let bearer = format!("bearer {token}");
    let headers = [("content-length", "0"), ("authorization", &*bearer)];
    let request = head("POST", "/oshi/files", &headers);
    assert_eq!(say(site.addr(), request.as_bytes()).await.status, 201);
    assert_eq!(kept(&site.dir).len(), 1);
}

#[tokio::test]
async fn pages_of_others_may_not_upload() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let addr = site.addr().to_string();
    for (origin, status) in [
        ("https://evil.example", 403),
        ("null", 403),
        (&*format!("http://{addr}"), 201),
    ] {
        let request = ann.head("/oshi/files", 0, &[("origin", origin), ("host", &addr)]);
        let answer = say(site.addr(), request.as_bytes()).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_unknown() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let url = ann.upload("x", "text/plain", b"x").await.url();
    for (method, target, status) in [
        ("GET", "/oshi/files", 405),
        ("PUT", "/oshi/files", 405),
        ("POST", url.as_str(), 405),
        ("DELETE", &url, 405),
        ("POST", "/oshi/files/", 404),
        ("POST", "/oshi/files/x", 404),
        ("POST", "/oshi/file", 404),
    ] {
        let bearer = format!("Bearer {}", ann.token);
        let headers = [("content-length", "0"), ("authorization", &*bearer)];
        let request = head(method, target, &headers);
        let answer = say(site.addr(), request.as_bytes()).await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    // More than one person may have at a time: each place is free again.
    for _ in 0..10 {
        let stream = ann.open(1000, &[7; 999]).await;
        until(|| !arriving(&site.dir).is_empty()).await;
        drop(stream);
        until(|| arriving(&site.dir).is_empty()).await;
    }
    // Without a word, and in chunks that are none.
    let mut stream = ann.open(1000, b"half").await;
    stream.shutdown().await.unwrap();
    assert_eq!(hear(stream).await.status, 400);
    let request = ann.begin(&[("transfer-encoding", "chunked")]) + "zz\r\nhello\r\n0\r\n\r\n";
    assert_eq!(say(site.addr(), request.as_bytes()).await.status, 400);
    until(|| arriving(&site.dir).is_empty()).await;
    assert_eq!(kept(&site.dir).len(), 0);
    assert_eq!(ann.upload("x", "text/plain", b"x").await.status, 201);
}

#[tokio::test]
async fn what_comes_after_its_length_is_no_part_of_it() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let stream = ann.open(5, b"hello, and much more").await;
    let url = bounded(hear(stream)).await.url();
    let answer = get(site.addr(), &url, &[]).await;
    assert_eq!(answer.body, b"hello");
}

#[tokio::test]
async fn who_asks_before_sending_is_told_to_go_on_or_not() {
    let site = site(|config| config.oshi_max_file_bytes = 10).await;
    let ann = person(&site, "ann").await;
    for (length, status) in [("5", "100 Continue"), ("11", "413 Payload Too Large")] {
        let head = ann.begin(&[("content-length", length), ("expect", "100-continue")]);
        let mut stream = bounded(tokio::net::TcpStream::connect(site.addr()))
            .await
            .unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut line = vec![0; "HTTP/1.1 ".len() + status.len()];
        let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut line);
        bounded(read).await.unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            format!("HTTP/1.1 {status}")
        );
    }
}
