//! The people of the scripted peer: who there is, who has contact with whom, how they are.

use std::collections::{BTreeMap, BTreeSet};

use kaiwa_core::{ConnectionEvent, Error, ErrorKind, Id, Presence, UserEvent};

use super::places::arrives;

/// Everybody who has ever been there.
#[derive(Default)]
pub(super) struct People {
    known: BTreeSet<Id>,
    /// Who has asked whom for contact, and with which words.
    asked: BTreeMap<(Id, Id), Option<String>>,
    /// Contacts, in both directions.
    contacts: BTreeSet<(Id, Id)>,
    presence: BTreeMap<Id, (Presence, Option<String>)>,
}

/// What came of asking for contact.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    /// The other one has to answer.
    Open,
    /// The other one had asked too, or they are contacts already.
    Confirmed,
}

impl People {
    pub(super) fn add(&mut self, name: &str) {
        self.known.insert(name.into());
    }

    pub(super) fn know(&self, name: &str) -> Result<(), Error> {
        if self.known.contains(name) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotFound, "nobody has that id"))
    }

    /// `me` asks for contact with `other`.
    pub(super) fn ask(
        &mut self,
        me: &str,
        other: &str,
        text: Option<String>,
    ) -> Result<Asked, Error> {
        self.know(other)?;
        if me == other {
            return Err(Error::new(
                ErrorKind::Rejected,
                "nobody can be their own contact",
            ));
        }
        let theirs = self.asked.remove(&pair(other, me)).is_some();
        if theirs || self.are_contacts(me, other) {
            self.confirm(me, other);
            return Ok(Asked::Confirmed);
        }
        self.asked.insert(pair(me, other), text);
        Ok(Asked::Open)
    }

    /// `me` answers what `other` has asked, or ends what is between them.
    pub(super) fn respond(&mut self, me: &str, other: &str, accept: bool) -> Result<(), Error> {
        let theirs = self.asked.contains_key(&pair(other, me));
        let contacts = self.are_contacts(me, other);
        let own = self.asked.contains_key(&pair(me, other));
        match accept {
            true if theirs || contacts => self.confirm(me, other),
            false if theirs || contacts || own => self.end(me, other),
            _ => return Err(Error::new(ErrorKind::NotFound, "they have not asked")),
        }
        Ok(())
    }

    /// Whether anything is between the two.
    pub(super) fn have_met(&self, me: &str, other: &str) -> bool {
        let asked = [pair(me, other), pair(other, me)];
        self.are_contacts(me, other) || asked.iter().any(|pair| self.asked.contains_key(pair))
    }

    pub(super) fn set_presence(&mut self, me: &str, presence: Presence, text: Option<String>) {
        self.presence.insert(me.into(), (presence, text));
    }

    /// Says whether they had said how they are.
    pub(super) fn forget_presence(&mut self, me: &str) -> bool {
        self.presence.remove(me).is_some()
    }

    /// Contacts, open requests and presences, as they are told to `me`.
    pub(super) fn told_to(&self, me: &str) -> Vec<ConnectionEvent> {
        let mut told = Vec::new();
        for (_, other) in self.contacts.iter().filter(|(one, _)| one == me) {
            told.push(arrives(None, other));
            told.push(answer(other, true));
        }
        for ((asking, asked), text) in &self.asked {
            let own = asking == me;
            if own || asked == me {
                let other = if own { asked } else { asking };
                told.push(arrives(None, other));
                told.push(request(other, own, text.as_deref()));
            }
        }
        for (name, (presence, text)) in &self.presence {
            told.push(
                UserEvent::Presence {
                    user_id: Some(name.clone()).filter(|name| name != me),
                    presence: *presence,
                    text: text.clone(),
                }
                .into(),
            );
        }
        told
    }

    fn are_contacts(&self, me: &str, other: &str) -> bool {
        self.contacts.contains(&pair(me, other))
    }

    fn confirm(&mut self, me: &str, other: &str) {
        self.end(me, other);
        self.contacts.extend([pair(me, other), pair(other, me)]);
    }

    fn end(&mut self, me: &str, other: &str) {
        for pair in [pair(me, other), pair(other, me)] {
            self.asked.remove(&pair);
            self.contacts.remove(&pair);
        }
    }
}

/// Contact is asked for, seen from one side.
pub(super) fn request(other: &str, own: bool, text: Option<&str>) -> ConnectionEvent {
    UserEvent::Request {
        user_id: other.into(),
        own,
        text: text.map(str::to_owned),
    }
    .into()
}

/// Two are contacts or are none, seen from one side.
pub(super) fn answer(other: &str, accept: bool) -> ConnectionEvent {
    UserEvent::Respond {
        user_id: other.into(),
        accept,
    }
    .into()
}

fn pair(one: &str, other: &str) -> (Id, Id) {
    (one.into(), other.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let mut people = People::default();
        for name in ["ann", "bob", "cid"] {
            people.add(name);
        }
        people
    }

    fn kinds(people: &People, me: &str) -> Vec<String> {
        let told = people.told_to(me);
        told.iter()
            .map(|event| match event {
                ConnectionEvent::User {
                    event: UserEvent::Request { user_id, own, .. },
                } => format!("{user_id} own {own}"),
                ConnectionEvent::User {
                    event: UserEvent::Respond { user_id, accept },
                } => format!("{user_id} {accept}"),
                other => other.kind().variant().to_owned(),
            })
            .collect()
    }

    #[test]
    fn both_sides_of_a_request_know_of_it() {
        let mut people = people();
        assert_eq!(people.ask("ann", "bob", None).unwrap(), Asked::Open);
        assert_eq!(kinds(&people, "ann"), ["New", "bob own true"]);
        assert_eq!(kinds(&people, "bob"), ["New", "ann own false"]);
        assert!(kinds(&people, "cid").is_empty());
        people.respond("bob", "ann", true).unwrap();
        assert_eq!(kinds(&people, "ann"), ["New", "bob true"]);
        assert_eq!(kinds(&people, "bob"), ["New", "ann true"]);
        assert_eq!(people.ask("ann", "bob", None).unwrap(), Asked::Confirmed);
        people.respond("ann", "bob", false).unwrap();
        assert!(kinds(&people, "ann").is_empty() && kinds(&people, "bob").is_empty());
    }

    #[test]
    fn who_asks_back_accepts() {
        let mut people = people();
        people.ask("ann", "bob", None).unwrap();
        assert_eq!(people.ask("bob", "ann", None).unwrap(), Asked::Confirmed);
        assert!(people.have_met("ann", "bob"));
    }

    #[test]
    fn nobody_answers_for_others() {
        let mut people = people();
        people.ask("ann", "bob", None).unwrap();
        let kind = |result: Result<(), Error>| result.unwrap_err().kind();
        assert_eq!(
            kind(people.respond("ann", "bob", true)),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(people.respond("cid", "ann", true)),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(people.respond("cid", "ann", false)),
            ErrorKind::NotFound
        );
        people.respond("ann", "bob", false).unwrap();
        assert!(!people.have_met("ann", "bob"), "withdrawn");
        let mut kind = |other| people.ask("ann", other, None).unwrap_err().kind();
        assert_eq!(kind("ann"), ErrorKind::Rejected);
        assert_eq!(kind("dan"), ErrorKind::NotFound);
    }
}
