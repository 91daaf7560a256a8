//! What kills the original: no session does it, whatever happens to it.

use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_protocols::rim::wire::{Endpoint, Event};
use kaiwa_protocols::{Connection, ErrorKind, UserEvent};

use super::stage::{
    ANN, BOB, BOTH, EVE, ORIGINAL, Person, Stage, is_lost, request_history, said, settle,
};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::fault::RestFault;
use crate::support::rim_server::journal::Seen;

/// Neither `Heart`, nor a ping that is no ASCII, nor a pong that nobody asked for, nor bytes.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_lives_on_pings_that_the_original_survives() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        stage.say(BOB, group, "an hour later");
        ann.watch.until_said("an hour later").await;
        {
            let state = stage.lock();
            let mut pings = 0;
            for (_, seen) in &state.journal.frames {
                match seen {
                    Seen::Ping(payload) => {
                        assert!(payload.is_ascii(), "{payload:?}");
                        pings += 1;
                    }
                    Seen::Pong(_) | Seen::Binary | Seen::Nonsense(_) => panic!("{seen:?}"),
                    _ => {}
                }
            }
            assert!(pings >= 50, "{pings} pings in an hour");
            assert_eq!(state.journal.packets(Event::Heart).count(), 0);
        }
        ann.leave(&stage).await;
    }
}

/// Somebody speaks to ann, who is gone: that kills the original unless a `Logout` came first.
fn speak_to_ann(stage: &Stage, group: u64) {
    stage.say(BOB, group, "are you there?");
    stage.is_well();
    assert_eq!(stage.lock().journal.logouts(), [true]);
}

#[tokio::test(start_paused = true)]
async fn leaving_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    ann.connection.disconnect().await.unwrap();
    stage.until_gone(ANN).await;
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let ann = stage.online("ann").await;
    drop(ann);
    stage.until_gone(ANN).await;
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_given_up_half_way_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    stage.lock().faults.mute_logins = true;
    let mut ann = stage.person("ann");
    {
        let connect = ann.connect();
        tokio::pin!(connect);
        let online = stage
            .server()
            .until("the Login", |state| state.is_online(ANN).then_some(()));
        tokio::select! {
            biased;
            result = &mut connect => panic!("{result:?}"),
            () = online => {}
        }
    }
    settle().await;
    speak_to_ann(&stage, group);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_without_an_answer_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    stage.lock().faults.mute_logins = true;
    let mut ann = stage.person("ann");
    assert_eq!(ann.connect().await.unwrap_err().kind(), ErrorKind::TimedOut);
    settle().await;
    speak_to_ann(&stage, group);
}

/// The token ends, and there is no other: the session gives up while the WebSocket is in the best of health.
#[tokio::test(start_paused = true)]
async fn a_session_that_gives_up_says_logout_first() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    {
        let mut state = stage.lock();
        state.world.expire_tokens();
        state.world.user_mut(ANN).password = "changed".to_owned();
    }
    ann.send(request_history(group, None, 10)).await.unwrap();
    assert_eq!(ann.lost().await, ErrorKind::Auth);
    settle().await;
    speak_to_ann(&stage, group);
}

/// What fails for a moment is no reason to leave.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_for_a_moment_kills_nobody() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    {
        let mut state = stage.lock();
        state.world.expire_tokens();
        state
            .faults
            .rest(Some(Endpoint::UserLogin), RestFault::Page(500));
    }
    ann.ask(request_history(group, None, 10)).await;
    settle().await;
    stage.say(BOB, group, "are you there?");
    stage.is_well();
    if is_lost(&ann.take()) {
        assert_eq!(stage.lock().journal.logouts(), [true]);
    }
}

/// What is said in a group of the user alone fails, at once or later, and never reaches the original.
async fn nobody_listens(stage: &Stage, ann: &mut Person, gid: u64) {
    let Ok(request) = ann.send(said(gid, "nobody is here")).await else {
        return;
    };
    settle().await;
    stage.is_well();
    let outcome = ann.watch.outcome(request).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_alone_on_the_original() {
    let stage = Stage::new(ORIGINAL);
    let alone = stage.group("Alone", &[ANN]);
    let mut ann = stage.online("ann").await;
    nobody_listens(&stage, &mut ann, alone).await;
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_on_after_sending_the_others_away() {
    let stage = Stage::new(ORIGINAL);
    let pair = stage.group("Two", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    ann.deliver(pair, "somebody is here").await;
    ann.does(UserEvent::Remove {
        channel_id: Some(pair.into()),
        user_id: BOB.into(),
    })
    .await;
    nobody_listens(&stage, &mut ann, pair).await;
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_on_when_the_others_have_gone_meanwhile() {
    for others in [vec![BOB], vec![BOB, EVE]] {
        let stage = Stage::new(ORIGINAL);
        let all: Vec<u64> = [ANN].into_iter().chain(others.iter().copied()).collect();
        let group = stage.group("Friends", &all);
        let mut ann = stage.online("ann").await;
        ann.cut(&stage).await;
        stage.lock().world.remove_members(group, &others);
        // It waits for the connection.
        let waiting = ann.say(group, "is anybody here?").await;
        ann.connect().await.unwrap();
        settle().await;
        stage.is_well();
        let outcome = ann.watch.outcome(waiting).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_may_talk_alone_to_kaiwas() {
    let stage = Stage::new(Flavour::Kaiwa);
    let alone = stage.group("Alone", &[ANN]);
    let mut ann = stage.online("ann").await;
    ann.deliver(alone, "a note").await;
    ann.leave(&stage).await;
}
