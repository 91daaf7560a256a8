//! Where to connect to: checked hosts and URLs, and what of them may be shown.

use std::fmt;
use std::net::IpAddr;

use kaiwa_core::{Error, ErrorKind};
use rustls_pki_types::ServerName;
use url::{Host, Url};

/// Characters of a bad address that an error shows: enough to recognise it, short enough for one line.
const SHOWN_CHARS: usize = 60;

/// A host, checked and normalised, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    host: Host,
    port: u16,
}

/// What a URL must look like.
pub(crate) struct UrlRule {
    /// What the URL is called in errors.
    pub(crate) what: &'static str,
    /// The schemes taken.
    pub(crate) schemes: &'static [&'static str],
    /// The port where neither the URL nor its scheme names one.
    pub(crate) default_port: Option<u16>,
    /// A good one.
    pub(crate) example: &'static str,
    /// Where a user and password belong instead of the URL.
    pub(crate) secrets_go: &'static str,
}

impl UrlRule {
    /// Checks a URL.
    ///
    /// # Errors
    /// `Invalid`, with a good one as an example and nothing in it that may be secret.
    pub(crate) fn parse(&self, text: &str) -> Result<(Url, Address), Error> {
        let url = Url::parse(text).map_err(|error| self.refuse(text).with_source(error))?;
        if !self.schemes.contains(&url.scheme()) {
            return Err(self.refuse(text));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let (what, place) = (self.what, self.secrets_go);
            return Err(invalid(format!(
                "a {what} must not hold a user or password; {place}"
            )));
        }
        let host = url.host_str().ok_or_else(|| self.refuse(text))?;
        let port = url.port_or_known_default().or(self.default_port);
        let address = Address::new(host, port.ok_or_else(|| self.refuse(text))?)?;
        Ok((url, address))
    }

    fn refuse(&self, text: &str) -> Error {
        let (what, shown, example) = (self.what, shown(text), self.example);
        invalid(format!(
            "`{shown}` is no {what}; a good one looks like {example}"
        ))
    }
}

impl Address {
    /// Checks a host name or address as a user writes it; IPv6 with or without brackets.
    ///
    /// # Errors
    /// `Invalid`.
    pub(crate) fn new(host: &str, port: u16) -> Result<Self, Error> {
        let host = match host.parse() {
            Ok(IpAddr::V4(ip)) => Host::Ipv4(ip),
            Ok(IpAddr::V6(ip)) => Host::Ipv6(ip),
            Err(_) => Host::parse(host).map_err(|error| {
                let shown = shown(host);
                invalid(format!(
                    "`{shown}` is no host name; a good one looks like chat.example.org"
                ))
                .with_source(error)
            })?,
        };
        if port == 0 {
            return Err(invalid(format!(
                "port 0 of {host} cannot be connected to; name the port of the server"
            )));
        }
        Ok(Self { host, port })
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The host without brackets.
    pub(crate) fn bare_host(&self) -> String {
        match &self.host {
            Host::Ipv6(ip) => ip.to_string(),
            Host::Ipv4(_) | Host::Domain(_) => self.host.to_string(),
        }
    }

    /// The name that a certificate must be made out to.
    ///
    /// # Errors
    /// `Invalid` for a host name that DNS does not allow.
    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, Error> {
        match &self.host {
            Host::Ipv4(ip) => Ok(IpAddr::V4(*ip).into()),
            Host::Ipv6(ip) => Ok(IpAddr::V6(*ip).into()),
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| {
                invalid(format!("no certificate can be made out to `{name}`")).with_source(error)
            }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// An error for something that the user wrote.
pub(crate) fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// As much of a bad address as may be shown: no query, and nothing after the scheme where a password may stand.
fn shown(text: &str) -> String {
    let public = if text.contains('@') {
        text.split_once("://").map_or("", |(scheme, _)| scheme)
    } else {
        text.split(['?', '#']).next().unwrap_or_default()
    };
    let mut line: String = public
        .chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if public.len() < text.len() || public.chars().nth(SHOWN_CHARS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: UrlRule = UrlRule {
        what: "test address",
        schemes: &["ws", "wss"],
        default_port: None,
        example: "wss://chat.example.org/path",
        secrets_go: "put them elsewhere",
    };

    #[test]
    fn good_addresses() {
        for (text, address) in [
            ("ws://example.org", "example.org:80"),
            ("wss://example.org/x?y=z", "example.org:443"),
            ("ws://EXAMPLE.org:81", "example.org:81"),
            ("ws://[::1]:5/", "[::1]:5"),
            ("wss://bücher.example", "xn--bcher-kva.example:443"),
        ] {
            assert_eq!(RULE.parse(text).unwrap().1.to_string(), address);
        }
        assert_eq!(Address::new("::1", 5).unwrap().to_string(), "[::1]:5");
        assert_eq!(Address::new("[::1]", 5).unwrap().bare_host(), "::1");
    }

    #[test]
    fn bad_addresses_are_told_apart_without_their_secrets() {
        for text in [
            "",
            "example.org",
            "http://example.org/?hunter2",
            "ws://",
            "ws://user:hunter2@example.org",
            "ws//user:hunter?2@example.org",
            "http://example.org/?a=hunter2@b",
            "ws://exa mple.org/#hunter2",
            "ws://example.org:99999",
            "ws://example.org:0",
            "ws://\0",
        ] {
            let error = RULE.parse(text).unwrap_err();
            let line = error.chain();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            assert!(!line.contains("hunter"), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        for host in ["", "a b", "a\r\nb", "a/b", "exa@mple"] {
            assert_eq!(
                Address::new(host, 1).unwrap_err().kind(),
                ErrorKind::Invalid
            );
        }
    }
}
