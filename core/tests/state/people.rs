//! Contacts, presences, roles and read marks, and what becomes of them when people go.

use kaiwa_core::client::state::USERS_PER_LIST;
use kaiwa_core::client::{ConnectionState, Contact};
use kaiwa_core::{
    ChannelEvent, ChatEvent, ConnectionEvent, Id, Member, Presence, Profile, Role, UserEvent,
};

use crate::events::{fold, join, new_user, room, some, user};

fn request(user_id: &str, own: bool) -> UserEvent {
    UserEvent::Request {
        user_id: user_id.into(),
        own,
        text: some("hello"),
    }
}

fn respond(user_id: &str, accept: bool) -> UserEvent {
    UserEvent::Respond {
        user_id: user_id.into(),
        accept,
    }
}

fn is(user_id: Option<&str>, presence: Presence, text: Option<&str>) -> UserEvent {
    UserEvent::Presence {
        user_id: user_id.map(Into::into),
        presence,
        text: text.map(str::to_owned),
    }
}

fn members(channel: &str, roles: &[(&str, Role)]) -> ChannelEvent {
    ChannelEvent::Members {
        channel_id: channel.into(),
        members: roles
            .iter()
            .map(|(id, role)| Member {
                user_id: (*id).into(),
                role: *role,
            })
            .collect(),
    }
}

fn read(channel: Option<&str>, message: &str, user: Option<&str>) -> ChatEvent {
    ChatEvent::Read {
        channel_id: channel.map(Into::into),
        message_id: message.into(),
        user_id: user.map(Into::into),
    }
}

fn me(user_id: &str) -> UserEvent {
    UserEvent::Identify {
        user_id: user_id.into(),
    }
}

fn remove(channel: Option<&str>, user_id: &str) -> UserEvent {
    UserEvent::Remove {
        channel_id: channel.map(Into::into),
        user_id: user_id.into(),
    }
}

fn rename(channel: Option<&str>, from: &str, to: &str) -> UserEvent {
    UserEvent::Update {
        channel_id: channel.map(Into::into),
        user_id: from.into(),
        new_user: user(to, to),
    }
}

/// [`room`] with somebody else in it, of whom everything is known, as it is of the user, who is "me".
fn full_room() -> ConnectionState {
    let state = fold(room(), [me("me"), new_user(Some("a"), user("2", "bob"))]);
    let state = fold(
        state,
        [
            new_user(None, user("2", "bob")),
            respond("2", true),
            is(Some("2"), Presence::Away, Some("lunch")),
            is(None, Presence::Busy, None),
        ],
    );
    let state = fold(
        state,
        [members("a", &[("2", Role::Admin), ("me", Role::Owner)])],
    );
    let marks = [read(Some("a"), "m", Some("2")), read(Some("a"), "m", None)];
    fold(state, marks)
}

fn entries<'a, V: Copy + 'a>(list: impl IntoIterator<Item = (&'a Id, &'a V)>) -> Vec<(&'a str, V)> {
    list.into_iter()
        .map(|(id, value)| (id.as_str(), *value))
        .collect()
}

fn marks(state: &ConnectionState) -> Vec<(&str, &str)> {
    let marks = state.channels["a"].read.iter();
    marks
        .map(|(id, mark)| (id.as_str(), mark.as_str()))
        .collect()
}

#[test]
fn contacts_are_asked_for_answered_and_ended() {
    let mut state = room();
    for (event, expected) in [
        (request("2", true), vec![("2", Contact::Asked)]),
        (
            request("3", false),
            vec![("2", Contact::Asked), ("3", Contact::Asking)],
        ),
        (
            respond("2", true),
            vec![("2", Contact::Confirmed), ("3", Contact::Asking)],
        ),
        (respond("3", false), vec![("2", Contact::Confirmed)]),
        (respond("4", false), vec![("2", Contact::Confirmed)]),
        (respond("2", false), vec![]),
        (respond("5", true), vec![("5", Contact::Confirmed)]),
    ] {
        state.apply(&event.clone().into());
        assert_eq!(entries(&state.contacts), expected, "{event:?}");
    }
}

#[test]
fn the_users_own_presence_and_marks_are_under_their_id() {
    let state = full_room();
    let presence = |id: &str| {
        let said = &state.presence[id];
        (said.presence, said.text.as_deref())
    };
    assert_eq!(presence("me"), (Presence::Busy, None));
    assert_eq!(presence("2"), (Presence::Away, Some("lunch")));
    assert_eq!(marks(&state), [("2", "m"), ("me", "m")]);
    assert_eq!(state.left_out, 0);

    let nobody = fold(room(), [is(None, Presence::Busy, None)]);
    assert!(nobody.presence.is_empty());
    let nobody = fold(nobody, [read(Some("a"), "m", None)]);
    assert!(nobody.channels["a"].read.is_empty());
    assert_eq!(nobody.left_out, 2, "before anybody said who the user is");
}

