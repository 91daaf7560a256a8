//! How an event about people changes a [`ConnectionState`].

use serde_json::Value;

use super::super::Map;
use super::super::state::{
    ConnectionState, Contact, DATA_BYTES, DATA_PER_LIST, PresenceState, USERS_PER_LIST,
};
use super::upsert;
use crate::event::size;
use crate::{Id, Profile, UserEvent};

impl ConnectionState {
    pub(super) fn user(&mut self, event: &UserEvent) {
        match event {
            UserEvent::New { channel_id, user } => {
                let name = || user.username.as_deref().unwrap_or_default().into();
                let key = user.id.clone().unwrap_or_else(name);
                let list = match channel_id {
                    None => Some(&mut self.global_users),
                    Some(id) => self.make_channel(id).map(|channel| &mut channel.users),
                };
                if list.is_some_and(|list| !upsert(list, USERS_PER_LIST, key, user)) {
                    self.left_out += 1;
                }
            }
            UserEvent::Update {
                channel_id,
                user_id,
                new_user,
            } => self.update_user(channel_id.as_deref(), user_id, new_user),
            UserEvent::Remove {
                channel_id,
                user_id,
            } => {
                if let Some(list) = self.users(channel_id.as_deref()) {
                    list.remove(user_id);
                }
                self.forget(channel_id.as_deref(), user_id);
            }
            UserEvent::ClearList { channel_id } => {
                if let Some(list) = self.users(channel_id.as_deref()) {
                    list.clear();
                }
                self.forget_all(channel_id.as_deref());
            }
            UserEvent::Identify { user_id } => self.current_user_id = Some(user_id.clone()),
            UserEvent::Presence {
                user_id,
                presence,
                text,
            } => {
                let said = PresenceState {
                    presence: *presence,
                    text: text.clone(),
                };
                self.presence(user_id.as_ref(), &said);
            }
            UserEvent::Request { user_id, own, .. } => {
                let contact = if *own {
                    Contact::Asked
                } else {
                    Contact::Asking
                };
                self.contact(user_id, contact);
            }
            UserEvent::Respond {
                user_id,
                accept: true,
            } => self.contact(user_id, Contact::Confirmed),
            UserEvent::Respond {
                user_id,
                accept: false,
            } => {
                self.contacts.remove(user_id);
            }
            UserEvent::Data {
                channel_id,
                key,
                value,
            } => self.data(channel_id.as_deref(), key, value.as_ref()),
            // Whoever is kept out leaves by an event of their own.
            UserEvent::RequestData { .. } | UserEvent::Ban { .. } => {}
        }
    }

    fn update_user(&mut self, channel_id: Option<&str>, user_id: &Id, new_user: &Profile) {
        let key = new_user.id.as_ref().unwrap_or(user_id);
        if let Some(list) = self.users(channel_id) {
            if key != user_id {
                list.remove(user_id);
            }
            if !upsert(list, USERS_PER_LIST, key.clone(), new_user) {
                self.left_out += 1;
            }
        }
        if key != user_id {
            self.rename(channel_id, user_id, key);
        }
        if self.current_user_id.as_ref() == Some(user_id) {
            self.current_user_id = Some(key.clone());
        }
    }

    fn presence(&mut self, user_id: Option<&Id>, said: &PresenceState) {
        let key = self.user_or_own(user_id);
        if key.is_none_or(|key| !upsert(&mut self.presence, USERS_PER_LIST, key, said)) {
            self.left_out += 1;
        }
    }

    fn contact(&mut self, user_id: &Id, contact: Contact) {
        let key = user_id.clone();
        if !upsert(&mut self.contacts, USERS_PER_LIST, key, &contact) {
            self.left_out += 1;
        }
    }

    fn data(&mut self, channel_id: Option<&str>, key: &str, value: Option<&Value>) {
        let list = match channel_id {
            None => Some(&mut self.data),
            Some(id) => self.channels.get_mut(id).map(|channel| &mut channel.data),
        };
        let Some(list) = list else {
            return;
        };
        let Some(value) = value.filter(|value| !value.is_null()) else {
            list.remove(key);
            return;
        };
        let fits = key.len() + size::json(value) <= DATA_BYTES;
        if !fits {
            // What was there is no longer so.
            list.remove(key);
        }
        if !fits || !upsert(list, DATA_PER_LIST, key.to_owned(), value) {
            self.left_out += 1;
        }
    }

    /// What is known of somebody follows them to a new id.
    fn rename(&mut self, channel_id: Option<&str>, user_id: &str, new_id: &Id) {
        match channel_id {
            None => {
                rename(&mut self.contacts, user_id, new_id);
                rename(&mut self.presence, user_id, new_id);
            }
            Some(channel_id) => {
                if let Some(channel) = self.channels.get_mut(channel_id) {
                    rename(&mut channel.roles, user_id, new_id);
                    rename(&mut channel.read, user_id, new_id);
                    rename(&mut channel.typing, user_id, new_id);
                }
            }
        }
    }

    /// What is known of somebody goes with them. How the user themselves is and how far they have read does not hang on
    /// a list of others.
    fn forget(&mut self, channel_id: Option<&str>, user_id: &str) {
        let own = self.current_user_id.as_deref() == Some(user_id);
        let Some(channel_id) = channel_id else {
            self.contacts.remove(user_id);
            if !own {
                self.presence.remove(user_id);
            }
            return;
        };
        if let Some(channel) = self.channels.get_mut(channel_id) {
            channel.roles.remove(user_id);
            channel.typing.remove(user_id);
            if !own {
                channel.read.remove(user_id);
            }
        }
    }

    /// [`ConnectionState::forget`] for everybody.
    fn forget_all(&mut self, channel_id: Option<&str>) {
        let own = self.current_user_id.as_ref();
        let Some(channel_id) = channel_id else {
            self.contacts.clear();
            keep_only(&mut self.presence, own);
            return;
        };
        if let Some(channel) = self.channels.get_mut(channel_id) {
            channel.roles.clear();
            channel.typing.clear();
            keep_only(&mut channel.read, own);
        }
    }

    /// Who is meant: the user themselves where nobody is named.
    pub(super) fn user_or_own(&self, user_id: Option<&Id>) -> Option<Id> {
        user_id.or(self.current_user_id.as_ref()).cloned()
    }

    fn users(&mut self, channel_id: Option<&str>) -> Option<&mut Map<Id, Profile>> {
        match channel_id {
            None => Some(&mut self.global_users),
            Some(id) => Some(&mut self.channels.get_mut(id)?.users),
        }
    }
}

fn keep_only<V: Clone>(list: &mut Map<Id, V>, key: Option<&Id>) {
    let kept = key.and_then(|key| Some((key.clone(), list.get(key)?.clone())));
    *list = kept.into_iter().collect();
}

fn rename<V: Clone>(list: &mut Map<Id, V>, key: &str, new_key: &Id) {
    if let Some(value) = list.remove(key) {
        list.insert(new_key.clone(), value);
    }
}
