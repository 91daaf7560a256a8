//! The bodies of requests. A server reads them strictly, as the original does; additional fields are skipped.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{WireError, append};

/// What is shown instead of a password.
const MASKED: &str = "...";

/// Reads the body of a request.
///
/// # Errors
/// [`super::Fault::Syntax`] for a body that is no JSON, [`super::Fault::Data`] for one that lacks a field or has it wrong.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WireError> {
    serde_json::from_slice(body).map_err(WireError::from)
}

/// Writes the body of a request.
#[must_use]
pub fn encode(request: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::new();
    append(request, &mut body);
    body
}

/// `/user/create`. The original breaks if `email` or `password` is missing, though it declares them optional.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateUser<'a> {
    /// The display name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Address of a picture; may be empty.
    #[serde(borrow)]
    pub avatar: Cow<'a, str>,
    /// The login name.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// The e-mail address; may be empty.
    #[serde(borrow, default)]
    pub email: Option<Cow<'a, str>>,
    /// The password.
    #[serde(borrow, default)]
    pub password: Option<Cow<'a, str>>,
}

/// `/user/login`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login<'a> {
    /// The login name.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// The password.
    #[serde(borrow)]
    pub password: Cow<'a, str>,
}

/// `/friend/add`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddFriend {
    /// Whom.
    pub fid: u64,
}

/// `/friend/status/modify`: changes the caller's own relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModifyFriend {
    /// To whom.
    pub fid: u64,
    /// [`super::record::STATUS_APPLIED`], [`super::record::STATUS_CONFIRMED`] or [`super::record::STATUS_REJECTED`].
    pub status: u8,
}

/// `/group/create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup<'a> {
    /// The group.
    #[serde(borrow)]
    pub group: NewGroup<'a>,
    /// All members, the creator among them.
    pub users: Vec<NewMember>,
}

/// A group that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewGroup<'a> {
    /// The name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Address of a picture; may be empty.
    #[serde(borrow)]
    pub avatar: Cow<'a, str>,
    /// [`super::record::MODE_DIRECT`], [`super::record::MODE_GROUP`], or anything.
    pub mode: u8,
    /// Who makes it.
    pub creator_uid: u64,
}

/// A member of a group that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMember {
    /// Who.
    pub uid: u64,
    /// [`super::record::ROLE_COMMON`] or [`super::record::ROLE_ADMIN`].
    pub role: u8,
}

/// `/group/update`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateGroup<'a> {
    /// Which.
    pub id: u64,
    /// The new name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The new picture.
    #[serde(borrow)]
    pub avatar: Cow<'a, str>,
}

/// `/group/user/change`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeMembers {
    /// Where.
    pub gid: u64,
    /// Whom.
    pub uids: Vec<u64>,
    /// [`OP_ADD`], [`OP_REMOVE`], or anything, which does nothing.
    pub op_type: u8,
}

/// `op_type` that adds.
pub const OP_ADD: u8 = 1;

/// `op_type` that removes.
pub const OP_REMOVE: u8 = 2;

/// `/message/chat/list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatList {
    /// Whose.
    pub uid: u64,
    /// From 1; 0 breaks a debug build of the original.
    pub page: u64,
    /// How many to a page.
    pub size: u64,
}

/// `/message/history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Where.
    pub gid: u64,
    /// Whose.
    pub uid: u64,
    /// From 1, the newest; 0 breaks a debug build of the original.
    pub page: u64,
    /// How many to a page.
    pub size: u64,
    /// Only what was said before this message; then `page` does not matter. Only kaiwa's server knows it.
    #[serde(
        default,
        deserialize_with = "super::loose::maybe_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<u64>,
}

/// `/message/group/read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadGroup {
    /// Where.
    pub gid: u64,
    /// Who.
    pub uid: u64,
}

impl fmt::Debug for CreateUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateUser")
            .field("name", &self.name)
            .field("avatar", &self.avatar)
            .field("account", &self.account)
            .field("email", &self.email)
            .field("password", &self.password.as_ref().map(|_| MASKED))
            .finish()
    }
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("account", &self.account)
            .field("password", &MASKED)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fault;
    use super::*;

    #[test]
    fn bodies_are_as_the_original_has_them() {
        let members = ChangeMembers {
            gid: 3,
            uids: vec![4, 5],
            op_type: OP_ADD,
        };
        let text = br#"{"gid":3,"uids":[4,5],"opType":1}"#;
        assert_eq!(encode(&members), text);
        assert_eq!(parse::<ChangeMembers>(text).unwrap(), members);
        let group = CreateGroup {
            group: NewGroup {
                name: "g".into(),
                avatar: "".into(),
                mode: 2,
                creator_uid: 4,
            },
            users: vec![NewMember { uid: 4, role: 1 }],
        };
        let text = br#"{"group":{"name":"g","avatar":"","mode":2,"creatorUid":4},"users":[{"uid":4,"role":1}]}"#;
        assert_eq!(encode(&group), text);
        assert_eq!(parse::<CreateGroup<'_>>(text).unwrap(), group);
        let history = parse::<History>(br#"{"gid":3,"uid":4,"page":1,"size":5,"x":[]}"#).unwrap();
        assert_eq!(history.before, None);
        assert_eq!(encode(&history), br#"{"gid":3,"uid":4,"page":1,"size":5}"#);
    }

    #[test]
    fn wrong_bodies_are_told_apart() {
        for (body, fault) in [
            ("", Fault::Syntax),
            ("{", Fault::Syntax),
            ("account=ann", Fault::Syntax),
            ("{}", Fault::Data),
            ("[]", Fault::Data),
            (r#"{"account":"ann"}"#, Fault::Data),
            (r#"{"account":"ann","password":null}"#, Fault::Data),
            (r#"{"account":5,"password":"p"}"#, Fault::Data),
        ] {
            let error = parse::<Login<'_>>(body.as_bytes()).unwrap_err();
            assert_eq!(error.fault(), fault, "{body}");
        }
        for body in [r#"{"fid":-1,"status":1}"#, r#"{"fid":1,"status":256}"#] {
            let error = parse::<ModifyFriend>(body.as_bytes()).unwrap_err();
            assert_eq!(error.fault(), Fault::Data, "{body}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let login = Login {
            account: "ann".into(),
            password: "hunter2".into(),
        };
        let user = CreateUser {
            password: Some("hunter2".into()),
            ..CreateUser::default()
        };
        assert!(!format!("{login:?} {user:?}").contains("hunter2"));
    }
}
