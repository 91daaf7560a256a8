//! `/delete`, `/delmsg`.

use super::{Oshi, people, site};
use crate::client::{account, join};

#[tokio::test]
async fn a_message_of_ones_own_is_gone_on_all_networks() {
    let site = site().await;
    let [mut ann, mut bob] = people(&site, ["ann", "bob"]).await;
    account(&site, "eve").await;
    let mut eve = Oshi::sign_in(&site, "eve").await;
    for command in ["delete", "delmsg"] {
        let id = ann.says(command).await;
        bob.hears(&format!("2\tT\t1\t{command}\t{id}\t10010")).await;
        let heard = eve.until("msg").await;
        assert_eq!(heard["text"], command);
        ann.say(&format!("/{command} {id}")).await;
        for person in [&mut ann, &mut bob] {
            person.hears(&format!("6\t{id}")).await;
        }
        let gone = eve.until("upd").await;
        assert_eq!(
            (&gone["seq"], &gone["deleted"]),
            (&heard["seq"], &true.into())
        );
        ann.refused(&format!("/delmsg {id}"), "1|delerr").await;
    }
    bob.quiet().await;
    let late = join(&site, "cat").await;
    let backlog = late.first.iter().any(|packet| packet.starts_with("7\t1\t"));
    assert!(!backlog, "{:?}", late.first);
}

#[tokio::test]
async fn a_private_message_is_deleted_by_its_sender_only() {
    let site = site().await;
    let [mut op, mut ann] = people(&site, ["op", "ann"]).await;
    ann.say("/msg op psst").await;
    let said = ann.packet().await;
    let id = &said.fields[4];
    op.settle().await;
    op.refused(&format!("/delmsg {id}"), "1|delerr").await;
    ann.say(&format!("/delmsg {id}")).await;
    for person in [&mut ann, &mut op] {
        person.hears(&format!("6\t{id}")).await;
        person.quiet().await;
    }
}

#[tokio::test]
async fn others_delete_where_they_moderate() {
    let site = site().await;
    let [mut op, mut ann, mut bob] = people(&site, ["op", "ann", "bob"]).await;
    let of_op = op.says("mine").await;
    let of_ann = ann.packet().await.fields[4].clone();
    assert_eq!(of_ann, of_op);
    let of_ann = ann.says("hers").await;
    bob.settle().await;
    op.settle().await;
    bob.refused(&format!("/delete {of_ann}"), "1|delerr").await;
    bob.refused(&format!("/delmsg {of_op}"), "1|delerr").await;
    op.say("/create Tea").await;
    op.settle().await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    op.refused(&format!("/delete {of_ann}"), "1|delerr").await;
    op.say("/join Lobby").await;
    op.arrives("lobby").await;
    op.settle().await;
    for person in [&mut ann, &mut bob] {
        person.settle().await;
    }
    op.say(&format!("/delete {of_ann}")).await;
    for person in [&mut op, &mut ann, &mut bob] {
        person.hears(&format!("6\t{of_ann}")).await;
        person.quiet().await;
    }
}

#[tokio::test]
async fn what_is_no_message_cannot_be_deleted() {
    let site = site().await;
    let [mut ann] = people(&site, ["ann"]).await;
    for (command, refusal) in [
        ("/delmsg", "1|cmderr"),
        ("/delmsg x", "1|cmderr"),
        ("/delmsg -1", "1|cmderr"),
        ("/delmsg 404", "1|delerr"),
        ("/delete 404", "1|delerr"),
        ("/delete 99999999999999999999", "1|delerr"),
        ("/delete", "1|cmderr"),
    ] {
        ann.refused(command, refusal).await;
    }
}
