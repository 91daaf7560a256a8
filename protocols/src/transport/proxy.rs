//! Proxies: SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110, section 9.3.6). Names are resolved by the proxy.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaiwa_core::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;

use super::address::{Address, UrlRule, invalid};
use super::deadline::Deadline;
use super::dial;

/// Bytes of a proxy's answer to CONNECT; real ones stay below 1 KiB, most servers take and send 8 KiB of headers.
const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// Bytes of a user and of a password in SOCKS5: their length is one byte (RFC 1929).
const MAX_SOCKS_LOGIN_BYTES: usize = 255;

const PROXY_URL: UrlRule = UrlRule {
    what: "proxy address",
    schemes: &["socks5", "socks5h", "http"],
    default_port: Some(1080),
    example: "socks5://127.0.0.1:1080 or http://127.0.0.1:3128",
    secrets_go: "put them into the fields `proxy_user` and `proxy_password`",
};

/// A proxy and how to sign in to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    address: Address,
    login: Option<Login>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Socks5,
    Http,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    password: String,
}

impl Proxy {
    /// Makes a proxy from the login fields `proxy`, `proxy_user` and `proxy_password`.
    ///
    /// # Errors
    /// `Invalid`, naming the field to change.
    pub fn from_fields(
        url: Option<&str>,
        user: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let Some(url) = url else {
            return match user.or(password) {
                None => Ok(None),
                Some(_) => Err(invalid(
                    "`proxy_user` and `proxy_password` are for a proxy, but `proxy` is empty"
                        .to_owned(),
                )),
            };
        };
        let (url, address) = PROXY_URL.parse(url)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(invalid(format!(
                "a proxy address ends with its port, as in {}",
                PROXY_URL.example
            )));
        }
        let kind = match url.scheme() {
            "http" => Kind::Http,
            _ => Kind::Socks5,
        };
        let login = Login::new(kind, user, password)?;
        Ok(Some(Self {
            kind,
            address,
            login,
        }))
    }

    /// Opens a connection to `target` through the proxy.
    ///
    /// # Errors
    /// `Proxy`, `TimedOut`.
    pub(crate) async fn connect(
        &self,
        target: &Address,
        deadline: &Deadline,
    ) -> Result<TcpStream, Error> {
        let socket = dial::connect(&self.address, deadline)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::TimedOut => error,
                _ => self.failed("cannot be reached").with_source(error),
            })?;
        let open = async {
            match self.kind {
                Kind::Socks5 => self.socks5(socket, target).await,
                Kind::Http => self.tunnel(socket, target).await,
            }
        };
        deadline.step(self, "open the way", open).await
    }

    /// The same proxy for HTTP requests.
    pub(crate) fn for_http(&self) -> reqwest::Result<reqwest::Proxy> {
        let scheme = match self.kind {
            // The `h` makes the proxy resolve names.
            Kind::Socks5 => "socks5h",
            Kind::Http => "http",
        };
        let proxy = reqwest::Proxy::all(format!("{scheme}://{}", self.address))?;
        Ok(match &self.login {
            Some(login) => proxy.basic_auth(&login.user, &login.password),
            None => proxy,
        })
    }

    /// An error of this proxy.
    pub(crate) fn failed(&self, how: &str) -> Error {
        Error::new(ErrorKind::Proxy, format!("{self} {how}"))
    }

    /// The error of a proxy that wants another user or password.
    pub(crate) fn unauthorised(&self) -> Error {
        self.failed(match self.login {
            Some(_) => "does not take `proxy_user` and `proxy_password`; check them",
            None => "wants a user and password; fill in `proxy_user` and `proxy_password`",
        })
    }

    async fn socks5(&self, socket: TcpStream, target: &Address) -> Result<TcpStream, Error> {
        let host = target.bare_host();
        let to = (host.as_str(), target.port());
        let opened = match &self.login {
            Some(Login { user, password }) => {
                Socks5Stream::connect_with_password_and_socket(socket, to, user, password).await
            }
            None => Socks5Stream::connect_with_socket(socket, to).await,
        };
        use tokio_socks::Error as Socks;
        match opened {
            Ok(stream) => Ok(stream.into_inner()),
            Err(
                Socks::NoAcceptableAuthMethods
                | Socks::UnknownAuthMethod
                | Socks::AuthorizationRequired
                | Socks::PasswordAuthFailure(_),
            ) => Err(self.unauthorised()),
            Err(error) => Err(self.no_way(target).with_source(error)),
        }
    }

    async fn tunnel(&self, mut socket: TcpStream, target: &Address) -> Result<TcpStream, Error> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(Login { user, password }) = &self.login {
            let token = STANDARD.encode(format!("{user}:{password}"));
            request.push_str(&format!("Proxy-Authorization: Basic {token}\r\n"));
        }
        request.push_str("\r\n");
        let exchange = async {
            socket.write_all(request.as_bytes()).await?;
            read_answer(&mut socket).await
        };
        let answer = exchange
            .await
            .map_err(|error| self.no_way(target).with_source(error))?;
        match status(&answer) {
            Some(200..=299) => Ok(socket),
            Some(407) => Err(self.unauthorised()),
            Some(code) => Err(self
                .no_way(target)
                .with_source(format!("it answers with status {code}"))),
            None => Err(self.failed("does not answer as an HTTP proxy; check its kind and port")),
        }
    }

    fn no_way(&self, target: &Address) -> Error {
        self.failed(&format!("opens no way to {target}"))
    }
}

impl Login {
    fn new(kind: Kind, user: Option<&str>, password: Option<&str>) -> Result<Option<Self>, Error> {
        let (user, password) = match (user, password) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(invalid("`proxy_password` needs a `proxy_user`".to_owned()));
            }
            (Some(user), password) => (user.to_owned(), password.unwrap_or_default().to_owned()),
        };
        let fits = |text: &str| (1..=MAX_SOCKS_LOGIN_BYTES).contains(&text.len());
        match kind {
            Kind::Socks5 if !fits(&user) || !fits(&password) => Err(invalid(format!(
                "a SOCKS5 proxy takes a `proxy_user` and a `proxy_password` of 1 to {MAX_SOCKS_LOGIN_BYTES} bytes each"
            ))),
            // RFC 7617, section 2.
            Kind::Http if user.contains(':') => {
                Err(invalid("`proxy_user` must not hold a colon".to_owned()))
            }
            Kind::Socks5 | Kind::Http => Ok(Some(Self { user, password })),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proxy {}", self.address)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("kind", &self.kind)
            .field("address", &self.address.to_string())
            .field("user", &self.login.as_ref().map(|login| &login.user))
            .finish_non_exhaustive()
    }
}

/// Reads up to the empty line, byte by byte: what follows belongs to the target, which may speak first.
async fn read_answer(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == MAX_ANSWER_BYTES {
            return Err(std::io::Error::other("its answer does not end"));
        }
        answer.push(socket.read_u8().await?);
    }
    Ok(answer)
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words
        .next()
        .filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        for (line, code) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], Some(200)),
            (b"HTTP/1.0 407\r\n\r\n", Some(407)),
            (b"HTTP/2 200\r\n\r\n", None),
            (b"HTTP/1.1 \r\n\r\n", None),
            (b"HTTP/1.1 99999 x\r\n\r\n", None),
            (b"SSH-2.0-x\r\n\r\n", None),
            (b"\xff\xfe\r\n\r\n", None),
            (b"", None),
        ] {
            assert_eq!(status(line), code);
        }
    }
}
