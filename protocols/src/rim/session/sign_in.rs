//! The way to `Connected`: register, token, who the user is, the groups, the WebSocket and its `Login`.

use std::collections::BTreeMap;
use std::time::Duration;

use kaiwa_core::session::{HttpResponse, Now, Target, Transmit};
use kaiwa_core::{ChannelEvent, Error, ErrorKind, StatusEvent, UserEvent};
use serde::de::IgnoredAny;

use super::catch_up::CatchUp;
use super::rest::{Ask, Purpose};
use super::rooms::{Kept, MAX_ROOMS};
use super::{Phase, RimSession, Server, answer};
use crate::rim::login::Login;
use crate::rim::wire::{Ack, ChatMessage, Endpoint, Group, SERVER, User, request};

/// Entries to a page of the chat list.
const CHATS_PAGE: u64 = 200;

/// Pages of the chat list: all groups that are kept.
const CHATS_PAGES: u64 = MAX_ROOMS as u64 / CHATS_PAGE;

/// How often the head of the chat list is looked at later. A server relays to the newest sign-in of a user only and does not
/// tell the others, so without it the user would hear nothing more here once they have signed in elsewhere.
const RECHECK_INTERVAL: Duration = Duration::from_secs(300);

/// The largest message taken from the WebSocket, in bytes: the original relays frames up to 16 MiB.
const MAX_INCOMING_BYTES: usize = 16 * 1024 * 1024;

/// What the sign-in has learned of the groups.
#[derive(Default)]
pub(super) struct Lists {
    /// How many lists are being asked for.
    open: u8,
    /// The last message of each group; `None` if the server could not tell, as the original cannot on some databases.
    chats: Option<BTreeMap<u64, Listed>>,
    /// Whether all groups are known.
    complete: bool,
    /// Groups by id, from both lists.
    groups: BTreeMap<u64, Group<'static>>,
    /// Why no list could be had.
    error: Option<Error>,
    /// The account that was to be made is there already.
    taken: bool,
    /// The token was given on this attempt.
    fresh: bool,
}

/// An entry of the chat list.
struct Listed {
    last: Kept,
    /// Somebody else in the group.
    other: Option<u64>,
    unread: bool,
}

impl RimSession {
    /// Begins: with the token of before, or by asking for one.
    pub(super) fn sign_in(&mut self) {
        if self.rest.token().is_some() {
            self.ask_who();
        } else if self.me.is_none()
            && let Some(ask) = self.login.as_ref().and_then(registration)
        {
            self.rest.ask(ask, Purpose::Register);
        } else {
            self.ask_token(Purpose::SignIn);
        }
    }

    fn ask_token(&mut self, purpose: Purpose) {
        let Some(login) = &self.login else {
            return;
        };
        let body = request::Login {
            account: login.account.as_str().into(),
            password: login.password.as_str().into(),
        };
        let ask = Ask::post(Endpoint::UserLogin, &body);
        self.rest.ask_first(ask, purpose);
    }

    /// The token has expired: signs in again, and holds back meanwhile what needs one.
    pub(super) fn renew(&mut self) {
        if self.rest.renew() {
            self.ask_token(Purpose::Renew);
        }
    }

    fn ask_who(&mut self) {
        let token = self.rest.token().unwrap_or_default().to_owned();
        let ask = Ask::get(Endpoint::UserToken, "token", &token);
        self.rest.ask(ask, Purpose::WhoAmI);
    }

