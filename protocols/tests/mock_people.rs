//! What the scripted mock tells whom: channels of two, contacts, members, and what its scripts prepare.
#![cfg(feature = "mock")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers"
)]

use std::time::Duration;

use kaiwa_protocols::client::{AccountId, Client, ClientEvents, ConnectionState, Contact};
use kaiwa_protocols::mock::{MockPeer, Script};
use kaiwa_protocols::{
    AuthField, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, ErrorKind, Id,
    Member, Message, MessageFragment, Presence, Role, StatusEvent, UserEvent,
};

const LOBBY: &str = "lobby";

/// People on one peer; each is called by their place.
struct Room {
    client: Client,
    events: ClientEvents,
    people: Vec<AccountId>,
}

impl Room {
    /// Everybody is signed in, one after the other.
    async fn of(peer: &MockPeer, names: &[&str]) -> Self {
        let client = Client::new();
        let mut room = Self {
            events: client.subscribe(),
            client,
            people: Vec::new(),
        };
        for name in names {
            let account = room.client.add(Box::new(peer.connection())).unwrap();
            let form = vec![AuthField::text("name", "", Some(name), true)];
            room.client.connect(account, form).unwrap();
            room.people.push(account);
            let here = room.people.len() - 1;
            room.until(here, |state| state.channels.contains_key(LOBBY))
                .await;
        }
        room
    }

    /// Waits until somebody knows something.
    async fn until(&mut self, who: usize, known: impl Fn(&ConnectionState) -> bool) {
        let wait = async {
            while !known(&self.client.state(self.people[who]).unwrap()) {
                self.events.recv().await.unwrap();
            }
        };
        let patience = Duration::from_secs(600);
        let known = tokio::time::timeout(patience, wait).await.is_ok();
        assert!(known, "{:#?}", self.client.state(self.people[who]));
    }

    /// Sends something and waits for its end.
    async fn send(
        &mut self,
        who: usize,
        event: impl Into<ConnectionEvent>,
    ) -> Result<(), ErrorKind> {
        let sent = self.client.send(self.people[who], event.into());
        let wanted = sent.map_err(|error| error.kind())?;
        loop {
            match self.events.recv().await.unwrap().event {
                ConnectionEvent::Status {
                    event: StatusEvent::Done { request },
                } if request == wanted => return Ok(()),
                ConnectionEvent::Status {
                    event: StatusEvent::Failed { request, error },
                } if request == wanted => return Err(error.kind),
                _ => {}
            }
        }
    }

    /// What somebody knows when all that was said until now has arrived.
    async fn state(&mut self, who: usize) -> ConnectionState {
        let ping = StatusEvent::Ping { artifact: None };
        self.send(who, ping).await.unwrap();
        self.client.state(self.people[who]).unwrap()
    }
}

fn text(channel: &str, text: &str) -> ChatEvent {
    ChatEvent::New {
        channel_id: Some(channel.into()),
        message: Message::text(text, chrono::DateTime::UNIX_EPOCH),
    }
}

fn request(user_id: &str) -> UserEvent {
    UserEvent::Request {
        user_id: user_id.into(),
        own: true,
        text: None,
    }
}

fn topic(channel_id: &str) -> ChannelEvent {
    ChannelEvent::Topic {
        channel_id: channel_id.into(),
        topic: Some("tea".to_owned()),
    }
}

fn direct(state: &ConnectionState) -> Vec<&Channel> {
    let channels = state.channels.values().map(|channel| &channel.channel);
    channels
        .filter(|channel| channel.channel_type == ChannelType::Direct)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_two_is_only_theirs() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob", "cid"]).await;
    let with = |user: &str| ChannelEvent::New {
        channel: Channel {
            id: user.into(),
            name: None,
            channel_type: ChannelType::Direct,
        },
    };
    room.send(0, with("bob")).await.unwrap();
    // Whoever begins, it is the same channel.
    room.send(1, with("ann")).await.unwrap();
    let id = direct(&room.state(0).await)[0].id.clone();
    room.send(0, text(&id, "only you")).await.unwrap();
    for (who, name) in [(0, "bob"), (1, "ann")] {
        let state = room.state(who).await;
        let channels = direct(&state);
        assert_eq!(channels.len(), 1);
        assert_eq!(channels[0].id, id);
        assert_eq!(channels[0].name.as_deref(), Some(name), "as each sees it");
        assert_eq!(state.channels[&id].messages.len(), 1);
    }
    assert!(direct(&room.state(2).await).is_empty());
    let history = ChatEvent::RequestHistory {
        channel_id: Some(id.clone()),
        before: None,
        limit: 1,
    };
    assert_eq!(room.send(2, history).await, Err(ErrorKind::NotFound));
    assert_eq!(
        room.send(2, text(&id, "let me in")).await,
        Err(ErrorKind::NotFound)
    );
    assert_eq!(room.send(0, with("dan")).await, Err(ErrorKind::NotFound));
}

