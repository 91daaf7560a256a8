//! The store fails for a while: everybody is where they were, and what was not done then is done later.

use rusqlite::Connection;

use crate::client::{Person, join, resume};
use crate::common::Site;

/// A store that fails to keep that somebody leaves a room, at the very end, until it is mended.
struct Broken(Connection);

impl Broken {
    fn new(site: &Site) -> Self {
        let database = site.dir.path().join("data").join("kaiwa.db");
        let connection = Connection::open(database).unwrap();
        let broken = "CREATE TABLE nobody (id REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER broken BEFORE DELETE ON members BEGIN INSERT INTO nobody VALUES (-1); END";
        connection.execute_batch(broken).unwrap();
        Self(connection)
    }

    fn mend(self) {
        self.0
            .execute_batch("DROP TRIGGER broken; DROP TABLE nobody")
            .unwrap();
    }
}

/// An operator in the lobby, and the owner of a temporary channel with a guest there.
async fn people(site: &Site) -> [Person; 3] {
    let mut op = join(site, "op").await;
    let mut bob = join(site, "bob").await;
    let mut cat = join(site, "cat").await;
    bob.say("/create Tea").await;
    bob.settle().await;
    cat.say("/join Tea").await;
    for person in [&mut cat, &mut bob, &mut op] {
        person.settle().await;
    }
    [op, bob, cat]
}

async fn site() -> Site {
    Site::with(|config| config.operators = vec!["op".to_owned()]).await
}

const FAILED: &str = "2\tT\t-1\t1|generr\tN\t10010";

/// The channel goes, and its guest is told so.
async fn comes_to_the_lobby(cat: &mut Person) {
    cat.settle_to("8\t3").await;
    cat.settle_to("5\t2\tlobby").await;
    cat.hears("4\t2\tTea").await;
    cat.settle().await;
    cat.say("here").await;
    assert!(cat.next().await.starts_with("2\tT\t3\there\t"));
}

#[tokio::test]
async fn whoever_could_not_be_thrown_out_is_there() {
    let site = site().await;
    let [mut op, mut bob, mut cat] = people(&site).await;
    let broken = Broken::new(&site);
    op.say("/kick bob").await;
    op.hears(FAILED).await;
    broken.mend();
    bob.quiet().await;
    bob.say("/join lobby").await;
    bob.settle_to("5\t2\tlobby").await;
    comes_to_the_lobby(&mut cat).await;
}

#[tokio::test]
async fn a_channel_that_could_not_be_deleted_is_there() {
    let site = site().await;
    let [mut op, mut bob, mut cat] = people(&site).await;
    let broken = Broken::new(&site);
    bob.say("/join lobby").await;
    bob.hears(FAILED).await;
    broken.mend();
    op.say("/delchan Tea").await;
    bob.settle_to("5\t2\tlobby").await;
    comes_to_the_lobby(&mut cat).await;
}

#[tokio::test]
async fn a_channel_goes_when_its_owner_who_had_gone_comes_again() {
    let site = site().await;
    let [mut op, bob, mut cat] = people(&site).await;
    let broken = Broken::new(&site);
    let token = bob.token.clone();
    drop(bob);
    cat.hears("3\t2\tbob\tleave\tT\tN").await;
    broken.mend();
    let mut bob = resume(&site, "bob", &token).await;
    assert!(bob.first[1].contains("\tcat\t"), "{:?}", bob.first);
    assert_eq!(bob.first.last().unwrap(), "7\t2\t1\tlobby\t0\t0");
    comes_to_the_lobby(&mut cat).await;
    bob.settle().await;
    op.settle_to("4\t2\tTea").await;
}
