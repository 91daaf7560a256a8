//! Who is there, which circles and streams there are, and who may see what.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use kaiwa_protocols::oshi::wire::{
    self, CircleId, FileId, Profile, Role, StreamId, StreamKind, Subscription, UserId,
};
use serde_json::{Map, Value};

use super::log::Log;

/// The public circle that everybody is in, and its stream.
pub(crate) const LOBBY: CircleId = CircleId(1);
pub(crate) const GENERAL: StreamId = StreamId(1);

/// Everything that is kept.
pub(crate) struct World {
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) tokens: BTreeMap<String, UserId>,
    pub(crate) circles: BTreeMap<CircleId, Circle>,
    pub(crate) streams: BTreeMap<StreamId, Stream>,
    pub(crate) subscriptions: BTreeSet<(UserId, StreamId)>,
    pub(crate) files: BTreeMap<FileId, (UserId, wire::File<'static>)>,
    /// The last number of anything; ids of users, circles, streams and messages never meet.
    last: i64,
}

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) display: String,
    pub(crate) password: String,
    pub(crate) data: Map<String, Value>,
}

pub(crate) struct Circle {
    pub(crate) name: String,
    pub(crate) public: bool,
    pub(crate) members: BTreeMap<UserId, Seat>,
    /// For whom alone, if for one.
    pub(crate) invites: BTreeMap<String, Option<UserId>>,
}

/// Somebody in a circle.
pub(crate) struct Seat {
    pub(crate) role: Role,
    pub(crate) data: Map<String, Value>,
}

