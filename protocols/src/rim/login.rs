//! The login form, filled: where the server is, who signs in, whether they register first.

use kaiwa_core::{AuthField, Error, ErrorKind, Protocol};
use url::Url;

/// The path of the REST interface on kaiwa's own server.
const OWN_REST: &str = "/rim/api";

/// The path of the WebSocket on kaiwa's own server.
const OWN_WEBSOCKET: &str = "/rim/ws";

/// The port of the original's WebSocket; its REST interface has another one.
const ORIGINAL_WEBSOCKET_PORT: u16 = 3012;

/// Name and login form.
pub(super) fn protocol() -> Protocol {
    Protocol {
        name: "rim".to_owned(),
        auth: Some(vec![
            AuthField::text("url", "Server (http:// or https://)", None, true),
            AuthField::text(
                "ws_url",
                "WebSocket, where it is not in the usual place (ws:// or wss://)",
                None,
                false,
            ),
            AuthField::text("account", "Account", None, true),
            AuthField::password("password", "Password", true),
            AuthField::text("register", "Register first (yes or no)", None, false),
            AuthField::text("name", "Your name, to register", None, false),
            AuthField::text("email", "E-mail address, to register", None, false),
            AuthField::text("avatar", "Address of a picture, to register", None, false),
        ]),
    }
}

/// Where the server is and who signs in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The base of the REST interface, without a slash at its end.
    pub(super) rest: String,
    pub(super) websocket: String,
    pub(super) account: String,
    pub(super) password: String,
    /// Set if the account is to be made first.
    pub(super) register: Option<Registration>,
}

/// What a new account is made of.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) avatar: String,
}

impl Login {
    /// Reads a form.
    pub(super) fn read(form: &[AuthField]) -> Result<Self, Error> {
        let rest = rest_url(AuthField::require(form, "url")?)?;
        let websocket = match AuthField::find(form, "ws_url") {
            Some(given) => parse(given, "ws_url", ["ws", "wss"], "ws://localhost:3012/")?.into(),
            None => websocket_url(&rest)?,
        };
        let account = AuthField::require(form, "account")?;
        // The original builds its queries of the text.
        if account.contains('\'') {
            return Err(invalid(
                "the login field `account` must not hold an apostrophe, which breaks rim servers"
                    .to_owned(),
            ));
        }
        let register = match AuthField::find(form, "register") {
            None | Some("no") => None,
            Some("yes") => {
                let or_empty = |name| AuthField::find(form, name).unwrap_or_default().to_owned();
                Some(Registration {
                    name: AuthField::find(form, "name").unwrap_or(account).to_owned(),
                    email: or_empty("email"),
                    avatar: or_empty("avatar"),
                })
            }
            Some(_) => {
                return Err(invalid(
                    "the login field `register` takes yes or no".to_owned(),
                ));
            }
        };
        Ok(Self {
            rest: rest.as_str().trim_end_matches('/').to_owned(),
            websocket,
            account: account.to_owned(),
            password: AuthField::require(form, "password")?.to_owned(),
            register,
        })
    }

    /// Whether both lead to the same account.
    pub(super) fn is_same_account(&self, other: &Self) -> bool {
        self.rest == other.rest && self.account == other.account
    }
}

/// The base of the REST interface; that of kaiwa's own server where the address has no path.
fn rest_url(given: &str) -> Result<Url, Error> {
    let mut url = parse(given, "url", ["http", "https"], "http://localhost:8000/api")?;
    if url.path() == "/" {
        url.set_path(OWN_REST);
    }
    Ok(url)
}

