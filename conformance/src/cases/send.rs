//! Own messages and other requests: promises 3 and 4.

use chrono::DateTime;
use kaiwa_core::{
    ChatEvent, ConnectionEvent, ErrorKind, EventKind, Id, Message, MessageStatus, MessageType,
    RequestId, StatusEvent,
};

use super::{arrivals, until_accepted};
use crate::{Account, Fault, Harness, Need, Order, Outcome, Peer};

/// Promise 3: the local echo is there when `send` returns, then one `Update`, then `Done`.
pub async fn echo_comes_at_once<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    while account.watch.try_next().is_some() {}
    let request = account.say("hello").await;
    let echo = account.watch.try_next();
    let Some(ConnectionEvent::Chat {
        event: ChatEvent::New {
            channel_id,
            message,
        },
    }) = echo
    else {
        panic!("no echo at once, but {echo:?}");
    };
    assert_eq!(channel_id.as_deref(), Some(account.channel()));
    assert_eq!(message.id, Some(request.local_message_id()));
    assert_eq!(message.message_type, MessageType::CurrentUser);
    assert_eq!(message.status, MessageStatus::Sent);
    assert_eq!(message.plain_text(), "hello");
    let local = request.local_message_id();
    let delivered = account
        .watch
        .find("its Update", |event| {
            assert!(!is_end(event, request), "Done before Update");
            match event {
                ConnectionEvent::Chat {
                    event:
                        ChatEvent::Update {
                            message_id,
                            new_message,
                            ..
                        },
                } if *message_id == local => Some(new_message.clone()),
                _ => None,
            }
        })
        .await;
    assert_eq!(delivered.status, MessageStatus::Delivered);
    assert_eq!(delivered.message_type, MessageType::CurrentUser);
    assert_ne!(delivered.id, Some(local), "the network's id");
    assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    account.leave().await;
    until_accepted::<H>(&mut peer, 1).await;
    assert_eq!(peer.accepted(), ["hello"]);
}

/// Promise 3: an id that the caller gave is the echo's, and names it in the `Update`.
pub async fn a_given_id_is_kept_until_the_network_gives_one<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let mut message = Message::text("with a name", DateTime::UNIX_EPOCH);
    message.id = Some("my own id".into());
    let channel_id = Some(Id::from(account.channel()));
    let request = account
        .send(ChatEvent::New {
            channel_id,
            message,
        })
        .await
        .expect("accepted");
    account
        .watch
        .until("the echo", |event| {
            matches!(event, ConnectionEvent::Chat { event: ChatEvent::New { message, .. } }
                if message.id.as_deref() == Some("my own id"))
        })
        .await;
    account
        .watch
        .until("its Update", |event| {
            matches!(event, ConnectionEvent::Chat { event: ChatEvent::Update { message_id, .. } }
                if message_id == "my own id")
        })
        .await;
    assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    account.leave().await;
}

/// Promise 3: exactly one settlement for each message, however many are on their way.
pub async fn each_message_is_settled_once<H: Harness>(peer: H::Peer) {
    settle_all::<H>(peer, Order::Straight).await;
}

/// Promise 3: confirmations are matched to their messages in any order.
pub async fn confirmations_in_another_order<H: Harness>(peer: H::Peer) {
    settle_all::<H>(peer, Order::Reversed).await;
}

/// Promise 3: a confirmation that comes again changes nothing.
pub async fn confirmations_come_twice<H: Harness>(peer: H::Peer) {
    settle_all::<H>(peer, Order::Twice).await;
}

async fn settle_all<H: Harness>(mut peer: H::Peer, order: Order) {
    // No more than the slowest network may say at once.
    const MESSAGES: usize = 16;
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Hold).await;
    let mut requests = Vec::new();
    for number in 0..MESSAGES {
        requests.push(account.say(&format!("held {number}")).await);
    }
    until_accepted::<H>(&mut peer, MESSAGES).await;
    for request in &requests {
        assert_eq!(account.watch.settled(*request), None);
    }
    peer.fault(Fault::Release(order)).await;
    for request in requests {
        assert_eq!(account.watch.outcome(request).await, Outcome::Done);
        assert_eq!(
            account.watch.settled(request),
            Some(MessageStatus::Delivered)
        );
    }
    // Whatever else was released is read before this is answered.
    account.deliver("after all").await;
    account.leave().await;
    assert_eq!(peer.accepted().len(), MESSAGES + 1);
}

