//! Going from channel to channel: who is told what, in which order.

use serde_json::json;

use crate::client::{account, join, oshi, resume, rim};
use crate::common::Site;

#[tokio::test]
async fn the_packets_of_a_switch() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let mut eve = join(&site, "eve").await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    ann.say("/create Tea").await;
    ann.hears_all(&[
        "4\t0\tTea\t0\t1",
        "5\t1\t1\tN",
        "8\t3",
        "7\t0\t0",
        "5\t2\tTea",
        "2\tT\t-1\t0|crchan|Tea\tN\t10010",
    ])
    .await;
    for person in [&mut bob, &mut eve] {
        person.hears_all(&["4\t0\tTea\t0\t1", "5\t1\t1\tN"]).await;
    }
    ann.say("only me").await;
    ann.hears("2\tT\t1\tonly me\t1\t10010").await;
    bob.say("/join tea").await;
    bob.hears_all(&[
        "5\t1\t2\tN",
        "8\t3",
        "7\t0\t1\t1\tann\tinherit\t1|0|0|1|1\t1",
        "7\t1\tT\t1\tann\tinherit\t1|0|0|1|1\tonly me\t1\t0\t10010",
        "5\t2\tTea",
    ])
    .await;
    ann.hears("5\t0\t2\tbob\tinherit\t1|0|0|1|1\tN").await;
    eve.hears("5\t1\t2\tN").await;
    bob.say("in tea").await;
    for person in [&mut ann, &mut bob] {
        person.hears("2\tT\t2\tin tea\t2\t10010").await;
    }
    eve.say("in the lobby").await;
    eve.hears("2\tT\t3\tin the lobby\t3\t10010").await;
    ann.quiet().await;
    bob.quiet().await;
}

#[tokio::test]
async fn a_temporary_channel_goes_with_its_owner() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    bob.say("before").await;
    ann.say("/create Tea").await;
    bob.settle().await;
    bob.say("/join Tea").await;
    bob.settle().await;
    ann.settle().await;
    ann.say("/join lobby").await;
    ann.hears_all(&[
        "5\t1\t1\tN",
        "8\t3",
        "7\t0\t0",
        "7\t1\tT\t2\tbob\tinherit\t1|0|0|1|1\tbefore\t1\t0\t10010",
        "5\t2\tlobby",
        "5\t0\t2\tbob\tinherit\t1|0|0|1|1\tN",
        "4\t2\tTea",
    ])
    .await;
    bob.hears_all(&[
        "5\t1\t1\tN",
        "5\t1\t2\tN",
        "8\t3",
        "7\t0\t1\t1\tann\tinherit\t1|0|0|1|1\t1",
        "7\t1\tT\t2\tbob\tinherit\t1|0|0|1|1\tbefore\t1\t0\t10010",
        "5\t2\tlobby",
        "4\t2\tTea",
    ])
    .await;
    ann.say("/create Tea").await;
    ann.settle().await;
    bob.say("/join Tea").await;
    bob.settle().await;
    // Offline is gone as well.
    drop(ann);
    bob.hears("3\t1\tann\tleave\tT\tN").await;
    bob.hears_all(&["5\t1\t2\tN", "8\t3", "7\t0\t0"]).await;
    bob.hears("7\t1\tT\t2\tbob\tinherit\t1|0|0|1|1\tbefore\t1\t0\t10010")
        .await;
    bob.hears_all(&["5\t2\tlobby", "4\t2\tTea"]).await;
    bob.say("back").await;
    bob.hears("2\tT\t2\tback\t2\t10010").await;
    bob.quiet().await;
}

