//! What begins with a slash.

use super::State;
use super::dialect::Dialect;
use super::socket::To;
use super::world::Rights;

impl State {
    /// A command, without its slash.
    pub(super) fn command(&mut self, user: u32, command: &str) {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let name = name.replace('.', "").to_lowercase();
        let words: Vec<&str> = rest.split(' ').collect();
        let sharp = self.dialect.is_sharp();
        match name.as_str() {
            "join" => self.join(user, &words),
            "create" => self.create(user, &words),
            "delete" if sharp && words[0].parse::<u64>().is_err() => {
                self.delete_channel(user, words[0]);
            }
            "delchan" if sharp => self.delete_channel(user, words[0]),
            "delete" => self.delete_message(user, "delete", words[0]),
            "delmsg" if sharp => self.delete_message(user, "delmsg", words[0]),
            "password" | "pwd" => {
                let password = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
                self.change_channel(user, &name, "cpwdchan", |channel| {
                    channel.password = password
                });
            }
            "rank" | "priv" => self.rank(user, &name, words[0]),
            "privilege" if self.dialect != Dialect::Sc21 => self.rank(user, &name, words[0]),
            "hierarchy" if self.dialect == Dialect::Sc21 => self.rank(user, &name, words[0]),
            "msg" | "whisper" if self.dialect.whispers() => self.message_to(user, &words),
            "msg" | "whisper" => {}
            "me" | "action" if self.world.users[&user].silenced => {}
            "me" | "action" => self.act(user, rest),
            "nick" => self.nick(user, &words),
            "afk" => self.away(user, words[0]),
            "who" => self.who_is_there(user, words[0]),
            "say" => self.say_as_server(user, rest),
            _ if self.moderate(user, &name, &words) => {}
            _ => self.object(user, "nocmd", &[&name]),
        }
    }

    fn rank(&mut self, user: u32, command: &str, word: &str) {
        let own = self.world.users[&user].rights.rank;
        let wanted = match word.parse::<i64>() {
            Ok(rank) => rank,
            // Without a number it is 0 in one dialect.
            Err(_) if !self.dialect.is_sharp() => 0,
            Err(_) => return self.object(user, "rankerr", &[]),
        };
        if wanted > own || wanted < 0 {
            return self.object(user, "rankerr", &[]);
        }
        self.change_channel(user, command, "cprivchan", |channel| channel.rank = wanted);
    }

    fn delete_message(&mut self, user: u32, command: &str, id: &str) {
        let moderator = self.world.users[&user].rights.moderator;
        if !moderator && self.dialect.is_sharp() {
            return self.object(user, "cmdna", &[&format!("/{command}")]);
        }
        if !moderator || !self.delete(id) {
            self.object(user, "delerr", &[]);
        }
    }

    fn message_to(&mut self, user: u32, words: &[&str]) {
        let [name, text @ ..] = words else { return };
        let text = text.join(" ");
        if name.is_empty() || text.is_empty() {
            return self.object(user, "cmderr", &[]);
        }
        match self.world.called(self.dialect, name) {
            None => self.object(user, "usernf", &[name]),
            Some(_) if self.world.users[&user].silenced => {}
            Some(to) => self.whisper(user, to, &text),
        }
    }

    fn nick(&mut self, user: u32, words: &[&str]) {
        if !self.world.users[&user].rights.nick {
            return self.object(user, "cmdna", &["/nick"]);
        }
        let wanted: String = words
            .join("_")
            .chars()
            .take(self.dialect.max_nick())
            .collect();
        let is_own = wanted.is_empty() || wanted == self.world.users[&user].name;
        let taken = self.world.called(self.dialect, &wanted);
        if !is_own && taken.is_some_and(|other| other != user) {
            return self.object(user, "nameinuse", &[&wanted]);
        }
        let old = self.name(user);
        self.world.users.get_mut(&user).unwrap().nick = (!is_own).then_some(wanted);
        let (place, new) = (self.place(user), self.name(user));
        // One server forgets what goes before the old name when it is given up.
        let forgets = is_own && self.dialect == Dialect::Sc20;
        let shown = old.strip_prefix('~').filter(|_| forgets).unwrap_or(&old);
        self.inform_channel(&place, "nick", &[shown, &new]);
        self.tell_profile(user);
    }

    fn away(&mut self, user: u32, tag: &str) {
        let tag: String = tag.to_uppercase().chars().take(5).collect();
        let tag = if tag.is_empty() {
            "AFK".to_owned()
        } else {
            tag
        };
        self.world.users.get_mut(&user).unwrap().away = Some(tag);
        self.tell_profile(user);
    }

    /// Somebody who was away says something.
    pub(super) fn return_from_away(&mut self, user: u32) {
        let was_away = self.world.users.get_mut(&user).unwrap().away.take();
        if was_away.is_some() {
            self.tell_profile(user);
        }
    }

    /// Somebody may do other things from now on.
    pub(crate) fn promote(&mut self, user: u32, rights: Rights) {
        self.world.users.get_mut(&user).unwrap().rights = rights;
        self.tell_profile(user);
    }

    fn tell_profile(&mut self, user: u32) {
        let (place, profile) = (self.place(user), self.profile(user));
        self.tell(To::Channel(&place), &format!("10\t{profile}"));
    }

    fn who_is_there(&mut self, user: u32, channel: &str) {
        let link = |one: u32| {
            let style = if one == user {
                " style=\"font-weight: bold;\""
            } else {
                ""
            };
            format!(
                "<a href=\"javascript:void(0);\"{style}>{}</a>",
                self.name(one)
            )
        };
        if channel.is_empty() {
            let known = self.world.known(self.dialect);
            let html: Vec<String> = known.map(|user| link(user.id)).collect();
            return self.inform(user, "who", &[&html.join(", ")]);
        }
        let Some(name) = self.world.channel_called(self.dialect, channel) else {
            return self.object(user, "nochan", &[channel]);
        };
        let rights = self.world.users[&user].rights;
        if self.world.channels[&name].rank > rights.rank {
            return self.object(user, "whoerr", &[&name]);
        }
        let html: Vec<String> = self.world.there(&name).into_iter().map(link).collect();
        let html = html.join(", ");
        if self.dialect == Dialect::Sc20 {
            self.inform(user, "whochan", &[&html]);
        } else {
            self.inform(user, "whochan", &[&name, &html]);
        }
    }

    fn say_as_server(&mut self, user: u32, text: &str) {
        if self.world.users[&user].rights.moderator {
            self.proclaim(text);
        } else {
            self.object(user, "cmdna", &["/say"]);
        }
    }
}
