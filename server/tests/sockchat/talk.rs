//! What is said and heard.

use serde_json::json;

use crate::client::{join, oshi};
use crate::common::Site;

#[tokio::test]
async fn a_message_said_and_heard() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.hears("1\tT\t2\tbob\tinherit\t1|0|0|1|1\tN").await;
    ann.say("hello").await;
    for person in [&mut ann, &mut bob] {
        person.hears("2\tT\t1\thello\t1\t10010").await;
    }
    ann.send("0\t1").await;
    ann.hears("0\tpong").await;
    bob.quiet().await;
    let _ = bob.client.ws.close(None).await;
    ann.hears("3\t2\tbob\tleave\tT\tN").await;
}

#[tokio::test]
async fn what_other_networks_say_is_only_text() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut guest = site.client().await;
    // Markup that does not say what the text says is nobody's.
    let faked = json!({ "usr": "gus", "msg": "hello", "bbcode": "[b]bye[/b]", "action": false });
    guest.send(faked.to_string()).await;
    let faked = json!({ "usr": "gus", "msg": "[b]hi[/b]", "bbcode": "x", "action": true });
    guest.send(faked.to_string()).await;
    ann.next().await;
    ann.hears("2\tT\t2\thello\t1\t10010").await;
    ann.hears("2\tT\t2\t[\u{2060}b]hi[\u{2060}/b]\t2\t10010")
        .await;
}

#[tokio::test]
async fn an_edited_message_has_its_new_text() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    ann.say("[b]old[/b]").await;
    ann.settle().await;
    let mut ann_oshi = oshi(&site, "ann").await;
    let edit = json!({ "op": "edit", "stream": "s1", "seq": 1, "text": "new" });
    ann_oshi.ask(edit).await;
    ann.quiet().await;
    let bob = join(&site, "bob").await;
    assert!(
        bob.first[2].contains("\tnew\t1\t0\t10010"),
        "{:?}",
        bob.first
    );
}

#[tokio::test]
async fn the_newest_twenty() {
    let site = Site::with(|config| config.operators = vec!["ann".to_owned()]).await;
    let mut ann = join(&site, "ann").await;
    for number in 1..=25 {
        ann.say(&format!("message {number}")).await;
    }
    ann.settle().await;
    let bob = join(&site, "bob").await;
    let backlog: Vec<&String> = bob
        .first
        .iter()
        .filter(|packet| packet.starts_with("7\t1\t"))
        .collect();
    assert_eq!(backlog.len(), 20);
    assert!(backlog[0].contains("\tmessage 6\t6\t"));
    assert!(backlog[19].contains("\tmessage 25\t25\t"));
}

#[tokio::test]
async fn away_until_the_next_message() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.settle().await;
    ann.say("/afk tea").await;
    let away = "10\t1\t&lt;TEA&gt;_ann\tinherit\t1|0|0|1|1";
    for person in [&mut ann, &mut bob] {
        person.hears(away).await;
    }
    ann.say("back").await;
    for person in [&mut ann, &mut bob] {
        person
            .hears_all(&["10\t1\tann\tinherit\t1|0|0|1|1", "2\tT\t1\tback\t1\t10010"])
            .await;
    }
}

#[tokio::test]
async fn where_the_lobby_takes_a_token() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret").unwrap();
    let path = secret.path().to_owned();
    let site = Site::with(|config| config.jwt_secret_file = Some(path)).await;
    let mut ann = join(&site, "ann").await;
    assert!(ann.first[0].ends_with("\tlobby\t5000"));
    ann.say("x").await;
    ann.say("/me x").await;
    ann.quiet().await;
    ann.say("/create Tea").await;
    ann.settle().await;
    ann.say("here").await;
    ann.hears("2\tT\t1\there\t1\t10010").await;
}

#[tokio::test]
async fn who_takes_nothing_is_sent_away() {
    let site = Site::with(|config| {
        config.operators = vec!["ann".to_owned()];
        config.queue_bytes = 64 * 1024;
    })
    .await;
    let mut ann = join(&site, "ann").await;
    let slow = join(&site, "slow").await;
    let text = "\u{1f600}".repeat(5000);
    let counters = || site.server.counters().slow;
    while counters() == 0 {
        ann.say(&text).await;
        ann.settle().await;
    }
    drop(slow);
    ann.say("still here").await;
    assert!(!ann.settle().await.is_empty());
}
