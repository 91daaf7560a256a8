//! One stream for many accounts: turns, numbers, room.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::client::{AccountId, ClientEvents, Event};
use kaiwa_core::queue::STALL_LIMIT;
use kaiwa_core::{
    Capabilities, Channel, ChannelEvent, ChatEvent, ConnectionEvent, ErrorKind, EventKind, Id,
    Message, MessageStatus, StatusEvent,
};

use crate::fake::{Remote, fake};
use crate::rig::{Rig, form, message, settle, short, within};

/// Far more than all queues between a connection and a subscriber hold.
const FLOOD: usize = 10_000;

fn flood(remote: &Remote) {
    for n in 0..FLOOD {
        remote.publish(message(&n.to_string()));
    }
}

/// Another account, connected; its first events are read.
async fn second(rig: &mut Rig) -> (AccountId, Remote) {
    let (connection, remote) = fake();
    let account = rig.client.add(connection).unwrap();
    rig.client.connect(account, form("x")).unwrap();
    assert_eq!(rig.next().await, "Connecting");
    assert_eq!(rig.next().await, "Connected");
    (account, remote)
}

/// Reads `count` events and holds them to their numbers.
async fn read(events: &mut ClientEvents, last: &mut BTreeMap<AccountId, u64>, count: usize) {
    for _ in 0..count {
        let Event { account, seq, .. } = within(events.recv()).await.unwrap();
        let before = last.insert(account, seq).unwrap_or(seq - 1);
        assert_eq!(seq, before + 1, "no hole, no repetition");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_that_nobody_reads_delays_no_other_account() {
    let mut rig = Rig::connected().await;
    let (other, remote) = second(&mut rig).await;
    flood(&rig.remote);
    settle().await;
    assert!(!rig.remote.has_room(), "its connection waits");
    remote.publish(message("hey"));
    settle().await;
    assert!(remote.has_room());
    let first = rig.event().await;
    let second = rig.event().await;
    let hey = if first.account == other {
        first
    } else {
        second
    };
    assert_eq!(hey.account, other, "accounts take turns");
    assert_eq!(short(&hey), "New hey");
    // The other can be used as if nothing were.
    rig.client.send(other, message("mine")).unwrap();
    settle().await;
    assert_eq!(remote.submitted().len(), 1);
    for n in 1..FLOOD {
        let text = loop {
            let event = rig.event().await;
            if event.account == rig.account {
                break short(&event);
            }
        };
        assert_eq!(text, format!("New {n}"), "all of it, in order");
    }
    assert!(rig.remote.has_room());
}

#[tokio::test(start_paused = true)]
async fn events_taken_together_come_in_the_same_order_and_in_turn() {
    const AT_ONCE: usize = 50;
    let mut rig = Rig::connected().await;
    let (other, remote) = second(&mut rig).await;
    flood(&rig.remote);
    remote.publish(message("hey"));
    settle().await;
    let mut events = rig.client.subscribe();
    assert_eq!(events.try_recv_many(AT_ONCE).len(), 0, "from now on");
    let mut last = BTreeMap::new();
    let mut seen = 0;
    while seen < FLOOD + 1 {
        let taken = within(rig.events.recv_many(AT_ONCE)).await.unwrap();
        assert!((1..=AT_ONCE).contains(&taken.len()));
        for event in taken {
            let before = last.insert(event.account, event.seq);
            assert!(before.is_none_or(|before| event.seq == before + 1));
            seen += 1;
            if event.account == other {
                assert!(seen <= 2, "accounts take turns");
            }
        }
    }
    assert_eq!(rig.events.try_recv_many(AT_ONCE).len(), 0);
    rig.client.shutdown().await;
    while let Some(taken) = within(rig.events.recv_many(AT_ONCE)).await {
        assert_ne!(taken.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_rise_by_one_per_account() {
    let mut rig = Rig::connected().await;
    let mut late = rig.client.subscribe();
    let (_, remote) = second(&mut rig).await;
    flood(&rig.remote);
    flood(&remote);
    // One who came later sees the same numbers, also of an account that came later still.
    let others = tokio::spawn(async move {
        let mut last = BTreeMap::new();
        read(&mut late, &mut last, 2 * FLOOD + 2 + 1).await;
        last
    });
    let mut last = BTreeMap::new();
    read(&mut rig.events, &mut last, FLOOD).await;
    // Echoes count too.
    rig.send("x").unwrap();
    read(&mut rig.events, &mut last, FLOOD + 1).await;
    assert_eq!(within(others).await.unwrap(), last);
    assert_eq!(last.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_who_stalls_is_cut_off_and_the_others_go_on() {
    let mut rig = Rig::connected().await;
    let mut stalled = rig.client.subscribe();
    flood(&rig.remote);
    let before = tokio::time::Instant::now();
    for n in 0..FLOOD {
        assert_eq!(rig.next().await, format!("New {n}"));
    }
    let waited = before.elapsed();
    assert!(waited >= STALL_LIMIT && waited < 2 * STALL_LIMIT + STALL_LIMIT / 2);
    let mut got = 0;
    loop {
        let event = within(stalled.recv()).await.expect("an overrun first");
        if event.event == StatusEvent::Overrun.into() {
            break;
        }
        assert_eq!(short(&event), format!("New {got}"));
        got += 1;
    }
    assert!(got >= 1024, "what was queued was not lost");
    assert_eq!(within(stalled.recv()).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nobody_reads_is_supervised_all_the_same() {
    let mut rig = Rig::connected().await;
    flood(&rig.remote);
    // Behind more than a full queue: who reads nothing learns it late, but the client acts on it.
    let request = rig.send("x").unwrap();
    while rig.remote.submitted().is_empty() {
        tokio::task::yield_now().await;
    }
    rig.remote.done(request);
    rig.remote.lose(ErrorKind::Lost);
    let before = rig.remote.attempts();
    while rig.remote.attempts() == before {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "Connected") {
        seen.push(rig.next().await);
    }
    let news = seen
        .iter()
        .filter(|event| event.starts_with("New "))
        .count();
    assert_eq!(news, FLOOD + 1, "nothing was lost");
    assert!(seen.contains(&"Done".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_slowly_is_waited_for() {
    let mut rig = Rig::connected().await;
    let mut slow = rig.client.subscribe();
    flood(&rig.remote);
    let reading = tokio::spawn(async move {
        for n in 0..FLOOD {
            // An event just before each limit: it takes all the time, and nothing is lost.
            if n < 600 {
                tokio::time::sleep(STALL_LIMIT - Duration::from_secs(1)).await;
            }
            let event = slow.recv().await.unwrap();
            assert_eq!(short(&event), format!("New {n}"));
        }
    });
    for n in 0..FLOOD {
        assert_eq!(rig.next().await, format!("New {n}"));
    }
    within(reading).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn capabilities_follow_the_events() {
    let mut rig = Rig::connected().await;
    let more = Capabilities::new().sends(&[EventKind::ChatNew, EventKind::ChannelJoin]);
    rig.remote.publish(StatusEvent::Capabilities {
        capabilities: more.clone(),
    });
    assert_eq!(rig.next().await, "Capabilities");
    assert_eq!(rig.client.capabilities(rig.account).unwrap(), more);
    let refused = rig.client.send(rig.account, crate::rig::ping());
    assert!(refused.is_err());
    assert_eq!(rig.client.protocol(rig.account).unwrap().name, "fake");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_and_accounts_at_once() {
    const ACCOUNTS: usize = 8;
    const EACH: usize = 500;
    let client = kaiwa_core::Client::new();
    let mut events = client.subscribe();
    let mut remotes = Vec::new();
    for _ in 0..ACCOUNTS {
        let (connection, remote) = fake();
        let account = client.add(connection).unwrap();
        client.connect(account, form("x")).unwrap();
        remotes.push(remote);
        let client = client.clone();
        tokio::spawn(async move {
            let mut sent = 0;
            while sent < EACH {
                match client.send(account, message("x")) {
                    Ok(_) => sent += 1,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
    }
    let mut last = BTreeMap::new();
    let mut echoes = 0;
    while echoes < ACCOUNTS * EACH {
        let event = tokio::time::timeout(Duration::from_secs(60), events.recv())
            .await
            .unwrap()
            .unwrap();
        let before = last.insert(event.account, event.seq).unwrap_or(0);
        assert_eq!(event.seq, before + 1);
        if let ConnectionEvent::Chat { .. } = event.event {
            echoes += 1;
        }
    }
    client.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_channel_goes_to_the_current_one() {
    let mut rig = Rig::new();
    rig.connect();
    // Nobody knows yet where it will go: the settling Update says it.
    let say = |text: &str| {
        let message = Message::text(text, chrono::Utc::now());
        let channel_id = None;
        ChatEvent::New {
            channel_id,
            message,
        }
    };
    let early = rig.client.send(rig.account, say("early").into()).unwrap();
    rig.until_connected().await;
    let lobby = || Some(Id::from("lobby"));
    let mut confirmed = Message::text("early", chrono::Utc::now());
    confirmed.id = Some("1".into());
    confirmed.status = MessageStatus::Delivered;
    rig.remote.publish(ChannelEvent::New {
        channel: Channel {
            id: "lobby".into(),
            ..Channel::default()
        },
    });
    rig.remote.publish(ChannelEvent::Switch {
        channel_id: "lobby".into(),
    });
    rig.remote.answer(
        early,
        ChatEvent::Update {
            channel_id: lobby(),
            message_id: early.local_message_id(),
            new_message: confirmed,
        },
    );
    rig.remote.done(early);
    while rig.next().await != "Done" {}
    rig.client.send(rig.account, say("late").into()).unwrap();
    let state = rig.client.state(rig.account).unwrap();
    let texts: Vec<String> = state
        .channels
        .get("lobby")
        .unwrap()
        .messages
        .iter()
        .map(Message::plain_text)
        .collect();
    assert_eq!(texts, ["early", "late"]);
}
