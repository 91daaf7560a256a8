//! Connections that break: nothing is lost, nothing comes twice, nothing is said twice.

use kaiwa_conformance::Outcome;
use kaiwa_conformance::relay::Way;
use kaiwa_protocols::{ChannelEvent, ChatEvent, ConnectionEvent, ErrorKind, MessageStatus};

use super::stage::{ANN, BOB, Stage, Told, history, news, settle, told};
use crate::support::oshi_server::fault::CallFault;
use crate::support::oshi_server::world::GENERAL;

#[tokio::test(start_paused = true)]
async fn a_message_whose_answer_is_lost_is_said_once() {
    for fault in [CallFault::DropAfter, CallFault::Drop] {
        let stage = Stage::new();
        let mut ann = stage.online("ann").await;
        stage.lock().faults.call("pub", fault.clone());
        let request = ann.say("did it arrive?").await;
        ann.lost().await;
        assert_eq!(ann.watch.known_outcome(request), None);
        let events = ann.reconnect().await;
        assert_eq!(
            ann.watch.known_outcome(request),
            Some(Outcome::Done),
            "{fault:?}"
        );
        assert_eq!(told(&events, GENERAL), [], "{fault:?}");
        assert_eq!(stage.kept(), ["did it arrive?"], "{fault:?}");
        ann.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_swallowed_is_said_once() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    stage.lock().faults.swallow = 1;
    let lost = ann.say("lost").await;
    stage.until_asked("pub", 1).await;
    ann.cut(&stage).await;
    let behind = ann.say("behind it").await;
    ann.connect().await.unwrap();
    assert_eq!(ann.outcome(lost).await, Outcome::Done);
    assert_eq!(ann.outcome(behind).await, Outcome::Done);
    settle().await;
    assert_eq!(stage.kept(), ["lost", "behind it"]);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_has_the_same_nonce() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    stage.lock().faults.hang = true;
    let request = ann.say("again").await;
    stage.until_asked("pub", 1).await;
    ann.cut(&stage).await;
    stage.lock().faults.hang = false;
    ann.connect().await.unwrap();
    assert_eq!(ann.outcome(request).await, Outcome::Done);
    let state = stage.lock();
    let nonces: Vec<_> = state
        .journal
        .requests("pub")
        .iter()
        .map(|sent| sent["nonce"].clone())
        .collect();
    assert_eq!(nonces.len(), 2);
    assert_eq!(nonces[0], nonces[1]);
    assert!(nonces[0].is_string());
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_once_and_in_order() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    stage.say(BOB, "live");
    settle().await;
    assert_eq!(told(&ann.take(), GENERAL), [news("live")]);
    for (round, count) in [1, 49, 50, 51, 120, 500].into_iter().enumerate() {
        ann.cut(&stage).await;
        let texts: Vec<String> = (0..count).map(|n| format!("{round}: {n}")).collect();
        for text in &texts {
            stage.say(BOB, text);
        }
        let expected: Vec<Told> = texts.iter().map(|text| history(text)).collect();
        assert_eq!(told(&ann.reconnect().await, GENERAL), expected, "{count}");
        stage.say(BOB, "live again");
        settle().await;
        assert_eq!(told(&ann.take(), GENERAL), [news("live again")]);
    }
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn more_than_can_be_replayed_is_a_gap_and_the_newest_page() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    stage.say(BOB, "live");
    settle().await;
    ann.take();
    ann.cut(&stage).await;
    for number in 0..501 {
        stage.say(BOB, &number.to_string());
    }
    let told = told(&ann.reconnect().await, GENERAL);
    assert_eq!(told.first(), Some(&Told::Gap));
    let expected: Vec<Told> = (501 - (told.len() - 1)..501)
        .map(|n| history(&n.to_string()))
        .collect();
    assert!(expected.len() >= 50);
    assert_eq!(told[1..], expected);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn another_numbering_is_shown_anew() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    for number in 0..5 {
        stage.say(BOB, &number.to_string());
    }
    settle().await;
    ann.take();
    stage.server().restart(true);
    ann.lost().await;
    stage.say(BOB, "after");
    let events = ann.reconnect().await;
    let wiped = |event: &ConnectionEvent| {
        matches!(
            event,
            ConnectionEvent::Channel {
                event: ChannelEvent::Wipe { .. }
            }
        )
    };
    assert!(events.iter().any(wiped), "{events:#?}");
    let shown: Vec<String> = ann.state.channels["s1"]
        .messages
        .iter()
        .map(|message| message.plain_text())
        .collect();
    assert_eq!(shown, ["0", "1", "2", "3", "4", "after"]);
    stage.say(BOB, "live");
    settle().await;
    assert_eq!(told(&ann.take(), GENERAL), [news("live")]);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn what_changed_meanwhile_is_told() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    let seqs: Vec<i64> = ["one", "two", "three"]
        .iter()
        .map(|text| stage.say(BOB, text))
        .collect();
    settle().await;
    ann.take();
    ann.cut(&stage).await;
    {
        let mut state = stage.lock();
        state.amend(GENERAL, seqs[0], Some("uno"));
        state.amend(GENERAL, seqs[1], None);
        state.respond(BOB, GENERAL, seqs[2], "+", true);
        state.respond(ANN, GENERAL, seqs[2], "-", true);
        state.respond(ANN, GENERAL, seqs[2], "-", false);
        let new = state.say(BOB, GENERAL, "four");
        state.amend(GENERAL, new, Some("quattro"));
    }
    assert_eq!(told(&ann.reconnect().await, GENERAL), [history("quattro")]);
    let log = &ann.state.channels["s1"].messages;
    let shown: Vec<_> = log
        .iter()
        .map(|message| (message.plain_text(), message.status))
        .collect();
    use MessageStatus::{Deleted, Delivered, Edited};
    let expected = [
        ("uno", Edited),
        ("", Deleted),
        ("three", Delivered),
        ("quattro", Edited),
    ];
    assert_eq!(
        shown,
        expected.map(|(text, status)| (text.to_owned(), status))
    );
    ann.leave().await;
}

/// The connection breaks between the answer to `sub` and the end of what was missed.
#[tokio::test(start_paused = true)]
async fn a_replay_that_breaks_off_goes_on() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    ann.cut(&stage).await;
    let texts: Vec<String> = (0..300).map(|n| format!("{n}")).collect();
    for text in &texts {
        stage.say(BOB, text);
    }
    let mut all = Vec::new();
    for _ in 0..5 {
        ann.connect().await.unwrap();
        stage.wires.sockets.cut_after(Way::ToClient, 20_000);
        all.extend(told(&ann.until_lost().await.1, GENERAL));
    }
    all.extend(told(&ann.reconnect().await, GENERAL));
    let expected: Vec<Told> = texts.iter().map(|text| history(text)).collect();
    assert_eq!(all, expected);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_was_cut_off_has_failed() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    let seq = stage.say(ANN, "mine");
    settle().await;
    ann.take();
    stage.lock().faults.hang = true;
    let edit = ChatEvent::Remove {
        channel_id: Some(GENERAL.into()),
        message_id: seq.into(),
    };
    let request = ann.send(edit).await.unwrap();
    stage.until_asked("delete", 1).await;
    ann.cut(&stage).await;
    assert_eq!(
        ann.watch.known_outcome(request),
        Some(Outcome::Failed(ErrorKind::Lost))
    );
}
