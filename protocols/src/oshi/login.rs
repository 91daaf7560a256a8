//! The login form, filled: where the server is, who signs in, whether they register first.

use kaiwa_core::{AuthField, Error, ErrorKind, Protocol};
use url::{Host, Url};

use super::wire::FILES_PATH;

/// Where the original listens.
const DEFAULT_URL: &str = "ws://127.0.0.1:8765/";

/// The path on kaiwa's own server; a server with a port of its own takes any.
const OWN_PATH: &str = "/oshi";

/// Name and login form.
pub(super) fn protocol() -> Protocol {
    Protocol {
        name: "oshi".to_owned(),
        auth: Some(vec![
            AuthField::text("url", "Server (ws:// or wss://)", Some(DEFAULT_URL), true),
            AuthField::text("account", "Account", None, true),
            AuthField::password("password", "Password", true),
            AuthField::text("register", "Register first (yes or no)", None, false),
            AuthField::text("display", "Your name, to register", None, false),
        ]),
    }
}

/// Where the server is and who signs in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) websocket: String,
    /// The same address, as that of a page; addresses of files are told relative to it.
    pub(super) base: Url,
    /// Where files are sent.
    pub(super) files: Url,
    pub(super) account: String,
    pub(super) password: String,
    /// Whether the account is to be made first.
    pub(super) register: bool,
    pub(super) display: Option<String>,
}

impl Login {
    /// Reads a form.
    pub(super) fn read(form: &[AuthField]) -> Result<Self, Error> {
        let url = parse(AuthField::require(form, "url")?)?;
        let is_secure = matches!(url.scheme(), "https" | "wss");
        let scheme = |plain, secure| if is_secure { secure } else { plain };
        let websocket = with_scheme(&url, scheme("ws", "wss"))?;
        let base = with_scheme(&url, scheme("http", "https"))?;
        let mut files = base.clone();
        let path = base.path().trim_end_matches('/');
        let before = path.strip_suffix(OWN_PATH).unwrap_or_default().to_owned();
        files.set_path(&format!("{before}{FILES_PATH}"));
        let register = match AuthField::find(form, "register") {
            None | Some("no") => false,
            Some("yes") => true,
            Some(_) => return Err(invalid("the login field `register` takes yes or no")),
        };
        Ok(Self {
            websocket: websocket.into(),
            base,
            files,
            account: AuthField::require(form, "account")?.to_owned(),
            password: AuthField::require(form, "password")?.to_owned(),
            register,
            display: AuthField::find(form, "display").map(str::to_owned),
        })
    }

    /// Whether both lead to the same account; names are the same in capital and small letters. A server of one's own machine
    /// may come back on another port.
    pub(super) fn is_same_account(&self, other: &Self) -> bool {
        let own = is_loopback(&self.base) && is_loopback(&other.base);
        let same_server = own || self.websocket == other.websocket;
        same_server && self.account.eq_ignore_ascii_case(&other.account)
    }

    /// The address of a file, where it is one that may be shown: of the web, and without a password in it.
    pub(super) fn resolve(&self, url: &str) -> Option<String> {
        let url = self.base.join(url).ok()?;
        let shown = matches!(url.scheme(), "http" | "https") && url.password().is_none();
        shown.then(|| url.into())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn parse(given: &str) -> Result<Url, Error> {
    let wrong = || {
        invalid(
            "the login field `url` must be an address that begins with ws:// or wss://, for example ws://127.0.0.1:8765/",
        )
    };
    let mut url = Url::parse(given).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "ws" | "wss" | "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain {
        return Err(invalid(
            "the login field `url` must hold no user, password, query or fragment",
        ));
    }
    if url.path() == "/" {
        url.set_path(OWN_PATH);
    }
    Ok(url)
}

fn with_scheme(url: &Url, scheme: &str) -> Result<Url, Error> {
    // `set_scheme` keeps a port that is the default one of the new scheme only; so the port is set anew.
    let port = url.port_or_known_default();
    let mut url = url.clone();
    let set = url.set_scheme(scheme).and_then(|()| url.set_port(port));
    set.map_err(|()| invalid("the login field `url` must name a host"))?;
    Ok(url)
}

fn invalid(message: &'static str) -> Error {
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

    fn at(url: &str) -> Login {
        read(&[("url", url), ("account", "ann"), ("password", "p")]).unwrap()
    }

    #[test]
    fn one_address_leads_to_both_doors() {
        for (url, websocket, files) in [
            (
                "ws://127.0.0.1:8765/",
                "ws://127.0.0.1:8765/oshi",
                "http://127.0.0.1:8765/oshi/files",
            ),
            (
                "http://localhost:7878",
                "ws://localhost:7878/oshi",
                "http://localhost:7878/oshi/files",
            ),
            (
                "https://chat.example.org/",
                "wss://chat.example.org/oshi",
                "https://chat.example.org/oshi/files",
            ),
            (
                "wss://example.org/chat/oshi/",
                "wss://example.org/chat/oshi/",
                "https://example.org/chat/oshi/files",
            ),
            (
                "ws://[::1]:80/elsewhere",
                "ws://[::1]/elsewhere",
                "http://[::1]/oshi/files",
            ),
            (
                "ws://example.org:443/",
                "ws://example.org:443/oshi",
                "http://example.org:443/oshi/files",
            ),
        ] {
            let login = at(url);
            assert_eq!(login.websocket, websocket, "{url}");
            assert_eq!(login.files.as_str(), files, "{url}");
        }
        let unset = read(&[("account", "ann"), ("password", "p"), ("register", "yes")]).unwrap();
        assert_eq!(unset.websocket, "ws://127.0.0.1:8765/oshi");
        assert!(unset.register && unset.display.is_none());
    }

    #[test]
    fn addresses_of_files_are_of_the_web() {
        let login = at("wss://example.org/oshi");
        for (told, shown) in [
            (
                "/oshi/files/k/a%20b.png",
                Some("https://example.org/oshi/files/k/a%20b.png"),
            ),
            (
                "https://cdn.example.org/x",
                Some("https://cdn.example.org/x"),
            ),
            ("javascript:alert(1)", None),
            ("file:///etc/passwd", None),
            ("https://a:b@example.org/", None),
        ] {
            assert_eq!(login.resolve(told).as_deref(), shown, "{told}");
        }
    }

    #[test]
    fn senseless_forms_are_refused_without_their_secrets() {
        let good = [
            ("url", "ws://localhost/"),
            ("account", "ann"),
            ("password", "hunter2"),
        ];
        for (field, value) in [
            ("url", ""),
            ("url", "localhost:8765"),
            ("url", "ftp://localhost/"),
            ("url", "ws://ann:hunter2@localhost/"),
            ("url", "ws://localhost/?hunter2"),
            ("account", ""),
            ("password", ""),
            ("register", "maybe"),
        ] {
            let form: Vec<_> = good.into_iter().chain([(field, value)]).collect();
            let error = read(&form).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{field} {value}");
            assert!(!error.chain().contains("hunter2"), "{error}");
            assert!(error.chain().contains(field), "{error}");
        }
        let (one, other) = (at("ws://localhost/"), at("ws://localhost/oshi"));
        assert!(one.is_same_account(&other));
        let (one, moved) = (at("ws://127.0.0.1:1/oshi"), at("ws://127.0.0.1:2/oshi"));
        assert!(one.is_same_account(&moved));
        let (one, other) = (at("ws://example.org:1"), at("ws://example.org:2"));
        assert!(!one.is_same_account(&other) && !one.is_same_account(&moved));
    }
}
