//! Circles and streams: what is known of them, and how they are shown.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{
    Channel, ChannelEvent, ChannelType, ChatEvent, Error, ErrorKind, Id, Member, RequestId,
};

use super::OshiSession;
use super::catch_up::{CatchUp, Seen};
use super::changes::Told;
use super::people::role;
use crate::oshi::wire::{self, CircleId, Role, StreamId, StreamKind, UserId};

/// Circles known at once: twice what a server lets a person be in.
pub(super) const MAX_CIRCLES: usize = 1_000;

/// Streams known at once: what an application's state holds of channels.
pub(super) const MAX_STREAMS: usize = 10_000;

/// A circle that the user is in.
#[derive(Debug, Default)]
pub(super) struct Circle {
    pub(super) name: String,
    /// What the user is there.
    pub(super) role: Role,
    /// Who is in it, once somebody has asked.
    pub(super) listed: Option<BTreeSet<UserId>>,
}

/// A stream that the user can see.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) info: Info,
    /// Whether what is said there comes here.
    pub(super) subscribed: bool,
    /// Whether it shall, without being so yet.
    pub(super) wanted: bool,
    /// Up to where the user has read.
    pub(super) last_read: i64,
    /// What has been shown of it.
    pub(super) seen: Option<Seen>,
    /// What must be learned before its changes are shown as they come.
    pub(super) catch_up: Option<Box<CatchUp>>,
    /// All that was shown has been wiped, and nothing is in its place yet.
    pub(super) wiped: bool,
    /// Messages that were missed and not yet shown, before the last one that was: changes come in their order, not in that of
    /// the messages.
    pub(super) absent: BTreeSet<i64>,
    /// Its next changes that were shown already: own ones, when the server took them.
    pub(super) told: BTreeMap<i64, Told>,
    /// Who is in it, once somebody has asked.
    pub(super) listed: Option<BTreeSet<UserId>>,
}

/// What the server says about a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Info {
    pub(super) kind: StreamKind,
    pub(super) circle: Option<CircleId>,
    name: String,
    topic: String,
    /// The two of a talk.
    members: Vec<UserId>,
}

/// All places, as a `state` tells them.
#[derive(Debug, Default)]
pub(super) struct Places {
    circles: BTreeMap<CircleId, Circle>,
    streams: BTreeMap<StreamId, Info>,
    /// The subscriptions, and up to where the user has read.
    subs: BTreeMap<StreamId, i64>,
}

impl Places {
    /// Adds what a frame tells; gives what found no room.
    pub(super) fn add(&mut self, state: &wire::State<'_>) -> u64 {
        let mut left_out = 0;
        for circle in &state.circles {
            if self.circles.len() >= MAX_CIRCLES {
                left_out += 1;
                continue;
            }
            self.circles.insert(circle.id, Circle::of(circle));
            left_out += self.add_streams(circle.streams.iter().flatten());
        }
        left_out += self.add_streams(&state.streams);
        for sub in &state.subs {
            if self.subs.len() < MAX_STREAMS {
                self.subs.insert(sub.stream, sub.last_read);
            }
        }
        left_out
    }

    fn add_streams<'a>(&mut self, streams: impl IntoIterator<Item = &'a wire::Stream<'a>>) -> u64 {
        let mut left_out = 0;
        for stream in streams {
            if self.streams.len() < MAX_STREAMS {
                self.streams.insert(stream.id, Info::of(stream));
            } else {
                left_out += 1;
            }
        }
        left_out
    }
}

impl Circle {
    fn of(circle: &wire::Circle<'_>) -> Self {
        Self {
            name: circle.name.clone().into_owned(),
            role: circle.role.unwrap_or_default(),
            listed: None,
        }
    }
}

impl Info {
    fn of(stream: &wire::Stream<'_>) -> Self {
        Self {
            kind: stream.kind,
            circle: stream.circle,
            name: stream.name.clone().into_owned(),
            topic: stream.topic.clone().into_owned(),
            members: stream.members.iter().take(2).copied().collect(),
        }
    }

