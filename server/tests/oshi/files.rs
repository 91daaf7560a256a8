//! Files that go along with what is said: here, and on networks that know none.

use serde_json::{Value, json};

use crate::client::{Person, register};
use crate::common::{Client, Site, raw};

async fn upload(site: &Site, person: &Person, name: &str) -> Value {
    let addr = site.addr();
    let request = format!(
        "POST /oshi/files?name={name} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nbytes",
        person.token
    );
    let answer = raw(addr, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn files_go_along_and_others_see_where_they_lie() {
    let site = Site::with(|config| {
        config.public_url = Some("https://chat.example/".to_owned());
        config.log_dir = Some(config.data_dir.with_file_name("log"));
    })
    .await;
    let mut guest = site.client().await;
    let mut ann = register(&site, "ann").await;
    let mut eve = register(&site, "eve").await;
    ann.settle().await;
    let one = upload(&site, &ann, "a%20note.txt").await;
    let two = upload(&site, &ann, "b").await;
    let said = |text: &str, files: Value| json!({ "stream": "s1", "text": text, "files": files });
    for files in [json!([one["id"]]), json!([two, "f99"]), json!(["x"])] {
        assert_eq!(eve.fails("pub", said("mine", files)).await, "not_found");
    }
    let many = vec![one["id"].clone(); 11];
    assert_eq!(ann.fails("pub", said("x", json!(many))).await, "too_long");

    let both = said("look", json!([one, two["id"]]));
    let answer = ann.ok("pub", both).await;
    assert_eq!(answer["seq"], 1);
    let files = json!([one, two]);
    for person in [&mut ann, &mut eve] {
        let heard = person.event().await;
        assert_eq!((&heard["files"], &heard["text"]), (&files, &json!("look")));
    }
    let page = eve.ok("history", json!({ "stream": "s1" })).await;
    assert_eq!(page["messages"][0]["files"], files);
    let line = |file: &Value| {
        let text = |field: &str| file[field].as_str().unwrap().to_owned();
        format!("{}: https://chat.example{}", text("name"), text("url"))
    };
    let shown = format!("look\n{}\n{}", line(&one), line(&two));
    assert_eq!(guest.msg().await, shown);
    ann.ok("pub", said("", json!([two["id"]]))).await;
    assert_eq!(guest.msg().await, line(&two));

    let mut rim = Client::connect(site.addr(), "/rim/ws", &[]).await.unwrap();
    let login = json!({ "event": "Login", "body": {
        "kind": "Text", "uid": 2, "clientMsgId": "c", "content": eve.token,
    } });
    rim.send(login.to_string()).await;
    rim.json().await;
    ann.ok("pub", said("again", json!([two["id"]]))).await;
    let expected = format!("again\n{}", line(&two));
    assert_eq!(rim.json().await["body"]["content"], expected);
    assert_eq!(guest.msg().await, expected);
    let body = json!({ "gid": 1, "uid": 2, "page": 1, "size": 1 }).to_string();
    let request = format!(
        "POST /rim/api/message/history HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        site.addr(),
        eve.token,
        body.len()
    );
    let answer = raw(site.addr(), request.as_bytes()).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let history: Value = serde_json::from_str(body).unwrap();
    assert_eq!(history["data"][0]["msg"]["content"], expected);

    // They go with the message.
    ann.ok("delete", json!({ "stream": "s1", "seq": 1 })).await;
    let page = eve.ok("history", json!({ "stream": "s1" })).await;
    assert_eq!(page["messages"][0]["files"], json!([]));
    let dir = site.shutdown().await;
    let log = dir.path().join("log");
    let day = std::fs::read_dir(log).unwrap().next().unwrap().unwrap();
    let lines = std::fs::read_to_string(day.path()).unwrap();
    assert!(
        lines.contains("https://chat.example/oshi/files/"),
        "{lines}"
    );
}
