//! Who is let in, how, and what they are told then.

use serde_json::json;

use crate::client::{PASSWORD, account, join, open, resume, rim};
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

#[tokio::test]
async fn whoever_is_banned_is_told_until_when() {
    let site = Site::with(|config| config.operators = vec!["op".to_owned()]).await;
    let mut op = join(&site, "op").await;
    let (id, token) = account(&site, "bob").await;
    op.say("/kick bob 3600").await;
    op.settle().await;
    let answer = async |form: String| {
        let mut client = open(&site).await;
        client.send(form).await;
        let answer = client.text().await;
        assert_eq!(client.close_code().await, Some(1000));
        answer
    };
    let until = answer(format!("1\t{id}\t{token}")).await;
    let end: i64 = until
        .strip_prefix("1\tn\tjoinfail\t")
        .unwrap()
        .parse()
        .unwrap();
    assert!(end > 1_577_836_800);
    let by_password = answer(format!("1\tPassword\tbob\t{PASSWORD}")).await;
    assert_eq!(by_password, until);
    let wrong = answer(format!("1\tPassword\tbob\t{PASSWORD}x")).await;
    assert_eq!(wrong, "1\tn\tauthfail");
    op.say("/ban bob").await;
    op.settle().await;
    let for_ever = answer(format!("1\tBearer\t{token}")).await;
    assert_eq!(for_ever, "1\tn\tjoinfail\t-1");
    op.quiet().await;
}

#[tokio::test]
async fn a_further_packet_1_is_ignored() {
    let site = Site::start().await;
    let (_, other) = account(&site, "other").await;
    let mut ann = join(&site, "ann").await;
    ann.send(&format!("1\tBearer\t{other}")).await;
    ann.say("still me").await;
    ann.hears("2\tT\t2\tstill me\t1\t10010").await;
    // Two at once on one connection: the first one counts.
    let mut client = open(&site).await;
    client.send(format!("1\tBearer\t{other}")).await;
    client.send(format!("1\tBearer\t{}", ann.token)).await;
    assert!(client.text().await.starts_with("1\ty\t1\t"));
    ann.hears("1\tT\t1\tother\tinherit\t1|0|0|1|1\tN").await;
    ann.quiet().await;
}

#[tokio::test]
async fn names_cannot_be_taken_for_anything_else() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let name = "<b>& \"x\"'";
    let person = json!({ "name": name, "avatar": "", "account": "eve", "password": PASSWORD });
    rim(&site, "/user/create", "", &person).await;
    let mut client = open(&site).await;
    client.send(format!("1\tPassword\teve\t{PASSWORD}")).await;
    let shown = "&lt;b&gt;&amp;_&quot;x&quot;&#39;";
    assert!(
        client
            .text()
            .await
            .starts_with(&format!("1\ty\t2\t{shown}\tinherit\t"))
    );
    ann.hears(&format!("1\tT\t2\t{shown}\tinherit\t1|0|0|1|1\tN"))
        .await;
}
