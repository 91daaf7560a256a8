//! Which web pages may talk to the server. A browser sends `Origin` with each WebSocket handshake; other programs need not.

use axum::http::{HeaderMap, header};

/// The rule for one server.
#[derive(Clone, Debug)]
pub(crate) struct OriginRule {
    allowed: Vec<String>,
    /// Whether a page's host name can be trusted to be this server's. On a bare loopback listener it cannot: any name
    /// can be made to resolve to 127.0.0.1 (DNS rebinding), so only addresses and `localhost` count there.
    named: bool,
}

impl OriginRule {
    pub(crate) fn new(allowed: Vec<String>, named: bool) -> Self {
        Self { allowed, named }
    }

    /// Whether a request with these headers is served.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, more) = (origins.next(), origins.next());
        let Some(origin) = origin else { return true };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        more.is_none() && (self.is_listed(origin) || self.is_same_host(origin, headers))
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }

    fn is_same_host(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let default_port = match scheme {
            "http" => "80",
            "https" => "443",
            _ => return false,
        };
        let Some(host) = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
        else {
            return false;
        };
        let (name, port) = split_port(authority);
        let (host_name, host_port) = split_port(host);
        name.eq_ignore_ascii_case(host_name)
            && port.unwrap_or(default_port) == host_port.unwrap_or(default_port)
            && (self.named || is_local(name))
    }
}

/// Splits `name:port`; the colons of an IPv6 address stand in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (authority, None),
    }
}

fn is_local(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &OriginRule, origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        rule.allows(&headers)
    }

    #[test]
    fn same_host_or_listed() {
        let rule = OriginRule::new(vec!["https://chat.example".to_owned()], true);
        for (origin, host) in [
            (None, "me.example"),
            (Some("http://me.example"), "me.example"),
            (Some("http://me.example"), "me.example:80"),
            (Some("https://ME.example:443"), "me.example"),
            (Some("http://me.example:8080"), "me.example:8080"),
            (Some("http://[::1]:7878"), "[::1]:7878"),
            (Some("http://[::1]"), "[::1]"),
            (Some("https://Chat.example"), "me.example"),
        ] {
            assert!(allows(&rule, origin, host), "{origin:?} {host}");
        }
        for (origin, host) in [
            ("http://evil.example", "me.example"),
            ("http://me.example:81", "me.example"),
            ("http://me.example", "me.example:81"),
            ("http://me.example.evil", "me.example"),
            ("http://chat.example", "me.example"),
            ("null", "me.example"),
            ("", "me.example"),
            ("file://", ""),
            ("ftp://me.example", "me.example"),
        ] {
            assert!(!allows(&rule, Some(origin), host), "{origin} {host}");
        }
    }

    #[test]
    fn a_name_is_no_proof_on_loopback() {
        let rule = OriginRule::new(Vec::new(), false);
        assert!(!allows(
            &rule,
            Some("http://rebound.example:7878"),
            "rebound.example:7878"
        ));
        for host in ["localhost:7878", "127.0.0.1:7878", "[::1]:7878"] {
            assert!(
                allows(&rule, Some(&format!("http://{host}")), host),
                "{host}"
            );
        }
    }

    #[test]
    fn everything_if_wanted_but_never_two() {
        let rule = OriginRule::new(vec!["*".to_owned()], false);
        assert!(allows(&rule, Some("null"), "x"));
        let mut headers = HeaderMap::new();
        headers.append(header::ORIGIN, "http://a".parse().unwrap());
        headers.append(header::ORIGIN, "http://b".parse().unwrap());
        assert!(!rule.allows(&headers));
    }
}
