//! What is said, and what is told of what was said.

use super::State;
use super::dialect::{Kept, Reach, said};
use super::socket::To;
use super::world::Entry;

/// The server, as the sender of a message in a backlog: id, name, colour, and no permissions.
pub(super) const SERVER_SENDER: &str = "-1\tChatBot\tinherit\t";

/// Flags of an ordinary message.
const PLAIN: &str = "10010";

/// Flags of an action.
const ACTION: &str = "11000";

/// Flags of a private message.
const PRIVATE: &str = "10011";

impl State {
    /// The text of a packet 2, which may be a command.
    pub(super) fn text(&mut self, user: u32, text: &str) {
        if let Some(left) = self.faults.swallow.checked_sub(1) {
            self.faults.swallow = left;
            return;
        }
        let text: String = text.chars().take(self.dialect.max_text()).collect();
        if text.trim().is_empty() {
            return;
        }
        let command = text.trim().strip_prefix('/');
        if command.is_none() || !self.dialect.only_words_end_away() {
            self.return_from_away(user);
        }
        match command {
            Some(command) => self.command(user, command),
            None if self.world.users[&user].silenced => {}
            None => {
                self.journal.said.push(text.clone());
                let place = self.place(user);
                self.post(&place, user, &said(&text), PLAIN);
            }
        }
    }

    /// Somebody says something in the channel in which they are.
    pub(crate) fn say(&mut self, user: u32, text: &str) -> String {
        let place = self.place(user);
        self.post(&place, user, &said(text), PLAIN)
    }

    pub(super) fn act(&mut self, user: u32, text: &str) {
        let place = self.place(user);
        self.journal.said.push(format!("/me {text}"));
        self.post(&place, user, &format!("<i>{}</i>", said(text)), ACTION);
    }

    /// Tells a channel what somebody says, and keeps it.
    fn post(&mut self, channel: &str, user: u32, text: &str, flags: &'static str) -> String {
        let past = match text
            .strip_prefix("<i>")
            .and_then(|rest| rest.strip_suffix("</i>"))
        {
            Some(inner) if flags == ACTION && !self.dialect.marks_past_actions() => inner,
            _ => text,
        };
        let (sender, past) = (self.profile(user), past.to_owned());
        let message_id = self.keep(channel, sender, past, flags);
        let reach = Reach::Channel(channel);
        let packet = self.message(&user.to_string(), text, &message_id, flags, reach);
        for id in self.hearing(To::Channel(channel)) {
            self.echo(id, user, &packet);
        }
        message_id
    }

    /// Somebody says something to one person; nobody else hears it, and it is not kept.
    pub(super) fn whisper(&mut self, user: u32, to: u32, text: &str) {
        self.journal.said.push(format!("/msg {to} {text}"));
        if user == to {
            return;
        }
        let message_id = self.world.message_id();
        let sender = user.to_string();
        let text = said(text);
        let there = self.message(&sender, &text, &message_id, PRIVATE, Reach::Private);
        self.tell(To::User(to), &there);
        let here = format!("{} {text}", self.name(to));
        let echo = self.message(&sender, &here, &message_id, PRIVATE, Reach::Private);
        for id in self.hearing(To::User(user)) {
            self.echo(id, user, &echo);
        }
    }

    /// Tells a connection of a message of `user`, which may be their own.
    fn echo(&mut self, id: u64, user: u32, packet: &str) {
        let is_own = self.sockets.clients[&id].user == Some(user);
        match &mut self.faults.held {
            Some(held) if is_own => held.push((id, packet.to_owned())),
            _ => self.sockets.send(id, packet),
        }
    }

    fn message(&self, sender: &str, text: &str, id: &str, flags: &str, reach: Reach<'_>) -> String {
        let mut fields = vec![
            "2".to_owned(),
            self.now().to_string(),
            sender.to_owned(),
            text.to_owned(),
            id.to_owned(),
            flags.to_owned(),
        ];
        fields.extend(self.dialect.message_tail(reach));
        fields.join("\t")
    }

    /// The text of a notice.
    fn notice_text(&self, is_error: bool, code: &str, arguments: &[&str]) -> String {
        let mut text = format!("{}\u{c}{code}", u8::from(is_error));
        for argument in arguments {
            text.push('\u{c}');
            text.push_str(argument);
        }
        if arguments.is_empty() {
            text.push_str(self.dialect.bare_end());
        }
        text
    }

