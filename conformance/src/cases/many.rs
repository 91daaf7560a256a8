//! Promise 7, and several subscribers.

use kaiwa_core::{ConnectionEvent, ErrorKind};

use crate::{Account, Fault, Harness, Need, Peer};

/// Promise 7: refused, stalled, flooded, broken and noisy accounts do not disturb the others.
pub async fn accounts_do_not_disturb_each_other<H: Harness>(mut peer: H::Peer) {
    let mut troubles = Vec::new();
    for (who, fault) in [
        (Fault::Cut, None),
        (Fault::Flood(100_000), None),
        (Fault::Garbage(7), Some(Need::Garbage)),
        (Fault::Silence, Some(Need::Silence)),
        (Fault::Reading(false), Some(Need::StopReading)),
    ]
    .into_iter()
    .filter(|(_, need)| need.is_none_or(|need| !H::LACKS.contains(&need)))
    .map(|(fault, _)| fault)
    .enumerate()
    {
        let mut other = H::start().await;
        let account = Account::online::<H>(&other, who).await;
        other.fault(fault).await;
        // Nobody reads these accounts' events from now on.
        troubles.push((account, other));
    }
    let mut nowhere = H::start().await;
    nowhere.fault(Fault::Down(true)).await;
    let mut refused = Account::new::<H>(&nowhere, 9);
    let mut one = Account::online::<H>(&peer, 10).await;
    let mut two = Account::online::<H>(&peer, 11).await;
    for round in 0..20 {
        assert!(refused.connect().await.is_err());
        for (account, _) in &mut troubles {
            // Accepted, waiting or refused: in no case does it block.
            let _ = account.try_say(&format!("trouble {round}")).await;
        }
        one.deliver(&format!("one {round}")).await;
        two.watch.until_said(&format!("one {round}")).await;
        two.deliver(&format!("two {round}")).await;
        one.watch.until_said(&format!("two {round}")).await;
        peer.say(&format!("all {round}")).await;
        one.watch.until_said(&format!("all {round}")).await;
        two.watch.until_said(&format!("all {round}")).await;
    }
    one.leave().await;
    two.leave().await;
    for (mut account, _peer) in troubles {
        match account.disconnect().await {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::State),
        }
    }
}

/// Promise 2: there is one order of events, the same for every subscriber.
pub async fn subscribers_see_the_same_order<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::new::<H>(&peer, 0);
    let mut first = account.connection().subscribe();
    let mut second = account.connection().subscribe();
    account.go_online().await;
    for round in 0..20 {
        account.say(&format!("mine {round}")).await;
        peer.say(&format!("theirs {round}")).await;
    }
    account.watch.until_said("theirs 19").await;
    account.deliver("last").await;
    peer.fault(Fault::Cut).await;
    account.watch.until_lost().await;
    drop(account);
    let (mut one, mut two): (Vec<ConnectionEvent>, Vec<ConnectionEvent>) = (Vec::new(), Vec::new());
    while let Some(event) = first.recv().await {
        one.push(event);
    }
    while let Some(event) = second.recv().await {
        two.push(event);
    }
    assert!(one.len() > 80, "only {} events", one.len());
    assert_eq!(one, two);
}

/// `Connection::subscribe`: every event from then on, none from before.
pub async fn a_subscriber_sees_what_comes_after_it<H: Harness>(mut peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    account.deliver("before").await;
    let mut late = account.connection().subscribe();
    assert_eq!(late.try_recv(), None);
    peer.say("after").await;
    account.watch.until_said("after").await;
    loop {
        let event = late.recv().await.expect("an event");
        assert!(
            !matches!(event, ConnectionEvent::Status { .. }),
            "{event:?}"
        );
        if let Some(text) = crate::watch::said(&event) {
            assert_eq!(text, "after");
            break;
        }
    }
    account.leave().await;
}
