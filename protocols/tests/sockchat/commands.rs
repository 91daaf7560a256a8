//! Each command in each dialect: what the server says to it ends the request, and nothing else does.

use chrono::Utc;
use kaiwa_conformance::Outcome;
use kaiwa_protocols::{
    AssetEvent, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, ErrorKind, Id,
    Message, MessageFragment, Profile, UserEvent,
};

use super::stage::{BOB, Person, Stage, notices, settle};
use crate::support::sockchat_server::dialect::Dialect;
use crate::support::sockchat_server::world::LOBBY;

const DONE: Outcome = Outcome::Done;
const FORBIDDEN: Outcome = Outcome::Failed(ErrorKind::Forbidden);
const NOT_FOUND: Outcome = Outcome::Failed(ErrorKind::NotFound);
const UNSUPPORTED: Outcome = Outcome::Failed(ErrorKind::Unsupported);

/// A command of a moderator in the lobby, with bob there, and what becomes of it in each dialect, in the order of
/// [`Dialect::ALL`].
const COMMANDS: &[(&str, &str, [Outcome; 4])] = &[
    ("me", "waves", [DONE; 4]),
    ("who", "", [DONE; 4]),
    ("who", "Lobby", [DONE; 4]),
    ("who", "Nowhere", [NOT_FOUND; 4]),
    ("say", "all rise", [DONE; 4]),
    ("ip", "bob", [DONE; 4]),
    ("ip", "nobody", [NOT_FOUND; 4]),
    ("bans", "", [DONE; 4]),
    ("unban", "bob", [NOT_FOUND; 4]),
    ("unbanip", "10.0.0.1", [NOT_FOUND; 4]),
    // The original does nothing at all at it, that of 2021 refuses it always.
    ("silence", "bob", [UNSUPPORTED, DONE, FORBIDDEN, DONE]),
    ("unsilence", "bob", [UNSUPPORTED, DONE, DONE, DONE]),
    (
        "silence",
        "nobody",
        [UNSUPPORTED, NOT_FOUND, FORBIDDEN, NOT_FOUND],
    ),
    // Elsewhere only owners change a channel.
    (
        "password",
        "sesame",
        [DONE, FORBIDDEN, FORBIDDEN, FORBIDDEN],
    ),
    ("password", "", [DONE, FORBIDDEN, FORBIDDEN, FORBIDDEN]),
    ("rank", "99", [FORBIDDEN; 4]),
    ("rank", "0", [DONE, FORBIDDEN, FORBIDDEN, FORBIDDEN]),
    // One refuses those who have the right.
    ("create", "Tea", [DONE, FORBIDDEN, DONE, DONE]),
    ("kick", "nobody", [NOT_FOUND; 4]),
    ("kick", "bob", [DONE; 4]),
];

async fn command(person: &mut Person, name: &str, rest: &str) -> Outcome {
    let mut message = Message::text(rest, Utc::now());
    let asset = MessageFragment::AssetId(format_args!("command:{name}").into());
    message.content.insert(0, asset);
    if rest.is_empty() {
        message.content.truncate(1);
    }
    let event = ChatEvent::New {
        channel_id: None,
        message,
    };
    match person.send(event).await {
        Ok(request) => person.outcome(request).await,
        Err(error) => Outcome::Failed(error.kind()),
    }
}

#[tokio::test(start_paused = true)]
async fn each_ends_by_its_answer() {
    for (at, dialect) in Dialect::ALL.into_iter().enumerate() {
        for (name, rest, outcomes) in COMMANDS {
            let stage = Stage::new(dialect);
            let _bob = stage.raw(BOB).await;
            stage.lock().world.users.get_mut(&BOB).unwrap().silenced = *name == "unsilence";
            let mut ann = stage.online("ann").await;
            let outcome = command(&mut ann, name, rest).await;
            assert_eq!(outcome, outcomes[at], "{dialect:?}: /{name} {rest}");
            settle().await;
            ann.take();
            ann.leave().await;
        }
    }
}

/// Many at once, with messages between: answers are not taken for one another.
#[tokio::test(start_paused = true)]
async fn many_at_once_are_told_apart() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        stage.enter(BOB);
        let mut ann = stage.online("ann").await;
        let mut expected = Vec::new();
        for round in 0..4 {
            for (name, rest, outcome) in [
                ("who", "Nowhere", NOT_FOUND),
                ("who", "", DONE),
                ("ip", "nobody", NOT_FOUND),
                ("rank", "99", FORBIDDEN),
            ] {
                let mut message = Message::text(rest, Utc::now());
                let asset = MessageFragment::AssetId(format_args!("command:{name}").into());
                message.content.insert(0, asset);
                let event = ChatEvent::New {
                    channel_id: None,
                    message,
                };
                expected.push((ann.send(event).await.unwrap(), outcome));
            }
            expected.push((ann.say(&format!("between {round}")).await, DONE));
        }
        for (request, outcome) in expected {
            assert_eq!(ann.outcome(request).await, outcome, "{dialect:?}");
        }
        ann.leave().await;
    }
}

