//! Contacts: asked for, answered, ended; both ways where the server tells.

use kaiwa_protocols::{ConnectionEvent, UserEvent};

use super::stage::{ANN, BOB, ORIGINAL, Person, Stage, settle};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::world::FriendRow;

/// What was told of contacts, in short.
fn contacts(events: &[ConnectionEvent]) -> Vec<String> {
    let told = events.iter().filter_map(|event| match event {
        ConnectionEvent::User {
            event: UserEvent::Request { user_id, own, .. },
        } => Some(format!("{} {user_id}", if *own { "asked" } else { "asks" })),
        ConnectionEvent::User {
            event: UserEvent::Respond { user_id, accept },
        } => Some(format!(
            "{} {user_id}",
            if *accept { "is" } else { "is no" }
        )),
        _ => None,
    });
    told.collect()
}

fn request(uid: u64) -> UserEvent {
    UserEvent::Request {
        user_id: uid.into(),
        own: true,
        text: None,
    }
}

fn respond(uid: u64, accept: bool) -> UserEvent {
    UserEvent::Respond {
        user_id: uid.into(),
        accept,
    }
}

async fn both(stage: &Stage) -> (Person, Person) {
    (stage.online("ann").await, stage.online("bob").await)
}

#[tokio::test(start_paused = true)]
async fn kaiwas_tells_both_sides() {
    let stage = Stage::new(Flavour::Kaiwa);
    let (mut ann, mut bob) = both(&stage).await;
    assert_eq!(contacts(&ann.does(request(BOB)).await), ["asked 2"]);
    settle().await;
    assert_eq!(contacts(&bob.take()), ["asks 1"]);
    assert_eq!(contacts(&bob.does(respond(ANN, true)).await), ["is 1"]);
    settle().await;
    assert_eq!(contacts(&ann.take()), ["is 2"]);
    assert_eq!(contacts(&bob.take()), Vec::<String>::new(), "told once");
    for person in [&mut ann, &mut bob] {
        person.connection_again().await;
    }
    ann.does(respond(BOB, false)).await;
    settle().await;
    assert_eq!(contacts(&bob.take()), ["is no 1"]);
    ann.leave(&stage).await;
    bob.leave(&stage).await;
}

impl Person {
    /// Leaves and comes back: the one contact is told once.
    async fn connection_again(&mut self) {
        use kaiwa_protocols::Connection as _;
        self.connection.disconnect().await.unwrap();
        self.take();
        let told = contacts(&self.reconnect().await);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("is "), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_may_be_asked_again() {
    let stage = Stage::new(Flavour::Kaiwa);
    let (mut ann, mut bob) = both(&stage).await;
    ann.does(request(BOB)).await;
    settle().await;
    bob.take();
    bob.does(respond(ANN, false)).await;
    settle().await;
    assert_eq!(contacts(&ann.take()), ["is no 2"]);
    ann.does(request(BOB)).await;
    settle().await;
    assert_eq!(contacts(&bob.take()), ["asks 1"]);
    ann.leave(&stage).await;
    bob.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_nobody_is_connected_is_seen_at_sign_in() {
    let stage = Stage::new(Flavour::Kaiwa);
    stage.lock().world.add_friend(BOB, ANN);
    let mut ann = stage.person("ann");
    let events = ann.reconnect().await;
    assert_eq!(contacts(&events), ["asks 2"]);
    // Whoever asks is introduced first.
    let introduced = events.iter().position(|event| {
        matches!(event, ConnectionEvent::User { event: UserEvent::New { channel_id: None, user } }
            if user.id.as_deref() == Some("2") && user.username.as_deref() == Some("bob"))
    });
    assert!(introduced.is_some(), "{events:#?}");
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn the_original_knows_one_side_only() {
    let stage = Stage::new(ORIGINAL);
    let (mut ann, mut bob) = both(&stage).await;
    assert_eq!(contacts(&ann.does(request(BOB)).await), ["asked 2"]);
    settle().await;
    assert_eq!(contacts(&bob.take()), Vec::<String>::new());
    // Asking again makes no second relation.
    ann.ask(request(BOB)).await;
    let row = |uid, fid, status| FriendRow { uid, fid, status };
    assert_eq!(stage.lock().world.friends(ANN), [row(ANN, BOB, 0)]);
    assert_eq!(contacts(&bob.does(respond(ANN, true)).await), ["is 1"]);
    assert_eq!(stage.lock().world.friends(BOB), [row(BOB, ANN, 1)]);
    assert_eq!(contacts(&ann.does(respond(BOB, true)).await), ["is 2"]);
    assert_eq!(stage.lock().world.friends(ANN), [row(ANN, BOB, 1)]);
    ann.connection_again().await;
    assert_eq!(contacts(&ann.does(respond(BOB, false)).await), ["is no 2"]);
    assert_eq!(stage.lock().world.friends(ANN), []);
    assert_eq!(stage.lock().world.friends(BOB), [row(BOB, ANN, 1)]);
    ann.leave(&stage).await;
    bob.leave(&stage).await;
}

/// People are found by their login name too; nobody of that name is said to be nobody.
#[tokio::test(start_paused = true)]
async fn people_are_found_by_name() {
    for flavour in super::stage::BOTH {
        let stage = Stage::new(flavour);
        let mut ann = stage.online("ann").await;
        let by_name = |name: &str| UserEvent::Request {
            user_id: name.into(),
            own: true,
            text: None,
        };
        assert_eq!(contacts(&ann.does(by_name("bob")).await), ["asked 2"]);
        let nobody = ann.ask(by_name("nobody")).await.0;
        assert!(
            matches!(nobody, kaiwa_conformance::Outcome::Failed(_)),
            "{nobody:?}"
        );
        let unknown = ann.ask(request(99)).await.0;
        assert!(
            matches!(unknown, kaiwa_conformance::Outcome::Failed(_)),
            "{unknown:?}"
        );
        assert_eq!(stage.lock().world.friends(ANN).len(), 1);
        ann.leave(&stage).await;
    }
}
