//! Two operations that meet: accounts, contacts, sign-ins, bans.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    Ban, BanKind, BanTarget, ContactStatus, LOBBY, RoomId, Session, Transaction, UserId, UserPatch,
};

use crate::race::{First, Outcome, Room, one_wins, post_bob, race, room, told};
use crate::site::{Site, at, new_account, token};

pub(crate) fn two_accounts_of_one_name(site: &mut Site) {
    race(
        site,
        |_| (),
        |store, ()| told(store.create_account(&new_account("Ann")).map(drop)),
        |store, ()| told(store.create_account(&new_account("aNN")).map(drop)),
        |site, (), first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            let (user, _) = site.reader.account("ann").unwrap().unwrap();
            let winner = if first == First::One { "Ann" } else { "aNN" };
            assert_eq!(user.name, winner);
        },
    );
}

pub(crate) fn asking_and_answering(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.request_contact(set.ann, set.bob, at(1)).unwrap());
            set
        },
        |store, set| told(store.request_contact(set.ann, set.bob, at(2))),
        |store, set| told(store.set_contact(set.ann, set.bob, ContactStatus::Rejected, at(2))),
        |site, set, first, ask, reject| {
            assert!(ask.is_ok());
            assert_eq!(reject.as_deref(), Ok("true"));
            let status = site.reader.contacts(set.ann, None).unwrap()[0].status;
            match first {
                First::One => assert_eq!(status, ContactStatus::Rejected),
                First::Other => assert_eq!(status, ContactStatus::Applied, "asked again"),
            }
        },
    );
}

pub(crate) fn asking_each_other(site: &mut Site) {
    race(
        site,
        room,
        |store, set| told(store.request_contact(set.ann, set.bob, at(2))),
        |store, set| told(store.request_contact(set.bob, set.ann, at(2))),
        |site, set, _, one, other| {
            assert!(one.is_ok() && other.is_ok());
            for user in [set.ann, set.bob] {
                assert_eq!(site.reader.contacts(user, None).unwrap().len(), 1);
                assert_eq!(site.reader.incoming_contacts(user).unwrap().len(), 1);
            }
        },
    );
}

pub(crate) fn signing_out_and_moving(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            let session = Session {
                user: set.ann,
                created: at(0),
                expires: at(100),
                room: None,
            };
            site.change(|store| store.create_session(&token(1), &session).unwrap());
            set
        },
        |store, _| told(store.end_session(&token(1))),
        |store, set| told(store.move_session(&token(1), Some(set.room))),
        |site, _, first, end, moved| {
            assert_eq!(end.as_deref(), Ok("true"));
            assert_eq!(moved.is_err(), first == First::One);
            assert_eq!(site.reader.session(&token(1)).unwrap(), None);
        },
    );
}

/// Bob is silenced.
fn ban(set: &Room, room: Option<RoomId>) -> Ban {
    Ban {
        kind: BanKind::Speech,
        target: BanTarget::User(set.bob),
        room,
        until: None,
        reason: None,
        by: None,
        at: at(1),
    }
}

pub(crate) fn banning_and_unbanning(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.ban(&ban(&set, Some(LOBBY))).unwrap());
            set
        },
        |store, set| told(store.ban(&ban(set, Some(LOBBY))).map(drop)),
        |store, _| {
            let bans = store.bans(at(1)).unwrap();
            bans.into_iter()
                .try_for_each(|(id, _)| store.unban(id).map(drop))
                .map(|()| String::new())
                .map_err(|error| error.kind())
        },
        |site, set, first, ban, unban| {
            assert!(ban.is_ok() && unban.is_ok());
            let target = BanTarget::User(set.bob);
            let banned = site
                .reader
                .banned(BanKind::Speech, &target, Some(LOBBY), at(2));
            assert_eq!(banned.unwrap().is_some(), first == First::Other);
        },
    );
}

pub(crate) fn silencing_and_speaking(site: &mut Site) {
    race(
        site,
        room,
        |store, set| told(store.ban(&ban(set, None)).map(drop)),
        post_bob,
        |site, set, first, silenced, spoken| {
            assert!(silenced.is_ok());
            match first {
                First::One => assert_eq!(spoken, &Err(ErrorKind::Forbidden)),
                First::Other => assert_eq!(spoken.as_deref(), Ok("2")),
            }
            let said = site.messages(set.room).len();
            assert_eq!(said == 2, first == First::Other);
        },
    );
}

pub(crate) fn ending_a_silence_and_speaking(site: &mut Site) {
    race(
        site,
        |site| {
            let set = room(site);
            site.change(|store| store.ban(&ban(&set, Some(set.room))).unwrap());
            set
        },
        |store, set| {
            let target = BanTarget::User(set.bob);
            told(store.lift(BanKind::Speech, &target, Some(set.room)))
        },
        post_bob,
        |_, _, first, lifted, spoken| {
            assert_eq!(lifted.as_deref(), Ok("1"));
            match first {
                First::One => assert_eq!(spoken.as_deref(), Ok("2")),
                First::Other => assert_eq!(spoken, &Err(ErrorKind::Forbidden)),
            }
        },
    );
}

fn take_nick(store: &mut dyn Transaction, user: UserId, nick: &str) -> Outcome {
    let patch = UserPatch {
        nick: Some(Some(nick.to_owned())),
        ..UserPatch::default()
    };
    told(store.update_user(user, &patch))
}

pub(crate) fn two_nicks_of_one_name(site: &mut Site) {
    race(
        site,
        room,
        |store, set| take_nick(store, set.ann, "Robin"),
        |store, set| take_nick(store, set.bob, "ROBIN"),
        |site, set, first, one, other| {
            one_wins(first, one, other, ErrorKind::Conflict);
            let winner = if first == First::One {
                set.ann
            } else {
                set.bob
            };
            assert_eq!(site.reader.called("robin", 9).unwrap(), [winner]);
        },
    );
}

pub(crate) fn a_nick_and_an_account_of_one_name(site: &mut Site) {
    race(
        site,
        room,
        |store, set| take_nick(store, set.ann, "Robin"),
        |store, _| told(store.create_account(&new_account("robin")).map(drop)),
        |site, _, first, nick, account| {
            assert!(account.is_ok(), "nobody keeps others from a name by a nick");
            assert_eq!(nick.is_ok(), first == First::One);
            let found = site.reader.called("robin", 9).unwrap().len();
            assert_eq!(found == 2, first == First::One);
        },
    );
}
