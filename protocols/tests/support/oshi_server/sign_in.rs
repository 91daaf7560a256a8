//! The first frame: who a connection is, and all that they have.

use kaiwa_protocols::oshi::wire::{
    AUTH_FAILED, CLOSE_AUTH, Credentials, ErrorCode, Failure, Hello, Limits, PubLimit, Reason,
    Secret, ServerFrame, State as WireState, UserId, VERSION, limit,
};

use super::State;

impl State {
    pub(super) fn refuse(&mut self, id: u64, failure: Failure<'static>) {
        self.sockets.send(id, ServerFrame::Error(failure).encode());
        self.sockets.close(id, CLOSE_AUTH, AUTH_FAILED);
    }

    pub(super) fn sign_in(&mut self, id: u64, credentials: Credentials<'_>) {
        if self.faults.mute_hellos {
            return;
        }
        let by_password = matches!(credentials, Credentials::Password { .. });
        if by_password && let Some(left) = self.faults.refuse_sign_ins.checked_sub(1) {
            self.faults.refuse_sign_ins = left;
            self.refuse(id, Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED));
            return;
        }
        match self.who(credentials) {
            Ok((user, token)) => self.welcome(id, user, token),
            Err(failure) => self.refuse(id, failure),
        }
    }

    fn who(&mut self, credentials: Credentials<'_>) -> Result<(UserId, String), Failure<'static>> {
        let no = || Failure::new(None, ErrorCode::AuthFailed, AUTH_FAILED);
        match credentials {
            Credentials::Token { token } => {
                let user = self.world.tokens.get(token.0.as_ref()).copied();
                Ok((user.ok_or_else(no)?, token.0.into_owned()))
            }
            Credentials::Password {
                user,
                password,
                register: false,
                ..
            } => {
                let user = self.world.by_name(&user).ok_or_else(no)?;
                if self.world.users[&user].password != password.0 {
                    return Err(no());
                }
                Ok((user, self.world.token(user)))
            }
            Credentials::Password {
                user,
                password,
                display,
                ..
            } => {
                let fits = |c: char| c.is_alphanumeric() || "_-.".contains(c);
                let reason = if self.world.by_name(&user).is_some() {
                    Some(Reason::NameTaken)
                } else if !(1..=limit::NAME_CHARS).contains(&user.chars().count())
                    || !user.chars().all(fits)
                {
                    Some(Reason::BadName)
                } else {
                    password.0.is_empty().then_some(Reason::BadPassword)
                };
                if reason.is_some() {
                    let failure = Failure::new(None, ErrorCode::RegisterFailed, "not this way");
                    return Err(Failure { reason, ..failure });
                }
                let display = display.as_deref().unwrap_or(&user);
                let user = self.world.register(&user, &password.0, display);
                self.tell_joined(super::world::LOBBY, user, None);
                Ok((user, self.world.token(user)))
            }
        }
    }

    fn welcome(&mut self, id: u64, user: UserId, token: String) {
        let was_online = self.is_online(user);
        self.sockets.seat(id, user, token.clone());
        let (count, ms) = self.faults.rate.unwrap_or_default();
        let hello = ServerFrame::Hello(Hello {
            v: VERSION,
            user: self.world.show_user(user),
            token: Secret::from(token),
            server: "memory 1".into(),
            limits: Limits {
                publish: PubLimit {
                    count: count as u64,
                    ms,
                },
                ..Limits::default()
            },
        });
        self.sockets.send(id, hello.encode());
        for part in parts(self.world.show_state(user), self.faults.crumble) {
            self.sockets.send(id, ServerFrame::State(part).encode());
        }
        if !was_online {
            self.tell_presence(user, true);
        }
        self.flush();
    }
}

/// A state in one frame, or in as many as can be.
fn parts(mut whole: WireState<'static>, crumble: bool) -> Vec<WireState<'static>> {
    if !crumble {
        return vec![whole];
    }
    let mut parts = Vec::new();
    for mut circle in std::mem::take(&mut whole.circles) {
        // A circle may be too large for a frame: then most of its streams come after it, among the others.
        let streams = circle.streams.as_mut().unwrap();
        let rest = streams.split_off(streams.len().min(1));
        whole.streams.extend(rest);
        parts.push(WireState {
            circles: vec![circle],
            ..WireState::default()
        });
    }
    for stream in std::mem::take(&mut whole.streams) {
        parts.push(WireState {
            streams: vec![stream],
            ..WireState::default()
        });
    }
    for sub in std::mem::take(&mut whole.subs) {
        parts.push(WireState {
            subs: vec![sub],
            ..WireState::default()
        });
    }
    for part in &mut parts {
        part.more = true;
    }
    parts.push(whole);
    parts
}
