//! Everything that can be set, from a TOML file. One table makes the struct, its defaults and the printed example.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kaiwa_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::names::Name;

mod seconds;

macro_rules! options {
    ($($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)+)])? $name:ident: $type:ty = $default:expr $(, example $example:literal)?;)+) => {
        /// How a server is set up. Paths are relative to the working directory.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct Config {
            $($(#[doc = $doc])+ $(#[serde($($serde)+)])? pub $name: $type,)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// Each option: its name, its documentation, and an example where the default is not to set it.
        const OPTIONS: &[(&str, &[&str], &str)] = &[
            $((stringify!($name), &[$($doc),+], concat!($($example)?)),)+
        ];
    };
}

/// What is kept, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StoreKind {
    /// SQLite in the data directory.
    #[default]
    Sqlite,
    /// Nothing is kept.
    None,
}

options! {
    /// Where to listen: address and port; port 0 takes a free one. WebSocket clients of wschat connect to `/wschat` here, those
    /// of Oshi to `/oshi`, of Sock Chat to `/sockchat`, of rim to `/rim/ws`, whose REST is at `/rim/api`.
    listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7878));

    /// A second address where wschat is at `/`, since the original's own clients know no other path.
    wschat_listen: Option<SocketAddr> = None, example "\"127.0.0.1:7880\"";

    /// A second address for rim's REST, where it is at `/api`, as the original has it on port 8000.
    rim_rest_listen: Option<SocketAddr> = None, example "\"127.0.0.1:8000\"";

    /// A second address for rim's WebSocket, where any path will do, as the original has it on port 3012.
    rim_ws_listen: Option<SocketAddr> = None, example "\"127.0.0.1:3012\"";

    /// Whether rim is served at all; `false`: its paths are unknown (404).
    rim: bool = true;

    /// A second address for Oshi, where any path will do, as the original has it on port 8765.
    oshi_listen: Option<SocketAddr> = None, example "\"127.0.0.1:8765\"";

    /// Whether Oshi is served at all; `false`: its paths are unknown (404).
    oshi: bool = true;

    /// What one person may say, edit, delete and react to over Oshi within `oshi_rate_ms`; 0: as much as they like.
    oshi_rate_count: u32 = 20;

    /// The span of `oshi_rate_count`, in milliseconds; 0: no limit either.
    oshi_rate_ms: u64 = 10_000;

    /// The longest file that is taken over Oshi, in bytes.
    oshi_max_file_bytes: u64 = 16 * 1024 * 1024;

    /// What all files of one person may have over Oshi, in bytes; a small one counts as 4 KiB.
    oshi_user_file_bytes: u64 = 1024 * 1024 * 1024;

    /// A second address for Sock Chat, where any path will do, as SharpChat has it on port 6770.
    sockchat_listen: Option<SocketAddr> = None, example "\"127.0.0.1:6770\"";

    /// Whether Sock Chat is served at all; `false`: its path is unknown (404).
    sockchat: bool = true;

    /// Accounts that may do everything on Sock Chat, by their sign-in names. Whoever has none yet may register it.
    operators: Vec<String> = Vec::new();

    /// Where this server is for others, as in `"https://chat.example"`: stands before the addresses of files where they are
    /// shown to people on other networks. Without it: `http://` and the main listener's address.
    public_url: Option<String> = None, example "\"https://chat.example\"";

    /// Whether anybody may make an account. Accounts that are there sign in all the same.
    registration: bool = true;

    /// The directory of the database. Made if it is missing; one server at a time uses it.
    data_dir: PathBuf = PathBuf::from("kaiwa-data");

    /// `"sqlite"` keeps every message before anybody sees it; `"none"` keeps nothing.
    store: StoreKind = StoreKind::Sqlite;

    /// Also append each message as a JSON line to a file per day (YYYY-MM-DD, UTC) in this directory, as wschat does. What
    /// a crash left out is made up for at the next start.
    log_dir: Option<PathBuf> = None, example "\"kaiwa-log\"";

    /// The environment variable that holds the secret of wschat's tokens. With a secret, messages without a valid HS256
    /// token are ignored, and nobody enters or speaks in the lobby on rim and Oshi, whose accounts have none.
    jwt_secret_env: Option<String> = None, example "\"JWT_SECRET\"";

    /// The same, from a file; one line end at its end does not count.
    jwt_secret_file: Option<PathBuf> = None, example "\"/etc/kaiwa/jwt-secret\"";

    /// Whether a token's `exp` and `nbf` count. The original ignores them.
    jwt_enforce_times: bool = false;

    /// The certificate chain (PEM) to speak TLS with, on all listeners. Needs `tls_key`.
    tls_cert: Option<PathBuf> = None, example "\"/etc/kaiwa/cert.pem\"";

    /// The certificate's private key (PEM).
    tls_key: Option<PathBuf> = None, example "\"/etc/kaiwa/key.pem\"";

    /// Says that a proxy in front of this server speaks TLS. Without it or TLS files, only loopback addresses are taken.
    behind_proxy: bool = false;

    /// Web pages that may connect besides those of the same host, as in `"https://chat.example"`; `"*"` for all.
    origins: Vec<String> = Vec::new();

    /// The longest message taken, in bytes. A longer one ends its sender's connection (close code 1009).
    max_message_bytes: usize = 64 * 1024;

    /// Messages that may wait for one client. One over this for five seconds, or over four times this, is disconnected
    /// (close code 1013).
    queue_messages: usize = 4096;

    /// Bytes that may wait for one client, in the same way.
    queue_bytes: usize = 1024 * 1024;

    /// A client that was silent for so many seconds is pinged.
    #[serde(with = "seconds")]
    ping_interval: Duration = Duration::from_secs(30);

    /// A client that was silent for so many seconds, pings included, is disconnected.
    #[serde(with = "seconds")]
    idle_timeout: Duration = Duration::from_secs(90);

    /// Connections at a time; further ones are told to come back (503).
    max_connections: usize = 10_000;
}

