//! The mirror, and the words of a script from the login form to the events.

use chrono::Utc;
use kaiwa_core::{
    AuthField, ChatEvent, Connection, ConnectionEvent, ErrorKind, EventReceiver, Message,
    MessageStatus, StatusEvent, UserEvent,
};

use super::{MockConnection, Script};

fn said(text: &str) -> ConnectionEvent {
    ChatEvent::New {
        channel_id: None,
        message: Message::text(text, Utc::now()),
    }
    .into()
}

fn form(script: &str) -> Vec<AuthField> {
    vec![
        AuthField::text("script", "", Some(script), false),
        AuthField::text("seed", "", Some("5"), false),
    ]
}

/// What comes until the connection is down, without what differs between two runs of one process.
async fn course(script: &str, messages: usize) -> Vec<String> {
    let mut connection = MockConnection::scripted(Script::echo());
    let mut events = connection.subscribe();
    if connection.connect(form(script)).await.is_ok() {
        for number in 0..messages {
            // A script may have ended the connection already.
            let _ = connection.send(said(&format!("message {number}"))).await;
        }
    }
    drop(connection);
    let mut course = Vec::new();
    while let Some(event) = events.recv().await {
        course.push(match event {
            ConnectionEvent::Chat {
                event: ChatEvent::Update { new_message, .. },
            } => format!("{:?} {}", new_message.status, new_message.plain_text()),
            ConnectionEvent::Chat {
                event: ChatEvent::New { message, .. },
            } => format!("{:?} {}", message.status, message.plain_text()),
            other => other.kind().to_string(),
        });
    }
    course
}

/// Everything up to the end of the request that came last.
async fn until_lost(events: &mut EventReceiver) -> ErrorKind {
    loop {
        if let ConnectionEvent::Status {
            event: StatusEvent::Lost { error, .. },
        } = events.recv().await.unwrap()
        {
            return error.kind;
        }
    }
}

#[tokio::test]
async fn the_mirror_gives_back_what_was_sent() {
    let mut connection = MockConnection::new();
    let mut one = connection.subscribe();
    let mut two = connection.subscribe();
    for event in [
        said("hello"),
        UserEvent::Identify {
            user_id: "me".into(),
        }
        .into(),
        StatusEvent::Overrun.into(),
    ] {
        let request = connection.send(event.clone()).await.unwrap();
        for events in [&mut one, &mut two] {
            assert_eq!(events.recv().await, Some(event.clone()));
            let done = StatusEvent::Done { request };
            assert_eq!(events.recv().await, Some(done.into()));
        }
    }
    connection.disconnect().await.unwrap();
    let refused = connection.send(said("closed")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::State);
    connection.connect(Vec::new()).await.unwrap();
    drop(connection);
    let mut kinds = Vec::new();
    while let Some(event) = one.recv().await {
        kinds.push(event.kind().variant());
    }
    assert_eq!(kinds, ["Disconnected", "Connecting", "Connected"]);
}

#[tokio::test(start_paused = true)]
async fn a_script_of_the_form_is_played() {
    let mut connection = MockConnection::scripted(Script::echo());
    let mut events = connection.subscribe();
    connection.connect(form("drop:2")).await.unwrap();
    connection.send(said("one")).await.unwrap();
    connection.send(said("two")).await.unwrap();
    assert_eq!(until_lost(&mut events).await, ErrorKind::Lost);
    let refused = connection.connect(form("refuse")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Auth);
    let mut wrong = form("echo");
    wrong[1].set("seven".to_owned());
    for form in [form("dance"), form("flood"), wrong] {
        let invalid = connection.connect(form).await.unwrap_err();
        assert_eq!(invalid.kind(), ErrorKind::Invalid);
    }
    connection.connect(form("echo")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_script_does_what_it_says() {
    async fn play(script: &str, messages: usize) -> (MockConnection, Vec<MessageStatus>) {
        let mut connection = MockConnection::scripted(Script::echo());
        let mut events = connection.subscribe();
        connection.connect(form(script)).await.unwrap();
        let mut statuses = Vec::new();
        for number in 0..messages {
            let text = format!("message {number}");
            connection.send(said(&text)).await.unwrap();
        }
        while statuses.len() < messages {
            if let ConnectionEvent::Chat {
                event: ChatEvent::Update { new_message, .. },
            } = events.recv().await.unwrap()
            {
                statuses.push(new_message.status);
            }
        }
        (connection, statuses)
    }
    use MessageStatus::{Delivered, Failed};
    for (script, status) in [
        ("echo", Delivered),
        ("delay:500", Delivered),
        ("duplicate", Delivered),
        ("reorder:4", Delivered),
        ("garbage:9", Delivered),
        ("fail", Failed),
        // Given up after a minute, which takes no time here.
        ("swallow", Failed),
    ] {
        let (_connection, statuses) = play(script, 10).await;
        assert_eq!(statuses, [status; 10], "{script}");
    }
    for (script, kind) in [
        ("bye:3", ErrorKind::Lost),
        ("half-close:3", ErrorKind::Lost),
        ("silent:3", ErrorKind::TimedOut),
    ] {
        let (mut connection, _) = play(script, 2).await;
        let mut events = connection.subscribe();
        connection.send(said("the last one")).await.unwrap();
        assert_eq!(until_lost(&mut events).await, kind, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_course() {
    for script in ["reorder:5 delay:100", "garbage:20", "flood:50", "drop:4"] {
        let one = course(script, 10).await;
        let two = course(script, 10).await;
        assert!(one.len() > 4, "{script}: {one:?}");
        assert_eq!(one, two, "{script}");
    }
}

#[tokio::test]
async fn a_flood_comes_whole_and_in_order() {
    const COUNT: u64 = 50_000;
    let mut connection = MockConnection::scripted(Script::echo().flood(COUNT));
    let mut events = connection.subscribe();
    connection.connect(Vec::new()).await.unwrap();
    let mut next = 0;
    while next < COUNT {
        if let Some(ConnectionEvent::Chat {
            event: ChatEvent::New { message, .. },
        }) = events.recv().await
        {
            assert_eq!(message.plain_text(), format!("flood {next}"));
            next += 1;
        }
    }
}
