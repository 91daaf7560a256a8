//! Channels, and going from one to another.

use super::State;
use super::dialect::Making;
use super::socket::To;
use super::world::{Channel, LOBBY};

impl State {
    pub(super) fn place(&self, user: u32) -> String {
        let place = self.world.users[&user].place.as_ref();
        place.expect("somebody who is there").clone()
    }

    /// Somebody's name as it stands in packets.
    pub(super) fn name(&self, user: u32) -> String {
        self.dialect.name(&self.world.users[&user])
    }

    /// Id, name, colour and permissions.
    pub(super) fn profile(&self, user: u32) -> String {
        let rights = self.dialect.permissions(self.world.users[&user].rights);
        format!("{user}\t{}\t#f00\t{rights}", self.name(user))
    }

    /// What others are told of who enters their channel.
    pub(super) fn entering(&self, user: u32, message_id: &str) -> String {
        if self.dialect.tells_rights_of_entering() {
            let profile = self.profile(user);
            return format!("5\t0\t{profile}\t{message_id}");
        }
        let name = self.name(user);
        format!("5\t0\t{user}\t{name}\t#f00\t{message_id}")
    }

    /// Tells who is in a channel besides the one who asks.
    pub(super) fn list_users(
        &mut self,
        to: To<'_>,
        asking: u32,
        channel: &str,
        moving: Option<&str>,
    ) {
        let mut there = self.world.there(channel);
        there.retain(|user| *user != asking);
        let mut fields = vec!["7".to_owned(), "0".to_owned(), there.len().to_string()];
        for user in &there {
            fields.push(self.profile(*user));
            fields.push("1".to_owned());
        }
        fields.extend(self.dialect.users_tail(there.len(), moving));
        self.tell(to, &fields.join("\t"));
    }

    /// Tells which channels somebody may see.
    pub(super) fn list_channels(&mut self, to: To<'_>, user: u32) {
        let rank = self.world.users[&user].rights.rank;
        let channels = self.world.channels.iter();
        let seen: Vec<String> = channels
            .filter(|(_, channel)| channel.rank <= rank)
            .map(|(name, channel)| entry(name, channel))
            .collect();
        let packet = format!("7\t2\t{}\t{}", seen.len(), seen.join("\t"));
        self.tell(to, &packet);
    }

    /// Somebody goes to another channel.
    pub(crate) fn switch(&mut self, user: u32, new: &str) {
        let old = self.place(user);
        let left = self.remark(&old, "lchan", user);
        let packet = format!("5\t1\t{user}\t{left}");
        self.tell(To::Channel(&old), &packet);
        let to = To::User(user);
        let cleared = if self.dialect.names_cleared() {
            format!("8\t3\t{new}")
        } else {
            "8\t3".to_owned()
        };
        self.tell(to, &cleared);
        let came = self.remark(new, "jchan", user);
        self.list_users(to, user, new, Some(&came));
        self.tell_backlog(to, new);
        self.tell(to, &format!("5\t2\t{new}"));
        self.world.users.get_mut(&user).unwrap().place = Some(new.to_owned());
        let entering = self.entering(user, &came);
        self.tell(To::Others(new, user), &entering);
        let is_over = |channel: &Channel| channel.temporary && channel.owner == Some(user);
        if self.world.channels.get(&old).is_some_and(is_over) {
            self.remove_channel(&old);
        }
    }

    /// `/join`.
    pub(super) fn join(&mut self, user: u32, words: &[&str]) {
        let wanted = words[0];
        if wanted.is_empty() {
            return;
        }
        let result = self.may_enter(user, wanted, &words[1..].join(" "));
        match result {
            Ok(channel) if channel != self.place(user) => self.switch(user, &channel),
            Ok(_) => self.stays(user),
            Err(code) => {
                self.object(user, code, &[wanted]);
                self.stays(user);
            }
        }
    }

    fn stays(&mut self, user: u32) {
        let place = self.place(user);
        self.tell(To::User(user), &format!("5\t2\t{place}"));
    }

