//! Where a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// What a proxy tells of its client; each proxy on the way appends the address it was asked from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of a request's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// Whom a request is from that came over a connection from `self`. Behind a proxy its last word counts, since it wrote that
    /// one itself; what stands before may be the client's invention.
    pub(super) fn of(self, headers: &HeaderMap, behind_proxy: bool) -> Self {
        if !behind_proxy {
            return self;
        }
        let last = headers.get_all(FORWARDED_FOR).iter().next_back();
        last.and_then(|value| value.to_str().ok())
            .and_then(|list| list.rsplit(',').next())
            .and_then(|address| address.trim().parse().ok())
            .map_or(self, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_is_believed_and_only_its_own_word() {
        let proxy = Peer("127.0.0.1".parse().unwrap());
        let client = Peer("192.0.2.7".parse().unwrap());
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            headers
        };
        for values in [
            &["192.0.2.7"][..],
            &["10.0.0.1, 192.0.2.7"],
            &["10.0.0.1", "10.0.0.2,192.0.2.7 "],
        ] {
            assert_eq!(proxy.of(&headers(values), true), client);
            assert_eq!(proxy.of(&headers(values), false), proxy);
        }
        for values in [&[][..], &["unknown"], &["192.0.2.7, "]] {
            assert_eq!(proxy.of(&headers(values), true), proxy);
        }
    }
}
