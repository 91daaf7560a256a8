//! What the user keeps on the network.

use kaiwa_core::{ConnectionEvent, UserEvent};
use serde_json::{Value, json};

use super::two;
use crate::{Account, Harness};

/// What the suite keeps here.
const KEY: &str = "kaiwa.conformance";

/// docs/events.md, `Data` and `RequestData`: what is kept is there again after a reconnect, until it is removed.
pub async fn data_is_kept_over_a_reconnect<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    assert_eq!(ask(&mut account).await, None, "never set");
    for value in [json!("dark"), json!({"nick": "ann", "sizes": [1, 2]})] {
        keep(&mut account, Some(&value)).await;
        assert_eq!(ask(&mut account).await, Some(value.clone()));
        account.leave().await;
        account.go_online().await;
        assert_eq!(ask(&mut account).await, Some(value));
    }
    keep(&mut account, None).await;
    assert_eq!(ask(&mut account).await, None, "removed");
    account.leave().await;
    account.go_online().await;
    assert_eq!(ask(&mut account).await, None, "still removed");
    account.leave().await;
}

/// docs/events.md, `Data`: it is the user's alone.
pub async fn data_is_of_one_user<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    keep(&mut ann, Some(&json!(1))).await;
    assert_eq!(ask(&mut bob).await, None);
    keep(&mut bob, Some(&json!(2))).await;
    assert_eq!(ask(&mut ann).await, Some(json!(1)));
    ann.leave().await;
    bob.leave().await;
}

/// Keeps a value; the answer says that it is so.
async fn keep(account: &mut Account, value: Option<&Value>) {
    let event = UserEvent::Data {
        channel_id: None,
        key: KEY.to_owned(),
        value: value.cloned(),
    };
    let request = account.send(event).await.expect("accepted");
    let told = data(account.watch.answer(request).await);
    assert_eq!(told.as_ref().map(Option::as_ref), Some(value));
}

/// What is kept now.
async fn ask(account: &mut Account) -> Option<Value> {
    let event = UserEvent::RequestData {
        channel_id: None,
        key: KEY.to_owned(),
    };
    let request = account.send(event).await.expect("accepted");
    let told = data(account.watch.answer(request).await);
    told.expect("answered, also where there is no value")
}

/// The last value that is told.
fn data(caused: Vec<ConnectionEvent>) -> Option<Option<Value>> {
    let mut told = caused.into_iter().filter_map(|event| match event {
        ConnectionEvent::User {
            event:
                UserEvent::Data {
                    channel_id: None,
                    key,
                    value,
                },
        } if key == KEY => Some(value.filter(|value| !value.is_null())),
        _ => None,
    });
    told.next_back()
}