    fn topic(&self) -> Option<String> {
        Some(self.topic.clone()).filter(|topic| !topic.is_empty())
    }
}

impl Stream {
    fn new(info: Info) -> Self {
        Self {
            info,
            subscribed: false,
            wanted: false,
            last_read: 0,
            seen: None,
            catch_up: None,
            wiped: false,
            absent: BTreeSet::new(),
            told: BTreeMap::new(),
            listed: None,
        }
    }
}

impl OshiSession {
    /// Shows all places as the server has told them, and takes away those that are gone.
    pub(super) fn show_places(&mut self, places: Places) {
        let Places {
            circles,
            streams,
            subs,
        } = places;
        let gone: Vec<StreamId> = keys_without(&self.streams, &streams);
        for id in gone {
            self.remove_stream(None, id);
        }
        let gone: Vec<CircleId> = keys_without(&self.circles, &circles);
        for id in gone {
            self.remove_circle(None, id);
        }
        for (id, circle) in circles {
            self.set_circle(None, id, circle);
        }
        for (id, info) in streams {
            let last_read = subs.get(&id).copied();
            let subscribed = last_read.is_some();
            let known = self.streams.get(&id);
            let left = known.is_some_and(|known| known.subscribed) && !subscribed;
            let topic = known.is_some_and(|known| known.info.topic().is_some());
            let stream = self.stream_entry(id, info);
            stream.subscribed = subscribed;
            stream.last_read = last_read.unwrap_or(0);
            let is_wanted = subscribed || stream.wanted;
            self.show_stream(None, id, topic);
            if left {
                let channel_id = Id::from(id);
                self.event(ChannelEvent::Leave { channel_id });
            }
            if is_wanted {
                self.catch_up(id, false);
            }
        }
    }

    fn stream_entry(&mut self, id: StreamId, info: Info) -> &mut Stream {
        let stream = self
            .streams
            .entry(id)
            .or_insert_with(|| Stream::new(Info::default()));
        stream.info = info;
        stream
    }

    /// There is a circle, or it has changed.
    fn set_circle(&mut self, request: Option<RequestId>, id: CircleId, circle: Circle) {
        if self.circles.len() >= MAX_CIRCLES && !self.circles.contains_key(&id) {
            self.skipped += 1;
            return;
        }
        let listed = self.circles.remove(&id).and_then(|known| known.listed);
        let role = circle.role;
        self.circles.insert(id, Circle { listed, ..circle });
        let Some(channel) = self.circle_channel(id) else {
            return;
        };
        self.tell(request, ChannelEvent::New { channel });
        let channel_id = Id::from(id);
        self.tell(request, ChannelEvent::Join { channel_id });
        self.show_own_role(request, id, role);
    }

    /// Shows a circle with its streams, and subscribes to them: the user is in it from now on.
    pub(super) fn enter_circle(
        &mut self,
        request: Option<RequestId>,
        circle: &wire::Circle<'_>,
    ) -> Vec<StreamId> {
        self.set_circle(request, circle.id, Circle::of(circle));
        let mut entered = Vec::new();
        for stream in circle.streams.iter().flatten() {
            if self.add_stream(request, stream) {
                entered.push(stream.id);
            }
        }
        entered
    }

    /// There is a stream, perhaps a new one; true if so.
    pub(super) fn add_stream(
        &mut self,
        request: Option<RequestId>,
        stream: &wire::Stream<'_>,
    ) -> bool {
        let is_new = !self.streams.contains_key(&stream.id);
        if is_new && self.streams.len() >= MAX_STREAMS {
            self.skipped += 1;
            return false;
        }
        let had_topic = self.has_topic(stream.id);
        self.stream_entry(stream.id, Info::of(stream));
        self.show_stream(request, stream.id, had_topic);
        is_new
    }

