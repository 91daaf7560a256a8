//! Connecting, leaving, coming back.

use kaiwa_core::{
    ChatEvent, ConnectionEvent, ErrorKind, EventKind, FieldValue, Message, MessageStatus,
    MessageType, StatusEvent,
};

use super::{until_accepted, until_open};
use crate::samples::SECRET;
use crate::watch::{is_disconnected, is_lost, said};
use crate::{Account, Fault, Harness, Outcome, Peer};

/// Promise 2: `Connecting`, `Connected`, `Identify`, then the channel, then what is said there.
pub async fn signs_in_in_order<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    account.connect().await.expect("connects");
    let mut kinds = Vec::new();
    while kinds.last() != Some(&EventKind::UserIdentify) {
        kinds.push(account.watch.next().await.expect("an event").kind());
    }
    kinds.retain(|kind| *kind != EventKind::StatusCapabilities);
    assert_eq!(
        kinds,
        [
            EventKind::StatusConnecting,
            EventKind::StatusConnected,
            EventKind::UserIdentify
        ]
    );
    // The audit of the watch sees that the channel comes before the text.
    peer.say("the first words").await;
    account.watch.until_said("the first words").await;
    account.leave().await;
    until_open::<H>(&mut peer, 0).await;
}

/// Promise 5: the network's refusal is `Auth`; `Lost` with the same error, then `Disconnected`, and nothing else.
pub async fn refused_credentials_are_an_auth_error<H: Harness>(mut peer: H::Peer) {
    peer.fault(Fault::RefuseSignIn).await;
    let mut account = Account::new::<H>(&peer, 0);
    let error = account.connect().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Auth, "{}", error.chain());
    assert_eq!(account.watch.until_lost().await, ErrorKind::Auth);
    assert_eq!(account.watch.try_next(), None);
    until_open::<H>(&mut peer, 0).await;
    account.go_online().await;
    account.leave().await;
}

/// Promise 5: nobody there is an error of the transport, the same from `connect` and in `Lost`.
pub async fn nobody_there_is_a_transport_error<H: Harness>(mut peer: H::Peer) {
    peer.fault(Fault::Down(true)).await;
    let mut account = Account::new::<H>(&peer, 0);
    let error = account.connect().await.expect_err("nobody is there");
    assert!((50..70).contains(&error.kind().number()), "{error:?}");
    assert_eq!(account.watch.until_lost().await, error.kind());
    peer.fault(Fault::Down(false)).await;
    account.go_online().await;
    account.leave().await;
}

/// `Connection::connect`: dropping its future closes the socket; `Disconnected` follows.
pub async fn dropping_connect_closes_the_socket<H: Harness>(mut peer: H::Peer) {
    peer.fault(Fault::Stall).await;
    let mut account = Account::new::<H>(&peer, 0);
    {
        let connect = account.connect();
        tokio::pin!(connect);
        tokio::select! {
            biased;
            result = &mut connect => panic!("connected to a peer that says nothing: {result:?}"),
            () = until_open::<H>(&mut peer, 1) => {}
        }
    }
    until_open::<H>(&mut peer, 0).await;
    account
        .watch
        .until("Disconnected", |event| {
            assert!(!is_lost(event), "given up, not lost: {event:?}");
            is_disconnected(event)
        })
        .await;
}

/// `Connection::connect` while connected is `State` and changes nothing.
pub async fn connecting_twice_is_refused<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    let error = account.connect().await.expect_err("connected already");
    assert_eq!(error.kind(), ErrorKind::State);
    peer.say("still here").await;
    account.watch.until_said("still here").await;
    assert_eq!(peer.open(), 1);
    account.leave().await;
}

/// `Connection::disconnect` while not connected is `State`, and no event.
pub async fn disconnecting_twice_is_refused<H: Harness>(peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    let error = account.disconnect().await.expect_err("not connected");
    assert_eq!(error.kind(), ErrorKind::State);
    account.go_online().await;
    account.leave().await;
    let error = account.disconnect().await.expect_err("not connected");
    assert_eq!(error.kind(), ErrorKind::State);
    assert_eq!(account.watch.try_next(), None);
}

