//! Requests: echoes, the outbox, what is refused and what fails.

use std::time::Duration;

use kaiwa_core::outbox::{OUTBOX_AGE, OUTBOX_MESSAGES};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Error, ErrorKind, Id, Message, MessageStatus,
    MessageType, RequestId, StatusEvent, UserEvent,
};
use tokio::time::Instant;

use crate::fake::{Attempt, Taking};
use crate::rig::{Rig, message, ping, settle};

#[tokio::test(start_paused = true)]
async fn the_echo_is_there_before_send_returns_and_once() {
    let mut rig = Rig::connected().await;
    let request = rig.send("one").unwrap();
    let echo = rig.events.try_recv().expect("at once");
    assert_eq!(echo.request, Some(request));
    let ConnectionEvent::Chat {
        event: ChatEvent::New { message, .. },
    } = echo.event
    else {
        panic!("an echo")
    };
    assert_eq!(message.id, Some(request.local_message_id()));
    assert_eq!(message.status, MessageStatus::Sent);
    assert_eq!(message.message_type, MessageType::CurrentUser);
    settle().await;
    assert_eq!(rig.submitted(), ["New one"]);
    assert!(rig.waiting().is_empty(), "the connection's own is dropped");
    let update = ChatEvent::Update {
        channel_id: None,
        message_id: request.local_message_id(),
        new_message: Message {
            status: MessageStatus::Delivered,
            ..message
        },
    };
    rig.remote.answer(request, update);
    rig.remote.done(request);
    let update = rig.event().await;
    assert_eq!(update.request, Some(request));
    assert_eq!(crate::rig::short(&update), "Update Delivered");
    assert_eq!(rig.next().await, "Done");
}

#[tokio::test(start_paused = true)]
async fn an_echo_that_never_came_hides_nothing_later() {
    let mut rig = Rig::connected().await;
    rig.remote.mute();
    let request = rig.send("one").unwrap();
    settle().await;
    rig.remote.done(request);
    rig.remote.answer(request, message("another"));
    settle().await;
    assert_eq!(rig.waiting(), ["New one", "Done", "New another"]);
}

