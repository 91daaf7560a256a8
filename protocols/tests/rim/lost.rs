//! Connections that break: nothing is lost, nothing comes twice, nothing is sent twice.

use std::time::Duration;

use kaiwa_conformance::Outcome;
use kaiwa_conformance::relay::{Flow, Way};
use kaiwa_protocols::ErrorKind;
use kaiwa_protocols::rim::wire::{Endpoint, Event};
use serde_json::json;

use super::stage::{ANN, BOB, BOTH, ORIGINAL, Stage, Told, history, news, settle, told};
use crate::support::rim_server::Flavour;
use crate::support::rim_server::fault::RestFault;

#[tokio::test(start_paused = true)]
async fn a_message_whose_acknowledgement_is_lost_is_delivered_once() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.lock().faults.held = Some(Vec::new());
        let request = ann.say(group, "did it arrive?").await;
        stage.until_written(1).await;
        ann.cut(&stage).await;
        assert_eq!(ann.watch.known_outcome(request), None);
        let events = ann.reconnect().await;
        assert_eq!(ann.watch.known_outcome(request), Some(Outcome::Done));
        assert_eq!(told(&events, group), []);
        assert_eq!(stage.kept(), ["did it arrive?"]);
        assert_eq!(stage.lock().journal.packets(Event::Msg).count(), 1);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_lost_is_sent_once_more() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.lock().faults.swallow = 1;
        let lost = ann.say(group, "lost").await;
        stage.until_written(1).await;
        ann.cut(&stage).await;
        let behind = ann.say(group, "behind it").await;
        ann.connect().await.unwrap();
        assert_eq!(ann.watch.outcome(lost).await, Outcome::Done);
        assert_eq!(ann.watch.outcome(behind).await, Outcome::Done);
        settle().await;
        assert_eq!(stage.kept(), ["lost", "behind it"]);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_acknowledgement_on_a_living_connection_is_no_loss() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.lock().faults.held = Some(Vec::new());
        let kept = ann.say(group, "kept").await;
        assert_eq!(ann.watch.outcome(kept).await, Outcome::Done);
        let mut state = stage.lock();
        state.faults.held = None;
        state.faults.swallow = 1;
        drop(state);
        let swallowed = ann.say(group, "swallowed").await;
        assert_eq!(ann.watch.outcome(swallowed).await, Outcome::Done);
        settle().await;
        assert_eq!(stage.kept(), ["kept", "swallowed"]);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_not_take_fails_and_is_not_sent_for_ever() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.lock().faults.refuse_messages = true;
        let request = ann.say(group, "unwanted").await;
        let Outcome::Failed(kind) = ann.watch.outcome(request).await else {
            panic!("not taken, but done");
        };
        assert!((20..40).contains(&kind.number()), "{kind:?}");
        stage.lock().faults.refuse_messages = false;
        settle().await;
        ann.deliver(group, "wanted").await;
        assert_eq!(stage.kept(), ["wanted"]);
        ann.leave(&stage).await;
    }
}

/// The network holds back what was written, until after the connection has broken and another one stands.
#[tokio::test(start_paused = true)]
async fn a_message_that_arrives_from_a_broken_connection_is_not_doubled() {
    for (flavour, idempotent) in [
        (ORIGINAL, false),
        (Flavour::Kaiwa, false),
        (Flavour::Kaiwa, true),
    ] {
        let stage = Stage::new(flavour);
        stage.lock().idempotent = idempotent;
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.wires.sockets.flow(Way::ToServer, Flow::Stalled);
        let request = ann.say(group, "late").await;
        // It is written once nobody has anything left to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
        stage.wires.sockets.half_close(Way::ToClient);
        ann.lost().await;
        ann.connect().await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        stage.wires.sockets.flow(Way::ToServer, Flow::Open);
        assert_eq!(ann.watch.outcome(request).await, Outcome::Done);
        settle().await;
        assert_eq!(stage.kept(), ["late"], "{flavour:?} {idempotent}");
        let events = ann.take();
        assert_eq!(told(&events, group), []);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_once_and_in_order() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        stage.say(BOB, group, "live");
        settle().await;
        assert_eq!(told(&ann.take(), group), [news("live")]);
        // Less than a page, more than one, several.
        for (round, count) in [1, 49, 50, 51, 120, 300].into_iter().enumerate() {
            ann.cut(&stage).await;
            let texts: Vec<String> = (0..count).map(|n| format!("{round}: {n}")).collect();
            for text in &texts {
                stage.say(BOB, group, text);
            }
            let events = ann.reconnect().await;
            let expected: Vec<Told> = texts.iter().map(|text| history(text)).collect();
            assert_eq!(told(&events, group), expected, "round {round}");
        }
        stage.say(BOB, group, "live again");
        settle().await;
        assert_eq!(told(&ann.take(), group), [news("live again")]);
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_to_fetch_leaves_a_gap() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        stage.say(BOB, group, "before");
        let mut ann = stage.online("ann").await;
        ann.cut(&stage).await;
        for number in 0..3000 {
            stage.say(BOB, group, &format!("missed {number}"));
        }
        let events = ann.reconnect().await;
        let told = told(&events, group);
        assert_eq!(told[0], Told::Gap);
        let rest = &told[1..];
        assert!(rest.len() >= 50, "only {}", rest.len());
        let first = 3000 - rest.len();
        for (at, told) in rest.iter().enumerate() {
            assert_eq!(*told, history(&format!("missed {}", first + at)));
        }
        ann.leave(&stage).await;
    }
}

