//! Files that go along on the scripted mock: several at once, none in the way of other messages, taken back, begun anew.
#![cfg(feature = "mock")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers"
)]

use std::time::Duration;

use kaiwa_protocols::mock::{MockConnection, MockPeer, Order, Script};
use kaiwa_protocols::{
    ChatEvent, Connection as _, ConnectionEvent, ErrorKind, EventReceiver, Id, Message,
    MessageFragment, MessageStatus, RequestId, StatusEvent,
};
use tempfile::TempDir;

struct Account {
    connection: MockConnection,
    events: EventReceiver,
}

impl Account {
    async fn online(peer: &MockPeer) -> Self {
        let mut connection = peer.connection();
        let events = connection.subscribe();
        connection.connect(Vec::new()).await.unwrap();
        Self { connection, events }
    }

    async fn send(&mut self, event: ChatEvent) -> Result<RequestId, ErrorKind> {
        let sent = self.connection.send(event.into()).await;
        sent.map_err(|error| error.kind())
    }

    async fn next(&mut self) -> ConnectionEvent {
        let next = tokio::time::timeout(Duration::from_secs(600), self.events.recv());
        next.await.unwrap().unwrap()
    }

    /// The next `Progress`.
    async fn progress(&mut self) -> (u64, u64) {
        loop {
            if let ConnectionEvent::Chat {
                event: ChatEvent::Progress { sent, total, .. },
            } = self.next().await
            {
                return (sent, total);
            }
        }
    }

    /// How a request ends, and what became of its message.
    async fn end(&mut self, wanted: RequestId) -> (Option<ErrorKind>, Option<Message>) {
        let mut message = None;
        loop {
            match self.next().await {
                ConnectionEvent::Chat {
                    event:
                        ChatEvent::Update {
                            message_id,
                            new_message,
                            ..
                        },
                } if message_id == wanted.local_message_id() => message = Some(new_message),
                ConnectionEvent::Status {
                    event: StatusEvent::Done { request },
                } if request == wanted => return (None, message),
                ConnectionEvent::Status {
                    event: StatusEvent::Failed { request, error },
                } if request == wanted => return (Some(error.kind), message),
                _ => {}
            }
        }
    }
}

/// Files of these lengths, and the message they go along with.
fn files(lengths: &[usize]) -> (TempDir, ChatEvent) {
    let folder = tempfile::tempdir().unwrap();
    let mut message = Message::text("see", chrono::DateTime::UNIX_EPOCH);
    for (number, length) in lengths.iter().enumerate() {
        let path = folder.path().join(format!("{number}.txt"));
        std::fs::write(&path, vec![b'x'; *length]).unwrap();
        message.content.push(MessageFragment::Upload {
            path: path.to_str().unwrap().to_owned(),
            name: None,
            mime: None,
        });
    }
    let event = ChatEvent::New {
        channel_id: None,
        message,
    };
    (folder, event)
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::New {
        channel_id: None,
        message: Message::text(text, chrono::DateTime::UNIX_EPOCH),
    }
}

fn remove(request: RequestId) -> ChatEvent {
    ChatEvent::Remove {
        channel_id: None,
        message_id: request.local_message_id(),
    }
}

/// Names and sizes of the files of a message.
fn names(message: &Message) -> Vec<(&str, Option<u64>)> {
    let files = message.content.iter().filter_map(|part| match part {
        MessageFragment::File { name, size, .. } => Some((name.as_str(), *size)),
        MessageFragment::Upload { .. } => panic!("not sent: {part:?}"),
        _ => None,
    });
    files.collect()
}

#[tokio::test(start_paused = true)]
async fn several_files_are_one_progress_and_keep_their_places() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    let (_folder, event) = files(&[100_000, 0, 7]);
    let request = account.send(event).await.unwrap();
    loop {
        let (sent, total) = account.progress().await;
        assert_eq!(total, 100_007, "told once all are known");
        if sent == total {
            break;
        }
    }
    let (error, message) = account.end(request).await;
    assert_eq!(error, None);
    let message = message.unwrap();
    assert_eq!(message.status, MessageStatus::Delivered);
    let expected = [
        ("0.txt", Some(100_000)),
        ("1.txt", Some(0)),
        ("2.txt", Some(7)),
    ];
    assert_eq!(names(&message), expected);
    let received = peer.received().concat();
    assert!(!received.contains(".txt"), "no path: {received}");
}

#[tokio::test(start_paused = true)]
async fn too_many_files_are_refused_at_once() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    let (_folder, event) = files(&[1; 11]);
    assert_eq!(account.send(event).await, Err(ErrorKind::Invalid));
    let (_folder, event) = files(&[1; 10]);
    let request = account.send(event).await.unwrap();
    assert_eq!(account.end(request).await.0, None);
}

