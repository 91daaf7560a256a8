//! What an uploader says of a file, and what becomes of it: its name and its type.

use crate::client::{PNG, get, person, site};

const PAGE: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
const DRAWING: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
const UNKNOWN: &str = "application/octet-stream";

#[tokio::test]
async fn lies_about_the_type_make_nothing_run() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    for (told, bytes, kept, how) in [
        ("image/png", PNG, "image/png", "inline"),
        ("image/jpeg", PNG, "image/png", "inline"),
        ("image/png", PAGE, UNKNOWN, "attachment"),
        ("image/png", DRAWING, UNKNOWN, "attachment"),
        ("video/mp4", PAGE, UNKNOWN, "attachment"),
        ("image/svg+xml", DRAWING, "image/svg+xml", "attachment"),
        ("text/html", PAGE, "text/html", "attachment"),
        ("text/html; charset=utf-8", PAGE, "text/html", "attachment"),
        (
            "application/xhtml+xml",
            PAGE,
            "application/xhtml+xml",
            "attachment",
        ),
        (
            "multipart/x-mixed-replace",
            PAGE,
            "multipart/x-mixed-replace",
            "attachment",
        ),
        ("nonsense", PAGE, UNKNOWN, "attachment"),
        ("", PNG, "image/png", "inline"),
        ("../../x", PAGE, UNKNOWN, "attachment"),
    ] {
        let file = ann.upload("x.html", told, bytes).await.file();
        assert_eq!(file["mime"], kept, "{told}");
        let answer = get(site.addr(), file["url"].as_str().unwrap(), &[]).await;
        assert_eq!(answer.header("content-type"), Some(kept));
        let disposition = answer.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with(&format!("{how}; ")),
            "{told}: {disposition}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
        assert_eq!(answer.body, bytes);
    }
    // Who says nothing.
    let target = "/oshi/files?name=x";
    let request = [ann.head(target, PNG.len(), &[]).as_bytes(), PNG].concat();
    let file = crate::client::say(site.addr(), &request).await.file();
    assert_eq!(file["mime"], "image/png");
}

#[tokio::test]
async fn names_are_made_harmless_and_their_addresses_work() {
    let site = site(|_| {}).await;
    let ann = person(&site, "ann").await;
    let long = "%C3%A9".repeat(300);
    for (told, kept) in [
        ("a+picture.png", "a picture.png"),
        ("%E5%86%99%E7%9C%9F%20(1).jpg", "写真 (1).jpg"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("..%5C..%5Cboot.ini", "boot.ini"),
        ("%2e%2e%2f", "file"),
        ("a%00b%0D%0ASet-Cookie:%20x=1", "abSet-Cookie_ x=1"),
        ("gnp.%E2%80%AEexe", "gnp.exe"),
        ("50%25%20%22of%22%20it%3F%23.txt", "50% _of_ it_#.txt"),
        ("%FF%FE", "\u{fffd}\u{fffd}"),
        (long.as_str(), &"é".repeat(100)),
        ("x&name=y", "x"),
    ] {
        let file = ann.upload(told, "text/plain", b"x").await.file();
        assert_eq!(file["name"], kept, "{told}");
        let url = file["url"].as_str().unwrap();
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
        assert_eq!(url.matches('/').count(), 4, "{url}");
        let answer = get(site.addr(), url, &[]).await;
        assert_eq!((answer.status, &*answer.body), (200, &b"x"[..]), "{url}");
        let disposition = answer.header("content-disposition").unwrap();
        let (_, encoded) = disposition.split_once("filename*=UTF-8''").unwrap();
        assert!(url.ends_with(&format!("/{encoded}")), "{disposition}");
    }
}
