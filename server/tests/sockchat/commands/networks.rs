//! What commands do to people of other networks, and what these see of it.

use serde_json::json;

use super::rim::{Rest, person};
use super::{Oshi, notice, people, site};
use crate::client::account;

#[tokio::test]
async fn what_is_deleted_is_gone_everywhere() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    let dan = person(&site, "dan").await;
    let mut live = dan.live(&site).await;
    let mut guest = site.client().await;
    let of_ann = ann.says("[b]hello[/b]").await;
    let heard = live.heard().await;
    assert_eq!(heard["content"], "hello");
    assert_eq!(guest.msg().await, "hello");
    let of_dan = live.say(1, "from rim").await;
    assert_eq!(guest.msg().await, "from rim");
    guest.say("gus", "from wschat").await;
    live.heard().await;
    let before = op.settle().await;
    let of_guest = before.last().unwrap().split('\t').nth(4).unwrap();
    assert!(before.last().unwrap().contains("from wschat"), "{before:?}");
    assert_eq!(dan.history(1, 1, 10).await.len(), 3);
    for id in [&*of_ann, &of_dan.to_string(), of_guest] {
        op.say(&format!("/delmsg {id}")).await;
        op.hears(&format!("6\t{id}")).await;
        ann.until(&format!("6\t{id}")).await;
    }
    assert!(dan.history(1, 1, 10).await.is_empty());
    live.quiet().await;
}

#[tokio::test]
async fn silence_and_bans_hold_on_all_networks() {
    let site = site().await;
    let [mut op] = people(&site, ["op"]).await;
    let dan = person(&site, "dan").await;
    let mut live = dan.live(&site).await;
    live.say(1, "hello").await;
    op.settle().await;
    // As they are shown here.
    op.say("/silence Name_of_dan").await;
    op.told("0|silok|Name_of_dan").await;
    let id = live
        .send("Msg", json!({ "gid": 1, "content": "quiet" }))
        .await;
    let refused = live.client.json().await;
    assert_eq!(refused["clientMsgId"], id);
    assert_ne!(refused["content"], "Ok", "{refused}");
    op.quiet().await;
    let mut guest = site.client().await;
    guest.say("gus", "others speak").await;
    assert!(op.settle().await.last().unwrap().contains("others speak"));
    op.say("/unsilence dan").await;
    op.told("0|usilok|Name_of_dan").await;
    live.heard().await;
    live.say(1, "loud").await;
    assert!(op.settle().await.last().unwrap().contains("loud"));

    op.say("/ban dan").await;
    op.told("0|kick|Name_of_dan").await;
    live.client.close_code().await;
    let login = json!({ "account": "dan", "password": super::rim::PASSWORD });
    Rest::new(&site).post("/user/login", login).await.failure();
    op.quiet().await;
}

#[tokio::test]
async fn whoever_puts_somebody_out_of_another_room_is_told_so() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    account(&site, "eve").await;
    let mut eve = Oshi::sign_in(&site, "eve").await;
    op.say("/create Tea").await;
    op.until(&notice("0|crchan|Tea")).await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    op.say("/kick bob").await;
    op.told("0|kick|bob").await;
    ann.hears("3\t3\tbob\tkick\tT\tN").await;
    let mut gone = eve.until("presence").await;
    while gone["online"] != false {
        gone = eve.until("presence").await;
    }
    assert_eq!(gone["user"], "u3");
}
