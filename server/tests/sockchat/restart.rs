//! Who is where does not outlive the server; what was said does.

use crate::client::{join, resume};
use crate::common::{Client, Site};

#[tokio::test]
async fn nobody_is_anywhere_after_a_restart() {
    let operators = vec!["ann".to_owned()];
    let site = Site::with(|config| config.operators = operators.clone()).await;
    let mut ann = join(&site, "ann").await;
    ann.say("in the lobby").await;
    ann.say("/create Kept").await;
    ann.say("in a permanent one").await;
    ann.settle().await;
    let mut bob = join(&site, "bob").await;
    bob.say("/create Lost").await;
    bob.settle().await;
    let dir = site.shutdown().await;
    assert_eq!(ann.end().await, Some(1001));

    let site = Site::again(dir, |config| config.operators = operators).await;
    let mut ann = resume(&site, "ann", &ann.token).await;
    assert_eq!(ann.first.len(), 4);
    assert!(ann.first[0].ends_with("\tlobby\t5000"));
    assert_eq!(ann.first[1], "7\t0\t0");
    assert!(ann.first[2].contains("\tin the lobby\t1\t0\t10010"));
    assert_eq!(ann.first[3], "7\t2\t2\tlobby\t0\t0\tKept\t0\t0");
    ann.say("/join Kept").await;
    ann.hears_all(&["5\t1\t1\tN", "8\t3", "7\t0\t0"]).await;
    assert!(
        ann.next()
            .await
            .contains("\tin a permanent one\t2\t0\t10010")
    );
    ann.hears("5\t2\tKept").await;
}

#[tokio::test]
async fn the_own_port_takes_any_path_and_sock_chat_can_be_left_out() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let site = Site::with(|config| config.sockchat_listen = Some(listen)).await;
    let own = site.server.sockchat_addr().unwrap();
    for path in ["/", "/any/path?query"] {
        let mut client = Client::connect(own, path, &[]).await.unwrap();
        client.send("1\tBearer\tx").await;
        assert_eq!(client.text().await, "1\tn\tauthfail");
    }
    let site = Site::with(|config| config.sockchat = false).await;
    assert!(
        Client::connect(site.addr(), "/sockchat", &[])
            .await
            .is_err()
    );
}
