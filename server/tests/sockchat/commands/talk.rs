//! `/me`, `/msg`, `/say`, and what is no command.

use serde_json::json;

use super::{Oshi, people, site};
use crate::client::account;

#[tokio::test]
async fn what_is_no_command_is_told_by_its_bare_name() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    ann.refused("/nosuch thing", "1|nocmd|nosuch").await;
    ann.refused("/No.Such", "1|nocmd|nosuch").await;
    ann.refused("/leave Tea", "1|nocmd|leave").await;
    ann.refused("/<b>", "1|nocmd|&lt;b&gt;").await;
    ann.refused("/", "1|nocmd|").await;
    op.quiet().await;
}

#[tokio::test]
async fn what_one_does_is_an_action_to_everybody() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    let mut eve = {
        account(&site, "eve").await;
        Oshi::sign_in(&site, "eve").await
    };
    for (at, command) in ["/me waves", "/A.ction waves", "/ACTION waves"]
        .into_iter()
        .enumerate()
    {
        ann.say(command).await;
        let packet = format!("2\tT\t1\t<i>waves</i>\t{}\t11000", at + 1);
        ann.hears(&packet).await;
        bob.hears(&packet).await;
        assert_eq!(eve.until("msg").await["text"], "* ann waves");
    }
    for nothing in ["/me", "/me  ", "/action"] {
        ann.say(nothing).await;
    }
    ann.quiet().await;
    bob.quiet().await;
}

#[tokio::test]
async fn a_private_message_reaches_one_person_wherever_they_are() {
    let site = site().await;
    let [mut ann, mut bob, mut cat] = people(&site, ["ann", "bob", "cat"]).await;
    ann.say("/msg BOB hi there").await;
    bob.hears("2\tT\t1\thi there\t1\t10011").await;
    ann.hears("2\tT\t1\tbob hi there\t1\t10011").await;
    account(&site, "eve").await;
    let mut eve = Oshi::sign_in(&site, "eve").await;
    ann.say("/whisper eve <b>").await;
    ann.hears("2\tT\t1\teve &lt;b&gt;\t2\t10011").await;
    let heard = eve.until("msg").await;
    assert_eq!(heard["text"], "<b>");
    let answer = json!({ "op": "pub", "id": 1, "stream": heard["stream"], "text": "[b]" });
    eve.send(answer).await;
    let answered = ann.settle().await;
    assert!(
        answered.iter().any(|packet| packet.ends_with("\t10011")),
        "{answered:?}"
    );
    ann.refused("/msg", "1|cmderr").await;
    ann.refused("/msg bob", "1|cmderr").await;
    ann.refused("/msg bob  ", "1|cmderr").await;
    ann.refused("/msg nobody hi", "1|usernf|nobody").await;
    ann.say("/msg ann hi").await;
    ann.quiet().await;
    bob.quiet().await;
    cat.quiet().await;
}

#[tokio::test]
async fn moderators_speak_as_the_server() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    op.say("/create Tea").await;
    op.settle().await;
    ann.settle().await;
    op.say("/say tea & <b>cake</b>").await;
    for person in [&mut op, &mut ann] {
        person.told("0|say|tea & &lt;b&gt;cake&lt;/b&gt;").await;
    }
    op.refused("/say ", "1|cmderr").await;
    ann.refused("/say tea", "1|cmdna|/say").await;
    op.quiet().await;
}