pub(crate) struct Stream {
    pub(crate) kind: StreamKind,
    pub(crate) circle: Option<CircleId>,
    pub(crate) name: String,
    pub(crate) topic: String,
    /// Of those outside circles.
    pub(crate) members: BTreeSet<UserId>,
    pub(crate) log: Log,
    /// How far people have read.
    pub(crate) marks: BTreeMap<UserId, i64>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self {
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            circles: BTreeMap::new(),
            streams: BTreeMap::new(),
            subscriptions: BTreeSet::new(),
            files: BTreeMap::new(),
            last: 0,
        };
        let lobby = world.circle("lobby", true, None);
        // Both have the same number, and nothing else has.
        world.last = 0;
        let general = world.stream(Some(lobby), "general");
        assert_eq!((lobby, general), (LOBBY, GENERAL));
        world
    }

    pub(super) fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Somebody new, in the lobby.
    pub(crate) fn register(&mut self, name: &str, password: &str, display: &str) -> UserId {
        let id = UserId(self.next());
        let user = User {
            name: name.to_owned(),
            display: display.to_owned(),
            password: password.to_owned(),
            data: Map::new(),
        };
        self.users.insert(id, user);
        self.enter(LOBBY, id, Role::Member);
        self.subscriptions.insert((id, GENERAL));
        id
    }

    /// Whose name it is.
    pub(crate) fn by_name(&self, name: &str) -> Option<UserId> {
        let mut users = self.users.iter();
        users.find_map(|(id, user)| user.name.eq_ignore_ascii_case(name).then_some(*id))
    }

    /// A new token.
    pub(crate) fn token(&mut self, user: UserId) -> String {
        let token = format!("token-{}", self.next());
        self.tokens.insert(token.clone(), user);
        token
    }

    /// A circle without streams; nobody is told.
    pub(crate) fn circle(&mut self, name: &str, public: bool, owner: Option<UserId>) -> CircleId {
        let id = CircleId(self.next());
        let circle = Circle {
            name: name.to_owned(),
            public,
            members: BTreeMap::new(),
            invites: BTreeMap::new(),
        };
        self.circles.insert(id, circle);
        if let Some(owner) = owner {
            self.enter(id, owner, Role::Owner);
        }
        id
    }

    /// A stream of a circle, or a group; nobody is told.
    pub(crate) fn stream(&mut self, circle: Option<CircleId>, name: &str) -> StreamId {
        let id = StreamId(self.next());
        let stream = Stream {
            kind: StreamKind::Channel,
            circle,
            name: name.to_owned(),
            topic: String::new(),
            members: BTreeSet::new(),
            log: Log::new(id),
            marks: BTreeMap::new(),
        };
        self.streams.insert(id, stream);
        id
    }

    /// The talk of two, and whether it is new.
    pub(crate) fn talk(&mut self, one: UserId, other: UserId) -> (StreamId, bool) {
        let two = BTreeSet::from([one, other]);
        let mut streams = self.streams.iter();
        let known =
            streams.find(|(_, stream)| stream.kind == StreamKind::Dm && stream.members == two);
        if let Some((id, _)) = known {
            return (*id, false);
        }
        let id = self.stream(None, "");
        let stream = self.streams.get_mut(&id).unwrap();
        (stream.kind, stream.members) = (StreamKind::Dm, two);
        self.subscriptions.extend([(one, id), (other, id)]);
        (id, true)
    }

    /// Lets somebody into a circle; nobody is told.
    pub(crate) fn enter(&mut self, circle: CircleId, user: UserId, role: Role) {
        let data = Map::new();
        let circle = self.circles.get_mut(&circle).unwrap();
        circle.members.insert(user, Seat { role, data });
    }

    /// Somebody's place in a circle.
    pub(crate) fn seat(&self, circle: CircleId, user: UserId) -> Option<&Seat> {
        self.circles.get(&circle)?.members.get(&user)
    }

    /// Who may read a stream.
    pub(crate) fn readers(&self, stream: StreamId) -> BTreeSet<UserId> {
        match self.streams.get(&stream) {
            None => BTreeSet::new(),
            Some(Stream {
                circle: Some(circle),
                ..
            }) => self.circles[circle].members.keys().copied().collect(),
            Some(stream) => stream.members.clone(),
        }
    }

    /// The streams of a circle.
    pub(crate) fn streams_of(&self, circle: CircleId) -> Vec<StreamId> {
        let streams = self.streams.iter();
        let own = streams.filter(|(_, stream)| stream.circle == Some(circle));
        own.map(|(id, _)| *id).collect()
    }

    /// Takes somebody out of a circle, subscriptions along.
    pub(crate) fn leave(&mut self, circle: CircleId, user: UserId) -> Option<Seat> {
        let seat = self.circles.get_mut(&circle)?.members.remove(&user)?;
        for stream in self.streams_of(circle) {
            self.subscriptions.remove(&(user, stream));
        }
        Some(seat)
    }

    /// Who shares a circle or a talk with somebody.
    pub(crate) fn peers(&self, user: UserId) -> BTreeSet<UserId> {
        let circles = self
            .circles
            .values()
            .map(|circle| circle.members.keys().copied().collect());
        let streams = self.streams.values().map(|stream| stream.members.clone());
        let shared: Vec<BTreeSet<UserId>> = circles.chain(streams).collect();
        let shared = shared.into_iter().filter(|members| members.contains(&user));
        shared.flatten().filter(|other| *other != user).collect()
    }

    pub(crate) fn number_anew(&mut self) {
        for stream in self.streams.values_mut() {
            stream.log.number_anew();
        }
    }

    pub(super) fn show_user(&self, id: UserId) -> Profile<'static> {
        let user = &self.users[&id];
        Profile {
            id,
            name: Cow::Owned(user.name.clone()),
            display: Cow::Owned(user.display.clone()),
        }
    }

    /// A stream as somebody sees it.
    pub(super) fn show_stream(&self, id: StreamId, viewer: UserId) -> wire::Stream<'static> {
        let stream = &self.streams[&id];
        let is_talk = stream.kind == StreamKind::Dm;
        let other = stream.members.iter().find(|member| **member != viewer);
        let name = match other.filter(|_| is_talk) {
            Some(other) => self.users[other].display.clone(),
            None => stream.name.clone(),
        };
        wire::Stream {
            id,
            kind: stream.kind,
            circle: stream.circle,
            name: Cow::Owned(name),
            topic: Cow::Owned(stream.topic.clone()),
            members: stream.members.iter().copied().filter(|_| is_talk).collect(),
            last: stream.log.last(),
        }
    }

    /// A circle without its streams as somebody sees it.
    pub(super) fn show_circle(&self, id: CircleId, viewer: UserId) -> wire::Circle<'static> {
        let circle = &self.circles[&id];
        let mut members = circle.members.iter();
        let owner = members.find(|(_, seat)| seat.role == Role::Owner);
        wire::Circle {
            id,
            name: Cow::Owned(circle.name.clone()),
            public: circle.public,
            owner: owner.map(|(user, _)| *user),
            role: circle.members.get(&viewer).map(|seat| seat.role),
            streams: None,
        }
    }

    /// The same, with its streams.
    pub(super) fn show_whole(&self, id: CircleId, viewer: UserId) -> wire::Circle<'static> {
        let streams = self.streams_of(id).into_iter();
        wire::Circle {
            streams: Some(
                streams
                    .map(|stream| self.show_stream(stream, viewer))
                    .collect(),
            ),
            ..self.show_circle(id, viewer)
        }
    }

    /// All that somebody has.
    pub(super) fn show_state(&self, viewer: UserId) -> wire::State<'static> {
        let circles = self.circles.keys().copied();
        let circles = circles.filter(|circle| self.seat(*circle, viewer).is_some());
        let streams = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.members.contains(&viewer));
        let subs = self
            .subscriptions
            .iter()
            .filter(|(user, _)| *user == viewer);
        wire::State {
            circles: circles
                .map(|circle| self.show_whole(circle, viewer))
                .collect(),
            streams: streams
                .map(|(id, _)| self.show_stream(*id, viewer))
                .collect(),
            subs: subs
                .map(|(_, stream)| self.subscription(viewer, *stream))
                .collect(),
            data: self.users[&viewer].data.clone(),
            more: false,
        }
    }

    fn subscription(&self, user: UserId, stream: StreamId) -> Subscription {
        let marks = &self.streams[&stream].marks;
        Subscription {
            stream,
            last_read: marks.get(&user).copied().unwrap_or_default(),
        }
    }
}
