//! Who comes, and who goes.

use super::State;
use super::socket::To;
use super::talk::SERVER_SENDER;
use super::world::LOBBY;

/// The words for kinds of tokens.
const SCHEMES: [&str; 2] = ["bearer", "misuzu"];

/// What is thought of who wants to come in.
enum Verdict {
    /// The server does not understand, and says nothing.
    Nothing,
    Refused(String),
    User(u32),
}

impl State {
    /// Somebody wants to come in.
    pub(super) fn sign_in(&mut self, id: u64, arguments: &[&str]) {
        if self.faults.mute_sign_ins {
            return;
        }
        if let Some(left) = self.faults.refuse_sign_ins.checked_sub(1) {
            self.faults.refuse_sign_ins = left;
            return self.refuse(id, "authfail");
        }
        match self.verdict(arguments) {
            Verdict::Nothing => {}
            Verdict::Refused(reason) => self.refuse(id, &reason),
            Verdict::User(user) => self.let_in(id, user),
        }
    }

    fn verdict(&self, arguments: &[&str]) -> Verdict {
        let wrong = || Verdict::Refused("authfail".to_owned());
        let [first, .., token] = arguments else {
            return if self.dialect.is_sharp() {
                Verdict::Nothing
            } else {
                wrong()
            };
        };
        let Some(user) = self.who(first, token) else {
            let understood = !self.dialect.is_sharp() || self.understands(first);
            return if understood {
                wrong()
            } else {
                Verdict::Nothing
            };
        };
        if let Some(until) = self.world.bans.get(&user)
            && until.is_none_or(|until| until > self.now())
        {
            let until = until.unwrap_or(-1);
            return Verdict::Refused(format!("joinfail\t{until}"));
        }
        if self.sockets.of(user).len() >= self.dialect.sessions() {
            return Verdict::Refused(self.dialect.too_many().to_owned());
        }
        Verdict::User(user)
    }

    /// Whether the first argument says how the rest is meant.
    fn understands(&self, first: &str) -> bool {
        let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
        is_number || self.dialect.takes_schemes()
    }

    fn who(&self, first: &str, token: &str) -> Option<u32> {
        let is_scheme =
            self.dialect.takes_schemes() && SCHEMES.contains(&first.to_lowercase().as_str());
        let by_name = !self.dialect.is_sharp();
        let users = self.world.users.values();
        let mut known = users.filter(|user| user.token == token);
        known
            .find(|user| {
                is_scheme || user.id.to_string() == first || (by_name && user.name == first)
            })
            .map(|user| user.id)
    }

    fn refuse(&mut self, id: u64, reason: &str) {
        self.sockets.send(id, &format!("1\tn\t{reason}"));
        if self.dialect.is_sharp() {
            self.sockets.close(id, 1000);
        }
    }

    fn let_in(&mut self, id: u64, user: u32) {
        let is_first = self.world.users[&user].place.is_none();
        if is_first {
            self.come(user);
        } else {
            let profile = self.profile(user);
            let place = self.place(user);
            self.tell(To::Channel(&place), &format!("10\t{profile}"));
        }
        // From now on the connection hears of everything.
        self.sockets.clients.get_mut(&id).unwrap().user = Some(user);
        self.greet(id);
        let place = self.place(user);
        let mut welcome = vec![
            "1".to_owned(),
            "y".to_owned(),
            self.profile(user),
            LOBBY.to_owned(),
        ];
        if !is_first {
            place.clone_into(&mut welcome[3]);
        }
        welcome.extend(
            self.dialect
                .welcome_tail()
                .iter()
                .map(|&one| one.to_owned()),
        );
        self.sockets.send(id, &welcome.join("\t"));
        let to = To::Client(id);
        if self.dialect.lists_channels_first() {
            self.list_channels(to, user);
        }
        self.list_users(to, user, &place, None);
        self.tell_backlog(to, &place);
        if !self.dialect.lists_channels_first() {
            self.list_channels(to, user);
        }
    }

    fn greet(&mut self, id: u64) {
        if let Some(greeting) = &self.world.greeting {
            let code = self.dialect.greeting();
            let packet = format!(
                "7\t1\t{}\t{SERVER_SENDER}\t0\u{c}{code}\u{c}{greeting}\twelcome\t0\t10010",
                self.now()
            );
            self.sockets.send(id, &packet);
        }
    }

    /// Somebody is there from now on, also without a connection of ours.
    pub(crate) fn come(&mut self, user: u32) {
        let message_id = self.remark(LOBBY, "join", user);
        let (profile, now) = (self.profile(user), self.now());
        let packet = if self.dialect.announces_as_entering() {
            self.entering(user, &message_id)
        } else {
            format!("1\t{now}\t{profile}\t{message_id}")
        };
        self.tell(To::Channel(LOBBY), &packet);
        let user = self.world.users.get_mut(&user).unwrap();
        (user.place, user.seen) = (Some(LOBBY.to_owned()), true);
    }

    /// Somebody is there no longer, if none of their connections is left.
    pub(crate) fn gone(&mut self, user: u32, reason: &str) {
        if !self.sockets.of(user).is_empty() {
            return;
        }
        let Some(place) = self.world.users[&user].place.clone() else {
            return;
        };
        let name = self.name(user);
        self.world.users.get_mut(&user).unwrap().place = None;
        let hearing = self.hearing(To::Channel(&place));
        self.end_channels_of(user);
        if self.world.channels.contains_key(&place) || self.dialect.tells_of_owners_going() {
            let message_id = self.remark(&place, reason, user);
            let now = self.now();
            let packet = format!("3\t{user}\t{name}\t{reason}\t{now}\t{message_id}");
            for id in hearing {
                self.sockets.send(id, &packet);
            }
        }
        let user = self.world.users.get_mut(&user).unwrap();
        (user.nick, user.away) = (None, None);
    }
}