#[tokio::test(start_paused = true)]
async fn messages_wait_for_the_connection_in_order() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Waits);
    rig.connect();
    for text in ["1", "2", "3"] {
        rig.send(text).unwrap();
    }
    settle().await;
    assert!(rig.submitted().is_empty());
    assert_eq!(rig.waiting(), ["New 1", "New 2", "New 3", "Connecting"]);
    rig.remote.go_on();
    rig.until_connected().await;
    settle().await;
    assert_eq!(rig.submitted(), ["New 1", "New 2", "New 3"]);
    rig.remote.lose(ErrorKind::Lost);
    rig.until_down().await;
    rig.send("4").unwrap();
    rig.send("5").unwrap();
    rig.until_connected().await;
    rig.send("6").unwrap();
    settle().await;
    assert_eq!(rig.submitted(), ["New 4", "New 5", "New 6"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_can_be_taken_back() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Waits);
    rig.connect();
    let taken_back = rig.send("1").unwrap();
    rig.send("2").unwrap();
    let remove = |message_id: Id| ChatEvent::Remove {
        channel_id: None,
        message_id,
    };
    let event = remove(taken_back.local_message_id());
    let request = rig.client.send(rig.account, event.clone().into()).unwrap();
    assert_eq!(
        rig.waiting(),
        [
            "New 1",
            "New 2",
            "Update Failed",
            "Failed Cancelled",
            "Done"
        ]
    );
    // A second time it is a request like any other, and those do not wait.
    let again = rig.client.send(rig.account, event.into());
    assert_eq!(again.unwrap_err().kind(), ErrorKind::State);
    settle().await;
    rig.remote.go_on();
    rig.until_connected().await;
    settle().await;
    assert_eq!(rig.submitted(), ["New 2"]);
    // What the connection has is for the connection to answer.
    let sent = rig.send("3").unwrap();
    settle().await;
    let event = remove(sent.local_message_id());
    let late = rig.client.send(rig.account, event.into()).unwrap();
    settle().await;
    assert_eq!(rig.submitted(), ["New 3", "Remove"]);
    assert!(request < late);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_refused_at_once() {
    let mut rig = Rig::new();
    let kind = |result: Result<RequestId, Error>| result.unwrap_err().kind();
    let send = |rig: &Rig, event| rig.client.send(rig.account, event);
    // Down.
    assert_eq!(kind(rig.send("x")), ErrorKind::State);
    assert_eq!(kind(send(&rig, ping())), ErrorKind::State);
    // Connecting.
    rig.remote.plan(Attempt::Hangs);
    rig.connect();
    settle().await;
    assert_eq!(rig.waiting(), ["Connecting"]);
    assert_eq!(kind(send(&rig, ping())), ErrorKind::State);
    let wipe = ChannelEvent::Wipe { channel_id: None };
    assert_eq!(kind(send(&rig, wipe.into())), ErrorKind::Unsupported);
    assert_eq!(kind(rig.send(&"x".repeat(101))), ErrorKind::TooLong);
    // Down between attempts.
    rig.client.disconnect(rig.account).await.unwrap();
    rig.connect();
    rig.until_connected().await;
    rig.remote.lose(ErrorKind::Lost);
    rig.until_down().await;
    assert_eq!(kind(send(&rig, ping())), ErrorKind::State);
    let Rig { client, events, .. } = &mut rig;
    let (other, _remote) = crate::fake::fake();
    let unknown = kaiwa_core::Client::new().add(other).unwrap();
    assert_eq!(kind(client.send(unknown, ping())), ErrorKind::State);
    assert!(events.try_recv().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_outbox_is_bounded_in_count_and_age() {
    let mut rig = Rig::new();
    rig.remote.plan(Attempt::Hangs);
    rig.connect();
    // Twice: what has expired makes room.
    for _ in 0..2 {
        let before = Instant::now();
        for _ in 0..OUTBOX_MESSAGES {
            rig.send("x").unwrap();
        }
        let refused = rig.send("x").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Full);
        let mut failed = 0;
        while failed < OUTBOX_MESSAGES {
            match rig.next().await.as_str() {
                "Failed TimedOut" => failed += 1,
                "New x" | "Update Failed" | "Connecting" => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(before.elapsed().as_secs(), OUTBOX_AGE.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn messages_age_during_a_long_wait_for_the_next_attempt() {
    let mut rig = Rig::new();
    let day = Duration::from_secs(86_400);
    let banned = Error::new(ErrorKind::Banned, "out").with_retry_after(day);
    rig.remote.plan(Attempt::Fails(banned));
    rig.connect();
    rig.lost().await;
    rig.until_down().await;
    settle().await;
    let before = Instant::now();
    rig.send("x").unwrap();
    for expected in ["New x", "Update Failed", "Failed TimedOut"] {
        assert_eq!(rig.next().await, expected);
    }
    assert_eq!(before.elapsed().as_secs(), OUTBOX_AGE.as_secs());
    rig.until_connected().await;
    settle().await;
    assert!(rig.submitted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_does_not_read_is_told_so() {
    let mut rig = Rig::connected().await;
    let mut sent = 0;
    let refused = loop {
        match rig.send("x") {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 10_000, "never full");
        if sent % 100 == 0 {
            settle().await;
            for (request, _) in rig.remote.submitted() {
                rig.remote.done(request);
            }
        }
    };
    assert_eq!(refused.kind(), ErrorKind::Full);
    let echoes = rig.waiting().iter().filter(|text| *text == "New x").count();
    assert_eq!(echoes, sent);
    rig.send("x").unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_connection_refuses_fails() {
    let mut rig = Rig::connected().await;
    rig.remote
        .plan_submit(Taking::Refused(ErrorKind::Forbidden.into()));
    rig.remote
        .plan_submit(Taking::Refused(ErrorKind::RateLimited.into()));
    rig.send("x").unwrap();
    rig.client.send(rig.account, ping()).unwrap();
    settle().await;
    assert_eq!(
        rig.waiting(),
        [
            "New x",
            "Update Failed",
            "Failed Forbidden",
            "Failed RateLimited"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_connection_has_no_room_for_is_tried_again_in_order() {
    let mut rig = Rig::connected().await;
    for _ in 0..2 {
        rig.remote
            .plan_submit(Taking::Refused(ErrorKind::Full.into()));
    }
    rig.send("1").unwrap();
    rig.client.send(rig.account, ping()).unwrap();
    rig.send("2").unwrap();
    settle().await;
    assert!(rig.submitted().is_empty());
    // Something is settled: there may be room.
    rig.remote.publish(StatusEvent::Ping { artifact: None });
    settle().await;
    rig.remote.publish(StatusEvent::Ping { artifact: None });
    settle().await;
    assert_eq!(rig.submitted(), ["New 1", "Ping", "New 2"]);
    assert_eq!(rig.waiting(), ["New 1", "New 2", "Ping", "Ping"]);
}

#[tokio::test(start_paused = true)]
async fn other_requests_fail_with_the_connection_and_messages_wait() {
    let mut rig = Rig::connected().await;
    for _ in 0..3 {
        rig.remote
            .plan_submit(Taking::Refused(ErrorKind::Full.into()));
    }
    rig.client.send(rig.account, ping()).unwrap();
    rig.send("1").unwrap();
    settle().await;
    rig.remote.lose(ErrorKind::Lost);
    assert_eq!(
        rig.until_down().await,
        ["New 1", "Lost Lost", "Failed Lost", "Disconnected"]
    );
    rig.until_connected().await;
    settle().await;
    rig.remote.publish(StatusEvent::Ping { artifact: None });
    settle().await;
    assert_eq!(rig.submitted(), ["New 1"]);
}

/// Whether they wait here or were handed over: who has taken a request ends it, once.
#[tokio::test(start_paused = true)]
async fn requests_of_every_kind_end_once_when_the_connection_does() {
    let mut rig = Rig::connected().await;
    let history = ChatEvent::RequestHistory {
        channel_id: None,
        before: None,
        limit: 10,
    };
    let contact = UserEvent::Request {
        user_id: "bob".into(),
        own: true,
        text: None,
    };
    let send = |rig: &Rig, event| rig.client.send(rig.account, event).unwrap();
    let taken = send(&rig, history.clone().into());
    settle().await;
    for _ in 0..2 {
        rig.remote
            .plan_submit(Taking::Refused(ErrorKind::Full.into()));
    }
    send(&rig, history.into());
    send(&rig, contact.into());
    settle().await;
    assert_eq!(rig.submitted(), ["RequestHistory"]);
    let error = Error::from(ErrorKind::Lost).info();
    let failed = StatusEvent::Failed {
        request: taken,
        error,
    };
    rig.remote.answer(taken, failed);
    rig.remote.lose(ErrorKind::Lost);
    assert_eq!(
        rig.until_down().await,
        [
            "Failed Lost",
            "Lost Lost",
            "Failed Lost",
            "Failed Lost",
            "Disconnected"
        ]
    );
    rig.until_connected().await;
    rig.remote.publish(StatusEvent::Ping { artifact: None });
    settle().await;
    assert!(rig.submitted().is_empty(), "none is tried again");
    assert_eq!(rig.waiting(), ["Ping"]);
}

/// The connection is down already, but its `Disconnected` is still on its way.
#[tokio::test(start_paused = true)]
async fn a_message_that_meets_a_loss_waits() {
    let mut rig = Rig::connected().await;
    rig.remote
        .plan_submit(Taking::Refused(ErrorKind::State.into()));
    rig.send("1").unwrap();
    settle().await;
    rig.remote.lose(ErrorKind::Lost);
    assert_eq!(
        rig.until_down().await,
        ["New 1", "Lost Lost", "Disconnected"]
    );
    rig.until_connected().await;
    settle().await;
    assert_eq!(rig.submitted(), ["New 1"]);
}
