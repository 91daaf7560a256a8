//! The same people and messages on all four networks.

use serde_json::{Value, json};

use crate::client::{account, join, oshi};
use crate::common::{Client, Site};

/// A packet of rim's user 1.
fn rim_packet(event: &str, fields: &Value) -> String {
    let mut body = json!({ "kind": "Text", "uid": 1, "gid": 1, "clientMsgId": "c", "content": "" });
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    json!({ "event": event, "body": body }).to_string()
}

#[tokio::test]
async fn four_people_in_the_lobby() {
    let site = Site::start().await;
    // User 1 on rim, user 2 on Oshi, user 3 on Sock Chat, a guest on wschat.
    let (_, token) = account(&site, "rita").await;
    account(&site, "olga").await;
    let mut rita = Client::connect(site.addr(), "/rim/ws", &[]).await.unwrap();
    rita.send(rim_packet("Login", &json!({ "content": token })))
        .await;
    rita.json().await;
    let mut olga = oshi(&site, "olga").await;
    let mut sock = join(&site, "sam").await;
    let mut guest = site.client().await;
    olga.settle().await;
    sock.settle().await;

    guest.say("gus <b>", "from [wschat]").await;
    assert_eq!(guest.msg().await, "from [wschat]");
    assert_eq!(rita.json().await["body"]["content"], "from [wschat]");
    assert_eq!(olga.event("msg").await["text"], "from [wschat]");
    // Guests are announced, and their names and brackets are only text.
    sock.settle_to("5\t0\t4\tgus_&lt;b&gt;\tinherit\t0|0|0|0|0\tN")
        .await;
    sock.hears("2\tT\t4\tfrom [wschat]\t1\t10010").await;

    rita.send(rim_packet("Msg", &json!({ "content": "from rim" })))
        .await;
    rita.json().await;
    assert_eq!(guest.json().await["msg"], "from rim");
    assert_eq!(olga.event("msg").await["text"], "from rim");
    sock.settle_to("2\tT\t1\tfrom rim\t2\t10010").await;

    olga.ask(json!({ "op": "pub", "stream": "s1", "text": "from Oshi\n<i>" }))
        .await;
    olga.event("msg").await;
    assert_eq!(guest.json().await["msg"], "from Oshi\n<i>");
    assert_eq!(rita.json().await["body"]["content"], "from Oshi\n<i>");
    sock.settle_to("2\tT\t2\tfrom Oshi <br/> &lt;i&gt;\t3\t10010")
        .await;

    sock.say("[b]from[/b] Sock Chat").await;
    sock.hears("2\tT\t3\t[b]from[/b] Sock Chat\t4\t10010").await;
    let heard = guest.json().await;
    assert_eq!(
        (&heard["usr"], &heard["msg"]),
        (&json!("sam"), &json!("from Sock Chat"))
    );
    assert_eq!(rita.json().await["body"]["content"], "from Sock Chat");
    assert_eq!(olga.event("msg").await["text"], "from Sock Chat");

    sock.say("/me [i]waves[/i]").await;
    sock.hears("2\tT\t3\t<i>[i]waves[/i]</i>\t5\t11000").await;
    assert_eq!(guest.msg().await, "* sam waves");
    assert_eq!(rita.json().await["body"]["content"], "* sam waves");
    assert_eq!(olga.event("msg").await["text"], "* sam waves");
    sock.quiet().await;

    // Whoever comes later is shown it as it was said.
    let late = join(&site, "lena").await;
    let backlog: Vec<&String> = late
        .first
        .iter()
        .filter(|packet| packet.starts_with("7\t1"))
        .collect();
    let tail = |at: usize| {
        let fields: Vec<&str> = backlog[at].split('\t').collect();
        fields[4..].join("\t").replace('\u{c}', "|")
    };
    assert_eq!(
        tail(0),
        "gus_&lt;b&gt;\tinherit\t0|0|0|0|0\tfrom [wschat]\t1\t0\t10010"
    );
    assert_eq!(
        tail(3),
        "sam\tinherit\t1|0|0|1|1\t[b]from[/b] Sock Chat\t4\t0\t10010"
    );
    assert_eq!(
        tail(4),
        "sam\tinherit\t1|0|0|1|1\t<i>[i]waves[/i]</i>\t5\t0\t11000"
    );
}
