//! Relations between people.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{ContactStatus, UserId};

use crate::site::{Site, at};
use ContactStatus::{Applied, Confirmed, Rejected};

fn outgoing(
    site: &mut Site,
    user: UserId,
    status: Option<ContactStatus>,
) -> Vec<(UserId, ContactStatus)> {
    let contacts = site.reader.contacts(user, status).unwrap();
    contacts
        .into_iter()
        .map(|contact| (contact.user.id, contact.status))
        .collect()
}

fn incoming(site: &mut Site, user: UserId) -> Vec<(UserId, ContactStatus)> {
    let contacts = site.reader.incoming_contacts(user).unwrap();
    contacts
        .into_iter()
        .map(|contact| (contact.user.id, contact.status))
        .collect()
}

fn ask(site: &mut Site, from: UserId, to: UserId) {
    site.change(|store| store.request_contact(from, to, at(2)).unwrap());
}

fn set(site: &mut Site, from: UserId, to: UserId, status: ContactStatus) -> bool {
    site.change(|store| store.set_contact(from, to, status, at(3)).unwrap())
}

pub(crate) fn both_sides_see_a_relation(site: &mut Site) {
    let [ann, bob, eve] = site.accounts();
    ask(site, ann, eve);
    ask(site, ann, bob);
    ask(site, eve, bob);
    assert_eq!(
        outgoing(site, ann, None),
        [(bob, Applied), (eve, Applied)],
        "by id"
    );
    assert_eq!(incoming(site, bob), [(ann, Applied), (eve, Applied)]);
    assert_eq!(outgoing(site, bob, None), [], "directed");
    assert!(set(site, ann, bob, Confirmed));
    assert!(set(site, ann, eve, Rejected));
    assert!(!set(site, bob, ann, Confirmed), "not asked for");
    assert_eq!(incoming(site, bob), [(ann, Confirmed), (eve, Applied)]);
    assert_eq!(outgoing(site, ann, Some(Confirmed)), [(bob, Confirmed)]);
    assert_eq!(outgoing(site, ann, Some(Rejected)), [(eve, Rejected)]);
    assert_eq!(outgoing(site, ann, Some(Applied)), []);
    let remove = |site: &mut Site| site.change(|store| store.remove_contact(ann, bob).unwrap());
    assert!(remove(site));
    assert!(!remove(site));
    assert_eq!(incoming(site, bob), [(eve, Applied)]);
}

pub(crate) fn asking_again_changes_only_a_refusal(site: &mut Site) {
    let [ann, bob] = site.accounts();
    for (before, after) in [
        (Applied, Applied),
        (Confirmed, Confirmed),
        (Rejected, Applied),
    ] {
        ask(site, ann, bob);
        set(site, ann, bob, before);
        ask(site, ann, bob);
        assert_eq!(outgoing(site, ann, None), [(bob, after)]);
    }
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    let guest = site.change(|store| store.guest("bob", at(0)).unwrap());
    site.people.push(guest);
    for (from, to, kind) in [
        (ann, ann, ErrorKind::Invalid),
        (ann, guest, ErrorKind::NotFound),
        (guest, ann, ErrorKind::NotFound),
        (ann, UserId(99), ErrorKind::NotFound),
        (UserId(99), ann, ErrorKind::NotFound),
    ] {
        site.refused(kind, |store| store.request_contact(from, to, at(1)));
    }
}