/// Promise 4: what is not in `capabilities` is `Unsupported` at once, and no event comes of it.
pub async fn what_is_unsupported_is_said<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("settled before").await;
    while account.watch.try_next().is_some() {}
    let capabilities = account.connection().capabilities();
    let mut refused = 0;
    for event in crate::samples::events(account.channel()) {
        let kind = event.kind();
        if capabilities.can_send(kind) {
            continue;
        }
        let error = account.send(event).await.expect_err("unsupported");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{kind}: {error}");
        refused += 1;
    }
    assert!(refused > 0, "no network takes a Lost");
    assert_eq!(account.watch.try_next(), None);
    peer.say("the next event").await;
    account.watch.until_said("the next event").await;
    account.leave().await;
}

/// Promise 4: a message without content is `Invalid`, one over the limit `TooLong`; no event comes of either.
pub async fn what_is_wrong_is_said<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    while account.watch.try_next().is_some() {}
    let mut empty = Message::text("", DateTime::UNIX_EPOCH);
    empty.content.clear();
    let channel_id = Some(Id::from(account.channel()));
    let error = account
        .send(ChatEvent::New {
            channel_id,
            message: empty,
        })
        .await
        .expect_err("nothing to say");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    if let Some(limit) = account.connection().capabilities().max_text_bytes {
        let limit = usize::try_from(limit).expect("a limit that fits");
        let error = account
            .try_say(&"x".repeat(limit + 1))
            .await
            .expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::TooLong);
        assert_eq!(account.watch.try_next(), None);
        account.deliver(&"x".repeat(limit)).await;
    }
    account.leave().await;
}

/// Promise 3: a message that the network refuses is updated to `Failed`, and the reason is the network's.
pub async fn a_refused_message_fails<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::RefuseMessages).await;
    let request = account.say("unwanted").await;
    let outcome = account.watch.outcome(request).await;
    let Outcome::Failed(kind) = outcome else {
        panic!("refused, but {outcome:?}");
    };
    assert!((20..40).contains(&kind.number()), "{kind:?}");
    assert_eq!(account.watch.settled(request), Some(MessageStatus::Failed));
    account.leave().await;
}

/// Before the first `connect` nothing is accepted: nobody knows yet where it would go.
pub async fn nothing_is_sent_before_the_first_connect<H: Harness>(peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    let error = account
        .try_say("too early")
        .await
        .expect_err("not connected");
    assert_eq!(error.kind(), ErrorKind::State);
    assert_eq!(account.watch.try_next(), None);
    account.go_online().await;
    account.leave().await;
    assert!(peer.accepted().is_empty());
}

/// Promise 3: a message that was not written waits in the outbox and is delivered once.
pub async fn what_was_not_written_waits_for_the_next_connection<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    let mut requests = Vec::new();
    for number in 0..5 {
        requests.push(account.say(&format!("waiting {number}")).await);
    }
    account.go_online().await;
    for request in requests {
        assert_eq!(account.watch.outcome(request).await, Outcome::Done);
    }
    account.leave().await;
    let texts: Vec<String> = (0..5).map(|number| format!("waiting {number}")).collect();
    assert_eq!(peer.accepted(), texts, "in order, once each");
}

/// Promise 3: written and unconfirmed when the socket dies: after the reconnect exactly one of `Delivered` (the history
/// tells) or `OutcomeUnknown`; never sent again by itself.
pub async fn what_was_cut_off_is_settled_after_the_reconnect<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Hold).await;
    let request = account.say("did it arrive?").await;
    until_accepted::<H>(&mut peer, 1).await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    assert_eq!(
        account.watch.known_outcome(request),
        None,
        "nobody can know yet"
    );
    account.go_online().await;
    peer.say("after the backlog").await;
    account.watch.until_said("after the backlog").await;
    let outcome = account
        .watch
        .known_outcome(request)
        .expect("settled by now");
    let expected = if H::LACKS.contains(&Need::History) {
        Outcome::Failed(ErrorKind::OutcomeUnknown)
    } else {
        Outcome::Done
    };
    assert_eq!(outcome, expected);
    peer.fault(Fault::Release(Order::Straight)).await;
    account.deliver("another").await;
    account.leave().await;
    assert_eq!(
        peer.accepted(),
        ["did it arrive?", "another"],
        "sent again by itself"
    );
}