#[tokio::test]
async fn all_sessions_of_somebody_go_along() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut other = resume(&site, "ann", &ann.token).await;
    ann.settle().await;
    other.settle().await;
    ann.settle().await;
    ann.say("/create Tea").await;
    let packets = [
        "4\t0\tTea\t0\t1",
        "5\t1\t1\tN",
        "8\t3",
        "7\t0\t0",
        "5\t2\tTea",
        "2\tT\t-1\t0|crchan|Tea\tN\t10010",
    ];
    ann.hears_all(&packets).await;
    other.hears_all(&packets).await;
    let third = resume(&site, "ann", &ann.token).await;
    assert!(third.first[0].contains("\tTea\t5000"), "{:?}", third.first);
    other.say("/join lobby").await;
    let packets = ["10\t1\tann\tinherit\t1|0|0|1|1", "5\t1\t1\tN", "8\t3"];
    ann.hears_all(&packets).await;
    // As long as one is there, nobody has left.
    drop(third);
    drop(other);
    ann.settle().await;
    let mut bob = join(&site, "bob").await;
    assert!(bob.first[1].contains("\tann\t"));
    bob.quiet().await;
}

#[tokio::test]
async fn groups_and_circles_are_channels() {
    let site = Site::start().await;
    let (_, token) = account(&site, "ann").await;
    let mut oshi = oshi(&site, "ann").await;
    let mut ann = resume(&site, "ann", &token).await;
    ann.settle().await;
    let circle = oshi
        .ask(json!({ "op": "circle.create", "name": "Tea room!", "public": true }))
        .await;
    let circle = circle["circle"].clone();
    let stream = &circle["streams"][0];
    let number = stream["id"].as_str().unwrap().trim_start_matches('s');
    let name = format!("{}-{number}", stream["name"].as_str().unwrap());
    ann.hears(&format!("4\t0\t{name}\t0\t0")).await;
    ann.say(&format!("/join {name}")).await;
    ann.hears_all(&["5\t1\t1\tN", "8\t3", "7\t0\t0"]).await;
    ann.hears(&format!("5\t2\t{name}")).await;
    oshi.ask(json!({ "op": "pub", "stream": stream["id"], "text": "from [b]Oshi[/b]" }))
        .await;
    ann.hears("2\tT\t1\tfrom [\u{2060}b]Oshi[\u{2060}/b]\t1\t10010")
        .await;
    oshi.ask(json!({ "op": "stream.rename", "stream": stream["id"], "name": "mugs" }))
        .await;
    ann.hears(&format!("4\t1\t{name}\tmugs-{number}\t0\t0"))
        .await;
    oshi.ask(json!({ "op": "delete", "stream": stream["id"], "seq": 1 }))
        .await;
    ann.hears("6\t1").await;
    oshi.ask(json!({ "op": "circle.delete", "circle": circle["id"] }))
        .await;
    ann.hears_all(&[&format!("4\t2\tmugs-{number}"), "5\t1\t1\tN", "8\t3"])
        .await;
    ann.hears_all(&["7\t0\t0", "5\t2\tlobby"]).await;
    ann.say("home").await;
    ann.hears("2\tT\t1\thome\t2\t10010").await;
}

#[tokio::test]
async fn whoever_loses_their_group_comes_home() {
    let site = Site::start().await;
    let (_, boss) = account(&site, "boss").await;
    let mut ann = join(&site, "ann").await;
    let group = json!({
        "group": { "name": "a b", "avatar": "", "mode": 2, "creatorUid": 1 },
        "users": [{ "uid": 1, "role": 2 }, { "uid": 2, "role": 1 }],
    });
    let gid = rim(&site, "/group/create", &boss, &group).await;
    let name = format!("a_b-{gid}");
    ann.hears(&format!("4\t0\t{name}\t0\t0")).await;
    ann.say(&format!("/join A_B-{gid}")).await;
    ann.hears_all(&["5\t1\t2\tN", "8\t3", "7\t0\t0", &format!("5\t2\t{name}")])
        .await;
    // Where they are, a further session begins.
    let further = resume(&site, "ann", &ann.token).await;
    assert!(further.first[0].ends_with(&format!("\t{name}\t5000")));
    drop(further);
    ann.settle().await;
    let remove = json!({ "gid": gid, "uids": [2], "opType": 2 });
    rim(&site, "/group/user/change", &boss, &remove).await;
    ann.hears(&format!("4\t2\t{name}")).await;
    ann.hears_all(&["5\t1\t2\tN", "8\t3", "7\t0\t0", "5\t2\tlobby"])
        .await;
    ann.say(&format!("/join {name}")).await;
    ann.hears(&format!("2\tT\t-1\t1|nochan|{name}\tN\t10010"))
        .await;
    ann.hears("5\t2\tlobby").await;
    ann.quiet().await;
}

