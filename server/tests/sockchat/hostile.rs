//! What makes no sense is ignored, and counted; nothing closes.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Message;

use crate::client::{account, join, open};
use crate::common::{Site, bounded, until};

#[tokio::test]
async fn nonsense_is_ignored() {
    let site = Site::with(|config| config.operators = vec!["ann".to_owned()]).await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.settle().await;
    let before = site.server.counters().malformed;
    let malformed = ["", "garbage", "2", "2\t1", "0", "-1", "\t", "\u{0}"];
    for frame in malformed {
        ann.send(frame).await;
    }
    for frame in [
        "99\tx",
        "0\t2",
        "0\tx",
        "1",
        "1\tBearer\tx",
        "2\t2\tspoofed",
        "2\t-1\tspoofed",
        "2\t1\t",
        "2\t1\t \n ",
        "3\tTYPING MCHAN",
        "3\tclient/1\tTYPING\u{c}MCHAN",
        "4\t1\tlobby",
        "5\t0\t9\tx\t#f00\t",
        "99999999999999999999\tx",
    ] {
        ann.send(frame).await;
    }
    use futures_util::SinkExt as _;
    let binary = Message::binary(b"2\t1\tx".to_vec());
    bounded(ann.client.ws.send(binary)).await.unwrap();
    ann.quiet().await;
    bob.quiet().await;
    let counted = site.server.counters().malformed - before;
    assert_eq!(counted, malformed.len() as u64 + 1);
}

#[tokio::test]
async fn no_field_breaks_out_of_its_place() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.settle().await;
    ann.say("a\u{c}b\u{0}c\r\nd<b>&lt;\u{1b}e").await;
    ann.say("tab\tinside").await;
    ann.say(&"<".repeat(6000)).await;
    bob.hears("2\tT\t1\ta b c <br/> d&lt;b&gt;&lt; e\t1\t10010")
        .await;
    bob.hears("2\tT\t1\ttab\t2\t10010").await;
    bob.hears(&format!("2\tT\t1\t{}\t3\t10010", "&lt;".repeat(5000)))
        .await;
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let site = Site::start().await;
    let (_, token) = account(&site, "ann").await;
    let mut client = open(&site).await;
    client.send("0\t1").await;
    client.send("2\t1\thello").await;
    client.send("nonsense").await;
    client.send(format!("1\tBearer\t{token}")).await;
    assert!(client.text().await.starts_with("1\ty\t1\t"));

    let mut silent = open(&site).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(silent.text().await, "1\tn\tauthfail");
    assert_eq!(silent.close_code().await, Some(1000));
}

#[tokio::test]
async fn many_signed_out_sockets_of_one_address() {
    let site = Site::start().await;
    let mut open_ones = Vec::new();
    for _ in 0..64 {
        open_ones.push(open(&site).await);
    }
    let refused = crate::common::Client::connect(site.addr(), "/sockchat", &[]).await;
    assert!(refused.is_err());
    open_ones.clear();
    let clients = site.server.clients();
    until(|| *clients.borrow() == 0).await;
}
