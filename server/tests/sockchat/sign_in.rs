//! Who is let in, how, and what they are told then.

use crate::client::{PASSWORD, account, join, open, resume};
use crate::common::Site;

#[tokio::test]
async fn the_packets_of_a_sign_in() {
    let site = Site::start().await;
    let ann = join(&site, "ann").await;
    assert_eq!(
        ann.first,
        [
            "1\ty\t1\tann\tinherit\t1\u{c}0\u{c}0\u{c}1\u{c}1\tlobby\t5000",
            "7\t0\t0",
            "7\t2\t1\tlobby\t0\t0",
        ]
    );
    let bob = join(&site, "bob").await;
    assert_eq!(
        bob.first[..2],
        [
            "1\ty\t2\tbob\tinherit\t1\u{c}0\u{c}0\u{c}1\u{c}1\tlobby\t5000",
            "7\t0\t1\t1\tann\tinherit\t1\u{c}0\u{c}0\u{c}1\u{c}1\t1",
        ]
    );
}

#[tokio::test]
async fn all_forms_of_signing_in() {
    let site = Site::start().await;
    let (id, token) = account(&site, "ann").await;
    for form in [
        format!("1\t{id}\t{token}"),
        format!("1\tBearer\t{token}"),
        format!("1\tMisuzu\t{token}"),
        format!("1\tkaiwa\t{token}\textra"),
        format!("1\tPassword\tANN\t{PASSWORD}"),
    ] {
        let mut client = open(&site).await;
        client.send(form).await;
        let answer = client.text().await;
        assert!(answer.starts_with("1\ty\t1\tann\t"), "{answer}");
    }
    for form in [
        format!("1\t2\t{token}"),
        format!("1\tBasic\t{token}"),
        format!("1\t{token}"),
        "1".to_owned(),
        "1\tBearer\t".to_owned(),
        format!("1\tPassword\tann\t{PASSWORD}x"),
        "1\tPassword\tnobody".to_owned(),
        format!("1\t99999999999999999999\t{token}"),
    ] {
        let mut client = open(&site).await;
        client.send(form.clone()).await;
        assert_eq!(client.text().await, "1\tn\tauthfail", "{form}");
        assert_eq!(client.close_code().await, Some(1000));
    }
}

#[tokio::test]
async fn five_sessions_and_no_more() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut more = Vec::new();
    for _ in 0..4 {
        more.push(resume(&site, "ann", &ann.token).await);
        ann.hears("10\t1\tann\tinherit\t1|0|0|1|1").await;
    }
    let mut sixth = open(&site).await;
    sixth.send(format!("1\tBearer\t{}", ann.token)).await;
    assert_eq!(sixth.text().await, "1\tn\tsockfail");
    assert_eq!(sixth.close_code().await, Some(1000));
    ann.quiet().await;
}