/// Events of the vocabulary that are commands on the wire.
#[tokio::test(start_paused = true)]
async fn names_channels_and_what_refuses_them() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.online("bob").await;
        stage.enter(1);
        settle().await;
        bob.take();
        let rename = |name: &str| UserEvent::Update {
            channel_id: None,
            user_id: "2".into(),
            new_user: Profile {
                username: Some(name.to_owned()),
                ..Profile::default()
            },
        };
        let conflict = Outcome::Failed(ErrorKind::Conflict);
        for (name, expected) in [("rob", DONE), ("ann", conflict), ("rob the builder", DONE)] {
            let request = bob.send(rename(name)).await.unwrap();
            assert_eq!(bob.outcome(request).await, expected, "{dialect:?}: {name}");
        }
        let create = |name: &str| ChannelEvent::New {
            channel: Channel {
                id: name.into(),
                name: Some(name.to_owned()),
                channel_type: ChannelType::Group,
            },
        };
        // With the right to make temporary ones one is refused by the server that has it the wrong way round.
        let made = if dialect == Dialect::Sc20 {
            FORBIDDEN
        } else {
            DONE
        };
        let request = bob.send(create("Tea")).await.unwrap();
        assert_eq!(bob.outcome(request).await, made, "{dialect:?}");
        if made == DONE {
            settle().await;
            bob.take();
            assert_eq!(
                bob.state.current_channel.as_deref(),
                Some("Tea"),
                "{dialect:?}"
            );
            let request = bob.send(create("Lobby")).await.unwrap();
            assert_eq!(bob.outcome(request).await, conflict, "{dialect:?}");
            assert_eq!(bob.join(LOBBY).await, DONE);
            settle().await;
            bob.take();
            assert!(
                !bob.state.channels.contains_key("Tea"),
                "its owner left: {dialect:?}"
            );
        }
        bob.leave().await;
    }
}

/// What one may use is told, and taken back with the right to it.
#[tokio::test(start_paused = true)]
async fn commands_come_and_go_with_rights() {
    let ids = |events: &[ConnectionEvent]| -> (Vec<Id>, Vec<Id>) {
        let mut changes = (Vec::new(), Vec::new());
        for event in events {
            match event {
                ConnectionEvent::Asset {
                    event: AssetEvent::New { asset, .. },
                } => changes.0.extend(asset.id().map(Id::from)),
                ConnectionEvent::Asset {
                    event: AssetEvent::Remove { asset_id, .. },
                } => changes.1.push(asset_id.clone()),
                _ => {}
            }
        }
        changes
    };
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut bob = stage.person("bob");
        bob.connect().await.unwrap();
        settle().await;
        let (few, _) = ids(&bob.take());
        assert!(
            few.iter().any(|id| id == "command:who"),
            "{dialect:?}: {few:?}"
        );
        assert!(
            !few.iter().any(|id| id == "command:ban"),
            "{dialect:?}: {few:?}"
        );
        let operator = crate::support::sockchat_server::world::Rights::OPERATOR;
        stage.lock().promote(BOB, operator);
        settle().await;
        let (more, gone) = ids(&bob.take());
        assert!(
            more.iter().any(|id| id == "command:ban"),
            "{dialect:?}: {more:?}"
        );
        assert_eq!(gone, Vec::<Id>::new());
        let member = crate::support::sockchat_server::world::Rights::MEMBER;
        stage.lock().promote(BOB, member);
        settle().await;
        let (back, gone) = ids(&bob.take());
        assert_eq!((back, gone), (Vec::new(), more), "{dialect:?}");
        bob.leave().await;
    }
}

/// What the server says by itself is a message of the server, with its code.
#[tokio::test(start_paused = true)]
async fn notices_keep_their_codes() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.raw(1).await, stage.online("bob").await);
        ann.say("/say [b]all[/b] rise").await;
        ann.say("/nick queen").await;
        settle().await;
        assert_eq!(notices(&bob.take()), ["say", "nick"], "{dialect:?}");
        bob.leave().await;
    }
}