/// Beside the REST interface on kaiwa's own server, on the original's port elsewhere.
fn websocket_url(rest: &Url) -> Result<String, Error> {
    let mut url = rest.clone();
    let path = rest.path().trim_end_matches('/');
    let own = path.strip_suffix(OWN_REST).map(str::to_owned);
    let scheme = if rest.scheme() == "https" {
        "wss"
    } else {
        "ws"
    };
    let mut set = url.set_scheme(scheme);
    match own {
        Some(before) => url.set_path(&format!("{before}{OWN_WEBSOCKET}")),
        None => {
            url.set_path("/");
            set = set.and_then(|()| url.set_port(Some(ORIGINAL_WEBSOCKET_PORT)));
        }
    }
    set.map_err(|()| invalid("the login field `ws_url` is needed for this server".to_owned()))?;
    Ok(url.into())
}

fn parse(given: &str, field: &str, schemes: [&str; 2], example: &str) -> Result<Url, Error> {
    let wrong = || {
        let [one, other] = schemes;
        invalid(format!(
            "the login field `{field}` must be an address that begins with {one}:// or {other}://, for example {example}"
        ))
    };
    let url = Url::parse(given).map_err(|_| wrong())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !schemes.contains(&url.scheme()) || url.host_str().is_none() {
        return Err(wrong());
    }
    if !plain {
        return Err(invalid(format!(
            "the login field `{field}` must hold no user, password, query or fragment"
        )));
    }
    Ok(url)
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, &str)]) -> Result<Login, Error> {
        let mut form = protocol().auth.unwrap();
        for (name, value) in values {
            let field = form.iter_mut().find(|field| field.name == *name).unwrap();
            field.set((*value).to_owned());
        }
        Login::read(&form)
    }

    #[test]
    fn addresses_lead_to_both_servers() {
        for (url, rest, websocket) in [
            (
                "http://localhost:8000/api",
                "http://localhost:8000/api",
                "ws://localhost:3012/",
            ),
            (
                "http://127.0.0.1:8000/api/",
                "http://127.0.0.1:8000/api",
                "ws://127.0.0.1:3012/",
            ),
            (
                "https://chat.example.org",
                "https://chat.example.org/rim/api",
                "wss://chat.example.org/rim/ws",
            ),
            (
                "http://localhost:7878/",
                "http://localhost:7878/rim/api",
                "ws://localhost:7878/rim/ws",
            ),
            (
                "http://[::1]:7878/rim/api",
                "http://[::1]:7878/rim/api",
                "ws://[::1]:7878/rim/ws",
            ),
            (
                "https://example.org/chat/rim/api/",
                "https://example.org/chat/rim/api",
                "wss://example.org/chat/rim/ws",
            ),
        ] {
            let login = read(&[("url", url), ("account", "ann"), ("password", "p")]).unwrap();
            assert_eq!(
                (login.rest.as_str(), login.websocket.as_str()),
                (rest, websocket),
                "{url}"
            );
        }
        let login = read(&[
            ("url", "http://localhost:8000/api"),
            ("ws_url", "wss://example.org/live"),
            ("account", "ann"),
            ("password", "p"),
            ("register", "yes"),
        ])
        .unwrap();
        assert_eq!(login.websocket, "wss://example.org/live");
        let registration = login.register.unwrap();
        assert_eq!(
            (registration.name.as_str(), registration.email.as_str()),
            ("ann", "")
        );
    }

    #[test]
    fn senseless_forms_are_refused_without_their_secrets() {
        let good = [
            ("url", "http://localhost"),
            ("account", "ann"),
            ("password", "hunter2"),
        ];
        for (field, value) in [
            ("url", ""),
            ("url", "localhost:8000"),
            ("url", "ws://localhost/"),
            ("url", "http://ann:hunter2@localhost/"),
            ("url", "http://localhost/?hunter2"),
            ("ws_url", "http://localhost/"),
            ("account", ""),
            ("account", "ann' -- "),
            ("password", ""),
            ("register", "maybe"),
        ] {
            let form: Vec<_> = good.into_iter().chain([(field, value)]).collect();
            let error = read(&form).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{field} {value}");
            assert!(!error.chain().contains("hunter2"), "{error}");
            assert!(error.chain().contains(field), "{error}");
        }
    }
}