#[tokio::test]
async fn whoever_leaves_the_lobby_elsewhere_is_told_and_may_come_back() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.settle().await;
    let outside = "2\tT\t-1\t0|say|Nobody hears you in lobby now: you are not in it any more. \
                   /join lobby takes you back.\tN\t10010";
    let leave = json!({ "gid": 1, "uids": [1], "opType": 2 });
    rim(&site, "/group/user/change", &ann.token, &leave).await;
    ann.hears(outside).await;
    ann.say("to nobody").await;
    bob.say("without ann").await;
    bob.hears("2\tT\t2\twithout ann\t1\t10010").await;
    ann.quiet().await;
    ann.say("/join lobby").await;
    ann.hears_all(&[
        "5\t1\t1\tN",
        "8\t3",
        "7\t0\t1\t2\tbob\tinherit\t1|0|0|1|1\t1",
        "7\t1\tT\t2\tbob\tinherit\t1|0|0|1|1\twithout ann\t1\t0\t10010",
        "5\t2\tlobby",
    ])
    .await;
    ann.say("/join lobby").await;
    ann.hears_all(&["2\tT\t-1\t1|samechan|lobby\tN\t10010", "5\t2\tlobby"])
        .await;
    bob.hears_all(&["5\t1\t1\tN", "5\t0\t1\tann\tinherit\t1|0|0|1|1\tN"])
        .await;
    ann.say("back").await;
    for person in [&mut ann, &mut bob] {
        person.hears("2\tT\t1\tback\t2\t10010").await;
    }
    // A further session takes all of them back.
    rim(&site, "/group/user/change", &ann.token, &leave).await;
    ann.hears(outside).await;
    let further = resume(&site, "ann", &ann.token).await;
    ann.hears("10\t1\tann\tinherit\t1|0|0|1|1").await;
    bob.settle().await;
    bob.say("with ann").await;
    ann.hears("2\tT\t2\twith ann\t3\t10010").await;
    drop(further);
}

#[tokio::test]
async fn whoever_comes_home_is_not_made_a_member_again() {
    let site = Site::start().await;
    let (_, boss) = account(&site, "boss").await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    let group = json!({
        "group": { "name": "tea", "avatar": "", "mode": 2, "creatorUid": 1 },
        "users": [{ "uid": 1, "role": 2 }, { "uid": 2, "role": 1 }],
    });
    let gid = rim(&site, "/group/create", &boss, &group).await;
    ann.say(&format!("/join tea-{gid}")).await;
    ann.settle().await;
    let change = async |gid: &serde_json::Value, uid: i64, token: &str| {
        let change = json!({ "gid": gid, "uids": [uid], "opType": 2 });
        rim(&site, "/group/user/change", token, &change).await;
    };
    change(&json!(1), 2, &ann.token).await;
    change(&gid, 2, &boss).await;
    ann.settle_to("5\t2\tlobby").await;
    assert!(
        ann.next()
            .await
            .contains("say\u{c}Nobody hears you in lobby")
    );
    bob.say("without ann").await;
    bob.settle().await;
    ann.quiet().await;
    // As are those whose channel goes.
    bob.say("/create Mugs").await;
    bob.settle().await;
    ann.say("/join Mugs").await;
    ann.settle().await;
    bob.say("/delchan Mugs").await;
    bob.settle().await;
    bob.say("still without ann").await;
    bob.settle().await;
    let packets = ann.settle().await;
    assert!(
        !packets.iter().any(|packet| packet.contains("without")),
        "{packets:?}"
    );
}
