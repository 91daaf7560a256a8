//! Who is there, who knows whom, who is where: the tables of the original, as far as its queries go.

use std::collections::BTreeMap;

use kaiwa_protocols::rim::wire::record::{
    ROLE_COMMON, STATUS_APPLIED, STATUS_CONFIRMED, STATUS_REJECTED,
};
use kaiwa_protocols::rim::wire::{Group, User};

use super::Flavour;
use super::talk::Talk;

/// All tables.
pub(crate) struct World {
    flavour: Flavour,
    users: BTreeMap<u64, UserRow>,
    tokens: BTreeMap<String, TokenRow>,
    /// Relations of one user to another; the original may have several of the same.
    friends: Vec<FriendRow>,
    groups: BTreeMap<u64, GroupRow>,
    /// By group; the original may have several of the same user.
    members: BTreeMap<u64, Vec<MemberRow>>,
    /// By user, so that a user with many groups costs nobody else anything.
    groups_of: BTreeMap<u64, Vec<u64>>,
    pub(crate) talk: Talk,
    tokens_made: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) avatar: String,
    pub(crate) email: String,
    pub(crate) account: String,
    pub(crate) password: String,
}

struct TokenRow {
    uid: u64,
    expired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FriendRow {
    pub(crate) uid: u64,
    pub(crate) fid: u64,
    pub(crate) status: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) avatar: String,
    pub(crate) mode: u8,
    pub(crate) creator: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) uid: u64,
    pub(crate) role: u8,
}

