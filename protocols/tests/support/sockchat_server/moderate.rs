//! What moderators do, and what happens to who says too much.

use std::time::Duration;

use tokio::time::Instant;

use super::State;
use super::dialect::Flood;
use super::socket::To;

/// Packets within [`FLOOD_SPAN`] that are too many.
const FLOOD_PACKETS: usize = 30;

/// Packets from which on there are warnings, where there are any.
const FLOOD_WARNING: usize = 25;

const FLOOD_SPAN: Duration = Duration::from_secs(10);

/// How long who said too much is kept out, in seconds.
const FLOOD_BAN: i64 = 30;

/// Who may say as much as they like.
const FLOOD_EXEMPT_RANK: i64 = 9;

/// For how long somebody is kept out.
#[derive(Clone, Copy, Debug)]
enum Span {
    /// They may come back at once.
    Now,
    Until(i64),
    Forever,
}

impl State {
    /// A packet has come: `false` if it is one too many.
    pub(super) fn pace(&mut self, id: u64) -> bool {
        let now = Instant::now();
        let client = self.sockets.clients.get_mut(&id).unwrap();
        client.paces.retain(|at| *at + FLOOD_SPAN > now);
        client.paces.push(now);
        let count = client.paces.len();
        let Some(user) = client.user else {
            return true;
        };
        let flood = self.dialect.flood();
        let exempt = self.world.users[&user].rights.rank >= FLOOD_EXEMPT_RANK;
        if flood == Flood::Ban && exempt {
            return true;
        }
        if count >= FLOOD_PACKETS {
            self.journal.floods += 1;
            let span = match flood {
                Flood::Kick => Span::Now,
                Flood::Ban => Span::Until(self.now() + FLOOD_BAN),
            };
            self.throw_out(user, "flood", span);
            return false;
        }
        if flood == Flood::Kick && count >= FLOOD_WARNING {
            self.inform(user, "flwarn", &[]);
        }
        true
    }

    /// A command of moderators; `false` if it is none.
    pub(super) fn moderate(&mut self, user: u32, name: &str, words: &[&str]) -> bool {
        let known = [
            "kick",
            "ban",
            "pardon",
            "unban",
            "pardonip",
            "unbanip",
            "bans",
            "banned",
            "silence",
            "unsilence",
            "ip",
            "whois",
        ];
        if !known.contains(&name) {
            return false;
        }
        if let Err(why) = self.dialect.silencing(name) {
            why.into_iter()
                .for_each(|code| self.object(user, code, &[]));
            return true;
        }
        if !self.world.users[&user].rights.moderator {
            let named = format!("/{name}");
            self.object(user, "cmdna", &[&named]);
            return true;
        }
        match name {
            "kick" | "ban" => self.kick(user, name == "ban", words),
            "pardon" | "unban" => self.pardon(user, words[0]),
            // Nobody is kept out by their address here.
            "pardonip" | "unbanip" => self.object(user, "notban", &[words[0]]),
            "bans" | "banned" => self.list_bans(user),
            "ip" | "whois" => self.tell_addresses(user, words[0]),
            _ => self.silence(user, name == "silence", words[0]),
        }
        true
    }

    fn kick(&mut self, user: u32, ban: bool, words: &[&str]) {
        let Some(victim) = self.world.called(self.dialect, words[0]) else {
            return self.object(user, "usernf", &[words[0]]);
        };
        if self.world.users[&victim].rights.rank >= self.world.users[&user].rights.rank {
            let name = self.name(victim);
            return self.object(user, "kickna", &[&name]);
        }
        let span = match words.get(1).filter(|word| !word.is_empty()) {
            None if ban => Span::Forever,
            None => Span::Now,
            Some(word) => match word.parse::<i64>() {
                Ok(0) if self.dialect.is_sharp() => Span::Now,
                Ok(0) => Span::Forever,
                Ok(time) if time > 0 => Span::Until(self.now() + time * self.dialect.seconds()),
                _ => return self.object(user, "cmderr", &[]),
            },
        };
        self.throw_out(victim, "kick", span);
    }

    /// Throws somebody out, perhaps for longer.
    fn throw_out(&mut self, user: u32, reason: &str, span: Span) {
        let packet = match span {
            Span::Now => self.dialect.kicked().to_owned(),
            Span::Until(until) => {
                self.world.bans.insert(user, Some(until));
                self.dialect.banned(Some(until), self.now())
            }
            Span::Forever => {
                self.world.bans.insert(user, None);
                self.dialect.banned(None, self.now())
            }
        };
        for id in self.sockets.of(user) {
            self.sockets.send(id, &packet);
            self.sockets.close(id, 1000);
        }
        self.gone(user, reason);
    }

    /// Throws somebody out as a moderator does.
    pub(crate) fn expel(&mut self, user: u32, seconds: Option<i64>) {
        let span = seconds.map_or(Span::Now, |seconds| Span::Until(self.now() + seconds));
        self.throw_out(user, "kick", span);
    }

    fn pardon(&mut self, user: u32, name: &str) {
        let found = self.world.by_name(name).map(|user| user.id);
        match found.and_then(|found| self.world.bans.remove(&found)) {
            Some(_) => self.inform(user, "unban", &[name]),
            None => self.object(user, "notban", &[name]),
        }
    }

    fn list_bans(&mut self, user: u32) {
        let banned = self.world.bans.keys();
        let html: Vec<String> = banned
            .map(|user| format!("<a href=\"javascript:void(0);\">{}</a>", self.name(*user)))
            .collect();
        self.inform(user, "banlist", &[&html.join(", ")]);
    }

    fn tell_addresses(&mut self, user: u32, word: &str) {
        let Some(of) = self.world.called(self.dialect, word) else {
            return self.object(user, "usernf", &[word]);
        };
        let name = self.name(of);
        for _ in self.hearing(To::User(of)) {
            self.inform(user, "ipaddr", &[&name, "127.0.0.1"]);
        }
    }

    fn silence(&mut self, user: u32, on: bool, word: &str) {
        let Some(of) = self.world.called(self.dialect, word) else {
            return self.object(user, "usernf", &[word]);
        };
        let (them, own) = (&self.world.users[&of], &self.world.users[&user]);
        if of == user && on {
            return self.object(user, "silself", &[]);
        }
        if them.rights.rank >= own.rights.rank {
            return self.object(user, if on { "silperr" } else { "usilperr" }, &[]);
        }
        if them.silenced == on {
            return self.object(user, if on { "silerr" } else { "usilerr" }, &[]);
        }
        self.world.users.get_mut(&of).unwrap().silenced = on;
        let name = self.name(of);
        self.inform(of, if on { "silence" } else { "unsil" }, &[]);
        self.inform(user, if on { "silok" } else { "usilok" }, &[&name]);
    }
}