#[tokio::test(start_paused = true)]
async fn one_bad_file_ends_its_message_and_no_other() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    let (folder, event) = files(&[500_000, 500_000, 1]);
    std::fs::remove_file(folder.path().join("2.txt")).unwrap();
    let (_other, well) = files(&[5]);
    let bad = account.send(event).await.unwrap();
    account.send(well).await.unwrap();
    let (error, message) = account.end(bad).await;
    assert_eq!(error, Some(ErrorKind::NotFound));
    assert_eq!(message.unwrap().status, MessageStatus::Failed);
    peer_receives(&peer, 1).await;
    let last = account.send(text("last")).await.unwrap();
    assert_eq!(account.end(last).await.0, None);
    let lines: Vec<usize> = peer
        .received()
        .iter()
        .map(|text| text.lines().count())
        .collect();
    assert_eq!(lines, [2, 1], "a text with one file, and the last one");
}

#[tokio::test(start_paused = true)]
async fn a_file_on_its_way_is_taken_back_and_holds_nothing_up() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    peer.hold();
    let (_folder, event) = files(&[9]);
    let request = account.send(event).await.unwrap();
    while account.progress().await != (9, 9) {}
    let quick = account.send(text("quick")).await.unwrap();
    peer_receives(&peer, 1).await;
    let removal = account.send(remove(request)).await.unwrap();
    let (error, message) = account.end(request).await;
    assert_eq!(error, Some(ErrorKind::Cancelled));
    assert_eq!(message.unwrap().status, MessageStatus::Failed);
    assert_eq!(account.end(removal).await.0, None);
    peer.release(Order::Straight);
    assert_eq!(account.end(quick).await.0, None);
    let again = account.send(remove(request)).await.unwrap();
    assert_eq!(account.end(again).await.0, Some(ErrorKind::NotFound));
    assert_eq!(peer.received(), ["quick"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_too_late_to_be_taken_back() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    peer.hold();
    let request = account.send(text("said")).await.unwrap();
    peer_receives(&peer, 1).await;
    let late = account.send(remove(request)).await;
    assert_eq!(late, Err(ErrorKind::State));
    peer.release(Order::Straight);
    assert_eq!(account.end(request).await.0, None);
}

#[tokio::test(start_paused = true)]
async fn a_file_begins_anew_after_a_reconnect() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    peer.hold();
    let (_folder, event) = files(&[9]);
    let request = account.send(event).await.unwrap();
    while account.progress().await != (9, 9) {}
    peer.cut();
    let lost = |event: &ConnectionEvent| {
        matches!(
            event,
            ConnectionEvent::Status {
                event: StatusEvent::Disconnected { .. }
            }
        )
    };
    while !lost(&account.next().await) {}
    account.connection.connect(Vec::new()).await.unwrap();
    while account.progress().await != (9, 9) {}
    peer.release(Order::Straight);
    let (error, message) = account.end(request).await;
    assert_eq!(error, None);
    assert_eq!(names(&message.unwrap()), [("0.txt", Some(9))]);
    assert_eq!(peer.received().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_the_files_back() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    peer.hold();
    let (_folder, event) = files(&[9]);
    let request = account.send(event).await.unwrap();
    while account.progress().await != (9, 9) {}
    account.connection.disconnect().await.unwrap();
    let (error, _) = account.end(request).await;
    assert_eq!(error, Some(ErrorKind::Cancelled));
    peer.release(Order::Straight);
    account.connection.connect(Vec::new()).await.unwrap();
    let next = account.send(text("next")).await.unwrap();
    assert_eq!(account.end(next).await.0, None);
    assert_eq!(peer.received(), ["next"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_cannot_name_files_of_this_machine() {
    let peer = MockPeer::new(Script::echo());
    let mut account = Account::online(&peer).await;
    let upload = MessageFragment::Upload {
        path: "/etc/hostname".to_owned(),
        name: None,
        mime: None,
    };
    let mut message = Message::text("look", chrono::DateTime::UNIX_EPOCH);
    message.content.push(upload.clone());
    let channel_id = Some(Id::from("lobby"));
    let said = [
        ChatEvent::New {
            channel_id: channel_id.clone(),
            message: message.clone(),
        },
        ChatEvent::Update {
            channel_id,
            message_id: "1".into(),
            new_message: message.clone(),
        },
        ChatEvent::History {
            channel_id: "lobby".into(),
            messages: vec![message],
            complete: true,
        },
    ];
    for event in said {
        peer.announce(&event.into());
    }
    let mut heard = 0;
    while heard < 3 {
        let message = match account.next().await {
            ConnectionEvent::Chat { event } => match event {
                ChatEvent::New { message, .. } => Some(message),
                ChatEvent::Update { new_message, .. } => Some(new_message),
                ChatEvent::History { messages, .. } => messages.into_iter().next(),
                _ => None,
            },
            _ => None,
        };
        if let Some(message) = message {
            assert_eq!(message.content, [MessageFragment::Text("look".to_owned())]);
            heard += 1;
        }
    }
}

async fn peer_receives(peer: &MockPeer, count: usize) {
    while peer.received().len() < count {
        let changed = tokio::time::timeout(Duration::from_secs(600), peer.changed());
        changed.await.unwrap();
    }
}