    /// There is a talk of these two.
    pub(super) fn add_talk(
        &mut self,
        request: Option<RequestId>,
        id: StreamId,
        members: Vec<UserId>,
    ) {
        let info = Info {
            kind: StreamKind::Dm,
            members,
            ..Info::default()
        };
        if self.streams.len() < MAX_STREAMS {
            self.stream_entry(id, info);
            self.show_stream(request, id, false);
        }
    }

    /// A stream is as the server says now: tells what has changed.
    pub(super) fn change_stream(&mut self, stream: &wire::Stream<'_>) {
        let id = stream.id;
        let info = Info::of(stream);
        let Some(known) = self.streams.get_mut(&id) else {
            self.add_stream(None, stream);
            return;
        };
        let before = std::mem::replace(&mut known.info, info.clone());
        if before.name != info.name || before.kind != info.kind || before.members != info.members {
            self.show_stream_update(None, id);
        }
        if before.topic != info.topic {
            self.show_topic(None, id);
        }
        if before.circle != info.circle {
            self.show_parent(None, id);
        }
    }

    /// A circle is as the server says now: tells what has changed.
    pub(super) fn change_circle(&mut self, circle: &wire::Circle<'_>) {
        let id = circle.id;
        let Some(known) = self.circles.get_mut(&id) else {
            let entered = self.enter_circle(None, circle);
            return self.subscribe_all(&entered);
        };
        let renamed = known.name != circle.name;
        let name = circle.name.clone().into_owned();
        known.name = name;
        let role = circle.role.filter(|role| *role != known.role);
        if renamed && let Some(new_channel) = self.circle_channel(id) {
            self.event(ChannelEvent::Update {
                channel_id: id.into(),
                new_channel,
            });
        }
        if let Some(role) = role {
            self.show_own_role(None, id, role);
        }
        for stream in circle.streams.iter().flatten() {
            self.change_stream(stream);
        }
    }

    fn show_own_role(&mut self, request: Option<RequestId>, id: CircleId, wire_role: Role) {
        if let Some(circle) = self.circles.get_mut(&id) {
            circle.role = wire_role;
        }
        let Some(me) = self.me_id() else {
            return;
        };
        self.show_person_in(request, id.into(), me);
        self.tell(
            request,
            ChannelEvent::Members {
                channel_id: id.into(),
                members: vec![Member {
                    user_id: me.into(),
                    role: role(wire_role),
                }],
            },
        );
    }

    /// Shows a stream; its topic also if it has none any more.
    fn show_stream(&mut self, request: Option<RequestId>, id: StreamId, had_topic: bool) {
        let Some(channel) = self.stream_channel(id) else {
            return;
        };
        self.tell(request, ChannelEvent::New { channel });
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let (subscribed, last_read) = (stream.subscribed, stream.last_read);
        let has_parent = stream.info.circle.is_some();
        if has_parent {
            self.show_parent(request, id);
        }
        if had_topic || self.has_topic(id) {
            self.show_topic(request, id);
        }
        if subscribed {
            let channel_id = Id::from(id);
            self.tell(request, ChannelEvent::Join { channel_id });
        }
        if last_read > 0 {
            self.show_own_read(request, id, last_read);
        }
    }

    /// A stream is shown anew where its name has changed.
    pub(super) fn show_stream_update(&mut self, request: Option<RequestId>, id: StreamId) {
        if let Some(new_channel) = self.stream_channel(id) {
            let channel_id = Id::from(id);
            self.tell(
                request,
                ChannelEvent::Update {
                    channel_id,
                    new_channel,
                },
            );
        }
    }

    pub(super) fn show_topic(&mut self, request: Option<RequestId>, id: StreamId) {
        let topic = self.streams.get(&id).and_then(|stream| stream.info.topic());
        let channel_id = Id::from(id);
        self.tell(request, ChannelEvent::Topic { channel_id, topic });
    }

