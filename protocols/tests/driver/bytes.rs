//! Byte streams: cut anywhere, and turned into TLS by the session.

use kaiwa_protocols::session::Target;
use kaiwa_protocols::{AuthField, Connection, ErrorKind};

use crate::net::Out;
use crate::rig::{Rig, form};

#[tokio::test(start_paused = true)]
async fn cut_anywhere() {
    let said = "welcome\nhéllo\nyou\n".as_bytes();
    for cut in 0..=said.len() {
        let mut rig = Rig::new();
        let server = async {
            let peer = rig.server.accept().await;
            assert!(matches!(&peer.target, Target::Tcp { port: 1, .. }));
            assert_eq!(peer.heard().await, Out::Bytes("hello\n".to_owned()));
            peer.bytes(&said[..cut]);
            peer.bytes(&said[cut..]);
            peer
        };
        let (connected, _peer) = tokio::join!(rig.driver.connect(form("bytes")), server);
        connected.unwrap();
        for expected in ["Connecting", "Connected", "New héllo", "New you"] {
            assert_eq!(rig.next().await, expected, "cut at {cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn byte_by_byte() {
    let mut rig = Rig::new();
    let server = async {
        let peer = rig.server.accept().await;
        for byte in b"welcome\none\n" {
            peer.bytes(&[*byte]);
        }
        peer
    };
    let (connected, _peer) = tokio::join!(rig.driver.connect(form("bytes")), server);
    connected.unwrap();
    for expected in ["Connecting", "Connected", "New one"] {
        assert_eq!(rig.next().await, expected);
    }
}

fn tls(host: &str) -> Vec<AuthField> {
    let mut form = form("tls");
    form.push(AuthField::text("host", "Host", Some(host), true));
    form
}

#[tokio::test(start_paused = true)]
async fn tls_begun_by_the_session() {
    let mut rig = Rig::new();
    let server = async {
        let peer = rig.server.accept().await;
        assert_eq!(peer.heard().await, Out::Bytes("hello\n".to_owned()));
        peer.bytes(b"go\n");
        assert_eq!(peer.heard().await, Out::Tls("toy.example".to_owned()));
        assert_eq!(peer.heard().await, Out::Bytes("hello\n".to_owned()));
        peer.bytes(b"welcome\n");
        peer
    };
    let (connected, _peer) = tokio::join!(rig.driver.connect(tls("toy.example")), server);
    connected.unwrap();
    assert_eq!(rig.told()[1..], ["connect tls", "open", "open"]);
}

#[tokio::test(start_paused = true)]
async fn tls_that_fails() {
    let mut rig = Rig::new();
    let server = async {
        let peer = rig.server.accept().await;
        peer.bytes(b"go\n");
        peer.until_dropped().await;
    };
    let (refused, ()) = tokio::join!(rig.driver.connect(tls("wrong.example")), server);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Tls);
    assert_eq!(
        rig.until_down().await,
        ["Connecting", "Lost Tls", "Disconnected"]
    );
}
