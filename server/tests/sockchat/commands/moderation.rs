//! `/kick`, `/ban`, `/silence`, `/unsilence`.

use serde_json::json;

use super::{ORDINARY, elsewhere, kept_out_of_oshi, notice, people, site};
use crate::client::{oshi, resume};

#[tokio::test]
async fn whoever_is_kicked_is_out_and_may_come_back() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    let mut oshi = oshi(&site, "bob").await;
    let mut second = resume(&site, "bob", &bob.token).await;
    bob.say("/create Tea").await;
    bob.settle_to(&notice("0|crchan|Tea")).await;
    ann.say("/join Tea").await;
    for person in [&mut ann, &mut op] {
        person.settle().await;
    }
    op.say("/kick Bob").await;
    for session in [&mut bob, &mut second] {
        session.settle_to("9\t0").await;
        assert_eq!(session.end().await, Some(1000));
    }
    op.hears_all(&[
        &format!("5\t0\t2\tann\tinherit\t{ORDINARY}\tN"),
        "4\t2\tTea",
    ])
    .await;
    // His channel is gone with him.
    ann.hears("3\t3\tbob\tkick\tT\tN").await;
    ann.arrives("lobby").await;
    ann.hears("4\t2\tTea").await;

    let mut bob = resume(&site, "bob", &bob.token).await;
    for person in [&mut op, &mut ann] {
        person.settle().await;
    }
    bob.says("back").await;
    for person in [&mut op, &mut ann] {
        assert!(person.next().await.starts_with("2\tT\t3\tback"));
    }
    assert_eq!(
        oshi.event("msg").await["text"],
        "back",
        "it was Sock Chat only"
    );
    op.say("/kick bob 0").await;
    bob.hears("9\t0").await;
    assert_eq!(bob.end().await, Some(1000));
    ann.hears("3\t3\tbob\tkick\tT\tN").await;
}

#[tokio::test]
async fn whoever_is_kept_out_leaves_all_networks() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    for (command, removal, told) in [
        ("/kick bob 600", "9\t1\tT", "1\tn\tjoinfail\tT"),
        ("/ban bob 600", "9\t1\tT", "1\tn\tjoinfail\tT"),
        ("/ban bob", "9\t1\t-1", "1\tn\tjoinfail\t-1"),
    ] {
        let mut oshi = oshi(&site, "bob").await;
        op.say(command).await;
        bob.hears(removal).await;
        assert_eq!(bob.end().await, Some(1000));
        oshi.client.close_code().await;
        for person in [&mut ann, &mut op] {
            person.hears("3\t3\tbob\tkick\tT\tN").await;
        }
        let mut again = crate::client::open(&site).await;
        again.send(format!("1\tBearer\t{}", bob.token)).await;
        let refusal = crate::client::Packet::of(&again.text().await).text;
        assert_eq!(refusal, told);
        assert_eq!(again.close_code().await, Some(1000));
        kept_out_of_oshi(&site, "bob").await;
        op.say("/unban bob").await;
        op.told("0|unban|bob").await;
        bob = resume(&site, "bob", &bob.token).await;
        for person in [&mut ann, &mut op] {
            person.settle().await;
        }
    }
}

#[tokio::test]
async fn who_is_not_here_can_be_kept_out() {
    let site = site().await;
    let [mut op] = people(&site, ["op"]).await;
    let mut eve = elsewhere(&site, "eve", &mut [&mut op]).await;
    op.refused("/kick eve", "1|usernf|eve").await;
    op.say("/ban eve").await;
    op.told("0|kick|eve").await;
    op.hears("5\t1\t2\tN").await;
    eve.client.close_code().await;
    kept_out_of_oshi(&site, "eve").await;
    op.say("/pardon Eve").await;
    op.told("0|unban|eve").await;
    let _eve = oshi(&site, "eve").await;
    op.hears(&format!("5\t0\t2\teve\tinherit\t{ORDINARY}\tN"))
        .await;
}

