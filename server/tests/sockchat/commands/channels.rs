//! `/join`, `/create`, `/delchan`, `/password`, `/rank`.

use super::{ORDINARY, people, site};
use crate::client::Person;

/// Everything that these have heard is read.
async fn settled<const N: usize>(people: [&mut Person; N]) {
    for person in people {
        person.settle().await;
    }
}

#[tokio::test]
async fn a_temporary_channel_is_there_while_its_owner_is_in() {
    let site = site().await;
    let [mut ann, mut bob, mut cat] = people(&site, ["ann", "bob", "cat"]).await;
    ann.say("/create tea time").await;
    ann.hears_all(&[
        "4\t0\ttea_time\t0\t1",
        "5\t1\t1\tN",
        "8\t3",
        "7\t0\t0",
        "5\t2\ttea_time",
        &super::notice("0|crchan|tea_time"),
    ])
    .await;
    for person in [&mut bob, &mut cat] {
        person.hears("4\t0\ttea_time\t0\t1").await;
        person.hears("5\t1\t1\tN").await;
    }
    bob.say("/join TEA_TIME").await;
    bob.hears_all(&[
        "5\t1\t2\tN",
        "8\t3",
        &format!("7\t0\t1\t1\tann\tinherit\t{ORDINARY}\t1"),
        "5\t2\ttea_time",
    ])
    .await;
    ann.hears(&format!("5\t0\t2\tbob\tinherit\t{ORDINARY}\tN"))
        .await;
    cat.hears("5\t1\t2\tN").await;
    bob.say("only here").await;
    for person in [&mut ann, &mut bob] {
        assert!(person.next().await.starts_with("2\tT\t2\tonly here\t"));
    }
    cat.quiet().await;

    ann.say("/join lobby").await;
    ann.arrives("lobby").await;
    bob.hears("5\t1\t1\tN").await;
    bob.arrives("lobby").await;
    for person in [&mut ann, &mut bob] {
        let packets = person.settle().await;
        assert!(
            packets.contains(&"4\t2\ttea_time".to_owned()),
            "{packets:?}"
        );
    }
    let packets = cat.settle().await;
    let ends = packets.iter().filter(|packet| packet.starts_with("4\t2"));
    assert_eq!(ends.count(), 1, "{packets:?}");
    cat.refused("/delchan tea_time", "1|nochan|tea_time").await;
}

#[tokio::test]
async fn a_permanent_channel_stays_and_is_seen_by_its_rank() {
    let site = site().await;
    let [mut op, mut boss, mut ann] = people(&site, ["op", "boss", "ann"]).await;
    op.say("/create 5 Staff").await;
    op.hears("4\t0\tStaff\t0\t0").await;
    op.arrives("Staff").await;
    op.told("0|crchan|Staff").await;
    boss.hears_all(&["4\t0\tStaff\t0\t0", "5\t1\t1\tN"]).await;
    ann.hears("5\t1\t1\tN").await;
    ann.say("/join staff").await;
    ann.told("1|ipchan|Staff").await;
    ann.hears("5\t2\tlobby").await;
    op.say("/join lobby").await;
    op.arrives("lobby").await;
    settled([&mut op, &mut boss, &mut ann]).await;
    boss.say("/join Staff").await;
    boss.arrives("Staff").await;
}

#[tokio::test]
async fn what_cannot_be_a_channel_is_refused() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    op.say("/create 5 Staff").await;
    settled([&mut op, &mut ann]).await;
    for (command, refusal) in [
        ("/create", "1|cmderr"),
        ("/create 1", "1|cmderr"),
        ("/create 2 tea", "1|rankerr"),
        ("/create 99999999999999999999 tea", "1|rankerr"),
        ("/create @tea", "1|inchan"),
        ("/create t\u{202e}ea", "1|inchan"),
        ("/create LOBBY", "1|nischan|LOBBY"),
        ("/create staff", "1|nischan|staff"),
        ("/create tea-5", "1|nischan|tea-5"),
    ] {
        ann.refused(command, refusal).await;
    }
    op.quiet().await;
}

#[tokio::test]
async fn whoever_cannot_enter_is_told_where_they_are() {
    let site = site().await;
    let [mut ann, mut bob, mut op] = people(&site, ["ann", "bob", "op"]).await;
    ann.say("/create Tea").await;
    ann.say("/pwd open sesame").await;
    settled([&mut ann, &mut bob, &mut op]).await;
    for (command, refusal) in [
        ("/join Nowhere", "1|nochan|Nowhere"),
        ("/join lobby", "1|samechan|lobby"),
        ("/join Tea", "1|nopwchan|Tea"),
        ("/join Tea ", "1|nopwchan|Tea"),
        ("/join Tea open", "1|ipwchan|Tea"),
        ("/join Tea open  sesame", "1|ipwchan|Tea"),
    ] {
        bob.say(command).await;
        bob.told(refusal).await;
        bob.hears("5\t2\tlobby").await;
        bob.quiet().await;
    }
    bob.say("/join").await;
    bob.quiet().await;
    bob.say("/join tea open sesame").await;
    bob.arrives("Tea").await;
    op.settle().await;
    // Moderators need no password.
    op.say("/join Tea").await;
    op.arrives("Tea").await;
}

