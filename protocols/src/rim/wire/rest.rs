//! The REST interface: its endpoints, the envelope of its answers, its error codes and texts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{WireError, append, loose};

/// `code` of success; also of a search without a result.
pub const CODE_OK: i64 = 200;

/// `code` where a token is missing, unknown or expired.
pub const CODE_LOGIN_REQUIRED: i64 = 401;

/// `code` where kaiwa's server refuses what the original would let through.
pub const CODE_FORBIDDEN: i64 = 403;

/// `code` of unknown paths and parameters that cannot be read.
pub const CODE_INVALID_REQUEST: i64 = 404;

/// `code` of every other failure.
pub const CODE_FAILED: i64 = 500;

/// `code` of a token that `/user/token` does not know.
pub const CODE_NO_SUCH_TOKEN: i64 = 1001;

/// `msg` with [`CODE_LOGIN_REQUIRED`].
pub const LOGIN_REQUIRED: &str = "login required";

/// `msg` with [`CODE_INVALID_REQUEST`].
pub const INVALID_REQUEST: &str = "invalid request";

/// `msg` of a failure inside the server, with HTTP status 500.
pub const SYSTEM_ERROR: &str = "system error";

/// `msg` of a search without a result.
pub const NOT_FOUND: &str = "fail";

/// `msg` of a sign-in with a wrong password.
pub const WRONG_PASSWORD: &str = "wrong password";

/// `msg` of a sign-in to an account that is not there.
pub const ACCOUNT_NOT_FOUND: &str = "account not found";

/// `msg` of a registration under a taken login name.
pub const ACCOUNT_EXISTED: &str = "Account Existed";

/// The largest JSON body of a request that the original takes, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal;)*) => {
        /// What can be asked for; docs/server.md has each one's meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Endpoint {
            $($(#[$doc])* $name,)*
        }

        impl Endpoint {
            /// Every endpoint.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `GET` or `POST`.
            #[must_use]
            pub fn method(self) -> &'static str {
                match self { $(Self::$name => stringify!($method),)* }
            }

            /// The path below the base.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }
        }
    };
}

endpoints! {
    /// Makes an account; `data` is its user's id.
    UserCreate = POST "/user/create";
    /// Signs in; `data` is a token.
    UserLogin = POST "/user/login";
    /// The user of the token in the query `token`.
    UserToken = GET "/user/token";
    /// The user with the id in the query `uid`.
    UserGet = GET "/user/get";
    /// The user with exactly the login name in the query `account`.
    UserSearch = GET "/user/search";
    /// Asks somebody for contact.
    FriendAdd = POST "/friend/add";
    /// Users to whom the caller has the relation in the query `status`.
    FriendList = GET "/friend/list";
    /// Changes the caller's own relation to somebody.
    FriendStatusModify = POST "/friend/status/modify";
    /// Who has a relation to the caller. Only kaiwa's server knows it.
    FriendIncoming = GET "/friend/incoming";
    /// Makes a group; `data` is its id.
    GroupCreate = POST "/group/create";
    /// Changes a group's name and picture.
    GroupUpdate = POST "/group/update";
    /// The groups of the user in the query `uid`.
    GroupGet = GET "/group/get";
    /// The members of the group in the query `gid`.
    GroupUserGet = GET "/group/user/get";
    /// Adds or removes members.
    GroupUserChange = POST "/group/user/change";
    /// The last message of each group, by pages.
    ChatList = POST "/message/chat/list";
    /// The messages of a group, by pages.
    History = POST "/message/history";
    /// Marks a whole group as read.
    GroupRead = POST "/message/group/read";
}

impl Endpoint {
    /// Whether a token is needed; the exempt ones ignore it.
    #[must_use]
    pub fn needs_token(self) -> bool {
        !matches!(self, Self::UserCreate | Self::UserLogin)
    }
}

/// The envelope of every handled answer. Its HTTP status is 200 even for most failures: look at `ok`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer<'a, T> {
    /// Whether it succeeded.
    pub ok: bool,
    /// One of the codes above, or anything.
    pub code: i64,
    /// What went wrong.
    pub msg: Option<Cow<'a, str>>,
    /// What was asked for.
    pub data: Option<T>,
}

impl<T: Serialize> Answer<'_, T> {
    /// Success.
    #[must_use]
    pub fn success(data: T) -> Self {
        Self {
            ok: true,
            code: CODE_OK,
            msg: None,
            data: Some(data),
        }
    }

    /// Appends the JSON.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

impl<'a> Answer<'a, ()> {
    /// A failure.
    #[must_use]
    pub fn failure(code: i64, msg: impl Into<Cow<'a, str>>) -> Self {
        Self {
            ok: false,
            code,
            msg: Some(msg.into()),
            data: None,
        }
    }
}

impl<'a, T: Deserialize<'a>> Answer<'a, T> {
    /// Reads an answer. The data of a failure are skipped, whatever they are.
    ///
    /// # Errors
    /// For a body that is no JSON object, as some failures' are HTML; and for a success whose data are of another type.
    pub fn parse(body: &'a [u8]) -> Result<Self, WireError> {
        let envelope: Envelope<'a> = serde_json::from_slice(body)?;
        let data = match envelope.data {
            Some(data) if envelope.ok => serde_json::from_str(data.get())?,
            _ => None,
        };
        Ok(Self {
            ok: envelope.ok,
            code: envelope.code,
            msg: envelope.msg,
            data,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(deserialize_with = "loose::flag")]
    ok: bool,
    #[serde(deserialize_with = "loose::number")]
    code: i64,
    #[serde(borrow, deserialize_with = "loose::maybe_text")]
    msg: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::wire::User;

    #[test]
    fn answers_go_both_ways() {
        let mut out = Vec::new();
        Answer::success(true).encode_into(&mut out);
        assert_eq!(out, br#"{"ok":true,"code":200,"msg":null,"data":true}"#);
        assert_eq!(Answer::parse(&out).unwrap(), Answer::success(true));
        let mut out = Vec::new();
        Answer::failure(CODE_LOGIN_REQUIRED, LOGIN_REQUIRED).encode_into(&mut out);
        let text = br#"{"ok":false,"code":401,"msg":"login required","data":null}"#;
        assert_eq!(out, text);
        let read = Answer::<String>::parse(&out).unwrap();
        assert_eq!((read.ok, read.code), (false, CODE_LOGIN_REQUIRED));
    }

    #[test]
    fn a_failure_is_read_whatever_its_data() {
        for data in ["null", "\"\"", "[]", "{\"a\":1}", "7"] {
            let text = format!(r#"{{"ok":false,"code":500,"msg":"x","data":{data}}}"#);
            let read = Answer::<Vec<User<'_>>>::parse(text.as_bytes()).unwrap();
            assert_eq!(read.data, None, "{data}");
        }
        Answer::<u64>::parse(br#"{"ok":true,"code":200,"data":"7"}"#).unwrap_err();
        Answer::<u64>::parse(b"<!DOCTYPE html>").unwrap_err();
        let empty = Answer::<u64>::parse(b"{}").unwrap();
        assert!(!empty.ok);
    }

    #[test]
    fn endpoints_differ() {
        let mut paths: Vec<_> = Endpoint::ALL.iter().map(|end| end.path()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), Endpoint::ALL.len());
        assert!(
            Endpoint::ALL
                .iter()
                .all(|end| ["GET", "POST"].contains(&end.method()))
        );
    }
}
