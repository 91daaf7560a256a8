//! `/bans`, `/unban`, `/unbanip`, and bans of addresses.

use super::{operators, people, site};
use crate::client::{Packet, Person, account, enter};
use crate::common::{Client, Site};

/// A server behind a proxy, which says where clients are.
async fn behind_proxy() -> Site {
    Site::with(|config| {
        config.operators = operators();
        config.behind_proxy = true;
    })
    .await
}

/// A connection from an address.
async fn from(site: &Site, address: &str) -> Client {
    let headers = [("x-forwarded-for", address)];
    Client::connect(site.addr(), "/sockchat", &headers)
        .await
        .unwrap()
}

async fn join_from(site: &Site, name: &str, address: &str) -> Person {
    let (_, token) = account(site, name).await;
    enter(from(site, address).await, name, &token).await
}

fn anchor(name: &str) -> String {
    format!("<a href=\"javascript:void(0);\">{name}</a>")
}

#[tokio::test]
async fn a_ban_keeps_the_address_out_as_well() {
    let site = behind_proxy().await;
    let mut op = join_from(&site, "op", "192.0.2.1").await;
    let mut bob = join_from(&site, "bob", "192.0.2.7").await;
    let (_, eve) = account(&site, "eve").await;
    op.settle().await;
    op.say("/ip bob").await;
    op.told("0|ipaddr|bob|192.0.2.7").await;
    op.say("/ban bob").await;
    bob.hears("9\t1\t-1").await;
    assert_eq!(bob.end().await, Some(1000));
    op.settle().await;

    let mut kept_out = from(&site, "192.0.2.7").await;
    kept_out.send(format!("1\tBearer\t{eve}")).await;
    assert_eq!(kept_out.text().await, "1\tn\tjoinfail\t-1");
    assert_eq!(kept_out.close_code().await, Some(1000));
    op.say("/bans").await;
    let list = format!("0|banlist|{}, {}", anchor("bob"), anchor("192.0.2.7"));
    op.told(&list).await;
    op.say("/unban bob").await;
    op.told("0|unban|bob").await;
    op.say("/bans").await;
    op.told(&format!("0|banlist|{}", anchor("192.0.2.7"))).await;
    op.say("/unbanip ::ffff:192.0.2.7").await;
    op.told("0|unban|::ffff:192.0.2.7").await;
    op.say("/banned").await;
    op.told("0|banlist|").await;
    let client = from(&site, "192.0.2.7").await;
    let mut bob = enter(client, "bob", &bob.token).await;
    bob.says("back").await;
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let site = site().await;
    let [mut op, mut bob] = people(&site, ["op", "bob"]).await;
    op.say("/ban bob").await;
    bob.hears("9\t1\t-1").await;
    op.settle().await;
    op.say("/bans").await;
    op.told(&format!("0|banlist|{}", anchor("bob"))).await;
    let mut ann = crate::client::join(&site, "ann").await;
    ann.says("hello").await;
}

#[tokio::test]
async fn a_kick_for_a_time_leaves_the_address_alone() {
    let site = behind_proxy().await;
    let mut op = join_from(&site, "op", "192.0.2.1").await;
    let mut bob = join_from(&site, "bob", "192.0.2.7").await;
    op.settle().await;
    op.say("/kick bob 600").await;
    bob.hears("9\t1\tT").await;
    let mut eve = join_from(&site, "eve", "192.0.2.7").await;
    eve.says("hello").await;
    let mut again = from(&site, "192.0.2.8").await;
    again.send(format!("1\tBearer\t{}", bob.token)).await;
    let refusal = Packet::of(&again.text().await).text;
    assert_eq!(refusal, "1\tn\tjoinfail\tT");
}

#[tokio::test]
async fn who_is_not_banned_cannot_be_let_in() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    for (command, refusal) in [
        ("/unban ann", "1|notban|ann"),
        ("/pardon nobody", "1|notban|nobody"),
        ("/unban", "1|notban|"),
        ("/unbanip 192.0.2.7", "1|notban|192.0.2.7"),
        ("/pardonip ann", "1|notban|ann"),
        ("/pardonip", "1|notban|"),
    ] {
        op.refused(command, refusal).await;
    }
    for command in ["unban", "pardon", "unbanip", "pardonip", "bans", "banned"] {
        ann.refused(&format!("/{command} x"), &format!("1|cmdna|/{command}"))
            .await;
    }
}