#[tokio::test]
async fn an_owner_changes_the_password() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    ann.refused("/password x", "1|namchan|lobby").await;
    ann.say("/create Tea").await;
    settled([&mut ann, &mut bob]).await;
    for (command, closed) in [
        ("/pwd hunter2", 1),
        ("/password", 0),
        ("/password hunter2", 1),
    ] {
        ann.say(command).await;
        let changed = format!("4\t1\tTea\tTea\t{closed}\t1");
        bob.hears(&changed).await;
        ann.hears(&changed).await;
        ann.told("0|cpwdchan").await;
    }
    bob.say("/join Tea hunter2").await;
    bob.arrives("Tea").await;
    bob.refused("/pwd", "1|cmdna|/pwd").await;
    ann.settle().await;
    ann.refused(&format!("/pwd {}", "x".repeat(1025)), "1|cmderr")
        .await;
    drop((ann, bob));

    let dir = site.shutdown().await;
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    let has = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"$argon2id$") && !has(b"hunter2"));
}

#[tokio::test]
async fn an_owner_changes_the_rank() {
    let site = site().await;
    let [mut op, mut boss, mut ann] = people(&site, ["op", "boss", "ann"]).await;
    op.refused("/rank 3", "1|namchan|lobby").await;
    op.say("/create Tea").await;
    settled([&mut op, &mut boss, &mut ann]).await;
    op.say("/rank 3").await;
    op.hears("4\t1\tTea\tTea\t0\t0").await;
    op.told("0|cprivchan").await;
    boss.hears("4\t1\tTea\tTea\t0\t0").await;
    ann.hears("4\t2\tTea").await;
    for (name, rank, seen) in [
        ("priv", 1, "4\t0\tTea\t0\t0"),
        ("privilege", 0, "4\t1\tTea\tTea\t0\t0"),
        ("hierarchy", 10, "4\t2\tTea"),
    ] {
        op.say(&format!("/{name} {rank}")).await;
        ann.hears(seen).await;
        op.hears("4\t1\tTea\tTea\t0\t0").await;
        op.told("0|cprivchan").await;
    }
    for command in ["/rank", "/rank 11", "/rank x", "/rank -1"] {
        op.refused(command, "1|rankerr").await;
    }
    settled([&mut boss]).await;
    boss.say("/join Tea").await;
    boss.arrives("Tea").await;
    boss.refused("/rank 1", "1|cmdna|/rank").await;
    boss.refused("/priv", "1|cmdna|/priv").await;
}

#[tokio::test]
async fn owners_and_moderators_delete_channels() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    for command in ["/delchan Tea time", "/delete tea_time"] {
        ann.say("/create Tea time").await;
        settled([&mut ann, &mut bob]).await;
        bob.say("/join Tea_time").await;
        settled([&mut op, &mut bob, &mut ann]).await;
        bob.refused("/delchan Tea_time", "1|ndchan|Tea_time").await;
        let deleter = if command.contains("delchan") {
            &mut op
        } else {
            &mut ann
        };
        deleter.say(command).await;
        let packets = deleter.settle().await;
        assert!(
            packets.contains(&super::notice("0|delchan|Tea_time")),
            "{packets:?}"
        );
        bob.settle_to("5\t2\tlobby").await;
        for person in [&mut ann, &mut bob] {
            person.settle().await;
        }
        op.settle().await;
    }
    for (command, refusal) in [
        ("/delchan", "1|cmderr"),
        ("/delchan Tea_time", "1|nochan|Tea_time"),
        ("/delchan lobby", "1|ndchan|lobby"),
    ] {
        op.refused(command, refusal).await;
    }
}

#[tokio::test]
async fn whoever_was_in_a_channel_is_told_that_it_goes() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    op.say("/create Staff").await;
    settled([&mut op, &mut ann]).await;
    ann.say("/join Staff").await;
    settled([&mut ann, &mut op]).await;
    op.say("/rank 5").await;
    op.settle().await;
    ann.settle().await;
    ann.say("/join lobby").await;
    ann.settle_to("5\t2\tlobby").await;
    ann.hears("4\t2\tStaff").await;
    ann.quiet().await;
    op.say("/rank 0").await;
    op.settle().await;
    ann.say("/join Staff").await;
    ann.settle().await;
    op.say("/rank 5").await;
    op.say("/delchan Staff").await;
    ann.settle_to("5\t2\tlobby").await;
    settled([&mut op]).await;
    let packets = ann.settle().await;
    assert!(packets.contains(&"4\t2\tStaff".to_owned()), "{packets:?}");
}

#[tokio::test]
async fn whoever_is_banned_from_a_room_does_not_come_in() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    op.say("/create Staff").await;
    settled([&mut op, &mut ann]).await;
    let database = site.dir.path().join("data").join("kaiwa.db");
    let bans = "INSERT INTO bans (kind, user, room, at)
         SELECT 0, 2, id, 0 FROM rooms WHERE name IN ('Staff', 'lobby')";
    let connection = rusqlite::Connection::open(database).unwrap();
    assert_eq!(connection.execute(bans, []).unwrap(), 2);
    ann.say("/join Staff").await;
    ann.told("1|ipchan|Staff").await;
    ann.hears("5\t2\tlobby").await;
    let leave = serde_json::json!({ "gid": 1, "uids": [2], "opType": 2 });
    crate::client::rim(&site, "/group/user/change", &ann.token, &leave).await;
    assert!(ann.next().await.contains("Nobody hears you in lobby"));
    ann.say("/join lobby").await;
    ann.told("1|ipchan|lobby").await;
    ann.hears("5\t2\tlobby").await;
    // Nor by coming again.
    let token = ann.token.clone();
    drop(ann);
    op.say("/join lobby").await;
    op.settle().await;
    let mut ann = crate::client::resume(&site, "ann", &token).await;
    assert!(ann.next().await.contains("Nobody hears you in lobby"));
    op.settle().await;
    op.says("without ann").await;
    ann.quiet().await;
}