    pub(super) fn registered(&mut self, result: &Result<HttpResponse, Error>) {
        match answer::data::<IgnoredAny>(result) {
            Ok(_) => self.ask_token(Purpose::SignIn),
            // Perhaps by the same form before: then the password fits.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.lists.taken = true;
                self.ask_token(Purpose::SignIn);
            }
            Err(error) => self.close(Some(error)),
        }
    }

    pub(super) fn signed_in(&mut self, result: &Result<HttpResponse, Error>) {
        match answer::data::<String>(result).and_then(checked) {
            Ok(token) => {
                self.lists.fresh = true;
                self.rest.set_token(Some(token));
                self.ask_who();
            }
            Err(error) if self.lists.taken && error.kind() == ErrorKind::Auth => {
                self.close(Some(Error::new(
                    ErrorKind::Conflict,
                    "the account name is taken, and not by this password",
                )));
            }
            Err(error) => self.close(Some(error)),
        }
    }

    pub(super) fn renewed(&mut self, now: Now, result: &Result<HttpResponse, Error>) {
        match answer::data::<String>(result).and_then(checked) {
            // While signing in, what waits may name the old token.
            Ok(token) if self.phase == Phase::SigningIn && self.lists.open == 0 => {
                self.rest.end();
                self.rest.set_token(Some(token));
                self.ask_who();
            }
            Ok(token) => self.rest.set_token(Some(token)),
            Err(error) if error.kind().is_final() || self.phase == Phase::SigningIn => {
                self.rest.set_token(None);
                self.part(error);
            }
            // Perhaps next time; what waited for it fails.
            Err(error) => {
                let (kind, text) = (error.kind(), error.chain());
                for call in self.rest.give_up_renewal() {
                    let failed = Err(Error::new(kind, text.clone()));
                    self.answered(now, call.purpose, &failed);
                }
            }
        }
    }

    pub(super) fn told_who(&mut self, result: &Result<HttpResponse, Error>) {
        let user = match answer::data::<User<'_>>(result) {
            Ok(user) => user,
            Err(error) => {
                let refused = answer::is_refusal(&error);
                if refused {
                    // With it the next attempt would fail again.
                    self.rest.set_token(None);
                }
                if refused && !self.lists.fresh {
                    return self.ask_token(Purpose::SignIn);
                }
                return self.close(Some(error));
            }
        };
        let Some((uid, _)) = self.people.learn(&user) else {
            let error = Error::new(ErrorKind::Protocol, "the server does not tell who signs in");
            return self.close(Some(error));
        };
        if self.me.as_ref().is_some_and(|(known, _)| *known != uid) {
            self.rooms.clear();
            self.contacts = super::Contacts::default();
        }
        let name = self.people.get(uid).map(super::people::Person::shown);
        self.me = Some((uid, name.unwrap_or_default().to_owned()));
        self.lists.open = 2;
        self.ask_chats(1, Purpose::Chats { page: 1 });
        self.ask_groups(Purpose::Groups);
    }

    fn ask_chats(&mut self, page: u64, purpose: Purpose) {
        let body = request::ChatList {
            uid: self.uid(),
            page,
            size: CHATS_PAGE,
        };
        self.rest.ask(Ask::post(Endpoint::ChatList, &body), purpose);
    }

    pub(super) fn ask_groups(&mut self, purpose: Purpose) {
        let uid = self.uid().to_string();
        self.rest
            .ask(Ask::get(Endpoint::GroupGet, "uid", &uid), purpose);
    }

    /// A page of the chat list, before the WebSocket is opened.
    pub(super) fn chats_came(&mut self, now: Now, page: u64, result: &Result<HttpResponse, Error>) {
        match answer::data::<Vec<ChatMessage<'_>>>(result) {
            Ok(list) => {
                self.lists.chats.get_or_insert_default();
                for entry in &list {
                    self.list_chat(now, entry);
                }
                if list.len() as u64 >= CHATS_PAGE && page < CHATS_PAGES {
                    let page = page + 1;
                    return self.ask_chats(page, Purpose::Chats { page });
                }
            }
            // Of the groups that are not listed then, the history must tell.
            Err(error) => {
                self.lists.chats = None;
                self.lists.error = Some(error);
            }
        }
        self.list_came();
    }

    fn list_chat(&mut self, now: Now, entry: &ChatMessage<'_>) {
        let Some(gid) = entry.group.id.filter(|gid| *gid > 0) else {
            self.skipped += 1;
            return;
        };
        self.list_group(gid, &entry.group);
        let other = self.people.learn(&entry.user).map(|(uid, _)| uid);
        let Some(last) = self.keep(now, gid, entry) else {
            return;
        };
        let listed = Listed {
            last,
            other,
            unread: entry.unread.unwrap_or(0) > 0,
        };
        if let Some(chats) = &mut self.lists.chats {
            chats.insert(gid, listed);
        }
    }

    fn list_group(&mut self, gid: u64, group: &Group<'_>) {
        if self.lists.groups.len() >= MAX_ROOMS && !self.lists.groups.contains_key(&gid) {
            self.skipped += 1;
            return;
        }
        let owned = Group {
            id: Some(gid),
            name: group.name.clone().into_owned().into(),
            avatar: group.avatar.clone().into_owned().into(),
            mode: group.mode,
            creator_uid: group.creator_uid,
        };
        self.lists.groups.insert(gid, owned);
    }

    /// All groups, before the WebSocket is opened.
    pub(super) fn groups_came(&mut self, result: &Result<HttpResponse, Error>) {
        match answer::data::<Vec<Group<'_>>>(result) {
            Ok(list) => {
                self.lists.complete = true;
                for group in &list {
                    if let Some(gid) = group.id.filter(|gid| *gid > 0) {
                        self.list_group(gid, group);
                    }
                }
            }
            Err(error) => self.lists.error = Some(error),
        }
        self.list_came();
    }

    fn list_came(&mut self) {
        self.lists.open = self.lists.open.saturating_sub(1);
        if self.lists.open > 0 || self.phase != Phase::SigningIn {
            return;
        }
        if self.lists.chats.is_none() && !self.lists.complete {
            let error = self.lists.error.take();
            return self.close(Some(error.unwrap_or_else(|| ErrorKind::Protocol.into())));
        }
        let Some(login) = &self.login else {
            return;
        };
        self.phase = Phase::Opening;
        self.transmits.push_back(Transmit::Open(Target::WebSocket {
            url: login.websocket.clone(),
            headers: Vec::new(),
            max_message_bytes: MAX_INCOMING_BYTES,
        }));
    }

    /// The `Login` is acknowledged.
    pub(super) fn logged_in(&mut self, now: Now, ack: &Ack<'_>) {
        if !matches!(self.phase, Phase::LoggingIn(_)) {
            return;
        }
        self.phase = Phase::Up;
        if ack.server.as_deref() == Some(SERVER) {
            self.server = Server::Own;
        }
        self.event(StatusEvent::Connected { artifact: None });
        self.event(UserEvent::Identify {
            user_id: self.uid().into(),
        });
        let lists = std::mem::take(&mut self.lists);
        if lists.chats.is_some() {
            self.recheck(now);
        }
        self.install(lists);
        self.ask_contacts();
    }

    /// Shows all groups, and puts them into the line: those first where something was said last.
    fn install(&mut self, lists: Lists) {
        let gone: Vec<u64> = self
            .rooms
            .keys()
            .copied()
            .filter(|gid| lists.complete && !lists.groups.contains_key(gid))
            .collect();
        for gid in gone {
            self.rooms.remove(&gid);
            self.event(ChannelEvent::Remove {
                channel_id: gid.into(),
            });
        }
        let told = lists.chats.is_some();
        let mut chats = lists.chats.unwrap_or_default();
        let mut order = Vec::new();
        for (gid, group) in &lists.groups {
            let listed = chats.remove(gid);
            order.push((listed.as_ref().map_or(0, |listed| listed.last.id), *gid));
            let room = self.rooms.entry(*gid).or_default();
            room.describe(group);
            room.other = listed
                .as_ref()
                .and_then(|listed| listed.other)
                .or(room.other);
            let catch_up = if told {
                let unread = listed.as_ref().is_some_and(|listed| listed.unread);
                let last = listed.map(|listed| listed.last);
                let missed = last.as_ref().is_some_and(|last| !room.seen.knows(last.id));
                let mut catch_up = CatchUp::listed(last);
                catch_up.fetch = missed && (room.looked_at || unread);
                catch_up
            } else {
                CatchUp::fetching(None)
            };
            room.catch_up = Some(Box::new(catch_up));
            if room.members_known {
                self.stale.insert(*gid);
            }
            self.show_room(None, *gid);
        }
        for gid in self.outgoing.doubtful_groups() {
            if !self.rooms.contains_key(&gid) {
                self.lose_doubtful(gid);
            }
        }
        order.sort_unstable_by(|one, other| other.cmp(one));
        self.line = order.into_iter().map(|(_, gid)| gid).collect();
    }

    fn recheck(&mut self, now: Now) {
        self.recheck_open = true;
        self.recheck_at = Some(now.mono + RECHECK_INTERVAL);
        self.ask_chats(1, Purpose::Recheck);
    }

    pub(super) fn recheck_deadline(&self) -> Option<Duration> {
        self.recheck_at
            .filter(|_| self.phase == Phase::Up && !self.keepalive.is_paused())
    }

    pub(super) fn recheck_timeout(&mut self, now: Now) {
        if self.recheck_deadline().is_some_and(|due| due <= now.mono) {
            self.recheck(now);
        }
    }

    /// The head of the chat list as it is after the sign-in: what was said since the first look was perhaps not relayed.
    pub(super) fn rechecked(&mut self, now: Now, result: &Result<HttpResponse, Error>) {
        self.recheck_open = false;
        let Ok(list) = answer::data::<Vec<ChatMessage<'_>>>(result) else {
            return;
        };
        for entry in &list {
            let Some(gid) = entry.group.id.filter(|gid| *gid > 0) else {
                continue;
            };
            self.people.learn(&entry.user);
            let Some(last) = self.keep(now, gid, entry) else {
                continue;
            };
            match self.rooms.get_mut(&gid) {
                Some(room) => {
                    let known = room.seen.knows(last.id);
                    match &mut room.catch_up {
                        Some(catch_up) => {
                            let newer = catch_up.boundary.is_some_and(|until| last.id > until);
                            catch_up.fetch |= newer && !known;
                        }
                        None if !known => self.look_again(gid),
                        None => {}
                    }
                }
                None => self.add_room(None, gid, &entry.group, CatchUp::fetching(Some(0))),
            }
        }
    }
}

/// The request that makes the account, if that is wanted.
fn registration(login: &Login) -> Option<Ask> {
    let registration = login.register.as_ref()?;
    // The original breaks if one of the five is missing.
    let body = request::CreateUser {
        name: registration.name.as_str().into(),
        avatar: registration.avatar.as_str().into(),
        account: login.account.as_str().into(),
        email: Some(registration.email.as_str().into()),
        password: Some(login.password.as_str().into()),
    };
    Some(Ask::post(Endpoint::UserCreate, &body))
}

/// A token goes into a header and into a query of the original's; anything else than one plain word breaks there.
fn checked(token: String) -> Result<String, Error> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\'';
    if !token.is_empty() && token.bytes().all(plain) {
        return Ok(token);
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the server's token is none that can be used",
    ))
}
