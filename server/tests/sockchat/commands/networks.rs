//! What commands do to people of other networks, and what these see of it.

use serde_json::json;

use super::rim_client::{Rest, person};
use super::{elsewhere, notice, people, settle, site};

#[tokio::test]
async fn what_is_deleted_is_gone_everywhere() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    let dan = person(&site, "dan").await;
    dan.change(1, &[dan.uid], 1).await.data();
    let mut live = dan.live(&site).await;
    settle(&mut [&mut op, &mut ann]).await;
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
        ann.settle_to(&format!("6\t{id}")).await;
    }
    assert_eq!(dan.history(1, 1, 10).await, ["", "", ""]);
    live.quiet().await;
}

#[tokio::test]
async fn silence_and_bans_hold_on_all_networks() {
    let site = site().await;
    let [mut op] = people(&site, ["op"]).await;
    let dan = person(&site, "dan").await;
    dan.change(1, &[dan.uid], 1).await.data();
    let mut live = dan.live(&site).await;
    live.say(1, "hello").await;
    op.settle().await;
    // As they are shown here.
    op.say("/silence Name_of_dan").await;
    op.told("0|silok|Name_of_dan").await;
    live.send("Msg", json!({ "gid": 1, "content": "quiet" }))
        .await;
    // rim does not tell refusals.
    live.quiet().await;
    op.quiet().await;
    let mut guest = site.client().await;
    guest.say("gus", "others speak").await;
    guest.msg().await;
    assert!(op.settle().await.last().unwrap().contains("others speak"));
    op.say("/unsilence dan").await;
    op.told("0|usilok|Name_of_dan").await;
    live.heard().await;
    live.say(1, "loud").await;
    assert!(op.settle().await.last().unwrap().contains("loud"));

    op.say("/ban dan").await;
    op.told("0|kick|Name_of_dan").await;
    live.client.close_code().await;
    let login = json!({ "account": "dan", "password": super::rim_client::PASSWORD });
    Rest::new(&site).post("/user/login", login).await.failure();
    op.hears("5\t1\t2\tN").await;
}

#[tokio::test]
async fn whoever_puts_somebody_out_of_another_room_is_told_so() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    let mut eve = elsewhere(&site, "eve", &mut [&mut op, &mut ann, &mut bob]).await;
    op.say("/create Tea").await;
    op.settle_to(&notice("0|crchan|Tea")).await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    op.say("/kick bob").await;
    op.told("0|kick|bob").await;
    ann.hears("3\t3\tbob\tkick\tT\tN").await;
    let mut gone = eve.event("presence").await;
    while gone["online"] != false {
        gone = eve.event("presence").await;
    }
    assert_eq!(gone["user"], "u3");
}

#[tokio::test]
async fn who_is_in_a_channel_is_not_told_to_who_is_not() {
    let site = site().await;
    let [mut op] = people(&site, ["op"]).await;
    let dan = person(&site, "dan").await;
    op.say("/create 5 Staff").await;
    op.settle().await;
    let get = async |token: &str, room: i64| {
        let path = format!("/rim/api/group/user/get?gid={room}");
        let addr = site.addr();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let answer = crate::common::raw(addr, request.as_bytes()).await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        body["data"].as_array().unwrap().len()
    };
    let database = site.dir.path().join("data").join("kaiwa.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    let staff: i64 = connection
        .query_row("SELECT id FROM rooms WHERE name = 'Staff'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(get(&op.token, staff).await, 1);
    assert_eq!(get(&dan.token, staff).await, 0);
}
