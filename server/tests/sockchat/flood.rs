//! Who sends too much.

use crate::client::{join, open, resume};
use crate::common::Site;

#[tokio::test]
async fn thirty_packets_at_once() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.settle().await;
    for _ in 0..31 {
        bob.send("0\t2").await;
    }
    // To have signed in counts as one.
    for _ in 0..23 {
        bob.hears("0\tpong").await;
    }
    for _ in 25..30 {
        bob.hears("2\tT\t-1\t0|flwarn\tN\t10010").await;
        bob.hears("0\tpong").await;
    }
    let removed = bob.packet().await;
    assert_eq!(removed.text, "9\t1\tT");
    assert_eq!(bob.end().await, Some(1000));
    ann.hears("3\t2\tbob\tflood\tT\tN").await;
    ann.quiet().await;

    let mut client = open(&site).await;
    client.send(format!("1\tBearer\t{}", bob.token)).await;
    let refused = client.text().await;
    assert_eq!(refused, format!("1\tn\tjoinfail\t{}", removed.fields[2]));
    assert_eq!(client.close_code().await, Some(1000));
}

#[tokio::test]
async fn an_operator_may_send_what_they_like() {
    let site = Site::with(|config| config.operators = vec!["Ann".to_owned()]).await;
    let mut ann = join(&site, "ann").await;
    assert!(ann.first[0].contains("\t10\u{c}1\u{c}1\u{c}1\u{c}2\t"));
    for _ in 0..100 {
        ann.send("nonsense").await;
    }
    ann.quiet().await;
}

#[tokio::test]
async fn whoever_comes_again_goes_on_where_they_were() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let token = bob.token.clone();
    for _ in 0..23 {
        bob.send("0\t2").await;
        bob.hears("0\tpong").await;
    }
    drop(bob);
    ann.settle_to("3\t2\tbob\tleave\tT\tN").await;
    let mut bob = resume(&site, "bob", &token).await;
    for _ in 26..30 {
        bob.send("0\t2").await;
        bob.hears("2\tT\t-1\t0|flwarn\tN\t10010").await;
        bob.hears("0\tpong").await;
    }
    drop(bob);
    ann.settle_to("3\t2\tbob\tleave\tT\tN").await;
    let mut client = open(&site).await;
    client.send(format!("1\tBearer\t{token}")).await;
    let refused = client.text().await;
    assert!(refused.starts_with("1\tn\tjoinfail\t"), "{refused}");
    assert_eq!(client.close_code().await, Some(1000));
    ann.quiet().await;
}
