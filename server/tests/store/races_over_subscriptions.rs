//! Two operations that meet: what somebody has chosen to hear, and what takes it from them.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{Repeat, Role, RoomId, RoomPatch, Transaction, UserId};

use crate::race::{First, Outcome, one_wins, race, told};
use crate::site::{Site, new_stream, said};

/// A circle of ann's with bob in it, and a stream.
struct Set {
    ann: UserId,
    bob: UserId,
    circle: RoomId,
    stream: RoomId,
}

fn set_up(site: &mut Site) -> Set {
    let [ann, bob] = site.accounts();
    let circle = site.circle(&[ann, bob]);
    let stream = site.stream(circle, "talk");
    site.say(stream, ann, "first");
    Set {
        ann,
        bob,
        circle,
        stream,
    }
}

fn subscribed(site: &mut Site) -> Set {
    let set = set_up(site);
    site.change(|store| store.subscribe(set.bob, set.stream).unwrap());
    set
}

fn subscribe(store: &mut dyn Transaction, set: &Set) -> Outcome {
    told(store.subscribe(set.bob, set.stream).map(|(_, new)| new))
}

fn unsubscribe(store: &mut dyn Transaction, set: &Set) -> Outcome {
    told(store.unsubscribe(set.bob, set.stream))
}

fn leave(store: &mut dyn Transaction, set: &Set) -> Outcome {
    told(store.remove_members(set.circle, &[set.bob]))
}

fn remove_circle(store: &mut dyn Transaction, set: &Set) -> Outcome {
    told(store.remove_room(set.circle))
}

fn count(site: &mut Site, set: &Set) -> usize {
    site.reader.subscriptions(set.bob).unwrap().len()
}

pub(crate) fn subscribing_and_leaving(site: &mut Site) {
    race(
        site,
        set_up,
        subscribe,
        leave,
        |site, set, first, subscribe, leave| {
            assert!(leave.is_ok());
            match first {
                First::One => assert_eq!(subscribe.as_deref(), Ok("true")),
                First::Other => assert_eq!(subscribe, &Err(ErrorKind::NotFound)),
            }
            assert_eq!(count(site, set), 0);
            site.join(set.circle, set.bob);
            assert_eq!(count(site, set), 0, "nothing is left behind");
        },
    );
}

pub(crate) fn subscribing_and_removing_the_circle(site: &mut Site) {
    race(
        site,
        set_up,
        subscribe,
        remove_circle,
        |site, set, first, subscribe, remove| {
            assert!(remove.is_ok());
            assert_eq!(subscribe.is_ok(), first == First::One);
            assert_eq!(count(site, set), 0);
        },
    );
}

pub(crate) fn subscribing_and_unsubscribing(site: &mut Site) {
    race(
        site,
        set_up,
        subscribe,
        unsubscribe,
        |site, set, first, subscribe, unsubscribe| {
            assert_eq!(subscribe.as_deref(), Ok("true"));
            let was = first == First::One;
            assert_eq!(unsubscribe.as_deref(), Ok(was.to_string().as_str()));
            assert_eq!(count(site, set), usize::from(!was));
        },
    );
}

pub(crate) fn subscribing_twice(site: &mut Site) {
    race(
        site,
        set_up,
        subscribe,
        subscribe,
        |site, set, first, one, other| {
            let new = |new: bool| Ok(new.to_string());
            assert_eq!(*one, new(first == First::One));
            assert_eq!(*other, new(first == First::Other));
            assert_eq!(count(site, set), 1);
        },
    );
}

pub(crate) fn unsubscribing_and_removing_the_circle(site: &mut Site) {
    race(
        site,
        subscribed,
        unsubscribe,
        remove_circle,
        |site, set, first, unsubscribe, remove| {
            assert!(remove.is_ok());
            let was = (first == First::One).to_string();
            assert_eq!(unsubscribe.as_deref(), Ok(was.as_str()));
            assert_eq!(count(site, set), 0);
        },
    );
}

/// Hearing is no matter of speaking.
pub(crate) fn posting_and_unsubscribing(site: &mut Site) {
    race(
        site,
        subscribed,
        |store, set| {
            let posted = store.post(&said(set.stream, set.bob, "second"), Repeat::Another);
            told(posted.map(|posted| posted.position.seq))
        },
        unsubscribe,
        |site, set, _, post, unsubscribe| {
            assert_eq!(post.as_deref(), Ok("2"));
            assert_eq!(unsubscribe.as_deref(), Ok("true"));
            assert_eq!(site.spans(set.stream, set.bob), [(1, 2)]);
            assert_eq!(count(site, set), 0);
        },
    );
}

pub(crate) fn handing_over_and_leaving(site: &mut Site) {
    race(
        site,
        set_up,
        |store, set| told(store.hand_over(set.circle, set.bob)),
        leave,
        |site, set, first, hand_over, leave| {
            assert!(leave.is_ok());
            assert_eq!(hand_over.is_ok(), first == First::One);
            let roles = site.reader.roles_of(set.bob).unwrap();
            assert_eq!(roles, []);
        },
    );
}

pub(crate) fn handing_over_to_two(site: &mut Site) {
    race(
        site,
        set_up,
        |store, set| told(store.hand_over(set.circle, set.ann)),
        |store, set| told(store.hand_over(set.circle, set.bob)),
        |site, set, first, one, other| {
            let former = |user: Option<UserId>| Ok(format!("{user:?}"));
            let (owner, admin) = match first {
                First::One => (set.bob, set.ann),
                First::Other => (set.ann, set.bob),
            };
            let (won, lost) = match first {
                First::One => (one, other),
                First::Other => (other, one),
            };
            assert_eq!(*won, former(None));
            assert_eq!(*lost, former(Some(admin)));
            let role = |site: &mut Site, user| {
                let found = site.reader.membership(set.circle, user).unwrap();
                found.unwrap().role
            };
            assert_eq!(role(site, owner), Role::Owner);
            assert_eq!(role(site, admin), Role::Admin);
        },
    );
}

pub(crate) fn two_streams_of_one_name(site: &mut Site) {
    race(
        site,
        set_up,
        |store, set| {
            let stream = new_stream(set.circle, "News");
            told(store.create_room(&stream).map(drop))
        },
        |store, set| {
            let patch = RoomPatch {
                name: Some("NEWS".to_owned()),
                ..RoomPatch::default()
            };
            told(store.update_room(set.stream, &patch))
        },
        |site, set, first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            let streams = site.reader.children(set.circle).unwrap();
            let named = streams
                .iter()
                .filter(|room| room.name.eq_ignore_ascii_case("news"));
            assert_eq!(named.count(), 1);
        },
    );
}
