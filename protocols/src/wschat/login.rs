//! The login form, filled.

use kaiwa_core::{AuthField, Error, ErrorKind, Protocol};

use super::session::MAX_NAME_BYTES;
use super::wire::Outgoing;

/// Name and login form.
pub(super) fn protocol() -> Protocol {
    Protocol {
        name: "wschat".to_owned(),
        auth: Some(vec![
            AuthField::text("url", "Server (ws:// or wss://)", None, true),
            AuthField::text("name", "Your name", None, true),
            AuthField::password("jwt", "Token, where the server demands one", false),
        ]),
    }
}

/// Who speaks.
pub(super) struct Login {
    pub(super) name: String,
    jwt: Option<String>,
}

impl Login {
    /// Reads a form: the address, and who speaks.
    pub(super) fn read(form: &[AuthField]) -> Result<(String, Self), Error> {
        let url = AuthField::require(form, "url")?;
        if !url.starts_with("ws://") && !url.starts_with("wss://") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login field `url` must begin with ws:// or wss://, for example ws://localhost:80/",
            ));
        }
        let name = AuthField::require(form, "name")?;
        if name.len() > MAX_NAME_BYTES {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "the login field `name` has {} bytes, at most {MAX_NAME_BYTES} are taken",
                    name.len()
                ),
            ));
        }
        let login = Self {
            name: name.to_owned(),
            jwt: AuthField::find(form, "jwt").map(str::to_owned),
        };
        Ok((url.to_owned(), login))
    }

    /// Whether messages carry a token.
    pub(super) fn has_token(&self) -> bool {
        self.jwt.is_some()
    }

    /// The text frame of a message.
    pub(super) fn outgoing(&self, text: &str, nonce: &str) -> String {
        Outgoing {
            usr: &self.name,
            msg: text,
            jwt: self.jwt.as_deref(),
            nonce: Some(nonce),
        }
        .encode()
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