/// A secret longer than this, in bytes, is not meant, or the file is not the right one.
const MAX_SECRET_BYTES: usize = 64 * 1024;

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// `Config`, also if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let name = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| invalid(format!("{name} cannot be read")).with_source(error))?;
        Self::parse(&text)
            .map_err(|error| invalid(format!("{name} is not usable")).with_source(error))
    }

    /// Reads TOML. What is not set keeps its default.
    ///
    /// # Errors
    /// `Config` for what is no TOML, unknown options and values of the wrong type.
    pub fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.lines().count().max(1));
            let place = line
                .map(|line| format!("line {line}: "))
                .unwrap_or_default();
            invalid(format!("{place}{}", error.message().replace('\n', ", ")))
        })
    }

    /// A file with every option, its meaning and its default.
    #[must_use]
    pub fn example() -> String {
        let defaults = toml::Table::try_from(Self::default()).unwrap_or_default();
        let mut text = String::from("# The options of a kaiwa server and their defaults.\n");
        for (name, doc, example) in OPTIONS {
            text.push('\n');
            for line in *doc {
                // Writing to a string does not fail.
                let _ = writeln!(text, "#{line}");
            }
            let _ = match defaults.get(*name) {
                Some(value) => writeln!(text, "{name} = {value}"),
                None => writeln!(text, "# {name} = {example}"),
            };
        }
        text
    }

    /// Whether the options fit together.
    ///
    /// # Errors
    /// `Config`, saying what to change.
    pub fn check(&self) -> Result<(), Error> {
        let secure = self.behind_proxy || self.tls_cert.is_some();
        let listeners = [
            Some(self.listen),
            self.wschat_listen,
            self.rim_rest_listen,
            self.rim_ws_listen,
            self.oshi_listen,
            self.sockchat_listen,
        ];
        for address in listeners.into_iter().flatten() {
            if !address.ip().is_loopback() && !secure {
                return Err(invalid(format!(
                    "{address} can be reached from outside: set tls_cert and tls_key, or behind_proxy = true if a proxy speaks TLS"
                )));
            }
        }
        if !self.rim && (self.rim_rest_listen.is_some() || self.rim_ws_listen.is_some()) {
            return Err(invalid(
                "rim = false leaves nothing for rim_rest_listen and rim_ws_listen: remove them",
            ));
        }
        if !self.oshi && self.oshi_listen.is_some() {
            return Err(invalid(
                "oshi = false leaves nothing for oshi_listen: remove it",
            ));
        }
        if !self.sockchat && self.sockchat_listen.is_some() {
            return Err(invalid(
                "sockchat = false leaves nothing for sockchat_listen: remove it",
            ));
        }
        for operator in &self.operators {
            Name::parse(operator).map_err(|error| {
                invalid(format!("operators: {operator:?} can be nobody's name")).with_source(error)
            })?;
        }
        if let Some(url) = &self.public_url {
            let url = url::Url::parse(url).ok();
            if !url.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
                return Err(invalid(
                    "public_url is no http(s) address: write it as in \"https://chat.example\"",
                ));
            }
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(invalid(
                "tls_cert and tls_key need each other: set both or none",
            ));
        }
        if self.jwt_secret_env.is_some() && self.jwt_secret_file.is_some() {
            return Err(invalid(
                "jwt_secret_env and jwt_secret_file exclude each other: set one",
            ));
        }
        if self.idle_timeout <= self.ping_interval || self.ping_interval.is_zero() {
            return Err(invalid(
                "ping_interval must be above 0 and idle_timeout longer than it",
            ));
        }
        for (name, value) in [
            ("max_message_bytes", self.max_message_bytes),
            ("queue_messages", self.queue_messages),
            ("queue_bytes", self.queue_bytes),
            ("max_connections", self.max_connections),
        ] {
            if value == 0 {
                return Err(invalid(format!("{name} = 0 would let nothing through")));
            }
        }
        Ok(())
    }

    /// The tokens' secret, if tokens are wanted.
    pub(crate) fn jwt_secret(&self) -> Result<Option<Vec<u8>>, Error> {
        let (secret, place) = if let Some(name) = &self.jwt_secret_env {
            let value = std::env::var_os(name)
                .ok_or_else(|| invalid(format!("jwt_secret_env names {name}, which is not set")))?;
            (value.into_encoded_bytes(), name.clone())
        } else if let Some(path) = &self.jwt_secret_file {
            let name = path.display().to_string();
            let secret = read_secret(path).map_err(|error| {
                invalid(format!("jwt_secret_file {name} cannot be read")).with_source(error)
            })?;
            (secret, name)
        } else {
            return Ok(None);
        };
        if secret.is_empty() || secret.len() > MAX_SECRET_BYTES {
            return Err(invalid(format!(
                "the secret in {place} is empty or longer than {MAX_SECRET_BYTES} bytes"
            )));
        }
        Ok(Some(secret))
    }
}