#[tokio::test(start_paused = true)]
async fn contact_is_a_matter_of_two() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob", "cid"]).await;
    room.send(0, request("bob")).await.unwrap();
    assert_eq!(room.state(0).await.contacts["bob"], Contact::Asked);
    assert_eq!(room.state(1).await.contacts["ann"], Contact::Asking);
    // Who asks back accepts; somebody accepts everything.
    room.send(1, request("ann")).await.unwrap();
    room.send(1, request("somebody")).await.unwrap();
    for (who, contacts) in [(0, vec!["bob"]), (1, vec!["ann", "somebody"]), (2, vec![])] {
        let state = room.state(who).await;
        let known: Vec<&Id> = state.contacts.keys().collect();
        assert_eq!(known, contacts);
        assert!(
            state
                .contacts
                .values()
                .all(|one| *one == Contact::Confirmed)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_is_seen_to_go() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob"]).await;
    let busy = UserEvent::Presence {
        user_id: None,
        presence: Presence::Busy,
        text: Some("work".to_owned()),
    };
    room.send(0, busy).await.unwrap();
    let presence = |state: &ConnectionState| state.presence.get("ann").map(|ann| ann.presence);
    room.until(1, |state| presence(state) == Some(Presence::Busy))
        .await;
    assert_eq!(presence(&room.state(0).await), Some(Presence::Busy));
    room.client.disconnect(room.people[0]).await.unwrap();
    room.until(1, |state| presence(state) == Some(Presence::Offline))
        .await;
    let members = |state: &ConnectionState| state.channels[LOBBY].users.len();
    room.until(1, |state| members(state) == 2).await;
}

#[tokio::test(start_paused = true)]
async fn members_come_get_roles_and_go() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob"]).await;
    let team = || Id::from("team");
    let channel = Channel {
        id: team(),
        ..Channel::default()
    };
    room.send(0, ChannelEvent::New { channel }).await.unwrap();
    let members = |user_id: &str| ChannelEvent::Members {
        channel_id: team(),
        members: vec![Member {
            user_id: user_id.into(),
            role: Role::Moderator,
        }],
    };
    room.send(0, members("bob")).await.unwrap();
    assert_eq!(room.send(0, members("dan")).await, Err(ErrorKind::NotFound));
    let roles = |state: &ConnectionState| {
        let roles = state.channels["team"].roles.iter();
        roles
            .map(|(id, role)| (id.clone(), *role))
            .collect::<Vec<_>>()
    };
    let both = [
        (Id::from("ann"), Role::Owner),
        ("bob".into(), Role::Moderator),
    ];
    assert_eq!(roles(&room.state(1).await), both);
    let kick = || UserEvent::Remove {
        channel_id: Some(team()),
        user_id: "bob".into(),
    };
    room.send(0, kick()).await.unwrap();
    assert_eq!(room.send(0, kick()).await, Err(ErrorKind::NotFound));
    assert_eq!(roles(&room.state(1).await), both[..1]);
    assert_eq!(
        room.send(0, topic("nowhere")).await,
        Err(ErrorKind::NotFound)
    );
    let switch = ChannelEvent::Switch { channel_id: team() };
    room.send(0, switch).await.unwrap();
    assert_eq!(room.state(0).await.current_channel, Some(team()));
    assert_eq!(
        room.state(1).await.current_channel,
        None,
        "only who switches"
    );
}

#[tokio::test(start_paused = true)]
async fn scripts_prepare_rooms_a_past_and_a_request() {
    let peer = MockPeer::new(Script::echo().rooms(2).history(70).asking());
    let mut room = Room::of(&peer, &["ann"]).await;
    let state = room.state(0).await;
    assert_eq!(state.contacts["somebody"], Contact::Asking);
    assert!(state.global_users.contains_key("somebody"));
    for id in ["room-1", "room-2"] {
        assert_eq!(state.channels[id].parent.as_deref(), Some(LOBBY));
    }
    let first = |state: &ConnectionState| {
        let first = state.channels[LOBBY].messages.iter().next().cloned();
        first
            .map(|message| (message.plain_text(), message.id))
            .unwrap()
    };
    let (text, before) = first(&state);
    assert_eq!(text, "earlier 21", "the newest fifty");
    let history = ChatEvent::RequestHistory {
        channel_id: None,
        before,
        limit: 50,
    };
    room.send(0, history).await.unwrap();
    let state = room.state(0).await;
    assert_eq!(first(&state).0, "earlier 1");
    assert_eq!(state.channels[LOBBY].messages.len(), 70);
}

