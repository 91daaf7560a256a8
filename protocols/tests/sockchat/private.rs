//! Private messages, both ways, whatever the other one is called just now.

use kaiwa_conformance::Outcome;
use kaiwa_protocols::{ChannelType, ErrorKind};

use super::stage::{Person, Stage, Told, said, settle, told};
use crate::support::sockchat_server::dialect::Dialect;

/// The dialects in which private messages reach somebody.
const WHISPERING: [Dialect; 3] = [Dialect::Php, Dialect::Sc20, Dialect::W25];

async fn whisper(person: &mut Person, to: &str, text: &str) -> Outcome {
    let request = person.send(said(Some(to), text)).await.unwrap();
    person.outcome(request).await
}

fn from(place: &str, text: &str) -> Told {
    Told::News(place.to_owned(), text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn they_go_both_ways() {
    for dialect in WHISPERING {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.online("bob").await);
        let mut eve = stage.online("eve").await;
        settle().await;
        ann.take();
        assert_eq!(
            whisper(&mut ann, "@2", "for you").await,
            Outcome::Done,
            "{dialect:?}"
        );
        settle().await;
        assert_eq!(told(&bob.take()), [from("@1", "for you")], "{dialect:?}");
        assert_eq!(
            bob.state.channels["@1"].channel.channel_type,
            ChannelType::Direct
        );
        assert_eq!(whisper(&mut bob, "@1", "thanks").await, Outcome::Done);
        settle().await;
        assert_eq!(told(&ann.take()), [from("@2", "thanks")], "{dialect:?}");
        assert_eq!(told(&eve.take()), [], "nobody else hears it");
        for person in [ann, bob, eve] {
            person.leave().await;
        }
    }
}

/// In the original server only the whole displayed name is understood, with what goes before it.
#[tokio::test(start_paused = true)]
async fn they_reach_who_is_called_otherwise_now() {
    for dialect in WHISPERING {
        let stage = Stage::new(dialect);
        let (mut ann, mut bob) = (stage.online("ann").await, stage.raw(2).await);
        for command in ["/nick rob", "/afk BRB", "/nick", "/nick a'b", "/afk"] {
            bob.say(command).await;
            settle().await;
            ann.take();
            let outcome = whisper(&mut ann, "@2", command).await;
            assert_eq!(outcome, Outcome::Done, "{dialect:?} after {command}");
            let heard = bob.rest().await;
            assert!(
                heard.iter().any(|one| one.contains(command)),
                "{dialect:?}: {heard:?}"
            );
        }
        ann.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_and_oneself() {
    for dialect in Dialect::ALL {
        let stage = Stage::new(dialect);
        let mut ann = stage.online("ann").await;
        let error = ann.send(said(Some("@9"), "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        // No server says anything to it.
        match ann.send(said(Some("@1"), "to myself")).await {
            Ok(request) => {
                let unknown = Outcome::Failed(ErrorKind::OutcomeUnknown);
                assert_eq!(ann.outcome(request).await, unknown, "{dialect:?}");
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid, "{dialect:?}"),
        }
        ann.leave().await;
    }
}

/// Who has gone is no longer there; where a server never forgets, the echo comes though nobody hears it.
#[tokio::test(start_paused = true)]
async fn who_has_gone_is_not_found() {
    for dialect in WHISPERING {
        let stage = Stage::new(dialect);
        let (mut ann, bob) = (stage.online("ann").await, stage.online("bob").await);
        bob.leave().await;
        settle().await;
        ann.take();
        let error = ann.send(said(Some("@2"), "too late")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{dialect:?}");
        ann.leave().await;
    }
}

/// The server of 2021 does nothing at a private message.
#[tokio::test(start_paused = true)]
async fn where_they_are_dropped_nothing_is_known() {
    let stage = Stage::new(Dialect::Sc21);
    let (mut ann, bob) = (stage.online("ann").await, stage.online("bob").await);
    settle().await;
    ann.take();
    let unknown = Outcome::Failed(ErrorKind::OutcomeUnknown);
    assert_eq!(whisper(&mut ann, "@2", "dropped").await, unknown);
    ann.leave().await;
    bob.leave().await;
}
