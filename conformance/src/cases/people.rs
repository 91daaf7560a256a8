//! Contacts, presence and read marks, between two accounts.

use kaiwa_core::{ChatEvent, ConnectionEvent, EventKind, Id, Presence, UserEvent};

use super::{heard, refused, two};
use crate::{Account, Harness};

/// docs/events.md, `Request` and `Respond`: both sides see who asks whom, and then that they are contacts.
pub async fn contact_is_asked_for_and_given<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    ask(&mut ann, &mut bob).await;
    answer(&mut bob, &mut ann, true).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Respond`: both sides see that it was refused, and a contact that was given can be ended.
pub async fn contact_is_asked_for_and_refused<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    ask(&mut ann, &mut bob).await;
    answer(&mut bob, &mut ann, false).await;
    ask(&mut ann, &mut bob).await;
    answer(&mut bob, &mut ann, true).await;
    answer(&mut ann, &mut bob, false).await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Respond`: said at sign-in of each contact; a request that is still open is said again too.
pub async fn contacts_are_told_at_sign_in<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    ask(&mut ann, &mut bob).await;
    ann.leave().await;
    bob.leave().await;
    let (ann_id, bob_id) = (ann.watch.me(), bob.watch.me());
    bob.connect().await.expect("connects");
    until_request(&mut bob, &ann_id, false).await;
    ann.connect().await.expect("connects");
    until_request(&mut ann, &bob_id, true).await;
    answer(&mut bob, &mut ann, true).await;
    for (account, other) in [(&mut ann, &bob_id), (&mut bob, &ann_id)] {
        account.leave().await;
        account.connect().await.expect("connects");
        until_respond(account, other, true).await;
        account.leave().await;
    }
}

/// Promise 3: who is not there cannot be asked, and nobody can answer who was not asked.
pub async fn nobody_cannot_be_asked<H: Harness>(peer: H::Peer) {
    let mut account = Account::online::<H>(&peer, 0).await;
    for user_id in ["there-is-nobody-of-this-id", ""] {
        let event = UserEvent::Request {
            user_id: user_id.into(),
            own: true,
            text: None,
        };
        refused(&mut account, event).await;
    }
    account.leave().await;
}

/// docs/events.md, `Presence`: what the user is, contacts see; the user sees it of themselves.
pub async fn presence_reaches_contacts<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let capabilities = ann.connection().capabilities();
    if capabilities.can_send(EventKind::UserRequest) {
        ask(&mut ann, &mut bob).await;
        answer(&mut bob, &mut ann, true).await;
    }
    let ann_id = ann.watch.me();
    for wanted in [Presence::Away, Presence::Online] {
        ann.achieve(UserEvent::Presence {
            user_id: None,
            presence: wanted,
            text: None,
        })
        .await;
        bob.watch
            .until("how the other one is", |event| {
                matches!(event, ConnectionEvent::User {
                    event: UserEvent::Presence { user_id: Some(user_id), presence, .. },
                } if *user_id == ann_id && *presence == wanted)
            })
            .await;
    }
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Read`: a message that is there can be marked as read.
pub async fn a_read_mark_is_taken<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    ann.deliver("read this").await;
    let message_id = heard(&mut bob, "read this").await;
    let channel_id = Some(Id::from(bob.channel()));
    bob.achieve(ChatEvent::Read {
        channel_id,
        message_id,
        user_id: None,
    })
    .await;
    ann.leave().await;
    bob.leave().await;
}

/// docs/events.md, `Read`: others see who has read how far.
pub async fn a_read_mark_reaches_others<H: Harness>(peer: H::Peer) {
    let (mut ann, mut bob) = two::<H>(&peer).await;
    let bob_id = bob.watch.me();
    for text in ["read this", "and this"] {
        ann.deliver(text).await;
        let read = heard(&mut bob, text).await;
        let channel = Id::from(bob.channel());
        bob.achieve(ChatEvent::Read {
            channel_id: Some(channel.clone()),
            message_id: read.clone(),
            user_id: None,
        })
        .await;
        ann.watch
            .until("that it was read", |event| {
                matches!(event, ConnectionEvent::Chat {
                    event: ChatEvent::Read { channel_id, message_id, user_id: Some(user_id) },
                } if channel_id.as_ref() == Some(&channel) && *message_id == read && *user_id == bob_id)
            })
            .await;
    }
    ann.leave().await;
    bob.leave().await;
}

/// One asks the other for contact; both see it.
async fn ask(one: &mut Account, other: &mut Account) {
    let (one_id, other_id) = (one.watch.me(), other.watch.me());
    let event = UserEvent::Request {
        user_id: other_id.clone(),
        own: true,
        text: None,
    };
    let request = one.send(event).await.expect("accepted");
    until_request(one, &other_id, true).await;
    assert_eq!(one.watch.outcome(request).await, crate::Outcome::Done);
    until_request(other, &one_id, false).await;
}

/// One answers the other, or ends what is between them; both see it.
async fn answer(one: &mut Account, other: &mut Account, accept: bool) {
    let (one_id, other_id) = (one.watch.me(), other.watch.me());
    let event = UserEvent::Respond {
        user_id: other_id.clone(),
        accept,
    };
    let request = one.send(event).await.expect("accepted");
    until_respond(one, &other_id, accept).await;
    assert_eq!(one.watch.outcome(request).await, crate::Outcome::Done);
    until_respond(other, &one_id, accept).await;
}

async fn until_request(account: &mut Account, of: &str, by_user: bool) {
    account
        .watch
        .until("a request for contact", |event| {
            matches!(event, ConnectionEvent::User {
                event: UserEvent::Request { user_id, own, .. },
            } if user_id == of && *own == by_user)
        })
        .await;
}

async fn until_respond(account: &mut Account, of: &str, accepted: bool) {
    account
        .watch
        .until("an answer", |event| {
            matches!(event, ConnectionEvent::User {
                event: UserEvent::Respond { user_id, accept },
            } if user_id == of && *accept == accepted)
        })
        .await;
}
