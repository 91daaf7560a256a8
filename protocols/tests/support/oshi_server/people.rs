//! What becomes of requests about people: talks of two, who is where, profiles, and what people keep.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kaiwa_protocols::oshi::wire::{
    Answer, ErrorCode, Event, Member, Place, Pub, Request, Role, StreamChange, UserId, limit,
};
use serde_json::{Map, Value};

use super::State;
use super::calls::{Caller, Fail, Outcome, not_found};

impl State {
    pub(super) fn call_person(
        &mut self,
        caller: Caller,
        request: Request<'_>,
    ) -> Outcome<Answer<'static>> {
        match request {
            Request::Dm { to, text, nonce } => self.dm(caller, &to, text, nonce),
            Request::Members {
                place,
                after,
                limit,
            } => self.members(caller, place, after, limit),
            Request::UserGet { user } => match self.world.users.contains_key(&user) {
                true => Ok(Answer::User {
                    user: self.world.show_user(user),
                }),
                false => not_found("user"),
            },
            Request::UserSet { display, password } => {
                let user = self.world.users.get_mut(&caller.user).unwrap();
                if let Some(password) = password {
                    user.password = password.0.into_owned();
                }
                if let Some(display) = display {
                    user.display = display.into_owned();
                    self.tell_profile(caller);
                }
                Ok(Answer::User {
                    user: self.world.show_user(caller.user),
                })
            }
            Request::DataGet { key } => Ok(kept(&self.world.users[&caller.user].data, &key)),
            Request::DataSet { key, value } => keep(
                &mut self.world.users.get_mut(&caller.user).unwrap().data,
                &key,
                value,
            ),
            Request::CircleDataGet { circle, key } => {
                self.inside(caller.user, circle)?;
                Ok(kept(
                    &self.world.seat(circle, caller.user).unwrap().data,
                    &key,
                ))
            }
            Request::CircleDataSet { circle, key, value } => {
                self.inside(caller.user, circle)?;
                let circle = self.world.circles.get_mut(&circle).unwrap();
                keep(
                    &mut circle.members.get_mut(&caller.user).unwrap().data,
                    &key,
                    value,
                )
            }
            request => self.call_circle(caller, request),
        }
    }

    fn dm(
        &mut self,
        caller: Caller,
        to: &str,
        text: Option<Cow<'_, str>>,
        nonce: Option<Cow<'_, str>>,
    ) -> Outcome<Answer<'static>> {
        let other = to
            .parse()
            .ok()
            .filter(|id| self.world.users.contains_key(id));
        let other = other
            .or_else(|| self.world.by_name(to))
            .filter(|other| *other != caller.user);
        let Some(other) = other else {
            return not_found("to");
        };
        let (stream, is_new) = self.world.talk(caller.user, other);
        if is_new {
            for user in [caller.user, other] {
                let shown = self.world.show_stream(stream, user);
                let event = Event::Stream(StreamChange::New(shown));
                self.tell_users(&BTreeSet::from([user]), None, &event);
            }
        }
        let Some(text) = text else {
            return Ok(Answer::Talk { stream });
        };
        let (reply, files, meta) = (None, Vec::new(), Map::new());
        match self.publish(
            caller.user,
            &Pub {
                stream,
                text,
                nonce,
                reply,
                files,
                meta,
            },
        )? {
            Answer::Published {
                seq, id, ts, rev, ..
            } => {
                let stream = Some(stream);
                Ok(Answer::Published {
                    stream,
                    seq,
                    id,
                    ts,
                    rev,
                })
            }
            other => Ok(other),
        }
    }

    fn members(
        &mut self,
        caller: Caller,
        place: Place,
        after: Option<UserId>,
        limit: Option<u32>,
    ) -> Outcome<Answer<'static>> {
        let circle = match place {
            Place::Circle(circle) => {
                self.inside(caller.user, circle)?;
                Some(circle)
            }
            Place::Stream(stream) => self.readable(caller.user, stream)?.circle,
        };
        let everybody = match (circle, place) {
            (Some(circle), _) => self.world.circles[&circle]
                .members
                .keys()
                .copied()
                .collect(),
            (None, Place::Stream(stream)) => self.world.readers(stream),
            (None, Place::Circle(_)) => BTreeSet::new(),
        };
        let role = |user| circle.and_then(|circle| Some(self.world.seat(circle, user)?.role));
        let limit = limit.unwrap_or(limit::MEMBER_PAGE).min(limit::MEMBER_PAGE) as usize;
        let rest = everybody
            .into_iter()
            .filter(|user| after.is_none_or(|after| *user > after));
        let mut members: Vec<Member<'static>> = rest
            .map(|id| {
                let profile = self.world.show_user(id);
                Member {
                    id,
                    name: profile.name,
                    display: profile.display,
                    role: role(id).unwrap_or(Role::Member),
                    online: self.is_online(id),
                }
            })
            .collect();
        let more = members.len() > limit;
        members.truncate(limit);
        Ok(Answer::Members { members, more })
    }

    fn tell_profile(&mut self, caller: Caller) {
        let mut told = self.world.peers(caller.user);
        told.insert(caller.user);
        let user = self.world.show_user(caller.user);
        self.tell_users(&told, Some(caller.id), &Event::User { user });
    }
}

fn kept(data: &Map<String, Value>, key: &str) -> Answer<'static> {
    let value = data.get(key).cloned().unwrap_or_default();
    Answer::Value { value }
}

fn keep(data: &mut Map<String, Value>, key: &str, value: Value) -> Outcome<Answer<'static>> {
    if key.is_empty() || key.len() > limit::KEY_BYTES {
        return Err(Fail::field(ErrorCode::BadField, "key"));
    }
    match value {
        Value::Null => drop(data.remove(key)),
        value => drop(data.insert(key.to_owned(), value)),
    }
    if data.len() > limit::DATA_KEYS {
        data.remove(key);
        return Err(Fail::field(ErrorCode::TooLong, "key"));
    }
    Ok(Answer::Done {})
}