/// A file without one line end at its end. Of a file that is too long, or endless, just enough to tell.
fn read_secret(path: &Path) -> io::Result<Vec<u8>> {
    let mut secret = Vec::new();
    let longest = MAX_SECRET_BYTES + b"\r\n".len();
    File::open(path)?
        .take(longest as u64 + 1)
        .read_to_end(&mut secret)?;
    let end = [&b"\r\n"[..], b"\n"]
        .into_iter()
        .find(|end| secret.ends_with(end));
    secret.truncate(secret.len() - end.map_or(0, <[u8]>::len));
    Ok(secret)
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(toml: &str) -> String {
        let error = Config::parse(toml)
            .and_then(|config| config.check())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.chain();
        assert!(!text.contains('\n'), "{text}");
        text
    }

    #[test]
    fn the_example_is_the_default() {
        let text = Config::example();
        assert_eq!(Config::parse(&text).unwrap(), Config::default());
        Config::default().check().unwrap();
        for (name, doc, _) in OPTIONS {
            assert!(text.contains(&format!("{name} = ")), "{name}");
            assert!(doc.iter().all(|line| line.starts_with(' ')), "{name}");
        }
    }

    #[test]
    fn the_examples_examples_are_valid() {
        let uncommented: String = Config::example()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest)
                    if OPTIONS
                        .iter()
                        .any(|(name, ..)| rest.starts_with(&format!("{name} = "))) =>
                {
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let config = Config::parse(&uncommented).unwrap();
        assert_eq!(config.wschat_listen.unwrap().port(), 7880);
        assert_eq!(config.rim_rest_listen.unwrap().port(), 8000);
        assert_eq!(config.rim_ws_listen.unwrap().port(), 3012);
        assert_eq!(config.oshi_listen.unwrap().port(), 8765);
        assert_eq!(config.sockchat_listen.unwrap().port(), 6770);
        assert_eq!(config.jwt_secret_env.as_deref(), Some("JWT_SECRET"));
        assert!(config.log_dir.is_some() && config.tls_cert.is_some() && config.tls_key.is_some());
    }

    #[test]
    fn mistakes_are_told() {
        assert!(error("listne = 1").contains("listne"));
        assert!(error("\nlisten = 1").starts_with("line 2: "));
        assert!(error("= 5").starts_with("line 1: "));
        assert!(error("listen = \"0.0.0.0:1\"").contains("behind_proxy = true"));
        assert!(error("wschat_listen = \"[::]:1\"").contains("tls_cert"));
        assert!(error("rim_rest_listen = \"192.0.2.1:1\"").contains("behind_proxy"));
        assert!(error("rim_ws_listen = \"0.0.0.0:1\"").contains("behind_proxy"));
        for listener in ["rim_rest_listen", "rim_ws_listen"] {
            let both = format!("rim = false\n{listener} = \"127.0.0.1:1\"");
            assert!(error(&both).contains(listener));
        }
        assert!(error("oshi_listen = \"0.0.0.0:1\"").contains("behind_proxy"));
        assert!(error("oshi = false\noshi_listen = \"127.0.0.1:1\"").contains("oshi_listen"));
        assert!(error("sockchat_listen = \"0.0.0.0:1\"").contains("behind_proxy"));
        let both = "sockchat = false\nsockchat_listen = \"127.0.0.1:1\"";
        assert!(error(both).contains("sockchat_listen"));
        assert!(error("operators = [\"ann\", \" bob\"]").contains("\" bob\""));
        for url in ["chat.example", "", "ws://chat.example", "http://"] {
            assert!(error(&format!("public_url = \"{url}\"")).contains("public_url"));
        }
        assert!(error("tls_key = \"a\"").contains("tls_cert"));
        assert!(error("jwt_secret_env = \"A\"\njwt_secret_file = \"b\"").contains("exclude"));
        assert!(error("ping_interval = 90").contains("idle_timeout"));
        assert!(error("ping_interval = -1").contains("line 1"));
        assert!(error("max_connections = 0").contains("max_connections"));
        assert!(error("store = \"mongodb\"").contains("sqlite"));
    }

    #[test]
    fn reach_needs_protection_only_beyond_loopback() {
        for toml in [
            "listen = \"127.0.0.2:0\"",
            "listen = \"[::1]:0\"",
            "listen = \"0.0.0.0:80\"\nbehind_proxy = true",
            "listen = \"0.0.0.0:80\"\ntls_cert = \"a\"\ntls_key = \"b\"",
        ] {
            Config::parse(toml).unwrap().check().unwrap();
        }
    }

    #[test]
    fn secrets_come_from_outside() {
        let mut config = Config::default();
        assert_eq!(config.jwt_secret().unwrap(), None);

        // Set wherever tests run.
        config.jwt_secret_env = Some("PATH".to_owned());
        assert_eq!(
            config.jwt_secret().unwrap().unwrap(),
            std::env::var_os("PATH").unwrap().as_encoded_bytes()
        );
        config.jwt_secret_env = Some("KAIWA_TEST_NEVER_SET".to_owned());
        assert!(
            config
                .jwt_secret()
                .unwrap_err()
                .to_string()
                .contains("KAIWA_TEST_NEVER_SET")
        );

        let file = tempfile::NamedTempFile::new().unwrap();
        config.jwt_secret_env = None;
        config.jwt_secret_file = Some(file.path().to_owned());
        assert!(config.jwt_secret().is_err(), "empty");
        let longest = "x".repeat(MAX_SECRET_BYTES);
        for (content, secret) in [
            (&b"\xff secret \n\n"[..], &b"\xff secret \n"[..]),
            (b"a\r\n", b"a"),
            (b"a\n\r\n", b"a\n"),
            (b"a\r", b"a\r"),
            (b"a", b"a"),
            (format!("{longest}\r\n").as_bytes(), longest.as_bytes()),
        ] {
            fs::write(file.path(), content).unwrap();
            assert_eq!(config.jwt_secret().unwrap().unwrap(), secret);
        }
        for content in ["\r\n".to_owned(), format!("{longest}x")] {
            fs::write(file.path(), content).unwrap();
            assert!(config.jwt_secret().is_err());
        }
        config.jwt_secret_file = Some(file.path().join("missing"));
        assert!(config.jwt_secret().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_secret_is_refused() {
        let config = Config {
            jwt_secret_file: Some("/dev/zero".into()),
            ..Config::default()
        };
        assert!(
            config
                .jwt_secret()
                .unwrap_err()
                .to_string()
                .contains("longer")
        );
    }
}
