//! Private messages, both ways, and whoever is not shown where one is.

use serde_json::json;

use crate::client::{account, join, oshi, resume};
use crate::common::Site;

#[tokio::test]
async fn to_somebody_in_the_same_channel() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let mut eve = join(&site, "eve").await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    ann.say("/msg bob hi [b]there[/b]").await;
    ann.hears("2\tT\t1\tbob hi [b]there[/b]\t1\t10011").await;
    bob.hears("2\tT\t1\thi [b]there[/b]\t1\t10011").await;
    bob.say("/msg ANN back").await;
    bob.hears("2\tT\t2\tann back\t2\t10011").await;
    ann.hears("2\tT\t2\tback\t2\t10011").await;
    eve.quiet().await;
}

#[tokio::test]
async fn whoever_is_elsewhere_is_announced() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.say("/create Tea").await;
    ann.settle().await;
    bob.settle().await;
    bob.say("/msg ann psst").await;
    bob.hears("2\tT\t2\tann psst\t1\t10011").await;
    ann.hears_all(&[
        "5\t0\t2\tbob\tinherit\t1|0|0|1|1\tN",
        "2\tT\t2\tpsst\t1\t10011",
        "5\t1\t2\tN",
    ])
    .await;
}

#[tokio::test]
async fn talks_of_other_networks() {
    let site = Site::start().await;
    let (_, token) = account(&site, "bob").await;
    let mut oshi = oshi(&site, "bob").await;
    let mut ann = join(&site, "ann").await;
    oshi.settle().await;
    let told = oshi
        .ask(json!({ "op": "dm", "to": "ann", "text": "hi" }))
        .await;
    ann.settle_to("2\tT\t1\thi\t1\t10011").await;
    ann.settle().await;
    ann.say("/msg bob hello").await;
    ann.hears("2\tT\t2\tbob hello\t2\t10011").await;
    let heard = oshi.event("msg").await;
    assert_eq!(
        (&heard["text"], &heard["stream"]),
        (&json!("hi"), &told["stream"])
    );
    let heard = oshi.event("msg").await;
    assert_eq!(
        (&heard["text"], &heard["stream"]),
        (&json!("hello"), &told["stream"])
    );

    // What one says on one network, one's sessions on the other see.
    let mut bob = resume(&site, "bob", &token).await;
    oshi.ask(json!({ "op": "dm", "to": "ann", "text": "again" }))
        .await;
    bob.hears("2\tT\t1\tann again\t3\t10011").await;
    let deleted = json!({ "op": "delete", "stream": told["stream"], "seq": 3 });
    oshi.ask(deleted).await;
    bob.hears("6\t3").await;
    ann.settle_to("6\t3").await;
}