    /// The server tells somebody that something is so.
    pub(super) fn inform(&mut self, user: u32, code: &str, arguments: &[&str]) {
        self.notice(user, false, code, arguments);
    }

    /// The server tells somebody that something cannot be.
    pub(super) fn object(&mut self, user: u32, code: &str, arguments: &[&str]) {
        self.notice(user, true, code, arguments);
    }

    fn notice(&mut self, user: u32, is_error: bool, code: &str, arguments: &[&str]) {
        let text = self.notice_text(is_error, code, arguments);
        let message_id = self.world.message_id();
        let packet = self.message("-1", &text, &message_id, PLAIN, Reach::Notice);
        self.tell(To::User(user), &packet);
    }

    /// The server tells a channel something; it is kept.
    pub(super) fn inform_channel(&mut self, channel: &str, code: &str, arguments: &[&str]) {
        let text = self.notice_text(false, code, arguments);
        let message_id = self.keep(channel, SERVER_SENDER.to_owned(), text.clone(), PLAIN);
        let packet = self.message("-1", &text, &message_id, PLAIN, Reach::Channel(channel));
        self.tell(To::Channel(channel), &packet);
    }

    /// The server tells everybody something that somebody has typed.
    pub(super) fn proclaim(&mut self, text: &str) {
        let text = self.notice_text(false, "say", &[&said(text)]);
        let message_id = self.world.message_id();
        let packet = self.message("-1", &text, &message_id, PLAIN, Reach::All);
        self.tell(To::Rank(i64::MIN), &packet);
    }

    /// Keeps a notice that only mirrors another packet; gives its id, which the packet carries.
    pub(super) fn remark(&mut self, channel: &str, code: &str, user: u32) -> String {
        let text = self.notice_text(false, code, &[&self.name(user)]);
        self.keep(channel, SERVER_SENDER.to_owned(), text, PLAIN)
    }

    fn keep(&mut self, channel: &str, sender: String, text: String, flags: &'static str) -> String {
        let id = self.world.message_id();
        let entry = Entry {
            time: self.now(),
            sender,
            text,
            id: id.clone(),
            flags,
        };
        if let Some(channel) = self.world.channels.get_mut(channel) {
            channel.log.push(entry);
        }
        id
    }

    /// Tells what was said in a channel.
    pub(super) fn tell_backlog(&mut self, to: To<'_>, channel: &str) {
        let log = &self.world.channels[channel].log;
        let begin = log.len().saturating_sub(self.dialect.backlog());
        let past: Vec<String> = log[begin..].iter().map(past).collect();
        for packet in past {
            self.tell(to, &packet);
        }
    }

    /// Takes a message away; `false` if there is none.
    pub(super) fn delete(&mut self, message_id: &str) -> bool {
        let mut channels = self.world.channels.values_mut();
        let keeps = !self.dialect.is_sharp();
        let found = channels.any(|channel| {
            let at = channel.log.iter().position(|entry| entry.id == message_id);
            // One server still tells of it afterwards.
            if let Some(at) = at.filter(|_| !keeps) {
                channel.log.remove(at);
            }
            at.is_some()
        });
        if found {
            self.tell(To::Rank(i64::MIN), &format!("6\t{message_id}"));
        }
        found
    }

    /// The program starts again.
    pub(super) fn forget(&mut self) {
        let kept = self.dialect.kept();
        for user in self.world.users.values_mut() {
            (user.place, user.nick, user.away, user.seen) = (None, None, None, false);
        }
        self.world.channels.retain(|_, channel| !channel.temporary);
        if kept == Kept::Nameless {
            self.world.next_message = self.dialect.first_message();
        }
        for channel in self.world.channels.values_mut() {
            match kept {
                Kept::All => {}
                Kept::Nothing => channel.log.clear(),
                Kept::Nameless => channel.log.iter_mut().for_each(|entry| {
                    entry.id = "rlbl".to_owned();
                    let end = entry.sender.rfind('\t').unwrap();
                    entry.sender.truncate(end + 1);
                }),
            }
        }
    }
}

fn past(entry: &Entry) -> String {
    let Entry {
        time,
        sender,
        text,
        id,
        flags,
    } = entry;
    format!("7\t1\t{time}\t{sender}\t{text}\t{id}\t0\t{flags}")
}