impl World {
    pub(super) fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            friends: Vec::new(),
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
            groups_of: BTreeMap::new(),
            talk: Talk::default(),
            tokens_made: 0,
        }
    }

    fn is_original(&self) -> bool {
        self.flavour != Flavour::Kaiwa
    }

    /// Registers somebody; the display name is the login name, capitalised.
    pub(crate) fn register(&mut self, account: &str, password: &str) -> u64 {
        let name = account[..1].to_uppercase() + &account[1..];
        self.add_user(UserRow {
            id: 0,
            name,
            avatar: String::new(),
            email: format!("{account}@example.org"),
            account: account.to_owned(),
            password: password.to_owned(),
        })
        .unwrap()
    }

    /// Keeps a user under a new id; `None` if the account is taken.
    pub(super) fn add_user(&mut self, mut user: UserRow) -> Option<u64> {
        if self.user_by_account(&user.account).is_some() {
            return None;
        }
        user.id = next(&self.users);
        let id = user.id;
        self.users.insert(id, user);
        Some(id)
    }

    pub(crate) fn user(&self, uid: u64) -> Option<&UserRow> {
        self.users.get(&uid)
    }

    pub(crate) fn user_mut(&mut self, uid: u64) -> &mut UserRow {
        self.users.get_mut(&uid).unwrap()
    }

    /// Whatever the case of its letters, as the usual collation compares.
    pub(crate) fn user_by_account(&self, account: &str) -> Option<&UserRow> {
        let account = account.to_lowercase();
        self.users
            .values()
            .find(|user| user.account.to_lowercase() == account)
    }

    /// A token of a user: the original gives the same one as long as it is valid, and keeps one only.
    pub(super) fn sign_in(&mut self, uid: u64) -> String {
        if self.is_original() {
            let valid = self
                .tokens
                .iter()
                .find(|(_, row)| row.uid == uid && !row.expired);
            if let Some((token, _)) = valid {
                return token.clone();
            }
            self.tokens.retain(|_, row| row.uid != uid);
        }
        self.tokens_made += 1;
        let token = format!("4fe8d2ba-0d6c-4bb0-a5a4-{:012x}", self.tokens_made);
        self.tokens.insert(
            token.clone(),
            TokenRow {
                uid,
                expired: false,
            },
        );
        token
    }

    /// Whose valid token it is.
    pub(super) fn token(&self, token: &str) -> Option<u64> {
        let row = self.tokens.get(token)?;
        (!row.expired).then_some(row.uid)
    }

    /// Whose token it is or was.
    pub(super) fn any_token(&self, token: &str) -> Option<u64> {
        self.tokens.get(token).map(|row| row.uid)
    }

    /// A day passes.
    pub(crate) fn expire_tokens(&mut self) {
        self.tokens
            .values_mut()
            .for_each(|token| token.expired = true);
    }

    /// A user's own relations.
    pub(crate) fn friends(&self, uid: u64) -> Vec<FriendRow> {
        let own = self.friends.iter().filter(|row| row.uid == uid);
        own.copied().collect()
    }

    /// Relations to a user.
    pub(crate) fn incoming(&self, uid: u64) -> Vec<FriendRow> {
        let others = self.friends.iter().filter(|row| row.fid == uid);
        others.copied().collect()
    }

    /// Asks somebody: a row more for the original, whatever there is already; kaiwa's keeps what there is, but asks again
    /// where it was refused.
    pub(crate) fn add_friend(&mut self, uid: u64, fid: u64) {
        let kaiwa = !self.is_original();
        if kaiwa && let Some(row) = self.friends_between(uid, fid).next() {
            if row.status == STATUS_REJECTED {
                row.status = STATUS_APPLIED;
            }
            return;
        }
        let status = STATUS_APPLIED;
        self.friends.push(FriendRow { uid, fid, status });
    }

    /// Changes the user's own relation; another status than the three changes nothing and says so. kaiwa's tells the other
    /// side of a refusal, which they cannot undo.
    pub(crate) fn set_friend(&mut self, uid: u64, fid: u64, status: u8) -> bool {
        let kaiwa = !self.is_original();
        match status {
            STATUS_APPLIED | STATUS_CONFIRMED => {
                let refused =
                    |row: &FriendRow| kaiwa && row.status == STATUS_REJECTED && status != 0;
                for row in self.friends_between(uid, fid) {
                    if !refused(row) {
                        row.status = status;
                    }
                }
            }
            STATUS_REJECTED => {
                self.friends.retain(|row| (row.uid, row.fid) != (uid, fid));
                for row in self.friends_between(fid, uid).filter(|_| kaiwa) {
                    row.status = STATUS_REJECTED;
                }
            }
            _ => return false,
        }
        true
    }

    fn friends_between(&mut self, uid: u64, fid: u64) -> impl Iterator<Item = &mut FriendRow> {
        let between = move |row: &&mut FriendRow| (row.uid, row.fid) == (uid, fid);
        self.friends.iter_mut().filter(between)
    }

    /// Makes a group of exactly these.
    pub(crate) fn add_group(&mut self, mut group: GroupRow, members: &[MemberRow]) -> u64 {
        let id = next(&self.groups);
        group.id = id;
        self.groups.insert(id, group);
        self.members.insert(id, Vec::new());
        for member in members {
            self.insert_member(id, *member);
        }
        id
    }

    /// Makes a group of these, with the first one as its creator.
    pub(crate) fn group_of(&mut self, name: &str, mode: u8, uids: &[u64]) -> u64 {
        let members: Vec<MemberRow> = uids.iter().copied().map(common).collect();
        let group = GroupRow {
            id: 0,
            name: name.to_owned(),
            avatar: String::new(),
            mode,
            creator: uids.first().copied().unwrap_or_default(),
        };
        self.add_group(group, &members)
    }

    pub(crate) fn group(&self, gid: u64) -> Option<&GroupRow> {
        self.groups.get(&gid)
    }

    pub(super) fn group_mut(&mut self, gid: u64) -> Option<&mut GroupRow> {
        self.groups.get_mut(&gid)
    }

    /// The groups of a user, once per row.
    pub(crate) fn groups_of(&self, uid: u64) -> &[u64] {
        self.groups_of.get(&uid).map_or(&[], Vec::as_slice)
    }

    /// The rows of a group.
    pub(crate) fn members(&self, gid: u64) -> &[MemberRow] {
        self.members.get(&gid).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody is in a group.
    pub(crate) fn is_member(&self, gid: u64, uid: u64) -> bool {
        self.members(gid).iter().any(|member| member.uid == uid)
    }

    /// Adds members. The original adds a new one once per row that is there already, and one who is there again.
    pub(crate) fn add_members(&mut self, gid: u64, uids: &[u64]) {
        for uid in uids {
            let copies = match self.flavour {
                Flavour::Kaiwa if self.is_member(gid, *uid) => 0,
                Flavour::Kaiwa => 1,
                Flavour::Original { .. } => self.members(gid).len().max(1),
            };
            for _ in 0..copies {
                self.insert_member(gid, common(*uid));
            }
        }
    }

    /// Puts somebody into a group, once.
    pub(crate) fn join(&mut self, gid: u64, uid: u64) {
        if !self.is_member(gid, uid) {
            self.insert_member(gid, common(uid));
        }
    }

    /// Removes all rows of these members.
    pub(crate) fn remove_members(&mut self, gid: u64, uids: &[u64]) {
        if let Some(rows) = self.members.get_mut(&gid) {
            rows.retain(|row| !uids.contains(&row.uid));
        }
        for uid in uids {
            self.groups_of
                .entry(*uid)
                .or_default()
                .retain(|group| *group != gid);
        }
    }

    fn insert_member(&mut self, gid: u64, member: MemberRow) {
        self.members.entry(gid).or_default().push(member);
        self.groups_of.entry(member.uid).or_default().push(gid);
    }
}

impl UserRow {
    /// As answers show it.
    pub(crate) fn record(&self) -> User<'_> {
        User {
            id: Some(self.id),
            name: self.name.as_str().into(),
            avatar: self.avatar.as_str().into(),
            email: Some(self.email.as_str().into()),
            account: self.account.as_str().into(),
            ..User::default()
        }
    }
}

impl GroupRow {
    /// As answers show it.
    pub(crate) fn record(&self) -> Group<'_> {
        Group {
            id: Some(self.id),
            name: self.name.as_str().into(),
            avatar: self.avatar.as_str().into(),
            mode: self.mode,
            creator_uid: self.creator,
        }
    }
}

fn common(uid: u64) -> MemberRow {
    MemberRow {
        uid,
        role: ROLE_COMMON,
    }
}

/// The id of the next row; the first is 1.
fn next<T>(table: &BTreeMap<u64, T>) -> u64 {
    table.last_key_value().map_or(1, |(last, _)| last + 1)
}
