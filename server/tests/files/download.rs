//! What is given back, whole and in part, and to whom.

use crate::client::{PNG, get, head, person, say, site};

#[tokio::test]
async fn what_is_not_there_is_never_there_in_the_same_way() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let url = ann.upload("x", "image/png", PNG).await.url();
    let key = url.split('/').nth(3).unwrap();
    let elsewhere = get(site.addr(), "/nothing/here", &[]).await;
    assert_eq!((elsewhere.status, elsewhere.body.len()), (404, 0));
    for target in [
        format!("/oshi/files/{}/x", "0".repeat(32)),
        format!("/oshi/files/{key}/y"),
        format!("/oshi/files/{key}/X"),
        format!("/oshi/files/{key}/"),
        format!("/oshi/files/{key}"),
        format!("/oshi/files/{}/x", key.to_uppercase()),
        format!("/oshi/files/{}/x", key.get(1..).unwrap()),
        format!("/oshi/files/{key}/x/"),
        format!("/oshi/files/{key}%00/x"),
        format!("/oshi/files/{key}/%FF"),
        "/oshi/files/../kaiwa.db/x".to_owned(),
        "/oshi/files/..%2F..%2Fkaiwa.db/x".to_owned(),
        "/oshi/files/%2e%2e/kaiwa.db".to_owned(),
        "/oshi/files/incoming/x".to_owned(),
    ] {
        let answer = get(site.addr(), &target, &[("range", "bytes=0-0")]).await;
        assert_eq!(answer, elsewhere, "{target}");
    }
    assert_eq!(get(site.addr(), &url, &[]).await.status, 200);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let url = ann.upload("x.png", "image/png", PNG).await.url();
    let whole = get(site.addr(), &url, &[]).await;
    let bare = say(site.addr(), head("HEAD", &url, &[]).as_bytes()).await;
    assert_eq!((bare.status, &bare.headers), (200, &whole.headers));
    assert_eq!((whole.body.as_slice(), bare.body.len()), (PNG, 0));
    let length = PNG.len().to_string();
    assert_eq!(bare.header("content-length"), Some(length.as_str()));
    let nothing = head("HEAD", "/oshi/files/x/y", &[]);
    assert_eq!(say(site.addr(), nothing.as_bytes()).await.status, 404);
}

#[tokio::test]
async fn browsers_keep_it() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let url = ann.upload("x.png", "image/png", PNG).await.url();
    let whole = get(site.addr(), &url, &[]).await;
    let tag = whole.header("etag").unwrap().to_owned();
    let cache = whole.header("cache-control").unwrap();
    assert!(cache.contains("immutable") && cache.contains("private"));
    let again = get(site.addr(), &url, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    let other = get(site.addr(), &url, &[("if-none-match", "\"other\"")]).await;
    assert_eq!((other.status, other.body.as_slice()), (200, PNG));
}

#[tokio::test]
async fn parts() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let url = ann.upload("x", "application/zip", &bytes).await.url();
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=100000-100009", 100_000, 100_009),
        ("bytes=199999-", 199_999, 199_999),
        ("bytes=65530-200001", 65_530, 199_999),
        ("bytes=-7", 199_993, 199_999),
        ("bytes=0-", 0, 199_999),
    ] {
        let answer = get(site.addr(), &url, &[("range", range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        let told = format!("bytes {first}-{last}/200000");
        assert_eq!(answer.header("content-range"), Some(told.as_str()));
        assert!(answer.body == bytes[first..=last], "{range}");
    }
    let answer = get(site.addr(), &url, &[("range", "bytes=200000-")]).await;
    assert_eq!((answer.status, answer.body.len()), (416, 0));
    assert_eq!(answer.header("content-range"), Some("bytes */200000"));
    for range in ["bytes=0-1,5-6", "pages=1-2", "bytes=2-1"] {
        let answer = get(site.addr(), &url, &[("range", range)]).await;
        assert_eq!(answer.status, 200, "{range}");
        assert!(answer.body == bytes, "{range}");
    }
}

#[tokio::test]
async fn on_a_listener_of_its_own_and_not_at_all() {
    let own = site(|config| config.oshi_listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let ann = person(&own, "ann").await;
    let url = ann.upload("x", "image/png", PNG).await.url();
    let there = own.server.oshi_addr().unwrap();
    assert_eq!(get(there, &url, &[]).await.body, PNG);
    let off = site(|config| config.oshi = false).await;
    let bob = person(&off, "bob").await;
    assert_eq!(bob.upload("x", "image/png", PNG).await.status, 404);
    assert!(!off.dir.path().join("data/files").exists());
}

#[tokio::test]
async fn a_server_that_keeps_nothing_has_files_while_it_runs() {
    let site = site(|config| config.store = kaiwa_server::config::StoreKind::None).await;
    let ann = person(&site, "ann").await;
    let url = ann.upload("x", "image/png", PNG).await.url();
    assert_eq!(get(site.addr(), &url, &[]).await.body, PNG);
    assert!(!site.dir.path().join("data").exists());
}
