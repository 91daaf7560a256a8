//! TCP connections: a name becomes addresses, and the first that answers wins.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kaiwa_core::{Error, ErrorKind};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;
use url::Host;

use super::address::Address;
use super::deadline::Deadline;

/// How long one address may stay silent before the next is tried beside it (RFC 8305, section 8).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of one name that are tried; real names have a handful.
const MAX_ADDRESSES: usize = 16;

/// Connects to the first address of a host that answers.
///
/// # Errors
/// `Resolve`, `Refused`, `Unreachable`, `TimedOut`.
pub(crate) async fn connect(address: &Address, deadline: &Deadline) -> Result<TcpStream, Error> {
    let open = async {
        let candidates = resolve(address).await?;
        let stream = race(interleave(candidates))
            .await
            .map_err(|error| failed(address, error.kind()).with_source(error))?;
        // Chat is small messages that wait for nothing; Nagle's algorithm would hold each back for the last one's
        // acknowledgement.
        stream
            .set_nodelay(true)
            .map_err(|error| failed(address, error.kind()).with_source(error))?;
        Ok(stream)
    };
    deadline.step(address, "take the connection", open).await
}

/// The error of a connection that did not come about.
pub(crate) fn failed(address: &Address, error: io::ErrorKind) -> Error {
    let (kind, message) = match error {
        io::ErrorKind::ConnectionRefused => (
            ErrorKind::Refused,
            format!("nobody listens at {address}; check the port and that the server runs"),
        ),
        io::ErrorKind::TimedOut => (ErrorKind::TimedOut, format!("{address} does not answer")),
        _ => (
            ErrorKind::Unreachable,
            format!("{address} cannot be reached"),
        ),
    };
    Error::new(kind, message)
}

/// The error of a name that leads nowhere.
pub(crate) fn unresolved(
    address: &Address,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let host = address.host();
    Error::new(
        ErrorKind::Resolve,
        format!("no address is known for `{host}`; check its spelling and the network"),
    )
    .with_source(cause)
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, Error> {
    let port = address.port();
    match address.host() {
        Host::Ipv4(ip) => Ok(vec![(*ip, port).into()]),
        Host::Ipv6(ip) => Ok(vec![(*ip, port).into()]),
        Host::Domain(name) => {
            let found: Vec<SocketAddr> = lookup_host((name.as_str(), port))
                .await
                .map_err(|error| unresolved(address, error))?
                .take(MAX_ADDRESSES)
                .collect();
            if found.is_empty() {
                return Err(unresolved(address, "the name has no addresses"));
            }
            Ok(found)
        }
    }
}

/// Alternates between address families, so that one which leads nowhere costs one [`STAGGER`] only (RFC 8305, section 4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == preferred);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed = Vec::new();
    while first.len() + second.len() > 0 {
        mixed.extend(first.next().into_iter().chain(second.next()));
    }
    mixed
}

/// Connects to all of them, each a [`STAGGER`] or a failure after the one before; the first to answer wins.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut failure: Option<io::Error> = None;
    loop {
        running.extend(waiting.next().map(TcpStream::connect));
        tokio::select! {
            done = running.next() => match done {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => failure = Some(match failure {
                    // A refusal says more than an address family that this machine lacks.
                    Some(known) if known.kind() == io::ErrorKind::ConnectionRefused => known,
                    _ => error,
                }),
                None => return Err(failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into())),
            },
            () = sleep(STAGGER), if waiting.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn parse(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate_and_none_is_lost() {
        assert_eq!(
            interleave(parse(&["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"])),
            parse(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"])
        );
        assert_eq!(interleave(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn a_refusing_address_hands_over_to_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bad = closed.local_addr().unwrap();
        drop(closed);
        let stream = race(vec![bad, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        let error = race(vec![bad, bad]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(race(Vec::new()).await.is_err());
    }
}