    fn show_parent(&mut self, request: Option<RequestId>, id: StreamId) {
        let circle = self.streams.get(&id).and_then(|stream| stream.info.circle);
        let parent = ChannelEvent::Parent {
            channel_id: id.into(),
            parent_id: circle.map(Into::into),
        };
        self.tell(request, parent);
    }

    pub(super) fn show_own_read(&mut self, request: Option<RequestId>, id: StreamId, seq: i64) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.last_read = seq;
        }
        let read = ChatEvent::Read {
            channel_id: Some(id.into()),
            message_id: seq.into(),
            user_id: None,
        };
        self.tell(request, read);
    }

    fn has_topic(&self, id: StreamId) -> bool {
        let stream = self.streams.get(&id);
        stream.is_some_and(|stream| stream.info.topic().is_some())
    }

    /// A stream is gone, or out of sight.
    pub(super) fn remove_stream(&mut self, request: Option<RequestId>, id: StreamId) {
        self.drop_catch_up(id);
        if self.streams.remove(&id).is_none() {
            return;
        }
        self.forget_typing_in(id);
        let error = Error::new(ErrorKind::NotFound, "the stream is gone");
        self.fail_stream(id, &error);
        let channel_id = Id::from(id);
        self.tell(request, ChannelEvent::Remove { channel_id });
    }

    /// A circle is gone, or the user is no longer in it; its streams go along.
    pub(super) fn remove_circle(&mut self, request: Option<RequestId>, id: CircleId) {
        if self.circles.remove(&id).is_none() {
            return;
        }
        for stream in self.streams_of(id) {
            self.remove_stream(request, stream);
        }
        let channel_id = Id::from(id);
        self.tell(request, ChannelEvent::Remove { channel_id });
    }

    pub(super) fn streams_of(&self, id: CircleId) -> Vec<StreamId> {
        let inside = |(_, stream): &(&StreamId, &Stream)| stream.info.circle == Some(id);
        self.streams
            .iter()
            .filter(inside)
            .map(|(id, _)| *id)
            .collect()
    }

    pub(super) fn circle_channel(&self, id: CircleId) -> Option<Channel> {
        let circle = self.circles.get(&id)?;
        Some(space(id, &circle.name))
    }

    pub(super) fn stream_channel(&self, id: StreamId) -> Option<Channel> {
        let info = &self.streams.get(&id)?.info;
        let name = match info.kind {
            StreamKind::Dm => self
                .other_of(info)
                .and_then(|other| self.people.name(other)),
            StreamKind::Channel => None,
        };
        let told = Some(info.name.clone()).filter(|name| !name.is_empty());
        Some(Channel {
            id: id.into(),
            name: name.or(told),
            channel_type: match info.kind {
                StreamKind::Dm => ChannelType::Direct,
                StreamKind::Channel => ChannelType::Group,
            },
        })
    }

    /// The other one of a talk.
    fn other_of(&self, info: &Info) -> Option<UserId> {
        let me = self.me_id();
        let mut members = info.members.iter();
        members.find(|member| Some(**member) != me).copied()
    }

    /// The talks with somebody.
    pub(super) fn talks_with(&self, user: UserId) -> Vec<StreamId> {
        let with = |(_, stream): &(&StreamId, &Stream)| {
            stream.info.kind == StreamKind::Dm && stream.info.members.contains(&user)
        };
        self.streams
            .iter()
            .filter(with)
            .map(|(id, _)| *id)
            .collect()
    }
}

/// A circle as a channel.
pub(super) fn space(id: CircleId, name: &str) -> Channel {
    Channel {
        id: id.into(),
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        channel_type: ChannelType::Space,
    }
}

fn keys_without<K: Ord + Copy, V, W>(known: &BTreeMap<K, V>, told: &BTreeMap<K, W>) -> Vec<K> {
    let gone = known.keys().filter(|key| !told.contains_key(key));
    gone.copied().collect()
}