/// What is said after the sign-in is relayed, and must not hide what was missed before it: nor in silence, if it is too much.
#[tokio::test(start_paused = true)]
async fn a_flood_of_news_does_not_bury_what_was_missed() {
    for flavour in BOTH {
        for (flood, whole) in [(700, true), (6000, false)] {
            let stage = Stage::new(flavour);
            let group = stage.group("Friends", &[ANN, BOB]);
            stage.say(BOB, group, "before");
            let mut ann = stage.online("ann").await;
            ann.cut(&stage).await;
            stage.say(BOB, group, "missed");
            let crowd = RestFault::Crowd {
                uid: BOB,
                gid: group,
                count: flood,
            };
            stage.lock().faults.rest(Some(Endpoint::History), crowd);
            let mut events = ann.reconnect().await;
            // A queue holds a part of it at a time.
            while events.len() < flood {
                settle().await;
                let more = ann.take();
                assert!(!more.is_empty(), "only {} events", events.len());
                events.extend(more);
            }
            let told = told(&events, group);
            let first = if whole { history("missed") } else { Told::Gap };
            assert_eq!(told[0], first, "{flood} in a flood");
            assert_eq!(told.len(), flood + 1);
            for (number, told) in told[1..].iter().enumerate() {
                assert_eq!(*told, news(&format!("crowd {number}")));
            }
            ann.leave(&stage).await;
        }
    }
}

/// Somebody talks all the time while the connection breaks and comes back.
#[tokio::test(start_paused = true)]
async fn nothing_falls_between_history_and_news() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        let mut said = Vec::new();
        let mut events = Vec::new();
        for round in 0..20 {
            ann.cut(&stage).await;
            let mut number = 0;
            let mut talk = || {
                let text = format!("{round}: {number}");
                stage.say(BOB, group, &text);
                number += 1;
                said.push(text);
            };
            talk();
            {
                let connect = ann.connect();
                tokio::pin!(connect);
                let mut steps = 0;
                loop {
                    tokio::select! {
                        biased;
                        result = &mut connect => break result.unwrap(),
                        () = tokio::task::yield_now() => {
                            steps += 1;
                            if steps % (round + 1) == 0 {
                                talk();
                            }
                        }
                    }
                }
            }
            for _ in 0..10 {
                talk();
                tokio::task::yield_now().await;
            }
            settle().await;
            events.extend(ann.take());
        }
        let texts: Vec<String> = told(&events, group)
            .into_iter()
            .map(|told| match told {
                Told::News(text) | Told::History(text) => text,
                Told::Gap => panic!("a gap"),
            })
            .collect();
        assert_eq!(texts, said, "in order, once each");
        ann.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_sign_in_takes_the_messages_and_the_history_brings_them_back() {
    let stage = Stage::new(ORIGINAL);
    let group = stage.group("Friends", &[ANN, BOB]);
    let mut ann = stage.online("ann").await;
    let raw = stage.raw("ann").await;
    let mut other = raw.online().await;
    stage.say(BOB, group, "to the other one");
    assert_eq!(
        other.next().await.unwrap()["body"]["content"],
        "to the other one"
    );
    // What the user says here still arrives, and what they said there is not ours.
    ann.deliver(group, "from here").await;
    other
        .request("Msg", &json!({"gid": group, "content": "from there"}))
        .await;
    other.leave().await;
    // The `Logout` took our registration too, if it was ours by now; a reconnect brings all of it.
    ann.cut(&stage).await;
    let events = ann.reconnect().await;
    let mut texts: Vec<Told> = told(&events, group);
    texts.sort();
    assert_eq!(texts, [history("from there"), history("to the other one")]);
    assert_eq!(stage.kept().len(), 3);
    ann.leave(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_rest_half_breaks_nothing_for_good() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        ann.cut(&stage).await;
        stage.say(BOB, group, "missed");
        stage.wires.rest.refuse(true);
        let error = ann.connect().await.unwrap_err();
        assert!((50..70).contains(&error.kind().number()), "{error:?}");
        ann.lost().await;
        stage.wires.rest.refuse(false);
        stage.wires.sockets.refuse(true);
        assert_eq!(ann.connect().await.unwrap_err().kind(), ErrorKind::Refused);
        ann.lost().await;
        stage.wires.sockets.refuse(false);
        let events = ann.reconnect().await;
        assert_eq!(told(&events, group), [history("missed")]);
        ann.leave(&stage).await;
    }
}