/// Promise 3: a confirmation that comes late turns `Failed` into `Delivered`, by one `Update`.
pub async fn a_late_confirmation_still_counts<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Hold).await;
    let request = account.say("late").await;
    until_accepted::<H>(&mut peer, 1).await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    account.go_online().await;
    let outcome = account.watch.outcome(request).await;
    assert_eq!(outcome, Outcome::Failed(ErrorKind::OutcomeUnknown));
    assert_eq!(account.watch.settled(request), Some(MessageStatus::Failed));
    let order = if H::LACKS.contains(&Need::Duplicates) {
        Order::Straight
    } else {
        Order::Twice
    };
    peer.fault(Fault::Release(order)).await;
    while account.watch.settled(request) != Some(MessageStatus::Delivered) {
        account.watch.next().await.expect("the late Update");
    }
    account.deliver("another").await;
    account.leave().await;
    assert_eq!(arrivals(&peer, "late"), 1);
}

/// Promises 3 and 4: whatever `capabilities` lists ends in exactly one `Done` or `Failed`, after its events.
pub async fn everything_supported_is_answered<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("first").await;
    let capabilities = account.connection().capabilities();
    for event in crate::samples::events(account.channel()) {
        let kind = event.kind();
        if !capabilities.can_send(kind) {
            continue;
        }
        match account.send(event).await {
            Ok(request) => {
                account.watch.outcome(request).await;
            }
            Err(error) => assert!(
                (1..20).contains(&error.kind().number()),
                "{kind}: {error:?}"
            ),
        }
    }
    peer.say("still there").await;
    account.watch.until_said("still there").await;
    account.leave().await;
}

/// Promise 3: every accepted request ends in exactly one `Done` or `Failed`, whatever happens meanwhile.
pub async fn every_request_ends_once_whatever_happens<H: Harness>(peer: H::Peer) {
    random_walk::<H>(peer, 0).await;
    for seed in 1..4 {
        random_walk::<H>(H::start().await, seed).await;
    }
}

/// Promise 3: a request that is no message and was not answered when the socket dies has failed with `Lost`, or was carried
/// out; in no case does it wait for the next connection.
pub async fn what_was_asked_for_and_cut_off_ends_once<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let capabilities = account.connection().capabilities();
    for round in 0..3 {
        let mut requests = Vec::new();
        for event in crate::samples::events(account.channel()) {
            let kind = event.kind();
            if kind == EventKind::ChatNew || !capabilities.can_send(kind) {
                continue;
            }
            if let Ok(request) = account.send(event).await {
                requests.push((kind, request));
            }
            // Some are answered before, some are on their way, some are not yet written.
            if requests.len() % 3 == round {
                tokio::task::yield_now().await;
            }
        }
        assert!(!requests.is_empty(), "every network takes a Ping");
        peer.fault(Fault::Cut).await;
        account.watch.until_lost().await;
        for (kind, request) in requests {
            let outcome = account.watch.known_outcome(request);
            match outcome {
                Some(Outcome::Done | Outcome::Failed(ErrorKind::Lost)) => {}
                Some(Outcome::Failed(kind)) if !(50..70).contains(&kind.number()) => {}
                other => panic!("{kind}: {other:?}"),
            }
        }
        account.go_online().await;
    }
    account.deliver("after all").await;
    account.leave().await;
}

async fn random_walk<H: Harness>(mut peer: H::Peer, seed: u64) {
    const STEPS: u64 = 300;
    let mut account = Account::online::<H>(&peer, 0).await;
    let mut up = true;
    let mut state = seed;
    for step in 0..STEPS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        match (state >> 33) % 12 {
            0..=5 => {
                account.say(&format!("step {step}")).await;
            }
            6 => peer.say(&format!("other {step}")).await,
            7 => peer.fault(Fault::Hold).await,
            8 => peer.fault(Fault::Release(Order::Straight)).await,
            9 if up => {
                peer.fault(Fault::Cut).await;
                account.watch.until_lost().await;
                up = false;
            }
            _ if !up => {
                account.go_online().await;
                up = true;
            }
            _ => while account.watch.try_next().is_some() {},
        }
    }
    if !up {
        account.go_online().await;
    }
    account.leave().await;
    for step in 0..STEPS {
        assert!(
            arrivals(&peer, &format!("step {step}")) <= 1,
            "step {step} of seed {seed} was sent twice by itself"
        );
    }
}

fn is_end(event: &ConnectionEvent, which: RequestId) -> bool {
    matches!(event, ConnectionEvent::Status {
        event: StatusEvent::Done { request } | StatusEvent::Failed { request, .. }
    } if *request == which)
}