#[tokio::test]
async fn nobody_is_put_out_by_whoever_is_not_above_them() {
    let site = site().await;
    let [mut op, mut boss, mut ann] = people(&site, ["op", "boss", "ann"]).await;
    for command in ["kick", "ban"] {
        for (rest, refusal) in [
            ("boss", "1|kickna|boss"),
            ("BOSS 60", "1|kickna|boss"),
            ("op", "1|kickna|op"),
            ("nobody", "1|usernf|nobody"),
            ("", "1|usernf|"),
            ("ann soon", "1|cmderr"),
            ("ann -1", "1|cmderr"),
            ("ann 99999999999999999999", "1|cmderr"),
        ] {
            op.refused(&format!("/{command} {rest}"), refusal).await;
        }
        ann.refused(&format!("/{command} op"), &format!("1|cmdna|/{command}"))
            .await;
    }
    boss.quiet().await;
}

#[tokio::test]
async fn whoever_is_silenced_is_heard_on_no_network() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    let mut oshi = oshi(&site, "bob").await;
    let mut hearer = elsewhere(&site, "eve", &mut [&mut op, &mut ann, &mut bob]).await;
    op.say("/silence bob").await;
    bob.told("0|silence").await;
    op.told("0|silok|bob").await;
    for words in ["hello", "/me waves", "/msg ann psst"] {
        bob.say(words).await;
    }
    bob.quiet().await;
    let said = |id: u32| json!({ "op": "pub", "id": id, "stream": "s1", "text": "hello" });
    oshi.client.send(said(1).to_string()).await;
    oshi.event("error").await;
    ann.quiet().await;
    op.refused("/silence bob", "1|silerr").await;

    op.say("/unsilence BOB").await;
    bob.told("0|unsil").await;
    op.told("0|usilok|bob").await;
    op.refused("/unsilence bob", "1|usilerr").await;
    bob.says("again").await;
    for person in [&mut op, &mut ann] {
        assert!(person.next().await.starts_with("2\tT\t3\tagain\t"));
    }
    assert_eq!(hearer.event("msg").await["text"], "again");
    oshi.client.send(said(2).to_string()).await;
    for person in [&mut op, &mut ann, &mut bob] {
        let heard = person.next().await;
        assert!(heard.starts_with("2\tT\t3\thello\t"), "{heard}");
    }
}

#[tokio::test]
async fn silence_keeps_to_ranks() {
    let site = site().await;
    let [mut op, mut boss, mut ann] = people(&site, ["op", "boss", "ann"]).await;
    for (command, refusal) in [
        ("/silence op", "1|silself"),
        ("/silence boss", "1|silperr"),
        ("/silence nobody", "1|usernf|nobody"),
        ("/silence", "1|usernf|"),
        ("/silence ann soon", "1|cmderr"),
        ("/silence ann 0", "1|cmderr"),
        ("/unsilence boss", "1|usilperr"),
        ("/unsilence op", "1|usilperr"),
        ("/unsilence ann", "1|usilerr"),
        ("/unsilence nobody", "1|usernf|nobody"),
        ("/unsilence", "1|usernf|"),
    ] {
        op.refused(command, refusal).await;
    }
    for command in ["/silence", "/unsilence"] {
        ann.refused(&format!("{command} op"), &format!("1|cmdna|{command}"))
            .await;
    }
    op.say("/silence ann 600").await;
    ann.told("0|silence").await;
    ann.say("hello").await;
    ann.quiet().await;
    boss.quiet().await;
}

#[tokio::test]
async fn whoever_is_silenced_takes_no_name_that_says_something() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    op.say("/silence ann").await;
    op.told("0|silok|ann").await;
    ann.told("0|silence").await;
    ann.refused("/nick loud", "1|cmdna|/nick").await;
    ann.refused("/afk loud", "1|cmdna|/afk").await;
    ann.refused("/create loud", "1|cmdna|/create").await;
    op.quiet().await;
    ann.say("/afk").await;
    for person in [&mut op, &mut ann] {
        assert!(person.next().await.starts_with("10\t2\t&lt;AFK&gt;_ann\t"));
    }
}