    fn may_enter(&self, user: u32, wanted: &str, password: &str) -> Result<String, &'static str> {
        let name = self
            .world
            .channel_called(self.dialect, wanted)
            .ok_or("nochan")?;
        let rights = self.world.users[&user].rights;
        let channel = &self.world.channels[&name];
        if channel.owner == Some(user) || rights.moderator {
            return Ok(name);
        }
        if channel.rank > rights.rank {
            return Err("ipchan");
        }
        match &channel.password {
            Some(wanted) if wanted != password => Err("ipwchan"),
            _ => Ok(name),
        }
    }

    /// `/create`.
    pub(super) fn create(&mut self, user: u32, words: &[&str]) {
        let rights = self.world.users[&user].rights;
        let may = (rights.create > 0) == (self.dialect.making() == Making::Right);
        if !may {
            return self.object(user, "cmdna", &["/create"]);
        }
        let number = words[0].parse::<i64>().ok();
        let (mut rank, words) = match number {
            Some(rank) if self.dialect.reads_ranks() => (rank, &words[1..]),
            _ => (0, words),
        };
        let name = words.join("_");
        if name.is_empty() || (number.is_some() && words.len() == 1 && !self.dialect.reads_ranks())
        {
            return self.object(user, "cmderr", &[]);
        }
        if rank > rights.rank && self.dialect.is_sharp() {
            return self.object(user, "rankerr", &[]);
        }
        rank = rank.min(rights.rank);
        if !self.dialect.is_channel_name(&name) {
            return self.object(user, "inchan", &[]);
        }
        if self.world.channel_called(self.dialect, &name).is_some() {
            return self.object(user, "nischan", &[&name]);
        }
        let temporary = rights.create < 2;
        let channel = Channel {
            rank,
            temporary,
            owner: Some(user),
            ..Channel::default()
        };
        let packet = format!("4\t0\t{}", entry(&name, &channel));
        self.world.channels.insert(name.clone(), channel);
        self.tell(To::Rank(rank), &packet);
        if temporary || self.dialect.is_sharp() {
            self.switch(user, &name);
        }
        self.inform(user, "crchan", &[&name]);
    }

    /// `/delchan`.
    pub(super) fn delete_channel(&mut self, user: u32, word: &str) {
        if word.is_empty() {
            return self.object(user, "cmderr", &[]);
        }
        let Some(name) = self.world.channel_called(self.dialect, word) else {
            return self.object(user, "nochan", &[word]);
        };
        if self.world.channels[&name].owner != Some(user) {
            return self.object(user, "ndchan", &[&name]);
        }
        self.remove_channel(&name);
        self.inform(user, "delchan", &[&name]);
    }

    /// Whoever is in the channel goes to where everybody begins.
    fn remove_channel(&mut self, name: &str) {
        // Not again by those who go.
        self.world.channels.get_mut(name).unwrap().temporary = false;
        for user in self.world.there(name) {
            self.switch(user, LOBBY);
        }
        let channel = self.world.channels.remove(name).unwrap();
        self.tell(To::Rank(channel.rank), &format!("4\t2\t{name}"));
    }

    /// Channels that go when their owner does.
    pub(super) fn end_channels_of(&mut self, user: u32) {
        let channels = self.world.channels.iter();
        let over: Vec<String> = channels
            .filter(|(_, channel)| channel.temporary && channel.owner == Some(user))
            .map(|(name, _)| name.clone())
            .collect();
        for name in over {
            self.remove_channel(&name);
        }
    }

    /// `/password` and `/rank`: of the channel in which somebody is.
    pub(super) fn change_channel(
        &mut self,
        user: u32,
        command: &str,
        code: &str,
        change: impl FnOnce(&mut Channel),
    ) {
        let place = self.place(user);
        let rights = self.world.users[&user].rights;
        let is_owner = self.world.channels[&place].owner == Some(user);
        let may = if self.dialect.is_sharp() {
            is_owner && rights.create > 0
        } else {
            is_owner || rights.moderator
        };
        if !may {
            return self.object(user, "cmdna", &[&format!("/{command}")]);
        }
        let channel = self.world.channels.get_mut(&place).unwrap();
        change(channel);
        let packet = format!("4\t1\t{place}\t{}", entry(&place, channel));
        let rank = channel.rank;
        self.inform(user, code, &[]);
        self.tell(To::Rank(rank), &packet);
    }
}

/// Name, whether it has a password, whether it is temporary.
fn entry(name: &str, channel: &Channel) -> String {
    let password = u8::from(channel.password.is_some());
    let temporary = u8::from(channel.temporary);
    format!("{name}\t{password}\t{temporary}")
}
