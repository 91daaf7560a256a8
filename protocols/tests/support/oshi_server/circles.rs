//! What becomes of requests about circles and their streams.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kaiwa_protocols::oshi::wire::{
    Answer, CircleChange, CircleId, ErrorCode, Event, MemberChange, Request, Role, Secret,
    StreamChange, StreamId, UserId, limit,
};

use super::State;
use super::calls::{Caller, Fail, Outcome, not_found};

impl State {
    pub(super) fn call_circle(
        &mut self,
        caller: Caller,
        request: Request<'_>,
    ) -> Outcome<Answer<'static>> {
        let Caller { user, .. } = caller;
        match request {
            Request::CircleCreate {
                name,
                public,
                streams,
            } => self.create(caller, &name, public, &streams),
            Request::CircleList {
                query,
                after,
                limit,
            } => Ok(self.list(user, query, after, limit)),
            Request::CircleJoin { circle, invite } => self.join(caller, circle, invite),
            Request::CircleLeave { circle } => {
                if self.inside(user, circle)? == Role::Owner {
                    return Err(Fail::new(ErrorCode::Forbidden));
                }
                self.remove(Some(caller.id), circle, user, MemberChange::Leave);
                Ok(Answer::Done {})
            }
            Request::CircleDelete { circle } => {
                self.need(user, circle, Role::Owner)?;
                let members = self.members_of(circle);
                for member in &members {
                    self.world.leave(circle, *member);
                }
                let streams = self.world.streams_of(circle);
                self.world.streams.retain(|id, _| !streams.contains(id));
                self.world.circles.remove(&circle);
                self.tell_users(&members, None, &Event::Circle(CircleChange::Delete(circle)));
                Ok(Answer::Done {})
            }
            Request::CircleInvite {
                circle,
                user: guest,
            } => {
                self.need(user, circle, Role::Admin)?;
                let code = format!("invite-{}", self.world.next());
                let circle = self.world.circles.get_mut(&circle).unwrap();
                circle.invites.insert(code.clone(), guest);
                Ok(Answer::Invite {
                    invite: Secret::from(code),
                })
            }
            Request::CircleKick { circle, user: whom } => {
                let role = self.need(user, circle, Role::Admin)?;
                match self.world.seat(circle, whom) {
                    None => not_found("user"),
                    Some(seat) if rank(seat.role) >= rank(role) => {
                        Err(Fail::new(ErrorCode::Forbidden))
                    }
                    Some(_) => {
                        self.remove(None, circle, whom, MemberChange::Kick);
                        Ok(Answer::Done {})
                    }
                }
            }
            Request::CircleRole {
                circle,
                user: whom,
                role,
            } => {
                self.need(user, circle, Role::Owner)?;
                if self.world.seat(circle, whom).is_none() || whom == user {
                    return not_found("user");
                }
                self.set_role(circle, whom, role);
                if role == Role::Owner {
                    self.set_role(circle, user, Role::Admin);
                }
                Ok(Answer::Done {})
            }
            request => self.call_stream(user, request),
        }
    }

    fn call_stream(&mut self, user: UserId, request: Request<'_>) -> Outcome<Answer<'static>> {
        match request {
            Request::StreamCreate {
                circle,
                name,
                topic,
            } => {
                self.need(user, circle, Role::Admin)?;
                if name.is_empty() {
                    return Err(Fail::field(ErrorCode::BadField, "name"));
                }
                let id = self.world.stream(Some(circle), &name);
                self.world.streams.get_mut(&id).unwrap().topic =
                    topic.unwrap_or_default().into_owned();
                self.tell_of_stream(id, user, StreamChange::New)
            }
            Request::StreamRename {
                stream,
                name,
                topic,
            } => {
                let circle = self.circle_of(user, stream)?;
                self.need(user, circle, Role::Admin)?;
                let changed = self.world.streams.get_mut(&stream).unwrap();
                if let Some(name) = name {
                    changed.name = name.into_owned();
                }
                if let Some(topic) = topic {
                    changed.topic = topic.into_owned();
                }
                self.tell_of_stream(stream, user, StreamChange::Update)
            }
            Request::StreamDelete { stream: id } => {
                let circle = self.circle_of(user, id)?;
                self.need(user, circle, Role::Admin)?;
                self.world.streams.remove(&id);
                self.world.subscriptions.retain(|(_, stream)| *stream != id);
                let members = self.members_of(circle);
                let circle = Some(circle);
                self.tell_users(
                    &members,
                    None,
                    &Event::Stream(StreamChange::Delete { id, circle }),
                );
                Ok(Answer::Done {})
            }
            request => panic!("nobody answers {request:?}"),
        }
    }

    fn create(
        &mut self,
        caller: Caller,
        name: &str,
        public: bool,
        streams: &[Cow<'_, str>],
    ) -> Outcome<Answer<'static>> {
        if name.is_empty() || streams.iter().any(|name| name.is_empty()) {
            return Err(Fail::field(ErrorCode::BadField, "name"));
        }
        let circle = self.world.circle(name, public, Some(caller.user));
        for name in streams {
            self.world.stream(Some(circle), name);
        }
        if streams.is_empty() {
            self.world.stream(Some(circle), "general");
        }
        Ok(self.arrived(caller, circle))
    }

    /// The answer to who has come into a circle; their other connections are told.
    fn arrived(&mut self, caller: Caller, circle: CircleId) -> Answer<'static> {
        let shown = self.world.show_whole(circle, caller.user);
        let event = Event::Circle(CircleChange::New(shown.clone()));
        self.tell_users(&BTreeSet::from([caller.user]), Some(caller.id), &event);
        Answer::Circle { circle: shown }
    }

    fn list(
        &self,
        user: UserId,
        query: Option<Cow<'_, str>>,
        after: Option<CircleId>,
        limit: Option<u32>,
    ) -> Answer<'static> {
        let query = query.unwrap_or_default().to_lowercase();
        let limit = limit.unwrap_or(limit::CIRCLE_PAGE).min(limit::CIRCLE_PAGE) as usize;
        let public = self.world.circles.iter().filter(|(id, circle)| {
            circle.public
                && circle.name.to_lowercase().contains(&query)
                && after.is_none_or(|after| **id > after)
        });
        let mut circles: Vec<_> = public
            .map(|(id, _)| self.world.show_circle(*id, user))
            .collect();
        let more = circles.len() > limit;
        circles.truncate(limit);
        Answer::Circles { circles, more }
    }

    fn join(
        &mut self,
        caller: Caller,
        id: CircleId,
        invite: Option<Secret<'_>>,
    ) -> Outcome<Answer<'static>> {
        let Some(circle) = self.world.circles.get_mut(&id) else {
            return not_found("circle");
        };
        if circle.members.contains_key(&caller.user) {
            return Ok(self.arrived(caller, id));
        }
        if !circle.public {
            let code = invite.unwrap_or_default().0.into_owned();
            match circle.invites.get(&code) {
                Some(None) => {}
                Some(Some(user)) if *user == caller.user => drop(circle.invites.remove(&code)),
                _ => return not_found("circle"),
            }
        }
        self.world.enter(id, caller.user, Role::Member);
        self.tell_joined(id, caller.user, Some(caller.id));
        Ok(self.arrived(caller, id))
    }

    /// Puts somebody into a circle; everybody is told.
    pub(crate) fn add(&mut self, circle: CircleId, user: UserId) {
        self.world.enter(circle, user, Role::Member);
        let shown = self.world.show_whole(circle, user);
        self.tell_users(
            &BTreeSet::from([user]),
            None,
            &Event::Circle(CircleChange::New(shown)),
        );
        self.tell_joined(circle, user, None);
        self.flush();
    }

    /// Makes a stream in a circle; everybody is told.
    pub(crate) fn add_stream(&mut self, circle: CircleId, name: &str) -> StreamId {
        let id = self.world.stream(Some(circle), name);
        let _ = self.tell_of_stream(id, UserId(0), StreamChange::New);
        self.flush();
        id
    }

    /// Takes somebody out of a circle; everybody is told.
    pub(crate) fn kick(&mut self, circle: CircleId, user: UserId) {
        self.remove(None, circle, user, MemberChange::Kick);
        self.flush();
    }

    /// Tells the members of a circle who has come.
    pub(super) fn tell_joined(&mut self, circle: CircleId, user: UserId, except: Option<u64>) {
        self.tell_member(circle, user, Role::Member, MemberChange::Join, except);
    }

    fn remove(
        &mut self,
        except: Option<u64>,
        circle: CircleId,
        user: UserId,
        change: MemberChange,
    ) {
        let seat = self.world.leave(circle, user).unwrap();
        let gone = Event::Circle(CircleChange::Delete(circle));
        self.tell_users(&BTreeSet::from([user]), except, &gone);
        self.tell_member(circle, user, seat.role, change, except);
    }

    fn set_role(&mut self, circle: CircleId, user: UserId, role: Role) {
        let members = &mut self.world.circles.get_mut(&circle).unwrap().members;
        members.get_mut(&user).unwrap().role = role;
        self.tell_member(circle, user, role, MemberChange::Role, None);
        let shown = self.world.show_circle(circle, user);
        let event = Event::Circle(CircleChange::Update(shown));
        self.tell_users(&BTreeSet::from([user]), None, &event);
    }

    fn tell_member(
        &mut self,
        circle: CircleId,
        user: UserId,
        role: Role,
        change: MemberChange,
        except: Option<u64>,
    ) {
        let profile = self.world.show_user(user);
        let event = Event::Member {
            circle,
            user,
            name: profile.name,
            display: profile.display,
            role,
            change,
        };
        self.tell_users(&self.members_of(circle), except, &event);
    }

    /// Tells all who may see a stream, and answers with it.
    fn tell_of_stream(
        &mut self,
        id: StreamId,
        user: UserId,
        change: fn(kaiwa_protocols::oshi::wire::Stream<'static>) -> StreamChange<'static>,
    ) -> Outcome<Answer<'static>> {
        let stream = self.world.show_stream(id, user);
        let members = self.world.readers(id);
        self.tell_users(&members, None, &Event::Stream(change(stream.clone())));
        Ok(Answer::Stream { stream })
    }

    /// What somebody is in a circle, if it is enough.
    fn need(&self, user: UserId, circle: CircleId, least: Role) -> Outcome<Role> {
        let role = self.inside(user, circle)?;
        match rank(role) >= rank(least) {
            true => Ok(role),
            false => Err(Fail::new(ErrorCode::Forbidden)),
        }
    }

    /// The circle of a stream that somebody may read; others cannot be changed.
    fn circle_of(&mut self, user: UserId, stream: StreamId) -> Outcome<CircleId> {
        let circle = self.readable(user, stream)?.circle;
        circle.ok_or_else(|| Fail::new(ErrorCode::Forbidden))
    }

    fn members_of(&self, circle: CircleId) -> BTreeSet<UserId> {
        self.world.circles[&circle]
            .members
            .keys()
            .copied()
            .collect()
    }
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Owner => 2,
        Role::Admin => 1,
        Role::Member => 0,
    }
}