#[test]
fn the_latest_presence_and_mark_count() {
    let state = fold(full_room(), [is(Some("2"), Presence::Online, None)]);
    assert_eq!(state.presence["2"].presence, Presence::Online);
    assert_eq!(state.presence["2"].text, None);
    let state = fold(state, [read(None, "n", Some("2"))]);
    assert_eq!(
        marks(&state),
        [("2", "n"), ("me", "m")],
        "the current channel"
    );
    let elsewhere = fold(state.clone(), [read(Some("unknown"), "n", Some("2"))]);
    assert_eq!(elsewhere, state);
}

#[test]
fn roles_are_upserts() {
    let state = fold(
        full_room(),
        [
            members("a", &[("2", Role::Moderator), ("3", Role::Member)]),
            members("a", &[]),
            members("unknown", &[("2", Role::Owner)]),
        ],
    );
    assert_eq!(
        entries(&state.channels["a"].roles),
        [
            ("2", Role::Moderator),
            ("3", Role::Member),
            ("me", Role::Owner)
        ]
    );
    assert_eq!(state.channels.len(), 1);
}

#[test]
fn who_leaves_a_channel_takes_role_and_mark_along() {
    let state = fold(full_room(), [remove(Some("a"), "2")]);
    assert_eq!(entries(&state.channels["a"].roles), [("me", Role::Owner)]);
    assert_eq!(marks(&state), [("me", "m")]);
    assert_eq!(entries(&state.contacts), [("2", Contact::Confirmed)]);
    assert!(state.presence.contains_key("2"));
    // What the user has read stays read, also where they are no longer.
    let state = fold(state, [remove(Some("a"), "me")]);
    assert!(state.channels["a"].roles.is_empty());
    assert_eq!(marks(&state), [("me", "m")]);
    let channel_id = some("a");
    let state = fold(full_room(), [UserEvent::ClearList { channel_id }]);
    assert!(state.channels["a"].roles.is_empty());
    assert_eq!(marks(&state), [("me", "m")]);
}

#[test]
fn who_leaves_the_network_takes_contact_and_presence_along() {
    for event in [remove(None, "2"), UserEvent::ClearList { channel_id: None }] {
        let state = fold(full_room(), [event]);
        assert!(state.contacts.is_empty());
        let known: Vec<_> = state.presence.keys().collect();
        assert_eq!(known, ["me"]);
        assert_eq!(state.channels["a"].roles.len(), 2);
    }
    let state = fold(full_room(), [remove(None, "me")]);
    assert!(state.presence.contains_key("me"));
}

#[test]
fn what_is_known_of_somebody_follows_them_to_a_new_id() {
    let here = fold(full_room(), [rename(Some("a"), "2", "9")]);
    assert_eq!(here.channels["a"].roles["9"], Role::Admin);
    assert_eq!(marks(&here), [("9", "m"), ("me", "m")]);
    assert!(here.contacts.contains_key("2"));
    let everywhere = fold(here, [rename(None, "2", "9")]);
    assert_eq!(entries(&everywhere.contacts), [("9", Contact::Confirmed)]);
    assert_eq!(everywhere.presence["9"].presence, Presence::Away);
    assert!(!everywhere.presence.contains_key("2"));
    // A profile that says no id keeps the old one.
    let nameless = UserEvent::Update {
        channel_id: some("a"),
        user_id: "2".into(),
        new_user: Profile::default(),
    };
    let state = fold(full_room(), [nameless]);
    assert_eq!(state.channels["a"].roles["2"], Role::Admin);
}

#[test]
fn lists_of_people_are_bounded_and_say_so() {
    let mut state = fold(room(), [join("a")]);
    for n in 0..=USERS_PER_LIST {
        let id = n.to_string();
        let events: [ConnectionEvent; 4] = [
            respond(&id, true).into(),
            is(Some(&id), Presence::Online, None).into(),
            read(Some("a"), "m", Some(&id)).into(),
            members("a", &[(&id, Role::Member)]).into(),
        ];
        for event in events {
            state.apply(&event);
        }
    }
    assert_eq!(state.contacts.len(), USERS_PER_LIST);
    assert_eq!(state.presence.len(), USERS_PER_LIST);
    assert_eq!(state.channels["a"].read.len(), USERS_PER_LIST);
    assert_eq!(state.channels["a"].roles.len(), USERS_PER_LIST);
    assert_eq!(state.left_out, 4);
    let state = fold(state, [request("7", false)]);
    assert_eq!(
        state.contacts["7"],
        Contact::Asking,
        "known people have room"
    );
}