/// Answers take longer than the session waits for one of them: it may give up, but it doubles nothing and leaves nothing behind
/// that kills the original.
#[tokio::test(start_paused = true)]
async fn a_line_that_grows_slow_loses_and_doubles_nothing() {
    let both = [Way::ToServer, Way::ToClient];
    for flavour in BOTH {
        for (millis, ways) in [
            (500, &both[..]),
            (2_000, &both[..]),
            (6_000, &both[..]),
            (20_000, &both[..]),
            (6_000, &both[1..]),
            (20_000, &both[1..]),
        ] {
            let stage = Stage::new(flavour);
            let group = stage.group("Friends", &[ANN, BOB]);
            let mut ann = stage.online("ann").await;
            let slow = Flow::Delayed(Duration::from_millis(millis));
            for way in ways {
                stage.wires.sockets.flow(*way, slow);
            }
            let mut requests = Vec::new();
            for number in 0..5 {
                requests.push(ann.say(group, &format!("mine {number}")).await);
                stage.say(BOB, group, &format!("theirs {number}"));
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
            // Whatever is under way arrives.
            tokio::time::sleep(Duration::from_secs(300)).await;
            if flavour != Flavour::Kaiwa && ways.len() == 2 && !stage.lock().is_online(ANN) {
                // Nothing that the session writes arrives in time: see `Stage::cut`.
                stage.server().restart();
            }
            stage.say(BOB, group, "anybody there?");
            stage.is_well();
            let mut events = ann.take();
            if super::stage::is_lost(&events) {
                assert!(millis > 500, "{millis} ms are given up");
                events.extend(ann.reconnect().await);
            }
            settle().await;
            events.extend(ann.take());
            let kept = stage.kept();
            for (number, request) in requests.into_iter().enumerate() {
                let text = format!("mine {number}");
                let copies = kept.iter().filter(|kept| **kept == text).count();
                let outcome = ann.watch.known_outcome(request);
                let expected = (Some(Outcome::Done), 1);
                assert_eq!((outcome, copies), expected, "{millis} ms: {text}");
            }
            let theirs = |told: &Told| {
                matches!(told, Told::News(text) | Told::History(text)
                    if !text.starts_with("mine"))
            };
            let heard = told(&events, group).into_iter().filter(theirs).count();
            assert_eq!(heard, 6, "{millis} ms");
            stage.is_well();
        }
    }
}

/// The connection dies in the middle of any frame, of either way.
#[tokio::test(start_paused = true)]
async fn a_cut_at_any_byte_loses_and_doubles_nothing() {
    for flavour in BOTH {
        for (way, bytes) in [Way::ToServer, Way::ToClient]
            .into_iter()
            .flat_map(|way| (0..4000).step_by(97).map(move |bytes| (way, bytes)))
        {
            let stage = Stage::new(flavour);
            let group = stage.group("Friends", &[ANN, BOB]);
            let mut ann = stage.online("ann").await;
            stage.wires.sockets.cut_after(way, bytes);
            let mut requests = Vec::new();
            for number in 0..10 {
                requests.push(ann.say(group, &format!("mine {number}")).await);
                stage.say(BOB, group, &format!("theirs {number}"));
            }
            settle().await;
            let mut events = ann.take();
            if super::stage::is_lost(&events) {
                // Started again: see `Stage::cut`.
                if flavour != Flavour::Kaiwa {
                    stage.server().restart();
                }
                events.extend(ann.reconnect().await);
            }
            for request in requests {
                assert_eq!(
                    ann.watch.outcome(request).await,
                    Outcome::Done,
                    "{way:?} {bytes}"
                );
            }
            let mut kept = stage.kept();
            kept.sort();
            kept.dedup();
            assert_eq!(kept.len(), 20, "cut {way:?} after {bytes}");
            assert_eq!(stage.kept().len(), 20, "cut {way:?} after {bytes}");
            let others = told(&events, group)
                .into_iter()
                .filter(|told| matches!(told, Told::News(text) | Told::History(text) if text.starts_with("theirs")));
            assert_eq!(others.count(), 10, "cut {way:?} after {bytes}");
        }
    }
}