/// What was said before a reconnect is told again; the state is the same, also what has changed meanwhile.
#[tokio::test(start_paused = true)]
async fn a_reconnect_tells_everything_again() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob"]).await;
    room.send(0, request("bob")).await.unwrap();
    room.send(0, topic(LOBBY)).await.unwrap();
    room.send(0, text(LOBBY, "read this")).await.unwrap();
    let state = room.state(1).await;
    let message_id = state.channels[LOBBY].messages.last().unwrap().id.clone();
    let read = ChatEvent::Read {
        channel_id: None,
        message_id: message_id.unwrap(),
        user_id: None,
    };
    room.send(1, read).await.unwrap();
    let before = room.state(1).await;
    assert_eq!(before.contacts["ann"], Contact::Asking);
    assert_eq!(before.channels[LOBBY].read.len(), 1);
    room.client.disconnect(room.people[1]).await.unwrap();
    let refuse = UserEvent::Respond {
        user_id: "bob".into(),
        accept: false,
    };
    room.send(0, refuse).await.unwrap();
    let form = vec![AuthField::text("name", "", Some("bob"), true)];
    room.client.connect(room.people[1], form).unwrap();
    // Withdrawn while bob was away: who is not told again has gone.
    room.until(1, |state| !state.contacts.contains_key("ann"))
        .await;
    let after = room.state(1).await;
    assert_eq!(after.channels, before.channels);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_and_put_on_messages_is_in_the_state() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob"]).await;
    let data = |channel_id: Option<&str>| UserEvent::Data {
        channel_id: channel_id.map(Into::into),
        key: "theme".to_owned(),
        value: Some(channel_id.unwrap_or("dark").into()),
    };
    room.send(0, data(None)).await.unwrap();
    room.send(0, data(Some(LOBBY))).await.unwrap();
    assert_eq!(
        room.send(0, data(Some("nowhere"))).await,
        Err(ErrorKind::NotFound)
    );
    room.send(0, text(LOBBY, "hi")).await.unwrap();
    let lobby = |state: &ConnectionState| state.channels[LOBBY].clone();
    room.until(1, |state| lobby(state).messages.len() == 1)
        .await;
    let message_id = lobby(&room.state(1).await)
        .messages
        .last()
        .unwrap()
        .id
        .clone();
    let react = ChatEvent::React {
        channel_id: None,
        message_id: message_id.clone().unwrap(),
        user_id: None,
        emoji: "+".to_owned(),
        on: true,
    };
    room.send(1, react).await.unwrap();
    let typing = ChatEvent::Typing {
        channel_id: None,
        user_id: None,
        typing: true,
    };
    room.send(1, typing).await.unwrap();
    let edit = ChatEvent::Update {
        channel_id: None,
        message_id: message_id.unwrap(),
        new_message: Message::text("ho", chrono::DateTime::UNIX_EPOCH),
    };
    room.send(0, edit).await.unwrap();
    room.until(0, |state| lobby(state).typing.contains_key("bob"))
        .await;
    let reaction = MessageFragment::Reaction {
        emoji: "+".to_owned(),
        user_ids: vec!["bob".into()],
    };
    for who in [0, 1] {
        let state = room.state(who).await;
        let log = lobby(&state).messages;
        let content = &log.last().unwrap().content;
        assert_eq!(
            content.first(),
            Some(&MessageFragment::Text("ho".to_owned()))
        );
        assert!(
            content.contains(&reaction),
            "an edit leaves it: {content:?}"
        );
        assert!(!lobby(&state).typing.contains_key("ann"));
    }
    // Told at sign-in, to another program of hers.
    let mut later = Room::of(&peer, &["ann"]).await;
    let state = later.state(0).await;
    assert_eq!(state.data.get("theme"), Some(&"dark".into()));
    assert_eq!(lobby(&state).data.get("theme"), Some(&LOBBY.into()));
    room.until(0, |state| lobby(state).typing.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_told_of_an_invitation() {
    let peer = MockPeer::new(Script::echo());
    let mut room = Room::of(&peer, &["ann", "bob"]).await;
    let den = ChannelEvent::Create {
        parent_id: Some(LOBBY.into()),
        channel: Channel {
            id: LOBBY.into(),
            name: Some("Den".to_owned()),
            channel_type: ChannelType::Group,
        },
        public: false,
    };
    room.send(0, den).await.unwrap();
    let state = room.state(0).await;
    let mut channels = state.channels.values();
    let den = channels
        .find(|one| one.channel.name.as_deref() == Some("Den"))
        .unwrap();
    assert_eq!(den.parent.as_deref(), Some(LOBBY));
    let den = den.channel.id.clone();
    assert!(!room.state(1).await.channels.contains_key(&den));
    let invite = ChannelEvent::Invite {
        channel_id: den.clone(),
        user_id: Some("bob".into()),
        code: None,
    };
    let bob = room.people[1];
    room.client.send(room.people[0], invite.into()).unwrap();
    let code = loop {
        let event = room.events.recv().await.unwrap();
        if let ConnectionEvent::Channel {
            event:
                ChannelEvent::Invite {
                    user_id: None,
                    code,
                    ..
                },
        } = event.event
        {
            assert_eq!((event.account, event.request), (bob, None));
            break code.unwrap();
        }
    };
    let join = ChannelEvent::JoinWith {
        channel_id: den.clone(),
        key: code,
    };
    room.send(1, join).await.unwrap();
    assert!(room.state(1).await.channels.contains_key(&den));
    room.until(0, |state| state.channels[&den].users.contains_key("bob"))
        .await;
}
