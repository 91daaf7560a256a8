//! People of other networks: when they are shown, and as whom.

use serde_json::json;

use crate::client::{account, join, oshi, resume};
use crate::common::Site;

#[tokio::test]
async fn who_is_online_elsewhere_is_shown() {
    let site = Site::start().await;
    let (_, token) = account(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let ann_online = "5\t0\t1\tann\tinherit\t1|0|0|1|1\tN";
    let mut ann = oshi(&site, "ann").await;
    bob.hears(ann_online).await;
    let mut eve = join(&site, "eve").await;
    assert_eq!(
        eve.first[1].replace('\u{c}', "|"),
        "7\t0\t2\t2\tbob\tinherit\t1|0|0|1|1\t1\t1\tann\tinherit\t1|0|0|1|1\t1"
    );
    bob.settle().await;
    // They are called otherwise.
    ann.ask(json!({ "op": "user.set", "display": "Ann B" }))
        .await;
    for person in [&mut bob, &mut eve] {
        person.hears("10\t1\tAnn_B\tinherit\t1|0|0|1|1").await;
    }
    // On Sock Chat too, and somewhere else: they are shown where they are there.
    let mut sock = resume(&site, "ann", &token).await;
    bob.hears_all(&["5\t1\t1\tN", "1\tT\t1\tAnn_B\tinherit\t1|0|0|1|1\tN"])
        .await;
    sock.say("/create Tea").await;
    bob.hears_all(&["4\t0\tTea\t0\t1", "5\t1\t1\tN"]).await;
    // Unless they speak.
    ann.ask(json!({ "op": "pub", "stream": "s1", "text": "hi" }))
        .await;
    bob.hears_all(&[
        "5\t0\t1\tAnn_B\tinherit\t1|0|0|1|1\tN",
        "2\tT\t1\thi\t1\t10010",
    ])
    .await;
    ann.ask(json!({ "op": "pub", "stream": "s1", "text": "ho" }))
        .await;
    bob.hears("2\tT\t1\tho\t2\t10010").await;
    drop(sock);
    bob.hears("4\t2\tTea").await;
    drop(ann);
    bob.hears("5\t1\t1\tN").await;
    bob.quiet().await;
}

#[tokio::test]
async fn who_leaves_sock_chat_may_stay_online() {
    let site = Site::start().await;
    let mut bob = join(&site, "bob").await;
    let ann = join(&site, "ann").await;
    let online = oshi(&site, "ann").await;
    bob.hears("1\tT\t2\tann\tinherit\t1|0|0|1|1\tN").await;
    drop(ann);
    bob.hears_all(&[
        "3\t2\tann\tleave\tT\tN",
        "5\t0\t2\tann\tinherit\t1|0|0|1|1\tN",
    ])
    .await;
    drop(online);
    bob.hears("5\t1\t2\tN").await;
    bob.quiet().await;
}

#[tokio::test]
async fn guests_are_announced_and_bounded() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut guest = site.client().await;
    for name in ["gus", "ann", "a b\tc\nd"] {
        guest.say(name, "hi").await;
        guest.msg().await;
    }
    guest.send(r#"{"msg":"nameless"}"#).await;
    let perms = "inherit\t0|0|0|0|0\tN";
    ann.hears_all(&[
        &format!("5\t0\t2\tgus\t{perms}"),
        "2\tT\t2\thi\t1\t10010",
        &format!("5\t0\t3\tann_(guest)\t{perms}"),
        "2\tT\t3\thi\t2\t10010",
        &format!("5\t0\t4\ta_bcd\t{perms}"),
        "2\tT\t4\thi\t3\t10010",
        &format!("5\t0\t0\tguest\t{perms}"),
        "2\tT\t0\tnameless\t4\t10010",
    ])
    .await;
    for number in 0..200 {
        guest.say(&format!("guest{number}"), "hi").await;
        guest.msg().await;
    }
    let packets = ann.settle().await;
    let gone: Vec<&String> = packets
        .iter()
        .filter(|packet| packet.starts_with("5\t1"))
        .collect();
    assert_eq!(
        gone,
        ["5\t1\t2\tN", "5\t1\t3\tN", "5\t1\t4\tN", "5\t1\t0\tN"]
    );
    let bob = join(&site, "bob").await;
    assert!(bob.first[1].starts_with("7\t0\t201\t"));
}

#[tokio::test]
async fn two_of_one_name() {
    let site = Site::start().await;
    let mut one = join(&site, "one").await;
    let (_, token) = account(&site, "two").await;
    let mut other = oshi(&site, "two").await;
    other
        .ask(json!({ "op": "user.set", "display": "ONE" }))
        .await;
    drop(other);
    one.settle().await;
    let mut two = resume(&site, "two", &token).await;
    assert!(
        two.first[0].starts_with("1\ty\t2\tONE_2\t"),
        "{:?}",
        two.first
    );
    one.settle().await;
    one.say("/msg one_2 hi").await;
    one.hears("2\tT\t1\tONE_2 hi\t1\t10011").await;
    two.hears("2\tT\t1\thi\t1\t10011").await;
}

#[tokio::test]
async fn whoever_comes_to_an_empty_lobby_is_shown_who_is_online() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let (_, token) = account(&site, "olga").await;
    ann.say("/create Tea").await;
    ann.settle().await;
    bob.say("/join Tea").await;
    bob.settle().await;
    let olga = oshi(&site, "olga").await;
    let online = "3\tolga\tinherit\t1|0|0|1|1\t1";
    // With the channel's guest, who comes along, and alone.
    ann.say("/join lobby").await;
    ann.settle_to("8\t3").await;
    ann.hears(&format!("7\t0\t1\t{online}")).await;
    bob.settle_to("8\t3").await;
    bob.hears(&format!("7\t0\t2\t1\tann\tinherit\t1|0|0|1|1\t1\t{online}"))
        .await;
    ann.say("/create Tea").await;
    ann.settle().await;
    bob.say("/join Tea").await;
    bob.settle().await;
    ann.say("/create Mugs").await;
    bob.settle_to("8\t3").await;
    bob.hears(&format!("7\t0\t1\t{online}")).await;
    // On both networks somebody is shown once.
    bob.settle().await;
    let _sock = resume(&site, "olga", &token).await;
    bob.hears_all(&["5\t1\t3\tN", "1\tT\t3\tolga\tinherit\t1|0|0|1|1\tN"])
        .await;
    drop(olga);
    bob.quiet().await;
}