/// Promise 3: open requests end first, then comes exactly one `Disconnected`, without `Lost`.
pub async fn disconnect_settles_first<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Hold).await;
    let mut requests = Vec::new();
    for number in 0..10 {
        requests.push(account.say(&format!("unanswered {number}")).await);
    }
    until_accepted::<H>(&mut peer, 10).await;
    account.leave().await;
    for request in requests {
        let outcome = account.watch.known_outcome(request);
        assert!(
            matches!(
                outcome,
                Some(Outcome::Failed(
                    ErrorKind::OutcomeUnknown | ErrorKind::Cancelled
                ))
            ),
            "written, never confirmed: {outcome:?}"
        );
    }
    assert_eq!(account.watch.try_next(), None, "after Disconnected");
}

/// `disconnect` ends in bounded time, whatever the peer does.
pub async fn disconnect_does_not_wait_for_a_dead_peer<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.fault(Fault::Silence).await;
    account.say("nobody answers").await;
    account.leave().await;
}

/// A connection that is dropped closes its socket, settles what is open and ends its subscribers.
pub async fn dropping_the_connection_ends_its_subscribers<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.say("and gone").await;
    let mut watch = account.drop_connection();
    let mut last = None;
    while let Some(event) = watch.next().await {
        last = Some(event);
    }
    assert!(
        last.as_ref().is_some_and(is_disconnected),
        "the last event is {last:?}"
    );
    until_open::<H>(&mut peer, 0).await;
}

/// Promise 2: after a reconnect the order is the same, and what is known comes again as an upsert, not as news.
pub async fn reconnect_is_an_upsert<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    for round in 0..3 {
        let text = format!("before cut {round}");
        peer.say(&text).await;
        account.watch.until_said(&text).await;
        account.deliver(&format!("mine before cut {round}")).await;
        peer.fault(Fault::Cut).await;
        account.watch.until_lost().await;
        // The audit sees to it that nothing is shown twice.
        account.go_online().await;
    }
    account.deliver("still works").await;
    account.leave().await;
    assert_eq!(peer.accepted().len(), 4);
}

/// Design §2: what was said while nobody was connected is `History`, each message once, never news.
pub async fn missed_messages_are_history<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    peer.say("seen live").await;
    account.watch.until_said("seen live").await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    peer.say("missed one").await;
    peer.say("missed two").await;
    account.go_online().await;
    peer.say("live again").await;
    let mut missed = Vec::new();
    account
        .watch
        .until("live again", |event| {
            if let ConnectionEvent::Chat {
                event: ChatEvent::History { messages, .. },
            } = event
            {
                assert!(
                    messages
                        .iter()
                        .all(|message| message.status != MessageStatus::Sent)
                );
                // A server may note there who came and went.
                let said = |message: &&Message| message.message_type != MessageType::Server;
                missed.extend(messages.iter().filter(said).map(Message::plain_text));
            }
            let text = said(event);
            assert!(
                !text
                    .as_deref()
                    .is_some_and(|text| text.starts_with("missed")),
                "{event:?}"
            );
            text.as_deref() == Some("live again")
        })
        .await;
    assert_eq!(missed, ["missed one", "missed two"]);
    account.leave().await;
}

/// Design §2: secrets never appear in events, errors or `Debug`.
pub async fn secrets_stay_secret<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    check_secret(&format!("{:?}", account.auth()));
    let refused = !H::LACKS.contains(&crate::Need::SignIn);
    if refused {
        peer.fault(Fault::RefuseSignIn).await;
        let error = account.connect().await.expect_err("refused");
        check_secret(&format!("{error:?} {}", error.chain()));
    }
    account.connect().await.expect("connects");
    account.say("nothing to hide").await;
    peer.fault(Fault::Cut).await;
    let mut lost = if refused { 2 } else { 1 };
    while lost > 0 {
        let event = account.watch.next().await.expect("an event");
        lost -= usize::from(is_disconnected(&event));
        let json = serde_json::to_string(&event).expect("JSON");
        check_secret(&format!("{event:?} {json}"));
        let down = matches!(
            &event,
            ConnectionEvent::Status {
                event: StatusEvent::Lost { .. }
            }
        );
        assert!(!down || json.contains("message"), "{json}");
    }
    let spec = account.connection().protocol_spec();
    for field in spec.auth.unwrap_or_default() {
        if let FieldValue::Password(value) = field.value {
            assert_eq!(value, None, "a form offers a password as its default");
        }
    }
}

fn check_secret(text: &str) {
    assert!(!text.contains(SECRET), "a secret is told: {text}");
}
