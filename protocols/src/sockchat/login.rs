//! The login form, filled.

use kaiwa_core::{AuthField, Error, ErrorKind, Protocol};

use super::wire::ClientPacket;

/// Where a template of addresses has the id of a user.
const UID: &str = "{uid}";

/// Name and login form.
pub(super) fn protocol() -> Protocol {
    Protocol {
        name: "sockchat".to_owned(),
        auth: Some(vec![
            AuthField::text("sockchat_url", "Server (ws:// or wss://)", None, true),
            AuthField::password("token", "Token", true),
            AuthField::text(
                "uid",
                "Your user id, where the server asks for it",
                None,
                false,
            ),
            AuthField::text(
                "scheme",
                "Kind of token, for example Bearer or Misuzu",
                None,
                false,
            ),
            AuthField::text(
                "pfp_url",
                "Address of pictures, with {uid} in it",
                None,
                false,
            ),
            AuthField::text(
                "asset_api",
                "Address of the service that has the emotes",
                None,
                false,
            ),
        ]),
    }
}

/// Who signs in, and how.
pub(super) struct Login {
    /// What packet 1 carries.
    arguments: Vec<String>,
    pictures: Option<String>,
    /// The address of the asset service, without a slash at its end.
    assets: Option<String>,
}

impl Login {
    /// Reads a form: the address, and who signs in. A scheme and a user id go before the token; with neither, the words of
    /// the token are the strings that the server asks for.
    pub(super) fn read(form: &[AuthField]) -> Result<(String, Self), Error> {
        let url = AuthField::require(form, "sockchat_url")?;
        if !url.starts_with("ws://") && !url.starts_with("wss://") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login field `sockchat_url` must begin with ws:// or wss://, for example wss://example.org/sockchat",
            ));
        }
        let token = AuthField::require(form, "token")?;
        let named = ["scheme", "uid"].map(|name| AuthField::find(form, name));
        let named: Vec<String> = named.into_iter().flatten().map(str::to_owned).collect();
        let arguments: Vec<String> = if named.is_empty() {
            token.split_whitespace().map(str::to_owned).collect()
        } else {
            named.into_iter().chain([token.to_owned()]).collect()
        };
        if arguments.iter().any(|one| one.contains(['\t', '\n', '\r'])) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login fields `token`, `uid` and `scheme` must be of one line without tabs",
            ));
        }
        let pictures = AuthField::find(form, "pfp_url");
        if pictures.is_some_and(|template| !template.contains(UID)) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login field `pfp_url` needs {uid} where the id of a user goes",
            ));
        }
        let assets = AuthField::find(form, "asset_api");
        let is_http = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        if assets.is_some_and(|url| !is_http(url) || url.contains(['?', '#'])) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the login field `asset_api` must begin with http:// or https:// and have no query",
            ));
        }
        let login = Self {
            arguments,
            pictures: pictures.map(str::to_owned),
            assets: assets.map(|url| url.trim_end_matches('/').to_owned()),
        };
        Ok((url.to_owned(), login))
    }

    /// The frame that signs in.
    pub(super) fn frame(&self) -> String {
        let arguments = self.arguments.iter().map(String::as_str).collect();
        ClientPacket::Authenticate { arguments }.encode()
    }

    /// Where the list of emotes is.
    pub(super) fn emotes(&self) -> Option<String> {
        let assets = self.assets.as_ref()?;
        Some(format!("{assets}/emotes?fields=uri,strings,min_rank"))
    }

    /// Where the picture of a user is.
    pub(super) fn picture(&self, user_id: &str) -> Option<String> {
        let is_number = user_id.bytes().all(|byte| byte.is_ascii_digit());
        let template = self.pictures.as_ref().filter(|_| is_number)?;
        Some(template.replace(UID, user_id))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({} strings)", self.arguments.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(filled: &[(&str, &str)]) -> Vec<AuthField> {
        let mut form = protocol().auth.unwrap();
        for field in &mut form {
            if let Some((_, value)) = filled.iter().find(|(name, _)| *name == field.name) {
                field.set((*value).to_owned());
            }
        }
        form
    }

    fn frame(filled: &[(&str, &str)]) -> Result<String, ErrorKind> {
        let url = ("sockchat_url", "ws://localhost/");
        let all: Vec<_> = std::iter::once(url).chain(filled.iter().copied()).collect();
        let login = Login::read(&form(&all)).map_err(|error| error.kind())?;
        Ok(login.1.frame())
    }

    #[test]
    fn three_ways_of_signing_in() {
        for (filled, expected) in [
            (vec![("token", "t"), ("uid", "7")], "1\t7\tt"),
            (vec![("token", "t"), ("scheme", "Misuzu")], "1\tMisuzu\tt"),
            (
                vec![("token", "t"), ("scheme", "Bearer"), ("uid", "7")],
                "1\tBearer\t7\tt",
            ),
            (vec![("token", "one two  three")], "1\tone\ttwo\tthree"),
        ] {
            assert_eq!(frame(&filled), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn forms_that_cannot_be_used() {
        let invalid = Err(ErrorKind::Invalid);
        assert_eq!(frame(&[]), invalid);
        assert_eq!(frame(&[("token", "a\tb"), ("uid", "7")]), invalid);
        assert_eq!(
            frame(&[("token", "t"), ("pfp_url", "https://a.b/")]),
            invalid
        );
        for api in ["ftp://a.b", "a.b", "https://a.b/?x=1"] {
            assert_eq!(frame(&[("token", "t"), ("asset_api", api)]), invalid);
        }
        let http = form(&[("token", "t"), ("sockchat_url", "http://a.b")]);
        assert_eq!(
            Login::read(&http).map_err(|e| e.kind()).err(),
            Some(ErrorKind::Invalid)
        );
    }

    #[test]
    fn pictures_are_those_of_people() {
        let filled = [
            ("sockchat_url", "ws://a/"),
            ("token", "hunter2"),
            ("pfp_url", "https://a.b/{uid}.png"),
            ("asset_api", "https://a.b/api/"),
        ];
        let (_, login) = Login::read(&form(&filled)).unwrap();
        assert_eq!(login.picture("7").as_deref(), Some("https://a.b/7.png"));
        assert_eq!(login.picture("-1"), None);
        let emotes = "https://a.b/api/emotes?fields=uri,strings,min_rank";
        assert_eq!(login.emotes().as_deref(), Some(emotes));
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
