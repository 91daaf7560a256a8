//! `/nick`, `/afk`, `/who`, `/ip`.

use super::{OPERATOR, ORDINARY, people, site};
use crate::client::resume;

#[tokio::test]
async fn a_nick_is_shown_to_everybody_until_it_is_taken_back() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    for (command, before, after) in [
        ("/nick rob the <b>", "bob", "~rob_the_&lt;b&gt;"),
        (
            "/nick a-very-long-name",
            "~rob_the_&lt;b&gt;",
            "~a-very-long-nam",
        ),
        ("/nick", "~a-very-long-nam", "bob"),
        ("/nick rob", "bob", "~rob"),
        ("/nick bob", "~rob", "bob"),
    ] {
        bob.say(command).await;
        for person in [&mut bob, &mut ann] {
            person
                .hears(&format!("10\t2\t{after}\tinherit\t{ORDINARY}"))
                .await;
            person.told(&format!("0|nick|{before}|{after}")).await;
        }
    }
    ann.quiet().await;
    bob.quiet().await;
}

#[tokio::test]
async fn nobody_takes_the_name_of_somebody_else() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    ann.say("/nick dora").await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    bob.refused("/nick ann", "1|nameinuse|ann").await;
    bob.refused("/nick ANN", "1|nameinuse|ANN").await;
    bob.refused("/nick Dora", "1|nameinuse|Dora").await;
    bob.refused("/nick a\u{200b}nn", "1|cmderr").await;
    // Names in commands are those that are shown, nicks and accounts.
    for name in ["~dora", "dora", "ann"] {
        bob.say(&format!("/msg {name} hi")).await;
        let echo = bob.next().await;
        assert!(echo.starts_with("2\tT\t2\t~dora hi\t"), "{echo}");
        ann.next().await;
    }
    // A nick stays when its holder goes.
    let _ = ann.client.ws.close(None).await;
    bob.hears("3\t1\t~dora\tleave\tT\tN").await;
    bob.refused("/nick dora", "1|nameinuse|dora").await;
}

#[tokio::test]
async fn moderators_rename_those_below_them() {
    let site = site().await;
    let [mut op, mut boss, mut ann] = people(&site, ["op", "boss", "ann"]).await;
    op.say("/nick 3 rose").await;
    for person in [&mut op, &mut boss, &mut ann] {
        person
            .hears(&format!("10\t3\t~rose\tinherit\t{ORDINARY}"))
            .await;
        person.told("0|nick|ann|~rose").await;
    }
    op.refused("/nick 2 rose", "1|cmdna|/nick").await;
    op.say("/nick 3").await;
    op.hears(&format!("10\t3\tann\tinherit\t{ORDINARY}")).await;
    op.told("0|nick|~rose|ann").await;
    op.say("/nick 1 chief").await;
    op.hears(&format!("10\t1\t~chief\tinherit\t{OPERATOR}"))
        .await;
    op.told("0|nick|op|~chief").await;
    ann.settle().await;
    ann.say("/nick 1 x").await;
    ann.hears(&format!("10\t3\t~1_x\tinherit\t{ORDINARY}"))
        .await;
}

#[tokio::test]
async fn whoever_is_away_is_so_until_they_say_something() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    let shown = |name: &str| format!("10\t2\t{name}\tinherit\t{ORDINARY}");
    for (command, tag) in [
        ("/afk", "AFK"),
        ("/afk tea", "TEA"),
        ("/afk sleeping", "SLEEP"),
    ] {
        bob.say(command).await;
        let away = shown(&format!("&lt;{tag}&gt;_bob"));
        for person in [&mut bob, &mut ann] {
            person.hears(&away).await;
        }
        for name in [format!("<{tag}>_bob"), "bob".to_owned()] {
            ann.say(&format!("/msg {name} hi")).await;
            let echo = ann.next().await;
            let start = format!("2\tT\t1\t&lt;{tag}&gt;_bob hi\t");
            assert!(echo.starts_with(&start), "{echo}");
            bob.next().await;
        }
        bob.say("/me is back").await;
        for person in [&mut bob, &mut ann] {
            person.hears(&shown("bob")).await;
            assert!(person.next().await.starts_with("2\tT\t2\t<i>is back</i>"));
        }
    }
    bob.say("/afk").await;
    bob.say("back").await;
    for person in [&mut bob, &mut ann] {
        person.hears(&shown("&lt;AFK&gt;_bob")).await;
        person.hears(&shown("bob")).await;
        assert!(person.next().await.starts_with("2\tT\t2\tback"));
        person.quiet().await;
    }
}

#[tokio::test]
async fn who_is_here_and_in_a_channel() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    let [of_op, of_ann, of_bob] =
        ["op", "ann", "bob"].map(|name| format!("<a href=\"javascript:void(0);\">{name}</a>"));
    let own = "<a href=\"javascript:void(0);\" style=\"font-weight: bold;\">ann</a>";
    op.say("/create 5 Staff").await;
    op.settle().await;
    bob.say("/create Tea").await;
    bob.say("/pwd secret").await;
    bob.settle().await;
    ann.settle().await;
    ann.say("/W.ho").await;
    ann.told(&format!("0|who|{of_op}, {own}, {of_bob}")).await;
    ann.say("/who LOBBY").await;
    ann.told(&format!("0|whochan|lobby|{own}")).await;
    ann.refused("/who Nowhere", "1|nochan|Nowhere").await;
    ann.refused("/who staff", "1|whoerr|Staff").await;
    ann.refused("/who Tea", "1|whoerr|Tea").await;
    op.settle().await;
    op.say("/who tea").await;
    op.told(&format!("0|whochan|Tea|{of_bob}")).await;
    op.say("/who lobby").await;
    op.told(&format!("0|whochan|lobby|{of_ann}")).await;
    bob.say("/who Tea").await;
    let list = bob.next().await;
    assert!(list.contains("bold") && list.contains("bob"), "{list}");
}

#[tokio::test]
async fn moderators_see_from_where_each_session_comes() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    let second = resume(&site, "ann", &ann.token).await;
    for person in [&mut op, &mut ann] {
        person.settle().await;
    }
    for command in ["ip", "whois"] {
        op.say(&format!("/{command} Ann")).await;
        for _ in 0..2 {
            op.told("0|ipaddr|ann|127.0.0.1").await;
        }
        op.quiet().await;
        ann.refused(&format!("/{command} op"), &format!("1|cmdna|/{command}"))
            .await;
        op.refused(&format!("/{command} nobody"), "1|usernf|nobody")
            .await;
    }
    drop(second);
}
